//! `[federation]`: which supergraph is served, and what its subgraphs get and may say.

use std::path::{Path, PathBuf};

use poem::http::HeaderName;
use serde::Deserialize;

use super::ConfigError;

/// How other graphs are joined to ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Federation {
    /// A supergraph that was composed elsewhere; followed while serving.
    pub supergraph: Option<PathBuf>,
    /// Whether the supergraph is all there is to serve, without a knowledge base of our own.
    pub supergraph_alone: bool,
    /// Our own name in a supergraph.
    pub own_subgraph: Option<String>,
    /// Headers of a client's request that subgraphs get, too.
    pub forwarded_headers: Vec<HeaderName>,
    /// Whether clients see what subgraphs say about errors.
    pub messages: Messages,
    /// What becomes of a newer supergraph that would break what is asked these days.
    pub breaking: Breaking,
}

/// What becomes of a newer supergraph over which some operations could not be answered any more: those
/// that are trusted, and those that were asked lately.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Breaking {
    /// It is served; the log names what it breaks.
    #[default]
    Told,
    /// The one before is served on; the log says why.
    Refused,
}

/// Whether clients see what subgraphs say about errors.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Messages {
    /// They see which subgraph failed; its words are in the log.
    #[default]
    Masked,
    /// They see its words.
    Shown,
}

/// `[federation]` as typed.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct FederationFile {
    supergraph: Option<PathBuf>,
    own_subgraph: Option<String>,
    forwarded_headers: Vec<String>,
    show_messages: bool,
    refuse_breaking: bool,
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

impl FederationFile {
    pub(super) fn checked(
        self,
        folder: &Path,
        over: Option<PathBuf>,
    ) -> Result<Federation, ConfigError> {
        let headers = self.forwarded_headers.iter().map(|text| header(text));
        Ok(Federation {
            supergraph: over.or_else(|| self.supergraph.map(|path| folder.join(path))),
            supergraph_alone: false,
            own_subgraph: self.own_subgraph,
            forwarded_headers: headers.collect::<Result<_, _>>()?,
            messages: if self.show_messages { Messages::Shown } else { Messages::Masked },
            breaking: if self.refuse_breaking { Breaking::Refused } else { Breaking::Told },
        })
    }
}

fn header(text: &str) -> Result<HeaderName, ConfigError> {
    let name: Option<HeaderName> = text.parse().ok();
    name.filter(|name| !NEVER_FORWARDED.contains(&name.as_str())).ok_or_else(|| {
        let wanted = "names of headers such as `authorization`, none of those of a connection";
        ConfigError::value("federation.forwarded_headers", wanted, text)
    })
}
