//! GraphQL enums, one for each closed vocabulary of [`schema`].
//!
//! The values are repeated here because their descriptions are part of the contract, and so that a
//! new value in `schema` cannot reach clients unnoticed: the conversion stops compiling.

use std::collections::BTreeSet;

use async_graphql::Enum;

/// Converts enum values of the contract to those of `schema`, without duplicates.
pub(super) fn enum_values<W, T: From<W> + Ord>(values: Option<Vec<W>>) -> Vec<T> {
    let unique: BTreeSet<T> = values.into_iter().flatten().map(T::from).collect();
    unique.into_iter().collect()
}

/// The four kinds of content that a search can return.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "schema::Kind")]
pub(crate) enum Kind {
    /// A text: a blog, interview, news item and so on.
    Article,
    /// A tool: a toolkit, a game, a checklist.
    Toolkit,
    /// A group of professionals around one subject.
    Community,
    /// A meeting, online or in person.
    Event,
}

/// Form of an article.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "schema::ArticleForm")]
pub(crate) enum ArticleForm {
    /// A personal or professional column.
    Blog,
    /// An interview with one or more people.
    Interview,
    /// A short item about something new.
    News,
    /// A case study from one organisation.
    PracticeCase,
    /// A report on an event.
    EventReport,
    /// A review of a year.
    YearReview,
    /// A text about policy, legislation or strategy.
    Policy,
    /// A podcast episode.
    Podcast,
    /// A video recording.
    Video,
    /// Any other page.
    Page,
    /// A discussion on a platform.
    Discussion,
    /// A request for help from other professionals.
    Question,
    /// A wiki page.
    Wiki,
}

/// Form of a toolkit.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "schema::ToolkitForm")]
pub(crate) enum ToolkitForm {
    /// A collection of tools on one subject.
    Toolkit,
    /// A step-by-step plan.
    StepPlan,
    /// A serious game.
    SeriousGame,
    /// A course.
    Training,
    /// A method for assessing one's own work.
    Assessment,
    /// A short assessment of an organisation's maturity.
    Scan,
    /// Shared components and guidelines for interfaces.
    DesignSystem,
    /// Examples to reuse.
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
    /// A local or organisation-specific version of a community.
    LocalVariant,
    /// A loose network.
    Network,
}

/// Form of an event.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "schema::EventForm")]
pub(crate) enum EventForm {
    /// A knowledge-sharing session.
    KnowledgeSession,
    /// A visit to another organisation ("Gluren bij de Buren").
    SiteVisit,
    /// An online lecture.
    Webinar,
    /// A scheduled course.
    Training,
    /// A day with several sessions.
    Conference,
    /// A challenge that runs for a period.
    Challenge,
    /// An online meeting of members.
    OnlineMeeting,
    /// Anything else.
    Other,
}

/// Whether an event is attended in person or online.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "schema::Attendance")]
pub(crate) enum Attendance {
    /// In person.
    Offline,
    /// Online only.
    Online,
    /// Both in person and online.
    Mixed,
    /// The source does not state it.
    Unknown,
}

/// Whether an event takes place as planned.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "schema::EventStatus")]
pub(crate) enum EventStatus {
    /// As planned.
    Scheduled,
    /// Cancelled.
    Cancelled,
    /// Postponed; the new date is not known yet.
    Postponed,
    /// Rescheduled to another date.
    Rescheduled,
}

/// Phase of an event, computed for each request.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "schema::EventPhase")]
pub(crate) enum EventPhase {
    /// Not started yet.
    Upcoming,
    /// In progress.
    Ongoing,
    /// Finished.
    Past,
}

/// Precision of a date.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "schema::DatePrecision")]
pub(crate) enum DatePrecision {
    /// To the minute.
    Instant,
    /// To the day.
    Day,
    /// To the month.
    Month,
    /// To the season ("zomer 2025"); the date is the first day of its first month.
    Season,
    /// To the year.
    Year,
}

/// Language of a text.
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

/// Origin of a title.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "schema::TitleSource")]
pub(crate) enum TitleSource {
    /// Provided by the source.
    Upstream,
    /// Derived from a heading or the first sentence.
    Derived,
}

/// Origin of an entity.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "schema::Origin")]
pub(crate) enum Origin {
    /// Described by a source.
    Declared,
    /// Only mentioned by name in other records.
    Inferred,
}

