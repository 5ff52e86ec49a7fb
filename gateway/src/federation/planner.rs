//! The edge of the planner's crate: a normalised operation goes in, a plan of our own types comes out.

pub(crate) mod workarounds;

use std::{
    collections::{BTreeSet, HashSet},
    panic::{self, AssertUnwindSafe},
    sync::Arc,
    time::{Duration, Instant},
};

use async_graphql::{Name, parser::types::OperationType};
use graphql_tools::{parser::parse_query, static_graphql::query as ast};
use hive_router_query_planner::{
    ast::{
        normalization::normalize_operation,
        operation::{OperationDefinition, SubgraphFetchOperation},
        selection_item::SelectionItem,
        selection_set::SelectionSet,
    },
    graph::PlannerOverrideContext,
    planner::plan_nodes::{
        BatchFetchNode, FetchNode, FetchNodePathSegment, FetchRewrite, FlattenNodePathSegment,
        PlanNode,
    },
    state::supergraph_state::{OperationKind, SupergraphState},
    utils::cancellation::CancellationToken,
};

use super::{
    PublicSchema, Supergraph,
    planner::workarounds::{
        inline_fragments::inline_fragments, requires_behind_key::requires_workarounds,
        split_operation, union_members, unresolved_aliases,
    },
    supergraph::panic_message,
};
use crate::federation::plan::{
    EntityFetch, Fetch, FetchKind, PathElement, Plan, RequiredSelection, Rewrite, Step,
};

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PlannerError {
    /// The operation cannot be brought into the form that is planned.
    #[error("cannot normalise operation: {0}")]
    Normalise(String),
    /// The planner finds no way to a field.
    #[error("no plan for `{field}`: {cause}")]
    NoPlan {
        /// Its way from the root, or of all fields that were asked for.
        field: String,
        /// What the planner says.
        cause: String,
    },
    /// It takes too long to find one.
    #[error("planning timed out after {} ms", .0.as_millis())]
    Timeout(Duration),
    /// The operation cannot even be brought into the form that is planned.
    #[error("planner panicked: {0}")]
    Panicked(String),
    /// A plan holds what is not executed here.
    #[error("unsupported plan node: `{0}`")]
    UnsupportedNode(&'static str),
}

impl Supergraph {
    /// Plans an operation of a valid document within a time. A panic of the planner's crate ends here.
    ///
    /// # Errors
    /// [`PlanFailure`] where there is no plan.
    pub(crate) fn plan(
        &self,
        document: &ast::Document,
        operation: Option<&str>,
        timeout: Duration,
    ) -> Result<Plan, PlannerError> {
        let state = &self.planner.supergraph;
        let mut normal = catch_planner_panic(|| {
            normalize_operation(state, document, operation)
                .map_err(|error| PlannerError::Normalise(error.to_string()))
        })?;
        if normal.operation.selection_set.items.is_empty() {
            return Ok(Plan::default());
        }
        let root = state.expect_root_type_name(normal.operation.operation_kind.as_ref());
        split_operation::remove_redundant_typenames(
            &mut normal.operation.selection_set,
            root,
            state,
        );
        let mut attempt =
            PlanAttempt { supergraph: self, begun: Instant::now(), timeout, tries: 0 };
        let mut steps = attempt.steps(&normal.operation)?;
        let root = if steps.len() == 1 { steps.pop() } else { Some(Step::Sequence(steps)) };
        Ok(Plan { root, ..Plan::default() })
    }
}

/// So often is a plan looked for, for one operation and its parts.
const TRIES_MAX: u32 = 64;

/// The planning of one operation.
struct PlanAttempt<'a> {
    supergraph: &'a Supergraph,
    begun: Instant,
    timeout: Duration,
    tries: u32,
}

