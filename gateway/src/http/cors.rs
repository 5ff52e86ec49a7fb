//! Cross-origin resource sharing (CORS): which other sites may read responses.
//!
//! Credentials that browsers add themselves are never allowed, so a page can only read what any
//! program with the same token could fetch.

use poem::{
    Endpoint, IntoResponse, Request, Response, Result,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
};

use crate::{config::CorsOrigins as AllowedOrigins, partners::allows};

/// Allowed methods of cross-origin requests.
const ALLOWED_METHODS: HeaderValue = HeaderValue::from_static("GET, POST");
/// Allowed request headers, in addition to the CORS-safelisted ones.
const ALLOWED_HEADERS: HeaderValue = HeaderValue::from_static(
    "authorization, content-type, x-api-key, x-request-id, apollo-require-preflight, traceparent, \
     mcp-protocol-version, mcp-method, mcp-name",
);
/// Exposed response headers, in addition to the CORS-safelisted ones.
const EXPOSED_HEADERS: HeaderValue =
    HeaderValue::from_static("etag, retry-after, www-authenticate, x-request-id");
/// Seconds for which a browser can cache a preflight response.
const MAX_AGE: HeaderValue = HeaderValue::from_static("3600");

/// Responds to preflight requests, and adds CORS headers to responses.
pub(crate) struct CorsEndpoint<E> {
    inner: E,
    allowed: AllowedOrigins,
}

impl<E> CorsEndpoint<E> {
    pub(crate) const fn new(inner: E, allowed: AllowedOrigins) -> Self {
        Self { inner, allowed }
    }

    /// The value of `access-control-allow-origin` for `origin`, if it is allowed.
    fn allow_origin(&self, origin: &HeaderValue) -> Option<HeaderValue> {
        match &self.allowed {
            AllowedOrigins::Any => Some(HeaderValue::from_static("*")),
            AllowedOrigins::List(_) => is_allowed(&self.allowed, origin).then(|| origin.clone()),
        }
    }

    fn is_off(&self) -> bool {
        matches!(&self.allowed, AllowedOrigins::List(origins) if origins.is_empty())
    }
}

impl<E: Endpoint> Endpoint for CorsEndpoint<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        if self.is_off() {
            return Ok(self.inner.call(request).await?.into_response());
        }
        let origin = request.headers().get(header::ORIGIN).cloned();
        let allow_origin = origin.and_then(|origin| self.allow_origin(&origin));
        let is_preflight = *request.method() == Method::OPTIONS
            && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
        let mut response = if is_preflight {
            Response::builder().status(StatusCode::NO_CONTENT).finish()
        } else {
            self.inner.call(request).await?.into_response()
        };
        let headers = response.headers_mut();
        // A response cached for one origin must not be reused for another.
        headers.append(header::VARY, HeaderValue::from_static("origin"));
        if let Some(allow_origin) = allow_origin {
            set_cors_headers(headers, allow_origin, is_preflight);
        }
        Ok(response)
    }
}

/// Whether pages of an origin may read responses.
pub(crate) fn is_allowed(allowed: &AllowedOrigins, origin: &HeaderValue) -> bool {
    match allowed {
        AllowedOrigins::Any => true,
        AllowedOrigins::List(origins) => {
            origins.iter().any(|allowed| allows(allowed, origin.as_bytes()))
        }
    }
}

/// Allows a page to read a response, or to send the request that follows a preflight.
pub(super) fn set_cors_headers(
    headers: &mut HeaderMap,
    allow_origin: HeaderValue,
    is_preflight: bool,
) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, allow_origin);
    if is_preflight {
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, ALLOWED_METHODS);
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, ALLOWED_HEADERS);
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE);
    } else {
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED_HEADERS);
    }
}
