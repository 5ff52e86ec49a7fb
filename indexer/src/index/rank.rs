//! The order of hits: rank values, sort keys and the recency boost.

use std::cmp::Ordering;

use schema::{Facets, MatchClass, SearchSort, SortValue};
use tantivy::{DocAddress, Score};

/// Relative error of a score by rounding.
const ROUNDING: f32 = 1e-6;

/// Adjusts a score for the age of a document.
#[derive(Debug, Clone, Copy)]
pub(super) struct RecencyBoost {
    /// Today, in days since 1970.
    pub(super) day: i32,
    /// Part of a score that is not boosted.
    pub(super) all_terms_boost: f32,
}

impl RecencyBoost {
    pub(super) fn apply(self, score: Score, factor: f32) -> Score {
        let boost = if score >= self.all_terms_boost { self.all_terms_boost } else { 0.0 };
        (score - boost) * factor + boost
    }

    /// A score that `factor` increases at most to `score`, with a margin for rounding.
    pub(super) fn lower(self, score: Score, factor: f32) -> Score {
        let boost = if score >= self.all_terms_boost { self.all_terms_boost } else { 0.0 };
        ((score - boost) / factor + boost) * (1.0 - ROUNDING)
    }
}

/// The value by which a hit is ranked: its score, or the negative reciprocal for a wider match.
/// The order within a class is that of the scores.
pub(super) fn rank_value(score: Score, class: MatchClass) -> Score {
    match class {
        MatchClass::Exact => score,
        MatchClass::Wider => -1.0 / score.max(f32::MIN_POSITIVE),
    }
}

/// The score of a hit and how closely it matches, from its [`rank_value`].
pub(super) fn score_of_rank(value: Score) -> (Score, MatchClass) {
    if value.is_sign_negative() {
        (-1.0 / value, MatchClass::Wider)
    } else {
        (value, MatchClass::Exact)
    }
}

/// A hit: its sort value and id.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RankedHit {
    pub(crate) value: SortValue,
    pub(crate) id: u64,
    pub(crate) class: MatchClass,
    /// Where it is in the index; `None` for the position of a cursor.
    pub(crate) address: Option<DocAddress>,
}

/// Result of a search.
pub(crate) struct SearchResult {
    /// The first hits, in order.
    pub(crate) hits: Vec<RankedHit>,
    /// Number of hits in the list: wider ones are part of it by relevance, or if they count.
    pub(crate) listed: u64,
    /// Number of hits that count.
    pub(crate) total: u64,
    /// Number of wider hits.
    pub(crate) wider: u64,
    /// Whether wider hits count.
    pub(crate) wider_included: bool,
    /// Facets, if selected.
    pub(crate) facets: Option<Facets>,
    /// Boost that the scores of documents with all words include.
    pub(super) all_terms_boost: f32,
}

impl SearchResult {
    /// The score of a hit, without the boost for documents with all words.
    pub(crate) fn score(&self, hit: &RankedHit) -> f32 {
        let SortValue::Score(value) = hit.value else { return 0.0 };
        let (score, _) = score_of_rank(value);
        if score >= self.all_terms_boost { score - self.all_terms_boost } else { score }
    }

    /// Index of the first hit after `cursor`.
    pub(crate) fn first_after(&self, sort: SearchSort, cursor: &RankedHit) -> usize {
        self.hits.partition_point(|hit| compare(sort, hit, cursor).is_le())
    }

    /// Index of the first hit that is not before `cursor`.
    pub(crate) fn first_not_before(&self, sort: SearchSort, cursor: &RankedHit) -> usize {
        self.hits.partition_point(|hit| compare(sort, hit, cursor).is_lt())
    }
}

/// Order of two hits under `sort`.
pub(crate) fn compare(sort: SearchSort, left: &RankedHit, right: &RankedHit) -> Ordering {
    let by_value = match (&left.value, &right.value) {
        (SortValue::Score(l), SortValue::Score(r)) => r.total_cmp(l),
        (SortValue::Number(l), SortValue::Number(r)) => l.cast_unsigned().cmp(&r.cast_unsigned()),
        (SortValue::Text(l), SortValue::Text(r)) => l.cmp(r),
        // A cursor of a different query has been rejected before.
        _ => Ordering::Equal,
    };
    debug_assert!(matches!(left.value, SortValue::Score(_)) == (sort == SearchSort::Relevance));
    by_value.then(left.id.cmp(&right.id))
}

/// Maps a float to an integer with the same order.
pub(super) fn ascending(score: Score) -> u32 {
    let bits = score.to_bits();
    if bits >> 31 == 1 { !bits } else { bits | (1 << 31) }
}

/// The float of which [`ascending`] is the integer.
pub(super) fn from_ascending(order: u32) -> Score {
    f32::from_bits(if order >> 31 == 1 { order & !(1 << 31) } else { !order })
}

pub(super) fn earliest_first(seconds: i64) -> u64 {
    seconds.cast_unsigned() ^ (1 << 63)
}

pub(super) fn latest_first(seconds: i64) -> u64 {
    !earliest_first(seconds)
}
