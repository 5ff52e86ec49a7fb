//! The facet values of one segment, decoded once. Every value of every facet has an ordinal, and
//! every document has a list of ordinals, so that counting takes one addition per ordinal.

use std::{collections::HashSet, ops::Range};

use schema::{ColumnValue, Facet, Kind};
use tantivy::{DocId, SegmentReader, columnar::Column};

use super::{fast_fields::column, schema::IndexSchema};

/// The facet values of one segment, except phases, which change over time.
pub(super) struct FacetOrdinals {
    /// The value of each ordinal, sorted by facet and value.
    values: Vec<u64>,
    /// First ordinal of each facet, followed by the end of the last one.
    facet_starts: [u32; Facet::COUNT + 1],
    /// End of the list of each document in `lists`; a list starts where the previous one ends.
    list_ends: Vec<u32>,
    lists: Vec<u32>,
    event_ordinal: Option<u32>,
}

/// Distinct values by facet, each with its number of documents.
pub(super) type ValueCounts = [Vec<(u64, u64)>; Facet::COUNT];

impl FacetOrdinals {
    pub(super) fn decode(segment: &SegmentReader, schema: &IndexSchema) -> tantivy::Result<Self> {
        let facet_fields = FacetColumns::open(segment, schema)?;
        let mut distinct: [HashSet<u64>; Facet::COUNT] = Default::default();
        for doc in 0..segment.max_doc() {
            facet_fields.visit_values(doc, |facet, value| {
                distinct[facet as usize].insert(value);
            });
        }
        let mut values = Vec::new();
        let mut facet_starts = [0; Facet::COUNT + 1];
        for (facet, distinct) in distinct.into_iter().enumerate() {
            let mut sorted: Vec<_> = distinct.into_iter().collect();
            sorted.sort_unstable();
            values.append(&mut sorted);
            facet_starts[facet + 1] = ordinal(values.len());
        }
        let list_ends = Vec::with_capacity(segment.max_doc() as usize);
        let mut decoded =
            Self { values, facet_starts, list_ends, lists: Vec::new(), event_ordinal: None };
        for doc in 0..segment.max_doc() {
            facet_fields.visit_values(doc, |facet, value| {
                let ordinal =
                    decoded.ordinal(facet, value).expect("every value was collected above");
                decoded.lists.push(ordinal);
            });
            decoded.list_ends.push(ordinal(decoded.lists.len()));
        }
        decoded.lists.shrink_to_fit();
        decoded.event_ordinal = decoded.ordinal(Facet::Kind, Kind::Event.code());
        Ok(decoded)
    }

    /// The ordinals of a document; the first one is that of its kind.
    pub(super) fn of_doc(&self, doc: DocId) -> &[u32] {
        let doc = doc as usize;
        let begin = doc.checked_sub(1).map_or(0, |before| self.list_ends[before]);
        &self.lists[begin as usize..self.list_ends[doc] as usize]
    }

    /// The ordinal of a value; `None` if no document of the segment has it.
    pub(super) fn ordinal(&self, facet: Facet, value: u64) -> Option<u32> {
        let range = self.range(facet as usize);
        let index = self.values[range.start as usize..range.end as usize].binary_search(&value);
        index.ok().map(|index| range.start + ordinal(index))
    }

    /// The ordinals of a facet, by its index.
    pub(super) fn range(&self, facet: usize) -> Range<u32> {
        self.facet_starts[facet]..self.facet_starts[facet + 1]
    }

    /// Index of the facet and code of the value of an ordinal.
    pub(super) fn value(&self, ordinal: u32) -> (usize, u64) {
        let next_facet = self.facet_starts.partition_point(|start| *start <= ordinal);
        (next_facet - 1, self.values[ordinal as usize])
    }

    /// Number of ordinals.
    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether a list belongs to an event.
    pub(super) fn is_event(&self, list: &[u32]) -> bool {
        self.event_ordinal.is_some() && list.first().copied() == self.event_ordinal
    }

    /// Converts counts by ordinal to counts by facet and value.
    pub(super) fn counts_by_facet(&self, counts: &[u32]) -> ValueCounts {
        std::array::from_fn(|facet| {
            let range = self.facet_starts[facet] as usize..self.facet_starts[facet + 1] as usize;
            let pairs = self.values[range.clone()].iter().zip(&counts[range]);
            pairs.filter(|(_, n)| **n > 0).map(|(value, n)| (*value, u64::from(*n))).collect()
        })
    }
}

/// Converts an index to an ordinal. A segment has at most 2^31 documents, and memory is exhausted
/// before there are 2^32 facet values.
fn ordinal(index: usize) -> u32 {
    u32::try_from(index).expect("a segment has fewer than 2^32 facet values")
}

/// The columns that contain facet values.
struct FacetColumns {
    kind: Column<u64>,
    columns: Vec<(Facet, Column<u64>)>,
    year: Column<i64>,
}

impl FacetColumns {
    fn open(segment: &SegmentReader, schema: &IndexSchema) -> tantivy::Result<Self> {
        let columns = Facet::ALL
            .iter()
            .filter_map(|facet| Some((*facet, schema.facet_field(*facet)?)))
            .map(|(facet, field)| {
                Ok((facet, column(segment, segment.schema().get_field_name(field))?))
            });
        Ok(Self {
            kind: column(segment, "kind")?,
            columns: columns.collect::<tantivy::Result<_>>()?,
            year: column(segment, "year")?,
        })
    }

    /// Visits the facet values of a document, starting with its kind.
    fn visit_values(&self, doc: DocId, mut visit: impl FnMut(Facet, u64)) {
        let kind = self.kind.first(doc);
        for (facet, column) in &self.columns {
            if facet.form_of().is_none_or(|form_kind| kind == Some(form_kind.code())) {
                column.values_for_doc(doc).for_each(|value| visit(*facet, value));
            }
        }
        if let Some(year) = self.year.first(doc) {
            visit(Facet::Year, year.cast_unsigned());
        }
    }
}
