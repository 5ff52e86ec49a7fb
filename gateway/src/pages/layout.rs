//! The layout of every page: head, search field and navigation.

use url::form_urlencoded;

use super::{Site, feed_links::FeedLink, other_language};
use crate::{
    config::Logo,
    messages::{LANGUAGES, Messages, language_code},
};

/// The layout of one page.
pub(super) struct Layout<'a> {
    pub(super) site: &'a Site,
    pub(super) messages: &'a Messages,
    /// The page title, without the name of the site.
    pub(super) title: String,
    /// The path of the page, without the prefix of a language.
    pub(super) path: String,
    /// The text in the search field.
    pub(super) query: String,
    /// A one-sentence description for search engines.
    pub(super) description: String,
    /// Whether search engines may index the page.
    pub(super) is_indexable: bool,
    /// Feeds with the results on the page.
    pub(super) feeds: Vec<FeedLink>,
    /// Whether readers can report what they found.
    pub(super) has_feedback_form: bool,
    /// URL of the picture of the source, for previews on other sites.
    pub(super) image: Option<String>,
    /// The JSON-LD of the page; empty if there is none.
    pub(super) json_ld: String,
}

/// A hyperlink.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) href: String,
    pub(super) text: String,
}

impl<'a> Layout<'a> {
    /// The layout of a page that search engines may index.
    pub(super) fn new(site: &'a Site, messages: &'a Messages, title: String, path: &str) -> Self {
        let description = messages.get("site.intro").to_owned();
        Self {
            site,
            messages,
            title,
            path: path.to_owned(),
            query: String::new(),
            description,
            is_indexable: true,
            feeds: Vec::new(),
            has_feedback_form: false,
            image: None,
            json_ld: String::new(),
        }
    }

    /// The message for a key, in the language of the page.
    pub(super) fn message<'k>(&'k self, key: &'k str) -> &'k str {
        self.messages.get(key)
    }

    /// The URL of a page in this language.
    pub(super) fn href(&self, path: &str) -> String {
        self.site.href(self.messages.language, path)
    }

    /// The URL of a resource that does not depend on the language.
    pub(super) fn unlocalised_href(&self, path: &str) -> String {
        self.site.root_href(path)
    }

    /// The URL of a static file.
    pub(super) fn asset(&self, name: &str) -> String {
        self.site.asset(name)
    }

    /// The absolute URL of this page.
    pub(super) fn canonical(&self) -> String {
        self.site.absolute(self.messages.language, &self.path)
    }

    /// The absolute URL of this page in each language.
    pub(super) fn alternates(&self) -> [(&'static str, String); 2] {
        LANGUAGES
            .map(|language| (language_code(language), self.site.absolute(language, &self.path)))
    }

    /// The URL and the media type of the icon.
    pub(super) fn icon(&self) -> (String, &'static str) {
        let icon = self.site.icon();
        (self.site.asset(&icon.hashed), icon.content_type)
    }

    /// The picture before the name of the site, and its URL.
    pub(super) fn logo(&self) -> Option<(&Logo, String)> {
        let logo = self.site.config.logo.as_ref();
        logo.map(|logo| (logo, self.site.asset(logo.file_name)))
    }

    /// URL and text of the links that the operator adds to the footer.
    pub(super) fn footer_links(&self) -> impl Iterator<Item = (&str, &str)> {
        let language = self.messages.language;
        let links = self.site.config.footer_links.iter();
        links.map(move |link| (link.url(language), link.text(language)))
    }

    /// URL and title of the pages of the site about itself.
    pub(super) fn information(&self) -> [(String, &str); 4] {
        [
            ("about", "information.about"),
            ("contact", "information.contact"),
            ("accessibility", "information.accessibility"),
            ("privacy", "information.privacy"),
        ]
        .map(|(path, key)| (self.href(path), self.messages.get(key)))
    }

    /// The URL of the configurator with the results on this page.
    pub(super) fn embed_href(&self) -> String {
        let address: String =
            form_urlencoded::byte_serialize(self.canonical().as_bytes()).collect();
        self.href(&format!("embed?address={address}"))
    }

    /// The URL of this page in the other language.
    pub(super) fn translated_href(&self) -> String {
        self.site.href(other_language(self.messages.language), &self.path)
    }

    /// The code of the other language.
    pub(super) fn other_language_code(&self) -> &'static str {
        language_code(other_language(self.messages.language))
    }

    /// Whether this page is at `path` or below it.
    pub(super) fn is_below(&self, path: &str) -> bool {
        let own = self.path.split('?').next().unwrap_or_default();
        own == path || own.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'))
    }

    /// URL and label of the overviews in the menu, and whether each is the current page.
    pub(super) fn navigation(&self) -> Vec<(String, &str, bool)> {
        [
            ("article", "kinds.ARTICLE"),
            ("toolkit", "kinds.TOOLKIT"),
            ("community", "kinds.COMMUNITY"),
            ("event", "kinds.EVENT"),
            ("theme", "entities.theme"),
            ("organisation", "entities.organisation"),
        ]
        .map(|(path, key)| {
            let is_current = self.is_below(path) || (path == "event" && self.is_below("calendar"));
            (self.href(path), self.messages.get(key), is_current)
        })
        .to_vec()
    }
}
