//! What each canonical field holds, for the reference of the configuration.

use super::field::Field;

/// What a canonical field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldDescription {
    /// The kinds of record that have it, such as `article, toolkit`; `all` for every kind.
    pub kinds: &'static str,
    /// The values that it accepts.
    pub value: &'static str,
    /// Its meaning.
    pub meaning: &'static str,
}

/// What happens to a record if a value cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IfUnreadable {
    /// The record is rejected.
    RejectsRecord,
    /// The record is rejected, but an entry that is contact data or consists of symbols is left out
    /// of the list.
    LeavesOutEntry,
    /// The record is rejected, but a relative URL is left out if the record has no `url`.
    LeavesOutRelativeUrl,
}

impl Field {
    /// What happens to a record if a value of this field cannot be read. A field that the kind of
    /// the record does not have is not read.
    pub fn if_unreadable(self) -> IfUnreadable {
        match self.description().value {
            "list of names" | "list of texts" => IfUnreadable::LeavesOutEntry,
            _ if self == Self::Image => IfUnreadable::LeavesOutRelativeUrl,
            _ => IfUnreadable::RejectsRecord,
        }
    }
}

macro_rules! descriptions {
    ($($field:ident: $kinds:literal, $value:literal, $meaning:literal;)+) => {
        impl Field {
            /// What the field holds.
            pub const fn description(self) -> FieldDescription {
                let (kinds, value, meaning) = match self {
                    $(Self::$field => ($kinds, $value, $meaning),)+
                };
                FieldDescription { kinds, value, meaning }
            }
        }
    };
}

descriptions! {
    Kind: "all", "enum", "Kind of record; required";
    Form: "article, toolkit, community, event", "enum", "Form within the kind, such as `BLOG` or `WEBINAR`";
    Key: "all", "text", "Identifies the record within its source";
    Op: "all", "`upsert` or `delete`", "Whether the record is present or was deleted";
    Draft: "all", "flag", "Whether the record is unpublished; if so, it is omitted";
    Title: "all", "text", "Title or name; required";
    Summary: "all", "text", "One or two sentences";
    Url: "all", "URL", "Address on the site of the source";
    Slug: "all", "text", "Last segment of the path of the page";
    Language: "all", "`NL`, `EN` or `OTHER`", "Language of the record";
    PublishedAt: "all", "date", "Date of publication";
    ModifiedAt: "all", "date", "Date of the last change";
    Image: "all", "URL or table", "Illustration";
    Themes: "all", "list of names", "Themes of the record";
    Audiences: "all", "list of names", "Groups of people that it is intended for";
    Communities: "all", "list of names", "Communities that it belongs to";
    Organisations: "all", "list of names", "Organisations that it mentions";
    People: "all", "list of names", "People that it mentions";
    Hashtags: "all", "list of texts", "Hashtags, with or without `#`";
    Body: "all", "HTML", "Body text; for a Markdown file, the text below the front matter";
    Predecessor: "article, toolkit, community, event", "name", "Content of the same kind that it replaces";
    TranslationOf: "article, toolkit, community, event", "name", "Content of the same kind of which it is a translation";
    Lead: "article", "text", "Lead paragraph";
    Authors: "article", "list of names", "Authors";
    Interviewees: "article", "list of names", "People interviewed";
    Quotes: "article", "list of tables", "Pull quotes";
    References: "article", "list of tables", "Publications that it refers to";
    Resources: "article, toolkit", "list of tables", "Downloads and links";
    ReportsOn: "article", "name", "Event that the article reports on";
    ExternalUrl: "toolkit", "URL", "Website of the toolkit";
    Steps: "toolkit", "list of tables", "Steps, in order";
    Guidelines: "toolkit", "list of tables", "Guidelines";
    OriginCommunity: "toolkit", "name", "Community in which the toolkit originated";
    Maintainers: "toolkit", "list of names", "People or organisations that maintain it";
    Maturity: "toolkit", "enum", "Maintenance status";
    ShortName: "community", "text", "Short name";
    Question: "community", "text", "Central question of the community";
    Purpose: "community", "text", "Purpose of the community";
    Founded: "community", "year or date", "Year in which the community was founded";
    OriginOrganisations: "community", "list of names", "Founding organisations";
    Coordinators: "community", "list of names", "Coordinators";
    MemberCount: "community", "number", "Number of members; may be approximate";
    Access: "community", "enum", "Who can join";
    JoinUrl: "community", "URL", "Page to join the community";
    PlatformUrl: "community", "URL", "Online platform";
    Layers: "community", "list of enums", "Levels of government that members work for";
    RelatedCommunities: "community", "list of names", "Related communities";
    VariantOf: "community", "name", "Community or organisation of which it is a local variant";
    Start: "event", "date", "Start; for a series, that of its first occurrence; required";
    End: "event", "date", "End; for a series, that of its first occurrence";
    TimeZone: "event", "IANA name", "Time zone of times without an offset; default `Europe/Amsterdam`";
    Status: "event", "enum", "Whether the event takes place as planned";
    Uid: "event", "text", "UID in calendars (RFC 5545); events of several sources with the same one are one event";
    Attendance: "event", "enum", "In person, online or both";
    Place: "event", "text or table", "Venue";
    OnlineUrl: "event", "URL", "Address of the online meeting";
    Registration: "event", "URL or table", "Registration";
    Price: "event", "text", "Price, as worded by the source";
    Organisers: "event", "list of names", "Organising communities and organisations";
    Speakers: "event", "list of names", "Speakers";
    Sessions: "event", "list of tables", "Programme";
    Series: "event", "RRULE or table", "Recurrence rule";
    OpenToNonMembers: "event", "flag", "Whether the event is open to non-members";
    Recording: "event", "URL", "Recording";
    AltLabels: "theme", "list of texts", "Other names of the theme";
    Definition: "theme", "text", "Definition of the theme";
    Broader: "theme", "name", "Broader theme";
    Abbreviations: "organisation", "list of texts", "Abbreviations of the name";
    Aliases: "toolkit, community, organisation", "list of texts", "Other names";
    OrganisationKind: "organisation", "enum", "Kind of organisation";
    Layer: "organisation", "enum", "Level of government";
    Parent: "organisation", "name", "Organisation that it is part of";
    Alliances: "organisation", "list of names", "Alliances of organisations that it is a member of";
    Role: "person", "text", "Role of the person";
    Bio: "person", "text", "Short biography";
    Perspective: "audience", "enum", "Whether the audience consists of professionals or citizens";
}
