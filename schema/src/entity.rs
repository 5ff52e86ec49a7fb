//! Entities that content refers to: themes, organisations, people and audiences.

use serde::{Deserialize, Serialize};
use url::Url;

use crate::{GovernmentLayer, NodeId, OrganisationKind, Origin, Perspective};

/// A subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Theme {
    /// Stable id of kind [`NodeKind::Theme`](crate::NodeKind::Theme).
    pub id: NodeId,
    /// Preferred name.
    pub label: String,
    /// Last segment of the path of its page, unique among entities of its kind.
    pub slug: String,
    /// Synonyms of the label.
    pub alt_labels: Vec<String>,
    /// Definition, as plain text.
    pub definition: Option<String>,
    /// The broader theme.
    pub broader: Option<NodeId>,
    /// Whether a source describes the theme.
    pub origin: Origin,
}

/// An organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organisation {
    /// Stable id of kind [`NodeKind::Organisation`](crate::NodeKind::Organisation).
    pub id: NodeId,
    /// Full name.
    pub name: String,
    /// Last segment of the path of its page, unique among entities of its kind.
    pub slug: String,
    /// Abbreviations, such as `KVK`.
    pub abbreviations: Vec<String>,
    /// Other names, such as former ones.
    pub aliases: Vec<String>,
    /// Type of organisation.
    pub kind: OrganisationKind,
    /// Level of government it belongs to.
    pub layer: Option<GovernmentLayer>,
    /// Parent organisation.
    pub parent: Option<NodeId>,
    /// Alliances of organisations that it is a member of.
    pub alliances: Vec<NodeId>,
    /// Website.
    pub website: Option<Url>,
    /// Whether a source describes the organisation.
    pub origin: Origin,
}

/// A person in a public role. Never contains an e-mail address or a telephone number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Stable id of kind [`NodeKind::Person`](crate::NodeKind::Person).
    pub id: NodeId,
    /// Full name.
    pub name: String,
    /// Last segment of the path of its page, unique among entities of its kind.
    pub slug: String,
    /// Job title or role.
    pub role: Option<String>,
    /// Organisations the person works for.
    pub organisations: Vec<NodeId>,
    /// Short biography, as plain text.
    pub bio: Option<String>,
    /// Page about the person on another site.
    pub website: Option<Url>,
    /// Whether a source describes the person.
    pub origin: Origin,
}

/// A target group of content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Audience {
    /// Stable id of kind [`NodeKind::Audience`](crate::NodeKind::Audience).
    pub id: NodeId,
    /// Preferred name.
    pub label: String,
    /// Last segment of the path of its page, unique among entities of its kind.
    pub slug: String,
    /// Professionals or citizens.
    pub perspective: Perspective,
    /// Whether a source describes the audience.
    pub origin: Origin,
}
