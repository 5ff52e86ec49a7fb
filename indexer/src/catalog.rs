//! Read access to the current generation: lookup, search and suggestions.
//!
//! A [`Catalog`] follows the data folder. A [`Snapshot`] is one open generation, used for the whole
//! of a request. The public API exposes no types of the engines, so that a distributed engine can
//! be substituted.

mod entity_names;
mod event_calendar;
mod event_times;
mod explain;
mod open_generation;
mod read_metrics;
mod record_list;
mod related;
mod search;
mod search_pool;
mod shared_passages;
mod snapshot;
mod suggest;
mod suppression_file;
mod visible_store;

use std::{
    path::Path,
    sync::{Arc, LazyLock, Mutex, PoisonError},
    thread,
    time::Duration,
};

use arc_swap::ArcSwapOption;
use schema::{CursorError, GenerationNumber, IdError, NodeId};

pub use self::{
    event_calendar::{EVENTS_IN_RANGE_MAX, EventsInRange},
    read_metrics::ReadMetrics,
    search_pool::{ClientId, PoolLimits, PoolLoad},
    shared_passages::SHARED_PASSAGES_MAX,
};
pub use crate::{
    analysis::{Vocabulary, VocabularyEntry, VocabularyError, VocabularyLine, VocabularyWarning},
    generation::{Damage, GenerationError, RecordCounts, SourceState},
    index::NotListedReason,
    source_health::{HealthBySource, HealthState, SourceHealth, time_of},
    store::Relation,
};
pub use explain::RankExplanation;
pub use related::RELATED_MAX;
pub use search::{SEARCH_QUERY_BYTES_MAX, SEARCH_WINDOW_MAX};
pub use snapshot::Snapshot;
pub use suggest::{SUGGEST_PREFIX_BYTES_MAX, SUGGESTIONS_MAX};

use self::{
    read_metrics::ReadCounters, search_pool::SearchPool, snapshot::SharedState,
    suppression_file::SuppressionFile,
};
use crate::{
    generation::{DataFolder, Manifest, Verifier},
    index::IndexError,
    source_health,
    store::StoreError,
    with_causes,
};

/// Parsed once per process.
static BUILT_IN_VOCABULARY: LazyLock<Arc<Vocabulary>> =
    LazyLock::new(|| Arc::new(Vocabulary::built_in()));

/// Failure to open a generation.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder or its files are damaged.
    #[error(transparent)]
    Generation(#[from] GenerationError),
    /// The store cannot be read although its checksum matches.
    #[error("cannot open the store of generation {0}; run `wegwijzer index --full`")]
    Store(GenerationNumber, #[source] StoreError),
    /// The index cannot be read although its checksum matches.
    #[error("cannot open the index of generation {0}; run `wegwijzer index --full`")]
    Index(GenerationNumber, #[source] IndexError),
    /// The index was built with another version of the text analysis.
    #[error(
        "the index of generation {number} was built with analysis version {built_with}, but this program needs {required}; run `wegwijzer index`"
    )]
    AnalysisVersion {
        /// Number of the generation.
        number: GenerationNumber,
        /// Analysis version of the index.
        built_with: u32,
        /// Analysis version of this program.
        required: u32,
    },
    /// The suppression list cannot be used, so that nothing may be served.
    #[error("{0}")]
    Suppression(String),
}

/// Failure of a read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CatalogError {
    /// The cursor belongs to a different query.
    #[error(transparent)]
    Cursor(#[from] CursorError),
    /// The request exceeds a limit.
    #[error("request exceeds limit `{name}`: {value}")]
    Limit {
        /// Name of the limit.
        name: &'static str,
        /// Value of the limit.
        value: u64,
    },
    /// The queue of searches is full, or this search exceeded the queue timeout.
    #[error("too many concurrent searches; retry in a few seconds")]
    Busy,
    /// The search exceeded its timeout or was cancelled.
    #[error("search exceeded its timeout of {} ms", .0.as_millis())]
    Timeout(Duration),
    /// A read panicked; the panic is logged.
    #[error("catalog read panicked")]
    Panicked,
    /// The store failed. This variant and those below are for the log only.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The index failed.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// The index contains an id of an unknown kind.
    #[error("invalid id in the index")]
    InvalidId(#[from] IdError),
    /// The index contains a document without a record in the store, so the generation is damaged.
    #[error("indexed record missing from the store: `{0}`")]
    MissingRecord(NodeId),
}

/// Result of [`Catalog::refresh`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refreshed {
    /// The same generation is still current.
    Unchanged,
    /// Another generation is now current.
    Swapped(GenerationNumber),
}

