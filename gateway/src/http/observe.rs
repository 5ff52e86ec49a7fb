//! Around every request: its id, the security headers, and one line in the log.
//!
//! Invariant: the log has no query string, no variables and no full address of a client.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use ipnet::IpNet;
use opentelemetry_http::HeaderExtractor;
use poem::{
    Endpoint, IntoResponse, Request, Response, Result,
    http::{HeaderMap, HeaderName, HeaderValue, Method},
};
use tracing::Instrument;
use tracing_opentelemetry::OpenTelemetrySpanExt;

use super::{
    client,
    request_id::{self, RequestIds},
};
use crate::{
    config::Config,
    metrics::Metrics,
    pipeline::{Origin, Told},
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
    metrics: Arc<Metrics>,
    trusted_proxies: Vec<IpNet>,
    slow: Duration,
    traces: bool,
    ids: RequestIds,
}

impl<E> Observe<E> {
    /// Observes `inner`; forwarded addresses are believed from trusted proxies only.
    pub(super) fn new(inner: E, metrics: Arc<Metrics>, config: &Config) -> Self {
        let trusted_proxies = config.trusted_proxies.clone();
        let slow = Duration::from_millis(config.log.slow_ms);
        let traces = config.telemetry.is_some();
        Self { inner, metrics, trusted_proxies, slow, traces, ids: RequestIds::default() }
    }

    /// One line about a request, and another where it was slow. Neither holds a value of it.
    fn log(&self, seen: &Seen, response: &Response, time: Duration) {
        let told = response.data::<Told>();
        let operation = told.and_then(|told| told.operation_name.as_deref()).map(shortened);
        let ms = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        tracing::info!(
            method = %seen.method,
            path = seen.path,
            status = response.status().as_u16(),
            ms,
            operation,
            generation = told.and_then(|told| told.generation).map(|generation| generation.0),
            kept = told.map(|told| told.origin != Origin::Made),
            client = seen.client.map(tracing::field::display),
            "answered",
        );
        if time > self.slow {
            let digest = told.and_then(|told| told.document.clone());
            tracing::warn!(path = seen.path, ms, operation, document = digest, "slow");
        }
    }
}

/// What is kept of a request for the log.
struct Seen {
    method: Method,
    path: String,
    client: Option<IpNet>,
}

impl<E: Endpoint> Endpoint for Observe<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        let begun = Instant::now();
        let id = self.ids.of(request.headers());
        let seen = Seen {
            method: request.method().clone(),
            path: shortened(request.uri().path()).to_owned(),
            client: client::network(&request, &self.trusted_proxies),
        };
        let span = tracing::info_span!("request", %id);
        if self.traces {
            begin_trace(&span, request.headers(), &seen);
        }
        request.set_data(id.clone());

        let mut response = self.inner.call(request).instrument(span.clone()).await?.into_response();

        add_headers(response.headers_mut(), id.as_str());
        if self.traces {
            end_trace(&span, &response);
        }
        let time = begun.elapsed();
        self.metrics.responded(response.status().as_u16(), time);
        span.in_scope(|| self.log(&seen, &response, time));
        Ok(response)
    }
}

/// Makes a request part of the trace that its client began, if it did. Attributes are named as the
/// semantic conventions of OpenTelemetry name them.
fn begin_trace(span: &tracing::Span, headers: &HeaderMap, seen: &Seen) {
    let context = opentelemetry::global::get_text_map_propagator(|propagator| {
        propagator.extract(&HeaderExtractor(headers))
    });
    let _ = span.set_parent(context);
    span.set_attribute("http.request.method", seen.method.to_string());
    span.set_attribute("url.path", seen.path.clone());
}

fn end_trace(span: &tracing::Span, response: &Response) {
    span.set_attribute("http.response.status_code", i64::from(response.status().as_u16()));
    let told = response.data::<Told>();
    if let Some(operation) = told.and_then(|told| told.operation_name.as_deref()) {
        span.set_attribute("graphql.operation.name", shortened(operation).to_owned());
    }
}

fn add_headers(headers: &mut HeaderMap, id: &str) {
    for (name, value) in SECURITY_HEADERS {
        // A page says itself what it may load.
        let name = HeaderName::from_static(name);
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    let id = HeaderValue::from_str(id).expect("an id is letters, digits, `-`, `_` and `.`");
    headers.insert(HeaderName::from_static(request_id::HEADER), id);
}

/// The front of a text.
fn shortened(text: &str) -> &str {
    &text[..text.floor_char_boundary(LOGGED_BYTES_MAX)]
}
