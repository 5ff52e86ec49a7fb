//! The `join__` directives of a supergraph, as far as they determine which fields can be resolved.

use std::collections::{BTreeMap, BTreeSet};

use cynic_parser::{
    TypeSystemDocument,
    type_system::{Definition, Directive, FieldDefinition, TypeDefinition},
};

use super::GraphSet;
use crate::compose::diagnostic::CompositionError;

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
    pub(super) graphs: BTreeMap<usize, Vec<Vec<&'a str>>>,
    /// Fields that clients can select.
    pub(super) fields: BTreeMap<&'a str, JoinField<'a>>,
    /// Subgraphs that declare a field, even if only as `@external`.
    declaring: BTreeMap<&'a str, GraphSet>,
}

/// A field.
pub(super) struct JoinField<'a> {
    pub(super) type_name: &'a str,
    /// Subgraphs that resolve it.
    pub(super) graphs: GraphSet,
}

impl JoinObject<'_> {
    /// Whether a subgraph has a field for use in a key.
    pub(super) fn has(&self, field: &str, graph: usize) -> bool {
        field == "__typename"
            || self.declaring.get(field).is_some_and(|graphs| graphs.contains(&graph))
    }
}

impl<'a> JoinGraph<'a> {
    pub(super) fn read(document: &'a TypeSystemDocument) -> Self {
        let (ids, names): (Vec<_>, Vec<_>) = graphs(document).into_iter().unzip();
        let index_of = |id: &str| ids.iter().position(|other| *other == id);
        let mut join_graph =
            Self { names, roots: Vec::new(), objects: BTreeMap::new(), abstracts: BTreeMap::new() };
        let mut interface_objects: BTreeMap<&str, Vec<Directive<'_>>> = BTreeMap::new();
        for definition in document.definitions() {
            match definition {
                Definition::Schema(schema) => {
                    join_graph.roots.extend(schema.root_operations().map(|root| root.named_type()));
                }
                Definition::Type(TypeDefinition::Interface(interface)) => {
                    let objects =
                        interface.directives().filter(|one| is_true(one, "isInterfaceObject"));
                    interface_objects.insert(interface.name(), objects.collect());
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
                    keys.extend(key_of(directive));
                }
            }
            for field in object.fields() {
                read.add_field(&field, index_of, &hidden);
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
    fn add_field(
        &mut self,
        field: &FieldDefinition<'a>,
        index_of: impl Fn(&str) -> Option<usize>,
        hidden: &BTreeSet<&str>,
    ) {
        let (mut resolving, mut declaring, mut has_join_field) =
            (GraphSet::new(), GraphSet::new(), false);
        let mut is_hidden = hidden.contains(field.ty().name());
        for directive in field.directives() {
            is_hidden |= directive.name() == "inaccessible";
            if directive.name() != "join__field" {
                continue;
            }
            // Without `graph`, the directive adds nothing to those of the type.
            let Some(graph) = graph_of(&directive).and_then(&index_of) else { continue };
            has_join_field = true;
            declaring.insert(graph);
            if !is_true(&directive, "external") {
                resolving.insert(graph);
            }
        }
        if !has_join_field {
            resolving = self.graphs.keys().copied().collect();
            declaring.clone_from(&resolving);
        }
        self.declaring.insert(field.name(), declaring);
        if !is_hidden {
            let of = JoinField { type_name: field.ty().name(), graphs: resolving };
            self.fields.insert(field.name(), of);
        }
    }
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

/// The top-level fields of a key.
fn key_of<'a>(directive: &Directive<'a>) -> Option<Vec<&'a str>> {
    let text = directive.argument("key")?.value().as_str()?;
    let mut depth = 0_usize;
    let mut fields = Vec::new();
    for word in text.split_inclusive(['{', '}', ' ', '\n', ',']) {
        let name = word.trim_matches(['{', '}', ' ', '\n', ',']);
        if depth == 0 && !name.is_empty() {
            fields.push(name);
        }
        depth += usize::from(word.ends_with('{'));
        depth = depth.saturating_sub(usize::from(word.ends_with('}')));
    }
    Some(fields)
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
fn graph_of<'a>(
    directive: &Directive<'a>,
) -> Option<&'a str> {
    if !directive.name().starts_with("join__") {
        return None;
    }
    directive.argument("graph")?.value().as_enum_value()
}
