//! The closed lists of words as GraphQL enumerations: one for each vocabulary of [`schema`].
//!
//! The words are repeated here because a description in the contract is for people who query, and
//! so that a new word in the core cannot reach clients unnoticed: the conversion stops compiling.

use async_graphql::Enum;

/// The four kinds of content that a search finds.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "schema::Kind")]
pub(crate) enum Kind {
    /// A text: blog, interview, news and so on.
    Article,
    /// Something to work with: a toolkit, a game, a checklist.
    Toolkit,
    /// A group of professionals around one subject.
    Community,
    /// A meeting in time, online or somewhere.
    Event,
}

/// What sort of text an article is.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "schema::ArticleForm")]
pub(crate) enum ArticleForm {
    /// A personal or professional column.
    Blog,
    /// A conversation with one or more people.
    Interview,
    /// A short message about something new.
    News,
    /// How one organisation did it.
    PracticeCase,
    /// What happened at an event.
    EventReport,
    /// A look back on a year.
    YearReview,
    /// A text about policy, law or vision.
    Policy,
    /// An episode to listen to.
    Podcast,
    /// A recording to watch.
    Video,
    /// Any other page.
    Page,
}

/// What sort of aid a toolkit is.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "schema::ToolkitForm")]
pub(crate) enum ToolkitForm {
    /// A collection of aids around one subject.
    Toolkit,
    /// A plan in steps.
    StepPlan,
    /// A game that teaches.
    SeriousGame,
    /// A course.
    Training,
    /// A method to assess one's own work.
    Assessment,
    /// A short measurement of where an organisation stands.
    Scan,
    /// Shared components and guidelines for interfaces.
    DesignSystem,
    /// Examples to take over.
    ExampleSet,
    /// A list to tick off.
    Checklist,
}

/// How a community relates to Gebruiker Centraal.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "schema::CommunityForm")]
pub(crate) enum CommunityForm {
    /// Run by Gebruiker Centraal itself.
    Own,
    /// Run by others.
    External,
    /// The same idea in one place or organisation.
    LocalVariant,
    /// A looser network.
    Network,
}

/// What sort of meeting an event is.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "schema::EventForm")]
pub(crate) enum EventForm {
    /// A session in which knowledge is shared.
    KnowledgeSession,
    /// A visit to another organisation ("Gluren bij de Buren").
    SiteVisit,
    /// An online lecture.
    Webinar,
    /// A course on a date.
    Training,
    /// A day with several sessions.
    Conference,
    /// A contest over a period.
    Challenge,
    /// A meeting of members online.
    OnlineMeeting,
    /// Anything else.
    Other,
}

/// Whether one goes to an event or logs in.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "schema::Attendance")]
pub(crate) enum Attendance {
    /// On location.
    Offline,
    /// Online only.
    Online,
    /// Both at once.
    Mixed,
    /// The source does not state it.
    Unknown,
}

/// Whether an event goes on as planned.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "schema::EventStatus")]
pub(crate) enum EventStatus {
    /// As planned.
    Scheduled,
    /// It will not take place.
    Cancelled,
    /// It will take place later, nobody knows when.
    Postponed,
    /// It has been given another date.
    Rescheduled,
}

/// Where an event is in time, computed for each request.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "schema::EventPhase")]
pub(crate) enum EventPhase {
    /// It has still to begin.
    Upcoming,
    /// It is going on.
    Ongoing,
    /// It is over.
    Past,
}

/// How exactly a date is known.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "schema::DatePrecision")]
pub(crate) enum DatePrecision {
    /// To the minute.
    Instant,
    /// To the day.
    Day,
    /// To the month.
    Month,
    /// To the season ("zomer 2025"); its date is the first day of its first month.
    Season,
    /// To the year.
    Year,
}

/// The language of a text.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "schema::Language")]
pub(crate) enum Language {
    /// Dutch.
    Nl,
    /// English.
    En,
    /// Another language.
    Other,
}

/// Where a title comes from.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "schema::TitleSource")]
pub(crate) enum TitleSource {
    /// The source gave it.
    Upstream,
    /// Derived from a heading or the first sentence.
    Derived,
}

/// Origin of an entity.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "schema::Origin")]
pub(crate) enum Origin {
    /// A source describes it.
    Declared,
    /// Only its name occurs, in other records.
    Inferred,
}

