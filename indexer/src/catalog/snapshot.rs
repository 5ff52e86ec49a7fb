//! One generation, held open.

use std::sync::{Arc, OnceLock};

use jiff::Timestamp;
use schema::{
    Body, Change, Cursor, CursorError, GenerationNumber, Highlight, NodeId, NodeKind, Occurrences,
    Page, Provenance, Record, RecordPage, SearchPage, SearchQuery, SharedPassage, SortValue,
    Suggestion, normalisation,
};
use url::Url;

use super::{
    CatalogError, EventsInRange, OpenError, RecordCounts, SourceState, event_calendar,
    event_times::EventTimes,
    explain,
    explain::RankExplanation,
    open_generation::OpenGeneration,
    read_metrics::{ReadCounters, ReadMetrics},
    related, search,
    search::{annotate, previous_generation},
    search_pool::SearchPool,
    shared_passages, suggest,
};
use crate::{
    analysis::{ANALYSIS_VERSION, Synonyms},
    generation::{DataFolder, INDEX_FOLDER, Manifest, Verifier},
    index::{Expansion, IndexReader},
    store::{Relation, StoreError, StoreReader},
};

/// Maximum number of values that a runtime thread reads itself. Of the demo, 64 records take 150 µs,
/// 100 take 270 µs and 1,000 take 7.4 ms; a runtime thread must not block for 500 µs.
const INLINE_READS_MAX: usize = 64;
/// Number of entities that one permit of the pool looks up before other searches run.
const LOOKUP_BATCH_SIZE: usize = 8;

/// One generation. Immutable; every answer of one request should come from one snapshot.
pub struct Snapshot {
    manifest: Arc<Manifest>,
    digest: String,
    generation: Arc<OpenGeneration>,
    synonyms: Arc<Synonyms>,
    expansion: Expansion,
    shared: SharedState,
}

/// What all snapshots of a catalog share.
#[derive(Clone)]
pub(super) struct SharedState {
    pub(super) pool: Arc<SearchPool>,
    pub(super) read_counters: Arc<ReadCounters>,
}

impl std::fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Snapshot").field("generation", &self.generation()).finish_non_exhaustive()
    }
}

impl Snapshot {
    /// Opens a generation, checked in full. What it shares with `before` is not decoded again.
    pub(super) fn open(
        data: &DataFolder,
        number: GenerationNumber,
        verifier: &Verifier,
        shared: &SharedState,
        previous: Option<&Self>,
    ) -> Result<Self, OpenError> {
        let folder = data.generation(number);
        let manifest = Manifest::read(&folder, number)?;
        verifier.check(&folder, &manifest)?;
        if manifest.analysis != ANALYSIS_VERSION {
            let (built_with, required) = (manifest.analysis, ANALYSIS_VERSION);
            return Err(OpenError::AnalysisVersion { number, built_with, required });
        }
        verifier.retain_only(&folder, &manifest);
        let store = StoreReader::open(&folder).map_err(|error| OpenError::Store(number, error))?;
        let previous_index = previous.map(|previous| &previous.generation.index);
        let index = IndexReader::open(&folder.join(INDEX_FOLDER), previous_index)
            .map_err(|error| OpenError::Index(number, error))?;
        let event_times =
            EventTimes::open(&store, &index).map_err(|error| OpenError::Store(number, error))?;
        let generation =
            OpenGeneration { number, store, index, event_times, entity_names: OnceLock::new() };
        let snapshot = Self {
            digest: String::new(),
            manifest: Arc::new(manifest),
            generation: Arc::new(generation),
            synonyms: Arc::default(),
            expansion: Expansion::Full,
            shared: shared.clone(),
        };
        Ok(snapshot)
    }

    /// The same generation with other synonyms.
    pub(super) fn with_synonyms(&self, synonyms: &Arc<Synonyms>) -> Self {
        Self {
            digest: format!("{}-{:016x}", self.manifest.digest(), synonyms.digest()),
            manifest: Arc::clone(&self.manifest),
            generation: Arc::clone(&self.generation),
            synonyms: Arc::clone(synonyms),
            expansion: self.expansion,
            shared: self.shared.clone(),
        }
    }

    /// The same generation, where searches look words up as they are: none is taken apart, joined
    /// to the next, corrected, or said in other words. To measure what all that costs.
    #[must_use]
    pub fn without_expansion(&self) -> Self {
        Self { expansion: Expansion::None, ..self.with_synonyms(&self.synonyms) }
    }

