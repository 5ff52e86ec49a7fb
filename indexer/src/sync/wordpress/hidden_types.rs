//! Types that the REST API hides: their pages are listed in the sitemap of the site. What is stored of
//! them is the page as sent.

use std::collections::BTreeMap;

use futures_util::{FutureExt, StreamExt, future::BoxFuture, stream};
use url::Url;

use super::{
    RunError, Walk, WalkResult,
    api::{ApiError, WebPage},
    objects::PROBES_MAX,
};
use crate::{
    html_page::PageMetadata,
    sync::{
        sitemap::{self, Sitemap, SitemapEntry, SitemapError},
        state::FetchedResource,
    },
    with_causes,
};

/// Where the sitemap of a site is: that of WordPress, of Yoast SEO, or of another plugin.
const SITEMAPS: [&str; 3] = ["wp-sitemap.xml", "sitemap_index.xml", "sitemap.xml"];
/// Maximum number of sitemaps of one type.
const SITEMAPS_MAX: usize = 200;
/// Maximum length of the key of a page, in bytes.
const KEY_BYTES_MAX: usize = 500;
/// Number of pages that are requested at once.
const CONCURRENT_PAGES: usize = 2;
/// Number of pages that are stored at once.
const BATCH: usize = 20;
/// Number of pages in a row that cannot be read, after which the run does not try more.
const ERRORS_MAX: usize = 5;

/// The pages of a type by key, with the version that the sitemap states.
type ListedPages = BTreeMap<String, (Url, Option<String>)>;

/// What a page says of itself.
enum PageOutcome {
    Content(WebPage),
    /// It is gone, or search engines must not show it.
    Hidden,
    /// It leads elsewhere, or is no page.
    Other(String),
    Unknown(ApiError),
}

impl Walk<'_> {
    /// Synchronises the pages of types that the REST API hides.
    pub(super) async fn walk_hidden_types(
        &self,
        types: &[&String],
        found: &mut WalkResult,
    ) -> Result<(), RunError> {
        let index = match self.site_map().await {
            Ok(index) => index,
            Err(reason) => {
                for name in types {
                    found.miss(format!("type neither in the REST API nor a sitemap: `{name}`"));
                }
                found.miss(reason);
                return Ok(());
            }
        };
        for name in types {
            self.walk_hidden_type(name, &index, found).await?;
        }
        Ok(())
    }

    async fn walk_hidden_type(
        &self,
        name: &str,
        index: &[SitemapEntry],
        found: &mut WalkResult,
    ) -> Result<(), RunError> {
        let parts = index.iter().filter(|entry| is_sitemap_of(name, &entry.address));
        let parts: Vec<_> = parts.take(SITEMAPS_MAX).collect();
        let mut pages = ListedPages::new();
        let mut is_complete = true;
        for part in &parts {
            match self.sitemap(&part.address).await {
                Ok(Sitemap::Pages(entries)) => self.add_pages(name, entries, &mut pages, found),
                Ok(Sitemap::Index(_)) => {}
                Err(reason) => {
                    is_complete = false;
                    found.miss(reason);
                }
            }
        }
        if parts.is_empty() {
            found.miss(format!(
                "the site shows this type neither in its REST API nor in its sitemap: `{name}`"
            ));
        }
        let is_current = |key: &String, version: Option<&String>| {
            let entry = self.known.get(key);
            entry.zip(version).is_some_and(|(entry, version)| entry.version == *version)
        };
        let (current, wanted): (ListedPages, ListedPages) =
            pages.clone().into_iter().partition(|(key, page)| is_current(key, page.1.as_ref()));
        found.present.extend(current.into_keys());
        self.fetch_pages(wanted, found).await?;
        let prefix = format!("{name}:/");
        let known = self.known.keys().filter(|key| key.starts_with(&prefix));
        let missing = known.filter(|key| !pages.contains_key(*key)).take(PROBES_MAX);
        let missing: ListedPages =
            missing.filter_map(|key| Some((key.clone(), (self.address_of(key)?, None)))).collect();
        // A page that is no longer listed but still sent is missing: sites leave removed pages.
        if is_complete { self.probe_pages(missing, found).await } else { Ok(()) }
    }

    /// The first sitemap that the site has.
    async fn site_map(&self) -> Result<Vec<SitemapEntry>, String> {
        let mut reason = String::new();
        for path in SITEMAPS {
            let Ok(url) = self.api.root.join(path) else { continue };
            match self.sitemap(url.as_str()).await {
                Ok(Sitemap::Index(entries)) => return Ok(entries),
                Ok(Sitemap::Pages(_)) => reason = format!("not an index of sitemaps: `{url}`"),
                Err(error) => reason = error,
            }
        }
        Err(reason)
    }

    async fn sitemap(&self, address: &str) -> Result<Sitemap, String> {
        let url: Url = address.parse().map_err(|_| format!("not an address: `{address}`"))?;
        if !self.api.is_own_host(&url) {
            return Err(format!("a sitemap on another host is not read: `{url}`"));
        }
        let page = self.api.web_page(&url).await.map_err(|error| with_causes(&error))?;
        sitemap::parse(&page.body)
            .map_err(|error: SitemapError| format!("{}: `{url}`", with_causes(&error)))
    }

    fn add_pages(
        &self,
        name: &str,
        entries: Vec<SitemapEntry>,
        pages: &mut ListedPages,
        found: &mut WalkResult,
    ) {
        let mut foreign = 0;
        for SitemapEntry { address, changed_at } in entries {
            let url = address.parse::<Url>().ok().filter(|url| self.api.is_own_host(url));
            let key = url.as_ref().map(|url| key_of(name, url));
            match (url, key) {
                (Some(url), Some(key)) if key.len() <= KEY_BYTES_MAX => {
                    pages.insert(key, (url, changed_at));
                }
                _ => foreign += 1,
            }
        }
        if foreign > 0 {
            found.miss(format!(
                "addresses of `{name}` in the sitemap that are on another host or too long: {foreign}"
            ));
        }
    }

    /// Fetches pages and stores those that search engines may show.
    async fn fetch_pages(
        &self,
        pages: ListedPages,
        found: &mut WalkResult,
    ) -> Result<(), RunError> {
        let (state, source) = (self.context.state, self.context.source);
        let request =
            |(key, (url, version))| async move { (key, version, self.page(&url).await) }.boxed();
        let requests: Vec<BoxFuture<'_, _>> = pages.into_iter().map(request).collect();
        let mut outcomes = stream::iter(requests).buffered(CONCURRENT_PAGES).chunks(BATCH);
        let mut errors = 0;
        while let Some(batch) = outcomes.next().await {
            let (mut resources, mut hidden) = (Vec::new(), Vec::new());
            for (key, version, outcome) in batch {
                self.context.advance(1);
                match outcome {
                    PageOutcome::Content(page) => {
                        errors = 0;
                        found.present.insert(key.clone());
                        let version = version.unwrap_or_default();
                        resources.push(FetchedResource { key, version, body: page.body.to_vec() });
                    }
                    PageOutcome::Hidden => hidden.push(key),
                    PageOutcome::Other(note) => found.notes.push(note),
                    PageOutcome::Unknown(error) if errors + 1 == ERRORS_MAX => {
                        return Err(error.into());
                    }
                    PageOutcome::Unknown(error) => {
                        errors += 1;
                        found.miss(with_causes(&error));
                    }
                }
            }
            found.changed += state.put(source, &resources, self.api.host_time())?;
            found.removed += state.remove(source, &hidden)?;
        }
        Ok(())
    }

    /// Removes pages that the sitemap no longer lists and that are gone.
    async fn probe_pages(
        &self,
        pages: ListedPages,
        found: &mut WalkResult,
    ) -> Result<(), RunError> {
        let mut removed = Vec::new();
        for (key, (url, _)) in pages {
            if matches!(self.page(&url).await, PageOutcome::Hidden) {
                removed.push(key);
            }
        }
        found.removed += self.context.state.remove(self.context.source, &removed)?;
        Ok(())
    }

    async fn page(&self, url: &Url) -> PageOutcome {
        let page = match self.api.web_page(url).await {
            Ok(page) => page,
            Err(ApiError::Gone { .. }) => return PageOutcome::Hidden,
            Err(ApiError::Moved { host }) => {
                return PageOutcome::Other(format!("page on another host, `{host}`: `{url}`"));
            }
            Err(error) => return PageOutcome::Unknown(error),
        };
        let media_type = page.media_type.as_deref();
        if media_type.is_some_and(|name| !["text/html", "application/xhtml+xml"].contains(&name)) {
            return PageOutcome::Other(format!("not an HTML page: `{url}`"));
        }
        let metadata = PageMetadata::read(&page.body);
        if metadata.is_noindex || page.is_noindex {
            return PageOutcome::Hidden;
        }
        if metadata.redirect.is_some() || page.url.path() != url.path() {
            return PageOutcome::Other(format!("page that leads to another: `{url}`"));
        }
        PageOutcome::Content(page)
    }

    /// The address of a page with this key.
    fn address_of(&self, key: &str) -> Option<Url> {
        let (_, path) = key.split_once(':')?;
        self.api.root.join(path).ok()
    }
}

