//! Why a configuration cannot be used: one sentence each, with the remedy.

use std::path::PathBuf;

use federation::bounded_file::ReadFileError;

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// There is no file.
    #[error(
        "configuration file not found; create one, name one with `--config`, or try `--demo`: `{}`",
        .0.display()
    )]
    Missing(PathBuf),
    /// The demo was asked for in another folder.
    #[error(
        "demo configuration not found; run this in the root of the repository: `{}`",
        .0.display()
    )]
    NoDemo(PathBuf),
    /// The file cannot be read.
    #[error("cannot read configuration file: `{}`", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// The error of the file system, or the limit.
        #[source]
        cause: ReadFileError,
    },
    /// The file has a key that means nothing.
    #[error(
        "{}, line {line}: unknown key `{key}`{}", path.display(), suggestion(nearest.as_deref())
    )]
    UnknownKey {
        /// Which file.
        path: PathBuf,
        /// Line, from one.
        line: usize,
        /// The key as typed.
        key: String,
        /// The known key that looks most like it.
        nearest: Option<String>,
    },
    /// The file is no TOML, or a value has the wrong type.
    #[error("{}, line {line}: {message}", path.display())]
    Syntax {
        /// Which file.
        path: PathBuf,
        /// Line, from one.
        line: usize,
        /// What is wrong.
        message: String,
    },
    /// A value cannot be used.
    #[error("`{key}` must be {expected}, not `{actual}`")]
    Value {
        /// The key, such as `limits.depth_max`, or the flag or variable that goes over it.
        key: String,
        /// What would have been right, with an example.
        expected: String,
        /// What was given.
        actual: String,
    },
    /// A source cannot be used as configured.
    #[error(transparent)]
    Source(#[from] indexer::ingest::config::ConfigError),
    /// There is nothing to build from.
    #[error("no sources configured; add a `[[source]]`")]
    NoSources,
}

impl ConfigError {
    /// A value that is not what it must be.
    pub(super) fn value(key: &str, expected: &str, actual: &str) -> Self {
        Self::Value {
            key: key.to_owned(),
            expected: expected.to_owned(),
            actual: actual.to_owned(),
        }
    }
}

fn suggestion(nearest: Option<&str>) -> String {
    nearest.map(|key| format!(", did you mean `{key}`?")).unwrap_or_default()
}
