//! What goes over the file: the environment, and flags over that.

use std::{env, path::PathBuf};

/// Values that replace those of the file, as typed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides {
    /// The data folder, relative to the working directory.
    pub data: Option<PathBuf>,
    /// Where to listen.
    pub listen: Option<String>,
    /// Under which address people reach the service.
    pub public_url: Option<String>,
    /// A supergraph to serve, relative to the working directory.
    pub supergraph: Option<PathBuf>,
    /// What is logged.
    pub log: Option<String>,
}

impl Overrides {
    /// The values in `WEGWIJZER_DATA`, `WEGWIJZER_LISTEN`, `WEGWIJZER_PUBLIC_URL`,
    /// `WEGWIJZER_SUPERGRAPH` and `WEGWIJZER_LOG`. An empty variable is none.
    pub fn from_environment() -> Self {
        let variable = |name| env::var(name).ok().filter(|value| !value.is_empty());
        Self {
            data: variable("WEGWIJZER_DATA").map(PathBuf::from),
            listen: variable("WEGWIJZER_LISTEN"),
            public_url: variable("WEGWIJZER_PUBLIC_URL"),
            supergraph: variable("WEGWIJZER_SUPERGRAPH").map(PathBuf::from),
            log: variable("WEGWIJZER_LOG"),
        }
    }

    /// These values, and those of `below` where there are none.
    #[must_use]
    pub fn over(self, below: Self) -> Self {
        Self {
            data: self.data.or(below.data),
            listen: self.listen.or(below.listen),
            public_url: self.public_url.or(below.public_url),
            supergraph: self.supergraph.or(below.supergraph),
            log: self.log.or(below.log),
        }
    }
}
