//! `image_hosts`: hosts from which pages show the pictures of sources.

use url::Url;

use crate::config::ConfigError;

/// Maximum number of hosts; all of them are in a header of every page.
pub(super) const HOSTS_MAX: usize = 20;
/// Maximum number of bytes of a host name (RFC 1035).
const HOST_BYTES_MAX: usize = 253;

/// A host, or with `*.` all names below one, as in a content security policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageHost(String);

impl ImageHost {
    /// Validates a host.
    ///
    /// # Errors
    /// [`ConfigError`] if it is not the name of a host.
    pub(super) fn parse(text: &str) -> Result<Self, ConfigError> {
        let name = text.strip_prefix("*.").unwrap_or(text);
        let is_valid_byte = |byte: u8| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'.')
        };
        // As URLs have it: no number that is an address, no empty label.
        let url = Url::parse(&format!("https://{name}/")).ok();
        let is_name = url.is_some_and(|url| url.domain() == Some(name));
        let has_labels = name.split('.').all(|label| !label.is_empty()) && name.contains('.');
        if is_name && has_labels && name.len() <= HOST_BYTES_MAX && name.bytes().all(is_valid_byte)
        {
            return Ok(Self(text.to_owned()));
        }
        let actual: String = text.chars().take(100).flat_map(char::escape_debug).collect();
        let expected = "host names in lower case without scheme, port and path, such as \
                        `www.example.nl`, or `*.example.nl` for all names below one";
        Err(ConfigError::value("site.image_hosts", expected, &actual))
    }

    /// The host as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a host name is this one, or below it.
    pub(crate) fn covers(&self, host: &str) -> bool {
        match self.0.strip_prefix('*') {
            Some(suffix) => host.len() > suffix.len() && host.ends_with(suffix),
            None => host == self.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_hosts_must_be_accepted() {
        for text in ["www.example.nl", "*.example.nl", "a-b.example.nl", "xn--caf-dma.example"] {
            assert_eq!(ImageHost::parse(text).unwrap().as_str(), text);
        }
        let long = format!("{}.nl", "a.".repeat(130));
        for text in [
            "",
            "*",
            "*.",
            "*.nl",
            "nl",
            "https://www.example.nl",
            "www.example.nl/",
            "x.nl:443",
            "127.0.0.1",
            "[::1]",
            "WWW.example.nl",
            "café.nl",
            "a.*.nl",
            "x..nl",
            ".x.nl",
            "x.nl.",
            "x.nl; script-src *",
            "x.nl y.nl",
            "'self'",
            &long,
        ] {
            let error = ImageHost::parse(text).unwrap_err().to_string();
            assert!(error.starts_with("`site.image_hosts` must be host names"), "{error}");
        }
    }

    #[test]
    fn a_star_must_cover_the_names_below_but_not_the_name_itself() {
        let [exact, below] =
            ["example.nl", "*.example.nl"].map(|text| ImageHost::parse(text).unwrap());
        assert!(exact.covers("example.nl") && !exact.covers("www.example.nl"));
        assert!(below.covers("www.example.nl") && below.covers("a.b.example.nl"));
        for host in ["example.nl", "notexample.nl", ".example.nl", "example.nl.evil.test"] {
            assert!(!below.covers(host), "{host}");
        }
    }
}
