//! Records: the four kinds of content, and [`Record`] for anything that has an id.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::{
    Access, ApproximateCount, ArticleForm, Attendance, Audience, CommunityForm, EventForm,
    EventMoment, EventPhase, EventStatus, Founded, GovernmentLayer, Guideline, Image, Kind,
    Language, Maturity, NodeId, Occurrences, Organisation, Person, Place, Quote, Reference,
    Registration, Resource, Series, Session, Step, Theme, TitleSource, ToolkitForm, event_moment,
};

/// What every kind of content has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Common {
    /// Id.
    pub id: NodeId,
    /// Title; never empty.
    pub title: String,
    /// Whether the source gave the title.
    pub title_source: TitleSource,
    /// One or two sentences.
    pub summary: Option<String>,
    /// The one address of this thing: the source's, else our own item page.
    pub url: Url,
    /// Last part of our own address.
    pub slug: String,
    /// Language of title and text.
    pub language: Language,
    /// When it was published.
    pub published_at: Option<Timestamp>,
    /// When it was changed last, by its source.
    pub modified_at: Option<Timestamp>,
    /// A picture.
    pub image: Option<Image>,
    /// Subjects.
    pub themes: Vec<NodeId>,
    /// For whom it is meant.
    pub audiences: Vec<NodeId>,
    /// Communities it belongs to.
    pub communities: Vec<NodeId>,
    /// Organisations in it, those of its roles (maintainers, organisers…) included.
    pub organisations: Vec<NodeId>,
    /// People in it, those of its roles (authors, speakers…) included.
    pub people: Vec<NodeId>,
    /// Hashtags, without the `#`.
    pub hashtags: Vec<String>,
}

/// A text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Article {
    /// What every kind has.
    pub common: Common,
    /// What sort of text.
    pub form: ArticleForm,
    /// The opening.
    pub lead: Option<String>,
    /// Who wrote it.
    pub authors: Vec<NodeId>,
    /// Who was interviewed.
    pub interviewees: Vec<NodeId>,
    /// Quotes set apart.
    pub quotes: Vec<Quote>,
    /// What it refers to.
    pub references: Vec<Reference>,
    /// Downloads and links.
    pub resources: Vec<Resource>,
    /// The event it reports on.
    pub reports_on: Option<NodeId>,
}

/// Something to work with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Toolkit {
    /// What every kind has.
    pub common: Common,
    /// What sort of aid.
    pub form: ToolkitForm,
    /// Where it lives, if not at its own address.
    pub external_url: Option<Url>,
    /// Its steps in order.
    pub steps: Vec<Step>,
    /// Downloads and links.
    pub resources: Vec<Resource>,
    /// Its guidelines.
    pub guidelines: Vec<Guideline>,
    /// The community it came out of.
    pub origin_community: Option<NodeId>,
    /// Who keeps it up.
    pub maintainers: Vec<NodeId>,
    /// How far it is kept up.
    pub maturity: Maturity,
}

/// A group of professionals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Community {
    /// What every kind has; its title is the community's name.
    pub common: Common,
    /// How it relates to Gebruiker Centraal.
    pub form: CommunityForm,
    /// A shorter name.
    pub short_name: Option<String>,
    /// The question that drives it.
    pub question: Option<String>,
    /// What it is for.
    pub purpose: Option<String>,
    /// When it began.
    pub founded: Option<Founded>,
    /// Organisations that began it.
    pub origin_organisations: Vec<NodeId>,
    /// Who coordinates it.
    pub coordinators: Vec<NodeId>,
    /// How many members.
    pub member_count: Option<ApproximateCount>,
    /// Who may join.
    pub access: Access,
    /// Where to join.
    pub join_url: Option<Url>,
    /// Where it meets online.
    pub platform_url: Option<Url>,
    /// Layers of government its members work for.
    pub layers: Vec<GovernmentLayer>,
    /// Communities it is connected with.
    pub related: Vec<NodeId>,
}

