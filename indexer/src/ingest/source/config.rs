//! What an operator says about sources: as typed in `wegwijzer.toml` ([`SourceConfig`]) and as
//! checked ([`ResolvedSource`]). Nothing downstream sees a raw option.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use encoding_rs::Encoding;
use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use schema::{IdError, Language, SourceName};
use serde::{Deserialize, Deserializer, de::Error as _};

use super::front_matter::toml_to_json;

pub use super::{
    field::{Field, FieldPath, UnknownField},
    mapping::{Mapping, ValueMap},
    path_pattern::{Globs, PathPattern},
    template::{PathCaptures, Template, TemplateError},
};

/// One `[[source]]` as typed.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceConfig {
    /// Name: lower case letters, digits, hyphens.
    pub name: String,
    /// Wire format.
    pub kind: SourceKind,
    /// A folder (`markdown`, `text`) or a file (`jsonlines`, `csv`), relative to the configuration.
    pub path: PathBuf,
    /// Files to read below a folder, as globs; all that fit the kind where left out.
    #[serde(default)]
    pub include: Vec<String>,
    /// Files to leave out, as globs.
    #[serde(default)]
    pub exclude: Vec<String>,
    /// Names parts of a file's path, such as `blog/{year}/{month}/{slug}.md`.
    pub pattern: Option<String>,
    /// Template of the address, such as `https://www.example.nl/blog/{slug}/`.
    pub url: Option<String>,
    /// Template of the key that identifies a record within the source. Default: the path of the
    /// file (`markdown`, `text`), the field `key` or `id` (`jsonlines`, `csv`).
    pub key: Option<String>,
    /// Language of what the source says, where a record does not say: `NL`, `EN` or `OTHER`.
    #[serde(default, deserialize_with = "language")]
    pub language: Option<Language>,
    /// Character encoding; default UTF-8, and Windows-1252 for a `csv` that is not UTF-8.
    pub encoding: Option<String>,
    /// Column delimiter of a `csv`; default `;`, `,` or tab, whichever the first line has most of.
    pub delimiter: Option<char>,
    /// What separates the values in one cell of a `csv`; default `|`.
    pub separator: Option<char>,
    /// How a `text` is cut into records.
    #[serde(default)]
    pub split: TextSplit,
    /// A Markdown page whose body holds one of these and little else lists other pages and is no
    /// content of its own.
    #[serde(default)]
    pub listing_markers: Vec<String>,
    /// Higher goes before lower when sources disagree; equal trust: the order in the file.
    #[serde(default)]
    pub trust: i32,
    /// Canonical field = where it comes from: a source field (`tags`, `place.city`) or a template
    /// of path parts and source fields (`{year}-{month}-{day}`).
    #[serde(default)]
    pub fields: BTreeMap<String, String>,
    /// Canonical field = the value it has where a record gives none.
    #[serde(default)]
    pub constants: BTreeMap<String, toml::Value>,
    /// Canonical field = a table of source value = canonical value; `"*"` stands for any other.
    #[serde(default)]
    pub values: BTreeMap<String, BTreeMap<String, String>>,
}

fn language<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Language>, D::Error> {
    String::deserialize(deserializer)?.parse().map(Some).map_err(D::Error::custom)
}

/// The wire formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
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
}

/// How a plain text is cut into records.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TextSplit {
    /// One record a file.
    #[default]
    Document,
    /// One record a paragraph: an archive that lists leads.
    Paragraphs,
}

