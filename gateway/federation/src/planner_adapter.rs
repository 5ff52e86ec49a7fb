//! Adapter of the planner's crate: converts a normalised operation to a plan. No other module uses
//! that crate.

mod convert;
mod workarounds;

use std::{
    collections::BTreeSet,
    panic::{self, AssertUnwindSafe},
    time::{Duration, Instant},
};

use graphql_tools::{
    parser::parse_query,
    static_graphql::{query as ast, schema},
};
use hive_router_query_planner::{
    ast::{
        normalization::normalize_operation, operation::OperationDefinition,
        selection_set::SelectionSet,
    },
    graph::PlannerOverrideContext,
    planner::{Planner as HivePlanner, QueryPlannerOptions},
    state::supergraph_state::{OperationKind, SupergraphState},
    utils::{cancellation::CancellationToken, parsing::safe_parse_schema},
};

use self::{
    convert::PlanConverter,
    workarounds::{
        requires_behind_key::requires_workarounds, split_operation, union_members,
        unresolved_aliases,
    },
};
use crate::{
    error::{Cause, cause, panic_message},
    plan::{FetchKind, Step},
    schema::PublicSchema,
    text_limits::check_sdl,
};

/// The reason why an operation cannot be planned.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum PlannerError {
    /// The operation cannot be normalised.
    #[error("cannot normalise operation")]
    Normalise(#[source] Cause),
    /// No plan was found for a field.
    #[error("no plan for `{field}`")]
    NoPlan {
        /// Path of the first field, and the number of other fields.
        field: String,
        /// Message of the planner.
        #[source]
        cause: Cause,
    },
    /// The timeout expired.
    #[error("planning timed out after {} ms", .0.as_millis())]
    Timeout(Duration),
    /// The planner's crate panicked during normalisation.
    #[error("planner panicked: {0}")]
    Panicked(String),
    /// The plan contains a node that this router does not execute.
    #[error("unsupported plan node: `{0}`")]
    UnsupportedNode(&'static str),
}

/// Parses the SDL of a supergraph.
///
/// # Errors
/// The syntax error or the exceeded limit, on one line.
pub(crate) fn parse_supergraph(sdl: &str) -> Result<schema::Document, Cause> {
    check_sdl(sdl).map_err(cause)?;
    safe_parse_schema(sdl)
        .map_err(|error| cause(error.to_string().split_whitespace().collect::<Vec<_>>().join(" ")))
}

/// The planner of one supergraph.
pub(crate) struct Planner {
    inner: HivePlanner,
    /// Whether subgraphs have different members of the same union.
    members_differ: bool,
}

impl Planner {
    /// Creates the planner of a supergraph, and catches panics of the planner's crate.
    ///
    /// # Errors
    /// The reason why the planner rejects the supergraph.
    pub(crate) fn new(document: &schema::Document) -> Result<Self, Cause> {
        let inner = panic::catch_unwind(|| {
            let state = supergraph_state(document);
            let options = QueryPlannerOptions::default();
            HivePlanner::new_from_supergraph_state(state, document, options)
        })
        .map_err(|panic| cause(format!("panicked: {}", panic_message(&*panic))))?
        .map_err(cause)?;
        let members_differ = union_members::union_members_differ(&inner.supergraph);
        Ok(Self { inner, members_differ })
    }

    /// The schema that clients see.
    pub(crate) fn public_schema(&self) -> &schema::Document {
        &self.inner.consumer_schema.document
    }

    /// The root step of an operation in a valid document; `None` if nothing needs to be fetched.
    /// Catches panics of the planner's crate.
    ///
    /// # Errors
    /// [`PlannerError`] if the operation cannot be planned.
    pub(crate) fn plan(
        &self,
        types: &PublicSchema,
        document: &ast::Document,
        operation: Option<&str>,
        timeout: Duration,
    ) -> Result<Option<Step>, PlannerError> {
        let state = &self.inner.supergraph;
        let mut normal = catch_planner_panic(|| {
            normalize_operation(state, document, operation)
                .map_err(|error| PlannerError::Normalise(cause(error)))
        })?;
        if normal.operation.selection_set.items.is_empty() {
            return Ok(None);
        }
        let root = state.expect_root_type_name(normal.operation.operation_kind.as_ref());
        split_operation::remove_redundant_typenames(
            &mut normal.operation.selection_set,
            root,
            state,
        );
        let converter = PlanConverter { types, state };
        let mut attempt =
            PlanAttempt { planner: self, converter, started: Instant::now(), timeout, tries: 0 };
        let mut steps = attempt.steps(&normal.operation)?;
        Ok(if steps.len() == 1 { steps.pop() } else { Some(Step::Sequence(steps)) })
    }
}

/// The planner's state of a supergraph. Its crate searches for each root type, from the front of the
/// schema and once for each object type, also if there is no such root type. So the root types come
/// first here, and the query type stands in for those that do not exist.
fn supergraph_state(document: &schema::Document) -> SupergraphState {
    use schema::Definition;

    let query = document.query_type_name().cloned();
    let mutation = document.mutation_type_name().cloned();
    let subscription = document.subscription_type_name().cloned();
    let is_root = |name: &str| {
        [&query, &mutation, &subscription].into_iter().flatten().any(|root| root == name)
    };
    let mut definitions = document.definitions.clone();
    definitions.sort_by_key(|definition| match definition {
        Definition::SchemaDefinition(_) => 0,
        Definition::TypeDefinition(of) if is_root(of.name()) => 1,
        _ => 2,
    });
    let (has_mutation, has_subscription) = (mutation.is_some(), subscription.is_some());
    for definition in &mut definitions {
        if let Definition::SchemaDefinition(roots) = definition {
            roots.query.clone_from(&query);
            roots.mutation = mutation.clone().or_else(|| query.clone());
            roots.subscription = subscription.clone().or_else(|| query.clone());
        }
    }
    let mut state = SupergraphState::new(&schema::Document { definitions });
    state.mutation_type.take_if(|_| !has_mutation);
    state.subscription_type.take_if(|_| !has_subscription);
    state
}

/// Maximum number of planning attempts for one operation and its halves.
const TRIES_MAX: u32 = 64;

/// Percentage for progressive `@override`: the planner's crate overrides a field if the percentage
/// of its label is higher, so only labels of 100 % take effect.
const OVERRIDE_PERCENTAGE: f64 = 99.999_999;

/// State of planning one operation.
struct PlanAttempt<'a> {
    planner: &'a Planner,
    converter: PlanConverter<'a>,
    started: Instant,
    timeout: Duration,
    tries: u32,
}