/// A meeting in time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// What every kind has.
    pub common: Common,
    /// What sort of meeting.
    pub form: EventForm,
    /// When it begins; of a series, the first time.
    pub start: EventMoment,
    /// When it ends; of a series, the first time.
    pub end: Option<EventMoment>,
    /// Whether it goes on as planned.
    pub status: EventStatus,
    /// On location, online or both.
    pub attendance: Attendance,
    /// Where.
    pub place: Option<Place>,
    /// Where online.
    pub online_url: Option<Url>,
    /// How to sign up.
    pub registration: Option<Registration>,
    /// What it costs, in the source's words.
    pub price: Option<String>,
    /// Communities and organisations that organise it.
    pub organisers: Vec<NodeId>,
    /// Who speaks.
    pub speakers: Vec<NodeId>,
    /// Its programme.
    pub sessions: Vec<Session>,
    /// The rule by which it comes back.
    pub series: Option<Series>,
    /// Whether people who are no members may come.
    pub open_to_non_members: Option<bool>,
    /// A recording of it.
    pub recording: Option<Url>,
}

impl Event {
    /// The first instant after a single event: an end without a time, or none at all, lasts to the
    /// end of its day (or month, season, year).
    pub fn ends(&self) -> Timestamp {
        self.end.as_ref().map_or_else(|| self.start.end_of_span(), EventMoment::latest)
    }

    /// Every time that it takes place. Expands the rule of a series, which takes its time.
    pub fn occurrences(&self) -> Occurrences {
        match &self.series {
            Some(series) => series.expand(&self.start, self.end.as_ref()),
            None => Occurrences::once(self.start.clone(), self.ends()),
        }
    }

    /// Where the event is in time at `now`, in its own zone.
    pub fn phase(&self, now: Timestamp) -> EventPhase {
        match &self.series {
            Some(_) => self.occurrences().phase(now),
            None => event_moment::phase(self.start.earliest(), self.ends(), now),
        }
    }

    /// Times that it takes place, from those going on at `now` onwards.
    pub fn occurrences_from(&self, now: Timestamp, limit: usize) -> Vec<EventMoment> {
        self.occurrences()
            .remaining(now)
            .take(limit)
            .map(|occurrence| occurrence.moment.clone())
            .collect()
    }
}

/// The long text of a record, kept apart because lists do not need it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Body {
    /// Sanitised HTML.
    pub html: String,
    /// The same as plain text, a blank line between paragraphs.
    pub text: String,
}

/// Anything that has an id.
#[expect(clippy::large_enum_variant, reason = "records live behind an `Arc`, one at a time")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Record {
    /// A text.
    Article(Article),
    /// Something to work with.
    Toolkit(Toolkit),
    /// A group of professionals.
    Community(Community),
    /// A meeting in time.
    Event(Event),
    /// A subject.
    Theme(Theme),
    /// An organisation.
    Organisation(Organisation),
    /// A person.
    Person(Person),
    /// A group of people.
    Audience(Audience),
}

impl Record {
    /// Its id.
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

    /// Its title, name or label.
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

    /// What every kind of content has; `None` for the things that content is about.
    pub fn common(&self) -> Option<&Common> {
        match self {
            Self::Article(article) => Some(&article.common),
            Self::Toolkit(toolkit) => Some(&toolkit.common),
            Self::Community(community) => Some(&community.common),
            Self::Event(event) => Some(&event.common),
            Self::Theme(_) | Self::Organisation(_) | Self::Person(_) | Self::Audience(_) => None,
        }
    }

    /// Its kind, where it is content.
    pub fn kind(&self) -> Option<Kind> {
        Kind::try_from(self.id().kind()).ok()
    }

    /// Everything whose name is shown with it, each once, by id.
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

    /// The instant by which content is dated: an event's start, else the publication.
    pub fn dated_at(&self) -> Option<Timestamp> {
        match self {
            Self::Event(event) => Some(event.start.earliest()),
            other => other.common().and_then(|common| common.published_at),
        }
    }
}
