//! Text analysis, for indexing and for queries alike: words ► lower case ► no accents ► stem.
//!
//! The version is part of a generation's manifest: an index made with another one is rebuilt from
//! its own store.

mod completion;
mod word;

use tantivy::{
    Index,
    tokenizer::{AsciiFoldingFilter, LowerCaser, Stemmer, TextAnalyzer},
};

pub(crate) use completion::{folded_words, front, title_terms, word_front, word_of};
pub(crate) use word::{is_indexed, words};

/// Rises with every change that gives a text other terms.
pub(crate) const ANALYSIS_VERSION: u32 = 2;

/// Name of the analyser for Dutch text.
pub(crate) const DUTCH: &str = "dutch";
/// Name of the analyser for English text.
pub(crate) const ENGLISH: &str = "english";
/// Name of the analyser for names, which are not stemmed.
pub(crate) const NAMES: &str = "names";

/// Name of the analyser for words that complete what somebody types.
pub(crate) const COMPLETION: &str = "completion";

/// Makes the analysers known to an index.
pub(crate) fn register(index: &Index) {
    let analysers = index.tokenizers();
    analysers.register(DUTCH, stemming(tantivy::tokenizer::Language::Dutch));
    analysers.register(ENGLISH, stemming(tantivy::tokenizer::Language::English));
    analysers.register(NAMES, plain().build());
    analysers.register(COMPLETION, TextAnalyzer::from(completion::CompletionTokenizer::default()));
}

/// The terms of `text`, each once per place, in order.
pub(crate) fn terms(index: &Index, analyser: &str, text: &str) -> Vec<String> {
    let Some(mut analyser) = index.tokenizers().get(analyser) else { return Vec::new() };
    let mut terms = Vec::new();
    analyser.token_stream(text).process(&mut |token| terms.push(token.text.clone()));
    terms
}

fn plain() -> tantivy::tokenizer::TextAnalyzerBuilder {
    TextAnalyzer::builder(word::WordTokenizer::default())
        .filter(LowerCaser)
        .filter(AsciiFoldingFilter)
        .dynamic()
}

fn stemming(language: tantivy::tokenizer::Language) -> TextAnalyzer {
    plain().filter_dynamic(Stemmer::new(language)).build()
}