/// Kind of organisation.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "schema::OrganisationKind")]
pub(crate) enum OrganisationKind {
    /// A ministry.
    Ministry,
    /// An agency that implements laws and policy.
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
    /// A healthcare institution.
    Care,
    /// A school, university or research institute.
    Education,
    /// A consultancy.
    Consultancy,
    /// A company other than a consultancy.
    Company,
    /// A programme or partnership of several organisations.
    Programme,
    /// Unknown or anything else.
    Other,
    /// A company with a social purpose.
    SocialEnterprise,
    /// An alliance of organisations.
    Alliance,
}

/// The level of government that an organisation belongs to.
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
    /// Outside these levels.
    Overig,
}

/// Perspective of an audience.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "schema::Perspective")]
pub(crate) enum Perspective {
    /// People who work on services.
    Professional,
    /// People who use services.
    Citizen,
}

/// Maintenance status of a toolkit.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "schema::Maturity")]
pub(crate) enum Maturity {
    /// Maintained by Gebruiker Centraal or its communities.
    Active,
    /// Maintained independently.
    Independent,
    /// No longer maintained.
    Archived,
}

/// Kind of resource.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "schema::ResourceKind")]
pub(crate) enum ResourceKind {
    /// A file to download.
    File,
    /// A link.
    Link,
    /// An example letter.
    Letter,
    /// An image.
    Image,
    /// A video.
    Video,
    /// A game.
    Game,
    /// A template to fill in.
    Template,
}

/// Who can join a community.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "schema::Access")]
pub(crate) enum Access {
    /// Open to everyone.
    Open,
    /// By request.
    OnRequest,
    /// Closed to new members.
    Closed,
}

/// Whether a number is exact or an estimate.
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
    /// Most relevant first.
    Relevance,
    /// Latest publication first, or else last change; the start of an event does not count.
    Newest,
    /// Earliest date first.
    Oldest,
    /// Current and upcoming events first, by start; then the rest, latest first.
    Start,
    /// By title, alphabetically.
    Title,
}

/// The field in which a word of the query was found.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "schema::SearchField")]
pub(crate) enum SearchField {
    /// Its title.
    Title,
    /// Its summary or introduction.
    Lead,
    /// The rest of its text.
    Body,
    /// Names it is linked to: themes, people, organisations and communities; also its hashtags.
    Names,
}

/// Kind of a titled part of content.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "schema::PartKind")]
pub(crate) enum PartKind {
    /// A step of a plan.
    Step,
    /// A method of a step.
    Method,
    /// A tip of a step.
    Tip,
    /// A guideline.
    Guideline,
    /// A resource, such as a tested letter.
    Resource,
    /// A session of an event.
    Session,
}

/// How closely a hit matches a query.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "schema::MatchClass")]
pub(crate) enum MatchClass {
    /// Enough words match by themselves, an inflected form, a displayed correction, or a word with
    /// the same meaning.
    Exact,
    /// Enough words match only by components of compounds, or by words with a near or broader
    /// meaning.
    Wider,
}

/// How close the meaning of a label of the vocabulary is to that of the words of a query.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "schema::MeaningClass")]
pub(crate) enum MeaningClass {
    /// The same meaning: texts with the label are exact matches.
    Same,
    /// A near meaning: texts with the label are wider matches.
    Near,
    /// A broader meaning: texts with the label are wider matches.
    Broader,
}

/// How a word of a query matched a text.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "schema::MatchKind")]
pub(crate) enum MatchKind {
    /// The same word, in this or another inflected form.
    Word,
    /// A component of a compound: of the query, of the text, or of both.
    Part,
    /// Two words joined into one, with or without a hyphen; or the reverse.
    Joined,
    /// A word with the prefix typed before a `*`.
    Prefix,
    /// A spelling correction, used because nothing matches the word as typed.
    Correction,
    /// A related label of the vocabulary.
    Synonym,
    /// The word names the form of the record, such as an interview.
    Form,
}

/// What a suggestion refers to.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "schema::SuggestionKind")]
pub(crate) enum SuggestionKind {
    /// The title of content that a search can find.
    Title,
    /// A theme.
    Theme,
    /// An organisation.
    Organisation,
    /// A word that occurs in the texts.
    Word,
}

/// Kind of change.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "schema::ChangeOp")]
pub(crate) enum ChangeOp {
    /// Added or changed.
    Upserted,
    /// Removed.
    Removed,
}

/// The order of a list of articles, toolkits or communities.
#[derive(Enum, Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ContentSort {
    /// Latest publication first.
    Newest,
    /// Earliest publication first.
    Oldest,
    /// By title, alphabetically.
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
    /// Current and upcoming events first, by start; then the rest, latest first.
    Start,
    /// Latest publication first, or else last change.
    Newest,
    /// Earliest start first.
    Oldest,
    /// By title, alphabetically.
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
