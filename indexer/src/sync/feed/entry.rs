//! What is stored of an entry of a feed.

use feed_rs::model::{Entry, Text};
use serde::{Deserialize, Serialize};
use url::Url;
use xxhash_rust::xxh3::xxh3_64;

use crate::{feed_document, html_page, sync::site_page::SitePage};

/// Class of the form that WordPress sends instead of the content of a protected entry.
const PASSWORD_FORM: &str = "post-password-form";
/// Beginning of the keys of entries.
const PREFIX: &str = "entry:";

/// An entry as its feed has it, with what its page says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct StoredEntry {
    pub(crate) entry: Entry,
    /// The language of the feed, as written.
    pub(crate) language: Option<String>,
    /// Its page; none if it was not read.
    pub(crate) page: Option<StoredPage>,
    /// Whether the page is gone, or must not be shown.
    pub(crate) is_gone: bool,
}

/// The page of an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredPage {
    /// Its canonical address, or that from which it was fetched.
    pub(crate) url: Url,
    /// The text of the page, if the feed does not have the content of the entry.
    pub(crate) html: Option<String>,
}

/// What is known of an entry without its content.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct EntryVersion {
    /// Digest of the entry in its feed.
    pub(super) digest: u64,
    /// The address of its page in the feed.
    pub(super) link: Option<String>,
    /// Whether the last feed has it.
    pub(super) is_listed: bool,
    /// As [`StoredEntry::is_gone`].
    pub(super) is_gone: bool,
}

/// The key under which an entry is stored.
pub(super) fn key_of(id: &str) -> String {
    format!("{PREFIX}{id}")
}

/// The identifier of the entry that is stored under a key; `None` for another resource.
pub(crate) fn entry_id(key: &str) -> Option<&str> {
    key.strip_prefix(PREFIX)
}

impl StoredEntry {
    /// Whether the feed has the content of the entry, and not only a summary.
    pub(crate) fn has_content(&self) -> bool {
        let content = self.entry.content.as_ref().and_then(|content| content.body.as_deref());
        content.is_some_and(|text| !text.trim().is_empty())
    }

    /// Whether the content is that of an entry that asks for a password.
    pub(super) fn is_protected(&self) -> bool {
        let content = self.entry.content.as_ref().and_then(|content| content.body.as_deref());
        let summary = self.entry.summary.as_ref().map(|Text { content, .. }| content.as_str());
        [content, summary].into_iter().flatten().any(|text| text.contains(PASSWORD_FORM))
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        // Its maps have texts as keys.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

impl StoredPage {
    /// The page, without its HTML if the feed has the content of the entry.
    pub(super) fn of(page: &SitePage, has_content: bool) -> Self {
        let canonical = page.metadata.canonical.as_deref();
        let canonical = canonical.and_then(|text| page.url.join(text).ok());
        let url = canonical.filter(|url| url.host_str() == page.url.host_str());
        let url = url.unwrap_or_else(|| page.url.clone());
        Self { url, html: (!has_content).then(|| html_page::decode(&page.body).into_owned()) }
    }
}

impl EntryVersion {
    /// The version of an entry that is in the feed.
    pub(super) fn of(entry: &Entry, language: Option<&str>) -> Self {
        let text = serde_json::to_string(&(entry, language)).unwrap_or_default();
        let link = feed_document::link(entry).map(str::to_owned);
        Self { digest: xxh3_64(text.as_bytes()), link, is_listed: true, is_gone: false }
    }

    /// Whether the feed has the same entry.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        (self.digest, self.is_listed) == (other.digest, other.is_listed)
    }

    /// The version in an entry of the state; one that cannot be read is that of another entry.
    pub(super) fn parse(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_default()
    }
}

impl std::fmt::Display for EntryVersion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| std::fmt::Error)?)
    }
}
