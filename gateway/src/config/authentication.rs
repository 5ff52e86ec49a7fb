//! `[authentication]`: how tokens are verified.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use federation::config::masked;
use schemars::JsonSchema;
use serde::Deserialize;
use url::Url;

use super::{
    ConfigError,
    subgraph::{PrivateAddresses, secure_url},
};

/// How tokens are verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthenticationConfig {
    /// Location of the keys that tokens are signed with.
    pub jwks: KeySource,
    /// Expected issuer of tokens (`iss`).
    pub issuer: String,
    /// Expected audience of tokens (`aud`).
    pub audience: String,
}

/// Location of a JSON Web Key Set (JWKS).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeySource {
    /// Path of a local file.
    File(PathBuf),
    /// URL that is fetched periodically.
    Url(Url),
}

impl fmt::Display for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Url(url) => write!(f, "{}", masked(url)),
        }
    }
}

/// `[authentication]` as written.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct AuthenticationSection {
    /// Key set (JWKS) for verifying tokens; at most 256 KiB, refreshed every five minutes.
    #[schemars(extend("x-range" = "`https` URL, `http` URL on the same machine or in a private network with `allow_private_addresses`, or path of a file"))]
    jwks: String,
    /// Required claim `iss` of a token.
    #[schemars(extend("x-range" = "not empty"))]
    issuer: String,
    /// Required claim `aud` of a token.
    #[schemars(extend("x-range" = "not empty"))]
    audience: String,
    /// Whether the URL of the key set may be plain `http` in a
    /// [private network](federation.md#private-networks).
    #[serde(default)]
    allow_private_addresses: bool,
}

impl AuthenticationSection {
    pub(super) fn checked(self, folder: &Path) -> Result<AuthenticationConfig, ConfigError> {
        let jwks = if self.jwks.contains("://") {
            // Keys are public: over `https`, any address is as good.
            let is_allowed = self.allow_private_addresses || self.jwks.starts_with("https://");
            let private = PrivateAddresses::of(is_allowed);
            KeySource::Url(secure_url("authentication.jwks", &self.jwks, private)?)
        } else {
            KeySource::File(folder.join(&self.jwks))
        };
        let required = [("issuer", &self.issuer), ("audience", &self.audience)];
        if let Some((key, actual)) = required.into_iter().find(|(_, value)| value.trim().is_empty())
        {
            let expected = "the value in the tokens, such as `https://login.example.nl/`";
            return Err(ConfigError::value(&format!("authentication.{key}"), expected, actual));
        }
        Ok(AuthenticationConfig { jwks, issuer: self.issuer, audience: self.audience })
    }
}
