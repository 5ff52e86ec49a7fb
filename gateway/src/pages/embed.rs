//! Results in pages of partners: a fragment of HTML for their server, and a page for a frame. Both are
//! the search of the search page, without scripts.

use std::{fmt::Write as _, sync::Arc};

use askama::Template;
use schema::{Page, SearchExtras};

use super::{
    PageContext, PageError, hit,
    hit::HitView,
    record_lookup::RecordsById,
    render_template, search,
    search::{PAGE_SIZE, count_text},
    search_path,
};
use crate::{
    messages::Messages,
    partners::Partner,
    search_params::{PAGE_MAX, SearchParams},
};

/// Maximum number of hits, and the default.
pub(crate) const LIMIT_MAX: usize = PAGE_SIZE;

/// What is embedded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EmbedForm {
    /// HTML to include in a page.
    Fragment,
    /// A page to show in a frame.
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
    /// Maximum number of hits.
    pub(crate) limit: usize,
    pub(crate) partner: Option<Arc<Partner>>,
    /// The key as sent.
    pub(crate) key: Option<String>,
}

impl EmbedRequest {
    /// The query string of another page of the same results.
    pub(crate) fn query_string(&self, page: usize) -> String {
        let mut query = self.requested.with_page(page).query_string();
        let mut append = |name: &str, value: &str| {
            let separator = if query.is_empty() { "" } else { "&" };
            let _ = write!(query, "{separator}{name}={value}");
        };
        if self.limit < LIMIT_MAX {
            append("limit", &self.limit.to_string());
        }
        if let Some(key) = &self.key {
            append("key", key);
        }
        query
    }
}

#[derive(Template)]
#[template(path = "embed_results.html")]
struct ResultsView {
    messages: &'static Messages,
    /// The number of hits, as a complete sentence.
    count: String,
    hits: Vec<HitView>,
    /// The search page with the same results.
    all_href: String,
    /// Whether links leave the frame.
    is_framed: bool,
}

#[derive(Template)]
#[template(path = "embed_frame.html")]
struct FrameView<'a> {
    messages: &'static Messages,
    style: String,
    action: String,
    /// The text in the search field.
    query: &'a str,
    /// The other parameters of the form.
    hidden: Vec<(&'a str, String)>,
    results: String,
    previous: Option<String>,
    next: Option<String>,
}

/// Results for a page of a partner.
pub(super) async fn page(
    context: PageContext<'_>,
    request: &EmbedRequest,
) -> Result<String, PageError> {
    let context = PageContext { has_absolute_links: true, ..context };
    let (results, has_next) = results(context, request).await?;
    match request.form {
        EmbedForm::Fragment => Ok(results),
        EmbedForm::Frame => frame(context, request, results, has_next).await,
    }
}

async fn results(
    context: PageContext<'_>,
    request: &EmbedRequest,
) -> Result<(String, bool), PageError> {
    let (search, messages) = (&request.search, context.messages);
    let offset = (search.page.max(1) - 1) * request.limit;
    let page = Page::Offset { limit: request.limit, offset };
    let extras = SearchExtras { total: true, highlights: true, ..SearchExtras::default() };
    let query = search::search_query(context, search, page, extras);
    let found = context.snapshot.search(query).await?;
    let total = found.total.unwrap_or_default();
    let listed = if found.wider_included { total } else { total + found.wider_total.unwrap_or(0) };
    if let Some(partner) = &request.partner {
        partner.usage.record_search(listed);
    }
    let ids = hit::referenced_ids(found.hits.iter().map(|hit| &hit.record));
    let records_by_id = RecordsById::load(context, ids).await?;
    let hits = found.hits.iter();
    let view = ResultsView {
        messages,
        count: count_text(messages, total, search.words.as_deref()),
        hits: hits.filter_map(|hit| HitView::from_hit(context, hit, &records_by_id)).collect(),
        all_href: context.href(&search_path(&search.with_page(1))),
        is_framed: request.form == EmbedForm::Frame,
    };
    let has_next = found.has_next && search.page < PAGE_MAX;
    Ok((render_template(&view).await?, has_next))
}

async fn frame(
    context: PageContext<'_>,
    request: &EmbedRequest,
    results: String,
    has_next: bool,
) -> Result<String, PageError> {
    let requested = &request.requested;
    let href = |page| context.href(&format!("embed/frame?{}", request.query_string(page)));
    let conditions = requested.conditions().iter();
    let mut hidden: Vec<_> = conditions.map(|(name, value)| (*name, value.clone())).collect();
    if request.limit < LIMIT_MAX {
        hidden.push(("limit", request.limit.to_string()));
    }
    hidden.extend(request.key.clone().map(|key| ("key", key)));
    let view = FrameView {
        messages: context.messages,
        style: context.site.asset("embed.css"),
        action: context.href("embed/frame"),
        query: requested.words.as_deref().unwrap_or_default(),
        hidden,
        results,
        previous: (requested.page > 1).then(|| href(requested.page - 1)),
        next: has_next.then(|| href(requested.page + 1)),
    };
    render_template(&view).await
}
