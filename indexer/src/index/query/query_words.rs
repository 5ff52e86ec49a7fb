//! The words of one piece of a query, each in the forms that are searched.

use std::ops::Range;

use super::{lexer::QueryText, word_set::WordSet};
use crate::{
    analysis,
    analysis::{AnalysisLanguage, WordTerms},
};

/// One word of a sequence of adjacent words.
pub(super) struct QueryWord {
    /// As it is written, with its place in the question.
    pub(super) typed: QueryText,
    pub(super) dutch: WordTerms,
    pub(super) english: String,
    /// Whether it is one letter before or after a hyphen, such as the one of *e-mail*.
    pub(super) is_letter: bool,
    /// Its position in the query; empty for a stop word.
    pub(super) words: WordSet,
}

/// Whether a piece consists of several single letters or numbers, such as `B&W`, `n.v.t.` or
/// `24/7`. It is searched as it is written.
pub(super) fn is_literal(typed: &QueryText) -> bool {
    let mut count = 0;
    let is_sign = |word: Range<usize>| {
        count += 1;
        let word = &typed.text[word];
        word.chars().nth(1).is_none() || word.bytes().any(|byte| byte.is_ascii_digit())
    };
    analysis::words(&typed.text).all(is_sign) && count > 1
}

/// The words of a piece of the query.
pub(super) fn query_words(typed: &QueryText) -> Vec<QueryWord> {
    let words: Vec<_> = analysis::words(&typed.text).filter(analysis::is_indexed).collect();
    let is_letter =
        |word: &Range<usize>| words.len() > 1 && typed.text[word.clone()].chars().nth(1).is_none();
    let is_one = words.iter().filter(|word| !is_letter(word)).count() == 1;
    let query_word = |word: &Range<usize>| {
        let text = &typed.text[word.clone()];
        let is_letter = is_letter(word);
        // What is left of `e-mail` without its letter is shown as the whole.
        let is_rest = words.len() > 1 && is_one && !is_letter;
        QueryWord {
            dutch: WordTerms::of(AnalysisLanguage::Dutch, text),
            english: WordTerms::of(AnalysisLanguage::English, text).stem,
            typed: if is_rest { typed.clone() } else { typed.slice(word) },
            is_letter,
            words: WordSet::EMPTY,
        }
    };
    words.iter().map(query_word).collect()
}
