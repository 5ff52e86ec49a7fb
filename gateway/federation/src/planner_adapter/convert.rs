//! Converts plans of the planner's crate to [`Plan`](crate::plan::Plan)s.

use std::{
    collections::{BTreeSet, HashSet},
    sync::Arc,
};

use async_graphql_parser::types::OperationType;
use async_graphql_value::Name;
use hive_router_query_planner::{
    ast::{
        document::Document, operation::SubgraphFetchOperation, selection_item::SelectionItem,
        selection_set::SelectionSet,
    },
    planner::plan_nodes::{
        BatchFetchNode, FetchNode, FetchNodePathSegment, FetchRewrite, FlattenNodePathSegment,
        PlanNode,
    },
    state::supergraph_state::{OperationKind, SupergraphState},
};

use super::{PlannerError, workarounds::inline_fragments::inline_fragments};
use crate::{
    plan::{EntityFetch, Fetch, FetchKind, PathElement, RequiredSelection, Rewrite, Step},
    schema::PublicSchema,
    selected_fields::SelectedFields,
};

/// Converts the plan nodes of one supergraph.
pub(super) struct PlanConverter<'a> {
    pub(super) types: &'a PublicSchema,
    pub(super) state: &'a SupergraphState,
}

impl PlanConverter<'_> {
    pub(super) fn step(&self, node: &PlanNode) -> Result<Step, PlannerError> {
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
        let document = inline_fragments(&fetch.operation.document, self.state);
        let selected = self.selected(&document.operation.selection_set);
        let kind = match &fetch.requires {
            None => FetchKind::Root {
                path,
                response_keys: response_keys(&fetch.operation, None, &output_rewrites),
                selected,
                output_rewrites,
            },
            Some(requires) => FetchKind::Entities {
                lists: vec![EntityFetch {
                    alias: ENTITIES.to_owned(),
                    variable: Name::new("representations"),
                    paths: vec![path],
                    requires: self.required(requires),
                    input_rewrites: self.rewrites(fetch.input_rewrites.as_deref()),
                    response_keys: response_keys(
                        &fetch.operation,
                        Some(ENTITIES),
                        &output_rewrites,
                    ),
                    output_rewrites,
                }],
                selected,
            },
        };
        fetch_step(
            &fetch.service_name,
            &document,
            fetch.operation_kind.as_ref(),
            fetch.variable_usages.as_ref(),
            kind,
        )
    }

    fn batch(&self, batch: &BatchFetchNode) -> Step {
        let document = inline_fragments(&batch.operation.document, self.state);
        let lists = batch.entity_batch.aliases.iter().map(|alias| {
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
            &batch.service_name,
            &document,
            batch.operation_kind.as_ref(),
            batch.variable_usages.as_ref(),
            FetchKind::Entities {
                lists: lists.collect(),
                selected: self.selected(&document.operation.selection_set),
            },
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

    /// The given types, and all their possible types.
    pub(super) fn with_possible_types(&self, types: &BTreeSet<String>) -> BTreeSet<String> {
        let possible =
            types.iter().flat_map(|name| self.types.possible_types(name)).map(str::to_owned);
        types.iter().cloned().chain(possible).collect()
    }

    /// The fields of a set without fragment spreads.
    pub(super) fn selected(&self, set: &SelectionSet) -> SelectedFields {
        let mut selected = SelectedFields::default();
        for item in &set.items {
            match item {
                SelectionItem::Field(field) => {
                    let below = self.selected(&field.selections);
                    selected.add_field(field.selection_identifier(), below);
                }
                SelectionItem::InlineFragment(fragment) => {
                    let types = self.types_of_condition(&fragment.type_condition);
                    selected.add_fragment(types, self.selected(&fragment.selections));
                }
                SelectionItem::FragmentSpread(_) => {}
            }
        }
        selected
    }

    /// The types of objects to which a type condition applies.
    fn types_of_condition(&self, condition: &str) -> BTreeSet<String> {
        let mut types = self.with_possible_types(&BTreeSet::from([condition.to_owned()]));
        // A subgraph with an `@interfaceObject` type returns the name of the interface.
        let above = self.types.all().filter(|one| self.types.is(condition, &one.name));
        types.extend(above.map(|one| one.name.clone()));
        types
    }

    pub(super) fn required(&self, set: &SelectionSet) -> Vec<RequiredSelection> {
        let selection = |item: &SelectionItem| match item {
            SelectionItem::Field(field) => Some(RequiredSelection::Field {
                name: Name::new(&field.name),
                key: Name::new(field.selection_identifier()),
                selections: self.required(&field.selections),
            }),
            SelectionItem::InlineFragment(fragment) => Some(RequiredSelection::InlineFragment {
                types: self.types_of_condition(&fragment.type_condition),
                selections: self.required(&fragment.selections),
            }),
            SelectionItem::FragmentSpread(_) => None,
        };
        set.items.iter().filter_map(selection).collect()
    }
}

const ENTITIES: &str = "_entities";

fn fetch_step(
    subgraph: &str,
    document: &Document,
    operation_kind: Option<&OperationKind>,
    variables: Option<&BTreeSet<String>>,
    kind: FetchKind,
) -> Step {
    Step::Fetch(Box::new(Fetch {
        subgraph: Arc::from(subgraph),
        document: document.to_string().into(),
        operation_type: match operation_kind {
            None | Some(OperationKind::Query) => OperationType::Query,
            Some(OperationKind::Mutation) => OperationType::Mutation,
            Some(OperationKind::Subscription) => OperationType::Subscription,
        },
        variables: variables.into_iter().flatten().map(Name::new).collect(),
        kind,
    }))
}

/// The response keys that a fetch selects: at the root, or in the entities of `key`.
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
