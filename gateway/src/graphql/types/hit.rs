//! What a search reports about a hit in addition to its record: highlights and an explanation; and
//! how the query was interpreted.

use async_graphql::{Context, Object};

use crate::{
    explanation_text,
    graphql::{
        context::RequestContext,
        enums::{
            EventPhase, Kind, Language, MatchKind, MeaningClass, OrganisationKind, PartKind,
            SearchField,
        },
        labels::Label,
        types::scalar::{Date, Url},
    },
    messages::Messages,
};

/// Borrows the highlights of one field.
pub(crate) struct Highlight<'a>(pub(crate) &'a schema::Highlight);

/// Fragments of one field with words of the query. Plain text with marked spans, never HTML: the
/// client decides how a match is displayed.
#[Object]
impl Highlight<'_> {
    /// The field.
    async fn field(&self) -> SearchField {
        self.0.field.into()
    }

    /// Fragments, best first: all of a short field, about 160 characters of a long one. Each is a
    /// list of spans that together make up its text, such as `Een`, ` `, `brief` (highlighted).
    async fn fragments(&self) -> Vec<Vec<Span<'_>>> {
        self.0.fragments.iter().map(|spans| spans.iter().map(Span).collect()).collect()
    }
}

/// Borrows a piece of text.
struct Span<'a>(&'a schema::Span);

/// A span of plain text.
#[Object]
impl Span<'_> {
    /// The text as written by the source.
    async fn text(&self) -> &str {
        &self.0.text
    }

    /// Whether it matches the query.
    async fn highlighted(&self) -> bool {
        self.0.highlighted
    }
}

/// Borrows the part of a record that matches.
pub(crate) struct MatchedPart<'a> {
    pub(crate) position: schema::PartPosition,
    pub(crate) title: &'a str,
    pub(crate) record: &'a schema::Record,
}

/// A titled part of content, such as a step of a toolkit.
#[Object]
impl MatchedPart<'_> {
    /// Kind of part.
    async fn kind(&self) -> PartKind {
        self.position.kind().into()
    }

    /// Label of the kind, for readers.
    async fn kind_label(
        &self,
        #[graphql(desc = "Language of the label; default Dutch.")] language: Option<Language>,
    ) -> String {
        PartKind::from(self.position.kind()).label(language)
    }

    /// Its title.
    async fn title(&self) -> &str {
        self.title
    }

    /// Its fragment identifier on our page, such as `step-2`. It counts parts, so it changes if a part
    /// before it is added or removed.
    async fn anchor(&self) -> String {
        self.position.anchor()
    }

    /// The part on our page of the content.
    async fn url(&self, ctx: &Context<'_>) -> Url {
        let mut url = RequestContext::of(ctx).config.page_url(self.record);
        url.set_fragment(Some(&self.position.anchor()));
        Url(url)
    }
}

/// Borrows the reasons for a hit.
pub(crate) struct Explanation<'a>(pub(crate) &'a schema::Explanation);

/// Why a hit was found and how its rank was computed. Intended for editors; takes extra time.
#[Object]
impl Explanation<'_> {
    /// Whether it matches every word of the query. For a query of two words, such hits come first;
    /// for a longer query, they score higher.
    async fn all_words(&self) -> bool {
        self.0.all_words
    }

    /// The words of the query in order, each with its contribution.
    async fn words(&self) -> Vec<TermMatch<'_>> {
        self.0.words.iter().map(TermMatch).collect()
    }

    /// Contribution of stop words of the query, such as `de`, that occur in the title.
    async fn stop_words(&self) -> f32 {
        self.0.stop_words
    }

    /// Contribution of words that occur close together in the order of the query; if the order is
    /// `RELEVANCE`.
    async fn proximity(&self) -> f32 {
        self.0.proximity
    }

    /// Contribution of a recent date, or of taking place soon; if the order is `RELEVANCE`.
    async fn recency(&self) -> f32 {
        self.0.recency
    }

    /// Contribution of the preferences of the query that the result meets; if the order is
    /// `RELEVANCE`.
    async fn preference(&self) -> f32 {
        self.0.preference
    }

    /// The explanation as Dutch sentences, such as `Alle woorden komen voor: "brief" in de titel en
    /// de tekst.`
    async fn text(&self) -> String {
        explanation_text::sentences(Messages::of(schema::Language::Nl), self.0)
    }
}

/// Borrows the contribution of a word.
struct TermMatch<'a>(&'a schema::TermMatch);

