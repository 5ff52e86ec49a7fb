//! Synchronises a feed: one conditional request, and the pages of its entries.
//!
//! A feed shows its newest entries only, and hosts send a 304 although an entry is gone. An entry is
//! therefore kept until its page is gone, asks for a password or forbids search engines: the pages of
//! new and changed entries are requested at once, those of entries that left the feed in the next
//! run, and every page once a day.
//!
//! Invariant: an entry remains in the state after its page is gone, marked as such.

mod entry;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::Arc,
};

use feed_rs::model::{Entry, Feed};
use hyper::header::HeaderValue;
use url::Url;

use self::entry::{EntryVersion, key_of};
pub(crate) use self::entry::{StoredEntry, StoredPage, entry_id};
use super::{
    SyncContext, SyncError,
    http::{Fetched, HttpContent, HttpError, HttpRequest, Validators},
    run::{Completeness, SourceRun},
    site_page::PageResponse,
    state::{FetchedResource, ResourceEntry},
};
use crate::{
    feed_document::{self, FeedError},
    with_causes,
};

/// Key of the last document, of which only the digest and the validators are stored.
const DOCUMENT: &str = "document";
/// Number of pages of known entries that one run requests at most.
const CHECKS_MAX: usize = 20;
/// Time after which the page of an entry is requested again, in seconds.
const CHECK_INTERVAL: i64 = 24 * 60 * 60;
/// Number of pages in a row that cannot be read, after which the run does not try more.
const ERRORS_MAX: usize = 5;
/// Number of entries from which a document without any of them is reported as another feed.
const OTHER_FEED_ENTRIES: usize = 3;
/// Maximum number of notes of one run.
const NOTES_MAX: usize = 50;

/// Why a run of a feed failed.
#[derive(Debug, thiserror::Error)]
enum FeedRunError {
    #[error(transparent)]
    Http(#[from] HttpError),
    #[error("the feed moved; set `address` of the source to the new host: `{host}`")]
    Moved { host: String },
    #[error(
        "nothing at this address (status {status}); correct `address` of the source, or remove the \
         source to remove its entries: `{url}`"
    )]
    Gone { url: Url, status: u16 },
    #[error("{cause}: `{url}`")]
    Content { url: Url, cause: FeedError },
}

/// An entry that is stored.
struct KnownEntry {
    version: EntryVersion,
    /// When it or its page was last read, in seconds since 1970.
    checked_at: i64,
}

/// The run of one source.
struct FeedRun<'a> {
    context: &'a SyncContext<'a>,
    read_pages: bool,
    /// The last document.
    last: Option<ResourceEntry>,
    /// The entries that are stored, by key.
    known: BTreeMap<String, KnownEntry>,
    changed: u64,
    removed: u64,
    notes: Vec<String>,
    is_partial: bool,
    /// Pages in a row that could not be read.
    errors: usize,
}

/// Runs one source.
///
/// # Errors
/// [`SyncError`] if the state fails; what the host does wrong is in the run.
pub(super) async fn run(
    context: &SyncContext<'_>,
    read_pages: bool,
) -> Result<SourceRun, SyncError> {
    let mut run = FeedRun::new(context, read_pages)?;
    let completeness = match run.document().await {
        Ok(document) => {
            let mut left = Vec::new();
            if let Some((fetched, feed)) = document {
                left = run.entries(feed).await?;
                if !run.is_partial {
                    run.store_document(&fetched)?;
                }
            }
            run.check(left).await?;
            if run.is_partial { Completeness::Partial } else { Completeness::Complete }
        }
        Err(error) => {
            run.notes.push(with_causes(&error));
            Completeness::Failed
        }
    };
    run.notes.truncate(NOTES_MAX);
    let FeedRun { known, changed, removed, notes, .. } = run;
    let shown = known.values().filter(|entry| !entry.version.is_gone).count() as u64;
    let run = context.new_run(completeness, notes);
    let run = SourceRun { present: shown, changed, removed, ..run };
    // Nothing is missing from a feed.
    let present = known.into_keys().chain([DOCUMENT.to_owned()]).collect();
    Ok(context.state.finish(context.source, &present, run)?)
}

impl<'a> FeedRun<'a> {
    fn new(context: &'a SyncContext<'a>, read_pages: bool) -> Result<Self, SyncError> {
        let (mut last, mut known) = (None, BTreeMap::new());
        for (key, entry) in context.state.entries(context.source)? {
            if key == DOCUMENT {
                last = Some(entry);
                continue;
            }
            let version = EntryVersion::parse(&entry.version);
            known.insert(key, KnownEntry { version, checked_at: entry.fetched_at });
        }
        Ok(Self {
            context,
            read_pages,
            last,
            known,
            changed: 0,
            removed: 0,
            notes: Vec::new(),
            is_partial: false,
            errors: 0,
        })
    }

