//! Limits of requests, and thresholds of builds.

use std::{ops::RangeInclusive, time::Duration};

use indexer::catalog::PoolLimits;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ConfigError;

/// `[limits]`. A name describes what is limited and ends in its unit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Size of a request body.
    pub request_bytes_max: usize,
    /// Time to read a request body, and the same time again to execute the request.
    pub request_timeout_ms: u64,
    /// Requests executed at once, not counting cached responses; others are rejected with 503.
    pub concurrent_requests_max: usize,
    /// Open connections; others wait. Lowered at startup if the limit on open files is too low.
    pub connections_max: usize,
    /// Time from the first byte of a request to the first byte of its response; after that the
    /// connection is closed.
    pub connection_ms_max: u64,
    /// Total size of responses that clients have not read yet, across all connections; beyond it,
    /// connections that have not read a response for five seconds are closed, and then responses are
    /// rejected with 503, except those of `/health/`.
    pub unsent_bytes_max: u64,
    /// Total size of responses that the client has not read yet on one connection; beyond it,
    /// responses are rejected with 503. A single response may be larger.
    pub connection_unsent_bytes_max: u64,
    /// Searches executed at once; 0 means one per core.
    pub concurrent_searches_max: usize,
    /// Searches that wait; others are rejected with `UNAVAILABLE`.
    pub queued_searches_max: usize,
    /// Time that a search may wait; after that it is rejected with `UNAVAILABLE`.
    pub search_wait_ms_max: u64,
    /// Items on one page of a [list](graphql.md#lists), and ids in one call of `nodes`.
    pub page_size_max: usize,
    /// Entities in one call of [`_entities`](federation.md#as-a-subgraph).
    pub representations_max: usize,
    /// Tokens in a document.
    pub tokens_max: usize,
    /// Nesting depth of fields; fields and fragments together may nest at most 32 levels deep.
    pub depth_max: usize,
    /// Root fields of an operation.
    pub root_fields_max: usize,
    /// [Complexity](graphql.md#limits) of an operation.
    pub complexity_max: u64,
    /// Records in a response, in addition to the items on its pages.
    pub records_max: u64,
    /// Aliases in an operation.
    pub aliases_max: usize,
    /// Directives on one field, fragment or operation.
    pub directives_max: usize,
    /// Values in one list of a filter.
    pub filter_values_max: usize,
    /// Total size of the bodies of records in a response.
    pub text_bytes_max: u64,
    /// Errors listed in a response; the rest are [counted](graphql.md#errors).
    pub errors_max: usize,
    /// Size of the [response cache](graphql.md#caching); 0 disables it.
    pub response_cache_bytes_max: u64,
    /// Approximate size of the cache of parsed documents.
    pub document_cache_bytes_max: u64,
    /// Size of the cache of [automatic persisted
    /// queries](graphql.md#persisted-queries-and-trusted-documents).
    pub persisted_query_cache_bytes_max: u64,
    /// Requests to subgraphs for one operation.
    pub subgraph_calls_max: usize,
    /// Timeout for one request to a subgraph (`SUBGRAPH_TIMEOUT`), including retries; for
    /// subgraphs without a `[[subgraph]]`.
    pub subgraph_timeout_ms: u64,
    /// Size of a response from a subgraph; a larger one yields `SUBGRAPH_MALFORMED_RESPONSE`.
    pub subgraph_bytes_max: usize,
    /// Retries of a query to a subgraph; for subgraphs without a `[[subgraph]]`.
    pub subgraph_retries_max: u32,
    /// Failures within the last five to ten seconds that open the circuit, if they are more than
    /// half of the requests. Only an unreachable subgraph, a timeout and a status of 500 or more
    /// count as failures.
    pub circuit_breaker_failures: u32,
    /// Time for which an open circuit rejects requests before one request probes the subgraph.
    pub circuit_breaker_open_ms: u64,
    /// Size of the file `federation.supergraph`; a larger one is not loaded.
    pub supergraph_bytes_max: u64,
    /// Query plans in the cache.
    pub plan_cache_entries_max: usize,
    /// Time to plan an operation.
    pub plan_timeout_ms: u64,
    /// Share of a source's records that may be rejected before a build
    /// [fails](sources.md#thresholds).
    #[schemars(range(min = 0, max = 100))]
    pub rejections_percent: f64,
    /// Share of a source's records that may be removed before a build
    /// [fails](sources.md#thresholds).
    #[schemars(range(min = 0, max = 100))]
    pub removals_percent: f64,
    /// [Generations](operation.md#publishing) that stay on disk.
    pub generations_retained: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            request_bytes_max: 262_144,
            request_timeout_ms: 10_000,
            concurrent_requests_max: 512,
            connections_max: 1_024,
            connection_ms_max: 30_000,
            unsent_bytes_max: 256 << 20,
            connection_unsent_bytes_max: 8 << 20,
            concurrent_searches_max: 0,
            queued_searches_max: 128,
            search_wait_ms_max: 2_000,
            page_size_max: 100,
            representations_max: 1_000,
            tokens_max: 4_000,
            depth_max: 15,
            root_fields_max: 20,
            complexity_max: 10_000,
            records_max: 10_000,
            aliases_max: 50,
            directives_max: 5,
            filter_values_max: 100,
            text_bytes_max: 16 << 20,
            errors_max: 20,
            response_cache_bytes_max: 64 << 20,
            document_cache_bytes_max: 16 << 20,
            persisted_query_cache_bytes_max: 8 << 20,
            subgraph_calls_max: 100,
            subgraph_timeout_ms: 5_000,
            subgraph_bytes_max: 8 << 20,
            subgraph_retries_max: 1,
            circuit_breaker_failures: 5,
            circuit_breaker_open_ms: 5_000,
            supergraph_bytes_max: 16 << 20,
            plan_cache_entries_max: 1_000,
            plan_timeout_ms: 2_000,
            rejections_percent: 10.0,
            removals_percent: 20.0,
            generations_retained: 3,
        }
    }
}

