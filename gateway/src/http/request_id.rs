//! The id under which one request is found in the logs of everybody who handled it.

use std::{
    fmt,
    hash::{BuildHasher, RandomState},
    sync::atomic::{AtomicU64, Ordering},
};

use poem::http::HeaderMap;

/// The header that carries it.
pub(super) const HEADER: &str = "x-request-id";
/// An id from outside is at most this long.
const CHARACTERS_MAX: usize = 64;

/// A clean request id: letters, digits, `-`, `_` and `.`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RequestId(String);

impl RequestId {
    /// The id as text.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// The id that a request brings, if it is clean.
    fn brought(headers: &HeaderMap) -> Option<Self> {
        let text = headers.get(HEADER)?.to_str().ok()?;
        let clean = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.');
        let fits = (1..=CHARACTERS_MAX).contains(&text.len()) && text.bytes().all(clean);
        fits.then(|| Self(text.to_owned()))
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Makes ids for requests that bring none.
#[derive(Default)]
pub(super) struct RequestIds {
    random: RandomState,
    made: AtomicU64,
}

impl RequestIds {
    /// The id of a request: the one it brings, else a new one.
    pub(super) fn of(&self, headers: &HeaderMap) -> RequestId {
        RequestId::brought(headers).unwrap_or_else(|| {
            let number = self.made.fetch_add(1, Ordering::Relaxed);
            RequestId(format!("{:016x}", self.random.hash_one(number)))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_must_be_taken_over_only_where_it_is_clean() {
        let ids = RequestIds::default();
        for (given, taken) in [
            ("abc-1_2.Z", true),
            ("", false),
            ("a b", false),
            ("a\"b", false),
            (&"x".repeat(64), true),
            (&"x".repeat(65), false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(HEADER, given.parse().unwrap());
            assert_eq!(ids.of(&headers).as_str() == given, taken, "{given}");
        }
        assert_ne!(ids.of(&HeaderMap::new()), ids.of(&HeaderMap::new()));
    }
}