impl PlanAttempt<'_> {
    /// The steps of an operation. Where the planner finds none for a query, each half of it is planned by
    /// itself: fields are asked for twice then, and what both get is one answer.
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
        // Who knows a thing only as one of these types is not believed about the others: the same must be
        // asked first.
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

    /// The steps to the only place of an operation, over what is computed on the way.
    fn plan_with_workaround(&mut self, operation: &OperationDefinition) -> Option<Vec<Step>> {
        let state = &self.supergraph.planner.supergraph;
        let converter = PlanConverter(self.supergraph.types(), &self.supergraph.planner.supergraph);
        for workaround in requires_workarounds(state, operation) {
            let text = workaround.prerequisite.to_string();
            let document = parse_query::<String>(&text).ok()?.into_static();
            let prerequisite = catch_planner_panic(|| {
                normalize_operation(state, &document, None)
                    .map_err(|error| PlannerError::Normalise(error.to_string()))
            });
            let Ok(prerequisite) = prerequisite else { continue };
            if let Ok(mut steps) = self.steps(&prerequisite.operation) {
                let required = converter.required(&workaround.representation);
                let types =
                    |of: &str| converter.with_possible_types(&BTreeSet::from([of.to_owned()]));
                steps.push(workaround.into_fetch_step(required, types));
                return Some(steps);
            }
        }
        None
    }

    /// The step that answers an operation. A panic of the planner's crate ends here.
    fn step(&self, operation: &OperationDefinition) -> Result<Option<Step>, PlannerError> {
        let no_plan = |cause| PlannerError::NoPlan {
            field: split_operation::describe(&operation.selection_set),
            cause,
        };
        let left = self.timeout.saturating_sub(self.begun.elapsed());
        let in_time = CancellationToken::with_timeout(left);
        // Nothing moves to another subgraph before all of it does.
        let overrides = PlannerOverrideContext::from_percentage(99.999_999);
        let planner = &self.supergraph.planner;
        let result = catch_planner_panic(|| {
            let plan = planner.plan_from_normalized_operation(operation, overrides, &in_time);
            plan.map_err(|error| {
                if self.begun.elapsed() >= self.timeout {
                    PlannerError::Timeout(self.timeout)
                } else {
                    no_plan(error.to_string())
                }
            })
        });
        let mut plan = result.map_err(|failure| match failure {
            PlannerError::Panicked(panic) => no_plan(format!("planner panicked: {panic}")),
            failure => failure,
        })?;
        if self.supergraph.members_differ {
            union_members::add_missing_members(&planner.supergraph, operation, &mut plan)
                .map_err(no_plan)?;
        }
        let converter = PlanConverter(self.supergraph.types(), &self.supergraph.planner.supergraph);
        let step = plan.node.as_ref().map(|node| converter.step(node)).transpose()?;
        if let Some(name) = step.as_ref().and_then(unresolved_aliases::unresolved_alias) {
            return Err(no_plan(format!("unresolved alias `{name}`")));
        }
        Ok(step)
    }
}

/// Steps that may follow one another: what the planner names for itself has the same names in each.
fn if_aliases_distinct(steps: Vec<Step>) -> Option<Vec<Step>> {
    let naming =
        steps.iter().filter(|step| !unresolved_aliases::generated_aliases(step).is_empty());
    (naming.count() <= 1).then_some(steps)
}

/// Who is asked for fields of the root.
fn root_subgraphs(steps: &[Step]) -> BTreeSet<&str> {
    let fetches = steps.iter().flat_map(Step::fetches);
    let roots = fetches.filter(|fetch| matches!(fetch.fetch_kind, FetchKind::Root { .. }));
    roots.map(|fetch| &*fetch.subgraph).collect()
}

/// Does what may panic within the planner's crate.
fn catch_planner_panic<T>(
    work: impl FnOnce() -> Result<T, PlannerError>,
) -> Result<T, PlannerError> {
    let done = panic::catch_unwind(AssertUnwindSafe(work));
    done.unwrap_or_else(|panic| Err(PlannerError::Panicked(panic_message(&*panic))))
}

/// Turns the planner's types into ours.
struct PlanConverter<'a>(&'a PublicSchema, &'a SupergraphState);

