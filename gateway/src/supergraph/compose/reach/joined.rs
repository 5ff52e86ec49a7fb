//! A supergraph as far as it matters for getting at fields, read from its `join__` directives.

use std::collections::{BTreeMap, BTreeSet};

use cynic_parser::{
    TypeSystemDocument,
    type_system::{Definition, Directive, FieldDefinition, TypeDefinition},
};

use super::{
    super::{
        problem::CompositionProblem,
        roots::{graph_of, graphs},
    },
    Graphs,
};

/// A supergraph, by its graphs.
pub(super) struct Joined<'a> {
    /// Names of the subgraphs.
    names: Vec<&'a str>,
    pub(super) roots: Vec<&'a str>,
    pub(super) objects: BTreeMap<&'a str, Object<'a>>,
    /// Types that stand for several, with those.
    abstracts: BTreeMap<&'a str, BTreeSet<&'a str>>,
}

/// An object type.
#[derive(Default)]
pub(super) struct Object<'a> {
    /// The graphs it is in, with the keys by which one gets there.
    pub(super) graphs: BTreeMap<usize, Vec<Vec<&'a str>>>,
    /// What clients can ask of it.
    pub(super) fields: BTreeMap<&'a str, Field<'a>>,
    /// Graphs that know a field of it, be it of somebody else's.
    knowing: BTreeMap<&'a str, Graphs>,
}

/// A field.
pub(super) struct Field<'a> {
    pub(super) type_name: &'a str,
    /// Graphs that answer it.
    pub(super) graphs: Graphs,
}

impl Object<'_> {
    /// Whether a graph has a field of it, to be part of a key.
    pub(super) fn has(&self, field: &str, graph: usize) -> bool {
        field == "__typename"
            || self.knowing.get(field).is_some_and(|graphs| graphs.contains(&graph))
    }
}

impl<'a> Joined<'a> {
    pub(super) fn read(document: &'a TypeSystemDocument) -> Self {
        let (ids, names): (Vec<_>, Vec<_>) = graphs(document).into_iter().unzip();
        let place = |id: &str| ids.iter().position(|other| *other == id);
        let mut joined =
            Self { names, roots: Vec::new(), objects: BTreeMap::new(), abstracts: BTreeMap::new() };
        let mut standing_for: BTreeMap<&str, Vec<Directive<'_>>> = BTreeMap::new();
        for definition in document.definitions() {
            match definition {
                Definition::Schema(schema) => {
                    joined.roots.extend(schema.root_operations().map(|root| root.named_type()));
                }
                Definition::Type(TypeDefinition::Interface(interface)) => {
                    let objects =
                        interface.directives().filter(|one| is_true(one, "isInterfaceObject"));
                    standing_for.insert(interface.name(), objects.collect());
                }
                Definition::Type(TypeDefinition::Union(union)) => {
                    let members = union.members().map(|member| member.name()).collect();
                    joined.abstracts.insert(union.name(), members);
                }
                _ => {}
            }
        }
        if joined.roots.is_empty() {
            joined.roots = vec!["Query", "Mutation", "Subscription"];
        }
        let hidden = hidden_types(document);
        for definition in document.definitions() {
            let Definition::Type(TypeDefinition::Object(object)) = definition else { continue };
            let mut read = Object::default();
            let mut types: Vec<_> = object.directives().collect();
            for interface in object.implements_interfaces() {
                joined.abstracts.entry(interface).or_default().insert(object.name());
                // A graph with the interface as an object has something of each type of it.
                types.extend(standing_for.get(interface).into_iter().flatten());
            }
            for directive in types.iter().filter(|one| one.name() == "join__type") {
                let Some(graph) = graph_of(directive).and_then(place) else { continue };
                let keys = read.graphs.entry(graph).or_default();
                if !is_false(directive, "resolvable") {
                    keys.extend(key_of(directive));
                }
            }
            for field in object.fields() {
                read.add(&field, place, &hidden);
            }
            joined.objects.insert(object.name(), read);
        }
        joined
    }

    /// The object types that a thing of type `name` can have.
    pub(super) fn members(&self, name: &'a str) -> Vec<&'a str> {
        match self.abstracts.get(name) {
            Some(members) => {
                members.iter().copied().filter(|member| self.objects.contains_key(member)).collect()
            }
            None => self.objects.contains_key(name).then_some(name).into_iter().collect(),
        }
    }

    /// That there is no way to a field from some graphs.
    pub(super) fn problem(&self, place: (&str, &str), from: &Graphs) -> CompositionProblem {
        let (type_name, field) = place;
        let object = &self.objects[type_name];
        let name = |graphs: &Graphs| {
            graphs.iter().map(|graph| self.names[*graph]).collect::<Vec<_>>().join("`, `")
        };
        let there = &object.fields[field].graphs;
        let message = format!(
            "no plan gets from `{}` to this field, which is in `{}`: give `{type_name}` a key that \
             both have, or make the field shareable in both",
            name(from),
            name(there),
        );
        let mut meant: Vec<String> =
            from.union(there).map(|graph| self.names[*graph].to_owned()).collect();
        meant.sort();
        CompositionProblem {
            message,
            type_name: Some(type_name.to_owned()),
            field: Some(field.to_owned()),
            subgraphs: meant,
        }
    }
}

impl<'a> Object<'a> {
    fn add(
        &mut self,
        field: &FieldDefinition<'a>,
        place: impl Fn(&str) -> Option<usize>,
        hidden: &BTreeSet<&str>,
    ) {
        let (mut answering, mut knowing, mut is_joined) = (Graphs::new(), Graphs::new(), false);
        let mut is_hidden = hidden.contains(field.ty().name());
        for directive in field.directives() {
            is_hidden |= directive.name() == "inaccessible";
            if directive.name() != "join__field" {
                continue;
            }
            // Without a graph it says no more than the type does.
            let Some(graph) = graph_of(&directive).and_then(&place) else { continue };
            is_joined = true;
            knowing.insert(graph);
            if !is_true(&directive, "external") {
                answering.insert(graph);
            }
        }
        if !is_joined {
            answering = self.graphs.keys().copied().collect();
            knowing.clone_from(&answering);
        }
        self.knowing.insert(field.name(), knowing);
        if !is_hidden {
            let of = Field { type_name: field.ty().name(), graphs: answering };
            self.fields.insert(field.name(), of);
        }
    }
}

/// Types that clients do not see.
fn hidden_types(document: &TypeSystemDocument) -> BTreeSet<&str> {
    let types = document.definitions().filter_map(|definition| match definition {
        Definition::Type(one) => Some(one),
        _ => None,
    });
    let hidden = types.filter(|one| one.directives().any(|one| one.name() == "inaccessible"));
    hidden.map(|one| one.name()).collect()
}

/// The fields of a key, of the first level.
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
