//! `wegwijzer.toml` as it is typed.

use std::{
    fs, io,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use indexer::config::SourceConfig;
use ipnet::IpNet;
use jiff::civil::Date;
use serde::Deserialize;
use url::Url;

use super::{
    Config, ConfigError, Cors, Graphql, Limits, Log, Overrides, Telemetry, Trusted,
    authentication::AuthenticationFile,
    federation::FederationFile,
    security::SecurityFile,
    subgraph::{self, SubgraphFile},
};
use crate::clock::Clock;

/// Known keys that look less than this much like a typed one are no suggestion (0 to 1).
const LIKENESS_MIN: f64 = 0.6;

/// The file as typed.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    public_url: Option<String>,
    #[serde(default)]
    trusted_proxies: Vec<String>,
    listen: Option<String>,
    data: Option<PathBuf>,
    dated: Option<toml::Value>,
    #[serde(default)]
    aliases: Vec<Vec<String>>,
    #[serde(default)]
    search: SearchFile,
    #[serde(default)]
    limits: Limits,
    #[serde(default)]
    graphql: GraphqlFile,
    #[serde(default)]
    federation: FederationFile,
    authentication: Option<AuthenticationFile>,
    #[serde(default)]
    cors: CorsFile,
    #[serde(default)]
    telemetry: TelemetryFile,
    #[serde(default)]
    log: LogFile,
    #[serde(default)]
    security: SecurityFile,
    #[serde(default, rename = "subgraph")]
    subgraphs: Vec<SubgraphFile>,
    #[serde(default, rename = "source")]
    sources: Vec<SourceConfig>,
}

/// `[search]` as typed.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct SearchFile {
    synonyms: Option<PathBuf>,
}

/// `[graphql]` as typed.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "keys of a file")]
struct GraphqlFile {
    introspection: bool,
    did_you_mean: bool,
    strict_get: bool,
    trusted_documents: Option<PathBuf>,
    trusted_only: bool,
    graphiql: Option<PathBuf>,
}

impl Default for GraphqlFile {
    fn default() -> Self {
        Self {
            introspection: true,
            did_you_mean: true,
            strict_get: false,
            trusted_documents: None,
            trusted_only: false,
            graphiql: None,
        }
    }
}

/// `[cors]` as typed.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct CorsFile {
    origins: Vec<String>,
}

/// `[telemetry]` as typed.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct TelemetryFile {
    otlp: Option<String>,
    sampled_percent: Option<f64>,
}

/// `[log]` as typed.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct LogFile {
    format: LogFormat,
    filter: Option<String>,
    slow_ms: Option<u64>,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

impl File {
    /// Reads a file.
    pub(super) fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = fs::read_to_string(path).map_err(|cause| match cause.kind() {
            io::ErrorKind::NotFound => ConfigError::Missing(path.to_owned()),
            _ => ConfigError::Read { path: path.to_owned(), cause },
        })?;
        toml::from_str(&text).map_err(|error| explained(path, &text, &error))
    }

    /// Checks what is typed, with `overrides` over it. The file lies at `path`.
    pub(super) fn checked(self, path: &Path, overrides: &Overrides) -> Result<Config, ConfigError> {
        let folder = path.parent().map(Path::to_owned).unwrap_or_default();
        let over = overrides.clone();
        let listen = over.listen.or(self.listen);
        let listen = socket_address(listen.as_deref().unwrap_or("127.0.0.1:8080"))?;
        let data = over
            .data
            .unwrap_or_else(|| folder.join(self.data.unwrap_or_else(|| PathBuf::from("data"))));
        let public_url = over.public_url.or(self.public_url);
        Ok(Config {
            public_url: web_address(
                "public_url",
                &public_url.unwrap_or_else(|| format!("http://{listen}/")),
            )?,
            trusted_proxies: self
                .trusted_proxies
                .iter()
                .map(|text| network(text))
                .collect::<Result<_, _>>()?,
            listen,
            data,
            dated: self.dated.as_ref().map(day).transpose()?,
            aliases: self.aliases,
            synonyms: self.search.synonyms.map(|path| folder.join(path)),
            limits: self.limits.checked()?,
            graphql: self.graphql.checked(&folder)?,
            federation: self.federation.checked(&folder, over.supergraph)?,
            authentication: self
                .authentication
                .map(|authentication| authentication.checked(&folder))
                .transpose()?,
            cors: self.cors.checked()?,
            telemetry: self.telemetry.checked()?,
            log: Log {
                format: self.log.format,
                filter: filter(over.log.or(self.log.filter))?,
                slow_ms: self.log.slow_ms.unwrap_or(SLOW_MS),
            },
            security_contacts: self.security.checked()?,
            subgraphs: subgraph::checked(self.subgraphs, &folder)?,
            sources: self.sources,
            folder,
            clock: Clock::default(),
        })
    }
}

