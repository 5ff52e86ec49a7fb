//! Pages for people: from the catalog to HTML, in Dutch and in English.
//!
//! `home` and `search` are the search pages, `item` is the page of a record, `entity` that of a theme
//! or organisation, `entity_list` their overviews, `calendar` lists the events of a month, and
//! `status` shows the state of the service. Templates, style sheet and script are in `gateway/web` and are compiled in.
//!
//! This module does not depend on GraphQL, HTTP or storage: its input is a snapshot and parameters,
//! its output is HTML. Invariant: a text of a source gets into HTML only through a template that
//! escapes it, through [`body_html`], or through [`json_ld`].

pub(crate) mod assets;
mod body_html;
pub(crate) mod calendar;
pub(crate) mod configurator;
pub(crate) mod embed;
pub(crate) mod endpoints;
mod entity;
pub(crate) mod entity_list;
mod error;
mod facets;
pub(crate) mod feed_links;
mod feedback;
pub(crate) mod feeds;
mod graphiql;
mod hit;
mod home;
pub(crate) mod information;
mod item;
mod item_relations;
mod item_sections;
mod json_ld;
mod layout;
mod mentions;
mod picture;
mod record_lookup;
pub(crate) mod rest_reference;
mod search;
mod site;
mod sitemap;
mod status;
mod usage;

use std::sync::Arc;

use askama::Template;
use indexer::catalog::{CatalogError, Snapshot};
use jiff::{Timestamp, civil::Date};
use schema::{Language, NodeId, NodeKind};
use tokio::task::yield_now;

pub(crate) use self::{
    error::{ErrorPage, error_page},
    graphiql::{graphiql, no_graphiql},
    site::Site,
    sitemap::sitemap,
};
use crate::{
    alerts::Alert,
    feedback::{ClientFeedback, FeedbackReports, VotedPage},
    messages::Messages,
    partners::Partners,
    search_params::{InvalidParameter, SearchParams},
};

/// The input of every page.
#[derive(Clone, Copy)]
pub(crate) struct PageContext<'a> {
    pub(crate) site: &'a Site,
    /// Texts in the language of the page.
    pub(crate) messages: &'a Messages,
    /// Snapshot of the generation.
    pub(crate) snapshot: &'a Snapshot,
    /// Time of the request.
    pub(crate) now: Timestamp,
    /// The feedback of the client, if pages have the form for it.
    pub(crate) feedback: Option<ClientFeedback<'a>>,
    /// Whether links are absolute, for pages of other sites.
    pub(crate) has_absolute_links: bool,
}

impl PageContext<'_> {
    /// The URL of a page, given by its path without the prefix of a language.
    fn href(&self, path: &str) -> String {
        let language = self.messages.language;
        if self.has_absolute_links {
            self.site.absolute(language, path)
        } else {
            self.site.href(language, path)
        }
    }
}

/// A requested page.
#[derive(Debug, Clone)]
pub(crate) enum PageRequest {
    /// A search, or the home page if there are no parameters.
    Search(Box<SearchParams>, Vec<InvalidParameter>),
    /// All content of a kind.
    Overview(NodeKind),
    /// All themes, organisations or audiences.
    EntityList(entity_list::EntityListRequest),
    /// The events of the month that begins on a day, by default the current one.
    Calendar(Option<Date>),
    /// A record, by the last segment of its path.
    Record(NodeKind, String),
    /// Results for a page of a partner.
    Embed(Box<embed::EmbedRequest>),
    /// The results of a search as a feed.
    Feed(Box<feeds::FeedRequest>),
    /// An event for a calendar.
    EventFile(NodeId),
    /// Code for pages of partners.
    Configurator(Box<configurator::ConfiguratorRequest>),
    /// A page with an element, as a partner would have it.
    Preview(Box<configurator::PreviewRequest>),
    /// The usage of partners since a time.
    Usage { partners: Arc<Partners>, since: Timestamp },
    /// The feedback of readers, for editors.
    Feedback(Box<FeedbackReports>),
    /// What follows a vote on a page.
    Thanks(Option<VotedPage>),
    /// A page of the site about itself.
    Information(information::InformationPage),
    /// The documentation of the REST interface.
    RestReference,
    /// The state of the service, with the conditions that need an operator.
    Status(Vec<Alert>),
}

/// Why a page cannot be rendered.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PageError {
    /// No record has this path.
    #[error("page not found")]
    NotFound,
    /// The page has another URL, given relative to the root of the site.
    #[error("page moved to `{0}`")]
    Moved(String),
    /// The catalog failed.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// A template failed.
    #[error("cannot render template")]
    Template(#[from] askama::Error),
}

/// Renders a page.
///
/// # Errors
/// [`PageError`] if it does not exist or cannot be rendered.
pub(crate) async fn render(
    context: PageContext<'_>,
    request: &PageRequest,
) -> Result<String, PageError> {
    match request {
        PageRequest::Search(parameters, invalid) if parameters.is_empty() && invalid.is_empty() => {
            self::home::page(context).await
        }
        PageRequest::Search(parameters, invalid) => {
            search::page(context, parameters, invalid).await
        }
        PageRequest::Overview(kind) => search::overview(context, *kind).await,
        PageRequest::EntityList(request) => entity_list::page(context, request).await,
        PageRequest::Calendar(month) => calendar::page(context, *month).await,
        PageRequest::Record(kind, slug) if kind.is_content() => {
            item::page(context, *kind, slug).await
        }
        PageRequest::Record(kind, slug) => self::entity::page(context, *kind, slug).await,
        PageRequest::Embed(request) => embed::page(context, request).await,
        PageRequest::Feed(request) => feeds::page(context, request).await,
        PageRequest::EventFile(id) => feeds::calendar::of_event(context, *id).await,
        PageRequest::Configurator(request) => configurator::page(context, request).await,
        PageRequest::Preview(request) => configurator::preview(context, request).await,
        PageRequest::Usage { partners, since } => {
            usage::page(context, partners.all().iter().map(Arc::as_ref), *since)
        }
        PageRequest::Feedback(reports) => feedback::reports_page(context, reports),
        PageRequest::Thanks(page) => feedback::thanks_page(context, page.as_ref()),
        PageRequest::Information(page) => information::page(context, *page).await,
        PageRequest::RestReference => rest_reference::page(context),
        PageRequest::Status(alerts) => status::page(context, alerts),
    }
}

/// Renders a template. Other tasks run before and after it, since a long page takes a while.
async fn render_template(template: &impl Template) -> Result<String, PageError> {
    yield_now().await;
    let html = template.render()?;
    yield_now().await;
    Ok(html)
}

/// The id at the end of a slug such as `taal-h0123456789ab`.
fn id_from_slug(slug: &str, kind: NodeKind) -> Option<NodeId> {
    let id = slug.rsplit('-').next()?.parse().ok();
    id.filter(|id: &NodeId| id.kind() == kind)
}

/// The language into which a page in `language` is also translated.
pub(crate) const fn other_language(language: Language) -> Language {
    match language {
        Language::En => Language::Nl,
        Language::Nl | Language::Other => Language::En,
    }
}

/// The URL of a search.
fn search_href(context: PageContext<'_>, parameters: &SearchParams) -> String {
    context.href(&search_path(parameters))
}

/// The path and query string of a search.
fn search_path(parameters: &SearchParams) -> String {
    match parameters.query_string() {
        query if query.is_empty() => String::new(),
        query => format!("?{query}"),
    }
}
