//! Results: hits with facets and highlights, suggestions, and pages of records by name.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{
    Cursor, Facets, GenerationNumber, MatchClass, MatchKind, MeaningClass, NodeId, PartPosition,
    Record, SearchField, SearchFilter, SuggestionKind,
};

/// A mention of a declared entity in a text, found by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntityMention {
    /// The entity: a community, toolkit, organisation or person.
    pub entity: NodeId,
    /// The text that contains the first mention.
    pub text: MentionText,
}

/// A text in which an entity is mentioned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum MentionText {
    /// The title.
    Title,
    /// The summary or lead.
    Summary,
    /// A sentence of the plain text of the body, as a range of bytes.
    Body {
        /// First byte.
        start: u32,
        /// Byte after the last one.
        end: u32,
    },
}

/// A record in a page of search results.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// The record.
    pub record: Arc<Record>,
    /// Relevance; comparable only within one result.
    pub score: f32,
    /// How closely it matches.
    pub match_class: MatchClass,
    /// Position of the hit, for pagination.
    pub cursor: Cursor,
    /// Highlighted passages, if selected.
    pub highlights: Vec<Highlight>,
    /// The part of the record that matches more words than its title, if highlights are selected.
    pub matched_part: Option<PartPosition>,
    /// Score explanation, if selected and the query has words.
    pub explanation: Option<Explanation>,
}

/// Passages of one field that match the query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Highlight {
    /// The field.
    pub field: SearchField,
    /// Fragments, best first; each is a sequence of spans.
    pub fragments: Vec<Vec<Span>>,
}

/// A span of plain text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// The text as in the source.
    pub text: String,
    /// Whether the span matches the query.
    pub highlighted: bool,
}

/// Why a hit matched, and how its score is composed: the score is the sum of the contributions.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// Whether all words of the query matched.
    pub all_words: bool,
    /// The words of the query in order, with their contributions.
    pub words: Vec<TermMatch>,
    /// Contribution of the stop words of the query that its title contains.
    pub stop_words: f32,
    /// Contribution of matched words that are close together.
    pub proximity: f32,
    /// Contribution of recency, or of how soon an event takes place.
    pub recency: f32,
    /// Contribution of the preferences of the query that the hit meets.
    pub preference: f32,
}

/// Contribution of one word of the query to a hit.
#[derive(Debug, Clone, PartialEq)]
pub struct TermMatch {
    /// The word as typed.
    pub word: String,
    /// Fields in which the word matched; empty if it did not match.
    pub fields: Vec<SearchField>,
    /// How the word matched, highest contribution first.
    pub reasons: Vec<MatchReason>,
    /// Contribution to the score of the hit.
    pub score: f32,
}

/// A reason why a word matched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatchReason {
    /// Type of match.
    pub kind: MatchKind,
    /// The term that matched: the word itself, a component, a correction or a synonym.
    pub text: String,
    /// The line of the vocabulary that acted, such as `english.csv:12`.
    pub rule: Option<String>,
}

/// A passage that occurs in content of two sources.
#[derive(Debug, Clone, PartialEq)]
pub struct SharedPassage {
    /// Id of the other record.
    pub id: NodeId,
    /// Share of the words in the first record that also occur in the other one, from 0 to 1.
    pub share: f32,
    /// The longest passage in common, as written in the first record; truncated if long.
    pub text: String,
}

/// How the words of a query were interpreted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Interpretation {
    /// The query as typed.
    pub query: String,
    /// An alternative query with more hits, to offer to the user.
    pub did_you_mean: Option<String>,
    /// The query that was executed, because the words as typed match nothing: corrected, or with the
    /// last word completed, such as `klantr*`.
    pub corrected: Option<String>,
    /// Words that were ignored: stop words, words without a letter or digit, and excess words.
    pub ignored_words: Vec<String>,
    /// Labels of the vocabulary that were searched for as well.
    pub related: Vec<RelatedTerm>,
    /// What the words prefer, such as events in December for *agenda december*.
    pub preferences: Vec<Preference>,
}

/// Words of a query for a kind, a time or a kind of organisation. Results that meet the filter rank
/// higher; no result is excluded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preference {
    /// The words, as typed.
    pub typed: String,
    /// What they prefer.
    pub filter: SearchFilter,
}

/// A label of the vocabulary that was searched for as well.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelatedTerm {
    /// The words of the query.
    pub typed: String,
    /// The label.
    pub label: String,
    /// How close its meaning is.
    pub meaning: MeaningClass,
    /// The line of the vocabulary, such as `english.csv:12`.
    pub rule: String,
}

/// A completion of a typed prefix.
#[derive(Debug, Clone, PartialEq)]
pub struct Suggestion {
    /// Text to display.
    pub text: String,
    /// Type of suggestion.
    pub kind: SuggestionKind,
    /// The record behind the suggestion; `None` for a word.
    pub node: Option<Arc<Record>>,
}

/// A page of search results.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchPage {
    /// Hits, in order.
    pub hits: Vec<Hit>,
    /// Whether there is a next page.
    pub has_next: bool,
    /// Whether there is a previous page.
    pub has_previous: bool,
    /// Number of exact matches, if selected; of all matches if the wider ones count.
    pub total: Option<u64>,
    /// Number of wider matches, if the total is selected.
    pub wider_total: Option<u64>,
    /// Whether wider matches count, because the query includes them or has no exact matches.
    pub wider_included: bool,
    /// The theme or organisation that the query names, if selected.
    pub about: Option<Arc<Record>>,
    /// Facet counts, if selected.
    pub facets: Option<Facets>,
    /// How the words were interpreted.
    pub interpretation: Interpretation,
    /// Generation of the cursor, if it differs from the current one.
    pub continued_from: Option<GenerationNumber>,
}

/// A page of the records of one kind, by name.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordPage {
    /// Records with their cursors.
    pub entries: Vec<(Arc<Record>, Cursor)>,
    /// Whether there is a next page.
    pub has_next: bool,
    /// Whether there is a previous page.
    pub has_previous: bool,
    /// Total number of records of the kind.
    pub total: u64,
    /// Generation of the cursor, if it differs from the current one.
    pub continued_from: Option<GenerationNumber>,
}
