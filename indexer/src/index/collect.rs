//! One pass over the matching documents: the best of them, how many there are, and what they count
//! up to per facet.
//!
//! Near-duplicates of one source count as one hit, which stands where the best of those that match
//! does. A facet's count is the number of hits there are with its value asked for: a group counts
//! for a value once if any of its matching documents has it, whichever of them stands for all.

use std::{
    cmp::Ordering,
    collections::{BinaryHeap, HashMap, HashSet},
    sync::Arc,
};

use schema::{EventPhase, Kind, SearchSort, SortValue};
use tantivy::{
    DocId, Score, SegmentOrdinal, SegmentReader,
    collector::{Collector, SegmentCollector},
};

use super::{
    columns::Columns,
    filter::{Dimension, Filter, Misses, Tests},
    ordinals::{FacetOrdinals, ValueCounts},
    recency,
    series::SeriesPhases,
};

/// What is read of one segment, document by document.
#[derive(Clone)]
pub(super) struct SegmentColumns {
    pub(super) columns: Columns,
    pub(super) ordinals: Arc<FacetOrdinals>,
}

impl SegmentColumns {
    /// Opens the columns of a segment; decodes its facet values, unless another index has.
    pub(super) fn open(
        segment: &SegmentReader,
        decoded: Option<Arc<FacetOrdinals>>,
    ) -> tantivy::Result<Self> {
        let columns = Columns::open(segment)?;
        let ordinals = match decoded {
            Some(ordinals) => ordinals,
            None => Arc::new(FacetOrdinals::read(segment, &columns)?),
        };
        Ok(Self { columns, ordinals })
    }
}

/// What to collect.
pub(super) struct Collect {
    pub(super) segments: Arc<[SegmentColumns]>,
    pub(super) series: SeriesPhases,
    pub(super) filter: Arc<Filter>,
    pub(super) sort: SearchSort,
    pub(super) limit: usize,
    pub(super) facets: bool,
    /// Whether near-duplicates of one source are one hit.
    pub(super) folds: bool,
    /// How scores are raised; `None` where nothing was asked for.
    pub(super) raise: Option<Raise>,
}

/// What a score becomes for the age of a document.
#[derive(Debug, Clone, Copy)]
pub(super) struct Raise {
    /// Today, in days since 1970.
    pub(super) day: i32,
    /// What some scores have on top.
    pub(super) bonus: f32,
}

impl Raise {
    pub(super) fn by(self, score: Score, factor: f32) -> Score {
        let bonus = if score >= self.bonus { self.bonus } else { 0.0 };
        (score - bonus) * factor + bonus
    }
}

/// A place in the order: its sort value and id.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Place {
    pub(crate) value: SortValue,
    pub(crate) id: u64,
}

/// What was collected.
#[derive(Debug, Default)]
pub(super) struct Collected {
    /// The best, in order.
    pub(super) best: Vec<Place>,
    /// How many there are.
    pub(super) total: u64,
    /// Counts per dimension, by the values' codes.
    pub(super) counts: Counts,
}

/// What was collected in one segment.
#[derive(Default)]
pub(super) struct Harvest {
    /// The best, each with the group of near-duplicates that it stands for.
    best: Vec<(Place, Option<u64>)>,
    /// How many documents that are in no group.
    single: u64,
    counts: Counts,
    groups: HashSet<u64>,
    /// What each group counts for: the dimension, as a number, and the value.
    group_values: HashSet<(u64, usize, u64)>,
}

/// Counts per dimension and value, each value once.
#[derive(Debug, Default)]
pub(super) struct Counts(ValueCounts);

impl Counts {
    pub(super) fn of(&self, dimension: Dimension) -> &[(u64, u64)] {
        &self.0[dimension as usize]
    }

    fn add(&mut self, other: ValueCounts) {
        for (into, mut from) in self.0.iter_mut().zip(other) {
            into.append(&mut from);
            into.sort_unstable();
            into.dedup_by(|again, first| {
                let same = again.0 == first.0;
                first.1 += if same { again.1 } else { 0 };
                same
            });
        }
    }
}

/// The order of two places under `sort`.
pub(crate) fn compare(sort: SearchSort, left: &Place, right: &Place) -> Ordering {
    let by_value = match (&left.value, &right.value) {
        (SortValue::Score(l), SortValue::Score(r)) => r.total_cmp(l),
        (SortValue::Number(l), SortValue::Number(r)) => l.cast_unsigned().cmp(&r.cast_unsigned()),
        (SortValue::Text(l), SortValue::Text(r)) => l.cmp(r),
        // Another question's cursor is refused before it comes here.
        _ => Ordering::Equal,
    };
    debug_assert!(matches!(left.value, SortValue::Score(_)) == (sort == SearchSort::Relevance));
    by_value.then(left.id.cmp(&right.id))
}

impl Collector for Collect {
    type Fruit = Collected;
    type Child = SegmentCollect;