/// What sort of organisation.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "schema::OrganisationKind")]
pub(crate) enum OrganisationKind {
    /// A ministry.
    Ministry,
    /// An agency that carries out law and policy.
    ExecutiveAgency,
    /// A municipality.
    Municipality,
    /// A province.
    Province,
    /// A water authority.
    WaterAuthority,
    /// A high council of state, such as the Nationale Ombudsman.
    HighCouncil,
    /// A library.
    Library,
    /// An institution for care.
    Care,
    /// A school, university or research institute.
    Education,
    /// A consultancy.
    Consultancy,
    /// Any other company.
    Company,
    /// A programme or partnership of several organisations.
    Programme,
    /// Unknown or anything else.
    Other,
}

/// The layer of government an organisation belongs to.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "schema::GovernmentLayer")]
pub(crate) enum GovernmentLayer {
    /// Central government.
    Rijk,
    /// Municipalities.
    Gemeente,
    /// Provinces.
    Provincie,
    /// Water authorities.
    Waterschap,
    /// Executive agencies.
    Uitvoering,
    /// Outside these layers.
    Overig,
}

/// Whose point of view an audience is: never mixed in one facet.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "schema::Perspective")]
pub(crate) enum Perspective {
    /// People who work on services.
    Professional,
    /// People who use them.
    Citizen,
}

/// How far a toolkit is maintained.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "schema::Maturity")]
pub(crate) enum Maturity {
    /// Maintained by Gebruiker Centraal or its communities.
    Active,
    /// Stands on its own feet.
    Independent,
    /// No longer maintained.
    Archived,
}

/// What sort of resource.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "schema::ResourceKind")]
pub(crate) enum ResourceKind {
    /// A file to download.
    File,
    /// A link.
    Link,
    /// An example letter.
    Letter,
    /// A picture.
    Image,
    /// A film.
    Video,
    /// A game.
    Game,
    /// A template to fill in.
    Template,
}

/// Who may join a community.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "schema::Access")]
pub(crate) enum Access {
    /// Everybody.
    Open,
    /// After a request.
    OnRequest,
    /// Nobody at present.
    Closed,
}

/// Whether a number was counted or estimated.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "schema::CountPrecision")]
pub(crate) enum CountPrecision {
    /// Counted.
    Exact,
    /// Estimated or rounded.
    Approximate,
}

/// The order of search results.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "schema::SearchSort")]
pub(crate) enum SearchSort {
    /// Best first.
    Relevance,
    /// Latest date first; an event's date is its start.
    Newest,
    /// Earliest date first.
    Oldest,
    /// Events that are going on or to come first, by their start; then the rest, latest first.
    Start,
    /// By title.
    Title,
}

/// The field in which a word was found.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "schema::SearchField")]
pub(crate) enum SearchField {
    /// Its title.
    Title,
    /// Its summary or opening.
    Lead,
    /// Any other text of it.
    Body,
    /// Names of what it is linked with: themes, people, organisations, communities; hashtags.
    Names,
}

/// How a word of a query matched a text.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "schema::MatchKind")]
pub(crate) enum MatchKind {
    /// The word, in this or another form.
    Word,
    /// A part of a compound: the word of the query has it, and the text has it on its own or in
    /// another compound.
    Part,
    /// What two words make that are written as one or with a hyphen; or the reverse.
    Joined,
    /// A word that begins with what was typed before a `*`.
    Prefix,
    /// The word that is probably meant, as none has the one typed.
    Correction,
    /// Another word with the same meaning.
    Synonym,
}

/// What a suggestion stands for.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "schema::SuggestionKind")]
pub(crate) enum SuggestionKind {
    /// The title of content that a search finds.
    Title,
    /// A theme.
    Theme,
    /// An organisation.
    Organisation,
    /// A word of the texts.
    Word,
}

/// What a change did.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "schema::ChangeOp")]
pub(crate) enum ChangeOp {
    /// New or changed.
    Upserted,
    /// No longer there.
    Removed,
}

/// The order of a list of articles, toolkits or communities.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ContentSort {
    /// Latest publication first.
    Newest,
    /// Earliest publication first.
    Oldest,
    /// By title.
    Title,
}

impl From<ContentSort> for schema::SearchSort {
    fn from(sort: ContentSort) -> Self {
        match sort {
            ContentSort::Newest => Self::Newest,
            ContentSort::Oldest => Self::Oldest,
            ContentSort::Title => Self::Title,
        }
    }
}

/// The order of a list of events.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EventSort {
    /// Those that are going on or to come first, by their start; then the rest, latest first.
    Start,
    /// Latest start first.
    Newest,
    /// Earliest start first.
    Oldest,
    /// By title.
    Title,
}

impl From<EventSort> for schema::SearchSort {
    fn from(sort: EventSort) -> Self {
        match sort {
            EventSort::Start => Self::Start,
            EventSort::Newest => Self::Newest,
            EventSort::Oldest => Self::Oldest,
            EventSort::Title => Self::Title,
        }
    }
}
