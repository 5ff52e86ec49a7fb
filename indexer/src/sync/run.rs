//! One run of a source: what it found, and whether its absences count.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How much of a source a run has seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Completeness {
    /// All of it: what is absent counts as missing.
    Complete,
    /// Some of it: absences do not count.
    Partial,
    /// None of it.
    Failed,
}

/// What one run of a source found. Counts are numbers of resources.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceRun {
    /// Its outcome.
    pub completeness: Completeness,
    /// Time of its start, in seconds since 1970.
    pub at: i64,
    /// Duration in milliseconds.
    pub duration_ms: u64,
    /// Resources that exist.
    pub present: u64,
    /// Those of them whose content is new or changed.
    pub changed: u64,
    /// Resources that were removed.
    pub removed: u64,
    /// Resources that this run did not find, unlike the one before; the next complete run removes
    /// them.
    pub missing: u64,
    /// Whether it is the second complete run, so that records without a resource are removed.
    #[serde(default)]
    pub confirms_absences: bool,
    /// Requests that were sent.
    pub requests: u64,
    /// Bytes that were received.
    pub bytes: u64,
    /// Why it is not complete, with the remedy; then what was left out.
    pub notes: Vec<String>,
}

impl SourceRun {
    /// A run that found nothing, with the reason and its remedy.
    pub fn failed(at: Timestamp, reason: String) -> Self {
        Self {
            completeness: Completeness::Failed,
            at: at.as_second(),
            duration_ms: 0,
            present: 0,
            changed: 0,
            removed: 0,
            missing: 0,
            confirms_absences: false,
            requests: 0,
            bytes: 0,
            notes: vec![reason],
        }
    }
}
