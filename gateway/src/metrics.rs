//! Metrics in the `OpenMetrics` text format, with names that follow
//! <https://prometheus.io/docs/practices/naming/>.
//!
//! Requests are counted in this module; counters and gauges of other modules are read from their
//! owners during a scrape. Invariant: no label value comes from a client, so that the number of
//! time series is bounded.

mod partners;
mod process;
mod recent_event;
mod scrape;

use std::{sync::Arc, time::Duration};

use async_graphql::parser::types::OperationType;
use prometheus_client::{
    encoding::{EncodeLabelSet, text},
    metrics::{
        counter::Counter,
        family::Family,
        histogram::{Histogram, exponential_buckets},
    },
    registry::{Registry, Unit},
};

use self::{
    partners::PartnerCollector, process::ProcessCollector, recent_event::RecentEvent,
    scrape::PipelineCollector,
};
use crate::{
    error::ErrorCode,
    partners::Partners,
    pipeline::{CacheStatus, Pipeline},
};

/// The media type of the text.
pub(crate) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    operation_type: &'static str,
    code: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CacheLabels {
    cache_status: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StatusLabels {
    status: u16,
}

/// Window of the alerts about errors, as in `gateway/monitoring/alerts.yml`.
const ALERT_WINDOW: Duration = Duration::from_mins(5);
/// Statuses of internal errors and of rejections because of load.
const ERROR_STATUSES: [u16; 2] = [500, 503];

/// The metrics of a server.
pub(crate) struct Metrics {
    registry: Registry,
    pipeline: Arc<Pipeline>,
    internal_error: RecentEvent,
    rejection: RecentEvent,
    graphql_requests: Family<RequestLabels, Counter>,
    graphql_responses: Family<CacheLabels, Counter>,
    http_request_duration: Histogram,
    http_responses: Family<StatusLabels, Counter>,
}

impl Metrics {
    /// Registers all metrics, with their counters at zero.
    pub(crate) fn new(pipeline: Arc<Pipeline>, partners: Arc<Partners>) -> Self {
        let mut metrics = Self {
            registry: Registry::default(),
            pipeline: Arc::clone(&pipeline),
            internal_error: RecentEvent::default(),
            rejection: RecentEvent::default(),
            graphql_requests: Family::default(),
            graphql_responses: Family::default(),
            // From 0.1 ms to 13 s.
            http_request_duration: Histogram::new(exponential_buckets(0.000_1, 2.0, 18)),
            http_responses: Family::default(),
        };
        // Otherwise the rate of the first error would be zero.
        for status in ERROR_STATUSES {
            drop(metrics.http_responses.get_or_create(&StatusLabels { status }));
        }
        let code = ErrorCode::InternalServerError.name();
        for operation_type in ["query", "mutation"] {
            drop(metrics.graphql_requests.get_or_create(&RequestLabels { operation_type, code }));
        }
        metrics.registry.register_collector(Box::new(ProcessCollector));
        let registry = metrics.registry.sub_registry_with_prefix("wegwijzer");
        registry.register(
            "graphql_requests",
            "GraphQL requests by type of operation and by the code of their first error",
            metrics.graphql_requests.clone(),
        );
        registry.register(
            "graphql_responses",
            "GraphQL responses by use of the response cache",
            metrics.graphql_responses.clone(),
        );
        registry.register_with_unit(
            "http_request_duration",
            "Time from the head of a request to its response, across all paths",
            Unit::Seconds,
            metrics.http_request_duration.clone(),
        );
        registry.register(
            "http_responses",
            "Responses by HTTP status",
            metrics.http_responses.clone(),
        );
        registry.register_collector(Box::new(PipelineCollector(pipeline)));
        registry.register_collector(Box::new(PartnerCollector(partners)));
        metrics
    }

    /// Counts the response to a GraphQL request.
    pub(crate) fn record_operation(
        &self,
        kind: Option<OperationType>,
        code: &'static str,
        cache_status: CacheStatus,
    ) {
        let operation_type = match kind {
            Some(OperationType::Query) => "query",
            Some(OperationType::Mutation) => "mutation",
            Some(OperationType::Subscription) => "subscription",
            None => "none",
        };
        let cache_status = match cache_status {
            CacheStatus::Miss => "miss",
            CacheStatus::Hit => "hit",
            CacheStatus::Coalesced => "coalesced",
        };
        if code == ErrorCode::InternalServerError.name() {
            self.internal_error.record();
        } else if code == ErrorCode::Unavailable.name() {
            self.record_rejection();
        }
        self.graphql_requests.get_or_create(&RequestLabels { operation_type, code }).inc();
        self.graphql_responses.get_or_create(&CacheLabels { cache_status }).inc();
    }

    /// Counts the response to any request.
    pub(crate) fn record_response(&self, status: u16, duration: Duration) {
        match status {
            500 => self.internal_error.record(),
            503 => self.record_rejection(),
            _ => {}
        }
        self.http_responses.get_or_create(&StatusLabels { status }).inc();
        self.http_request_duration.observe(duration.as_secs_f64());
    }

    /// Records a rejection because of load. Without a generation, all requests are rejected.
    fn record_rejection(&self) {
        if self.pipeline.is_ready() {
            self.rejection.record();
        }
    }

    /// Whether a request failed in the last minutes because of an internal error.
    pub(crate) fn has_recent_internal_error(&self) -> bool {
        self.internal_error.is_within(ALERT_WINDOW)
    }

    /// Whether a request was rejected in the last minutes because of load.
    pub(crate) fn has_recent_rejection(&self) -> bool {
        self.rejection.is_within(ALERT_WINDOW)
    }

    /// All metrics as text.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        text::encode(&mut text, &self.registry).expect("writing to a string cannot fail");
        text
    }
}
