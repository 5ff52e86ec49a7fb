//! Restores union members that a plan omits. If several subgraphs resolve a field of a union type
//! but have different members, the planner selects only the common members. The subgraph of a fetch
//! can return its other members too, so the client's selections on those are added to the fetch.

use std::collections::{BTreeSet, HashSet};

use hive_router_query_planner::{
    ast::{
        operation::{OperationDefinition, SubgraphFetchOperation},
        selection_item::SelectionItem,
        selection_set::{FieldSelection, InlineFragmentSelection, SelectionSet},
    },
    planner::plan_nodes::{FlattenNodePathSegment, PlanNode, QueryPlan},
    state::supergraph_state::{SupergraphDefinition, SupergraphState},
};

use super::inline_fragments::inline_fragments;

/// Whether subgraphs have different members of the same union.
pub(crate) fn union_members_differ(state: &SupergraphState) -> bool {
    state.definitions.values().any(|definition| match definition {
        SupergraphDefinition::Union(union) => {
            let mut graphs = union.join_type.iter().map(|join| &join.graph_id);
            graphs.any(|graph| union.relevant_types(graph).len() < union.types.len())
        }
        _ => false,
    })
}

/// Adds the selections of an operation that are missing from its plan.
///
/// # Errors
/// A field that is missing and cannot be added.
pub(crate) fn add_missing_members(
    state: &SupergraphState,
    operation: &OperationDefinition,
    plan: &mut QueryPlan,
) -> Result<(), String> {
    let Some(root) = &mut plan.node else { return Ok(()) };
    let mut repair = UnionMemberRepair { state, operation, fetched: HashSet::new() };
    for_each_fetch(root, &[], &mut |fetch| {
        repair.record_fetch(&fetch);
        Ok(())
    })?;
    for_each_fetch(root, &[], &mut |fetch| repair.repair(fetch))
}

/// A path of response keys.
type FieldPath = Vec<String>;

/// A fetch of the plan, and where it is merged.
struct SubgraphFetchMut<'q> {
    graph: &'q str,
    operation: &'q mut SubgraphFetchOperation,
    variables: &'q mut Option<BTreeSet<String>>,
    /// Response key within the fetch, if it is for entities, and path in the response.
    targets: Vec<(Option<String>, FieldPath)>,
}

/// Visits all fetches of a plan.
fn for_each_fetch(
    node: &mut PlanNode,
    path: &[String],
    visit: &mut impl FnMut(SubgraphFetchMut<'_>) -> Result<(), String>,
) -> Result<(), String> {
    match node {
        PlanNode::Fetch(fetch) => {
            let key = fetch.requires.as_ref().map(|_| "_entities".to_owned());
            visit(SubgraphFetchMut {
                graph: &fetch.service_name,
                operation: &mut fetch.operation,
                variables: &mut fetch.variable_usages,
                targets: vec![(key, path.to_vec())],
            })
        }
        PlanNode::BatchFetch(batch) => {
            let targets = batch.entity_batch.aliases.iter().flat_map(|alias| {
                let paths = alias.merge_paths.iter().map(|path| field_path(path.as_slice()));
                paths.map(|path| (Some(alias.alias.clone()), path))
            });
            visit(SubgraphFetchMut {
                graph: &batch.service_name,
                targets: targets.collect(),
                operation: &mut batch.operation,
                variables: &mut batch.variable_usages,
            })
        }
        PlanNode::Flatten(flatten) => {
            let path = field_path(flatten.path.as_slice());
            for_each_fetch(&mut flatten.node, &path, visit)
        }
        PlanNode::Sequence(sequence) => {
            sequence.nodes.iter_mut().try_for_each(|node| for_each_fetch(node, path, visit))
        }
        PlanNode::Parallel(parallel) => {
            parallel.nodes.iter_mut().try_for_each(|node| for_each_fetch(node, path, visit))
        }
        PlanNode::Condition(_) | PlanNode::Subscription(_) | PlanNode::Defer(_) => Ok(()),
    }
}

fn field_path(path: &[FlattenNodePathSegment]) -> FieldPath {
    let name = |segment: &FlattenNodePathSegment| match segment {
        FlattenNodePathSegment::Field(name) => Some(name.clone()),
        FlattenNodePathSegment::TypeCondition(_) | FlattenNodePathSegment::List => None,
    };
    path.iter().filter_map(name).collect()
}

struct UnionMemberRepair<'a> {
    state: &'a SupergraphState,
    operation: &'a OperationDefinition,
    /// All fetched fields: path, type and response key.
    fetched: HashSet<(FieldPath, String, String)>,
}

