//! Records: the four kinds of content, and [`Record`] for content and entities.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::{
    Access, ApproximateCount, ArticleForm, Attendance, Audience, CommunityForm, EventForm,
    EventPhase, EventStatus, Founded, GovernmentLayer, Guideline, Image, Kind, Language, Maturity,
    Moment, NodeId, Occurrence, Occurrences, Organisation, Person, Place, Quote, Reference,
    Registration, Resource, Series, Session, Step, Theme, TitleSource, ToolkitForm, moment,
};

/// Fields that all kinds of content share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Common {
    /// Stable id.
    pub id: NodeId,
    /// Title; never empty.
    pub title: String,
    /// Origin of the title.
    pub title_source: TitleSource,
    /// Summary of one or two sentences, as plain text.
    pub summary: Option<String>,
    /// Canonical URL: that of the source, else of our own item page.
    pub url: Url,
    /// Last segment of the path of our own item page.
    pub slug: String,
    /// Language of the title and the text.
    pub language: Language,
    /// Date of publication, in [`moment::HOME_ZONE`].
    pub published_at: Option<Moment>,
    /// Date of the last change according to the source, in [`moment::HOME_ZONE`].
    pub modified_at: Option<Moment>,
    /// When the knowledge base first contained the record.
    pub first_seen: FirstSeen,
    /// Illustration.
    pub image: Option<Image>,
    /// Themes.
    pub themes: Vec<NodeId>,
    /// Audiences.
    pub audiences: Vec<NodeId>,
    /// Communities that the content belongs to.
    pub communities: Vec<NodeId>,
    /// Organisations mentioned, including those with a role (maintainers, organisers and so on).
    pub organisations: Vec<NodeId>,
    /// People mentioned, including those with a role (authors, speakers and so on).
    pub people: Vec<NodeId>,
    /// Hashtags, without the `#`.
    pub hashtags: Vec<String>,
    /// Content of the same kind that it replaces.
    pub predecessor: Option<NodeId>,
    /// Content of the same kind of which it is a translation.
    pub translation_of: Option<NodeId>,
}

/// When the knowledge base first contained a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirstSeen {
    /// Time of the build.
    pub at: Timestamp,
    /// Whether the source had not been read before, so that the time says nothing about the age of
    /// the record.
    pub is_first_import: bool,
}

/// An article: a text to read, watch or listen to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Article {
    /// Common fields.
    pub common: Common,
    /// Type of article.
    pub form: ArticleForm,
    /// Lead paragraph, as plain text.
    pub lead: Option<String>,
    /// Authors.
    pub authors: Vec<NodeId>,
    /// People interviewed.
    pub interviewees: Vec<NodeId>,
    /// Pull quotes.
    pub quotes: Vec<Quote>,
    /// Publications it refers to.
    pub references: Vec<Reference>,
    /// Downloads and links.
    pub resources: Vec<Resource>,
    /// Event that the article reports on.
    pub reports_on: Option<NodeId>,
}

/// A toolkit: a practical aid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Toolkit {
    /// Common fields.
    pub common: Common,
    /// Type of toolkit.
    pub form: ToolkitForm,
    /// Website of the toolkit, if it has its own.
    pub external_url: Option<Url>,
    /// Steps, in order.
    pub steps: Vec<Step>,
    /// Downloads and links.
    pub resources: Vec<Resource>,
    /// Guidelines.
    pub guidelines: Vec<Guideline>,
    /// Community in which the toolkit originated.
    pub origin_community: Option<NodeId>,
    /// People or organisations that maintain it.
    pub maintainers: Vec<NodeId>,
    /// Maintenance status.
    pub maturity: Maturity,
    /// Other names.
    pub aliases: Vec<String>,
}

/// A community of professionals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Community {
    /// Common fields; the title is the name of the community.
    pub common: Common,
    /// How it relates to Gebruiker Centraal.
    pub form: CommunityForm,
    /// Short name.
    pub short_name: Option<String>,
    /// Central question of the community.
    pub question: Option<String>,
    /// Purpose.
    pub purpose: Option<String>,
    /// Year of foundation.
    pub founded: Option<Founded>,
    /// Founding organisations.
    pub origin_organisations: Vec<NodeId>,
    /// Coordinators.
    pub coordinators: Vec<NodeId>,
    /// Number of members.
    pub member_count: Option<ApproximateCount>,
    /// Who can join.
    pub access: Access,
    /// Page to join the community.
    pub join_url: Option<Url>,
    /// Online platform.
    pub platform_url: Option<Url>,
    /// Levels of government that its members work for.
    pub layers: Vec<GovernmentLayer>,
    /// Related communities.
    pub related: Vec<NodeId>,
    /// Community or organisation of which it is a local variant.
    pub variant_of: Option<NodeId>,
    /// Other names.
    pub aliases: Vec<String>,
}

/// An event, single or recurring.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Common fields.
    pub common: Common,
    /// Type of event.
    pub form: EventForm,
    /// Start; for a series, of the first occurrence.
    pub start: Moment,
    /// End; for a series, of the first occurrence.
    pub end: Option<Moment>,
    /// Whether the event takes place as planned.
    pub status: EventStatus,
    /// In person, online or both.
    pub attendance: Attendance,
    /// Venue.
    pub place: Option<Place>,
    /// URL of the online meeting.
    pub online_url: Option<Url>,
    /// Registration.
    pub registration: Option<Registration>,
    /// Price, in the words of the source.
    pub price: Option<String>,
    /// Organising communities and organisations.
    pub organisers: Vec<NodeId>,
    /// Speakers.
    pub speakers: Vec<NodeId>,
    /// Programme.
    pub sessions: Vec<Session>,
    /// Recurrence rule, if the event is a series.
    pub series: Option<Series>,
    /// Whether the event is open to non-members.
    pub open_to_non_members: Option<bool>,
    /// Recording.
    pub recording: Option<Url>,
}

