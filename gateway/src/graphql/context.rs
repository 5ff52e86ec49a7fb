//! What one request reads: a snapshot that does not change under it, and the instant it is asked.

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

/// What every resolver of one request shares, however many questions to our own graph it is answered
/// by. Made anew for each request, which is executed by [`run`](Self::run).
pub(crate) struct RequestContext {
    /// The generation that answers the whole request.
    pub(crate) snapshot: Arc<Snapshot>,
    /// Loads what resolvers side by side ask for in one go.
    pub(super) loaders: Arc<Loaders>,
    /// The instant for which phases are computed.
    pub(crate) now: Timestamp,
    /// Whose graphs are joined to ours, and how it goes with them.
    pub(super) subgraph_status: SubgraphStatus,
    /// Limits, and the address under which people reach the service.
    pub(super) config: Arc<Config>,
    /// Turns at searching: lists within a list must not fill the queue that all requests share.
    search_permits: Semaphore,
}

/// So many searches of one request run or wait in the shared queue at once.
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

    /// Runs what is asked with this context: reads each level of it as soon as nothing else can be done.
    pub(crate) async fn run<T>(&self, execution: impl Future<Output = T>) -> T {
        let execution = BatchedExecution::new(execution, Arc::clone(&self.loaders));
        // The runtime's own way to share time would make a level look complete before it is.
        tokio::task::unconstrained(execution).await
    }

    /// How much one request may ask for.
    pub(super) fn limits(&self) -> &Limits {
        &self.config.limits
    }

    /// Searches when it is this search's turn within the request.
    pub(super) async fn search(&self, query: SearchQuery) -> Result<SearchPage> {
        let _permit = self.search_permits.acquire().await;
        self.snapshot.search(query).await.map_err(|error| crate::error::from_catalog(&error))
    }

    /// Completes what was typed, when it is its turn within the request.
    pub(super) async fn suggest(&self, prefix: String, first: usize) -> Result<Vec<Suggestion>> {
        let _permit = self.search_permits.acquire().await;
        let found = self.snapshot.suggest(prefix, first).await;
        found.map_err(|error| crate::error::from_catalog(&error))
    }

    /// The context of the request that `ctx` belongs to.
    pub(super) fn of<'c>(ctx: &'c Context<'_>) -> &'c Self {
        ctx.data_unchecked::<Arc<Self>>()
    }

    /// A number of items that a client asks for.
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
