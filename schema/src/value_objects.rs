//! Value objects: components of a record without an id, such as steps, resources and quotes.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::{CountPrecision, Moment, NodeId, ResourceKind};

/// An illustration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// URL of the image.
    pub url: Url,
    /// Alternative text.
    pub alt: Option<String>,
    /// Width in pixels.
    pub width: Option<u32>,
    /// Height in pixels.
    pub height: Option<u32>,
}

/// A pull quote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    /// Text, without quotation marks.
    pub text: String,
    /// Person quoted.
    pub person: Option<NodeId>,
    /// Organisation on whose behalf the person speaks.
    pub organisation: Option<NodeId>,
    /// Original publication.
    pub reference: Option<Reference>,
}

/// A reference to a report, book or web page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reference {
    /// Title of the publication.
    pub title: String,
    /// Publisher.
    pub publisher: Option<String>,
    /// Year of publication.
    pub year: Option<i16>,
    /// URL of the publication.
    pub url: Option<Url>,
    /// The organisation with the name of the publisher.
    pub organisation: Option<NodeId>,
}

/// A file to download or a link to open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resource {
    /// Title.
    pub title: String,
    /// Type of resource.
    pub kind: ResourceKind,
    /// URL.
    pub url: Option<Url>,
    /// Description, as plain text.
    pub description: Option<String>,
    /// Media type, such as `application/pdf`.
    pub mime: Option<String>,
    /// Size in bytes.
    pub bytes: Option<u64>,
    /// Whether it was tested with its intended users.
    pub tested: bool,
}

/// A step of a plan. Its number is its position in the list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Title.
    pub title: String,
    /// Short title, for menus.
    pub short_title: Option<String>,
    /// Introduction, as plain text.
    pub intro: Option<String>,
    /// Methods for the step.
    pub methods: Vec<Method>,
    /// Advice.
    pub tips: Vec<Tip>,
}

/// A method for a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Method {
    /// Title.
    pub title: String,
    /// Effort required.
    pub effort: Effort,
}

/// Effort required by a method, in the words of the source ("2 dagdelen", "laag").
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Effort {
    /// Time needed.
    pub time: Option<String>,
    /// People needed to carry it out.
    pub people: Option<String>,
    /// Cost.
    pub cost: Option<String>,
    /// Expertise needed.
    pub expertise: Option<String>,
    /// Participants.
    pub participants: Option<String>,
}

/// A piece of advice.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tip {
    /// The advice.
    pub title: String,
    /// Number in the original set.
    pub number: Option<u32>,
    /// Whether the original set highlights it.
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

/// A session of the programme of an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Title.
    pub title: String,
    /// Type of session, in the words of the source.
    pub kind: Option<String>,
    /// Start.
    pub start: Option<Moment>,
    /// End.
    pub end: Option<Moment>,
    /// Room.
    pub room: Option<String>,
    /// Speakers.
    pub speakers: Vec<NodeId>,
}

/// Venue of an event.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// Name of the building or island.
    pub name: Option<String>,
    /// Street and number.
    pub address: Option<String>,
    /// City.
    pub city: Option<String>,
    /// Latitude in degrees, north positive.
    pub latitude: Option<f64>,
    /// Longitude in degrees, east positive.
    pub longitude: Option<f64>,
}

/// Registration for an event.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registration {
    /// Registration page.
    pub url: Option<Url>,
    /// When registration opens.
    pub opens_at: Option<Moment>,
    /// When registration closes; a date without a time is included.
    pub closes_at: Option<Moment>,
    /// Maximum number of participants.
    pub capacity: Option<u32>,
    /// Number of places left.
    pub spaces_left: Option<u32>,
}

/// A number that may be an estimate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApproximateCount {
    /// The number.
    pub value: u32,
    /// Whether the number is exact.
    pub precision: CountPrecision,
    /// Date of the count.
    pub as_of: Option<Date>,
}

/// When a community was founded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Founded {
    /// The year.
    pub year: i16,
}