impl Event {
    /// The exclusive end of the event; for a series, of the first occurrence. Without an end time,
    /// the event lasts until the end of its day (or month, season or year).
    pub fn ends(&self) -> Timestamp {
        self.end.as_ref().map_or_else(|| self.start.end_of_span(), Moment::latest)
    }

    /// All occurrences. Expands the rule of a series, which is expensive.
    pub fn occurrences(&self) -> Occurrences {
        match &self.series {
            Some(series) => series.expand(&self.start, self.end.as_ref()),
            None => Occurrences::once(self.start.clone(), self.end.clone()),
        }
    }

    /// Phase of the event at `now`.
    pub fn phase(&self, now: Timestamp) -> EventPhase {
        match &self.series {
            Some(_) => self.occurrences().phase(now),
            None => moment::phase(self.start.earliest(), self.ends(), now),
        }
    }

    /// At most `limit` occurrences that have not ended at `now`.
    pub fn occurrences_from(&self, now: Timestamp, limit: usize) -> Vec<Occurrence> {
        self.occurrences().remaining(now).take(limit).cloned().collect()
    }
}

/// The full text of a record, stored separately because lists do not need it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Body {
    /// Sanitised HTML.
    pub html: String,
    /// The same as plain text, with blank lines between paragraphs.
    pub text: String,
}

/// Content or an entity.
#[expect(clippy::large_enum_variant, reason = "records live behind an `Arc`, one at a time")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Record {
    /// An article.
    Article(Article),
    /// A toolkit.
    Toolkit(Toolkit),
    /// A community.
    Community(Community),
    /// An event.
    Event(Event),
    /// A theme.
    Theme(Theme),
    /// An organisation.
    Organisation(Organisation),
    /// A person.
    Person(Person),
    /// An audience.
    Audience(Audience),
}

impl Record {
    /// Id of the record.
    pub fn id(&self) -> NodeId {
        match self {
            Self::Theme(theme) => theme.id,
            Self::Organisation(organisation) => organisation.id,
            Self::Person(person) => person.id,
            Self::Audience(audience) => audience.id,
            Self::Article(Article { common, .. })
            | Self::Toolkit(Toolkit { common, .. })
            | Self::Community(Community { common, .. })
            | Self::Event(Event { common, .. }) => common.id,
        }
    }

    /// Title, name or label.
    pub fn name(&self) -> &str {
        match self {
            Self::Theme(theme) => &theme.label,
            Self::Organisation(organisation) => &organisation.name,
            Self::Person(person) => &person.name,
            Self::Audience(audience) => &audience.label,
            Self::Article(Article { common, .. })
            | Self::Toolkit(Toolkit { common, .. })
            | Self::Community(Community { common, .. })
            | Self::Event(Event { common, .. }) => &common.title,
        }
    }

    /// Last segment of the path of its page.
    pub fn slug(&self) -> &str {
        match self {
            Self::Theme(theme) => &theme.slug,
            Self::Organisation(organisation) => &organisation.slug,
            Self::Person(person) => &person.slug,
            Self::Audience(audience) => &audience.slug,
            Self::Article(Article { common, .. })
            | Self::Toolkit(Toolkit { common, .. })
            | Self::Community(Community { common, .. })
            | Self::Event(Event { common, .. }) => &common.slug,
        }
    }

    /// The common fields of content; `None` for entities.
    pub fn common(&self) -> Option<&Common> {
        match self {
            Self::Article(article) => Some(&article.common),
            Self::Toolkit(toolkit) => Some(&toolkit.common),
            Self::Community(community) => Some(&community.common),
            Self::Event(event) => Some(&event.common),
            Self::Theme(_) | Self::Organisation(_) | Self::Person(_) | Self::Audience(_) => None,
        }
    }

    /// The kind of content; `None` for entities.
    pub fn kind(&self) -> Option<Kind> {
        Kind::try_from(self.id().kind()).ok()
    }

    /// Ids of the linked records whose names are displayed with this one, sorted, without
    /// duplicates.
    pub fn linked_ids(&self) -> Vec<NodeId> {
        let Some(common) = self.common() else { return Vec::new() };
        let mut ids = [
            common.themes.as_slice(),
            &common.audiences,
            &common.communities,
            &common.organisations,
            &common.people,
        ]
        .concat();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// The time by which lists are ordered from new to old: the first instant of the date of
    /// publication, else of the last change, but not after the record was first seen, else the time
    /// at which it was first seen in a source that had been read before; never the start of an
    /// event.
    pub fn published_at(&self) -> Option<Timestamp> {
        let common = self.common()?;
        let published = common.published_at.as_ref().map(Moment::earliest);
        let modified = common.modified_at.as_ref().map(Moment::earliest);
        let seen = common.first_seen;
        published
            .or(modified.map(|modified| modified.min(seen.at)))
            .or((!seen.is_first_import).then_some(seen.at))
    }

    /// The date by which content is filtered: the start of an event, else the first instant of its
    /// date of publication.
    pub fn dated_at(&self) -> Option<Timestamp> {
        match self {
            Self::Event(event) => Some(event.start.earliest()),
            other => other.common()?.published_at.as_ref().map(Moment::earliest),
        }
    }
}
