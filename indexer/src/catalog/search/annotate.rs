//! Highlights and explanations of the hits on a page.

use std::sync::Arc;

use schema::{Body, Highlight, Hit, NodeId, Record};

use super::{SearchContext, plan_query};
use crate::{
    analysis::Vocabulary,
    cancellation::Cancellation,
    catalog::{CatalogError, open_generation::OpenGeneration},
    index::{
        DocumentTexts, Highlights, IndexReader, MatchDetail, Matches, Plan, ScoreFactors,
        all_texts, explanation, highlights,
    },
    store::StoreError,
    suppression::is_redacted,
};

/// Adds highlights and explanations to hits if they are selected and the query has words.
pub(super) fn annotate(context: &SearchContext<'_>, hits: &mut [Hit]) -> Result<(), CatalogError> {
    let SearchContext { generation, query, plan, preferences, day, cancellation } = *context;
    let Some(plan) = plan.filter(|_| query.extras.highlights || query.extras.explanations) else {
        return Ok(());
    };
    let ids: Vec<u64> = hits.iter().map(|hit| hit.record.id().to_bits()).collect();
    let detail = if query.extras.explanations {
        MatchDetail::PositionsAndScores
    } else {
        MatchDetail::Positions
    };
    let matches = generation.index.matches(plan, &ids, detail)?;
    for (hit, matches) in hits.iter_mut().zip(&matches) {
        if cancellation.is_cancelled() {
            break;
        }
        if query.extras.highlights {
            let Highlights { fields, part } =
                visible_highlights(generation, &hit.record, (plan, matches))?;
            (hit.highlights, hit.matched_part) = (fields, part);
        }
        if query.extras.explanations {
            let times = &generation.event_times.seconds;
            let (record, now) = (&hit.record, query.now);
            let recency = IndexReader::recency_boost(record, times, now, day);
            let id = record.id().to_bits();
            let preference = generation.index.preference_factor(id, preferences, times, now)?;
            let score = (hit.score, ScoreFactors { recency, preference });
            hit.explanation = Some(explanation(record, (plan, matches), score));
        }
    }
    Ok(())
}

/// Highlights of records, in the order of the records.
pub(in crate::catalog) fn highlight_records(
    generation: &OpenGeneration,
    vocabulary: &Vocabulary,
    (words, records): (&str, &[Arc<Record>]),
    cancellation: &Cancellation,
) -> Result<Vec<Vec<Highlight>>, CatalogError> {
    let (Some(plan), _) = plan_query(generation, (vocabulary, None), words, cancellation)? else {
        return Ok(vec![Vec::new(); records.len()]);
    };
    let ids: Vec<u64> = records.iter().map(|record| record.id().to_bits()).collect();
    let matches = generation.index.matches(&plan, &ids, MatchDetail::Positions)?;
    let highlight = |(record, matches): (&Arc<Record>, _)| {
        Ok(visible_highlights(generation, record, (&plan, matches))?.fields)
    };
    let wanted = records.iter().zip(&matches).take_while(|_| !cancellation.is_cancelled());
    wanted.map(highlight).collect()
}

/// The highlights of a record; none if a name was removed from it since the generation was built, since
/// the words of the index are then at other positions.
fn visible_highlights(
    generation: &OpenGeneration,
    record: &Record,
    plan_and_matches: (&Plan, &Matches),
) -> Result<Highlights, StoreError> {
    let texts = StoredTexts { generation, record };
    if generation.store.is_suppressing() {
        let body = texts.body()?;
        let linked = texts.linked_records()?;
        let names = linked.iter().map(Record::name);
        if all_texts(record, body.as_ref()).chain(names).any(is_redacted) {
            return Ok(Highlights::default());
        }
    }
    highlights(record, plan_and_matches, &texts)
}

/// The texts of a record that only the store contains.
struct StoredTexts<'a> {
    generation: &'a OpenGeneration,
    record: &'a Record,
}

impl DocumentTexts for StoredTexts<'_> {
    type Error = StoreError;

    fn body(&self) -> Result<Option<Body>, StoreError> {
        self.generation.store.body(self.record.id())
    }

    fn linked_records(&self) -> Result<Vec<Record>, StoreError> {
        let get = |id: NodeId| self.generation.store.record(id).transpose();
        self.record.linked_ids().into_iter().filter_map(get).collect()
    }
}