/// One source, checked.
#[derive(Debug, Clone)]
pub struct ResolvedSource {
    /// Name.
    pub name: SourceName,
    /// Wire format.
    pub kind: SourceKind,
    /// Absolute path of the folder or file.
    pub path: PathBuf,
    /// Files to read.
    pub include: GlobSet,
    /// Files to leave out.
    pub exclude: GlobSet,
    /// Both as configured.
    pub globs: Globs,
    /// Segments of a path.
    pub pattern: Option<PathPattern>,
    /// The mapping of fields, `url` and `key` included.
    pub mapping: Mapping,
    /// Language where a record does not say.
    pub language: Option<Language>,
    /// Character encoding, where given.
    pub encoding: Option<&'static Encoding>,
    /// Column delimiter, where given.
    pub delimiter: Option<u8>,
    /// How a text is cut.
    pub split: TextSplit,
    /// Marks of a page that only lists others.
    pub listing_markers: Vec<String>,
    /// Precedence.
    pub trust: i32,
    /// Place in the configuration, from zero; decides between equal trust.
    pub order: usize,
    /// Digest of all of the above: a record read under another plan is read again.
    pub digest: u64,
}

/// Why a source cannot be used as configured.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The name is no source name.
    #[error(transparent)]
    Name(#[from] IdError),
    /// Two sources have one name.
    #[error("duplicate source name: `{0}`")]
    Duplicate(SourceName),
    /// A glob cannot be read.
    #[error("source `{source_name}`: invalid glob: `{glob}`")]
    Glob {
        /// Which source.
        source_name: SourceName,
        /// The glob.
        glob: String,
    },
    /// A pattern or template cannot be read.
    #[error("source `{source_name}`")]
    Template {
        /// Which source.
        source_name: SourceName,
        /// What is wrong.
        #[source]
        cause: TemplateError,
    },
    /// A field that does not exist is mapped.
    #[error("source `{source_name}`")]
    Field {
        /// Which source.
        source_name: SourceName,
        /// The name and the nearest one that exists.
        #[source]
        cause: UnknownField,
    },
    /// The encoding has no such label.
    #[error("source `{source_name}`: unknown encoding, use for example `windows-1252`: `{label}`")]
    Encoding {
        /// Which source.
        source_name: SourceName,
        /// The label as typed.
        label: String,
    },
    /// The delimiter is not one ASCII character.
    #[error("source `{source_name}`: the delimiter must be one ASCII character: `{delimiter}`")]
    Delimiter {
        /// Which source.
        source_name: SourceName,
        /// As typed.
        delimiter: char,
    },
    /// The path does not exist or is of the wrong kind.
    #[error("source `{source_name}`: {expected} not found: `{}`", path.display())]
    Path {
        /// Which source.
        source_name: SourceName,
        /// `a folder` or `a file`.
        expected: &'static str,
        /// The path.
        path: PathBuf,
    },
}

/// Counts up when a change in reading gives other facts from the same bytes.
const PARSER_VERSION: u32 = 2;

/// Checks the sources of a configuration that lies in `folder`.
///
/// # Errors
/// [`ConfigError`] for the first thing that is wrong, naming the source.
pub fn resolve_sources(
    configs: &[SourceConfig],
    folder: &Path,
) -> Result<Vec<ResolvedSource>, ConfigError> {
    let (sources, errors) = resolve_all(configs, folder);
    errors.into_iter().next().map_or(Ok(sources), Err)
}

