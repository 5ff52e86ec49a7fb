//! Terms for completion: words without accents and apostrophes, not stemmed.

use std::collections::BTreeSet;

use schema::normalisation;
use tantivy::tokenizer::{Token, TokenStream, Tokenizer};

use super::tokenizer::WORD_BYTES_MAX;

/// Maximum number of letters of an indexed prefix. More words begin with a shorter prefix than can
/// be scanned in time.
const PREFIX_LETTERS_MAX: usize = 3;
/// First character of an indexed prefix; no word begins with it.
const PREFIX_MARKER: char = '^';
/// Separates a folded word from its original spelling.
const SHOWN_SEPARATOR: char = '\0';

/// Quotation marks that can follow a word.
const APOSTROPHES: [char; 5] = ['\'', '’', '‘', '`', '´'];

/// The words of a folded text.
pub(crate) fn folded_words(folded: &str) -> impl DoubleEndedIterator<Item = &str> {
    folded.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty())
}

/// Terms for completing a title: its words and their short prefixes.
pub(crate) fn title_terms(title: &str) -> BTreeSet<String> {
    let folded = normalisation::name(title);
    let mut terms = BTreeSet::new();
    for word in folded_words(&folded).filter(|word| word.len() < WORD_BYTES_MAX) {
        terms.insert(word.to_owned());
        for (at, letter) in word.char_indices().take(PREFIX_LETTERS_MAX) {
            terms.insert(prefix_term(&word[..at + letter.len_utf8()]));
        }
    }
    terms
}

/// The term of a short prefix; `None` if the prefix is too long to be indexed.
pub(crate) fn short_prefix_term(prefix: &str) -> Option<String> {
    (prefix.chars().count() <= PREFIX_LETTERS_MAX).then(|| prefix_term(prefix))
}

fn prefix_term(prefix: &str) -> String {
    format!("{PREFIX_MARKER}{prefix}")
}

/// Common prefix of the terms of all words with `letters` letters that begin with `prefix`. In
/// sorted order, shorter words come first.
pub(crate) fn word_term_prefix(letters: usize, prefix: &str) -> Option<String> {
    let length = u8::try_from(letters).ok().filter(|n| usize::from(*n) < WORD_BYTES_MAX)?;
    Some(format!("{}{prefix}", char::from(length)))
}

/// The folded word of a term, and its original spelling.
pub(crate) fn split_word_term(term: &str) -> (&str, &str) {
    let mut letters = term.chars();
    letters.next();
    let word = letters.as_str();
    word.split_once(SHOWN_SEPARATOR).unwrap_or((word, word))
}

/// Tokenizer for the terms that [`word_term_prefix`] matches.
#[derive(Clone, Default)]
pub(super) struct CompletionTokenizer {
    token: Token,
}

/// Token stream of one text.
pub(super) struct CompletionStream<'a> {
    text: &'a str,
    token: &'a mut Token,
    /// Further words, if a word of the text folds to several.
    pending: Vec<String>,
}

impl Tokenizer for CompletionTokenizer {
    type TokenStream<'a> = CompletionStream<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> CompletionStream<'a> {
        self.token.reset();
        CompletionStream { text, token: &mut self.token, pending: Vec::new() }
    }
}

impl CompletionStream<'_> {
    fn set_token(&mut self, folded: &str, shown: &str) -> bool {
        if folded.len() >= WORD_BYTES_MAX {
            return false;
        }
        let Ok(letters) = u8::try_from(folded.chars().count()) else { return false };
        let term = &mut self.token.text;
        term.clear();
        term.push(char::from(letters));
        term.push_str(folded);
        if shown != folded {
            term.push(SHOWN_SEPARATOR);
            term.push_str(shown);
        }
        true
    }
}

/// The words of a text as they are written, from which [`CompletionStream`] derives terms.
pub(crate) fn written_words(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || next_word(&mut rest))
}

/// Removes the next word from a text.
fn next_word<'a>(text: &mut &'a str) -> Option<&'a str> {
    let start = text.find(char::is_alphanumeric)?;
    let rest = &text[start..];
    let ends_word = |letter: char| !letter.is_alphanumeric() && !normalisation::is_stripped(letter);
    let end = rest.find(ends_word).unwrap_or(rest.len());
    *text = &rest[end..];
    Some(rest[..end].trim_end_matches(|letter| APOSTROPHES.contains(&letter)))
}

impl TokenStream for CompletionStream<'_> {
    fn advance(&mut self) -> bool {
        self.token.position = self.token.position.wrapping_add(1);
        loop {
            if let Some(word) = self.pending.pop() {
                if self.set_token(&word, &word) {
                    return true;
                }
                continue;
            }
            let Some(word) = next_word(&mut self.text) else { return false };
            if word.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                if self.set_token(word, word) {
                    self.token.text.make_ascii_lowercase();
                    return true;
                }
                continue;
            }
            let shown = word.to_lowercase();
            let folded = normalisation::name(&shown);
            let mut words = folded_words(&folded);
            match (words.next(), words.next()) {
                (Some(only), None) => {
                    if self.set_token(only, &shown) {
                        return true;
                    }
                }
                _ => self.pending = folded_words(&folded).rev().map(str::to_owned).collect(),
            }
        }
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
    use super::*;

    fn terms(text: &str) -> Vec<(String, String)> {
        let mut terms = Vec::new();
        CompletionTokenizer::default().token_stream(text).process(&mut |token| {
            let (folded, shown) = split_word_term(&token.text);
            let letters = token.text.chars().next().map(|letter| letter as usize);
            assert_eq!(letters, Some(folded.chars().count()));
            terms.push((folded.to_owned(), shown.to_owned()));
        });
        terms
    }

    #[test]
    fn words_must_be_found_folded_and_shown_as_written() {
        let pairs = [
            ("Coördinatie", "coordinatie", "coördinatie"),
            ("community’s", "communitys", "community’s"),
            ("'Loket'", "loket", "loket"),
            ("Eén", "een", "eén"),
        ];
        for (text, folded, shown) in pairs {
            assert_eq!(terms(text), [(folded.to_owned(), shown.to_owned())], "{text}");
        }
    }

    #[test]
    fn words_of_a_text_must_equal_those_of_the_folded_text() {
        let text = "De e-mail van ’s-Hertogenbosch: ½ dag, 1½ uur, co\u{308}ördinatie & XXL.";
        let folded = normalisation::name(text);
        let expected: Vec<_> = folded_words(&folded).collect();
        let found = terms(text);
        assert_eq!(found.iter().map(|(word, _)| word).collect::<Vec<_>>(), expected);
        let written = written_words(text).collect::<Vec<_>>().join(" ");
        assert_eq!(terms(&written), found);
    }

    #[test]
    fn a_title_must_have_its_words_and_their_prefixes() {
        let terms = title_terms("Eén brief");
        let expected = ["^b", "^br", "^bri", "^e", "^ee", "^een", "brief", "een"];
        assert_eq!(terms.iter().map(String::as_str).collect::<Vec<_>>(), expected);
    }
}
