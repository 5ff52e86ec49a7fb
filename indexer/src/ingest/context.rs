//! Context shared by all stages of a build, apart from the store.

use std::collections::HashMap;

use schema::{GenerationNumber, SourceName};

use super::{
    base_generation::Base,
    config::{BuildConfig, BuildOptions, Mode, ResolvedSource},
    name_keys::Aliases,
};
use crate::{progress::Progress, store::RecordKey};

/// Which records of a store are changed ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// Some.
    Partial,
    /// All: the build is a full one.
    Full,
}

/// Context shared by all stages of a build, apart from the store.
pub(crate) struct BuildContext<'a> {
    pub(crate) config: &'a BuildConfig,
    pub(crate) options: &'a BuildOptions,
    pub(crate) progress: &'a dyn Progress,
    /// The generation under construction.
    pub(crate) generation: GenerationNumber,
    /// The generation that the build starts from.
    pub(crate) base: Option<&'a Base>,
    /// Digest of the settings that affect merging.
    pub(crate) settings: String,
    /// Full if requested, if there is no base, or if the settings changed.
    pub(crate) mode: Mode,
    /// References that the operator declared to be the same entity.
    pub(crate) aliases: Aliases,
    /// Days added to every date of every source.
    pub(crate) shift_days: i64,
    precedence: HashMap<&'a str, (i32, usize)>,
}

impl<'a> BuildContext<'a> {
    pub(crate) fn new(
        config: &'a BuildConfig,
        options: &'a BuildOptions,
        progress: &'a dyn Progress,
        generation: GenerationNumber,
        base: Option<&'a Base>,
    ) -> Self {
        let settings = config.settings_digest();
        let has_same_settings =
            base.is_some_and(|base| base.generation.manifest.settings == settings);
        let precedence =
            config.sources.iter().map(|s| (s.name.as_str(), (-s.trust, s.order))).collect();
        Self {
            config,
            options,
            progress,
            generation,
            base,
            settings,
            mode: if has_same_settings { options.mode } else { Mode::Full },
            aliases: Aliases::new(&config.aliases),
            shift_days: config.shift_days(),
            precedence,
        }
    }

    /// The base whose store and index are extended; `None` for a full build.
    pub(crate) fn extended_base(&self) -> Option<&'a Base> {
        self.base.filter(|_| self.mode == Mode::Incremental)
    }

    /// Which records of the store the build derives again.
    pub(crate) fn extent(&self) -> Extent {
        if self.extended_base().is_some() { Extent::Partial } else { Extent::Full }
    }

    /// The base whose history a full build carries over.
    pub(crate) fn replaced_base(&self) -> Option<&'a Base> {
        self.base.filter(|_| self.mode == Mode::Full)
    }

    /// The sources to read.
    pub(crate) fn selected_sources(&self) -> impl Iterator<Item = &'a ResolvedSource> {
        let only = &self.options.only;
        self.config.sources.iter().filter(|s| only.is_empty() || only.contains(&s.name))
    }

    /// The trust in a source; the lowest for one that is not configured.
    pub(crate) fn trust(&self, source: &SourceName) -> i32 {
        self.precedence.get(source.as_str()).map_or(i32::MIN, |(negated, _)| -negated)
    }

    /// Sort key by precedence: trust, then position in the configuration, then key; inferred
    /// records come last.
    pub(crate) fn precedence<'k>(&self, key: &'k RecordKey) -> (bool, i32, usize, &'k str) {
        let inferred = key.source() == SourceName::inferred().as_str();
        let (trust, order) =
            self.precedence.get(key.source()).copied().unwrap_or((i32::MAX, usize::MAX));
        (inferred, trust, order, key.as_str())
    }
}