    fn for_segment(
        &self,
        segment: SegmentOrdinal,
        _reader: &SegmentReader,
    ) -> tantivy::Result<SegmentCollect> {
        let SegmentColumns { columns, ordinals } = self.segments[segment as usize].clone();
        Ok(SegmentCollect {
            series: self.series.clone(),
            tests: self.filter.tests(&ordinals),
            filter: Arc::clone(&self.filter),
            sort: self.sort,
            raise: self.raise.filter(|_| self.sort == SearchSort::Relevance),
            limit: self.limit,
            best: BinaryHeap::with_capacity(self.limit.min(1_024) + 1),
            total: 0,
            counts: self.facets.then(|| vec![0; ordinals.len()]),
            phases: [0; EventPhase::ALL.len()],
            folds: self.folds,
            groups: HashMap::new(),
            group_ordinals: HashSet::new(),
            group_phases: HashSet::new(),
            columns,
            ordinals,
        })
    }

    fn requires_scoring(&self) -> bool {
        self.sort == SearchSort::Relevance
    }

    fn merge_fruits(&self, fruits: Vec<tantivy::Result<Harvest>>) -> tantivy::Result<Collected> {
        let mut merged = Harvest::default();
        for fruit in fruits {
            let fruit = fruit?;
            merged.single += fruit.single;
            merged.best.extend(fruit.best);
            merged.counts.add(fruit.counts.0);
            merged.groups.extend(fruit.groups);
            merged.group_values.extend(fruit.group_values);
        }
        let Harvest { mut best, single, mut counts, groups, group_values } = merged;
        best.sort_by(|(left, _), (right, _)| compare(self.sort, left, right));
        let mut seen = HashSet::new();
        best.retain(|(_, group)| group.is_none_or(|group| seen.insert(group)));
        best.truncate(self.limit);
        let mut of_groups = ValueCounts::default();
        for (_, dimension, value) in group_values {
            of_groups[dimension].push((value, 1));
        }
        counts.add(of_groups);
        Ok(Collected {
            best: best.into_iter().map(|(place, _)| place).collect(),
            total: single + groups.len() as u64,
            counts,
        })
    }
}

/// Collects one segment.
pub(super) struct SegmentCollect {
    columns: Columns,
    ordinals: Arc<FacetOrdinals>,
    series: SeriesPhases,
    filter: Arc<Filter>,
    tests: Tests,
    sort: SearchSort,
    raise: Option<Raise>,
    limit: usize,
    /// The worst on top. Keys are ordered within the segment, smaller first.
    best: BinaryHeap<Entry>,
    total: u64,
    /// By ordinal, where facets are wanted.
    counts: Option<Vec<u32>>,
    phases: [u64; EventPhase::ALL.len()],
    folds: bool,
    /// The best of each group.
    groups: HashMap<u64, Entry>,
    group_ordinals: HashSet<(u64, u32)>,
    group_phases: HashSet<(u64, EventPhase)>,
}

/// A key that orders documents within the segment, smaller first, an id, and the bits of a score.
type Entry = (u64, u64, u32);

impl SegmentCollector for SegmentCollect {
    type Fruit = tantivy::Result<Harvest>;

    fn collect(&mut self, doc: DocId, score: Score) {
        let values = self.ordinals.of(doc);
        let tests = (&self.tests, values);
        let Some(misses) = self.filter.misses(&self.columns, tests, &self.series, doc) else {
            return;
        };
        let group = if self.folds { self.columns.group(doc) } else { None };
        if self.counts.is_some() && !misses.several() {
            self.count(doc, group, misses);
        }
        if !misses.none() {
            return;
        }
        if let Some(group) = group {
            self.put_in_group(group, doc, score);
            return;
        }
        self.total += 1;
        if self.limit == 0 {
            return;
        }
        let Some(score) = self.raised_to_best(doc, score) else { return };
        let key = self.key(doc, score);
        if self.best.len() < self.limit {
            self.best.push((key, self.columns.id(doc), score.to_bits()));
        } else if let Some(mut worst) = self.best.peek_mut()
            && key <= worst.0
        {
            let entry = (key, self.columns.id(doc), score.to_bits());
            if entry < *worst {
                *worst = entry;
            }
        }
    }

