//! The configuration of sources: as written in `wegwijzer.toml` ([`SourceConfig`]) and as validated
//! ([`ResolvedSource`]). No raw option passes this stage.

mod api;
mod error;
mod network;
mod schedule;
#[cfg(test)]
mod tests;
mod time_zones;
mod wordpress;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

use encoding_rs::Encoding;
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use schema::{Language, SourceName};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de::Error as _};
use url::Url;

use super::front_matter::toml_to_json;
use crate::sync::{NetworkSource, SecretLocation};

pub use self::{api::ApiConfig, error::ConfigError, wordpress::JoinConfig};
pub use super::{
    field::{Field, FieldPath, UnknownField},
    field_description::{FieldDescription, IfUnreadable},
    mapping::{Mapping, ValueMap},
    path_pattern::{Globs, PathPattern},
    template::{PathCaptures, Template, TemplateError},
};

/// One `[[source]]` as written.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SourceConfig {
    /// Name of the source.
    #[schemars(extend("x-range" = "1 to 64 lower-case letters, digits and hyphens; unique"))]
    pub name: String,
    /// [Format](sources.md#kinds-of-source).
    pub kind: SourceKind,
    /// Address of the site, calendar file, feed or endpoint; for sources over the network.
    #[schemars(with = "Option<String>", extend("x-range" = "`http` or `https` URL; of a site, its home page"))]
    pub address: Option<Url>,
    /// Types of object to read; for `wordpress`.
    #[serde(default)]
    #[schemars(extend("x-default-text" = "`[]`: all types that the site shows", "x-range" = "names such as `post` and `page`"))]
    pub types: Vec<String>,
    /// Meaning of the types and taxonomies of a family of sites, for `wordpress`; software whose
    /// endpoint is known, for `api`.
    #[schemars(with = "Option<String>", extend("x-range" = "`gebruiker-centraal` (`wordpress`), `pleio` (`api`)"))]
    pub preset: Option<Preset>,
    /// Where the list is and how its pages are requested; for `api`.
    #[schemars(with = "Option<BTreeMap<String, serde_json::Value>>", extend("x-range" = "[`items`, `query`, `variables`, `paging`, `parameter`, `first`, `next`, `total`, `size_parameter`, `size`](sources.md#kinds-of-source)"))]
    pub api: Option<ApiConfig>,
    /// Whether pages of objects or entries are requested for `noindex`; for `wordpress` and `feed`.
    #[schemars(extend("x-default-text" = "`true`"))]
    pub read_pages: Option<bool>,
    /// Makes one record of each term of a taxonomy and its landing page; for `wordpress`.
    #[serde(default)]
    #[schemars(with = "Vec<BTreeMap<String, String>>", extend("x-range" = "[`taxonomy`, `type`, `by`, `kind`](sources.md#kinds-of-source)"))]
    pub join: Vec<JoinConfig>,
    /// Whether private, loopback and link-local addresses may be reached; for `address`.
    #[serde(default)]
    pub allow_private_addresses: bool,
    /// File with credentials for `address`, as `user:password` or a bearer token.
    #[schemars(extend("x-range" = "path of a file"))]
    pub credentials_file: Option<PathBuf>,
    /// Environment variable with such credentials.
    pub credentials_variable: Option<String>,
    /// Where the content is; for files.
    #[serde(default)]
    #[schemars(extend("x-range" = "existing folder (`markdown`, `text`), file (`jsonlines`, `csv`), or either of them (`icalendar`)"))]
    pub path: PathBuf,
    /// Files to read, for folders; pages to read, for `website`.
    #[serde(default)]
    #[schemars(extend("x-default-text" = "`[]`: all files of the kind (`*.md` and `*.mdx`, `*.txt`, or `*.ics`)", "x-range" = "globs, relative to `path` or to the host; `*` stays within one segment, `**` spans segments"))]
    pub include: Vec<String>,
    /// Files to leave out, for folders; pages to leave out, for `website`.
    #[serde(default)]
    #[schemars(extend("x-range" = "globs, as for `include`"))]
    pub exclude: Vec<String>,
    /// Names segments of a file's path; for folders.
    #[schemars(extend("x-range" = "text with placeholders, such as `blog/{year}/{slug}.md`"))]
    pub pattern: Option<String>,
    /// URL of a record.
    #[schemars(extend("x-default-text" = "none: the field `url` of the record", "x-range" = "[source field or template](sources.md#mapping)"))]
    pub url: Option<String>,
    /// Identifies a record within the source.
    #[schemars(extend("x-default-text" = "none: the path of the file (`markdown`, `text`), the field `key` or `id` (`jsonlines`, `csv`), or the UID (`icalendar`)", "x-range" = "source field or template"))]
    pub key: Option<String>,
    /// Language of a record that does not state one.
    #[serde(default, deserialize_with = "language")]
    #[schemars(with = "Option<String>", extend("x-range" = "`NL`, `EN` or `OTHER`, regardless of case"))]
    pub language: Option<Language>,
    /// Character encoding; `jsonlines` is always UTF-8.
    #[schemars(extend("x-default-text" = "UTF-8; for `csv`, Windows-1252 if the file is not valid UTF-8", "x-range" = "label of the WHATWG Encoding Standard, such as `windows-1252`"))]
    pub encoding: Option<String>,
    /// Character between columns; for `csv`.
    #[schemars(extend("x-default-text" = "`;`, `,` or tab, whichever is most frequent in the first line", "x-range" = "one ASCII character other than a quotation mark or line break"))]
    pub delimiter: Option<char>,
    /// Character between the values of a cell; for `csv`.
    #[schemars(extend("x-default-text" = "the vertical bar, U+007C", "x-range" = "one character"))]
    pub separator: Option<char>,
    /// Whether a file or each paragraph is a record; for `text`.
    #[serde(default)]
    #[schemars(extend("x-default" = "document"))]
    pub split: TextSplit,
    /// Texts that mark a page which only lists other pages; for `markdown`.
    #[serde(default)]
    pub listing_markers: Vec<String>,
    /// Time zone of times without one; for `icalendar`.
    #[schemars(extend("x-default-text" = "`X-WR-TIMEZONE` of the file, or else `Europe/Amsterdam`", "x-range" = "IANA name, or the Windows name of a zone"))]
    pub time_zone: Option<String>,
    /// Time zones by the names that a calendar gives them; for `icalendar`.
    #[serde(default)]
    #[schemars(extend("x-range" = "name in the file = IANA name"))]
    pub time_zones: BTreeMap<String, String>,
    /// Interval at which `serve` and `index --watch` [read the source again](sources.md#schedule).
    #[schemars(extend("x-default-text" = "`15m` for a source over the network, `never` for files", "x-range" = "duration from `10s` to `720h`, such as `15m` or `1h 30m`, or `never`"))]
    pub refresh: Option<String>,
    /// File with the secret that signs [hooks](sources.md#hooks) of the source.
    #[schemars(extend("x-range" = "path of a file with at least 16 characters"))]
    pub hook_secret_file: Option<PathBuf>,
    /// Environment variable with such a secret.
    pub hook_secret_variable: Option<String>,
    /// Precedence when sources disagree: the highest value wins; between equal values, the source
    /// that comes first in the file.
    #[serde(default)]
    #[schemars(extend("x-range" = "−2,147,483,648 to 2,147,483,647"))]
    pub trust: i32,
    /// Where the value of a field comes from.
    #[serde(default)]
    #[schemars(extend("x-range" = "[canonical field](sources.md#fields) = source field or template"))]
    pub fields: BTreeMap<String, String>,
    /// Value of a field that a record does not have.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, serde_json::Value>", extend("x-range" = "canonical field = value"))]
    pub constants: BTreeMap<String, toml::Value>,
    /// Replaces values of a field, regardless of case.
    #[serde(default)]
    #[schemars(extend("x-range" = "canonical field = table of source value = canonical value; `\"*\"` stands for any other value"))]
    pub values: BTreeMap<String, BTreeMap<String, String>>,
}

