//! Records of one kind in the order of their names.

use std::sync::Arc;

use schema::{Cursor, CursorError, NodeKind, Page, RecordPage, SortValue};

use super::{CatalogError, open_generation::OpenGeneration, search::previous_generation};

/// One page of the list, which has `total` records.
pub(super) fn list_by_name(
    generation: &OpenGeneration,
    kind: NodeKind,
    page: &Page,
    total: u64,
) -> Result<RecordPage, CatalogError> {
    let store = &generation.store;
    let query_hash = kind as u64;
    let position = match page.cursor() {
        None => None,
        Some(cursor) => match &cursor.value {
            SortValue::Text(name) if cursor.query_hash == query_hash => Some((&**name, cursor.id)),
            _ => return Err(CursorError::QueryMismatch.into()),
        },
    };
    let (mut range, is_backward) = match page {
        Page::Forward { first, .. } => (store.names_after(kind, position, *first)?, false),
        Page::Backward { last, .. } => (store.names_before(kind, position, *last)?, true),
        Page::Offset { limit, offset } => {
            let mut range = store.names_after(kind, None, offset.saturating_add(*limit))?;
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
        total,
        continued_from: previous_generation(page.cursor(), generation.number),
    })
}
