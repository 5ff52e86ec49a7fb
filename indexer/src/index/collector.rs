//! Collects the best hits, the total and the facet counts in one pass over the matching documents.
//!
//! Near-duplicates of one source form a group, which counts as one hit and ranks by its best
//! matching document. A facet count is the number of hits that a filter on the value would yield: a
//! group counts once for every value that any of its matching documents has.

use std::{
    cmp::Ordering,
    collections::{BinaryHeap, HashMap, HashSet},
    sync::Arc,
};

use schema::{ColumnValue, EventPhase, Facet, Kind, SearchSort, SortValue};
use tantivy::{
    DocId, Score, SegmentOrdinal, SegmentReader,
    collector::{Collector, SegmentCollector},
};

use super::{
    facet_ordinals::{FacetOrdinals, ValueCounts},
    fast_fields::FastFields,
    filter::{FacetPredicate, FailedFacets, Filter},
    query::recency,
    schema::IndexSchema,
    series::SeriesPhases,
};
use crate::cancellation::Cancellation;

/// Number of documents between two checks whether a search is cancelled.
const DOCUMENTS_PER_CHECK: u32 = 4_096;

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

/// Collects hits, total and facet counts.
pub(super) struct SearchCollector {
    pub(super) segments: Arc<[SegmentFastFields]>,
    pub(super) series: SeriesPhases,
    pub(super) filter: Arc<Filter>,
    pub(super) sort: SearchSort,
    pub(super) limit: usize,
    pub(super) facets: bool,
    /// Whether near-duplicates of one source form one hit.
    pub(super) collapse_duplicates: bool,
    /// Recency boost; `None` for a query without words.
    pub(super) recency_boost: Option<RecencyBoost>,
    pub(super) cancellation: Cancellation,
}

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
}

/// A hit: its sort value and id.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct RankedHit {
    pub(crate) value: SortValue,
    pub(crate) id: u64,
}

/// Result of a search.
#[derive(Debug, Default)]
pub(super) struct SearchFruit {
    /// The best hits, in order.
    pub(super) best: Vec<RankedHit>,
    /// Total number of hits.
    pub(super) total: u64,
    /// Counts per facet and value code.
    pub(super) counts: FacetCounts,
}

/// Result of one segment.
#[derive(Default)]
pub(super) struct SegmentFruit {
    /// The best hits, each with the group that it represents.
    best: Vec<(RankedHit, Option<u64>)>,
    /// Number of matching documents without a group.
    ungrouped_total: u64,
    counts: FacetCounts,
    groups: HashSet<u64>,
    /// Values of each group: group, index of the facet, code of the value.
    group_values: HashSet<(u64, usize, u64)>,
}

/// Counts per facet and value; each value occurs once.
#[derive(Debug, Default)]
pub(super) struct FacetCounts(ValueCounts);

impl FacetCounts {
    pub(super) fn of_facet(&self, facet: Facet) -> &[(u64, u64)] {
        &self.0[facet as usize]
    }

