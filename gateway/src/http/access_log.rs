//! Wraps every request: request id, security headers and access log.
//!
//! Invariant: the log contains no query strings, no variables and no full client addresses.

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

use super::{client_address, request_id, request_id::RequestIdGenerator};
use crate::{config::Config, metrics::Metrics, pipeline::ResponseMeta};

/// Security headers of every response.
const SECURITY_HEADERS: [(&str, &str); 3] = [
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
];
/// Maximum length of a logged path or name in bytes.
const LOGGED_BYTES_MAX: usize = 200;

/// Adds request ids, security headers and logging to an endpoint.
pub(crate) struct AccessLog<E> {
    inner: E,
    metrics: Arc<Metrics>,
    trusted_proxies: Vec<IpNet>,
    slow_threshold: Duration,
    traces_enabled: bool,
    ids: RequestIdGenerator,
}

impl<E> AccessLog<E> {
    /// Wraps `inner`; forwarded addresses are only trusted from trusted proxies.
    pub(crate) fn new(inner: E, metrics: Arc<Metrics>, config: &Config) -> Self {
        let trusted_proxies = config.trusted_proxies.clone();
        let slow_threshold = Duration::from_millis(config.log.slow_ms);
        let traces_enabled = config.telemetry.is_some();
        Self {
            inner,
            metrics,
            trusted_proxies,
            slow_threshold,
            traces_enabled,
            ids: RequestIdGenerator::default(),
        }
    }

    /// Logs a request, and again if it was slow; both without any of its values.
    fn log(&self, logged_request: &LoggedRequest, response: &Response, duration: Duration) {
        let meta = response.data::<ResponseMeta>();
        let operation = meta.and_then(|meta| meta.operation_name.as_deref()).map(shortened);
        let duration_ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        tracing::info!(
            method = %logged_request.method,
            path = logged_request.path,
            status = response.status().as_u16(),
            duration_ms,
            operation,
            generation = meta.and_then(|meta| meta.generation).map(|generation| generation.0),
            cache = meta.map(|meta| meta.cache_status.name()),
            client = logged_request.client.map(tracing::field::display),
            "request completed",
        );
        if duration > self.slow_threshold {
            let digest = meta.and_then(|meta| meta.document_digest.clone());
            tracing::warn!(
                path = logged_request.path,
                duration_ms,
                operation,
                document = digest,
                "slow request"
            );
        }
    }
}

/// Properties of a request for the log.
struct LoggedRequest {
    method: Method,
    path: String,
    client: Option<IpNet>,
}

impl<E: Endpoint> Endpoint for AccessLog<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        let started = Instant::now();
        let id = self.ids.get_or_generate(request.headers());
        let logged_request = LoggedRequest {
            method: request.method().clone(),
            path: shortened(request.uri().path()).to_owned(),
            client: client_address::network(&request, &self.trusted_proxies),
        };
        let span = tracing::info_span!("request", %id);
        if self.traces_enabled {
            begin_trace(&span, request.headers(), &logged_request);
        }
        request.set_data(id.clone());

        // On the heap, since a large future would be copied several times.
        let inner = Box::pin(self.inner.call(request));
        let mut response = inner.instrument(span.clone()).await?.into_response();

        add_headers(response.headers_mut(), id.as_str());
        if self.traces_enabled {
            end_trace(&span, &response);
        }
        let duration = started.elapsed();
        self.metrics.record_response(response.status().as_u16(), duration);
        span.in_scope(|| self.log(&logged_request, &response, duration));
        Ok(response)
    }
}

/// Makes a request part of the client's trace, if there is one. Attributes follow the semantic
/// conventions of OpenTelemetry.
fn begin_trace(span: &tracing::Span, headers: &HeaderMap, logged_request: &LoggedRequest) {
    let context = opentelemetry::global::get_text_map_propagator(|propagator| {
        propagator.extract(&HeaderExtractor(headers))
    });
    let _ = span.set_parent(context);
    span.set_attribute("http.request.method", logged_request.method.to_string());
    span.set_attribute("url.path", logged_request.path.clone());
}

fn end_trace(span: &tracing::Span, response: &Response) {
    span.set_attribute("http.response.status_code", i64::from(response.status().as_u16()));
    let meta = response.data::<ResponseMeta>();
    if let Some(operation) = meta.and_then(|meta| meta.operation_name.as_deref()) {
        span.set_attribute("graphql.operation.name", shortened(operation).to_owned());
    }
}

fn add_headers(headers: &mut HeaderMap, id: &str) {
    for (name, value) in SECURITY_HEADERS {
        // Pages set their own policy.
        let name = HeaderName::from_static(name);
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    let id = HeaderValue::from_str(id).expect("an id is letters, digits, `-`, `_` and `.`");
    headers.insert(HeaderName::from_static(request_id::HEADER), id);
}

/// The prefix of a text for the log.
fn shortened(text: &str) -> &str {
    &text[..text.floor_char_boundary(LOGGED_BYTES_MAX)]
}
