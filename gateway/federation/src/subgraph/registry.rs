//! The subgraphs of a supergraph: executed in process or called over HTTP.

use std::{collections::HashMap, sync::Arc};

use hyper::header::HeaderName;

use super::{Headers, HttpClient, HttpSubgraph, Subgraph, mapped_subgraph::MappedSubgraph};
use crate::{
    address::{AddressError, AddressRule},
    config::{RouterConfig, SubgraphConfig, SubgraphPolicy},
    supergraph::SubgraphInfo,
};

/// Target of the fetches for a subgraph.
enum SubgraphTarget {
    /// The local subgraph of the request.
    Local,
    /// A subgraph over HTTP, with rules for its headers, and its translation if it is a plain
    /// GraphQL service.
    Http(Arc<HttpSubgraph>, HeaderPropagation, Option<MappedSubgraph>),
}

/// Rules for the headers of a subgraph's requests.
struct HeaderPropagation {
    /// Names of client headers that are forwarded.
    forwarded: Vec<HeaderName>,
    /// Headers with a fixed value.
    fixed: Headers,
}

impl HeaderPropagation {
    /// The rules of a configured subgraph, in addition to those of all subgraphs.
    fn new(subgraph: Option<&SubgraphConfig>, forwarded: &[HeaderName]) -> Self {
        let own = subgraph.into_iter().flat_map(SubgraphConfig::forwarded_headers);
        Self {
            forwarded: forwarded.iter().cloned().chain(own).collect(),
            fixed: subgraph.map(SubgraphConfig::fixed_headers).unwrap_or_default(),
        }
    }

    /// The headers of a request. A fixed header replaces that of the client.
    fn headers_for(&self, client: &Headers) -> Headers {
        let is_fixed = |name: &HeaderName| self.fixed.iter().any(|(fixed, _)| fixed == name);
        let forwarded =
            client.iter().filter(|(name, _)| self.forwarded.contains(name) && !is_fixed(name));
        forwarded.chain(&*self.fixed).cloned().collect()
    }
}

/// The target of each subgraph, by name.
pub(crate) struct SubgraphRegistry(HashMap<Arc<str>, SubgraphTarget>);

impl SubgraphRegistry {
    /// The targets of the subgraphs of a supergraph. A subgraph with the same URL as in `previous`
    /// keeps its connections, counters and circuit breaker.
    pub(crate) fn new(
        subgraphs: &[SubgraphInfo],
        config: &RouterConfig,
        client: &HttpClient,
        previous: Option<&Self>,
    ) -> Self {
        let target = |info: &SubgraphInfo| {
            if is_local(info, config) {
                return SubgraphTarget::Local;
            }
            let SubgraphInfo { name, url } = info;
            let subgraph = config.subgraphs.iter().find(|subgraph| subgraph.name == **name);
            let remote = match previous.and_then(|previous| previous.0.get(name)) {
                Some(SubgraphTarget::Http(remote, ..)) if remote.url() == url => Arc::clone(remote),
                _ => {
                    let policy = policy(subgraph, &config.default_policy);
                    let name = Arc::clone(name);
                    Arc::new(HttpSubgraph::new(name, url.clone(), policy, client.clone()))
                }
            };
            let mapping = subgraph.and_then(|subgraph| subgraph.mapping.clone());
            let mapped = mapping.map(|mapping| MappedSubgraph::new(Arc::clone(&remote), mapping));
            let headers = HeaderPropagation::new(subgraph, &config.forwarded_headers);
            SubgraphTarget::Http(remote, headers, mapped)
        };
        Self(subgraphs.iter().map(|info| (Arc::clone(&info.name), target(info))).collect())
    }

    /// Checks that requests may be sent to all subgraphs. A URL that is invalid, or missing, is
    /// reported by each request.
    ///
    /// # Errors
    /// [`RejectedAddress`] for the first one that must not receive requests.
    pub(crate) fn check(
        subgraphs: &[SubgraphInfo],
        config: &RouterConfig,
    ) -> Result<(), RejectedAddress> {
        for info in subgraphs.iter().filter(|info| !is_local(info, config)) {
            let Ok(url) = info.url.parse() else { continue };
            let subgraph = config.subgraphs.iter().find(|subgraph| subgraph.name == *info.name);
            let policy = policy(subgraph, &config.default_policy);
            AddressRule::of(&url, policy.private_addresses)
                .map_err(|cause| RejectedAddress { subgraph: Arc::clone(&info.name), cause })?;
        }
        Ok(())
    }

