//! A page of a list: its items, and what it says about the pages after it.

use hyper::header::{self, HeaderMap};
use serde_json::{Map, Value, json};
use url::Url;

use super::{
    EndpointError,
    item_list::{ItemList, Paging},
};
use crate::json;

/// Maximum length of the message of an endpoint that is repeated, in characters.
const MESSAGE_CHARS_MAX: usize = 200;

/// Where a page is in its list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PagePosition {
    /// The first page.
    Start,
    /// The page with a value of the parameter.
    Number(u64),
    /// The page after a cursor.
    Cursor(String),
    /// The page at an address.
    Address(Url),
}

/// A page as read.
pub(super) struct ItemPage {
    pub(super) items: Vec<Value>,
    pub(super) total: Option<u64>,
    document: Value,
    link: Option<String>,
}

impl ItemPage {
    /// Reads a page.
    ///
    /// # Errors
    /// [`EndpointError`] if it is something else.
    pub(super) fn read(
        list: &ItemList,
        url: &Url,
        body: &[u8],
        headers: &HeaderMap,
    ) -> Result<Self, EndpointError> {
        let document = document(url, body)?;
        let (name, path) = (list.name.clone(), list.items.clone());
        let Some(Value::Array(items)) = json::at(&document, &list.items) else {
            return Err(EndpointError::NoList { name, path });
        };
        let total = list.total.as_ref().map(|path| {
            let missing = || EndpointError::NoTotal { name, path: path.clone() };
            json::at(&document, path).as_ref().and_then(number).ok_or_else(missing)
        });
        Ok(Self { items, total: total.transpose()?, document, link: next_link(headers) })
    }

    /// Where the next page is, after `count` items of the list; `None` if there is none.
    ///
    /// # Errors
    /// [`EndpointError`] if what should say so has another type.
    pub(super) fn next(
        &self,
        list: &ItemList,
        position: &PagePosition,
        count: u64,
        url: &Url,
    ) -> Result<Option<PagePosition>, EndpointError> {
        let is_end = self.items.is_empty() || self.total.is_some_and(|total| count >= total);
        let text = |path: &String| match json::at(&self.document, path) {
            None | Some(Value::Null | Value::Bool(false)) => Ok(None),
            Some(value) => json::scalar(&value).map_or_else(
                || {
                    if value == "" {
                        Ok(None)
                    } else {
                        Err(EndpointError::NoNext { name: list.name.clone(), path: path.clone() })
                    }
                },
                |text| Ok(Some(text)),
            ),
        };
        let address = |text: &str| {
            url.join(text).map_err(|_| EndpointError::NoNext {
                name: list.name.clone(),
                path: text.to_owned(),
            })
        };
        Ok(match &list.paging {
            Paging::None => None,
            Paging::Page { .. } | Paging::Offset { .. } if is_end => None,
            Paging::Page { first, .. } => match position {
                PagePosition::Number(number) => Some(PagePosition::Number(number + 1)),
                _ => Some(PagePosition::Number(first + 1)),
            },
            Paging::Offset { .. } => Some(PagePosition::Number(count)),
            Paging::Cursor { next, .. } => text(next)?.map(PagePosition::Cursor),
            Paging::Link { next } => {
                let text = next.as_ref().map_or_else(|| Ok(self.link.clone()), text)?;
                text.map(|text| address(&text)).transpose()?.map(PagePosition::Address)
            }
        })
    }
}

/// The document in a response, which has no errors of GraphQL.
///
/// # Errors
/// [`EndpointError`] if there is none.
pub(super) fn document(url: &Url, body: &[u8]) -> Result<Value, EndpointError> {
    let document =
        json::parse(body).map_err(|cause| EndpointError::NotJson { url: url.clone(), cause })?;
    graphql_error(&document).map_or(Ok(document), |message| Err(EndpointError::Graphql { message }))
}

/// The first error of a GraphQL response.
pub(super) fn graphql_error(document: &Value) -> Option<String> {
    let errors = document.get("errors")?;
    let message = match errors {
        Value::Array(list) => list.first()?["message"].as_str(),
        other => other.as_str(),
    };
    Some(message.unwrap_or("unknown").chars().take(MESSAGE_CHARS_MAX).collect())
}

impl ItemList {
    /// The address of a page, for a request with GET.
    pub(super) fn address(&self, endpoint: &Url, position: &PagePosition) -> Url {
        if let PagePosition::Address(url) = position {
            return url.clone();
        }
        let parameters: Vec<_> = self.parameters(position).into_iter().collect();
        let mut url = endpoint.clone();
        if parameters.is_empty() {
            return url;
        }
        let is_replaced = |name: &str| parameters.iter().any(|(other, _)| other == name);
        let unchanged: Vec<(String, String)> = endpoint
            .query_pairs()
            .filter(|(name, _)| !is_replaced(name))
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        let values = parameters
            .iter()
            .map(|(name, value)| (name.as_str(), json::scalar(value).unwrap_or_default()));
        url.query_pairs_mut().clear().extend_pairs(unchanged).extend_pairs(values);
        url
    }

    /// The body of a request for a page, for a request with a GraphQL query.
    pub(super) fn body(&self, query: &str, position: &PagePosition) -> Vec<u8> {
        let mut variables = self.variables.clone();
        variables.extend(self.parameters(position));
        json!({ "query": query, "variables": variables }).to_string().into_bytes()
    }

    fn parameters(&self, position: &PagePosition) -> Map<String, Value> {
        let size = self.page_size.iter().map(|(name, size)| (name.clone(), json!(size)));
        let number = match (&self.paging, position) {
            (Paging::Page { parameter, first }, PagePosition::Start) => {
                Some((parameter, json!(first)))
            }
            (Paging::Offset { parameter }, PagePosition::Start) => Some((parameter, json!(0))),
            (
                Paging::Page { parameter, .. } | Paging::Offset { parameter },
                PagePosition::Number(number),
            ) => Some((parameter, json!(number))),
            (Paging::Cursor { parameter, .. }, PagePosition::Cursor(text)) => {
                Some((parameter, json!(text)))
            }
            _ => None,
        };
        size.chain(number.map(|(name, value)| (name.clone(), value))).collect()
    }
}

fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.trim().parse().ok())
}

/// The address with relation `next` in the `Link` headers (RFC 8288).
fn next_link(headers: &HeaderMap) -> Option<String> {
    let values = headers.get_all(header::LINK).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(links).find_map(|(address, parameters)| {
        let is_next = parameters.split(';').any(|parameter| {
            let (name, value) = parameter.split_once('=').unwrap_or_default();
            let mut relations = value.trim().trim_matches('"').split_whitespace();
            name.trim().eq_ignore_ascii_case("rel")
                && relations.any(|one| one.eq_ignore_ascii_case("next"))
        });
        is_next.then(|| address.to_owned())
    })
}

/// The addresses of a `Link` header, each with its parameters.
fn links(header: &str) -> impl Iterator<Item = (&str, &str)> {
    header.split('<').skip(1).filter_map(|link| link.split_once('>'))
}
