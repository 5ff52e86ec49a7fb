//! Who answers for each subgraph of a supergraph: we ourselves, or somebody over HTTP.

use std::{collections::HashMap, sync::Arc, time::Duration};

use async_graphql::Variables;
use poem::http::HeaderName;
use tokio::time::Instant;

use super::{guard::Sight, local::Local, plan::Fetch};
use crate::{
    config::{Config, HeaderRule, Messages, OWN_SUBGRAPH, Subgraph},
    subgraph::{Call, CallError, Client, Headers, Remote, Reply, Settings, set_headers},
    supergraph::Supergraph,
};

/// Who answers for a subgraph.
enum Service {
    /// We ourselves, in this process.
    Local,
    /// Somebody over HTTP, and what is passed on of a client's headers.
    Remote(Arc<Remote>, Passing),
}

/// Which headers a subgraph gets.
struct Passing {
    /// Of the client's.
    forwarded: Vec<HeaderName>,
    /// Always.
    set: Headers,
}

impl Passing {
    /// What a partner of the configuration gets besides what every subgraph does.
    fn new(partner: Option<&Subgraph>, forwarded: &[HeaderName]) -> Self {
        let mut forwarded = forwarded.to_vec();
        for rule in partner.iter().flat_map(|partner| &partner.headers) {
            if let HeaderRule::Forward { name } = rule {
                forwarded.extend(name.parse::<HeaderName>().ok());
            }
        }
        Self { forwarded, set: partner.map(set_headers).unwrap_or_default() }
    }

    /// The headers of one call.
    fn of(&self, client: &Headers) -> Headers {
        let passed = client.iter().filter(|(name, _)| self.forwarded.contains(name));
        passed.chain(&*self.set).cloned().collect()
    }
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
    /// Who asks, and what they may see.
    pub(super) sight: Sight<'a>,
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
        let partner = |name: &str| config.subgraphs.iter().find(|partner| partner.name == name);
        let settings = |partner: Option<&Subgraph>| Settings {
            time: partner
                .map_or(Duration::from_millis(limits.subgraph_ms_max), |partner| partner.timeout),
            retries: partner.map_or(limits.subgraph_retries_max, |partner| partner.retries),
            bytes_max: limits.subgraph_bytes_max,
            failures_max: limits.subgraph_failures_max,
            pause: Duration::from_millis(limits.subgraph_pause_ms),
        };
        let ours = config.public_url.join("graphql").ok();
        let service = |name: &Arc<str>, url: &str| {
            let own = federation.own_subgraph.as_deref().unwrap_or(OWN_SUBGRAPH);
            let is_ours = own == &**name || ours.as_ref().is_some_and(|ours| ours.as_str() == url);
            if is_ours && !federation.supergraph_alone {
                return Service::Local;
            }
            let known = before.and_then(|before| before.by_name.get(name));
            let partner = partner(name);
            let remote = match known {
                Some(Service::Remote(remote, _)) if remote.url() == url => Arc::clone(remote),
                _ => {
                    let (name, url) = (Arc::clone(name), url.to_owned());
                    Arc::new(Remote::new(name, url, settings(partner), client.clone()))
                }
            };
            Service::Remote(remote, Passing::new(partner, &federation.forwarded_headers))
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
            (Some(Service::Remote(remote, passing)), _) => {
                let (document, headers) = (&*fetch.document, &passing.of(asking.headers));
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
    pub(super) fn remotes(&self) -> Vec<Arc<Remote>> {
        let remotes = self.by_name.values().filter_map(|service| match service {
            Service::Remote(remote, _) => Some(Arc::clone(remote)),
            Service::Local => None,
        });
        let mut remotes: Vec<_> = remotes.collect();
        remotes.sort_by(|one, other| one.name().cmp(other.name()));
        remotes
    }
}
