//! What a page shows of its hits besides their records: where the words stand, and why each was
//! found.

use std::sync::Arc;

use schema::{Body, Highlight, Hit, NodeId, Record};

use super::{CatalogError, search::Asked, snapshot::Inside};
use crate::{
    index::{Beside, Forms, IndexReader, Look, explanation, highlights},
    language::Synonyms,
    store::StoreError,
};

/// Adds highlights and explanations to hits, where they are wanted and there are words.
pub(super) fn show(asked: &Asked<'_>, hits: &mut [Hit]) -> Result<(), CatalogError> {
    let Asked { inside, query, plan, day } = *asked;
    let Some(plan) = plan.filter(|_| query.wanted.highlights || query.wanted.explanations) else {
        return Ok(());
    };
    let ids: Vec<u64> = hits.iter().map(|hit| hit.record.id().to_bits()).collect();
    let look = if query.wanted.explanations { Look::PlacesAndScores } else { Look::Places };
    let matches = inside.index.matches(plan, &ids, look)?;
    for (hit, matches) in hits.iter_mut().zip(&matches) {
        if query.wanted.highlights {
            let beside = Stored { inside, record: &hit.record };
            hit.highlights = highlights(&hit.record, (plan, matches), &beside)?;
        }
        if query.wanted.explanations {
            let times = &inside.times.seconds;
            let raised = IndexReader::raised(&hit.record, times, query.now, day);
            let score = (hit.score, raised);
            hit.explanation = Some(explanation(&hit.record, (plan, matches), score));
        }
    }
    Ok(())
}

/// Where words stand in records, in their order.
pub(super) fn marked(
    inside: &Inside,
    synonyms: &Synonyms,
    words: &str,
    records: &[Arc<Record>],
) -> Result<Vec<Vec<Highlight>>, CatalogError> {
    let (Some(plan), _) = inside.index.plan(words, (synonyms, Forms::All))? else {
        return Ok(vec![Vec::new(); records.len()]);
    };
    let ids: Vec<u64> = records.iter().map(|record| record.id().to_bits()).collect();
    let matches = inside.index.matches(&plan, &ids, Look::Places)?;
    let mark = |(record, matches): (&Arc<Record>, _)| {
        Ok(highlights(record, (&plan, matches), &Stored { inside, record })?)
    };
    records.iter().zip(&matches).map(mark).collect()
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
