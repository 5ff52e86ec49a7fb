//! Search: hits in order, facets, and lists of one kind, which are searches without words.

use std::sync::Arc;

use async_graphql::{ComplexObject, Context, Object, OutputType, SimpleObject, Union};
use schema::{
    FacetCount, Facets, Hit, NodeId, Record, SearchExtras, SearchPage, SearchQuery, SearchSort,
};

use super::{
    audience::Audience,
    community::Community,
    content::Content,
    hit::{Explanation, Highlight, Interpretation, MatchedPart},
    organisation::Organisation,
    theme::Theme,
};
use crate::{
    error::{ApiError, Result},
    graphql::{
        connection::{Connection, PageArguments, PageInfo, total_count},
        context::RequestContext,
        enums::{
            ArticleForm, Attendance, CommunityForm, EventForm, EventPhase, GovernmentLayer, Kind,
            Language, MatchClass, OrganisationKind, ToolkitForm,
        },
        from_record::FromRecord,
        labels::Label,
        loaders::Loaders,
    },
};

/// The words of a search, and how they are read.
#[derive(Default)]
pub(in crate::graphql) struct SearchWords {
    pub(in crate::graphql) query: Option<String>,
    pub(in crate::graphql) wider: bool,
    pub(in crate::graphql) literal: bool,
}

/// Runs a search; computes totals, facets, highlights and explanations only if selected.
pub(in crate::graphql) async fn search(
    ctx: &Context<'_>,
    words: SearchWords,
    filter: schema::SearchFilter,
    sort: SearchSort,
    page: PageArguments,
) -> Result<SearchPage> {
    let request = RequestContext::of(ctx);
    let selected = ctx.look_ahead();
    let extras = SearchExtras {
        total: ["totalCount", "widerCount"].iter().any(|name| selected.field(name).exists()),
        facets: selected.field("facets").exists(),
        highlights: ["highlights", "matchedPart"]
            .iter()
            .any(|name| selected.field("edges").field(name).exists()),
        explanations: selected.field("edges").field("explanation").exists(),
        about: selected.field("about").exists(),
    };
    let page = page.page(request)?;
    let SearchWords { query: words, wider, literal } = words;
    let now = request.now;
    let query = SearchQuery { words, filter, sort, wider, literal, page, extras, now };
    request.search(query).await
}

/// A page of content of one kind.
pub(in crate::graphql) async fn list<T: FromRecord>(
    ctx: &Context<'_>,
    filter: schema::SearchFilter,
    sort: SearchSort,
    page: PageArguments,
) -> Result<Connection<T>> {
    search(ctx, SearchWords::default(), filter, sort, page).await.map(Connection::from_search_page)
}

/// A page of hits.
pub(in crate::graphql) struct SearchConnection(pub(crate) SearchPage);

/// The results of a search: a page of hits, with totals and facets over all hits.
#[Object]
impl SearchConnection {
    /// The hits, each with its cursor and score.
    async fn edges(&self) -> Vec<SearchEdge<'_>> {
        self.0.hits.iter().map(SearchEdge).collect()
    }

    /// The content of the hits, without cursors and scores.
    async fn nodes(&self) -> Result<Vec<Content>> {
        self.0.hits.iter().map(content).collect()
    }

    /// Paging information.
    async fn page_info(&self) -> PageInfo {
        PageInfo::from_search_page(&self.0)
    }

    /// The number of hits that count: exact matches, and also wider ones if `widerIncluded` is
    /// true. Computed only when selected.
    async fn total_count(&self) -> Result<u64> {
        total_count(self.0.total)
    }

    /// The number of wider matches. Sorted by relevance, they follow the exact matches. Computed
    /// only when selected.
    async fn wider_count(&self) -> Result<u64> {
        total_count(self.0.wider_total)
    }

    /// Whether wider matches count in the total, the facets and every order: if `wider` is true,
    /// or if nothing matches the words exactly.
    async fn wider_included(&self) -> bool {
        self.0.wider_included
    }

    /// How the query was interpreted, to show to the user.
    async fn interpretation(&self) -> Interpretation<'_> {
        Interpretation(&self.0.interpretation)
    }

    /// The theme or organisation of which the query is a name; null if there is none, or several.
    async fn about(&self) -> Option<About> {
        self.0.about.clone().and_then(About::from_record)
    }

    /// Number of hits per value. Computed only when selected.
    async fn facets(&self) -> Result<SearchFacets<'_>> {
        self.0.facets.as_ref().map(SearchFacets).ok_or_else(|| {
            tracing::error!("facets selected but not computed");
            ApiError::internal()
        })
    }
}

