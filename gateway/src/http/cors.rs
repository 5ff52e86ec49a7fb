//! Cross-origin resource sharing (CORS): which other sites may read responses.
//!
//! Credentials that browsers add themselves are never allowed, so a page can only read what any
//! program with the same token could fetch.

use poem::{
    Endpoint, IntoResponse, Request, Response, Result,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
};

use crate::{
    config::{Config, CorsOrigins as AllowedOrigins},
    partners::allows,
};

/// Allowed methods of cross-origin requests.
const ALLOWED_METHODS: HeaderValue = HeaderValue::from_static("GET, POST");
/// Request headers that clients of our interfaces send, in addition to the CORS-safelisted ones;
/// `accept` and `accept-language` are safelisted only with short and simple values.
const ALLOWED_HEADERS: [&str; 15] = [
    "authorization",
    "content-type",
    "x-api-key",
    "x-request-id",
    "accept",
    "accept-language",
    "apollo-require-preflight",
    "x-apollo-operation-name",
    "if-none-match",
    "cache-control",
    "traceparent",
    "tracestate",
    "mcp-protocol-version",
    "mcp-method",
    "mcp-name",
];
/// Exposed response headers, in addition to the CORS-safelisted ones.
const EXPOSED_HEADERS: HeaderValue = HeaderValue::from_static(
    "etag, retry-after, www-authenticate, x-request-id, api-version, generation, changes-after, \
     location",
);
/// Seconds for which a browser can cache a preflight response.
const MAX_AGE: HeaderValue = HeaderValue::from_static("3600");

/// The headers that pages of other sites may send: those of our interfaces, and those that the
/// operator forwards to subgraphs.
pub(super) fn allowed_headers(config: &Config) -> HeaderValue {
    let forwarded = config.forwarded_headers();
    let forwarded = forwarded.iter().map(HeaderName::as_str);
    let forwarded = forwarded.filter(|name| !ALLOWED_HEADERS.contains(name));
    let names: Vec<_> = ALLOWED_HEADERS.into_iter().chain(forwarded).collect();
    HeaderValue::from_str(&names.join(", ")).expect("names of headers are ASCII")
}

/// Responds to preflight requests, and adds CORS headers to responses.
pub(crate) struct CorsEndpoint<E> {
    inner: E,
    allowed: AllowedOrigins,
    allowed_headers: HeaderValue,
}

impl<E> CorsEndpoint<E> {
    pub(crate) fn new(inner: E, config: &Config) -> Self {
        Self { inner, allowed: config.cors.clone(), allowed_headers: allowed_headers(config) }
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
        let preflight = is_preflight.then_some(&self.allowed_headers);
        let mut response = if is_preflight {
            Response::builder().status(StatusCode::NO_CONTENT).finish()
        } else {
            self.inner.call(request).await?.into_response()
        };
        let headers = response.headers_mut();
        // A response cached for one origin must not be reused for another.
        headers.append(header::VARY, HeaderValue::from_static("origin"));
        if let Some(allow_origin) = allow_origin {
            set_cors_headers(headers, allow_origin, preflight);
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

/// Allows a page to read a response, or to send the request that follows a `preflight` with the
/// given headers.
pub(super) fn set_cors_headers(
    headers: &mut HeaderMap,
    allow_origin: HeaderValue,
    preflight: Option<&HeaderValue>,
) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, allow_origin);
    if let Some(allowed) = preflight {
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, ALLOWED_METHODS);
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, allowed.clone());
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE);
    } else {
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED_HEADERS);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manual_must_list_the_allowed_headers() {
        let manual = include_str!("../../docs/graphql.md");
        let (_, list) = manual.split_once("Such pages may send the headers").unwrap();
        let (list, _) = list.split_once(", and those that the operator").unwrap();
        let listed: Vec<&str> = list.split('`').skip(1).step_by(2).collect();
        let mut allowed = ALLOWED_HEADERS;
        allowed.sort_unstable();
        assert_eq!(listed, allowed);
    }
}
