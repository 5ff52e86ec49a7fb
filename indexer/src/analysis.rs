//! Text analysis, for indexing and for queries alike: words ► fold case, accents and apostrophes ►
//! exceptions ► stem; compounds are taken apart, the whole word is kept.
//!
//! The version is part of a generation's manifest: an index made with another one is rebuilt from
//! its own store. This module must not know fields, documents or scores.

mod analyser;
mod autocomplete;
mod decompound;
mod irregular;
mod lexicon;
mod minhash;
mod shingles;
mod stem;
mod stop_words;
mod synonyms;
mod tokenizer;
mod winnowing;
mod word_terms;

use tantivy::{Index, tokenizer::TextAnalyzer};

use self::analyser::{Analyser, AnalyserKind};
pub use self::synonyms::{Synonyms, SynonymsError};
pub(crate) use self::{
    autocomplete::{
        folded_words, short_prefix_term, split_word_term, title_terms, word_term_prefix,
    },
    decompound::COMPONENT_LETTERS_MIN,
    shingles::{PASSAGE_WORDS, WordHashes},
    stem::AnalysisLanguage,
    stop_words::is_stop_word,
    tokenizer::{folded, is_hyphenated, is_indexed, words},
    winnowing::TextOverlap,
    word_terms::WordTerms,
};

/// Rises with every change that gives a text other terms.
pub(crate) const ANALYSIS_VERSION: u32 = 5;

/// Name of the analyser for Dutch text.
pub(crate) const DUTCH: &str = "dutch";
/// Name of the analyser for English text.
pub(crate) const ENGLISH: &str = "english";
/// Name of the analyser that keeps words as they are, folded.
pub(crate) const FOLDED: &str = "folded";

/// Name of the analyser for words that complete what somebody types.
pub(crate) const COMPLETION: &str = "completion";

/// Makes the analysers known to an index.
pub(crate) fn register(index: &Index) {
    let analysers = index.tokenizers();
    let analyser = |kind| TextAnalyzer::from(Analyser::new(kind));
    analysers.register(DUTCH, analyser(AnalyserKind::Stemmed(AnalysisLanguage::Dutch)));
    analysers.register(ENGLISH, analyser(AnalyserKind::Stemmed(AnalysisLanguage::English)));
    analysers.register(FOLDED, analyser(AnalyserKind::Folded));
    analysers.register(
        COMPLETION,
        TextAnalyzer::from(self::autocomplete::CompletionTokenizer::default()),
    );
}

/// Makes the engine's own analyser known by the names of ours, to measure what ours cost.
pub(crate) fn register_default(index: &Index) {
    register(index);
    let analysers = index.tokenizers();
    for name in [DUTCH, ENGLISH, FOLDED] {
        let default = analysers.get("default").expect("tantivy registers a default tokenizer");
        analysers.register(name, default);
    }
}

/// The stems of the words of a text, in order.
pub(crate) fn stems(language: AnalysisLanguage, text: &str) -> impl Iterator<Item = String> {
    words(text).filter(is_indexed).map(move |word| WordTerms::of(language, &text[word]).stem)
}

/// The terms of `text`, each once per place, in order.
pub(crate) fn terms(index: &Index, analyser: &str, text: &str) -> Vec<String> {
    let Some(mut analyser) = index.tokenizers().get(analyser) else { return Vec::new() };
    let mut terms = Vec::new();
    analyser.token_stream(text).process(&mut |token| terms.push(token.text.clone()));
    terms
}
