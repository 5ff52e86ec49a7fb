//! Results in pages of partners: a fragment of HTML for their server, a page for a frame, and the content
//! of our elements. All are the search of the search page.

use std::{fmt::Write as _, ops::RangeInclusive, sync::Arc};

use askama::Template;
use schema::{Facets, Hit, MatchClass, Page, SearchExtras, SearchPage};
use url::form_urlencoded;

use super::{
    PageContext, PageError, facets,
    facets::{FacetBuilder, FacetView},
    hit,
    hit::HitView,
    record_lookup::RecordsById,
    render_template,
    search::{PAGE_SIZE, count_text},
    search_path,
};
use crate::{
    messages::Messages,
    partners::Partner,
    search_params::{PAGE_MAX, SearchParams},
};

/// Maximum number of hits, and the default.
pub(crate) const FIRST_MAX: usize = PAGE_SIZE;

/// Maximum number of facets, besides those with a chosen value.
const FACETS_MAX: usize = 5;

/// Levels of the headings with the titles, and the default.
pub(crate) const HEADING_LEVELS: RangeInclusive<u8> = 2..=6;
pub(crate) const HEADING_LEVEL_DEFAULT: u8 = 3;

/// What is embedded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EmbedForm {
    /// Results to include in a page.
    Fragment,
    /// Search field, filters and results, for our elements.
    Search,
    /// The same as a page to show in a frame.
    Frame,
}

/// Requested results for a page of a partner.
#[derive(Debug, Clone)]
pub(crate) struct EmbedRequest {
    pub(crate) form: EmbedForm,
    /// The search as requested.
    pub(crate) requested: SearchParams,
    /// The search with the conditions of the partner.
    pub(crate) search: SearchParams,
    /// Parameters of conditions that visitors cannot change.
    pub(crate) fixed: Vec<String>,
    /// Whether there is a search field with filters.
    pub(crate) has_field: bool,
    /// Maximum number of hits.
    pub(crate) first: usize,
    /// Level of the headings with the titles.
    pub(crate) heading_level: u8,
    pub(crate) partner: Option<Arc<Partner>>,
    /// The key as sent.
    pub(crate) key: Option<String>,
}

impl EmbedRequest {
    /// The parameters besides those of the search.
    fn own_parameters(&self) -> Vec<(&'static str, String)> {
        let mut parameters = Vec::new();
        // Also without names: what is chosen later must not count as fixed.
        if self.form != EmbedForm::Fragment {
            parameters.push(("fixed", self.fixed.join(",")));
        }
        if !self.has_field {
            parameters.push(("field", "false".to_owned()));
        }
        if self.first < FIRST_MAX {
            parameters.push(("first", self.first.to_string()));
        }
        if self.heading_level != HEADING_LEVEL_DEFAULT {
            parameters.push(("heading", self.heading_level.to_string()));
        }
        parameters.extend(self.key.clone().map(|key| ("key", key)));
        parameters
    }

    /// The query string of another page of the same results.
    pub(crate) fn query_string(&self, page: usize) -> String {
        let mut query = self.requested.with_page(page).query_string();
        for (name, value) in self.own_parameters() {
            let separator = if query.is_empty() { "" } else { "&" };
            let _ = write!(query, "{separator}{name}={value}");
        }
        query
    }

    fn path(&self) -> &'static str {
        match self.form {
            EmbedForm::Fragment => "embed/fragment",
            EmbedForm::Search => "embed/search",
            EmbedForm::Frame => "embed/frame",
        }
    }

    /// Whether visitors can choose values of a parameter.
    fn is_free(&self, name: &str) -> bool {
        let partner = self.partner.as_deref();
        let is_locked = |partner: &Partner| {
            partner.config.filter.conditions().iter().any(|(locked, _)| *locked == name)
        };
        !self.fixed.iter().any(|fixed| fixed == name) && !partner.is_some_and(is_locked)
    }
}

#[derive(Template)]
#[template(path = "embed_results.html")]
struct ResultsView<'a> {
    messages: &'a Messages,
    total: u64,
    /// The number of hits, as a complete sentence.
    count: String,
    /// Exact and wider hits, the latter with a heading.
    groups: Vec<(String, Vec<HitView>)>,
    /// The search page with the same results.
    all_href: String,
    /// Whether links leave the frame.
    is_framed: bool,
    heading_level: u8,
}

#[derive(Template)]
#[template(path = "embed_search.html")]
struct EmbedSearchView<'a> {
    messages: &'a Messages,
    action: String,
    has_field: bool,
    /// The text in the search field.
    query: &'a str,
    facets: Vec<FacetView>,
    /// Whether a value of a facet is chosen.
    has_choice: bool,
    /// The other parameters of the form.
    hidden: Vec<(String, String)>,
    results: String,
    previous: Option<String>,
    next: Option<String>,
}

#[derive(Template)]
#[template(path = "embed_frame.html")]
struct FrameView<'a> {
    messages: &'a Messages,
    style: String,
    search: String,
}

