//! Our own graph as a subgraph: asked in this process, over one snapshot for the whole request.

use std::{panic::AssertUnwindSafe, sync::Arc};

use async_graphql::{Request, ServerError, Variables};
use futures_util::FutureExt;
use tokio::time::Instant;

use crate::{
    error::ApiError,
    federation::subgraph::{FetchError, SubgraphError, SubgraphResponse},
    graphql::{RequestContext, Schema},
};

/// Our own graph, for one request.
pub(crate) struct LocalSubgraph<'a> {
    pub(crate) schema: &'a Schema,
    /// What all questions of the request read; they must be asked within its
    /// [`run`](RequestContext::run).
    pub(crate) context: Arc<RequestContext>,
}

impl LocalSubgraph<'_> {
    /// Asks it.
    pub(crate) async fn fetch(
        &self,
        document: &str,
        variables: &Variables,
        deadline: Instant,
    ) -> Result<SubgraphResponse, FetchError> {
        let context = Arc::clone(&self.context);
        let request = Request::new(document).variables(variables.clone()).data(context);
        let execution = AssertUnwindSafe(self.schema.execute(request)).catch_unwind();
        let time = deadline.saturating_duration_since(Instant::now());
        let response = tokio::time::timeout_at(deadline, execution)
            .await
            .map_err(|_elapsed| FetchError::Timeout(time))?
            .map_err(|_panic| FetchError::MalformedResponse("execution panicked".to_owned()))?;
        let subgraph_error = |error: ServerError| SubgraphError {
            local_error: Some(ApiError::from_graphql(&error)),
            message: error.message,
            path: error.path,
            code: None,
        };
        Ok(SubgraphResponse {
            data: response.data,
            errors: response.errors.into_iter().map(subgraph_error).collect(),
        })
    }
}
