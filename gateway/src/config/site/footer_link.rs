//! `[[site.footer_links]]`: links in the footer of every page.

use schema::Language;
use schemars::JsonSchema;
use serde::Deserialize;
use url::Url;

use super::plain_text;
use crate::config::ConfigError;

/// Maximum number of links.
pub(super) const LINKS_MAX: usize = 10;
/// Maximum number of characters of the text of a link.
const TEXT_CHARACTERS_MAX: usize = 60;
/// Maximum number of bytes of a URL.
const URL_BYTES_MAX: usize = 2_000;

/// A link in the footer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FooterLink {
    /// Text of the link.
    #[schemars(extend("x-range" = "at most 60 characters"))]
    text: String,
    /// Where it leads.
    #[schemars(extend("x-range" = "`https` URL, or a path of this host, such as `/voorwaarden`"))]
    url: String,
    /// Text on English pages.
    #[schemars(extend("x-default-text" = "`text`", "x-range" = "at most 60 characters"))]
    text_en: Option<String>,
    /// Where it leads from English pages.
    #[schemars(extend("x-default-text" = "`url`", "x-range" = "as `url`"))]
    url_en: Option<String>,
}

impl FooterLink {
    pub(super) fn checked(self) -> Result<Self, ConfigError> {
        let text = |key: &str, text: String| plain_text(key, &text, TEXT_CHARACTERS_MAX);
        Ok(Self {
            text: text("site.footer_links.text", self.text)?,
            url: target("site.footer_links.url", self.url)?,
            text_en: self
                .text_en
                .map(|english| text("site.footer_links.text_en", english))
                .transpose()?,
            url_en: self
                .url_en
                .map(|english| target("site.footer_links.url_en", english))
                .transpose()?,
        })
    }

    /// The text on pages in `language`.
    pub(crate) fn text(&self, language: Language) -> &str {
        let english = self.text_en.as_ref().filter(|_| language == Language::En);
        english.unwrap_or(&self.text)
    }

    /// Where it leads from pages in `language`.
    pub(crate) fn url(&self, language: Language) -> &str {
        let english = self.url_en.as_ref().filter(|_| language == Language::En);
        english.unwrap_or(&self.url)
    }
}

/// A web address, or a path of this host. A path that begins with `//` or `/\` is another host.
fn target(key: &str, text: String) -> Result<String, ConfigError> {
    let is_visible = |byte: u8| byte.is_ascii_graphic() && byte != b'\\';
    let is_address = |text: &str| {
        let url = text.strip_prefix("https://").and_then(|_| text.parse::<Url>().ok());
        url.is_some_and(|url| url.username().is_empty() && url.password().is_none())
    };
    let is_path = text.starts_with('/') && !text.starts_with("//");
    if text.len() <= URL_BYTES_MAX && text.bytes().all(is_visible) && (is_path || is_address(&text))
    {
        return Ok(text);
    }
    let actual: String = text.chars().take(100).flat_map(char::escape_debug).collect();
    let expected = "an `https` URL without user name, such as `https://www.example.nl/voorwaarden`, \
                    or a path such as `/voorwaarden`";
    Err(ConfigError::value(key, expected, &actual))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_must_lead_to_a_web_address_or_to_a_path_of_this_host() {
        for url in ["https://x.nl/a?b=c#d", "/", "/voorwaarden", "/a/b?c=//d"] {
            assert_eq!(target("url", url.to_owned()).unwrap(), url);
        }
        let long = format!("https://x.nl/{}", "a".repeat(URL_BYTES_MAX));
        for url in [
            "javascript:alert(1)",
            "http://x.nl/",
            "//x.nl/",
            "/\\x.nl/",
            "https://",
            "https://naam@x.nl/",
            "voorwaarden",
            "/a b",
            "/a\u{0}",
            "",
            " /a",
            "data:text/html,x",
            &long,
        ] {
            let error = target("url", url.to_owned()).unwrap_err().to_string();
            assert!(error.contains("`https` URL") && error.len() < 400, "{error}");
        }
    }

    #[test]
    fn english_pages_must_have_the_english_text_where_there_is_one() {
        let link = FooterLink {
            text: "Voorwaarden".to_owned(),
            url: "/voorwaarden".to_owned(),
            text_en: Some("Terms".to_owned()),
            url_en: None,
        };
        assert_eq!(
            [Language::Nl, Language::En].map(|one| link.text(one)),
            ["Voorwaarden", "Terms"]
        );
        assert_eq!([Language::Nl, Language::En].map(|one| link.url(one)), ["/voorwaarden"; 2]);
    }
}
