//! One generation, held open.

use std::sync::{Arc, OnceLock};

use jiff::Timestamp;
use schema::{
    Body, Change, Cursor, GenerationNumber, Highlight, NodeId, NodeKind, Occurrences, Page,
    Provenance, Record, RecordPage, SearchPage, SearchQuery, SharedPassage, SortValue, Suggestion,
};
use url::Url;

use super::{
    CatalogError, EventsInRange, OpenError, RecordCounts, SourceState, annotate,
    context::Inner,
    event_calendar,
    event_times::EventTimes,
    explain,
    explain::RankExplanation,
    read_metrics::{ReadCounters, ReadMetrics},
    related, search,
    search::previous_generation,
    search_pool::SearchPool,
    shared_passages, suggest,
};
use crate::{
    analysis::{ANALYSIS_VERSION, Synonyms},
    generation::{DataFolder, INDEX_FOLDER, Manifest, Verifier},
    index::{Expansion, IndexReader},
    store::{Relation, StoreReader},
};

/// What is like so many things is looked for in one turn of the pool; then others have theirs.
const LOOKUP_BATCH_SIZE: usize = 8;

/// One generation. Immutable; every answer of one request should come from one snapshot.
pub struct Snapshot {
    manifest: Arc<Manifest>,
    digest: String,
    inner: Arc<Inner>,
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
        let previous_index = previous.map(|previous| &previous.inner.index);
        let index = IndexReader::open(&folder.join(INDEX_FOLDER), previous_index)
            .map_err(|error| OpenError::Index(number, error))?;
        let event_times =
            EventTimes::open(&store, &index).map_err(|error| OpenError::Store(number, error))?;
        let inner =
            Inner { generation: number, store, index, event_times, entity_names: OnceLock::new() };
        let snapshot = Self {
            digest: String::new(),
            manifest: Arc::new(manifest),
            inner: Arc::new(inner),
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
            inner: Arc::clone(&self.inner),
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
        self.inner.event_times.occurrences(id)
    }

    /// The first instant after `now` at which any answer can be another: an event begins or is
    /// over, or a day begins in Amsterdam.
    pub fn next_change(&self, now: Timestamp) -> Timestamp {
        self.inner.event_times.valid_until(now)
    }

    /// When the first event begins, and the first instant after the last; `None` without events.
    pub fn event_range(&self) -> Option<(Timestamp, Timestamp)> {
        self.inner.event_times.range()
    }

