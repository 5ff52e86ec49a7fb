//! What an address offers, for the first configuration of a site: an API, a sitemap, feeds, calendars,
//! and how much of it.

mod json_list;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use hyper::header::HeaderMap;
use url::Url;

pub use self::json_list::{JsonList, NextPage};
use super::{
    SyncContext, api,
    http::{Fetched, HttpContent, HttpRequest},
    website, wordpress,
};
use crate::{
    calendar_file::{self, EventComponent},
    feed_document,
    html_page::{self, API_RELATION, PageLink, PageMetadata},
    with_causes,
};

/// Maximum number of feeds, and of calendars, that are requested.
const LINKED_MAX: usize = 5;
/// Media types of feeds.
const FEED_TYPES: [&str; 4] =
    ["application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml"];
/// Media type of calendars.
const CALENDAR_TYPE: &str = "text/calendar";
/// First line of a calendar.
const CALENDAR_START: &[u8] = b"BEGIN:VCALENDAR";

/// What an address offers.
#[derive(Debug, Clone)]
pub struct Discovery {
    /// The address, after redirects.
    pub address: Url,
    /// Title of the page.
    pub title: Option<String>,
    /// Software of the site, as it names itself.
    pub generator: Option<String>,
    /// Language of the page, such as `nl-NL`.
    pub language: Option<String>,
    /// What can be read, the most complete first.
    pub offers: Vec<Offer>,
    /// What cannot be read, and why.
    pub notes: Vec<String>,
}

/// Something that a source can read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Offer {
    /// The REST API of WordPress.
    Wordpress {
        /// The address of the site.
        address: Url,
        /// Number of objects by type.
        types: BTreeMap<String, usize>,
    },
    /// The endpoint of Pleio.
    Pleio {
        /// The address of the site.
        address: Url,
        /// Number of groups.
        groups: u64,
        /// Number of articles, wiki pages and questions.
        items: u64,
    },
    /// The pages in sitemaps.
    Website {
        /// The address of the site.
        address: Url,
        /// Number of pages.
        pages: usize,
    },
    /// A feed.
    Feed {
        /// Its address.
        address: Url,
        /// Its title.
        title: Option<String>,
        /// Number of entries.
        entries: usize,
    },
    /// A calendar.
    Calendar {
        /// Its address.
        address: Url,
        /// Number of events; a series is one.
        events: usize,
    },
    /// A list in JSON.
    Json {
        /// Its address.
        address: Url,
        /// What is in it.
        list: JsonList,
    },
}

/// Inspects the address of a context.
pub(super) async fn inspect(context: &SyncContext<'_>) -> Discovery {
    let mut discovery = Discovery {
        address: context.address.clone(),
        title: None,
        generator: None,
        language: None,
        offers: Vec::new(),
        notes: Vec::new(),
    };
    let (url, headers, fetched) = match fetch(context, context.address).await {
        Ok(found) => found,
        Err(reason) => {
            discovery.notes.push(reason);
            return discovery;
        }
    };
    if url.host_str() != context.address.host_str() {
        discovery.notes.push(format!("it leads to another host; use that address: `{url}`"));
        discovery.address = url;
        return discovery;
    }
    discovery.address = url;
    if let Some(offer) = document(&discovery.address, &headers, &fetched) {
        discovery.offers.push(offer);
        return discovery;
    }
    let page = PageMetadata::read(&fetched.body);
    discovery.title = page.title.clone().or_else(|| page.meta.get("og:title").cloned());
    discovery.generator = page.meta.get("generator").cloned();
    discovery.language = page.language.clone();
    site(context, &page, &mut discovery).await;
    discovery
}

