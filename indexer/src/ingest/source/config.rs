//! The configuration of sources: as written in `wegwijzer.toml` ([`SourceConfig`]) and as validated
//! ([`ResolvedSource`]). No raw option passes this stage.

#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use encoding_rs::Encoding;
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use schema::{IdError, Language, SourceName};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de::Error as _};
use url::Url;
use xxhash_rust::xxh3::xxh3_64;

use super::front_matter::toml_to_json;
use crate::sync::{NetworkSource, SecretLocation};

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
    /// Address of the site; for `wordpress`.
    #[schemars(extend("x-range" = "`http` or `https` URL of the home page"))]
    pub address: Option<Url>,
    /// Types of object to read; for `wordpress`.
    #[serde(default)]
    #[schemars(extend("x-default-text" = "`[]`: all types that the site shows", "x-range" = "names such as `post` and `page`"))]
    pub types: Vec<String>,
    /// Whether private, loopback and link-local addresses may be reached; for `wordpress`.
    #[serde(default)]
    pub allow_private_addresses: bool,
    /// File with credentials for the site, as `user:password` or a bearer token; for `wordpress`.
    #[schemars(extend("x-range" = "path of a file"))]
    pub credentials_file: Option<PathBuf>,
    /// Environment variable with such credentials; for `wordpress`.
    pub credentials_variable: Option<String>,
    /// Where the content is; for files.
    #[serde(default)]
    #[schemars(extend("x-range" = "existing folder (`markdown`, `text`) or file (`jsonlines`, `csv`)"))]
    pub path: PathBuf,
    /// Files to read; for folders.
    #[serde(default)]
    #[schemars(extend("x-default-text" = "`[]`: all files of the kind (`*.md` and `*.mdx`, or `*.txt`)", "x-range" = "globs, relative to `path`; `*` stays within one segment, `**` spans segments"))]
    pub include: Vec<String>,
    /// Files to leave out; for folders.
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
    #[schemars(extend("x-default-text" = "none: the path of the file (`markdown`, `text`), or the field `key` or `id` (`jsonlines`, `csv`)", "x-range" = "source field or template"))]
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
    /// A WordPress site, read through its REST API.
    Wordpress,
    /// A file with one JSON object a line.
    Jsonlines,
    /// A table.
    Csv,
    /// A folder of plain texts.
    Text,
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
    /// The site, if the source is over the network.
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
    /// Precedence when sources disagree; the highest value wins.
    pub trust: i32,
    /// Position in the configuration, counted from zero; decides between sources of equal trust.
    pub order: usize,
    /// Digest of all fields above: a record that was read under another configuration is read
    /// again.
    pub digest: u64,
}

/// Why the configuration of a source is invalid.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The name is not a valid source name.
    #[error(transparent)]
    Name(#[from] IdError),
    /// Two sources have the same name.
    #[error("duplicate source name: `{0}`")]
    Duplicate(SourceName),
    /// A glob is invalid.
    #[error("source `{source_name}`: invalid glob: `{glob}`")]
    Glob {
        /// Name of the source.
        source_name: SourceName,
        /// The glob.
        glob: String,
    },
    /// A pattern or template is invalid.
    #[error("source `{source_name}`")]
    Template {
        /// Name of the source.
        source_name: SourceName,
        /// The error in the template.
        #[source]
        cause: TemplateError,
    },
    /// A mapped field does not exist.
    #[error("source `{source_name}`")]
    Field {
        /// Name of the source.
        source_name: SourceName,
        /// The unknown name and the nearest known one.
        #[source]
        cause: UnknownField,
    },
    /// No encoding has this label.
    #[error(
        "source `{source_name}`: unknown encoding; use a label such as `windows-1252`: `{label}`"
    )]
    Encoding {
        /// Name of the source.
        source_name: SourceName,
        /// The label as configured.
        label: String,
    },
    /// A decimal number as a text, such as `1.10`.
    #[error(
        "source `{source_name}`: a decimal number loses its spelling; write the constant in \
         quotation marks: `{field}`"
    )]
    ConstantSpelling {
        /// Name of the source.
        source_name: SourceName,
        /// The canonical field.
        field: String,
    },
    /// The delimiter is not one ASCII character.
    #[error("source `{source_name}`: the delimiter must be one ASCII character: `{delimiter}`")]
    Delimiter {
        /// Name of the source.
        source_name: SourceName,
        /// The delimiter as configured.
        delimiter: char,
    },
    /// A source over the network has no valid address.
    #[error(
        "source `{0}`: `address` must be the `http` or `https` URL of the site, without user name and \
         password"
    )]
    Address(SourceName),
    /// Two locations of credentials.
    #[error("source `{0}`: use either `credentials_file` or `credentials_variable`")]
    Credentials(SourceName),
    /// A source of files has an address.
    #[error("source `{0}`: `address` is for kind `wordpress`; use `path`")]
    AddressOfFile(SourceName),
    /// The path does not exist or is of the wrong kind.
    #[error("source `{source_name}`: {expected} not found: `{}`", path.display())]
    Path {
        /// Which source.
        source_name: SourceName,
        /// `folder` or `file`.
        expected: &'static str,
        /// The path.
        path: PathBuf,
    },
}

