//! Reads from the store: records, texts, links and changes by key.

use std::sync::Arc;

use schema::{
    Body, Change, EntityMention, GenerationNumber, NodeId, NodeKind, Page, Provenance, Record,
    RecordPage, normalisation,
};
use url::Url;

use super::Snapshot;
use crate::{
    catalog::{
        CatalogError, open_generation::OpenGeneration, record_list, visible_store::VisibleStore,
    },
    store::{Relation, StoreError},
};

/// Maximum number of values to read on a runtime thread. In the demo, 64 records take 150 µs, 100
/// take 270 µs and 1,000 take 7.4 ms; a runtime thread must not block for more than 500 µs.
const INLINE_READS_MAX: usize = 64;

impl Snapshot {
    /// Records by id, in the order of the ids; `None` for an unknown id. The id of a merged record
    /// returns the record it was merged into.
    ///
    /// # Errors
    /// [`CatalogError::Store`] if the store fails.
    pub async fn get_many(&self, ids: &[NodeId]) -> Result<Vec<Option<Arc<Record>>>, CatalogError> {
        self.shared.read_counters.records.add();
        fail::fail_point!("records");
        self.read_each(ids, |store, id| Ok(store.record(store.resolve(*id)?)?.map(Arc::new))).await
    }

    /// Full texts by id, in the order of the ids; `None` if a record has none.
    ///
    /// # Errors
    /// [`CatalogError::Store`] if the store fails.
    pub async fn bodies(&self, ids: &[NodeId]) -> Result<Vec<Option<Arc<Body>>>, CatalogError> {
        self.shared.read_counters.bodies.add();
        let bodies = read_all(ids, |store, id| Ok(store.body(*id)?.map(Arc::new)));
        // One body can have more bytes than many records.
        self.read(if ids.is_empty() { 0 } else { usize::MAX }, bodies).await
    }

    /// The first `limit` records after the id `after` with their full texts, in the order of the
    /// ids: everything that the generation contains, page by page.
    ///
    /// # Errors
    /// [`CatalogError::Store`] if the store fails.
    pub async fn records_after(
        &self,
        after: Option<NodeId>,
        limit: usize,
    ) -> Result<Vec<(Arc<Record>, Option<Arc<Body>>)>, CatalogError> {
        self.shared.read_counters.records.add();
        let read = move |generation: &OpenGeneration| {
            let store = &generation.store;
            let mut records = Vec::new();
            for id in store.ids_after(after, limit)? {
                let body = store.body(id)?.map(Arc::new);
                records.extend(store.record(id)?.map(|record| (Arc::new(record), body)));
            }
            Ok(records)
        };
        // One text can have more bytes than many records.
        self.read(usize::MAX, read).await
    }

    /// `limit` articles, toolkits, communities and events without their texts, in the order of the
    /// ids, after the first `offset`.
    ///
    /// # Errors
    /// [`CatalogError::Store`] if the store fails.
    pub async fn content(&self, offset: usize, limit: usize) -> Result<Vec<Record>, CatalogError> {
        self.shared.read_counters.records.add();
        let read = move |generation: &OpenGeneration| {
            let store = &generation.store;
            let ids = store.content_ids(offset, limit)?;
            let records = ids.into_iter().map(|id| store.record(id));
            Ok(records.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
        };
        self.read(limit, read).await
    }

    /// Ids of records by their URL, in the order of the URLs.
    ///
    /// # Errors
    /// [`CatalogError::Store`] if the store fails.
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

    /// The ids of the records of pages, by kind and slug, in the order of the request.
    ///
    /// # Errors
    /// [`CatalogError::Store`] if the store fails.
    pub async fn by_pages(
        &self,
        pages: &[(NodeKind, String)],
    ) -> Result<Vec<Option<NodeId>>, CatalogError> {
        self.shared.read_counters.urls.add();
        let page = |store: &VisibleStore, (kind, slug): &(NodeKind, String)| {
            store.by_url(&schema::normalisation::page(*kind, slug))
        };
        self.read_each(pages, page).await
    }

    /// Provenance of records, in the order of the ids.
    ///
    /// # Errors
    /// [`CatalogError::Store`] if the store fails.
    pub async fn provenance(&self, ids: &[NodeId]) -> Result<Vec<Vec<Provenance>>, CatalogError> {
        self.shared.read_counters.provenance.add();
        self.read_each(ids, |store, id| store.provenance(*id)).await
    }

    /// The declared entities that the text of each record names, in the order of their first
    /// mention and in the order of the ids.
    ///
    /// # Errors
    /// [`CatalogError::Store`] if the store fails.
    pub async fn entity_mentions(
        &self,
        ids: &[NodeId],
    ) -> Result<Vec<Vec<EntityMention>>, CatalogError> {
        self.shared.read_counters.mentions.add();
        self.read_each(ids, |store, id| store.entity_mentions(*id)).await
    }

    /// Records linked to each target by a relation, in the order of the targets; each list sorted
    /// by id.
    ///
    /// # Errors
    /// [`CatalogError::Store`] if the store fails.
    pub async fn linked(
        &self,
        targets: &[(NodeId, Relation)],
    ) -> Result<Vec<Vec<NodeId>>, CatalogError> {
        self.shared.read_counters.links.add();
        self.read_each(targets, |store, (target, relation)| store.linked(*target, *relation)).await
    }

    /// Records of one kind, sorted by name: those whose names contain every word of `query` or a
    /// word that it is a prefix of; all if it has no words.
    ///
    /// # Errors
    /// [`CatalogError::Limit`] if `query` is too long, [`CatalogError::Cursor`] for a cursor of a different query, [`CatalogError::Store`] if the
    /// store fails.
    pub async fn list_by_name(
        &self,
        kind: NodeKind,
        query: String,
        page: Page,
    ) -> Result<RecordPage, CatalogError> {
        self.shared.read_counters.names.add();
        let words = record_list::query_words(&query)?;
        let total = self.manifest.counts.get(kind);
        let count = match page {
            // All names are compared.
            _ if !words.is_empty() => usize::try_from(total).unwrap_or(usize::MAX),
            Page::Offset { limit, offset } => offset.saturating_add(limit),
            _ => page.size(),
        };
        self.read(count, move |generation| {
            record_list::list_by_name(generation, kind, &words, &page, total)
        })
        .await
    }

    /// Changes after a position, oldest first, and whether there are more.
    ///
    /// # Errors
    /// [`CatalogError::Store`] if the store fails.
    pub async fn changes(
        &self,
        after: Option<(GenerationNumber, u32)>,
        first: usize,
    ) -> Result<(Vec<Change>, bool), CatalogError> {
        self.shared.read_counters.changes.add();
        self.read(first, move |generation| Ok(generation.store.changes(after, first)?)).await
    }

    /// Reads a value from the store for each key, in the order of the keys.
    async fn read_each<K: Clone + Send + 'static, T: Send + 'static>(
        &self,
        keys: &[K],
        get: impl Fn(&VisibleStore, &K) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<Vec<T>, CatalogError> {
        self.read(keys.len(), read_all(keys, get)).await
    }

    /// Reads about `count` values from the store; off the runtime threads if there are many.
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

/// Reads a value for each key, in the order of the keys.
fn read_all<K: Clone + Send + 'static, T>(
    keys: &[K],
    get: impl Fn(&VisibleStore, &K) -> Result<T, StoreError> + Send + 'static,
) -> impl FnOnce(&OpenGeneration) -> Result<Vec<T>, CatalogError> + Send + 'static {
    let keys = keys.to_vec();
    move |generation| keys.iter().map(|key| Ok(get(&generation.store, key)?)).collect()
}
