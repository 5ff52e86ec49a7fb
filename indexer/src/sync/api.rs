//! Synchronises a JSON or GraphQL endpoint: all pages of its lists. What is stored is each item as
//! sent.
//!
//! A list that changes while it is read can lose items between two pages. Its total, or an item that
//! appears twice, shows that; it is then read again, and otherwise absences do not count.

mod item_list;
mod page;
mod pleio;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet, HashSet},
    sync::Arc,
};

use hyper::header::{self, HeaderMap, HeaderValue};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use url::Url;

pub use self::item_list::{ApiOptions, ApiPreset, Horizon, ItemList, Paging};
use self::page::{ItemPage, PagePosition, document, graphql_error};
use super::{
    SyncContext, SyncError,
    http::{HttpContent, HttpError, HttpRequest},
    run::{Completeness, SourceRun},
    state::{FetchedResource, StateError},
};
use crate::{json, with_causes};

/// Maximum number of pages of a list.
const PAGES_MAX: usize = 5_000;
/// Maximum number of times that a list is read in one run.
const WALKS_MAX: usize = 3;
/// Maximum length of a key in bytes.
const KEY_BYTES_MAX: usize = 500;
/// Maximum number of items about which a run asks whether they are gone.
const REMOVAL_CHECKS_MAX: usize = 50;
/// Maximum number of notes of one run.
const NOTES_MAX: usize = 50;
/// Maximum number of cookies that a run keeps.
const COOKIES_MAX: usize = 20;
/// Maximum length of a cookie in bytes.
const COOKIE_BYTES_MAX: usize = 4_096;

/// Why a list cannot be read.
#[derive(Debug, thiserror::Error)]
enum EndpointError {
    /// The host did not respond as required.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// Redirects lead to another host.
    #[error("the endpoint moved; set `address` of the source to the new host: `{host}`")]
    Moved { host: String },
    /// There is nothing at the address.
    #[error("nothing at this address (status {status}); check `address` of the source: `{url}`")]
    Gone { url: Url, status: u16 },
    /// The response is something else than JSON.
    #[error("response is not JSON; check `address` of the source: `{url}`")]
    NotJson {
        url: Url,
        #[source]
        cause: serde_json::Error,
    },
    /// The endpoint rejects the query.
    #[error("the endpoint rejects the query: `{message}`")]
    Graphql { message: String },
    /// The page has no list where one is expected.
    #[error(
        "no list in the response at this path; check `items` of `[source.api]`: `{path}` of {name}"
    )]
    NoList { name: String, path: String },
    /// The page has no number of items where one is expected.
    #[error(
        "no number in the response at this path; check `total` of `[source.api]`: `{path}` of {name}"
    )]
    NoTotal { name: String, path: String },
    /// The page has no address or cursor where one is expected.
    #[error("no next page at this path; check `next` of `[source.api]`: `{path}` of {name}")]
    NoNext { name: String, path: String },
    /// Every page has the same items.
    #[error(
        "the endpoint repeats a page; check `paging` and `parameter` of `[source.api]`: {name}"
    )]
    Repeated { name: String },
    /// The list is longer than allowed.
    #[error("list exceeds the maximum number of pages, {PAGES_MAX}: {name}")]
    TooLong { name: String },
}

