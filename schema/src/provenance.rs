//! Where records come from and how they come and go: source records, changes.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::{ChangeOp, GenerationNumber, NodeId, SourceName};

/// What one source says about one thing, without the text itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceRecord {
    /// Which source.
    pub source: SourceName,
    /// The key under which the source knows the thing.
    pub remote_key: String,
    /// File and line, or address, that it was read from; relative to the source.
    pub location: String,
    /// Where the source publishes it.
    pub url: Option<Url>,
    /// When its present content was first read.
    pub fetched_at: Timestamp,
    /// Digest of the bytes it was read from, in hexadecimal.
    pub content_hash: String,
}

/// A source record and the fields of the merged record that come from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// The source record.
    pub record: SourceRecord,
    /// Names of the fields it provides, such as `title`.
    pub fields: Vec<String>,
}

/// Why a thing is no longer there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RemovalReason {
    /// Its source no longer has it.
    Missing,
    /// Its source says that it was deleted.
    Deleted,
    /// Its source no longer publishes it (a draft).
    Unpublished,
    /// It is the same thing as another.
    DuplicateOf(NodeId),
    /// A rollback went back to a generation without it.
    RolledBack,
}

/// One change in one generation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// What changed.
    pub id: NodeId,
    /// In which generation.
    pub generation: GenerationNumber,
    /// Its place within the generation, from zero.
    pub position: u32,
    /// When the generation was built.
    pub at: Timestamp,
    /// What happened.
    pub op: ChangeOp,
    /// Why, where it was removed.
    pub reason: Option<RemovalReason>,
}
