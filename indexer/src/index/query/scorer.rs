//! How well documents fit the words of a question.
//!
//! The score of a document is a sum over terms and fields, each with a weight of its own:
//! `weight · tf · (K1 + 1) / (tf + K1 · (1 − B + B · length / average length))`. The sum is raised by
//! [`COORDINATION`] in proportion to how many of the words are there. Documents with too few of them
//! are left out. Postings are read window by window, each of them once.

use std::sync::Arc;

use tantivy::{
    DocId, DocSet, Score, Searcher, SegmentReader, TERMINATED, Term,
    fieldnorm::FieldNormReader,
    postings::{Postings, SegmentPostings},
    query::{EnableScoring, Explanation, PhraseQuery, Query, Scorer, Weight},
    schema::{Field, IndexRecordOption},
};

/// Beyond so many times, a word makes little difference.
const K1: f32 = 1.2;
/// How much the length of a text counts.
const B: f32 = 0.55;
/// What having all words adds to a score, as a share of it.
const COORDINATION: f32 = 0.5;
/// What puts a document with all words before all others: more than any sum.
pub(crate) const ALL_TERMS_BOOST: f32 = 1_000.0;
/// So many documents are scored at once.
const WINDOW: usize = 4_096;
/// Lengths are kept as one byte.
const FIELDNORM_IDS: usize = 256;

/// What is looked up in one field.
#[derive(Debug, Clone)]
pub(crate) struct QueryTerm {
    pub(crate) field: Field,
    /// One term, or several that stand one after another.
    pub(crate) terms: Vec<Term>,
    /// What it is worth, rareness included.
    pub(crate) weight: f32,
    /// For which words of the question, as bits.
    pub(crate) word_mask: u32,
}

/// Which documents are listed, and which come first.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct MatchRules {
    /// The words that count, as bits.
    pub(crate) required_mask: u32,
    /// A document has at least so many of them.
    pub(crate) min_should_match: u32,
    /// All of them, as bits.
    pub(crate) all_mask: u32,
    /// What documents with all words have on top.
    pub(crate) all_terms_boost: f32,
}

impl MatchRules {
    fn matches(&self, word_mask: u32) -> bool {
        word_mask != 0 && (word_mask & self.required_mask).count_ones() >= self.min_should_match
    }

    /// The score of a document with these words.
    pub(crate) fn score(&self, word_mask: u32, sum: f32) -> f32 {
        let boost =
            if word_mask & self.all_mask == self.all_mask { self.all_terms_boost } else { 0.0 };
        sum * self.coordination(word_mask) + boost
    }

    /// By how much a sum is raised.
    #[expect(clippy::cast_precision_loss, reason = "there are 32 words at most")]
    pub(crate) fn coordination(&self, word_mask: u32) -> f32 {
        let all_count = self.all_mask.count_ones().max(1) as f32;
        1.0 + COORDINATION * (word_mask & self.all_mask).count_ones() as f32 / all_count
    }
}

/// How lengths of fields weigh against term frequencies.
#[derive(Debug)]
pub(crate) struct Norms(Vec<(Vec<Field>, [f32; FIELDNORM_IDS])>);

impl Norms {
    /// Reads average lengths. Fields of one group hold the same thing in different languages.
    pub(crate) fn open(searcher: &Searcher, groups: &[&[Field]]) -> tantivy::Result<Self> {
        let doc_count = searcher.num_docs().max(1);
        let norms = |fields: &&[Field]| {
            let mut tokens = 0;
            for segment in searcher.segment_readers() {
                for field in *fields {
                    tokens += segment.inverted_index(*field)?.total_num_tokens();
                }
            }
            Ok((fields.to_vec(), norms(tokens, doc_count)))
        };
        Ok(Self(groups.iter().map(norms).collect::<tantivy::Result<_>>()?))
    }

    fn for_field(&self, field: Field) -> [f32; FIELDNORM_IDS] {
        let norms = self.0.iter().find(|(fields, _)| fields.contains(&field));
        norms.map_or([K1; FIELDNORM_IDS], |(_, norms)| *norms)
    }
}

