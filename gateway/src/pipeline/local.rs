//! Our own graph as a subgraph: asked in this process, over one snapshot for the whole request.

use std::{panic::AssertUnwindSafe, sync::Arc};

use async_graphql::{Request, ServerError, Variables};
use futures_util::FutureExt;
use indexer::catalog::Snapshot;
use jiff::Timestamp;
use tokio::time::Instant;

use crate::{
    config::Config,
    failure::Failure,
    graphql::{InLevels, RequestContext, Schema},
    subgraph::{CallError, Partners, Reply, Told},
};

/// Our own graph, for one request.
pub(super) struct Local<'a> {
    pub(super) schema: &'a Schema,
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) now: Timestamp,
    pub(super) config: &'a Arc<Config>,
    pub(super) partners: Partners,
}

impl Local<'_> {
    /// Asks it.
    pub(super) async fn ask(
        &self,
        document: &str,
        variables: &Variables,
        deadline: Instant,
    ) -> Result<Reply, CallError> {
        let (snapshot, config) = (Arc::clone(&self.snapshot), Arc::clone(self.config));
        let context = RequestContext::new(snapshot, self.now, config, self.partners.clone());
        let loaders = Arc::clone(&context.loaders);
        let request = Request::new(document).variables(variables.clone()).data(context);
        let execution = InLevels::new(self.schema.execute(request), loaders);
        // The runtime's own way to share time would make a level look complete before it is.
        let execution = AssertUnwindSafe(tokio::task::unconstrained(execution)).catch_unwind();
        let time = deadline.saturating_duration_since(Instant::now());
        let response = tokio::time::timeout_at(deadline, execution)
            .await
            .map_err(|_elapsed| CallError::TooSlow(time))?
            .map_err(|_panic| CallError::NotGraphql("it panicked".to_owned()))?;
        let told = |error: ServerError| Told {
            ours: Some(Failure::of_answer(&error)),
            message: error.message,
            path: error.path,
            code: None,
        };
        Ok(Reply { data: response.data, errors: response.errors.into_iter().map(told).collect() })
    }
}
