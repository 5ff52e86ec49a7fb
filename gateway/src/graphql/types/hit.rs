//! What a search tells about a hit besides the thing itself: where its words stand, and why it was
//! found; and what was made of the words.

use async_graphql::Object;

use crate::{
    explanation_text,
    graphql::enums::{MatchKind, SearchField},
    messages::Messages,
};

/// Borrows the places of words in one field.
pub(crate) struct Highlight<'a>(pub(crate) &'a schema::Highlight);

/// Fragments of one field with words of the query. Plain text with marked spans, never HTML: the
/// client decides how a match is displayed.
#[Object]
impl Highlight<'_> {
    /// Which field.
    async fn field(&self) -> SearchField {
        self.0.field.into()
    }

    /// The stretches, best first: the whole of a short field, some 160 characters of a long one.
    /// Each is a row of spans that make up its text, such as `Een`, ` `, `brief` (a hit).
    async fn fragments(&self) -> Vec<Vec<Span<'_>>> {
        self.0.fragments.iter().map(|spans| spans.iter().map(Span).collect()).collect()
    }
}

/// Borrows a piece of text.
struct Span<'a>(&'a schema::Span);

/// A piece of plain text.
#[Object]
impl Span<'_> {
    /// The text as its source wrote it.
    async fn text(&self) -> &str {
        &self.0.text
    }

    /// Whether it matches the query.
    async fn highlighted(&self) -> bool {
        self.0.highlighted
    }
}

/// Borrows the reasons for a hit.
pub(crate) struct Explanation<'a>(pub(crate) &'a schema::Explanation);

/// Why a hit was found and stands where it stands. For editors; it costs extra.
#[Object]
impl Explanation<'_> {
    /// Whether it matches every word of the query. For a query of two words, such hits come first; for
    /// a longer one they score higher.
    async fn all_words(&self) -> bool {
        self.0.all_words
    }

    /// The words of the query in their order, each with its contribution.
    async fn words(&self) -> Vec<TermMatch<'_>> {
        self.0.words.iter().map(TermMatch).collect()
    }

    /// Contribution to the score of stop words of the query, such as `de`, that the title contains.
    async fn stop_words(&self) -> f32 {
        self.0.stop_words
    }

    /// Contribution to the score of words that stand near each other in the order of the query; when
    /// the order is `RELEVANCE`.
    async fn proximity(&self) -> f32 {
        self.0.proximity
    }

    /// What its score has for being recent, or for taking place soon; when the order is `RELEVANCE`.
    async fn recency(&self) -> f32 {
        self.0.recency
    }

    /// The reasons as sentences, in Dutch, such as `Alle woorden komen voor: "brief" in de titel
    /// en de tekst.`
    async fn text(&self) -> String {
        explanation_text::sentences(Messages::of(schema::Language::Nl), self.0)
    }
}

/// Borrows what a word brought.
struct TermMatch<'a>(&'a schema::TermMatch);

/// Contribution of one word of the query to a hit.
#[Object]
impl TermMatch<'_> {
    /// The word as typed.
    async fn word(&self) -> &str {
        &self.0.word
    }

    /// The fields that it was found in; none where the hit lacks it.
    async fn fields(&self) -> Vec<SearchField> {
        self.0.fields.iter().copied().map(Into::into).collect()
    }

    /// Reasons why it matched, the one with the highest contribution first.
    async fn reasons(&self) -> Vec<MatchReason<'_>> {
        self.0.reasons.iter().map(MatchReason).collect()
    }

    /// Its part of the score that the hit has when the order is `RELEVANCE`.
    async fn score(&self) -> f32 {
        self.0.score
    }
}

/// Borrows a way.
struct MatchReason<'a>(&'a schema::MatchReason);

/// One reason why a word of the query matched.
#[Object]
impl MatchReason<'_> {
    /// How it matched.
    async fn kind(&self) -> MatchKind {
        self.0.kind.into()
    }

    /// What was looked for: the word itself, a part of it, its correction, another word for it.
    async fn text(&self) -> &str {
        &self.0.text
    }
}

/// Borrows what was made of words.
pub(crate) struct Interpretation<'a>(pub(crate) &'a schema::Interpretation);

/// What was made of the words: what was corrected, left out, or added.
#[Object]
impl Interpretation<'_> {
    /// The query as typed.
    async fn query(&self) -> &str {
        &self.0.query
    }

    /// A query with more hits, to suggest to the user.
    async fn did_you_mean(&self) -> Option<&str> {
        self.0.did_you_mean.as_deref()
    }

    /// The query that was executed instead, because nothing matches the words as typed.
    async fn corrected(&self) -> Option<&str> {
        self.0.corrected.as_deref()
    }

    /// Words that were ignored: stop words such as `de` and `voor` where there are others; words without
    /// a letter or digit; and words beyond the 32nd. Stop words still count in titles and in
    /// `"exact phrases"`.
    async fn ignored_words(&self) -> &[String] {
        &self.0.ignored_words
    }

    /// Words that were looked for besides, because they mean the same.
    async fn synonyms(&self) -> &[String] {
        &self.0.synonyms
    }
}
