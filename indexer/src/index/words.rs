//! From the words that a person types to a query of the engine.
//!
//! Documents with all words come first. Where fewer than [`ENOUGH`] have all of them, those with
//! most of them follow.

use tantivy::{
    Index, Term,
    query::{
        AllQuery, BooleanQuery, BoostQuery, ConstScoreQuery, EmptyQuery, Occur, Query, TermQuery,
    },
    schema::{Field, IndexRecordOption},
};

use super::layout::Layout;
use crate::language::{self, DUTCH, ENGLISH, NAMES};

/// So many documents with all words are enough.
pub(super) const ENOUGH: usize = 100;
/// More words than this are not looked at.
pub(super) const WORDS_MAX: usize = 32;
/// More parts of one word (`e-mail`, `a.b.c`) than this are not looked at.
const PARTS_MAX: usize = 8;
/// What having all words is worth: more than any sum of term scores.
const ALL_WORDS: f32 = 1_000.0;

const TITLE_WEIGHT: f32 = 2.0;
const TEXT_WEIGHT: f32 = 1.0;
const NAME_WEIGHT: f32 = 0.7;

/// The words of a question, each as a query over every field.
pub(super) struct Words(Vec<Box<dyn Query>>);

impl Words {
    /// Reads the words; `None` where there are none to look for.
    pub(super) fn read(index: &Index, layout: &Layout, typed: &str) -> Option<Self> {
        let words: Vec<_> = typed
            .split_whitespace()
            .filter(|word| word.chars().any(char::is_alphanumeric))
            .take(WORDS_MAX)
            .map(|word| one_word(index, layout, word))
            .collect();
        (!words.is_empty()).then_some(Self(words))
    }

    /// Documents with every word.
    pub(super) fn all(&self) -> Box<dyn Query> {
        clauses(&self.0, Occur::Must)
    }

    /// Documents with most of the words, those with all of them first.
    pub(super) fn most(&self) -> Box<dyn Query> {
        let enough = self.0.len() / 2 + 1;
        let most = BooleanQuery::union_with_minimum_required_clauses(
            self.0.iter().map(|word| word.box_clone()).collect(),
            enough,
        );
        let bonus = ConstScoreQuery::new(self.all(), ALL_WORDS);
        Box::new(BooleanQuery::new(vec![
            (Occur::Must, Box::new(most)),
            (Occur::Should, Box::new(bonus)),
        ]))
    }

    /// Whether there is a difference between all words and most of them.
    pub(super) fn are_several(&self) -> bool {
        self.0.len() > 1
    }
}

/// Every document.
pub(super) fn everything() -> Box<dyn Query> {
    Box::new(AllQuery)
}

/// One word as typed, over all fields in both languages. A hyphenated word is a phrase of terms
/// that must all be there.
fn one_word(index: &Index, layout: &Layout, word: &str) -> Box<dyn Query> {
    let fields = [
        (layout.title_nl, DUTCH, TITLE_WEIGHT),
        (layout.text_nl, DUTCH, TEXT_WEIGHT),
        (layout.title_en, ENGLISH, TITLE_WEIGHT),
        (layout.text_en, ENGLISH, TEXT_WEIGHT),
        (layout.names, NAMES, NAME_WEIGHT),
    ];
    let parts = fields.map(|(field, analyser, weight)| {
        let terms = language::terms(index, analyser, word);
        let terms =
            terms.iter().take(PARTS_MAX).map(|term| term_query(field, term)).collect::<Vec<_>>();
        let query: Box<dyn Query> = match terms.len() {
            0 => Box::new(EmptyQuery),
            _ => clauses(&terms, Occur::Must),
        };
        (Occur::Should, Box::new(BoostQuery::new(query, weight)) as Box<dyn Query>)
    });
    Box::new(BooleanQuery::new(parts.into()))
}

fn term_query(field: Field, term: &str) -> Box<dyn Query> {
    Box::new(TermQuery::new(Term::from_field_text(field, term), IndexRecordOption::WithFreqs))
}

fn clauses(queries: &[Box<dyn Query>], occur: Occur) -> Box<dyn Query> {
    match queries {
        [one] => one.box_clone(),
        several => Box::new(BooleanQuery::new(
            several.iter().map(|query| (occur, query.box_clone())).collect(),
        )),
    }
}
