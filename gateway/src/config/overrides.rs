//! Values that override the file: the environment, overridden in turn by flags.

use std::{env, path::PathBuf};

use super::PrivateAddresses;

/// Values that override those of the file, as written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides {
    /// The data folder, relative to the working directory.
    pub data: Option<PathBuf>,
    /// Address and port to listen on.
    pub listen: Option<String>,
    /// Public URL of the service.
    pub public_url: Option<String>,
    /// Path of a supergraph, relative to the working directory.
    pub supergraph: Option<PathBuf>,
    /// Whether all subgraphs may have private addresses.
    pub private_addresses: PrivateAddresses,
    /// Log filter.
    pub log: Option<String>,
}

impl Overrides {
    /// The values of `WEGWIJZER_DATA`, `WEGWIJZER_LISTEN`, `WEGWIJZER_PUBLIC_URL`,
    /// `WEGWIJZER_SUPERGRAPH` and `WEGWIJZER_LOG`. An empty variable counts as unset.
    pub fn from_environment() -> Self {
        let variable = |name| env::var(name).ok().filter(|value| !value.is_empty());
        Self {
            data: variable("WEGWIJZER_DATA").map(PathBuf::from),
            listen: variable("WEGWIJZER_LISTEN"),
            public_url: variable("WEGWIJZER_PUBLIC_URL"),
            supergraph: variable("WEGWIJZER_SUPERGRAPH").map(PathBuf::from),
            log: variable("WEGWIJZER_LOG"),
            ..Self::default()
        }
    }

    /// These values, with those of `below` as fallback.
    #[must_use]
    pub fn over(self, below: Self) -> Self {
        Self {
            data: self.data.or(below.data),
            listen: self.listen.or(below.listen),
            public_url: self.public_url.or(below.public_url),
            supergraph: self.supergraph.or(below.supergraph),
            private_addresses: self.private_addresses.max(below.private_addresses),
            log: self.log.or(below.log),
        }
    }
}
