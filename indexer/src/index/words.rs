//! From the words that a person types to a query of the engine.
//!
//! Documents with all words come first. Where fewer than [`ENOUGH`] have all of them, those with
//! at least half of them follow.

use schema::Interpretation;
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
pub(super) const WORDS_MAX: u32 = 32;
/// More parts of one word (`e-mail`, `a.b.c`) than this are not looked at.
const PARTS_MAX: usize = 8;
/// What having all words is worth: more than any sum of term scores.
pub(super) const ALL_WORDS: f32 = 1_000.0;

const TITLE_WEIGHT: f32 = 2.0;
const TEXT_WEIGHT: f32 = 1.0;
const NAME_WEIGHT: f32 = 0.7;

/// The fields that a word is looked for in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Title,
    Text,
    Names,
}

/// One word of a question.
pub(super) struct Word {
    /// As typed.
    pub(super) typed: String,
    /// Its terms in each field: a hyphenated word has several, which must all be there.
    pub(super) terms: Vec<(Part, Field, Vec<String>)>,
    /// What finds it in any field.
    pub(super) query: Box<dyn Query>,
}

/// The words of a question.
pub(crate) struct Words(Vec<Word>);

/// What was made of the words that a person typed.
pub(crate) fn interpret(typed: &str) -> Interpretation {
    let mut searchable = 0;
    let is_ignored = |word: &&str| {
        searchable += u32::from(is_searchable(word));
        !is_searchable(word) || searchable > WORDS_MAX
    };
    let ignored = typed.split_whitespace().filter(is_ignored).map(str::to_owned);
    Interpretation {
        query: typed.trim().to_owned(),
        ignored_words: ignored.collect(),
        ..Interpretation::default()
    }
}

fn is_searchable(word: &str) -> bool {
    word.chars().any(char::is_alphanumeric)
}

impl Words {
    /// Reads the words; `None` where there are none to look for.
    pub(super) fn read(index: &Index, layout: &Layout, typed: &str) -> Option<Self> {
        let words: Vec<_> = typed
            .split_whitespace()
            .filter(|word| is_searchable(word))
            .take(WORDS_MAX as usize)
            .map(|word| one_word(index, layout, word))
            .collect();
        (!words.is_empty()).then_some(Self(words))
    }

    /// Each of them, in the order typed.
    pub(super) fn each(&self) -> &[Word] {
        &self.0
    }

    /// Documents with every word.
    pub(super) fn all(&self) -> Box<dyn Query> {
        let words: Vec<_> = self.0.iter().map(|word| word.query.box_clone()).collect();
        clauses(&words, Occur::Must)
    }

    /// Documents with at least half of the words, those with all of them first.
    pub(super) fn most(&self) -> Box<dyn Query> {
        let enough = self.0.len().div_ceil(2);
        let most = BooleanQuery::union_with_minimum_required_clauses(
            self.0.iter().map(|word| word.query.box_clone()).collect(),
            enough,
        );
        let bonus = ConstScoreQuery::new(self.all(), ALL_WORDS);
        Box::new(BooleanQuery::new(vec![
            (Occur::Must, Box::new(most)),
            (Occur::Should, Box::new(bonus)),
        ]))
    }

    /// Whether all words can be more than half of them.
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
fn one_word(index: &Index, layout: &Layout, word: &str) -> Word {
    let fields = [
        (Part::Title, layout.title_nl, DUTCH, TITLE_WEIGHT),
        (Part::Text, layout.text_nl, DUTCH, TEXT_WEIGHT),
        (Part::Title, layout.title_en, ENGLISH, TITLE_WEIGHT),
        (Part::Text, layout.text_en, ENGLISH, TEXT_WEIGHT),
        (Part::Names, layout.names, NAMES, NAME_WEIGHT),
    ];
    let mut places = Vec::with_capacity(fields.len());
    let mut queries = Vec::with_capacity(fields.len());
    for (part, field, analyser, weight) in fields {
        let mut terms = language::terms(index, analyser, word);
        terms.truncate(PARTS_MAX);
        let parts = terms.iter().map(|term| term_query(field, term)).collect::<Vec<_>>();
        let query: Box<dyn Query> = match parts.len() {
            0 => Box::new(EmptyQuery),
            _ => clauses(&parts, Occur::Must),
        };
        queries.push((Occur::Should, Box::new(BoostQuery::new(query, weight)) as Box<dyn Query>));
        places.push((part, field, terms));
    }
    let query = Box::new(BooleanQuery::new(queries));
    Word { typed: word.to_owned(), terms: places, query }
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
