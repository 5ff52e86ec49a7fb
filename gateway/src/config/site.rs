//! `[site]`: who runs the site, and its own texts.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use federation::bounded_file;
use schema::Language;
use schemars::JsonSchema;
use serde::Deserialize;
use url::Url;

use super::{ConfigError, security::contact};

/// Maximum number of contacts.
const CONTACTS_MAX: usize = 5;
/// Maximum number of characters of the name of the operator.
const OPERATOR_CHARACTERS_MAX: usize = 200;
/// Maximum number of bytes of a text.
const TEXT_BYTES_MAX: u64 = 64 << 10;
/// Names of the pages that have a text.
const PAGES: [&str; 4] = ["about", "accessibility", "contact", "privacy"];
const LANGUAGES: [(&str, Language); 2] = [("nl", Language::Nl), ("en", Language::En)];

/// `[site]` as written.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct SiteSection {
    /// Name of the organisation that runs the site; shown on its pages about itself.
    #[schemars(extend("x-range" = "at most 200 characters"))]
    operator: Option<String>,
    /// How readers can reach the operator; shown on the pages `/contact`, `/accessibility` and
    /// `/privacy`. Use a mailbox of a team, not of a person.
    #[schemars(extend("x-range" = "at most 5 `https` or `mailto` URLs"))]
    contact: Vec<String>,
    /// Published accessibility statement, to which `/accessibility` links.
    #[schemars(extend("x-range" = "`https` URL"))]
    accessibility_statement: Option<String>,
    /// Folder with texts that replace the built-in ones: `about.nl.md`, and likewise
    /// `accessibility`, `contact`, `privacy` and `en`. Each is Markdown that begins with `# Title`;
    /// `page:contact` is a link to a page of the site. Read when the program starts.
    #[schemars(extend("x-range" = "path of a folder; at most 64 KiB per file"))]
    texts: Option<PathBuf>,
}

/// Who runs the site, and its own texts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SiteConfig {
    /// Name of the organisation that runs the site.
    pub operator: Option<String>,
    /// How readers can reach it.
    pub contacts: Vec<Url>,
    /// Published accessibility statement.
    pub accessibility_statement: Option<Url>,
    /// Markdown by page and language; the built-in text for those that are absent.
    pub texts: BTreeMap<(&'static str, &'static str), String>,
}

impl SiteSection {
    pub(super) fn checked(self, folder: &Path) -> Result<SiteConfig, ConfigError> {
        let operator = self.operator.map(|name| name.trim().to_owned());
        let is_long =
            |name: &String| name.is_empty() || name.chars().count() > OPERATOR_CHARACTERS_MAX;
        if let Some(name) = operator.as_ref().filter(|name| is_long(name)) {
            let expected = format!("a name of at most {OPERATOR_CHARACTERS_MAX} characters");
            return Err(ConfigError::value("site.operator", &expected, name));
        }
        if self.contact.len() > CONTACTS_MAX {
            let actual = self.contact.len().to_string();
            let expected = format!("at most {CONTACTS_MAX} addresses");
            return Err(ConfigError::value("site.contact", &expected, &actual));
        }
        let contacts = self.contact.iter().map(|text| contact("site.contact", text));
        let statement = self.accessibility_statement.map(|text| {
            let url = text.parse().ok().filter(|url: &Url| url.scheme() == "https");
            let expected = "the `https` URL of the statement";
            url.ok_or_else(|| ConfigError::value("site.accessibility_statement", expected, &text))
        });
        Ok(SiteConfig {
            operator,
            contacts: contacts.collect::<Result<_, _>>()?,
            accessibility_statement: statement.transpose()?,
            texts: match self.texts {
                Some(path) => texts(&folder.join(path))?,
                None => BTreeMap::new(),
            },
        })
    }
}

impl SiteConfig {
    /// The text that replaces the built-in one of a page.
    pub(crate) fn text(&self, page: &str, language: Language) -> Option<&str> {
        let (code, _) = LANGUAGES.iter().find(|(_, one)| *one == language)?;
        let page = PAGES.iter().find(|one| **one == page)?;
        self.texts.get(&(*page, *code)).map(String::as_str)
    }
}

/// Reads the texts of a folder.
fn texts(folder: &Path) -> Result<BTreeMap<(&'static str, &'static str), String>, ConfigError> {
    let error = |expected: &str, path: &Path| {
        Err(ConfigError::value("site.texts", expected, &path.display().to_string()))
    };
    let Ok(entries) = fs::read_dir(folder) else { return error("a folder with texts", folder) };
    let mut texts = BTreeMap::new();
    for entry in entries {
        let Ok(path) = entry.map(|entry| entry.path()) else {
            return error("a folder that can be read", folder);
        };
        if path.extension().is_none_or(|extension| extension != "md") {
            continue;
        }
        let name = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let names = PAGES.iter().flat_map(|page| LANGUAGES.map(|(code, _)| (*page, code)));
        let key = names.into_iter().find(|(page, code)| format!("{page}.{code}") == name);
        let Some(key) = key else {
            return error(
                "names like `about.nl.md` (`about`, `accessibility`, `contact`, `privacy`; `nl`, `en`)",
                &path,
            );
        };
        let text = match bounded_file::read_text(&path, TEXT_BYTES_MAX) {
            Ok(text) => text,
            Err(cause) => {
                let actual = format!("{}: {cause}", path.display());
                let expected = "UTF-8 texts of at most 64 KiB";
                return Err(ConfigError::value("site.texts", expected, &actual));
            }
        };
        let has_title = text.lines().next().is_some_and(|line| {
            line.trim_start_matches('\u{feff}')
                .strip_prefix("# ")
                .is_some_and(|title| !title.trim().is_empty())
        });
        if !has_title {
            return error("texts whose first line is `# Title`", &path);
        }
        texts.insert(key, text);
    }
    Ok(texts)
}
