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
pub(crate) enum ContentEncoding {
    Brotli,
    Gzip,
    Identity,
}

impl ContentEncoding {
    /// The best of those that a client takes.
    pub(crate) fn negotiate(headers: &HeaderMap) -> Self {
        let values = headers.get_all(header::ACCEPT_ENCODING).iter();
        let text: Vec<_> = values.filter_map(|value| value.to_str().ok()).collect();
        let accepts = |name: &str| {
            text.iter().flat_map(|value| value.split(',')).any(|one| {
                let mut fields = one.split(';').map(str::trim);
                let matches_name =
                    fields.next().is_some_and(|word| word.eq_ignore_ascii_case(name));
                let quality = fields.find_map(|parameter| parameter.strip_prefix("q="));
                matches_name
                    && quality.is_none_or(|quality| quality.parse().is_ok_and(|q: f32| q > 0.0))
            })
        };
        if accepts("br") {
            Self::Brotli
        } else if accepts("gzip") {
            Self::Gzip
        } else {
            Self::Identity
        }
    }

    /// What it adds to a validator, since a validator names one form of an answer.
    pub(crate) const fn etag_suffix(self) -> &'static str {
        match self {
            Self::Brotli => "-br",
            Self::Gzip => "-gzip",
            Self::Identity => "",
        }
    }

    /// The bytes in this coding.
    pub(crate) fn encode(self, bytes: Vec<u8>) -> Vec<u8> {
        const INFALLIBLE: &str = "writing to a `Vec` cannot fail";
        match self {
            Self::Identity => bytes,
            Self::Gzip => {
                let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
                encoder.write_all(&bytes).expect(INFALLIBLE);
                encoder.finish().expect(INFALLIBLE)
            }
            Self::Brotli => {
                let mut compressed = Vec::with_capacity(bytes.len() / 3);
                let mut encoder = brotli::CompressorWriter::new(
                    &mut compressed,
                    bytes.len().max(BUFFER_BYTES_MIN),
                    BROTLI_QUALITY,
                    BROTLI_WINDOW,
                );
                encoder.write_all(&bytes).expect(INFALLIBLE);
                drop(encoder);
                compressed
            }
        }
    }

    /// Says in which coding an answer is.
    pub(crate) fn set_headers(self, headers: &mut HeaderMap) {
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
    fn the_best_encoding_that_a_client_accepts_must_be_chosen() {
        for (accept, encoding) in [
            ("gzip, deflate, br", ContentEncoding::Brotli),
            ("gzip", ContentEncoding::Gzip),
            ("br;q=0, gzip;q=0.5", ContentEncoding::Gzip),
            ("deflate, *;q=0.1", ContentEncoding::Identity),
            ("", ContentEncoding::Identity),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, accept.parse().unwrap());
            assert_eq!(ContentEncoding::negotiate(&headers), encoding, "{accept}");
        }
    }

    #[test]
    fn encoded_bytes_must_decode_to_the_original() {
        let text = "klantreis ".repeat(500).into_bytes();
        let mut decoded = Vec::new();
        let encoded = ContentEncoding::Brotli.encode(text.clone());
        assert!(encoded.len() < text.len() / 10);
        brotli::Decompressor::new(&encoded[..], 4_096).read_to_end(&mut decoded).unwrap();
        assert_eq!(decoded, text);
        decoded.clear();
        let encoded = ContentEncoding::Gzip.encode(text.clone());
        flate2::read::GzDecoder::new(&encoded[..]).read_to_end(&mut decoded).unwrap();
        assert_eq!(decoded, text);
    }
}
