//! Collects the best hits, the total and the facet counts in one pass over the matching documents.
//!
//! Near-duplicates of one source form a group, which counts as one hit and ranks by its best
//! matching document. Wider matches, which have a negative score, come after the exact ones by
//! relevance, and count only if the search includes them. A facet count is the number of hits that a filter on the value would yield: a
//! group counts once for every value that any of its matching documents has.

use std::{
    collections::{BinaryHeap, HashMap, HashSet},
    sync::Arc,
};

use schema::{ColumnValue, EventPhase, Facet, Kind, MatchClass, SearchSort, SortValue};
use tantivy::{
    DocAddress, DocId, Score, SegmentOrdinal, SegmentReader,
    collector::{Collector, SegmentCollector},
};

use super::{
    facet_ordinals::{FacetOrdinals, ValueCounts},
    fast_fields::FastFields,
    filter::{FacetPredicate, FailedFacets, Filter},
    preferences::{Preferences, SegmentPreferences},
    query::recency,
    rank::{
        RankedHit, RecencyBoost, ascending, compare, earliest_first, latest_first, rank_value,
        score_of_rank,
    },
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
    /// Documents that meet these rank higher by relevance.
    pub(super) preferences: Arc<Preferences>,
    pub(super) sort: SearchSort,
    pub(super) limit: usize,
    pub(super) facets: bool,
    /// Whether wider matches count like exact ones.
    pub(super) include_wider: bool,
    /// Whether the query has words: then scores tell wider from exact matches, and near-duplicates
    /// of one source form one hit.
    pub(super) has_words: bool,
    /// Recency boost; `None` for a query without words.
    pub(super) recency_boost: Option<RecencyBoost>,
    pub(super) cancellation: Cancellation,
}

/// Result of a search.
#[derive(Debug, Default)]
pub(super) struct SearchFruit {
    /// The best hits, in order.
    pub(super) best: Vec<RankedHit>,
    /// Number of exact hits.
    pub(super) exact: u64,
    /// Number of wider hits.
    pub(super) wider: u64,
    /// Whether any document matches the words exactly, including those that a filter excludes.
    pub(super) has_exact: bool,
    /// Counts per facet and value code.
    pub(super) counts: FacetCounts,
}

/// Result of one segment.
#[derive(Default)]
pub(super) struct SegmentFruit {
    /// The best hits, each with the group that it represents.
    best: Vec<(RankedHit, Option<u64>)>,
    /// Number of exact matches without a group.
    ungrouped_exact: u64,
    /// Number of wider matches without a group.
    ungrouped_wider: u64,
    has_exact: bool,
    counts: FacetCounts,
    /// Groups with an exact match.
    exact_groups: HashSet<u64>,
    /// Groups with a wider match.
    wider_groups: HashSet<u64>,
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
            segment,
            series: self.series.clone(),
            predicate: self.filter.facet_predicate(&ordinals),
            preferred: self.preferences.for_segment(&ordinals),
            preferences: Arc::clone(&self.preferences),
            filter: Arc::clone(&self.filter),
            sort: self.sort,
            recency_boost: self.recency_boost.filter(|_| self.sort == SearchSort::Relevance),
            limit: self.limit,
            include_wider: self.include_wider,
            best: BinaryHeap::with_capacity(self.limit.min(1_024) + 1),
            exact: 0,
            wider: 0,
            has_exact: false,
            counts: self.facets.then(|| vec![0; ordinals.len()]),
            phases: [0; EventPhase::ALL.len()],
            collapse_duplicates: self.has_words,
            cancellation: self.cancellation.clone(),
            until_check: DOCUMENTS_PER_CHECK,
            groups: HashMap::new(),
            exact_groups: HashSet::new(),
            wider_groups: HashSet::new(),
            group_ordinals: HashSet::new(),
            group_phases: HashSet::new(),
            fast_fields,
            ordinals,
        })
    }

    fn requires_scoring(&self) -> bool {
        self.has_words
    }

    fn merge_fruits(
        &self,
        fruits: Vec<tantivy::Result<SegmentFruit>>,
    ) -> tantivy::Result<SearchFruit> {
        let mut merged = SegmentFruit::default();
        for fruit in fruits {
            let fruit = fruit?;
            merged.ungrouped_exact += fruit.ungrouped_exact;
            merged.ungrouped_wider += fruit.ungrouped_wider;
            merged.has_exact |= fruit.has_exact;
            merged.best.extend(fruit.best);
            merged.counts.merge(fruit.counts.0);
            merged.exact_groups.extend(fruit.exact_groups);
            merged.wider_groups.extend(fruit.wider_groups);
            merged.group_values.extend(fruit.group_values);
        }
        let SegmentFruit { mut best, mut counts, exact_groups, wider_groups, .. } = merged;
        best.sort_by(|(left, _), (right, _)| compare(self.sort, left, right));
        let mut seen = HashSet::new();
        best.retain(|(_, group)| group.is_none_or(|group| seen.insert(group)));
        best.truncate(self.limit);
        let mut group_counts = ValueCounts::default();
        for (_, facet, value) in merged.group_values {
            group_counts[facet].push((value, 1));
        }
        counts.merge(group_counts);
        Ok(SearchFruit {
            best: best.into_iter().map(|(hit, _)| hit).collect(),
            exact: merged.ungrouped_exact + exact_groups.len() as u64,
            wider: merged.ungrouped_wider + wider_groups.difference(&exact_groups).count() as u64,
            has_exact: merged.has_exact,
            counts,
        })
    }
}

