//! `wegwijzer.toml` as written.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use federation::{bounded_file, config::masked_text};
use indexer::ingest::config::SourceConfig;
use ipnet::IpNet;
use schemars::{JsonSchema, Schema, generate::SchemaSettings};
use serde::Deserialize;
use toml::de::DeTable;
use url::Url;

use super::{
    Config, ConfigError, CorsOrigins, GraphqlConfig, Limits, LogConfig, Overrides, TelemetryConfig,
    TrustedDocumentPolicy,
    authentication::AuthenticationSection,
    federation::FederationSection,
    feedback::FeedbackSection,
    mistakes::{Mistake, MistakeKind, mistakes},
    partner::{self, PartnerSection},
    security::SecuritySection,
    site::SiteSection,
    subgraph::{self, SubgraphEntry},
    sync::SyncSection,
    values::{day, origin},
};
use crate::clock::Clock;

/// Minimum similarity, from 0 to 1, of a known key that is suggested for an unknown one.
const SIMILARITY_MIN: f64 = 0.6;

/// Maximum length of a configuration file in bytes.
const CONFIG_BYTES_MAX: u64 = 1 << 20;

/// The file as written.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ConfigFile {
    /// URL at which clients reach the service; a missing final `/` is added.
    #[schemars(extend("x-default-text" = "`http://LISTEN/`, with the value of `listen`", "x-range" = "`http` or `https` URL without user name, password, query and fragment"))]
    public_url: Option<String>,
    /// Proxies whose `x-forwarded-for` is trusted to identify the client in the
    /// [log](operation.md#logs).
    #[serde(default)]
    #[schemars(extend("x-range" = "networks (`10.0.0.0/8`) or addresses (`::1`)"))]
    trusted_proxies: Vec<String>,
    /// Address on which `serve` listens, over plain HTTP.
    #[schemars(extend("x-default-text" = "`127.0.0.1:8080`", "x-range" = "IP address and port"))]
    listen: Option<String>,
    /// [Data folder](operation.md#data-folder).
    #[schemars(extend("x-default-text" = "`data`", "x-range" = "path"))]
    data: Option<PathBuf>,
    /// Shifts the dates of all content by whole weeks, so that this day falls in the current week;
    /// for demonstrations.
    #[schemars(extend("x-range" = "`YYYY-MM-DD`"))]
    #[schemars(with = "Option<String>", extend("x-type" = "date or string"))]
    demo_date: Option<toml::Value>,
    /// Groups of records that are [merged](sources.md#merging-records) into one.
    #[serde(default)]
    #[schemars(extend("x-range" = "`source:key` or URL"))]
    aliases: Vec<Vec<String>>,
    #[serde(default)]
    search: SearchSection,
    #[serde(default)]
    limits: Limits,
    #[serde(default)]
    graphql: GraphqlSection,
    #[serde(default)]
    federation: FederationSection,
    authentication: Option<AuthenticationSection>,
    #[serde(default)]
    cors: CorsSection,
    #[serde(default)]
    telemetry: TelemetrySection,
    #[serde(default)]
    log: LogSection,
    #[serde(default)]
    security: SecuritySection,
    /// Who runs the site, and the texts of its pages about itself.
    #[serde(default)]
    site: SiteSection,
    feedback: Option<FeedbackSection>,
    #[serde(default)]
    sync: SyncSection,
    #[serde(default, rename = "partner")]
    partners: Vec<PartnerSection>,
    #[serde(default, rename = "subgraph")]
    subgraphs: Vec<SubgraphEntry>,
    #[serde(default, rename = "source")]
    sources: Vec<SourceConfig>,
}

/// `[search]` as written.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct SearchSection {
    /// Folder with [vocabulary files](search.md#vocabulary), each of which replaces the built-in
    /// file of the same name; reloaded when a file changes.
    #[schemars(extend("x-default-text" = "the built-in files", "x-range" = "path of a folder"))]
    vocabulary: Option<PathBuf>,
}

