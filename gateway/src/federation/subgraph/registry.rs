//! Who answers for each subgraph of a supergraph: we ourselves, or somebody over HTTP.

use std::{collections::HashMap, sync::Arc, time::Duration};

use async_graphql::Variables;
use poem::http::HeaderName;
use tokio::time::Instant;

use crate::{
    config::{Config, ErrorMasking, HeaderRule, LOCAL_SUBGRAPH_NAME, SubgraphConfig},
    federation::{
        Supergraph,
        authorization::filter_operation::AuthContext,
        plan::Fetch,
        subgraph::{
            FetchError, Headers, HttpClient, HttpSubgraph, SubgraphPolicy, SubgraphRequest,
            SubgraphResponse, set_headers,
        },
    },
    pipeline::local_subgraph::LocalSubgraph,
};

/// Who answers for a subgraph.
enum SubgraphTarget {
    /// We ourselves, in this process.
    Local,
    /// Somebody over HTTP, and what is passed on of a client's headers.
    Http(Arc<HttpSubgraph>, HeaderPropagation),
}

/// Which headers a subgraph gets.
struct HeaderPropagation {
    /// Of the client's.
    forwarded: Vec<HeaderName>,
    /// Always.
    set: Headers,
}

impl HeaderPropagation {
    /// What a partner of the configuration gets besides what every subgraph does.
    fn new(subgraph: Option<&SubgraphConfig>, forwarded: &[HeaderName]) -> Self {
        let mut forwarded = forwarded.to_vec();
        for rule in subgraph.iter().flat_map(|subgraph| &subgraph.headers) {
            if let HeaderRule::Forward { name } = rule {
                forwarded.extend(name.parse::<HeaderName>().ok());
            }
        }
        Self { forwarded, set: subgraph.map(set_headers).unwrap_or_default() }
    }

    /// The headers of one call.
    fn headers_for(&self, client: &Headers) -> Headers {
        let passed = client.iter().filter(|(name, _)| self.forwarded.contains(name));
        passed.chain(&*self.set).cloned().collect()
    }
}

/// Who answers for each subgraph, by name.
pub(crate) struct SubgraphRegistry {
    by_name: HashMap<Arc<str>, SubgraphTarget>,
    error_masking: ErrorMasking,
}

/// What goes with every question of one request.
pub(crate) struct FetchContext<'a> {
    /// Headers of the client that are passed on.
    pub(crate) headers: &'a Headers,
    /// Who asks, and what they may see.
    pub(crate) auth: AuthContext<'a>,
    /// Our own graph, where there is one.
    pub(crate) local: Option<&'a LocalSubgraph<'a>>,
}

impl SubgraphRegistry {
    /// Who answers for the subgraphs of a supergraph. `before` served an older one: whoever stays is
    /// called over the same connections, and what is known about them is kept.
    pub(crate) fn new(
        supergraph: &Supergraph,
        config: &Config,
        client: &HttpClient,
        previous: Option<&Self>,
    ) -> Self {
        let federation = &config.federation;
        let limits = &config.limits;
        let configured =
            |name: &str| config.subgraphs.iter().find(|subgraph| subgraph.name == name);
        let policy = |subgraph: Option<&SubgraphConfig>| SubgraphPolicy {
            timeout: subgraph
                .map_or(Duration::from_millis(limits.subgraph_timeout_ms), |subgraph| {
                    subgraph.timeout
                }),
            retries: subgraph.map_or(limits.subgraph_retries_max, |subgraph| subgraph.retries),
            bytes_max: limits.subgraph_bytes_max,
            failure_threshold: limits.circuit_breaker_failures,
            open_for: Duration::from_millis(limits.circuit_breaker_open_ms),
        };
        let local_url = config.public_url.join("graphql").ok();
        let target = |name: &Arc<str>, url: &str| {
            let own = federation.local_subgraph.as_deref().unwrap_or(LOCAL_SUBGRAPH_NAME);
            let is_local = own == &**name
                || local_url.as_ref().is_some_and(|local_url| local_url.as_str() == url);
            if is_local && !federation.supergraph_only {
                return SubgraphTarget::Local;
            }
            let previous_target = previous.and_then(|previous| previous.by_name.get(name));
            let subgraph = configured(name);
            let remote = match previous_target {
                Some(SubgraphTarget::Http(remote, _)) if remote.url() == url => Arc::clone(remote),
                _ => {
                    let (name, url) = (Arc::clone(name), url.to_owned());
                    Arc::new(HttpSubgraph::new(name, url, policy(subgraph), client.clone()))
                }
            };
            SubgraphTarget::Http(
                remote,
                HeaderPropagation::new(subgraph, &federation.forwarded_headers),
            )
        };
        let graphs = supergraph.graphs().iter();
        let by_name =
            graphs.map(|graph| (Arc::clone(&graph.name), target(&graph.name, &graph.url)));
        Self { by_name: by_name.collect(), error_masking: federation.error_masking }
    }

    /// Asks the subgraph of a question.
    pub(crate) async fn fetch(
        &self,
        fetch: &Fetch,
        variables: &Variables,
        context: &FetchContext<'_>,
        deadline: Instant,
    ) -> Result<Arc<SubgraphResponse>, FetchError> {
        match (self.by_name.get(&fetch.subgraph), context.local) {
            (Some(SubgraphTarget::Http(remote, propagation)), _) => {
                let (document, headers) =
                    (&*fetch.document, &propagation.headers_for(context.headers));
                remote
                    .fetch(SubgraphRequest {
                        document,
                        operation_type: fetch.operation_type,
                        variables,
                        headers,
                        deadline,
                    })
                    .await
            }
            (Some(SubgraphTarget::Local), Some(local)) => {
                local.fetch(&fetch.document, variables, deadline).await.map(Arc::new)
            }
            (Some(SubgraphTarget::Local) | None, _) => {
                Err(FetchError::InvalidUrl(fetch.subgraph.to_string()))
            }
        }
    }

    /// Whether a subgraph is answered for by ourselves.
    pub(crate) fn is_local(&self, subgraph: &str) -> bool {
        matches!(self.by_name.get(subgraph), Some(SubgraphTarget::Local))
    }

    /// Whether clients see what a subgraph says about an error.
    pub(crate) fn exposes_errors(&self) -> bool {
        self.error_masking == ErrorMasking::Off
    }

    /// Everybody who is called over HTTP, by name.
    pub(crate) fn remotes(&self) -> Vec<Arc<HttpSubgraph>> {
        let remotes = self.by_name.values().filter_map(|target| match target {
            SubgraphTarget::Http(remote, _) => Some(Arc::clone(remote)),
            SubgraphTarget::Local => None,
        });
        let mut remotes: Vec<_> = remotes.collect();
        remotes.sort_by(|one, other| one.name().cmp(other.name()));
        remotes
    }
}