    /// Whether it is the generation of a manifest.
    pub(super) fn matches_manifest(&self, manifest: &Manifest) -> bool {
        self.manifest.digest() == manifest.digest()
    }

    /// Its number.
    pub fn generation(&self) -> GenerationNumber {
        self.manifest.number
    }

    /// When it was built.
    pub fn built_at(&self) -> Timestamp {
        self.manifest.built_at
    }

    /// Digest of everything that its answers are made from, as letters and digits.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// How many there are of each kind.
    pub fn counts(&self) -> &RecordCounts {
        &self.manifest.counts
    }

    /// The state of each source.
    pub fn sources(&self) -> &[SourceState] {
        &self.manifest.sources
    }

    /// How often this catalog was asked for what, by all snapshots of it.
    pub fn read_metrics(&self) -> ReadMetrics {
        self.shared.read_counters.metrics()
    }

    /// The times of a series, in order; `None` for everything else. Nothing is worked out for it.
    pub fn occurrences(&self, id: NodeId) -> Option<&Occurrences> {
        self.generation.event_times.occurrences(id)
    }

    /// The first instant after `now` at which any answer can be another: an event begins or is
    /// over, or a day begins in Amsterdam.
    pub fn next_change(&self, now: Timestamp) -> Timestamp {
        self.generation.event_times.valid_until(now)
    }

    /// When the first event begins, and the first instant after the last; `None` without events.
    pub fn event_range(&self) -> Option<(Timestamp, Timestamp)> {
        self.generation.event_times.range()
    }

