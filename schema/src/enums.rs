//! Closed vocabularies: kinds, forms and other enums, each value with its name in the configuration
//! and in GraphQL.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{ColumnValue, FacetValue};

/// A value that is not in its vocabulary.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown {vocabulary}: `{value}`; expected one of {expected}")]
pub struct UnknownValue {
    /// Name of the vocabulary, such as `ArticleForm`.
    pub vocabulary: &'static str,
    /// The unknown value.
    pub value: String,
    /// The valid values, separated by commas.
    pub expected: String,
}

macro_rules! vocabulary {
    ($($(#[$outer:meta])* $name:ident { $($(#[$inner:meta])* $variant:ident = $value:literal,)+ })+) => {$(
        $(#[$outer])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name { $($(#[$inner])* #[serde(rename = $value)] $variant,)+ }

        impl $name {
            /// Every value, in the order of its code.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// Name in the configuration and in GraphQL.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $value,)+ }
            }
        }

        /// The code is the position of the variant: append variants, never reorder them.
        impl ColumnValue for $name {
            fn code(self) -> u64 {
                self as u64
            }

            fn from_code(code: u64) -> Option<Self> {
                Self::ALL.get(usize::try_from(code).ok()?).copied()
            }
        }

        impl From<$name> for FacetValue {
            fn from(value: $name) -> Self {
                Self::Name(value.name())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }

        impl FromStr for $name {
            type Err = UnknownValue;

            /// Parses a name in any case, with spaces or hyphens for underscores.
            fn from_str(text: &str) -> Result<Self, UnknownValue> {
                let normalised = text.trim().to_ascii_uppercase().replace([' ', '-'], "_");
                Self::ALL.iter().copied().find(|v| v.name() == normalised).ok_or_else(|| UnknownValue {
                    vocabulary: stringify!($name),
                    value: text.to_owned(),
                    expected: Self::ALL.iter().map(|v| v.name()).collect::<Vec<_>>().join(", "),
                })
            }
        }
    )+};
}

vocabulary! {
    /// The four kinds of content that a search returns.
    Kind {
        /// A text, such as a blog post, an interview or a news item.
        Article = "ARTICLE",
        /// A practical aid, such as a method, a game or a checklist.
        Toolkit = "TOOLKIT",
        /// A group of professionals who share a subject.
        Community = "COMMUNITY",
        /// A meeting on a date, online or in person.
        Event = "EVENT",
    }
    /// Type of article.
    ArticleForm {
        /// A personal or professional column.
        Blog = "BLOG",
        /// A conversation with one or more people.
        Interview = "INTERVIEW",
        /// A short news item.
        News = "NEWS",
        /// How an organisation tackled a problem.
        PracticeCase = "PRACTICE_CASE",
        /// A report on an event.
        EventReport = "EVENT_REPORT",
        /// A review of the past year.
        YearReview = "YEAR_REVIEW",
        /// A text about policy, legislation or strategy.
        Policy = "POLICY",
        /// A podcast episode.
        Podcast = "PODCAST",
        /// A video recording.
        Video = "VIDEO",
        /// Any other page.
        Page = "PAGE",
        /// A discussion on a platform.
        Discussion = "DISCUSSION",
        /// A request for help from other professionals.
        Question = "QUESTION",
        /// A wiki page.
        Wiki = "WIKI",
    }
    /// Type of toolkit.
    ToolkitForm {
        /// A collection of aids for one subject.
        Toolkit = "TOOLKIT",
        /// A step-by-step plan.
        StepPlan = "STEP_PLAN",
        /// An educational game.
        SeriousGame = "SERIOUS_GAME",
        /// A training course.
        Training = "TRAINING",
        /// A self-assessment.
        Assessment = "ASSESSMENT",
        /// A quick scan of the maturity of an organisation.
        Scan = "SCAN",
        /// Shared components and guidelines for interfaces.
        DesignSystem = "DESIGN_SYSTEM",
        /// Examples to reuse.
        ExampleSet = "EXAMPLE_SET",
        /// A checklist.
        Checklist = "CHECKLIST",
    }
    /// How a community relates to Gebruiker Centraal.
    CommunityForm {
        /// Run by Gebruiker Centraal itself.
        Own = "OWN",
        /// Run by others.
        External = "EXTERNAL",
        /// A local or organisation-specific variant of another community.
        LocalVariant = "LOCAL_VARIANT",
        /// A loosely organised network.
        Network = "NETWORK",
    }
    /// Type of event.
    EventForm {
        /// A session to share knowledge.
        KnowledgeSession = "KNOWLEDGE_SESSION",
        /// A visit to another organisation ("Gluren bij de Buren").
        SiteVisit = "SITE_VISIT",
        /// An online lecture.
        Webinar = "WEBINAR",
        /// A scheduled training course.
        Training = "TRAINING",
        /// A day with several sessions.
        Conference = "CONFERENCE",
        /// A contest that runs for some time.
        Challenge = "CHALLENGE",
        /// An online meeting of members.
        OnlineMeeting = "ONLINE_MEETING",
        /// Any other event.
        Other = "OTHER",
    }
    /// Whether an event takes place in person or online.
    Attendance {
        /// In person only.
        Offline = "OFFLINE",
        /// Online only.
        Online = "ONLINE",
        /// Both in person and online.
        Mixed = "MIXED",
        /// Not specified by the source.
        Unknown = "UNKNOWN",
    }
    /// Whether an event takes place as planned.
    EventStatus {
        /// As planned.
        Scheduled = "SCHEDULED",
        /// Cancelled.
        Cancelled = "CANCELLED",
        /// Postponed without a new date.
        Postponed = "POSTPONED",
        /// Moved to another date.
        Rescheduled = "RESCHEDULED",
    }
    /// Phase of an event at the time of the request.
    EventPhase {
        /// Not yet started.
        Upcoming = "UPCOMING",
        /// In progress.
        Ongoing = "ONGOING",
        /// Finished.
        Past = "PAST",
    }
    /// Precision of a date.
    DatePrecision {
        /// To the minute.
        Instant = "INSTANT",
        /// To the day.
        Day = "DAY",
        /// To the month.
        Month = "MONTH",
        /// To the season ("zomer 2025"); the date is the first day of its first month.
        Season = "SEASON",
        /// To the year.
        Year = "YEAR",
    }
    /// Language of a text.
    Language {
        /// Dutch.
        Nl = "NL",
        /// English.
        En = "EN",
        /// Another language.
        Other = "OTHER",
    }
    /// Origin of a title.
    TitleSource {
        /// Provided by the source.
        Upstream = "UPSTREAM",
        /// Derived from a heading or the first sentence.
        Derived = "DERIVED",
    }
    /// How an entity was found.
    Origin {
        /// Described by a source.
        Declared = "DECLARED",
        /// Only mentioned by name in other records.
        Inferred = "INFERRED",
    }
    /// Type of organisation.
    OrganisationKind {
        /// A ministry.
        Ministry = "MINISTRY",
        /// An executive agency.
        ExecutiveAgency = "EXECUTIVE_AGENCY",
        /// A municipality.
        Municipality = "MUNICIPALITY",
        /// A province.
        Province = "PROVINCE",
        /// A water authority.
        WaterAuthority = "WATER_AUTHORITY",
        /// A high council of state, such as the Nationale Ombudsman.
        HighCouncil = "HIGH_COUNCIL",
        /// A library.
        Library = "LIBRARY",
        /// A healthcare institution.
        Care = "CARE",
        /// A school, university or research institute.
        Education = "EDUCATION",
        /// A consultancy.
        Consultancy = "CONSULTANCY",
        /// Any other company.
        Company = "COMPANY",
        /// A programme or partnership of several organisations.
        Programme = "PROGRAMME",
        /// Unknown, or any other organisation.
        Other = "OTHER",
        /// A company with a social purpose.
        SocialEnterprise = "SOCIAL_ENTERPRISE",
        /// An alliance of organisations.
        Alliance = "ALLIANCE",
    }
    /// Level of government of an organisation.
    GovernmentLayer {
        /// Central government.
        Rijk = "RIJK",
        /// Municipalities.
        Gemeente = "GEMEENTE",
        /// Provinces.
        Provincie = "PROVINCIE",
        /// Water authorities.
        Waterschap = "WATERSCHAP",
        /// Executive agencies.
        Uitvoering = "UITVOERING",
        /// None of these layers.
        Overig = "OVERIG",
    }
    /// Perspective of an audience. The two are never mixed in one facet.
    Perspective {
        /// People who provide or improve public services.
        Professional = "PROFESSIONAL",
        /// People who use public services.
        Citizen = "CITIZEN",
    }
    /// Maintenance status of a toolkit.
    Maturity {
        /// Maintained by Gebruiker Centraal or its communities.
        Active = "ACTIVE",
        /// Maintained elsewhere.
        Independent = "INDEPENDENT",
        /// No longer maintained.
        Archived = "ARCHIVED",
    }
    /// Type of resource.
    ResourceKind {
        /// A downloadable file.
        File = "FILE",
        /// A link.
        Link = "LINK",
        /// An example letter.
        Letter = "LETTER",
        /// An image.
        Image = "IMAGE",
        /// A video.
        Video = "VIDEO",
        /// A game.
        Game = "GAME",
        /// A template to fill in.
        Template = "TEMPLATE",
    }
    /// Who can join a community.
    Access {
        /// Open to everybody.
        Open = "OPEN",
        /// On request.
        OnRequest = "ON_REQUEST",
        /// Closed to new members.
        Closed = "CLOSED",
    }
    /// Whether a number is exact.
    CountPrecision {
        /// Counted.
        Exact = "EXACT",
        /// Estimated or rounded.
        Approximate = "APPROXIMATE",
    }
    /// Order of search results.
    SearchSort {
        /// Best match first.
        Relevance = "RELEVANCE",
        /// Latest publication first, or else last change; the start of an event does not count.
        Newest = "NEWEST",
        /// Oldest first.
        Oldest = "OLDEST",
        /// Ongoing and upcoming events first, by start; then everything else, newest first.
        Start = "START",
        /// By title.
        Title = "TITLE",
    }
    /// Field of a record in which a word matched.
    SearchField {
        /// Title.
        Title = "TITLE",
        /// Summary or lead.
        Lead = "LEAD",
        /// Any other text.
        Body = "BODY",
        /// Names of linked themes, people, organisations and communities; hashtags.
        Names = "NAMES",
    }
    /// Kind of a titled part of a record.
    PartKind {
        /// A step of a plan.
        Step = "STEP",
        /// A method of a step.
        Method = "METHOD",
        /// A tip of a step.
        Tip = "TIP",
        /// A guideline.
        Guideline = "GUIDELINE",
        /// A resource, such as a tested letter.
        Resource = "RESOURCE",
        /// A session of an event.
        Session = "SESSION",
    }
    /// How a word of a query matched a text.
    MatchKind {
        /// The word itself or an inflected form of it.
        Word = "WORD",
        /// A component of a compound, of the query, of the text, or of both.
        Part = "PART",
        /// Two words of the query that the text writes as one or with a hyphen, or the reverse.
        Joined = "JOINED",
        /// A word with the prefix that precedes a `*` in the query.
        Prefix = "PREFIX",
        /// A spelling correction of a word that occurs nowhere.
        Correction = "CORRECTION",
        /// A related label of the vocabulary.
        Synonym = "SYNONYM",
        /// The word names the form of the record, such as an interview.
        Form = "FORM",
    }
    /// How closely a document matches a query.
    MatchClass {
        /// Enough words match by themselves, an inflected form, a displayed correction, or an
        /// entry of the vocabulary with the same meaning.
        Exact = "EXACT",
        /// Enough words match only by components of compounds, or by near or broader entries of
        /// the vocabulary.
        Wider = "WIDER",
    }
    /// How close the meaning of a label of the vocabulary is to that of a word of the query.
    MeaningClass {
        /// The same meaning: texts with the label are exact matches.
        Same = "SAME",
        /// A near meaning: texts with the label are wider matches.
        Near = "NEAR",
        /// A broader meaning: texts with the label are wider matches.
        Broader = "BROADER",
    }
    /// What a suggestion refers to.
    SuggestionKind {
        /// The title of a record.
        Title = "TITLE",
        /// A theme.
        Theme = "THEME",
        /// An organisation.
        Organisation = "ORGANISATION",
        /// A word that occurs in the texts.
        Word = "WORD",
    }
    /// Type of a change.
    ChangeOp {
        /// Added or updated.
        Upserted = "UPSERTED",
        /// Removed.
        Removed = "REMOVED",
    }
}

impl From<Kind> for crate::NodeKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Article => Self::Article,
            Kind::Toolkit => Self::Toolkit,
            Kind::Community => Self::Community,
            Kind::Event => Self::Event,
        }
    }
}

impl TryFrom<crate::NodeKind> for Kind {
    type Error = crate::NodeKind;

    /// Fails with the kind itself if it is not a kind of content.
    fn try_from(kind: crate::NodeKind) -> Result<Self, crate::NodeKind> {
        match kind {
            crate::NodeKind::Article => Ok(Self::Article),
            crate::NodeKind::Toolkit => Ok(Self::Toolkit),
            crate::NodeKind::Community => Ok(Self::Community),
            crate::NodeKind::Event => Ok(Self::Event),
            other => Err(other),
        }
    }
}
