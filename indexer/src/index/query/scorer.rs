//! BM25 scorer.
//!
//! The score of a document is a weighted sum over terms and fields: `weight · tf · (K1 + 1) / (tf +
//! K1 · (1 − B + B · length / average length))`. [`COORDINATION`] increases the sum in proportion
//! to the number of matched words. Documents with fewer matched words than `min_should_match` are
//! excluded; those that reach it only with wider forms are wider matches.

use std::sync::Arc;

use schema::MatchClass;
use tantivy::{Searcher, fieldnorm::FieldNormReader, schema::Field};

use super::{
    index_term::IndexTerm,
    score_bounds::ScoreBounds,
    word_set::{MatchedWords, WordSet},
};
/// Term frequency saturation.
pub(super) const K1: f32 = 1.2;
/// Length normalisation.
const B: f32 = 0.55;
/// Term frequency of an occurrence as a component of a compound.
pub(super) const COMPONENT_FREQ: f32 = 0.6;
/// Maximum increase of a score, if all words match.
pub(super) const COORDINATION: f32 = 0.5;
/// Ranks documents with all words above all others; exceeds any sum.
pub(crate) const ALL_TERMS_BOOST: f32 = 1_000.0;
/// Number of field norms: the index stores a length as one byte.
pub(super) const FIELDNORM_IDS: usize = 256;

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
    /// Whether it matches documents that other terms of the same words may not match.
    pub(crate) adds_matches: bool,
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
    #[expect(clippy::cast_possible_truncation, reason = "a score needs no more digits")]
    pub(crate) fn score(&self, words: WordSet, sum: f64) -> f32 {
        let boost = if self.all.is_subset(words) { self.all_terms_boost } else { 0.0 };
        sum as f32 * self.coordination(words) + boost
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
pub(crate) struct Norms {
    by_fields: Vec<(Vec<Field>, Arc<[f32; FIELDNORM_IDS]>)>,
    pub(super) bounds: ScoreBounds,
}

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
        let by_fields = groups.iter().map(norms).collect::<tantivy::Result<_>>()?;
        Ok(Self { by_fields, bounds: ScoreBounds::default() })
    }

    pub(super) fn for_field(&self, field: Field) -> Arc<[f32; FIELDNORM_IDS]> {
        let norms = self.by_fields.iter().find(|(fields, _)| fields.contains(&field));
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