/// Follows a data folder and keeps its current generation open.
pub struct Catalog {
    data: DataFolder,
    current: ArcSwapOption<Snapshot>,
    verifier: Verifier,
    shared: SharedState,
    suppression: SuppressionFile,
    /// Locked while a snapshot is replaced.
    vocabulary: Mutex<Arc<Vocabulary>>,
    damage: Mutex<Option<String>>,
}

impl std::fmt::Debug for Catalog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Catalog").field("data", &self.data).finish_non_exhaustive()
    }
}

impl Catalog {
    /// Opens the current generation of a data folder. If it is damaged, opens the newest intact
    /// generation instead and reports the cause in [`damage`](Self::damage). Without any intact
    /// generation, [`current`](Self::current) is `None`.
    ///
    /// # Errors
    /// [`OpenError`] if the folder itself cannot be read.
    pub fn open(data: &Path) -> Result<Self, OpenError> {
        Self::open_with(data, PoolLimits::default())
    }

    /// Like [`open`](Self::open), with custom limits for concurrent and queued searches.
    ///
    /// # Errors
    /// [`OpenError`] if the folder itself cannot be read.
    pub fn open_with(data: &Path, limits: PoolLimits) -> Result<Self, OpenError> {
        if std::env::var_os("FAILPOINTS").is_some() {
            // Tests configure failures of reads; they apply for the lifetime of the process.
            std::mem::forget(fail::FailScenario::setup());
        }
        let catalog = Self {
            data: DataFolder::new(data),
            current: ArcSwapOption::empty(),
            verifier: Verifier::default(),
            shared: SharedState {
                pool: Arc::new(SearchPool::new(limits)),
                read_counters: Arc::new(ReadCounters::default()),
                source_health: Arc::default(),
            },
            suppression: SuppressionFile::new(data),
            vocabulary: Mutex::default(),
            damage: Mutex::new(None),
        };
        thread::scope(|scope| {
            // Parsing takes a third as long as opening, which leaves a processor free at times.
            let vocabulary = scope.spawn(|| Arc::clone(&BUILT_IN_VOCABULARY));
            let opened = catalog.open_current_or_intact();
            catalog.set_vocabulary(vocabulary.join().expect("the built-in vocabulary is valid"));
            opened
        })?;
        Ok(catalog)
    }

    /// Opens the generation that `CURRENT` names, or else the newest intact one.
    fn open_current_or_intact(&self) -> Result<(), OpenError> {
        match self.refresh() {
            Err(error) => self.open_newest_intact(&error),
            Ok(_) if self.held().is_none() && self.data.is_missing_current() => {
                self.open_newest_intact(&self.data.missing_current_error().into())
            }
            Ok(_) => Ok(()),
        }
    }

    /// The current snapshot, without what the suppression list names now; `None` also if that list
    /// cannot be read. Hold it for the whole of a request.
    pub fn current(&self) -> Option<Arc<Snapshot>> {
        let suppression = self.suppression.current().ok()?;
        let held = self.held()?;
        if held.is_suppressed_by(&suppression) {
            return Some(held);
        }
        let suppressed = Arc::new(held.with_suppression(&suppression));
        // Unless another generation became current meanwhile.
        self.current.compare_and_swap(&Some(held), Some(Arc::clone(&suppressed)));
        Some(suppressed)
    }

    /// The current snapshot, with the suppression list that it was last served with.
    fn held(&self) -> Option<Arc<Snapshot>> {
        self.current.load_full()
    }

    /// Replaces the vocabulary, starting with the next request.
    pub fn set_vocabulary(&self, vocabulary: impl Into<Arc<Vocabulary>>) {
        let mut held = self.vocabulary.lock().unwrap_or_else(PoisonError::into_inner);
        *held = vocabulary.into();
        if let Some(current) = self.held() {
            self.current.store(Some(Arc::new(current.with_vocabulary(&held))));
        }
    }

    /// Makes a snapshot current.
    fn publish_snapshot(&self, snapshot: &Snapshot) {
        let held = self.vocabulary.lock().unwrap_or_else(PoisonError::into_inner);
        self.current.store(Some(Arc::new(snapshot.with_vocabulary(&held))));
    }

