//! The write face: sources in, a published generation out.

pub(crate) mod build;
pub(crate) mod change_set;
pub(crate) mod collect;
pub mod config;
pub(crate) mod infer_entities;
pub(crate) mod link;
pub(crate) mod merge;
pub(crate) mod near_duplicates;
pub(crate) mod normalise;
mod report;
pub(crate) mod source;
pub(crate) mod write;

use std::path::PathBuf;

use jiff::{Timestamp, civil::Date};
use schema::{GenerationNumber, SourceName};
use url::Url;

pub use self::{
    build::build,
    report::{Outcome, Report, SourceReport, Unresolved},
    source::{FetchError, Rejection},
};

use crate::{
    catalog::OpenError,
    generation::GenerationError,
    index::IndexError,
    ingest::{config::ResolvedSource, write::IndexingError},
    store::StoreError,
};

/// Everything a build needs to know about an installation.
#[derive(Debug, Clone)]
pub struct BuildConfig {
    /// The data folder.
    pub data: PathBuf,
    /// The sources.
    pub sources: Vec<ResolvedSource>,
    /// Groups of references (`source:key` or an address) that are one thing each.
    pub aliases: Vec<Vec<String>>,
    /// Base of the addresses of our own item pages.
    pub item_url: Url,
    /// Brakes.
    pub limits: BuildLimits,
    /// The time of the build.
    pub now: Timestamp,
    /// The day relative to which the content is dated; its dates are moved by whole weeks so that
    /// this day falls into the present week. For demonstrations.
    pub demo_date: Option<Date>,
}

/// When to refuse to publish, and what to keep.
#[derive(Debug, Clone, Copy)]
pub struct BuildLimits {
    /// More than this share of a source rejected publishes nothing, in percent.
    pub rejections_percent: f64,
    /// More than this share of a source removed publishes nothing, in percent.
    pub removals_percent: f64,
    /// Generations kept on disk.
    pub retained_generations: usize,
}

impl Default for BuildLimits {
    fn default() -> Self {
        Self { rejections_percent: 10.0, removals_percent: 20.0, retained_generations: 3 }
    }
}

/// So many rejections or removals of one source never brake.
pub const THRESHOLD_FLOOR: u64 = 2;

/// What an operator asks for.
#[derive(Debug, Clone, Default)]
pub struct BuildOptions {
    /// From the current generation or from nothing.
    pub mode: Mode,
    /// Only these sources; all where empty.
    pub only: Vec<SourceName>,
    /// Whether to publish.
    pub publish_mode: PublishMode,
    /// Whether many removals are right.
    pub on_removals: OnThreshold,
    /// Whether many rejections are right.
    pub on_rejections: OnThreshold,
}

/// From the current generation or from nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mode {
    /// Only what changed.
    #[default]
    Incremental,
    /// Everything anew; ids and history are carried over.
    Full,
}

/// Whether to publish.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PublishMode {
    /// Publish what is new.
    #[default]
    Publish,
    /// Do everything but publish.
    DryRun,
}

/// Whether a brake may stop the build.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OnThreshold {
    /// Stop.
    #[default]
    Fail,
    /// Go on.
    Ignore,
}

/// Hears how far a build is. One stage at a time.
pub trait Progress: Sync {
    /// A stage begins, with about this much to do.
    fn begin(&self, stage: &str, total: Option<u64>);
    /// So much more is done.
    fn advance(&self, by: u64);
    /// The stage is over.
    fn end(&self);
    /// Something an operator should read.
    fn note(&self, text: &str);
}

/// Nobody listens.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoProgress;

impl Progress for NoProgress {
    fn begin(&self, _stage: &str, _total: Option<u64>) {}
    fn advance(&self, _by: u64) {}
    fn end(&self) {}
    fn note(&self, _text: &str) {}
}

/// Why nothing was published.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The data folder or a generation in it.
    #[error(transparent)]
    Generation(#[from] GenerationError),
    /// The current generation cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A source that cannot be read at all.
    #[error("nothing was published, source `{name}` failed: {cause}")]
    Source {
        /// Which source.
        name: SourceName,
        /// Why.
        cause: FetchError,
    },
    /// A source that is asked for and not configured.
    #[error("source is not configured: `{0}`")]
    UnknownSource(SourceName),
    /// The store.
    #[error("nothing was published: {0}")]
    Store(#[from] StoreError),
    /// The index.
    #[error("nothing was published: {0}")]
    Index(#[from] IndexError),
    /// Publishing is held since a rollback.
    #[error(
        "publishing is on hold since the rollback of {since} to the content of generation {content_of}; run `wegwijzer resume` once the sources are fixed"
    )]
    Held {
        /// The generation whose content was brought back.
        content_of: GenerationNumber,
        /// Since when.
        since: Timestamp,
    },
    /// Too much was rejected.
    #[error(
        "source `{}`: {} of {} records rejected, more than {limit} %, nothing was published; fix them, or pass --allow-rejections",
        report.name, report.rejected, report.offered()
    )]
    Rejections {
        /// What reading the source brought.
        report: SourceReport,
        /// The share allowed, in percent.
        limit: f64,
        /// What was rejected.
        rejections: Vec<Rejection>,
    },
    /// Too much would go.
    #[error(
        "source `{}`: {} of {} records would be removed, more than {limit} %, nothing was published; check the source, or pass --allow-removals",
        report.name, report.removed, report.previous()
    )]
    Removals {
        /// What reading the source brought.
        report: SourceReport,
        /// The share allowed, in percent.
        limit: f64,
    },
}

impl From<IndexingError> for BuildError {
    fn from(error: IndexingError) -> Self {
        match error {
            IndexingError::Store(error) => Self::Store(error),
            IndexingError::Index(error) => Self::Index(error),
        }
    }
}