    /// The first `most` times, at most [`EVENTS_IN_RANGE_MAX`](super::EVENTS_IN_RANGE_MAX), that events take place
    /// from `from` on and before `until`: those of series each by itself, those that go on at
    /// `from` included.
    ///
    /// # Errors
    /// [`CatalogError::Busy`] where too many searches wait; a variant of the store or the index
    /// where it fails.
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
            .run(move || event_calendar::events_in_range(&generation, (from, until), limit))
            .await
    }

    /// Where `words` stand in pieces of content, in their order, whether or not a search for them
    /// would find these.
    ///
    /// # Errors
    /// [`CatalogError::Busy`] where too many searches wait; a variant of the store or the index
    /// where it fails.
    pub async fn highlights(
        &self,
        words: String,
        records: Vec<Arc<Record>>,
    ) -> Result<Vec<Vec<Highlight>>, CatalogError> {
        self.shared.read_counters.searches.add();
        let (generation, synonyms) = (Arc::clone(&self.generation), Arc::clone(&self.synonyms));
        self.shared
            .pool
            .run(move || annotate::highlight_records(&generation, &synonyms, &words, &records))
            .await
    }

    /// Records by id, in the order asked; `None` where there is none. An id that was merged away
    /// gives the record that stands for it now.
    ///
    /// # Errors
    /// [`CatalogError::Store`] where the store fails.
    pub async fn get_many(&self, ids: &[NodeId]) -> Result<Vec<Option<Arc<Record>>>, CatalogError> {
        self.shared.read_counters.records.add();
        fail::fail_point!("records");
        self.read_each(ids, |store, id| Ok(store.record(store.resolve(*id)?)?.map(Arc::new))).await
    }

    /// Long texts by id, in the order asked; `None` where a record has none.
    ///
    /// # Errors
    /// [`CatalogError::Store`] where the store fails.
    pub async fn bodies(&self, ids: &[NodeId]) -> Result<Vec<Option<Arc<Body>>>, CatalogError> {
        self.shared.read_counters.bodies.add();
        self.read_each(ids, |store, id| Ok(store.body(*id)?.map(Arc::new))).await
    }

    /// The ids that addresses lead to, in the order asked.
    ///
    /// # Errors
    /// [`CatalogError::Store`] where the store fails.
    pub async fn by_urls(&self, urls: &[Url]) -> Result<Vec<Option<NodeId>>, CatalogError> {
        self.shared.read_counters.urls.add();
        self.read_each(urls, |store, url| match store.by_url(&normalisation::url(url))? {
            None if url.fragment().is_some() => {
                store.by_url(&normalisation::url(&normalisation::without_fragment(url)))
            }
            id => Ok(id),
        })
        .await
    }

    /// Where records come from, in the order asked.
    ///
    /// # Errors
    /// [`CatalogError::Store`] where the store fails.
    pub async fn provenance(&self, ids: &[NodeId]) -> Result<Vec<Vec<Provenance>>, CatalogError> {
        self.shared.read_counters.provenance.add();
        self.read_each(ids, |store, id| store.provenance(*id)).await
    }

    /// What is linked to each target by a relation, in the order asked; each list by id.
    ///
    /// # Errors
    /// [`CatalogError::Store`] where the store fails.
    pub async fn linked(
        &self,
        targets: &[(NodeId, Relation)],
    ) -> Result<Vec<Vec<NodeId>>, CatalogError> {
        self.shared.read_counters.links.add();
        self.read_each(targets, |store, (target, relation)| store.linked(*target, *relation)).await
    }

    /// Finds content.
    ///
    /// # Errors
    /// [`CatalogError::Cursor`] for a cursor of another question, [`CatalogError::Limit`] for a
    /// stretch too deep, [`CatalogError::Busy`] where too many searches wait.
    pub async fn search(&self, query: SearchQuery) -> Result<SearchPage, CatalogError> {
        self.shared.read_counters.searches.add();
        let (generation, synonyms) = (Arc::clone(&self.generation), Arc::clone(&self.synonyms));
        let expansion = self.expansion;
        self.shared
            .pool
            .run(move || search::search(&generation, (&synonyms, expansion), &query))
            .await
    }

    /// What becomes of one piece of content when `words` are searched without any filter; `None`
    /// where there is no content with this id.
    ///
    /// # Errors
    /// [`CatalogError::Busy`] where too many searches wait; a variant of the store or the index
    /// where it fails.
    pub async fn explain(
        &self,
        words: String,
        id: NodeId,
        now: Timestamp,
    ) -> Result<Option<RankExplanation>, CatalogError> {
        self.shared.read_counters.searches.add();
        let (generation, synonyms) = (Arc::clone(&self.generation), Arc::clone(&self.synonyms));
        let explain = move || explain::explain(&generation, &synonyms, (&words, id), now);
        self.shared.pool.run(explain).await
    }

    /// What completes `prefix`, best first: themes, organisations and titles that have all the
    /// words typed, the last one as a front; and, where one word is typed, words of the texts. What
    /// begins with `prefix` comes first, then things before words, then shorter ones.
    ///
    /// # Errors
    /// [`CatalogError::Limit`] for a prefix too long, [`CatalogError::Busy`] where too many
    /// searches wait.
    pub async fn suggest(
        &self,
        prefix: String,
        first: usize,
    ) -> Result<Vec<Suggestion>, CatalogError> {
        self.shared.read_counters.suggestions.add();
        let generation = Arc::clone(&self.generation);
        self.shared.pool.run(move || suggest::suggest(&generation, &prefix, first)).await
    }

    /// The content that is most like each thing, in the order asked; at most `first_index` each, never
    /// itself or its near-duplicates. A thing without content has nothing like it.
    ///
    /// # Errors
    /// [`CatalogError::Busy`] where too many searches wait; a variant of the store or the index
    /// where it fails.
    pub async fn related(
        &self,
        ids: &[NodeId],
        first: usize,
    ) -> Result<Vec<Vec<NodeId>>, CatalogError> {
        self.shared.read_counters.related.add();
        self.map_in_batches(ids, move |generation, id| related::related(generation, id, first))
            .await
    }

    /// The passages that each thing has in common with content of other sources, in the order
    /// asked; at most `first_index` each, what has most in common first. Of near-duplicates in one source
    /// only one is listed.
    ///
    /// # Errors
    /// [`CatalogError::Busy`] where too many searches wait; a variant of the store or the index
    /// where it fails.
    pub async fn shared_passages(
        &self,
        ids: &[NodeId],
        first: usize,
    ) -> Result<Vec<Vec<SharedPassage>>, CatalogError> {
        self.shared.read_counters.similar.add();
        self.map_in_batches(ids, move |generation, id| {
            shared_passages::shared_passages(generation, id, first)
        })
        .await
    }

    /// Looks something up for each thing on the pool, a few at a time.
    async fn map_in_batches<T: Send + 'static>(
        &self,
        ids: &[NodeId],
        lookup: impl Fn(&OpenGeneration, NodeId) -> Result<T, CatalogError> + Copy + Send + 'static,
    ) -> Result<Vec<T>, CatalogError> {
        let mut results = Vec::with_capacity(ids.len());
        for ids in ids.chunks(LOOKUP_BATCH_SIZE) {
            let (generation, ids) = (Arc::clone(&self.generation), ids.to_vec());
            let batch = move || {
                ids.iter().map(|id| lookup(&generation, *id)).collect::<Result<Vec<_>, _>>()
            };
            results.extend(self.shared.pool.run(batch).await?);
        }
        Ok(results)
    }

    /// Things of one kind in the order of their names.
    ///
    /// # Errors
    /// [`CatalogError::Cursor`] for a cursor of another question, [`CatalogError::Store`] where
    /// the store fails.
    pub async fn list_by_name(
        &self,
        kind: NodeKind,
        page: Page,
    ) -> Result<RecordPage, CatalogError> {
        self.shared.read_counters.names.add();
        let count = match page {
            Page::Offset { limit, offset } => offset.saturating_add(limit),
            _ => page.size(),
        };
        let total = self.manifest.counts.get(kind);
        self.read(count, move |generation| list_by_name(generation, kind, &page, total)).await
    }

    /// What changed after a place, oldest first, and whether there is more.
    ///
    /// # Errors
    /// [`CatalogError::Store`] where the store fails.
    pub async fn changes(
        &self,
        after: Option<(GenerationNumber, u32)>,
        first: usize,
    ) -> Result<(Vec<Change>, bool), CatalogError> {
        self.shared.read_counters.changes.add();
        self.read(first, move |generation| Ok(generation.store.changes(after, first)?)).await
    }

    /// Reads something of the store for each key, in their order.
    async fn read_each<K: Clone + Send + 'static, T: Send + 'static>(
        &self,
        keys: &[K],
        get: impl Fn(&StoreReader, &K) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<Vec<T>, CatalogError> {
        let owned_keys = keys.to_vec();
        let read = move |generation: &OpenGeneration| {
            owned_keys.iter().map(|key| Ok(get(&generation.store, key)?)).collect()
        };
        self.read(keys.len(), read).await
    }

    /// Reads the store: about `count` values, off the runtime threads if they are many.
    async fn read<T: Send + 'static>(
        &self,
        count: usize,
        read: impl FnOnce(&OpenGeneration) -> Result<T, CatalogError> + Send + 'static,
    ) -> Result<T, CatalogError> {
        if count <= INLINE_READS_MAX {
            return read(&self.generation);
        }
        let generation = Arc::clone(&self.generation);
        let reading = tokio::task::spawn_blocking(move || read(&generation));
        reading.await.map_err(|_| CatalogError::Panicked)?
    }
}