fn language<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Language>, D::Error> {
    String::deserialize(deserializer)?.parse().map(Some).map_err(D::Error::custom)
}

/// The wire formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SourceKind {
    /// A folder of Markdown files with YAML or TOML front matter.
    Markdown,
    /// A file with one JSON object a line.
    Jsonlines,
    /// A table.
    Csv,
    /// A folder of plain texts.
    Text,
    /// A calendar file, also by its address, or a folder of calendar files.
    Icalendar,
    /// A WordPress site, read through its REST API.
    Wordpress,
    /// A feed: RSS, Atom or JSON Feed.
    Feed,
    /// The pages in the sitemaps of a website.
    Website,
    /// The list of a JSON or GraphQL endpoint.
    Api,
}

impl SourceKind {
    /// Whether its records are pages, which are assumed to be articles unless they state their kind.
    pub(crate) fn is_of_pages(self) -> bool {
        matches!(self, Self::Feed | Self::Website)
    }
}

/// What is known of the content of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// The sites of Gebruiker Centraal, which run WordPress.
    GebruikerCentraal,
    /// Sites that run Pleio.
    Pleio,
}

/// How a plain text is cut into records.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TextSplit {
    /// One record a file.
    #[default]
    Document,
    /// One record a paragraph: an archive that lists leads.
    Paragraphs,
}