    /// The first `most` times, at most [`AGENDA_MAX`](super::AGENDA_MAX), that events take place
    /// from `from` on and before `until`: those of series each by itself, those that go on at
    /// `from` included.
    ///
    /// # Errors
    /// [`CatalogError::Busy`] where too many searches wait, [`CatalogError::Engine`] where an
    /// engine fails.
    pub async fn events_in_range(
        &self,
        from: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<EventsInRange, CatalogError> {
        self.shared.read_counters.searches.add();
        let inner = Arc::clone(&self.inner);
        self.shared
            .pool
            .run(move || event_calendar::events_in_range(&inner, (from, until), limit))
            .await
    }

    /// Where `words` stand in pieces of content, in their order, whether or not a search for them
    /// would find these.
    ///
    /// # Errors
    /// [`CatalogError::Busy`] where too many searches wait, [`CatalogError::Engine`] where an
    /// engine fails.
    pub async fn highlights(
        &self,
        words: String,
        records: Vec<Arc<Record>>,
    ) -> Result<Vec<Vec<Highlight>>, CatalogError> {
        self.shared.read_counters.searches.add();
        let (inner, synonyms) = (Arc::clone(&self.inner), Arc::clone(&self.synonyms));
        self.shared
            .pool
            .run(move || annotate::highlight_records(&inner, &synonyms, &words, &records))
            .await
    }

    /// Records by id, in the order asked; `None` where there is none. An id that was merged away
    /// gives the record that stands for it now.
    ///
    /// # Errors
    /// [`CatalogError::Engine`] where the store fails.
    #[expect(clippy::unused_async, reason = "a distributed catalog has to wait here")]
    pub async fn get_many(&self, ids: &[NodeId]) -> Result<Vec<Option<Arc<Record>>>, CatalogError> {
        self.shared.read_counters.records.add();
        let store = &self.inner.store;
        fail::fail_point!("records");
        let get = |id: &NodeId| {
            let record = store.record(store.resolve(*id)?)?;
            Ok(record.map(Arc::new))
        };
        ids.iter().map(get).collect()
    }

    /// Long texts by id, in the order asked; `None` where a record has none.
    ///
    /// # Errors
    /// [`CatalogError::Engine`] where the store fails.
    #[expect(clippy::unused_async, reason = "a distributed catalog has to wait here")]
    pub async fn bodies(&self, ids: &[NodeId]) -> Result<Vec<Option<Arc<Body>>>, CatalogError> {
        self.shared.read_counters.bodies.add();
        let get = |id: &NodeId| Ok(self.inner.store.body(*id)?.map(Arc::new));
        ids.iter().map(get).collect()
    }

    /// The ids that addresses lead to, in the order asked.
    ///
    /// # Errors
    /// [`CatalogError::Engine`] where the store fails.
    #[expect(clippy::unused_async, reason = "a distributed catalog has to wait here")]
    pub async fn by_urls(&self, urls: &[Url]) -> Result<Vec<Option<NodeId>>, CatalogError> {
        self.shared.read_counters.urls.add();
        let get = |url: &Url| Ok(self.inner.store.by_url(&schema::normalisation::url(url))?);
        urls.iter().map(get).collect()
    }

    /// Where records come from, in the order asked.
    ///
    /// # Errors
    /// [`CatalogError::Engine`] where the store fails.
    #[expect(clippy::unused_async, reason = "a distributed catalog has to wait here")]
    pub async fn provenance(&self, ids: &[NodeId]) -> Result<Vec<Vec<Provenance>>, CatalogError> {
        self.shared.read_counters.provenance.add();
        ids.iter().map(|id| Ok(self.inner.store.provenance(*id)?)).collect()
    }

    /// What is linked to each target by a relation, in the order asked; each list by id.
    ///
    /// # Errors
    /// [`CatalogError::Engine`] where the store fails.
    #[expect(clippy::unused_async, reason = "a distributed catalog has to wait here")]
    pub async fn linked(
        &self,
        targets: &[(NodeId, Relation)],
    ) -> Result<Vec<Vec<NodeId>>, CatalogError> {
        self.shared.read_counters.links.add();
        let get = |(target, relation): &(NodeId, Relation)| {
            Ok(self.inner.store.linked(*target, *relation)?)
        };
        targets.iter().map(get).collect()
    }

    /// Finds content.
    ///
    /// # Errors
    /// [`CatalogError::Cursor`] for a cursor of another question, [`CatalogError::Limit`] for a
    /// stretch too deep, [`CatalogError::Busy`] where too many searches wait.
    pub async fn search(&self, query: SearchQuery) -> Result<SearchPage, CatalogError> {
        self.shared.read_counters.searches.add();
        let (inner, synonyms) = (Arc::clone(&self.inner), Arc::clone(&self.synonyms));
        let expansion = self.expansion;
        self.shared.pool.run(move || search::search(&inner, (&synonyms, expansion), &query)).await
    }

    /// What becomes of one piece of content when `words` are searched without any filter; `None`
    /// where there is no content with this id.
    ///
    /// # Errors
    /// [`CatalogError::Busy`] where too many searches wait, [`CatalogError::Engine`] where an
    /// engine fails.
    pub async fn explain(
        &self,
        words: String,
        id: NodeId,
        now: Timestamp,
    ) -> Result<Option<RankExplanation>, CatalogError> {
        self.shared.read_counters.searches.add();
        let (inner, synonyms) = (Arc::clone(&self.inner), Arc::clone(&self.synonyms));
        let explain = move || explain::explain(&inner, &synonyms, (&words, id), now);
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
        let inner = Arc::clone(&self.inner);
        self.shared.pool.run(move || suggest::suggest(&inner, &prefix, first)).await
    }

    /// The content that is most like each thing, in the order asked; at most `first` each, never
    /// itself or its near-duplicates. A thing without content has nothing like it.
    ///
    /// # Errors
    /// [`CatalogError::Busy`] where too many searches wait, [`CatalogError::Engine`] where an
    /// engine fails.
    pub async fn related(
        &self,
        ids: &[NodeId],
        first: usize,
    ) -> Result<Vec<Vec<NodeId>>, CatalogError> {
        self.shared.read_counters.related.add();
        self.map_in_batches(ids, move |inner, id| related::related(inner, id, first)).await
    }

    /// The passages that each thing has in common with content of other sources, in the order
    /// asked; at most `first` each, what has most in common first. Of near-duplicates in one source
    /// only one is listed.
    ///
    /// # Errors
    /// [`CatalogError::Busy`] where too many searches wait, [`CatalogError::Engine`] where an
    /// engine fails.
    pub async fn shared_passages(
        &self,
        ids: &[NodeId],
        first: usize,
    ) -> Result<Vec<Vec<SharedPassage>>, CatalogError> {
        self.shared.read_counters.similar.add();
        self.map_in_batches(ids, move |inner, id| {
            shared_passages::shared_passages(inner, id, first)
        })
        .await
    }

    /// Looks something up for each thing on the pool, a few at a time.
    async fn map_in_batches<T: Send + 'static>(
        &self,
        ids: &[NodeId],
        lookup: impl Fn(&Inner, NodeId) -> Result<T, CatalogError> + Copy + Send + 'static,
    ) -> Result<Vec<T>, CatalogError> {
        let mut results = Vec::with_capacity(ids.len());
        for ids in ids.chunks(LOOKUP_BATCH_SIZE) {
            let (inner, ids) = (Arc::clone(&self.inner), ids.to_vec());
            let batch =
                move || ids.iter().map(|id| lookup(&inner, *id)).collect::<Result<Vec<_>, _>>();
            results.extend(self.shared.pool.run(batch).await?);
        }
        Ok(results)
    }

