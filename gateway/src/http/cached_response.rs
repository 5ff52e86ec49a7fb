//! Responses with a body that depends on the generation only: rendered once, compressed, and not
//! sent to a client that has it.

use bytes::Bytes;
use poem::{
    Response,
    http::{HeaderMap, HeaderValue, header},
};

use super::{
    compression::ContentEncoding,
    etag::{ETag, IfNoneMatch, not_modified},
};
use crate::pipeline::{CacheKey, Pipeline};

/// How a response can be reused.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Caching {
    /// Not at all.
    None,
    /// By a client that has it, as long as its `ETag` remains the same.
    Validator(CacheKey),
    /// Also for other clients, since many request it; in each content coding that they request.
    Stored(CacheKey),
}

/// A rendered body as a response; 304 without a body if the client has it.
///
/// # Errors
/// The error of `render`.
pub(crate) async fn respond<E>(
    pipeline: &Pipeline,
    request_headers: &HeaderMap,
    (caching, media_type): (Caching, &'static str),
    render: impl Future<Output = Result<Bytes, E>>,
) -> Result<Response, E> {
    let encoding = ContentEncoding::negotiate(request_headers);
    let if_none_match = IfNoneMatch::parse(request_headers);
    let etag = match caching {
        Caching::None => None,
        Caching::Validator(key) | Caching::Stored(key) => {
            Some(ETag::new(key, encoding.etag_suffix()))
        }
    };
    let response = |body: Bytes| {
        let mut response = Response::builder()
            .content_type(media_type)
            .header(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"))
            .body(body);
        encoding.set_headers(response.headers_mut());
        if let Some(etag) = &etag {
            etag.set_header(response.headers_mut());
        }
        response
    };
    // A body that the client has is not rendered: only an existing one has this `ETag`.
    if etag.as_ref().is_some_and(|etag| if_none_match.matches(etag)) {
        return Ok(not_modified(response(Bytes::new())));
    }
    let body = match caching {
        Caching::None | Caching::Validator(_) => encoding.encode_off_runtime(render.await?).await,
        Caching::Stored(key) if encoding == ContentEncoding::Identity => {
            pipeline.cached_body(key, render).await?
        }
        Caching::Stored(key) => {
            let encoded = async {
                let body = pipeline.cached_body(key, render).await?;
                Ok(encoding.encode_off_runtime(body).await)
            };
            pipeline.cached_body(key.variant(encoding.etag_suffix()), encoded).await?
        }
    };
    if etag.as_ref().is_some_and(|etag| if_none_match.matches_existing(etag)) {
        return Ok(not_modified(response(Bytes::new())));
    }
    Ok(response(body))
}