impl PlanAttempt<'_> {
    /// The steps of an operation. If a query cannot be planned, each half of it is planned
    /// separately; fields that both halves need are then fetched twice, and the results are merged.
    fn steps(&mut self, operation: &OperationDefinition) -> Result<Vec<Step>, PlannerError> {
        self.tries += 1;
        let failure = match self.step(operation) {
            Ok(step) => return Ok(step.into_iter().collect()),
            Err(failure) => failure,
        };
        let is_repeatable = matches!(operation.operation_kind, None | Some(OperationKind::Query));
        if !matches!(failure, PlannerError::NoPlan { .. })
            || !is_repeatable
            || self.tries >= TRIES_MAX
        {
            return Err(failure);
        }
        if let Some(halves) = split_operation::split_in_half(&operation.selection_set) {
            let mut steps = Vec::new();
            for half in halves {
                steps.extend(self.steps_of(operation, half)?);
            }
            return if_aliases_distinct(steps).ok_or(failure);
        }
        if let Some(steps) = self.plan_with_workaround(operation) {
            return Ok(steps);
        }
        let Some([one, other]) = split_operation::split_by_type(&operation.selection_set) else {
            return Err(failure);
        };
        let mut steps = self.steps_of(operation, one)?;
        let more = self.steps_of(operation, other)?;
        // A subgraph that returns an object with only some of its types is not authoritative for
        // the others: both halves must have the same root subgraphs.
        if root_subgraphs(&steps) != root_subgraphs(&more) {
            return Err(failure);
        }
        steps.extend(more);
        if_aliases_distinct(steps).ok_or(failure)
    }

    fn steps_of(
        &mut self,
        operation: &OperationDefinition,
        selection_set: SelectionSet,
    ) -> Result<Vec<Step>, PlannerError> {
        self.steps(&OperationDefinition { selection_set, ..operation.clone() })
    }

    /// Plans an operation with a single path by first fetching the required fields of a `@requires`
    /// field on it.
    fn plan_with_workaround(&mut self, operation: &OperationDefinition) -> Option<Vec<Step>> {
        let state = &self.planner.inner.supergraph;
        for workaround in requires_workarounds(state, operation) {
            let text = workaround.prerequisite.to_string();
            let document = parse_query::<String>(&text).ok()?.into_static();
            let prerequisite = catch_planner_panic(|| {
                normalize_operation(state, &document, None)
                    .map_err(|error| PlannerError::Normalise(cause(error)))
            });
            let Ok(prerequisite) = prerequisite else { continue };
            if let Ok(mut steps) = self.steps(&prerequisite.operation) {
                let required = self.converter.required(&workaround.representation);
                let types =
                    |of: &str| self.converter.with_possible_types(&BTreeSet::from([of.to_owned()]));
                let selected = |set: &SelectionSet| self.converter.selected(set);
                steps.push(workaround.into_fetch_step(required, selected, types));
                return Some(steps);
            }
        }
        None
    }

    /// The step of an operation. Catches panics of the planner's crate.
    fn step(&self, operation: &OperationDefinition) -> Result<Option<Step>, PlannerError> {
        let no_plan = |cause| PlannerError::NoPlan {
            field: split_operation::describe(&operation.selection_set),
            cause,
        };
        let left = self.timeout.saturating_sub(self.started.elapsed());
        let in_time = CancellationToken::with_timeout(left);
        let overrides = PlannerOverrideContext::from_percentage(OVERRIDE_PERCENTAGE);
        let planner = &self.planner.inner;
        let result = catch_planner_panic(|| {
            let plan = planner.plan_from_normalized_operation(operation, overrides, &in_time);
            plan.map_err(|error| {
                if self.started.elapsed() >= self.timeout {
                    PlannerError::Timeout(self.timeout)
                } else {
                    no_plan(cause(error))
                }
            })
        });
        let mut plan = result.map_err(|failure| match failure {
            PlannerError::Panicked(panic) => no_plan(cause(format!("planner panicked: {panic}"))),
            failure => failure,
        })?;
        if self.planner.members_differ {
            union_members::add_missing_members(&planner.supergraph, operation, &mut plan)
                .map_err(|reason| no_plan(cause(reason)))?;
        }
        let step = plan.node.as_ref().map(|node| self.converter.step(node)).transpose()?;
        if let Some(name) = step.as_ref().and_then(unresolved_aliases::unresolved_alias) {
            return Err(no_plan(cause(format!("unresolved alias `{name}`"))));
        }
        Ok(step)
    }
}

