//! A snapshot of one generation: its metadata and its searches.

mod store_reads;

use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwap;
use jiff::Timestamp;
use schema::{
    GenerationNumber, Highlight, NodeId, Occurrences, Record, SearchPage, SearchQuery,
    SharedPassage, Suggestion,
};

use super::{
    CatalogError, EventsInRange, OpenError, RecordCounts, SourceState, event_calendar,
    event_times::EventTimes,
    explain,
    explain::RankExplanation,
    open_generation::OpenGeneration,
    read_metrics::{ReadCounters, ReadMetrics},
    related, search,
    search::annotate,
    search_pool::SearchPool,
    shared_passages, suggest,
    visible_store::VisibleStore,
};
use crate::{
    analysis::{ANALYSIS_VERSION, Vocabulary, VocabularyEntry},
    cancellation::Cancellation,
    generation::{DataFolder, INDEX_FOLDER, Manifest, Verifier},
    index::IndexReader,
    source_health::HealthBySource,
    store::StoreReader,
    suppression::Suppression,
};

/// Number of records that one search permit covers, so that other searches can run in between.
const LOOKUP_BATCH_SIZE: usize = 8;

/// An immutable view of one generation. Use one snapshot for a whole response.
pub struct Snapshot {
    manifest: Arc<Manifest>,
    digest: String,
    generation: Arc<OpenGeneration>,
    vocabulary: Arc<Vocabulary>,
    suppression: Arc<Suppression>,
    shared: SharedState,
}

/// State that all snapshots of a catalog share.
#[derive(Clone)]
pub(super) struct SharedState {
    pub(super) pool: Arc<SearchPool>,
    pub(super) read_counters: Arc<ReadCounters>,
    pub(super) source_health: Arc<ArcSwap<HealthBySource>>,
}

impl std::fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Snapshot").field("generation", &self.generation()).finish_non_exhaustive()
    }
}

impl Snapshot {
    /// Opens and fully verifies a generation. Reuses decoded segments of `previous`.
    pub(super) fn open(
        data: &DataFolder,
        number: GenerationNumber,
        verifier: &Verifier,
        shared: &SharedState,
        previous: Option<&Self>,
    ) -> Result<Self, OpenError> {
        let folder = data.generation(number);
        let manifest = Manifest::read(&folder, number)?;
        let previous_index = previous.map(|previous| &*previous.generation.index);
        let unread = IndexReader::unread_files(manifest.index_files(), previous_index).collect();
        let open_index = |contents| {
            if manifest.analysis != ANALYSIS_VERSION {
                let (built_with, required) = (manifest.analysis, ANALYSIS_VERSION);
                return Err(OpenError::AnalysisVersion { number, built_with, required });
            }
            let (folder, files) = (folder.join(INDEX_FOLDER), manifest.index_files());
            IndexReader::open_in_memory(&folder, files, contents, previous_index)
                .map_err(|error| OpenError::Index(number, error))
        };
        let index = verifier.check_while(&folder, &manifest, &unread, open_index)??;
        verifier.retain_only(&folder, &manifest);
        let blocks = verifier.blocks(&folder, &manifest)?;
        let is_blockwise = blocks.is_some();
        let store =
            StoreReader::open(&folder, blocks).map_err(|error| OpenError::Store(number, error))?;
        let event_times =
            EventTimes::open(&store, &index).map_err(|error| OpenError::Store(number, error))?;
        let generation = OpenGeneration {
            number,
            store: VisibleStore::new(store),
            is_blockwise,
            index: Arc::new(index),
            event_times: Arc::new(event_times),
            entity_names: OnceLock::new(),
        };
        let snapshot = Self {
            digest: String::new(),
            manifest: Arc::new(manifest),
            generation: Arc::new(generation),
            vocabulary: Arc::default(),
            suppression: Arc::default(),
            shared: shared.clone(),
        };
        Ok(snapshot)
    }

    /// The same generation with another vocabulary.
    pub(super) fn with_vocabulary(&self, vocabulary: &Arc<Vocabulary>) -> Self {
        let digest = format!("{}-{:016x}", self.manifest.digest(), vocabulary.digest());
        Self {
            digest: match self.suppression.digest() {
                "" => digest,
                suppression => format!("{digest}-{suppression}"),
            },
            manifest: Arc::clone(&self.manifest),
            generation: Arc::clone(&self.generation),
            vocabulary: Arc::clone(vocabulary),
            suppression: Arc::clone(&self.suppression),
            shared: self.shared.clone(),
        }
    }

    /// Whether the snapshot applies this very list.
    pub(super) fn is_suppressed_by(&self, suppression: &Arc<Suppression>) -> bool {
        Arc::ptr_eq(&self.suppression, suppression)
    }