/// `[graphql]` as written.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "keys of a file")]
struct GraphqlSection {
    /// Enables `__schema`, `__type` and `_service`.
    introspection: bool,
    /// Suggests fields in error messages.
    did_you_mean: bool,
    /// Executes a `GET` only if a browser [could not send it](graphql.md#browsers-cors-and-csrf)
    /// without permission.
    csrf_prevention: bool,
    /// [Trusted documents](graphql.md#persisted-queries-and-trusted-documents), of at most 1 MiB
    /// each; read at startup.
    #[schemars(extend("x-range" = "path of a folder with at least one `NAME.graphql`"))]
    trusted_documents: Option<PathBuf>,
    /// Rejects all other documents.
    #[schemars(extend("x-range" = "`true` requires `trusted_documents`"))]
    require_trusted_documents: bool,
    /// The build of [`GraphiQL`](graphql.md#graphiql) that `/graphiql` serves.
    #[schemars(extend("x-range" = "path of a folder"))]
    graphiql_dir: Option<PathBuf>,
}

impl Default for GraphqlSection {
    fn default() -> Self {
        Self {
            introspection: true,
            did_you_mean: true,
            csrf_prevention: false,
            trusted_documents: None,
            require_trusted_documents: false,
            graphiql_dir: None,
        }
    }
}

/// `[cors]` as written.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct CorsSection {
    /// Sites whose pages may [read responses](graphql.md#browsers-cors-and-csrf) in a browser.
    #[schemars(extend("x-range" = "origins (`https://www.example.nl`, without path), `http://localhost:*` for any port of this machine, or `[\"*\"]` for any"))]
    origins: Vec<String>,
}

/// `[telemetry]` as written.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct TelemetrySection {
    /// Base URL of a local collector that receives [traces](operation.md#traces) (OTLP over HTTP,
    /// at `v1/traces`); without it, nothing is traced.
    #[schemars(extend("x-range" = "`http` URL without user name, password, query and fragment"))]
    otlp_endpoint: Option<String>,
    /// Share of traces that are sent.
    #[schemars(range(min = 0, max = 100), extend("x-default" = SAMPLE_PERCENT_DEFAULT))]
    sample_percent: Option<f64>,
}

/// `[log]` as written.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct LogSection {
    /// Format of the [log](operation.md#logs); `json` writes one object per line.
    #[schemars(extend("x-default" = "text"))]
    format: LogFormat,
    /// Minimum level of the events that are logged.
    #[schemars(extend("x-default" = LOG_FILTER_DEFAULT, "x-range" = "`off`, `error`, `warn`, `info`, `debug` or `trace`; also per module (`indexer=debug`)"))]
    filter: Option<String>,
    /// A request that takes longer is also logged as slow.
    #[schemars(extend("x-default" = SLOW_MS_DEFAULT, "x-range" = "0 or more"))]
    slow_ms: Option<u64>,
}

/// Format of log lines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Text for people.
    #[default]
    Text,
    /// One JSON object per line.
    Json,
}

impl ConfigFile {
    /// Reads and parses a file.
    pub(super) fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = bounded_file::read_text(path, CONFIG_BYTES_MAX).map_err(|cause| {
            if cause.is_not_found() {
                ConfigError::Missing(path.to_owned())
            } else {
                ConfigError::Read { path: path.to_owned(), cause }
            }
        })?;
        toml::from_str(&text).map_err(|error| file_error(path, &text, &error))
    }

    /// Validates the file, after applying `overrides`. Relative paths are resolved against the
    /// folder of `path`.
    pub(super) fn checked(self, path: &Path, overrides: &Overrides) -> Result<Config, ConfigError> {
        let folder = path.parent().map(Path::to_owned).unwrap_or_default();
        let over = overrides.clone();
        let listen = over.listen.or(self.listen);
        let listen = socket_address(listen.as_deref().unwrap_or("127.0.0.1:8080"))?;
        let data = over
            .data
            .unwrap_or_else(|| folder.join(self.data.unwrap_or_else(|| PathBuf::from("data"))));
        let public_url = over.public_url.or(self.public_url);
        let public_url = public_url.unwrap_or_else(|| format!("http://{listen}/"));
        let public_url = web_address("public_url", &public_url)?;
        let federation =
            self.federation.checked(&folder, over.supergraph, over.private_addresses)?;
        let private = federation.private_addresses;
        let (security_contacts, operator_token_file) = self.security.checked(&folder)?;
        Ok(Config {
            sync: self.sync.checked(&public_url, &folder)?,
            public_url,
            trusted_proxies: self
                .trusted_proxies
                .iter()
                .map(|text| network(text))
                .collect::<Result<_, _>>()?,
            listen,
            data,
            demo_date: self.demo_date.as_ref().map(|date| day("demo_date", date)).transpose()?,
            aliases: self.aliases,
            vocabulary: self.search.vocabulary.map(|path| folder.join(path)),
            limits: self.limits.checked()?,
            graphql: self.graphql.checked(&folder)?,
            federation,
            authentication: self
                .authentication
                .map(|authentication| authentication.checked(&folder))
                .transpose()?,
            cors: self.cors.checked()?,
            telemetry: self.telemetry.checked()?,
            log: LogConfig {
                format: self.log.format,
                filter: filter(over.log.or(self.log.filter))?,
                slow_ms: self.log.slow_ms.unwrap_or(SLOW_MS_DEFAULT),
            },
            security_contacts,
            operator_token_file,
            site: self.site.checked(&folder)?,
            feedback: self.feedback.map(|feedback| feedback.checked(&folder)),
            partners: partner::checked(self.partners)?,
            subgraphs: subgraph::checked(self.subgraphs, &folder, private)?,
            sources: self.sources,
            folder,
            clock: Clock::default(),
        })
    }
}

