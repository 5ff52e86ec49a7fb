//! Processes an operation on a supergraph: plan, execute, project.

use std::{collections::HashSet, sync::Arc};

use async_graphql_parser::types::OperationType;
use async_graphql_value::Variables;
use bytes::Bytes;

use crate::{
    authorization::{Caller, Grants},
    config::RouterConfig,
    error::{ApiError, ErrorCode, GraphqlError, shorten, with_causes},
    execute::{Execution, FetchContext},
    filter_operation::AuthContext,
    local_types::same_type_conditions,
    operation::Operation,
    operation_key::OperationKey,
    operation_planner::{OperationPlanner, PlanError},
    plan::Plan,
    plan_cache::PlanCache,
    planner_adapter::PlannerError,
    response_projection::{Projected, hide_unselected_paths, project},
    schema::PublicSchema,
    subgraph::{HttpClient, HttpSubgraph, SubgraphRegistry},
    supergraph::Supergraph,
};

/// An active supergraph with its plan cache and subgraphs.
pub struct SupergraphRouter {
    supergraph: Arc<Supergraph>,
    subgraphs: SubgraphRegistry,
    plan_cache: PlanCache,
    planner: OperationPlanner,
    config: Arc<RouterConfig>,
    /// The type conditions that the local subgraph can evaluate.
    local_conditions: HashSet<String>,
    /// The subgraphs that are called over HTTP, by name.
    remotes: Arc<[Arc<HttpSubgraph>]>,
}

/// Where an operation is executed.
pub enum Route {
    /// Entirely in the local subgraph, exactly as sent by the client.
    Local,
    /// In one or more subgraphs, as planned.
    Federated(PlannedOperation),
}

/// A plan, and the authorization grants of the caller.
pub struct PlannedOperation {
    plan: Arc<Plan>,
    grants: Grants,
}

/// The response to an executed operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// JSON text of `data`.
    pub data: Bytes,
    /// Errors of fields.
    pub errors: Vec<GraphqlError>,
}

/// The reason why an operation was not executed.
#[derive(Debug)]
pub enum RequestError {
    /// The request is invalid.
    Rejected {
        /// Validation errors.
        errors: Vec<GraphqlError>,
        /// Number of further errors that are omitted.
        omitted: usize,
    },
    /// The router failed to execute it.
    Failed(ApiError),
}

impl SupergraphRouter {
    /// Creates the router of a supergraph that replaces `previous`.
    pub(crate) fn new(
        mut supergraph: Supergraph,
        config: &Arc<RouterConfig>,
        client: &HttpClient,
        planner: OperationPlanner,
        previous: Option<&Self>,
    ) -> Self {
        supergraph.check_scalars(config.local.as_ref().map_or(&[], |local| local.scalars));
        let local_sdl = config.local.as_ref().map_or("", |local| local.sdl.sdl.as_str());
        let local_conditions = same_type_conditions(local_sdl, supergraph.types());
        let previous = previous.map(|previous| &previous.subgraphs);
        let subgraphs = SubgraphRegistry::new(supergraph.graphs(), config, client, previous);
        Self {
            remotes: subgraphs.remotes().into(),
            subgraphs,
            plan_cache: PlanCache::new(config.plan_cache_entries_max),
            supergraph: Arc::new(supergraph),
            local_conditions,
            planner,
            config: Arc::clone(config),
        }
    }

    /// Hash of the supergraph.
    pub fn digest(&self) -> blake3::Hash {
        self.supergraph.digest()
    }

    /// The types of the supergraph.
    pub fn types(&self) -> &PublicSchema {
        self.supergraph.types()
    }

    /// The subgraphs called over HTTP, by name.
    pub fn remotes(&self) -> &Arc<[Arc<HttpSubgraph>]> {
        &self.remotes
    }

    /// Number of cached plans.
    pub fn plan_count(&self) -> usize {
        self.plan_cache.len()
    }

    /// The operations whose plans are cached.
    pub(crate) fn cached_operations(&self) -> Vec<OperationKey> {
        self.plan_cache.operations()
    }

    /// Whether an operation can be planned.
    pub(crate) fn can_plan(&self, operation: &OperationKey) -> bool {
        let grants = self.supergraph.auth_rules().all_grants();
        self.planner.plan(&self.supergraph, operation, &grants).is_ok()
    }

