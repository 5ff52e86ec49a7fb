//! Errors of the configuration: one sentence each, with a remedy.

use std::path::PathBuf;

use federation::bounded_file::ReadFileError;

/// Error of the configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file does not exist.
    #[error(
        "configuration file not found; create one, specify one with `--config`, or try `--demo`: \
         `{}`",
        .0.display()
    )]
    Missing(PathBuf),
    /// The demo is requested outside the root of the repository.
    #[error(
        "demo configuration not found; run this in the root of the repository: `{}`",
        .0.display()
    )]
    NoDemo(PathBuf),
    /// The file cannot be read.
    #[error("cannot read configuration file: `{}`", path.display())]
    Read {
        /// Path of the file.
        path: PathBuf,
        /// Error of the file system, or an exceeded limit.
        #[source]
        cause: ReadFileError,
    },
    /// The file contains an unknown key.
    #[error(
        "{}, line {line}: unknown key `{key}`{}", path.display(), suggestion(nearest.as_deref())
    )]
    UnknownKey {
        /// Path of the file.
        path: PathBuf,
        /// Line number, from 1.
        line: usize,
        /// The key as written.
        key: String,
        /// The most similar known key.
        nearest: Option<String>,
    },
    /// The file is not valid TOML, or a value has the wrong type.
    #[error("{}, line {line}: {message}", path.display())]
    Syntax {
        /// Path of the file.
        path: PathBuf,
        /// Line number, from 1.
        line: usize,
        /// Message of the TOML parser.
        message: String,
    },
    /// The file has several unknown keys or values of the wrong type.
    #[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Several(Vec<Self>),
    /// A value is invalid.
    #[error("`{key}` must be {expected}, not `{actual}`")]
    Value {
        /// The key, such as `limits.depth_max`, or that of the flag or variable that overrides it.
        key: String,
        /// Description of a valid value, with an example.
        expected: String,
        /// The invalid value.
        actual: String,
    },
    /// A source is invalid.
    #[error(transparent)]
    Source(#[from] indexer::ingest::config::ConfigError),
    /// There are no sources to build from.
    #[error("no sources configured; add a `[[source]]`")]
    NoSources,
    /// Two colours cannot be told apart well enough.
    #[error(transparent)]
    Contrast(Box<ContrastError>),
}

/// Two colours that pages show together without enough contrast.
#[derive(Debug, thiserror::Error)]
#[error(
    "`{key}` has too little contrast for {purpose}: `{colour}` on or under `{other}` \
     ({other_name}) is {ratio}:1, and at least {ratio_min}:1 is needed; {}",
    nearest_colour(nearest.as_deref())
)]
pub struct ContrastError {
    /// The key of the colour to change.
    pub key: String,
    /// Its value.
    pub colour: String,
    /// What the style sheet shows in both colours.
    pub purpose: &'static str,
    /// The other colour.
    pub other: String,
    /// Its key, or that it is built in.
    pub other_name: String,
    /// The contrast of both.
    pub ratio: String,
    /// The minimum contrast.
    pub ratio_min: String,
    /// The nearest colour that has it.
    pub nearest: Option<String>,
}

impl ConfigError {
    /// An invalid value.
    pub(super) fn value(key: &str, expected: &str, actual: &str) -> Self {
        Self::Value {
            key: key.to_owned(),
            expected: expected.to_owned(),
            actual: actual.to_owned(),
        }
    }
}

fn nearest_colour(nearest: Option<&str>) -> String {
    nearest.map_or_else(
        || "no darker or lighter one has it: change the other colour, too".to_owned(),
        |colour| format!("the nearest that has it is `{colour}`"),
    )
}

fn suggestion(nearest: Option<&str>) -> String {
    nearest.map(|key| format!(", did you mean `{key}`?")).unwrap_or_default()
}
