//! Around every request: its id, the security headers, and one line in the log.
//!
//! Invariant: the log has no query string, no variables and no full address of a client.

use std::time::Instant;

use ipnet::IpNet;
use poem::{
    Endpoint, IntoResponse, Request, Response, Result,
    http::{HeaderMap, HeaderName, HeaderValue},
};
use tracing::Instrument;

use super::{
    client,
    graphql::Told,
    request_id::{self, RequestIds},
};

/// What every answer says about how a browser may use it.
const SECURITY_HEADERS: [(&str, &str); 3] = [
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
];
/// At most so much of a path or a name is logged.
const LOGGED_BYTES_MAX: usize = 200;

/// Observes the requests to an endpoint.
pub(super) struct Observe<E> {
    inner: E,
    trusted_proxies: Vec<IpNet>,
    ids: RequestIds,
}

impl<E> Observe<E> {
    /// Observes `inner`; forwarded addresses are believed from trusted proxies only.
    pub(super) fn new(inner: E, trusted_proxies: Vec<IpNet>) -> Self {
        Self { inner, trusted_proxies, ids: RequestIds::default() }
    }
}

impl<E: Endpoint> Endpoint for Observe<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let begun = Instant::now();
        let id = self.ids.of(request.headers());
        let method = request.method().clone();
        let path = shortened(request.uri().path()).to_owned();
        let client = client::network(&request, &self.trusted_proxies);
        let span = tracing::info_span!("request", %id);
        let mut response = self.inner.call(request).instrument(span.clone()).await?.into_response();
        add_headers(response.headers_mut(), id.as_str());
        let told = response.data::<Told>();
        let operation = told.and_then(|told| told.operation_name.as_deref()).map(shortened);
        let generation = told.and_then(|told| told.generation).map(|generation| generation.0);
        span.in_scope(|| {
            tracing::info!(
                %method,
                path,
                status = response.status().as_u16(),
                ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
                operation,
                generation,
                client = client.map(tracing::field::display),
                "answered",
            );
        });
        Ok(response)
    }
}

fn add_headers(headers: &mut HeaderMap, id: &str) {
    for (name, value) in SECURITY_HEADERS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    let id = HeaderValue::from_str(id).expect("an id is letters, digits, `-`, `_` and `.`");
    headers.insert(HeaderName::from_static(request_id::HEADER), id);
}

/// The front of a text. Paths and names of operations are ASCII, so any place can be cut.
fn shortened(text: &str) -> &str {
    text.get(..LOGGED_BYTES_MAX).unwrap_or(text)
}
