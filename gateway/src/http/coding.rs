//! Content codings: brotli, gzip, or none.

use std::io::Write;

use flate2::{Compression, write::GzEncoder};
use poem::http::{HeaderMap, HeaderValue, header};

/// The buffer of an encoder is at least so large.
const BUFFER_BYTES_MIN: usize = 512;
/// Brotli's quality: within a millisecond for a page, a tenth smaller than gzip.
const BROTLI_QUALITY: u32 = 4;
/// The window of brotli: 2^18 bytes hold any page.
const BROTLI_WINDOW: u32 = 18;

/// How the bytes of an answer are coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    Brotli,
    Gzip,
    Identity,
}

impl Coding {
    /// The best of those that a client takes.
    pub(super) fn accepted(headers: &HeaderMap) -> Self {
        let values = headers.get_all(header::ACCEPT_ENCODING).iter();
        let text: Vec<_> = values.filter_map(|value| value.to_str().ok()).collect();
        let takes = |name: &str| {
            text.iter().flat_map(|value| value.split(',')).any(|one| {
                let mut parts = one.split(';').map(str::trim);
                let named = parts.next().is_some_and(|word| word.eq_ignore_ascii_case(name));
                let quality = parts.find_map(|part| part.strip_prefix("q="));
                named && quality.is_none_or(|quality| quality.parse().is_ok_and(|q: f32| q > 0.0))
            })
        };
        if takes("br") {
            Self::Brotli
        } else if takes("gzip") {
            Self::Gzip
        } else {
            Self::Identity
        }
    }

    /// What it adds to a validator, since a validator names one form of an answer.
    pub(super) const fn tag(self) -> &'static str {
        match self {
            Self::Brotli => "-br",
            Self::Gzip => "-gzip",
            Self::Identity => "",
        }
    }

    /// The bytes in this coding.
    pub(super) fn encode(self, bytes: Vec<u8>) -> Vec<u8> {
        const ROOM: &str = "memory takes what is written";
        match self {
            Self::Identity => bytes,
            Self::Gzip => {
                let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
                encoder.write_all(&bytes).expect(ROOM);
                encoder.finish().expect(ROOM)
            }
            Self::Brotli => {
                let mut small = Vec::with_capacity(bytes.len() / 3);
                let mut encoder = brotli::CompressorWriter::new(
                    &mut small,
                    bytes.len().max(BUFFER_BYTES_MIN),
                    BROTLI_QUALITY,
                    BROTLI_WINDOW,
                );
                encoder.write_all(&bytes).expect(ROOM);
                drop(encoder);
                small
            }
        }
    }

    /// Says in which coding an answer is.
    pub(super) fn tell(self, headers: &mut HeaderMap) {
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        let name = match self {
            Self::Brotli => "br",
            Self::Gzip => "gzip",
            Self::Identity => return,
        };
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(name));
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn the_best_coding_that_a_client_takes_must_be_chosen() {
        for (accept, coding) in [
            ("gzip, deflate, br", Coding::Brotli),
            ("gzip", Coding::Gzip),
            ("br;q=0, gzip;q=0.5", Coding::Gzip),
            ("deflate, *;q=0.1", Coding::Identity),
            ("", Coding::Identity),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, accept.parse().unwrap());
            assert_eq!(Coding::accepted(&headers), coding, "{accept}");
        }
    }

    #[test]
    fn what_is_coded_must_be_the_same_once_decoded() {
        let text = "klantreis ".repeat(500).into_bytes();
        let mut decoded = Vec::new();
        let coded = Coding::Brotli.encode(text.clone());
        assert!(coded.len() < text.len() / 10);
        brotli::Decompressor::new(&coded[..], 4_096).read_to_end(&mut decoded).unwrap();
        assert_eq!(decoded, text);
        decoded.clear();
        let coded = Coding::Gzip.encode(text.clone());
        flate2::read::GzDecoder::new(&coded[..]).read_to_end(&mut decoded).unwrap();
        assert_eq!(decoded, text);
    }
}
