//! Pages for people: from the catalog to HTML, in Dutch and in English.
//!
//! `start` and `search` are where one asks, `item` what one finds, `about` a theme or an organisation,
//! `calendar` what takes place in a month, `status` how things stand. Templates, style and script stand in
//! `gateway/web` and are compiled in.
//!
//! This module must not know GraphQL, HTTP or how records are stored: a snapshot and parameters in,
//! HTML out. Invariant: a text of a source gets into HTML only through a template that escapes it,
//! through [`body_html`], or through [`json_ld`].

pub(crate) mod assets;
mod body_html;
pub(crate) mod calendar;
pub(crate) mod endpoints;
mod entity;
mod error;
mod facets;
mod graphiql;
mod hit;
mod home;
mod item;
mod item_sections;
mod json_ld;
mod layout;
mod mentions;
mod record_lookup;
mod search;
mod site;
mod status;

use indexer::catalog::{CatalogError, Snapshot};
use jiff::{Timestamp, civil::Date};
use schema::{Language, NodeId, NodeKind};

pub(crate) use self::{
    error::{ErrorPage, error_page},
    graphiql::{graphiql, no_graphiql},
    site::{SiteUrls, sitemap},
};
use crate::{
    messages::Messages,
    search_params::{InvalidParameter, SearchParams},
};

/// What a page is made from.
#[derive(Clone, Copy)]
pub(crate) struct PageContext<'a> {
    /// Where the pages are.
    pub(crate) site: &'a SiteUrls,
    /// In which language.
    pub(crate) messages: &'static Messages,
    /// From which generation.
    pub(crate) snapshot: &'a Snapshot,
    /// For which instant.
    pub(crate) now: Timestamp,
}

/// A page that was asked for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum PageRequest {
    /// A search; the start page where nothing is asked.
    Search(Box<SearchParams>, Vec<InvalidParameter>),
    /// All of one kind of content.
    Overview(NodeKind),
    /// What takes place in the month that begins on a day; in the present one where none is named.
    Calendar(Option<Date>),
    /// One thing, by the last part of its address.
    Record(NodeKind, String),
    /// How things stand.
    Status {
        /// Whether the newest generation is damaged.
        is_damaged: bool,
    },
}

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PageError {
    /// There is no such thing.
    #[error("page not found")]
    NotFound,
    /// It is at another address, seen from the root of the site.
    #[error("page moved to `{0}`")]
    Moved(String),
    /// The catalog failed.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// A template failed.
    #[error("cannot render template")]
    Template(#[from] askama::Error),
}

/// Makes a page.
///
/// # Errors
/// [`PageError`] where there is none.
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
        PageRequest::Calendar(month) => calendar::page(context, *month).await,
        PageRequest::Record(kind @ (NodeKind::Theme | NodeKind::Organisation), slug) => {
            self::entity::page(context, *kind, slug).await
        }
        PageRequest::Record(kind, slug) => item::page(context, *kind, slug).await,
        PageRequest::Status { is_damaged } => status::page(context, *is_damaged),
    }
}

/// The id at the end of an address such as `taal-h0123456789ab`.
fn id_from_slug(slug: &str, kind: NodeKind) -> Option<NodeId> {
    let id = slug.rsplit('-').next()?.parse().ok();
    id.filter(|id: &NodeId| id.kind() == kind)
}

/// What is read first in `language` is written in `other_language` too.
const fn other_language(language: Language) -> Language {
    match language {
        Language::En => Language::Nl,
        Language::Nl | Language::Other => Language::En,
    }
}

/// The address of a search.
fn search_href(context: PageContext<'_>, parameters: &SearchParams) -> String {
    context.site.href(context.messages.language, &search_path(parameters))
}

/// The path and query string of a search.
fn search_path(parameters: &SearchParams) -> String {
    match parameters.query_string() {
        query if query.is_empty() => String::new(),
        query => format!("?{query}"),
    }
}
