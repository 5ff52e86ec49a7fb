//! A query without scores that supports `seek_danger` on any document.
//!
//! For excluded clauses, tantivy calls `seek_danger` with documents before the current one. Phrases
//! of tantivy 0.27 do not support that; the default implementation, which this wrapper uses, does.

use tantivy::{
    DocId, DocSet, Score, SegmentReader,
    query::{EnableScoring, Explanation, Query, Scorer, Weight},
};

/// Matches like another query, with a score of zero.
#[derive(Debug)]
pub(crate) struct UnscoredQuery(pub(crate) Box<dyn Query>);

impl Clone for UnscoredQuery {
    fn clone(&self) -> Self {
        Self(self.0.box_clone())
    }
}

impl Query for UnscoredQuery {
    fn weight(&self, scoring: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        let scoring = EnableScoring::disabled_from_schema(scoring.schema());
        Ok(Box::new(UnscoredWeight(self.0.weight(scoring)?)))
    }
}

struct UnscoredWeight(Box<dyn Weight>);

impl Weight for UnscoredWeight {
    fn scorer(&self, reader: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        Ok(Box::new(UnscoredScorer(self.0.scorer(reader, boost)?)))
    }

    fn explain(&self, reader: &SegmentReader, doc: DocId) -> tantivy::Result<Explanation> {
        self.0.explain(reader, doc)
    }
}

struct UnscoredScorer(Box<dyn Scorer>);

impl DocSet for UnscoredScorer {
    fn advance(&mut self) -> DocId {
        self.0.advance()
    }

    fn seek(&mut self, target: DocId) -> DocId {
        self.0.seek(target)
    }

    fn doc(&self) -> DocId {
        self.0.doc()
    }

    fn size_hint(&self) -> u32 {
        self.0.size_hint()
    }

    fn cost(&self) -> u64 {
        self.0.cost()
    }
}

impl Scorer for UnscoredScorer {
    fn score(&mut self) -> Score {
        0.0
    }
}
