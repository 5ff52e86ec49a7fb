//! The columns of one segment, opened once per generation.

use tantivy::{
    DocId, SegmentReader,
    columnar::{Column, HasAssociatedColumnType, StrColumn},
};

/// The columns of one segment that a search reads document by document. Facets are counted, and
/// most filters tested, on [`FacetOrdinals`](super::facet_ordinals::FacetOrdinals).
#[derive(Clone)]
pub(super) struct FastFields {
    pub(super) id: Column<u64>,
    pub(super) kind: Column<u64>,
    pub(super) form: Column<u64>,
    pub(super) people: Column<u64>,
    pub(super) dated: Column<i64>,
    pub(super) published: Column<i64>,
    pub(super) ends: Column<i64>,
    pub(super) sources: Column<u64>,
    pub(super) title_order: Option<StrColumn>,
    /// `None` if the segment has no near-duplicates.
    group: Option<Column<u64>>,
}

impl FastFields {
    pub(super) fn open(segment: &SegmentReader) -> tantivy::Result<Self> {
        Ok(Self {
            id: column(segment, "id")?,
            kind: column(segment, "kind")?,
            form: column(segment, "form")?,
            people: column(segment, "people")?,
            dated: column(segment, "dated")?,
            published: column(segment, "published")?,
            ends: column(segment, "ends")?,
            sources: column(segment, "sources")?,
            title_order: segment.fast_fields().str("title_order")?,
            group: segment.fast_fields().column_opt("group")?,
        })
    }

    /// The group of near-duplicates of a document; `None` for most documents.
    pub(super) fn group(&self, doc: DocId) -> Option<u64> {
        self.group.as_ref()?.first(doc)
    }

    /// The id of a document, as bits.
    pub(super) fn id(&self, doc: DocId) -> u64 {
        self.id.first(doc).unwrap_or_default()
    }
}

/// Opens a column. Without values in any document, the segment has no such column.
pub(super) fn column<T>(segment: &SegmentReader, name: &str) -> tantivy::Result<Column<T>>
where
    T: HasAssociatedColumnType
        + PartialOrd
        + Copy
        + Send
        + Sync
        + Default
        + std::fmt::Debug
        + 'static,
    tantivy::columnar::DynamicColumn: Into<Option<Column<T>>>,
{
    let column = segment.fast_fields().column_opt(name)?;
    Ok(column.unwrap_or_else(|| Column::build_empty_column(segment.max_doc())))
}
