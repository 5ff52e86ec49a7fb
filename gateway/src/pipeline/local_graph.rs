//! The graph of this program: checks an operation, and executes it on the local schema or on a plan
//! over subgraphs, within the limits on time and concurrency.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use async_graphql::{Request, parser::types::OperationType};
use federation::{
    FetchContext, PlannedOperation, PublicSchema, StandaloneSchema, SupergraphRouter,
    subgraph::Subgraph,
};
use futures_util::FutureExt;
use indexer::catalog::Catalog;
use tokio::{sync::Semaphore, time::Instant};
use tracing::Instrument;

use super::{
    AllowedOperations, Outcome, PreparedOperation, RequestSources, limits::Cost,
    local_subgraph::LocalSubgraph, outcome::classify_response, variables,
};
use crate::{
    blocking,
    config::Config,
    error::{ApiError, ErrorCode},
    graphql::{RequestContext, Schema},
};

/// The local schema, with its data and limits.
pub(super) struct LocalGraph {
    pub(super) catalog: Option<Arc<Catalog>>,
    pub(super) schema: Schema,
    /// The schema of requests without a supergraph.
    pub(super) standalone: StandaloneSchema,
    pub(super) config: Arc<Config>,
    /// Permits for concurrent executions.
    pub(super) permits: Semaphore,
}

impl LocalGraph {
    /// Checks method, limits and introspection.
    pub(super) fn check(&self, prepared: &PreparedOperation) -> Result<Cost, Outcome> {
        let PreparedOperation { operation, request, .. } = prepared;
        if request.allowed == AllowedOperations::QueriesOnly
            && operation.kind() != OperationType::Query
        {
            let message = "only queries are allowed over GET";
            let error = ApiError::new(ErrorCode::MethodNotAllowed, message);
            return Err(Outcome::MethodNotAllowed(error));
        }
        let cost = super::limits::check(operation, &request.variables, &self.config.limits)
            .map_err(Outcome::rejected)?;
        let selects_schema = operation.selects_introspection()
            || operation.root_fields().iter().any(|name| name == "_service");
        if !self.config.graphql.introspection && selects_schema {
            let message = "introspection is disabled";
            return Err(Outcome::rejected(ApiError::new(
                ErrorCode::IntrospectionDisabled,
                message,
            )));
        }
        Ok(cost)
    }

    /// The request context of the local subgraph, if there is a generation.
    pub(super) fn context(
        &self,
        prepared: &PreparedOperation,
        sources: &RequestSources,
        status: federation::subgraph::SubgraphStatus,
    ) -> Option<Arc<RequestContext>> {
        let snapshot = Arc::clone(sources.snapshot.as_ref()?);
        Some(RequestContext::new(snapshot, prepared.now, Arc::clone(&self.config), status))
    }

    /// Executes a plan on subgraphs. Catches panics, which the panic hook logs.
    pub(super) async fn execute_federated(
        &self,
        router: &SupergraphRouter,
        planned: &PlannedOperation,
        prepared: &PreparedOperation,
        context: Option<Arc<RequestContext>>,
        deadline: Instant,
    ) -> Outcome {
        let Ok(_permit) = self.permits.try_acquire() else {
            return Outcome::Failed(ApiError::busy());
        };
        let PreparedOperation { operation, request, .. } = prepared;
        let local = context.clone().map(|context| LocalSubgraph { schema: &self.schema, context });
        let fetch_context = FetchContext {
            headers: &request.headers,
            local: local.as_ref().map(|local| -> &dyn Subgraph { local }),
            deadline,
        };
        let variables = &request.variables;
        let execution =
            router.execute(planned, operation, variables, &request.caller, fetch_context);
        let execution = async {
            match &context {
                Some(context) => context.run(execution).await,
                None => execution.await,
            }
        };
        let execution = execution.instrument(tracing::info_span!("execute"));
        match AssertUnwindSafe(execution).catch_unwind().await {
            Ok(Ok((response, omitted))) => Outcome::executed(response, omitted),
            Ok(Err(error)) => error.into(),
            Err(_panic) => Outcome::Failed(ApiError::internal()),
        }
    }

    /// Executes an operation that is valid for `types` on the local schema before its deadline.
    /// Catches panics, which the panic hook logs.
    pub(super) async fn execute(
        &self,
        types: &PublicSchema,
        prepared: &PreparedOperation,
        context: Arc<RequestContext>,
        deadline: Instant,
    ) -> Outcome {
        let Ok(_permit) = self.permits.try_acquire() else {
            return Outcome::Failed(ApiError::busy());
        };
        let PreparedOperation { operation, request, .. } = prepared;
        let document = operation.document().clone();
        let document = variables::without_omitted(document, &request.variables);
        let variables = match types.coerce_variables(operation, &request.variables) {
            Ok(variables) => variables,
            Err(error) => return Outcome::rejected(error),
        };
        let mut request =
            Request::new(String::new()).variables(variables.clone()).data(Arc::clone(&context));
        request.operation_name = operation.name().map(str::to_owned);
        request.set_parsed_query(document);
        let span = tracing::info_span!("execute");
        let execution = context.run(self.schema.execute(request)).instrument(span);
        let execution = AssertUnwindSafe(execution).catch_unwind();
        match tokio::time::timeout_at(deadline, execution).await {
            Ok(Ok(mut response)) => {
                if operation.selects_introspection() {
                    response.data =
                        self.standalone.with_introspection(operation, &variables, response.data);
                }
                let errors_max = self.config.limits.errors_max;
                let classify = move || classify_response(response, errors_max);
                blocking::run(context.text_bytes(), classify).await
            }
            Ok(Err(_panic)) => Outcome::Failed(ApiError::internal()),
            Err(_elapsed) => self.timed_out(),
        }
    }

    /// The deadline of a request that starts now.
    pub(super) fn deadline(&self) -> Instant {
        Instant::now() + Duration::from_millis(self.config.limits.request_timeout_ms)
    }

    pub(super) fn timed_out(&self) -> Outcome {
        let timeout = self.config.limits.request_timeout_ms;
        Outcome::Failed(ApiError::limit("request_timeout_ms", timeout))
    }
}