    /// The document, if it is another one than the last.
    async fn document(&self) -> Result<Option<(Fetched, Feed)>, FeedRunError> {
        let context = self.context;
        let last = self.last.as_ref();
        let (policy, counters) = (Arc::clone(&context.policy), Arc::clone(&context.counters));
        let mut request = HttpRequest::new(context.address.clone(), policy, counters);
        request.accept = HeaderValue::from_static(
            "application/atom+xml, application/rss+xml, application/feed+json, \
             application/xml;q=0.9, application/json;q=0.9, */*;q=0.1",
        );
        request.validators = last.and_then(|entry| serde_json::from_str(&entry.version).ok());
        let response = context.client.get(&request).await?;
        if let Some(change) = response.host_change {
            return Err(FeedRunError::Moved { host: change.host });
        }
        let fetched = match response.content {
            HttpContent::Fetched(fetched) => fetched,
            HttpContent::NotModified => return Ok(None),
            HttpContent::Gone { status, .. } => {
                return Err(FeedRunError::Gone { url: response.url, status });
            }
        };
        if last.is_some_and(|entry| entry.hash == *blake3::hash(&digest(&fetched)).as_bytes()) {
            return Ok(None);
        }
        let parsed = feed_document::parse(&fetched.body, fetched.charset.as_deref(), &response.url);
        match parsed {
            Ok(feed) => Ok(Some((fetched, feed))),
            Err(cause) => Err(FeedRunError::Content { url: response.url, cause }),
        }
    }

    fn store_document(&self, fetched: &Fetched) -> Result<(), SyncError> {
        let version = validators_text(&fetched.validators);
        let (key, body) = (DOCUMENT.to_owned(), digest(fetched).to_vec());
        let document = FetchedResource { key, version, body };
        self.context.state.put(self.context.source, &[document], self.context.now)?;
        Ok(())
    }

    /// Stores the new and changed entries. Returns the keys of the entries that left the feed.
    async fn entries(&mut self, feed: Feed) -> Result<Vec<String>, SyncError> {
        let language = feed.language;
        let keys: HashSet<String> = feed.entries.iter().map(|entry| key_of(&entry.id)).collect();
        self.replace_renamed(&feed.entries, &keys)?;
        let is_left =
            |(key, entry): &(&String, &KnownEntry)| entry.version.is_listed && !keys.contains(*key);
        let left: Vec<String> =
            self.known.iter().filter(is_left).map(|(key, _)| key.clone()).collect();
        let is_other = !self.known.keys().any(|key| keys.contains(key));
        if is_other && left.len() >= OTHER_FEED_ENTRIES {
            let note = "no entry of the previous feed is in this one; check `address`";
            self.notes.push(note.to_owned());
        }
        for entry in feed.entries {
            let key = key_of(&entry.id);
            let version = EntryVersion::of(&entry, language.as_deref());
            let is_known =
                self.known.get(&key).is_some_and(|known| known.version.is_same(&version));
            if !is_known && !self.is_hopeless() {
                self.store_entry(key, version, entry, language.clone()).await?;
                self.context.advance(1);
            }
        }
        for key in &left {
            let (Some(known), Some(stored)) = (self.known.get(key), self.stored(key)?) else {
                continue;
            };
            let version = EntryVersion { is_listed: false, ..known.version.clone() };
            self.put(key.clone(), version, &stored)?;
        }
        Ok(left)
    }

    /// Removes known entries that are in the feed under another identifier: some hosts invent one for
    /// each request.
    fn replace_renamed(
        &mut self,
        entries: &[Entry],
        keys: &HashSet<String>,
    ) -> Result<(), SyncError> {
        let mut links: HashMap<&str, usize> = HashMap::new();
        for link in entries.iter().filter_map(feed_document::link) {
            *links.entry(link).or_default() += 1;
        }
        let is_renamed = |(key, entry): &(&String, &KnownEntry)| {
            let count = entry.version.link.as_deref().and_then(|link| links.get(link));
            !keys.contains(*key) && count == Some(&1)
        };
        let renamed: Vec<String> =
            self.known.iter().filter(is_renamed).map(|(key, _)| key.clone()).collect();
        self.context.state.remove(self.context.source, &renamed)?;
        self.known.retain(|key, _| !renamed.contains(key));
        Ok(())
    }

