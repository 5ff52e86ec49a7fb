//! Pages for people: from the catalog to HTML, in Dutch and in English.
//!
//! `start` and `search` are where one asks, `item` what one finds, `about` a theme or an organisation,
//! `calendar` what takes place in a month, `status` how things stand; `words` is what people read. Templates, style and script stand in
//! `gateway/web` and are compiled in.
//!
//! This module must not know GraphQL, HTTP or how records are stored: a snapshot and parameters in,
//! HTML out. Invariant: a text of a source gets into HTML only through a template that escapes it,
//! through [`prose`], or through [`json_ld`].

mod about;
pub(crate) mod assets;
pub(crate) mod calendar;
mod evidence;
mod facets;
mod frame;
mod graphiql;
mod hit;
mod item;
mod json_ld;
mod names;
mod part;
mod prose;
mod search;
mod site;
mod start;
mod status;
mod trouble;
pub(crate) mod words;

use indexer::catalog::{CatalogError, Snapshot};
use jiff::{Timestamp, civil::Date};
use schema::{Language, NodeId, NodeKind};

use self::words::Words;
pub(crate) use self::{
    graphiql::{graphiql, no_graphiql},
    site::{Site, sitemap},
    trouble::{Trouble, trouble},
};
use crate::parameters::{Misfit, Parameters};

/// What a page is made from.
#[derive(Clone, Copy)]
pub(crate) struct Visit<'a> {
    /// Where the pages are.
    pub(crate) site: &'a Site,
    /// In which language.
    pub(crate) words: &'static Words,
    /// From which generation.
    pub(crate) snapshot: &'a Snapshot,
    /// For which instant.
    pub(crate) now: Timestamp,
}

/// A page that was asked for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Asked {
    /// A search; the start page where nothing is asked.
    Search(Box<Parameters>, Vec<Misfit>),
    /// All of one kind of content.
    Overview(NodeKind),
    /// What takes place in the month that begins on a day; in the present one where none is named.
    Calendar(Option<Date>),
    /// One thing, by the last part of its address.
    Thing(NodeKind, String),
    /// How things stand.
    Status {
        /// Whether the newest generation is damaged.
        damaged: bool,
    },
}

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PageError {
    /// There is no such thing.
    #[error("there is nothing at this address")]
    NotFound,
    /// It is at another address, seen from the root of the site.
    #[error("it is at another address: `{0}`")]
    Moved(String),
    /// The catalog failed.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// A template failed.
    #[error("a template failed: {0}")]
    Template(#[from] askama::Error),
}

/// Makes a page.
///
/// # Errors
/// [`PageError`] where there is none.
pub(crate) async fn page(visit: Visit<'_>, asked: &Asked) -> Result<String, PageError> {
    match asked {
        Asked::Search(parameters, misfits) if parameters.is_empty() && misfits.is_empty() => {
            start::page(visit).await
        }
        Asked::Search(parameters, misfits) => search::page(visit, parameters, misfits).await,
        Asked::Overview(kind) => search::overview(visit, *kind).await,
        Asked::Calendar(month) => calendar::page(visit, *month).await,
        Asked::Thing(kind @ (NodeKind::Theme | NodeKind::Organisation), slug) => {
            about::page(visit, *kind, slug).await
        }
        Asked::Thing(kind, slug) => item::page(visit, *kind, slug).await,
        Asked::Status { damaged } => status::page(visit, *damaged),
    }
}

/// The id at the end of an address such as `taal-h0123456789ab`.
fn id_in(slug: &str, kind: NodeKind) -> Option<NodeId> {
    let id = slug.rsplit('-').next()?.parse().ok();
    id.filter(|id: &NodeId| id.kind() == kind)
}

/// What is read first in `language` is written in `other` too.
const fn other(language: Language) -> Language {
    match language {
        Language::En => Language::Nl,
        Language::Nl | Language::Other => Language::En,
    }
}
