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
use dataloader::BatchFn;
use indexer::catalog::{CatalogError, Relation, Snapshot};
use schema::{Body, NodeId, Provenance, Record, SharedPassage};

use super::{
    level::{Gathered, Levels},
    record::FromRecord,
    request::RequestContext,
};
use crate::{
    config::Limits,
    failure::{Failure, Result},
};

/// At most so many keys are read in one go.
const BATCH_MAX: usize = 1_000;

type Records = Option<Arc<Record>>;
type Bodies = Option<Arc<Body>>;
type Provenances = Arc<[Provenance]>;
type Links = Arc<[NodeId]>;
type Passages = Arc<[SharedPassage]>;

/// The loaders of one request.
pub(crate) struct Loaders {
    records: Gathered<NodeId, Result<Records>, Batch>,
    bodies: Gathered<NodeId, Result<Bodies>, Batch>,
    provenance: Gathered<NodeId, Result<Provenances>, Batch>,
    links: Gathered<(NodeId, Relation), Result<Links>, Batch>,
    related: Gathered<(NodeId, usize), Result<Links>, Batch>,
    similar: Gathered<(NodeId, usize), Result<Passages>, Batch>,
    handed_out: AtomicU64,
    records_max: u64,
    text_bytes: AtomicU64,
    text_bytes_max: u64,
}

impl Loaders {
    /// Loaders that read `snapshot` and hand out as much as `limits` allow.
    pub(super) fn new(snapshot: Arc<Snapshot>, limits: &Limits) -> Self {
        let batch = Batch(snapshot);
        Self {
            records: Gathered::new(batch.clone(), BATCH_MAX),
            bodies: Gathered::new(batch.clone(), BATCH_MAX),
            provenance: Gathered::new(batch.clone(), BATCH_MAX),
            links: Gathered::new(batch.clone(), BATCH_MAX),
            related: Gathered::new(batch.clone(), BATCH_MAX),
            similar: Gathered::new(batch, BATCH_MAX),
            handed_out: AtomicU64::new(0),
            records_max: limits.records_max,
            text_bytes: AtomicU64::new(0),
            text_bytes_max: limits.text_bytes_max,
        }
    }

    /// The loaders of the request that `ctx` belongs to.
    pub(super) fn of<'c>(ctx: &'c Context<'_>) -> &'c Self {
        &RequestContext::of(ctx).loaders
    }

    /// The thing behind an id; `None` where there is none or it is of another kind.
    pub(super) async fn one<T: FromRecord>(&self, id: NodeId) -> Result<Option<T>> {
        self.hand_out(1)?;
        let record = self.records.one(id).await.map_err(lost)??;
        Ok(record.and_then(T::from_record))
    }

    /// The thing behind an id that may be missing, as a nullable field returns it.
    pub(super) async fn maybe<T: FromRecord>(&self, id: Option<NodeId>) -> Option<Result<T>> {
        self.one(id?).await.transpose()
    }

    /// The things behind ids, one for each id and in their order.
    pub(super) async fn each<T: FromRecord>(&self, ids: &[NodeId]) -> Result<Vec<Option<T>>> {
        self.hand_out(ids.len())?;
        let records = self.records.many(ids.to_vec()).await.map_err(lost)?;
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
        let ids = self.links.one((id, relation)).await.map_err(lost)??;
        self.many(&ids).await
    }

    /// The `first` things that are most like `id`.
    pub(super) async fn related<T: FromRecord>(&self, id: NodeId, first: usize) -> Result<Vec<T>> {
        let ids = self.related.one((id, first)).await.map_err(lost)??;
        self.many(&ids).await
    }

    /// The passages that `id` has in common with `first` things of other sources.
    pub(super) async fn similar_elsewhere(&self, id: NodeId, first: usize) -> Result<Passages> {
        self.similar.one((id, first)).await.map_err(lost)?
    }

    /// The long text of a record.
    pub(super) async fn body(&self, id: NodeId) -> Result<Bodies> {
        let body = self.bodies.one(id).await.map_err(lost)??;
        let bytes = body.as_ref().map_or(0, |body| body.html.len().max(body.text.len()));
        let before = self.text_bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        if before.saturating_add(bytes as u64) > self.text_bytes_max {
            return Err(Failure::limit("text_bytes_max", self.text_bytes_max));
        }
        Ok(body)
    }

    /// Where a record comes from.
    pub(super) async fn provenance(&self, id: NodeId) -> Result<Provenances> {
        self.provenance.one(id).await.map_err(lost)?
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

impl Levels for Loaders {
    fn is_waited_for(&self) -> bool {
        self.records.is_waited_for()
            || self.bodies.is_waited_for()
            || self.provenance.is_waited_for()
            || self.links.is_waited_for()
            || self.related.is_waited_for()
            || self.similar.is_waited_for()
    }

    async fn read(&self) {
        tokio::join!(
            self.records.read(),
            self.bodies.read(),
            self.provenance.read(),
            self.links.read(),
            self.related.read(),
            self.similar.read(),
        );
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

impl BatchFn<(NodeId, usize), Result<Links>> for Batch {
    async fn load(&mut self, keys: &[(NodeId, usize)]) -> HashMap<(NodeId, usize), Result<Links>> {
        let (ids, first) = for_all(keys);
        cut(by_key(keys, self.0.related(&ids, first).await))
    }
}

impl BatchFn<(NodeId, usize), Result<Passages>> for Batch {
    async fn load(
        &mut self,
        keys: &[(NodeId, usize)],
    ) -> HashMap<(NodeId, usize), Result<Passages>> {
        let (ids, first) = for_all(keys);
        cut(by_key(keys, self.0.similar_elsewhere(&ids, first).await))
    }
}

/// What is like things is found for all at once, as many for each as the most that are wanted…
fn for_all(keys: &[(NodeId, usize)]) -> (Vec<NodeId>, usize) {
    let first = keys.iter().map(|(_, first)| *first).max().unwrap_or_default();
    (keys.iter().map(|(id, _)| *id).collect(), first)
}

/// …and each is given as many as it asked for.
fn cut<T: Clone>(
    mut found: HashMap<(NodeId, usize), Result<Arc<[T]>>>,
) -> HashMap<(NodeId, usize), Result<Arc<[T]>>> {
    for ((_, first), items) in &mut found {
        if let Ok(items) = items
            && items.len() > *first
        {
            *items = items[..*first].into();
        }
    }
    found
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
