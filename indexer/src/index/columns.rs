//! The columns of one segment, opened once per generation.

use tantivy::{
    DocId, SegmentReader,
    columnar::{Column, StrColumn},
};

/// The columns of one segment.
#[derive(Clone)]
pub(super) struct Columns {
    pub(super) id: Column<u64>,
    pub(super) kind: Column<u64>,
    pub(super) form: Column<u64>,
    pub(super) themes: Column<u64>,
    pub(super) communities: Column<u64>,
    pub(super) organisations: Column<u64>,
    pub(super) audiences: Column<u64>,
    pub(super) people: Column<u64>,
    pub(super) organisation_kinds: Column<u64>,
    pub(super) layers: Column<u64>,
    pub(super) language: Column<u64>,
    pub(super) attendance: Column<u64>,
    pub(super) dated: Column<i64>,
    pub(super) ends: Column<i64>,
    pub(super) year: Column<i64>,
    pub(super) sources: Column<u64>,
    pub(super) title_order: Option<StrColumn>,
}

impl Columns {
    pub(super) fn open(segment: &SegmentReader) -> tantivy::Result<Self> {
        let fast = segment.fast_fields();
        let max_doc = segment.max_doc();
        // A segment in which no document has a value lacks the column altogether.
        let codes = |name: &str| -> tantivy::Result<Column<u64>> {
            Ok(fast.column_opt(name)?.unwrap_or_else(|| Column::build_empty_column(max_doc)))
        };
        let numbers = |name: &str| -> tantivy::Result<Column<i64>> {
            Ok(fast.column_opt(name)?.unwrap_or_else(|| Column::build_empty_column(max_doc)))
        };
        Ok(Self {
            id: codes("id")?,
            kind: codes("kind")?,
            form: codes("form")?,
            themes: codes("themes")?,
            communities: codes("communities")?,
            organisations: codes("organisations")?,
            audiences: codes("audiences")?,
            people: codes("people")?,
            organisation_kinds: codes("organisation_kinds")?,
            layers: codes("layers")?,
            language: codes("language")?,
            attendance: codes("attendance")?,
            dated: numbers("dated")?,
            ends: numbers("ends")?,
            year: numbers("year")?,
            sources: codes("sources")?,
            title_order: fast.str("title_order")?,
        })
    }

    /// The id of a document, as bits.
    pub(super) fn id(&self, doc: DocId) -> u64 {
        self.id.first(doc).unwrap_or_default()
    }
}