    /// Things of one kind in the order of their names.
    ///
    /// # Errors
    /// [`CatalogError::Cursor`] for a cursor of another question, [`CatalogError::Engine`] where
    /// the store fails.
    #[expect(clippy::unused_async, reason = "a distributed catalog has to wait here")]
    pub async fn list_by_name(
        &self,
        kind: NodeKind,
        page: Page,
    ) -> Result<RecordPage, CatalogError> {
        self.shared.read_counters.names.add();
        let store = &self.inner.store;
        let query_hash = kind as u64;
        let position = match page.cursor() {
            None => None,
            Some(Cursor {
                query_hash: cursor_query_hash,
                value: SortValue::Text(name),
                id,
                ..
            }) if *cursor_query_hash == query_hash => Some((name.as_str(), *id)),
            Some(_) => return Err(schema::CursorError::QueryMismatch.into()),
        };
        let (range, backward) = match &page {
            Page::Forward { first, .. } => (store.names_after(kind, position, *first)?, false),
            Page::Backward { last, .. } => (store.names_before(kind, position, *last)?, true),
            Page::Offset { limit, offset } => {
                let mut range = store.names_after(kind, None, offset.saturating_add(*limit))?;
                range.entries.drain(..range.entries.len().min(*offset));
                (range, false)
            }
        };
        let mut rows = range.entries;
        if backward {
            rows.reverse();
        }
        let entry = |(name, id): (String, NodeId)| -> Result<_, CatalogError> {
            let record = store.record(id)?;
            let cursor = Cursor {
                query_hash,
                generation: self.generation(),
                day: 0,
                position: 0,
                value: SortValue::Text(name),
                id,
            };
            Ok(record.map(|record| (Arc::new(record), cursor)))
        };
        let entries = rows.into_iter().filter_map(|row| entry(row).transpose());
        let has_offset = matches!(page, Page::Offset { offset, .. } if offset > 0);
        let has_more_behind = page.cursor().is_some() || has_offset;
        Ok(RecordPage {
            entries: entries.collect::<Result<_, _>>()?,
            has_next: if backward { has_more_behind } else { range.has_more },
            has_previous: if backward { range.has_more } else { has_more_behind },
            total: self.manifest.counts.get(kind),
            continued_from: previous_generation(page.cursor(), self.generation()),
        })
    }

    /// What changed after a place, oldest first, and whether there is more.
    ///
    /// # Errors
    /// [`CatalogError::Engine`] where the store fails.
    #[expect(clippy::unused_async, reason = "a distributed catalog has to wait here")]
    pub async fn changes(
        &self,
        after: Option<(GenerationNumber, u32)>,
        first: usize,
    ) -> Result<(Vec<Change>, bool), CatalogError> {
        self.shared.read_counters.changes.add();
        Ok(self.inner.store.changes(after, first)?)
    }
}
