//! Subgraphs whose schemas the composer refuses though they fit together, said in a way that it takes.
//!
//! Each change is one that loses nothing: what a subgraph can answer stays what it is, and
//! [`super::satisfiability`] judges the whole afterwards.

use std::collections::{BTreeMap, BTreeSet};

use cynic_parser::{
    Span, TypeSystemDocument,
    type_system::{Definition, ObjectDefinition, TypeDefinition},
};

use super::{InaccessibleFields, SubgraphSdl, edits::SdlEdits};

/// Makes the SDLs of `subgraphs` ready for the composer, by `edits` of each.
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

/// A type of one subgraph, with the place of that subgraph in the list.
type SubgraphObject<'a> = (usize, ObjectDefinition<'a>);

/// Object types by their names.
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

/// Publishes the inaccessible fields of a type that nobody else has, where its subgraph wants that
/// ([`InaccessibleFields::HiddenWhereShared`]).
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

/// A subgraph that has the key fields of an entity without calling them a key gives them all the same:
/// one can go from it by that key, though not to it.
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

/// Where the fields of a type begin, seen from behind its name: its first brace that is in no text.
fn body(sdl: &str, from: usize) -> Option<usize> {
    let mut is_text = false;
    sdl[from..].char_indices().find_map(|(index, c)| {
        is_text ^= c == '"';
        (c == '{' && !is_text).then_some(from + index)
    })
}

/// Keys without fields of fields.
fn plain_keys<'a>(object: &ObjectDefinition<'a>) -> impl Iterator<Item = &'a str> {
    let keys = object.directives().filter(|one| one.name() == "key");
    let fields = keys.filter_map(|one| one.argument("fields")?.value().as_str());
    fields.filter(|fields| !fields.contains('{'))
}
