//! Where the words of a text are. Indexing and highlighting both count words by this, so that a
//! word's number in the index leads back to its bytes.

use std::ops::Range;

use tantivy::tokenizer::{Token, TokenStream, Tokenizer};

/// Words of this many bytes or more cannot be looked for. They count all the same.
pub(crate) const WORD_BYTES_MAX: usize = 64;

/// The words of `text` as byte ranges, in order: the longest rows of letters and digits.
pub(crate) fn words(text: &str) -> Words<'_> {
    Words { text, at: 0 }
}

/// Whether a word is in the index.
pub(crate) fn is_indexed(word: &Range<usize>) -> bool {
    word.len() < WORD_BYTES_MAX
}

/// The words of a text.
#[derive(Debug, Clone)]
pub(crate) struct Words<'a> {
    text: &'a str,
    at: usize,
}

impl Iterator for Words<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        let start = self.at + self.text[self.at..].find(char::is_alphanumeric)?;
        let rest = &self.text[start..];
        let end = rest.find(|letter: char| !letter.is_alphanumeric()).map_or(rest.len(), |n| n);
        self.at = start + end;
        Some(start..self.at)
    }
}

/// Words as tokens, each at its number.
#[derive(Clone, Default)]
pub(super) struct WordTokenizer {
    token: Token,
}

/// The tokens of one text.
pub(super) struct WordStream<'a> {
    words: Words<'a>,
    token: &'a mut Token,
}

impl Tokenizer for WordTokenizer {
    type TokenStream<'a> = WordStream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> WordStream<'a> {
        self.token.reset();
        WordStream { words: words(text), token: &mut self.token }
    }
}

impl TokenStream for WordStream<'_> {
    fn advance(&mut self) -> bool {
        for word in self.words.by_ref() {
            self.token.position = self.token.position.wrapping_add(1);
            if is_indexed(&word) {
                self.token.text.clear();
                self.token.text.push_str(&self.words.text[word.clone()]);
                (self.token.offset_from, self.token.offset_to) = (word.start, word.end);
                return true;
            }
        }
        false
    }

    fn token(&self) -> &Token {
        self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        self.token
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tantivy::tokenizer::{RemoveLongFilter, SimpleTokenizer, TextAnalyzer};

    use super::*;

    /// Some with a word that is too long.
    const TEXTS: &str = "[a-zé’ .,\u{301}0-9½-]{0,60}([x]{60,70} [y]{0,3})?";

    fn tokens(analyser: &mut TextAnalyzer, text: &str) -> Vec<(usize, usize, usize, String)> {
        let mut tokens = Vec::new();
        analyser.token_stream(text).process(&mut |t| {
            tokens.push((t.position, t.offset_from, t.offset_to, t.text.clone()));
        });
        tokens
    }

    proptest! {
        /// The engine's own tokenizer is the reference.
        #[test]
        fn words_must_be_those_of_the_engine(text in TEXTS) {
            let mut ours = TextAnalyzer::builder(WordTokenizer::default()).build();
            let mut theirs = TextAnalyzer::builder(SimpleTokenizer::default())
                .filter(RemoveLongFilter::limit(WORD_BYTES_MAX))
                .build();
            prop_assert_eq!(tokens(&mut ours, &text), tokens(&mut theirs, &text));
        }
    }
}
