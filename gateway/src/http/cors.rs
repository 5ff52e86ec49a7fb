//! Cross-origin resource sharing: which pages of other sites a browser lets read our answers.
//!
//! Credentials that a browser adds by itself are never allowed, so an answer holds nothing that the page
//! could not fetch by a program of its own, with a token that it has.

use poem::{
    Endpoint, IntoResponse, Request, Response, Result,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
};

use crate::config::Cors as Allowed;

/// What pages of other sites may send.
const METHODS: HeaderValue = HeaderValue::from_static("GET, POST");
/// Headers that they may set besides those that every page may.
const HEADERS: HeaderValue = HeaderValue::from_static(
    "authorization, content-type, x-request-id, apollo-require-preflight, traceparent",
);
/// Headers of an answer that they may read besides those that every page may.
const EXPOSED: HeaderValue =
    HeaderValue::from_static("etag, retry-after, www-authenticate, x-request-id");
/// Seconds for which a browser need not ask again.
const MAX_AGE: HeaderValue = HeaderValue::from_static("3600");

/// Answers browsers that ask for permission, and tells which answers may be read.
pub(super) struct Cors<E> {
    inner: E,
    allowed: Allowed,
}

impl<E> Cors<E> {
    pub(super) const fn new(inner: E, allowed: Allowed) -> Self {
        Self { inner, allowed }
    }

    /// What is told to a page of `origin` that may read answers.
    fn allowance(&self, origin: &HeaderValue) -> Option<HeaderValue> {
        match &self.allowed {
            Allowed::Anywhere => Some(HeaderValue::from_static("*")),
            Allowed::Only(origins) => {
                let known = origins.iter().any(|known| known.as_bytes() == origin.as_bytes());
                known.then(|| origin.clone())
            }
        }
    }

    fn is_off(&self) -> bool {
        matches!(&self.allowed, Allowed::Only(origins) if origins.is_empty())
    }
}

impl<E: Endpoint> Endpoint for Cors<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        if self.is_off() {
            return Ok(self.inner.call(request).await?.into_response());
        }
        let origin = request.headers().get(header::ORIGIN).cloned();
        let allowance = origin.and_then(|origin| self.allowance(&origin));
        let asks_first = *request.method() == Method::OPTIONS
            && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
        let mut response = if asks_first {
            Response::builder().status(StatusCode::NO_CONTENT).finish()
        } else {
            self.inner.call(request).await?.into_response()
        };
        let headers = response.headers_mut();
        // An answer that was kept for one origin must not be given to another.
        headers.append(header::VARY, HeaderValue::from_static("origin"));
        if let Some(allowance) = allowance {
            allow(headers, allowance, asks_first);
        }
        Ok(response)
    }
}

fn allow(headers: &mut HeaderMap, allowance: HeaderValue, asks_first: bool) {
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, allowance);
    if asks_first {
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, HEADERS);
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, MAX_AGE);
    } else {
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    }
}
