//! `POST /hooks/SOURCE`: a host reports that its content changed, which starts a run of that source.
//!
//! The body is signed as GitHub does: `X-Hub-Signature-256: sha256=HEX`, the HMAC-SHA256 of the body
//! with a secret that only the host and this installation know.

use std::{collections::BTreeMap, sync::Arc};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, crypto};
use poem::{
    Endpoint, Request, Response, Result,
    http::{HeaderMap, StatusCode},
};
use schema::SourceName;
use serde::Deserialize;
use serde_json::json;

use super::{problem_details, request_body};
use crate::{
    config::Limits,
    error::{ApiError, ErrorCode},
};

/// Header with the signature.
const SIGNATURE_HEADER: &str = "x-hub-signature-256";
/// Prefix of the signature, which names its algorithm.
const SIGNATURE_PREFIX: &str = "sha256=";
/// Minimum length of a secret in bytes.
const SECRET_BYTES_MIN: usize = 16;
/// Maximum number of objects in one body; more of them start a run of the whole source.
const CHANGES_MAX: usize = 100;

/// A secret for hooks that can be guessed.
#[derive(Debug, thiserror::Error)]
#[error("source `{0}`: the secret for hooks is shorter than {SECRET_BYTES_MIN} characters")]
pub(crate) struct ShortSecret(SourceName);

/// An object that a host reported as changed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReportedObject {
    /// Its type, such as `post`.
    #[serde(rename = "type")]
    pub(crate) kind: String,
    /// Its number on the host.
    pub(crate) id: u64,
}

/// Receives hooks: the source, and the objects that changed; none if anything may have changed.
type Receiver = dyn Fn(&SourceName, Vec<ReportedObject>) + Send + Sync;

/// The hooks of all sources that have a secret.
pub(crate) struct Hooks {
    secrets: BTreeMap<SourceName, DecodingKey>,
    receive: Box<Receiver>,
}

impl Hooks {
    /// The hooks of sources with their secrets.
    ///
    /// # Errors
    /// [`ShortSecret`] if a secret can be guessed.
    pub(crate) fn new(
        secrets: impl IntoIterator<Item = (SourceName, String)>,
        receive: impl Fn(&SourceName, Vec<ReportedObject>) + Send + Sync + 'static,
    ) -> Result<Self, ShortSecret> {
        let secrets = secrets.into_iter().map(|(name, secret)| {
            if secret.len() < SECRET_BYTES_MIN {
                return Err(ShortSecret(name));
            }
            Ok((name, DecodingKey::from_secret(secret.as_bytes())))
        });
        Ok(Self { secrets: secrets.collect::<Result<_, _>>()?, receive: Box::new(receive) })
    }
}

/// The body of a hook that names what changed. Any other body, or none, means that anything may have
/// changed.
#[derive(Deserialize)]
struct HookBody {
    changes: Vec<ReportedObject>,
}

/// The endpoint; without hooks, nothing is found.
pub(crate) struct HookEndpoint {
    pub(crate) hooks: Option<Arc<Hooks>>,
    pub(crate) limits: Limits,
}

impl Endpoint for HookEndpoint {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        let body = request_body::read_body(request.take_body(), &self.limits).await;
        let body = match body {
            Ok(body) => body,
            Err(error) => return Ok(problem_details::response(error.status, &error.error)),
        };
        let name = request.raw_path_param("source").and_then(|name| SourceName::new(name).ok());
        let known = name.as_ref().zip(self.hooks.as_ref()).and_then(|(name, hooks)| {
            let secret = hooks.secrets.get(name)?;
            Some((name, hooks, secret))
        });
        let Some((name, hooks, secret)) = known else {
            let error = ApiError::not_found(
                "no source with hooks of this name; set `hook_secret_file` of the source",
            );
            return Ok(problem_details::response(StatusCode::NOT_FOUND, &error));
        };
        if !is_signed(request.headers(), &body, secret) {
            tracing::warn!(source = %name, "hook without a valid signature");
            let error = ApiError::new(
                ErrorCode::Unauthenticated,
                "missing or invalid signature; send `X-Hub-Signature-256: sha256=` and the \
                 HMAC-SHA256 of the body in hexadecimal",
            );
            return Ok(problem_details::response(StatusCode::UNAUTHORIZED, &error));
        }
        let objects = reported_objects(&body);
        tracing::info!(source = %name, objects = objects.len(), "hook");
        (hooks.receive)(name, objects);
        Ok(Response::builder()
            .status(StatusCode::ACCEPTED)
            .content_type("application/json")
            .header("cache-control", "no-store")
            .body(json!({ "status": "accepted" }).to_string()))
    }
}

