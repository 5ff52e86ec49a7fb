//! Reads bodies completely, within limits on time and bytes.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::{
    Response,
    body::{Body, Incoming},
    header::HeaderMap,
};
use url::Url;

use super::{
    config::HttpLimits,
    counters::HttpCounters,
    decompress::{ContentCoding, DecompressError, decompress},
    error::{HttpError, HttpPhase, SizeLimit},
};

/// Maximum length of the body of an error, as sent and decompressed, in bytes.
const ERROR_BODY_BYTES_MAX: usize = 64 << 10;
/// Timeout for the body of an error.
const ERROR_BODY_TIMEOUT: Duration = Duration::from_secs(2);

/// Reads and decompresses the body of a response.
///
/// # Errors
/// If it is too large, too slow or incomplete, or cannot be decompressed.
pub(super) async fn read(
    url: &Url,
    response: Response<Incoming>,
    limits: &HttpLimits,
    counters: &HttpCounters,
) -> Result<(HeaderMap, Bytes), HttpError> {
    let (head, body) = response.into_parts();
    let coding = ContentCoding::of_response(&head.headers)
        .map_err(|encoding| HttpError::ContentEncoding { url: url.to_string(), encoding })?;
    let limit = limits.body_timeout;
    let wire = tokio::time::timeout(limit, read_wire(url, body, limits.wire_bytes_max, counters))
        .await
        .unwrap_or_else(|_elapsed| {
            Err(HttpError::TimedOut { url: url.to_string(), phase: HttpPhase::Body, limit })
        })?;
    let bytes_max = limits.body_bytes_max;
    let body = decode(url, coding, wire, bytes_max).await?;
    Ok((head.headers, body))
}

/// Reads the body of an error, so that its connection can be used again. It is empty if it cannot
/// be read within the limits for errors.
pub(super) async fn read_error(
    url: &Url,
    response: Response<Incoming>,
    limits: &HttpLimits,
    counters: &HttpCounters,
) -> (HeaderMap, Bytes) {
    let headers = response.headers().clone();
    let limits = HttpLimits {
        body_timeout: limits.body_timeout.min(ERROR_BODY_TIMEOUT),
        wire_bytes_max: limits.wire_bytes_max.min(ERROR_BODY_BYTES_MAX),
        body_bytes_max: limits.body_bytes_max.min(ERROR_BODY_BYTES_MAX),
        ..*limits
    };
    let body = read(url, response, &limits, counters).await;
    (headers, body.map(|(_, body)| body).unwrap_or_default())
}

/// Reads a body as sent.
async fn read_wire(
    url: &Url,
    mut body: Incoming,
    bytes_max: usize,
    counters: &HttpCounters,
) -> Result<Bytes, HttpError> {
    let too_large =
        || HttpError::TooLarge { url: url.to_string(), part: SizeLimit::Wire, bytes_max };
    // A declared length that is too large is rejected before any of it is read.
    if body.size_hint().lower() > bytes_max as u64 {
        return Err(too_large());
    }
    let mut wire = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame
            .map_err(|cause| HttpError::Truncated { url: url.to_string(), cause: cause.into() })?;
        let Ok(data) = frame.into_data() else { continue };
        counters.count_bytes(data.len());
        if wire.len() + data.len() > bytes_max {
            return Err(too_large());
        }
        wire.extend_from_slice(&data);
    }
    Ok(wire.freeze())
}

/// Decompresses on a thread of its own, since a few bytes can contain a long body.
async fn decode(
    url: &Url,
    coding: ContentCoding,
    wire: Bytes,
    bytes_max: usize,
) -> Result<Bytes, HttpError> {
    let url = || url.to_string();
    let too_large = || HttpError::TooLarge { url: url(), part: SizeLimit::Body, bytes_max };
    if coding == ContentCoding::Identity {
        return if wire.len() > bytes_max { Err(too_large()) } else { Ok(wire) };
    }
    let task = tokio::task::spawn_blocking(move || decompress(coding, &wire, bytes_max));
    match task.await {
        Ok(Ok(body)) => Ok(body.into()),
        Ok(Err(DecompressError::TooLarge)) => Err(too_large()),
        Ok(Err(cause @ DecompressError::Truncated)) => {
            Err(HttpError::Truncated { url: url(), cause: cause.into() })
        }
        Ok(Err(cause)) => Err(HttpError::Decompression { url: url(), cause: cause.into() }),
        // The decoder panicked, or the runtime is shutting down.
        Err(cause) => Err(HttpError::Decompression { url: url(), cause: cause.into() }),
    }
}
