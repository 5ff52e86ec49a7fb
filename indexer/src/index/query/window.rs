//! Scores and matched words of consecutive documents, to which the postings of terms are added.

use tantivy::{DocId, TERMINATED};

use super::word_set::MatchedWords;

/// Maximum number of documents in a window; the values of all of them fit into a processor's cache.
const WINDOW: usize = 2_048;
/// Number of documents per chunk: one bit each.
const CHUNK: usize = u64::BITS as usize;
/// A chunk with more documents than this is processed as a whole.
const SPARSE_MAX: u32 = 16;

/// Scores and matched words of consecutive documents.
pub(super) struct Window {
    base: DocId,
    /// The documents that were added, as bits: by chunk.
    added: Vec<u64>,
    /// Sums of scores by offset; empty if scores are not needed. A score has 24 bits, so its sum
    /// with others does not depend on their order.
    sums: Vec<f64>,
    words: Vec<MatchedWords>,
    /// Frequencies of the current term as a component, by offset.
    component_freqs: Vec<f32>,
    /// Documents with the current term as a component.
    components: Vec<DocId>,
}

impl Window {
    /// A window over a segment of `max_doc` documents, with or without scores.
    pub(super) fn new(max_doc: DocId, scores: Scores) -> Self {
        let documents = WINDOW.min((max_doc as usize).next_multiple_of(CHUNK));
        let with_sum = if scores == Scores::Needed { documents } else { 0 };
        Self {
            base: 0,
            added: vec![0; documents / CHUNK],
            sums: vec![0.0; with_sum],
            words: vec![MatchedWords::default(); documents],
            component_freqs: vec![0.0; with_sum],
            components: Vec::new(),
        }
    }

    /// Empties the window, and moves it.
    pub(super) fn move_to(&mut self, base: DocId) {
        self.base = base;
        for (chunk, added) in self.added.iter_mut().enumerate().filter(|(_, added)| **added != 0) {
            let offsets = chunk * CHUNK..(chunk + 1) * CHUNK;
            if let Some(sums) = self.sums.get_mut(offsets.clone()) {
                sums.fill(0.0);
            }
            self.words[offsets].fill(MatchedWords::default());
            *added = 0;
        }
    }

    pub(super) fn base(&self) -> DocId {
        self.base
    }

    /// The first document after the window.
    pub(super) fn end(&self) -> DocId {
        let documents = DocId::try_from(self.words.len()).unwrap_or(TERMINATED);
        self.base.saturating_add(documents).min(TERMINATED)
    }

    pub(super) fn is_scored(&self) -> bool {
        !self.sums.is_empty()
    }

    fn offset(&self, doc: DocId) -> usize {
        (doc - self.base) as usize
    }

    pub(super) fn add(&mut self, doc: DocId, score: f32, words: MatchedWords) {
        let offset = self.offset(doc);
        if let Some(sum) = self.sums.get_mut(offset) {
            *sum += f64::from(score);
        }
        self.add_words(doc, words);
    }

    pub(super) fn add_words(&mut self, doc: DocId, words: MatchedWords) {
        let offset = self.offset(doc);
        self.words[offset] |= words;
        self.added[offset / CHUNK] |= 1 << (offset % CHUNK);
    }

    /// Stores the frequency of the current term as a component.
    pub(super) fn add_component(&mut self, doc: DocId, freq: f32) {
        let offset = self.offset(doc);
        self.component_freqs[offset] = freq;
        self.components.push(doc);
    }

    /// Removes the frequency of the current term as a component; 0 if there is none.
    pub(super) fn take_component(&mut self, doc: DocId) -> f32 {
        let offset = self.offset(doc);
        std::mem::take(&mut self.component_freqs[offset])
    }

    /// Removes a document with the current term as a component only, and its frequency.
    pub(super) fn next_component(&mut self) -> Option<(DocId, f32)> {
        while let Some(doc) = self.components.pop() {
            let freq = self.take_component(doc);
            if freq > 0.0 {
                return Some((doc, freq));
            }
        }
        None
    }

    /// The documents that were added and have at least this sum of scores.
    pub(super) fn find(&self, sum_min: f64, found: &mut Vec<DocId>) {
        found.clear();
        let chunks = self.added.iter().zip((0..).step_by(CHUNK)).zip((self.base..).step_by(CHUNK));
        for ((added, first), base) in chunks.filter(|((added, _), _)| **added != 0) {
            let sums = self.sums.get(first..first + CHUNK).unwrap_or_default();
            // Most chunks have no such document, which is found without a branch per document.
            if added.count_ones() > SPARSE_MAX
                && self.is_scored()
                && sums.iter().map(|sum| u32::from(*sum >= sum_min)).sum::<u32>() == 0
            {
                continue;
            }
            let mut rest = *added;
            while rest != 0 {
                let offset = rest.trailing_zeros();
                rest &= rest - 1;
                if sums.get(offset as usize).is_none_or(|sum| *sum >= sum_min) {
                    found.push(base + offset);
                }
            }
        }
    }

    /// The sum of the scores of a document; 0 without scores.
    pub(super) fn sum(&self, doc: DocId) -> f64 {
        self.sums.get(self.offset(doc)).copied().unwrap_or_default()
    }

    pub(super) fn words(&self, doc: DocId) -> MatchedWords {
        self.words[self.offset(doc)]
    }
}

/// Whether a pass over documents computes scores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scores {
    Needed,
    NotNeeded,
}
