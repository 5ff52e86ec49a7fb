//! BM25 scorer.
//!
//! The score of a document is a weighted sum over terms and fields: `weight · tf · (K1 + 1) / (tf +
//! K1 · (1 − B + B · length / average length))`. [`COORDINATION`] increases the sum in proportion
//! to the number of matched words. Documents with fewer matched words than `min_should_match` are
//! excluded; those that reach it only with wider forms have a negative score. Postings are
//! processed in windows; each posting is read once.

use std::sync::Arc;

use schema::MatchClass;
use tantivy::{
    DocId, DocSet, Score, Searcher, SegmentReader, TERMINATED,
    fieldnorm::FieldNormReader,
    postings::{Postings, SegmentPostings},
    query::{EnableScoring, Explanation, PhraseQuery, Query, Scorer, Weight},
    schema::{Field, IndexRecordOption},
};

use super::{
    index_term::IndexTerm,
    word_set::{MatchedWords, WordSet},
};
use crate::cancellation::Cancellation;

/// Term frequency saturation.
const K1: f32 = 1.2;
/// Length normalisation.
const B: f32 = 0.55;
/// Term frequency of an occurrence as a component of a compound.
const COMPONENT_FREQ: f32 = 0.6;
/// Maximum increase of a score, if all words match.
const COORDINATION: f32 = 0.5;
/// Ranks documents with all words above all others; exceeds any sum.
pub(crate) const ALL_TERMS_BOOST: f32 = 1_000.0;
/// Maximum number of documents per window.
const WINDOW: usize = 4_096;
/// Number of field norms: the index stores a length as one byte.
const FIELDNORM_IDS: usize = 256;

/// A term or phrase of one field.
#[derive(Debug, Clone)]
pub(crate) struct QueryTerm {
    pub(crate) field: Field,
    /// A single term, or the consecutive terms of a phrase.
    pub(crate) terms: Vec<IndexTerm>,
    /// The term as a component of compounds: a wider match.
    pub(crate) component: Option<IndexTerm>,
    /// Weight of field and form, multiplied by idf.
    pub(crate) weight: f32,
    /// The query words that it represents; empty for a stop word.
    pub(crate) words: WordSet,
    /// How closely it matches them.
    pub(crate) class: MatchClass,
}

/// Rules for the selection and the order of documents.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct MatchRules {
    /// Words of which at least `min_should_match` must match.
    pub(crate) required: WordSet,
    pub(crate) min_should_match: u32,
    /// All words that contribute to the score.
    pub(crate) all: WordSet,
    /// Added to the score of a document in which all words match.
    pub(crate) all_terms_boost: f32,
    /// Whether wider matches are excluded. They are then not scored, either.
    pub(crate) exact_only: bool,
}

impl MatchRules {
    /// How closely a document with these words matches; `None` if it does not.
    pub(crate) fn class(&self, words: MatchedWords) -> Option<MatchClass> {
        // Without required words, conditions select the documents.
        let needed = if self.required.is_empty() { self.all } else { self.required };
        let min = if self.required.is_empty() { 1 } else { self.min_should_match };
        if words.exact.intersection(needed).len() >= min {
            return Some(MatchClass::Exact);
        }
        let is_match = !words.any.is_empty()
            && words.any.intersection(self.required).len() >= self.min_should_match;
        (is_match && !self.exact_only).then_some(MatchClass::Wider)
    }

    /// The score of a document with these words, from the sum over its terms.
    pub(crate) fn score(&self, words: WordSet, sum: f32) -> f32 {
        let boost = if self.all.is_subset(words) { self.all_terms_boost } else { 0.0 };
        sum * self.coordination(words) + boost
    }

    /// The factor for the share of matched words.
    #[expect(clippy::cast_precision_loss, reason = "there are 32 words at most")]
    pub(crate) fn coordination(&self, words: WordSet) -> f32 {
        let all = self.all.len().max(1) as f32;
        1.0 + COORDINATION * words.intersection(self.all).len() as f32 / all
    }
}

/// Length normalisation by field and field norm.
#[derive(Debug)]
pub(crate) struct Norms(Vec<(Vec<Field>, Arc<[f32; FIELDNORM_IDS]>)>);

impl Norms {
    /// Computes norms from average lengths. The fields of a group contain the same text in
    /// different languages.
    pub(crate) fn open(searcher: &Searcher, groups: &[&[Field]]) -> tantivy::Result<Self> {
        let doc_count = searcher.num_docs().max(1);
        let norms = |fields: &&[Field]| {
            let mut tokens = 0;
            for segment in searcher.segment_readers() {
                for field in *fields {
                    tokens += segment.inverted_index(*field)?.total_num_tokens();
                }
            }
            Ok((fields.to_vec(), Arc::new(norms(tokens, doc_count))))
        };
        Ok(Self(groups.iter().map(norms).collect::<tantivy::Result<_>>()?))
    }