/// Contribution of one word of the query to a hit.
#[Object]
impl TermMatch<'_> {
    /// The word as typed.
    async fn word(&self) -> &str {
        &self.0.word
    }

    /// The fields in which it was found; empty if the hit does not contain it.
    async fn fields(&self) -> Vec<SearchField> {
        self.0.fields.iter().copied().map(Into::into).collect()
    }

    /// Reasons why it matched, highest contribution first.
    async fn reasons(&self) -> Vec<MatchReason<'_>> {
        self.0.reasons.iter().map(MatchReason).collect()
    }

    /// Its contribution to the score, computed as for the order `RELEVANCE`.
    async fn score(&self) -> f32 {
        self.0.score
    }
}

/// Borrows a match reason.
struct MatchReason<'a>(&'a schema::MatchReason);

/// One reason why a word of the query matched.
#[Object]
impl MatchReason<'_> {
    /// How it matched.
    async fn kind(&self) -> MatchKind {
        self.0.kind.into()
    }

    /// The term that matched: the word itself, a component of it, its correction or a related
    /// label of the vocabulary.
    async fn text(&self) -> &str {
        &self.0.text
    }

    /// The line of the vocabulary that acted, such as `english.csv:12`.
    async fn rule(&self) -> Option<&str> {
        self.0.rule.as_deref()
    }
}

/// Borrows the interpretation of a query.
pub(crate) struct Interpretation<'a>(pub(crate) &'a schema::Interpretation);

/// How a query was interpreted: corrections, ignored words and the vocabulary.
#[Object]
impl Interpretation<'_> {
    /// The query as typed.
    async fn query(&self) -> &str {
        &self.0.query
    }

    /// A similar query with more hits, to suggest to the user.
    async fn did_you_mean(&self) -> Option<&str> {
        self.0.did_you_mean.as_deref()
    }

    /// The query that was executed instead, if nothing matches the words as typed: corrected, or with
    /// its last word completed, such as `klantr*`.
    async fn corrected(&self) -> Option<&str> {
        self.0.corrected.as_deref()
    }

    /// Words that were ignored: stop words such as `de` and `voor`, if the query has other words;
    /// words without a letter or digit; and words after the 32nd. Stop words still count in titles
    /// and in `"exact phrases"`.
    async fn ignored_words(&self) -> &[String] {
        &self.0.ignored_words
    }

    /// Labels of the vocabulary with the same meaning that were also searched for.
    async fn synonyms(&self) -> Vec<&str> {
        let same = self.0.related.iter().filter(|term| term.meaning == schema::MeaningClass::Same);
        same.map(|term| term.label.as_str()).collect()
    }

    /// All labels of the vocabulary that were also searched for.
    async fn related(&self) -> Vec<RelatedTerm<'_>> {
        self.0.related.iter().map(RelatedTerm).collect()
    }

    /// What words for a kind, a time or a kind of organisation prefer, such as events in December for
    /// `agenda december`. The argument `literal` of `search` takes these words like all others.
    async fn preferences(&self) -> Vec<Preference<'_>> {
        self.0.preferences.iter().map(Preference).collect()
    }
}

/// Borrows a preference.
struct Preference<'a>(&'a schema::Preference);

/// What words of the query prefer. Results that meet all of its conditions rank higher by relevance;
/// no result is excluded. As conditions of `filter` they select only those results.
#[Object]
impl Preference<'_> {
    /// The words of the query.
    async fn typed(&self) -> &str {
        &self.0.typed
    }

    /// Kinds of content; empty for any kind.
    async fn kinds(&self) -> Vec<Kind> {
        self.0.filter.kinds.iter().map(|kind| (*kind).into()).collect()
    }

    /// Phases of events; empty for any phase.
    async fn phases(&self) -> Vec<EventPhase> {
        self.0.filter.phases.iter().map(|phase| (*phase).into()).collect()
    }

    /// Kinds of organisation; empty for any kind.
    async fn organisation_kinds(&self) -> Vec<OrganisationKind> {
        self.0.filter.organisation_kinds.iter().map(|kind| (*kind).into()).collect()
    }

    /// First day: of any occurrence of an event, else of publication.
    async fn from(&self) -> Option<Date> {
        self.0.filter.from.map(Date)
    }

    /// Last day, inclusive, of the same.
    async fn until(&self) -> Option<Date> {
        self.0.filter.until.map(Date)
    }
}

/// Borrows a related term.
struct RelatedTerm<'a>(&'a schema::RelatedTerm);

/// A label of the vocabulary that was also searched for.
#[Object]
impl RelatedTerm<'_> {
    /// The words of the query.
    async fn typed(&self) -> &str {
        &self.0.typed
    }

    /// The label.
    async fn label(&self) -> &str {
        &self.0.label
    }

    /// How close its meaning is.
    async fn meaning(&self) -> MeaningClass {
        self.0.meaning.into()
    }

    /// The line of the vocabulary, such as `english.csv:12`.
    async fn rule(&self) -> &str {
        &self.0.rule
    }
}