/// A validated source.
#[derive(Debug, Clone)]
pub struct ResolvedSource {
    /// Name of the source.
    pub name: SourceName,
    /// Wire format.
    pub kind: SourceKind,
    /// Its address and settings, if the source is over the network.
    pub network: Option<NetworkSource>,
    /// Absolute path of the folder or file; empty for a source over the network.
    pub path: PathBuf,
    /// Files to read.
    pub include: GlobSet,
    /// Files to leave out.
    pub exclude: GlobSet,
    /// Files that other sources with the same `path` read.
    pub other_includes: Vec<GlobSet>,
    /// The include and exclude globs as configured.
    pub globs: Globs,
    /// Pattern that names segments of a path.
    pub pattern: Option<PathPattern>,
    /// The mapping of fields, including `url` and `key`.
    pub mapping: Mapping,
    /// Language of records that do not state one.
    pub language: Option<Language>,
    /// Character encoding, if configured.
    pub encoding: Option<&'static Encoding>,
    /// Column delimiter, if configured.
    pub delimiter: Option<u8>,
    /// How a text is split into records.
    pub split: TextSplit,
    /// Texts that mark a page which only lists other pages.
    pub listing_markers: Vec<String>,
    /// Time zone of times without one, if configured, as an IANA name.
    pub time_zone: Option<String>,
    /// IANA names of time zones, by the lower-case names that a calendar gives them.
    pub time_zones: BTreeMap<String, String>,
    /// Interval at which it is read again; none if only on request.
    pub refresh: Option<Duration>,
    /// Where the secret of its hooks is; none if it has no hooks.
    pub hook_secret: Option<SecretLocation>,
    /// Precedence when sources disagree; the highest value wins.
    pub trust: i32,
    /// Position in the configuration, counted from zero; decides between sources of equal trust.
    pub order: usize,
    /// Digest of all fields above that affect its records: a record that was read under another
    /// configuration is read again.
    pub digest: u64,
}

/// Incremented when a parser change yields different facts from the same bytes.
const PARSER_VERSION: u32 = 8;

/// Validates the sources of a configuration in `folder`.
///
/// # Errors
/// [`ConfigError`] for the first error found, with the name of the source.
pub fn resolve_sources(
    configs: &[SourceConfig],
    folder: &Path,
) -> Result<Vec<ResolvedSource>, ConfigError> {
    let (sources, errors) = resolve_all(configs, folder);
    errors.into_iter().next().map_or(Ok(sources), Err)
}

