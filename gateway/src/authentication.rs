//! Who asks: the claims of a token (JWT, RFC 7519) that one of the operator's keys has signed.
//!
//! This module must not know what callers may see ([`crate::supergraph`]), nor HTTP beyond the text of
//! one header. A token that is wrong in any way makes nobody of its bearer and the request an error;
//! without one the caller is anonymous.

mod follow;
mod keys;

use std::{collections::BTreeSet, sync::Arc};

use jsonwebtoken::{Validation, decode, decode_header, errors::ErrorKind};
use serde::Deserialize;

pub use self::follow::KeysError;
pub(crate) use self::follow::{FollowedKeys, follow};
use self::keys::Key;
use crate::config::Authentication;

/// Clocks may differ by so many seconds.
const LEEWAY_S: u64 = 30;
/// A longer token is not looked at.
const TOKEN_BYTES_MAX: usize = 8_192;

/// Who asks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Caller {
    /// Somebody who does not say.
    #[default]
    Anonymous,
    /// Somebody with a sound token.
    Known {
        /// What the token allows (`scope`, RFC 8693).
        scopes: BTreeSet<String>,
    },
}

/// Why a token makes nobody known.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TokenError {
    /// It cannot be read.
    #[error("the token in `authorization` is none that can be read here")]
    Unreadable,
    /// None of the keys has signed it.
    #[error("the token in `authorization` is not signed with a key that is known here")]
    Signature,
    /// It was for some other time.
    #[error("the token in `authorization` is not valid any more; get a new one")]
    Expired,
    /// Its time has not come.
    #[error("the token in `authorization` is not valid yet")]
    Early,
    /// It is from or for somebody else.
    #[error("the token in `authorization` comes from another issuer, or is meant for others")]
    Elsewhere,
    /// Whether it is sound cannot be found out.
    #[error("tokens cannot be checked now; try again in a few seconds")]
    NoKeys,
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
    keys: Arc<FollowedKeys>,
    validation: Validation,
}

impl Authenticator {
    /// Checks tokens by `keys` that are kept new by [`follow`].
    pub(crate) fn new(config: &Authentication, keys: Arc<FollowedKeys>) -> Self {
        let mut validation =
            Validation { leeway: LEEWAY_S, validate_nbf: true, ..Validation::default() };
        validation.set_issuer(&[&config.issuer]);
        validation.set_audience(&[&config.audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud"]);
        Self { keys, validation }
    }

    /// Who sends `authorization`. Another scheme than `Bearer` is for others than us.
    ///
    /// # Errors
    /// [`TokenError`] where it holds a token that is not sound.
    pub(crate) async fn caller(&self, authorization: &str) -> Result<Caller, TokenError> {
        let (scheme, token) = authorization.split_once(' ').unwrap_or((authorization, ""));
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Ok(Caller::Anonymous);
        }
        let token = token.trim();
        if token.len() > TOKEN_BYTES_MAX {
            return Err(TokenError::Unreadable);
        }
        let header = decode_header(token).map_err(|_| TokenError::Unreadable)?;
        let fits = |key: &Key| key.fits(header.kid.as_deref(), header.alg);
        let mut fitting = self.keys.current().fitting(fits);
        if fitting.is_empty() {
            // A newer key may have signed it.
            self.keys.renew().await;
            fitting = self.keys.current().fitting(fits);
        }
        if fitting.is_empty() && self.keys.current().is_empty() {
            return Err(TokenError::NoKeys);
        }
        let mut error = TokenError::Signature;
        for key in fitting {
            let validation =
                Validation { algorithms: key.algorithms.clone(), ..self.validation.clone() };
            match decode::<Claims>(token, &key.decoding, &validation) {
                Ok(decoded) => return Ok(known(decoded.claims.scope)),
                Err(cause) => error = told(cause.kind()),
            }
            if error != TokenError::Signature {
                break;
            }
        }
        Err(error)
    }
}

fn known(scope: Scope) -> Caller {
    let scopes = match scope {
        Scope::Text(text) => text.split_ascii_whitespace().map(str::to_owned).collect(),
        Scope::List(list) => list.into_iter().collect(),
    };
    Caller::Known { scopes }
}

fn told(cause: &ErrorKind) -> TokenError {
    match cause {
        ErrorKind::ExpiredSignature => TokenError::Expired,
        ErrorKind::ImmatureSignature => TokenError::Early,
        ErrorKind::InvalidIssuer | ErrorKind::InvalidAudience => TokenError::Elsewhere,
        ErrorKind::InvalidSignature | ErrorKind::InvalidAlgorithm => TokenError::Signature,
        _ => TokenError::Unreadable,
    }
}
