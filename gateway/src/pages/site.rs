//! The URLs of pages, relative to the host and absolute.

use std::sync::{Arc, Mutex, PoisonError};

use schema::{Language, NodeId, Record};
use url::Url;

use super::assets::Assets;

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

/// Whether our own page is the only address of a record: its source states none.
pub(super) fn is_own_address(site: &SiteUrls, record: &Record) -> bool {
    let own = path(record).map(|path| site.absolute(Language::Nl, &path));
    record.common().is_some_and(|common| own.as_deref() == Some(common.url.as_str()))
}

/// The path of the page of a record, in its Dutch form; `None` for people.
pub(super) fn path(record: &Record) -> Option<String> {
    let has_page = !matches!(record, Record::Person(_));
    has_page.then(|| format!("{}/{}", record.id().kind().as_str(), record.slug()))
}
