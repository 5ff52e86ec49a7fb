//! The index terms of a word: its stem and the stems of its components.

use std::{cell::RefCell, collections::HashMap, ops::Range, rc::Rc};

use super::{
    lexicon,
    stem::{AnalysisLanguage, stem},
    tokenizer::folded,
};

/// First character of the index term of a component; no word begins with it. A component has a
/// term of its own, because a compound is a wider match for it than the word itself.
pub(crate) const COMPONENT_MARK: char = '+';

/// The index term of a component of a compound, from its stem.
pub(crate) fn component_term(stem: &str) -> String {
    format!("{COMPONENT_MARK}{stem}")
}

/// The terms of one word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WordTerms {
    /// The folded word: lower case, without accents and apostrophes.
    pub(crate) folded: String,
    /// Its stem.
    pub(crate) stem: String,
    /// Stems of the components with their byte ranges in the folded word; empty if it is not a
    /// compound.
    pub(crate) components: Vec<(String, Range<usize>)>,
}

impl WordTerms {
    /// The terms of a word in its original spelling.
    pub(crate) fn of(language: AnalysisLanguage, word: &str) -> Self {
        let folded = folded(word);
        let stem_of = |range: Range<usize>| (stem(language, &folded[range.clone()]), range);
        let components = match language {
            AnalysisLanguage::English => Vec::new(),
            AnalysisLanguage::Dutch if folded.contains(['.', ',']) => numbers(&folded),
            AnalysisLanguage::Dutch => lexicon::components(&folded),
        };
        let components = components.into_iter().map(stem_of).collect();
        Self { stem: stem(language, &folded), components, folded }
    }

    /// The byte range in `word` (the original spelling) of the stem or component `term`; `None` if
    /// it is neither.
    pub(crate) fn bytes_of(&self, word: &str, term: &str) -> Option<Range<usize>> {
        if self.stem == term {
            return Some(0..word.len());
        }
        let component = self.components.iter().find(|(stem, _)| stem == term);
        component.map(|(_, component)| unfolded(word, component))
    }
}

/// Maps a range of the folded word to a range of the original word.
fn unfolded(word: &str, range: &Range<usize>) -> Range<usize> {
    if word.is_ascii() {
        return range.clone();
    }
    let (mut start, mut end, mut at) = (0, word.len(), 0);
    for (byte, letter) in word.char_indices() {
        let length = folded(letter.encode_utf8(&mut [0; 4])).len();
        if length > 0 && at <= range.start {
            start = byte;
        }
        // Combining marks belong to the preceding letter.
        if length > 0 && at >= range.end {
            end = byte;
            break;
        }
        at += length;
    }
    start..end
}

/// The numbers in a version number such as `2.2`.
fn numbers(folded: &str) -> Vec<Range<usize>> {
    let mut at = 0;
    let number = |number: &str| {
        let range = at..at + number.len();
        at = range.end + 1;
        range
    };
    folded.split(['.', ',']).map(number).collect()
}

/// The tokens of one word as it is written: its terms, each once, with their bytes in the word.
#[derive(Debug)]
pub(super) struct WordTokens {
    pub(super) folded: String,
    pub(super) tokens: Vec<(String, Range<usize>)>,
}

impl WordTokens {
    fn of(language: AnalysisLanguage, word: &str) -> Self {
        let terms = WordTerms::of(language, word);
        let mut tokens = vec![(terms.stem.clone(), 0..word.len())];
        for (component, _) in &terms.components {
            let term = component_term(component);
            if tokens.iter().all(|(other, _)| *other != term) {
                let bytes = terms.bytes_of(word, component).unwrap_or(0..word.len());
                tokens.push((term, bytes));
            }
        }
        Self { folded: terms.folded, tokens }
    }
}

/// Maximum number of cached words per language and thread. Most words of a text occur repeatedly.
const CACHED_WORDS_MAX: usize = 40_000;

thread_local! {
    /// The analysers of all fields of a thread share a cache per language; threads share nothing,
    /// since each would wait for the other at every common word.
    static CACHES: RefCell<[TokenCache; 2]> = RefCell::default();
}

#[derive(Debug, Default)]
struct TokenCache(HashMap<Box<str>, Rc<WordTokens>>);

impl TokenCache {
    fn tokens_of(&mut self, language: AnalysisLanguage, word: &str) -> Rc<WordTokens> {
        if let Some(tokens) = self.0.get(word) {
            return Rc::clone(tokens);
        }
        if self.0.len() >= CACHED_WORDS_MAX {
            self.0.clear();
        }
        let tokens = Rc::new(WordTokens::of(language, word));
        self.0.insert(word.into(), Rc::clone(&tokens));
        tokens
    }
}

/// The tokens of a word that is short enough to be indexed.
pub(super) fn tokens_of(language: AnalysisLanguage, word: &str) -> Rc<WordTokens> {
    CACHES.with_borrow_mut(|caches| caches[language as usize].tokens_of(language, word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compound_must_have_the_stems_of_its_components_with_their_bytes() {
        let terms = WordTerms::of(AnalysisLanguage::Dutch, "Klantreizen");
        assert_eq!(terms.folded, "klantreizen");
        let components: Vec<_> = terms
            .components
            .iter()
            .map(|(stem, at)| (stem.as_str(), &terms.folded[at.clone()]))
            .collect();
        assert_eq!(components, [("klant", "klant"), ("reis", "reizen")]);
    }

    #[test]
    fn a_component_must_be_marked_in_the_word_as_it_is_written() {
        for (word, term, expected) in [
            ("Klantreizen", "reis", Some("reizen")),
            ("Klantreizen", "klantreis", Some("Klantreizen")),
            ("coördinatiepunten", "punt", Some("punten")),
            ("coo\u{308}rdinatiepunt", "punt", Some("punt")),
            ("cliëntbrief", "client", Some("cliënt")),
            ("klant\u{ad}reis", "klant", Some("klant\u{ad}")),
            ("klant\u{ad}reis", "reis", Some("reis")),
            ("brief", "reis", None),
        ] {
            let found = WordTerms::of(AnalysisLanguage::Dutch, word).bytes_of(word, term);
            assert_eq!(found.map(|range| &word[range]), expected, "{word} {term}");
        }
    }

    #[test]
    fn the_cache_must_be_bounded_and_return_the_tokens_of_each_word() {
        let mut cache = TokenCache::default();
        for number in 0..=CACHED_WORDS_MAX {
            let word = format!("w{number}");
            assert_eq!(cache.tokens_of(AnalysisLanguage::Dutch, &word).tokens[0].0, word);
            assert!(cache.0.len() <= CACHED_WORDS_MAX);
        }
        for _ in 0..2 {
            let tokens = tokens_of(AnalysisLanguage::Dutch, "Klantreizen");
            let expected = [("klantreis", 0..11), ("+klant", 0..5), ("+reis", 5..11)];
            assert_eq!(tokens.tokens, expected.map(|(term, bytes)| (term.to_owned(), bytes)));
        }
        assert_eq!(tokens_of(AnalysisLanguage::English, "Klantreizen").tokens.len(), 1);
    }

    #[test]
    fn a_version_must_be_found_by_its_first_number() {
        let terms = WordTerms::of(AnalysisLanguage::Dutch, "2.2");
        assert_eq!(terms.stem, "2.2");
        assert_eq!(terms.components, [("2".to_owned(), 0..1), ("2".to_owned(), 2..3)]);
    }
}
