//! How it goes with everybody whose graph is joined to ours.

use std::sync::Arc;

use super::{Health, HttpSubgraph};

/// Those who are called over HTTP for one request, and those who are not joined yet.
#[derive(Clone, Default)]
pub struct SubgraphStatus {
    composed: Arc<[Arc<HttpSubgraph>]>,
    is_current: bool,
}

impl SubgraphStatus {
    /// Everybody who is joined, by name; and whether the newest supergraph is served.
    pub(crate) fn new(composed: Arc<[Arc<HttpSubgraph>]>, is_current: bool) -> Self {
        Self { composed, is_current }
    }

    /// Whether the newest supergraph is served: not while it cannot be taken.
    pub const fn is_current(&self) -> bool {
        self.is_current
    }

    /// Each by name, and how it goes with it; nothing is known of who is `configured` and not joined.
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
