//! Parts of a record that have no id of their own: steps, resources, quotes, places and so on.

use jiff::{Timestamp, civil::Date};
use serde::{Deserialize, Serialize};
use url::Url;

use crate::{CountPrecision, EventMoment, NodeId, ResourceKind};

/// A picture that stands for a thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// Where it is.
    pub url: Url,
    /// What it shows, for those who do not see it.
    pub alt: Option<String>,
    /// Width in pixels.
    pub width: Option<u32>,
    /// Height in pixels.
    pub height: Option<u32>,
}

/// What somebody said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    /// The words, without quotation marks.
    pub text: String,
    /// Who said it.
    pub person: Option<NodeId>,
    /// On behalf of whom.
    pub organisation: Option<NodeId>,
    /// Where it was said first.
    pub reference: Option<Reference>,
}

/// A report, book or page that is referred to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reference {
    /// Its title.
    pub title: String,
    /// Who published it.
    pub publisher: Option<String>,
    /// The year of publication.
    pub year: Option<i16>,
    /// Where it can be read.
    pub url: Option<Url>,
}

/// Something to download, open or play.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resource {
    /// What it is called.
    pub title: String,
    /// What sort of resource.
    pub kind: ResourceKind,
    /// Where it is.
    pub url: Option<Url>,
    /// What one does with it.
    pub description: Option<String>,
    /// Media type, such as `application/pdf`.
    pub mime: Option<String>,
    /// Size in bytes.
    pub bytes: Option<u64>,
    /// Whether it was tested with the people it is meant for.
    pub tested: bool,
}

/// One step of a plan, in the order of its place in the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// What the step is called.
    pub title: String,
    /// A shorter title for a menu.
    pub short_title: Option<String>,
    /// What it is about.
    pub intro: Option<String>,
    /// Ways to do it.
    pub methods: Vec<Method>,
    /// Advice.
    pub tips: Vec<Tip>,
}

/// A way to do a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Method {
    /// What it is called.
    pub title: String,
    /// What it takes.
    pub effort: Effort,
}

/// What a method takes, as the source puts it ("2 dagdelen", "laag").
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effort {
    /// Time.
    pub time: Option<String>,
    /// People to do it.
    pub people: Option<String>,
    /// Money.
    pub cost: Option<String>,
    /// Knowledge.
    pub expertise: Option<String>,
    /// People who take part.
    pub participants: Option<String>,
}

/// A piece of advice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tip {
    /// The advice.
    pub title: String,
    /// Its number in the set it comes from.
    pub number: Option<u32>,
    /// Whether the set marks it as one of the best.
    pub starred: bool,
}

/// A guideline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guideline {
    /// The rule.
    pub title: String,
    /// Its explanation as plain text.
    pub body: Option<String>,
}

/// A part of an event's programme.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// What it is called.
    pub title: String,
    /// What sort of session, in the source's words.
    pub kind: Option<String>,
    /// When it begins.
    pub start: Option<EventMoment>,
    /// When it ends.
    pub end: Option<EventMoment>,
    /// In which room.
    pub room: Option<String>,
    /// Who speaks.
    pub speakers: Vec<NodeId>,
}

/// Where an event takes place.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// Name of the building or island.
    pub name: Option<String>,
    /// Street and number.
    pub address: Option<String>,
    /// City.
    pub city: Option<String>,
    /// Degrees north.
    pub latitude: Option<f64>,
    /// Degrees east.
    pub longitude: Option<f64>,
}

/// How one signs up.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registration {
    /// Where.
    pub url: Option<Url>,
    /// From when.
    pub opens_at: Option<Timestamp>,
    /// Until when.
    pub closes_at: Option<Timestamp>,
    /// How many people there is room for.
    pub capacity: Option<u32>,
    /// How many places are left.
    pub spaces_left: Option<u32>,
}

/// A number that may be an estimate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApproximateCount {
    /// The number.
    pub value: u32,
    /// Counted or estimated.
    pub precision: CountPrecision,
    /// On which day.
    pub as_of: Option<Date>,
}

/// When a community began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Founded {
    /// The year.
    pub year: i16,
}
