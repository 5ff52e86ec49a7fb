//! Counters and gauges of the pipeline, its caches and its subgraphs.

use std::{
    fmt::{self, Debug},
    sync::Arc,
};

use federation::subgraph::CircuitState;
use indexer::catalog::{Catalog, HealthBySource, HealthState, PoolLoad, Snapshot};
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeCounterValue, EncodeGaugeValue, EncodeMetric},
    metrics::{MetricType, counter::ConstCounter, gauge::ConstGauge},
    registry::Unit,
};
use schema::NodeKind;

use crate::pipeline::Pipeline;

/// Collects the metrics of a pipeline.
pub(super) struct PipelineCollector(pub(super) Arc<Pipeline>);

impl Debug for PipelineCollector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PipelineCollector")
    }
}

impl Collector for PipelineCollector {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let Self(pipeline) = self;
        let mut samples = Samples(encoder);
        let (response, document) = pipeline.cached_bytes();
        samples.gauges(
            ("cache", Some(Unit::Bytes)),
            "Size of each cache in memory",
            "cache",
            [("response", response), ("document", document)],
        )?;
        encode_subgraphs(&mut samples, pipeline)?;
        if let Some(catalog) = pipeline.catalog() {
            encode_catalog(&mut samples, catalog)?;
        }
        let snapshot = pipeline.snapshot();
        let generation = snapshot.as_ref().map_or(0, |snapshot| snapshot.generation().0);
        samples.gauge(
            ("generation", None),
            "Number of the generation that is served; 0 without one",
            generation,
        )?;
        snapshot.map_or(Ok(()), |snapshot| encode_snapshot(&mut samples, &snapshot))
    }
}

fn encode_subgraphs(samples: &mut Samples<'_>, pipeline: &Pipeline) -> fmt::Result {
    let (subgraphs, plans) = pipeline.subgraphs();
    samples.gauge(("query_plan_cache_entries", None), "Query plans in the cache", plans)?;
    samples.counters(
        "subgraph_requests",
        "Requests to each subgraph",
        "subgraph",
        subgraphs.iter().map(|(name, health)| (name, health.calls)),
    )?;
    samples.counters(
        "subgraph_request_errors",
        "Failed requests to each subgraph",
        "subgraph",
        subgraphs.iter().map(|(name, health)| (name, health.failures)),
    )?;
    samples.counters(
        "subgraph_unrequested_fields",
        "Fields in the responses of each subgraph that were not requested and were dropped",
        "subgraph",
        subgraphs.iter().map(|(name, health)| (name, health.unrequested_fields)),
    )?;
    samples.gauges(
        ("subgraph_circuit_breaker_open", None),
        "1 while the circuit breaker of a subgraph is open",
        "subgraph",
        subgraphs
            .iter()
            .map(|(name, health)| (name, u64::from(health.state == CircuitState::Open))),
    )
}

fn encode_catalog(samples: &mut Samples<'_>, catalog: &Catalog) -> fmt::Result {
    samples.gauge(
        ("generation_damaged", None),
        "1 while the latest generation is damaged and an older one is served",
        u64::from(catalog.damage().is_some()),
    )?;
    let PoolLoad { running, queued, rejected } = catalog.pool_load();
    samples.gauge(("searches_running", None), "Searches that are running", running)?;
    samples.gauge(("searches_queued", None), "Searches that are waiting for a worker", queued)?;
    samples.counter(
        ("searches_rejected", None),
        "Searches that were rejected because of load",
        rejected,
    )?;
    samples.counters(
        "catalog_calls",
        "Calls to the catalog",
        "call",
        catalog.read_metrics().by_name(),
    )?;
    encode_source_health(samples, &catalog.source_health())
}

