//! Loaders: what resolvers side by side ask for one by one is read in one go.
//!
//! Invariant: a set of loaders serves one request. They never forget, and a request that is dropped
//! half-way takes its batches with it.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use async_graphql::Context;
use dataloader::{BatchFn, cached::Loader};
use indexer::catalog::{CatalogError, Relation, Snapshot};
use schema::{Body, NodeId, Provenance, Record};

use super::{record::FromRecord, request::RequestContext};
use crate::failure::{Failure, Result};

/// At most so many keys are read in one go.
const BATCH_MAX: usize = 1_000;

/// Bytes of long texts in one answer, each time that it is asked for.
const TEXT_BYTES_MAX: u64 = 16 << 20;

type Records = Option<Arc<Record>>;
type Bodies = Option<Arc<Body>>;
type Provenances = Arc<[Provenance]>;
type Links = Arc<[NodeId]>;

/// The loaders of one request.
pub(crate) struct Loaders {
    records: Loader<NodeId, Result<Records>, Batch>,
    bodies: Loader<NodeId, Result<Bodies>, Batch>,
    provenance: Loader<NodeId, Result<Provenances>, Batch>,
    links: Loader<(NodeId, Relation), Result<Links>, Batch>,
    handed_out: AtomicU64,
    records_max: u64,
    text_bytes: AtomicU64,
}

impl Loaders {
    /// Loaders that read `snapshot` and hand out at most `records_max` records in all.
    pub(super) fn new(snapshot: Arc<Snapshot>, records_max: u64) -> Self {
        let batch = Batch(snapshot);
        Self {
            records: Loader::new(batch.clone()).with_max_batch_size(BATCH_MAX),
            bodies: Loader::new(batch.clone()).with_max_batch_size(BATCH_MAX),
            provenance: Loader::new(batch.clone()).with_max_batch_size(BATCH_MAX),
            links: Loader::new(batch).with_max_batch_size(BATCH_MAX),
            handed_out: AtomicU64::new(0),
            records_max,
            text_bytes: AtomicU64::new(0),
        }
    }

    /// The loaders of the request that `ctx` belongs to.
    pub(super) fn of<'c>(ctx: &'c Context<'_>) -> &'c Self {
        &RequestContext::of(ctx).loaders
    }

    /// The thing behind an id; `None` where there is none or it is of another kind.
    pub(super) async fn one<T: FromRecord>(&self, id: NodeId) -> Result<Option<T>> {
        self.hand_out(1)?;
        let record = self.records.try_load(id).await.map_err(lost)??;
        Ok(record.and_then(T::from_record))
    }

    /// The thing behind an id that may be missing, as a nullable field returns it.
    pub(super) async fn maybe<T: FromRecord>(&self, id: Option<NodeId>) -> Option<Result<T>> {
        self.one(id?).await.transpose()
    }

    /// The things behind ids, one for each id and in their order.
    pub(super) async fn each<T: FromRecord>(&self, ids: &[NodeId]) -> Result<Vec<Option<T>>> {
        self.hand_out(ids.len())?;
        let records = self.records.try_load_many(ids.to_vec()).await.map_err(lost)?;
        ids.iter()
            .map(|id| {
                let record = records.get(id).ok_or_else(Failure::internal)?.clone()?;
                Ok(record.and_then(T::from_record))
            })
            .collect()
    }

    /// The things behind ids, in their order. What is not there or of another kind is left out.
    pub(super) async fn many<T: FromRecord>(&self, ids: &[NodeId]) -> Result<Vec<T>> {
        Ok(self.each(ids).await?.into_iter().flatten().collect())
    }

    /// The things that refer to `id`.
    pub(super) async fn linked<T: FromRecord>(
        &self,
        id: NodeId,
        relation: Relation,
    ) -> Result<Vec<T>> {
        let ids = self.links.try_load((id, relation)).await.map_err(lost)??;
        self.many(&ids).await
    }

    /// The long text of a record.
    pub(super) async fn body(&self, id: NodeId) -> Result<Bodies> {
        let body = self.bodies.try_load(id).await.map_err(lost)??;
        let bytes = body.as_ref().map_or(0, |body| body.html.len().max(body.text.len()));
        let before = self.text_bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        if before.saturating_add(bytes as u64) > TEXT_BYTES_MAX {
            return Err(Failure::limit("text_bytes_max", TEXT_BYTES_MAX));
        }
        Ok(body)
    }

    /// Where a record comes from.
    pub(super) async fn provenance(&self, id: NodeId) -> Result<Provenances> {
        self.provenance.try_load(id).await.map_err(lost)?
    }

    /// Counts what an answer holds, since lists within lists grow faster than a query shows.
    fn hand_out(&self, records: usize) -> Result<()> {
        let records = u64::try_from(records).unwrap_or(u64::MAX);
        let before = self.handed_out.fetch_add(records, Ordering::Relaxed);
        if before.saturating_add(records) > self.records_max {
            return Err(Failure::limit("records_max", self.records_max));
        }
        Ok(())
    }
}

/// A loader gives no answer where the resolver that was reading for others went away.
#[expect(clippy::needless_pass_by_value, reason = "the shape that `map_err` wants")]
fn lost(error: std::io::Error) -> Failure {
    tracing::error!(cause = %error, "a loader lost a key");
    Failure::internal()
}

/// Reads a batch of keys from a snapshot.
#[derive(Clone)]
struct Batch(Arc<Snapshot>);

impl BatchFn<NodeId, Result<Records>> for Batch {
    async fn load(&mut self, keys: &[NodeId]) -> HashMap<NodeId, Result<Records>> {
        by_key(keys, self.0.get_many(keys).await)
    }
}

impl BatchFn<NodeId, Result<Bodies>> for Batch {
    async fn load(&mut self, keys: &[NodeId]) -> HashMap<NodeId, Result<Bodies>> {
        by_key(keys, self.0.bodies(keys).await)
    }
}

impl BatchFn<NodeId, Result<Provenances>> for Batch {
    async fn load(&mut self, keys: &[NodeId]) -> HashMap<NodeId, Result<Provenances>> {
        by_key(keys, self.0.provenance(keys).await)
    }
}

impl BatchFn<(NodeId, Relation), Result<Links>> for Batch {
    async fn load(
        &mut self,
        keys: &[(NodeId, Relation)],
    ) -> HashMap<(NodeId, Relation), Result<Links>> {
        by_key(keys, self.0.linked(keys).await)
    }
}

/// Pairs keys with what was read for them; a failure is told to each, and logged once.
fn by_key<K: Copy + Eq + Hash, V, W: Clone + From<V>>(
    keys: &[K],
    values: Result<Vec<V>, CatalogError>,
) -> HashMap<K, Result<W>> {
    match values {
        Ok(values) => keys.iter().copied().zip(values.into_iter().map(|v| Ok(v.into()))).collect(),
        Err(error) => {
            let failure = Failure::of_catalog(&error);
            keys.iter().map(|key| (*key, Err(failure.clone()))).collect()
        }
    }
}
