//! Text analysis, for documents and queries: words ► fold case, accents and apostrophes ►
//! exceptions ► stem. Compounds are split; the whole word is indexed as well.
//!
//! The version is recorded in the manifest of a generation. An index with another version is
//! rebuilt from its own store. This module must not depend on fields, documents or scores.

mod analyser;
mod autocomplete;
mod decompound;
mod irregular;
mod lexicon;
mod minhash;
mod query_frames;
mod query_periods;
mod query_preferences;
mod shingles;
mod stem;
mod stop_words;
mod tokenizer;
mod vocabulary;
mod winnowing;
mod word_terms;

use tantivy::{Index, tokenizer::TextAnalyzer};

use self::analyser::{Analyser, AnalyserKind};
pub use self::vocabulary::{
    Vocabulary, VocabularyEntry, VocabularyError, VocabularyLine, VocabularyWarning,
};
pub(crate) use self::{
    autocomplete::{
        folded_words, short_prefix_term, split_word_term, title_terms, word_term_prefix,
        written_words,
    },
    decompound::COMPONENT_LETTERS_MIN,
    query_frames::query_frame,
    query_periods::WordUse,
    query_preferences::stated_preferences,
    shingles::{PASSAGE_WORDS, WordHashes},
    stem::{AnalysisLanguage, is_separable_prefix, separable_verb, stem},
    stop_words::is_stop_word,
    tokenizer::{folded, is_hyphenated, is_indexed, words},
    vocabulary::{Label, RelatedLabel},
    winnowing::TextOverlap,
    word_terms::{WordTerms, component_term},
};

/// Increases with every change of the terms of a text.
pub(crate) const ANALYSIS_VERSION: u32 = 8;

/// Name of the analyser for Dutch text.
pub(crate) const DUTCH: &str = "dutch";
/// Name of the analyser for English text.
pub(crate) const ENGLISH: &str = "english";
/// Name of the analyser that only folds words.
pub(crate) const FOLDED: &str = "folded";

/// Name of the analyser for completions.
pub(crate) const COMPLETION: &str = "completion";

/// Registers the analysers with an index.
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

/// Whether the Dutch lexicon contains a folded word in any form.
pub(crate) fn is_dutch_word(folded: &str) -> bool {
    lexicon::has(folded)
}

/// The words of a text, folded, in order.
pub(crate) fn fold_words(text: &str) -> impl Iterator<Item = String> {
    words(text).map(|word| folded(&text[word]))
}

/// The stems of the words of a text, in order.
pub(crate) fn stems(language: AnalysisLanguage, text: &str) -> impl Iterator<Item = String> {
    words(text).filter(is_indexed).map(move |word| stem::stem(language, &folded(&text[word])))
}

/// The terms of `text`, in order.
pub(crate) fn terms(index: &Index, analyser: &str, text: &str) -> Vec<String> {
    let Some(mut analyser) = index.tokenizers().get(analyser) else { return Vec::new() };
    let mut terms = Vec::new();
    analyser.token_stream(text).process(&mut |token| terms.push(token.text.clone()));
    terms
}
