//! Answers that were given before, and answers that are being made: one for equal requests.
//!
//! Invariant: an answer is kept only where it was made wholly from one generation and nothing in it
//! failed. Its key holds everything that it depends on, so that no key ever has to be forgotten.

use async_graphql::{Variables, parser::types::OperationType};
use indexer::catalog::Snapshot;
use jiff::Timestamp;
use quick_cache::{
    Weighter,
    sync::{Cache, PlaceholderGuard},
};
use serde::Serialize;

use super::outcome::{CacheKey, Outcome};
use crate::config::Config;
use federation::operation::Operation;

/// An answer as it is kept.
#[derive(Debug, Clone)]
pub(super) struct CachedResponse {
    pub(super) outcome: Outcome,
    pub(super) operation_name: Option<String>,
}

/// What one kept answer weighs.
#[derive(Debug, Clone)]
pub(super) struct ResponseWeighter;

impl Weighter<CacheKey, CachedResponse> for ResponseWeighter {
    fn weight(&self, _: &CacheKey, cached: &CachedResponse) -> u64 {
        let body = if let Outcome::Complete(body) = &cached.outcome { body.len() } else { 0 };
        let name = cached.operation_name.as_ref().map_or(0, String::len);
        256 + (body + name) as u64
    }
}

/// An answer is about this large; the cache is made for so many of them.
const TYPICAL_RESPONSE_BYTES: u64 = 8_192;
/// A question is about this large.
const TYPICAL_KEY_BYTES: usize = 2_048;

/// The answers of all requests.
pub(super) struct ResponseCache {
    cache: Cache<CacheKey, CachedResponse, ResponseWeighter>,
    /// Digest of this program and its configuration.
    program: blake3::Hash,
    bytes_max: u64,
}

/// The right to make an answer that others wait for.
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
        // What decides answers of the configuration; an answer never depends on the rest.
        let graphql_settings = (config.graphql.introspection, config.graphql.did_you_mean);
        let relevant_settings = (&config.limits, graphql_settings, config.public_url.as_str());
        let mut hasher = blake3::Hasher::new();
        hasher.update(crate::BUILD_HASH.as_bytes());
        hasher.update(
            &serde_json::to_vec(&relevant_settings)
                .expect("a configuration always serialises to JSON"),
        );
        Self {
            cache: Cache::with_weighter(items, bytes_max, ResponseWeighter),
            program: hasher.finalize(),
            bytes_max,
        }
    }

    /// The validator of an answer from `snapshot` in the time step that ends at `step`.
    pub(super) fn cache_key(
        &self,
        snapshot: &Snapshot,
        valid_until: Timestamp,
        key: &impl Serialize,
    ) -> CacheKey {
        // Digested in one piece: JSON is written in many small ones.
        let mut text = Vec::with_capacity(TYPICAL_KEY_BYTES);
        text.extend_from_slice(self.program.as_bytes());
        text.extend_from_slice(snapshot.digest().as_bytes());
        text.extend_from_slice(&valid_until.as_second().to_le_bytes());
        serde_json::to_writer(&mut text, key).expect("a request always serialises to JSON");
        CacheKey(blake3::hash(&text))
    }

    /// The answer that is kept under a validator.
    pub(super) fn get(&self, cache_key: CacheKey) -> Option<CachedResponse> {
        if self.bytes_max == 0 { None } else { self.cache.get(&cache_key) }
    }

    /// The answer that somebody else is making; else the right to make it.
    pub(super) async fn get_or_reserve(
        &self,
        cache_key: CacheKey,
    ) -> Result<CachedResponse, FillPermit<'_>> {
        self.cache.get_value_or_guard_async(&cache_key).await
    }

    /// Gives an answer to everybody who waits for it, and keeps it if it is whole.
    pub(super) fn fill(&self, permit: FillPermit<'_>, cache_key: CacheKey, cached: CachedResponse) {
        let is_complete = matches!(cached.outcome, Outcome::Complete(_));
        let _ = permit.insert(cached);
        if !is_complete || self.bytes_max == 0 {
            self.cache.remove(&cache_key);
        }
    }

    /// Bytes of the answers that are kept.
    pub(super) fn bytes(&self) -> u64 {
        self.cache.weight()
    }
}

/// Whether the answers to an operation are made wholly from a generation.
///
/// `catalog` tells the state of sources besides, which changes without a new generation.
pub(super) fn is_cacheable(operation: &Operation) -> bool {
    operation.kind() == OperationType::Query
        && !operation.root_fields().iter().any(|name| name == "catalog")
}

/// What an answer depends on of the question itself.
#[derive(Serialize)]
pub(super) struct ResponseCacheKey<'a> {
    pub(super) document: &'a str,
    pub(super) operation_name: Option<&'a str>,
    pub(super) variables: &'a Variables,
    /// The digest of the supergraph, which decides what is asked of whom.
    pub(super) supergraph: Option<&'a [u8; 32]>,
}
