//! Token keys: a JSON Web Key Set (JWKS, RFC 7517).

use std::sync::Arc;

use federation::text_limits::check_json;
use jsonwebtoken::{
    Algorithm, DecodingKey,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse},
};
use serde::Deserialize;

/// Maximum number of keys that are read from a set.
const KEYS_MAX: usize = 100;
/// Minimum modulus length of an RSA key in base64 characters: 2,048 bits.
const RSA_MODULUS_CHARS_MIN: usize = base64_chars(2_048);

/// Number of base64 characters that encode this number of bits.
const fn base64_chars(bits: usize) -> usize {
    bits.div_ceil(6)
}

/// Algorithms of RSA keys.
const RSA_ALGORITHMS: [Algorithm; 6] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
];

/// A public key for verifying signatures.
pub(super) struct VerificationKey {
    id: Option<String>,
    /// Algorithms that the key can be used with.
    pub(super) algorithms: Vec<Algorithm>,
    pub(super) decoding: DecodingKey,
}

impl VerificationKey {
    /// Whether the key may have signed a token with this key id and algorithm.
    pub(super) fn matches(&self, id: Option<&str>, algorithm: Algorithm) -> bool {
        let is_named = id.is_none() || self.id.is_none() || self.id.as_deref() == id;
        is_named && self.algorithms.contains(&algorithm)
    }

    /// The key of an entry, if it is a supported public key for signatures.
    fn read(jwk: &Jwk) -> Option<Self> {
        if jwk.common.public_key_use.as_ref().is_some_and(|of| *of != PublicKeyUse::Signature) {
            return None;
        }
        let possible = match &jwk.algorithm {
            AlgorithmParameters::RSA(key) if key.n.len() >= RSA_MODULUS_CHARS_MIN => {
                RSA_ALGORITHMS.to_vec()
            }
            AlgorithmParameters::EllipticCurve(key) => match key.curve {
                EllipticCurve::P256 if have_bits(256, [&key.x, &key.y]) => vec![Algorithm::ES256],
                EllipticCurve::P384 if have_bits(384, [&key.x, &key.y]) => vec![Algorithm::ES384],
                _ => return None,
            },
            // The verifier panics on a key that is too short.
            AlgorithmParameters::OctetKeyPair(key)
                if key.curve == EllipticCurve::Ed25519 && have_bits(256, [&key.x]) =>
            {
                vec![Algorithm::EdDSA]
            }
            _ => return None,
        };
        let algorithms = match jwk.common.key_algorithm {
            None => possible,
            Some(named) => possible.into_iter().filter(|one| has_name(*one, named)).collect(),
        };
        let decoding = DecodingKey::from_jwk(jwk).ok()?;
        let id = jwk.common.key_id.clone();
        (!algorithms.is_empty()).then_some(Self { id, algorithms, decoding })
    }
}

fn have_bits<const N: usize>(bits: usize, numbers: [&str; N]) -> bool {
    numbers.into_iter().all(|number| number.len() == base64_chars(bits))
}

fn has_name(algorithm: Algorithm, named: KeyAlgorithm) -> bool {
    named.to_string().parse() == Ok(algorithm)
}

/// The keys of a key set.
#[derive(Default)]
pub(super) struct KeySet(Vec<Arc<VerificationKey>>);

/// A key set as JSON; unsupported entries are ignored.
#[derive(Deserialize)]
struct RawJwks {
    keys: Vec<serde_json::Value>,
}

impl KeySet {
    /// Parses a key set.
    ///
    /// # Errors
    /// The reason, if it is invalid or contains no supported key.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, String> {
        let raw = check_json(bytes)
            .map_err(|cause| cause.to_string())
            .and_then(|()| serde_json::from_slice(bytes).map_err(|cause| cause.to_string()));
        let raw: RawJwks =
            raw.map_err(|cause| format!("invalid JWKS, expected `{{\"keys\": [...]}}`: {cause}"))?;
        let entries = raw.keys.into_iter().take(KEYS_MAX);
        let read =
            entries.filter_map(|entry| VerificationKey::read(&serde_json::from_value(entry).ok()?));
        let keys: Vec<_> = read.map(Arc::new).collect();
        if keys.is_empty() {
            return Err("no supported public key: expected RSA of 2,048 bits or more, \
                        EC P-256 or P-384, or Ed25519"
                .to_owned());
        }
        Ok(Self(keys))
    }

    /// The keys that match a predicate.
    pub(super) fn matching(
        &self,
        predicate: impl Fn(&VerificationKey) -> bool,
    ) -> Vec<Arc<VerificationKey>> {
        self.0.iter().filter(|key| predicate(key)).cloned().collect()
    }

    /// Whether there are no keys.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(key: &str) -> Result<KeySet, String> {
        KeySet::read(format!("{{\"keys\": [{key}]}}").as_bytes())
    }

    #[test]
    fn only_public_keys_that_verify_signatures_must_be_accepted() {
        let (x, n, short) = ("A".repeat(43), "A".repeat(342), "A".repeat(171));
        let ed = |more: &str| format!(r#"{{"kty": "OKP", "crv": "Ed25519", "x": "{x}"{more}}}"#);
        for valid in [
            ed(""),
            ed(r#", "alg": "EdDSA", "use": "sig", "kid": "1""#),
            format!(r#"{{"kty": "RSA", "n": "{n}", "e": "AQAB"}}"#),
            format!(r#"{{"kty": "EC", "crv": "P-256", "x": "{x}", "y": "{x}"}}"#),
            format!(r#"{{"kty": "later"}}, {}"#, ed("")),
        ] {
            assert_eq!(set(&valid).unwrap().0.len(), 1, "{valid}");
        }
        for other in [
            ed(r#", "use": "enc""#),
            ed(r#", "alg": "RS256""#),
            ed("").replace(&x, "AAAA"),
            format!(r#"{{"kty": "RSA", "n": "{short}", "e": "AQAB"}}"#),
            format!(r#"{{"kty": "EC", "crv": "P-521", "x": "{x}", "y": "{x}"}}"#),
            format!(r#"{{"kty": "oct", "k": "{x}", "alg": "HS256"}}"#),
            r#"{"kty": "EC"}"#.to_owned(),
        ] {
            let error = set(&other).err().unwrap_or_else(|| panic!("{other} is accepted"));
            assert!(error.contains("no supported public key"), "{error}");
        }
        assert!(KeySet::read(b"<html>").err().unwrap().contains("invalid JWKS"));
    }
}
