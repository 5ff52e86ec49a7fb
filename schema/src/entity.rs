//! What content is about and who made it: themes, organisations, people and audiences.

use serde::{Deserialize, Serialize};
use url::Url;

use crate::{GovernmentLayer, NodeId, OrganisationKind, Origin, Perspective};

/// A subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Theme {
    /// Id.
    pub id: NodeId,
    /// The preferred name.
    pub label: String,
    /// Other names for the same subject.
    pub alt_labels: Vec<String>,
    /// What is meant by it.
    pub definition: Option<String>,
    /// The wider theme it belongs to.
    pub broader: Option<NodeId>,
    /// How it came to be known.
    pub origin: Origin,
}

/// An organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organisation {
    /// Id.
    pub id: NodeId,
    /// Full name.
    pub name: String,
    /// Abbreviations, such as `KVK`.
    pub abbreviations: Vec<String>,
    /// Other names.
    pub aliases: Vec<String>,
    /// What sort of organisation.
    pub kind: OrganisationKind,
    /// The layer of government it belongs to.
    pub layer: Option<GovernmentLayer>,
    /// The organisation it is part of.
    pub parent: Option<NodeId>,
    /// Its website.
    pub url: Option<Url>,
    /// How it came to be known.
    pub origin: Origin,
}

/// A person in a public role. Never an e-mail address or a telephone number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Id.
    pub id: NodeId,
    /// Name.
    pub name: String,
    /// What they do.
    pub role: Option<String>,
    /// For whom.
    pub organisations: Vec<NodeId>,
    /// A few sentences about them.
    pub bio: Option<String>,
    /// A page about them.
    pub url: Option<Url>,
    /// How they came to be known.
    pub origin: Origin,
}

/// A group of people for whom something is meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Audience {
    /// Id.
    pub id: NodeId,
    /// Name.
    pub label: String,
    /// Professionals or citizens.
    pub perspective: Perspective,
    /// How it came to be known.
    pub origin: Origin,
}
