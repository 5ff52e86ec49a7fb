//! Facts: the validated fields of one source record, before they are merged with those of other
//! sources. References to other records are still names or URLs.
//!
//! Facts are stored alongside the merged records, so that a source can be merged without reading
//! the others.

use schema::{
    Access, ApproximateCount, ArticleForm, Attendance, Body, CommunityForm, EventForm, EventStatus,
    Founded, GovernmentLayer, Guideline, Image, Language, Maturity, Moment, NodeKind,
    OrganisationKind, Perspective, Place, Reference, Registration, Resource, Series, Step,
    ToolkitForm,
};
use serde::{Deserialize, Serialize};
use url::Url;

/// The name, abbreviation or URL by which a source refers to another record.
pub(crate) type NameOrUrl = String;

/// The validated fields of one source record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Facts {
    /// Title, name or label in the source.
    pub(crate) title: Option<String>,
    /// Title derived from the text, if the source has none.
    pub(crate) derived_title: Option<String>,
    /// Summary of one or two sentences.
    pub(crate) summary: Option<String>,
    /// URL at which the source publishes the record.
    pub(crate) url: Option<Url>,
    /// Last segment of the URL.
    pub(crate) slug: Option<String>,
    pub(crate) language: Option<Language>,
    pub(crate) published_at: Option<Moment>,
    pub(crate) modified_at: Option<Moment>,
    pub(crate) image: Option<Image>,
    pub(crate) themes: Vec<NameOrUrl>,
    pub(crate) audiences: Vec<NameOrUrl>,
    pub(crate) communities: Vec<NameOrUrl>,
    pub(crate) organisations: Vec<NameOrUrl>,
    pub(crate) people: Vec<NameOrUrl>,
    /// Hashtags, without the `#`.
    pub(crate) hashtags: Vec<String>,
    pub(crate) body: Option<Body>,
    /// Content of the same kind that it replaces.
    pub(crate) predecessor: Option<NameOrUrl>,
    /// Content of the same kind of which it is a translation.
    pub(crate) translation_of: Option<NameOrUrl>,
    pub(crate) detail: Detail,
    /// Whether the kind is only assumed: the source does not state it, as a feed or a website. The kind
    /// of another source's record of the same page counts.
    pub(crate) is_kind_assumed: bool,
}

impl Facts {
    /// Facts of a kind, without common fields.
    pub(crate) fn empty(detail: Detail) -> Self {
        Self {
            title: None,
            derived_title: None,
            summary: None,
            url: None,
            slug: None,
            language: None,
            published_at: None,
            modified_at: None,
            image: None,
            themes: Vec::new(),
            audiences: Vec::new(),
            communities: Vec::new(),
            organisations: Vec::new(),
            people: Vec::new(),
            hashtags: Vec::new(),
            body: None,
            predecessor: None,
            translation_of: None,
            detail,
            is_kind_assumed: false,
        }
    }

    /// The kind of the record.
    pub(crate) fn kind(&self) -> NodeKind {
        match self.detail {
            Detail::Article(_) => NodeKind::Article,
            Detail::Toolkit(_) => NodeKind::Toolkit,
            Detail::Community(_) => NodeKind::Community,
            Detail::Event(_) => NodeKind::Event,
            Detail::Theme(_) => NodeKind::Theme,
            Detail::Organisation(_) => NodeKind::Organisation,
            Detail::Person(_) => NodeKind::Person,
            Detail::Audience(_) => NodeKind::Audience,
        }
    }

    /// The title, provided or derived.
    pub(crate) fn name(&self) -> Option<&str> {
        self.title.as_deref().or(self.derived_title.as_deref())
    }
}

/// The fields of one kind. The order is part of the store format: append, never reorder.
#[expect(clippy::large_enum_variant, reason = "few facts are in memory at a time")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Detail {
    Article(ArticleFacts),
    Toolkit(ToolkitFacts),
    Community(CommunityFacts),
    Event(EventFacts),
    Theme(ThemeFacts),
    Organisation(OrganisationFacts),
    Person(PersonFacts),
    Audience(AudienceFacts),
}

/// Facts of an article; see [`schema::Article`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct ArticleFacts {
    pub(crate) form: Option<ArticleForm>,
    pub(crate) lead: Option<String>,
    pub(crate) authors: Vec<NameOrUrl>,
    pub(crate) interviewees: Vec<NameOrUrl>,
    pub(crate) quotes: Vec<QuoteFacts>,
    pub(crate) references: Vec<Reference>,
    pub(crate) resources: Vec<Resource>,
    /// Title or URL of the event that the article reports on.
    pub(crate) reports_on: Option<NameOrUrl>,
}

