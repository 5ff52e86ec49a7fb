//! The pages that the sitemaps of a site list.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    io::Read,
};

use flate2::read::MultiGzDecoder;
use url::Url;

use crate::{
    sync::{
        SyncContext,
        sitemap::{self, Sitemap, SitemapEntry},
    },
    with_causes,
};

/// Where the sitemap of a site is if `robots.txt` does not say so.
const SITEMAPS: [&str; 3] = ["sitemap.xml", "sitemap_index.xml", "wp-sitemap.xml"];
/// Maximum number of sitemaps of a site.
const SITEMAPS_MAX: usize = 500;
/// Maximum number of pages of a site.
const PAGES_MAX: usize = 100_000;
/// Maximum size of a decompressed sitemap in bytes, as in the protocol.
const SITEMAP_BYTES_MAX: u64 = 52_428_800;
/// Maximum length of a path with its query in bytes.
const PATH_BYTES_MAX: usize = 500;
/// First bytes of a gzip file.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// The pages of a site.
#[derive(Debug, Default)]
pub(super) struct Listing {
    /// The time of the last change by address, as stated.
    pub(super) pages: BTreeMap<Url, Option<String>>,
    /// Whether every sitemap could be read.
    pub(super) is_complete: bool,
    /// What could not be read.
    pub(super) notes: Vec<String>,
}

impl Listing {
    /// Reads the sitemaps that `robots.txt` names, or else those at the usual addresses, and all those
    /// to which they lead.
    pub(super) async fn read(context: &SyncContext<'_>, named: &[Url]) -> Self {
        let mut listing = Self { is_complete: true, ..Self::default() };
        let named: Vec<_> = named.iter().filter(|url| context.is_own_host(url)).cloned().collect();
        if named.is_empty() {
            listing.read_usual(context).await;
        } else {
            listing.follow(context, named).await;
        }
        listing
    }

    /// Reads the first sitemap that exists at a usual address: below the address of the source, or
    /// else on its host.
    async fn read_usual(&mut self, context: &SyncContext<'_>) {
        let mut folder = context.address.clone();
        if !folder.path().ends_with('/') {
            folder.set_path(&format!("{}/", folder.path()));
        }
        let near = SITEMAPS.iter().filter_map(|name| folder.join(name).ok());
        let host = SITEMAPS.iter().filter_map(|name| folder.join(&format!("/{name}")).ok());
        let mut reasons = BTreeSet::new();
        for url in near.chain(host) {
            match fetch(context, &url).await {
                Ok(Some(sitemap)) => {
                    let more = self.add(&url, sitemap);
                    self.follow(context, more).await;
                    return;
                }
                Ok(None) => {}
                Err(reason) => {
                    reasons.insert(reason);
                }
            }
        }
        self.notes.push(
            "no sitemap found; add one to the site, or use its feed or another kind of source"
                .to_owned(),
        );
        self.notes.extend(reasons);
        self.is_complete = false;
    }

    /// Reads sitemaps, and those that they list.
    async fn follow(&mut self, context: &SyncContext<'_>, first: Vec<Url>) {
        let (mut queue, mut seen) = (VecDeque::from(first), BTreeSet::new());
        while let Some(url) = queue.pop_front() {
            if !seen.insert(url.clone()) {
                continue;
            }
            if seen.len() > SITEMAPS_MAX || self.pages.len() > PAGES_MAX {
                self.miss(format!(
                    "site exceeds {SITEMAPS_MAX} sitemaps or {PAGES_MAX} pages; narrow `address`"
                ));
                return;
            }
            if !context.is_own_host(&url) {
                self.miss(format!("a sitemap on another host is not read: `{url}`"));
                continue;
            }
            match fetch(context, &url).await {
                Ok(Some(sitemap)) => queue.extend(self.add(&url, sitemap)),
                Ok(None) => self.miss(format!("no sitemap at this address: `{url}`")),
                Err(reason) => self.miss(reason),
            }
        }
    }

    fn miss(&mut self, note: String) {
        self.is_complete = false;
        self.notes.push(note);
    }

    /// Adds the pages of a sitemap, or returns the sitemaps that it lists.
    fn add(&mut self, url: &Url, sitemap: Sitemap) -> Vec<Url> {
        let address = |entry: &SitemapEntry| {
            let mut address = url.join(&entry.address).ok()?;
            address.set_fragment(None);
            Some(address)
        };
        match sitemap {
            Sitemap::Index(entries) => entries.iter().filter_map(address).collect(),
            Sitemap::Pages(entries) => {
                for entry in entries {
                    let length = |url: &Url| url.path().len() + url.query().map_or(0, str::len);
                    match address(&entry).filter(|url| length(url) < PATH_BYTES_MAX) {
                        Some(page) => {
                            self.pages.insert(page, entry.changed_at);
                        }
                        None => self.miss(format!(
                            "an address in a sitemap is invalid or exceeds {PATH_BYTES_MAX} bytes: `{url}`"
                        )),
                    }
                }
                Vec::new()
            }
        }
    }
}

/// Fetches a sitemap, which may be a gzip file; `None` if there is none.
async fn fetch(context: &SyncContext<'_>, url: &Url) -> Result<Option<Sitemap>, String> {
    let fetched = context.file(url).await.map_err(|error| with_causes(&error))?;
    let Some(fetched) = fetched else { return Ok(None) };
    let mut unpacked = Vec::new();
    let bytes = if fetched.body.starts_with(&GZIP) {
        let reader = MultiGzDecoder::new(&fetched.body[..]);
        let read = reader.take(SITEMAP_BYTES_MAX + 1).read_to_end(&mut unpacked);
        read.map_err(|error| format!("a sitemap cannot be decompressed: {error}: `{url}`"))?;
        &unpacked
    } else {
        &fetched.body[..]
    };
    if bytes.len() as u64 > SITEMAP_BYTES_MAX {
        return Err(format!("a sitemap exceeds {SITEMAP_BYTES_MAX} bytes: `{url}`"));
    }
    let parsed = sitemap::parse(bytes);
    parsed.map(Some).map_err(|error| format!("{}: `{url}`", with_causes(&error)))
}
