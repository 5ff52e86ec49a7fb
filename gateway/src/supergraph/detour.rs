//! A way round for a computed field (`@requires`) that the planner finds no way to: what it is computed
//! from, and a key by which its subgraph knows the thing, are planned as if a client had asked for them,
//! and a question of our own to the subgraph comes after them.

use std::{
    collections::{BTreeSet, HashSet},
    sync::Arc,
};

use async_graphql::{Name, parser::types::OperationType};
use graphql_tools::{parser::parse_query, static_graphql::query as ast};
use hive_router_query_planner::{
    ast::{
        operation::OperationDefinition,
        selection_item::SelectionItem,
        selection_set::{FieldSelection, InlineFragmentSelection, SelectionSet},
    },
    state::supergraph_state::{SupergraphDefinition, SupergraphState},
};

use super::members::has_all;
use crate::pipeline::plan::{Entities, Fetch, Needed, Part, Step, Work};

/// A way to one computed field.
pub(super) struct Detour {
    /// What has to be known before, on its way from the root.
    pub(super) before: OperationDefinition,
    /// What of it the subgraph is told.
    pub(super) told: SelectionSet,
    /// The types that lie on the way, in the order of the way.
    way: Vec<Stop>,
    of: String,
    field: FieldSelection,
    subgraph: String,
    /// Definitions of the variables that the field uses.
    variables: Vec<(String, String)>,
}

/// A part of the way from the root to the thing.
enum Stop {
    Field(FieldSelection),
    On(String),
}

/// The ways to the last computed field of an operation that leads to one place; one for each key.
pub(super) fn detours(state: &SupergraphState, operation: &OperationDefinition) -> Vec<Detour> {
    let mut found = Vec::new();
    let mut stops = Vec::new();
    let mut set = &operation.selection_set;
    let root = state.expect_root_type_name(operation.operation_kind.as_ref());
    let mut of = root.to_owned();
    while let [item] = set.items.as_slice() {
        match item {
            SelectionItem::Field(field) => {
                let here = at(state, operation, &stops, &of, field);
                if !here.is_empty() {
                    found = here;
                }
                let Some(ty) = state.field_return_type_name(&of, &field.name) else { break };
                ty.clone_into(&mut of);
                stops.push(Stop::Field(field.clone()));
                set = &field.selections;
            }
            SelectionItem::InlineFragment(part) => {
                of.clone_from(&part.type_condition);
                stops.push(Stop::On(of.clone()));
                set = &part.selections;
            }
            SelectionItem::FragmentSpread(_) => break,
        }
    }
    found
}

/// The ways to a field, if it is computed and its subgraph has all that is wanted of it.
fn at(
    state: &SupergraphState,
    operation: &OperationDefinition,
    stops: &[Stop],
    of: &str,
    field: &FieldSelection,
) -> Vec<Detour> {
    let Some(definition @ SupergraphDefinition::Object(_)) = state.definitions.get(of) else {
        return Vec::new();
    };
    let Some(known) = definition.fields().get(&field.name) else { return Vec::new() };
    let mut found = Vec::new();
    for join in &known.join_field {
        let (Some(graph), Some(requires)) = (&join.graph_id, &join.requires) else { continue };
        let answers = known.resolvable_in_graphs(definition).contains(graph);
        // One value of a field stands at a place: with arguments it might be another's.
        if !answers
            || requires.contains('(')
            || !has_all(state, known.field_type.inner_type(), &field.selections, graph)
        {
            continue;
        }
        let Ok(subgraph) = state.resolve_graph_id(graph) else { continue };
        let joins = definition.join_types().iter();
        for key in joins.filter(|join| join.graph_id == *graph && join.resolvable) {
            let Some(key) = &key.key else { continue };
            let Some(told) = selections(&format!("{{ __typename {key} {requires} }}")) else {
                continue;
            };
            let selection_set = with_way(stops, told.clone());
            found.push(Detour {
                before: OperationDefinition { selection_set, ..operation.clone() },
                told,
                way: stops.iter().map(Stop::again).collect(),
                of: of.to_owned(),
                field: field.clone(),
                subgraph: subgraph.0.clone(),
                variables: variables(operation, &field.variable_usages()),
            });
        }
    }
    found
}

fn selections(text: &str) -> Option<SelectionSet> {
    let document: ast::Document = parse_query::<String>(text).ok()?.into_static();
    match document.definitions.into_iter().next()? {
        ast::Definition::Operation(ast::OperationDefinition::SelectionSet(set)) => Some(set.into()),
        _ => None,
    }
}

/// Selections at the end of a way.
fn with_way(stops: &[Stop], set: SelectionSet) -> SelectionSet {
    stops.iter().rev().fold(set, |selections, stop| {
        let item = match stop {
            Stop::Field(field) => {
                SelectionItem::Field(FieldSelection { selections, ..field.clone() })
            }
            Stop::On(of) => SelectionItem::InlineFragment(InlineFragmentSelection {
                type_condition: of.clone(),
                selections,
                skip_if: None,
                include_if: None,
            }),
        };
        SelectionSet { items: vec![item] }
    })
}

fn variables(operation: &OperationDefinition, used: &BTreeSet<String>) -> Vec<(String, String)> {
    let known = operation.variable_definitions.iter().flatten();
    let known = known.filter(|one| used.contains(&one.name));
    known.map(|one| (one.name.clone(), one.variable_type.to_string())).collect()
}

impl Stop {
    fn again(&self) -> Self {
        match self {
            Self::Field(field) => {
                let selections = SelectionSet::default();
                Self::Field(FieldSelection { selections, ..field.clone() })
            }
            Self::On(of) => Self::On(of.clone()),
        }
    }
}

impl Detour {
    /// The question for the field. `needed` is what the subgraph is told, `types` a type with all that are
    /// of it.
    pub(super) fn question(
        self,
        needed: Vec<Needed>,
        types: impl Fn(&str) -> BTreeSet<String>,
    ) -> Step {
        let mut place = Vec::new();
        for stop in &self.way {
            place.push(match stop {
                Stop::Field(field) => Part::Field(Name::new(field.selection_identifier())),
                Stop::On(of) => Part::Types(types(of)),
            });
        }
        place.push(Part::Types(types(&self.of)));
        let given = self.variables.iter().map(|(name, ty)| format!(",${name}:{ty}"));
        let given: String = given.collect();
        let (of, field) = (&self.of, &self.field);
        let document = format!(
            "query($representations:[_Any!]!{given}){{_entities(representations:$representations)\
             {{...on {of}{{{field}}}}}}}"
        );
        let entities = Entities {
            key: "_entities".to_owned(),
            variable: Name::new("representations"),
            places: vec![place],
            requires: needed,
            before: Vec::new(),
            after: Vec::new(),
            keys: Arc::new(HashSet::from([field.selection_identifier().to_owned()])),
        };
        Step::Fetch(Box::new(Fetch {
            subgraph: self.subgraph.as_str().into(),
            document: document.into(),
            kind: OperationType::Query,
            variables: self.variables.iter().map(|(name, _)| Name::new(name)).collect(),
            work: Work::Entities(vec![entities]),
        }))
    }
}