/// Steps that can be combined: the aliases generated by the planner are only distinct within a
/// step.
fn if_aliases_distinct(steps: Vec<Step>) -> Option<Vec<Step>> {
    let naming =
        steps.iter().filter(|step| !unresolved_aliases::generated_aliases(step).is_empty());
    (naming.count() <= 1).then_some(steps)
}

/// The subgraphs of the root fetches.
fn root_subgraphs(steps: &[Step]) -> BTreeSet<&str> {
    let fetches = steps.iter().flat_map(Step::fetches);
    let roots = fetches.filter(|fetch| matches!(fetch.kind, FetchKind::Root { .. }));
    roots.map(|fetch| &*fetch.subgraph).collect()
}

/// Catches a panic of the planner's crate.
fn catch_planner_panic<T>(
    work: impl FnOnce() -> Result<T, PlannerError>,
) -> Result<T, PlannerError> {
    let done = panic::catch_unwind(AssertUnwindSafe(work));
    done.unwrap_or_else(|panic| Err(PlannerError::Panicked(panic_message(&*panic))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_of_the_planner_must_be_an_error() {
        let failure = catch_planner_panic(|| -> Result<(), _> { panic!("it has {}", "no root") });
        assert!(matches!(failure, Err(PlannerError::Panicked(text)) if text == "it has no root"));
    }
}
