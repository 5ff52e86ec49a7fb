//! Context shared by all stages of a build, apart from the store.

use std::collections::{BTreeSet, HashMap};

use schema::{GenerationNumber, SourceName};

use super::{
    base_generation::Base,
    config::{BuildConfig, BuildInput, BuildOptions, Mode, ResolvedSource},
    name_keys::Aliases,
};
use crate::{progress::Progress, store::RecordKey, suppression::Suppression};

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
    /// Full if requested, if there is no base, if the settings changed, or if a name was withdrawn
    /// from the suppression list.
    pub(crate) mode: Mode,
    /// The names that no record may contain.
    pub(crate) suppression: &'a Suppression,
    /// Digests of the entries of that list, and of those whose withdrawal is not applied yet.
    pub(crate) suppressed: BTreeSet<String>,
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
        suppression: &'a Suppression,
    ) -> Self {
        let settings = config.settings_digest();
        let has_same_settings =
            base.is_some_and(|base| base.generation.manifest.settings == settings);
        let mut suppressed = suppression.digests();
        let before = base.map(|base| &base.generation.manifest.suppressed);
        let withdrawn = before.is_some_and(|before| !before.is_subset(&suppressed));
        let reads_all = options.only.is_empty() && options.input == BuildInput::Sources;
        if !reads_all {
            suppressed.extend(before.into_iter().flatten().cloned());
        }
        let is_extended = has_same_settings && !(withdrawn && reads_all);
        let precedence =
            config.sources.iter().map(|s| (s.name.as_str(), (-s.trust, s.order))).collect();
        Self {
            config,
            options,
            progress,
            generation,
            base,
            settings,
            mode: if is_extended { options.mode } else { Mode::Full },
            suppression,
            suppressed,
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
        let BuildOptions { only, input, .. } = self.options;
        let sources = self.config.sources.iter().filter(|_| *input == BuildInput::Sources);
        sources.filter(|s| only.is_empty() || only.contains(&s.name))
    }

    /// Whether the store of the base can have names that are suppressed now.
    pub(crate) fn has_new_suppression(&self) -> bool {
        let base = self.base.map(|base| &base.generation.manifest.suppressed);
        base.is_some_and(|suppressed| !self.suppression.is_applied(suppressed))
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
