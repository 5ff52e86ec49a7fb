//! What operators watch, in the text format of `OpenMetrics` that Prometheus reads.
//!
//! Counters live here and are counted as things happen; gauges are read from their owners when
//! somebody looks. No label comes from a client, so that nobody can make their number grow.

use std::{
    fs,
    sync::atomic::{AtomicI64, AtomicU64},
    time::Duration,
};

use async_graphql::parser::types::OperationType;
use indexer::catalog::PoolLoad;
use prometheus_client::{
    encoding::{EncodeLabelSet, text},
    metrics::{
        counter::Counter,
        family::Family,
        gauge::Gauge,
        histogram::{Histogram, exponential_buckets},
    },
    registry::{Registry, Unit},
};

use federation::subgraph::CircuitState;

use crate::pipeline::{CacheStatus, Pipeline};

/// The media type of the text.
pub(crate) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OperationLabels {
    kind: &'static str,
    code: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CacheLabels {
    origin: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StatusLabels {
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct NameLabel {
    name: String,
}

type GaugeFamily = Family<NameLabel, Gauge<f64, AtomicU64>>;

/// The counters of one server.
pub(crate) struct Metrics {
    registry: Registry,
    answered: Family<OperationLabels, Counter>,
    origins: Family<CacheLabels, Counter>,
    seconds: Histogram,
    responses: Family<StatusLabels, Counter>,
    gauges: Gauges,
}

/// What is read when somebody looks.
#[derive(Default)]
struct Gauges {
    generation: Gauge,
    built: Gauge<i64, AtomicI64>,
    damaged: Gauge,
    resident_bytes: Gauge,
    cached_bytes: GaugeFamily,
    searches: GaugeFamily,
    reads: GaugeFamily,
    records: GaugeFamily,
    source_records: GaugeFamily,
    source_rejected: GaugeFamily,
    source_read: GaugeFamily,
    plans: Gauge,
    subgraph_calls: GaugeFamily,
    subgraph_failures: GaugeFamily,
    subgraph_left_alone: GaugeFamily,
}

impl Metrics {
    /// Counters that all stand at nothing.
    pub(crate) fn new() -> Self {
        // From a tenth of a millisecond to thirteen seconds.
        let seconds = Histogram::new(exponential_buckets(0.000_1, 2.0, 18));
        let mut metrics = Self {
            registry: Registry::with_prefix("wegwijzer"),
            answered: Family::default(),
            origins: Family::default(),
            seconds,
            responses: Family::default(),
            gauges: Gauges::default(),
        };
        metrics.register();
        metrics.register_subgraphs();
        metrics
    }

    fn register(&mut self) {
        let registry = &mut self.registry;
        registry.register(
            "graphql_requests",
            "GraphQL requests by kind of operation and by the code of their first error",
            self.answered.clone(),
        );
        registry.register(
            "graphql_answers",
            "GraphQL answers by origin: made, kept from before, or shared with an equal request",
            self.origins.clone(),
        );
        registry.register_with_unit(
            "request_duration",
            "From the first line of a request to its answer, all addresses",
            Unit::Seconds,
            self.seconds.clone(),
        );
        registry.register("responses", "Responses by HTTP status", self.responses.clone());
        let gauges = &self.gauges;
        registry.register(
            "generation",
            "Number of the generation that answers; 0 where there is none",
            gauges.generation.clone(),
        );
        registry.register_with_unit(
            "generation_built",
            "When that generation was built, since 1970",
            Unit::Seconds,
            gauges.built.clone(),
        );
        registry.register(
            "generation_damaged",
            "1 while the newest generation is damaged and an older one answers",
            gauges.damaged.clone(),
        );
        registry.register_with_unit(
            "resident_memory",
            "Memory that this program holds",
            Unit::Bytes,
            gauges.resident_bytes.clone(),
        );
        for (name, help, family) in [
            ("cached_bytes", "Bytes kept in memory: answers, documents", &gauges.cached_bytes),
            (
                "searches",
                "Searches that run, that wait, and that were turned away",
                &gauges.searches,
            ),
            (
                "store_reads",
                "Calls of the catalog since the start, by what they read",
                &gauges.reads,
            ),
            ("things", "Things in the generation by kind", &gauges.records),
            ("source_records", "Records of each source in the generation", &gauges.source_records),
            (
                "source_rejected",
                "Records of each source that were rejected",
                &gauges.source_rejected,
            ),
            (
                "source_read_seconds",
                "When each source was read last, since 1970",
                &gauges.source_read,
            ),
        ] {
            registry.register(name, help, family.clone());
        }
    }

    fn register_subgraphs(&mut self) {
        let (registry, gauges) = (&mut self.registry, &self.gauges);
        registry.register("plans", "Plans over the supergraph that are kept", gauges.plans.clone());
        for (name, help, family) in [
            ("subgraph_calls", "Calls to each subgraph", &gauges.subgraph_calls),
            ("subgraph_failures", "Calls to each subgraph that failed", &gauges.subgraph_failures),
            (
                "subgraph_left_alone",
                "1 while a subgraph that failed again and again is not asked",
                &gauges.subgraph_left_alone,
            ),
        ] {
            registry.register(name, help, family.clone());
        }
    }

    /// Counts an answer to a GraphQL request.
    pub(crate) fn record_operation(
        &self,
        kind: Option<OperationType>,
        code: &'static str,
        origin: CacheStatus,
    ) {
        let kind = match kind {
            Some(OperationType::Query) => "query",
            Some(OperationType::Mutation) => "mutation",
            Some(OperationType::Subscription) => "subscription",
            None => "none",
        };
        let origin = match origin {
            CacheStatus::Miss => "made",
            CacheStatus::Hit => "kept",
            CacheStatus::Coalesced => "shared",
        };
        self.answered.get_or_create(&OperationLabels { kind, code }).inc();
        self.origins.get_or_create(&CacheLabels { origin }).inc();
    }

    /// Counts a response to any request.
    pub(crate) fn record_response(&self, status: u16, time: Duration) {
        self.responses.get_or_create(&StatusLabels { status }).inc();
        self.seconds.observe(time.as_secs_f64());
    }

    /// Everything as text.
    pub(crate) fn text(&self, pipeline: &Pipeline) -> String {
        self.gauges.read(pipeline);
        let mut text = String::new();
        text::encode(&mut text, &self.registry).expect("writing to a string cannot fail");
        text
    }
}

/// Sets one gauge of a family. Counts are far below what a float holds exactly.
#[expect(clippy::cast_precision_loss, reason = "counts below 2^53")]
fn set(family: &GaugeFamily, name: &str, value: u64) {
    family.get_or_create(&NameLabel { name: name.to_owned() }).set(value as f64);
}

impl Gauges {
    fn read(&self, pipeline: &Pipeline) {
        let (response_bytes, document_bytes) = pipeline.cached_bytes();
        set(&self.cached_bytes, "answers", response_bytes);
        set(&self.cached_bytes, "documents", document_bytes);
        self.resident_bytes.set(resident_bytes().unwrap_or_default());
        self.read_subgraphs(pipeline);
        let Some(catalog) = pipeline.catalog() else { return };
        self.damaged.set(i64::from(catalog.damage().is_some()));
        let PoolLoad { running, queued: waiting, rejected: refused } = catalog.pool_load();
        for (name, value) in [("running", running), ("waiting", waiting), ("refused", refused)] {
            set(&self.searches, name, value);
        }
        for (name, calls) in catalog.read_metrics().by_name() {
            set(&self.reads, name, calls);
        }
        let Some(snapshot) = pipeline.snapshot() else { return };
        self.generation.set(i64::try_from(snapshot.generation().0).unwrap_or(i64::MAX));
        self.built.set(snapshot.built_at().as_second());
        for kind in schema::NodeKind::ALL {
            set(&self.records, kind.as_str(), snapshot.counts().get(kind));
        }
        for family in [&self.source_records, &self.source_rejected, &self.source_read] {
            family.clear();
        }
        for source in snapshot.sources() {
            let name = source.name.as_str();
            set(&self.source_records, name, source.records);
            set(&self.source_rejected, name, source.rejected);
            let read = u64::try_from(source.read_at.as_second()).unwrap_or_default();
            set(&self.source_read, name, read);
        }
    }
}

impl Gauges {
    fn read_subgraphs(&self, pipeline: &Pipeline) {
        let (subgraphs, plans) = pipeline.subgraphs();
        self.plans.set(i64::try_from(plans).unwrap_or(i64::MAX));
        for family in [&self.subgraph_calls, &self.subgraph_failures, &self.subgraph_left_alone] {
            family.clear();
        }
        for (name, health) in subgraphs {
            set(&self.subgraph_calls, &name, health.calls);
            set(&self.subgraph_failures, &name, health.failures);
            set(&self.subgraph_left_alone, &name, u64::from(health.state == CircuitState::Open));
        }
    }
}

/// The memory of this process, where the operating system tells it.
fn resident_bytes() -> Option<i64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: i64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kilobytes * 1_024)
}
