//! Text analysis, for indexing and for queries alike: words ► fold case, accents and apostrophes ►
//! exceptions ► stem; compounds are taken apart, the whole word is kept.
//!
//! The version is part of a generation's manifest: an index made with another one is rebuilt from
//! its own store. This module must not know fields, documents or scores.

mod analyser;
mod completion;
mod compound;
mod fingerprint;
mod irregular;
mod lexicon;
mod question;
mod stem;
mod stop;
mod synonyms;
mod terms;
mod word;

use tantivy::{Index, tokenizer::TextAnalyzer};

use self::analyser::{Analyser, Analysis};
pub use self::synonyms::{Synonyms, SynonymsError};
pub(crate) use self::{
    completion::{folded_words, front, title_terms, word_front, word_of},
    compound::PART_LETTERS_MIN,
    fingerprint::{Fingerprint, PASSAGE_WORDS, Passage},
    question::{Clause, Question, QuestionField, Typed},
    stem::Tongue,
    stop::is_stop_word,
    terms::WordTerms,
    word::{folded, is_indexed, is_joined, words},
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
    let analyser = |analysis| TextAnalyzer::from(Analyser::new(analysis));
    analysers.register(DUTCH, analyser(Analysis::Stems(Tongue::Dutch)));
    analysers.register(ENGLISH, analyser(Analysis::Stems(Tongue::English)));
    analysers.register(FOLDED, analyser(Analysis::Folded));
    analysers.register(COMPLETION, TextAnalyzer::from(completion::CompletionTokenizer::default()));
}

/// Makes the engine's own analyser known by the names of ours, to measure what ours cost.
pub(crate) fn register_default(index: &Index) {
    register(index);
    let analysers = index.tokenizers();
    for name in [DUTCH, ENGLISH, FOLDED] {
        let default = analysers.get("default").expect("every index has it");
        analysers.register(name, default);
    }
}

/// The stems of the words of a text, in order.
pub(crate) fn stems(tongue: Tongue, text: &str) -> impl Iterator<Item = String> {
    words(text).filter(is_indexed).map(move |word| WordTerms::of(tongue, &text[word]).stem)
}

/// The terms of `text`, each once per place, in order.
pub(crate) fn terms(index: &Index, analyser: &str, text: &str) -> Vec<String> {
    let Some(mut analyser) = index.tokenizers().get(analyser) else { return Vec::new() };
    let mut terms = Vec::new();
    analyser.token_stream(text).process(&mut |token| terms.push(token.text.clone()));
    terms
}
