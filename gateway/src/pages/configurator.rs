//! The configurator: code that shows the results at an address in pages of other sites, with a preview.

mod code;
mod pasted_address;

use std::sync::Arc;

use askama::Template;
use schema::Kind;
use url::form_urlencoded;

pub(crate) use self::pasted_address::{AddressError, search_at};
use self::{code::CodeWriter, pasted_address::QUERY_BYTES_MAX};
use super::{PageContext, PageError, embed::FIRST_MAX, layout::Layout, render_template, search};
use crate::{
    partners::{KeyError, PREVIEW_KEY, Partner},
    search_params::SearchParams,
};

/// What an element shows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum ElementView {
    /// A search field, filters and results.
    #[default]
    Search,
    /// Only results.
    Results,
    /// Events that have not ended.
    Agenda,
}

impl ElementView {
    pub(crate) const ALL: [Self; 3] = [Self::Search, Self::Results, Self::Agenda];

    /// The value of the parameter `view`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Search => "search",
            Self::Results => "results",
            Self::Agenda => "agenda",
        }
    }

    /// The search whose results it shows.
    ///
    /// # Errors
    /// [`AddressError::NotEvents`] if an agenda would show something else than events.
    fn search(self, search: &SearchParams) -> Result<SearchParams, AddressError> {
        if self != Self::Agenda {
            return Ok(search.clone());
        }
        if search.filter.kinds.iter().any(|kind| *kind != Kind::Event) {
            return Err(AddressError::NotEvents);
        }
        let events = search.with("kind", "event");
        let has_phase = !events.filter.phases.is_empty();
        let phases = if has_phase { &[][..] } else { &["upcoming", "ongoing"] };
        Ok(phases.iter().fold(events, |search, phase| search.with("phase", phase)))
    }
}

/// What is entered in the configurator.
#[derive(Debug, Clone, Default)]
pub(crate) struct ConfiguratorRequest {
    /// The address of results, as pasted.
    pub(crate) address: String,
    /// The key, as pasted; empty without one.
    pub(crate) key: String,
    pub(crate) view: ElementView,
    /// Number of results.
    pub(crate) first: Option<usize>,
    /// The partner with the key, or why it has none.
    pub(crate) partner: Option<Result<Arc<Partner>, KeyError>>,
}

impl ConfiguratorRequest {
    /// The path and query string with the same input.
    fn path(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        let first = self.first.map(|first| first.to_string()).unwrap_or_default();
        for (name, value) in [
            ("address", self.address.as_str()),
            ("partner_key", &self.key),
            ("view", if self.address.is_empty() { "" } else { self.view.name() }),
            ("first", &first),
        ] {
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        let query = query.finish();
        if query.is_empty() { "embed".to_owned() } else { format!("embed?{query}") }
    }
}

/// What the preview shows.
#[derive(Debug, Clone)]
pub(crate) struct PreviewRequest {
    pub(crate) view: ElementView,
    pub(crate) first: Option<usize>,
    pub(crate) search: SearchParams,
}

/// Code for one purpose.
struct CodeBlock {
    id: &'static str,
    title: String,
    explanation: String,
    text: String,
}

#[derive(Template)]
#[template(path = "configurator.html")]
struct ConfiguratorView<'a> {
    layout: Layout<'a>,
    request: &'a ConfiguratorRequest,
    address_bytes_max: usize,
    first: usize,
    first_max: usize,
    /// Name, label, and whether it is chosen.
    views: Vec<(&'static str, &'a str, bool)>,
    address_error: Option<String>,
    key_error: Option<&'a str>,
    output: Option<Output>,
}

/// Preview and code of valid input.
struct Output {
    /// The number of results, as a sentence.
    count: String,
    results_href: String,
    preview_href: String,
    blocks: Vec<CodeBlock>,
}

