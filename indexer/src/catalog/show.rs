//! What a page shows of its hits besides their records: where the words stand, and why each was
//! found.

use schema::{Body, Hit, NodeId, Record, SearchQuery};

use super::{CatalogError, snapshot::Inside};
use crate::{
    index::{Beside, Scores, Words, explanation, highlights},
    store::StoreError,
};

/// Adds highlights and explanations to hits, where they are wanted and there are words.
pub(super) fn show(
    inside: &Inside,
    query: &SearchQuery,
    hits: &mut [Hit],
) -> Result<(), CatalogError> {
    if !query.wanted.highlights && !query.wanted.explanations {
        return Ok(());
    }
    let typed = query.words.as_deref();
    let words: Option<Words> = typed.and_then(|typed| inside.index.words(typed));
    let Some(words) = words else { return Ok(()) };
    let ids: Vec<u64> = hits.iter().map(|hit| hit.record.id().to_bits()).collect();
    let scores = if query.wanted.explanations { Scores::Wanted } else { Scores::Unwanted };
    let matches = inside.index.matches(&words, &ids, scores)?;
    for (hit, matches) in hits.iter_mut().zip(&matches) {
        if query.wanted.highlights {
            let beside = Stored { inside, record: &hit.record };
            hit.highlights = highlights(&hit.record, matches, &beside)?;
        }
        if query.wanted.explanations {
            hit.explanation = Some(explanation(&hit.record, &words, matches));
        }
    }
    Ok(())
}

/// What the store has beside a record.
struct Stored<'a> {
    inside: &'a Inside,
    record: &'a Record,
}

impl Beside for Stored<'_> {
    type Error = StoreError;

    fn body(&self) -> Result<Option<Body>, StoreError> {
        self.inside.store.body(self.record.id())
    }

    fn about(&self) -> Result<Vec<Record>, StoreError> {
        let get = |id: NodeId| self.inside.store.record(id).transpose();
        self.record.about().into_iter().filter_map(get).collect()
    }
}