/// An entity that a query names.
#[derive(Union)]
pub(in crate::graphql) enum About {
    /// A theme.
    Theme(Theme),
    /// An organisation.
    Organisation(Organisation),
}

impl FromRecord for About {
    fn from_record(record: Arc<Record>) -> Option<Self> {
        match &*record {
            Record::Theme(_) => Theme::from_record(record).map(Self::Theme),
            Record::Organisation(_) => Organisation::from_record(record).map(Self::Organisation),
            _ => None,
        }
    }
}

/// Borrows a hit.
struct SearchEdge<'a>(&'a Hit);

/// A hit and its cursor.
#[Object]
impl SearchEdge<'_> {
    /// Cursor for `after` or `before`.
    async fn cursor(&self) -> String {
        self.0.cursor.to_string()
    }

    /// The content.
    async fn node(&self) -> Result<Content> {
        content(self.0)
    }

    /// How closely it matches the query.
    #[graphql(name = "match")]
    async fn match_class(&self) -> MatchClass {
        self.0.match_class.into()
    }

    /// Relevance, higher is better. Comparable only within one response, among hits with the same
    /// `match`; for a query of two words, only among hits with both words or among hits with one. 0 for a query without words, or if
    /// the order is not `RELEVANCE`.
    async fn score(&self) -> f32 {
        self.0.score
    }

    /// Where the words occur, by field. Computed only when selected.
    async fn highlights(&self) -> Vec<Highlight<'_>> {
        self.0.highlights.iter().map(Highlight).collect()
    }

    /// The step, method, tip, guideline, resource or session that contains most words of the query;
    /// null if its title contains no word that the title of the content does not. Computed only when
    /// selected.
    async fn matched_part(&self) -> Option<MatchedPart<'_>> {
        let position = self.0.matched_part?;
        Some(MatchedPart {
            position,
            title: position.title(&self.0.record)?,
            record: &self.0.record,
        })
    }

    /// Why it was found; null for a query without words. Computed only when selected.
    async fn explanation(&self) -> Option<Explanation<'_>> {
        self.0.explanation.as_ref().map(Explanation)
    }
}

fn content(hit: &Hit) -> Result<Content> {
    Content::from_record(hit.record.clone()).ok_or_else(|| {
        tracing::error!(id = %hit.record.id(), "search hit is not content");
        ApiError::internal()
    })
}

/// Number of hits with a value.
#[derive(SimpleObject)]
#[graphql(
    complex,
    concrete(name = "KindFacet", params(Kind)),
    concrete(name = "ArticleFormFacet", params(ArticleForm)),
    concrete(name = "ToolkitFormFacet", params(ToolkitForm)),
    concrete(name = "CommunityFormFacet", params(CommunityForm)),
    concrete(name = "EventFormFacet", params(EventForm)),
    concrete(name = "OrganisationKindFacet", params(OrganisationKind)),
    concrete(name = "LayerFacet", params(GovernmentLayer)),
    concrete(name = "LanguageFacet", params(Language)),
    concrete(name = "AttendanceFacet", params(Attendance)),
    concrete(name = "PhaseFacet", params(EventPhase)),
    concrete(name = "YearFacet", params(i16))
)]
struct ValueFacet<T: OutputType + Label> {
    /// The value.
    value: T,
    /// Number of hits, ignoring conditions on this facet itself.
    count: u64,
    /// Whether the filter contains it.
    selected: bool,
}

/// Number of hits for an entity.
#[derive(SimpleObject)]
#[graphql(
    concrete(name = "ThemeFacet", params(Theme)),
    concrete(name = "CommunityFacet", params(Community)),
    concrete(name = "OrganisationFacet", params(Organisation)),
    concrete(name = "AudienceFacet", params(Audience))
)]
struct EntityFacet<T: OutputType> {
    /// The entity.
    entity: T,
    /// Number of hits, ignoring conditions on this facet itself.
    count: u64,
    /// Whether the filter contains it.
    selected: bool,
}