/// Why a run ends early.
#[derive(Debug, thiserror::Error)]
enum ListError {
    #[error(transparent)]
    Endpoint(#[from] EndpointError),
    #[error(transparent)]
    Sync(#[from] SyncError),
}

impl From<StateError> for ListError {
    fn from(error: StateError) -> Self {
        Self::Sync(error.into())
    }
}

impl From<HttpError> for ListError {
    fn from(error: HttpError) -> Self {
        Self::Endpoint(error.into())
    }
}

/// The run of one source.
struct ApiRun<'a> {
    context: &'a SyncContext<'a>,
    endpoint: Url,
    cookies: BTreeMap<String, String>,
    present: HashSet<String>,
    changed: u64,
    removed: u64,
    notes: Vec<String>,
    is_partial: bool,
}

/// What one walk over the pages of a list has seen.
#[derive(Default)]
struct ListWalk {
    /// The keys of all items.
    keys: HashSet<String>,
    /// Number of items on the pages so far.
    count: u64,
    /// The total that the last page stated.
    total: Option<u64>,
    /// Whether an item appeared twice, or the total changed.
    is_disturbed: bool,
    /// Whether an item beyond the horizon was seen.
    is_past_horizon: bool,
    /// Number of items without a key.
    without_key: u64,
}

/// Runs one source.
///
/// # Errors
/// [`SyncError`] if the state fails; what the host does wrong is in the run.
pub(super) async fn run(
    context: &SyncContext<'_>,
    options: &ApiOptions,
) -> Result<SourceRun, SyncError> {
    let mut run = ApiRun::new(context, options.endpoint);
    let mut is_read = false;
    for list in &options.lists {
        match run.read(list).await {
            Ok(()) => is_read = true,
            Err(ListError::Sync(error)) => return Err(error),
            Err(ListError::Endpoint(error)) => {
                run.is_partial = true;
                run.notes.push(with_causes(&error));
            }
        }
    }
    if let (Some(query), false) = (options.removal_query, run.is_partial) {
        run.confirm_removals(query).await?;
    }
    let completeness = match (is_read, run.is_partial) {
        (_, false) => Completeness::Complete,
        (true, true) => Completeness::Partial,
        (false, true) if !run.present.is_empty() => Completeness::Partial,
        (false, true) => Completeness::Failed,
    };
    let ApiRun { present, changed, removed, mut notes, .. } = run;
    notes.truncate(NOTES_MAX);
    context.finish(&present, (completeness, changed, removed), notes)
}

impl<'a> ApiRun<'a> {
    fn new(context: &'a SyncContext<'a>, path: Option<&str>) -> Self {
        let mut endpoint = context.address.clone();
        if let Some(path) = path {
            endpoint.set_query(None);
            endpoint.set_path(path);
        }
        Self {
            context,
            endpoint,
            cookies: BTreeMap::new(),
            present: HashSet::new(),
            changed: 0,
            removed: 0,
            notes: Vec::new(),
            is_partial: false,
        }
    }
}

impl ApiRun<'_> {
    /// Reads a list until a walk has seen all of it.
    async fn read(&mut self, list: &ItemList) -> Result<(), ListError> {
        let mut keys = HashSet::new();
        for number in 1..=WALKS_MAX {
            let walk = self.walk(list).await?;
            keys.extend(walk.keys);
            let is_whole = match walk.total.filter(|_| list.horizon.is_none()) {
                Some(total) => walk.without_key == 0 && keys.len() as u64 == total,
                None => !walk.is_disturbed,
            };
            if walk.without_key > 0 {
                self.is_partial = true;
                self.notes.push(format!(
                    "items without a key, which are not read; check `key` of the source: {} of {}",
                    walk.without_key, list.name
                ));
                break;
            }
            if is_whole {
                break;
            }
            if number == WALKS_MAX {
                self.is_partial = true;
                let total = walk.total.map(|total| format!(" of {total}")).unwrap_or_default();
                self.notes.push(format!(
                    "the list changed while it was read, or its total counts items that it does not \
                     show: {}{total} items of {}",
                    keys.len(),
                    list.name
                ));
            }
        }
        Ok(())
    }