impl GraphqlSection {
    fn checked(self, folder: &Path) -> Result<GraphqlConfig, ConfigError> {
        if self.require_trusted_documents && self.trusted_documents.is_none() {
            let expected = "the folder of the trusted documents where `graphql.require_trusted_documents` is set";
            return Err(ConfigError::value("graphql.trusted_documents", expected, ""));
        }
        Ok(GraphqlConfig {
            introspection: self.introspection,
            did_you_mean: self.did_you_mean,
            csrf_prevention: self.csrf_prevention,
            trusted_documents: match self.trusted_documents.map(|path| folder.join(path)) {
                None => TrustedDocumentPolicy::None,
                Some(documents) if self.require_trusted_documents => {
                    TrustedDocumentPolicy::Required(documents)
                }
                Some(documents) => TrustedDocumentPolicy::Optional(documents),
            },
            graphiql_dir: self.graphiql_dir.map(|path| folder.join(path)),
        })
    }
}

impl CorsSection {
    fn checked(self) -> Result<CorsOrigins, ConfigError> {
        if self.origins == ["*"] {
            return Ok(CorsOrigins::Any);
        }
        let origins = self.origins.iter().map(|text| origin("cors.origins", text));
        Ok(CorsOrigins::List(origins.collect::<Result<_, _>>()?))
    }
}

impl TelemetrySection {
    fn checked(self) -> Result<Option<TelemetryConfig>, ConfigError> {
        let Some(text) = self.otlp_endpoint else { return Ok(None) };
        let otlp_endpoint = web_address("telemetry.otlp_endpoint", &text)?;
        if otlp_endpoint.scheme() != "http" {
            let expected = "the `http` URL of a local collector, such as `http://127.0.0.1:4318/`";
            let actual = masked_text(&text);
            return Err(ConfigError::value("telemetry.otlp_endpoint", expected, &actual));
        }
        let sample_percent = self.sample_percent.unwrap_or(SAMPLE_PERCENT_DEFAULT);
        if !(0.0..=100.0).contains(&sample_percent) {
            let actual = sample_percent.to_string();
            let expected = "a percentage from 0 to 100";
            return Err(ConfigError::value("telemetry.sample_percent", expected, &actual));
        }
        Ok(Some(TelemetryConfig { otlp_endpoint, sample_percent }))
    }
}

/// Default share of traces that are sent, as a percentage.
const SAMPLE_PERCENT_DEFAULT: f64 = 100.0;

/// Default threshold of slow requests, in milliseconds.
const SLOW_MS_DEFAULT: u64 = 1_000;

/// Default log filter.
const LOG_FILTER_DEFAULT: &str = "info,poem=warn,rmcp=warn,tantivy=warn";

fn filter(text: Option<String>) -> Result<String, ConfigError> {
    let text = text.unwrap_or_else(|| LOG_FILTER_DEFAULT.to_owned());
    match text.parse::<tracing_subscriber::filter::Targets>() {
        Ok(_) => Ok(text),
        Err(_) => Err(ConfigError::value("log.filter", "like `info,indexer=debug`", &text)),
    }
}