/// Validates the sources of a configuration. Returns the valid sources, and all errors of the
/// others.
pub(crate) fn resolve_all(
    configs: &[SourceConfig],
    folder: &Path,
) -> (Vec<ResolvedSource>, Vec<ConfigError>) {
    let (mut sources, mut errors) = (Vec::<ResolvedSource>::new(), Vec::new());
    for (order, config) in configs.iter().enumerate() {
        match resolve_source(config, folder, order) {
            Ok(source) if sources.iter().any(|other| other.name == source.name) => {
                errors.push(ConfigError::Duplicate(source.name));
            }
            Ok(source) => sources.push(source),
            Err(source_errors) => errors.extend(source_errors),
        }
    }
    let includes: Vec<_> =
        sources.iter().map(|one| (one.path.clone(), one.include.clone())).collect();
    for (index, source) in sources.iter_mut().enumerate() {
        let others = includes.iter().enumerate().filter(|(other, (path, _))| {
            *other != index && *path == source.path && source.network.is_none()
        });
        source.other_includes = others.map(|(_, (_, include))| include.clone()).collect();
    }
    (sources, errors)
}

fn resolve_source(
    config: &SourceConfig,
    folder: &Path,
    order: usize,
) -> Result<ResolvedSource, Vec<ConfigError>> {
    let name = SourceName::new(&config.name).map_err(|error| vec![error.into()])?;
    let template_error = |cause| ConfigError::Template { source_name: name.clone(), cause };
    let pattern = config.pattern.as_deref().map(PathPattern::new).transpose();
    let checked = (
        network::location(config, folder, &name),
        globs(&config.include, config.kind.include(), &name),
        globs(&config.exclude, &[], &name),
        pattern.map_err(template_error),
        encoding(config, &name),
        delimiter(config, &name),
        time_zones::time_zones(config, &name),
        mapping(config, &name),
        schedule::schedule(config, folder, &name),
    );
    match checked {
        (
            Ok((path, network)),
            Ok(include),
            Ok(exclude),
            Ok(pattern),
            Ok(encoding),
            Ok(delimiter),
            Ok((time_zone, time_zones)),
            Ok(mapping),
            Ok((refresh, hook_secret)),
        ) => Ok(ResolvedSource {
            other_includes: Vec::new(),
            kind: config.kind,
            path,
            network,
            include,
            exclude,
            globs: Globs { include: config.include.clone(), exclude: config.exclude.clone() },
            pattern,
            mapping,
            language: config.language,
            encoding,
            delimiter,
            split: config.split,
            listing_markers: config.listing_markers.clone(),
            time_zone,
            time_zones,
            refresh,
            hook_secret,
            trust: config.trust,
            order,
            digest: digest(config),
            name,
        }),
        (path, include, exclude, pattern, encoding, delimiter, time_zones, mapping, schedule) => {
            let errors = [
                path.err(),
                include.err(),
                exclude.err(),
                pattern.err(),
                encoding.err(),
                delimiter.err(),
                time_zones.err(),
                schedule.err(),
            ];
            let mapping_errors = mapping.err().into_iter().flatten();
            Err(errors.into_iter().flatten().chain(mapping_errors).collect())
        }
    }
}

/// The values, or all errors among the results.
fn all<T, C: FromIterator<T>>(
    results: impl Iterator<Item = Result<T, ConfigError>>,
) -> Result<C, Vec<ConfigError>> {
    let (valid, invalid): (Vec<_>, Vec<_>) = results.partition(Result::is_ok);
    let errors: Vec<_> = invalid.into_iter().filter_map(Result::err).collect();
    if errors.is_empty() { Ok(valid.into_iter().flatten().collect()) } else { Err(errors) }
}

impl SourceKind {
    /// The files to read if the configuration does not specify any.
    const fn include(self) -> &'static [&'static str] {
        match self {
            Self::Markdown => &["**/*.md", "**/*.mdx"],
            Self::Text => &["**/*.txt"],
            Self::Icalendar => &["**/*.ics"],
            Self::Jsonlines
            | Self::Csv
            | Self::Wordpress
            | Self::Feed
            | Self::Website
            | Self::Api => &[],
        }
    }
}

