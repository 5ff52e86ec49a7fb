//! The report of a build.

use schema::{GenerationNumber, SourceName};
use serde::Serialize;

use super::source::Rejection;
use crate::generation::RecordCounts;

/// Maximum number of rejections that a report lists per source; `rejected` counts all of them.
pub const REJECTIONS_MAX: usize = 1_000;

/// The report of a build.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Whether a generation was published.
    pub outcome: Outcome,
    /// Counts per source.
    pub sources: Vec<SourceReport>,
    /// Rejections: the first [`REJECTIONS_MAX`] of each source.
    pub rejections: Vec<Rejection>,
    /// Mentioned names of communities and events for which there is no record.
    pub unresolved: Vec<Unresolved>,
    /// Names that several entities have, and that are therefore not recognised in texts.
    pub ambiguous_names: Vec<AmbiguousName>,
    /// Number of records per kind.
    pub counts: RecordCounts,
    /// Number of new or changed records.
    pub upserted: u64,
    /// Number of removed records.
    pub removed: u64,
}

/// Whether a generation was published.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "result", content = "generation")]
pub enum Outcome {
    /// A new generation is current.
    Published(GenerationNumber),
    /// Nothing changed; this generation remains current.
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
    /// Records with different content.
    pub changed: u64,
    /// Records with the same content.
    pub unchanged: u64,
    /// Removed records.
    pub removed: u64,
    /// Rejected records.
    pub rejected: u64,
    /// Records omitted deliberately: drafts and pages that only list other pages.
    pub skipped: u64,
    /// Records in the store after the read.
    #[serde(skip)]
    pub(crate) records: u64,
    /// Unread input: fields that are not mapped and files that are not selected. Only the keys of
    /// unchanged records are read.
    pub unread: Vec<String>,
    /// Mapped fields and values that no record has; empty if not all records were read.
    pub unused: Vec<String>,
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
            records: 0,
            unread: Vec::new(),
            unused: Vec::new(),
        }
    }

    /// Number of records in the source.
    pub fn offered(&self) -> u64 {
        self.new + self.changed + self.unchanged + self.rejected
    }

    /// Number of records in the previous generation.
    pub fn previous(&self) -> u64 {
        self.changed + self.unchanged + self.removed
    }
}

/// A name that several entities have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AmbiguousName {
    /// The folded name.
    pub name: String,
    /// Names of the entities.
    pub entities: Vec<String>,
}

/// A mentioned name for which there is no record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unresolved {
    /// Kind of the missing record, such as `community`.
    pub kind: &'static str,
    /// The folded name.
    pub name: String,
    /// Number of records that mention the name.
    pub mentions: u64,
}