/// Collects one segment.
pub(super) struct SegmentSearchCollector {
    segment: SegmentOrdinal,
    fast_fields: FastFields,
    ordinals: Arc<FacetOrdinals>,
    series: SeriesPhases,
    filter: Arc<Filter>,
    predicate: FacetPredicate,
    preferences: Arc<Preferences>,
    preferred: SegmentPreferences,
    sort: SearchSort,
    recency_boost: Option<RecencyBoost>,
    limit: usize,
    include_wider: bool,
    /// Max-heap with the worst entry on top. Smaller keys are better within the segment.
    best: BinaryHeap<HeapEntry>,
    exact: u64,
    wider: u64,
    has_exact: bool,
    /// Counts by ordinal, if facets are selected.
    counts: Option<Vec<u32>>,
    phases: [u64; EventPhase::ALL.len()],
    collapse_duplicates: bool,
    cancellation: Cancellation,
    /// Number of documents until the next check whether the search is cancelled; it stays 0 then.
    until_check: u32,
    /// The best document of each group.
    groups: HashMap<u64, HeapEntry>,
    exact_groups: HashSet<u64>,
    wider_groups: HashSet<u64>,
    group_ordinals: HashSet<(u64, u32)>,
    group_phases: HashSet<(u64, EventPhase)>,
}

/// Sort key within the segment (smaller is better), id, bits of the rank value, and document.
type HeapEntry = (u64, u64, u32, DocId);

impl SegmentCollector for SegmentSearchCollector {
    type Fruit = tantivy::Result<SegmentFruit>;

