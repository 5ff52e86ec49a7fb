//! Keys that only sources of the kind `api` have.

use std::collections::BTreeMap;

use schema::SourceName;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{ConfigError, Preset, SourceConfig, SourceKind, toml_to_json};
use crate::sync::{ApiOptions, ApiPreset, ItemList, Paging};

/// Default path of the key in an item.
const KEY_DEFAULT: &str = "id";
/// Maximum number of items of a page.
const SIZE_MAX: u64 = 10_000;

/// `[source.api]` as written. Paths are dotted names of JSON fields.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApiConfig {
    /// Path of the list in a response.
    #[serde(default)]
    #[schemars(extend("x-default-text" = "the response itself", "x-range" = "dotted path, such as `data.items.edges.node`"))]
    pub items: String,
    /// GraphQL query, sent with POST.
    #[schemars(extend("x-default-text" = "none: the address is requested with GET", "x-range" = "GraphQL document"))]
    pub query: Option<String>,
    /// Variables of the query.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, serde_json::Value>", extend("x-range" = "name = value"))]
    pub variables: BTreeMap<String, toml::Value>,
    /// How the next page is requested.
    #[serde(default)]
    #[schemars(extend("x-default" = "none"))]
    pub paging: PagingStyle,
    /// Query parameter or variable with the number of the page, the offset or the cursor.
    #[schemars(extend("x-default-text" = "`page`, `offset` or `cursor`, as `paging`"))]
    pub parameter: Option<String>,
    /// Number of the first page; for `paging = "page"`.
    #[schemars(extend("x-default-text" = "`1`", "x-range" = "0 or 1"))]
    pub first: Option<u64>,
    /// Path of the cursor, or of the address of the next page.
    #[schemars(extend("x-default-text" = "none: the `Link` header, for `paging = \"link\"`", "x-range" = "dotted path"))]
    pub next: Option<String>,
    /// Path of the number of items on all pages.
    #[schemars(extend("x-default-text" = "none: the list ends with an empty page", "x-range" = "dotted path"))]
    pub total: Option<String>,
    /// Query parameter or variable with the number of items of a page.
    pub size_parameter: Option<String>,
    /// Number of items of a page.
    #[schemars(extend("x-range" = "1 to 10,000"))]
    pub size: Option<u64>,
}

/// How the next page is requested.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PagingStyle {
    /// There is only one page.
    #[default]
    None,
    /// By its number.
    Page,
    /// By the number of items before it.
    Offset,
    /// By a text in the page before it.
    Cursor,
    /// By an address in the page before it.
    Link,
}

/// How a source of the kind `api` is read.
pub(super) fn options(config: &SourceConfig, name: &SourceName) -> Result<ApiOptions, ConfigError> {
    let error = |reason| ConfigError::Api { source_name: name.clone(), reason };
    match (config.preset, &config.api) {
        (None, Some(api)) => {
            let lists = vec![list(api, config.key.as_deref()).map_err(error)?];
            Ok(ApiOptions { preset: None, endpoint: None, lists, removal_query: None })
        }
        (Some(Preset::Pleio), None) => Ok(ApiPreset::Pleio.options()),
        (Some(Preset::Pleio), Some(_)) => Err(error("use either `preset` or `[source.api]`")),
        (Some(Preset::GebruikerCentraal), _) => Err(error("this `preset` is for kind `wordpress`")),
        (None, None) => {
            Err(error("missing table `[source.api]`, or `preset` of software that has one"))
        }
    }
}

/// An error if a source of another kind has the keys of an endpoint.
pub(super) fn check_kind(config: &SourceConfig, name: &SourceName) -> Result<(), ConfigError> {
    if config.kind == SourceKind::Api || config.api.is_none() {
        return Ok(());
    }
    Err(ConfigError::KeyOfKind { source_name: name.clone(), key: "api", kind: "api" })
}

fn list(api: &ApiConfig, key: Option<&str>) -> Result<ItemList, &'static str> {
    let key = key.map_or(KEY_DEFAULT, str::trim);
    if key.contains(['{', '}', '|']) || !is_path(key) {
        return Err("`key` must be the name of a field of an item, such as `id` or `node.id`");
    }
    let paths = [&api.next, &api.total].into_iter().flatten();
    let items = Some(&api.items).filter(|path| !path.is_empty());
    if !paths.chain(items).all(|path| is_path(path)) {
        return Err("`items`, `next` and `total` must be dotted paths, such as `meta.next`");
    }
    if api.query.is_none() && !api.variables.is_empty() {
        return Err("`variables` are for a `query`");
    }
    if api.query.as_ref().is_some_and(|query| query.trim().is_empty()) {
        return Err("`query` must not be empty; omit it for a request with GET");
    }
    let page_size = match (&api.size_parameter, api.size) {
        (None, None) => None,
        (Some(parameter), Some(size)) if (1..=SIZE_MAX).contains(&size) => {
            Some((parameter.clone(), size))
        }
        (Some(_), Some(_)) => return Err("`size` must be a number from 1 to 10,000"),
        _ => return Err("use both `size` and `size_parameter`, or neither"),
    };
    let variables = api.variables.iter();
    let variables = variables.map(|(name, value)| (name.clone(), toml_to_json(value.clone())));
    Ok(ItemList {
        name: "`address`".to_owned(),
        query: api.query.clone(),
        variables: variables.collect(),
        items: api.items.clone(),
        key: key.to_owned(),
        total: api.total.clone(),
        paging: paging(api)?,
        page_size,
        public_if: None,
        children: None,
        horizon: None,
    })
}

fn paging(api: &ApiConfig) -> Result<Paging, &'static str> {
    let style = api.paging;
    if api.first.is_some_and(|first| first > 1 || style != PagingStyle::Page) {
        return Err("`first` must be 0 or 1, with `paging = \"page\"`");
    }
    let has_parameter = !matches!(style, PagingStyle::None | PagingStyle::Link);
    if api.parameter.is_some() && !has_parameter {
        return Err("`parameter` is for `paging` by `page`, `offset` or `cursor`");
    }
    if api.next.is_some() && !matches!(style, PagingStyle::Cursor | PagingStyle::Link) {
        return Err("`next` is for `paging` by `cursor` or `link`");
    }
    if api.query.is_some() && style == PagingStyle::Link {
        return Err("a `query` has no `paging` by `link`; use `cursor` or `offset`");
    }
    let parameter = |default: &str| api.parameter.clone().unwrap_or_else(|| default.to_owned());
    Ok(match (style, &api.next) {
        (PagingStyle::None, _) => Paging::None,
        (PagingStyle::Page, _) => {
            Paging::Page { parameter: parameter("page"), first: api.first.unwrap_or(1) }
        }
        (PagingStyle::Offset, _) => Paging::Offset { parameter: parameter("offset") },
        (PagingStyle::Cursor, Some(next)) => {
            Paging::Cursor { parameter: parameter("cursor"), next: next.clone() }
        }
        (PagingStyle::Cursor, None) => return Err("`paging = \"cursor\"` needs `next`"),
        (PagingStyle::Link, next) => Paging::Link { next: next.clone() },
    })
}

fn is_path(text: &str) -> bool {
    !text.is_empty() && text.split('.').all(|name| !name.trim().is_empty())
}