#[expect(clippy::cast_precision_loss, reason = "an average needs no more digits")]
fn norms(tokens: u64, doc_count: u64) -> [f32; FIELDNORM_IDS] {
    let average = (tokens as f32 / doc_count as f32).max(1.0);
    let norm = |id| {
        let length = FieldNormReader::id_to_fieldnorm(id) as f32;
        K1 * (1.0 - B + B * length / average)
    };
    let mut norms = [0.0; FIELDNORM_IDS];
    for (id, value) in (0..=u8::MAX).zip(&mut norms) {
        *value = norm(id);
    }
    norms
}

/// How rare what `found` of `documents` have is.
#[expect(clippy::cast_precision_loss, reason = "a logarithm needs no more digits")]
pub(crate) fn idf(doc_freq: u64, doc_count: u64) -> f32 {
    let doc_freq = doc_freq.min(doc_count) as f32;
    (1.0 + (doc_count as f32 - doc_freq + 0.5) / (doc_freq + 0.5)).ln()
}

/// Finds and scores documents by lookups.
#[derive(Debug, Clone)]
pub(crate) struct TermsQuery {
    pub(crate) terms: Arc<[QueryTerm]>,
    pub(crate) norms: Arc<Norms>,
    pub(crate) rules: MatchRules,
}

impl Query for TermsQuery {
    fn weight(&self, _: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        Ok(Box::new(TermsWeight(self.clone())))
    }
}

struct TermsWeight(TermsQuery);

impl Weight for TermsWeight {
    fn scorer(&self, reader: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        let TermsQuery { terms, norms, rules } = &self.0;
        let mut cursors = Vec::with_capacity(terms.len());
        for query_term in &**terms {
            cursors.extend(PostingsCursor::open(reader, query_term, norms)?);
        }
        let mut scorer = TermsScorer {
            cursors,
            rules: *rules,
            boost,
            base: 0,
            doc: 0,
            sums: vec![0.0; WINDOW].into_boxed_slice(),
            word_masks: vec![0; WINDOW].into_boxed_slice(),
        };
        scorer.fill_window();
        Ok(Box::new(scorer))
    }

    fn explain(&self, _: &SegmentReader, _: DocId) -> tantivy::Result<Explanation> {
        Ok(Explanation::new("see `index::matches`", 0.0))
    }
}

/// One lookup in one segment.
pub(crate) struct PostingsCursor {
    postings: TermOrPhrase,
    fieldnorms: FieldNormReader,
    norms: [f32; FIELDNORM_IDS],
    weight: f32,
    word_mask: u32,
}

enum TermOrPhrase {
    Term(Box<SegmentPostings>),
    Phrase(Box<dyn Scorer>),
}

impl PostingsCursor {
    /// Begins to read; `None` where the segment has nothing of it.
    pub(crate) fn open(
        segment: &SegmentReader,
        query_term: &QueryTerm,
        norms: &Norms,
    ) -> tantivy::Result<Option<Self>> {
        let postings = if let [term] = query_term.terms.as_slice() {
            let index = segment.inverted_index(query_term.field)?;
            let postings = index.read_postings(term, IndexRecordOption::WithFreqs)?;
            let Some(postings) = postings else { return Ok(None) };
            TermOrPhrase::Term(Box::new(postings))
        } else {
            let phrase = PhraseQuery::new(query_term.terms.clone());
            let schema = segment.schema();
            let weight = phrase.weight(EnableScoring::disabled_from_schema(schema))?;
            TermOrPhrase::Phrase(weight.scorer(segment, 1.0)?)
        };
        let fieldnorms = segment.get_fieldnorms_reader(query_term.field)?;
        let (weight, word_mask) = (query_term.weight * (K1 + 1.0), query_term.word_mask);
        Ok(Some(Self {
            postings,
            fieldnorms,
            norms: norms.for_field(query_term.field),
            weight,
            word_mask,
        }))
    }

    fn doc(&self) -> DocId {
        match &self.postings {
            TermOrPhrase::Term(postings) => postings.doc(),
            TermOrPhrase::Phrase(phrase) => phrase.doc(),
        }
    }

