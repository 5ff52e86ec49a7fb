//! Text analysis, for indexing and for queries alike: words ► lower case ► no accents ► stem.
//!
//! The version is part of a generation's manifest: an index made with another one is rebuilt from
//! its own store.

use tantivy::{
    Index,
    tokenizer::{
        AsciiFoldingFilter, LowerCaser, RemoveLongFilter, SimpleTokenizer, Stemmer, TextAnalyzer,
    },
};

/// Rises with every change that gives a text other terms.
pub(crate) const ANALYSIS_VERSION: u32 = 1;

/// Name of the analyser for Dutch text.
pub(crate) const DUTCH: &str = "dutch";
/// Name of the analyser for English text.
pub(crate) const ENGLISH: &str = "english";
/// Name of the analyser for names, which are not stemmed.
pub(crate) const NAMES: &str = "names";

/// Longer words than this many bytes are no words.
const WORD_BYTES_MAX: usize = 64;

/// Makes the analysers known to an index.
pub(crate) fn register(index: &Index) {
    let analysers = index.tokenizers();
    analysers.register(DUTCH, stemming(tantivy::tokenizer::Language::Dutch));
    analysers.register(ENGLISH, stemming(tantivy::tokenizer::Language::English));
    analysers.register(NAMES, words().build());
}

/// The terms of `text`, each once per place, in order.
pub(crate) fn terms(index: &Index, analyser: &str, text: &str) -> Vec<String> {
    let Some(mut analyser) = index.tokenizers().get(analyser) else { return Vec::new() };
    let mut terms = Vec::new();
    analyser.token_stream(text).process(&mut |token| terms.push(token.text.clone()));
    terms
}

fn words() -> tantivy::tokenizer::TextAnalyzerBuilder {
    TextAnalyzer::builder(SimpleTokenizer::default())
        .filter(RemoveLongFilter::limit(WORD_BYTES_MAX))
        .filter(LowerCaser)
        .filter(AsciiFoldingFilter)
        .dynamic()
}

fn stemming(language: tantivy::tokenizer::Language) -> TextAnalyzer {
    words().filter_dynamic(Stemmer::new(language)).build()
}
