//! Exports traces over OTLP/HTTP, if a collector is configured.

use opentelemetry::{global, trace::TracerProvider};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig};
use opentelemetry_sdk::{
    Resource,
    propagation::TraceContextPropagator,
    trace::{Sampler, SdkTracer, SdkTracerProvider},
};

use crate::{PROGRAM, config::TelemetryConfig};

/// Exports spans in batches; dropping it flushes the last batch.
pub(super) struct Traces(SdkTracerProvider);

impl Traces {
    /// Starts the exporter for the collector of `telemetry`, on a thread of its own.
    pub(super) fn start(telemetry: &TelemetryConfig) -> Result<Self, String> {
        global::set_text_map_propagator(TraceContextPropagator::new());
        let endpoint =
            telemetry.otlp_endpoint.join("v1/traces").map_err(|error| error.to_string())?;
        let exporter = SpanExporter::builder()
            .with_http()
            .with_endpoint(endpoint.as_str())
            .with_protocol(Protocol::HttpBinary)
            .build()
            .map_err(|error| error.to_string())?;
        // Samples by trace id, so that a client cannot have more of its requests traced.
        let sampler = Sampler::TraceIdRatioBased(telemetry.sample_percent / 100.0);
        let provider = SdkTracerProvider::builder()
            .with_batch_exporter(exporter)
            .with_sampler(sampler)
            .with_resource(Resource::builder().with_service_name("wegwijzer").build())
            .build();
        Ok(Self(provider))
    }

    /// The tracer for spans of this program.
    pub(super) fn tracer(&self) -> SdkTracer {
        self.0.tracer(PROGRAM)
    }
}

impl Drop for Traces {
    fn drop(&mut self) {
        if let Err(error) = self.0.shutdown() {
            tracing::warn!(%error, "cannot send the last traces");
        }
    }
}