    /// Reads the pages of a list, and stores their items.
    async fn walk(&mut self, list: &ItemList) -> Result<ListWalk, ListError> {
        let mut walk = ListWalk::default();
        let mut position = PagePosition::Start;
        for _ in 0..PAGES_MAX {
            let (url, page) = self.page(list, &position).await?;
            let known = walk.keys.len();
            self.store(list, &page, &mut walk)?;
            let is_shorter = walk.total.zip(page.total).is_some_and(|(before, now)| {
                now < before || (now > before && list.horizon.is_none())
            });
            walk.is_disturbed |= is_shorter;
            walk.total = page.total.or(walk.total);
            walk.count += page.items.len() as u64;
            self.context.advance(page.items.len());
            if walk.is_past_horizon {
                return Ok(walk);
            }
            let next = page.next(list, &position, walk.count, &url)?;
            // A host that ignores the parameter sends the first page for ever.
            let is_repeated = !page.items.is_empty() && walk.keys.len() == known;
            match next {
                None => return Ok(walk),
                Some(_) if is_repeated && walk.without_key > 0 => return Ok(walk),
                Some(next) if is_repeated || next == position => {
                    return Err(EndpointError::Repeated { name: list.name.clone() }.into());
                }
                Some(next) => position = next,
            }
        }
        Err(EndpointError::TooLong { name: list.name.clone() }.into())
    }

    /// Stores the items of a page, and removes those that are not public.
    fn store(
        &mut self,
        list: &ItemList,
        page: &ItemPage,
        walk: &mut ListWalk,
    ) -> Result<(), ListError> {
        let (mut resources, mut hidden) = (Vec::new(), Vec::new());
        let latest = list.horizon.and_then(|horizon| {
            let days = SignedDuration::from_hours(24 * horizon.days);
            self.context.now.checked_add(days).ok()
        });
        let mut items: Vec<(Value, bool)> =
            page.items.iter().rev().map(|item| (item.clone(), true)).collect();
        while let Some((mut item, is_listed)) = items.pop() {
            let time = list.horizon.and_then(|horizon| moment(&item, horizon.time));
            if latest.zip(time).is_some_and(|(latest, time)| time > latest) {
                walk.is_past_horizon |= is_listed;
                continue;
            }
            if let Some(Value::Array(children)) =
                list.children.and_then(|path| item.get_mut(path).map(Value::take))
            {
                items.extend(children.into_iter().rev().map(|child| (child, false)));
            }
            let key = json::at(&item, &list.key).as_ref().and_then(json::scalar);
            let key = key.filter(|key| key.len() <= KEY_BYTES_MAX && !key.contains('\0'));
            let Some(key) = key.filter(|_| item.is_object()) else {
                walk.without_key += 1;
                continue;
            };
            if !walk.keys.insert(key.clone()) && is_listed {
                walk.is_disturbed = true;
            }
            let is_public = list.public_if.is_none_or(|(path, value)| item[path] == value);
            if is_public {
                self.present.insert(key.clone());
                resources.push(FetchedResource {
                    key,
                    version: String::new(),
                    body: item.to_string().into_bytes(),
                });
            } else {
                hidden.push(key);
            }
        }
        let (state, source) = (self.context.state, self.context.source);
        self.changed += state.put(source, &resources, self.context.now)?;
        self.removed += state.remove(source, &hidden)?;
        Ok(())
    }

    /// Removes items that are in no list, if the endpoint confirms that they are gone.
    async fn confirm_removals(&mut self, query: &str) -> Result<(), SyncError> {
        let (state, source) = (self.context.state, self.context.source);
        let known: BTreeSet<String> =
            state.entries(source)?.into_iter().map(|(key, _)| key).collect();
        let missing: Vec<_> = known
            .into_iter()
            .filter(|key| !self.present.contains(key))
            .take(REMOVAL_CHECKS_MAX)
            .collect();
        let mut gone = Vec::new();
        for key in missing {
            let body =
                serde_json::json!({ "query": query, "variables": { "key": key } }).to_string();
            let response = match self.send(self.endpoint.clone(), Some(body.into_bytes())).await {
                Ok((url, body, _)) => document(&url, &body),
                Err(error) => Err(error),
            };
            match response {
                Ok(document) => {
                    let fields = document["data"].as_object();
                    if fields.is_some_and(|fields| {
                        fields.len() == 1 && fields.values().all(Value::is_null)
                    }) {
                        gone.push(key);
                    }
                }
                Err(error) => {
                    self.notes.push(with_causes(&error));
                    break;
                }
            }
        }
        self.removed += state.remove(source, &gone)?;
        Ok(())
    }

