//! Descriptions and directives of an element that several subgraphs have: what the supergraph keeps
//! of them besides the `@join__…` directives.

use std::collections::{BTreeSet, HashMap};

use super::{
    cost::{merged_cost, merged_list_size},
    subgraph_schema::SubgraphSchema,
    type_system::{AppliedDirective, EnumValueDef, FieldDef, SchemaDocument, TypeDef, has},
};

/// Directives of federation with modules or rules of their own.
const STRUCTURE: [&str; 14] = [
    "key",
    "shareable",
    "external",
    "requires",
    "provides",
    "override",
    "extends",
    "interfaceObject",
    "composeDirective",
    "authenticated",
    "requiresScopes",
    "cost",
    "listSize",
    "link",
];
/// Directives of which the first is kept, since they cannot be repeated.
const FIRST: [&str; 4] = ["deprecated", "specifiedBy", "oneOf", "inaccessible"];

/// Adds descriptions and directives to the merged elements of `document`.
pub(super) fn add(document: &mut SchemaDocument, schemas: &[SubgraphSchema]) {
    for of in document.types.values_mut() {
        let definitions: Vec<&TypeDef> =
            schemas.iter().filter_map(|schema| schema.types.get(&of.name)).collect();
        of.description = definitions.iter().find_map(|one| one.description.clone());
        of.directives = merged(definitions.iter().map(|one| one.directives.as_slice()));
        let mut lent: Vec<&TypeDef> = Vec::new();
        for interface in &of.interfaces {
            let lenders = schemas.iter().filter_map(|schema| schema.types.get(interface));
            lent.extend(lenders.filter(|one| has(&one.directives, "interfaceObject")));
        }
        add_to_fields(&mut of.fields, definitions.iter().chain(&lent).copied());
        let mut values: HashMap<&str, Vec<&EnumValueDef>> = HashMap::new();
        for value in definitions.iter().flat_map(|one| &one.values) {
            values.entry(&value.name).or_default().push(value);
        }
        for value in &mut of.values {
            let copies = values.remove(value.name.as_str()).unwrap_or_default();
            value.description = copies.iter().find_map(|one| one.description.clone());
            value.directives = merged(copies.iter().map(|one| one.directives.as_slice()));
        }
    }
}

/// Adds to fields, in the order in which the subgraphs declare them.
fn add_to_fields<'a>(fields: &mut [FieldDef], definitions: impl Iterator<Item = &'a TypeDef>) {
    let mut copies: HashMap<&str, (usize, Vec<&FieldDef>)> = HashMap::new();
    for field in definitions.flat_map(|of| &of.fields) {
        let order = copies.len();
        copies.entry(&field.name).or_insert((order, Vec::new())).1.push(field);
    }
    let order = |field: &FieldDef| copies.get(field.name.as_str()).map(|(order, _)| *order);
    fields.sort_by_key(order);
    for field in fields {
        let Some((_, copies)) = copies.get(field.name.as_str()) else { continue };
        add_to_field(field, copies);
        let mut arguments: HashMap<&str, Vec<&FieldDef>> = HashMap::new();
        for argument in copies.iter().flat_map(|copy| &copy.arguments) {
            arguments.entry(&argument.name).or_default().push(argument);
        }
        for argument in &mut field.arguments {
            let copies = arguments.remove(argument.name.as_str()).unwrap_or_default();
            add_to_field(argument, &copies);
        }
    }
}

fn add_to_field(field: &mut FieldDef, copies: &[&FieldDef]) {
    field.description = copies.iter().find_map(|one| one.description.clone());
    field.directives = merged(copies.iter().map(|one| one.directives.as_slice()));
}

/// All directives of an element, without those about its structure.
fn merged<'a>(copies: impl Iterator<Item = &'a [AppliedDirective]>) -> Vec<AppliedDirective> {
    let copies: Vec<&AppliedDirective> = copies.flatten().collect();
    let all = || copies.iter().copied();
    let mut directives: Vec<AppliedDirective> = Vec::new();
    let tags: BTreeSet<&AppliedDirective> = all().filter(|one| one.name == "tag").collect();
    for directive in all() {
        let name = directive.name.as_str();
        let is_known = if FIRST.contains(&name) {
            has(&directives, name)
        } else {
            directives.contains(directive)
        };
        if name != "tag" && !STRUCTURE.contains(&name) && !is_known {
            directives.push(directive.clone());
        }
    }
    directives.extend(tags.into_iter().cloned());
    directives.extend(merged_cost(all()));
    directives.extend(merged_list_size(all()));
    directives
}
