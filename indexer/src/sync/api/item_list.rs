//! Lists of items that an endpoint has, and how their pages are requested.

use serde_json::{Map, Value};

/// How the lists of an endpoint are read.
#[derive(Debug, Clone)]
pub struct ApiOptions {
    /// The software of the site, if its items have a meaning that is known.
    pub preset: Option<ApiPreset>,
    /// The path of the endpoint on the host, if it is not that of the address.
    pub endpoint: Option<&'static str>,
    /// The lists.
    pub lists: Vec<ItemList>,
    /// A GraphQL query for one item by its key, whose only field is null if the item is gone.
    pub removal_query: Option<&'static str>,
}

/// Software with an endpoint whose lists and items are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApiPreset {
    /// Pleio.
    Pleio,
}

/// A list of items. Paths are dotted names of JSON fields; those of a page start at its document.
#[derive(Debug, Clone)]
pub struct ItemList {
    /// The name in messages.
    pub name: String,
    /// The GraphQL query; without it, the endpoint is requested with GET.
    pub query: Option<String>,
    /// Variables of the query.
    pub variables: Map<String, Value>,
    /// Path of the list in a page.
    pub items: String,
    /// Path of the key in an item.
    pub key: String,
    /// Path of the number of items of all pages in a page.
    pub total: Option<String>,
    /// How the next page is requested.
    pub paging: Paging,
    /// Parameter with the number of items of a page, and its value.
    pub page_size: Option<(String, u64)>,
    /// Path in an item, and the only value with which the item is public.
    pub public_if: Option<(&'static str, u64)>,
    /// Path in an item of further items.
    pub children: Option<&'static str>,
    /// Where a list without end is no longer read.
    pub horizon: Option<Horizon>,
}

/// How the next page of a list is requested. `parameter` is a query parameter, or a variable of the
/// GraphQL query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Paging {
    /// There is only one page.
    None,
    /// By its number.
    Page {
        /// Parameter with the number.
        parameter: String,
        /// Number of the first page.
        first: u64,
    },
    /// By the number of items before it.
    Offset {
        /// Parameter with the number.
        parameter: String,
    },
    /// By a text in the page before it.
    Cursor {
        /// Parameter with the text.
        parameter: String,
        /// Path of the text in a page.
        next: String,
    },
    /// By an address in the page before it.
    Link {
        /// Path of the address in a page; none for the `Link` header.
        next: Option<String>,
    },
}

/// A time in the items of a list that is ordered by it. The list ends with the first item that is
/// later than `days` from now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Horizon {
    /// Path of the time in an item.
    pub time: &'static str,
    /// Number of days.
    pub days: i64,
}