    async fn page(
        &mut self,
        list: &ItemList,
        position: &PagePosition,
    ) -> Result<(Url, ItemPage), EndpointError> {
        let body = list.query.as_ref().map(|query| list.body(query, position));
        let url = if body.is_some() {
            self.endpoint.clone()
        } else {
            list.address(&self.endpoint, position)
        };
        let (url, body, headers) = self.send(url, body).await?;
        let page = ItemPage::read(list, &url, &body, &headers)?;
        Ok((url, page))
    }

    async fn send(
        &mut self,
        url: Url,
        body: Option<Vec<u8>>,
    ) -> Result<(Url, bytes::Bytes, HeaderMap), EndpointError> {
        let (policy, counters) =
            (Arc::clone(&self.context.policy), Arc::clone(&self.context.counters));
        let mut request = HttpRequest::new(url.clone(), policy, counters);
        request.accept = HeaderValue::from_static("application/json, */*;q=0.1");
        request.json = body.map(Into::into);
        request.cookie = self.cookie();
        let response = match self.context.client.get(&request).await {
            Ok(response) => response,
            Err(HttpError::Status { body, status: 400, url, retry_after }) => {
                let document = json::parse(&body).unwrap_or_default();
                return Err(match graphql_error(&document) {
                    Some(message) => EndpointError::Graphql { message },
                    None => HttpError::Status { body, status: 400, url, retry_after }.into(),
                });
            }
            Err(error) => return Err(error.into()),
        };
        if let Some(change) = response.host_change {
            return Err(EndpointError::Moved { host: change.host });
        }
        self.store_cookies(&response.headers);
        match response.content {
            HttpContent::Fetched(fetched) => Ok((response.url, fetched.body, response.headers)),
            HttpContent::Gone { status, .. } => Err(EndpointError::Gone { url, status }),
            // Requests have no validators.
            HttpContent::NotModified => Err(EndpointError::Gone { url, status: 304 }),
        }
    }

    /// A host that opens a session for each request without its cookie gets it back.
    fn store_cookies(&mut self, headers: &HeaderMap) {
        let values = headers.get_all(header::SET_COOKIE).iter();
        for value in values.filter_map(|value| value.to_str().ok()) {
            let pair = value.split(';').next().unwrap_or_default();
            let Some((name, value)) = pair.split_once('=') else { continue };
            let is_new = !self.cookies.contains_key(name.trim());
            if pair.len() <= COOKIE_BYTES_MAX && !(is_new && self.cookies.len() >= COOKIES_MAX) {
                self.cookies.insert(name.trim().to_owned(), value.trim().to_owned());
            }
        }
    }

    fn cookie(&self) -> Option<HeaderValue> {
        let pairs: Vec<_> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        (!pairs.is_empty()).then(|| HeaderValue::from_str(&pairs.join("; ")).ok())?
    }
}

/// The numbers of groups and of other items of a Pleio site; `None` if it is something else.
pub(super) async fn count_pleio(context: &SyncContext<'_>) -> Option<(u64, u64)> {
    let mut run = ApiRun::new(context, ApiPreset::Pleio.options().endpoint);
    let body = serde_json::json!({ "query": pleio::COUNT_QUERY }).to_string();
    let (url, body, _) = run.send(run.endpoint.clone(), Some(body.into_bytes())).await.ok()?;
    let document = document(&url, &body).ok()?;
    let total = |path: &str| json::at(&document, path)?.as_u64();
    Some((total("data.groups.total")?, total("data.entities.total")?))
}

/// The time at a path of an item.
fn moment(item: &Value, path: &str) -> Option<Timestamp> {
    json::at(item, path)?.as_str()?.parse().ok()
}
