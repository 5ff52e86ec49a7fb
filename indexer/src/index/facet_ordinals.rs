//! The facet values of one segment, decoded once: every value of every dimension has an ordinal,
//! and every document the list of its ordinals, so that counting is adding one at a place.

use std::{collections::HashSet, ops::Range};

use schema::Kind;
use tantivy::{DocId, SegmentReader, columnar::Column};

use super::{
    fast_fields::{FastFields, column},
    filter::{DIMENSION_COUNT, Dimension, FORM_DIMENSIONS, year_value},
};

/// The facet values of one segment. Phases are not among them: they pass with time.
pub(super) struct FacetOrdinals {
    /// The value behind each ordinal; those of one dimension lie together, in their order.
    values: Vec<u64>,
    /// The first ordinal of each dimension, and behind the last one the end.
    dimension_starts: [u32; DIMENSION_COUNT + 1],
    /// Where the list of each document ends in `lists`; it begins where the one before it ends.
    list_ends: Vec<u32>,
    lists: Vec<u32>,
    event_ordinal: Option<u32>,
}

/// Counts of one segment by dimension: values, each once, and how many documents have it.
pub(super) type ValueCounts = [Vec<(u64, u64)>; DIMENSION_COUNT];

impl FacetOrdinals {
    pub(super) fn decode(
        segment: &SegmentReader,
        fast_fields: &FastFields,
    ) -> tantivy::Result<Self> {
        let facet_fields = FacetFastFields::open(segment, fast_fields)?;
        let mut distinct: [HashSet<u64>; DIMENSION_COUNT] = Default::default();
        for doc in 0..segment.max_doc() {
            facet_fields.visit_values(doc, |dimension, value| {
                distinct[dimension as usize].insert(value);
            });
        }
        let mut values = Vec::new();
        let mut dimension_starts = [0; DIMENSION_COUNT + 1];
        for (dimension, distinct) in distinct.into_iter().enumerate() {
            let mut sorted: Vec<_> = distinct.into_iter().collect();
            sorted.sort_unstable();
            values.append(&mut sorted);
            dimension_starts[dimension + 1] = ordinal(values.len());
        }
        let list_ends = Vec::with_capacity(segment.max_doc() as usize);
        let mut decoded =
            Self { values, dimension_starts, list_ends, lists: Vec::new(), event_ordinal: None };
        for doc in 0..segment.max_doc() {
            facet_fields.visit_values(doc, |dimension, value| {
                let ordinal =
                    decoded.ordinal(dimension, value).expect("every value was collected above");
                decoded.lists.push(ordinal);
            });
            decoded.list_ends.push(ordinal(decoded.lists.len()));
        }
        decoded.lists.shrink_to_fit();
        decoded.event_ordinal = decoded.ordinal(Dimension::Kind, Kind::Event.code());
        Ok(decoded)
    }

    /// The ordinals of a document, in the order of their dimensions.
    pub(super) fn of_doc(&self, doc: DocId) -> &[u32] {
        let doc = doc as usize;
        let begin = doc.checked_sub(1).map_or(0, |before| self.list_ends[before]);
        &self.lists[begin as usize..self.list_ends[doc] as usize]
    }

    /// The ordinal of a value; `None` where no document of the segment has it.
    pub(super) fn ordinal(&self, dimension: Dimension, value: u64) -> Option<u32> {
        let range = self.range(dimension as usize);
        let index = self.values[range.start as usize..range.end as usize].binary_search(&value);
        index.ok().map(|index| range.start + ordinal(index))
    }

    /// The ordinals of a dimension, by its number.
    pub(super) fn range(&self, dimension: usize) -> Range<u32> {
        self.dimension_starts[dimension]..self.dimension_starts[dimension + 1]
    }

    /// The dimension, as a number, and the value behind an ordinal.
    pub(super) fn value(&self, ordinal: u32) -> (usize, u64) {
        let next_dimension = self.dimension_starts.partition_point(|start| *start <= ordinal);
        (next_dimension - 1, self.values[ordinal as usize])
    }

    /// How many ordinals there are.
    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether a list is that of an event.
    pub(super) fn is_event(&self, list: &[u32]) -> bool {
        self.event_ordinal.is_some() && list.first().copied() == self.event_ordinal
    }

    /// What counts by ordinal come to.
    pub(super) fn counts_by_dimension(&self, counts: &[u32]) -> ValueCounts {
        std::array::from_fn(|dimension| {
            let range = self.dimension_starts[dimension] as usize
                ..self.dimension_starts[dimension + 1] as usize;
            let pairs = self.values[range.clone()].iter().zip(&counts[range]);
            pairs.filter(|(_, n)| **n > 0).map(|(value, n)| (*value, u64::from(*n))).collect()
        })
    }
}

/// Ordinals and places in lists stay far below: a segment has at most 2^31 documents, and memory
/// ends before their facet values come to 2^32.
fn ordinal(index: usize) -> u32 {
    u32::try_from(index).expect("a segment has fewer than 2^32 facet values")
}

/// The columns that facet values are read from.
struct FacetFastFields<'a> {
    fast_fields: &'a FastFields,
    sets: Vec<(Dimension, Column<u64>)>,
    year: Column<i64>,
}

impl<'a> FacetFastFields<'a> {
    fn open(segment: &SegmentReader, fast_fields: &'a FastFields) -> tantivy::Result<Self> {
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
        Ok(Self { fast_fields, sets: sets?, year: column(segment, "year")? })
    }

    /// The values of one document, in the order of their dimensions.
    fn visit_values(&self, doc: DocId, mut visit: impl FnMut(Dimension, u64)) {
        let kind = self.fast_fields.kind.first(doc);
        if let Some(kind) = kind {
            visit(Dimension::Kind, kind);
        }
        for (form_kind, dimension) in FORM_DIMENSIONS {
            if kind == Some(form_kind.code()) {
                self.fast_fields.form.values_for_doc(doc).for_each(|form| visit(dimension, form));
            }
        }
        for (dimension, column) in &self.sets {
            column.values_for_doc(doc).for_each(|value| visit(*dimension, value));
        }
        if let Some(year) = self.year.first(doc) {
            visit(Dimension::Year, year_value(year));
        }
    }
}
