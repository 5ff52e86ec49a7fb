//! Synchronises a website: the pages in its sitemaps that its `robots.txt` allows. What is stored is the
//! page as sent.
//!
//! A complete sitemap decides what the site has: a page that it no longer lists is removed, also if its
//! host still sends it, as many hosts do.

mod listing;
mod page_version;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream};
use globset::GlobSet;
use hyper::header::HeaderValue;
use robotxt::{AccessResult, Robots};
use url::Url;

use self::{listing::Listing, page_version::PageVersion};
use super::{
    SyncContext, SyncError,
    http::{Fetched, HttpContent, HttpError, HttpRequest},
    page_blocks,
    run::{Completeness, SourceRun},
    site_page::PageResponse,
    state::{FetchedResource, ResourceEntry},
};
use crate::with_causes;

/// Name in `robots.txt`.
const ROBOTS_AGENT: &str = "Wegwijzer";
/// Time after which a page is requested again although its sitemap states no change, in seconds.
const CHECK_INTERVAL: i64 = 7 * 24 * 60 * 60;
/// Number of pages that are requested at once.
const CONCURRENT_PAGES: usize = 2;
/// Number of pages that are stored at once.
const BATCH: usize = 20;
/// Number of pages in a row that cannot be read, after which the run does not try more.
const ERRORS_MAX: usize = 5;
/// Number of pages that left the sitemap and are requested in one run.
const CHECKS_MAX: usize = 50;
/// Maximum number of notes of one run.
const NOTES_MAX: usize = 50;

/// Which pages of a site are read. Globs match the path without the slash at its start.
#[derive(Debug, Clone)]
pub struct PageFilter {
    /// The pages to read; all of them if there is no glob.
    pub include: GlobSet,
    /// The pages to leave out.
    pub exclude: GlobSet,
}

/// Why a run of a website failed.
#[derive(Debug, thiserror::Error)]
enum WebsiteError {
    #[error("`robots.txt` cannot be read, so that nothing may be: {0}")]
    Robots(String),
    #[error(
        "`robots.txt` forbids the whole source; the owner of the site has to allow `{ROBOTS_AGENT}`"
    )]
    Forbidden,
    #[error("{0}")]
    Sitemap(String),
}

/// The run of one source.
struct WebsiteRun<'a> {
    context: &'a SyncContext<'a>,
    filter: &'a PageFilter,
    known: BTreeMap<String, ResourceEntry>,
    present: HashSet<String>,
    changed: u64,
    removed: u64,
    notes: Vec<String>,
    is_partial: bool,
}

/// A page to request.
struct WantedPage {
    key: String,
    url: Url,
    changed_at: Option<String>,
}

/// Runs one source.
///
/// # Errors
/// [`SyncError`] if the state fails; what the host does wrong is in the run.
pub(super) async fn run(
    context: &SyncContext<'_>,
    filter: &PageFilter,
) -> Result<SourceRun, SyncError> {
    let known = context.state.entries(context.source)?.into_iter().collect();
    let mut run = WebsiteRun::new(context, filter, known);
    let completeness = match run.listing().await {
        Ok(listing) => {
            run.walk(listing).await?;
            if run.changed + run.removed > 0 {
                page_blocks::learn(context)?;
            }
            if run.is_partial { Completeness::Partial } else { Completeness::Complete }
        }
        Err(error) => {
            run.notes.insert(0, error.to_string());
            Completeness::Failed
        }
    };
    let WebsiteRun { present, changed, removed, mut notes, .. } = run;
    notes.truncate(NOTES_MAX);
    context.finish(&present, (completeness, changed, removed), notes)
}

/// The number of pages that a source at this address would have.
///
/// # Errors
/// Why none can be read.
pub(super) async fn count(context: &SyncContext<'_>) -> Result<usize, String> {
    let all = PageFilter { include: GlobSet::empty(), exclude: GlobSet::empty() };
    let mut run = WebsiteRun::new(context, &all, BTreeMap::new());
    let listing = run.listing().await.map_err(|error| error.to_string())?;
    Ok(listing.pages.len())
}

