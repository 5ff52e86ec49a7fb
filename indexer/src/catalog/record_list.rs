//! Records of one kind in the order of their names.

use std::sync::Arc;

use schema::{Cursor, CursorError, NodeId, NodeKind, Page, Record, RecordPage, SortValue};
use xxhash_rust::xxh3::xxh3_64;

use super::{
    CatalogError, SEARCH_QUERY_BYTES_MAX, open_generation::OpenGeneration,
    search::previous_generation, visible_store::VisibleStore,
};
use crate::{
    analysis,
    index::names_of,
    store::{NameRange, StoreError},
};

/// The folded words of a query for names.
pub(super) fn query_words(query: &str) -> Result<Vec<String>, CatalogError> {
    if query.len() > SEARCH_QUERY_BYTES_MAX {
        let value = SEARCH_QUERY_BYTES_MAX as u64;
        return Err(CatalogError::Limit { name: "search_query_bytes_max", value });
    }
    Ok(analysis::fold_words(query).collect())
}

/// One page of the records whose names match `words`; without words, of all `count` records.
pub(super) fn list_by_name(
    generation: &OpenGeneration,
    kind: NodeKind,
    words: &[String],
    page: &Page,
    count: u64,
) -> Result<RecordPage, CatalogError> {
    let store = &generation.store;
    let query_hash = match words {
        [] => kind as u64,
        words => xxh3_64(format!("{} {}", kind.as_str(), words.join(" ")).as_bytes()),
    };
    let position = match page.cursor() {
        None => None,
        Some(cursor) => match &cursor.value {
            SortValue::Text(name) if cursor.query_hash == query_hash => Some((&**name, cursor.id)),
            _ => return Err(CursorError::QueryMismatch.into()),
        },
    };
    let matching = if words.is_empty() { None } else { Some(matching(store, kind, words)?) };
    let names = match &matching {
        Some(names) => Names::Matching(names),
        None => Names::All(store, kind),
    };
    let (mut range, is_backward) = match page {
        Page::Forward { first, .. } => (names.after(position, *first)?, false),
        Page::Backward { last, .. } => (names.before(position, *last)?, true),
        Page::Offset { limit, offset } => {
            let mut range = names.after(None, offset.saturating_add(*limit))?;
            range.entries.drain(..range.entries.len().min(*offset));
            (range, false)
        }
    };
    if is_backward {
        range.entries.reverse();
    }
    let mut entries = Vec::with_capacity(range.entries.len());
    for (name, id) in range.entries {
        let Some(record) = store.record(id)? else { continue };
        let value = SortValue::Text(name);
        let number = generation.number;
        let cursor = Cursor { query_hash, generation: number, day: 0, position: 0, value, id };
        entries.push((Arc::new(record), cursor));
    }
    let has_more_behind =
        page.cursor().is_some() || matches!(page, Page::Offset { offset, .. } if *offset > 0);
    Ok(RecordPage {
        entries,
        has_next: if is_backward { has_more_behind } else { range.has_more },
        has_previous: if is_backward { range.has_more } else { has_more_behind },
        total: match matching {
            Some(names) => names.len() as u64,
            None => store.visible_count(kind, count)?,
        },
        continued_from: previous_generation(page.cursor(), generation.number),
    })
}

/// The names of all records of a kind, or of those that match a query, in order.
enum Names<'a> {
    All(&'a VisibleStore, NodeKind),
    Matching(&'a [(String, NodeId)]),
}

/// A position in the order of names.
type Position<'a> = Option<(&'a str, NodeId)>;

impl Names<'_> {
    fn after(&self, position: Position<'_>, limit: usize) -> Result<NameRange, StoreError> {
        match self {
            Self::All(store, kind) => store.names_after(*kind, position, limit),
            Self::Matching(names) => {
                let start = position.map_or(0, |position| {
                    names.partition_point(|(name, id)| (name.as_str(), *id) <= position)
                });
                let rest = &names[start..];
                let entries = rest[..limit.min(rest.len())].to_vec();
                Ok(NameRange { entries, has_more: rest.len() > limit })
            }
        }
    }

    /// Nearest first.
    fn before(&self, position: Position<'_>, limit: usize) -> Result<NameRange, StoreError> {
        match self {
            Self::All(store, kind) => store.names_before(*kind, position, limit),
            Self::Matching(names) => {
                let end = position.map_or(names.len(), |position| {
                    names.partition_point(|(name, id)| (name.as_str(), *id) < position)
                });
                let entries = names[..end].iter().rev().take(limit).cloned().collect();
                Ok(NameRange { entries, has_more: end > limit })
            }
        }
    }
}

/// The names of the records that have a word beginning with each of `words` in one of their names.
fn matching(
    store: &VisibleStore,
    kind: NodeKind,
    words: &[String],
) -> Result<Vec<(String, NodeId)>, StoreError> {
    let has_words = |name: &str| {
        let name_words: Vec<_> = analysis::fold_words(name).collect();
        words.iter().all(|word| name_words.iter().any(|own| own.starts_with(word.as_str())))
    };
    let has_other_names = matches!(kind, NodeKind::Theme | NodeKind::Organisation);
    let mut matching = Vec::new();
    for (name, id) in store.names_after(kind, None, usize::MAX)?.entries {
        let is_match = has_words(&name)
            || (has_other_names
                && store
                    .record(id)?
                    .is_some_and(|record: Record| names_of(&record).into_iter().any(&has_words)));
        if is_match {
            matching.push((name, id));
        }
    }
    Ok(matching)
}
