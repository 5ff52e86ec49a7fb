//! Loaders: batch the reads of all resolvers of one level.
//!
//! Invariant: a set of loaders serves one request. Loaders never evict, and dropping the request
//! drops its batches.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use dataloader::BatchFn;
use indexer::catalog::{CatalogError, Relation, Snapshot};
use schema::{Body, EntityMention, NodeId, Provenance, Record, SharedPassage};

use super::{
    batching::{BatchLoader, BatchSource},
    from_record::FromRecord,
};
use crate::{
    config::Limits,
    error::{ApiError, Result},
};

/// Maximum number of keys of a batch.
const BATCH_MAX: usize = 1_000;

type LoadedRecord = Option<Arc<Record>>;
type LoadedBody = Option<Arc<Body>>;
type Provenances = Arc<[Provenance]>;
type Links = Arc<[NodeId]>;
type Passages = Arc<[SharedPassage]>;
type Mentions = Arc<[EntityMention]>;

/// The loaders of one request.
pub(crate) struct Loaders {
    records: BatchLoader<NodeId, Result<LoadedRecord>, SnapshotBatchFn>,
    bodies: BatchLoader<NodeId, Result<LoadedBody>, SnapshotBatchFn>,
    provenance: BatchLoader<NodeId, Result<Provenances>, SnapshotBatchFn>,
    mentions: BatchLoader<NodeId, Result<Mentions>, SnapshotBatchFn>,
    links: BatchLoader<(NodeId, Relation), Result<Links>, SnapshotBatchFn>,
    related: BatchLoader<(NodeId, usize), Result<Links>, SnapshotBatchFn>,
    shared_passages: BatchLoader<(NodeId, usize), Result<Passages>, SnapshotBatchFn>,
    records_loaded: AtomicU64,
    records_max: u64,
    text_bytes: AtomicU64,
    text_bytes_max: u64,
}

impl Loaders {
    /// Loaders that read `snapshot` within `limits`.
    pub(super) fn new(snapshot: Arc<Snapshot>, limits: &Limits) -> Self {
        let batch = SnapshotBatchFn(snapshot);
        Self {
            records: BatchLoader::new(batch.clone(), BATCH_MAX),
            bodies: BatchLoader::new(batch.clone(), BATCH_MAX),
            provenance: BatchLoader::new(batch.clone(), BATCH_MAX),
            mentions: BatchLoader::new(batch.clone(), BATCH_MAX),
            links: BatchLoader::new(batch.clone(), BATCH_MAX),
            related: BatchLoader::new(batch.clone(), BATCH_MAX),
            shared_passages: BatchLoader::new(batch, BATCH_MAX),
            records_loaded: AtomicU64::new(0),
            records_max: limits.records_max,
            text_bytes: AtomicU64::new(0),
            text_bytes_max: limits.text_bytes_max,
        }
    }

    /// The record with an id; `None` if there is none or it has another kind.
    pub(super) async fn one<T: FromRecord>(&self, id: NodeId) -> Result<Option<T>> {
        self.count_records(1)?;
        let record = self.records.one(id).await.map_err(missing_key_error)??;
        Ok(record.and_then(T::from_record))
    }

    /// The record with an optional id, as the result of a nullable field.
    pub(super) async fn maybe<T: FromRecord>(&self, id: Option<NodeId>) -> Option<Result<T>> {
        self.one(id?).await.transpose()
    }

    /// The records with the given ids, in order.
    pub(super) async fn each<T: FromRecord>(&self, ids: &[NodeId]) -> Result<Vec<Option<T>>> {
        self.count_records(ids.len())?;
        let records = self.records.many(ids.to_vec()).await.map_err(missing_key_error)?;
        ids.iter()
            .map(|id| {
                let record = records.get(id).ok_or_else(ApiError::internal)?.clone()?;
                Ok(record.and_then(T::from_record))
            })
            .collect()
    }

    /// The records with the given ids, in order, without those missing or of another kind.
    pub(super) async fn many<T: FromRecord>(&self, ids: &[NodeId]) -> Result<Vec<T>> {
        Ok(self.each(ids).await?.into_iter().flatten().collect())
    }

    /// The ids of the records that refer to `id`.
    pub(super) async fn linked_ids(&self, id: NodeId, relation: Relation) -> Result<Links> {
        self.links.one((id, relation)).await.map_err(missing_key_error)?
    }

    /// The records that refer to `id`.
    pub(super) async fn linked<T: FromRecord>(
        &self,
        id: NodeId,
        relation: Relation,
    ) -> Result<Vec<T>> {
        self.many(&self.linked_ids(id, relation).await?).await
    }

    /// The `first` records that are most similar to `id`.
    pub(super) async fn related<T: FromRecord>(&self, id: NodeId, first: usize) -> Result<Vec<T>> {
        let ids = self.related.one((id, first)).await.map_err(missing_key_error)??;
        self.many(&ids).await
    }

    /// The passages that `id` shares with at most `first` records of other sources.
    pub(super) async fn shared_passages(&self, id: NodeId, first: usize) -> Result<Passages> {
        self.shared_passages.one((id, first)).await.map_err(missing_key_error)?
    }

    /// The body of a record.
    pub(super) async fn body(&self, id: NodeId) -> Result<LoadedBody> {
        let body = self.bodies.one(id).await.map_err(missing_key_error)??;
        let bytes = body.as_ref().map_or(0, |body| body.html.len().max(body.text.len()));
        let before = self.text_bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        if before.saturating_add(bytes as u64) > self.text_bytes_max {
            return Err(ApiError::limit("text_bytes_max", self.text_bytes_max));
        }
        Ok(body)
    }