fn web_address(key: &str, text: &str) -> Result<Url, ConfigError> {
    let expected =
        "an `http` or `https` URL without query and fragment, such as `https://zoek.example.nl/`";
    let error = || ConfigError::value(key, expected, &masked_text(text));
    let mut url: Url = text.parse().map_err(|_| error())?;
    let fits = matches!(url.scheme(), "http" | "https")
        && url.query().is_none()
        && url.fragment().is_none();
    if !url.username().is_empty() || url.password().is_some() {
        let expected = "a URL without user name and password";
        return Err(ConfigError::value(key, expected, url.host_str().unwrap_or_default()));
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
    let expected = "an address and a port, such as `127.0.0.1:8080` or `[::]:8080`";
    text.parse().map_err(|_| ConfigError::value("listen", expected, text))
}

fn network(text: &str) -> Result<IpNet, ConfigError> {
    let single = text.parse().map(|address: std::net::IpAddr| IpNet::from(address));
    text.parse().or(single).map_err(|_| {
        ConfigError::value("trusted_proxies", "networks such as `10.0.0.0/8` or `::1`", text)
    })
}

/// The JSON Schema of the configuration file, for editors that complete and check TOML.
pub(crate) fn json_schema() -> Schema {
    let settings =
        SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    settings.into_generator().into_root_schema_for::<ConfigFile>()
}

/// All errors of a file that `first` makes unusable.
fn file_error(path: &Path, text: &str, first: &toml::de::Error) -> ConfigError {
    let Ok(table) = DeTable::parse(text) else { return parse_error(path, text, first) };
    let line_of = |offset: usize| {
        let before = text.get(..offset).unwrap_or_default();
        before.matches('\n').count() + 1
    };
    let mut mistakes = mistakes(&table, json_schema().as_value());
    // The schema does not contain every rule of the types.
    let offset = first.span().map_or(0, |span| span.start);
    let first = if mistakes.iter().any(|other| line_of(other.offset) == line_of(offset)) {
        None
    } else {
        Some(parse_error(path, text, first))
    };
    let at = mistakes.partition_point(|mistake| mistake.offset < offset);
    let after = mistakes.split_off(at);
    let error = |mistake: Mistake| mistake_error(path, line_of(mistake.offset), mistake.kind);
    let mut errors: Vec<_> = mistakes.into_iter().map(error).collect();
    errors.extend(first);
    errors.extend(after.into_iter().map(error));
    if errors.len() > 1 { ConfigError::Several(errors) } else { errors.remove(0) }
}

fn mistake_error(path: &Path, line: usize, mistake: MistakeKind) -> ConfigError {
    let path = path.to_owned();
    let message = match mistake {
        MistakeKind::UnknownKey { key, known } => {
            let nearest = nearest(&key, known.iter().map(String::as_str));
            return ConfigError::UnknownKey { path, line, key, nearest };
        }
        MistakeKind::Value { key, expected, actual } => {
            format!("`{key}` must be {expected}, not {actual}")
        }
        MistakeKind::MissingKey { key } => format!("missing key `{key}`"),
    };
    ConfigError::Syntax { path, line, message }
}

/// The known key that is most similar to an unknown one.
fn nearest<'a>(key: &str, known: impl Iterator<Item = &'a str>) -> Option<String> {
    known
        .map(|candidate| (strsim::jaro_winkler(key, candidate), candidate))
        .filter(|(similarity, _)| *similarity >= SIMILARITY_MIN)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, candidate)| candidate.to_owned())
}

/// Converts an error of the TOML parser to one sentence with a line number. For an unknown key,
/// suggests the nearest one of the known keys, which serde lists in its message.
fn parse_error(path: &Path, text: &str, error: &toml::de::Error) -> ConfigError {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
    let line = before.matches('\n').count() + 1;
    let path = path.to_owned();
    let message = error.message();
    let Some(listed) = message.strip_prefix("unknown field ") else {
        return ConfigError::Syntax { path, line, message: message.to_owned() };
    };
    let mut quoted = listed.split('`').skip(1).step_by(2);
    let key = quoted.next().unwrap_or_default().to_owned();
    let nearest = nearest(&key, quoted);
    ConfigError::UnknownKey { path, line, key, nearest }
}
