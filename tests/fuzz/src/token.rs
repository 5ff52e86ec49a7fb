//! Bearer tokens: a token that the key has not signed is never accepted, and every other failure is
//! an error.

use std::{fs, sync::LazyLock};

use gateway::{
    auth::{Authenticator, Caller, JwksProvider},
    config::{AuthenticationConfig, KeySource},
};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode, get_current_timestamp, jwk::Jwk};
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};

use crate::byte_source::ByteSource;

const ISSUER: &str = "https://login.example/";
const AUDIENCE: &str = "wegwijzer";

static FIXTURE: LazyLock<(Runtime, Authenticator)> = LazyLock::new(|| {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let folder = tempfile::tempdir().expect("a temporary folder");
    let jwk = Jwk::from_encoding_key(&key(), Algorithm::EdDSA).expect("a public key");
    let file = folder.path().join("keys.json");
    fs::write(&file, json!({ "keys": [jwk] }).to_string()).expect("a file of keys");
    let config = AuthenticationConfig {
        jwks: KeySource::File(file),
        issuer: ISSUER.to_owned(),
        audience: AUDIENCE.to_owned(),
    };
    let jwks = runtime.block_on(JwksProvider::open(&config.jwks)).expect("valid keys");
    (runtime, Authenticator::new(&config, jwks))
});

/// An Ed25519 private key in PKCS #8 format.
fn key() -> EncodingKey {
    let mut der = vec![48, 46, 2, 1, 0, 48, 5, 6, 3, 43, 101, 112, 4, 34, 4, 32];
    der.extend([7; 32]);
    EncodingKey::from_ed_der(&der)
}

/// Checks the bytes as an `authorization` header, and as claims of a signed token.
pub fn check(bytes: &[u8]) {
    let (runtime, authenticator) = &*FIXTURE;
    let mut choices = ByteSource::new(bytes);
    if choices.one_in(2) {
        let header = choices.text(4_096);
        for header in [header.clone(), format!("Bearer {header}")] {
            let caller = runtime.block_on(authenticator.authenticate(&header));
            let is_known = matches!(caller, Ok(Caller::Authenticated { .. }));
            assert!(!is_known, "an unsigned token is accepted: {header}");
        }
        return;
    }
    let mut claims = json!({ "iss": ISSUER, "aud": AUDIENCE, "exp": get_current_timestamp() + 60 });
    let name = *choices.pick(&["scope", "iss", "aud", "exp", "nbf", "other"]);
    let text = choices.text(1_024);
    claims[name] = serde_json::from_str(&text).unwrap_or(Value::String(text));
    let signed = encode(&Header::new(Algorithm::EdDSA), &claims, &key()).expect("a signature");
    let caller = runtime.block_on(authenticator.authenticate(&format!("Bearer {signed}")));
    let is_scope = match &claims["scope"] {
        Value::Null | Value::String(_) => true,
        Value::Array(items) => items.iter().all(Value::is_string),
        _ => false,
    };
    assert!(is_scope || caller.is_err(), "scopes of another type are accepted: {claims}");
}