impl UnionMemberRepair<'_> {
    fn record_fetch(&mut self, fetch: &SubgraphFetchMut<'_>) {
        let root = root_type(self.state, fetch.operation);
        let set = fetch.operation.document.operation.selection_set.clone();
        for (key, path) in &fetch.targets {
            let (of, set) = match key {
                None => (root.clone(), Some(&set)),
                Some(key) => ("_Entity".to_owned(), below(&set, key)),
            };
            if let Some(set) = set {
                self.record_set(fetch.operation, set, &of, path);
            }
        }
    }

    fn record_set(
        &mut self,
        whole: &SubgraphFetchOperation,
        set: &SelectionSet,
        of: &str,
        at: &FieldPath,
    ) {
        for item in &set.items {
            match item {
                SelectionItem::Field(field) => {
                    let key = field.selection_identifier().to_owned();
                    self.fetched.insert((at.clone(), of.to_owned(), key.clone()));
                    let ty = self.state.field_return_type_name(of, &field.name);
                    if let (Some(ty), false) = (ty.map(str::to_owned), field.selections.is_empty())
                    {
                        let at = [at.as_slice(), &[key]].concat();
                        self.record_set(whole, &field.selections, &ty, &at);
                    }
                }
                SelectionItem::InlineFragment(fragment) => {
                    self.record_set(whole, &fragment.selections, &fragment.type_condition, at);
                }
                SelectionItem::FragmentSpread(name) => {
                    let mut all = whole.document.fragments.iter();
                    if let Some(definition) = all.find(|fragment| fragment.name == *name) {
                        self.record_set(
                            whole,
                            &definition.selection_set,
                            &definition.type_condition,
                            at,
                        );
                    }
                }
            }
        }
    }

    /// Adds missing selections to a fetch.
    fn repair(&mut self, fetch: SubgraphFetchMut<'_>) -> Result<(), String> {
        let graph = self.state.known_subgraphs.iter().find(|(_, name)| *name == fetch.graph);
        let Some((graph, _)) = graph else { return Ok(()) };
        let root = root_type(self.state, fetch.operation);
        let mut document = inline_fragments(&fetch.operation.document, self.state);
        let mut added = BTreeSet::new();
        let mut changed = false;
        for (key, path) in fetch.targets {
            let set = &mut document.operation.selection_set;
            let (of, set) = match &key {
                None => (root.as_str(), Some(set)),
                Some(key) => ("_Entity", below_mut(set, key)),
            };
            if let Some(set) = set {
                changed |= self.repair_set(set, of, graph, &path, &mut added)?;
            }
        }
        if !changed {
            return Ok(());
        }
        if !added.is_empty() {
            fetch.variables.get_or_insert_default().extend(added.iter().cloned());
            let definitions = document.operation.variable_definitions.get_or_insert_default();
            for definition in self.operation.variable_definitions.iter().flatten() {
                let is_defined = definitions.iter().any(|one| one.name == definition.name);
                if added.contains(&definition.name) && !is_defined {
                    definitions.push(definition.clone());
                }
            }
        }
        *fetch.operation = SubgraphFetchOperation::from_anonymous_operation(document);
        Ok(())
    }

    fn repair_set(
        &self,
        set: &mut SelectionSet,
        of: &str,
        graph: &str,
        at: &FieldPath,
        added: &mut BTreeSet<String>,
    ) -> Result<bool, String> {
        let mut changed = false;
        for item in &mut set.items {
            match item {
                SelectionItem::Field(field) if !field.selections.is_empty() => {
                    let Some(ty) = self.state.field_return_type_name(of, &field.name) else {
                        continue;
                    };
                    let ty = ty.to_owned();
                    let at = [at.as_slice(), &[field.selection_identifier().to_owned()]].concat();
                    let below = &mut field.selections;
                    changed |= self.repair_set(below, &ty, graph, &at, added)?;
                    for member in self.members(of, &field.name, graph) {
                        let missing = self.missing(member, &at);
                        let (missing, elsewhere): (Vec<_>, Vec<_>) = missing
                            .into_iter()
                            .partition(|missing| has(self.state, member, missing, graph));
                        if let Some(missing) = elsewhere.first()
                            && self.is_member_everywhere(of, &field.name, member)
                        {
                            let name = &missing.name;
                            return Err(format!(
                                "`{member}.{name}` is not fetched from any subgraph"
                            ));
                        }
                        changed |= !missing.is_empty();
                        added.extend(missing.iter().flat_map(FieldSelection::variable_usages));
                        add_fields(below, member, missing);
                    }
                }
                SelectionItem::InlineFragment(fragment) => {
                    let of = fragment.type_condition.clone();
                    changed |= self.repair_set(&mut fragment.selections, &of, graph, at, added)?;
                }
                _ => {}
            }
        }
        Ok(changed)
    }

    /// The members that a field of a union type can have in a subgraph. Its type there can be a
    /// narrower union, or a single member.
    fn members(&self, of: &str, field: &str, graph: &str) -> BTreeSet<&String> {
        let definitions = &self.state.definitions;
        let Some(field) = definitions.get(of).and_then(|of| of.fields().get(field)) else {
            return BTreeSet::new();
        };
        let declared = field.field_type.inner_type();
        let Some(SupergraphDefinition::Union(_)) = definitions.get(declared) else {
            return BTreeSet::new();
        };
        let mut joins = field.join_field.iter();
        let here = joins.find(|join| join.graph_id.as_deref() == Some(graph));
        let here = here.and_then(|join| join.type_in_graph.as_ref());
        match definitions.get_key_value(here.map_or(declared, |ty| ty.inner_type())) {
            Some((_, SupergraphDefinition::Union(union))) => {
                union.relevant_types(graph).into_iter().collect()
            }
            Some((member, SupergraphDefinition::Object(_))) => BTreeSet::from([member]),
            _ => BTreeSet::new(),
        }
    }

    /// Whether all subgraphs that resolve a field know a member of its union. They must return the
    /// same value, so a member that only some of them know cannot occur; fields of it that would
    /// need another subgraph are left out.
    fn is_member_everywhere(&self, of: &str, field: &str, member: &String) -> bool {
        let Some(definition) = self.state.definitions.get(of) else { return false };
        let Some(field_definition) = definition.fields().get(field) else { return false };
        let graphs = field_definition.resolvable_in_graphs(definition);
        graphs.iter().all(|graph| self.members(of, field, graph).contains(member))
    }

    /// The fields that the client selects on a member at a path and that are not fetched.
    fn missing(&self, member: &str, at: &FieldPath) -> Vec<FieldSelection> {
        let mut missing: Vec<FieldSelection> = Vec::new();
        for set in selections_at(&self.operation.selection_set, at) {
            for field in fields_on(set, member) {
                let key = field.selection_identifier().to_owned();
                let is_missing = field.name != "__typename"
                    && !missing.iter().any(|one| one.selection_identifier() == key)
                    && !self.fetched.contains(&(at.clone(), member.to_owned(), key));
                if is_missing {
                    missing.push(field.clone());
                }
            }
        }
        missing
    }
}