impl Limits {
    /// Limits of the search pool.
    pub(crate) fn searches(&self) -> PoolLimits {
        let default = PoolLimits::default();
        PoolLimits {
            workers: match self.concurrent_searches_max {
                0 => default.workers,
                workers => workers,
            },
            queued_max: self.queued_searches_max,
            queue_timeout: Duration::from_millis(self.search_wait_ms_max),
            search_timeout: Duration::from_millis(self.request_timeout_ms),
        }
    }

    /// The limits, if each is within its range.
    pub(super) fn checked(self) -> Result<Self, ConfigError> {
        for (name, value, range) in self.ranges() {
            if !range.contains(&value) {
                let expected = format!("{} to {}", range.start(), range.end());
                let key = format!("limits.{name}");
                return Err(ConfigError::value(&key, &expected, &value.to_string()));
            }
        }
        let percentages = [
            ("rejections_percent", self.rejections_percent),
            ("removals_percent", self.removals_percent),
        ];
        let within = |percentage: f64| (0.0..=100.0).contains(&percentage);
        match percentages.into_iter().find(|(_, percentage)| !within(*percentage)) {
            Some((name, actual)) => {
                let key = format!("limits.{name}");
                Err(ConfigError::value(&key, "a percentage from 0 to 100", &actual.to_string()))
            }
            None => Ok(self),
        }
    }