#[ComplexObject]
impl<T: OutputType + Label> ValueFacet<T> {
    /// The value in words.
    async fn label(
        &self,
        #[graphql(desc = "Language of the label; default Dutch.")] language: Option<Language>,
    ) -> String {
        self.value.label(language)
    }
}

fn values<V: Copy, T: OutputType + Label + From<V>>(
    counts: &[FacetCount<V>],
) -> Vec<ValueFacet<T>> {
    counts
        .iter()
        .map(|&FacetCount { value, count, selected }| ValueFacet {
            value: value.into(),
            count,
            selected,
        })
        .collect()
}

/// Pairs entities with their counts; an entity that no longer exists is omitted.
async fn entities<T: OutputType + FromRecord>(
    ctx: &Context<'_>,
    counts: &[FacetCount<NodeId>],
) -> Result<Vec<EntityFacet<T>>> {
    let loaders = Loaders::of(ctx);
    let ids: Vec<NodeId> = counts.iter().map(|facet| facet.value).collect();
    let entities = loaders.each(&ids).await?;
    Ok(counts
        .iter()
        .zip(entities)
        .filter_map(|(&FacetCount { count, selected, .. }, entity)| {
            entity.map(|entity| EntityFacet { entity, count, selected })
        })
        .collect())
}

/// Borrows the facets.
struct SearchFacets<'a>(&'a Facets);

/// Number of hits per value, highest first. The counts of a facet ignore the conditions on that
/// facet itself: they show how many hits another value would have.
#[Object]
impl SearchFacets<'_> {
    /// Kinds of content.
    async fn kinds(&self) -> Vec<ValueFacet<Kind>> {
        values(&self.0.kinds)
    }

    /// Forms of article.
    async fn article_forms(&self) -> Vec<ValueFacet<ArticleForm>> {
        values(&self.0.article_forms)
    }

    /// Forms of toolkit.
    async fn toolkit_forms(&self) -> Vec<ValueFacet<ToolkitForm>> {
        values(&self.0.toolkit_forms)
    }

    /// Forms of community.
    async fn community_forms(&self) -> Vec<ValueFacet<CommunityForm>> {
        values(&self.0.community_forms)
    }

    /// Forms of event.
    async fn event_forms(&self) -> Vec<ValueFacet<EventForm>> {
        values(&self.0.event_forms)
    }

    /// Themes.
    async fn themes(&self, ctx: &Context<'_>) -> Result<Vec<EntityFacet<Theme>>> {
        entities(ctx, &self.0.themes).await
    }

    /// Communities.
    async fn communities(&self, ctx: &Context<'_>) -> Result<Vec<EntityFacet<Community>>> {
        entities(ctx, &self.0.communities).await
    }

    /// Organisations.
    async fn organisations(&self, ctx: &Context<'_>) -> Result<Vec<EntityFacet<Organisation>>> {
        entities(ctx, &self.0.organisations).await
    }

    /// Kinds of organisation.
    async fn organisation_kinds(&self) -> Vec<ValueFacet<OrganisationKind>> {
        values(&self.0.organisation_kinds)
    }

    /// Levels of government.
    async fn layers(&self) -> Vec<ValueFacet<GovernmentLayer>> {
        values(&self.0.layers)
    }

    /// Audiences; their perspective distinguishes professionals from citizens.
    async fn audiences(&self, ctx: &Context<'_>) -> Result<Vec<EntityFacet<Audience>>> {
        entities(ctx, &self.0.audiences).await
    }

    /// Languages.
    async fn languages(&self) -> Vec<ValueFacet<Language>> {
        values(&self.0.languages)
    }

    /// Online or in person; only for events.
    async fn attendance(&self) -> Vec<ValueFacet<Attendance>> {
        values(&self.0.attendance)
    }

    /// Event phases; only events have one.
    async fn phases(&self) -> Vec<ValueFacet<EventPhase>> {
        values(&self.0.phases)
    }

    /// Year of an event's start, or else of publication; latest first.
    async fn years(&self) -> Vec<ValueFacet<i16>> {
        values(&self.0.years)
    }
}
