//! Decompression of complete bodies, up to a maximum length. An end before the end of the
//! compressed data is an error.

use std::io::{self, Read};

use flate2::{Decompress, FlushDecompress, Status, bufread::MultiGzDecoder};
use hyper::header::{self, HeaderMap};

/// Content codings that requests accept.
pub(super) const ACCEPT_ENCODING: &str = "gzip, deflate, br";

/// Size of the buffer of the brotli decoder, in bytes.
const BROTLI_BUFFER_BYTES: usize = 4 << 10;
/// Size by which the output of `deflate` grows, in bytes.
const OUTPUT_STEP_BYTES: usize = 64 << 10;

/// The coding of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ContentCoding {
    Identity,
    Gzip,
    /// With the header of zlib, as the standard requires, or without it.
    Deflate,
    Brotli,
}

impl ContentCoding {
    /// The coding that a response declares, or the text of one that is not supported.
    pub(super) fn of_response(headers: &HeaderMap) -> Result<Self, String> {
        let mut coding = Self::Identity;
        for value in headers.get_all(header::CONTENT_ENCODING) {
            let text = String::from_utf8_lossy(value.as_bytes()).trim().to_ascii_lowercase();
            coding = match (coding, text.as_str()) {
                (_, "" | "identity") => coding,
                (Self::Identity, "gzip" | "x-gzip") => Self::Gzip,
                (Self::Identity, "deflate") => Self::Deflate,
                (Self::Identity, "br") => Self::Brotli,
                _ => return Err(text),
            };
        }
        Ok(coding)
    }
}

/// Why a body cannot be decompressed.
#[derive(Debug, thiserror::Error)]
pub(super) enum DecompressError {
    /// The result is longer than allowed.
    #[error("decompressed body is too large")]
    TooLarge,
    /// The compressed data end early.
    #[error("compressed data end early")]
    Truncated,
    /// The compressed data are invalid.
    #[error("compressed data are invalid")]
    Invalid(#[source] io::Error),
}

/// Decompresses `bytes` to at most `bytes_max` bytes. Allocates at most twice that.
pub(super) fn decompress(
    coding: ContentCoding,
    bytes: &[u8],
    bytes_max: usize,
) -> Result<Vec<u8>, DecompressError> {
    match coding {
        ContentCoding::Identity => Ok(bytes.to_vec()),
        ContentCoding::Gzip => read_all(MultiGzDecoder::new(bytes), bytes_max),
        ContentCoding::Deflate => inflate(bytes, bytes_max),
        ContentCoding::Brotli => {
            read_all(brotli::Decompressor::new(bytes, BROTLI_BUFFER_BYTES), bytes_max)
        }
    }
}

fn read_all(reader: impl Read, bytes_max: usize) -> Result<Vec<u8>, DecompressError> {
    let mut output = Vec::new();
    let limit = (bytes_max as u64).saturating_add(1);
    reader.take(limit).read_to_end(&mut output).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => DecompressError::Truncated,
        _ => DecompressError::Invalid(error),
    })?;
    if output.len() > bytes_max { Err(DecompressError::TooLarge) } else { Ok(output) }
}

/// Decompresses `deflate`. The decoders of flate2 that implement `Read` do not report an early end.
fn inflate(bytes: &[u8], bytes_max: usize) -> Result<Vec<u8>, DecompressError> {
    let mut decoder = Decompress::new(has_zlib_header(bytes));
    let mut output = Vec::new();
    loop {
        if output.len() > bytes_max {
            return Err(DecompressError::TooLarge);
        }
        output.reserve(OUTPUT_STEP_BYTES);
        let (read, written) = (decoder.total_in(), decoder.total_out());
        let rest = usize::try_from(read).ok().and_then(|read| bytes.get(read..)).unwrap_or(&[]);
        let status = decoder
            .decompress_vec(rest, &mut output, FlushDecompress::None)
            .map_err(|error| DecompressError::Invalid(error.into()))?;
        let has_progress = (decoder.total_in(), decoder.total_out()) != (read, written);
        match status {
            Status::StreamEnd if output.len() > bytes_max => return Err(DecompressError::TooLarge),
            Status::StreamEnd => return Ok(output),
            Status::Ok | Status::BufError if has_progress => {}
            Status::Ok | Status::BufError => return Err(DecompressError::Truncated),
        }
    }
}

