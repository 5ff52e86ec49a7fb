//! Limits: how much one request may ask for, and how much one build may throw away.

use std::{ops::RangeInclusive, time::Duration};

use indexer::catalog::PoolLimits;
use serde::{Deserialize, Serialize};

use super::ConfigError;

/// `[limits]`. A name says what is limited, and ends in the unit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Bytes of the body of a request.
    pub request_bytes_max: usize,
    /// Milliseconds that a request may take to be read, and again to be answered.
    pub request_timeout_ms: u64,
    /// Requests that are executed at once; more are turned away. Answers from the cache do not count.
    pub concurrent_requests_max: usize,
    /// Connections that are open at once; more wait until one is closed.
    pub connections_max: usize,
    /// Milliseconds from the first byte of a request to the first of its answer.
    pub connection_ms_max: u64,
    /// Searches that run at once; 0 for one on each core.
    pub concurrent_searches_max: usize,
    /// Searches that wait for their turn; more are turned away.
    pub queued_searches_max: usize,
    /// Milliseconds that a search may wait for its turn.
    pub search_wait_ms_max: u64,
    /// Items on one page of a list.
    pub page_size_max: usize,
    /// Keys of things that the router of a supergraph asks for at once.
    pub representations_max: usize,
    /// Words, numbers, texts and marks in the document of a request.
    pub tokens_max: usize,
    /// Fields within one another.
    pub depth_max: usize,
    /// Fields at the root of one operation.
    pub root_fields_max: usize,
    /// Fields that an answer can have, by what its question asks for; a search counts for many.
    pub complexity_max: u64,
    /// Records that an answer does have besides the items on its pages.
    pub records_max: u64,
    /// Aliases in one operation.
    pub aliases_max: usize,
    /// Directives on one field.
    pub directives_max: usize,
    /// Ids, years or names in one list of a filter.
    pub filter_values_max: usize,
    /// Bytes of long texts in one answer.
    pub text_bytes_max: u64,
    /// Errors in one answer; the rest is counted.
    pub errors_max: usize,
    /// Bytes of answers that are kept to be given again; 0 keeps none.
    pub response_cache_bytes_max: u64,
    /// Bytes of documents that are kept as they were parsed, about.
    pub document_cache_bytes_max: u64,
    /// Bytes of documents that clients sent to be named by their digest from then on.
    pub persisted_query_cache_bytes_max: u64,
    /// Calls to subgraphs for one request.
    pub subgraph_calls_max: usize,
    /// Milliseconds that one call to a subgraph may take, its repetitions included.
    pub subgraph_timeout_ms: u64,
    /// Bytes of one answer of a subgraph.
    pub subgraph_bytes_max: usize,
    /// How often a query to a subgraph that cannot be reached is asked again.
    pub subgraph_retries_max: u32,
    /// Failures of a subgraph within five to ten seconds before it is left alone, if they are more than half
    /// of its calls. Responses count as no failures, whatever they hold, unless their status is 500 or more.
    pub circuit_breaker_failures: u32,
    /// Milliseconds for which a subgraph that failed so often is left alone.
    pub circuit_breaker_open_ms: u64,
    /// Bytes of a supergraph.
    pub supergraph_bytes_max: u64,
    /// Plans that are kept.
    pub plan_cache_entries_max: usize,
    /// Milliseconds that it may take to make one plan.
    pub plan_timeout_ms: u64,
    /// Percentage of a source's records that may be rejected before a build is rejected.
    pub rejections_percent: f64,
    /// Percentage of a source's records that may disappear before a build is rejected.
    pub removals_percent: f64,
    /// Generations that are kept on disk.
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
    /// How many searches run and wait, and for how long.
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

    /// The limits, if each can be kept.
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

    /// The whole-numbered limits, each with what it may be. Zero stands where it means none, or a default.
    fn ranges(&self) -> [(&'static str, u64, RangeInclusive<u64>); 33] {
        [
            ("request_bytes_max", self.request_bytes_max as u64, 1..=64 * MIB),
            ("request_timeout_ms", self.request_timeout_ms, 1..=TEN_MINUTES_MS),
            ("concurrent_requests_max", self.concurrent_requests_max as u64, 1..=65_536),
            ("connections_max", self.connections_max as u64, 1..=1_048_576),
            ("connection_ms_max", self.connection_ms_max, 1..=TEN_MINUTES_MS),
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
            // What does not fit the type is rejected when it is read.
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