    /// Validates and plans an operation, and decides where it is executed.
    ///
    /// # Errors
    /// [`RequestError`] if the operation is invalid or a subscription, or cannot be planned.
    pub async fn route(
        &self,
        operation: &Operation,
        variables: &Variables,
        caller: &Caller,
    ) -> Result<Route, RequestError> {
        check_kind(self.supergraph.types(), operation)?;
        let grants = self.supergraph.auth_rules().grants(caller);
        let key = OperationKey::new(operation, variables);
        let plan = self.plan_cache.get(key, &grants, &self.supergraph, &self.planner).await;
        let plan = plan.map_err(|error| request_error(error, self.config.errors_max))?;
        let single_fetch = plan.root.as_ref().and_then(|step| step.single_root_fetch());
        let has_local_conditions = || {
            operation.type_conditions().iter().all(|name| self.local_conditions.contains(&**name))
        };
        let is_local = !plan.is_filtered
            && single_fetch.is_some_and(|fetch| self.subgraphs.is_local(&fetch.subgraph))
            && !operation.selects_introspection()
            && has_local_conditions();
        Ok(if is_local {
            Route::Local
        } else {
            Route::Federated(PlannedOperation { plan, grants })
        })
    }

    /// Executes a plan and projects the merged responses. Also returns the number of errors beyond
    /// the maximum.
    ///
    /// # Errors
    /// The first variable with an invalid value.
    pub async fn execute(
        &self,
        PlannedOperation { plan, grants }: &PlannedOperation,
        operation: &Operation,
        variables: &Variables,
        caller: &Caller,
        context: FetchContext<'_>,
    ) -> Result<(Response, usize), RequestError> {
        let types = self.supergraph.types();
        let variables = types.coerce_variables(operation, variables)?;
        let execution = Execution::new(types, &self.subgraphs, &self.config, context, &variables);
        let state = execution.run(plan).await;
        let auth = AuthContext { caller, grants };
        let Projected { data, mut errors, omitted } =
            project(types, operation, &variables, auth, self.config.introspection, state);
        let omitted = omitted + errors.len().saturating_sub(self.config.errors_max);
        errors.truncate(self.config.errors_max);
        hide_unselected_paths(&mut errors, operation);
        Ok((Response { data: data.into(), errors }, omitted))
    }
}

impl<E: Into<GraphqlError>> From<E> for RequestError {
    fn from(error: E) -> Self {
        Self::Rejected { errors: vec![error.into()], omitted: 0 }
    }
}

/// Checks that a schema has operations of a kind.
///
/// # Errors
/// The error of a subscription, or of a mutation in a schema without mutations.
pub(crate) fn check_kind(types: &PublicSchema, operation: &Operation) -> Result<(), GraphqlError> {
    let at = operation.definition().pos;
    let error = match operation.kind() {
        OperationType::Subscription => ApiError::new(
            ErrorCode::SubscriptionsNotSupported,
            "subscriptions are not supported; poll with a query",
        ),
        OperationType::Mutation if types.mutation.is_none() => {
            ApiError::new(ErrorCode::GraphqlValidationFailed, "the schema has no mutations")
        }
        _ => return Ok(()),
    };
    Err(error.at(at))
}

/// The error for an operation without a plan; the cause is logged.
pub(crate) fn request_error(error: PlanError, errors_max: usize) -> RequestError {
    match error {
        PlanError::Invalid(mut errors) => {
            let omitted = errors.len().saturating_sub(errors_max);
            errors.truncate(errors_max);
            for error in &mut errors {
                shorten(&mut error.error.message);
            }
            RequestError::Rejected { errors, omitted }
        }
        PlanError::NoPlan(PlannerError::Timeout(time)) => {
            let time = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
            ApiError::limit("plan_timeout_ms", time).into()
        }
        PlanError::NoPlan(cause) => {
            tracing::error!(error = with_causes(&cause), "cannot plan operation");
            let message = match &cause {
                PlannerError::NoPlan { field, .. } => format!("no query plan for `{field}`"),
                _ => "no query plan for this operation".to_owned(),
            };
            RequestError::Failed(ApiError::new(ErrorCode::QueryPlanBuildFailed, message))
        }
        PlanError::Panicked => RequestError::Failed(ApiError::internal()),
    }
}