    /// Stores an entry with what its page says.
    async fn store_entry(
        &mut self,
        key: String,
        version: EntryVersion,
        entry: Entry,
        language: Option<String>,
    ) -> Result<(), SyncError> {
        let mut stored = StoredEntry { entry, language, page: None, is_gone: false };
        stored.is_gone = stored.is_protected();
        if let Some(url) = self.page_of(&version).filter(|_| !stored.is_gone)
            && !self.read_page(&url, &mut stored).await
        {
            return Ok(());
        }
        self.put(key, version, &stored)
    }

    /// The page of an entry that may be requested.
    fn page_of(&self, version: &EntryVersion) -> Option<Url> {
        let url: Url = version.link.as_deref()?.parse().ok()?;
        (self.read_pages && self.context.is_own_host(&url)).then_some(url)
    }

    /// Sets what the page says. Returns whether it could be read.
    async fn read_page(&mut self, url: &Url, stored: &mut StoredEntry) -> bool {
        let is_new = !self.known.contains_key(&key_of(&stored.entry.id));
        match self.context.page(url, None).await {
            PageResponse::Page(page) => {
                stored.is_gone = false;
                stored.page = Some(StoredPage::of(&page, stored.has_content()));
            }
            PageResponse::Hidden => stored.is_gone = true,
            // Not public, and never was. One that was may be in the way of a firewall.
            PageResponse::Failed(error) if error.is_unauthorized() && is_new => {
                self.notes.push(with_causes(&error));
                stored.is_gone = true;
            }
            PageResponse::Failed(error) => {
                self.errors += 1;
                self.is_partial = true;
                self.notes.push(with_causes(&error));
                return false;
            }
            // What is elsewhere does not say whether the entry is public: the feed does.
            PageResponse::Alias
            | PageResponse::OtherHost(_)
            | PageResponse::OtherType(_)
            | PageResponse::NotModified => {}
        }
        self.errors = 0;
        true
    }

    /// Whether so many pages cannot be read that the host is at fault.
    fn is_hopeless(&self) -> bool {
        self.errors >= ERRORS_MAX
    }

    /// Requests the pages of entries that left the feed, and of those that were not requested for
    /// long.
    async fn check(&mut self, left: Vec<String>) -> Result<(), SyncError> {
        let due = self.context.now.as_second() - CHECK_INTERVAL;
        let is_due =
            |(key, entry): &(&String, &KnownEntry)| entry.checked_at <= due && !left.contains(*key);
        let mut old: Vec<_> = self.known.iter().filter(is_due).collect();
        old.sort_by_key(|(_, entry)| entry.checked_at);
        let old: Vec<String> = old.into_iter().map(|(key, _)| key.clone()).collect();
        let pages = left.into_iter().chain(old).filter_map(|key| {
            let version = &self.known.get(&key)?.version;
            Some((self.page_of(version)?, version.clone(), key))
        });
        let pages: Vec<_> = pages.take(CHECKS_MAX).collect();
        for (url, version, key) in pages {
            let Some(mut stored) = self.stored(&key)? else { continue };
            if self.is_hopeless() {
                break;
            }
            if stored.is_protected() || self.read_page(&url, &mut stored).await {
                self.put(key, version, &stored)?;
            }
        }
        Ok(())
    }

    fn stored(&self, key: &str) -> Result<Option<StoredEntry>, SyncError> {
        let body = self.context.state.body(self.context.source, key)?;
        Ok(body.and_then(|body| serde_json::from_slice(&body).ok()))
    }

    fn put(
        &mut self,
        key: String,
        version: EntryVersion,
        stored: &StoredEntry,
    ) -> Result<(), SyncError> {
        let version = EntryVersion { is_gone: stored.is_gone, ..version };
        let resource = FetchedResource {
            key: key.clone(),
            version: version.to_string(),
            body: stored.to_bytes(),
        };
        let changed = self.context.state.put(self.context.source, &[resource], self.context.now)?;
        let was_shown = self.known.get(&key).is_some_and(|known| !known.version.is_gone);
        if stored.is_gone {
            self.removed += u64::from(was_shown);
        } else {
            self.changed += changed;
        }
        let checked_at = self.context.now.as_second();
        self.known.insert(key, KnownEntry { version, checked_at });
        Ok(())
    }
}

/// The digest of a document.
fn digest(fetched: &Fetched) -> [u8; 32] {
    *blake3::hash(&fetched.body).as_bytes()
}

fn validators_text(validators: &Validators) -> String {
    serde_json::to_string(validators).unwrap_or_default()
}