impl PlanConverter<'_> {
    fn step(&self, node: &PlanNode) -> Result<Step, PlannerError> {
        let steps = |nodes: &[PlanNode]| {
            nodes.iter().map(|node| self.step(node)).collect::<Result<Vec<_>, _>>()
        };
        let branch = |node: &Option<Box<PlanNode>>| {
            node.as_ref().map(|node| self.step(node).map(Box::new)).transpose()
        };
        Ok(match node {
            PlanNode::Sequence(sequence) => Step::Sequence(steps(&sequence.nodes)?),
            PlanNode::Parallel(parallel) => Step::Parallel(steps(&parallel.nodes)?),
            PlanNode::Condition(condition) => Step::Condition {
                variable: Name::new(&condition.condition),
                then: branch(&condition.if_clause)?,
                otherwise: branch(&condition.else_clause)?,
            },
            PlanNode::Fetch(fetch) => self.fetch(fetch, &[]),
            PlanNode::BatchFetch(batch) => self.batch(batch),
            PlanNode::Flatten(flatten) => match flatten.node.as_ref() {
                PlanNode::Fetch(fetch) => self.fetch(fetch, flatten.path.as_slice()),
                _ => return Err(PlannerError::UnsupportedNode("Flatten")),
            },
            PlanNode::Subscription(_) => return Err(PlannerError::UnsupportedNode("Subscription")),
            PlanNode::Defer(_) => return Err(PlannerError::UnsupportedNode("Defer")),
        })
    }

    fn fetch(&self, fetch: &FetchNode, path: &[FlattenNodePathSegment]) -> Step {
        let output_rewrites = self.rewrites(fetch.output_rewrites.as_deref());
        let path = self.flatten_path(path);
        let fetch_kind = match &fetch.requires {
            None => FetchKind::Root {
                path,
                response_keys: response_keys(&fetch.operation, None, &output_rewrites),
                output_rewrites,
            },
            Some(requires) => FetchKind::Entities(vec![EntityFetch {
                alias: ENTITIES.to_owned(),
                variable: Name::new("representations"),
                paths: vec![path],
                requires: self.required(requires),
                input_rewrites: self.rewrites(fetch.input_rewrites.as_deref()),
                response_keys: response_keys(&fetch.operation, Some(ENTITIES), &output_rewrites),
                output_rewrites,
            }]),
        };
        fetch_step(
            self.1,
            &fetch.service_name,
            &fetch.operation,
            fetch.operation_kind.as_ref(),
            fetch.variable_usages.as_ref(),
            fetch_kind,
        )
    }

    fn batch(&self, batch: &BatchFetchNode) -> Step {
        let entities = batch.entity_batch.aliases.iter().map(|alias| {
            let output_rewrites = self.rewrites(alias.output_rewrites.as_deref());
            EntityFetch {
                alias: alias.alias.clone(),
                variable: Name::new(&alias.representations_variable_name),
                paths: alias
                    .merge_paths
                    .iter()
                    .map(|path| self.flatten_path(path.as_slice()))
                    .collect(),
                requires: self.required(&alias.requires),
                input_rewrites: self.rewrites(alias.input_rewrites.as_deref()),
                response_keys: response_keys(
                    &batch.operation,
                    Some(&alias.alias),
                    &output_rewrites,
                ),
                output_rewrites,
            }
        });
        fetch_step(
            self.1,
            &batch.service_name,
            &batch.operation,
            batch.operation_kind.as_ref(),
            batch.variable_usages.as_ref(),
            FetchKind::Entities(entities.collect()),
        )
    }

    fn flatten_path(&self, path: &[FlattenNodePathSegment]) -> Vec<PathElement> {
        let element = |segment: &FlattenNodePathSegment| match segment {
            FlattenNodePathSegment::Field(name) => PathElement::Field(Name::new(name)),
            FlattenNodePathSegment::TypeCondition(types) => {
                PathElement::TypeCondition(self.with_possible_types(types))
            }
            FlattenNodePathSegment::List => PathElement::List,
        };
        path.iter().map(element).collect()
    }

    fn rewrite_path(&self, path: &[FetchNodePathSegment]) -> Vec<PathElement> {
        let element = |segment: &FetchNodePathSegment| match segment {
            FetchNodePathSegment::Key(name) => PathElement::Field(Name::new(name)),
            FetchNodePathSegment::TypenameEquals(types) => {
                PathElement::TypeCondition(self.with_possible_types(types))
            }
        };
        path.iter().map(element).collect()
    }

    fn rewrites(&self, nodes: Option<&[FetchRewrite]>) -> Vec<Rewrite> {
        let rewrite = |rewrite: &FetchRewrite| match rewrite {
            FetchRewrite::KeyRenamer(rename) => Rewrite::Rename {
                path: self.rewrite_path(&rename.path),
                to: Name::new(&rename.rename_key_to),
            },
            FetchRewrite::ValueSetter(set) => {
                Rewrite::Set { path: self.rewrite_path(&set.path), text: set.set_value_to.clone() }
            }
        };
        nodes.unwrap_or_default().iter().map(rewrite).collect()
    }

    /// The types and everything that is one of them.
    fn with_possible_types(&self, types: &BTreeSet<String>) -> BTreeSet<String> {
        let possible = types.iter().flat_map(|name| self.0.possible_types(name)).map(str::to_owned);
        types.iter().cloned().chain(possible).collect()
    }

    fn required(&self, set: &SelectionSet) -> Vec<RequiredSelection> {
        let selection = |item: &SelectionItem| match item {
            SelectionItem::Field(field) => Some(RequiredSelection::Field {
                name: Name::new(&field.name),
                key: Name::new(field.selection_identifier()),
                selections: self.required(&field.selections),
            }),
            SelectionItem::InlineFragment(fragment) => {
                let condition = &fragment.type_condition;
                let mut types = self.with_possible_types(&BTreeSet::from([condition.clone()]));
                // A thing that a subgraph knows by its interface alone (`@interfaceObject`).
                let above = self.0.all().filter(|one| self.0.is(condition, &one.name));
                types.extend(above.map(|one| one.name.clone()));
                Some(RequiredSelection::InlineFragment {
                    types,
                    selections: self.required(&fragment.selections),
                })
            }
            SelectionItem::FragmentSpread(_) => None,
        };
        set.items.iter().filter_map(selection).collect()
    }
}