/// The configurator.
pub(super) async fn page(
    context: PageContext<'_>,
    request: &ConfiguratorRequest,
) -> Result<String, PageError> {
    let messages = context.messages;
    let partner = request.partner.as_ref().and_then(|partner| partner.as_ref().ok());
    let key_error = request.partner.as_ref().and_then(|partner| partner.as_ref().err());
    let key_error = key_error.map(|error| match error {
        KeyError::Expired => messages.get("configurator.key_expired"),
        _ => messages.get("configurator.key_unknown"),
    });
    let mut address_error = None;
    let mut output = None;
    if !request.address.is_empty() {
        match searched(context, request, partner.map(Arc::as_ref)) {
            Err(error) => address_error = Some(message(context, &error)),
            Ok(_) if key_error.is_some() => {}
            Ok(searched) => output = Some(self::output(context, request, &searched).await?),
        }
    }
    let views = ElementView::ALL.map(|view| {
        let label = messages.get(match view {
            ElementView::Search => "configurator.view_search",
            ElementView::Results => "configurator.view_results",
            ElementView::Agenda => "configurator.view_agenda",
        });
        (view.name(), label, view == request.view)
    });
    let title = messages.get("configurator.title").to_owned();
    let mut layout = Layout::new(context.site, messages, title, &request.path());
    layout.is_indexable = request.address.is_empty();
    layout.description = messages.get("configurator.intro").to_owned();
    render_template(&ConfiguratorView {
        layout,
        request,
        address_bytes_max: QUERY_BYTES_MAX,
        first: request.first.unwrap_or(FIRST_MAX),
        first_max: FIRST_MAX,
        views: views.to_vec(),
        address_error,
        key_error,
        output,
    })
    .await
}

/// Searches of valid input.
struct Searched {
    /// What the address states.
    requested: SearchParams,
    /// The same as the view shows it.
    shown: SearchParams,
    /// The same with the conditions of the partner.
    found: SearchParams,
}

fn searched(
    context: PageContext<'_>,
    request: &ConfiguratorRequest,
    partner: Option<&Partner>,
) -> Result<Searched, AddressError> {
    let requested = search_at(&request.address, &context.site.url)?;
    let shown = request.view.search(&requested)?;
    let found = match partner {
        None => shown.clone(),
        Some(partner) => {
            shown.within(&partner.config.filter).map_err(AddressError::OutsideFilter)?
        }
    };
    Ok(Searched { requested, shown, found })
}

/// What is wrong with an address, for readers.
fn message(context: PageContext<'_>, error: &AddressError) -> String {
    let messages = context.messages;
    match error {
        AddressError::OtherSite => {
            let url = context.site.url.as_str();
            messages.format("configurator.address_other_site", "url", url)
        }
        AddressError::NoResults => messages.get("configurator.address_no_results").to_owned(),
        AddressError::TooLong => messages.get("configurator.address_too_long").to_owned(),
        AddressError::NotEvents => messages.get("configurator.address_not_events").to_owned(),
        AddressError::Invalid(error) => messages.format_all(
            "configurator.address_invalid",
            &[("name", error.name), ("value", &error.value)],
        ),
        AddressError::OutsideFilter(error) => messages.format_all(
            "configurator.address_outside",
            &[("name", error.name), ("value", &error.value)],
        ),
    }
}

async fn output(
    context: PageContext<'_>,
    request: &ConfiguratorRequest,
    searched: &Searched,
) -> Result<Output, PageError> {
    let first = request.first.filter(|first| *first < FIRST_MAX);
    let preview = [
        format!("view={}", request.view.name()),
        first.map_or_else(String::new, |first| format!("first={first}")),
        searched.found.query_string(),
    ];
    let preview: Vec<_> = preview.into_iter().filter(|part| !part.is_empty()).collect();
    let page = schema::Page::first(1);
    let extras = schema::SearchExtras { total: true, ..schema::SearchExtras::default() };
    let query = searched.found.to_query(page, extras, context.now);
    let total = context.snapshot.search(query).await?.total.unwrap_or_default();
    let words = searched.found.words.as_deref();
    let writer = CodeWriter { context, request, searched, first };
    Ok(Output {
        count: search::count_text(context.messages, total, words),
        results_href: super::search_href(context, &searched.found),
        preview_href: context.href(&format!("embed/preview?{}", preview.join("&"))),
        blocks: writer.blocks(),
    })
}

#[derive(Template)]
#[template(path = "preview.html")]
struct PreviewView<'a> {
    layout: Layout<'a>,
    module: String,
    is_agenda: bool,
    has_field: bool,
    query: String,
    key: &'static str,
}

/// A page as that of a partner, with an element.
pub(super) async fn preview(
    context: PageContext<'_>,
    request: &PreviewRequest,
) -> Result<String, PageError> {
    let messages = context.messages;
    let title = messages.get("configurator.preview").to_owned();
    render_template(&PreviewView {
        layout: Layout::new(context.site, messages, title, "embed/preview"),
        module: context.site.root_url("embed/v1/wegwijzer.js"),
        is_agenda: request.view == ElementView::Agenda,
        has_field: request.view == ElementView::Search,
        query: code::query(&request.search, request.first),
        key: PREVIEW_KEY,
    })
    .await
}
