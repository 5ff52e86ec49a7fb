//! `[security]`: contacts for reporting a vulnerability.

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Deserialize;
use url::Url;

use super::ConfigError;

/// Maximum number of contacts.
const CONTACTS_MAX: usize = 10;

/// `[security]` as written.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct SecuritySection {
    /// Where to report vulnerabilities, the preferred way first; published in
    /// `/.well-known/security.txt`, which is 404 without a contact.
    #[schemars(extend("x-range" = "at most 10 `https` or `mailto` URLs"))]
    contact: Vec<String>,
    /// File with the token of the operator, with which `/status/partners` shows the
    /// [usage of partners](partners.md#for-the-operator); read at each request. Without it, the page
    /// is 404.
    #[schemars(extend("x-range" = "path of a file with at least 16 characters"))]
    operator_token_file: Option<PathBuf>,
}

impl SecuritySection {
    /// The contacts, and the file with the token of the operator.
    pub(super) fn checked(self, folder: &Path) -> Result<(Vec<Url>, Option<PathBuf>), ConfigError> {
        if self.contact.len() > CONTACTS_MAX {
            let expected = format!("at most {CONTACTS_MAX} addresses");
            let actual = self.contact.len().to_string();
            return Err(ConfigError::value("security.contact", &expected, &actual));
        }
        let contacts = self
            .contact
            .iter()
            .map(|text| contact("security.contact", text))
            .collect::<Result<_, _>>()?;
        Ok((contacts, self.operator_token_file.map(|path| folder.join(path))))
    }
}

/// Validates a contact of RFC 9116: the URL of a page, or a `mailto:` address.
pub(super) fn contact(key: &str, text: &str) -> Result<Url, ConfigError> {
    let fits = |url: &Url| match url.scheme() {
        "https" => url.username().is_empty() && url.password().is_none(),
        "mailto" => url.path().split_once('@').is_some_and(|(name, host)| {
            !name.is_empty() && host.contains('.') && !url.path().contains([',', ' '])
        }),
        _ => false,
    };
    let expected = "like `https://www.example.nl/melden` or `mailto:melden@example.nl`";
    let url = text.parse().ok().filter(fits);
    url.ok_or_else(|| ConfigError::value(key, expected, text))
}
