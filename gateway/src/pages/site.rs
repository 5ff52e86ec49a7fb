//! The URLs of pages, relative to the host and absolute, and the site map.

use std::{
    fmt::Write,
    sync::{Arc, Mutex, PoisonError},
};

use indexer::catalog::{CatalogError, Snapshot};
use schema::{
    Language, Moment, NodeId, NodeKind, Page, Record, SearchExtras, SearchQuery, SearchSort,
};
use url::Url;

use super::assets::Assets;

/// Maximum number of records in the site map, newest first; sitemaps.org allows 50,000 URLs.
const SITEMAP_MAX: usize = 10_000;

/// The URLs of a site.
#[derive(Debug)]
pub(crate) struct SiteUrls {
    /// The absolute base URL, with `/` at the end.
    pub(crate) url: Url,
    pub(crate) assets: Assets,
    /// The themes with the most content in the generation last requested, by its digest.
    top_themes: Mutex<Option<(String, Arc<[NodeId]>)>>,
}

impl SiteUrls {
    /// The site with the public URL `url`.
    pub(crate) fn new(url: Url) -> Self {
        Self { assets: Assets::new(&url), url, top_themes: Mutex::default() }
    }

    /// The themes with the most content in the generation with this digest, if they are cached.
    pub(super) fn cached_top_themes(&self, digest: &str) -> Option<Arc<[NodeId]>> {
        let top_themes = self.top_themes.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, ids) = top_themes.as_ref().filter(|(cached_digest, _)| cached_digest == digest)?;
        Some(Arc::clone(ids))
    }

    /// Caches the themes of a generation, replacing those of another.
    pub(super) fn cache_top_themes(&self, digest: &str, ids: Arc<[NodeId]>) {
        let mut top_themes = self.top_themes.lock().unwrap_or_else(PoisonError::into_inner);
        *top_themes = Some((digest.to_owned(), ids));
    }

    /// The URL of a page, relative to the host; `path` is the Dutch form.
    pub(crate) fn href(&self, language: Language, path: &str) -> String {
        let language = if language == Language::En { "en/" } else { "" };
        format!("{}{language}{path}", self.url.path())
    }

    /// The absolute URL of a page.
    pub(crate) fn absolute(&self, language: Language, path: &str) -> String {
        let origin = self.url.origin().ascii_serialization();
        format!("{origin}{}", self.href(language, path))
    }

    /// The URL of an immutable file.
    pub(crate) fn asset(&self, name: &str) -> String {
        format!("{}assets/{}", self.url.path(), self.assets.hashed(name))
    }
}

/// The path of the page of a record, in its Dutch form; `None` for people.
pub(super) fn path(record: &Record) -> Option<String> {
    let has_page = !matches!(record, Record::Person(_));
    has_page.then(|| format!("{}/{}", record.id().kind().as_str(), record.slug()))
}

/// The site map in the format of sitemaps.org: every content page, in both languages.
///
/// # Errors
/// [`CatalogError`] if the catalog fails.
pub(crate) async fn sitemap(
    site: &SiteUrls,
    snapshot: &Snapshot,
    now: jiff::Timestamp,
) -> Result<String, CatalogError> {
    let query = SearchQuery {
        words: None,
        filter: schema::SearchFilter::default(),
        sort: SearchSort::Newest,
        wider: false,
        literal: false,
        page: Page::first(SITEMAP_MAX),
        extras: SearchExtras::default(),
        now,
    };
    let mut map = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n",
    );
    let mut add = |path: &str, day: Option<String>| {
        for language in crate::messages::LANGUAGES {
            let address = site.absolute(language, path);
            let day = day.as_ref().map(|day| format!("<lastmod>{day}</lastmod>"));
            let day = day.unwrap_or_default();
            let address = html_escape::encode_text(&address);
            let _ = writeln!(map, "<url><loc>{address}</loc>{day}</url>");
        }
    };
    add("", None);
    for kind in NodeKind::ALL.into_iter().filter(|kind| kind.is_content()) {
        add(kind.as_str(), None);
    }
    add("calendar", None);
    for hit in snapshot.search(query).await?.hits {
        let common = hit.record.common();
        let changed =
            common.and_then(|common| common.modified_at.as_ref().or(common.published_at.as_ref()));
        let day = changed.map(Moment::iso_date);
        if let Some(path) = path(&hit.record) {
            add(&path, day);
        }
    }
    map.push_str("</urlset>\n");
    Ok(map)
}
