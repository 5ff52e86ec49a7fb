//! What a run reads: the whole source, or the objects that its host reported as changed.

use std::collections::BTreeSet;

use serde::Deserialize;

/// What a run reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// The whole source.
    All,
    /// Only these objects, which its host reported as changed.
    Objects(BTreeSet<ChangedObject>),
}

/// An object that a host reported as changed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangedObject {
    /// Its type, such as `post`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its number on the host.
    pub id: u64,
}

/// Maximum number of objects that are read one by one; more of them need a run of the whole source.
const OBJECTS_MAX: usize = 100;

impl Scope {
    /// What covers both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Objects(mut one), Self::Objects(other)) => {
                one.extend(other);
                if one.len() > OBJECTS_MAX { Self::All } else { Self::Objects(one) }
            }
            _ => Self::All,
        }
    }
}