const ENTITIES: &str = "_entities";

fn fetch_step(
    state: &SupergraphState,
    subgraph: &str,
    operation: &SubgraphFetchOperation,
    kind: Option<&OperationKind>,
    variables: Option<&BTreeSet<String>>,
    fetch_kind: FetchKind,
) -> Step {
    Step::Fetch(Box::new(Fetch {
        subgraph: Arc::from(subgraph),
        document: inline_fragments(&operation.document, state).to_string().into(),
        operation_type: match kind {
            None | Some(OperationKind::Query) => OperationType::Query,
            Some(OperationKind::Mutation) => OperationType::Mutation,
            Some(OperationKind::Subscription) => OperationType::Subscription,
        },
        variables: variables.into_iter().flatten().map(Name::new).collect(),
        fetch_kind,
    }))
}

/// The names under which an answer has what is asked for: of the root, or of the things under `key`.
fn response_keys(
    operation: &SubgraphFetchOperation,
    key: Option<&str>,
    output_rewrites: &[Rewrite],
) -> Arc<HashSet<String>> {
    let root = &operation.document.operation.selection_set;
    let below = key.and_then(|key| {
        root.items.iter().find_map(|item| match item {
            SelectionItem::Field(field) if field.selection_identifier() == key => {
                Some(&field.selections)
            }
            _ => None,
        })
    });
    let mut keys = HashSet::new();
    let mut open = vec![below.unwrap_or(root)];
    while let Some(set) = open.pop() {
        for item in &set.items {
            match item {
                SelectionItem::Field(field) => {
                    keys.insert(field.selection_identifier().to_owned());
                }
                SelectionItem::InlineFragment(fragment) => open.push(&fragment.selections),
                SelectionItem::FragmentSpread(name) => {
                    let fragments = &operation.document.fragments;
                    let fragment = fragments.iter().find(|fragment| fragment.name == *name);
                    open.extend(fragment.map(|fragment| &fragment.selection_set));
                }
            }
        }
    }
    let renamed = output_rewrites.iter().filter_map(|rewrite| match rewrite {
        Rewrite::Rename { to, .. } => Some(to.to_string()),
        Rewrite::Set { .. } => None,
    });
    keys.extend(renamed);
    Arc::new(keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_of_the_planner_must_be_an_error() {
        let failure = catch_planner_panic(|| -> Result<(), _> { panic!("it has {}", "no root") });
        assert_eq!(failure, Err(PlannerError::Panicked("it has no root".to_owned())));
    }
}
