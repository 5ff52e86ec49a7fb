//! Content codings (RFC 9110, section 8.4): brotli, gzip, or none.

use std::io::Write;

use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use poem::http::{HeaderMap, HeaderValue, header};

use super::quality_value;
use crate::blocking;

/// Minimum buffer size of an encoder in bytes.
const BUFFER_BYTES_MIN: usize = 512;
/// Brotli quality: less than a millisecond for a page, a tenth smaller than gzip.
const BROTLI_QUALITY: u32 = 4;
/// Brotli window: 2^18 bytes, more than any page.
const BROTLI_WINDOW: u32 = 18;

/// The content coding of a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ContentEncoding {
    Brotli,
    Gzip,
    Identity,
}

impl ContentEncoding {
    /// The coding with the highest quality in `accept-encoding`; if several are equal, the one with
    /// the smallest result.
    ///
    /// Identity is the last choice unless the header names it. It is also used without a header, or
    /// if the header excludes all codings, as RFC 9110 allows.
    pub(crate) fn negotiate(headers: &HeaderMap) -> Self {
        let members = quality_value::members(headers, &header::ACCEPT_ENCODING);
        let quality_of = |names: &[&str]| {
            let member = members.iter().find(|member| names.contains(&member.name.as_str()));
            member.map(|member| member.quality)
        };
        let any = quality_of(&["*"]);
        let quality = |encoding: &Self| match encoding {
            Self::Brotli => quality_of(&["br"]).or(any).unwrap_or_default(),
            Self::Gzip => quality_of(&["gzip", "x-gzip"]).or(any).unwrap_or_default(),
            Self::Identity => quality_of(&["identity"]).unwrap_or_default(),
        };
        // For equal maxima, `max_by_key` returns the last.
        let encodings = [Self::Gzip, Self::Brotli, Self::Identity].into_iter();
        let accepted = encodings.filter(|encoding| quality(encoding) > 0);
        accepted
            .max_by_key(|encoding| (quality(encoding), *encoding != Self::Identity))
            .unwrap_or(Self::Identity)
    }

    /// Whether a client accepts gzip, with which a body is compressed while it is sent.
    pub(crate) fn accepts_gzip(headers: &HeaderMap) -> bool {
        let members = quality_value::members(headers, &header::ACCEPT_ENCODING);
        let named = |names: &[&str]| members.iter().find(|one| names.contains(&one.name.as_str()));
        named(&["gzip", "x-gzip"]).or_else(|| named(&["*"])).is_some_and(|one| one.quality > 0)
    }

    /// Suffix of entity tags, which differ per representation.
    pub(crate) const fn etag_suffix(self) -> &'static str {
        match self {
            Self::Brotli => "-br",
            Self::Gzip => "-gzip",
            Self::Identity => "",
        }
    }

    /// Encodes bytes with this coding.
    pub(crate) fn encode(self, bytes: &Bytes) -> Bytes {
        const INFALLIBLE: &str = "writing to a `Vec` cannot fail";
        match self {
            Self::Identity => bytes.clone(),
            Self::Gzip => {
                let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
                encoder.write_all(bytes).expect(INFALLIBLE);
                encoder.finish().expect(INFALLIBLE).into()
            }
            Self::Brotli => {
                let mut compressed = Vec::with_capacity(bytes.len() / 3);
                let mut encoder = brotli::CompressorWriter::new(
                    &mut compressed,
                    bytes.len().max(BUFFER_BYTES_MIN),
                    BROTLI_QUALITY,
                    BROTLI_WINDOW,
                );
                encoder.write_all(bytes).expect(INFALLIBLE);
                drop(encoder);
                compressed.into()
            }
        }
    }

    /// The bytes in this coding; long ones do not block the runtime.
    pub(crate) async fn encode_off_runtime(self, bytes: Bytes) -> Bytes {
        match self {
            Self::Identity => bytes,
            Self::Brotli | Self::Gzip => {
                blocking::run(bytes.len(), move || self.encode(&bytes)).await
            }
        }
    }

    /// Sets `content-encoding` and `vary`.
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
    fn gzip_must_only_be_sent_to_a_client_that_accepts_it() {
        for (accepted, expected) in [
            ("gzip", true),
            ("br, *", true),
            ("br, gzip;q=0", false),
            ("gzip;q=0, *", false),
            ("br", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, accepted.parse().unwrap());
            assert_eq!(ContentEncoding::accepts_gzip(&headers), expected, "{accepted}");
        }
    }

    #[test]
    fn the_best_encoding_that_a_client_accepts_must_be_chosen() {
        for (accept, encoding) in [
            ("gzip, deflate, br", ContentEncoding::Brotli),
            ("gzip", ContentEncoding::Gzip),
            ("br;q=0, gzip;q=0.5", ContentEncoding::Gzip),
            ("br;Q=0, gzip;Q=0.5", ContentEncoding::Gzip),
            ("br;q=0.5, gzip", ContentEncoding::Gzip),
            ("BR , gzip", ContentEncoding::Brotli),
            ("x-gzip", ContentEncoding::Gzip),
            ("deflate, *;q=0.1", ContentEncoding::Brotli),
            ("*, br;q=0", ContentEncoding::Gzip),
            ("*;q=0", ContentEncoding::Identity),
            ("deflate", ContentEncoding::Identity),
            ("identity, gzip;q=0.5", ContentEncoding::Identity),
            ("identity;q=0.5, gzip;q=0.5", ContentEncoding::Gzip),
            ("identity;q=0, gzip;q=0.001", ContentEncoding::Gzip),
            ("identity;q=0", ContentEncoding::Identity),
            ("br;q=high, gzip;q=2", ContentEncoding::Identity),
            ("", ContentEncoding::Identity),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT_ENCODING, accept.parse().unwrap());
            assert_eq!(ContentEncoding::negotiate(&headers), encoding, "{accept}");
        }
    }

    #[test]
    fn encoded_bytes_must_decode_to_the_original() {
        let text = Bytes::from("klantreis ".repeat(500));
        let mut decoded = Vec::new();
        let encoded = ContentEncoding::Brotli.encode(&text);
        assert!(encoded.len() < text.len() / 10);
        brotli::Decompressor::new(&encoded[..], 4_096).read_to_end(&mut decoded).unwrap();
        assert_eq!(decoded, text);
        decoded.clear();
        let encoded = ContentEncoding::Gzip.encode(&text);
        flate2::read::GzDecoder::new(&encoded[..]).read_to_end(&mut decoded).unwrap();
        assert_eq!(decoded, text);
    }
}
