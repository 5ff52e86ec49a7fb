//! Terms that were looked up in the term dictionary once, for all passes over their postings.

use tantivy::{
    Searcher, SegmentReader, Term,
    index::SegmentId,
    postings::{BlockSegmentPostings, SegmentPostings, TermInfo},
    schema::{Field, IndexRecordOption},
};

/// A term of a field, with the place of its postings in each segment.
#[derive(Debug, Clone)]
pub(crate) struct IndexTerm {
    pub(crate) term: Term,
    postings: Vec<(SegmentId, TermInfo)>,
}

impl IndexTerm {
    /// Looks up a term in all segments.
    pub(crate) fn find(searcher: &Searcher, field: Field, text: &str) -> tantivy::Result<Self> {
        let term = Term::from_field_text(field, text);
        let mut postings = Vec::new();
        for segment in searcher.segment_readers() {
            let info = segment.inverted_index(field)?.get_term_info(&term)?;
            postings.extend(info.map(|info| (segment.segment_id(), info)));
        }
        Ok(Self { term, postings })
    }

    /// Number of documents with the term.
    pub(crate) fn doc_freq(&self) -> u64 {
        self.postings.iter().map(|(_, info)| u64::from(info.doc_freq)).sum()
    }

    /// The postings in one segment; `None` if it has none.
    pub(crate) fn postings(
        &self,
        segment: &SegmentReader,
        option: IndexRecordOption,
    ) -> tantivy::Result<Option<SegmentPostings>> {
        let Some(info) = self.info(segment) else { return Ok(None) };
        let index = segment.inverted_index(self.term.field())?;
        Ok(Some(index.read_postings_from_terminfo(info, option)?))
    }

    /// The postings in one segment as blocks; `None` if it has none.
    pub(crate) fn blocks(
        &self,
        segment: &SegmentReader,
        option: IndexRecordOption,
    ) -> tantivy::Result<Option<BlockSegmentPostings>> {
        let Some(info) = self.info(segment) else { return Ok(None) };
        let index = segment.inverted_index(self.term.field())?;
        Ok(Some(index.read_block_postings_from_terminfo(info, option)?))
    }

    /// Where the postings in one segment begin; `None` if it has none.
    pub(crate) fn postings_start(&self, segment: &SegmentReader) -> Option<usize> {
        self.info(segment).map(|info| info.postings_range.start)
    }

    fn info(&self, segment: &SegmentReader) -> Option<&TermInfo> {
        let here = self.postings.iter().find(|(id, _)| *id == segment.segment_id());
        here.map(|(_, info)| info)
    }
}