fn list_by_name(
    generation: &OpenGeneration,
    kind: NodeKind,
    page: &Page,
    total: u64,
) -> Result<RecordPage, CatalogError> {
    let store = &generation.store;
    let query_hash = kind as u64;
    let position = match page.cursor() {
        None => None,
        Some(cursor) => match &cursor.value {
            SortValue::Text(name) if cursor.query_hash == query_hash => Some((&**name, cursor.id)),
            _ => return Err(CursorError::QueryMismatch.into()),
        },
    };
    let (mut range, is_backward) = match page {
        Page::Forward { first, .. } => (store.names_after(kind, position, *first)?, false),
        Page::Backward { last, .. } => (store.names_before(kind, position, *last)?, true),
        Page::Offset { limit, offset } => {
            let mut range = store.names_after(kind, None, offset.saturating_add(*limit))?;
            range.entries.drain(..range.entries.len().min(*offset));
            (range, false)
        }
    };
    if is_backward {
        range.entries.reverse();
    }
    let mut entries = Vec::with_capacity(range.entries.len());
    for (name, id) in range.entries {
        let Some(record) = store.record(id)? else { continue };
        let value = SortValue::Text(name);
        let number = generation.number;
        let cursor = Cursor { query_hash, generation: number, day: 0, position: 0, value, id };
        entries.push((Arc::new(record), cursor));
    }
    let has_more_behind =
        page.cursor().is_some() || matches!(page, Page::Offset { offset, .. } if *offset > 0);
    Ok(RecordPage {
        entries,
        has_next: if is_backward { has_more_behind } else { range.has_more },
        has_previous: if is_backward { range.has_more } else { has_more_behind },
        total,
        continued_from: previous_generation(page.cursor(), generation.number),
    })
}
