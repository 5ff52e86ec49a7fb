//! Collects the best hits of a search.
//!
//! Near-duplicates of one source form a group, which counts as one hit and ranks by its best
//! matching document. By relevance, wider matches come after the exact ones; in other orders they
//! are hits only if the search includes them.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, HashMap, HashSet},
    sync::Arc,
};

use schema::{ColumnValue, EventPhase, Kind, MatchClass, SearchSort, SortValue};
use tantivy::{DocAddress, DocId, Score, SegmentOrdinal, SegmentReader};

use super::{
    facet_ordinals::FacetOrdinals,
    fast_fields::FastFields,
    filter::{FacetPredicate, FailedFacets, Filter},
    preferences::{Preferences, SegmentPreferences},
    query::{proximity, recency, scan::Match},
    rank::{
        RankedHit, RecencyBoost, ascending, compare, earliest_first, from_ascending, latest_first,
        rank_value, score_of_rank,
    },
    schema::IndexSchema,
    series::SeriesPhases,
};

/// Columns and facet values of one segment.
#[derive(Clone)]
pub(super) struct SegmentFastFields {
    pub(super) fast_fields: FastFields,
    pub(super) ordinals: Arc<FacetOrdinals>,
}

impl SegmentFastFields {
    /// Opens the columns of a segment, and decodes its facet values unless `decoded` contains them.
    pub(super) fn open(
        segment: &SegmentReader,
        schema: &IndexSchema,
        decoded: Option<Arc<FacetOrdinals>>,
    ) -> tantivy::Result<Self> {
        let fast_fields = FastFields::open(segment)?;
        let ordinals = match decoded {
            Some(ordinals) => ordinals,
            None => Arc::new(FacetOrdinals::decode(segment, schema)?),
        };
        Ok(Self { fast_fields, ordinals })
    }
}

/// The conditions of a search, apart from its words.
pub(super) struct Conditions {
    pub(super) filter: Filter,
    pub(super) series: SeriesPhases,
    /// Whether wider matches count like exact ones.
    pub(super) include_wider: bool,
    /// Whether the query has words: then near-duplicates of one source form one hit.
    pub(super) has_words: bool,
}

impl Conditions {
    /// The facets whose condition a document fails; `None` if it fails another condition.
    pub(super) fn failed_facets(
        &self,
        fields: &SegmentFastFields,
        predicate: &FacetPredicate,
        doc: DocId,
    ) -> Option<FailedFacets> {
        let values = (predicate, fields.ordinals.of_doc(doc));
        self.filter.failed_facets(&fields.fast_fields, values, &self.series, doc)
    }

    /// The group of near-duplicates of a document.
    pub(super) fn group(&self, fields: &SegmentFastFields, doc: DocId) -> Option<u64> {
        if self.has_words { fields.fast_fields.group(doc) } else { None }
    }
}

/// The order of hits, and how many are needed.
pub(super) struct Ranking {
    /// Documents that meet these rank higher by relevance.
    pub(super) preferences: Preferences,
    pub(super) sort: SearchSort,
    /// Number of hits in the result.
    pub(super) limit: usize,
    /// Number of hits to collect: more than `limit` if proximity can move them up.
    pub(super) depth: usize,
    /// `None` for a query without words, and in orders other than relevance.
    pub(super) recency_boost: Option<RecencyBoost>,
}

impl Ranking {
    /// The best hits of all segments, in order.
    pub(super) fn merge(&self, mut best: Vec<CollectedHit>) -> Vec<RankedHit> {
        best.sort_by(|(left, _), (right, _)| compare(self.sort, left, right));
        let mut seen = HashSet::new();
        best.retain(|(_, group)| group.is_none_or(|group| seen.insert(group)));
        best.truncate(self.depth);
        best.into_iter().map(|(hit, _)| hit).collect()
    }
}

/// A hit, with the group that it represents.
pub(super) type CollectedHit = (RankedHit, Option<u64>);

