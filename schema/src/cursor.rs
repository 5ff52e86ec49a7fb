//! Cursors: an opaque text for a position in an ordered list.
//!
//! A cursor holds the hash of its query, the generation it was created in, and the sort value and
//! id of the record at its position. Within that generation it is exact, except for lists whose
//! order depends on the time. In a later generation the list continues after the same sort value.

use std::{fmt, str::FromStr};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

use crate::{GenerationNumber, NodeId};

/// Maximum length of a cursor in bytes. A cursor at a title contains the whole normalised title: up
/// to 300 letters of up to nine bytes each.
pub const CURSOR_BYTES_MAX: usize = 4_096;

/// The sort value of a record in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum SortValue {
    /// Relevance; higher first.
    Score(f32),
    /// Sort key derived from a date. The list determines the direction.
    Number(i64),
    /// A normalised name.
    Text(String),
}

/// A position in an ordered list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cursor {
    /// Hash of the query (words, filter and sort order).
    pub query_hash: u64,
    /// Generation in which the cursor was created.
    pub generation: GenerationNumber,
    /// Day on which the cursor was created, in days since 1970: scores and phases change from day
    /// to day.
    pub day: i32,
    /// Number of records before this position.
    pub position: u32,
    /// Sort value of the record at this position.
    pub value: SortValue,
    /// Id of the record at this position.
    pub id: NodeId,
}

impl Eq for Cursor {}

/// Reason why a text is not a usable cursor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CursorError {
    /// Truncated, or not created by this program.
    #[error("invalid cursor; omit it to start at the first page")]
    Malformed,
    /// Created for a different query.
    #[error("cursor is for a different query; omit it")]
    QueryMismatch,
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = postcard::to_stdvec(self).map_err(|_| fmt::Error)?;
        f.write_str(&URL_SAFE_NO_PAD.encode(bytes))
    }
}

impl FromStr for Cursor {
    type Err = CursorError;

    fn from_str(text: &str) -> Result<Self, CursorError> {
        if text.len() > CURSOR_BYTES_MAX {
            return Err(CursorError::Malformed);
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| CursorError::Malformed)?;
        let cursor: Self = postcard::from_bytes(&bytes).map_err(|_| CursorError::Malformed)?;
        let is_valid = NodeId::from_bits(cursor.id.to_bits()).is_ok()
            && !matches!(cursor.value, SortValue::Score(score) if !score.is_finite());
        if is_valid { Ok(cursor) } else { Err(CursorError::Malformed) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{NodeKind, normalisation};

    fn values() -> impl Strategy<Value = SortValue> {
        prop_oneof![
            (-1e6_f32..1e6).prop_map(SortValue::Score),
            any::<i64>().prop_map(SortValue::Number),
            "[a-z ëï]{0,40}".prop_map(SortValue::Text),
        ]
    }

    #[test]
    fn a_cursor_at_the_longest_title_must_round_trip() {
        let value = SortValue::Text(normalisation::name(&"각".repeat(300)));
        let id = NodeId::new(NodeKind::Event, u64::MAX);
        let generation = GenerationNumber(u64::MAX);
        let cursor = Cursor {
            query_hash: u64::MAX,
            generation,
            day: i32::MIN,
            position: u32::MAX,
            value,
            id,
        };
        assert_eq!(cursor.to_string().parse::<Cursor>(), Ok(cursor));
    }

    proptest! {
        #[test]
        fn a_cursor_must_round_trip_through_its_text(
            (query_hash, hash) in any::<(u64, u64)>(),
            (generation, day, position) in any::<(u64, i32, u32)>(),
            value in values(),
        ) {
            let id = NodeId::new(NodeKind::Toolkit, hash);
            let generation = GenerationNumber(generation);
            let cursor = Cursor { query_hash, generation, day, position, value, id };
            prop_assert_eq!(cursor.to_string().parse::<Cursor>(), Ok(cursor));
        }

        #[test]
        fn any_other_text_must_be_rejected_without_a_panic(text in ".{0,200}") {
            let _ = text.parse::<Cursor>();
            let _ = text.parse::<NodeId>();
        }
    }
}
