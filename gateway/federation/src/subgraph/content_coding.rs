//! Decodes compressed responses, up to a maximum length. An end before the end of the compressed
//! data is an error.

use std::io::{self, Read};

use bytes::Bytes;
use flate2::bufread::MultiGzDecoder;
use hyper::header::{self, HeaderMap};

use super::FetchError;
use crate::error::cause;

/// Content codings that requests accept.
pub(super) const ACCEPT_ENCODING: &str = "br, gzip";

/// Size of the buffer of the brotli decoder, in bytes.
const BROTLI_BUFFER_BYTES: usize = 4 << 10;

/// Coding of a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ContentCoding {
    Identity,
    Gzip,
    Brotli,
}

impl ContentCoding {
    /// The coding that a response declares.
    ///
    /// # Errors
    /// [`FetchError::MalformedResponse`] if it is unknown, or there are several.
    pub(super) fn of(headers: &HeaderMap) -> Result<Self, FetchError> {
        if !headers.contains_key(header::CONTENT_ENCODING) {
            return Ok(Self::Identity);
        }
        let values = headers.get_all(header::CONTENT_ENCODING).iter();
        let texts = values.map(|value| String::from_utf8_lossy(value.as_bytes()));
        let declared: Vec<_> = texts.collect();
        let declared = declared.join(", ").to_ascii_lowercase();
        let codings = declared.split(',').map(str::trim);
        let codings: Vec<_> =
            codings.filter(|coding| !matches!(*coding, "" | "identity")).collect();
        match codings[..] {
            [] => Ok(Self::Identity),
            ["gzip" | "x-gzip"] => Ok(Self::Gzip),
            ["br"] => Ok(Self::Brotli),
            _ => {
                let codings = codings.join(", ");
                let message = format!("unsupported content coding; use gzip or br: `{codings}`");
                Err(FetchError::MalformedResponse(cause(message)))
            }
        }
    }

    /// Decodes a body to at most `bytes_max` bytes, on a thread of its own, since a few bytes can
    /// contain a long text. Memory: at most twice that.
    ///
    /// # Errors
    /// [`FetchError`] if the body is too large, incomplete or invalid.
    pub(super) async fn decode(self, body: Bytes, bytes_max: usize) -> Result<Bytes, FetchError> {
        // A response without content, such as that of a proxy, has nothing to decode.
        if self == Self::Identity || body.is_empty() {
            return Ok(body);
        }
        let decoding = tokio::task::spawn_blocking(move || match self {
            Self::Identity => Ok(body),
            Self::Gzip => read_all(MultiGzDecoder::new(&*body), bytes_max),
            Self::Brotli => {
                read_all(brotli::Decompressor::new(&*body, BROTLI_BUFFER_BYTES), bytes_max)
            }
        });
        decoding.await.unwrap_or_else(|error| Err(FetchError::MalformedResponse(cause(error))))
    }
}

fn read_all(reader: impl Read, bytes_max: usize) -> Result<Bytes, FetchError> {
    let mut output = Vec::new();
    let limit = (bytes_max as u64).saturating_add(1);
    reader.take(limit).read_to_end(&mut output).map_err(|error| {
        let invalid = || cause(format!("invalid compressed data: {error}"));
        FetchError::MalformedResponse(match error.kind() {
            io::ErrorKind::UnexpectedEof => cause("compressed data end early"),
            _ => invalid(),
        })
    })?;
    if output.len() > bytes_max {
        return Err(FetchError::ResponseTooLarge(bytes_max));
    }
    Ok(output.into())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};
    use hyper::header::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn compressed(coding: ContentCoding, bytes: &[u8]) -> Bytes {
        let compressed = match coding {
            ContentCoding::Identity => bytes.to_vec(),
            ContentCoding::Gzip => {
                let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
                encoder.write_all(bytes).unwrap();
                encoder.finish().unwrap()
            }
            ContentCoding::Brotli => {
                let mut encoder = brotli::CompressorWriter::new(Vec::new(), 4_096, 5, 22);
                encoder.write_all(bytes).unwrap();
                encoder.into_inner()
            }
        };
        compressed.into()
    }

    fn decoded(coding: ContentCoding, body: Bytes, bytes_max: usize) -> Result<Bytes, FetchError> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(coding.decode(body, bytes_max))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(8))]

        #[test]
        fn a_body_must_be_restored_and_every_early_end_be_an_error(
            body in prop::collection::vec(0_u8..8, 1..200)
        ) {
            for coding in [ContentCoding::Gzip, ContentCoding::Brotli] {
                let whole = compressed(coding, &body);
                prop_assert_eq!(&decoded(coding, whole.clone(), 200).unwrap()[..], &body[..]);
                for end in 1..whole.len() {
                    prop_assert!(decoded(coding, whole.slice(..end), 200).is_err());
                }
            }
        }
    }

    #[test]
    fn the_limit_must_be_exact() {
        let body = vec![b'a'; 200_000];
        for coding in [ContentCoding::Gzip, ContentCoding::Brotli] {
            let small = compressed(coding, &body);
            assert_eq!(decoded(coding, small.clone(), 200_000).unwrap().len(), 200_000);
            let error = decoded(coding, small, 199_999).unwrap_err();
            assert!(matches!(error, FetchError::ResponseTooLarge(199_999)), "{error}");
        }
    }

    #[test]
    fn one_known_coding_must_be_accepted_in_any_case() {
        let of = |values: &[&'static str]| {
            let values = values.iter().map(|value| HeaderValue::from_static(value));
            let headers = values.map(|value| (header::CONTENT_ENCODING, value)).collect();
            ContentCoding::of(&headers).map_err(|error| crate::error::with_causes(&error))
        };
        for values in [&[][..], &[""], &["identity"], &["Identity", "identity"]] {
            assert_eq!(of(values), Ok(ContentCoding::Identity), "{values:?}");
        }
        for values in [&["gzip"][..], &["X-GZip"], &["identity, gzip"], &["gzip", "identity"]] {
            assert_eq!(of(values), Ok(ContentCoding::Gzip), "{values:?}");
        }
        assert_eq!(of(&["BR"]), Ok(ContentCoding::Brotli));
        for values in [&["zstd"][..], &["gzip, br"], &["gzip", "gzip"], &["deflate"]] {
            let error = of(values).unwrap_err();
            assert!(error.contains("use gzip or br") && error.contains(values[0]), "{error}");
        }
    }
}
