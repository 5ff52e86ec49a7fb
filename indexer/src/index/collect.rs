//! One pass over the matching documents: the best of them, how many there are, and what they count
//! up to per facet.

use std::{
    cmp::Ordering,
    collections::{BinaryHeap, HashMap},
    sync::Arc,
};

use schema::{Attendance, EventPhase, Kind, SearchSort, SortValue};
use tantivy::{
    DocId, Score, SegmentOrdinal, SegmentReader,
    collector::{Collector, SegmentCollector},
    columnar::Column,
};

use super::{
    columns::Columns,
    filter::{Dimension, FORM_DIMENSIONS, Filter},
    reader::SeriesPhases,
};

/// What to collect.
pub(super) struct Collect {
    pub(super) columns: Arc<[Columns]>,
    pub(super) series: SeriesPhases,
    pub(super) filter: Arc<Filter>,
    pub(super) sort: SearchSort,
    pub(super) limit: usize,
    pub(super) facets: bool,
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

/// Counts per dimension and value.
#[derive(Debug, Default)]
pub(super) struct Counts([HashMap<u64, u64>; 15]);

impl Counts {
    pub(super) fn of(&self, dimension: Dimension) -> &HashMap<u64, u64> {
        &self.0[dimension as usize]
    }

    fn add(&mut self, dimension: Dimension, value: u64, count: u64) {
        *self.0[dimension as usize].entry(value).or_default() += count;
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
        Ok(SegmentCollect {
            columns: self.columns[segment as usize].clone(),
            series: self.series.clone(),
            filter: Arc::clone(&self.filter),
            sort: self.sort,
            limit: self.limit,
            facets: self.facets,
            best: BinaryHeap::with_capacity(self.limit.min(1_024) + 1),
            total: 0,
            counts: Counts::default(),
        })
    }

    fn requires_scoring(&self) -> bool {
        self.sort == SearchSort::Relevance
    }

    fn merge_fruits(&self, fruits: Vec<tantivy::Result<Collected>>) -> tantivy::Result<Collected> {
        let mut merged = Collected::default();
        for fruit in fruits {
            let fruit = fruit?;
            merged.total += fruit.total;
            merged.best.extend(fruit.best);
            for (into, from) in merged.counts.0.iter_mut().zip(fruit.counts.0) {
                for (value, count) in from {
                    *into.entry(value).or_default() += count;
                }
            }
        }
        merged.best.sort_by(|left, right| compare(self.sort, left, right));
        merged.best.truncate(self.limit);
        Ok(merged)
    }
}

/// Collects one segment.
pub(super) struct SegmentCollect {
    columns: Columns,
    series: SeriesPhases,
    filter: Arc<Filter>,
    sort: SearchSort,
    limit: usize,
    facets: bool,
    /// The worst on top. Keys are ordered within the segment, smaller first.
    best: BinaryHeap<(u64, u64, u32)>,
    total: u64,
    counts: Counts,
}

impl SegmentCollector for SegmentCollect {
    type Fruit = tantivy::Result<Collected>;

    fn collect(&mut self, doc: DocId, score: Score) {
        let Some(misses) = self.filter.misses(&self.columns, &self.series, doc) else { return };
        if self.facets {
            self.count(doc, misses);
        }
        if !misses.none() {
            return;
        }
        self.total += 1;
        if self.limit == 0 {
            return;
        }
        let entry = (self.key(doc, score), self.columns.id(doc), score.to_bits());
        if self.best.len() < self.limit {
            self.best.push(entry);
        } else if self.best.peek().is_some_and(|worst| entry < *worst) {
            self.best.pop();
            self.best.push(entry);
        }
    }

    fn harvest(self) -> tantivy::Result<Collected> {
        let mut best = Vec::with_capacity(self.best.len());
        for (key, id, score) in self.best.into_sorted_vec() {
            let value = match self.sort {
                SearchSort::Relevance => SortValue::Score(f32::from_bits(score)),
                SearchSort::Title => SortValue::Text(title(&self.columns, key)?),
                SearchSort::Newest | SearchSort::Oldest | SearchSort::Start => {
                    SortValue::Number(key.cast_signed())
                }
            };
            best.push(Place { value, id });
        }
        Ok(Collected { best, total: self.total, counts: self.counts })
    }
}

impl SegmentCollect {
    /// A number that orders documents within the segment, smaller first.
    fn key(&self, doc: DocId, score: Score) -> u64 {
        let dated = self.columns.dated.first(doc);
        match self.sort {
            SearchSort::Relevance => !u64::from(ascending(score)),
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

    fn count(&mut self, doc: DocId, misses: super::filter::Misses) {
        let columns = &self.columns;
        let sets: [(Dimension, &Column<u64>); 9] = [
            (Dimension::Kind, &columns.kind),
            (Dimension::Theme, &columns.themes),
            (Dimension::Community, &columns.communities),
            (Dimension::Organisation, &columns.organisations),
            (Dimension::OrganisationKind, &columns.organisation_kinds),
            (Dimension::Layer, &columns.layers),
            (Dimension::Audience, &columns.audiences),
            (Dimension::Language, &columns.language),
            (Dimension::Attendance, &columns.attendance),
        ];
        for (dimension, column) in sets {
            if misses.only(dimension) {
                for value in column.values_for_doc(doc) {
                    self.counts.add(dimension, value, 1);
                }
            }
        }
        let kind = columns.kind.first(doc);
        for (of, dimension) in FORM_DIMENSIONS {
            if kind == Some(of.code()) && misses.only(dimension) {
                for value in columns.form.values_for_doc(doc) {
                    self.counts.add(dimension, value, 1);
                }
            }
        }
        if misses.only(Dimension::Year)
            && let Some(year) = columns.year.first(doc)
        {
            self.counts.add(Dimension::Year, year.cast_unsigned(), 1);
        }
        if misses.only(Dimension::Phase)
            && let Some(phase) = self.filter.phase(columns, &self.series, doc)
        {
            self.counts.add(Dimension::Phase, phase.code(), 1);
        }
        debug_assert!(Kind::ALL.len() == 4 && Attendance::ALL.len() == 4);
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
