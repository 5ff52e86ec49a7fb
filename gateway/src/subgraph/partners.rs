//! How it goes with everybody whose graph is joined to ours.

use std::sync::Arc;

use super::{Health, Remote};

/// Those who are called over HTTP for one request, and those who are not joined yet.
#[derive(Clone, Default)]
pub(crate) struct Partners {
    joined: Arc<[Arc<Remote>]>,
    serves_newest: bool,
}

impl Partners {
    /// Everybody who is joined, by name; and whether the newest supergraph is served.
    pub(crate) fn new(joined: Arc<[Arc<Remote>]>, serves_newest: bool) -> Self {
        Self { joined, serves_newest }
    }

    /// Whether the newest supergraph is served: not while it cannot be taken.
    pub(crate) const fn serves_newest(&self) -> bool {
        self.serves_newest
    }

    /// Each by name, and how it goes with it; nothing is known of who is `configured` and not joined.
    pub(crate) fn look<'a>(
        &'a self,
        configured: impl Iterator<Item = &'a str>,
    ) -> Vec<(&'a str, Option<Health>)> {
        let joined = self.joined.iter().map(|remote| (&**remote.name(), Some(remote.health())));
        let mut all: Vec<_> = joined.collect();
        for name in configured {
            if all.iter().all(|(known, _)| *known != name) {
                all.push((name, None));
            }
        }
        all.sort_unstable_by_key(|(name, _)| *name);
        all
    }
}
