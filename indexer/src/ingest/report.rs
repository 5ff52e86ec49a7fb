//! What commands answer, for machines (`Serialize`) and for people (`Display`).

use schema::{GenerationNumber, SourceName};
use serde::Serialize;

use super::Rejection;
use crate::catalog::RecordCounts;

/// What a build brought.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Whether something was published.
    pub outcome: Outcome,
    /// What reading each source brought.
    pub sources: Vec<SourceReport>,
    /// What could not be used, and why.
    pub rejections: Vec<Rejection>,
    /// Names of communities and events that are mentioned and not known.
    pub unresolved: Vec<Unresolved>,
    /// How many of each kind there are now.
    pub counts: RecordCounts,
    /// Things new or different.
    pub upserted: u64,
    /// Things gone.
    pub removed: u64,
}

/// Whether something was published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "result", content = "generation")]
pub enum Outcome {
    /// A new generation is current.
    Published(GenerationNumber),
    /// Nothing changed; this one stays current.
    Unchanged(GenerationNumber),
    /// Nothing was to be published.
    DryRun,
}

/// What reading one source brought, in records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SourceReport {
    /// Which source.
    pub name: SourceName,
    /// Never seen before.
    pub new: u64,
    /// Different from before.
    pub changed: u64,
    /// As before.
    pub unchanged: u64,
    /// No longer there.
    pub removed: u64,
    /// Not usable.
    pub rejected: u64,
    /// Not meant to be found: drafts and pages that only list others.
    pub skipped: u64,
}

impl SourceReport {
    pub(crate) fn new(name: SourceName) -> Self {
        Self { name, new: 0, changed: 0, unchanged: 0, removed: 0, rejected: 0, skipped: 0 }
    }

    /// Records that the source offered.
    pub fn offered(&self) -> u64 {
        self.new + self.changed + self.unchanged + self.rejected
    }

    /// Records that there were before.
    pub fn previous(&self) -> u64 {
        self.changed + self.unchanged + self.removed
    }
}

/// A name that leads nowhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unresolved {
    /// What kind of thing it should lead to, such as `community`.
    pub kind: &'static str,
    /// The name, folded.
    pub name: String,
    /// How many records mention it.
    pub mentions: u64,
}
