//! Answers over a supergraph: plan ► execute ► project, for one operation.

use std::sync::Arc;

use async_graphql::{Response, ServerError, Variables};
use tokio::time::Instant;

use super::{
    Outcome,
    breaking::Known,
    coerce,
    execute::Execution,
    normalise::Planning,
    operation::Operation,
    outcome::WholeBody,
    plan::{Plan, Plans},
    project::{Projected, project},
    service::{Asking, Services},
    validate::Wrong,
};
use crate::{
    authentication::Caller,
    config::{Config, Limits},
    failure::{Failure, shorten},
    subgraph::{Client, Remote},
    supergraph::{Access, PlanFailure, Supergraph},
};

/// A supergraph that is served, with its plans and its subgraphs.
pub(super) struct Federated {
    supergraph: Arc<Supergraph>,
    services: Services,
    plans: Plans,
    planning: Planning,
    /// Everybody who is called over HTTP, by name.
    remotes: Arc<[Arc<Remote>]>,
}

impl Federated {
    /// Serves a supergraph; `before` is what was served until now.
    pub(super) fn new(
        supergraph: Supergraph,
        config: &Config,
        client: &Client,
        planning: Planning,
        before: Option<&Self>,
    ) -> Self {
        let before = before.map(|before| &before.services);
        let services = Services::new(&supergraph, config, client, before);
        Self {
            remotes: services.remotes().into(),
            services,
            plans: Plans::new(config.limits.plans_max),
            supergraph: Arc::new(supergraph),
            planning,
        }
    }

    /// A digest of the supergraph.
    pub(super) fn digest(&self) -> blake3::Hash {
        self.supergraph.digest()
    }

    /// Everybody who is called over HTTP, by name.
    pub(super) fn remotes(&self) -> &Arc<[Arc<Remote>]> {
        &self.remotes
    }

    /// What is asked these days.
    pub(super) fn known(&self) -> Vec<Known> {
        self.plans.known()
    }

    /// Whether an operation can be answered.
    pub(super) fn can_plan(&self, known: &Known) -> bool {
        let Known { text, name, conditions } = known;
        let access = self.supergraph.types().guards().full_access();
        self.planning.plan(&self.supergraph, text, name.as_deref(), conditions, &access).is_ok()
    }

    /// How many plans are kept.
    pub(super) fn plans(&self) -> usize {
        self.plans.len()
    }

    /// What a caller may see.
    pub(super) fn access(&self, caller: &Caller) -> Access {
        self.supergraph.types().guards().access(caller)
    }

    /// The plan for an operation, for those who have `access`.
    pub(super) async fn plan(
        &self,
        text: &Arc<str>,
        operation: &Arc<Operation>,
        variables: &Variables,
        access: &Access,
    ) -> Result<Arc<Plan>, Outcome> {
        let (supergraph, planning) = (&self.supergraph, self.planning.clone());
        let plan = self.plans.get(supergraph, text, operation, variables, access, planning).await;
        plan.map_err(|wrong| refused(wrong, self.planning.errors_max))
    }

    /// Whether a plan is one question to ourselves, which is answered as the client asked it.
    pub(super) fn is_ours(&self, plan: &Plan, operation: &Operation) -> bool {
        let only = plan.root.as_ref().and_then(|step| step.only_fetch());
        let is_about_schema = |name: &async_graphql::Name| name == "__schema" || name == "__type";
        !plan.is_part
            && only.is_some_and(|fetch| self.services.is_local(&fetch.subgraph))
            && !operation.root_fields().iter().any(is_about_schema)
    }

    /// Executes a plan and gives the answer its form.
    pub(super) async fn execute(
        &self,
        plan: &Plan,
        operation: &Operation,
        variables: &Variables,
        asking: Asking<'_>,
        deadline: Instant,
        limits: &Limits,
    ) -> Outcome {
        let types = self.supergraph.types();
        let definitions = &operation.definition().node.variable_definitions;
        let variables = match coerce::variables(types, definitions, variables) {
            Ok(variables) => variables,
            Err(error) => return Outcome::refused(error),
        };
        let calls_max = limits.subgraph_calls_max;
        let sight = asking.sight;
        let execution = Execution::new(&self.services, asking, &variables, deadline, calls_max);
        let gathered = execution.run(plan).await;
        outcome(project(types, operation, &variables, sight, gathered), limits.errors_max)
    }
}

/// An answer, whole or in part.
fn outcome(projected: Projected, errors_max: usize) -> Outcome {
    let Projected { data, mut errors, omitted } = projected;
    if errors.is_empty() && omitted == 0 {
        let body = serde_json::to_vec(&WholeBody { data: &data });
        return Outcome::Whole(body.expect("GraphQL values are always JSON").into());
    }
    let omitted = omitted + errors.len().saturating_sub(errors_max);
    errors.truncate(errors_max);
    let mut response = Response::new(data);
    response.errors = errors;
    Outcome::Partial { response: Arc::new(response), omitted }
}

/// What a client is told about an operation that is not executed.
fn refused(wrong: Wrong, errors_max: usize) -> Outcome {
    match wrong {
        Wrong::Document(mut errors) => {
            let omitted = errors.len().saturating_sub(errors_max);
            errors.truncate(errors_max);
            for error in &mut errors {
                shorten(&mut error.message);
            }
            Outcome::Refused { errors, omitted }
        }
        Wrong::NoPlan(PlanFailure::TooSlow(time)) => {
            let time = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
            Outcome::refused(Failure::limit("plan_ms_max", time).at(None))
        }
        Wrong::NoPlan(cause) => {
            tracing::error!(%cause, "an operation cannot be planned");
            Outcome::Failed(match &cause {
                PlanFailure::NoPlan { field, .. } => Failure::unplanned(field),
                _ => Failure::internal(),
            })
        }
        Wrong::Planner => Outcome::Failed(Failure::internal()),
    }
}

/// What a client is told who subscribes.
pub(super) fn no_subscriptions() -> ServerError {
    let message = "subscriptions are not answered here; ask by a query, again and again";
    Failure::bad_request(message).at(None)
}
