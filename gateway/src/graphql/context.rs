//! Context of one request: a snapshot that does not change during it, and its time of arrival.

use std::sync::Arc;

use async_graphql::Context;
use federation::subgraph::SubgraphStatus;
use indexer::catalog::Snapshot;
use jiff::Timestamp;
use schema::{SearchPage, SearchQuery, Suggestion};
use tokio::sync::Semaphore;

use super::{batching::BatchedExecution, loaders::Loaders};
use crate::{
    config::{Config, Limits},
    error::{ApiError, Result},
};

/// State shared by all resolvers of a request, including the fetches that the router sends to the
/// local subgraph. Built for each request; [`run`](Self::run) executes it.
pub(crate) struct RequestContext {
    /// The generation that the whole request reads.
    pub(crate) snapshot: Arc<Snapshot>,
    /// Batches the loads of all resolvers of one level.
    pub(super) loaders: Arc<Loaders>,
    /// The time for which phases are computed.
    pub(crate) now: Timestamp,
    /// Status of the composed subgraphs.
    pub(super) subgraph_status: SubgraphStatus,
    /// Limits, and the public URL of the service.
    pub(super) config: Arc<Config>,
    /// Permits for searches: nested lists must not fill the queue that all requests share.
    search_permits: Semaphore,
}

/// Maximum number of searches of one request that run, or wait in the shared queue.
const CONCURRENT_SEARCHES_MAX: usize = 4;

impl RequestContext {
    /// The context of a request that reads `snapshot` at `now`.
    pub(crate) fn new(
        snapshot: Arc<Snapshot>,
        now: Timestamp,
        config: Arc<Config>,
        subgraph_status: SubgraphStatus,
    ) -> Arc<Self> {
        let loaders = Arc::new(Loaders::new(Arc::clone(&snapshot), &config.limits));
        let search_permits = Semaphore::new(CONCURRENT_SEARCHES_MAX);
        Arc::new(Self { snapshot, loaders, now, subgraph_status, config, search_permits })
    }

    /// Runs an execution, loading each level as soon as nothing else can proceed.
    pub(crate) async fn run<T>(&self, execution: impl Future<Output = T>) -> T {
        let execution = BatchedExecution::new(execution, Arc::clone(&self.loaders));
        // With Tokio's cooperative budget, a level would seem complete before it is.
        tokio::task::unconstrained(execution).await
    }

    /// Bytes of the long texts in the response so far.
    pub(crate) fn text_bytes(&self) -> usize {
        self.loaders.text_bytes()
    }

    /// Limits of one request.
    pub(super) fn limits(&self) -> &Limits {
        &self.config.limits
    }

    /// Searches as soon as the request has a permit.
    pub(super) async fn search(&self, query: SearchQuery) -> Result<SearchPage> {
        let _permit = self.search_permits.acquire().await;
        self.snapshot.search(query).await.map_err(|error| crate::error::from_catalog(&error))
    }

    /// Completes a prefix as soon as the request has a permit.
    pub(super) async fn suggest(&self, prefix: String, first: usize) -> Result<Vec<Suggestion>> {
        let _permit = self.search_permits.acquire().await;
        let found = self.snapshot.suggest(prefix, first).await;
        found.map_err(|error| crate::error::from_catalog(&error))
    }

    /// The context of the request that `ctx` belongs to.
    pub(super) fn of<'c>(ctx: &'c Context<'_>) -> &'c Self {
        ctx.data_unchecked::<Arc<Self>>()
    }

    /// Validates the page size that a client requested.
    pub(super) fn page_size(&self, requested: i32) -> Result<usize> {
        let size = usize::try_from(requested).map_err(|_| {
            ApiError::bad_user_input(format!("page size must not be negative: `{requested}`"))
        })?;
        if size > self.limits().page_size_max {
            return Err(ApiError::limit("page_size_max", self.limits().page_size_max as u64));
        }
        Ok(size)
    }

    /// The validated page size; a default above the configured limit is reduced to it.
    pub(super) fn page_size_or_default(&self, requested: i32, default: i32) -> Result<usize> {
        if requested == default {
            let default = usize::try_from(default).unwrap_or(usize::MAX);
            return Ok(default.min(self.limits().page_size_max));
        }
        self.page_size(requested)
    }
}

impl Loaders {
    /// The loaders of the request that `ctx` belongs to.
    pub(super) fn of<'c>(ctx: &'c Context<'_>) -> &'c Self {
        &RequestContext::of(ctx).loaders
    }
}
