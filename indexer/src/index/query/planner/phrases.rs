//! Consecutive words of a query that belong together: names, phrases of the vocabulary, a word with
//! its number, and the two parts of a separable verb.

use std::ops::Range;

use schema::{MatchClass, MatchKind};

use super::Planner;
use crate::{
    analysis,
    analysis::AnalysisLanguage,
    index::{
        document_texts::full_name_term,
        query::{index_term::IndexTerm, query_words::QueryWord, terms::TermContext},
    },
};

/// Maximum number of words of a known name.
const NAME_WORDS_MAX: usize = 6;
/// Weight of a phrase per word, added to that of its words.
const PHRASE_WEIGHT: f32 = 0.4;
/// Weight of a numbered word in its other form: that of its two words and their phrase.
const NUMBERED_WEIGHT: f32 = 2.8;
/// Weight of a separable verb in two words.
const SEPARATED_WEIGHT: f32 = 0.5;
/// Maximum distance of the parts of a separable verb, in words.
const SEPARATED_DISTANCE_MAX: usize = 5;

/// Abbreviations before a number, with the word for them, of which the number says which one: a
/// text that contains the number only is about something else.
const NUMBERED: [(&str, &str); 7] = [
    ("art", "artikel"),
    ("par", "paragraaf"),
    ("hfst", "hoofdstuk"),
    ("nr", "nummer"),
    ("blz", "bladzijde"),
    ("bijl", "bijlage"),
    ("v", "versie"),
];

