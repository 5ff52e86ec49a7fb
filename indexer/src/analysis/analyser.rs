//! A tantivy tokenizer whose positions are word numbers.

use std::{collections::VecDeque, ops::Range, sync::Arc};

use tantivy::tokenizer::{Token, TokenStream, Tokenizer};

use super::{
    stem::{AnalysisLanguage, stem},
    tokenizer::{WordIter, folded, is_hyphenated, is_indexed, words},
    word_terms::{StemCache, WordTerms, component_term},
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
    stem_cache: StemCache,
    token: Token,
    pending: VecDeque<(String, Range<usize>)>,
}

impl Analyser {
    pub(super) fn new(kind: AnalyserKind) -> Self {
        let language = if let AnalyserKind::Stemmed(language) = kind {
            language
        } else {
            AnalysisLanguage::Dutch
        };
        let stem_cache = StemCache::new(language);
        Self { kind, stem_cache, token: Token::default(), pending: VecDeque::new() }
    }
}

/// Token stream of one text.
pub(super) struct Tokens<'a> {
    analyser: &'a mut Analyser,
    text: &'a str,
    words: WordIter<'a>,
    /// The next word.
    next: Option<Range<usize>>,
}

impl Tokenizer for Analyser {
    type TokenStream<'a> = Tokens<'a>;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> Tokens<'a> {
        self.token.reset();
        self.pending.clear();
        let mut words = words(text);
        let next = words.next();
        Tokens { analyser: self, text, words, next }
    }
}

impl Tokens<'_> {
    /// Queues all tokens of a word.
    fn push_tokens(&mut self, word: &Range<usize>) {
        let text = &self.text[word.clone()];
        let pending = &mut self.analyser.pending;
        let AnalyserKind::Stemmed(language) = self.analyser.kind else {
            pending.push_back((folded(text), word.clone()));
            return;
        };
        let terms = self.analyser.stem_cache.terms_of(text);
        pending.push_back((terms.stem.clone(), word.clone()));
        for (component, _) in &terms.components {
            let term = component_term(component);
            if pending.iter().all(|(other, _)| *other != term) {
                let bytes = terms.bytes_of(text, component).unwrap_or(0..text.len());
                pending.push_back((term, word.start + bytes.start..word.start + bytes.end));
            }
        }
        if let Some(next) = self.next.as_ref().filter(|next| is_hyphenated(self.text, word, next)) {
            let after: Arc<WordTerms> = self.analyser.stem_cache.terms_of(&self.text[next.clone()]);
            let compound = stem(language, &format!("{}{}", terms.folded, after.folded));
            pending.push_back((compound, word.start..next.end));
        }
    }
}

impl TokenStream for Tokens<'_> {
    fn advance(&mut self) -> bool {
        loop {
            if let Some((term, bytes)) = self.analyser.pending.pop_front() {
                let token = &mut self.analyser.token;
                token.text = term;
                (token.offset_from, token.offset_to) = (bytes.start, bytes.end);
                return true;
            }
            let Some(word) = self.next.take() else { return false };
            self.next = self.words.next();
            let token = &mut self.analyser.token;
            token.position = token.position.wrapping_add(1);
            if is_indexed(&word) {
                self.push_tokens(&word);
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
