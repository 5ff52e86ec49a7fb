//! The edge of the planner's crate: a normalised operation goes in, a plan of our own types comes out.

use std::{
    collections::{BTreeSet, HashSet},
    panic::{self, AssertUnwindSafe},
    sync::Arc,
    time::{Duration, Instant},
};

use async_graphql::{Name, parser::types::OperationType};
use graphql_tools::static_graphql::query as ast;
use hive_router_query_planner::{
    ast::{
        normalization::normalize_operation, operation::SubgraphFetchOperation,
        selection_item::SelectionItem, selection_set::SelectionSet,
    },
    graph::PlannerOverrideContext,
    planner::plan_nodes::{
        BatchFetchNode, FetchNode, FetchNodePathSegment, FetchRewrite, FlattenNodePathSegment,
        PlanNode,
    },
    state::supergraph_state::OperationKind,
    utils::cancellation::CancellationToken,
};

use super::{Supergraph, Types, loaded::told};
use crate::pipeline::plan::{Entities, Fetch, Needed, Part, Plan, Rewrite, Step, Work};

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PlanFailure {
    /// The operation cannot be brought into the form that is planned.
    #[error("cannot be normalised: {0}")]
    Normalise(String),
    /// The planner finds no way.
    #[error("no plan was found: {0}")]
    NoPlan(String),
    /// It takes too long to find one.
    #[error("no plan was found within {} ms", .0.as_millis())]
    TooSlow(Duration),
    /// The planner panicked.
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
        let planned = panic::catch_unwind(AssertUnwindSafe(|| {
            let normal = normalize_operation(&self.planner.supergraph, document, operation)
                .map_err(|error| PlanFailure::Normalise(error.to_string()))?;
            if normal.operation.selection_set.items.is_empty() {
                return Ok(Plan::default());
            }
            let in_time = CancellationToken::with_timeout(time);
            let overrides = PlannerOverrideContext::default();
            let begun = Instant::now();
            let plan = self
                .planner
                .plan_from_normalized_operation(&normal.operation, overrides, &in_time)
                .map_err(|error| match error {
                    _ if begun.elapsed() >= time => PlanFailure::TooSlow(time),
                    error => PlanFailure::NoPlan(error.to_string()),
                })?;
            let edge = Edge(self.types());
            let root = plan.node.as_ref().map(|node| edge.step(node)).transpose()?;
            Ok(Plan { root })
        }));
        planned.unwrap_or_else(|panic| Err(PlanFailure::Panicked(told(&*panic))))
    }
}

/// Turns the planner's types into ours.
struct Edge<'a>(&'a Types);

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
    subgraph: &str,
    operation: &SubgraphFetchOperation,
    kind: Option<&OperationKind>,
    variables: Option<&BTreeSet<String>>,
    work: Work,
) -> Step {
    Step::Fetch(Box::new(Fetch {
        subgraph: Arc::from(subgraph),
        document: operation.document_str.as_str().into(),
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
