//! The read face: a generation in, answers out.
//!
//! A [`Catalog`] follows the data folder; a [`Snapshot`] is one generation, held for the length of a
//! request. No type of the engines appears here, so that a second implementation over a distributed
//! engine fits the same seam.

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

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use arc_swap::ArcSwapOption;
use schema::{CursorError, GenerationNumber, IdError, NodeId};

pub use self::{
    event_calendar::{EVENTS_IN_RANGE_MAX, EventsInRange},
    read_metrics::ReadMetrics,
    search_pool::{PoolLimits, PoolLoad},
    shared_passages::SHARED_PASSAGES_MAX,
};
pub use crate::{
    analysis::{Synonyms, SynonymsError},
    generation::{Damage, GenerationError, RecordCounts, SourceState},
    index::NotListedReason,
    store::Relation,
};
pub use explain::RankExplanation;
pub use related::RELATED_MAX;
pub use search::{SEARCH_QUERY_BYTES_MAX, SEARCH_WINDOW_MAX};
pub use snapshot::Snapshot;
pub use suggest::{SUGGEST_PREFIX_BYTES_MAX, SUGGESTIONS_MAX};

use self::{read_metrics::ReadCounters, search_pool::SearchPool, snapshot::SharedState};
use crate::{
    generation::{DataFolder, Manifest, Verifier},
    index::IndexError,
    store::StoreError,
    with_causes,
};

/// Why a generation cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder or its files are not right.
    #[error(transparent)]
    Generation(#[from] GenerationError),
    /// The store cannot be read although its digest is right.
    #[error("cannot open the store of generation {0}; run `wegwijzer index --full`")]
    Store(GenerationNumber, #[source] StoreError),
    /// The index cannot be read although its digest is right.
    #[error("cannot open the index of generation {0}; run `wegwijzer index --full`")]
    Index(GenerationNumber, #[source] IndexError),
    /// The index was made by another analysis of texts.
    #[error(
        "the index of generation {number} was built with analysis version {built_with}, this program needs {required}; run `wegwijzer index`"
    )]
    AnalysisVersion {
        /// Which generation.
        number: GenerationNumber,
        /// The version it was made with.
        built_with: u32,
        /// The version of this program.
        required: u32,
    },
}

/// Why a read of the catalog failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CatalogError {
    /// The cursor belongs to another query.
    #[error(transparent)]
    Cursor(#[from] CursorError),
    /// The request exceeds a limit.
    #[error("request exceeds limit `{name}`: {value}")]
    Limit {
        /// Name of the limit.
        name: &'static str,
        /// Its value.
        value: u64,
    },
    /// The queue of searches is full, or this one exceeded the queue timeout.
    #[error("too many concurrent searches; retry in a few seconds")]
    Busy,
    /// A search ran longer than it may, or nobody waited for it any more.
    #[error("search exceeded its timeout of {} ms", .0.as_millis())]
    Timeout(Duration),
    /// A read panicked; the panic is in the log.
    #[error("catalog read panicked")]
    Panicked,
    /// The store failed. For the log only, as are all that follow.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The index failed.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// The index has an id of an unknown kind.
    #[error("invalid id in the index")]
    InvalidId(#[from] IdError),
    /// Index and store are of one generation: a document without a record is damage.
    #[error("indexed record missing from the store: `{0}`")]
    MissingRecord(NodeId),
}

/// What a look at the data folder brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refreshed {
    /// Nothing new.
    Unchanged,
    /// Another generation answers from now on.
    Swapped(GenerationNumber),
}

/// Follows a data folder and holds its current generation open.
pub struct Catalog {
    data: DataFolder,
    current: ArcSwapOption<Snapshot>,
    verifier: Verifier,
    shared: SharedState,
    /// Held while a snapshot is put in place of another.
    synonyms: Mutex<Arc<Synonyms>>,
    damage: Mutex<Option<String>>,
}

impl std::fmt::Debug for Catalog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Catalog").field("data", &self.data).finish_non_exhaustive()
    }
}

