//! Errors of a build.

use jiff::Timestamp;
use schema::{GenerationNumber, SourceName};

use super::{
    report::SourceReport,
    source::{FetchError, Rejection},
};
use crate::{
    generation::GenerationError, index::IndexError, store::StoreError,
    suppression::SuppressionError, sync::StateError,
};

/// Why a build did not publish a generation.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The data folder or a generation in it cannot be read or written.
    #[error(transparent)]
    Generation(#[from] GenerationError),
    /// A source cannot be read at all.
    #[error("nothing was published; source `{name}` failed")]
    Source {
        /// Name of the source.
        name: SourceName,
        /// Why it cannot be read.
        #[source]
        cause: FetchError,
    },
    /// A requested source is not configured.
    #[error("source is not configured: `{0}`")]
    UnknownSource(SourceName),
    /// The store cannot be read or written.
    #[error("nothing was published")]
    Store(#[from] StoreError),
    /// The state of synchronisation cannot be read.
    #[error("nothing was published")]
    Sync(#[from] StateError),
    /// The index cannot be read or written.
    #[error("nothing was published")]
    Index(#[from] IndexError),
    /// Every id that could be minted for a record belongs to another record.
    #[error("nothing was published; all ids of record `{key}` are in use")]
    IdsInUse {
        /// Source and key of the record.
        key: String,
    },
    /// The suppression list cannot be used.
    #[error(transparent)]
    Suppression(#[from] SuppressionError),
    /// There is no generation without which nothing can be suppressed.
    #[error("no generation to remove names from yet")]
    NoBase,
    /// The configuration is not that of the last build.
    #[error("the configuration changed since the last build; run `wegwijzer index`")]
    OtherSettings,
    /// Publishing is on hold because of a rollback.
    #[error(
        "publishing is on hold after the rollback of {since} to the content of generation {content_of}; run `wegwijzer resume` once the sources are fixed"
    )]
    Held {
        /// The generation whose content was restored.
        content_of: GenerationNumber,
        /// Time of the rollback.
        since: Timestamp,
    },
    /// The share of rejected records exceeds the rejection threshold.
    #[error(
        "source `{}`: {} of {} records rejected, more than {limit} %; nothing was published; fix them or pass --allow-rejections",
        report.name, report.rejected, report.offered()
    )]
    Rejections {
        /// Counts of the source.
        report: Box<SourceReport>,
        /// The threshold in percent.
        limit: f64,
        /// All rejections of the source.
        rejections: Vec<Rejection>,
    },
    /// The share of removed records would exceed the removal threshold.
    #[error(
        "source `{}`: {} of {} records would be removed, more than {limit} %; nothing was published; check the source or pass --allow-removals",
        report.name, report.removed, report.previous()
    )]
    Removals {
        /// Counts of the source.
        report: Box<SourceReport>,
        /// The threshold in percent.
        limit: f64,
    },
}