impl Planner<'_> {
    /// The names of two words or more in a run of words, the longest at each place.
    pub(super) fn names_in(&self, run: &[QueryWord]) -> tantivy::Result<Vec<Range<usize>>> {
        let mut names = Vec::new();
        let mut at = 0;
        while at + 1 < run.len() {
            self.cancellation.check()?;
            let longest = (run.len() - at).min(NAME_WORDS_MAX);
            let mut length = 1;
            for candidate in (2..=longest).rev() {
                if self.is_name(&run[at..at + candidate])? {
                    length = candidate;
                    names.push(at..at + candidate);
                    break;
                }
            }
            at += length;
        }
        Ok(names)
    }

    fn is_name(&self, run: &[QueryWord]) -> tantivy::Result<bool> {
        let words = run.iter().map(|word| word.dutch.folded.as_str());
        let term = full_name_term(words);
        let term = IndexTerm::find(self.searcher, self.schema.scoped_names, &term)?;
        Ok(term.doc_freq() > 0)
    }

    /// The words with a number after them, such as *TLS 1.3*.
    pub(super) fn numbered_words(run: &[QueryWord]) -> impl Iterator<Item = Range<usize>> {
        let starts_with_digit = |word: &QueryWord| word.dutch.folded.starts_with(char::is_numeric);
        (1..run.len())
            .filter(move |at| starts_with_digit(&run[*at]) && !starts_with_digit(&run[at - 1]))
            .map(|at| at - 1..at + 1)
    }

    /// The other form of a word before a number: *artikel* for *art*, and the reverse.
    pub(super) fn other_form(folded: &str) -> Option<&'static str> {
        NUMBERED.iter().find_map(|(short, long)| match folded {
            _ if folded == *short => Some(*long),
            _ if folded == *long => Some(*short),
            _ => None,
        })
    }

    /// Adds a word and its number, also in the other form of the word.
    pub(super) fn add_numbered(&mut self, numbered: &[QueryWord]) -> tantivy::Result<()> {
        self.add_phrase(numbered)?;
        let [word, number] = numbered else { return Ok(()) };
        let Some(other) = Self::other_form(&word.dutch.folded) else { return Ok(()) };
        let context = TermContext {
            words: word.words | number.words,
            kind: MatchKind::Word,
            class: MatchClass::Exact,
            weight: NUMBERED_WEIGHT,
            text: &format!("{other} {}", number.typed.text),
            rule: None,
        };
        let languages = [AnalysisLanguage::Dutch, AnalysisLanguage::English];
        let stems = languages.map(|language| {
            [other, number.dutch.folded.as_str()].map(|part| analysis::stem(language, part))
        });
        let forms = [(languages[0], &stems[0][..]), (languages[1], &stems[1][..])];
        self.terms.add_stems(&forms, context)?;
        Ok(())
    }

    /// Adds words as a phrase, so that a document with the phrase ranks above its parts.
    pub(super) fn add_phrase(&mut self, phrase: &[QueryWord]) -> tantivy::Result<()> {
        let words = phrase.iter().map(|word| word.words).collect();
        let dutch: Vec<String> = phrase.iter().map(|word| word.dutch.stem.clone()).collect();
        let english: Vec<String> = phrase.iter().map(|word| word.english.clone()).collect();
        let text: Vec<&str> = phrase.iter().map(|word| word.typed.text.as_str()).collect();
        #[expect(clippy::cast_precision_loss, reason = "a phrase has few words")]
        let weight = PHRASE_WEIGHT * phrase.len() as f32;
        let context = TermContext {
            words,
            kind: MatchKind::Word,
            class: MatchClass::Exact,
            weight,
            text: &text.join(" "),
            rule: None,
        };
        let forms =
            [(AnalysisLanguage::Dutch, &dutch[..]), (AnalysisLanguage::English, &english[..])];
        let terms_before = self.terms.terms.len();
        self.terms.add_stems(&forms, context)?;
        // Other words are searched by their stems, too.
        let adds_matches = phrase.iter().any(|word| {
            analysis::is_stop_word(&word.dutch.folded) || self.is_searched_as_name(word)
        });
        for term in &mut self.terms.terms[terms_before..] {
            term.adds_matches = adds_matches;
        }
        Ok(())
    }

    /// Adds letters and a number in one word also as two words: *TLS1.3* as *TLS 1.3*.
    pub(super) fn add_split_number(&mut self, word: &QueryWord) -> tantivy::Result<()> {
        let folded = &word.dutch.folded;
        let Some((letters, number)) = letters_and_number(folded) else { return Ok(()) };
        let context = TermContext {
            words: word.words,
            kind: MatchKind::Joined,
            class: MatchClass::Exact,
            weight: 1.0,
            text: &format!("{letters} {number}"),
            rule: None,
        };
        let languages = [AnalysisLanguage::Dutch, AnalysisLanguage::English];
        let stems =
            languages.map(|language| [letters, number].map(|part| analysis::stem(language, part)));
        let forms = [(languages[0], &stems[0][..]), (languages[1], &stems[1][..])];
        self.terms.add_stems(&forms, context)?;
        Ok(())
    }

    /// Adds a separable verb in one word, as its two parts: *aanleveren* also as *levert aan*.
    pub(super) fn add_separated(&mut self, word: &QueryWord) -> tantivy::Result<()> {
        let Some((prefix, verb)) = analysis::separable_verb(&word.dutch.folded) else {
            return Ok(());
        };
        let stem = analysis::stem(AnalysisLanguage::Dutch, &verb);
        let context = TermContext {
            words: word.words,
            kind: MatchKind::Word,
            class: MatchClass::Exact,
            weight: SEPARATED_WEIGHT,
            text: &format!("{verb} {prefix}"),
            rule: None,
        };
        self.terms.add_stems(&[(AnalysisLanguage::Dutch, &[stem, prefix])], context)?;
        Ok(())
    }

    /// Adds a separable verb of which the query has the two parts: *levert … aan*.
    pub(super) fn add_joined_verbs(&mut self, run: &[QueryWord]) -> tantivy::Result<()> {
        for (at, verb) in run.iter().enumerate().filter(|(_, verb)| !verb.words.is_empty()) {
            let others = run[at + 1..].iter().take(SEPARATED_DISTANCE_MAX);
            for prefix in others.filter(|word| analysis::is_separable_prefix(&word.dutch.folded)) {
                let joined = format!("{}{}", prefix.dutch.folded, verb.dutch.folded);
                if analysis::separable_verb(&joined).is_none() {
                    continue;
                }
                let stem = analysis::stem(AnalysisLanguage::Dutch, &joined);
                let context = TermContext {
                    words: verb.words | prefix.words,
                    kind: MatchKind::Joined,
                    class: MatchClass::Exact,
                    weight: 1.0,
                    text: &joined,
                    rule: None,
                };
                self.terms.add_stems(&[(AnalysisLanguage::Dutch, &[stem])], context)?;
            }
        }
        Ok(())
    }
}

/// The letters, at least two, and the number after them that a word consists of.
fn letters_and_number(folded: &str) -> Option<(&str, &str)> {
    let (letters, number) = folded.split_at(folded.find(|letter: char| letter.is_ascii_digit())?);
    let is_number = number.chars().all(|digit| digit.is_ascii_digit() || digit == '.');
    let is_name = letters.chars().count() > 1 && letters.chars().all(char::is_alphabetic);
    (is_number && is_name).then_some((letters, number))
}