/// What the site of a page offers.
async fn site(context: &SyncContext<'_>, page: &PageMetadata, discovery: &mut Discovery) {
    let root = page.links.iter().find(|link| link.relation == API_RELATION);
    let root = root.and_then(|link| wordpress_root(&discovery.address, &link.href));
    let is_wordpress =
        discovery.generator.as_ref().is_some_and(|name| name.starts_with("WordPress"));
    let root = root.or_else(|| is_wordpress.then(|| discovery.address.clone()));
    if let Some(root) = root {
        match wordpress::count(&at(context, &root)).await {
            Ok(types) => discovery.offers.push(Offer::Wordpress { address: root, types }),
            Err(reason) => discovery.notes.push(format!("REST API of WordPress: {reason}")),
        }
    } else {
        let counts = api::count_pleio(&at(context, &discovery.address)).await;
        discovery.offers.extend(counts.map(|(groups, items)| {
            let mut address = discovery.address.clone();
            address.set_path("/");
            address.set_query(None);
            Offer::Pleio { address, groups, items }
        }));
    }
    match website::count(&at(context, &discovery.address)).await {
        Ok(pages) => {
            let mut address = discovery.address.clone();
            address.set_query(None);
            discovery.offers.push(Offer::Website { address, pages });
        }
        Err(reason) => discovery.notes.push(format!("sitemap: {reason}")),
    }
    let (feeds, calendars) = linked(page, discovery);
    for address in feeds.into_iter().chain(calendars) {
        let found = fetch(context, &address).await;
        match found.map(|(url, headers, fetched)| document(&url, &headers, &fetched)) {
            Ok(Some(offer)) => discovery.offers.push(offer),
            Ok(None) => discovery.notes.push(format!("neither a feed nor a calendar: `{address}`")),
            Err(reason) => discovery.notes.push(reason),
        }
    }
}

/// The feeds and the calendars to which a page links, those on its own host.
fn linked(page: &PageMetadata, discovery: &mut Discovery) -> (Vec<Url>, Vec<Url>) {
    let (mut feeds, mut calendars) = (Vec::new(), Vec::new());
    for PageLink { media_type, href, .. } in &page.links {
        let is_calendar = media_type == CALENDAR_TYPE || html_page::is_calendar(href);
        let is_feed = FEED_TYPES.contains(&media_type.as_str());
        let href = href.replacen("webcal:", "https:", 1);
        let Ok(url) = discovery.address.join(&href) else { continue };
        let is_of_comments = url.path().contains("/comments/");
        if !(is_calendar || is_feed) || is_of_comments {
            continue;
        }
        if url.host_str() != discovery.address.host_str() {
            discovery.notes.push(format!("on another host; run `init` for it as well: `{url}`"));
            continue;
        }
        let list = if is_calendar { &mut calendars } else { &mut feeds };
        if list.len() < LINKED_MAX && !list.contains(&url) {
            list.push(url);
        }
    }
    (feeds, calendars)
}

/// The address of a WordPress site whose API is at an address.
fn wordpress_root(page: &Url, api: &str) -> Option<Url> {
    let mut root = page.join(api).ok().filter(|url| url.host_str() == page.host_str())?;
    let path = root.path().split_once("wp-json").map(|(path, _)| path.to_owned());
    root.set_path(&path.unwrap_or_else(|| root.path().to_owned()));
    root.set_query(None);
    Some(root)
}

/// The same context at another address of its host.
fn at<'a>(context: &SyncContext<'a>, address: &'a Url) -> SyncContext<'a> {
    SyncContext {
        address,
        policy: Arc::clone(&context.policy),
        counters: Arc::clone(&context.counters),
        ..*context
    }
}

/// What a file is: a feed, a calendar or a list in JSON.
fn document(url: &Url, headers: &HeaderMap, fetched: &Fetched) -> Option<Offer> {
    let (body, charset) = (&fetched.body, fetched.charset.as_deref());
    let address = url.clone();
    if body.trim_ascii_start().starts_with(CALENDAR_START) {
        let encoding = calendar_file::declared_encoding(body, charset);
        let calendars = calendar_file::parse(body, encoding).ok()?;
        let events = calendars.iter().flat_map(|calendar| &calendar.events);
        let identifiers: BTreeSet<_> = events.filter_map(EventComponent::uid).collect();
        return Some(Offer::Calendar { address, events: identifiers.len() });
    }
    if let Ok(feed) = feed_document::parse(body, charset, url) {
        let title = feed.title.map(|title| title.content);
        return Some(Offer::Feed { address, title, entries: feed.entries.len() });
    }
    let list = JsonList::find(body, headers)?;
    Some(Offer::Json { address, list })
}

async fn fetch(context: &SyncContext<'_>, url: &Url) -> Result<(Url, HeaderMap, Fetched), String> {
    let (policy, counters) = (Arc::clone(&context.policy), Arc::clone(&context.counters));
    let request = HttpRequest::new(url.clone(), policy, counters);
    context.advance(1);
    let response = context.client.get(&request).await.map_err(|error| with_causes(&error))?;
    match response.content {
        HttpContent::Fetched(fetched) => Ok((response.url, response.headers, fetched)),
        HttpContent::Gone { status, .. } => {
            Err(format!("nothing there (status {status}): `{url}`"))
        }
        HttpContent::NotModified => Err(format!("unexpected status 304: `{url}`")),
    }
}
