//! Workaround for `@requires` fields that the planner cannot reach: the required fields and a key
//! of the subgraph are planned as if a client had selected them, followed by an additional
//! `_entities` fetch of the field.

use std::{
    collections::{BTreeSet, HashSet},
    sync::Arc,
};

use async_graphql_parser::types::OperationType;
use async_graphql_value::Name;
use graphql_tools::{parser::parse_query, static_graphql::query as ast};
use hive_router_query_planner::{
    ast::{
        operation::OperationDefinition,
        selection_item::SelectionItem,
        selection_set::{FieldSelection, InlineFragmentSelection, SelectionSet},
    },
    state::supergraph_state::{SupergraphDefinition, SupergraphState},
};

use super::union_members::has_all;
use crate::{
    plan::{EntityFetch, Fetch, FetchKind, PathElement, RequiredSelection, Step},
    selected_fields::SelectedFields,
};

/// A fetch of one `@requires` field, with its prerequisite.
pub(crate) struct RequiresWorkaround {
    /// Selects the required fields and the key, on their path from the root.
    pub(crate) prerequisite: OperationDefinition,
    /// Fields of the representation.
    pub(crate) representation: SelectionSet,
    /// Path from the root to the object with the field.
    path: Vec<PathStep>,
    type_name: String,
    field: FieldSelection,
    subgraph: String,
    /// Name and type of the variables that the field uses.
    variables: Vec<(String, String)>,
}

/// A segment of the path from the root to the object.
enum PathStep {
    Field(FieldSelection),
    On(String),
}

/// Workarounds for the last `@requires` field of an operation with a single path; one for each key.
pub(crate) fn requires_workarounds(
    state: &SupergraphState,
    operation: &OperationDefinition,
) -> Vec<RequiresWorkaround> {
    let mut found = Vec::new();
    let mut path = Vec::new();
    let mut set = &operation.selection_set;
    let root = state.expect_root_type_name(operation.operation_kind.as_ref());
    let mut type_name = root.to_owned();
    while let [item] = set.items.as_slice() {
        match item {
            SelectionItem::Field(field) => {
                let candidates = workarounds_for_field(state, operation, &path, &type_name, field);
                if !candidates.is_empty() {
                    found = candidates;
                }
                let Some(ty) = state.field_return_type_name(&type_name, &field.name) else { break };
                ty.clone_into(&mut type_name);
                path.push(PathStep::Field(field.clone()));
                set = &field.selections;
            }
            SelectionItem::InlineFragment(fragment) => {
                type_name.clone_from(&fragment.type_condition);
                path.push(PathStep::On(type_name.clone()));
                set = &fragment.selections;
            }
            SelectionItem::FragmentSpread(_) => break,
        }
    }
    found
}

/// Workarounds for a field, if it has `@requires` and its subgraph resolves everything selected
/// below it.
fn workarounds_for_field(
    state: &SupergraphState,
    operation: &OperationDefinition,
    path: &[PathStep],
    type_name: &str,
    field: &FieldSelection,
) -> Vec<RequiresWorkaround> {
    let Some(definition @ SupergraphDefinition::Object(_)) = state.definitions.get(type_name)
    else {
        return Vec::new();
    };
    let Some(field_definition) = definition.fields().get(&field.name) else { return Vec::new() };
    let mut found = Vec::new();
    for join in &field_definition.join_field {
        let (Some(graph), Some(requires)) = (&join.graph_id, &join.requires) else { continue };
        let is_resolvable = field_definition.resolvable_in_graphs(definition).contains(graph);
        // A response has one value per field and path, which could be that of other arguments.
        if !is_resolvable
            || requires.contains('(')
            || !has_all(state, field_definition.field_type.inner_type(), &field.selections, graph)
        {
            continue;
        }
        let Ok(subgraph) = state.resolve_graph_id(graph) else { continue };
        let joins = definition.join_types().iter();
        for key in joins.filter(|join| join.graph_id == *graph && join.resolvable) {
            let Some(key) = &key.key else { continue };
            let Some(representation) = selections(&format!("{{ __typename {key} {requires} }}"))
            else {
                continue;
            };
            let selection_set = wrap_in_path(path, representation.clone());
            found.push(RequiresWorkaround {
                prerequisite: OperationDefinition { selection_set, ..operation.clone() },
                representation,
                path: path.iter().map(PathStep::without_selections).collect(),
                type_name: type_name.to_owned(),
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

/// Wraps selections in a path.
fn wrap_in_path(path: &[PathStep], set: SelectionSet) -> SelectionSet {
    path.iter().rev().fold(set, |selections, step| {
        let item = match step {
            PathStep::Field(field) => {
                SelectionItem::Field(FieldSelection { selections, ..field.clone() })
            }
            PathStep::On(of) => SelectionItem::InlineFragment(InlineFragmentSelection {
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
    let definitions = operation.variable_definitions.iter().flatten();
    let definitions = definitions.filter(|one| used.contains(&one.name));
    definitions.map(|one| (one.name.clone(), one.variable_type.to_string())).collect()
}

impl PathStep {
    fn without_selections(&self) -> Self {
        match self {
            Self::Field(field) => {
                let selections = SelectionSet::default();
                Self::Field(FieldSelection { selections, ..field.clone() })
            }
            Self::On(of) => Self::On(of.clone()),
        }
    }
}

impl RequiresWorkaround {
    /// The fetch of the field. `required` are the fields of the representation; `selected` converts
    /// a selection set, and `types` expands a type to all its possible types.
    pub(crate) fn into_fetch_step(
        self,
        required: Vec<RequiredSelection>,
        selected: impl Fn(&SelectionSet) -> SelectedFields,
        types: impl Fn(&str) -> BTreeSet<String>,
    ) -> Step {
        let mut path = Vec::new();
        for step in &self.path {
            path.push(match step {
                PathStep::Field(field) => {
                    PathElement::Field(Name::new(field.selection_identifier()))
                }
                PathStep::On(of) => PathElement::TypeCondition(types(of)),
            });
        }
        path.push(PathElement::TypeCondition(types(&self.type_name)));
        let variable_definitions = self.variables.iter().map(|(name, ty)| format!(",${name}:{ty}"));
        let variable_definitions: String = variable_definitions.collect();
        let (of, field) = (&self.type_name, &self.field);
        let document = format!(
            "query($representations:[_Any!]!{variable_definitions}){{_entities(representations:$representations)\
             {{...on {of}{{{field}}}}}}}"
        );
        let entities = EntityFetch {
            alias: "_entities".to_owned(),
            variable: Name::new("representations"),
            paths: vec![path],
            requires: required,
            input_rewrites: Vec::new(),
            output_rewrites: Vec::new(),
            response_keys: Arc::new(HashSet::from([field.selection_identifier().to_owned()])),
        };
        let fields = SelectionSet { items: vec![SelectionItem::Field(field.clone())] };
        let mut in_response = SelectedFields::default();
        in_response.add_field("_entities", selected(&fields));
        Step::Fetch(Box::new(Fetch {
            subgraph: self.subgraph.as_str().into(),
            document: document.into(),
            operation_type: OperationType::Query,
            variables: self.variables.iter().map(|(name, _)| Name::new(name)).collect(),
            kind: FetchKind::Entities { lists: vec![entities], selected: in_response },
        }))
    }
}
