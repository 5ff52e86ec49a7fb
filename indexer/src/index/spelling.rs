//! The words that are probably meant by words that no text has.

use std::{cmp::Reverse, collections::BTreeMap};

use tantivy::{Searcher, Term, query::FuzzyTermQuery};

use super::layout::Layout;

/// Shorter words are not corrected: nearly every one of them is another word.
const LETTERS_MIN: usize = 4;
/// From so many letters on, two mistakes are corrected where one does not explain the word.
const TWO_MISTAKES_LETTERS_MIN: usize = 9;
/// No more words of one segment are compared.
const CANDIDATES_MAX: usize = 2_000;

/// The word of the texts that is probably meant by a folded word that none of them has: the nearest
/// by inserted, deleted, replaced and swapped letters; of several the one with the same first letter,
/// then the one that most documents have.
pub(super) fn correction(
    searcher: &Searcher,
    layout: &Layout,
    word: &str,
) -> tantivy::Result<Option<String>> {
    let letters = word.chars().count();
    if letters < LETTERS_MIN || !word.chars().all(char::is_alphabetic) {
        return Ok(None);
    }
    let found = nearest(searcher, layout, 1, word)?;
    if found.is_some() || letters < TWO_MISTAKES_LETTERS_MIN {
        return Ok(found);
    }
    nearest(searcher, layout, 2, word)
}

fn nearest(
    searcher: &Searcher,
    layout: &Layout,
    mistakes: u8,
    word: &str,
) -> tantivy::Result<Option<String>> {
    let term = Term::from_field_text(layout.exact, word);
    let near = FuzzyTermQuery::new(term, mistakes, true).automaton()?;
    let mut found = BTreeMap::<String, u64>::new();
    for segment in searcher.segment_readers() {
        let index = segment.inverted_index(layout.exact)?;
        let mut terms = index.terms().search(&near).into_stream()?;
        let mut seen = 0;
        while seen < CANDIDATES_MAX && terms.advance() {
            if let Ok(term) = std::str::from_utf8(terms.key()) {
                *found.entry(term.to_owned()).or_default() += u64::from(terms.value().doc_freq);
            }
            seen += 1;
        }
    }
    let first = word.chars().next();
    let found = found.into_iter().filter(|(found, _)| found.chars().all(char::is_alphabetic));
    let best = found.min_by_key(|(found, documents)| {
        let distance = strsim::osa_distance(found, word);
        (distance, found.chars().next() != first, Reverse(*documents), found.clone())
    });
    Ok(best.map(|(found, _)| found))
}
