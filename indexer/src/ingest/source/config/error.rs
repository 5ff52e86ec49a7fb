//! Errors in the configuration of sources.

use std::path::PathBuf;

use schema::{IdError, MomentError, SourceName};

use super::{TemplateError, UnknownField};

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
    /// A time zone does not exist.
    #[error("source `{source_name}`")]
    TimeZone {
        /// Name of the source.
        source_name: SourceName,
        /// The unknown name.
        #[source]
        cause: MomentError,
    },
    /// A source over the network has no valid address.
    #[error(
        "source `{0}`: `address` must be an `http` or `https` URL without user name and password"
    )]
    Address(SourceName),
    /// Two locations of credentials.
    #[error("source `{0}`: use either `credentials_file` or `credentials_variable`")]
    Credentials(SourceName),
    /// The interval is not a duration within its range.
    #[error(
        "source `{source_name}`: `refresh` must be a duration from `10s` to `720h`, such as \
         `15m`, or `never`: `{written}`"
    )]
    Refresh {
        /// Name of the source.
        source_name: SourceName,
        /// The interval as configured.
        written: String,
    },
    /// Two locations of the secret of hooks.
    #[error("source `{0}`: use either `hook_secret_file` or `hook_secret_variable`")]
    HookSecret(SourceName),
    /// A source of files has no path.
    #[error("source `{0}`: missing key `path`")]
    NoPath(SourceName),
    /// A source over the network has a path.
    #[error("source `{0}`: `path` is for files; use `address`")]
    PathOfSite(SourceName),
    /// A source of files has an address.
    #[error("source `{0}`: `address` is for sources over the network; use `path`")]
    AddressOfFile(SourceName),
    /// A calendar has both an address and a path.
    #[error("source `{0}`: use either `address` or `path`")]
    TwoLocations(SourceName),
    /// A calendar has neither an address nor a path.
    #[error("source `{0}`: missing key `address` or `path`")]
    NoLocation(SourceName),
    /// A key in a source of a kind that does not have it.
    #[error("source `{source_name}`: `{key}` is for kind `{kind}`")]
    KeyOfKind {
        /// Which source.
        source_name: SourceName,
        /// The key.
        key: &'static str,
        /// The kind that has it.
        kind: &'static str,
    },
    /// An endpoint cannot be read as configured.
    #[error("source `{source_name}`: {reason}")]
    Api {
        /// Which source.
        source_name: SourceName,
        /// What is wrong, and its remedy.
        reason: &'static str,
    },
    /// A join is invalid.
    #[error(
        "source `{source_name}`: invalid `{key}` in `[[source.join]]`; use each taxonomy and type once, by \
         their names in the REST API, a type that is in `types`, and a kind such as `community`: `{value}`"
    )]
    Join {
        /// Which source.
        source_name: SourceName,
        /// The key.
        key: &'static str,
        /// Its value.
        value: String,
    },
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
