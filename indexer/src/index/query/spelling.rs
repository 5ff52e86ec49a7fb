//! Spelling corrections for words that occur in no text.

use std::{cmp::Reverse, collections::BTreeMap};

use tantivy::{Searcher, Term, query::FuzzyTermQuery};

use crate::{cancellation::Cancellation, index::schema::IndexSchema};

/// Minimum number of letters of a word to correct; most shorter words are close to a different
/// word.
const LETTERS_MIN: usize = 4;
/// Minimum number of letters for a correction with two edits.
const TWO_EDITS_LETTERS_MIN: usize = 9;
/// Minimum number of letters of a prefix to correct.
const PREFIX_LETTERS_MIN: usize = 5;
/// Maximum number of candidates per segment.
const CANDIDATES_MAX: usize = 2_000;

/// The most probable correction of a folded word: the closest word by insertions, deletions,
/// replacements and swaps; of several, one with the same first letter, then the most frequent one.
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

/// The most probable correction of a folded prefix, with one edit.
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
    // All candidates are within one edit, so a distance need not be computed.
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