/// Whether a subgraph resolves a field and everything selected below it.
fn has(state: &SupergraphState, of: &str, field: &FieldSelection, graph: &str) -> bool {
    if field.name == "__typename" {
        return true;
    }
    let Some(definition) = state.definitions.get(of) else { return false };
    let Some(field_definition) = definition.fields().get(&field.name) else { return false };
    let here =
        field_definition.join_field.iter().find(|one| one.graph_id.as_deref() == Some(graph));
    field_definition.resolvable_in_graphs(definition).contains(graph)
        && here.is_none_or(|here| here.requires.is_none())
        && has_all(state, field_definition.field_type.inner_type(), &field.selections, graph)
}

/// Whether a subgraph resolves a selection set on a type.
pub(crate) fn has_all(state: &SupergraphState, of: &str, set: &SelectionSet, graph: &str) -> bool {
    set.items.iter().all(|item| match item {
        SelectionItem::Field(field) => has(state, of, field, graph),
        SelectionItem::InlineFragment(fragment) => {
            has_all(state, &fragment.type_condition, &fragment.selections, graph)
        }
        SelectionItem::FragmentSpread(_) => false,
    })
}

fn root_type(state: &SupergraphState, operation: &SubgraphFetchOperation) -> String {
    let kind = operation.document.operation.operation_kind.as_ref();
    state.expect_root_type_name(kind).to_owned()
}

