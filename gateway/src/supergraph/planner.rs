//! The edge of the planner's crate: a normalised operation goes in, a plan of our own types comes out.

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
    Supergraph, Types, detour::detours, loaded::told, members, named, parts, spelt::spelt_out,
};
use crate::pipeline::plan::{Entities, Fetch, Needed, Part, Plan, Rewrite, Step, Work};

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PlanFailure {
    /// The operation cannot be brought into the form that is planned.
    #[error("cannot be normalised: {0}")]
    Normalise(String),
    /// The planner finds no way to a field.
    #[error("no plan gets at `{field}`: {cause}")]
    NoPlan {
        /// Its way from the root, or of all fields that were asked for.
        field: String,
        /// What the planner says.
        cause: String,
    },
    /// It takes too long to find one.
    #[error("no plan was found within {} ms", .0.as_millis())]
    TooSlow(Duration),
    /// The operation cannot even be brought into the form that is planned.
    #[error("the planner panicked: {0}")]
    Panicked(String),
    /// A plan holds what is not executed here.
    #[error("the plan holds a step that is not executed here: `{0}`")]
    Step(&'static str),
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
        time: Duration,
    ) -> Result<Plan, PlanFailure> {
        let state = &self.planner.supergraph;
        let mut normal = contained(|| {
            normalize_operation(state, document, operation)
                .map_err(|error| PlanFailure::Normalise(error.to_string()))
        })?;
        if normal.operation.selection_set.items.is_empty() {
            return Ok(Plan::default());
        }
        let root = state.expect_root_type_name(normal.operation.operation_kind.as_ref());
        parts::leave_out_known_types(&mut normal.operation.selection_set, root, state);
        let mut planning = Planning { supergraph: self, begun: Instant::now(), time, tries: 0 };
        let mut steps = planning.steps(&normal.operation)?;
        let root = if steps.len() == 1 { steps.pop() } else { Some(Step::Sequence(steps)) };
        Ok(Plan { root, ..Plan::default() })
    }
}

/// So often is a plan looked for, for one operation and its parts.
const TRIES_MAX: u32 = 64;

/// The planning of one operation.
struct Planning<'a> {
    supergraph: &'a Supergraph,
    begun: Instant,
    time: Duration,
    tries: u32,
}

impl Planning<'_> {
    /// The steps of an operation. Where the planner finds none for a query, each half of it is planned by
    /// itself: fields are asked for twice then, and what both get is one answer.
    fn steps(&mut self, operation: &OperationDefinition) -> Result<Vec<Step>, PlanFailure> {
        self.tries += 1;
        let failure = match self.step(operation) {
            Ok(step) => return Ok(step.into_iter().collect()),
            Err(failure) => failure,
        };
        let may_be_asked_twice =
            matches!(operation.operation_kind, None | Some(OperationKind::Query));
        if !matches!(failure, PlanFailure::NoPlan { .. })
            || !may_be_asked_twice
            || self.tries >= TRIES_MAX
        {
            return Err(failure);
        }
        if let Some(halves) = parts::halves(&operation.selection_set) {
            let mut steps = Vec::new();
            for half in halves {
                steps.extend(self.steps_of(operation, half)?);
            }
            return distinct(steps).ok_or(failure);
        }
        if let Some(steps) = self.round_about(operation) {
            return Ok(steps);
        }
        let Some([one, other]) = parts::by_type(&operation.selection_set) else {
            return Err(failure);
        };
        let mut steps = self.steps_of(operation, one)?;
        let more = self.steps_of(operation, other)?;
        // Who knows a thing only as one of these types is not believed about the others: the same must be
        // asked first.
        if begin(&steps) != begin(&more) {
            return Err(failure);
        }
        steps.extend(more);
        distinct(steps).ok_or(failure)
    }

    fn steps_of(
        &mut self,
        operation: &OperationDefinition,
        selection_set: SelectionSet,
    ) -> Result<Vec<Step>, PlanFailure> {
        self.steps(&OperationDefinition { selection_set, ..operation.clone() })
    }

    /// The steps to the only place of an operation, over what is computed on the way.
    fn round_about(&mut self, operation: &OperationDefinition) -> Option<Vec<Step>> {
        let state = &self.supergraph.planner.supergraph;
        let edge = Edge(self.supergraph.types(), &self.supergraph.planner.supergraph);
        for detour in detours(state, operation) {
            let text = detour.before.to_string();
            let document = parse_query::<String>(&text).ok()?.into_static();
            let before = contained(|| {
                normalize_operation(state, &document, None)
                    .map_err(|error| PlanFailure::Normalise(error.to_string()))
            });
            let Ok(before) = before else { continue };
            if let Ok(mut steps) = self.steps(&before.operation) {
                let needed = edge.needed(&detour.told);
                let types = |of: &str| edge.and_behind(&BTreeSet::from([of.to_owned()]));
                steps.push(detour.question(needed, types));
                return Some(steps);
            }
        }
        None
    }

    /// The step that answers an operation. A panic of the planner's crate ends here.
    fn step(&self, operation: &OperationDefinition) -> Result<Option<Step>, PlanFailure> {
        let no_plan =
            |cause| PlanFailure::NoPlan { field: parts::told(&operation.selection_set), cause };
        let left = self.time.saturating_sub(self.begun.elapsed());
        let in_time = CancellationToken::with_timeout(left);
        // Nothing moves to another subgraph before all of it does.
        let overrides = PlannerOverrideContext::from_percentage(99.999_999);
        let planner = &self.supergraph.planner;
        let made = contained(|| {
            let plan = planner.plan_from_normalized_operation(operation, overrides, &in_time);
            plan.map_err(|error| {
                if self.begun.elapsed() >= self.time {
                    PlanFailure::TooSlow(self.time)
                } else {
                    no_plan(error.to_string())
                }
            })
        });
        let mut plan = made.map_err(|failure| match failure {
            PlanFailure::Panicked(panic) => no_plan(format!("the planner panicked: {panic}")),
            failure => failure,
        })?;
        if self.supergraph.members_differ {
            members::put_back(&planner.supergraph, operation, &mut plan).map_err(no_plan)?;
        }
        let edge = Edge(self.supergraph.types(), &self.supergraph.planner.supergraph);
        let step = plan.node.as_ref().map(|node| edge.step(node)).transpose()?;
        if let Some(name) = step.as_ref().and_then(named::untaken) {
            return Err(no_plan(format!("`{name}` is asked for, and nothing takes it")));
        }
        Ok(step)
    }
}