/// The key of a page: its type, a colon, and its path and query.
fn key_of(name: &str, url: &Url) -> String {
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    format!("{name}:{}{query}", url.path())
}

/// Whether an address is that of a sitemap of a type: `wp-sitemap-posts-stap-1.xml` of WordPress, or
/// `stap-sitemap.xml` and `stap-sitemap2.xml` of Yoast SEO.
fn is_sitemap_of(name: &str, address: &str) -> bool {
    let path = address.split(['?', '#']).next().unwrap_or_default();
    let file = path.rsplit('/').next().and_then(|file| file.strip_suffix(".xml"));
    let Some(file) = file else { return false };
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let of_core = file.strip_prefix("wp-sitemap-posts-").and_then(|rest| rest.strip_prefix(name));
    let number = of_core.and_then(|rest| rest.strip_prefix('-'));
    let of_plugin = file.strip_prefix(name).and_then(|rest| rest.strip_prefix("-sitemap"));
    number.is_some_and(|number| !number.is_empty() && is_number(number))
        || of_plugin.is_some_and(is_number)
}

#[cfg(test)]
mod unit_tests {
    use super::*;

    #[test]
    fn a_sitemap_must_be_recognised_by_its_type() {
        for (address, expected) in [
            ("https://a.nl/wp-sitemap-posts-stap-1.xml", true),
            ("https://a.nl/wp-sitemap-posts-stap-12.xml?a", true),
            ("https://a.nl/stap-sitemap.xml", true),
            ("https://a.nl/stap-sitemap2.xml", true),
            ("https://a.nl/wp-sitemap-posts-stappen-1.xml", false),
            ("https://a.nl/wp-sitemap-taxonomies-stap-1.xml", false),
            ("https://a.nl/stap-sitemap-news.xml", false),
            ("https://a.nl/stap/", false),
        ] {
            assert_eq!(is_sitemap_of("stap", address), expected, "{address}");
        }
    }
}