/// Incremented when a parser change yields different facts from the same bytes.
const PARSER_VERSION: u32 = 4;

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
        let others = includes
            .iter()
            .enumerate()
            .filter(|(other, (path, _))| {
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
        location(config, folder, &name),
        globs(&config.include, config.kind.include(), &name),
        globs(&config.exclude, &[], &name),
        pattern.map_err(template_error),
        encoding(config, &name),
        delimiter(config, &name),
        mapping(config, &name),
    );
    match checked {
        (
            Ok((path, network)),
            Ok(include),
            Ok(exclude),
            Ok(pattern),
            Ok(encoding),
            Ok(delimiter),
            Ok(mapping),
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
            trust: config.trust,
            order,
            digest: digest(config),
            name,
        }),
        (path, include, exclude, pattern, encoding, delimiter, mapping) => {
            let errors = [
                path.err(),
                include.err(),
                exclude.err(),
                pattern.err(),
                encoding.err(),
                delimiter.err(),
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
    /// Whether the path is a folder.
    const fn is_folder(self) -> bool {
        matches!(self, Self::Markdown | Self::Text)
    }

    /// The files to read if the configuration does not specify any.
    const fn include(self) -> &'static [&'static str] {
        match self {
            Self::Markdown => &["**/*.md", "**/*.mdx"],
            Self::Text => &["**/*.txt"],
            Self::Jsonlines | Self::Csv | Self::Wordpress => &[],
        }
    }
}

/// Where a source is: a file or folder, or a site.
fn location(
    config: &SourceConfig,
    folder: &Path,
    name: &SourceName,
) -> Result<(PathBuf, Option<NetworkSource>), ConfigError> {
    if config.kind != SourceKind::Wordpress {
        if config.address.is_some() {
            return Err(ConfigError::AddressOfFile(name.clone()));
        }
        return Ok((path(config, folder, name)?, None));
    }
    let is_web = |url: &&Url| matches!(url.scheme(), "http" | "https") && url.has_host();
    let is_public = |url: &&Url| url.username().is_empty() && url.password().is_none();
    let Some(address) = config.address.as_ref().filter(is_web).filter(is_public) else {
        return Err(ConfigError::Address(name.clone()));
    };
    let credentials = match (&config.credentials_file, &config.credentials_variable) {
        (None, None) => None,
        (Some(path), None) => Some(SecretLocation::File(folder.join(path))),
        (None, Some(variable)) => Some(SecretLocation::Variable(variable.clone())),
        (Some(_), Some(_)) => return Err(ConfigError::Credentials(name.clone())),
    };
    let digest = xxh3_64(format!("{address} {:?}", config.types).as_bytes());
    let network = NetworkSource {
        name: name.clone(),
        address: address.clone(),
        types: config.types.clone(),
        allow_private_addresses: config.allow_private_addresses,
        credentials,
        digest,
    };
    Ok((PathBuf::new(), Some(network)))
}

fn path(config: &SourceConfig, folder: &Path, name: &SourceName) -> Result<PathBuf, ConfigError> {
    let full_path = folder.join(&config.path);
    let missing = |expected| ConfigError::Path {
        source_name: name.clone(),
        expected,
        path: full_path.clone(),
    };
    let expected = if config.kind.is_folder() { "folder" } else { "file" };
    let path = full_path.canonicalize().map_err(|_| missing(expected))?;
    let is_expected = if config.kind.is_folder() { path.is_dir() } else { path.is_file() };
    if is_expected { Ok(path) } else { Err(missing(expected)) }
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
    let hash = blake3::hash(format!("{PARSER_VERSION} {config:?}").as_bytes());
    let (first, _) = hash.as_bytes().split_first_chunk().expect("a digest has 32 bytes");
    u64::from_le_bytes(*first)
}
