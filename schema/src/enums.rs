//! The closed lists of words: kinds, forms and other enumerations, each with the name it has in
//! configuration and in GraphQL.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{ColumnValue, FacetValue};

/// A word that is not in its vocabulary.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown {vocabulary}: `{value}`; expected one of {expected}")]
pub struct UnknownValue {
    /// Which vocabulary, such as `ArticleForm`.
    pub vocabulary: &'static str,
    /// The word that was given.
    pub value: String,
    /// The words that would have been understood.
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

            /// The name in configuration and GraphQL.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $value,)+ }
            }
        }

        /// The code is the position among the variants: append variants, never reorder them.
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

            /// Reads a word in either case, with spaces or hyphens for underscores.
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
    /// The four kinds of content that a search finds.
    Kind {
        /// A text: blog, interview, news and so on.
        Article = "ARTICLE",
        /// Something to work with: a toolkit, a game, a checklist.
        Toolkit = "TOOLKIT",
        /// A group of professionals around one subject.
        Community = "COMMUNITY",
        /// A meeting in time, online or somewhere.
        Event = "EVENT",
    }
    /// What sort of text an article is.
    ArticleForm {
        /// A personal or professional column.
        Blog = "BLOG",
        /// A conversation with one or more people.
        Interview = "INTERVIEW",
        /// A short message about something new.
        News = "NEWS",
        /// How one organisation did it.
        PracticeCase = "PRACTICE_CASE",
        /// What happened at an event.
        EventReport = "EVENT_REPORT",
        /// A look back on a year.
        YearReview = "YEAR_REVIEW",
        /// A text about policy, law or vision.
        Policy = "POLICY",
        /// An episode to listen to.
        Podcast = "PODCAST",
        /// A recording to watch.
        Video = "VIDEO",
        /// Any other page.
        Page = "PAGE",
    }
    /// What sort of aid a toolkit is.
    ToolkitForm {
        /// A collection of aids around one subject.
        Toolkit = "TOOLKIT",
        /// A plan in steps.
        StepPlan = "STEP_PLAN",
        /// A game that teaches.
        SeriousGame = "SERIOUS_GAME",
        /// A course.
        Training = "TRAINING",
        /// A way to judge one's own work.
        Assessment = "ASSESSMENT",
        /// A short measurement of where an organisation stands.
        Scan = "SCAN",
        /// Shared components and guidelines for interfaces.
        DesignSystem = "DESIGN_SYSTEM",
        /// Examples to take over.
        ExampleSet = "EXAMPLE_SET",
        /// A list to tick off.
        Checklist = "CHECKLIST",
    }
    /// How a community relates to Gebruiker Centraal.
    CommunityForm {
        /// Run by Gebruiker Centraal itself.
        Own = "OWN",
        /// Run by others.
        External = "EXTERNAL",
        /// The same idea in one place or organisation.
        LocalVariant = "LOCAL_VARIANT",
        /// A looser network.
        Network = "NETWORK",
    }
    /// What sort of meeting an event is.
    EventForm {
        /// A session in which knowledge is shared.
        KnowledgeSession = "KNOWLEDGE_SESSION",
        /// A visit to another organisation ("Gluren bij de Buren").
        SiteVisit = "SITE_VISIT",
        /// An online lecture.
        Webinar = "WEBINAR",
        /// A course on a date.
        Training = "TRAINING",
        /// A day with several sessions.
        Conference = "CONFERENCE",
        /// A contest over a period.
        Challenge = "CHALLENGE",
        /// A meeting of members online.
        OnlineMeeting = "ONLINE_MEETING",
        /// Anything else.
        Other = "OTHER",
    }
    /// Whether one goes to an event or logs in.
    Attendance {
        /// On location.
        Offline = "OFFLINE",
        /// Online only.
        Online = "ONLINE",
        /// Both at once.
        Mixed = "MIXED",
        /// The source does not say.
        Unknown = "UNKNOWN",
    }
    /// Whether an event goes on as planned.
    EventStatus {
        /// As planned.
        Scheduled = "SCHEDULED",
        /// It will not take place.
        Cancelled = "CANCELLED",
        /// It will take place later, nobody knows when.
        Postponed = "POSTPONED",
        /// It has been given another date.
        Rescheduled = "RESCHEDULED",
    }
    /// Where an event is in time, computed when asked for.
    EventPhase {
        /// It has still to begin.
        Upcoming = "UPCOMING",
        /// It is going on.
        Ongoing = "ONGOING",
        /// It is over.
        Past = "PAST",
    }
    /// How exactly a date is known.
    DatePrecision {
        /// To the minute.
        Instant = "INSTANT",
        /// To the day.
        Day = "DAY",
        /// To the month.
        Month = "MONTH",
        /// To the season ("zomer 2025"); its date is the first day of its first month.
        Season = "SEASON",
        /// To the year.
        Year = "YEAR",
    }
    /// The language of a text.
    Language {
        /// Dutch.
        Nl = "NL",
        /// English.
        En = "EN",
        /// Another language.
        Other = "OTHER",
    }
    /// Where a title comes from.
    TitleSource {
        /// The source gave it.
        Upstream = "UPSTREAM",
        /// Derived from a heading or the first sentence.
        Derived = "DERIVED",
    }
    /// How a thing came to be known.
    Origin {
        /// A source describes it.
        Declared = "DECLARED",
        /// Only its name occurs in other things.
        Inferred = "INFERRED",
    }
    /// What sort of organisation.
    OrganisationKind {
        /// A ministry.
        Ministry = "MINISTRY",
        /// An agency that carries out law and policy.
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
        /// An institution for care.
        Care = "CARE",
        /// A school, university or research institute.
        Education = "EDUCATION",
        /// A consultancy.
        Consultancy = "CONSULTANCY",
        /// Any other company.
        Company = "COMPANY",
        /// A programme or partnership of several organisations.
        Programme = "PROGRAMME",
        /// Unknown or anything else.
        Other = "OTHER",
    }
    /// The layer of government an organisation belongs to.
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
        /// Outside these layers.
        Overig = "OVERIG",
    }
    /// Whose point of view an audience is: never mixed in one facet.
    Perspective {
        /// People who work on services.
        Professional = "PROFESSIONAL",
        /// People who use them.
        Citizen = "CITIZEN",
    }
    /// How far a toolkit is kept up.
    Maturity {
        /// Kept up by Gebruiker Centraal or its communities.
        Active = "ACTIVE",
        /// Stands on its own feet.
        Independent = "INDEPENDENT",
        /// No longer kept up.
        Archived = "ARCHIVED",
    }
    /// What sort of resource.
    ResourceKind {
        /// A file to download.
        File = "FILE",
        /// A link.
        Link = "LINK",
        /// An example letter.
        Letter = "LETTER",
        /// A picture.
        Image = "IMAGE",
        /// A film.
        Video = "VIDEO",
        /// A game.
        Game = "GAME",
        /// A template to fill in.
        Template = "TEMPLATE",
    }
    /// Who may join a community.
    Access {
        /// Everybody.
        Open = "OPEN",
        /// After a request.
        OnRequest = "ON_REQUEST",
        /// Nobody at present.
        Closed = "CLOSED",
    }
    /// Whether a number was counted or estimated.
    CountPrecision {
        /// Counted.
        Exact = "EXACT",
        /// Estimated or rounded.
        Approximate = "APPROXIMATE",
    }
    /// The order of search results.
    SearchSort {
        /// Best first.
        Relevance = "RELEVANCE",
        /// Latest date first; an event's date is its start.
        Newest = "NEWEST",
        /// Earliest date first.
        Oldest = "OLDEST",
        /// Events that are going on or to come first, by their start; then the rest, latest first.
        Start = "START",
        /// By title.
        Title = "TITLE",
    }
    /// Which part of a thing a word was found in.
    SearchField {
        /// Its title.
        Title = "TITLE",
        /// Its summary or opening.
        Lead = "LEAD",
        /// Any other text of it.
        Body = "BODY",
        /// Names of what it is linked with: themes, people, organisations, communities; hashtags.
        Names = "NAMES",
    }
    /// In which way a word of a question was found in a text.
    MatchKind {
        /// The word, in this or another form.
        Word = "WORD",
        /// A part of a compound: the word asked for has it, and the text has it on its own or in
        /// another compound.
        Part = "PART",
        /// What two words make that are written as one or with a hyphen; or the other way round.
        Joined = "JOINED",
        /// A word that begins with what was typed before a `*`.
        Prefix = "PREFIX",
        /// The word that is probably meant, as none has the one typed.
        Correction = "CORRECTION",
        /// Another word for the same thing.
        Synonym = "SYNONYM",
    }
    /// What a suggestion stands for.
    SuggestionKind {
        /// The title of a thing that a search finds.
        Title = "TITLE",
        /// A theme.
        Theme = "THEME",
        /// An organisation.
        Organisation = "ORGANISATION",
        /// A word of the texts.
        Word = "WORD",
    }
    /// What a change did.
    ChangeOp {
        /// New or changed.
        Upserted = "UPSERTED",
        /// No longer there.
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

    /// Gives the kind back where it is not content.
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