/// Steps that may follow one another: what the planner names for itself has the same names in each.
fn distinct(steps: Vec<Step>) -> Option<Vec<Step>> {
    let naming = steps.iter().filter(|step| !named::given(step).is_empty());
    (naming.count() <= 1).then_some(steps)
}

/// Who is asked for fields of the root.
fn begin(steps: &[Step]) -> BTreeSet<&str> {
    let fetches = steps.iter().flat_map(Step::fetches);
    let roots = fetches.filter(|fetch| matches!(fetch.work, Work::Fields { .. }));
    roots.map(|fetch| &*fetch.subgraph).collect()
}

/// Does what may panic within the planner's crate.
fn contained<T>(work: impl FnOnce() -> Result<T, PlanFailure>) -> Result<T, PlanFailure> {
    let done = panic::catch_unwind(AssertUnwindSafe(work));
    done.unwrap_or_else(|panic| Err(PlanFailure::Panicked(told(&*panic))))
}

/// Turns the planner's types into ours.
struct Edge<'a>(&'a Types, &'a SupergraphState);

impl Edge<'_> {
    fn step(&self, node: &PlanNode) -> Result<Step, PlanFailure> {
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
                _ => return Err(PlanFailure::Step("Flatten")),
            },
            PlanNode::Subscription(_) => return Err(PlanFailure::Step("Subscription")),
            PlanNode::Defer(_) => return Err(PlanFailure::Step("Defer")),
        })
    }

    fn fetch(&self, fetch: &FetchNode, place: &[FlattenNodePathSegment]) -> Step {
        let after = self.rewrites(fetch.output_rewrites.as_deref());
        let place = self.place(place);
        let work = match &fetch.requires {
            None => Work::Fields { place, keys: keys(&fetch.operation, None, &after), after },
            Some(requires) => Work::Entities(vec![Entities {
                key: ENTITIES.to_owned(),
                variable: Name::new("representations"),
                places: vec![place],
                requires: self.needed(requires),
                before: self.rewrites(fetch.input_rewrites.as_deref()),
                keys: keys(&fetch.operation, Some(ENTITIES), &after),
                after,
            }]),
        };
        question(
            self.1,
            &fetch.service_name,
            &fetch.operation,
            fetch.operation_kind.as_ref(),
            fetch.variable_usages.as_ref(),
            work,
        )
    }

    fn batch(&self, batch: &BatchFetchNode) -> Step {
        let entities = batch.entity_batch.aliases.iter().map(|alias| {
            let after = self.rewrites(alias.output_rewrites.as_deref());
            Entities {
                key: alias.alias.clone(),
                variable: Name::new(&alias.representations_variable_name),
                places: alias.merge_paths.iter().map(|path| self.place(path.as_slice())).collect(),
                requires: self.needed(&alias.requires),
                before: self.rewrites(alias.input_rewrites.as_deref()),
                keys: keys(&batch.operation, Some(&alias.alias), &after),
                after,
            }
        });
        question(
            self.1,
            &batch.service_name,
            &batch.operation,
            batch.operation_kind.as_ref(),
            batch.variable_usages.as_ref(),
            Work::Entities(entities.collect()),
        )
    }

    fn place(&self, path: &[FlattenNodePathSegment]) -> Vec<Part> {
        let part = |segment: &FlattenNodePathSegment| match segment {
            FlattenNodePathSegment::Field(name) => Part::Field(Name::new(name)),
            FlattenNodePathSegment::TypeCondition(types) => Part::Types(self.and_behind(types)),
            FlattenNodePathSegment::List => Part::Items,
        };
        path.iter().map(part).collect()
    }

    fn way(&self, path: &[FetchNodePathSegment]) -> Vec<Part> {
        let part = |segment: &FetchNodePathSegment| match segment {
            FetchNodePathSegment::Key(name) => Part::Field(Name::new(name)),
            FetchNodePathSegment::TypenameEquals(types) => Part::Types(self.and_behind(types)),
        };
        path.iter().map(part).collect()
    }

    fn rewrites(&self, given: Option<&[FetchRewrite]>) -> Vec<Rewrite> {
        let rewrite = |rewrite: &FetchRewrite| match rewrite {
            FetchRewrite::KeyRenamer(rename) => Rewrite::Rename {
                way: self.way(&rename.path),
                to: Name::new(&rename.rename_key_to),
            },
            FetchRewrite::ValueSetter(set) => {
                Rewrite::Set { way: self.way(&set.path), text: set.set_value_to.clone() }
            }
        };
        given.unwrap_or_default().iter().map(rewrite).collect()
    }

    /// The types and everything that is one of them.
    fn and_behind(&self, types: &BTreeSet<String>) -> BTreeSet<String> {
        let behind = types.iter().flat_map(|name| self.0.behind(name)).map(str::to_owned);
        types.iter().cloned().chain(behind).collect()
    }

    fn needed(&self, set: &SelectionSet) -> Vec<Needed> {
        let needed = |item: &SelectionItem| match item {
            SelectionItem::Field(field) => Some(Needed::Field {
                name: Name::new(&field.name),
                key: Name::new(field.selection_identifier()),
                below: self.needed(&field.selections),
            }),
            SelectionItem::InlineFragment(fragment) => {
                let condition = &fragment.type_condition;
                let mut types = self.and_behind(&BTreeSet::from([condition.clone()]));
                // A thing that a subgraph knows by its interface alone (`@interfaceObject`).
                let above = self.0.all().filter(|one| self.0.is(condition, &one.name));
                types.extend(above.map(|one| one.name.clone()));
                Some(Needed::Where { types, below: self.needed(&fragment.selections) })
            }
            SelectionItem::FragmentSpread(_) => None,
        };
        set.items.iter().filter_map(needed).collect()
    }
}

