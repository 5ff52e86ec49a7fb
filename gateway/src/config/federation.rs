//! `[federation]`: the supergraph, and policies for subgraphs.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

pub use federation::config::{ErrorMasking, OnBreakingChange};
use federation::{
    compose::{InaccessibleFields, SubgraphSdl},
    config::{Introspection, LocalSubgraphConfig, RouterConfig, SubgraphPolicy},
};
use poem::http::HeaderName;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Config, ConfigError, LOCAL_SUBGRAPH_NAME, header_rules, subgraph::PrivateAddresses};

/// Settings of the router.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FederationConfig {
    /// Path of a precomposed supergraph, reloaded when it changes.
    pub supergraph: Option<PathBuf>,
    /// Whether only the supergraph is served, without a knowledge base of our own.
    pub supergraph_only: bool,
    /// Name of the local subgraph in a precomposed supergraph.
    pub local_subgraph: Option<String>,
    /// Headers of client requests that are forwarded to all subgraphs.
    pub forwarded_headers: Vec<HeaderName>,
    /// Whether clients see the error messages of subgraphs.
    pub error_masking: ErrorMasking,
    /// Policy for a new supergraph that would break operations in use.
    pub on_breaking_change: OnBreakingChange,
    /// Whether all subgraphs may have private addresses.
    pub private_addresses: PrivateAddresses,
}

/// Folder of the SDL cache within the data folder.
const SDL_CACHE_FOLDER: &str = "sdl-cache";

impl Config {
    /// The configuration of the router.
    pub(crate) fn router(&self, local_sdl: String) -> RouterConfig {
        let FederationConfig { local_subgraph, error_masking, on_breaking_change, .. } =
            &self.federation;
        let url = self.public_url.join("graphql").expect("`graphql` is a valid relative URL");
        let name = local_subgraph.clone().unwrap_or_else(|| LOCAL_SUBGRAPH_NAME.to_owned());
        let local = LocalSubgraphConfig {
            name_in_supergraph: name,
            sdl: SubgraphSdl {
                name: LOCAL_SUBGRAPH_NAME.to_owned(),
                url: url.into(),
                sdl: local_sdl,
                mapping: None,
                inaccessible_fields: InaccessibleFields::Exposed,
            },
            scalars: &[],
        };
        let limits = &self.limits;
        RouterConfig {
            local: (!self.federation.supergraph_only).then_some(local),
            subgraphs: self.subgraphs.clone(),
            forwarded_headers: self.federation.forwarded_headers.clone(),
            introspection: if self.graphql.introspection {
                Introspection::Enabled
            } else {
                Introspection::Disabled
            },
            error_masking: *error_masking,
            on_breaking_change: *on_breaking_change,
            plan_timeout: Duration::from_millis(limits.plan_timeout_ms),
            plan_cache_entries_max: limits.plan_cache_entries_max,
            subgraph_calls_max: limits.subgraph_calls_max,
            errors_max: limits.errors_max,
            default_policy: SubgraphPolicy {
                timeout: Duration::from_millis(limits.subgraph_timeout_ms),
                retries: limits.subgraph_retries_max,
                bytes_max: limits.subgraph_bytes_max,
                failure_threshold: limits.circuit_breaker_failures,
                open_for: Duration::from_millis(limits.circuit_breaker_open_ms),
                private_addresses: self.federation.private_addresses,
                trace_headers: crate::trace_context::headers,
            },
            sdl_cache: self.data.join(SDL_CACHE_FOLDER),
            user_agent: crate::PROGRAM,
        }
    }
}

/// `[federation]` as written.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct FederationSection {
    /// [Supergraph composed elsewhere](federation.md#a-supergraph-composed-elsewhere); reloaded
    /// when it changes.
    #[schemars(extend("x-range" = "path of a file"))]
    supergraph: Option<PathBuf>,
    /// Name of the local graph in that supergraph; it is executed in process.
    #[schemars(extend("x-default" = LOCAL_SUBGRAPH_NAME))]
    local_subgraph: Option<String>,
    /// Headers from the client that every subgraph receives.
    #[schemars(extend("x-range" = "header names, each once, except [reserved ones](#headers)"))]
    forwarded_headers: Vec<String>,
    /// Shows clients the error messages of subgraphs.
    expose_subgraph_errors: bool,
    /// Keeps the previous supergraph if a new one [breaks](federation.md#breaking-changes) trusted
    /// or recent operations; otherwise they are only logged.
    reject_breaking_changes: bool,
    /// Whether all subgraphs may have [private addresses](federation.md#private-networks), also with
    /// plain `http`; for subgraphs of a supergraph composed elsewhere.
    allow_private_addresses: bool,
}

impl FederationSection {
    pub(super) fn checked(
        self,
        folder: &Path,
        supergraph_override: Option<PathBuf>,
        private: PrivateAddresses,
    ) -> Result<FederationConfig, ConfigError> {
        let key = "federation.forwarded_headers";
        Ok(FederationConfig {
            supergraph: supergraph_override
                .or_else(|| self.supergraph.map(|path| folder.join(path))),
            supergraph_only: false,
            local_subgraph: self.local_subgraph,
            forwarded_headers: header_rules::checked_names(key, &self.forwarded_headers)?,
            error_masking: if self.expose_subgraph_errors {
                ErrorMasking::Off
            } else {
                ErrorMasking::On
            },
            on_breaking_change: if self.reject_breaking_changes {
                OnBreakingChange::Reject
            } else {
                OnBreakingChange::Warn
            },
            private_addresses: private.max(PrivateAddresses::of(self.allow_private_addresses)),
        })
    }
}