/// Facts of a quote; see [`schema::Quote`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct QuoteFacts {
    pub(crate) text: String,
    pub(crate) person: Option<NameOrUrl>,
    pub(crate) organisation: Option<NameOrUrl>,
    pub(crate) reference: Option<Reference>,
}

/// Facts of a toolkit; see [`schema::Toolkit`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct ToolkitFacts {
    pub(crate) form: Option<ToolkitForm>,
    pub(crate) external_url: Option<Url>,
    pub(crate) steps: Vec<Step>,
    pub(crate) resources: Vec<Resource>,
    pub(crate) guidelines: Vec<Guideline>,
    pub(crate) origin_community: Option<NameOrUrl>,
    pub(crate) maintainers: Vec<NameOrUrl>,
    pub(crate) maturity: Option<Maturity>,
    pub(crate) aliases: Vec<String>,
}

/// Facts of a community; see [`schema::Community`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct CommunityFacts {
    pub(crate) form: Option<CommunityForm>,
    pub(crate) short_name: Option<String>,
    pub(crate) question: Option<String>,
    pub(crate) purpose: Option<String>,
    pub(crate) founded: Option<Founded>,
    pub(crate) origin_organisations: Vec<NameOrUrl>,
    pub(crate) coordinators: Vec<NameOrUrl>,
    pub(crate) member_count: Option<ApproximateCount>,
    pub(crate) access: Option<Access>,
    pub(crate) join_url: Option<Url>,
    pub(crate) platform_url: Option<Url>,
    pub(crate) layers: Vec<GovernmentLayer>,
    pub(crate) related: Vec<NameOrUrl>,
    pub(crate) variant_of: Option<NameOrUrl>,
    pub(crate) aliases: Vec<String>,
}

/// Facts of an event; see [`schema::Event`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct EventFacts {
    pub(crate) form: Option<EventForm>,
    /// Digest of its UID in a calendar (RFC 5545), which often looks like an e-mail address.
    pub(crate) uid: Option<String>,
    /// Start. If no source provides one, the merge rejects the event.
    pub(crate) start: Option<Moment>,
    pub(crate) end: Option<Moment>,
    pub(crate) status: Option<EventStatus>,
    pub(crate) attendance: Option<Attendance>,
    pub(crate) place: Option<Place>,
    pub(crate) online_url: Option<Url>,
    pub(crate) registration: Option<Registration>,
    pub(crate) price: Option<String>,
    pub(crate) organisers: Vec<NameOrUrl>,
    pub(crate) speakers: Vec<NameOrUrl>,
    pub(crate) sessions: Vec<SessionFacts>,
    pub(crate) series: Option<Series>,
    pub(crate) open_to_non_members: Option<bool>,
    pub(crate) recording: Option<Url>,
}

/// Facts of a session; see [`schema::Session`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct SessionFacts {
    pub(crate) title: String,
    /// Type of session, in the words of the source.
    pub(crate) kind: Option<String>,
    pub(crate) start: Option<Moment>,
    pub(crate) end: Option<Moment>,
    pub(crate) room: Option<String>,
    pub(crate) speakers: Vec<NameOrUrl>,
}

/// Facts of a theme; see [`schema::Theme`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct ThemeFacts {
    pub(crate) alt_labels: Vec<String>,
    pub(crate) definition: Option<String>,
    pub(crate) broader: Option<NameOrUrl>,
}

/// Facts of an organisation; see [`schema::Organisation`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct OrganisationFacts {
    pub(crate) abbreviations: Vec<String>,
    pub(crate) aliases: Vec<String>,
    pub(crate) kind: Option<OrganisationKind>,
    pub(crate) layer: Option<GovernmentLayer>,
    pub(crate) parent: Option<NameOrUrl>,
    pub(crate) alliances: Vec<NameOrUrl>,
}

/// Facts of a person; see [`schema::Person`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct PersonFacts {
    pub(crate) role: Option<String>,
    pub(crate) bio: Option<String>,
}

/// Facts of an audience; see [`schema::Audience`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct AudienceFacts {
    pub(crate) perspective: Option<Perspective>,
}