impl<'a> WebsiteRun<'a> {
    fn new(
        context: &'a SyncContext<'a>,
        filter: &'a PageFilter,
        known: BTreeMap<String, ResourceEntry>,
    ) -> Self {
        Self {
            context,
            filter,
            known,
            present: HashSet::new(),
            changed: 0,
            removed: 0,
            notes: Vec::new(),
            is_partial: false,
        }
    }
}

impl WebsiteRun<'_> {
    /// The pages that the sitemaps list and `robots.txt` allows.
    async fn listing(&mut self) -> Result<Listing, WebsiteError> {
        let robots = self.robots().await?;
        if robots.always() == Some(false) {
            return Err(WebsiteError::Forbidden);
        }
        let mut listing = Listing::read(self.context, robots.sitemaps()).await;
        self.notes.append(&mut listing.notes);
        self.is_partial |= !listing.is_complete;
        if listing.pages.is_empty() {
            let mut reasons = std::mem::take(&mut self.notes);
            if reasons.is_empty() {
                reasons.push("the sitemap lists no pages".to_owned());
            }
            return Err(WebsiteError::Sitemap(reasons.join("; ")));
        }
        let (mut foreign, mut forbidden) = (0, 0);
        let root = self.context.address.path();
        let root = root.strip_suffix('/').unwrap_or(root);
        listing.pages.retain(|url, _| {
            let is_below = url
                .path()
                .strip_prefix(root)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
            let path = url.path().trim_start_matches('/');
            let is_wanted = (self.filter.include.is_empty() || self.filter.include.is_match(path))
                && !self.filter.exclude.is_match(path);
            let is_own = self.context.is_own_host(url);
            let is_allowed = robots.is_url_allowed(url);
            foreign += usize::from(!is_own);
            forbidden += usize::from(is_own && is_below && is_wanted && !is_allowed);
            is_own && is_below && is_wanted && is_allowed
        });
        for (count, what) in [
            (foreign, "addresses on another host, which are not read"),
            (forbidden, "pages that `robots.txt` forbids"),
        ] {
            if count > 0 {
                self.notes.push(format!("{what}: {count}"));
            }
        }
        Ok(listing)
    }

    /// The rules of the host.
    async fn robots(&self) -> Result<Robots, WebsiteError> {
        let error = |error: &dyn std::error::Error| WebsiteError::Robots(with_causes(error));
        let url = robotxt::robots_url(self.context.address).map_err(|cause| error(&cause))?;
        let result = match self.context.file(&url).await {
            Ok(Some(fetched)) => {
                return Ok(Robots::from_access(
                    AccessResult::Successful(&fetched.body),
                    ROBOTS_AGENT,
                ));
            }
            Ok(None) | Err(HttpError::Unauthorized { .. }) => AccessResult::Unavailable,
            Err(HttpError::Status { status, .. })
                if (400..500).contains(&status) && status != 429 =>
            {
                AccessResult::Unavailable
            }
            Err(HttpError::TooManyRedirects { .. }) => AccessResult::TooManyRedirects,
            Err(cause) => return Err(error(&cause)),
        };
        Ok(Robots::from_access(result, ROBOTS_AGENT))
    }

    /// Fetches the pages that are new or may have changed, and removes those that are gone.
    async fn walk(&mut self, listing: Listing) -> Result<(), SyncError> {
        let due = self.context.now.as_second() - CHECK_INTERVAL;
        let mut wanted = Vec::new();
        let mut keys = HashSet::new();
        for (url, changed_at) in listing.pages {
            let key = key_of(&url);
            keys.insert(key.clone());
            let known = self.known.get(&key);
            let is_current = known.is_some_and(|entry| {
                let version = PageVersion::parse(&entry.version);
                changed_at.is_some() && version.changed_at == changed_at && entry.fetched_at > due
            });
            if is_current {
                self.present.insert(key);
            } else {
                wanted.push(WantedPage { key, url, changed_at });
            }
        }
        self.fetch(wanted).await?;
        if !listing.is_complete {
            return Ok(());
        }
        // What left the sitemap is removed by a second run without it, or at once if it is gone.
        let left = self.known.keys().filter(|key| !keys.contains(*key)).take(CHECKS_MAX);
        let left: Vec<_> = left
            .filter_map(|key| Some((key.clone(), self.context.address.join(key).ok()?)))
            .collect();
        let mut gone = Vec::new();
        for (key, url) in left {
            if matches!(self.context.page(&url, None).await, PageResponse::Hidden) {
                gone.push(key);
            }
        }
        self.removed += self.context.state.remove(self.context.source, &gone)?;
        Ok(())
    }

    async fn fetch(&mut self, wanted: Vec<WantedPage>) -> Result<(), SyncError> {
        let (context, known) = (self.context, &self.known);
        let request = |page: WantedPage| {
            let version = known.get(&page.key).map(|entry| PageVersion::parse(&entry.version));
            let validators = version.and_then(|version| version.validators);
            async move {
                let response = context.page(&page.url, validators).await;
                (page, response)
            }
            .boxed()
        };
        let requests: Vec<BoxFuture<'_, _>> = wanted.into_iter().map(request).collect();
        let mut batches = stream::iter(requests).buffered(CONCURRENT_PAGES).chunks(BATCH);
        let mut errors = 0;
        while let Some(batch) = batches.next().await {
            let (mut resources, mut hidden) = (Vec::new(), Vec::new());
            let mut blocks = Vec::new();
            for (WantedPage { key, url, changed_at }, response) in batch {
                context.advance(1);
                if !matches!(response, PageResponse::Failed(_)) {
                    errors = 0;
                }
                match response {
                    PageResponse::Page(page) => {
                        self.present.insert(key.clone());
                        blocks
                            .push((key.clone(), page_blocks::digests(&page.body, &page.metadata)));
                        let version = PageVersion { changed_at, validators: Some(page.validators) };
                        let (version, body) = (version.to_string(), page.body.to_vec());
                        resources.push(FetchedResource { key, version, body });
                    }
                    PageResponse::NotModified => {
                        self.present.insert(key);
                    }
                    PageResponse::Hidden | PageResponse::Alias => hidden.push(key),
                    PageResponse::OtherHost(host) => {
                        self.notes.push(format!("page on another host, `{host}`: `{url}`"));
                    }
                    PageResponse::OtherType(media_type) => {
                        self.notes.push(format!("no page, but `{media_type}`: `{url}`"));
                    }
                    // Not public, and never was. One that was may be in the way of a firewall.
                    PageResponse::Failed(error)
                        if error.is_unauthorized() && !known.contains_key(&key) =>
                    {
                        self.notes.push(with_causes(&error));
                    }
                    PageResponse::Failed(error) => {
                        errors += 1;
                        self.is_partial = true;
                        self.notes.push(with_causes(&error));
                    }
                }
            }
            self.changed += context.state.put(context.source, &resources, context.now)?;
            context.state.put_blocks(context.source, &blocks)?;
            self.removed += context.state.remove(context.source, &hidden)?;
            if errors >= ERRORS_MAX {
                break;
            }
        }
        Ok(())
    }
}

impl SyncContext<'_> {
    /// A file of the host; `None` if there is none.
    async fn file(&self, url: &Url) -> Result<Option<Fetched>, HttpError> {
        let (policy, counters) = (Arc::clone(&self.policy), Arc::clone(&self.counters));
        let mut request = HttpRequest::new(url.clone(), policy, counters);
        request.accept = HeaderValue::from_static("*/*");
        Ok(match self.client.get(&request).await?.content {
            HttpContent::Fetched(fetched) => Some(fetched),
            HttpContent::NotModified | HttpContent::Gone { .. } => None,
        })
    }
}

/// The key of a page: its path and query.
fn key_of(url: &Url) -> String {
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    format!("{}{query}", url.path())
}
