//! Authentication: verifies JSON Web Tokens (RFC 7519) with the configured keys.
//!
//! This module must not know authorization rules ([`federation`]), nor HTTP beyond the value of one
//! header. An invalid token is an error; a request without a token is anonymous.

mod jwks;
mod jwks_refresh;

use std::{collections::BTreeSet, sync::Arc};

pub use federation::authorization::Caller;
use jsonwebtoken::{Header, Validation, decode, decode_header, errors::ErrorKind};
use serde::Deserialize;

use self::jwks::VerificationKey;
pub(crate) use self::jwks_refresh::run_refresh;
pub use self::jwks_refresh::{JwksError, JwksProvider};
use crate::config::AuthenticationConfig;

/// Tolerance for clock differences, in seconds.
const LEEWAY_S: u64 = 30;
/// Maximum size of a token in bytes.
const TOKEN_BYTES_MAX: usize = 8_192;

/// The reason why a token is rejected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// The token cannot be parsed, or uses unsupported features.
    #[error("malformed bearer token")]
    Malformed,
    /// No known key verifies its signature.
    #[error("token signed with an unknown key")]
    UnknownKey,
    /// Its expiry time has passed.
    #[error("token expired")]
    Expired,
    /// Its validity has not started.
    #[error("token not valid yet")]
    NotYetValid,
    /// Its issuer or audience is not the configured one.
    #[error("token issuer or audience not accepted")]
    UnacceptedIssuerOrAudience,
    /// No keys have been loaded, so it cannot be verified.
    #[error("token keys unavailable; retry in a few seconds")]
    KeysUnavailable,
}

/// Claims that are read, in addition to the validated ones.
#[derive(Deserialize)]
struct Claims {
    /// Absent or null for no scopes.
    scope: Option<Scope>,
}

/// Scopes separated by spaces, or as a list.
#[derive(Deserialize)]
#[serde(untagged)]
enum Scope {
    Text(String),
    List(Vec<String>),
}

/// Verifies tokens.
pub struct Authenticator {
    jwks: Arc<JwksProvider>,
    validation: Validation,
}

impl Authenticator {
    /// Verifies tokens with the keys of `jwks`, which is refreshed elsewhere.
    pub fn new(config: &AuthenticationConfig, jwks: Arc<JwksProvider>) -> Self {
        let mut validation =
            Validation { leeway: LEEWAY_S, validate_nbf: true, ..Validation::default() };
        validation.set_issuer(&[&config.issuer]);
        validation.set_audience(&[&config.audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud"]);
        Self { jwks, validation }
    }

    /// The caller that sent the header `authorization`. Schemes other than `Bearer` are ignored.
    ///
    /// # Errors
    /// [`TokenError`] for an invalid token.
    pub async fn authenticate(&self, authorization: &str) -> Result<Caller, TokenError> {
        let (scheme, token) = authorization.split_once(' ').unwrap_or((authorization, ""));
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Ok(Caller::Anonymous);
        }
        let token = token.trim();
        if token.len() > TOKEN_BYTES_MAX {
            return Err(TokenError::Malformed);
        }
        let header = decode_header(token).map_err(|_| TokenError::Malformed)?;
        if !is_understood(&header) {
            return Err(TokenError::Malformed);
        }
        let is_candidate = |key: &VerificationKey| key.matches(header.kid.as_deref(), header.alg);
        let mut candidates = self.jwks.current().matching(is_candidate);
        if candidates.is_empty() {
            // The token may have been signed with a new key.
            self.jwks.refresh_for_token().await;
            candidates = self.jwks.current().matching(is_candidate);
        }
        if candidates.is_empty() && self.jwks.current().is_empty() {
            return Err(TokenError::KeysUnavailable);
        }
        let mut error = TokenError::UnknownKey;
        for key in candidates {
            let validation =
                Validation { algorithms: key.algorithms.clone(), ..self.validation.clone() };
            match decode::<Claims>(token, &key.decoding, &validation) {
                Ok(decoded) => return Ok(authenticated(decoded.claims.scope)),
                Err(cause) => error = token_error(cause.kind()),
            }
            if error != TokenError::UnknownKey {
                break;
            }
        }
        Err(error)
    }
}

/// Whether a header has no unsupported requirements: no critical extensions (`crit`, RFC 7515,
/// section 4.1.11), no unencoded payload (`b64`, RFC 7797).
fn is_understood(header: &Header) -> bool {
    let b64 = header.extras.get::<bool>("b64");
    header.crit.is_none() && matches!(b64, Ok(None | Some(true)))
}

fn authenticated(scope: Option<Scope>) -> Caller {
    let scopes = match scope {
        None => BTreeSet::new(),
        Some(Scope::Text(text)) => text.split_ascii_whitespace().map(str::to_owned).collect(),
        Some(Scope::List(list)) => list.into_iter().collect(),
    };
    Caller::Authenticated { scopes }
}

fn token_error(cause: &ErrorKind) -> TokenError {
    match cause {
        ErrorKind::ExpiredSignature => TokenError::Expired,
        ErrorKind::ImmatureSignature => TokenError::NotYetValid,
        ErrorKind::InvalidIssuer | ErrorKind::InvalidAudience => {
            TokenError::UnacceptedIssuerOrAudience
        }
        ErrorKind::InvalidSignature | ErrorKind::InvalidAlgorithm => TokenError::UnknownKey,
        _ => TokenError::Malformed,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_header_with_unsupported_requirements_must_be_rejected() {
        for (header, expected) in [
            (json!({ "alg": "EdDSA" }), true),
            (json!({ "alg": "EdDSA", "b64": true, "other": 1 }), true),
            (json!({ "alg": "EdDSA", "crit": ["exp"] }), false),
            (json!({ "alg": "EdDSA", "crit": [] }), false),
            (json!({ "alg": "EdDSA", "b64": false }), false),
            (json!({ "alg": "EdDSA", "b64": false, "crit": ["b64"] }), false),
            (json!({ "alg": "EdDSA", "b64": "true" }), false),
        ] {
            let read = serde_json::from_value(header.clone()).unwrap();
            assert_eq!(is_understood(&read), expected, "{header}");
        }
    }

    #[test]
    fn scopes_must_be_text_a_list_of_texts_or_none() {
        let scopes = |claims: serde_json::Value| {
            let claims: Claims = serde_json::from_value(claims).ok()?;
            let Caller::Authenticated { scopes } = authenticated(claims.scope) else { return None };
            Some(scopes.into_iter().collect::<Vec<_>>().join("+"))
        };
        for (claims, expected) in [
            (json!({}), Some("")),
            (json!({ "scope": null }), Some("")),
            (json!({ "scope": "" }), Some("")),
            (json!({ "scope": "a  b" }), Some("a+b")),
            (json!({ "scope": ["a", "b c"] }), Some("a+b c")),
            (json!({ "scope": [] }), Some("")),
            (json!({ "scope": 7 }), None),
            (json!({ "scope": true }), None),
            (json!({ "scope": [7] }), None),
            (json!({ "scope": [null] }), None),
            (json!({ "scope": { "a": 1 } }), None),
        ] {
            assert_eq!(scopes(claims.clone()).as_deref(), expected, "{claims}");
        }
    }
}