    /// The source records of a record.
    pub(super) async fn provenance(&self, id: NodeId) -> Result<Provenances> {
        self.provenance.one(id).await.map_err(missing_key_error)?
    }

    /// The declared entities that the text of a record names.
    pub(super) async fn mentions(&self, id: NodeId) -> Result<Mentions> {
        self.mentions.one(id).await.map_err(missing_key_error)?
    }

    /// Bytes of the long texts that were loaded.
    pub(super) fn text_bytes(&self) -> usize {
        usize::try_from(self.text_bytes.load(Ordering::Relaxed)).unwrap_or(usize::MAX)
    }

    /// Counts loaded records: nested lists multiply, which the size of a query does not show.
    fn count_records(&self, records: usize) -> Result<()> {
        let records = u64::try_from(records).unwrap_or(u64::MAX);
        let before = self.records_loaded.fetch_add(records, Ordering::Relaxed);
        if before.saturating_add(records) > self.records_max {
            return Err(ApiError::limit("records_max", self.records_max));
        }
        Ok(())
    }
}

impl BatchSource for Loaders {
    fn has_pending_keys(&self) -> bool {
        self.records.has_pending_keys()
            || self.bodies.has_pending_keys()
            || self.provenance.has_pending_keys()
            || self.mentions.has_pending_keys()
            || self.links.has_pending_keys()
            || self.related.has_pending_keys()
            || self.shared_passages.has_pending_keys()
    }

    async fn load_pending(&self) {
        tokio::join!(
            self.records.load_pending(),
            self.bodies.load_pending(),
            self.provenance.load_pending(),
            self.mentions.load_pending(),
            self.links.load_pending(),
            self.related.load_pending(),
            self.shared_passages.load_pending(),
        );
    }
}

/// A loader has no value for a key if the resolver that loaded the batch was dropped.
#[expect(clippy::needless_pass_by_value, reason = "the signature that `map_err` requires")]
fn missing_key_error(error: std::io::Error) -> ApiError {
    tracing::error!(%error, "loader returned no value for a key");
    ApiError::internal()
}

/// Reads a batch of keys from a snapshot.
#[derive(Clone)]
struct SnapshotBatchFn(Arc<Snapshot>);

impl BatchFn<NodeId, Result<LoadedRecord>> for SnapshotBatchFn {
    async fn load(&mut self, keys: &[NodeId]) -> HashMap<NodeId, Result<LoadedRecord>> {
        zip_results(keys, self.0.get_many(keys).await)
    }
}

impl BatchFn<NodeId, Result<LoadedBody>> for SnapshotBatchFn {
    async fn load(&mut self, keys: &[NodeId]) -> HashMap<NodeId, Result<LoadedBody>> {
        zip_results(keys, self.0.bodies(keys).await)
    }
}

impl BatchFn<NodeId, Result<Provenances>> for SnapshotBatchFn {
    async fn load(&mut self, keys: &[NodeId]) -> HashMap<NodeId, Result<Provenances>> {
        zip_results(keys, self.0.provenance(keys).await)
    }
}

impl BatchFn<NodeId, Result<Mentions>> for SnapshotBatchFn {
    async fn load(&mut self, keys: &[NodeId]) -> HashMap<NodeId, Result<Mentions>> {
        zip_results(keys, self.0.entity_mentions(keys).await)
    }
}

impl BatchFn<(NodeId, Relation), Result<Links>> for SnapshotBatchFn {
    async fn load(
        &mut self,
        keys: &[(NodeId, Relation)],
    ) -> HashMap<(NodeId, Relation), Result<Links>> {
        zip_results(keys, self.0.linked(keys).await)
    }
}

impl BatchFn<(NodeId, usize), Result<Links>> for SnapshotBatchFn {
    async fn load(&mut self, keys: &[(NodeId, usize)]) -> HashMap<(NodeId, usize), Result<Links>> {
        let (ids, first) = max_first(keys);
        truncate_each(zip_results(keys, self.0.related(&ids, first).await))
    }
}

impl BatchFn<(NodeId, usize), Result<Passages>> for SnapshotBatchFn {
    async fn load(
        &mut self,
        keys: &[(NodeId, usize)],
    ) -> HashMap<(NodeId, usize), Result<Passages>> {
        let (ids, first) = max_first(keys);
        truncate_each(zip_results(keys, self.0.shared_passages(&ids, first).await))
    }
}

/// Related records are found for all keys at once, with the largest `first` of all keys…
fn max_first(keys: &[(NodeId, usize)]) -> (Vec<NodeId>, usize) {
    let first = keys.iter().map(|(_, first)| *first).max().unwrap_or_default();
    (keys.iter().map(|(id, _)| *id).collect(), first)
}

/// …and the result of each key is cut to its own `first`.
fn truncate_each<T: Clone>(
    mut results: HashMap<(NodeId, usize), Result<Arc<[T]>>>,
) -> HashMap<(NodeId, usize), Result<Arc<[T]>>> {
    for ((_, first), items) in &mut results {
        if let Ok(items) = items
            && items.len() > *first
        {
            *items = items[..*first].into();
        }
    }
    results
}

/// Pairs keys with their values. On an error, which is logged once, each key gets the error.
fn zip_results<K: Copy + Eq + Hash, V, W: Clone + From<V>>(
    keys: &[K],
    values: Result<Vec<V>, CatalogError>,
) -> HashMap<K, Result<W>> {
    match values {
        Ok(values) => keys.iter().copied().zip(values.into_iter().map(|v| Ok(v.into()))).collect(),
        Err(error) => {
            let api_error = crate::error::from_catalog(&error);
            keys.iter().map(|key| (*key, Err(api_error.clone()))).collect()
        }
    }
}
