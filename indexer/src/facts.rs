//! Facts: what one source says about one thing, checked and cleaned, before it is merged with what
//! others say. References to other things are still names or addresses.
//!
//! Facts are stored beside the merged records, so that merging one source anew needs no other.

use jiff::Timestamp;
use schema::{
    Access, ApproximateCount, ArticleForm, Attendance, Body, CommunityForm, EventForm, EventMoment,
    EventStatus, Founded, GovernmentLayer, Guideline, Image, Language, Maturity, NodeKind,
    OrganisationKind, Perspective, Place, Reference, Registration, Resource, Series, Step,
    ToolkitForm,
};
use serde::{Deserialize, Serialize};
use url::Url;

/// The name, abbreviation or address by which a source refers to another thing.
pub(crate) type NameOrUrl = String;

/// What one source says about one thing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Facts {
    /// Title, name or label as the source gives it.
    pub(crate) title: Option<String>,
    /// A title derived from the text, where the source gives none.
    pub(crate) derived_title: Option<String>,
    /// One or two sentences.
    pub(crate) summary: Option<String>,
    /// The source's address for it.
    pub(crate) url: Option<Url>,
    /// Last part of the address.
    pub(crate) slug: Option<String>,
    /// Language.
    pub(crate) language: Option<Language>,
    /// When it was published.
    pub(crate) published_at: Option<Timestamp>,
    /// When it was changed.
    pub(crate) modified_at: Option<Timestamp>,
    /// A picture.
    pub(crate) image: Option<Image>,
    /// Themes by name.
    pub(crate) themes: Vec<NameOrUrl>,
    /// Audiences by name.
    pub(crate) audiences: Vec<NameOrUrl>,
    /// Communities by name or address.
    pub(crate) communities: Vec<NameOrUrl>,
    /// Organisations by name.
    pub(crate) organisations: Vec<NameOrUrl>,
    /// People by name.
    pub(crate) people: Vec<NameOrUrl>,
    /// Hashtags, without the `#`.
    pub(crate) hashtags: Vec<String>,
    /// The long text.
    pub(crate) body: Option<Body>,
    /// What only this kind has.
    pub(crate) detail: Detail,
}

impl Facts {
    /// Nothing but what kind of thing it is.
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
            detail,
        }
    }

    /// What kind of thing the facts are about.
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

    /// The title, given or derived.
    pub(crate) fn name(&self) -> Option<&str> {
        self.title.as_deref().or(self.derived_title.as_deref())
    }
}

/// What only one kind has.
#[expect(clippy::large_enum_variant, reason = "facts are held one thing at a time")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum Detail {
    /// Of an article.
    Article(ArticleFacts),
    /// Of a toolkit.
    Toolkit(ToolkitFacts),
    /// Of a community.
    Community(CommunityFacts),
    /// Of an event.
    Event(EventFacts),
    /// Of a theme.
    Theme(ThemeFacts),
    /// Of an organisation.
    Organisation(OrganisationFacts),
    /// Of a person.
    Person(PersonFacts),
    /// Of an audience.
    Audience(AudienceFacts),
}

/// Of an article; see [`schema::Article`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct ArticleFacts {
    /// Form.
    pub(crate) form: Option<ArticleForm>,
    /// Opening.
    pub(crate) lead: Option<String>,
    /// Authors by name.
    pub(crate) authors: Vec<NameOrUrl>,
    /// Interviewees by name.
    pub(crate) interviewees: Vec<NameOrUrl>,
    /// Quotes.
    pub(crate) quotes: Vec<QuoteFacts>,
    /// References.
    pub(crate) references: Vec<Reference>,
    /// Resources.
    pub(crate) resources: Vec<Resource>,
    /// Title or address of the event it reports on.
    pub(crate) reports_on: Option<NameOrUrl>,
}

/// A quote whose speaker is still a name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct QuoteFacts {
    /// The words.
    pub(crate) text: String,
    /// Who said it.
    pub(crate) person: Option<NameOrUrl>,
    /// On behalf of whom.
    pub(crate) organisation: Option<NameOrUrl>,
    /// Where it was said first.
    pub(crate) reference: Option<Reference>,
}

