//! The words that are probably meant by words that no text has.

use std::{cmp::Reverse, collections::BTreeMap};

use tantivy::{Searcher, Term, query::FuzzyTermQuery};

use crate::{cancellation::Cancellation, index::schema::IndexSchema};

/// Shorter words are not corrected: nearly every one of them is another word.
const LETTERS_MIN: usize = 4;
/// From so many letters on, two mistakes are corrected where one does not explain the word.
const TWO_EDITS_LETTERS_MIN: usize = 9;
/// Shorter fronts of words are not corrected.
const PREFIX_LETTERS_MIN: usize = 5;
/// No more words of one segment are compared.
const CANDIDATES_MAX: usize = 2_000;

/// The word of the texts that is probably meant by a folded word that none of them has: the nearest
/// by inserted, deleted, replaced and swapped letters; of several the one with the same first letter,
/// then the one that most documents have.
pub(crate) fn correction(
    searcher: &Searcher,
    schema: &IndexSchema,
    word: &str,
    cancellation: &Cancellation,
) -> tantivy::Result<Option<String>> {
    let letters = word.chars().count();
    if letters < LETTERS_MIN || !word.chars().all(char::is_alphabetic) {
        return Ok(None);
    }
    let distance = |found: &str| strsim::osa_distance(found, word);
    let nearest_within = |max_edits| {
        cancellation.check()?;
        let term = Term::from_field_text(schema.exact, word);
        nearest(searcher, schema, &FuzzyTermQuery::new(term, max_edits, true), word, distance)
    };
    let found = nearest_within(1)?;
    if found.is_some() || letters < TWO_EDITS_LETTERS_MIN { Ok(found) } else { nearest_within(2) }
}

/// The front of a word of the texts that is probably meant by a folded front with one mistake in it.
pub(crate) fn prefix_correction(
    searcher: &Searcher,
    schema: &IndexSchema,
    prefix: &str,
) -> tantivy::Result<Option<String>> {
    let letters = prefix.chars().count();
    if letters < PREFIX_LETTERS_MIN || !prefix.chars().all(char::is_alphabetic) {
        return Ok(None);
    }
    let term = Term::from_field_text(schema.exact, prefix);
    let query = FuzzyTermQuery::new_prefix(term, 1, true);
    // What the automaton finds is one mistake away at most, so it need not be measured again.
    let distance = |found: &str| usize::from(!found.starts_with(prefix));
    let found = nearest(searcher, schema, &query, prefix, distance)?;
    Ok(found.and_then(|found| {
        let ends = found.char_indices().map(|(at, _)| at).chain([found.len()]);
        let prefixes = ends.skip(letters - 1).take(3).map(|end| found[..end].to_owned());
        prefixes.min_by_key(|found| strsim::osa_distance(found, prefix))
    }))
}

fn nearest(
    searcher: &Searcher,
    schema: &IndexSchema,
    query: &FuzzyTermQuery,
    word: &str,
    distance: impl Fn(&str) -> usize,
) -> tantivy::Result<Option<String>> {
    let automaton = query.automaton()?;
    let mut found = BTreeMap::<String, u64>::new();
    for segment in searcher.segment_readers() {
        let index = segment.inverted_index(schema.exact)?;
        let mut terms = index.terms().search(&automaton).into_stream()?;
        let mut compared = 0;
        while compared < CANDIDATES_MAX && terms.advance() {
            if let Ok(term) = std::str::from_utf8(terms.key()) {
                *found.entry(term.to_owned()).or_default() += u64::from(terms.value().doc_freq);
            }
            compared += 1;
        }
    }
    let first = word.chars().next();
    let found = found.into_iter().filter(|(found, _)| found.chars().all(char::is_alphabetic));
    let best = found.min_by_key(|(found, documents)| {
        (distance(found), found.chars().next() != first, Reverse(*documents), found.clone())
    });
    Ok(best.map(|(found, _)| found))
}
