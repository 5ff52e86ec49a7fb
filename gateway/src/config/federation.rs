//! `[federation]`: which supergraph is served, and what its subgraphs get and may say.

use std::path::{Path, PathBuf};

use poem::http::HeaderName;
use serde::Deserialize;

use super::ConfigError;

/// How other graphs are joined to ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FederationConfig {
    /// A supergraph that was composed elsewhere; followed while serving.
    pub supergraph: Option<PathBuf>,
    /// Whether the supergraph is all there is to serve, without a knowledge base of our own.
    pub supergraph_only: bool,
    /// Our own name in a supergraph.
    pub local_subgraph: Option<String>,
    /// Headers of a client's request that subgraphs get, too.
    pub forwarded_headers: Vec<HeaderName>,
    /// Whether clients see what subgraphs say about errors.
    pub error_masking: ErrorMasking,
    /// What becomes of a newer supergraph that would break what is asked these days.
    pub on_breaking_change: OnBreakingChange,
}

/// What becomes of a newer supergraph over which some operations could not be answered any more: those
/// that are trusted, and those that were asked lately.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OnBreakingChange {
    /// It is served; the log names what it breaks.
    #[default]
    Warn,
    /// The one before is served on; the log says why.
    Reject,
}

/// Whether clients see what subgraphs say about errors.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ErrorMasking {
    /// They see which subgraph failed; its words are in the log.
    #[default]
    On,
    /// They see its words.
    Off,
}

/// `[federation]` as typed.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct FederationSection {
    supergraph: Option<PathBuf>,
    local_subgraph: Option<String>,
    forwarded_headers: Vec<String>,
    expose_subgraph_errors: bool,
    reject_breaking_changes: bool,
}

/// Headers that belong to one connection or one body, and are never passed on.
const NEVER_FORWARDED: [&str; 15] = [
    "accept",
    "accept-encoding",
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "expect",
    "host",
    "keep-alive",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
];

impl FederationSection {
    pub(super) fn checked(
        self,
        folder: &Path,
        supergraph_override: Option<PathBuf>,
    ) -> Result<FederationConfig, ConfigError> {
        let headers = self.forwarded_headers.iter().map(|text| header(text));
        Ok(FederationConfig {
            supergraph: supergraph_override
                .or_else(|| self.supergraph.map(|path| folder.join(path))),
            supergraph_only: false,
            local_subgraph: self.local_subgraph,
            forwarded_headers: headers.collect::<Result<_, _>>()?,
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
        })
    }
}

fn header(text: &str) -> Result<HeaderName, ConfigError> {
    let name: Option<HeaderName> = text.parse().ok();
    name.filter(|name| !NEVER_FORWARDED.contains(&name.as_str())).ok_or_else(|| {
        let expected = "header names such as `authorization`, no connection or content headers";
        ConfigError::value("federation.forwarded_headers", expected, text)
    })
}