    fn for_field(&self, field: Field) -> Arc<[f32; FIELDNORM_IDS]> {
        let norms = self.0.iter().find(|(fields, _)| fields.contains(&field));
        norms.map_or_else(|| Arc::new([K1; FIELDNORM_IDS]), |(_, norms)| Arc::clone(norms))
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

/// Inverse document frequency (BM25).
#[expect(clippy::cast_precision_loss, reason = "a logarithm needs no more digits")]
pub(crate) fn idf(doc_freq: u64, doc_count: u64) -> f32 {
    let doc_freq = doc_freq.min(doc_count) as f32;
    (1.0 + (doc_count as f32 - doc_freq + 0.5) / (doc_freq + 0.5)).ln()
}

/// Matches and scores documents by query terms.
#[derive(Debug, Clone)]
pub(crate) struct TermsQuery {
    pub(crate) terms: Arc<[QueryTerm]>,
    pub(crate) norms: Arc<Norms>,
    pub(crate) rules: MatchRules,
    pub(crate) cancellation: Cancellation,
}

impl Query for TermsQuery {
    fn weight(&self, _: EnableScoring<'_>) -> tantivy::Result<Box<dyn Weight>> {
        Ok(Box::new(TermsWeight(self.clone())))
    }
}

struct TermsWeight(TermsQuery);

impl Weight for TermsWeight {
    fn scorer(&self, reader: &SegmentReader, boost: Score) -> tantivy::Result<Box<dyn Scorer>> {
        let TermsQuery { terms, norms, rules, cancellation } = &self.0;
        let mut cursors = Vec::with_capacity(terms.len());
        for query_term in &**terms {
            cancellation.check()?;
            if !rules.exact_only || query_term.class == MatchClass::Exact {
                cursors.extend(PostingsCursor::open(reader, query_term, norms)?);
            }
        }
        let mut scorer = TermsScorer {
            cursors,
            rules: *rules,
            cancellation: cancellation.clone(),
            boost,
            base: 0,
            doc: 0,
            sums: Vec::new(),
            word_sets: Vec::new(),
            window: WINDOW.min(reader.max_doc() as usize),
        };
        scorer.fill_window();
        Ok(Box::new(scorer))
    }

    fn explain(&self, _: &SegmentReader, _: DocId) -> tantivy::Result<Explanation> {
        Ok(Explanation::new("see `index::matches`", 0.0))
    }
}

/// The postings of one query term in one segment.
pub(crate) struct PostingsCursor {
    postings: TermOrPhrase,
    /// Lengths of the field; `None` for a field of codes.
    fieldnorms: Option<FieldNormReader>,
    norms: Arc<[f32; FIELDNORM_IDS]>,
    weight: f32,
    words: WordSet,
    class: MatchClass,
}

enum TermOrPhrase {
    /// A term as a whole word, and as a component.
    Term(Option<Box<SegmentPostings>>, Option<Box<SegmentPostings>>),
    Phrase(Box<dyn Scorer>),
}

impl PostingsCursor {
    /// Opens the postings; `None` if the segment has none.
    pub(crate) fn open(
        segment: &SegmentReader,
        query_term: &QueryTerm,
        norms: &Norms,
    ) -> tantivy::Result<Option<Self>> {
        let postings = if let [term] = query_term.terms.as_slice() {
            let open = |term: &IndexTerm| term.postings(segment, IndexRecordOption::WithFreqs);
            let whole = open(term)?.map(Box::new);
            let component = query_term.component.as_ref().map(open).transpose()?.flatten();
            if whole.is_none() && component.is_none() {
                return Ok(None);
            }
            TermOrPhrase::Term(whole, component.map(Box::new))
        } else {
            let phrase =
                PhraseQuery::new(query_term.terms.iter().map(|term| term.term.clone()).collect());
            let schema = segment.schema();
            let weight = phrase.weight(EnableScoring::disabled_from_schema(schema))?;
            TermOrPhrase::Phrase(weight.scorer(segment, 1.0)?)
        };
        let fieldnorms = segment.fieldnorms_readers().get_field(query_term.field)?;
        Ok(Some(Self {
            postings,
            fieldnorms,
            norms: norms.for_field(query_term.field),
            weight: query_term.weight * (K1 + 1.0),
            words: query_term.words,
            class: query_term.class,
        }))
    }

    fn doc(&self) -> DocId {
        match &self.postings {
            TermOrPhrase::Term(whole, component) => {
                doc_of(whole.as_deref()).min(doc_of(component.as_deref()))
            }
            TermOrPhrase::Phrase(phrase) => phrase.doc(),
        }
    }

    fn seek(&mut self, target: DocId) -> DocId {
        match &mut self.postings {
            TermOrPhrase::Term(whole, component) => {
                for postings in [whole, component].into_iter().flatten() {
                    if postings.doc() < target {
                        postings.seek(target);
                    }
                }
            }
            TermOrPhrase::Phrase(phrase) if phrase.doc() < target => {
                phrase.seek(target);
            }
            TermOrPhrase::Phrase(_) => {}
        }
        self.doc()
    }

    /// The score for a document, and how closely it matches; `None` without a match. Documents
    /// must be in ascending order.
    pub(crate) fn score_at(&mut self, doc: DocId) -> Option<(f32, MatchClass)> {
        (self.seek(doc) == doc).then(|| self.score(doc))
    }

    /// The score for the current document.
    #[expect(clippy::cast_precision_loss, reason = "a text has fewer than 2^24 words")]
    fn score(&self, doc: DocId) -> (f32, MatchClass) {
        let freq_of = |postings: &Option<Box<SegmentPostings>>| match postings {
            Some(postings) if postings.doc() == doc => postings.term_freq() as f32,
            _ => 0.0,
        };
        let (term_freq, class) = match &self.postings {
            TermOrPhrase::Term(whole, component) => {
                let (whole, component) = (freq_of(whole), freq_of(component));
                let class = if whole > 0.0 { self.class } else { MatchClass::Wider };
                (whole + COMPONENT_FREQ * component, class)
            }
            TermOrPhrase::Phrase(_) => (1.0, self.class),
        };
        let length = self.fieldnorms.as_ref().map(|lengths| lengths.fieldnorm_id(doc));
        let norm = length.map_or(K1, |length| self.norms[usize::from(length)]);
        (self.weight * term_freq / (term_freq + norm), class)
    }

    /// Moves past a document.
    fn advance(&mut self, doc: DocId) {
        match &mut self.postings {
            TermOrPhrase::Term(whole, component) => {
                for postings in [whole, component].into_iter().flatten() {
                    if postings.doc() == doc {
                        postings.advance();
                    }
                }
            }
            TermOrPhrase::Phrase(phrase) => {
                phrase.advance();
            }
        }
    }

    /// Adds scores and words to the documents of a window.
    fn accumulate(&mut self, base: DocId, sums: &mut [f32], word_sets: &mut [MatchedWords]) {
        loop {
            let doc = self.doc();
            let offset = (doc - base) as usize;
            let (Some(sum), Some(words)) = (sums.get_mut(offset), word_sets.get_mut(offset)) else {
                return;
            };
            let (score, class) = self.score(doc);
            *sum += score;
            *words |= MatchedWords::new(self.words, class);
            self.advance(doc);
        }
    }
}

/// The current document of postings that may be absent.
fn doc_of(postings: Option<&SegmentPostings>) -> DocId {
    postings.map_or(TERMINATED, DocSet::doc)
}

/// Scorer for the documents of one segment.
struct TermsScorer {
    cursors: Vec<PostingsCursor>,
    rules: MatchRules,
    cancellation: Cancellation,
    boost: Score,
    /// First document of the window.
    base: DocId,
    doc: DocId,
    /// Number of documents per window.
    window: usize,
    /// By offset in the window.
    sums: Vec<f32>,
    word_sets: Vec<MatchedWords>,
}

impl TermsScorer {
    /// Advances to the first match in a later window; a cancelled search has none.
    fn fill_window(&mut self) {
        loop {
            self.base = self.cursors.iter().map(PostingsCursor::doc).min().unwrap_or(TERMINATED);
            if self.base == TERMINATED || self.cancellation.is_cancelled() {
                self.doc = TERMINATED;
                return;
            }
            self.sums.clear();
            self.sums.resize(self.window, 0.0);
            self.word_sets.clear();
            self.word_sets.resize(self.window, MatchedWords::default());
            for cursor in &mut self.cursors {
                cursor.accumulate(self.base, &mut self.sums, &mut self.word_sets);
            }
            if self.find_in_window(0) {
                return;
            }
        }
    }

    /// Advances to the first match at or after an offset in the window. Returns whether there is
    /// one.
    fn find_in_window(&mut self, offset: usize) -> bool {
        let rest = self.word_sets.get(offset..).unwrap_or_default();
        let found = rest.iter().position(|words| self.rules.class(*words).is_some());
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
            TermOrPhrase::Term(whole, component) => {
                [whole, component].into_iter().flatten().map(DocSet::size_hint).sum()
            }
            TermOrPhrase::Phrase(phrase) => phrase.size_hint(),
        };
        self.cursors.iter().map(size).fold(0, u32::saturating_add)
    }
}

impl Scorer for TermsScorer {
    fn score(&mut self) -> Score {
        let offset = (self.doc - self.base) as usize;
        let words = self.word_sets[offset];
        let score = self.rules.score(words.any, self.sums[offset]) * self.boost;
        match self.rules.class(words) {
            Some(MatchClass::Wider) => -score,
            Some(MatchClass::Exact) | None => score,
        }
    }
}
