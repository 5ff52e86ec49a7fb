//! A site: the URLs of its pages, its files, and what its operator configures.

use std::sync::{Arc, Mutex, PoisonError};

use schema::{Language, NodeId, Record};
use url::Url;

use super::assets::{Asset, Assets};
use crate::{
    config::{Config, SiteConfig},
    messages::{LANGUAGES, Messages},
};

/// A site.
#[derive(Debug)]
pub(crate) struct Site {
    /// The absolute base URL, with `/` at the end.
    pub(crate) url: Url,
    pub(crate) assets: Assets,
    /// Its name, colours, texts and so on.
    pub(crate) config: SiteConfig,
    /// Messages with its name, by the order of [`LANGUAGES`].
    messages: [Messages; LANGUAGES.len()],
    /// The themes with the most content in the generation last requested, by its digest.
    top_themes: Mutex<Option<(String, Arc<[NodeId]>)>>,
}

impl Site {
    /// The site of a configuration.
    pub(crate) fn new(config: &Config) -> Self {
        let Config { public_url, site, .. } = config;
        Self {
            url: public_url.clone(),
            assets: Assets::new(public_url, site),
            messages: LANGUAGES.map(|language| Messages::named(language, &site.name)),
            config: site.clone(),
            top_themes: Mutex::default(),
        }
    }

    /// The messages in `language`; in Dutch if there are none.
    pub(crate) fn messages(&self, language: Language) -> &Messages {
        let of_language = self.messages.iter().find(|messages| messages.language == language);
        of_language.unwrap_or(&self.messages[0])
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

    /// The icon: the logo if it is roughly square.
    pub(crate) fn icon(&self) -> &Asset {
        let logo = self.config.logo.as_ref().filter(|logo| logo.is_icon());
        let name = logo.map_or("icon.svg", |logo| logo.file_name);
        self.assets.named(name).expect("the icon and the logo are assets")
    }

    /// The URL of an immutable file.
    pub(crate) fn asset(&self, name: &str) -> String {
        format!("{}assets/{}", self.url.path(), self.assets.hashed(name))
    }
}

/// Whether our own page is the only address of a record: its source states none.
pub(super) fn is_own_address(site: &Site, record: &Record) -> bool {
    let own = path(record).map(|path| site.absolute(Language::Nl, &path));
    record.common().is_some_and(|common| own.as_deref() == Some(common.url.as_str()))
}

/// The path of the page of a record, in its Dutch form; `None` for people.
pub(super) fn path(record: &Record) -> Option<String> {
    let has_page = !matches!(record, Record::Person(_));
    has_page.then(|| format!("{}/{}", record.id().kind().as_str(), record.slug()))
}