    fn merge(&mut self, other: ValueCounts) {
        for (into, mut from) in self.0.iter_mut().zip(other) {
            into.append(&mut from);
            into.sort_unstable();
            into.dedup_by(|later, earlier| {
                let same = later.0 == earlier.0;
                earlier.1 += if same { later.1 } else { 0 };
                same
            });
        }
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

impl Collector for SearchCollector {
    type Fruit = SearchFruit;
    type Child = SegmentSearchCollector;

    fn for_segment(
        &self,
        segment: SegmentOrdinal,
        _reader: &SegmentReader,
    ) -> tantivy::Result<SegmentSearchCollector> {
        let SegmentFastFields { fast_fields, ordinals } = self.segments[segment as usize].clone();
        Ok(SegmentSearchCollector {
            series: self.series.clone(),
            predicate: self.filter.facet_predicate(&ordinals),
            filter: Arc::clone(&self.filter),
            sort: self.sort,
            recency_boost: self.recency_boost.filter(|_| self.sort == SearchSort::Relevance),
            limit: self.limit,
            best: BinaryHeap::with_capacity(self.limit.min(1_024) + 1),
            total: 0,
            counts: self.facets.then(|| vec![0; ordinals.len()]),
            phases: [0; EventPhase::ALL.len()],
            collapse_duplicates: self.collapse_duplicates,
            cancellation: self.cancellation.clone(),
            until_check: DOCUMENTS_PER_CHECK,
            groups: HashMap::new(),
            group_ordinals: HashSet::new(),
            group_phases: HashSet::new(),
            fast_fields,
            ordinals,
        })
    }

    fn requires_scoring(&self) -> bool {
        self.sort == SearchSort::Relevance
    }

    fn merge_fruits(
        &self,
        fruits: Vec<tantivy::Result<SegmentFruit>>,
    ) -> tantivy::Result<SearchFruit> {
        let mut merged = SegmentFruit::default();
        for fruit in fruits {
            let fruit = fruit?;
            merged.ungrouped_total += fruit.ungrouped_total;
            merged.best.extend(fruit.best);
            merged.counts.merge(fruit.counts.0);
            merged.groups.extend(fruit.groups);
            merged.group_values.extend(fruit.group_values);
        }
        let SegmentFruit { mut best, ungrouped_total, mut counts, groups, group_values } = merged;
        best.sort_by(|(left, _), (right, _)| compare(self.sort, left, right));
        let mut seen = HashSet::new();
        best.retain(|(_, group)| group.is_none_or(|group| seen.insert(group)));
        best.truncate(self.limit);
        let mut group_counts = ValueCounts::default();
        for (_, facet, value) in group_values {
            group_counts[facet].push((value, 1));
        }
        counts.merge(group_counts);
        Ok(SearchFruit {
            best: best.into_iter().map(|(hit, _)| hit).collect(),
            total: ungrouped_total + groups.len() as u64,
            counts,
        })
    }
}

/// Collects one segment.
pub(super) struct SegmentSearchCollector {
    fast_fields: FastFields,
    ordinals: Arc<FacetOrdinals>,
    series: SeriesPhases,
    filter: Arc<Filter>,
    predicate: FacetPredicate,
    sort: SearchSort,
    recency_boost: Option<RecencyBoost>,
    limit: usize,
    /// Max-heap with the worst entry on top. Smaller keys are better within the segment.
    best: BinaryHeap<HeapEntry>,
    total: u64,
    /// Counts by ordinal, if facets are selected.
    counts: Option<Vec<u32>>,
    phases: [u64; EventPhase::ALL.len()],
    collapse_duplicates: bool,
    cancellation: Cancellation,
    /// Number of documents until the next check whether the search is cancelled; it stays 0 then.
    until_check: u32,
    /// The best document of each group.
    groups: HashMap<u64, HeapEntry>,
    group_ordinals: HashSet<(u64, u32)>,
    group_phases: HashSet<(u64, EventPhase)>,
}

/// Sort key within the segment (smaller is better), id, and the bits of the score.
type HeapEntry = (u64, u64, u32);

impl SegmentCollector for SegmentSearchCollector {
    type Fruit = tantivy::Result<SegmentFruit>;

    fn collect(&mut self, doc: DocId, score: Score) {
        if self.is_cancelled() {
            return;
        }
        let values = self.ordinals.of_doc(doc);
        let predicate = (&self.predicate, values);
        let Some(failed) =
            self.filter.failed_facets(&self.fast_fields, predicate, &self.series, doc)
        else {
            return;
        };
        let group = if self.collapse_duplicates { self.fast_fields.group(doc) } else { None };
        if self.counts.is_some() && !failed.more_than_one() {
            self.count(doc, group, failed);
        }
        if !failed.is_empty() {
            return;
        }
        if let Some(group) = group {
            self.update_group_best(group, doc, score);
            return;
        }
        self.total += 1;
        if self.limit == 0 {
            return;
        }
        let Some(score) = self.competitive_score(doc, score) else { return };
        let key = self.key(doc, score);
        if self.best.len() < self.limit {
            self.best.push((key, self.fast_fields.id(doc), score.to_bits()));
        } else if let Some(mut worst) = self.best.peek_mut()
            && key <= worst.0
        {
            let entry = (key, self.fast_fields.id(doc), score.to_bits());
            if entry < *worst {
                *worst = entry;
            }
        }
    }

    fn harvest(self) -> tantivy::Result<SegmentFruit> {
        let ungrouped = self.best.into_iter().map(|entry| (entry, None));
        let grouped = self.groups.iter().map(|(group, entry)| (*entry, Some(*group)));
        let mut entries: Vec<_> = ungrouped.chain(grouped).collect();
        entries.sort_unstable();
        entries.truncate(self.limit);
        let mut best = Vec::with_capacity(entries.len());
        for ((key, id, score), group) in entries {
            let value = match self.sort {
                SearchSort::Relevance => SortValue::Score(f32::from_bits(score)),
                SearchSort::Title => SortValue::Text(title(&self.fast_fields, key)?),
                SearchSort::Newest | SearchSort::Oldest | SearchSort::Start => {
                    SortValue::Number(key.cast_signed())
                }
            };
            best.push((RankedHit { value, id }, group));
        }
        let mut counts = FacetCounts::default();
        if let Some(by_ordinal) = self.counts {
            counts.0 = self.ordinals.counts_by_facet(&by_ordinal);
            let phases = EventPhase::ALL.iter().map(|phase| phase.code()).zip(self.phases);
            counts.0[Facet::Phase as usize] = phases.filter(|(_, n)| *n > 0).collect();
        }
        let of_ordinal = |(group, ordinal)| {
            let (facet, value) = self.ordinals.value(ordinal);
            (group, facet, value)
        };
        let of_phase =
            |(group, phase): (u64, EventPhase)| (group, Facet::Phase as usize, phase.code());
        let values = self.group_ordinals.into_iter().map(of_ordinal);
        Ok(SegmentFruit {
            best,
            ungrouped_total: self.total,
            counts,
            groups: self.groups.into_keys().collect(),
            group_values: values.chain(self.group_phases.into_iter().map(of_phase)).collect(),
        })
    }
}

impl SegmentSearchCollector {
    /// Whether the search is cancelled, as seen every few thousand documents.
    fn is_cancelled(&mut self) -> bool {
        if self.until_check > 0 {
            self.until_check -= 1;
            return false;
        }
        let is_cancelled = self.cancellation.is_cancelled();
        self.until_check = if is_cancelled { 0 } else { DOCUMENTS_PER_CHECK };
        is_cancelled
    }

    /// Updates the best document of a group.
    fn update_group_best(&mut self, group: u64, doc: DocId, score: Score) {
        let score = self.boosted_score(doc, score);
        let entry = (self.key(doc, score), self.fast_fields.id(doc), score.to_bits());
        let best = self.groups.entry(group).or_insert(entry);
        *best = entry.min(*best);
    }

    /// The boosted score of a document; `None` if even the maximum boost would not suffice for a
    /// hit.
    fn competitive_score(&self, doc: DocId, score: Score) -> Option<Score> {
        if let Some(boost) = self.recency_boost
            && self.best.len() == self.limit
            && let Some((worst, _, _)) = self.best.peek()
            && !u64::from(ascending(boost.apply(score, 1.0 + recency::MAX_BOOST))) > *worst
        {
            return None;
        }
        Some(self.boosted_score(doc, score))
    }

    /// The score of a document with its recency boost.
    fn boosted_score(&self, doc: DocId, score: Score) -> Score {
        let Some(boost) = self.recency_boost else { return score };
        let kind = self.fast_fields.kind.first(doc).and_then(Kind::from_code);
        let next = match kind {
            Some(Kind::Event) => self.series.next_start(self.fast_fields.id(doc)),
            _ => None,
        };
        let dated = next.or_else(|| self.fast_fields.dated.first(doc));
        boost.apply(score, recency::boost(kind, dated, boost.day))
    }

    /// Sort key of a document within the segment; smaller is better.
    fn key(&self, doc: DocId, score: Score) -> u64 {
        if self.sort == SearchSort::Relevance {
            return !u64::from(ascending(score));
        }
        let dated = self.fast_fields.dated.first(doc);
        match self.sort {
            SearchSort::Relevance => unreachable!("relevance is handled above"),
            SearchSort::Title => {
                let ordinals = self.fast_fields.title_order.as_ref();
                ordinals.and_then(|c| c.term_ords(doc).next()).unwrap_or(u64::MAX)
            }
            SearchSort::Newest => dated.map_or(u64::MAX, latest_first),
            SearchSort::Oldest => dated.map_or(u64::MAX, earliest_first),
            SearchSort::Start => match self.filter.phase(&self.fast_fields, &self.series, doc) {
                Some(EventPhase::Upcoming | EventPhase::Ongoing) => {
                    let next = self.series.next_start(self.fast_fields.id(doc)).or(dated);
                    next.map_or(u64::MAX, earliest_first) >> 1
                }
                Some(EventPhase::Past) | None => {
                    (1 << 63) | (dated.map_or(u64::MAX, latest_first) >> 1)
                }
            },
        }
    }

    /// Counts a document that fails at most one facet condition: for that facet, or for all facets.
    fn count(&mut self, doc: DocId, group: Option<u64>, failed: FailedFacets) {
        let Some(counts) = &mut self.counts else { return };
        let values = self.ordinals.of_doc(doc);
        let counted_ordinals =
            if failed.is_empty() { 0..u32::MAX } else { self.ordinals.range(failed.first_index()) };
        let values_counted = values.iter().filter(|ordinal| counted_ordinals.contains(ordinal));
        match group {
            None => values_counted.for_each(|ordinal| counts[*ordinal as usize] += 1),
            Some(group) => {
                self.group_ordinals.extend(values_counted.map(|ordinal| (group, *ordinal)));
            }
        }
        if failed.none_except(Facet::Phase)
            && self.ordinals.is_event(values)
            && let Some(phase) = self.filter.phase(&self.fast_fields, &self.series, doc)
        {
            match group {
                None => self.phases[phase as usize] += 1,
                Some(group) => drop(self.group_phases.insert((group, phase))),
            }
        }
    }
}

fn title(fast_fields: &FastFields, ordinal: u64) -> tantivy::Result<String> {
    let mut title = String::new();
    if let Some(column) = &fast_fields.title_order {
        column.ord_to_str(ordinal, &mut title)?;
    }
    Ok(title)
}

/// Maps a float to an integer with the same order.
fn ascending(score: Score) -> u32 {
    let bits = score.to_bits();
    if bits >> 31 == 1 { !bits } else { bits | (1 << 31) }
}

fn earliest_first(seconds: i64) -> u64 {
    seconds.cast_unsigned() ^ (1 << 63)
}

fn latest_first(seconds: i64) -> u64 {
    !earliest_first(seconds)
}
