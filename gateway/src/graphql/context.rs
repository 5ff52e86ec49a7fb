//! What one request reads: a snapshot that does not change under it, and the instant it arrives.

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

/// What every resolver of one request shares, also where the router fetches from our own graph
/// several times. Built for each request, which [`run`](Self::run) executes.
pub(crate) struct RequestContext {
    /// The generation that serves the whole request.
    pub(crate) snapshot: Arc<Snapshot>,
    /// Loads in one batch what resolvers of one level need.
    pub(super) loaders: Arc<Loaders>,
    /// The instant for which phases are computed.
    pub(crate) now: Timestamp,
    /// Status of the composed subgraphs.
    pub(super) subgraph_status: SubgraphStatus,
    /// Limits, and the address under which people reach the service.
    pub(super) config: Arc<Config>,
    /// Permits for searches: lists within a list must not fill the queue that all requests share.
    search_permits: Semaphore,
}

/// Maximum number of searches of one request that run or wait in the shared queue.
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

    /// Runs an execution: loads each of its levels as soon as nothing else can proceed.
    pub(crate) async fn run<T>(&self, execution: impl Future<Output = T>) -> T {
        let execution = BatchedExecution::new(execution, Arc::clone(&self.loaders));
        // Tokio's cooperative budget would make a level look complete before it is.
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

    /// The validated number of items that a client requests.
    pub(super) fn page_size(&self, requested: i32) -> Result<usize> {
        let size = usize::try_from(requested).map_err(|_| {
            ApiError::bad_user_input(format!("page size must not be negative: `{requested}`"))
        })?;
        if size > self.limits().page_size_max {
            return Err(ApiError::limit("page_size_max", self.limits().page_size_max as u64));
        }
        Ok(size)
    }
}

impl Loaders {
    /// The loaders of the request that `ctx` belongs to.
    pub(super) fn of<'c>(ctx: &'c Context<'_>) -> &'c Self {
        &RequestContext::of(ctx).loaders
    }
}
