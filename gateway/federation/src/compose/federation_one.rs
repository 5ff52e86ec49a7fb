//! Subgraphs of Federation 1, which do not link to a specification: their rules are rewritten to
//! those of Federation 2. Any subgraph could resolve any field, so all are shareable; `@external`
//! on a key of an extended type, or on a field that nothing uses, had no meaning.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    field_sets::FieldNames,
    subgraph_schema::{ROOTS, SubgraphSchema, field_set},
    type_system::{AppliedDirective, DefinitionKind, FieldDef, TypeDef, has},
};

/// Directives that restrict what clients can see: an element with one of them stays, although
/// nothing uses it, since composition applies them to the element of all subgraphs.
const RESTRICTIONS: [&str; 5] =
    ["authenticated", "requiresScopes", "policy", "inaccessible", "tag"];

/// The fields of the first key of each entity, from the subgraph that defines it.
type FirstKeys = BTreeMap<String, FieldNames>;

/// Rewrites the subgraphs of Federation 1.
pub(super) fn upgrade(schemas: &mut [SubgraphSchema]) {
    let first_keys = first_keys(schemas);
    for schema in schemas.iter_mut().filter(|schema| schema.version.is_none()) {
        drop_directives_without_meaning(schema);
        accept_keys_of_extensions(schema, &first_keys);
        remove_unused_externals(schema);
        // `extend` was the way to mention any type of another subgraph; `@extends` is kept.
        for of in schema.types.values_mut() {
            of.is_extension = has(&of.directives, "extends");
        }
        for of in schema.types.values_mut().filter(|of| of.kind == DefinitionKind::Object) {
            for field in &mut of.fields {
                if !has(&field.directives, "external") && !has(&field.directives, "shareable") {
                    field.directives.push(AppliedDirective::new("shareable"));
                }
            }
        }
    }
    for schema in schemas.iter_mut().filter(|schema| schema.version.is_some()) {
        accept_keys_of_extensions(schema, &FirstKeys::new());
    }
}

fn first_keys(schemas: &[SubgraphSchema]) -> FirstKeys {
    let mut keys = FirstKeys::new();
    for schema in schemas {
        for of in schema.types.values().filter(|of| !of.is_extension) {
            let key = of.directives.iter().find(|one| one.name == "key");
            let Some(Ok(set)) = key.and_then(field_set) else { continue };
            let names = keys.entry(of.name.clone()).or_default();
            if names.is_empty() {
                set.visit(&schema.types, &of.name, &mut |on, field| {
                    names.insert((on.to_owned(), field.to_owned()));
                });
            }
        }
    }
    keys
}

/// Keys of interfaces were not used, nor directives about the fields of interfaces.
fn drop_directives_without_meaning(schema: &mut SubgraphSchema) {
    let composite: BTreeSet<String> = schema
        .types
        .values()
        .filter(|of| super::field_sets::is_composite(of))
        .map(|of| of.name.clone())
        .collect();
    for of in schema.types.values_mut() {
        let is_interface = of.kind == DefinitionKind::Interface;
        of.directives.retain(|one| !is_interface || one.name != "key");
        for field in &mut of.fields {
            let is_leaf = !composite.contains(field.ty.name());
            field.directives.retain(|one| match one.name.as_str() {
                "external" | "requires" => !is_interface,
                "provides" => !is_interface && !is_leaf,
                _ => true,
            });
        }
    }
}

/// Removes `@external` from the keys of types that the subgraph extends: it knows them, since other
/// subgraphs send them. Apollo's composition does so in Federation 2 as well.
fn accept_keys_of_extensions(schema: &mut SubgraphSchema, first_keys: &FirstKeys) {
    let mut known = FieldNames::new();
    for of in schema.types.values().filter(|of| of.is_extension || is_root(of)) {
        let mut keys = of.directives.iter().filter(|one| one.name == "key").peekable();
        if keys.peek().is_none() {
            known.extend(first_keys.get(&of.name).into_iter().flatten().cloned());
        }
        for set in keys.filter_map(field_set).flatten() {
            set.visit(&schema.types, &of.name, &mut |on, field| {
                known.insert((on.to_owned(), field.to_owned()));
            });
        }
    }
    for (of, field) in known {
        let fields = schema.types.get_mut(&of).into_iter().flat_map(|of| &mut of.fields);
        for field in fields.filter(|other| other.name == field) {
            field.directives.retain(|one| one.name != "external");
        }
    }
}

fn is_root(of: &TypeDef) -> bool {
    ROOTS.iter().any(|(_, usual)| *usual == of.name)
}

fn remove_unused_externals(schema: &mut SubgraphSchema) {
    let used = schema.used_fields();
    for of in schema.types.values_mut() {
        let is_needed = |field: &FieldDef| {
            !has(&field.directives, "external")
                || used.contains(&(of.name.clone(), field.name.clone()))
                || is_restricted(field)
        };
        // A type without fields cannot carry the directives of the type itself.
        let is_whole = of.directives.iter().any(is_restriction) && !of.fields.iter().any(is_needed);
        let needed: Vec<bool> = of.fields.iter().map(|one| is_whole || is_needed(one)).collect();
        let mut needed = needed.into_iter();
        of.fields.retain(|_| needed.next().unwrap_or(true));
    }
    let empty = |of: &TypeDef| of.kind == DefinitionKind::Object && of.fields.is_empty();
    schema.types.retain(|_, of| !empty(of) || !of.is_extension);
}

fn is_restriction(directive: &AppliedDirective) -> bool {
    RESTRICTIONS.contains(&directive.name.as_str())
}

/// Whether a field or one of its arguments has a directive of [`RESTRICTIONS`].
fn is_restricted(field: &FieldDef) -> bool {
    let of_arguments = field.arguments.iter().flat_map(|argument| &argument.directives);
    field.directives.iter().chain(of_arguments).any(is_restriction)
}