fn globs(patterns: &[String], default: &[&str], name: &SourceName) -> Result<GlobSet, ConfigError> {
    let mut set = GlobSetBuilder::new();
    let patterns = patterns.iter().map(String::as_str);
    let default = if patterns.len() == 0 { default } else { &[] };
    for glob in patterns.chain(default.iter().copied()) {
        let error = |_| ConfigError::Glob { source_name: name.clone(), glob: glob.to_owned() };
        set.add(GlobBuilder::new(glob).literal_separator(true).build().map_err(error)?);
    }
    let error = |error: globset::Error| ConfigError::Glob {
        source_name: name.clone(),
        glob: error.to_string(),
    };
    set.build().map_err(error)
}

fn mapping(config: &SourceConfig, name: &SourceName) -> Result<Mapping, Vec<ConfigError>> {
    let target = |field: &str| {
        let error = |cause| ConfigError::Field { source_name: name.clone(), cause };
        field.parse::<FieldPath>().map_err(error)
    };
    let top_level = [("url", &config.url), ("key", &config.key)];
    let top_level = top_level.into_iter().filter_map(|(field, text)| Some((field, text.as_ref()?)));
    let mapped = config.fields.iter().map(|(field, text)| (field.as_str(), text));
    let fields = mapped.chain(top_level).map(|(field, text)| {
        let error = |cause| ConfigError::Template { source_name: name.clone(), cause };
        let target = target(field)?;
        let template = if target.is_url() { Template::url(text) } else { Template::new(text) };
        Ok((target, template.map_err(error)?))
    });
    let constants = config.constants.iter();
    let constants = constants.map(|(field, value)| {
        let target = target(field)?;
        if has_decimal(value) && !target.is_decimal() {
            let (source_name, field) = (name.clone(), field.clone());
            return Err(ConfigError::ConstantSpelling { source_name, field });
        }
        Ok((target, toml_to_json(value.clone())))
    });
    let values = config.values.iter();
    let values = values.map(|(field, table)| Ok((target(field)?, ValueMap::new(table))));
    let separator = config.separator.unwrap_or('|');
    match (all(fields), all(constants), all(values)) {
        (Ok(fields), Ok(constants), Ok(values)) => Ok(Mapping {
            fields,
            constants,
            values,
            separator: (config.kind == SourceKind::Csv).then_some(separator),
        }),
        (fields, constants, values) => Err([fields.err(), constants.err(), values.err()]
            .into_iter()
            .flatten()
            .flatten()
            .collect()),
    }
}

/// Whether a value is or contains a decimal number.
fn has_decimal(value: &toml::Value) -> bool {
    match value {
        toml::Value::Float(_) => true,
        toml::Value::Array(list) => list.iter().any(has_decimal),
        toml::Value::Table(table) => table.values().any(has_decimal),
        _ => false,
    }
}

fn encoding(
    config: &SourceConfig,
    name: &SourceName,
) -> Result<Option<&'static Encoding>, ConfigError> {
    let Some(label) = &config.encoding else { return Ok(None) };
    let error = || ConfigError::Encoding { source_name: name.clone(), label: label.clone() };
    Encoding::for_label(label.as_bytes()).ok_or_else(error).map(Some)
}

fn delimiter(config: &SourceConfig, name: &SourceName) -> Result<Option<u8>, ConfigError> {
    let Some(delimiter) = config.delimiter else { return Ok(None) };
    match u8::try_from(delimiter) {
        Ok(byte) if byte.is_ascii() && !matches!(byte, b'"' | b'\n' | b'\r') => Ok(Some(byte)),
        _ => Err(ConfigError::Delimiter { source_name: name.clone(), delimiter }),
    }
}

fn digest(config: &SourceConfig) -> u64 {
    let config = SourceConfig {
        refresh: None,
        hook_secret_file: None,
        hook_secret_variable: None,
        ..config.clone()
    };
    let hash = blake3::hash(format!("{PARSER_VERSION} {config:?}").as_bytes());
    let (first, _) = hash.as_bytes().split_first_chunk().expect("a digest has 32 bytes");
    u64::from_le_bytes(*first)
}
