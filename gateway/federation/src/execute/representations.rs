//! Representations: the keys and required fields with which an entity is requested from a subgraph.

use std::{collections::HashMap, sync::LazyLock};

use async_graphql_value::Name;
use bytes::Bytes;

use super::{
    merge::merge,
    response_path::{ResponsePath, is_of_type, walk},
    rewrites,
};
use crate::{
    plan::{EntityFetch, PathElement, RequiredSelection},
    response_value::{ResponseObject, ResponseValue, TYPENAME},
};

static TYPENAME_KEY: LazyLock<Name> = LazyLock::new(|| Name::new(TYPENAME));

/// The distinct representations of one list, and the paths of their entities.
#[derive(Default)]
pub(super) struct Representations {
    /// JSON texts of the representations, each followed by a comma.
    list: Vec<u8>,
    pub(super) count: usize,
    pub(super) paths: Vec<(ResponsePath, usize)>,
    /// Paths of entities that have no value for any required field.
    pub(super) unidentified: Vec<ResponsePath>,
    /// By the JSON text of the representation before its rewrites.
    index_by_text: HashMap<Vec<u8>, usize>,
}

impl Representations {
    /// Adds the representations of all entities at a plan path.
    pub(super) fn add_at(
        &mut self,
        data: &ResponseValue,
        plan_path: &[PathElement],
        entities: &EntityFetch,
    ) {
        let mut found = Vec::new();
        walk(data, plan_path, &mut Vec::new(), &mut |entity, path| match represent(
            &entities.requires,
            entity,
            RepresentationLevel::Root,
        ) {
            Some(representation) => found.push((path.clone(), representation)),
            None if *entity != ResponseValue::Null => self.unidentified.push(path.clone()),
            None => {}
        });
        for (path, representation) in found {
            let number = self.index_of(representation, entities);
            self.paths.push((path, number));
        }
    }

    fn index_of(&mut self, mut representation: ResponseValue, entities: &EntityFetch) -> usize {
        let start = self.list.len();
        representation.write(&mut self.list);
        let text = &self.list[start..];
        if let Some(index) = self.index_by_text.get(text) {
            self.list.truncate(start);
            return *index;
        }
        self.index_by_text.insert(text.to_vec(), self.count);
        if !entities.input_rewrites.is_empty() {
            for change in &entities.input_rewrites {
                rewrites::apply(change, &mut representation);
            }
            self.list.truncate(start);
            representation.write(&mut self.list);
        }
        self.list.push(b',');
        self.count += 1;
        self.count - 1
    }

    /// The list as JSON.
    pub(super) fn json(&self) -> Bytes {
        let items = self.list.strip_suffix(b",").unwrap_or_default();
        [b"[", items, b"]"].concat().into()
    }
}

/// Whether a value is an entity or nested in one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum RepresentationLevel {
    Root,
    Nested,
}

/// The required fields of a value; `None` if nothing but its type is known. Null and unknown items
/// of a list stay null, so that the others keep their positions. A nested value has a `__typename`
/// only if it is required, since subgraphs can reject keys with extra fields.
fn represent(
    required: &[RequiredSelection],
    value: &ResponseValue,
    level: RepresentationLevel,
) -> Option<ResponseValue> {
    match value {
        ResponseValue::Null => None,
        ResponseValue::List(items) => {
            let items = items.iter().map(|item| represent(required, item, level));
            Some(ResponseValue::List(
                items.map(|item| item.unwrap_or(ResponseValue::Null)).collect(),
            ))
        }
        ResponseValue::Object(fields) if !required.is_empty() => {
            let mut sent = ResponseObject::with_capacity(required.len() + 1);
            if let Some(type_name) = fields.get(TYPENAME)
                && (level == RepresentationLevel::Root || needs_type(required))
            {
                sent.push(TYPENAME_KEY.clone(), type_name.clone());
            }
            let type_count = sent.len();
            collect_required(required, value, fields, &mut sent);
            let type_is_enough = type_count > 0 && only_type(required);
            (sent.len() > type_count || type_is_enough).then_some(ResponseValue::Object(sent))
        }
        // An entity is an object; a subgraph rejects the whole list for another value.
        leaf => (level == RepresentationLevel::Nested).then(|| leaf.clone()),
    }
}

/// Whether `__typename` is required, directly or by an inline fragment.
fn needs_type(required: &[RequiredSelection]) -> bool {
    required.iter().any(|selection| match selection {
        RequiredSelection::Field { name, .. } => name == TYPENAME,
        RequiredSelection::InlineFragment { .. } => true,
    })
}

fn only_type(required: &[RequiredSelection]) -> bool {
    match required {
        [RequiredSelection::Field { name, .. }] => name == TYPENAME,
        [RequiredSelection::InlineFragment { selections, .. }] => only_type(selections),
        _ => false,
    }
}

fn collect_required(
    required: &[RequiredSelection],
    entity: &ResponseValue,
    fields: &ResponseObject,
    sent: &mut ResponseObject,
) {
    for selection in required {
        match selection {
            RequiredSelection::Field { key, .. } if key == TYPENAME => {}
            RequiredSelection::Field { name, key, selections } => {
                let value = match fields.get(name).or_else(|| fields.get(key)) {
                    None => continue,
                    Some(ResponseValue::Null) => ResponseValue::Null,
                    Some(value) => {
                        match represent(selections, value, RepresentationLevel::Nested) {
                            None => continue,
                            Some(value) => value,
                        }
                    }
                };
                match sent.get_mut(key) {
                    Some(existing) => merge(existing, value, &|_, _| false),
                    None => sent.push(key.clone(), value),
                }
            }
            RequiredSelection::InlineFragment { types, selections } => {
                if is_of_type(entity, types) {
                    collect_required(selections, entity, fields, sent);
                }
            }
        }
    }
}
