//! One generation, held open.

use std::sync::{Arc, OnceLock};

use jiff::Timestamp;
use schema::{
    Body, Change, Cursor, GenerationNumber, Highlight, NamePage, NodeId, NodeKind, Occurrences,
    Page, Provenance, Record, SearchPage, SearchQuery, SharedPassage, SortValue, Suggestion,
};
use url::Url;

use super::{
    Agenda, CatalogError, Counts, OpenError, SourceState, agenda,
    explain::{self, Standing},
    pool::SearchPool,
    reads::{ReadCounts, Reads},
    related,
    search::{self, older},
    show, similar,
    suggest::{self, Names},
    times::Times,
};
use crate::{
    generation::{DataFolder, GenerationError, INDEX_FOLDER, Manifest, Verifier},
    index::{Forms, IndexReader},
    language::{ANALYSIS_VERSION, Synonyms},
    store::{Relation, StoreReader},
};

/// What is like so many things is looked for in one turn of the pool; then others have theirs.
const LOOKED_UP_AT_A_TIME: usize = 8;

/// One generation. Immutable; every answer of one request should come from one snapshot.
pub struct Snapshot {
    manifest: Arc<Manifest>,
    digest: String,
    inside: Arc<Inside>,
    synonyms: Arc<Synonyms>,
    forms: Forms,
    shared: Shared,
}

/// What all snapshots of a catalog share.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) pool: Arc<SearchPool>,
    pub(super) reads: Arc<ReadCounts>,
}