    fn seek(&mut self, target: DocId) -> DocId {
        if self.doc() >= target {
            return self.doc();
        }
        match &mut self.postings {
            TermOrPhrase::Term(postings) => postings.seek(target),
            TermOrPhrase::Phrase(phrase) => phrase.seek(target),
        }
    }

    /// What it is worth in a document; `None` where that has nothing of it. Documents are asked for
    /// in order.
    pub(crate) fn score_at(&mut self, doc: DocId) -> Option<f32> {
        (self.seek(doc) == doc).then(|| self.score())
    }

    /// What it is worth in the document that it stands at.
    #[expect(clippy::cast_precision_loss, reason = "a text has fewer than 2^24 words")]
    fn score(&self) -> f32 {
        let (doc, term_freq) = match &self.postings {
            TermOrPhrase::Term(postings) => (postings.doc(), postings.term_freq() as f32),
            TermOrPhrase::Phrase(phrase) => (phrase.doc(), 1.0),
        };
        let norm = self.norms[usize::from(self.fieldnorms.fieldnorm_id(doc))];
        self.weight * term_freq / (term_freq + norm)
    }

    /// Adds what it is worth to all documents of a window.
    fn accumulate(&mut self, base: DocId, sums: &mut [f32], word_masks: &mut [u32]) {
        loop {
            let offset = (self.doc() - base) as usize;
            let (Some(sum), Some(word_mask)) = (sums.get_mut(offset), word_masks.get_mut(offset))
            else {
                return;
            };
            *sum += self.score();
            *word_mask |= self.word_mask;
            match &mut self.postings {
                TermOrPhrase::Term(postings) => postings.advance(),
                TermOrPhrase::Phrase(phrase) => phrase.advance(),
            };
        }
    }
}

/// The documents of one segment.
struct TermsScorer {
    cursors: Vec<PostingsCursor>,
    rules: MatchRules,
    boost: Score,
    /// First document of the window.
    base: DocId,
    doc: DocId,
    /// By document of the window.
    sums: Box<[f32]>,
    word_masks: Box<[u32]>,
}

impl TermsScorer {
    /// Goes to the first document of the next window that has one.
    fn fill_window(&mut self) {
        loop {
            self.base = self.cursors.iter().map(PostingsCursor::doc).min().unwrap_or(TERMINATED);
            if self.base == TERMINATED {
                self.doc = TERMINATED;
                return;
            }
            self.sums.fill(0.0);
            self.word_masks.fill(0);
            for cursor in &mut self.cursors {
                cursor.accumulate(self.base, &mut self.sums, &mut self.word_masks);
            }
            if self.find_in_window(0) {
                return;
            }
        }
    }

    /// Goes to the first document at or after a place in the window; whether there is one.
    fn find_in_window(&mut self, offset: usize) -> bool {
        let rest = self.word_masks.get(offset..).unwrap_or_default();
        let found = rest.iter().position(|word_mask| self.rules.matches(*word_mask));
        if let Some(at) = found.and_then(|at| DocId::try_from(offset + at).ok()) {
            self.doc = self.base + at;
        }
        found.is_some()
    }
}

impl DocSet for TermsScorer {
    fn advance(&mut self) -> DocId {
        if self.doc != TERMINATED && !self.find_in_window((self.doc - self.base) as usize + 1) {
            self.fill_window();
        }
        self.doc
    }

    fn seek(&mut self, target: DocId) -> DocId {
        if self.doc >= target {
            return self.doc;
        }
        let offset = (target - self.base) as usize;
        if !self.find_in_window(offset) {
            for cursor in &mut self.cursors {
                cursor.seek(target);
            }
            self.fill_window();
        }
        self.doc
    }

    fn doc(&self) -> DocId {
        self.doc
    }

    fn size_hint(&self) -> u32 {
        let size = |cursor: &PostingsCursor| match &cursor.postings {
            TermOrPhrase::Term(postings) => postings.size_hint(),
            TermOrPhrase::Phrase(phrase) => phrase.size_hint(),
        };
        self.cursors.iter().map(size).fold(0, u32::saturating_add)
    }
}

impl Scorer for TermsScorer {
    fn score(&mut self) -> Score {
        let offset = (self.doc - self.base) as usize;
        self.rules.score(self.word_masks[offset], self.sums[offset]) * self.boost
    }
}