/// Checks the sources of a configuration: those that can be used, and everything that is wrong with
/// the others.
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
        path(config, folder, &name),
        globs(&config.include, config.kind.include(), &name),
        globs(&config.exclude, &[], &name),
        pattern.map_err(template_error),
        encoding(config, &name),
        delimiter(config, &name),
        mapping(config, &name),
    );
    match checked {
        (
            Ok(path),
            Ok(include),
            Ok(exclude),
            Ok(pattern),
            Ok(encoding),
            Ok(delimiter),
            Ok(mapping),
        ) => Ok(ResolvedSource {
            kind: config.kind,
            path,
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

/// The values, or every error among the results.
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

    /// The files that are read where the configuration does not say.
    const fn include(self) -> &'static [&'static str] {
        match self {
            Self::Markdown => &["**/*.md", "**/*.mdx"],
            Self::Text => &["**/*.txt"],
            Self::Jsonlines | Self::Csv => &[],
        }
    }
}

fn path(config: &SourceConfig, folder: &Path, name: &SourceName) -> Result<PathBuf, ConfigError> {
    let full_path = folder.join(&config.path);
    let missing = |expected| ConfigError::Path {
        source_name: name.clone(),
        expected,
        path: full_path.clone(),
    };
    let expected = if config.kind.is_folder() { "a folder" } else { "a file" };
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
    let constants =
        constants.map(|(field, value)| Ok((target(field)?, toml_to_json(value.clone()))));
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

#[cfg(test)]
mod tests {
    use super::*;

    /// What is wrong with a source `s`, or its plan.
    fn resolve(config: &str) -> Result<ResolvedSource, String> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.csv"), "id\n").unwrap();
        let config: SourceConfig =
            toml::from_str(&format!("name = \"s\"\n{config}")).map_err(|e| e.to_string())?;
        let sources = resolve_sources(&[config], folder.path());
        sources.map(|mut sources| sources.remove(0)).map_err(|error| crate::with_causes(&error))
    }

    fn table(config: &str) -> Result<ResolvedSource, String> {
        resolve(&format!("kind = \"csv\"\npath = \"a.csv\"\n{config}"))
    }

    #[test]
    fn every_mistake_must_name_the_source_and_the_remedy() {
        for (config, reason) in [
            ("include = ['a{']", "source `s`: invalid glob: `a{`"),
            ("pattern = '{a}{b}'", "source `s`: placeholders must be separated by text: `{a}{b}`"),
            (
                "url = 'https://{'",
                "source `s`: unbalanced braces; write placeholders as {slug}: \
                 `https://{`",
            ),
            (
                "[fields]\ntitel = 'naam'",
                "source `s`: unknown field, did you mean `title`?: `titel`",
            ),
            (
                "[constants]\nknd = 'event'",
                "source `s`: unknown field, did you mean `kind`?: `knd`",
            ),
            (
                "[values.'place.town']\na = 'b'",
                "source `s`: unknown field, did you mean `place.city`?: `place.town`",
            ),
            (
                "encoding = 'latijn'",
                "source `s`: unknown encoding, use for example `windows-1252`: `latijn`",
            ),
            ("delimiter = 'é'", "source `s`: the delimiter must be one ASCII character: `é`"),
        ] {
            assert_eq!(table(config).unwrap_err(), reason);
        }
        let missing = resolve("kind = \"csv\"\npath = \"b.csv\"").unwrap_err();
        assert!(missing.starts_with("source `s`: a file not found: `"), "{missing}");
        let file = resolve("kind = \"text\"\npath = \"a.csv\"").unwrap_err();
        assert!(file.starts_with("source `s`: a folder not found: `"), "{file}");
        assert!(resolve("kind = \"csv\"\npath = \"a.csv\"\nfoo = 1").unwrap_err().contains("foo"));
    }

    #[test]
    fn two_sources_must_not_have_one_name() {
        let config: SourceConfig =
            toml::from_str("name = \"s\"\nkind = \"text\"\npath = \".\"").unwrap();
        let error = resolve_sources(&[config.clone(), config], &std::env::temp_dir()).unwrap_err();
        assert_eq!(error.to_string(), "duplicate source name: `s`");
    }

    #[test]
    fn a_source_must_have_another_digest_when_anything_in_it_changes() {
        let digest = |config: &str| table(config).unwrap().digest;
        let plain = digest("");
        assert_eq!(plain, digest(""));
        for config in
            ["trust = 1", "language = 'nl'", "[constants]\nkind = 'event'", "separator = '/'"]
        {
            assert_ne!(plain, digest(config), "{config}");
        }
    }

    #[test]
    fn constants_must_preserve_their_type() {
        let source = table("language = 'EN'\n[constants]\nthemes = ['a']\nfounded = 2019").unwrap();
        let constant = |name: &str| source.mapping.constants[&name.parse().unwrap()].clone();
        assert_eq!(constant("themes"), serde_json::json!(["a"]));
        assert_eq!(constant("founded"), serde_json::json!(2019));
        assert_eq!(source.language, Some(Language::En));
    }
}
