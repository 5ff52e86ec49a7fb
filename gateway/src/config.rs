//! Configuration: defaults ← `wegwijzer.toml` ← environment ← flags.
//!
//! `file::ConfigFile` is the file as written, [`Config`] the validated result. Sources are
//! validated separately ([`Config::resolve_sources`]), since serving does not need them.

mod authentication;
mod error;
mod federation;
mod feedback;
mod file;
mod header_rules;
mod limits;
mod mistakes;
mod overrides;
mod partner;
pub(crate) mod reference;
mod security;
mod service_mapping;
mod site;
mod subgraph;
mod sync;
#[cfg(test)]
mod tests;
mod values;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use indexer::ingest::config::{ResolvedSource, SourceConfig, resolve_sources};
use ipnet::IpNet;
use jiff::civil::Date;
use poem::http::HeaderName;
use schema::{NodeId, Record};
use url::Url;

use self::file::ConfigFile;
pub(crate) use self::file::json_schema;
pub(crate) use self::partner::{is_valid_name as is_valid_partner_name, partner_origin};
pub(crate) use self::sync::{REQUEST_INTERVAL_MS_DEFAULT, RETRIES_MAX_DEFAULT};
pub use self::{
    authentication::{AuthenticationConfig, KeySource},
    error::{ConfigError, ContrastError},
    federation::{ErrorMasking, FederationConfig, OnBreakingChange},
    feedback::FeedbackConfig,
    file::LogFormat,
    limits::Limits,
    overrides::Overrides,
    partner::{PREVIEW_NAME, PartnerConfig},
    site::{Colour, FooterLink, ImageHost, Logo, SiteColours, SiteConfig},
    subgraph::{HeaderRule, LOCAL_SUBGRAPH_NAME, PrivateAddresses, SubgraphConfig},
    sync::SyncSettings,
};
use crate::clock::Clock;

/// Name of the configuration file in the working directory.
pub const FILE: &str = "wegwijzer.toml";
/// The configuration of the demo, relative to the root of the repository.
pub const DEMO_FILE: &str = "fixtures/demo.toml";

/// The validated configuration.
#[derive(Debug, Clone)]
pub struct Config {
    /// Public URL of the service; ends in `/`.
    pub public_url: Url,
    /// Networks of proxies whose `x-forwarded-for` is trusted.
    pub trusted_proxies: Vec<IpNet>,
    /// Address and port to listen on.
    pub listen: SocketAddr,
    /// The data folder, with generations and caches.
    pub data: PathBuf,
    /// The date that the content is relative to, if it is a demo.
    pub demo_date: Option<Date>,
    /// Groups of names of the same entity.
    pub aliases: Vec<Vec<String>>,
    /// Folder with vocabulary files; `None` for the built-in files only.
    pub vocabulary: Option<PathBuf>,
    /// Limits of requests and builds.
    pub limits: Limits,
    /// Features of the GraphQL API.
    pub graphql: GraphqlConfig,
    /// Settings of the router.
    pub federation: FederationConfig,
    /// How tokens are verified; without it, all tokens are rejected.
    pub authentication: Option<AuthenticationConfig>,
    /// Origins whose pages may read responses.
    pub cors: CorsOrigins,
    /// Where traces are sent; `None` for nowhere.
    pub telemetry: Option<TelemetryConfig>,
    /// Format and filter of the log.
    pub log: LogConfig,
    /// Contacts for reporting a vulnerability, in order of preference.
    pub security_contacts: Vec<Url>,
    /// File with the token of the operator.
    pub operator_token_file: Option<PathBuf>,
    /// Who runs the site, and its own texts.
    pub site: SiteConfig,
    /// Whether readers can report what they found; without it, they cannot.
    pub feedback: Option<FeedbackConfig>,
    /// How sources over the network are fetched.
    pub sync: SyncSettings,
    /// Portals that embed results.
    pub partners: Vec<PartnerConfig>,
    /// Subgraphs to compose with ours.
    pub subgraphs: Vec<SubgraphConfig>,
    /// Sources, not validated yet.
    pub sources: Vec<SourceConfig>,
    /// The folder that paths of sources are relative to.
    pub folder: PathBuf,
    /// Source of the current time. Not configurable; fixed in tests.
    pub clock: Clock,
}