/// Results for a page of a partner.
pub(super) async fn page(
    context: PageContext<'_>,
    request: &EmbedRequest,
) -> Result<String, PageError> {
    let context = PageContext { has_absolute_links: true, ..context };
    let found = find(context, request).await?;
    let counts = found.facets.clone().unwrap_or_default();
    let ids = hit::referenced_ids(found.hits.iter().map(|hit| &hit.record))
        .into_iter()
        .chain(facets::referenced_ids(&counts, &request.search));
    let records_by_id = RecordsById::load(context, ids).await?;
    let results = results(context, request, &found, &records_by_id).await?;
    if request.form == EmbedForm::Fragment {
        return Ok(results);
    }
    let facets = choices(context, request, &counts, &records_by_id);
    let search = search_form(context, request, facets, results, found.has_next).await?;
    if request.form == EmbedForm::Search {
        return Ok(search);
    }
    let style = context.site.asset("embed.css");
    render_template(&FrameView { messages: context.messages, style, search }).await
}

async fn find(context: PageContext<'_>, request: &EmbedRequest) -> Result<SearchPage, PageError> {
    let offset = (request.search.page.max(1) - 1) * request.first;
    let page = Page::Offset { limit: request.first, offset };
    let facets = request.form != EmbedForm::Fragment && request.has_field;
    let extras = SearchExtras { total: true, facets, highlights: true, ..SearchExtras::default() };
    let query = request.search.to_query(page, extras, context.now);
    let found = context.snapshot.search(query).await?;
    if let Some(partner) = &request.partner {
        partner.usage.record_search(listed(&found));
    }
    Ok(found)
}

/// The number of hits, with wider ones.
fn listed(found: &SearchPage) -> u64 {
    let wider = if found.wider_included { None } else { found.wider_total };
    found.total.unwrap_or_default() + wider.unwrap_or_default()
}

async fn results(
    context: PageContext<'_>,
    request: &EmbedRequest,
    found: &SearchPage,
    records_by_id: &RecordsById,
) -> Result<String, PageError> {
    let messages = context.messages;
    // As on the search page: wider hits follow the exact ones, and do not count.
    let wider_total = if found.wider_included { 0 } else { found.wider_total.unwrap_or_default() };
    let total = found.total.unwrap_or_default();
    let is_wider = |hit: &&Hit| wider_total > 0 && hit.match_class == MatchClass::Wider;
    let views = |wider: bool| {
        let hits = found.hits.iter().filter(|hit| is_wider(hit) == wider);
        hits.filter_map(|hit| HitView::from_hit(context, hit, records_by_id)).collect()
    };
    let wider_heading = messages.format("search.wider", "count", &messages.number(wider_total));
    let groups: [(String, Vec<HitView>); 2] =
        [(String::new(), views(false)), (wider_heading, views(true))];
    let view = ResultsView {
        messages,
        total,
        count: count_text(messages, total, request.search.words.as_deref()),
        groups: groups.into_iter().filter(|(_, hits)| !hits.is_empty()).collect(),
        all_href: context.href(&search_path(&request.search.with_page(1))),
        is_framed: request.form == EmbedForm::Frame,
        heading_level: request.heading_level,
    };
    render_template(&view).await
}

/// The facets of which visitors can choose values.
fn choices(
    context: PageContext<'_>,
    request: &EmbedRequest,
    counts: &Facets,
    records_by_id: &RecordsById,
) -> Vec<FacetView> {
    let parameters = &request.search;
    let builder = FacetBuilder { messages: context.messages, records_by_id, parameters, context };
    let mut facets = builder.build(counts);
    let mut shown = 0;
    facets.retain(|facet| {
        let is_shown = shown < FACETS_MAX || facet.visible.iter().any(|option| option.selected);
        let is_free = request.is_free(facet.name);
        shown += usize::from(is_free);
        is_free && is_shown
    });
    facets
}

async fn search_form(
    context: PageContext<'_>,
    request: &EmbedRequest,
    facets: Vec<FacetView>,
    results: String,
    has_next: bool,
) -> Result<String, PageError> {
    let requested = &request.requested;
    let href = |page| context.href(&format!("{}?{}", request.path(), request.query_string(page)));
    let is_shown = |name: &str, value: &str| {
        let mut options = facets.iter().filter(|facet| facet.name == name);
        options.any(|facet| facet.visible.iter().any(|option| option.value == value))
    };
    // Also a value that no longer exists, and one that the form does not show.
    let is_hidden = |name: &str, value: &str| name != "q" && !is_shown(name, value);
    let query = requested.with_page(1).query_string();
    let searched = form_urlencoded::parse(query.as_bytes());
    let searched = searched.map(|(name, value)| (name.into_owned(), value.into_owned()));
    let own = request.own_parameters().into_iter().map(|(name, value)| (name.to_owned(), value));
    let hidden = searched.filter(|(name, value)| is_hidden(name, value)).chain(own).collect();
    let view = EmbedSearchView {
        messages: context.messages,
        action: context.href(request.path()),
        has_field: request.has_field,
        query: requested.words.as_deref().unwrap_or_default(),
        has_choice: facets.iter().any(|facet| facet.visible.iter().any(|one| one.selected)),
        facets,
        hidden,
        results,
        previous: (requested.page > 1).then(|| href(requested.page - 1)),
        next: (has_next && requested.page < PAGE_MAX).then(|| href(requested.page + 1)),
    };
    render_template(&view).await
}