    fn collect(&mut self, doc: DocId, score: Score) {
        if self.is_cancelled() {
            return;
        }
        let class = if score.is_sign_negative() { MatchClass::Wider } else { MatchClass::Exact };
        self.has_exact |= class == MatchClass::Exact;
        let values = self.ordinals.of_doc(doc);
        let predicate = (&self.predicate, values);
        let Some(failed) =
            self.filter.failed_facets(&self.fast_fields, predicate, &self.series, doc)
        else {
            return;
        };
        let group = if self.collapse_duplicates { self.fast_fields.group(doc) } else { None };
        let counts = class == MatchClass::Exact || self.include_wider;
        if counts && self.counts.is_some() && !failed.more_than_one() {
            self.count(doc, group, failed);
        }
        if !failed.is_empty() {
            return;
        }
        self.count_match(group, class);
        if !counts && self.sort != SearchSort::Relevance {
            return;
        }
        if let Some(group) = group {
            self.update_group_best(group, doc, (score.abs(), class));
            return;
        }
        if self.limit == 0 {
            return;
        }
        let Some(score) = self.competitive_rank(doc, (score.abs(), class)) else { return };
        let key = self.key(doc, score);
        if self.best.len() < self.limit {
            self.best.push((key, self.fast_fields.id(doc), score.to_bits(), doc));
        } else if let Some(mut worst) = self.best.peek_mut()
            && key <= worst.0
        {
            let entry = (key, self.fast_fields.id(doc), score.to_bits(), doc);
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
        for ((key, id, score, doc), group) in entries {
            let value = match self.sort {
                SearchSort::Relevance => SortValue::Score(f32::from_bits(score)),
                SearchSort::Title => SortValue::Text(title(&self.fast_fields, key)?),
                SearchSort::Newest | SearchSort::Oldest | SearchSort::Start => {
                    SortValue::Number(key.cast_signed())
                }
            };
            let (_, class) = score_of_rank(f32::from_bits(score));
            let address = Some(DocAddress::new(self.segment, doc));
            best.push((RankedHit { value, id, class, address }, group));
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
            ungrouped_exact: self.exact,
            ungrouped_wider: self.wider,
            has_exact: self.has_exact,
            counts,
            exact_groups: self.exact_groups,
            wider_groups: self.wider_groups,
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

    /// Counts a match, or the group that it belongs to.
    fn count_match(&mut self, group: Option<u64>, class: MatchClass) {
        match (class, group) {
            (MatchClass::Exact, None) => self.exact += 1,
            (MatchClass::Wider, None) => self.wider += 1,
            (MatchClass::Exact, Some(group)) => drop(self.exact_groups.insert(group)),
            (MatchClass::Wider, Some(group)) => drop(self.wider_groups.insert(group)),
        }
    }

    /// Updates the best document of a group.
    fn update_group_best(&mut self, group: u64, doc: DocId, score: (Score, MatchClass)) {
        let score = self.boosted_rank(doc, score);
        let entry = (self.key(doc, score), self.fast_fields.id(doc), score.to_bits(), doc);
        let best = self.groups.entry(group).or_insert(entry);
        *best = entry.min(*best);
    }

    /// The boosted rank value of a document; `None` if even the maximum boost would not suffice
    /// for a hit.
    fn competitive_rank(&self, doc: DocId, (score, class): (Score, MatchClass)) -> Option<Score> {
        if let Some(boost) = self.recency_boost
            && self.best.len() == self.limit
            && let Some((worst, ..)) = self.best.peek()
        {
            let factor = (1.0 + recency::MAX_BOOST) * self.preferences.max_factor();
            let max = rank_value(boost.apply(score, factor), class);
            if !u64::from(ascending(max)) > *worst {
                return None;
            }
        }
        Some(self.boosted_rank(doc, (score, class)))
    }

    /// The rank value of a document with its recency boost.
    fn boosted_rank(&self, doc: DocId, (score, class): (Score, MatchClass)) -> Score {
        let Some(boost) = self.recency_boost else { return rank_value(score, class) };
        let kind = self.fast_fields.kind.first(doc).and_then(Kind::from_code);
        let next = match kind {
            Some(Kind::Event) => self.series.next_start(self.fast_fields.id(doc)),
            _ => None,
        };
        let dated = next.or_else(|| self.fast_fields.dated.first(doc));
        let values = self.ordinals.of_doc(doc);
        let factor = recency::boost(kind, dated, boost.day)
            * self.preferences.factor(
                &self.fast_fields,
                (&self.preferred, values),
                &self.series,
                doc,
            );
        rank_value(boost.apply(score, factor), class)
    }

    /// Sort key of a document within the segment; smaller is better.
    fn key(&self, doc: DocId, score: Score) -> u64 {
        if self.sort == SearchSort::Relevance {
            return !u64::from(ascending(score));
        }
        let dated = self.fast_fields.dated.first(doc);
        let published = self.fast_fields.published.first(doc);
        match self.sort {
            SearchSort::Relevance => unreachable!("relevance is handled above"),
            SearchSort::Title => {
                let ordinals = self.fast_fields.title_order.as_ref();
                ordinals.and_then(|c| c.term_ords(doc).next()).unwrap_or(u64::MAX)
            }
            SearchSort::Newest => published.map_or(u64::MAX, latest_first),
            SearchSort::Oldest => published.map_or(u64::MAX, earliest_first),
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
