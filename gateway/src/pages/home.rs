//! The home page: numbers per kind, upcoming events, new content.

use std::sync::Arc;

use askama::Template;
use schema::{
    EventPhase, Kind, NodeId, Page, SearchExtras, SearchFilter, SearchPage, SearchQuery, SearchSort,
};

use super::{
    PageContext, PageError, feed_links, hit,
    hit::HitView,
    layout::{Layout, Link},
    record_lookup::RecordsById,
    render_template,
};
use crate::search_params::SearchParams;

/// Maximum number of items shown per list.
const ITEMS_SHOWN: usize = 4;
/// Maximum number of themes shown.
const THEMES_SHOWN: usize = 16;

#[derive(Template)]
#[template(path = "home.html")]
struct HomeView<'a> {
    layout: Layout<'a>,
    /// URL, label, number of records and description of each kind.
    kinds: Vec<(String, String, String, String)>,
    themes: Vec<Link>,
    upcoming: Vec<HitView>,
    newest: Vec<HitView>,
}

/// The home page.
pub(super) async fn page(context: PageContext<'_>) -> Result<String, PageError> {
    let messages = context.messages;
    let mut layout =
        Layout::new(context.site, messages, messages.get("site.tagline").to_owned(), "");
    layout.description = messages.get("site.intro").to_owned();
    layout.feeds = feed_links::of_search(context, &SearchParams::parse("").0);
    let counts = *context.snapshot.counts();
    let kinds = Kind::ALL.iter().map(|kind| {
        let node: schema::NodeKind = (*kind).into();
        (
            context.site.href(messages.language, node.as_str()),
            messages.enum_label("kinds", kind.name()),
            messages.number(counts.get(node)),
            messages.enum_label("kinds_intro", kind.name()),
        )
    });
    let upcoming = SearchFilter {
        kinds: vec![Kind::Event],
        phases: vec![EventPhase::Upcoming, EventPhase::Ongoing],
        ..SearchFilter::default()
    };
    let articles = SearchFilter { kinds: vec![Kind::Article], ..SearchFilter::default() };
    let view = HomeView {
        layout,
        kinds: kinds.collect(),
        themes: top_themes(context, THEMES_SHOWN).await?,
        upcoming: list(context, upcoming, SearchSort::Start, ITEMS_SHOWN).await?,
        newest: list(context, articles, SearchSort::Newest, ITEMS_SHOWN).await?,
    };
    render_template(&view).await
}

/// The first records that match a filter, in the given order.
pub(super) async fn list(
    context: PageContext<'_>,
    filter: SearchFilter,
    sort: SearchSort,
    first: usize,
) -> Result<Vec<HitView>, PageError> {
    let results = search_filtered(context, filter, sort, first, SearchExtras::default()).await?;
    let records_by_id =
        RecordsById::load(context, hit::referenced_ids(results.hits.iter().map(|hit| &hit.record)))
            .await?;
    Ok(results
        .hits
        .iter()
        .filter_map(|hit| HitView::from_hit(context, hit, &records_by_id))
        .collect())
}

/// A search with filters but without words.
pub(super) async fn search_filtered(
    context: PageContext<'_>,
    filter: SearchFilter,
    sort: SearchSort,
    first: usize,
    extras: SearchExtras,
) -> Result<SearchPage, PageError> {
    let page = Page::first(first);
    let query = SearchQuery {
        words: None,
        filter,
        sort,
        wider: false,
        literal: false,
        page,
        extras,
        now: context.now,
    };
    Ok(context.snapshot.search(query).await?)
}

/// The themes with the most content, computed once per generation.
pub(super) async fn top_themes(
    context: PageContext<'_>,
    max: usize,
) -> Result<Vec<Link>, PageError> {
    let digest = context.snapshot.digest();
    let ids = if let Some(cached) = context.site.cached_top_themes(digest) {
        cached
    } else {
        let extras = SearchExtras { facets: true, ..SearchExtras::default() };
        let all = SearchFilter::default();
        let results = search_filtered(context, all, SearchSort::Newest, 1, extras).await?;
        let themes = results.facets.unwrap_or_default().themes;
        let ids: Arc<[NodeId]> =
            themes.iter().take(THEMES_SHOWN).map(|facet| facet.value).collect();
        context.site.cache_top_themes(digest, Arc::clone(&ids));
        ids
    };
    let ids = &ids[..ids.len().min(max)];
    Ok(RecordsById::load(context, ids.iter().copied()).await?.links(context, ids))
}