fn below<'s>(set: &'s SelectionSet, key: &str) -> Option<&'s SelectionSet> {
    set.items.iter().find_map(|item| match item {
        SelectionItem::Field(field) if field.selection_identifier() == key => {
            Some(&field.selections)
        }
        _ => None,
    })
}

fn below_mut<'s>(set: &'s mut SelectionSet, key: &str) -> Option<&'s mut SelectionSet> {
    set.items.iter_mut().find_map(|item| match item {
        SelectionItem::Field(field) if field.selection_identifier() == key => {
            Some(&mut field.selections)
        }
        _ => None,
    })
}

/// The client's selection sets at a path, on any type.
fn selections_at<'s>(set: &'s SelectionSet, at: &[String]) -> Vec<&'s SelectionSet> {
    let Some((key, rest)) = at.split_first() else { return vec![set] };
    let mut found = Vec::new();
    for item in &set.items {
        match item {
            SelectionItem::Field(field) if field.selection_identifier() == key => {
                found.extend(selections_at(&field.selections, rest));
            }
            SelectionItem::InlineFragment(fragment) => {
                found.extend(selections_at(&fragment.selections, at));
            }
            _ => {}
        }
    }
    found
}

/// The fields that are selected on a type.
fn fields_on<'s>(set: &'s SelectionSet, of: &str) -> Vec<&'s FieldSelection> {
    let mut found = Vec::new();
    for item in &set.items {
        if let SelectionItem::InlineFragment(fragment) = item
            && fragment.type_condition == of
        {
            for item in &fragment.selections.items {
                match item {
                    SelectionItem::Field(field) => found.push(field),
                    SelectionItem::InlineFragment(_) => {
                        found.extend(fields_on(&fragment.selections, of));
                    }
                    SelectionItem::FragmentSpread(_) => {}
                }
            }
        }
    }
    found
}

/// Adds fields on a type to a selection set.
fn add_fields(set: &mut SelectionSet, of: &str, fields: Vec<FieldSelection>) {
    if fields.is_empty() {
        return;
    }
    let fields = fields.into_iter().map(SelectionItem::Field);
    let fragment = set.items.iter_mut().find_map(|item| match item {
        SelectionItem::InlineFragment(fragment) if fragment.type_condition == of => Some(fragment),
        _ => None,
    });
    match fragment {
        Some(fragment) => fragment.selections.items.extend(fields),
        None => set.items.push(SelectionItem::InlineFragment(InlineFragmentSelection {
            type_condition: of.to_owned(),
            selections: SelectionSet { items: fields.collect() },
            skip_if: None,
            include_if: None,
        })),
    }
}