    /// The integer limits with their ranges. Zero is allowed where it means none, or a default.
    pub(super) fn ranges(&self) -> [(&'static str, u64, RangeInclusive<u64>); 35] {
        [
            ("request_bytes_max", self.request_bytes_max as u64, 1..=64 * MIB),
            ("request_timeout_ms", self.request_timeout_ms, 1..=TEN_MINUTES_MS),
            ("concurrent_requests_max", self.concurrent_requests_max as u64, 1..=65_536),
            ("connections_max", self.connections_max as u64, 1..=1_048_576),
            ("connection_ms_max", self.connection_ms_max, 1..=TEN_MINUTES_MS),
            ("unsent_bytes_max", self.unsent_bytes_max, MIB..=64 * GIB),
            ("connection_unsent_bytes_max", self.connection_unsent_bytes_max, 1..=GIB),
            ("concurrent_searches_max", self.concurrent_searches_max as u64, 0..=1_024),
            ("queued_searches_max", self.queued_searches_max as u64, 1..=65_536),
            ("search_wait_ms_max", self.search_wait_ms_max, 1..=TEN_MINUTES_MS),
            ("page_size_max", self.page_size_max as u64, 1..=10_000),
            ("representations_max", self.representations_max as u64, 1..=100_000),
            ("tokens_max", self.tokens_max as u64, 1..=20_000),
            ("depth_max", self.depth_max as u64, 1..=32),
            ("root_fields_max", self.root_fields_max as u64, 1..=10_000),
            ("complexity_max", self.complexity_max, 1..=1_000_000_000),
            ("records_max", self.records_max, 1..=1_000_000_000),
            ("aliases_max", self.aliases_max as u64, 0..=10_000),
            ("directives_max", self.directives_max as u64, 0..=1_000),
            ("filter_values_max", self.filter_values_max as u64, 1..=10_000),
            ("text_bytes_max", self.text_bytes_max, 1..=GIB),
            ("errors_max", self.errors_max as u64, 1..=1_000),
            ("response_cache_bytes_max", self.response_cache_bytes_max, 0..=64 * GIB),
            ("document_cache_bytes_max", self.document_cache_bytes_max, 1..=GIB),
            ("persisted_query_cache_bytes_max", self.persisted_query_cache_bytes_max, 1..=GIB),
            ("subgraph_calls_max", self.subgraph_calls_max as u64, 1..=10_000),
            ("subgraph_timeout_ms", self.subgraph_timeout_ms, 1..=TEN_MINUTES_MS),
            ("subgraph_bytes_max", self.subgraph_bytes_max as u64, 1..=GIB),
            ("subgraph_retries_max", u64::from(self.subgraph_retries_max), 0..=5),
            ("circuit_breaker_failures", u64::from(self.circuit_breaker_failures), 1..=1_000_000),
            ("circuit_breaker_open_ms", self.circuit_breaker_open_ms, 1..=TEN_MINUTES_MS),
            ("supergraph_bytes_max", self.supergraph_bytes_max, 1..=GIB),
            ("plan_cache_entries_max", self.plan_cache_entries_max as u64, 1..=1_000_000),
            ("plan_timeout_ms", self.plan_timeout_ms, 1..=TEN_MINUTES_MS),
            ("generations_retained", self.generations_retained as u64, 1..=1_000),
        ]
    }
}

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;
const TEN_MINUTES_MS: u64 = 600_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_limit_must_have_a_range_that_its_default_is_in() {
        let toml::Value::Table(typed) = toml::Value::try_from(Limits::default()).unwrap() else {
            panic!("limits are a table")
        };
        let limits = Limits::default();
        let ranges = limits.ranges();
        for name in typed.keys().filter(|name| !name.ends_with("_percent")) {
            assert!(ranges.iter().any(|(ranged, ..)| ranged == name), "{name}");
        }
        let of = |text: String| toml::from_str::<Limits>(&text).unwrap().checked();
        for (name, value, range) in &ranges {
            assert!(range.contains(value), "{name}");
            for accepted in [*range.start(), *range.end()] {
                assert!(of(format!("{name} = {accepted}")).is_ok(), "{name} = {accepted}");
            }
            let mut rejected = vec![*range.end() + 1];
            rejected.extend(range.start().checked_sub(1));
            // Values beyond the integer type are rejected by the parser.
            if !["subgraph_retries_max", "circuit_breaker_failures"].contains(name) {
                rejected.push(i64::MAX.unsigned_abs());
            }
            for rejected in rejected {
                let error = of(format!("{name} = {rejected}")).unwrap_err().to_string();
                assert!(error.starts_with(&format!("`limits.{name}` must be ")), "{error}");
            }
        }
    }
}
