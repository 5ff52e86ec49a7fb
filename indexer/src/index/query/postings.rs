//! The postings of one query term in one segment. Terms are read block by block; a phrase is tested
//! only in documents that contain all of its terms.

use std::sync::Arc;

use schema::MatchClass;
use tantivy::{
    DocId, DocSet, SegmentReader, TERMINATED,
    fieldnorm::FieldNormReader,
    postings::{BlockSegmentPostings, Postings, SegmentPostings},
    schema::IndexRecordOption,
};

use super::{
    index_term::IndexTerm,
    score_bounds::ScoreBound,
    scorer::{COMPONENT_FREQ, FIELDNORM_IDS, K1, Norms, QueryTerm},
    window::Window,
    word_set::{MatchedWords, WordSet},
};

/// Cost of testing a document for a phrase, in postings of a term.
const PHRASE_COST: usize = 8;

/// The postings of one query term in one segment.
pub(crate) struct PostingsCursor {
    postings: TermOrPhrase,
    scores: TermScores,
    class: MatchClass,
    pub(super) words: WordSet,
    /// Whether it matches documents that other terms of the same words may not match.
    pub(super) adds_matches: bool,
    /// Number of postings.
    pub(super) doc_freq: usize,
    /// Number of postings of which the scores were computed.
    postings_scored: usize,
}

enum TermOrPhrase {
    /// A term as a whole word, and as a component.
    Term(Option<TermPostings>, Option<TermPostings>),
    Phrase(Box<PhrasePostings>),
}

impl PostingsCursor {
    /// Opens the postings; `None` if the segment has none.
    pub(crate) fn open(
        segment: &SegmentReader,
        query_term: &QueryTerm,
        norms: &Norms,
    ) -> tantivy::Result<Option<Self>> {
        let postings = if let [term] = query_term.terms.as_slice() {
            let open = |term: &IndexTerm| TermPostings::open(segment, term);
            let component = query_term.component.as_ref().map(open).transpose()?.flatten();
            TermOrPhrase::Term(open(term)?, component)
        } else {
            let Some(phrase) = PhrasePostings::open(segment, &query_term.terms)? else {
                return Ok(None);
            };
            TermOrPhrase::Phrase(Box::new(phrase))
        };
        let doc_freq = match &postings {
            TermOrPhrase::Term(whole, component) => {
                [whole, component].into_iter().flatten().map(TermPostings::doc_freq).sum()
            }
            TermOrPhrase::Phrase(phrase) => phrase.doc_freq_max(),
        };
        let QueryTerm { field, words, class, adds_matches, .. } = *query_term;
        let mut terms = query_term.terms.iter().chain(&query_term.component);
        let start = terms.find_map(|term| term.postings_start(segment));
        let key = (segment.segment_id(), field, start.unwrap_or_default());
        let scores = TermScores {
            fieldnorms: segment.fieldnorms_readers().get_field(field)?,
            norms: norms.for_field(field),
            weight: query_term.weight * (K1 + 1.0),
            highest: 0.0,
            bound: match &postings {
                TermOrPhrase::Term(..) => norms.bounds.of_term(key, doc_freq),
                TermOrPhrase::Phrase(_) => ScoreBound::default(),
            },
        };
        let cursor =
            Self { postings, scores, class, words, adds_matches, doc_freq, postings_scored: 0 };
        Ok((doc_freq > 0).then_some(cursor))
    }

    /// Upper bound of the score for a document.
    pub(super) fn score_max(&self) -> f64 {
        let share = match &self.postings {
            TermOrPhrase::Term(..) => self.scores.bound.get(),
            // A phrase counts once, whatever the length of the text.
            TermOrPhrase::Phrase(_) => 1.0 / (1.0 + self.scores.norms[0]),
        };
        f64::from(self.scores.weight * share)
    }

    /// Cost of reading all postings, in postings of a term.
    pub(super) fn cost(&self) -> usize {
        match &self.postings {
            TermOrPhrase::Term(..) => self.doc_freq,
            TermOrPhrase::Phrase(_) => self.doc_freq * PHRASE_COST,
        }
    }

    /// Stores the highest score if all postings were read.
    pub(super) fn finish(&self) {
        if self.postings_scored == self.doc_freq {
            self.scores.bound.set(self.scores.highest);
        }
    }

