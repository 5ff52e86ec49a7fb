//! Response cache: stores complete responses, and coalesces concurrent identical requests.
//!
//! Invariant: a response is only cached if it depends on a single generation and has no errors. Its
//! key covers everything it depends on, so that entries never have to be invalidated.

use async_graphql::{Variables, parser::types::OperationType};
use indexer::catalog::Snapshot;
use jiff::Timestamp;
use quick_cache::{
    Weighter,
    sync::{Cache, PlaceholderGuard},
};
use serde::Serialize;

use super::{
    limits::Cost,
    outcome::{CacheKey, Outcome},
};
use crate::config::Config;
use federation::operation::Operation;

/// A cached response.
#[derive(Debug, Clone)]
pub(super) struct CachedResponse {
    pub(super) outcome: Outcome,
    pub(super) operation_name: Option<String>,
    /// The cost of the operation, if the response reports it.
    pub(super) cost: Option<Cost>,
}

/// Memory used by a cached response.
#[derive(Debug, Clone)]
pub(super) struct ResponseWeighter;

impl Weighter<CacheKey, CachedResponse> for ResponseWeighter {
    fn weight(&self, _: &CacheKey, cached: &CachedResponse) -> u64 {
        let body = if let Outcome::Complete(body) = &cached.outcome { body.len() } else { 0 };
        let name = cached.operation_name.as_ref().map_or(0, String::len);
        256 + (body + name) as u64
    }
}

/// Typical size of a response in bytes, for estimating the number of entries.
const TYPICAL_RESPONSE_BYTES: u64 = 8_192;
/// Typical size of the input of a key in bytes.
const TYPICAL_KEY_BYTES: usize = 2_048;

/// The response cache.
pub(super) struct ResponseCache {
    cache: Cache<CacheKey, CachedResponse, ResponseWeighter>,
    /// Hash of this program and the relevant configuration.
    program: blake3::Hash,
    bytes_max: u64,
}

/// Reserves a cache entry whose response others wait for.
pub(super) type FillPermit<'a> = PlaceholderGuard<
    'a,
    CacheKey,
    CachedResponse,
    ResponseWeighter,
    quick_cache::DefaultHashBuilder,
    quick_cache::sync::DefaultLifecycle<CacheKey, CachedResponse>,
>;

impl ResponseCache {
    pub(super) fn new(config: &Config) -> Self {
        let bytes_max = config.limits.response_cache_bytes_max;
        let items = usize::try_from(bytes_max / TYPICAL_RESPONSE_BYTES).unwrap_or(1).max(1);
        // The settings that affect responses.
        let graphql_settings = (config.graphql.introspection, config.graphql.did_you_mean);
        let has_feedback = config.feedback.is_some();
        let public_url = config.public_url.as_str();
        let relevant_settings = (&config.limits, graphql_settings, public_url, has_feedback);
        let mut hasher = blake3::Hasher::new();
        hasher.update(crate::BUILD_HASH.as_bytes());
        hasher.update(
            &serde_json::to_vec(&relevant_settings)
                .expect("a configuration always serialises to JSON"),
        );
        // Its texts have keys that are no JSON strings.
        hasher.update(format!("{:?}", config.site).as_bytes());
        Self {
            cache: Cache::with_weighter(items, bytes_max, ResponseWeighter),
            program: hasher.finalize(),
            bytes_max,
        }
    }

    /// The cache key of a response from `snapshot` that is valid until `valid_until`.
    pub(super) fn cache_key(
        &self,
        snapshot: &Snapshot,
        valid_until: Timestamp,
        key: &impl Serialize,
    ) -> CacheKey {
        // Hashed in one call, since the JSON serialiser writes in many small parts.
        let mut text = Vec::with_capacity(TYPICAL_KEY_BYTES);
        text.extend_from_slice(self.program.as_bytes());
        text.extend_from_slice(snapshot.digest().as_bytes());
        text.extend_from_slice(&valid_until.as_second().to_le_bytes());
        serde_json::to_writer(&mut text, key).expect("a request always serialises to JSON");
        CacheKey(blake3::hash(&text))
    }

    /// The cached response with a key.
    pub(super) fn get(&self, cache_key: CacheKey) -> Option<CachedResponse> {
        if self.bytes_max == 0 { None } else { self.cache.get(&cache_key) }
    }

    /// Waits for a response that is being computed, or reserves its entry.
    pub(super) async fn get_or_reserve(
        &self,
        cache_key: CacheKey,
    ) -> Result<CachedResponse, FillPermit<'_>> {
        self.cache.get_value_or_guard_async(&cache_key).await
    }

    /// Passes a response to all waiting requests, and caches it if it is complete.
    pub(super) fn fill(&self, permit: FillPermit<'_>, cache_key: CacheKey, cached: CachedResponse) {
        let is_complete = matches!(cached.outcome, Outcome::Complete(_));
        let _ = permit.insert(cached);
        if !is_complete || self.bytes_max == 0 {
            self.cache.remove(&cache_key);
        }
    }

    /// Size of the cached responses in bytes.
    pub(super) fn bytes(&self) -> u64 {
        self.cache.weight()
    }
}

/// Whether the responses to an operation depend only on the generation.
///
/// `catalog` does not: the state of subgraphs changes without a new generation.
pub(super) fn is_cacheable(operation: &Operation) -> bool {
    operation.kind() == OperationType::Query
        && !operation.root_fields().iter().any(|name| name == "catalog")
}

/// The properties of a request that its response depends on.
#[derive(Serialize)]
pub(super) struct ResponseCacheKey<'a> {
    pub(super) document: &'a str,
    pub(super) operation_name: Option<&'a str>,
    pub(super) variables: &'a Variables,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) reports_cost: bool,
    /// Hash of the supergraph, which affects routing.
    pub(super) supergraph: Option<&'a [u8; 32]>,
}
