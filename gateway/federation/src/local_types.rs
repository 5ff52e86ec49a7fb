//! The types of the local subgraph, as far as fragments depend on them.

use std::collections::{BTreeMap, HashSet};

use cynic_parser::{
    parse_type_system_document,
    type_system::{Definition, TypeDefinition},
};

use crate::schema::PublicSchema;

/// The type conditions for which the local subgraph selects the same objects as the supergraph. A
/// type that another subgraph adds, or lets an object of the local one implement, is unknown there:
/// the local subgraph would leave out the fields of a fragment on it.
pub(crate) fn same_type_conditions(sdl: &str, public: &PublicSchema) -> HashSet<String> {
    let Ok(document) = parse_type_system_document(sdl) else { return HashSet::new() };
    let mut objects = HashSet::new();
    let mut possible: BTreeMap<&str, HashSet<&str>> = BTreeMap::new();
    for definition in document.definitions() {
        let (Definition::Type(definition) | Definition::TypeExtension(definition)) = definition
        else {
            continue;
        };
        match definition {
            TypeDefinition::Object(object) => {
                objects.insert(object.name());
                possible.entry(object.name()).or_default().insert(object.name());
                for interface in object.implements_interfaces() {
                    possible.entry(interface).or_default().insert(object.name());
                }
            }
            TypeDefinition::Interface(interface) => {
                possible.entry(interface.name()).or_default();
            }
            TypeDefinition::Union(union) => {
                let members = union.members().map(|member| member.name());
                possible.entry(union.name()).or_default().extend(members);
            }
            _ => {}
        }
    }
    let is_same = |(name, own): &(&str, HashSet<&str>)| {
        objects.iter().all(|object| own.contains(object) == public.is(object, name))
    };
    possible.into_iter().filter(is_same).map(|(name, _)| name.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_on_types_of_other_subgraphs_must_not_be_the_same() {
        let sdl = "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.5\")
            type Query { a: Node } interface Node { id: ID }
            type A implements Node { id: ID } type B implements Node { id: ID } type C { id: ID }
            union Any = A | B union Some = A";
        let public = PublicSchema::parse(
            "type Query { a: Node } interface Node { id: ID } interface Reviewable { id: ID }
            type A implements Node & Reviewable { id: ID } type B implements Node { id: ID }
            type C { id: ID } type D implements Node { id: ID }
            union Any = A | B | D union Some = A | C",
        );
        let same = same_type_conditions(sdl, &public.unwrap());
        for (name, expected) in [
            ("A", true),
            ("C", true),
            ("Node", true),
            ("Any", true),
            ("Some", false),
            ("Reviewable", false),
            ("D", false),
        ] {
            assert_eq!(same.contains(name), expected, "{name}");
        }
    }
}