impl GraphqlFile {
    fn checked(self, folder: &Path) -> Result<Graphql, ConfigError> {
        if self.trusted_only && self.trusted_documents.is_none() {
            let wanted = "given as the folder of the operations that are answered";
            return Err(ConfigError::value("graphql.trusted_documents", wanted, ""));
        }
        Ok(Graphql {
            introspection: self.introspection,
            did_you_mean: self.did_you_mean,
            strict_get: self.strict_get,
            trusted: match self.trusted_documents.map(|path| folder.join(path)) {
                None => Trusted::None,
                Some(documents) if self.trusted_only => Trusted::Only(documents),
                Some(documents) => Trusted::Too(documents),
            },
            graphiql: self.graphiql.map(|path| folder.join(path)),
        })
    }
}

impl CorsFile {
    fn checked(self) -> Result<Cors, ConfigError> {
        if self.origins == ["*"] {
            return Ok(Cors::Anywhere);
        }
        let origins = self.origins.iter().map(|text| origin(text));
        Ok(Cors::Only(origins.collect::<Result<_, _>>()?))
    }
}

/// An origin as browsers send it: scheme, host and port, nothing more.
fn origin(text: &str) -> Result<String, ConfigError> {
    let parsed = text.parse::<Url>().map(|url| url.origin().ascii_serialization());
    match parsed {
        Ok(origin) if origin == text => Ok(origin),
        _ => {
            let wanted = "`[\"*\"]` or origins such as `https://www.example.nl`";
            Err(ConfigError::value("cors.origins", wanted, text))
        }
    }
}

impl TelemetryFile {
    fn checked(self) -> Result<Option<Telemetry>, ConfigError> {
        let Some(text) = self.otlp else { return Ok(None) };
        let otlp = web_address("telemetry.otlp", &text)?;
        if otlp.scheme() != "http" {
            let wanted = "the address of a collector beside us, such as `http://127.0.0.1:4318/`";
            return Err(ConfigError::value("telemetry.otlp", wanted, &text));
        }
        let sampled_percent = self.sampled_percent.unwrap_or(100.0);
        if !(0.0..=100.0).contains(&sampled_percent) {
            let given = sampled_percent.to_string();
            let wanted = "a percentage from 0 to 100";
            return Err(ConfigError::value("telemetry.sampled_percent", wanted, &given));
        }
        Ok(Some(Telemetry { otlp, sampled_percent }))
    }
}

/// A request that takes longer is logged as slow where nobody says.
const SLOW_MS: u64 = 1_000;

/// What is logged where nobody says.
const FILTER: &str = "info,poem=warn,tantivy=warn";

fn filter(text: Option<String>) -> Result<String, ConfigError> {
    let text = text.unwrap_or_else(|| FILTER.to_owned());
    match text.parse::<tracing_subscriber::filter::Targets>() {
        Ok(_) => Ok(text),
        Err(_) => Err(ConfigError::value("log.filter", "like `info,indexer=debug`", &text)),
    }
}

fn web_address(key: &str, text: &str) -> Result<Url, ConfigError> {
    let wanted = "a web address without `?` and `#`, such as `https://zoek.example.nl/`";
    let error = || ConfigError::value(key, wanted, text);
    let mut url: Url = text.parse().map_err(|_| error())?;
    let fits = matches!(url.scheme(), "http" | "https")
        && url.query().is_none()
        && url.fragment().is_none();
    if !url.username().is_empty() || url.password().is_some() {
        let wanted = "a web address without a name and password in it";
        return Err(ConfigError::value(key, wanted, url.host_str().unwrap_or_default()));
    }
    if !fits {
        return Err(error());
    }
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    Ok(url)
}

fn socket_address(text: &str) -> Result<SocketAddr, ConfigError> {
    let wanted = "an address and a port, such as `127.0.0.1:8080` or `[::]:8080`";
    text.parse().map_err(|_| ConfigError::value("listen", wanted, text))
}

fn network(text: &str) -> Result<IpNet, ConfigError> {
    let single = text.parse().map(|address: std::net::IpAddr| IpNet::from(address));
    text.parse().or(single).map_err(|_| {
        ConfigError::value("trusted_proxies", "networks such as `10.0.0.0/8` or `::1`", text)
    })
}

fn day(value: &toml::Value) -> Result<Date, ConfigError> {
    let text = match value {
        toml::Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    text.parse().map_err(|_| ConfigError::value("dated", "a day such as `2026-03-02`", &text))
}

/// An error of the TOML reader as one sentence with a line, and with a suggestion where a key is
/// unknown: serde lists the known ones in its message.
fn explained(path: &Path, text: &str, error: &toml::de::Error) -> ConfigError {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let path = path.to_owned();
    let message = error.message();
    let Some(listed) = message.strip_prefix("unknown field ") else {
        return ConfigError::Syntax { path, line, message: message.to_owned() };
    };
    let mut words = listed.split('`').skip(1).step_by(2);
    let key = words.next().unwrap_or_default().to_owned();
    let nearest = words
        .map(|known| (strsim::jaro_winkler(&key, known), known))
        .filter(|(likeness, _)| *likeness >= LIKENESS_MIN)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, known)| known.to_owned());
    ConfigError::UnknownKey { path, line, key, nearest }
}