/// Of a toolkit; see [`schema::Toolkit`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct ToolkitFacts {
    /// Form.
    pub(crate) form: Option<ToolkitForm>,
    /// Where it lives.
    pub(crate) external_url: Option<Url>,
    /// Steps.
    pub(crate) steps: Vec<Step>,
    /// Resources.
    pub(crate) resources: Vec<Resource>,
    /// Guidelines.
    pub(crate) guidelines: Vec<Guideline>,
    /// Community by name or address.
    pub(crate) origin_community: Option<NameOrUrl>,
    /// Organisations by name.
    pub(crate) maintainers: Vec<NameOrUrl>,
    /// Maturity.
    pub(crate) maturity: Option<Maturity>,
}

/// Of a community; see [`schema::Community`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct CommunityFacts {
    /// Form.
    pub(crate) form: Option<CommunityForm>,
    /// Shorter name.
    pub(crate) short_name: Option<String>,
    /// Question.
    pub(crate) question: Option<String>,
    /// Purpose.
    pub(crate) purpose: Option<String>,
    /// Year.
    pub(crate) founded: Option<Founded>,
    /// Organisations by name.
    pub(crate) origin_organisations: Vec<NameOrUrl>,
    /// People by name.
    pub(crate) coordinators: Vec<NameOrUrl>,
    /// Members.
    pub(crate) member_count: Option<ApproximateCount>,
    /// Access.
    pub(crate) access: Option<Access>,
    /// Where to join.
    pub(crate) join_url: Option<Url>,
    /// Where it meets.
    pub(crate) platform_url: Option<Url>,
    /// Layers.
    pub(crate) layers: Vec<GovernmentLayer>,
    /// Communities by name or address.
    pub(crate) related: Vec<NameOrUrl>,
}

/// Of an event; see [`schema::Event`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct EventFacts {
    /// Form.
    pub(crate) form: Option<EventForm>,
    /// Start. An event that no source gives a start is rejected when merged.
    pub(crate) start: Option<EventMoment>,
    /// End.
    pub(crate) end: Option<EventMoment>,
    /// Status.
    pub(crate) status: Option<EventStatus>,
    /// Attendance.
    pub(crate) attendance: Option<Attendance>,
    /// Place.
    pub(crate) place: Option<Place>,
    /// Where online.
    pub(crate) online_url: Option<Url>,
    /// Registration.
    pub(crate) registration: Option<Registration>,
    /// Price.
    pub(crate) price: Option<String>,
    /// Communities and organisations by name or address.
    pub(crate) organisers: Vec<NameOrUrl>,
    /// Speakers by name.
    pub(crate) speakers: Vec<NameOrUrl>,
    /// Programme.
    pub(crate) sessions: Vec<SessionFacts>,
    /// Rule.
    pub(crate) series: Option<Series>,
    /// Open to others.
    pub(crate) open_to_non_members: Option<bool>,
    /// Recording.
    pub(crate) recording: Option<Url>,
}

/// A session whose speakers are still names.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct SessionFacts {
    /// Title.
    pub(crate) title: String,
    /// Sort, in the source's words.
    pub(crate) kind: Option<String>,
    /// Start.
    pub(crate) start: Option<EventMoment>,
    /// End.
    pub(crate) end: Option<EventMoment>,
    /// Room.
    pub(crate) room: Option<String>,
    /// Speakers by name.
    pub(crate) speakers: Vec<NameOrUrl>,
}

/// Of a theme; see [`schema::Theme`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct ThemeFacts {
    /// Other names.
    pub(crate) alt_labels: Vec<String>,
    /// Definition.
    pub(crate) definition: Option<String>,
    /// Wider theme by name.
    pub(crate) broader: Option<NameOrUrl>,
}

/// Of an organisation; see [`schema::Organisation`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct OrganisationFacts {
    /// Abbreviations.
    pub(crate) abbreviations: Vec<String>,
    /// Other names.
    pub(crate) aliases: Vec<String>,
    /// Kind.
    pub(crate) kind: Option<OrganisationKind>,
    /// Layer.
    pub(crate) layer: Option<GovernmentLayer>,
    /// Parent by name.
    pub(crate) parent: Option<NameOrUrl>,
}

/// Of a person; see [`schema::Person`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct PersonFacts {
    /// Role.
    pub(crate) role: Option<String>,
    /// A few sentences.
    pub(crate) bio: Option<String>,
}

/// Of an audience; see [`schema::Audience`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct AudienceFacts {
    /// Perspective.
    pub(crate) perspective: Option<Perspective>,
}
