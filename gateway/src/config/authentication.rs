//! `[authentication]`: whose tokens are believed.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use url::Url;

use super::{ConfigError, subgraph};

/// Whose tokens are believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authentication {
    /// Where the keys are by which tokens are signed.
    pub keys: KeySource,
    /// Who issues them (`iss`).
    pub issuer: String,
    /// For whom they are (`aud`).
    pub audience: String,
}

/// Where a set of keys (JWKS) is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// In a file.
    File(PathBuf),
    /// At an address.
    Address(Url),
}

impl fmt::Display for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Address(url) => write!(f, "{url}"),
        }
    }
}

/// `[authentication]` as typed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AuthenticationFile {
    jwks: String,
    issuer: String,
    audience: String,
}

impl AuthenticationFile {
    pub(super) fn checked(self, folder: &Path) -> Result<Authentication, ConfigError> {
        let keys = if self.jwks.contains("://") {
            KeySource::Address(subgraph::address("authentication.jwks", &self.jwks)?)
        } else {
            KeySource::File(folder.join(&self.jwks))
        };
        let words = [("issuer", &self.issuer), ("audience", &self.audience)];
        if let Some((key, given)) = words.into_iter().find(|(_, word)| word.trim().is_empty()) {
            let wanted = "what the tokens have there, such as `https://login.example.nl/`";
            return Err(ConfigError::value(&format!("authentication.{key}"), wanted, given));
        }
        Ok(Authentication { keys, issuer: self.issuer, audience: self.audience })
    }
}
