//! Request ids, for finding a request in the logs of all services that handled it.

use std::{
    fmt,
    hash::{BuildHasher, RandomState},
    sync::atomic::{AtomicU64, Ordering},
};

use poem::http::HeaderMap;

/// Header with the request id.
pub(crate) const HEADER: &str = "x-request-id";
/// Maximum length of a client's request id.
const CHARACTERS_MAX: usize = 64;

/// A valid request id: letters, digits, `-`, `_` and `.`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RequestId(String);

impl RequestId {
    /// The id as text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The request id of the client, if it is valid.
    fn from_headers(headers: &HeaderMap) -> Option<Self> {
        let text = headers.get(HEADER)?.to_str().ok()?;
        let is_valid_byte = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
        let is_valid =
            (1..=CHARACTERS_MAX).contains(&text.len()) && text.bytes().all(is_valid_byte);
        is_valid.then(|| Self(text.to_owned()))
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Generates ids for requests without a valid one.
#[derive(Default)]
pub(crate) struct RequestIdGenerator {
    random: RandomState,
    generated: AtomicU64,
}

impl RequestIdGenerator {
    /// The request id of the client, or else a new one.
    pub(crate) fn get_or_generate(&self, headers: &HeaderMap) -> RequestId {
        RequestId::from_headers(headers).unwrap_or_else(|| {
            let number = self.generated.fetch_add(1, Ordering::Relaxed);
            RequestId(format!("{:016x}", self.random.hash_one(number)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_request_id_must_be_used_only_if_it_is_valid() {
        let ids = RequestIdGenerator::default();
        for (header_value, is_used) in [
            ("abc-1_2.Z", true),
            ("", false),
            ("a b", false),
            ("a\"b", false),
            (&"x".repeat(64), true),
            (&"x".repeat(65), false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(HEADER, header_value.parse().unwrap());
            assert_eq!(
                ids.get_or_generate(&headers).as_str() == header_value,
                is_used,
                "{header_value}"
            );
        }
        assert_ne!(ids.get_or_generate(&HeaderMap::new()), ids.get_or_generate(&HeaderMap::new()));
    }
}