    /// Number of reads of each kind since the catalog was opened.
    pub fn read_metrics(&self) -> ReadMetrics {
        self.shared.read_counters.metrics()
    }

    /// Health of the sources that are synchronised.
    pub fn source_health(&self) -> Arc<HealthBySource> {
        self.shared.source_health.load_full()
    }

    /// Current load of the search pool.
    pub fn pool_load(&self) -> PoolLoad {
        self.shared.pool.load()
    }

    /// Damage of the generation that `CURRENT` names, while an older one is served.
    pub fn damage(&self) -> Option<String> {
        self.damage.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads the health of the sources, checks for a new current generation, verifies it in full and switches to it. Blocks while it
    /// reads all new files.
    ///
    /// # Errors
    /// [`OpenError`] if it cannot be opened; the previous snapshot remains current.
    pub fn refresh(&self) -> Result<Refreshed, OpenError> {
        let health = source_health::read(self.data.root());
        if *self.shared.source_health.load_full() != health {
            self.shared.source_health.store(Arc::new(health));
        }
        let outcome = self.try_refresh().and_then(|refreshed| {
            self.suppression.current().map_err(OpenError::Suppression)?;
            Ok(refreshed)
        });
        let damage = outcome.as_ref().err().map(|error| with_causes(error));
        *self.damage.lock().unwrap_or_else(PoisonError::into_inner) = damage;
        outcome
    }

    fn try_refresh(&self) -> Result<Refreshed, OpenError> {
        let mut attempts = 0;
        loop {
            let held = self.held();
            let Some(number) = self.data.current()? else {
                return held.map_or(Ok(Refreshed::Unchanged), |_| {
                    Err(self.data.missing_current_error().into())
                });
            };
            // A recreated data folder starts numbering again, so equal numbers do not suffice.
            if let Some(held) = held.as_ref().filter(|held| held.generation() == number)
                && held.matches_manifest(&Manifest::read(&self.data.generation(number), number)?)
            {
                return Ok(Refreshed::Unchanged);
            }
            let previous = held.as_deref();
            match Snapshot::open(&self.data, number, &self.verifier, &self.shared, previous) {
                Ok(snapshot) => {
                    self.publish_snapshot(&snapshot);
                    return Ok(Refreshed::Swapped(number));
                }
                // A builder may have published and removed generations in the meantime.
                Err(_) if self.data.current()? != Some(number) && attempts < 10 => attempts += 1,
                Err(error) => return Err(error),
            }
        }
    }

    /// Reads every byte of the generation that is served again. If it is damaged, the newest intact
    /// one is served instead; if there is none, nothing is. Blocks for as long as reading takes.
    ///
    /// # Errors
    /// [`OpenError`] if it is damaged.
    pub fn verify_current(&self) -> Result<(), OpenError> {
        let Some(held) = self.held() else { return Ok(()) };
        self.withdraw_damaged(&held, held.recheck(&self.data, &self.verifier))
    }

    /// Like [`verify_current`](Self::verify_current), but reads only what has not been read since
    /// it was written: the store of a large generation is opened before it is verified, and until
    /// then its blocks are verified when they are read.
    ///
    /// # Errors
    /// [`OpenError`] if it is damaged.
    pub fn verify_rest(&self) -> Result<(), OpenError> {
        let Some(held) = self.held() else { return Ok(()) };
        self.withdraw_damaged(&held, held.verify_rest(&self.data, &self.verifier))
    }

    fn withdraw_damaged(
        &self,
        held: &Snapshot,
        verified: Result<(), OpenError>,
    ) -> Result<(), OpenError> {
        let Err(error) = verified else { return Ok(()) };
        // A builder may have removed it meanwhile, and the next refresh swaps it.
        if !self.data.generation(held.generation()).exists() {
            return Ok(());
        }
        self.current.store(None);
        self.open_newest_intact(&error)?;
        Err(error)
    }

    fn open_newest_intact(&self, cause: &OpenError) -> Result<(), OpenError> {
        *self.damage.lock().unwrap_or_else(PoisonError::into_inner) = Some(with_causes(cause));
        for number in self.data.generations()?.into_iter().rev() {
            let opened = Snapshot::open(&self.data, number, &self.verifier, &self.shared, None);
            if let Ok(snapshot) = opened {
                self.publish_snapshot(&snapshot);
                return Ok(());
            }
        }
        Ok(())
    }
}
