//! Edits SDLs that are composable but rejected by the composition crate into equivalent ones that
//! it accepts.
//!
//! The edits do not change what a subgraph can resolve; [`super::satisfiability`] checks the
//! result.

use std::collections::{BTreeMap, BTreeSet};

use cynic_parser::{
    Span, TypeSystemDocument,
    type_system::{Definition, ObjectDefinition, TypeDefinition},
};

use super::{InaccessibleFields, SubgraphSdl, edits::SdlEdits};

/// Adds the edits of each SDL of `subgraphs` to `edits`.
pub(super) fn prepare(
    subgraphs: &[SubgraphSdl],
    documents: &[TypeSystemDocument],
    edits: &mut [SdlEdits],
) {
    for objects in by_name(documents).values() {
        expose_unshared_fields(objects, subgraphs, edits);
        add_missing_keys(objects, subgraphs, edits);
    }
}

/// Index of a subgraph, and one of its object types.
type SubgraphObject<'a> = (usize, ObjectDefinition<'a>);

/// Groups object types by name.
fn by_name(documents: &[TypeSystemDocument]) -> BTreeMap<&str, Vec<SubgraphObject<'_>>> {
    let mut objects: BTreeMap<&str, Vec<SubgraphObject<'_>>> = BTreeMap::new();
    for (index, document) in documents.iter().enumerate() {
        for definition in document.definitions() {
            let (Definition::Type(TypeDefinition::Object(object))
            | Definition::TypeExtension(TypeDefinition::Object(object))) = definition
            else {
                continue;
            };
            objects.entry(object.name()).or_default().push((index, object));
        }
    }
    objects
}

fn has_directive(object: &ObjectDefinition<'_>, name: &str) -> bool {
    object.directives().any(|directive| directive.name() == name)
}

/// Removes `@inaccessible` from the fields of a type that no other subgraph has, if its subgraph
/// requires that ([`InaccessibleFields::HiddenWhereShared`]).
fn expose_unshared_fields(
    objects: &[SubgraphObject<'_>],
    subgraphs: &[SubgraphSdl],
    edits: &mut [SdlEdits],
) {
    let [(index, object)] = objects else { return };
    let is_wanted = subgraphs[*index].inaccessible_fields == InaccessibleFields::HiddenWhereShared;
    if !is_wanted || !has_directive(object, "shareable") {
        return;
    }
    for field in object.fields() {
        for directive in field.directives().filter(|one| one.name() == "inaccessible") {
            let name = directive.name_span();
            let before = &subgraphs[*index].sdl[..name.end];
            let start = before.rfind('@').unwrap_or(name.start);
            edits[*index].remove(Span::new(start, name.end));
        }
    }
}

/// Adds a non-resolvable key to an entity type in subgraphs that have its key fields but do not
/// declare the key. Other subgraphs can then be reached from it by that key, but not the reverse.
fn add_missing_keys(
    objects: &[SubgraphObject<'_>],
    subgraphs: &[SubgraphSdl],
    edits: &mut [SdlEdits],
) {
    let indices: BTreeSet<usize> = objects.iter().map(|(index, _)| *index).collect();
    let keyed: BTreeSet<usize> = objects
        .iter()
        .filter(|(_, object)| {
            has_directive(object, "key") || has_directive(object, "federation__key")
        })
        .map(|(index, _)| *index)
        .collect();
    if keyed.is_empty() || keyed.len() == indices.len() {
        return;
    }
    let keys: BTreeSet<&str> = objects.iter().flat_map(|(_, object)| plain_keys(object)).collect();
    for index in indices.difference(&keyed) {
        let own = || objects.iter().filter(|(other, _)| other == index).map(|(_, object)| object);
        let fields: BTreeSet<&str> =
            own().flat_map(|object| object.fields().map(|field| field.name())).collect();
        let key = keys.iter().find(|key| key.split(' ').all(|field| fields.contains(field)));
        let offset = own().find_map(|object| body(&subgraphs[*index].sdl, object.name_span().end));
        if let (Some(key), Some(offset)) = (key, offset) {
            edits[*index].insert(offset, format!("@key(fields: \"{key}\", resolvable: false) "));
        }
    }
}

/// Offset of the body of a type after its name: the first brace outside strings.
fn body(sdl: &str, from: usize) -> Option<usize> {
    let mut is_text = false;
    sdl[from..].char_indices().find_map(|(index, c)| {
        is_text ^= c == '"';
        (c == '{' && !is_text).then_some(from + index)
    })
}

/// Keys without nested fields.
fn plain_keys<'a>(object: &ObjectDefinition<'a>) -> impl Iterator<Item = &'a str> {
    let keys = object.directives().filter(|one| one.name() == "key");
    let fields = keys.filter_map(|one| one.argument("fields")?.value().as_str());
    fields.filter(|fields| !fields.contains('{'))
}