fn encode_source_health(samples: &mut Samples<'_>, health: &HealthBySource) -> fmt::Result {
    let runs =
        || health.iter().filter_map(|(name, health)| Some((name, health.last_run.as_ref()?)));
    samples.gauges(
        ("source_failed", None),
        "1 while the last run of a source failed, or its result cannot be published",
        "source",
        health
            .iter()
            .map(|(name, health)| (name, u64::from(health.state() == Some(HealthState::Failed)))),
    )?;
    samples.gauges(
        ("source_run_timestamp", Some(Unit::Seconds)),
        "Unix time of the start of the last run of each source",
        "source",
        runs().map(|(name, run)| (name, run.at)),
    )?;
    samples.gauges(
        ("source_complete_run_timestamp", Some(Unit::Seconds)),
        "Unix time of the start of the last run that read the whole source",
        "source",
        health.iter().filter_map(|(name, health)| Some((name, health.completed_at?))),
    )?;
    samples.gauges(
        ("source_next_run_timestamp", Some(Unit::Seconds)),
        "Unix time of the start of the next run of each source that is scheduled",
        "source",
        health.iter().filter_map(|(name, health)| Some((name, health.next_run_at?))),
    )?;
    samples.gauges(
        ("source_run_resources", None),
        "Resources that the last run of each source found on its host",
        "source",
        runs().map(|(name, run)| (name, run.present)),
    )?;
    samples.gauges(
        ("source_run_requests", None),
        "Requests of the last run of each source",
        "source",
        runs().map(|(name, run)| (name, run.requests)),
    )
}

fn encode_snapshot(samples: &mut Samples<'_>, snapshot: &Snapshot) -> fmt::Result {
    samples.gauge(
        ("generation_built_timestamp", Some(Unit::Seconds)),
        "Unix time of the build of the generation that is served",
        snapshot.built_at().as_second(),
    )?;
    let counts = snapshot.counts();
    samples.gauges(
        ("records", None),
        "Records in the generation",
        "kind",
        NodeKind::ALL.map(|kind| (kind.as_str(), counts.get(kind))),
    )?;
    let sources = snapshot.sources();
    samples.gauges(
        ("source_records", None),
        "Records of each source in the generation",
        "source",
        sources.iter().map(|source| (&source.name, source.records)),
    )?;
    samples.gauges(
        ("source_rejected_records", None),
        "Records of each source that the last build rejected",
        "source",
        sources.iter().map(|source| (&source.name, source.rejected)),
    )?;
    samples.gauges(
        ("source_read_timestamp", Some(Unit::Seconds)),
        "Unix time of the last read of each source",
        "source",
        sources.iter().map(|source| (&source.name, source.read_at.as_second())),
    )
}

/// Encodes metric families whose values are read during a scrape. Names are given without unit and
/// without `_total`.
pub(super) struct Samples<'a>(pub(super) DescriptorEncoder<'a>);

impl Samples<'_> {
    pub(super) fn counter(
        &mut self,
        (name, unit): (&str, Option<Unit>),
        help: &str,
        value: impl EncodeCounterValue,
    ) -> fmt::Result {
        let help = format!("{help}.");
        let encoder = self.0.encode_descriptor(name, &help, unit.as_ref(), MetricType::Counter)?;
        ConstCounter::new(value).encode(encoder)
    }

    pub(super) fn gauge(
        &mut self,
        (name, unit): (&str, Option<Unit>),
        help: &str,
        value: impl EncodeGaugeValue,
    ) -> fmt::Result {
        let help = format!("{help}.");
        let encoder = self.0.encode_descriptor(name, &help, unit.as_ref(), MetricType::Gauge)?;
        ConstGauge::new(value).encode(encoder)
    }

    /// Counters with one label.
    pub(super) fn counters(
        &mut self,
        name: &str,
        help: &str,
        label: &str,
        samples: impl IntoIterator<Item = (impl ToString, u64)>,
    ) -> fmt::Result {
        let help = format!("{help}.");
        let mut encoder = self.0.encode_descriptor(name, &help, None, MetricType::Counter)?;
        samples.into_iter().try_for_each(|(value, count)| {
            let labels = [(label, value.to_string())];
            ConstCounter::new(count).encode(encoder.encode_family(&labels)?)
        })
    }

    /// Gauges with one label.
    fn gauges(
        &mut self,
        (name, unit): (&str, Option<Unit>),
        help: &str,
        label: &str,
        samples: impl IntoIterator<Item = (impl ToString, impl EncodeGaugeValue)>,
    ) -> fmt::Result {
        let help = format!("{help}.");
        let mut encoder =
            self.0.encode_descriptor(name, &help, unit.as_ref(), MetricType::Gauge)?;
        samples.into_iter().try_for_each(|(value, level)| {
            let labels = [(label, value.to_string())];
            ConstGauge::new(level).encode(encoder.encode_family(&labels)?)
        })
    }
}
