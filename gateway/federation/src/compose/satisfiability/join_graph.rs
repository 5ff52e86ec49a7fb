//! The `join__` directives of a supergraph, as far as they determine which fields can be resolved.

use std::collections::{BTreeMap, BTreeSet};

use cynic_parser::{
    TypeSystemDocument,
    type_system::{Definition, Directive, FieldDefinition, TypeDefinition},
};

use super::{GraphSet, ProvidedSets};
use crate::compose::{
    diagnostic::CompositionError,
    field_sets::{FieldSet, FieldSetItem},
};

/// Types of a supergraph, with the subgraphs that resolve their fields.
pub(super) struct JoinGraph<'a> {
    /// Names of the subgraphs.
    names: Vec<&'a str>,
    pub(super) roots: Vec<&'a str>,
    pub(super) objects: BTreeMap<&'a str, JoinObject<'a>>,
    /// Interfaces and unions, with their object types.
    abstracts: BTreeMap<&'a str, BTreeSet<&'a str>>,
}

/// An object type.
#[derive(Default)]
pub(super) struct JoinObject<'a> {
    /// Subgraphs with this type, and the keys by which it can be fetched from them.
    pub(super) graphs: BTreeMap<usize, Vec<FieldSet>>,
    /// Fields that clients can select.
    pub(super) fields: BTreeMap<&'a str, JoinField<'a>>,
    /// Subgraphs that resolve a field, also one that clients cannot select.
    resolving: BTreeMap<&'a str, GraphSet>,
    /// Types of all fields.
    types: BTreeMap<&'a str, &'a str>,
}

/// A field.
pub(super) struct JoinField<'a> {
    pub(super) type_name: &'a str,
    /// Subgraphs that resolve it.
    pub(super) graphs: GraphSet,
    /// Selections of its value that a subgraph resolves here, though not elsewhere.
    pub(super) provides: Vec<(usize, FieldSet)>,
}

/// Subgraphs of the fields that an `@interfaceObject` type adds to objects, by interface and field.
type LentFields<'a> = BTreeMap<(&'a str, &'a str), GraphSet>;

impl<'a> JoinGraph<'a> {
    pub(super) fn read(document: &'a TypeSystemDocument) -> Self {
        let (ids, names): (Vec<_>, Vec<_>) = graphs(document).into_iter().unzip();
        let index_of = |id: &str| ids.iter().position(|other| *other == id);
        let mut join_graph =
            Self { names, roots: Vec::new(), objects: BTreeMap::new(), abstracts: BTreeMap::new() };
        let mut interface_objects: BTreeMap<&str, Vec<Directive<'_>>> = BTreeMap::new();
        let mut lent = LentFields::new();
        for definition in document.definitions() {
            match definition {
                Definition::Schema(schema) => {
                    join_graph.roots.extend(schema.root_operations().map(|root| root.named_type()));
                }
                Definition::Type(TypeDefinition::Interface(interface)) => {
                    let objects: Vec<_> = interface
                        .directives()
                        .filter(|one| is_true(one, "isInterfaceObject"))
                        .collect();
                    let lenders: GraphSet =
                        objects.iter().filter_map(graph_of).filter_map(index_of).collect();
                    for field in interface.fields().filter(|_| !lenders.is_empty()) {
                        let mut graphs = resolving_graphs(&field, index_of);
                        graphs = graphs.map(|graphs| &graphs & &lenders);
                        let graphs = graphs.unwrap_or_else(|| lenders.clone());
                        lent.insert((interface.name(), field.name()), graphs);
                    }
                    interface_objects.insert(interface.name(), objects);
                }
                Definition::Type(TypeDefinition::Union(union)) => {
                    let members = union.members().map(|member| member.name()).collect();
                    join_graph.abstracts.insert(union.name(), members);
                }
                _ => {}
            }
        }
        if join_graph.roots.is_empty() {
            join_graph.roots = vec!["Query", "Mutation", "Subscription"];
        }
        let hidden = hidden_types(document);
        for definition in document.definitions() {
            let Definition::Type(TypeDefinition::Object(object)) = definition else { continue };
            let mut read = JoinObject::default();
            let mut types: Vec<_> = object.directives().collect();
            for interface in object.implements_interfaces() {
                join_graph.abstracts.entry(interface).or_default().insert(object.name());
                // A subgraph with an `@interfaceObject` type has fields of each object type of the
                // interface.
                types.extend(interface_objects.get(interface).into_iter().flatten());
            }
            for directive in types.iter().filter(|one| one.name() == "join__type") {
                let Some(graph) = graph_of(directive).and_then(index_of) else { continue };
                let keys = read.graphs.entry(graph).or_default();
                if !is_false(directive, "resolvable") {
                    keys.extend(field_set(directive, "key"));
                }
            }
            for field in object.fields() {
                let interfaces = object.implements_interfaces();
                let lenders = interfaces.filter_map(|name| lent.get(&(name, field.name())));
                let lenders = lenders.flatten().copied().collect();
                read.add_field(&field, index_of, &hidden, &lenders);
            }
            join_graph.objects.insert(object.name(), read);
        }
        join_graph
    }

