//! The page where one begins: what there is, what is coming, what is new.

use std::sync::Arc;

use askama::Template;
use schema::{
    EventPhase, Kind, NodeId, Page, SearchFilter, SearchPage, SearchQuery, SearchSort, Wanted,
};

use super::{
    PageError, Visit,
    frame::{Frame, Link},
    hit::{self, HitView},
    names::Names,
};

/// So many things of a sort are shown.
const SHOWN: usize = 4;
/// So many themes are shown.
const THEMES_SHOWN: usize = 16;

#[derive(Template)]
#[template(path = "start.html")]
struct StartView<'a> {
    frame: Frame<'a>,
    /// Address, kind, number, sentence.
    kinds: Vec<(String, String, String, String)>,
    themes: Vec<Link>,
    upcoming: Vec<HitView>,
    newest: Vec<HitView>,
}

/// The start page.
pub(super) async fn page(visit: Visit<'_>) -> Result<String, PageError> {
    let words = visit.words;
    let mut frame = Frame::new(visit.site, words, words.say("site.tagline").to_owned(), "");
    frame.description = words.say("site.intro").to_owned();
    let counts = *visit.snapshot.counts();
    let kinds = Kind::ALL.iter().map(|kind| {
        let node: schema::NodeKind = (*kind).into();
        (
            visit.site.href(words.language, node.word()),
            words.name("kinds", kind.name()),
            words.number(counts.get(node)),
            words.name("kinds_intro", kind.name()),
        )
    });
    let coming = SearchFilter {
        kinds: vec![Kind::Event],
        phases: vec![EventPhase::Upcoming, EventPhase::Ongoing],
        ..SearchFilter::default()
    };
    let articles = SearchFilter { kinds: vec![Kind::Article], ..SearchFilter::default() };
    let view = StartView {
        frame,
        kinds: kinds.collect(),
        themes: themes(visit, THEMES_SHOWN).await?,
        upcoming: list(visit, coming, SearchSort::Start, SHOWN).await?,
        newest: list(visit, articles, SearchSort::Newest, SHOWN).await?,
    };
    Ok(view.render()?)
}

/// The first things that conditions leave, in an order.
pub(super) async fn list(
    visit: Visit<'_>,
    filter: SearchFilter,
    sort: SearchSort,
    first: usize,
) -> Result<Vec<HitView>, PageError> {
    let found = found(visit, filter, sort, first, Wanted::default()).await?;
    let names = Names::of(visit, hit::named(found.hits.iter().map(|hit| &hit.record))).await?;
    Ok(found.hits.iter().filter_map(|hit| HitView::of_hit(visit, hit, &names)).collect())
}

/// A search without words.
pub(super) async fn found(
    visit: Visit<'_>,
    filter: SearchFilter,
    sort: SearchSort,
    first: usize,
    wanted: Wanted,
) -> Result<SearchPage, PageError> {
    let page = Page::first(first);
    let query = SearchQuery { words: None, filter, sort, page, wanted, now: visit.now };
    Ok(visit.snapshot.search(query).await?)
}

/// The themes with most content. They are counted once for each generation.
pub(super) async fn themes(visit: Visit<'_>, most: usize) -> Result<Vec<Link>, PageError> {
    let digest = visit.snapshot.digest();
    let ids = if let Some(kept) = visit.site.themes(digest) {
        kept
    } else {
        let wanted = Wanted { facets: true, ..Wanted::default() };
        let all = SearchFilter::default();
        let found = found(visit, all, SearchSort::Newest, 1, wanted).await?;
        let themes = found.facets.unwrap_or_default().themes;
        let ids: Arc<[NodeId]> =
            themes.iter().take(THEMES_SHOWN).map(|facet| facet.value).collect();
        visit.site.keep_themes(digest, Arc::clone(&ids));
        ids
    };
    let ids = &ids[..ids.len().min(most)];
    Ok(Names::of(visit, ids.iter().copied()).await?.links(visit, ids))
}