/// Whether data start with the header of zlib (RFC 1950, section 2.2).
fn has_zlib_header(bytes: &[u8]) -> bool {
    matches!(bytes, [method, flags, ..]
        if method & 0x0f == 8 && u16::from_be_bytes([*method, *flags]) % 31 == 0)
}

#[cfg(test)]
mod unit_tests {
    use std::io::Write;

    use flate2::{
        Compression,
        write::{DeflateEncoder, GzEncoder, ZlibEncoder},
    };
    use hyper::header::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    const ALL: [ContentCoding; 3] =
        [ContentCoding::Gzip, ContentCoding::Deflate, ContentCoding::Brotli];

    fn compress(coding: ContentCoding, bytes: &[u8]) -> Vec<u8> {
        let level = Compression::default();
        match coding {
            ContentCoding::Identity => bytes.to_vec(),
            ContentCoding::Gzip => {
                let mut encoder = GzEncoder::new(Vec::new(), level);
                encoder.write_all(bytes).unwrap();
                encoder.finish().unwrap()
            }
            ContentCoding::Deflate => {
                let mut encoder = ZlibEncoder::new(Vec::new(), level);
                encoder.write_all(bytes).unwrap();
                encoder.finish().unwrap()
            }
            ContentCoding::Brotli => {
                let mut encoder = brotli::CompressorWriter::new(Vec::new(), 4_096, 5, 22);
                encoder.write_all(bytes).unwrap();
                encoder.into_inner()
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn a_compressed_body_must_be_restored_and_every_early_end_be_an_error(
            body in prop::collection::vec(0_u8..8, 0..400)
        ) {
            for coding in ALL {
                let compressed = compress(coding, &body);
                prop_assert_eq!(&decompress(coding, &compressed, 400).unwrap(), &body);
                for end in 0..compressed.len() {
                    let result = decompress(coding, &compressed[..end], 400);
                    prop_assert!(result.is_err(), "{:?} {}/{}", coding, end, compressed.len());
                }
            }
        }

        #[test]
        fn invalid_data_must_not_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            for coding in ALL {
                let _ = decompress(coding, &bytes, 1_000);
            }
        }
    }

    #[test]
    fn the_limit_must_be_exact() {
        let body = vec![b'a'; 200_000];
        for coding in ALL {
            let compressed = compress(coding, &body);
            assert_eq!(decompress(coding, &compressed, body.len()).unwrap(), body);
            for bytes_max in [body.len() - 1, 1, 0] {
                let error = decompress(coding, &compressed, bytes_max).unwrap_err();
                assert!(matches!(error, DecompressError::TooLarge), "{coding:?}: {error}");
            }
        }
    }

    #[test]
    fn deflate_without_a_header_and_gzip_in_two_members_must_be_read() {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(b"raw deflate").unwrap();
        let raw = encoder.finish().unwrap();
        assert_eq!(decompress(ContentCoding::Deflate, &raw, 99).unwrap(), b"raw deflate");
        let members = [&b"one "[..], b"two"].map(|bytes| compress(ContentCoding::Gzip, bytes));
        let members = members.concat();
        assert_eq!(decompress(ContentCoding::Gzip, &members, 99).unwrap(), b"one two");
    }

    #[test]
    fn only_single_known_codings_must_be_accepted() {
        let coding = |values: &[&'static str]| {
            let headers = values
                .iter()
                .map(|value| (header::CONTENT_ENCODING, HeaderValue::from_static(value)));
            ContentCoding::of_response(&headers.collect())
        };
        assert_eq!(coding(&[]), Ok(ContentCoding::Identity));
        assert_eq!(coding(&["identity"]), Ok(ContentCoding::Identity));
        assert_eq!(coding(&["X-GZIP"]), Ok(ContentCoding::Gzip));
        assert_eq!(coding(&["br"]), Ok(ContentCoding::Brotli));
        assert_eq!(coding(&["zstd"]), Err("zstd".into()));
        assert_eq!(coding(&["gzip, br"]), Err("gzip, br".into()));
    }
}