/// Features of the GraphQL API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GraphqlConfig {
    /// Whether introspection is allowed.
    pub introspection: bool,
    /// Whether errors suggest similar field names.
    pub did_you_mean: bool,
    /// Whether GET requests that another site could send without a CORS preflight are blocked.
    pub csrf_prevention: bool,
    /// Policy for trusted documents.
    pub trusted_documents: TrustedDocumentPolicy,
    /// The folder with the build of `gateway/graphiql`.
    pub graphiql_dir: Option<PathBuf>,
}

/// Policy for trusted documents, each a file `NAME.graphql` in a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TrustedDocumentPolicy {
    /// There are no trusted documents; any document is accepted.
    None,
    /// Documents of the folder can be requested by name; other documents are accepted too.
    Optional(PathBuf),
    /// Only documents of the folder are accepted.
    Required(PathBuf),
}

/// Origins whose pages may read responses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CorsOrigins {
    /// Any origin.
    Any,
    /// Only these origins; none if the list is empty.
    List(Vec<String>),
}

/// Where traces are sent.
#[derive(Debug, Clone, PartialEq)]
pub struct TelemetryConfig {
    /// Base URL of a collector that accepts OTLP over HTTP.
    pub otlp_endpoint: Url,
    /// Percentage of requests that are traced.
    pub sample_percent: f64,
}

/// Format and filter of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogConfig {
    /// Text or JSON.
    pub format: LogFormat,
    /// Log filter, such as `info,indexer=debug`.
    pub filter: String,
    /// Requests that take longer, in milliseconds, are logged as slow.
    pub slow_ms: u64,
}

impl Config {
    /// Headers of a client request that are forwarded to at least one subgraph, each once.
    pub(crate) fn forwarded_headers(&self) -> Vec<HeaderName> {
        let of_subgraphs = self.subgraphs.iter().flat_map(SubgraphConfig::forwarded_headers);
        let names = self.federation.forwarded_headers.iter().cloned().chain(of_subgraphs);
        let mut distinct: Vec<HeaderName> = Vec::new();
        for name in names {
            if !distinct.contains(&name) {
                distinct.push(name);
            }
        }
        distinct
    }

    /// Loads a configuration: from `path`, or from [`FILE`] in the working directory.
    ///
    /// # Errors
    /// [`ConfigError`] for the first error found, with a remedy.
    pub fn load(path: Option<&Path>, overrides: &Overrides) -> Result<Self, ConfigError> {
        Self::read(path.unwrap_or(Path::new(FILE)), overrides)
    }

    /// Loads the configuration of the demo from the repository.
    ///
    /// # Errors
    /// [`ConfigError`] if the working directory is not the root of the repository, or the file is
    /// invalid.
    pub fn demo(overrides: &Overrides) -> Result<Self, ConfigError> {
        let path = Path::new(DEMO_FILE);
        if !path.exists() {
            return Err(ConfigError::NoDemo(path.to_owned()));
        }
        Self::read(path, overrides)
    }

    /// Loads a configuration for a command that only needs the data folder. If no file is given and
    /// [`FILE`] does not exist, uses the defaults.
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

    /// Loads a configuration for serving. Without a file, only a supergraph can be served.
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

    /// The URL of the page of a record. People have no page.
    pub(crate) fn page_url(&self, record: &Record) -> Url {
        let path = format!("{}/{}", record.id().kind().as_str(), record.slug());
        self.public_url.join(&path).expect("a slug is a valid URL path")
    }

    /// The URL of the calendar file of an event.
    pub(crate) fn calendar_url(&self, id: NodeId) -> Url {
        let path = format!("event/{id}.ics");
        self.public_url.join(&path).expect("an id is a valid URL path")
    }

    /// Validates the sources.
    ///
    /// # Errors
    /// [`ConfigError::Source`] for the first invalid source.
    pub fn resolve_sources(&self) -> Result<Vec<ResolvedSource>, ConfigError> {
        if self.sources.is_empty() {
            return Err(ConfigError::NoSources);
        }
        Ok(resolve_sources(&self.sources, &self.folder)?)
    }
}
