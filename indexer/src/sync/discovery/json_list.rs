//! A list of objects in JSON, and which of their fields have a meaning.

use hyper::header::{self, HeaderMap};
use serde_json::{Map, Value};

use crate::json;

/// Depth at which a list is looked for.
const DEPTH_MAX: usize = 4;
/// Names of fields by what they mean, the most telling first.
const KEYS: [&str; 6] = ["id", "guid", "uuid", "key", "slug", "url"];
const TITLES: [&str; 6] = ["title", "titel", "name", "naam", "label", "headline"];
const ADDRESSES: [&str; 6] = ["url", "link", "permalink", "href", "html_url", "web_url"];
const BODIES: [&str; 6] = ["body", "content", "text", "tekst", "html", "description"];
/// Paths of the address of the next page.
const NEXT: [&str; 4] = ["next", "links.next", "_links.next.href", "meta.next"];

/// A list in JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonList {
    /// Path of the list; empty if it is the document.
    pub items: String,
    /// Number of items on the first page.
    pub count: usize,
    /// Field with the key.
    pub key: &'static str,
    /// Field with the title, if one is clear.
    pub title: Option<&'static str>,
    /// Field with the address, if one is clear.
    pub url: Option<&'static str>,
    /// Field with the text, if one is clear.
    pub body: Option<&'static str>,
    /// How the next page is found, if it is clear.
    pub next: Option<NextPage>,
}

/// How the next page of a list is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NextPage {
    /// By the `Link` header.
    Header,
    /// By an address at a path.
    Path(&'static str),
}

impl JsonList {
    /// The first list of objects with a key in a document.
    pub(super) fn find(body: &[u8], headers: &HeaderMap) -> Option<Self> {
        let document = json::parse(body).ok()?;
        let (items, objects) = list(&document, String::new(), 0)?;
        let first = objects.first()?.as_object()?;
        let field = |names: &[&'static str]| names.iter().find(|name| has(first, name)).copied();
        let is_address = |path: &&str| {
            let text = json::at(&document, path);
            text.and_then(|text| text.as_str().map(|text| text.contains('/'))).unwrap_or(false)
        };
        let links = headers.get_all(header::LINK).iter().filter_map(|value| value.to_str().ok());
        let has_next = links.into_iter().any(|value| value.contains("rel=\"next\""));
        let path = NEXT.into_iter().find(is_address).map(NextPage::Path);
        Some(Self {
            items,
            count: objects.len(),
            key: field(&KEYS)?,
            title: field(&TITLES),
            url: field(&ADDRESSES),
            body: field(&BODIES),
            next: if has_next { Some(NextPage::Header) } else { path },
        })
    }
}

fn has(object: &Map<String, Value>, name: &str) -> bool {
    object.get(name).and_then(json::scalar).is_some()
}

/// The first list of objects with a key, breadth first, with its path.
fn list(value: &Value, path: String, depth: usize) -> Option<(String, &Vec<Value>)> {
    if let Value::Array(items) = value {
        let is_keyed = |item: &Value| {
            item.as_object().is_some_and(|object| KEYS.iter().any(|name| has(object, name)))
        };
        return (!items.is_empty() && items.iter().all(is_keyed)).then_some((path, items));
    }
    let fields = value.as_object().filter(|_| depth < DEPTH_MAX)?;
    let below =
        |name: &String| if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
    let direct = fields.iter().filter(|(_, value)| value.is_array());
    let nested = fields.iter().filter(|(_, value)| value.is_object());
    direct.chain(nested).find_map(|(name, value)| list(value, below(name), depth + 1))
}
