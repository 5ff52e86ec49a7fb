//! Provenance of records, and changes between generations.

use std::{fmt, str::FromStr};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::{ChangeOp, CursorError, GenerationNumber, NodeId, Origin, SourceName};

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

impl Change {
    /// Position of the change among all changes.
    pub const fn at_position(&self) -> ChangePosition {
        ChangePosition { generation: self.generation, position: self.position }
    }
}

/// Position of a change: its generation and its index in that generation. As a text it is the
/// cursor of a list of changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChangePosition {
    /// Generation that contains the change.
    pub generation: GenerationNumber,
    /// Position within the generation, from zero.
    pub position: u32,
}

impl fmt::Display for ChangePosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}-{:x}", self.generation.0, self.position)
    }
}

impl FromStr for ChangePosition {
    type Err = CursorError;

    fn from_str(text: &str) -> Result<Self, CursorError> {
        let (generation, position) = text.split_once('-').ok_or(CursorError::Malformed)?;
        let generation = u64::from_str_radix(generation, 16).map_err(|_| CursorError::Malformed)?;
        let position = u32::from_str_radix(position, 16).map_err(|_| CursorError::Malformed)?;
        Ok(Self { generation: GenerationNumber(generation), position })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_must_round_trip_and_any_other_text_must_be_rejected() {
        let position = ChangePosition { generation: GenerationNumber(42), position: 7 };
        assert_eq!(position.to_string().parse(), Ok(position));
        for text in ["", "-", "2a", "2a-", "x-1", "2a-100000000", "2a-7-1"] {
            assert_eq!(text.parse::<ChangePosition>(), Err(CursorError::Malformed), "{text}");
        }
    }
}
