//! The glossary of CONTRIBUTING.md.

use std::fs;

use crate::support::repository;

/// Terms and retired phrases, as words in lower case.
pub(super) struct Glossary {
    retired: Vec<Vec<String>>,
    /// Terms that contain a retired phrase.
    terms: Vec<Vec<String>>,
}

impl Glossary {
    /// Reads terms from the column "Use", and retired words from the backticks in "Instead of".
    pub(super) fn read() -> Self {
        let path = repository().join("CONTRIBUTING.md");
        let text = fs::read_to_string(path).expect("CONTRIBUTING.md");
        let table = text.lines().skip_while(|line| *line != "| Use | Instead of | Meaning |");
        let rows = table.skip(2).map_while(|line| line.strip_prefix('|'));
        let (mut retired, mut terms) = (Vec::new(), Vec::new());
        for mut cells in rows.map(|row| row.split('|')) {
            let (term, instead) = (cells.next(), cells.next().unwrap_or_default());
            terms.extend(term.into_iter().flat_map(|term| term.split(',')).map(words));
            retired.extend(instead.split('`').skip(1).step_by(2).map(words));
        }
        terms.retain(|term| term.len() > 1 && retired.iter().any(|phrase| holds(term, phrase)));
        Self { retired, terms }
    }

    /// The retired phrases in a name or a sentence.
    pub(super) fn retired(&self, text: &str) -> impl Iterator<Item = String> {
        let mut words = words(text);
        for term in &self.terms {
            while let Some(at) = words.windows(term.len()).position(|window| window == term) {
                words.drain(at..at + term.len());
            }
        }
        let found = self.retired.iter().filter(move |phrase| holds(&words, phrase));
        found.map(|phrase| phrase.join(" "))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.retired.is_empty()
    }
}

fn holds(words: &[String], phrase: &[String]) -> bool {
    words.windows(phrase.len()).any(|window| window == phrase)
}

/// Splits a sentence or a name in any case into words in lower case.
pub(super) fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut previous = ' ';
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        let next_is_lower = characters.peek().is_some_and(|next| next.is_lowercase());
        let starts = c.is_uppercase() && (!previous.is_uppercase() || next_is_lower);
        if starts || !c.is_alphabetic() {
            words.push(String::new());
        }
        if c.is_alphabetic() {
            words.last_mut().expect("never empty").extend(c.to_lowercase());
        }
        previous = c;
    }
    words.retain(|word| !word.is_empty());
    words
}

#[test]
fn names_must_be_split_into_words() {
    assert_eq!(words("JSONFile"), ["json", "file"]);
    assert_eq!(words("left_alone2"), ["left", "alone"]);
    assert_eq!(words("LEFT_ALONE"), ["left", "alone"]);
    assert_eq!(words("isTold: {x}"), ["is", "told", "x"]);
}
