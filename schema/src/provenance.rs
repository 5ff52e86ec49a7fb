//! Provenance of records, and changes between generations.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::{ChangeOp, GenerationNumber, NodeId, Origin, SourceName};

/// Metadata of a record in one source, without its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceRecord {
    /// Name of the source.
    pub source: SourceName,
    /// Key of the record in the source.
    pub remote_key: String,
    /// File and line, or URL, relative to the source.
    pub location: String,
    /// URL at which the source publishes the record.
    pub url: Option<Url>,
    /// When the current content was first fetched.
    pub fetched_at: Timestamp,
    /// Hash of the original bytes, in hexadecimal.
    pub content_hash: String,
}

/// A source record and the fields that the merged record takes from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// The source record.
    pub record: SourceRecord,
    /// Names of those fields, such as `title`.
    pub fields: Vec<String>,
    /// Whether the sources and the configuration declare it to be this record, or its text was
    /// recognised as an announcement of it.
    pub origin: Origin,
}

/// Reason why a record was removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum RemovalReason {
    /// No longer present in its source.
    Missing,
    /// Marked as deleted by its source.
    Deleted,
    /// Unpublished by its source, for example as a draft.
    Unpublished,
    /// Merged into another record.
    DuplicateOf(NodeId),
    /// Absent from the generation that a rollback restored.
    RolledBack,
}

/// A change of one record in one generation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Id of the record.
    pub id: NodeId,
    /// Generation that contains the change.
    pub generation: GenerationNumber,
    /// Position within the generation, from zero.
    pub position: u32,
    /// Build time of the generation.
    pub at: Timestamp,
    /// Type of change.
    pub op: ChangeOp,
    /// Reason, if the record was removed.
    pub reason: Option<RemovalReason>,
}
