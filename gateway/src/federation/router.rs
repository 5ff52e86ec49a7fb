//! Answers over a supergraph: plan ► execute ► project, for one operation.

use std::sync::Arc;

use async_graphql::{Response, ServerError, Variables};
use tokio::time::Instant;

use super::{
    compatibility::OperationKey,
    execute::{Execution, coerce_variables},
    normalise::OperationPlanner,
    operation::Operation,
    plan::{Plan, PlanCache},
    project::{Projected, project},
    subgraph::registry::{FetchContext, SubgraphRegistry},
    validate::PlanError,
};
use crate::{
    auth::Caller,
    config::{Config, Limits},
    error::{ApiError, shorten},
    federation::{
        Grants, PlannerError, Supergraph,
        subgraph::{HttpClient, HttpSubgraph},
    },
    pipeline::{Outcome, outcome::DataOnlyBody},
};

/// A supergraph that is served, with its plans and its subgraphs.
pub(crate) struct SupergraphRouter {
    supergraph: Arc<Supergraph>,
    subgraphs: SubgraphRegistry,
    plan_cache: PlanCache,
    planner: OperationPlanner,
    /// Everybody who is called over HTTP, by name.
    remotes: Arc<[Arc<HttpSubgraph>]>,
}

impl SupergraphRouter {
    /// Serves a supergraph; `before` is what was served until now.
    pub(crate) fn new(
        supergraph: Supergraph,
        config: &Config,
        client: &HttpClient,
        planner: OperationPlanner,
        previous: Option<&Self>,
    ) -> Self {
        let previous = previous.map(|previous| &previous.subgraphs);
        let subgraphs = SubgraphRegistry::new(&supergraph, config, client, previous);
        Self {
            remotes: subgraphs.remotes().into(),
            subgraphs,
            plan_cache: PlanCache::new(config.limits.plan_cache_entries_max),
            supergraph: Arc::new(supergraph),
            planner,
        }
    }

    /// A digest of the supergraph.
    pub(crate) fn digest(&self) -> blake3::Hash {
        self.supergraph.digest()
    }

    /// Everybody who is called over HTTP, by name.
    pub(crate) fn remotes(&self) -> &Arc<[Arc<HttpSubgraph>]> {
        &self.remotes
    }

    /// What is asked these days.
    pub(crate) fn cached_operations(&self) -> Vec<OperationKey> {
        self.plan_cache.operations()
    }

    /// Whether an operation can be answered.
    pub(crate) fn can_plan(&self, operation: &OperationKey) -> bool {
        let OperationKey { text, name, conditions } = operation;
        let grants = self.supergraph.types().auth_rules().all_grants();
        self.planner.plan(&self.supergraph, text, name.as_deref(), conditions, &grants).is_ok()
    }

    /// How many plans are kept.
    pub(crate) fn plan_count(&self) -> usize {
        self.plan_cache.len()
    }

    /// What a caller may see.
    pub(crate) fn grants(&self, caller: &Caller) -> Grants {
        self.supergraph.types().auth_rules().grants(caller)
    }

    /// The plan for an operation, for those who have `access`.
    pub(crate) async fn plan(
        &self,
        text: &Arc<str>,
        operation: &Arc<Operation>,
        variables: &Variables,
        grants: &Grants,
    ) -> Result<Arc<Plan>, Outcome> {
        let (supergraph, planner) = (&self.supergraph, self.planner.clone());
        let plan =
            self.plan_cache.get(supergraph, text, operation, variables, grants, planner).await;
        plan.map_err(|error| rejected(error, self.planner.errors_max))
    }

    /// Whether a plan is one question to ourselves, which is answered as the client asked it.
    pub(crate) fn is_local(&self, plan: &Plan, operation: &Operation) -> bool {
        let single_fetch = plan.root.as_ref().and_then(|step| step.single_root_fetch());
        let is_about_schema = |name: &async_graphql::Name| name == "__schema" || name == "__type";
        !plan.is_filtered
            && single_fetch.is_some_and(|fetch| self.subgraphs.is_local(&fetch.subgraph))
            && !operation.root_fields().iter().any(is_about_schema)
    }

    /// Executes a plan and gives the answer its form.
    pub(crate) async fn execute(
        &self,
        plan: &Plan,
        operation: &Operation,
        variables: &Variables,
        context: FetchContext<'_>,
        deadline: Instant,
        limits: &Limits,
    ) -> Outcome {
        let types = self.supergraph.types();
        let definitions = &operation.definition().node.variable_definitions;
        let variables = match coerce_variables::coerce_variables(types, definitions, variables) {
            Ok(variables) => variables,
            Err(error) => return Outcome::rejected(error),
        };
        let calls_max = limits.subgraph_calls_max;
        let auth = context.auth;
        let execution = Execution::new(&self.subgraphs, context, &variables, deadline, calls_max);
        let state = execution.run(plan).await;
        outcome(project(types, operation, &variables, auth, state), limits.errors_max)
    }
}

/// An answer, whole or in part.
fn outcome(projected: Projected, errors_max: usize) -> Outcome {
    let Projected { data, mut errors, omitted } = projected;
    if errors.is_empty() && omitted == 0 {
        let body = serde_json::to_vec(&DataOnlyBody { data: &data });
        return Outcome::Complete(body.expect("GraphQL values always serialise to JSON").into());
    }
    let omitted = omitted + errors.len().saturating_sub(errors_max);
    errors.truncate(errors_max);
    let mut response = Response::new(data);
    response.errors = errors;
    Outcome::Partial { response: Arc::new(response), omitted }
}

/// What a client is told about an operation that is not executed.
fn rejected(error: PlanError, errors_max: usize) -> Outcome {
    match error {
        PlanError::Invalid(mut errors) => {
            let omitted = errors.len().saturating_sub(errors_max);
            errors.truncate(errors_max);
            for error in &mut errors {
                shorten(&mut error.message);
            }
            Outcome::Rejected { errors, omitted }
        }
        PlanError::NoPlan(PlannerError::Timeout(time)) => {
            let time = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
            Outcome::rejected(ApiError::limit("plan_timeout_ms", time).into_server_error(None))
        }
        PlanError::NoPlan(cause) => {
            tracing::error!(error = %cause, "cannot plan operation");
            Outcome::Failed(match &cause {
                PlannerError::NoPlan { field, .. } => ApiError::no_plan(field),
                _ => ApiError::internal(),
            })
        }
        PlanError::Panicked => Outcome::Failed(ApiError::internal()),
    }
}

/// What a client is told who subscribes.
pub(crate) fn subscriptions_unsupported() -> ServerError {
    let message = "subscriptions are not supported; poll with a query";
    ApiError::bad_request(message).into_server_error(None)
}