const ENTITIES: &str = "_entities";

fn question(
    state: &SupergraphState,
    subgraph: &str,
    operation: &SubgraphFetchOperation,
    kind: Option<&OperationKind>,
    variables: Option<&BTreeSet<String>>,
    work: Work,
) -> Step {
    Step::Fetch(Box::new(Fetch {
        subgraph: Arc::from(subgraph),
        document: spelt_out(&operation.document, state).to_string().into(),
        kind: match kind {
            None | Some(OperationKind::Query) => OperationType::Query,
            Some(OperationKind::Mutation) => OperationType::Mutation,
            Some(OperationKind::Subscription) => OperationType::Subscription,
        },
        variables: variables.into_iter().flatten().map(Name::new).collect(),
        work,
    }))
}

/// The names under which an answer has what is asked for: of the root, or of the things under `key`.
fn keys(
    operation: &SubgraphFetchOperation,
    key: Option<&str>,
    after: &[Rewrite],
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
    let renamed = after.iter().filter_map(|rewrite| match rewrite {
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
    fn a_panic_of_the_planner_must_be_a_failure() {
        let failure = contained(|| -> Result<(), _> { panic!("it has {}", "no root") });
        assert_eq!(failure, Err(PlanFailure::Panicked("it has no root".to_owned())));
    }
}
