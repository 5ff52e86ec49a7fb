//! The configuration and the options of a build.

use std::{path::PathBuf, sync::Arc};

use jiff::{
    Timestamp, ToSpan,
    civil::{Date, Weekday},
    tz::TimeZone,
};
use schema::{SourceName, moment};
use url::Url;

use crate::sync::SyncState;

pub use super::source::config::{
    ApiConfig, ConfigError, Field, FieldDescription, FieldPath, Globs, IfUnreadable, JoinConfig,
    Mapping, PathCaptures, PathPattern, ResolvedSource, SourceConfig, SourceKind, Template,
    TemplateError, TextSplit, UnknownField, ValueMap, resolve_sources,
};

/// Incremented when merging or linking derives different records from the same facts.
const PIPELINE_VERSION: u32 = 4;

/// The part of the configuration of an installation that builds need.
#[derive(Debug, Clone)]
pub struct BuildConfig {
    /// Path of the data folder.
    pub data: PathBuf,
    /// The sources, in the order of the configuration.
    pub sources: Vec<ResolvedSource>,
    /// Groups of references (`source:key` or a URL), each of which denotes one entity.
    pub aliases: Vec<Vec<String>>,
    /// Base URL of our own item pages.
    pub item_url: Url,
    /// Thresholds and retention.
    pub limits: BuildLimits,
    /// The time of the build.
    pub now: Timestamp,
    /// The date that the content was written for. All dates are shifted by whole weeks so that this
    /// date falls in the current week. For demonstrations.
    pub demo_date: Option<Date>,
}

impl BuildConfig {
    /// Number of days by which the dates of a demonstration are shifted: whole weeks, so that the
    /// day of the week is preserved.
    pub(crate) fn shift_days(&self) -> i64 {
        let Some(demo_date) = self.demo_date else { return 0 };
        let home = moment::zone(moment::HOME_ZONE).unwrap_or(TimeZone::UTC);
        let monday = |day: Date| {
            let since = day.weekday().since(Weekday::Monday);
            day.checked_sub(i64::from(since).days()).unwrap_or(day)
        };
        let today = self.now.to_zoned(home).date();
        monday(demo_date).until(monday(today)).map_or(0, |span| i64::from(span.get_days()))
    }

    /// Digest of the settings that affect merging; a change forces a full build.
    pub(crate) fn settings_digest(&self) -> String {
        let precedence: Vec<_> = self.sources.iter().map(|s| (&s.name, s.trust, s.order)).collect();
        let text =
            format!("{PIPELINE_VERSION} {precedence:?} {:?} {}", self.aliases, self.item_url);
        blake3::hash(text.as_bytes()).to_hex().to_string()
    }
}

/// Publishing thresholds and retention.
#[derive(Debug, Clone, Copy)]
pub struct BuildLimits {
    /// Rejection threshold: maximum share of a source that may be rejected, in percent.
    pub rejections_percent: f64,
    /// Removal threshold: maximum share of a source that may be removed, in percent.
    pub removals_percent: f64,
    /// Number of generations retained on disk.
    pub retained_generations: usize,
}

impl Default for BuildLimits {
    fn default() -> Self {
        Self { rejections_percent: 10.0, removals_percent: 20.0, retained_generations: 3 }
    }
}

/// Number of rejections or removals per source that is always allowed.
pub const THRESHOLD_FLOOR: u64 = 2;

/// Options of one build.
#[derive(Debug, Clone, Default)]
pub struct BuildOptions {
    /// Starting point of the build.
    pub mode: Mode,
    /// What the build reads.
    pub input: BuildInput,
    /// The sources to read; empty for all.
    pub only: Vec<SourceName>,
    /// Whether to publish.
    pub publish_mode: PublishMode,
    /// Action if the removal threshold is exceeded.
    pub on_removals: OnThreshold,
    /// Action if the rejection threshold is exceeded.
    pub on_rejections: OnThreshold,
    /// The state of synchronisation, if this process uses it already; otherwise the build opens it.
    pub sync_state: Option<Arc<SyncState>>,
}

/// Starting point of a build.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mode {
    /// The current generation: only changed records are processed.
    #[default]
    Incremental,
    /// The sources: all records are processed; ids and history are carried over.
    Full,
}

/// What a build reads.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum BuildInput {
    /// The selected sources.
    #[default]
    Sources,
    /// Only the store, to apply the suppression list to it. Also while publishing is on hold: no source
    /// can undo what a rollback restored.
    Store,
}

/// Whether to publish.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PublishMode {
    /// Publish a generation if anything changed.
    #[default]
    Publish,
    /// Only report what would be published.
    DryRun,
}

/// Action if a threshold is exceeded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OnThreshold {
    /// Fail without publishing.
    #[default]
    Fail,
    /// Continue.
    Ignore,
}
