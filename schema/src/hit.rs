//! Answers: hits in order, what they count up to, and pages of names.

use std::sync::Arc;

use crate::{
    ArticleForm, Attendance, CommunityForm, Cursor, EventForm, EventPhase, GenerationNumber,
    GovernmentLayer, Kind, Language, NodeId, OrganisationKind, Record, ToolkitForm,
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
    /// The generation of the given cursor, where that is no longer the one that answers.
    pub continued_from: Option<GenerationNumber>,
}

/// How many hits have a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FacetCount<T> {
    /// The value.
    pub value: T,
    /// Hits with it, the facet's own filter left out.
    pub count: u64,
    /// Whether the filter asks for it.
    pub selected: bool,
}

/// Counts per dimension, most first. Each ignores its own filter (disjunctive).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facets {
    /// Kinds.
    pub kinds: Vec<FacetCount<Kind>>,
    /// Forms of article.
    pub article_forms: Vec<FacetCount<ArticleForm>>,
    /// Forms of toolkit.
    pub toolkit_forms: Vec<FacetCount<ToolkitForm>>,
    /// Forms of community.
    pub community_forms: Vec<FacetCount<CommunityForm>>,
    /// Forms of event.
    pub event_forms: Vec<FacetCount<EventForm>>,
    /// Themes.
    pub themes: Vec<FacetCount<NodeId>>,
    /// Communities.
    pub communities: Vec<FacetCount<NodeId>>,
    /// Organisations.
    pub organisations: Vec<FacetCount<NodeId>>,
    /// Kinds of organisation.
    pub organisation_kinds: Vec<FacetCount<OrganisationKind>>,
    /// Layers of government.
    pub layers: Vec<FacetCount<GovernmentLayer>>,
    /// Audiences.
    pub audiences: Vec<FacetCount<NodeId>>,
    /// Languages.
    pub languages: Vec<FacetCount<Language>>,
    /// Online or on location.
    pub attendance: Vec<FacetCount<Attendance>>,
    /// Where events are in time.
    pub phases: Vec<FacetCount<EventPhase>>,
    /// Years, latest first.
    pub years: Vec<FacetCount<i16>>,
}

/// One stretch of the things of one kind, by name.
#[derive(Debug, Clone, PartialEq)]
pub struct NamePage {
    /// The things and their places.
    pub entries: Vec<(Arc<Record>, Cursor)>,
    /// Whether more follow.
    pub has_next: bool,
    /// Whether others go before.
    pub has_previous: bool,
    /// The number of all things of the kind.
    pub total: u64,
}
