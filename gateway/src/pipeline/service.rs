//! Who answers for each subgraph of a supergraph: we ourselves, or somebody over HTTP.

use std::{collections::HashMap, sync::Arc, time::Duration};

use async_graphql::Variables;
use tokio::time::Instant;

use super::{local::Local, plan::Fetch};
use crate::{
    config::{Config, Messages},
    subgraph::{Call, CallError, Client, Headers, Remote, Reply, Settings},
    supergraph::Supergraph,
};

/// Who answers for a subgraph.
enum Service {
    /// We ourselves, in this process.
    Local,
    /// Somebody over HTTP.
    Remote(Arc<Remote>),
}

/// Who answers for each subgraph, by name.
pub(super) struct Services {
    by_name: HashMap<Arc<str>, Service>,
    messages: Messages,
}

/// What goes with every question of one request.
pub(super) struct Asking<'a> {
    /// Headers of the client that are passed on.
    pub(super) headers: &'a Headers,
    /// Our own graph, where there is one.
    pub(super) local: Option<&'a Local<'a>>,
}

impl Services {
    /// Who answers for the subgraphs of a supergraph. `before` served an older one: whoever stays is
    /// called over the same connections, and what is known about them is kept.
    pub(super) fn new(
        supergraph: &Supergraph,
        config: &Config,
        client: &Client,
        before: Option<&Self>,
    ) -> Self {
        let federation = &config.federation;
        let limits = &config.limits;
        let settings = Settings {
            time: Duration::from_millis(limits.subgraph_ms_max),
            retries: limits.subgraph_retries_max,
            bytes_max: limits.subgraph_bytes_max,
            failures_max: limits.subgraph_failures_max,
            pause: Duration::from_millis(limits.subgraph_pause_ms),
        };
        let ours = config.public_url.join("graphql").ok();
        let service = |name: &Arc<str>, url: &str| {
            let is_ours = federation.own_subgraph.as_deref() == Some(&**name)
                || ours.as_ref().is_some_and(|ours| ours.as_str() == url);
            if is_ours && !federation.supergraph_alone {
                return Service::Local;
            }
            let known = before.and_then(|before| before.by_name.get(name));
            match known {
                Some(Service::Remote(remote)) if remote.url() == url => {
                    Service::Remote(Arc::clone(remote))
                }
                _ => {
                    let (name, url) = (Arc::clone(name), url.to_owned());
                    let remote = Remote::new(name, url, settings.clone(), client.clone());
                    Service::Remote(Arc::new(remote))
                }
            }
        };
        let graphs = supergraph.graphs().iter();
        let by_name =
            graphs.map(|graph| (Arc::clone(&graph.name), service(&graph.name, &graph.url)));
        Self { by_name: by_name.collect(), messages: federation.messages }
    }

    /// Asks the subgraph of a question.
    pub(super) async fn ask(
        &self,
        fetch: &Fetch,
        variables: &Variables,
        asking: &Asking<'_>,
        deadline: Instant,
    ) -> Result<Arc<Reply>, CallError> {
        match (self.by_name.get(&fetch.subgraph), asking.local) {
            (Some(Service::Remote(remote)), _) => {
                let (document, headers) = (&*fetch.document, asking.headers);
                remote.call(Call { document, kind: fetch.kind, variables, headers, deadline }).await
            }
            (Some(Service::Local), Some(local)) => {
                local.ask(&fetch.document, variables, deadline).await.map(Arc::new)
            }
            (Some(Service::Local) | None, _) => Err(CallError::Address(fetch.subgraph.to_string())),
        }
    }

    /// Whether a subgraph is answered for by ourselves.
    pub(super) fn is_local(&self, subgraph: &str) -> bool {
        matches!(self.by_name.get(subgraph), Some(Service::Local))
    }

    /// Whether clients see what a subgraph says about an error.
    pub(super) fn shows_messages(&self) -> bool {
        self.messages == Messages::Shown
    }

    /// Everybody who is called over HTTP, by name.
    pub(super) fn remotes(&self) -> Vec<&Arc<Remote>> {
        let remotes = self.by_name.values().filter_map(|service| match service {
            Service::Remote(remote) => Some(remote),
            Service::Local => None,
        });
        let mut remotes: Vec<_> = remotes.collect();
        remotes.sort_by(|one, other| one.name().cmp(other.name()));
        remotes
    }
}
