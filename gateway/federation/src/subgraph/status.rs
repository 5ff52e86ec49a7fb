//! Status of the configured and composed subgraphs.

use std::sync::Arc;

use super::{Health, HttpSubgraph};

/// The subgraphs of a supergraph that are called over HTTP, for one request.
#[derive(Clone, Default)]
pub struct SubgraphStatus {
    composed: Arc<[Arc<HttpSubgraph>]>,
    is_current: bool,
}

impl SubgraphStatus {
    /// Creates the status from the composed subgraphs, by name, and whether the latest supergraph
    /// is active.
    pub(crate) fn new(composed: Arc<[Arc<HttpSubgraph>]>, is_current: bool) -> Self {
        Self { composed, is_current }
    }

    /// Whether the latest supergraph is active; false if it could not be activated.
    pub const fn is_current(&self) -> bool {
        self.is_current
    }

    /// The health of all composed and `configured` subgraphs, by name; `None` if not composed.
    pub fn health_by_name<'a>(
        &'a self,
        configured: impl Iterator<Item = &'a str>,
    ) -> Vec<(&'a str, Option<Health>)> {
        let composed = self.composed.iter().map(|remote| (&**remote.name(), Some(remote.health())));
        let mut all: Vec<_> = composed.collect();
        for name in configured {
            if all.iter().all(|(existing, _)| *existing != name) {
                all.push((name, None));
            }
        }
        all.sort_unstable_by_key(|(name, _)| *name);
        all
    }
}
