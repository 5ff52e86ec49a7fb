//! The index terms of a word: its stem and the stems of its components.

use std::{collections::HashMap, ops::Range, sync::Arc};

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

/// Maximum number of cached words. Most words of a text occur repeatedly.
const STEM_CACHE_WORDS_MAX: usize = 20_000;

/// Cache of the terms of words.
#[derive(Debug, Clone)]
pub(super) struct StemCache {
    language: AnalysisLanguage,
    terms: HashMap<Box<str>, Arc<WordTerms>>,
}

impl StemCache {
    pub(super) fn new(language: AnalysisLanguage) -> Self {
        Self { language, terms: HashMap::new() }
    }

    pub(super) fn terms_of(&mut self, word: &str) -> Arc<WordTerms> {
        if let Some(terms) = self.terms.get(word) {
            return Arc::clone(terms);
        }
        if self.terms.len() >= STEM_CACHE_WORDS_MAX {
            self.terms.clear();
        }
        let terms = Arc::new(WordTerms::of(self.language, word));
        self.terms.insert(word.into(), Arc::clone(&terms));
        terms
    }
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
    fn a_version_must_be_found_by_its_first_number() {
        let terms = WordTerms::of(AnalysisLanguage::Dutch, "2.2");
        assert_eq!(terms.stem, "2.2");
        assert_eq!(terms.components, [("2".to_owned(), 0..1), ("2".to_owned(), 2..3)]);
    }
}