    fn harvest(self) -> tantivy::Result<Harvest> {
        let single = self.best.into_iter().map(|entry| (entry, None));
        let grouped = self.groups.iter().map(|(group, entry)| (*entry, Some(*group)));
        let mut entries: Vec<_> = single.chain(grouped).collect();
        entries.sort_unstable();
        entries.truncate(self.limit);
        let mut best = Vec::with_capacity(entries.len());
        for ((key, id, score), group) in entries {
            let value = match self.sort {
                SearchSort::Relevance => SortValue::Score(f32::from_bits(score)),
                SearchSort::Title => SortValue::Text(title(&self.columns, key)?),
                SearchSort::Newest | SearchSort::Oldest | SearchSort::Start => {
                    SortValue::Number(key.cast_signed())
                }
            };
            best.push((Place { value, id }, group));
        }
        let mut counts = Counts::default();
        if let Some(by_ordinal) = self.counts {
            counts.0 = self.ordinals.counted(&by_ordinal);
            let phases = EventPhase::ALL.iter().map(|phase| phase.code()).zip(self.phases);
            counts.0[Dimension::Phase as usize] = phases.filter(|(_, n)| *n > 0).collect();
        }
        let of_ordinal = |(group, ordinal)| {
            let (dimension, value) = self.ordinals.value(ordinal);
            (group, dimension, value)
        };
        let of_phase =
            |(group, phase): (u64, EventPhase)| (group, Dimension::Phase as usize, phase.code());
        let values = self.group_ordinals.into_iter().map(of_ordinal);
        Ok(Harvest {
            best,
            single: self.total,
            counts,
            groups: self.groups.into_keys().collect(),
            group_values: values.chain(self.group_phases.into_iter().map(of_phase)).collect(),
        })
    }
}

impl SegmentCollect {
    /// Keeps the best of a group.
    fn put_in_group(&mut self, group: u64, doc: DocId, score: Score) {
        let score = self.raised(doc, score);
        let entry = (self.key(doc, score), self.columns.id(doc), score.to_bits());
        let best = self.groups.entry(group).or_insert(entry);
        *best = entry.min(*best);
    }

    /// The score of a document with its age; `None` where that cannot bring it among the best.
    fn raised_to_best(&self, doc: DocId, score: Score) -> Option<Score> {
        if let Some(raise) = self.raise
            && self.best.len() == self.limit
            && let Some((worst, _, _)) = self.best.peek()
            && !u64::from(ascending(raise.by(score, 1.0 + recency::MOST))) > *worst
        {
            return None;
        }
        Some(self.raised(doc, score))
    }

    /// The score of a document with its age.
    fn raised(&self, doc: DocId, score: Score) -> Score {
        let Some(raise) = self.raise else { return score };
        let kind = self.columns.kind.first(doc).and_then(Kind::from_code);
        let next = match kind {
            Some(Kind::Event) => self.series.next_start(self.columns.id(doc)),
            _ => None,
        };
        let dated = next.or_else(|| self.columns.dated.first(doc));
        raise.by(score, recency::raise(kind, dated, raise.day))
    }

    /// A number that orders documents within the segment, smaller first.
    fn key(&self, doc: DocId, score: Score) -> u64 {
        if self.sort == SearchSort::Relevance {
            return !u64::from(ascending(score));
        }
        let dated = self.columns.dated.first(doc);
        match self.sort {
            SearchSort::Relevance => unreachable!("it has no date in its key"),
            SearchSort::Title => {
                let ordinals = self.columns.title_order.as_ref();
                ordinals.and_then(|c| c.term_ords(doc).next()).unwrap_or(u64::MAX)
            }
            SearchSort::Newest => dated.map_or(u64::MAX, latest_first),
            SearchSort::Oldest => dated.map_or(u64::MAX, earliest_first),
            SearchSort::Start => match self.filter.phase(&self.columns, &self.series, doc) {
                Some(EventPhase::Upcoming | EventPhase::Ongoing) => {
                    let next = self.series.next_start(self.columns.id(doc)).or(dated);
                    next.map_or(u64::MAX, earliest_first) >> 1
                }
                Some(EventPhase::Past) | None => {
                    (1 << 63) | (dated.map_or(u64::MAX, latest_first) >> 1)
                }
            },
        }
    }

    /// Counts a document that fails one dimension at most: for that one, or for all.
    fn count(&mut self, doc: DocId, group: Option<u64>, misses: Misses) {
        let Some(counts) = &mut self.counts else { return };
        let values = self.ordinals.of(doc);
        let own = if misses.none() { 0..u32::MAX } else { self.ordinals.range(misses.first()) };
        let values_counted = values.iter().filter(|ordinal| own.contains(ordinal));
        match group {
            None => values_counted.for_each(|ordinal| counts[*ordinal as usize] += 1),
            Some(group) => {
                self.group_ordinals.extend(values_counted.map(|ordinal| (group, *ordinal)));
            }
        }
        if misses.only(Dimension::Phase)
            && self.ordinals.is_event(values)
            && let Some(phase) = self.filter.phase(&self.columns, &self.series, doc)
        {
            match group {
                None => self.phases[phase as usize] += 1,
                Some(group) => drop(self.group_phases.insert((group, phase))),
            }
        }
    }
}

fn title(columns: &Columns, ordinal: u64) -> tantivy::Result<String> {
    let mut title = String::new();
    if let Some(column) = &columns.title_order {
        column.ord_to_str(ordinal, &mut title)?;
    }
    Ok(title)
}

/// Orders floats as their numbers are ordered.
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