    /// The next document that may match.
    pub(super) fn doc(&self) -> DocId {
        match &self.postings {
            TermOrPhrase::Term(whole, component) => {
                let docs = [whole, component].into_iter().flatten().map(TermPostings::doc);
                docs.min().unwrap_or(TERMINATED)
            }
            TermOrPhrase::Phrase(phrase) => phrase.rarest.doc(),
        }
    }

    /// Moves to the first document at or after `target`.
    pub(super) fn seek(&mut self, target: DocId) {
        match &mut self.postings {
            TermOrPhrase::Term(whole, component) => {
                [whole, component].into_iter().flatten().for_each(|term| term.seek(target));
            }
            TermOrPhrase::Phrase(phrase) => seek(&mut phrase.rarest, target),
        }
    }

    /// The score for a document, and how closely it matches; `None` without a match. Documents
    /// must be in ascending order.
    pub(crate) fn score_at(&mut self, doc: DocId) -> Option<(f32, MatchClass)> {
        let (term_freq, class) = match &mut self.postings {
            TermOrPhrase::Term(whole, component) => {
                let freq_at = |postings: &mut Option<TermPostings>| {
                    postings.as_mut().map_or(0.0, |postings| postings.freq_at(doc))
                };
                let (whole, component) = (freq_at(whole), freq_at(component));
                let class = if whole > 0.0 { self.class } else { MatchClass::Wider };
                (whole + COMPONENT_FREQ * component, class)
            }
            TermOrPhrase::Phrase(phrase) => (f32::from(phrase.matches(doc)), self.class),
        };
        (term_freq > 0.0).then(|| (self.scores.score(doc, term_freq), class))
    }

    /// Adds the matches of some documents of a window.
    pub(super) fn add_at(&mut self, docs: &[DocId], window: &mut Window) {
        for doc in docs {
            if let Some((score, class)) = self.score_at(*doc) {
                window.add(*doc, score, MatchedWords::new(self.words, class));
            }
        }
    }

    /// Adds the words of all documents of a window, and their scores if they are needed.
    pub(super) fn add_all(&mut self, window: &mut Window) {
        let exact = MatchedWords::new(self.words, self.class);
        let wider = MatchedWords::new(self.words, MatchClass::Wider);
        let (scores, end) = (&mut self.scores, window.end());
        match &mut self.postings {
            TermOrPhrase::Phrase(phrase) => phrase.visit_until(end, |doc| {
                window.add(doc, scores.score(doc, 1.0), exact);
            }),
            TermOrPhrase::Term(whole, component) if !window.is_scored() => {
                for (term, words) in [(whole, exact), (component, wider)] {
                    if let Some(term) = term {
                        term.visit_until(end, |doc, _| window.add_words(doc, words));
                    }
                }
            }
            TermOrPhrase::Term(None, None) => {}
            TermOrPhrase::Term(Some(whole), None) => {
                self.postings_scored += whole.visit_until(end, |doc, freq| {
                    window.add(doc, scores.score(doc, freq), exact);
                });
            }
            TermOrPhrase::Term(whole, Some(component)) => {
                self.postings_scored += component.visit_until(end, |doc, freq| {
                    window.add_component(doc, COMPONENT_FREQ * freq);
                });
                if let Some(whole) = whole {
                    self.postings_scored += whole.visit_until(end, |doc, freq| {
                        let component = window.take_component(doc);
                        window.add(doc, scores.score(doc, freq + component), exact);
                    });
                }
                while let Some((doc, freq)) = window.next_component() {
                    window.add(doc, scores.score(doc, freq), wider);
                }
            }
        }
    }
}

/// Computes the scores of a term.
struct TermScores {
    /// Lengths of the field; `None` for a field of codes.
    fieldnorms: Option<FieldNormReader>,
    norms: Arc<[f32; FIELDNORM_IDS]>,
    weight: f32,
    /// The highest score that was computed, as a share of the weight.
    highest: f32,
    bound: ScoreBound,
}

impl TermScores {
    fn score(&mut self, doc: DocId, term_freq: f32) -> f32 {
        let length = self.fieldnorms.as_ref().map(|lengths| lengths.fieldnorm_id(doc));
        let norm = length.map_or(K1, |length| self.norms[usize::from(length)]);
        let share = term_freq / (term_freq + norm);
        self.highest = self.highest.max(share);
        self.weight * share
    }
}

/// The postings of a term, without positions.
struct TermPostings {
    blocks: Box<BlockSegmentPostings>,
    /// Index in the current block.
    index: usize,
}