impl Catalog {
    /// Opens the current generation of a data folder. Where the current one is damaged, the newest
    /// sound one answers instead and [`damage`](Self::damage) says so; where there is none at all,
    /// [`current`](Self::current) is `None`.
    ///
    /// # Errors
    /// [`OpenError`] where the folder itself cannot be read.
    pub fn open(data: &Path) -> Result<Self, OpenError> {
        Self::open_with(data, PoolLimits::default())
    }

    /// Like [`open`](Self::open), with other limits to how many searches run and wait at once.
    ///
    /// # Errors
    /// [`OpenError`] where the folder itself cannot be read.
    pub fn open_with(data: &Path, limits: PoolLimits) -> Result<Self, OpenError> {
        if std::env::var_os("FAILPOINTS").is_some() {
            // Steps at which a test makes reading fail, for as long as the process lives.
            std::mem::forget(fail::FailScenario::setup());
        }
        let catalog = Self {
            data: DataFolder::new(data),
            current: ArcSwapOption::empty(),
            verifier: Verifier::default(),
            shared: SharedState {
                pool: Arc::new(SearchPool::new(limits)),
                read_counters: Arc::new(ReadCounters::default()),
            },
            synonyms: Mutex::new(Arc::new(Synonyms::built_in())),
            damage: Mutex::new(None),
        };
        let is_missing_current =
            || catalog.current().is_none() && catalog.data.is_missing_current();
        match catalog.refresh() {
            Err(error) => catalog.open_newest_intact(&error)?,
            Ok(_) if is_missing_current() => {
                catalog.open_newest_intact(&catalog.data.missing_current_error().into())?;
            }
            Ok(_) => {}
        }
        Ok(catalog)
    }

    /// The generation that answers now. Hold it for a whole request.
    pub fn current(&self) -> Option<Arc<Snapshot>> {
        self.current.load_full()
    }

    /// Uses other synonyms from the next request on.
    pub fn set_synonyms(&self, synonyms: Synonyms) {
        let mut held = self.synonyms.lock().unwrap_or_else(PoisonError::into_inner);
        *held = Arc::new(synonyms);
        if let Some(current) = self.current() {
            self.current.store(Some(Arc::new(current.with_synonyms(&held))));
        }
    }

    /// Makes an opened generation the one that answers.
    fn publish_snapshot(&self, snapshot: &Snapshot) {
        let held = self.synonyms.lock().unwrap_or_else(PoisonError::into_inner);
        self.current.store(Some(Arc::new(snapshot.with_synonyms(&held))));
    }

    /// How often it was asked for what since it was opened.
    pub fn read_metrics(&self) -> ReadMetrics {
        self.shared.read_counters.metrics()
    }

    /// What its searches are doing now.
    pub fn pool_load(&self) -> PoolLoad {
        self.shared.pool.load()
    }

    /// What is wrong with the generation that `CURRENT` names, while an older one answers.
    pub fn damage(&self) -> Option<String> {
        self.damage.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Looks whether another generation has become current, checks it in full, and swaps to it.
    /// Blocks for as long as reading every new file takes.
    ///
    /// # Errors
    /// [`OpenError`] where it cannot be opened; the one that answered goes on answering.
    pub fn refresh(&self) -> Result<Refreshed, OpenError> {
        let outcome = self.try_refresh();
        let damage = outcome.as_ref().err().map(|error| with_causes(error));
        *self.damage.lock().unwrap_or_else(PoisonError::into_inner) = damage;
        outcome
    }

    fn try_refresh(&self) -> Result<Refreshed, OpenError> {
        let mut attempts = 0;
        loop {
            let held = self.current();
            let Some(number) = self.data.current()? else {
                return held.map_or(Ok(Refreshed::Unchanged), |_| {
                    Err(self.data.missing_current_error().into())
                });
            };
            // A data folder that was made anew counts from one again: the number is not enough.
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
                // A builder may have published and removed generations meanwhile.
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
        let Some(held) = self.current() else { return Ok(()) };
        let Err(error) = held.recheck(&self.data, &self.verifier) else { return Ok(()) };
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
