//! The rank of a record in the results of a query, or the reason why it is not listed.

use jiff::Timestamp;
use schema::{
    Explanation, Interpretation, MatchClass, NodeId, Page, Record, SearchExtras, SearchFilter,
    SearchQuery, SearchSort,
};

use super::{
    CatalogError, SEARCH_WINDOW_MAX,
    open_generation::OpenGeneration,
    search::{SearchContext, date_of, days_since_epoch, plan_query, run_search},
};
use crate::{
    analysis::Vocabulary,
    cancellation::Cancellation,
    index::{IndexReader, MatchDetail, NotListedReason, ScoreFactors, SearchResult, explanation},
};

/// The rank and score of one record for a query.
#[derive(Debug, Clone)]
pub struct RankExplanation {
    /// The record.
    pub record: Record,
    /// Rank, starting at one; `None` if the record is not listed.
    pub rank: Option<u64>,
    /// Number of hits that are listed, wider ones included.
    pub total: u64,
    /// How closely the record matches, if it is listed.
    pub match_class: Option<MatchClass>,
    /// Score; zero if the record is not listed.
    pub score: f32,
    /// Contributions to the score; `None` if the query has no words.
    pub explanation: Option<Explanation>,
    /// Why the record is not listed, if so.
    pub not_listed_reason: Option<NotListedReason>,
    /// Near-duplicate that is listed instead.
    pub listed_duplicate: Option<Record>,
    /// How the words were interpreted.
    pub interpretation: Interpretation,
}

/// `None` if there is no content with this id.
pub(super) fn explain(
    generation: &OpenGeneration,
    vocabulary: &Vocabulary,
    (words, id): (&str, NodeId),
    now: Timestamp,
    cancellation: &Cancellation,
) -> Result<Option<RankExplanation>, CatalogError> {
    let record = generation.store.record(generation.store.resolve(id)?)?;
    let Some(record) = record.filter(|record| record.common().is_some()) else { return Ok(None) };
    let query = SearchQuery {
        words: Some(words.to_owned()),
        filter: SearchFilter::default(),
        sort: SearchSort::Relevance,
        wider: false,
        literal: false,
        page: Page::Forward { first: SEARCH_WINDOW_MAX, after: None },
        extras: SearchExtras::default(),
        now,
    };
    let day = days_since_epoch(&query);
    let reading = (vocabulary, Some(date_of(day)));
    let (plan, interpretation) = plan_query(generation, reading, words, cancellation)?;
    let (plan, query) = (plan.as_ref(), &query);
    let preferences = interpretation.preferences.clone();
    let preferences = preferences.as_slice();
    let context = SearchContext { generation, query, plan, preferences, day, cancellation };
    let results = run_search(&context, SEARCH_WINDOW_MAX)?;
    let bits = record.id().to_bits();
    let index = results.hits.iter().position(|ranked_hit| ranked_hit.id == bits);
    let score = index.map_or(0.0, |index| results.score(&results.hits[index]));
    let mut rank_explanation = RankExplanation {
        rank: index.map(|index| index as u64 + 1),
        total: results.listed,
        match_class: index.map(|index| results.hits[index].class),
        score,
        explanation: None,
        not_listed_reason: None,
        listed_duplicate: None,
        interpretation,
        record,
    };
    if let Some(plan) = plan {
        let matches = generation.index.matches(plan, &[bits], MatchDetail::PositionsAndScores)?;
        let (record, times) = (&rank_explanation.record, &generation.event_times.seconds);
        let recency = IndexReader::recency_boost(record, times, now, day);
        let preference = generation.index.preference_factor(bits, preferences, times, now)?;
        let factors = ScoreFactors { recency, preference };
        let matches = matches.into_iter().next().unwrap_or_default();
        let reasons = explanation(record, (plan, &matches), (score, factors));
        rank_explanation.explanation = Some(reasons);
        if index.is_none() {
            rank_explanation.not_listed_reason =
                Some(generation.index.not_listed_reason(plan, &matches)?);
            rank_explanation.listed_duplicate = listed_duplicate(generation, bits, &results)?;
            if let Some(record) = &rank_explanation.listed_duplicate {
                rank_explanation.not_listed_reason =
                    Some(NotListedReason::DuplicateOf(record.id()));
            }
        }
    }
    Ok(Some(rank_explanation))
}

/// The near-duplicate that is listed instead of a document.
fn listed_duplicate(
    generation: &OpenGeneration,
    bits: u64,
    results: &SearchResult,
) -> Result<Option<Record>, CatalogError> {
    let Some(group) = generation.index.group(bits)? else { return Ok(None) };
    for ranked_hit in &results.hits {
        if generation.index.group(ranked_hit.id)? == Some(group) {
            return Ok(generation.store.record(NodeId::from_bits(ranked_hit.id)?)?);
        }
    }
    Ok(None)
}