/// Collects the best hits of one segment.
pub(super) struct HitCollector<'a> {
    segment: SegmentOrdinal,
    fields: &'a SegmentFastFields,
    conditions: &'a Conditions,
    ranking: &'a Ranking,
    predicate: FacetPredicate,
    preferred: SegmentPreferences,
    /// Max-heap with the worst entry on top. Smaller keys are better within the segment.
    best: BinaryHeap<HeapEntry>,
    /// The rank values of the best hits, as many as the result has, with the lowest on top.
    leading: BinaryHeap<Reverse<u32>>,
    /// The best document of each group.
    groups: HashMap<u64, HeapEntry>,
    /// The rank value that a hit must reach.
    rank_min: Score,
}

/// Sort key within the segment (smaller is better), id, bits of the rank value, and document.
type HeapEntry = (u64, u64, u32, DocId);

impl<'a> HitCollector<'a> {
    /// `rank_min` is that of the collector of the segment before.
    pub(super) fn new(
        (segment, fields): (SegmentOrdinal, &'a SegmentFastFields),
        conditions: &'a Conditions,
        ranking: &'a Ranking,
        rank_min: Score,
    ) -> Self {
        Self {
            segment,
            fields,
            conditions,
            ranking,
            predicate: conditions.filter.facet_predicate(&fields.ordinals),
            preferred: ranking.preferences.for_segment(&fields.ordinals),
            best: BinaryHeap::with_capacity(ranking.depth.min(1_024) + 1),
            leading: BinaryHeap::new(),
            groups: HashMap::new(),
            rank_min,
        }
    }

    pub(super) fn collect(&mut self, matched: Match) {
        let Match { doc, class, score } = matched;
        let is_by_relevance = self.ranking.sort == SearchSort::Relevance;
        let is_listed =
            is_by_relevance || class == MatchClass::Exact || self.conditions.include_wider;
        if self.ranking.depth == 0 || !is_listed || !self.is_competitive(score, class) {
            return;
        }
        let failed = self.conditions.failed_facets(self.fields, &self.predicate, doc);
        if !failed.is_some_and(FailedFacets::is_empty) {
            return;
        }
        let rank = self.boosted_rank(doc, score, class);
        let entry = (self.key(doc, rank), self.fields.fast_fields.id(doc), rank.to_bits(), doc);
        match self.conditions.group(self.fields, doc) {
            Some(group) => {
                let best = self.groups.entry(group).or_insert(entry);
                *best = entry.min(*best);
            }
            None => self.add(entry, rank),
        }
    }

    fn add(&mut self, entry: HeapEntry, rank: Score) {
        if self.best.len() < self.ranking.depth {
            self.best.push(entry);
        } else if let Some(mut worst) = self.best.peek_mut()
            && entry < *worst
        {
            *worst = entry;
        }
        // One hit more than the result has tells whether there are others.
        let leading_max = self.ranking.limit + 1;
        if self.ranking.recency_boost.is_some() && leading_max < self.ranking.depth {
            self.leading.push(Reverse(ascending(rank)));
            if self.leading.len() > leading_max {
                self.leading.pop();
            }
        }
        self.raise_rank_min();
    }

    /// Raises the rank value that a hit must reach.
    fn raise_rank_min(&mut self) {
        let Some(boost) = self.ranking.recency_boost else { return };
        if self.best.len() == self.ranking.depth
            && let Some((_, _, worst, _)) = self.best.peek()
        {
            self.rank_min = self.rank_min.max(f32::from_bits(*worst));
        }
        if self.leading.len() > self.ranking.limit
            && let Some(Reverse(last)) = self.leading.peek()
            && let last = from_ascending(*last)
            && last > 0.0
        {
            self.rank_min = self.rank_min.max(boost.lower(last, proximity::MAX_FACTOR));
        }
    }

    /// The rank value that a hit must reach.
    pub(super) fn rank_min(&self) -> Score {
        self.rank_min
    }

    /// The score that a match must reach.
    pub(super) fn score_min(&self) -> Score {
        match self.ranking.recency_boost {
            // Wider matches have negative rank values.
            Some(boost) if self.rank_min > 0.0 => boost.lower(self.rank_min, self.max_factor()),
            _ => 0.0,
        }
    }

    /// The factor for a document that is new and meets all preferences.
    fn max_factor(&self) -> Score {
        (1.0 + recency::MAX_BOOST) * self.ranking.preferences.max_factor()
    }

    /// Whether a match can become a hit with all boosts.
    fn is_competitive(&self, score: Score, class: MatchClass) -> bool {
        self.ranking.recency_boost.is_none_or(|boost| {
            rank_value(boost.apply(score, self.max_factor()), class) >= self.rank_min
        })
    }

    /// The rank value of a document with its boosts.
    fn boosted_rank(&self, doc: DocId, score: Score, class: MatchClass) -> Score {
        let Some(boost) = self.ranking.recency_boost else { return rank_value(score, class) };
        let SegmentFastFields { fast_fields, ordinals } = self.fields;
        let series = &self.conditions.series;
        let kind = fast_fields.kind.first(doc).and_then(Kind::from_code);
        let next = match kind {
            Some(Kind::Event) => series.next_start(fast_fields.id(doc)),
            _ => None,
        };
        let dated = next.or_else(|| fast_fields.dated.first(doc));
        let preferred = (&self.preferred, ordinals.of_doc(doc));
        let factor = recency::boost(kind, dated, boost.day)
            * self.ranking.preferences.factor(fast_fields, preferred, series, doc);
        rank_value(boost.apply(score, factor), class)
    }

    /// Sort key of a document within the segment; smaller is better.
    fn key(&self, doc: DocId, rank: Score) -> u64 {
        let fast_fields = &self.fields.fast_fields;
        if self.ranking.sort == SearchSort::Relevance {
            return !u64::from(ascending(rank));
        }
        let dated = fast_fields.dated.first(doc);
        let published = fast_fields.published.first(doc);
        let Conditions { filter, series, .. } = self.conditions;
        match self.ranking.sort {
            SearchSort::Relevance => unreachable!("relevance is handled above"),
            SearchSort::Title => {
                let ordinals = fast_fields.title_order.as_ref();
                ordinals.and_then(|c| c.term_ords(doc).next()).unwrap_or(u64::MAX)
            }
            SearchSort::Newest => published.map_or(u64::MAX, latest_first),
            SearchSort::Oldest => published.map_or(u64::MAX, earliest_first),
            SearchSort::Start => match filter.phase(fast_fields, series, doc) {
                Some(EventPhase::Upcoming | EventPhase::Ongoing) => {
                    let next = series.next_start(fast_fields.id(doc)).or(dated);
                    next.map_or(u64::MAX, earliest_first) >> 1
                }
                Some(EventPhase::Past) | None => {
                    (1 << 63) | (dated.map_or(u64::MAX, latest_first) >> 1)
                }
            },
        }
    }

    /// The best hits, in order.
    pub(super) fn finish(self) -> tantivy::Result<Vec<CollectedHit>> {
        let ungrouped = self.best.into_iter().map(|entry| (entry, None));
        let grouped = self.groups.into_iter().map(|(group, entry)| (entry, Some(group)));
        let mut entries: Vec<_> = ungrouped.chain(grouped).collect();
        entries.sort_unstable();
        entries.truncate(self.ranking.depth);
        let mut best = Vec::with_capacity(entries.len());
        for ((key, id, rank, doc), group) in entries {
            let value = match self.ranking.sort {
                SearchSort::Relevance => SortValue::Score(f32::from_bits(rank)),
                SearchSort::Title => SortValue::Text(title(&self.fields.fast_fields, key)?),
                SearchSort::Newest | SearchSort::Oldest | SearchSort::Start => {
                    SortValue::Number(key.cast_signed())
                }
            };
            let (_, class) = score_of_rank(f32::from_bits(rank));
            let address = Some(DocAddress::new(self.segment, doc));
            best.push((RankedHit { value, id, class, address }, group));
        }
        Ok(best)
    }
}

fn title(fast_fields: &FastFields, ordinal: u64) -> tantivy::Result<String> {
    let mut title = String::new();
    if let Some(column) = &fast_fields.title_order {
        column.ord_to_str(ordinal, &mut title)?;
    }
    Ok(title)
}