    /// The same generation with another suppression list.
    pub(super) fn with_suppression(&self, suppression: &Arc<Suppression>) -> Self {
        let is_applied = suppression.is_applied(&self.manifest.suppressed);
        let missing = (!is_applied).then(|| Arc::clone(suppression));
        let suppressed = Self {
            generation: Arc::new(self.generation.with_suppression(missing)),
            suppression: Arc::clone(suppression),
            ..self.with_vocabulary(&self.vocabulary)
        };
        suppressed.with_vocabulary(&self.vocabulary)
    }

    /// Compares every byte on disk with the manifest again.
    pub(super) fn recheck(&self, data: &DataFolder, verifier: &Verifier) -> Result<(), OpenError> {
        Ok(verifier.recheck(&data.generation(self.generation()), &self.manifest)?)
    }

    /// Verifies what opening left to be verified by blocks.
    pub(super) fn verify_rest(
        &self,
        data: &DataFolder,
        verifier: &Verifier,
    ) -> Result<(), OpenError> {
        if !self.generation.is_blockwise {
            return Ok(());
        }
        Ok(verifier.check_base(&data.generation(self.generation()), &self.manifest)?)
    }

    /// Whether a manifest belongs to this generation.
    pub(super) fn matches_manifest(&self, manifest: &Manifest) -> bool {
        self.manifest.digest() == manifest.digest()
    }

    /// Number of the generation.
    pub fn generation(&self) -> GenerationNumber {
        self.manifest.number
    }

    /// Build time of the generation.
    pub fn built_at(&self) -> Timestamp {
        self.manifest.built_at
    }

    /// Digest of everything that determines a response, as letters, digits and hyphens.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// Number of records of each kind.
    pub fn counts(&self) -> &RecordCounts {
        &self.manifest.counts
    }

    /// The state of each source.
    pub fn sources(&self) -> &[SourceState] {
        &self.manifest.sources
    }

    /// Health of the sources that are synchronised, of now and not of the generation.
    pub fn source_health(&self) -> Arc<HealthBySource> {
        self.shared.source_health.load_full()
    }

    /// Number of reads of each kind, over all snapshots of the catalog.
    pub fn read_metrics(&self) -> ReadMetrics {
        self.shared.read_counters.metrics()
    }

    /// The precomputed occurrences of a series; `None` for any other record.
    pub fn occurrences(&self, id: NodeId) -> Option<&Occurrences> {
        self.generation.event_times.occurrences(id)
    }

    /// The next time after `now` at which a result can change: an event starts or ends, or a day
    /// starts in Amsterdam.
    pub fn next_change(&self, now: Timestamp) -> Timestamp {
        self.generation.event_times.valid_until(now)
    }

    /// Start of the first event and end of the last; `None` without events.
    pub fn event_range(&self) -> Option<(Timestamp, Timestamp)> {
        self.generation.event_times.range()
    }

