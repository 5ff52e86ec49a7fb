//! The configuration and the options of a build.

use std::path::PathBuf;

use jiff::{
    Timestamp, ToSpan,
    civil::{Date, Weekday},
    tz::TimeZone,
};
use schema::{SourceName, event_moment};
use url::Url;

pub use super::source::config::{
    ConfigError, Field, FieldDescription, FieldPath, Globs, Mapping, PathCaptures, PathPattern,
    ResolvedSource, SourceConfig, SourceKind, Template, TemplateError, TextSplit, UnknownField,
    ValueMap, resolve_sources,
};

/// Rises when merging or linking derives other records from the same facts.
const PIPELINE_VERSION: u32 = 3;

/// The configuration of an installation, as far as builds need it.
#[derive(Debug, Clone)]
pub struct BuildConfig {
    /// Path of the data folder.
    pub data: PathBuf,
    /// The sources, in the order of the configuration.
    pub sources: Vec<ResolvedSource>,
    /// Groups of references (`source:key` or an address) that are one entity each.
    pub aliases: Vec<Vec<String>>,
    /// Base of the addresses of our own item pages.
    pub item_url: Url,
    /// Thresholds and retention.
    pub limits: BuildLimits,
    /// The time of the build.
    pub now: Timestamp,
    /// The day relative to which the content is dated; its dates are moved by whole weeks so that
    /// this day falls into the present week. For demonstrations.
    pub demo_date: Option<Date>,
}

impl BuildConfig {
    /// Days by which the dates of a demonstration are moved: whole weeks, so that Tuesdays stay
    /// Tuesdays.
    pub(crate) fn shift_days(&self) -> i64 {
        let Some(demo_date) = self.demo_date else { return 0 };
        let home = event_moment::zone(event_moment::HOME_ZONE).unwrap_or(TimeZone::UTC);
        let monday = |day: Date| {
            let since = day.weekday().since(Weekday::Monday);
            day.checked_sub(i64::from(since).days()).unwrap_or(day)
        };
        let today = self.now.to_zoned(home).date();
        monday(demo_date).until(monday(today)).map_or(0, |span| i64::from(span.get_days()))
    }

    /// Digest of the settings that decide how everything is merged: a change of it makes the build
    /// a full one.
    pub(crate) fn settings_digest(&self) -> String {
        let precedence: Vec<_> = self.sources.iter().map(|s| (&s.name, s.trust, s.order)).collect();
        let text =
            format!("{PIPELINE_VERSION} {precedence:?} {:?} {}", self.aliases, self.item_url);
        blake3::hash(text.as_bytes()).to_hex().to_string()
    }
}

/// When to refuse to publish, and how much to retain.
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

/// Number of rejections or removals of one source that never exceeds a threshold.
pub const THRESHOLD_FLOOR: u64 = 2;

/// The options of one build.
#[derive(Debug, Clone, Default)]
pub struct BuildOptions {
    /// What to build from.
    pub mode: Mode,
    /// The sources to read; all where empty.
    pub only: Vec<SourceName>,
    /// Whether to publish.
    pub publish_mode: PublishMode,
    /// What to do above the removal threshold.
    pub on_removals: OnThreshold,
    /// What to do above the rejection threshold.
    pub on_rejections: OnThreshold,
}

/// What to build from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mode {
    /// From the current generation: only changed records are processed.
    #[default]
    Incremental,
    /// From the sources: all records are processed; ids and history are carried over.
    Full,
}

/// Whether to publish.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum PublishMode {
    /// Publish a generation if anything changed.
    #[default]
    Publish,
    /// Report what would be published.
    DryRun,
}

/// What to do where a threshold is exceeded.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OnThreshold {
    /// Fail without publishing.
    #[default]
    Fail,
    /// Continue.
    Ignore,
}
