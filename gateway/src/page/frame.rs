//! What stands around every page: head, search field, ways to elsewhere.

use schema::Language;

use super::{Site, other, words::Words};

/// The frame of one page.
pub(super) struct Frame<'a> {
    pub(super) site: &'a Site,
    pub(super) words: &'static Words,
    /// The title of the page, without the name of the site.
    pub(super) title: String,
    /// The path of the page, as on a Dutch page.
    pub(super) path: String,
    /// What stands in the search field.
    pub(super) typed: String,
    /// A sentence about the page, for search engines.
    pub(super) description: String,
    /// Whether search engines may list the page.
    pub(super) listed: bool,
    /// What the page is about, for machines.
    pub(super) json_ld: String,
}

/// Something to follow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) href: String,
    pub(super) text: String,
}

impl<'a> Frame<'a> {
    /// The frame of a page that search engines may list.
    pub(super) fn new(site: &'a Site, words: &'static Words, title: String, path: &str) -> Self {
        let description = words.say("site.intro").to_owned();
        Self {
            site,
            words,
            title,
            path: path.to_owned(),
            typed: String::new(),
            description,
            listed: true,
            json_ld: String::new(),
        }
    }

    /// A message.
    pub(super) fn say<'k>(&'k self, key: &'k str) -> &'k str {
        self.words.say(key)
    }

    /// The address of a page in this language.
    pub(super) fn href(&self, path: &str) -> String {
        self.site.href(self.words.language, path)
    }

    /// The address of something that has no language.
    pub(super) fn plain(&self, path: &str) -> String {
        self.site.href(Language::Nl, path)
    }

    /// The address of a file for browsers.
    pub(super) fn asset(&self, name: &str) -> String {
        self.site.asset(name)
    }

    /// This page, in full.
    pub(super) fn canonical(&self) -> String {
        self.site.absolute(self.words.language, &self.path)
    }

    /// This page in each language, in full.
    pub(super) fn alternates(&self) -> [(&'static str, String); 2] {
        [("nl", Language::Nl), ("en", Language::En)]
            .map(|(code, language)| (code, self.site.absolute(language, &self.path)))
    }

    /// This page in the other language.
    pub(super) fn translated(&self) -> String {
        self.site.href(other(self.words.language), &self.path)
    }

    /// The code of the other language.
    pub(super) fn other_code(&self) -> &'static str {
        Words::of(other(self.words.language)).code()
    }

    /// Whether this page is the one at a path, or below it.
    pub(super) fn is_below(&self, path: &str) -> bool {
        let own = self.path.split('?').next().unwrap_or_default();
        own == path || own.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'))
    }

    /// The ways to all content of a kind.
    pub(super) fn sections(&self) -> Vec<(String, &str, bool)> {
        [
            ("article", "kinds.ARTICLE"),
            ("toolkit", "kinds.TOOLKIT"),
            ("community", "kinds.COMMUNITY"),
            ("event", "kinds.EVENT"),
        ]
        .map(|(path, key)| {
            let here = self.is_below(path) || (path == "event" && self.is_below("calendar"));
            (self.href(path), self.words.say(key), here)
        })
        .to_vec()
    }
}