/// Whether the header has the signature of the body. The comparison takes constant time.
fn is_signed(headers: &HeaderMap, body: &[u8], secret: &DecodingKey) -> bool {
    let signature = || {
        let value = headers.get(SIGNATURE_HEADER)?.to_str().ok()?;
        from_hex(value.strip_prefix(SIGNATURE_PREFIX)?)
    };
    let Some(signature) = signature() else { return false };
    let encoded = URL_SAFE_NO_PAD.encode(signature);
    crypto::verify(&encoded, body, secret, Algorithm::HS256).unwrap_or_default()
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    if !text.is_ascii() || !text.len().is_multiple_of(2) {
        return None;
    }
    let byte = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).ok();
    let is_hex = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    (0..text.len()).step_by(2).map(byte).collect::<Option<_>>().filter(|_| is_hex)
}

/// The objects of a body; none if anything may have changed.
fn reported_objects(body: &[u8]) -> Vec<ReportedObject> {
    match serde_json::from_slice::<HookBody>(body) {
        Ok(HookBody { changes }) if changes.len() <= CHANGES_MAX => changes,
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "It's a Secret to Everybody";
    /// From GitHub's documentation of webhooks: the signature of `Hello, World!` with that secret.
    const SIGNATURE: &str =
        "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

    fn is_valid(signature: &str, body: &str, secret: &str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(SIGNATURE_HEADER, signature.parse().unwrap());
        is_signed(&headers, body.as_bytes(), &DecodingKey::from_secret(secret.as_bytes()))
    }

    #[test]
    fn a_signature_must_be_the_one_of_github() {
        assert!(is_valid(SIGNATURE, "Hello, World!", SECRET));
        assert!(is_valid(
            &format!("sha256={}", SIGNATURE[7..].to_uppercase()),
            "Hello, World!",
            SECRET
        ));
        assert!(!is_valid(SIGNATURE, "Hello, World?", SECRET));
        assert!(!is_valid(SIGNATURE, "Hello, World!", "another secret of this length"));
        for signature in ["", "sha256=", &SIGNATURE[7..], &SIGNATURE[..70], "sha256=+1", "sha1=00"]
        {
            assert!(!is_valid(signature, "Hello, World!", SECRET), "{signature}");
        }
        let secret = DecodingKey::from_secret(SECRET.as_bytes());
        assert!(!is_signed(&HeaderMap::new(), b"Hello, World!", &secret));
    }

    #[test]
    fn only_a_list_of_changes_must_narrow_the_run() {
        let object = |kind: &str, id| ReportedObject { kind: kind.to_owned(), id };
        assert_eq!(
            reported_objects(br#"{"changes":[{"type":"post","id":7},{"type":"page","id":1}]}"#),
            [object("post", 7), object("page", 1)]
        );
        let many = format!("{{\"changes\":[{}]}}", [r#"{"type":"post","id":7}"#; 101].join(","));
        for body in ["", "{}", r#"{"changes":[]}"#, r#"{"ref":"refs/heads/main"}"#, "[", &many] {
            assert_eq!(reported_objects(body.as_bytes()), [], "{body}");
        }
    }
}