    /// The object types that a value of type `name` can have.
    pub(super) fn members(&self, name: &'a str) -> Vec<&'a str> {
        match self.abstracts.get(name) {
            Some(members) => {
                members.iter().copied().filter(|member| self.objects.contains_key(member)).collect()
            }
            None => self.objects.contains_key(name).then_some(name).into_iter().collect(),
        }
    }

    /// The subgraphs that can be reached from any of `graphs` by a key, with those.
    pub(super) fn reachable(
        &self,
        object: &JoinObject<'_>,
        graphs: &GraphSet,
        provided: &ProvidedSets,
    ) -> GraphSet {
        let mut reachable = graphs.clone();
        loop {
            let next = object.graphs.iter().find(|(graph, keys)| {
                let can_send = |key| self.can_send(key, object, &reachable, provided);
                !reachable.contains(graph) && keys.iter().any(can_send)
            });
            match next {
                Some((graph, _)) => reachable.insert(*graph),
                None => return reachable,
            };
        }
    }

    /// Whether some of `graphs` resolve all fields of a key. Keys through interfaces and unions are
    /// not followed.
    fn can_send(
        &self,
        key: &FieldSet,
        object: &JoinObject<'_>,
        graphs: &GraphSet,
        provided: &ProvidedSets,
    ) -> bool {
        key.0.iter().all(|item| {
            let FieldSetItem::Field(name, _, below) = item else { return true };
            let resolve = |found: &GraphSet| !found.is_disjoint(graphs);
            let is_provided = || {
                let mut sets = provided.iter().filter(|(graph, _)| graphs.contains(graph));
                sets.any(|(_, set)| {
                    set.0
                        .iter()
                        .any(|item| matches!(item, FieldSetItem::Field(other, ..) if other == name))
                })
            };
            if name == "__typename" || is_provided() {
                return true;
            }
            let child = object.types.get(name.as_str()).and_then(|name| self.objects.get(name));
            object.resolving.get(name.as_str()).is_some_and(resolve)
                && child.is_none_or(|child| self.can_send(below, child, graphs, provided))
        })
    }

    /// The selection of `field` in a set, if it selects it on an object of type `name`.
    pub(super) fn selected(&self, set: &FieldSet, name: &str, field: &str) -> Option<FieldSet> {
        set.0.iter().find_map(|item| match item {
            FieldSetItem::Field(other, _, below) => (other == field).then(|| below.clone()),
            FieldSetItem::OnType(on, below) => {
                let members = self.abstracts.get(on.as_str());
                let is_on = on == name || members.is_some_and(|members| members.contains(name));
                is_on.then(|| self.selected(below, name, field))?
            }
        })
    }

    /// The error for a field that cannot be resolved from some subgraphs.
    pub(super) fn error(&self, coordinate: (&str, &str), from: &GraphSet) -> CompositionError {
        let (type_name, field) = coordinate;
        let object = &self.objects[type_name];
        let name = |graphs: &GraphSet| {
            graphs.iter().map(|graph| self.names[*graph]).collect::<Vec<_>>().join("`, `")
        };
        let owners = &object.fields[field].graphs;
        let message = format!(
            "no plan from `{}` to this field, which is resolved by `{}`: give `{type_name}` a key that \
             both have, or make the field `@shareable` in both",
            name(from),
            name(owners),
        );
        let mut subgraphs: Vec<String> =
            from.union(owners).map(|graph| self.names[*graph].to_owned()).collect();
        subgraphs.sort();
        CompositionError {
            message,
            type_name: Some(type_name.to_owned()),
            field: Some(field.to_owned()),
            subgraphs,
        }
    }
}

impl<'a> JoinObject<'a> {
    /// Adds a field; `lenders` resolve it if it comes from an `@interfaceObject` type.
    fn add_field(
        &mut self,
        field: &FieldDefinition<'a>,
        index_of: impl Fn(&str) -> Option<usize> + Copy,
        hidden: &BTreeSet<&str>,
        lenders: &GraphSet,
    ) {
        let mut joins = field.directives().filter(|one| one.name() == "join__field").peekable();
        let resolving = match resolving_graphs(field, index_of) {
            Some(graphs) => graphs,
            // Without `graph`, the directive marks a field that is lent.
            None if joins.peek().is_some() => lenders.clone(),
            None => self.graphs.keys().copied().collect(),
        };
        let provides = joins.filter_map(|join| {
            let graph = graph_of(&join).and_then(index_of)?;
            Some((graph, field_set(&join, "provides")?))
        });
        let is_hidden = hidden.contains(field.ty().name())
            || field.directives().any(|one| one.name() == "inaccessible");
        self.types.insert(field.name(), field.ty().name());
        self.resolving.insert(field.name(), resolving.clone());
        if !is_hidden {
            let type_name = field.ty().name();
            let of = JoinField { type_name, graphs: resolving, provides: provides.collect() };
            self.fields.insert(field.name(), of);
        }
    }
}

/// The subgraphs that resolve a field, if its directives say so.
fn resolving_graphs(
    field: &FieldDefinition<'_>,
    index_of: impl Fn(&str) -> Option<usize>,
) -> Option<GraphSet> {
    let joins = field.directives().filter(|one| one.name() == "join__field");
    let mut joins = joins.filter(|one| graph_of(one).is_some()).peekable();
    joins.peek()?;
    let resolving = joins.filter(|one| !is_true(one, "external"));
    Some(resolving.filter_map(|one| index_of(graph_of(&one)?)).collect())
}

/// Types hidden from clients.
fn hidden_types(document: &TypeSystemDocument) -> BTreeSet<&str> {
    let types = document.definitions().filter_map(|definition| match definition {
        Definition::Type(one) => Some(one),
        _ => None,
    });
    let hidden = types.filter(|one| one.directives().any(|one| one.name() == "inaccessible"));
    hidden.map(|one| one.name()).collect()
}

fn field_set(directive: &Directive<'_>, argument: &str) -> Option<FieldSet> {
    FieldSet::parse(directive.argument(argument)?.value().as_str()?).ok()
}

fn is_true(directive: &Directive<'_>, argument: &str) -> bool {
    directive.argument(argument).and_then(|one| one.value().as_bool()) == Some(true)
}

fn is_false(directive: &Directive<'_>, argument: &str) -> bool {
    directive.argument(argument).and_then(|one| one.value().as_bool()) == Some(false)
}

/// The subgraphs of a supergraph: value of `join__Graph`, and name.
fn graphs(supergraph: &TypeSystemDocument) -> Vec<(&str, &str)> {
    let mut graphs = Vec::new();
    for definition in supergraph.definitions() {
        let Definition::Type(TypeDefinition::Enum(graph_enum)) = definition else { continue };
        if graph_enum.name() == "join__Graph" {
            graphs.extend(graph_enum.values().map(|value| {
                let mut directives = value.directives();
                let join_graph = directives.find(|one| one.name() == "join__graph");
                let name = join_graph.and_then(|one| one.argument("name")?.value().as_str());
                (value.value(), name.unwrap_or(value.value()))
            }));
        }
    }
    graphs
}

/// The value of `graph` of a `@join__…` directive.
fn graph_of<'a>(directive: &Directive<'a>) -> Option<&'a str> {
    if !directive.name().starts_with("join__") {
        return None;
    }
    directive.argument("graph")?.value().as_enum_value()
}