    /// A subgraph and the headers for it, or `None` for an unknown name; `local` is the local
    /// subgraph.
    pub(crate) fn resolve<'a>(
        &'a self,
        name: &str,
        local: Option<&'a dyn Subgraph>,
        client_headers: &Headers,
    ) -> Option<(&'a dyn Subgraph, Headers)> {
        match self.0.get(name)? {
            SubgraphTarget::Local => Some((local?, Headers::default())),
            SubgraphTarget::Http(remote, propagation, mapped) => {
                let subgraph: &dyn Subgraph = match mapped {
                    Some(mapped) => mapped,
                    None => remote,
                };
                Some((subgraph, propagation.headers_for(client_headers)))
            }
        }
    }

    /// Counts fields of a response that were not requested.
    pub(crate) fn record_unrequested_fields(&self, subgraph: &str, count: u64) {
        if let Some(SubgraphTarget::Http(remote, ..)) = self.0.get(subgraph) {
            remote.record_unrequested_fields(count);
        }
    }

    /// Whether a subgraph is the local one.
    pub(crate) fn is_local(&self, subgraph: &str) -> bool {
        matches!(self.0.get(subgraph), Some(SubgraphTarget::Local))
    }

    /// The subgraphs that are called over HTTP, by name.
    pub(crate) fn remotes(&self) -> Vec<Arc<HttpSubgraph>> {
        let remotes = self.0.values().filter_map(|target| match target {
            SubgraphTarget::Http(remote, ..) => Some(Arc::clone(remote)),
            SubgraphTarget::Local => None,
        });
        let mut remotes: Vec<_> = remotes.collect();
        remotes.sort_by(|one, other| one.name().cmp(other.name()));
        remotes
    }
}

/// A subgraph of a supergraph whose address must not receive requests.
#[derive(Debug, thiserror::Error)]
#[error("address of subgraph `{subgraph}` rejected")]
pub struct RejectedAddress {
    subgraph: Arc<str>,
    #[source]
    cause: AddressError,
}

/// Whether a subgraph is the local one.
fn is_local(SubgraphInfo { name, url }: &SubgraphInfo, config: &RouterConfig) -> bool {
    let local = config.local.as_ref();
    local.is_some_and(|local| *local.name_in_supergraph == **name || local.sdl.url == *url)
}

/// The policy of a subgraph: the default, with its configured timeout and retries.
fn policy(subgraph: Option<&SubgraphConfig>, default: &SubgraphPolicy) -> SubgraphPolicy {
    let default = default.clone();
    match subgraph {
        Some(SubgraphConfig { timeout, retries, private_addresses, .. }) => SubgraphPolicy {
            timeout: *timeout,
            retries: *retries,
            private_addresses: *private_addresses,
            ..default
        },
        None => default,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fixed_header_must_replace_that_of_the_client() {
        let header = |name: &'static str, value: &'static str| {
            (HeaderName::from_static(name), hyper::header::HeaderValue::from_static(value))
        };
        let names = ["authorization", "accept-language", "x-team"];
        let propagation = HeaderPropagation {
            forwarded: names.into_iter().map(HeaderName::from_static).collect(),
            fixed: [header("authorization", "ours"), header("x-key", "1")].into(),
        };
        let client: Headers = [
            header("authorization", "theirs"),
            header("accept-language", "nl"),
            header("authorization", "theirs again"),
            header("x-team", "a"),
            header("x-team", "b"),
            header("x-key", "2"),
            header("cookie", "c"),
        ]
        .into();
        let sent = [
            header("accept-language", "nl"),
            header("x-team", "a"),
            header("x-team", "b"),
            header("authorization", "ours"),
            header("x-key", "1"),
        ];
        assert_eq!(*propagation.headers_for(&client), sent);
        let without_client = propagation.headers_for(&Headers::default());
        assert_eq!(*without_client, sent[3..]);
    }
}