    /// The first `limit` occurrences, at most [`EVENTS_IN_RANGE_MAX`](super::EVENTS_IN_RANGE_MAX),
    /// that have not ended at `from` and start before `until`. Each occurrence of a series is
    /// listed separately.
    ///
    /// # Errors
    /// [`CatalogError::Busy`] if too many searches are queued; a variant of the store or the index
    /// if that fails.
    pub async fn events_in_range(
        &self,
        from: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<EventsInRange, CatalogError> {
        self.shared.read_counters.searches.add();
        let generation = Arc::clone(&self.generation);
        self.shared
            .pool
            .run(move |cancellation| {
                event_calendar::events_in_range(&generation, (from, until), limit, cancellation)
            })
            .await
    }

    /// Highlights of `words` in records, in the order of the records, whether or not a search for
    /// the words would return them.
    ///
    /// # Errors
    /// [`CatalogError::Busy`] if too many searches are queued; a variant of the store or the index
    /// if that fails.
    pub async fn highlights(
        &self,
        words: String,
        records: Vec<Arc<Record>>,
    ) -> Result<Vec<Vec<Highlight>>, CatalogError> {
        self.shared.read_counters.searches.add();
        let (generation, vocabulary) = (Arc::clone(&self.generation), Arc::clone(&self.vocabulary));
        self.shared
            .pool
            .run(move |cancellation| {
                let words_and_records = (words.as_str(), &*records);
                annotate::highlight_records(
                    &generation,
                    &vocabulary,
                    words_and_records,
                    cancellation,
                )
            })
            .await
    }

    /// Searches content.
    ///
    /// # Errors
    /// [`CatalogError::Cursor`] for a cursor of a different query, [`CatalogError::Limit`] for a
    /// page beyond the search window or a query that is too long, [`CatalogError::Busy`] if too many
    /// searches are queued.
    pub async fn search(&self, query: SearchQuery) -> Result<SearchPage, CatalogError> {
        self.shared.read_counters.searches.add();
        let (generation, vocabulary) = (Arc::clone(&self.generation), Arc::clone(&self.vocabulary));
        self.shared
            .pool
            .run(move |cancellation| search::search(&generation, &vocabulary, &query, cancellation))
            .await
    }

    /// The entries of a vocabulary whose labels occur in no text.
    ///
    /// # Errors
    /// [`CatalogError::Busy`] if too many searches are queued; a variant of the index if that fails.
    pub async fn unused_vocabulary(
        &self,
        vocabulary: Vocabulary,
    ) -> Result<Vec<VocabularyEntry>, CatalogError> {
        let generation = Arc::clone(&self.generation);
        let unused = move |_: &Cancellation| {
            Ok(vocabulary.unused(|label| generation.index.has_label(label))?)
        };
        self.shared.pool.run(unused).await
    }

    /// Explains the rank of a record in a search for `words` without filters; `None` if there is no
    /// content with this id.
    ///
    /// # Errors
    /// [`CatalogError::Busy`] if too many searches are queued; a variant of the store or the index
    /// if that fails.
    pub async fn explain(
        &self,
        words: String,
        id: NodeId,
        now: Timestamp,
    ) -> Result<Option<RankExplanation>, CatalogError> {
        self.shared.read_counters.searches.add();
        let (generation, vocabulary) = (Arc::clone(&self.generation), Arc::clone(&self.vocabulary));
        let explain = move |cancellation: &Cancellation| {
            explain::explain(&generation, &vocabulary, (&words, id), now, cancellation)
        };
        self.shared.pool.run(explain).await
    }

    /// Completions of `prefix`, best first: themes, organisations and titles that contain all typed
    /// words, the last one as a prefix; for a single typed word also words of the texts. Matches at
    /// the start come first, then records before words, then shorter texts.
    ///
    /// # Errors
    /// [`CatalogError::Limit`] if the prefix is too long, [`CatalogError::Busy`] if too many
    /// searches are queued.
    pub async fn suggest(
        &self,
        prefix: String,
        first: usize,
    ) -> Result<Vec<Suggestion>, CatalogError> {
        self.shared.read_counters.suggestions.add();
        let generation = Arc::clone(&self.generation);
        let suggest = move |cancellation: &Cancellation| {
            suggest::suggest(&generation, &prefix, first, cancellation)
        };
        self.shared.pool.run(suggest).await
    }

    /// The most similar content of each record, in the order of the ids; at most `first` each,
    /// without the record itself and its near-duplicates. Empty for a record that is not content.
    ///
    /// # Errors
    /// [`CatalogError::Busy`] if too many searches are queued; a variant of the store or the index
    /// if that fails.
    pub async fn related(
        &self,
        ids: &[NodeId],
        first: usize,
    ) -> Result<Vec<Vec<NodeId>>, CatalogError> {
        self.shared.read_counters.related.add();
        self.map_in_batches(ids, move |generation, id, _| related::related(generation, id, first))
            .await
    }

    /// The passages that each record shares with content of other sources, in the order of the ids;
    /// at most `first` each, most shared words first. Of the near-duplicates in one source only one
    /// is listed.
    ///
    /// # Errors
    /// [`CatalogError::Busy`] if too many searches are queued; a variant of the store or the index
    /// if that fails.
    pub async fn shared_passages(
        &self,
        ids: &[NodeId],
        first: usize,
    ) -> Result<Vec<Vec<SharedPassage>>, CatalogError> {
        self.shared.read_counters.similar.add();
        self.map_in_batches(ids, move |generation, id, cancellation| {
            shared_passages::shared_passages(generation, id, first, cancellation)
        })
        .await
    }

    /// Runs a lookup for each id on the search pool, in batches.
    async fn map_in_batches<T: Send + 'static>(
        &self,
        ids: &[NodeId],
        lookup: impl Fn(&OpenGeneration, NodeId, &Cancellation) -> Result<T, CatalogError>
        + Copy
        + Send
        + 'static,
    ) -> Result<Vec<T>, CatalogError> {
        let mut results = Vec::with_capacity(ids.len());
        for ids in ids.chunks(LOOKUP_BATCH_SIZE) {
            let (generation, ids) = (Arc::clone(&self.generation), ids.to_vec());
            let batch = move |cancellation: &Cancellation| {
                let wanted = ids.iter().take_while(|_| !cancellation.is_cancelled());
                wanted
                    .map(|id| lookup(&generation, *id, cancellation))
                    .collect::<Result<Vec<_>, _>>()
            };
            results.extend(self.shared.pool.run(batch).await?);
        }
        Ok(results)
    }
}
