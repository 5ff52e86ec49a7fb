//! The facet values of one segment, decoded once: every value of every dimension has an ordinal,
//! and every document the list of its ordinals, so that counting is adding one at a place.

use std::{collections::HashSet, ops::Range};

use schema::Kind;
use tantivy::{DocId, SegmentReader, columnar::Column};

use super::{
    columns::{Columns, column},
    filter::{DIMENSIONS, Dimension, FORM_DIMENSIONS, year_value},
};

/// The facet values of one segment. Phases are not among them: they pass with time.
pub(super) struct FacetOrdinals {
    /// The value behind each ordinal; those of one dimension lie together, in their order.
    values: Vec<u64>,
    /// The first ordinal of each dimension, and behind the last one the end.
    begins: [u32; DIMENSIONS + 1],
    /// Where the list of each document ends in `lists`; it begins where the one before it ends.
    ends: Vec<u32>,
    lists: Vec<u32>,
    event: Option<u32>,
}

/// Counts of one segment by dimension: values, each once, and how many documents have it.
pub(super) type ValueCounts = [Vec<(u64, u64)>; DIMENSIONS];

impl FacetOrdinals {
    pub(super) fn read(segment: &SegmentReader, columns: &Columns) -> tantivy::Result<Self> {
        let source = Source::open(segment, columns)?;
        let mut distinct: [HashSet<u64>; DIMENSIONS] = Default::default();
        for doc in 0..segment.max_doc() {
            source.each(doc, |dimension, value| {
                distinct[dimension as usize].insert(value);
            });
        }
        let mut values = Vec::new();
        let mut begins = [0; DIMENSIONS + 1];
        for (dimension, distinct) in distinct.into_iter().enumerate() {
            let mut sorted: Vec<_> = distinct.into_iter().collect();
            sorted.sort_unstable();
            values.append(&mut sorted);
            begins[dimension + 1] = ordinal(values.len());
        }
        let ends = Vec::with_capacity(segment.max_doc() as usize);
        let mut read = Self { values, begins, ends, lists: Vec::new(), event: None };
        for doc in 0..segment.max_doc() {
            source.each(doc, |dimension, value| {
                let ordinal = read.ordinal(dimension, value).expect("it was just collected");
                read.lists.push(ordinal);
            });
            read.ends.push(ordinal(read.lists.len()));
        }
        read.lists.shrink_to_fit();
        read.event = read.ordinal(Dimension::Kind, Kind::Event.code());
        Ok(read)
    }

    /// The ordinals of a document, in the order of their dimensions.
    pub(super) fn of(&self, doc: DocId) -> &[u32] {
        let doc = doc as usize;
        let begin = doc.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.lists[begin as usize..self.ends[doc] as usize]
    }

    /// The ordinal of a value; `None` where no document of the segment has it.
    pub(super) fn ordinal(&self, dimension: Dimension, value: u64) -> Option<u32> {
        let range = self.range(dimension as usize);
        let place = self.values[range.start as usize..range.end as usize].binary_search(&value);
        place.ok().map(|place| range.start + ordinal(place))
    }

    /// The ordinals of a dimension, by its number.
    pub(super) fn range(&self, dimension: usize) -> Range<u32> {
        self.begins[dimension]..self.begins[dimension + 1]
    }

    /// The dimension, as a number, and the value behind an ordinal.
    pub(super) fn value(&self, ordinal: u32) -> (usize, u64) {
        let beyond = self.begins.partition_point(|begin| *begin <= ordinal);
        (beyond - 1, self.values[ordinal as usize])
    }

    /// How many ordinals there are.
    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether a list is that of an event.
    pub(super) fn is_event(&self, list: &[u32]) -> bool {
        self.event.is_some() && list.first().copied() == self.event
    }

    /// What counts by ordinal come to.
    pub(super) fn counted(&self, counts: &[u32]) -> ValueCounts {
        std::array::from_fn(|dimension| {
            let range = self.begins[dimension] as usize..self.begins[dimension + 1] as usize;
            let pairs = self.values[range.clone()].iter().zip(&counts[range]);
            pairs.filter(|(_, n)| **n > 0).map(|(value, n)| (*value, u64::from(*n))).collect()
        })
    }
}

/// Ordinals and places in lists stay far below: a segment has at most 2^31 documents, and memory
/// ends before their facet values come to 2^32.
fn ordinal(place: usize) -> u32 {
    u32::try_from(place).expect("fewer facet values in a segment than 2^32")
}

/// The columns that facet values are read from.
struct Source<'a> {
    columns: &'a Columns,
    sets: Vec<(Dimension, Column<u64>)>,
    year: Column<i64>,
}

impl<'a> Source<'a> {
    fn open(segment: &SegmentReader, columns: &'a Columns) -> tantivy::Result<Self> {
        let set = |dimension, name| Ok((dimension, column(segment, name)?));
        let sets: tantivy::Result<Vec<_>> = [
            set(Dimension::Theme, "themes"),
            set(Dimension::Community, "communities"),
            set(Dimension::Organisation, "organisations"),
            set(Dimension::OrganisationKind, "organisation_kinds"),
            set(Dimension::Layer, "layers"),
            set(Dimension::Audience, "audiences"),
            set(Dimension::Language, "language"),
            set(Dimension::Attendance, "attendance"),
        ]
        .into_iter()
        .collect();
        Ok(Self { columns, sets: sets?, year: column(segment, "year")? })
    }

    /// The values of one document, in the order of their dimensions.
    fn each(&self, doc: DocId, mut give: impl FnMut(Dimension, u64)) {
        let kind = self.columns.kind.first(doc);
        if let Some(kind) = kind {
            give(Dimension::Kind, kind);
        }
        for (of, dimension) in FORM_DIMENSIONS {
            if kind == Some(of.code()) {
                self.columns.form.values_for_doc(doc).for_each(|form| give(dimension, form));
            }
        }
        for (dimension, column) in &self.sets {
            column.values_for_doc(doc).for_each(|value| give(*dimension, value));
        }
        if let Some(year) = self.year.first(doc) {
            give(Dimension::Year, year_value(year));
        }
    }
}
