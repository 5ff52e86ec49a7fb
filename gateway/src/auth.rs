//! Who asks: the claims of a token (JWT, RFC 7519) that one of the operator's keys has signed.
//!
//! This module must not know what callers may see ([`federation`]), nor HTTP beyond the text of
//! one header. A token that is wrong in any way makes nobody of its bearer and the request an error;
//! without one the caller is anonymous.

mod jwks;
mod jwks_refresh;

use std::sync::Arc;

pub use federation::authorization::Caller;
use jsonwebtoken::{Validation, decode, decode_header, errors::ErrorKind};
use serde::Deserialize;

use self::jwks::VerificationKey;
pub use self::jwks_refresh::JwksError;
pub(crate) use self::jwks_refresh::{JwksProvider, run_refresh};
use crate::config::AuthenticationConfig;

/// Clocks may differ by so many seconds.
const LEEWAY_S: u64 = 30;
/// A longer token is not looked at.
const TOKEN_BYTES_MAX: usize = 8_192;

/// Why a token makes nobody known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TokenError {
    /// It cannot be read.
    #[error("malformed bearer token")]
    Malformed,
    /// None of the keys has signed it.
    #[error("token signed with an unknown key")]
    UnknownKey,
    /// It was for some other time.
    #[error("token expired")]
    Expired,
    /// Its time has not come.
    #[error("token not valid yet")]
    NotYetValid,
    /// It is from or for somebody else.
    #[error("token issuer or audience not accepted")]
    UnacceptedIssuerOrAudience,
    /// Whether it is sound cannot be found out.
    #[error("token keys unavailable; retry in a few seconds")]
    KeysUnavailable,
}

/// What is read of a token.
#[derive(Deserialize)]
struct Claims {
    #[serde(default)]
    scope: Scope,
}

/// Scopes between spaces, or as a list.
#[derive(Deserialize)]
#[serde(untagged)]
enum Scope {
    Text(String),
    List(Vec<String>),
}

impl Default for Scope {
    fn default() -> Self {
        Self::List(Vec::new())
    }
}

/// Checks tokens.
pub struct Authenticator {
    jwks: Arc<JwksProvider>,
    validation: Validation,
}

impl Authenticator {
    /// Checks tokens by `keys` that are kept new by [`follow`].
    pub(crate) fn new(config: &AuthenticationConfig, jwks: Arc<JwksProvider>) -> Self {
        let mut validation =
            Validation { leeway: LEEWAY_S, validate_nbf: true, ..Validation::default() };
        validation.set_issuer(&[&config.issuer]);
        validation.set_audience(&[&config.audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud"]);
        Self { jwks, validation }
    }

    /// Who sends `authorization`. Another scheme than `Bearer` is for others than us.
    ///
    /// # Errors
    /// [`TokenError`] where it holds a token that is not sound.
    pub(crate) async fn authenticate(&self, authorization: &str) -> Result<Caller, TokenError> {
        let (scheme, token) = authorization.split_once(' ').unwrap_or((authorization, ""));
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Ok(Caller::Anonymous);
        }
        let token = token.trim();
        if token.len() > TOKEN_BYTES_MAX {
            return Err(TokenError::Malformed);
        }
        let header = decode_header(token).map_err(|_| TokenError::Malformed)?;
        let is_candidate = |key: &VerificationKey| key.matches(header.kid.as_deref(), header.alg);
        let mut candidates = self.jwks.current().matching(is_candidate);
        if candidates.is_empty() {
            // A newer key may have signed it.
            self.jwks.refresh().await;
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

fn authenticated(scope: Scope) -> Caller {
    let scopes = match scope {
        Scope::Text(text) => text.split_ascii_whitespace().map(str::to_owned).collect(),
        Scope::List(list) => list.into_iter().collect(),
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