/// What a search on another thread needs.
pub(super) struct Inside {
    pub(super) generation: GenerationNumber,
    pub(super) store: StoreReader,
    pub(super) index: IndexReader,
    pub(super) times: Times,
    pub(super) names: OnceLock<Names>,
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
        shared: &Shared,
        before: Option<&Self>,
    ) -> Result<Self, OpenError> {
        let folder = data.generation(number);
        let manifest = Manifest::read(&folder, number)?;
        let damages = verifier.damages(&folder, &manifest)?;
        if !damages.is_empty() {
            let damage = damages.join(", ");
            return Err(GenerationError::Damaged { number, damage }.into());
        }
        if manifest.analysis != ANALYSIS_VERSION {
            let (found, known) = (manifest.analysis, ANALYSIS_VERSION);
            return Err(OpenError::Analysis { number, found, known });
        }
        verifier.forget_all_but(&folder, &manifest);
        let store = StoreReader::open(&folder).map_err(|error| OpenError::Store(number, error))?;
        let before = before.map(|before| &before.inside.index);
        let index = IndexReader::open(&folder.join(INDEX_FOLDER), before)
            .map_err(|error| OpenError::Index(number, error))?;
        let times = Times::open(&store, &index).map_err(|error| OpenError::Store(number, error))?;
        let inside = Inside { generation: number, store, index, times, names: OnceLock::new() };
        let snapshot = Self {
            digest: String::new(),
            manifest: Arc::new(manifest),
            inside: Arc::new(inside),
            synonyms: Arc::default(),
            forms: Forms::All,
            shared: shared.clone(),
        };
        Ok(snapshot)
    }

    /// The same generation with other synonyms.
    pub(super) fn with_synonyms(&self, synonyms: &Arc<Synonyms>) -> Self {
        Self {
            digest: format!("{}-{:016x}", self.manifest.digest(), synonyms.digest()),
            manifest: Arc::clone(&self.manifest),
            inside: Arc::clone(&self.inside),
            synonyms: Arc::clone(synonyms),
            forms: self.forms,
            shared: self.shared.clone(),
        }
    }

    /// The same generation, where searches look words up as they are: none is taken apart, joined
    /// to the next, corrected, or said in other words. To measure what all that costs.
    #[must_use]
    pub fn with_own_forms_only(&self) -> Self {
        Self { forms: Forms::Own, ..self.with_synonyms(&self.synonyms) }
    }

    /// Whether it is the generation of a manifest.
    pub(super) fn is_of(&self, manifest: &Manifest) -> bool {
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
    pub fn counts(&self) -> &Counts {
        &self.manifest.counts
    }

    /// The state of each source.
    pub fn sources(&self) -> &[SourceState] {
        &self.manifest.sources
    }

    /// How often this catalog was asked for what, by all snapshots of it.
    pub fn reads(&self) -> Reads {
        self.shared.reads.reads()
    }

    /// The times of a series, in order; `None` for everything else. Nothing is worked out for it.
    pub fn occurrences(&self, id: NodeId) -> Option<&Occurrences> {
        self.inside.times.of(id)
    }

    /// The first instant after `now` at which any answer can be another: an event begins or is
    /// over, or a day begins in Amsterdam.
    pub fn time_step(&self, now: Timestamp) -> Timestamp {
        self.inside.times.step(now)
    }

    /// When the first event begins, and the first instant after the last; `None` without events.
    pub fn event_range(&self) -> Option<(Timestamp, Timestamp)> {
        self.inside.times.range()
    }

    /// The first `most` times, at most [`AGENDA_MAX`](super::AGENDA_MAX), that events take place
    /// from `from` on and before `until`: those of series each by itself, those that go on at
    /// `from` included.
    ///
    /// # Errors
    /// [`CatalogError::Busy`] where too many searches wait, [`CatalogError::Engine`] where an
    /// engine fails.
    pub async fn agenda(
        &self,
        from: Timestamp,
        until: Timestamp,
        most: usize,
    ) -> Result<Agenda, CatalogError> {
        self.shared.reads.searches.add();
        let inside = Arc::clone(&self.inside);
        self.shared.pool.run(move || agenda::agenda(&inside, (from, until), most)).await
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
        self.shared.reads.searches.add();
        let (inside, synonyms) = (Arc::clone(&self.inside), Arc::clone(&self.synonyms));
        self.shared.pool.run(move || show::marked(&inside, &synonyms, &words, &records)).await
    }

    /// Records by id, in the order asked; `None` where there is none. An id that was merged away
    /// gives the record that stands for it now.
    ///
    /// # Errors
    /// [`CatalogError::Engine`] where the store fails.
    #[expect(clippy::unused_async, reason = "a distributed catalog has to wait here")]
    pub async fn get_many(&self, ids: &[NodeId]) -> Result<Vec<Option<Arc<Record>>>, CatalogError> {
        self.shared.reads.records.add();
        let store = &self.inside.store;
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
        self.shared.reads.bodies.add();
        let get = |id: &NodeId| Ok(self.inside.store.body(*id)?.map(Arc::new));
        ids.iter().map(get).collect()
    }

    /// The ids that addresses lead to, in the order asked.
    ///
    /// # Errors
    /// [`CatalogError::Engine`] where the store fails.
    #[expect(clippy::unused_async, reason = "a distributed catalog has to wait here")]
    pub async fn by_urls(&self, urls: &[Url]) -> Result<Vec<Option<NodeId>>, CatalogError> {
        self.shared.reads.urls.add();
        let get = |url: &Url| Ok(self.inside.store.by_url(&schema::fold::url(url))?);
        urls.iter().map(get).collect()
    }

    /// Where records come from, in the order asked.
    ///
    /// # Errors
    /// [`CatalogError::Engine`] where the store fails.
    #[expect(clippy::unused_async, reason = "a distributed catalog has to wait here")]
    pub async fn provenance(&self, ids: &[NodeId]) -> Result<Vec<Vec<Provenance>>, CatalogError> {
        self.shared.reads.provenance.add();
        ids.iter().map(|id| Ok(self.inside.store.provenance(*id)?)).collect()
    }

    /// What is linked to each target by a relation, in the order asked; each list by id.
    ///
    /// # Errors
    /// [`CatalogError::Engine`] where the store fails.
    #[expect(clippy::unused_async, reason = "a distributed catalog has to wait here")]
    pub async fn linked(
        &self,
        asked: &[(NodeId, Relation)],
    ) -> Result<Vec<Vec<NodeId>>, CatalogError> {
        self.shared.reads.links.add();
        let get = |(target, relation): &(NodeId, Relation)| {
            Ok(self.inside.store.linked(*target, *relation)?)
        };
        asked.iter().map(get).collect()
    }

    /// Finds content.
    ///
    /// # Errors
    /// [`CatalogError::Cursor`] for a cursor of another question, [`CatalogError::Limit`] for a
    /// stretch too deep, [`CatalogError::Busy`] where too many searches wait.
    pub async fn search(&self, query: SearchQuery) -> Result<SearchPage, CatalogError> {
        self.shared.reads.searches.add();
        let (inside, synonyms) = (Arc::clone(&self.inside), Arc::clone(&self.synonyms));
        let forms = self.forms;
        self.shared.pool.run(move || search::search(&inside, (&synonyms, forms), &query)).await
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
    ) -> Result<Option<Standing>, CatalogError> {
        self.shared.reads.searches.add();
        let (inside, synonyms) = (Arc::clone(&self.inside), Arc::clone(&self.synonyms));
        let explain = move || explain::explain(&inside, &synonyms, (&words, id), now);
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
        self.shared.reads.suggestions.add();
        let inside = Arc::clone(&self.inside);
        self.shared.pool.run(move || suggest::suggest(&inside, &prefix, first)).await
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
        self.shared.reads.related.add();
        self.for_each(ids, move |inside, id| related::related(inside, id, first)).await
    }

    /// The passages that each thing has in common with content of other sources, in the order
    /// asked; at most `first` each, what has most in common first. Of near-duplicates in one source
    /// only one is listed.
    ///
    /// # Errors
    /// [`CatalogError::Busy`] where too many searches wait, [`CatalogError::Engine`] where an
    /// engine fails.
    pub async fn similar_elsewhere(
        &self,
        ids: &[NodeId],
        first: usize,
    ) -> Result<Vec<Vec<SharedPassage>>, CatalogError> {
        self.shared.reads.similar.add();
        self.for_each(ids, move |inside, id| similar::similar_elsewhere(inside, id, first)).await
    }

    /// Looks something up for each thing on the pool, a few at a time.
    async fn for_each<T: Send + 'static>(
        &self,
        ids: &[NodeId],
        look_up: impl Fn(&Inside, NodeId) -> Result<T, CatalogError> + Copy + Send + 'static,
    ) -> Result<Vec<T>, CatalogError> {
        let mut found = Vec::with_capacity(ids.len());
        for ids in ids.chunks(LOOKED_UP_AT_A_TIME) {
            let (inside, ids) = (Arc::clone(&self.inside), ids.to_vec());
            let some =
                move || ids.iter().map(|id| look_up(&inside, *id)).collect::<Result<Vec<_>, _>>();
            found.extend(self.shared.pool.run(some).await?);
        }
        Ok(found)
    }

    /// Things of one kind in the order of their names.
    ///
    /// # Errors
    /// [`CatalogError::Cursor`] for a cursor of another question, [`CatalogError::Engine`] where
    /// the store fails.
    #[expect(clippy::unused_async, reason = "a distributed catalog has to wait here")]
    pub async fn names(&self, kind: NodeKind, page: Page) -> Result<NamePage, CatalogError> {
        self.shared.reads.names.add();
        let store = &self.inside.store;
        let question = kind as u64;
        let place = match page.cursor() {
            None => None,
            Some(Cursor { question: asked, value: SortValue::Text(name), id, .. })
                if *asked == question =>
            {
                Some((name.as_str(), *id))
            }
            Some(_) => return Err(schema::CursorError::OtherQuestion.into()),
        };
        let (named, backward) = match &page {
            Page::Forward { first, .. } => (store.names_after(kind, place, *first)?, false),
            Page::Backward { last, .. } => (store.names_before(kind, place, *last)?, true),
            Page::Numbered { first, skipped } => {
                let mut named = store.names_after(kind, None, skipped.saturating_add(*first))?;
                named.entries.drain(..named.entries.len().min(*skipped));
                (named, false)
            }
        };
        let mut found = named.entries;
        if backward {
            found.reverse();
        }
        let cursor = |(name, id): (String, NodeId)| -> Result<_, CatalogError> {
            let record = store.record(id)?;
            let cursor = Cursor {
                question,
                generation: self.generation(),
                day: 0,
                position: 0,
                value: SortValue::Text(name),
                id,
            };
            Ok(record.map(|record| (Arc::new(record), cursor)))
        };
        let entries = found.into_iter().filter_map(|row| cursor(row).transpose());
        let skips = matches!(page, Page::Numbered { skipped, .. } if skipped > 0);
        let beyond = page.cursor().is_some() || skips;
        Ok(NamePage {
            entries: entries.collect::<Result<_, _>>()?,
            has_next: if backward { beyond } else { named.more },
            has_previous: if backward { named.more } else { beyond },
            total: self.manifest.counts.get(kind),
            continued_from: older(page.cursor(), self.generation()),
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
        self.shared.reads.changes.add();
        Ok(self.inside.store.changes(after, first)?)
    }
}
