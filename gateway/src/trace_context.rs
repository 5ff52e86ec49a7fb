//! The headers `traceparent` and `tracestate` (W3C Trace Context), by which other services continue
//! the trace of a span of ours.

use federation::config::Headers;
use opentelemetry::global;
use opentelemetry_http::HeaderInjector;
use poem::http::HeaderMap;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// The headers for the current span; none if nothing is traced.
pub(crate) fn headers() -> Headers {
    let mut headers = HeaderMap::new();
    let context = Span::current().context();
    global::get_text_map_propagator(|propagator| {
        propagator.inject_context(&context, &mut HeaderInjector(&mut headers));
    });
    // An empty `tracestate` says nothing.
    let headers = headers.iter().filter(|(_, value)| !value.is_empty());
    headers.map(|(name, value)| (name.clone(), value.clone())).collect()
}
