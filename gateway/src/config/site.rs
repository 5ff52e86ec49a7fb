//! `[site]`: what the site is called and looks like, who runs it, and its own texts.

mod colour;
mod colours;
mod footer_link;
mod image_host;
mod logo;
mod svg;
mod texts;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use schema::Language;
use schemars::JsonSchema;
use serde::Deserialize;
use url::Url;

use self::colours::ColoursSection;
pub use self::{
    colour::Colour, colours::SiteColours, footer_link::FooterLink, image_host::ImageHost,
    logo::Logo,
};
use super::{ConfigError, security::contact};
use crate::messages::SITE_NAME_DEFAULT;

/// Maximum number of contacts.
const CONTACTS_MAX: usize = 5;
/// Maximum number of characters of the name of the site.
const NAME_CHARACTERS_MAX: usize = 60;
/// Maximum number of characters of the name of the operator.
const OPERATOR_CHARACTERS_MAX: usize = 200;

/// `[site]` as written.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct SiteSection {
    /// Name of the site, in its header, in the titles of its pages and feeds, and in its texts.
    #[schemars(extend("x-default-text" = "`Wegwijzer`", "x-range" = "at most 60 characters, without control characters, `{` and `}`"))]
    name: Option<String>,
    /// Language of pages whose path has no prefix; the other one is below `/nl/` or `/en/`.
    #[schemars(extend("x-default" = "nl"))]
    default_language: DefaultLanguage,
    /// Picture that takes the place of the built-in sign in the header, before the name; also the
    /// icon of the site if it is roughly square. [Rules](operation.md#name-logo-and-colours).
    #[schemars(extend("x-default-text" = "the built-in sign", "x-range" = "path of an SVG or PNG file of at most 256 KiB and 4,096 pixels"))]
    logo: Option<PathBuf>,
    /// [Colours](#sitecolours) of the pages.
    #[schemars(extend("x-type" = "table", "x-default-text" = "the built-in colours"))]
    colours: Option<ColoursSection>,
    /// [Links](#sitefooter_links) in the footer of every page.
    #[schemars(extend("x-range" = "at most 10"))]
    footer_links: Vec<FooterLink>,
    /// Hosts from which pages show the pictures of sources. The browsers of readers then send requests to
    /// these hosts; [what that means](operation.md#pictures-of-sources).
    #[schemars(extend("x-range" = "at most 20 host names, such as `www.example.nl`, or `*.example.nl` for all names below one"))]
    image_hosts: Vec<String>,
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
    /// `page:contact` is a link to a page of the site, `{site}` its name, and `{other_sites}` a
    /// sentence about the sites that pictures come from. Read when the program starts.
    #[schemars(extend("x-range" = "path of a folder; at most 64 KiB per file"))]
    texts: Option<PathBuf>,
}

/// Language of pages whose path has no prefix.
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum DefaultLanguage {
    /// Dutch.
    #[default]
    Nl,
    /// English.
    En,
}

/// What the site is called and looks like, who runs it, and its own texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SiteConfig {
    /// Name of the site.
    pub name: String,
    /// Language of pages whose path has no prefix: Dutch or English.
    pub default_language: Language,
    /// Picture before the name; the built-in sign if absent.
    pub logo: Option<Logo>,
    /// Colours of the pages; the built-in ones if absent.
    pub colours: Option<SiteColours>,
    /// Links in the footer.
    pub footer_links: Vec<FooterLink>,
    /// Hosts from which pages show pictures.
    pub image_hosts: Vec<ImageHost>,
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
        let contacts = list("site.contact", &self.contact, CONTACTS_MAX)?;
        let contacts = contacts.iter().map(|text| contact("site.contact", text));
        let statement = self.accessibility_statement.map(|text| {
            let url = text.parse().ok().filter(|url: &Url| url.scheme() == "https");
            let expected = "the `https` URL of the statement";
            url.ok_or_else(|| ConfigError::value("site.accessibility_statement", expected, &text))
        });
        let image_hosts = list("site.image_hosts", &self.image_hosts, image_host::HOSTS_MAX)?;
        list("site.footer_links", &self.footer_links, footer_link::LINKS_MAX)?;
        Ok(SiteConfig {
            name: match self.name {
                Some(name) => name_of_site(&name)?,
                None => SITE_NAME_DEFAULT.to_owned(),
            },
            default_language: match self.default_language {
                DefaultLanguage::Nl => Language::Nl,
                DefaultLanguage::En => Language::En,
            },
            logo: self.logo.map(|path| Logo::read(&folder.join(path))).transpose()?,
            colours: self.colours.map(ColoursSection::checked).transpose()?,
            image_hosts: image_hosts
                .iter()
                .map(|text| ImageHost::parse(text))
                .collect::<Result<_, _>>()?,
            footer_links: self
                .footer_links
                .into_iter()
                .map(FooterLink::checked)
                .collect::<Result<_, _>>()?,
            operator: self
                .operator
                .map(|name| plain_text("site.operator", &name, OPERATOR_CHARACTERS_MAX))
                .transpose()?,
            contacts: contacts.collect::<Result<_, _>>()?,
            accessibility_statement: statement.transpose()?,
            texts: match self.texts {
                Some(path) => texts::read(&folder.join(path))?,
                None => BTreeMap::new(),
            },
        })
    }
}

impl SiteConfig {
    /// The text that replaces the built-in one of a page.
    pub(crate) fn text(&self, page: &str, language: Language) -> Option<&str> {
        let key = texts::key(page, language)?;
        self.texts.get(&key).map(String::as_str)
    }
}

/// A list of at most `max` entries.
fn list<'a, T>(key: &str, entries: &'a [T], max: usize) -> Result<&'a [T], ConfigError> {
    if entries.len() > max {
        let (expected, actual) = (format!("at most {max} entries"), entries.len().to_string());
        return Err(ConfigError::value(key, &expected, &actual));
    }
    Ok(entries)
}

/// The name of the site. Braces would be placeholders in messages.
fn name_of_site(text: &str) -> Result<String, ConfigError> {
    let name = plain_text("site.name", text, NAME_CHARACTERS_MAX)?;
    if name.contains(['{', '}']) {
        return Err(ConfigError::value("site.name", "a name without `{` and `}`", &name));
    }
    Ok(name)
}

/// A text of at most `characters_max` characters, without control characters and those that change
/// the direction of what follows.
fn plain_text(key: &str, text: &str, characters_max: usize) -> Result<String, ConfigError> {
    let text = text.trim();
    let is_control = |character: char| {
        character.is_control()
            || matches!(
                character,
                '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
            )
    };
    let length = text.chars().count();
    if (1..=characters_max).contains(&length) && !text.contains(is_control) {
        return Ok(text.to_owned());
    }
    let expected = format!("a text of 1 to {characters_max} characters without control characters");
    let start: String = text.chars().take(characters_max).flat_map(char::escape_debug).collect();
    let actual = if length > characters_max { format!("{start}…") } else { start };
    Err(ConfigError::value(key, &expected, &actual))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_must_be_short_and_plain() {
        assert_eq!(name_of_site(" Zoek <b> & vind ").unwrap(), "Zoek <b> & vind");
        assert_eq!(name_of_site(&"é".repeat(60)).unwrap().chars().count(), 60);
        for name in ["", "  ", "a\nb", "a\u{0}b", "a\u{202e}b", "{words}", &"n".repeat(300)] {
            let error = name_of_site(name).unwrap_err().to_string();
            assert!(error.starts_with("`site.name` must be "), "{error}");
            assert!(error.len() < 200 && !error.contains(char::is_control), "{error}");
        }
    }
}
