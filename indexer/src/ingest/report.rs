//! The report of a build.

use schema::{GenerationNumber, SourceName};
use serde::Serialize;

use super::source::Rejection;
use crate::generation::RecordCounts;

/// Maximum number of rejections that a report lists per source; `rejected` counts all.
pub const REJECTIONS_MAX: usize = 1_000;

/// The report of a build.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Whether something was published.
    pub outcome: Outcome,
    /// Counts of each source.
    pub sources: Vec<SourceReport>,
    /// What could not be used, and why: the first [`REJECTIONS_MAX`] of each source.
    pub rejections: Vec<Rejection>,
    /// Mentioned names of communities and events without a record.
    pub unresolved: Vec<Unresolved>,
    /// Number of records of each kind.
    pub counts: RecordCounts,
    /// Number of records that are new or different.
    pub upserted: u64,
    /// Number of removed records.
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
    /// Publishing was not requested.
    DryRun,
}

/// Counts of one source, in records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SourceReport {
    /// Name of the source.
    pub name: SourceName,
    /// New records.
    pub new: u64,
    /// Records with other content.
    pub changed: u64,
    /// Records with the same content.
    pub unchanged: u64,
    /// Removed records.
    pub removed: u64,
    /// Rejected records.
    pub rejected: u64,
    /// Records left out on purpose: drafts and pages that only list others.
    pub skipped: u64,
    /// What was left unread: fields that are not mapped, files that are not selected. Of unchanged
    /// records only the keys are read.
    pub unread: Vec<String>,
}

impl SourceReport {
    pub(crate) fn new(name: SourceName) -> Self {
        Self {
            name,
            new: 0,
            changed: 0,
            unchanged: 0,
            removed: 0,
            rejected: 0,
            skipped: 0,
            unread: Vec::new(),
        }
    }

    /// Number of records that the source offers.
    pub fn offered(&self) -> u64 {
        self.new + self.changed + self.unchanged + self.rejected
    }

    /// Number of records before.
    pub fn previous(&self) -> u64 {
        self.changed + self.unchanged + self.removed
    }
}

/// A mentioned name without a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unresolved {
    /// Kind of the missing record, such as `community`.
    pub kind: &'static str,
    /// The name, folded.
    pub name: String,
    /// Number of records that mention it.
    pub mentions: u64,
}
