//! The local schema, executed in process: as a whole operation, or as a subgraph of a supergraph.

use std::{panic::AssertUnwindSafe, sync::Arc};

use async_graphql::{Request, ServerError, parser::parse_query};
use federation::{
    error::cause,
    subgraph::{
        FetchError, FetchResult, Subgraph, SubgraphError, SubgraphRequest, SubgraphResponse,
    },
};
use futures_util::{FutureExt, future::BoxFuture};
use tokio::time::Instant;

use super::variables::without_omitted;
use crate::{
    error::from_server_error,
    graphql::{FetchByRouter, RequestContext, Schema},
};

/// Maximum number of errors of one fetch, as for other subgraphs.
const ERRORS_MAX: usize = 1_000;

/// The local schema as a subgraph, for one request.
pub(crate) struct LocalSubgraph<'a> {
    pub(crate) schema: &'a Schema,
    /// Shared by all fetches of the request, which must run within [`run`](RequestContext::run).
    pub(crate) context: Arc<RequestContext>,
}

impl Subgraph for LocalSubgraph<'_> {
    fn fetch<'a>(&'a self, request: SubgraphRequest<'a>) -> BoxFuture<'a, FetchResult> {
        let SubgraphRequest { document, variables, representations, deadline, .. } = request;
        let mut variables = variables.clone();
        for (name, json) in representations {
            // A number of another subgraph can be out of range.
            match serde_json::from_slice(json) {
                Ok(list) => variables.insert(name.clone(), list),
                Err(error) => {
                    let error = FetchError::MalformedResponse(cause(error));
                    return futures_util::future::err(error).boxed();
                }
            };
        }
        let document = match parse_query(document) {
            Ok(document) => without_omitted(document, &variables),
            Err(error) => {
                let error = FetchError::MalformedResponse(cause(error));
                return futures_util::future::err(error).boxed();
            }
        };
        let mut request = Request::new("")
            .variables(variables)
            .data(Arc::clone(&self.context))
            .data(FetchByRouter);
        request.set_parsed_query(document);
        let execution = AssertUnwindSafe(self.schema.execute(request)).catch_unwind();
        let time = deadline.saturating_duration_since(Instant::now());
        async move {
            let response = tokio::time::timeout_at(deadline, execution)
                .await
                .map_err(|_elapsed| FetchError::Timeout(time))?
                .map_err(|_panic| FetchError::MalformedResponse(cause("execution panicked")))?;
            let errors = response.errors.into_iter().take(ERRORS_MAX);
            let errors = errors.map(subgraph_error).collect();
            let data = serde_json::to_vec(&response.data)
                .expect("GraphQL values always serialise to JSON");
            Ok(Arc::new(SubgraphResponse { data: data.into(), errors }))
        }
        .boxed()
    }
}

fn subgraph_error(error: ServerError) -> SubgraphError {
    let error = from_server_error(error);
    SubgraphError {
        message: error.error.message.clone(),
        path: error.path,
        code: None,
        local_error: Some(error.error),
    }
}