impl TermPostings {
    fn open(segment: &SegmentReader, term: &IndexTerm) -> tantivy::Result<Option<Self>> {
        let blocks = term.blocks(segment, IndexRecordOption::WithFreqs)?;
        Ok(blocks.map(|blocks| Self { blocks: Box::new(blocks), index: 0 }))
    }

    fn doc_freq(&self) -> usize {
        self.blocks.doc_freq() as usize
    }

    fn doc(&self) -> DocId {
        self.blocks.docs().get(self.index).copied().unwrap_or(TERMINATED)
    }

    fn seek(&mut self, target: DocId) {
        if self.doc() < target {
            self.index = self.blocks.seek(target);
        }
    }

    /// The frequency in a document; 0 without a match.
    fn freq_at(&mut self, doc: DocId) -> f32 {
        self.seek(doc);
        if self.doc() == doc { freq(&self.blocks, self.index) } else { 0.0 }
    }

    /// Visits the documents before `end`, with their frequencies. Returns their number.
    fn visit_until(&mut self, end: DocId, mut visit: impl FnMut(DocId, f32)) -> usize {
        let mut visited = 0;
        loop {
            let docs = self.blocks.docs();
            let rest = docs.get(self.index..).unwrap_or_default();
            let Some(last) = rest.last() else { return visited };
            let is_whole = *last < end;
            let count = if is_whole { rest.len() } else { rest.partition_point(|doc| *doc < end) };
            for (doc, index) in rest[..count].iter().zip(self.index..) {
                visit(*doc, freq(&self.blocks, index));
            }
            visited += count;
            if !is_whole {
                self.index += count;
                return visited;
            }
            self.blocks.advance();
            self.index = 0;
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a text has fewer than 2^24 words")]
fn freq(blocks: &BlockSegmentPostings, index: usize) -> f32 {
    blocks.freq(index) as f32
}

/// The postings of the terms of a phrase.
struct PhrasePostings {
    /// The postings of the term in the fewest documents, and its offset in the phrase.
    rarest: SegmentPostings,
    rarest_offset: u32,
    others: Vec<(u32, SegmentPostings)>,
    /// Positions at which the phrase may begin, and positions of a term.
    starts: Vec<u32>,
    positions: Vec<u32>,
}

impl PhrasePostings {
    /// Opens the postings; `None` if the segment has no postings of a term.
    fn open(segment: &SegmentReader, terms: &[IndexTerm]) -> tantivy::Result<Option<Self>> {
        let mut others = Vec::with_capacity(terms.len());
        for (offset, term) in (0..).zip(terms) {
            let postings = term.postings(segment, IndexRecordOption::WithFreqsAndPositions)?;
            let Some(postings) = postings else { return Ok(None) };
            others.push((offset, postings));
        }
        others.sort_by_key(|(_, postings)| postings.doc_freq());
        if others.is_empty() {
            return Ok(None);
        }
        let (rarest_offset, rarest) = others.remove(0);
        let (starts, positions) = (Vec::new(), Vec::new());
        Ok(Some(Self { rarest, rarest_offset, others, starts, positions }))
    }

    fn doc_freq_max(&self) -> usize {
        self.rarest.doc_freq() as usize
    }

    /// Whether a document contains the phrase.
    fn matches(&mut self, doc: DocId) -> bool {
        seek(&mut self.rarest, doc);
        if self.rarest.doc() != doc {
            return false;
        }
        for (_, postings) in &mut self.others {
            seek(postings, doc);
            if postings.doc() != doc {
                return false;
            }
        }
        self.rarest.positions(&mut self.starts);
        let offset = self.rarest_offset;
        self.starts.retain_mut(|position| {
            let start = position.checked_sub(offset);
            *position = start.unwrap_or_default();
            start.is_some()
        });
        for (offset, postings) in &mut self.others {
            postings.positions(&mut self.positions);
            let positions = &self.positions;
            self.starts.retain(|start| positions.binary_search(&(start + *offset)).is_ok());
        }
        !self.starts.is_empty()
    }

    /// Visits the documents with the phrase before `end`.
    fn visit_until(&mut self, end: DocId, mut visit: impl FnMut(DocId)) {
        while self.rarest.doc() < end {
            let doc = self.rarest.doc();
            if self.matches(doc) {
                visit(doc);
            }
            self.rarest.advance();
        }
    }
}

fn seek(postings: &mut SegmentPostings, target: DocId) {
    if postings.doc() < target {
        postings.seek(target);
    }
}
