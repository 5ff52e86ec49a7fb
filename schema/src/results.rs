//! Answers: hits in order, what they count up to, and pages of names.

use std::sync::Arc;

use crate::{
    Cursor, Facets, GenerationNumber, MatchKind, NodeId, Record, SearchField, SuggestionKind,
};

/// One thing that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// The thing.
    pub record: Arc<Record>,
    /// How well it fits; comparable only within one answer.
    pub score: f32,
    /// Its place, to go on from.
    pub cursor: Cursor,
    /// Where the words stand in it, where that was wanted.
    pub highlights: Vec<Highlight>,
    /// Why it was found, where that was wanted and words were asked for.
    pub explanation: Option<Explanation>,
}

/// Stretches of one field of a hit in which the words stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Highlight {
    /// Which field.
    pub field: SearchField,
    /// Stretches of text, best first; each a row of spans.
    pub fragments: Vec<Vec<Span>>,
}

/// A piece of plain text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// The text as its source wrote it.
    pub text: String,
    /// Whether it is what was asked for.
    pub highlighted: bool,
}

/// Why a hit was found and stands where it stands. Its score is the sum of all scores here.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// Whether it has every word.
    pub all_words: bool,
    /// The words in the order asked, each with what it brought.
    pub words: Vec<TermMatch>,
    /// Contribution of the stop words of the query that its title contains.
    pub stop_words: f32,
    /// Contribution of words that stand near each other.
    pub proximity: f32,
    /// What is added because it is recent, or near in time.
    pub recency: f32,
}

/// What one word of a question brought to a hit.
#[derive(Debug, Clone, PartialEq)]
pub struct TermMatch {
    /// The word as typed.
    pub word: String,
    /// The fields that it was found in; none where the hit lacks it.
    pub fields: Vec<SearchField>,
    /// How it was found, the way that brought most first.
    pub reasons: Vec<MatchReason>,
    /// Its part of the hit's score.
    pub score: f32,
}

/// One way in which a word was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatchReason {
    /// In which way.
    pub kind: MatchKind,
    /// What was looked for: the word itself, a part of it, its correction, a synonym.
    pub text: String,
}

/// What a piece of content has in common with one of another source.
#[derive(Debug, Clone, PartialEq)]
pub struct SharedPassage {
    /// The other one.
    pub id: NodeId,
    /// Which share of the words of the first stands in the other one, too, from 0 to 1.
    pub share: f32,
    /// The longest stretch that both have, as it stands in the first; shortened where it is long.
    pub text: String,
}

/// What was made of the words of a question.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Interpretation {
    /// The words that were looked for, as typed.
    pub query: String,
    /// A question that finds more, for the asker to choose.
    pub did_you_mean: Option<String>,
    /// The question that was asked instead, because nothing has the words as typed.
    pub corrected: Option<String>,
    /// Words that were left out.
    pub ignored_words: Vec<String>,
    /// Words that were looked for besides, because they mean the same.
    pub synonyms: Vec<String>,
}

/// Something to type or to go to, for the front of a word or title.
#[derive(Debug, Clone, PartialEq)]
pub struct Suggestion {
    /// What to show.
    pub text: String,
    /// What it stands for.
    pub kind: SuggestionKind,
    /// The thing behind it; none for a word.
    pub node: Option<Arc<Record>>,
}

/// One stretch of the hits of a search.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchPage {
    /// Hits in order.
    pub hits: Vec<Hit>,
    /// Whether more follow.
    pub has_next: bool,
    /// Whether others go before.
    pub has_previous: bool,
    /// The number of all hits, where it was wanted.
    pub total: Option<u64>,
    /// Facet counts, where they were wanted.
    pub facets: Option<Facets>,
    /// What was made of the words.
    pub interpretation: Interpretation,
    /// The generation of the given cursor, where that is no longer the one that answers.
    pub continued_from: Option<GenerationNumber>,
}

/// One stretch of the things of one kind, by name.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordPage {
    /// The things and their places.
    pub entries: Vec<(Arc<Record>, Cursor)>,
    /// Whether more follow.
    pub has_next: bool,
    /// Whether others go before.
    pub has_previous: bool,
    /// The number of all things of the kind.
    pub total: u64,
    /// The generation of the given cursor, where that is no longer the one that answers.
    pub continued_from: Option<GenerationNumber>,
}
