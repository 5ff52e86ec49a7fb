//! Our own graph as a subgraph: asked in this process, over one snapshot for the whole request.

use std::{panic::AssertUnwindSafe, sync::Arc};

use async_graphql::{Request, ServerError, Variables};
use futures_util::FutureExt;
use tokio::time::Instant;

use crate::{
    failure::Failure,
    graphql::{RequestContext, Schema},
    subgraph::{CallError, Reply, Told},
};

/// Our own graph, for one request.
pub(super) struct Local<'a> {
    pub(super) schema: &'a Schema,
    /// What all questions of the request read; they must be asked within its
    /// [`run`](RequestContext::run).
    pub(super) context: Arc<RequestContext>,
}

impl Local<'_> {
    /// Asks it.
    pub(super) async fn ask(
        &self,
        document: &str,
        variables: &Variables,
        deadline: Instant,
    ) -> Result<Reply, CallError> {
        let context = Arc::clone(&self.context);
        let request = Request::new(document).variables(variables.clone()).data(context);
        let execution = AssertUnwindSafe(self.schema.execute(request)).catch_unwind();
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
