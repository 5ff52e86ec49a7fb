//! A site: the URLs of its pages, its files, and what its operator configures.

use std::sync::{Arc, Mutex, PoisonError};

use schema::{Language, NodeId, Record};
use url::Url;

use super::{
    assets::{Asset, Assets},
    other_language,
};
use crate::{
    config::{Config, SiteConfig},
    messages::{LANGUAGES, Messages, language_code},
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
            assets: Assets::new(config),
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

    /// The URL of a page, relative to the host; `path` has no prefix of a language.
    pub(crate) fn href(&self, language: Language, path: &str) -> String {
        let is_default = language == self.config.default_language;
        let prefix = match language {
            Language::Nl if !is_default => "nl/",
            Language::En if !is_default => "en/",
            _ => "",
        };
        self.root_href(&format!("{prefix}{path}"))
    }

    /// The absolute URL of a page.
    pub(crate) fn absolute(&self, language: Language, path: &str) -> String {
        format!("{}{}", self.url.origin().ascii_serialization(), self.href(language, path))
    }

    /// The URL of what does not depend on the language, relative to the host.
    pub(crate) fn root_href(&self, path: &str) -> String {
        format!("{}{path}", self.url.path())
    }

    /// The absolute URL of what does not depend on the language.
    pub(crate) fn root_url(&self, path: &str) -> String {
        format!("{}{}", self.url.origin().ascii_serialization(), self.root_href(path))
    }

    /// The language of a path, and the path without the prefix of a language.
    pub(crate) fn split_language<'p>(&self, path: &'p str) -> (Language, &'p str) {
        let path = path.strip_prefix('/').unwrap_or(path);
        let default = self.config.default_language;
        let other = other_language(default);
        match path.strip_prefix(language_code(other)) {
            Some("") => (other, ""),
            Some(rest) if rest.starts_with('/') => (other, &rest[1..]),
            _ => (default, path),
        }
    }

    /// The icon: the logo if it is roughly square.
    pub(crate) fn icon(&self) -> &Asset {
        let logo = self.config.logo.as_ref().filter(|logo| logo.is_icon());
        let name = logo.map_or("icon.svg", |logo| logo.file_name);
        self.assets.named(name).expect("the icon and the logo are assets")
    }

    /// The URL of an immutable file.
    pub(crate) fn asset(&self, name: &str) -> String {
        self.root_href(&format!("assets/{}", self.assets.hashed(name)))
    }
}

/// Whether our own page is the only address of a record: its source states none.
pub(super) fn is_own_address(site: &Site, record: &Record) -> bool {
    let own = path(record).map(|path| site.root_url(&path));
    record.common().is_some_and(|common| own.as_deref() == Some(common.url.as_str()))
}

/// The path of the page of a record, without the prefix of a language; `None` for people.
pub(super) fn path(record: &Record) -> Option<String> {
    let has_page = !matches!(record, Record::Person(_));
    has_page.then(|| format!("{}/{}", record.id().kind().as_str(), record.slug()))
}
