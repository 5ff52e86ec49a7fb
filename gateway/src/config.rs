//! What an operator decides: defaults ← `wegwijzer.toml` ← environment ← flags.
//!
//! `file::File` is what is typed, [`Config`] what is left of it once it was checked. Sources are
//! checked apart ([`Config::resolve_sources`]), since a server that only answers needs none of them.

mod authentication;
mod error;
mod federation;
mod file;
mod limits;
mod overrides;
mod security;
mod subgraph;
#[cfg(test)]
mod tests;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use indexer::ingest::config::{ResolvedSource, SourceConfig, resolve_sources};
use ipnet::IpNet;
use jiff::civil::Date;
use poem::http::HeaderName;
use schema::NodeId;
use url::Url;

use self::file::ConfigFile;
pub use self::{
    authentication::{AuthenticationConfig, KeySource},
    error::ConfigError,
    federation::{ErrorMasking, FederationConfig, OnBreakingChange},
    file::LogFormat,
    limits::Limits,
    overrides::Overrides,
    subgraph::{HeaderRule, LOCAL_SUBGRAPH_NAME, SubgraphConfig},
};
use crate::clock::Clock;

/// The file that is looked for in the working directory.
pub const FILE: &str = "wegwijzer.toml";
/// The configuration of the demo, seen from the root of the repository.
pub const DEMO_FILE: &str = "fixtures/demo.toml";

/// A configuration that was checked.
#[derive(Debug, Clone)]
pub struct Config {
    /// Under which address people reach the service; ends in `/`.
    pub public_url: Url,
    /// Proxies whose `x-forwarded-for` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Where to listen.
    pub listen: SocketAddr,
    /// The data folder.
    pub data: PathBuf,
    /// The day to which the content is relative, where it is a demo.
    pub demo_date: Option<Date>,
    /// Groups of names that mean the same thing.
    pub aliases: Vec<Vec<String>>,
    /// The table of synonyms; the program's own where there is none.
    pub synonyms: Option<PathBuf>,
    /// Limits.
    pub limits: Limits,
    /// What may be asked.
    pub graphql: GraphqlConfig,
    /// How other graphs are joined to ours.
    pub federation: FederationConfig,
    /// Whose tokens are believed; nobody's where there is none.
    pub authentication: Option<AuthenticationConfig>,
    /// Pages of which other sites may read answers.
    pub cors: CorsOrigins,
    /// Where traces go, if anywhere.
    pub telemetry: Option<TelemetryConfig>,
    /// What is logged and how.
    pub log: LogConfig,
    /// Whom people tell about a vulnerability, the preferred way first.
    pub security_contacts: Vec<Url>,
    /// Subgraphs that are joined to ours.
    pub subgraphs: Vec<SubgraphConfig>,
    /// Sources as typed.
    pub sources: Vec<SourceConfig>,
    /// The folder to which the paths of sources are relative.
    pub folder: PathBuf,
    /// Where `now` comes from. Not configurable; tests fix it.
    pub clock: Clock,
}

/// What may be asked over GraphQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GraphqlConfig {
    /// Whether `__schema` is answered.
    pub introspection: bool,
    /// Whether errors name fields that look like the wrong one.
    pub did_you_mean: bool,
    /// Whether GET is answered only where a browser would have asked first.
    pub csrf_prevention: bool,
    /// Documents that the operator trusts.
    pub trusted_documents: TrustedDocumentPolicy,
    /// The folder in which `gateway/graphiql` was built.
    pub graphiql_dir: Option<PathBuf>,
}

/// Documents that the operator trusts, each a file `NAME.graphql` of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TrustedDocumentPolicy {
    /// There are none; every document is answered.
    None,
    /// Those in the folder can be asked for by name; others are answered too.
    Optional(PathBuf),
    /// Nothing but those in the folder is answered.
    Required(PathBuf),
}

/// Pages of which other sites may read answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CorsOrigins {
    /// Any.
    Any,
    /// Those with one of these origins; none where the list is empty.
    List(Vec<String>),
}

/// Where traces go.
#[derive(Debug, Clone, PartialEq)]
pub struct TelemetryConfig {
    /// The base address of a collector that takes OTLP over HTTP.
    pub otlp_endpoint: Url,
    /// Percentage of the requests that are traced.
    pub sample_percent: f64,
}

/// What is logged and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogConfig {
    /// For people or for machines.
    pub format: LogFormat,
    /// What is logged, such as `info,indexer=debug`.
    pub filter: String,
    /// A request that takes more milliseconds is logged as slow.
    pub slow_ms: u64,
}

impl Config {
    /// Headers of a client's request that any subgraph gets, too.
    pub(crate) fn forwarded_headers(&self) -> Vec<HeaderName> {
        let rules = self.subgraphs.iter().flat_map(|subgraph| &subgraph.headers);
        let from_subgraphs = rules.filter_map(|rule| match rule {
            HeaderRule::Forward { name } => name.parse().ok(),
            HeaderRule::Set { .. } => None,
        });
        self.federation.forwarded_headers.iter().cloned().chain(from_subgraphs).collect()
    }

    /// Reads a configuration: the file `path`, or [`FILE`] in the working directory.
    ///
    /// # Errors
    /// [`ConfigError`] for the first thing that is wrong, with a remedy.
    pub fn load(path: Option<&Path>, overrides: &Overrides) -> Result<Self, ConfigError> {
        Self::read(path.unwrap_or(Path::new(FILE)), overrides)
    }

    /// Reads the configuration of the demo, which lies in the repository.
    ///
    /// # Errors
    /// [`ConfigError`] where the working directory is another one, or the file is wrong.
    pub fn demo(overrides: &Overrides) -> Result<Self, ConfigError> {
        let path = Path::new(DEMO_FILE);
        if !path.exists() {
            return Err(ConfigError::NoDemo(path.to_owned()));
        }
        Self::read(path, overrides)
    }

    /// Reads a configuration for a command that needs only the data folder: a file that is neither
    /// named nor there is none.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn load_if_any(path: Option<&Path>, overrides: &Overrides) -> Result<Self, ConfigError> {
        if path.is_none() && overrides.data.is_some() && !Path::new(FILE).exists() {
            let nowhere = Path::new("");
            return ConfigFile::default().checked(nowhere, overrides);
        }
        Self::load(path, overrides)
    }

    /// Reads a configuration for serving a supergraph: without a file there is nothing else to serve.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn load_to_serve(path: Option<&Path>, overrides: &Overrides) -> Result<Self, ConfigError> {
        let supergraph_only =
            path.is_none() && overrides.supergraph.is_some() && !Path::new(FILE).exists();
        if !supergraph_only {
            return Self::load(path, overrides);
        }
        let mut config = ConfigFile::default().checked(Path::new(""), overrides)?;
        config.federation.supergraph_only = true;
        Ok(config)
    }

    fn read(path: &Path, overrides: &Overrides) -> Result<Self, ConfigError> {
        ConfigFile::read(path)?.checked(path, overrides)
    }

    /// The address of the calendar file of an event.
    pub(crate) fn calendar_url(&self, id: NodeId) -> Url {
        let path = format!("event/{id}.ics");
        self.public_url.join(&path).expect("an id is a valid URL path")
    }

    /// Checks the sources.
    ///
    /// # Errors
    /// [`ConfigError::Source`] for the first thing that is wrong with one.
    pub fn resolve_sources(&self) -> Result<Vec<ResolvedSource>, ConfigError> {
        if self.sources.is_empty() {
            return Err(ConfigError::NoSources);
        }
        Ok(resolve_sources(&self.sources, &self.folder)?)
    }
}
