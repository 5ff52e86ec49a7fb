//! A tantivy tokenizer whose positions are word numbers.

use std::{ops::Range, rc::Rc};

use tantivy::tokenizer::{Token, TokenStream, Tokenizer};

use super::{
    stem::{AnalysisLanguage, stem},
    tokenizer::{WordIter, fold_into, folded, is_hyphenated, is_indexed, words},
    word_terms::{WordTokens, tokens_of},
};

/// Terms to produce for a word.
#[derive(Clone)]
pub(super) enum AnalyserKind {
    /// The stem, the marked stems of components, and the stem of a hyphenated compound.
    Stemmed(AnalysisLanguage),
    /// The folded word.
    Folded,
}

/// Tokenizer for one kind of terms.
#[derive(Clone)]
pub(super) struct Analyser {
    kind: AnalyserKind,
    token: Token,
}

impl Analyser {
    pub(super) fn new(kind: AnalyserKind) -> Self {
        Self { kind, token: Token::default() }
    }
}

/// Token stream of one text.
pub(super) struct Tokens<'a> {
    analyser: &'a mut Analyser,
    text: &'a str,
    words: WordIter<'a>,
    /// The next word.
    next: Option<Range<usize>>,
    /// The tokens of the current word, its start in the text, and how many of them were returned.
    current: Option<(Rc<WordTokens>, usize, usize)>,
    /// The term and the bytes of the compound that begins with the current word.
    compound: Option<(String, Range<usize>)>,
}

impl Tokenizer for Analyser {
    type TokenStream<'a> = Tokens<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Tokens<'a> {
        self.token.reset();
        let mut words = words(text);
        let next = words.next();
        Tokens { analyser: self, text, words, next, current: None, compound: None }
    }
}

impl Tokens<'_> {
    /// Sets the next token of the current word.
    fn set_token(&mut self) -> bool {
        let token = &mut self.analyser.token;
        if let Some((word, start, returned)) = &mut self.current {
            if let Some((term, bytes)) = word.tokens.get(*returned) {
                token.text.clear();
                token.text.push_str(term);
                token.offset_from = *start + bytes.start;
                token.offset_to = *start + bytes.end;
                *returned += 1;
                return true;
            }
            self.current = None;
        }
        let Some((term, bytes)) = self.compound.take() else { return false };
        token.text = term;
        (token.offset_from, token.offset_to) = (bytes.start, bytes.end);
        true
    }

    /// Sets the only token of a word, or finds all of them.
    fn begin_word(&mut self, word: &Range<usize>) -> bool {
        let text = &self.text[word.clone()];
        let AnalyserKind::Stemmed(language) = self.analyser.kind else {
            let token = &mut self.analyser.token;
            fold_into(text, &mut token.text);
            (token.offset_from, token.offset_to) = (word.start, word.end);
            return true;
        };
        let tokens = tokens_of(language, text);
        if let Some(next) = self.next.as_ref().filter(|next| is_hyphenated(self.text, word, next)) {
            let after = folded(&self.text[next.clone()]);
            let compound = stem(language, &format!("{}{after}", tokens.folded));
            self.compound = Some((compound, word.start..next.end));
        }
        self.current = Some((tokens, word.start, 0));
        false
    }
}

impl TokenStream for Tokens<'_> {
    fn advance(&mut self) -> bool {
        loop {
            if self.set_token() {
                return true;
            }
            let Some(word) = self.next.take() else { return false };
            self.next = self.words.next();
            let token = &mut self.analyser.token;
            token.position = token.position.wrapping_add(1);
            if is_indexed(&word) && self.begin_word(&word) {
                return true;
            }
        }
    }

    fn token(&self) -> &Token {
        &self.analyser.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.analyser.token
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(kind: AnalyserKind, text: &str) -> Vec<String> {
        let mut tokens = Vec::new();
        Analyser::new(kind).token_stream(text).process(&mut |token| {
            tokens.push(format!("{}:{}", token.position, token.text));
        });
        tokens
    }

    #[test]
    fn every_term_of_a_word_must_have_the_position_of_the_word() {
        let dutch = |text| tokens(AnalyserKind::Stemmed(AnalysisLanguage::Dutch), text);
        assert_eq!(dutch("De klantreizen"), ["0:de", "1:klantreis", "1:+klant", "1:+reis"]);
        assert_eq!(dutch("UX-designers"), ["0:ux", "0:uxdesigner", "1:designer"]);
        assert_eq!(dutch("WCAG 2.2"), ["0:wcag", "1:2.2", "1:+2"]);
        let long = "x".repeat(70);
        assert_eq!(dutch(&format!("een {long} brief")), ["0:een", "2:brief"]);
    }

    #[test]
    fn every_term_must_have_its_byte_range() {
        let text = "Een e-mail over Klantreizen";
        let mut found = Vec::new();
        Analyser::new(AnalyserKind::Stemmed(AnalysisLanguage::Dutch)).token_stream(text).process(
            &mut |token| {
                found.push((token.text.clone(), &text[token.offset_from..token.offset_to]));
            },
        );
        let found: Vec<_> = found.iter().map(|(term, bytes)| (term.as_str(), *bytes)).collect();
        for expected in [("email", "e-mail"), ("klantreis", "Klantreizen"), ("+reis", "reizen")] {
            assert!(found.contains(&expected), "{expected:?} in {found:?}");
        }
    }

    #[test]
    fn an_unstemmed_text_must_keep_every_word() {
        let found = tokens(AnalyserKind::Folded, "Vóór de foto’s");
        assert_eq!(found, ["0:voor", "1:de", "2:foto"]);
    }
}
