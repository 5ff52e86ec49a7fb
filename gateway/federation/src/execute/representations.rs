//! Representations: the keys and required fields with which an entity is requested from a subgraph.

use std::collections::{BTreeMap, HashMap};

use async_graphql_value::{ConstValue as Value, Name, indexmap::IndexMap};

use super::{
    merge::merge,
    response_path::{ResponsePath, is_of_type, walk},
    rewrites,
};
use crate::plan::{EntityFetch, PathElement, RequiredSelection};

const TYPENAME: &str = "__typename";

/// The distinct representations of one list, and the paths of their entities.
#[derive(Default)]
pub(super) struct Representations {
    pub(super) list: Vec<Value>,
    pub(super) paths: Vec<(ResponsePath, usize)>,
    /// Paths of entities that have no value for any required field.
    pub(super) unidentified: Vec<ResponsePath>,
    index_by_digest: HashMap<Vec<u8>, usize>,
}

impl Representations {
    /// Adds the representations of all entities at a plan path.
    pub(super) fn add_at(
        &mut self,
        data: &Value,
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
            None if *entity != Value::Null => self.unidentified.push(path.clone()),
            None => {}
        });
        for (path, representation) in found {
            let number = self.index_of(representation, entities);
            self.paths.push((path, number));
        }
    }

    fn index_of(&mut self, mut representation: Value, entities: &EntityFetch) -> usize {
        *self.index_by_digest.entry(canonical_bytes(&representation)).or_insert_with(|| {
            for change in &entities.input_rewrites {
                rewrites::apply(change, &mut representation);
            }
            self.list.push(representation);
            self.list.len() - 1
        })
    }
}

/// Equal for equal representations, regardless of the order of their fields.
fn canonical_bytes(value: &Value) -> Vec<u8> {
    fn sorted(value: &Value) -> serde_json::Value {
        match value {
            Value::Object(fields) => {
                let fields: BTreeMap<_, _> =
                    fields.iter().map(|(key, value)| (key.to_string(), sorted(value))).collect();
                serde_json::Value::Object(fields.into_iter().collect())
            }
            Value::List(items) => items.iter().map(sorted).collect(),
            leaf => serde_json::to_value(leaf).unwrap_or_default(),
        }
    }
    serde_json::to_vec(&sorted(value)).expect("a JSON value always serialises")
}

/// Whether a value is an entity or nested in one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum RepresentationLevel {
    Root,
    Nested,
}

/// The required fields of a value; `None` if nothing but its type is known. A nested value has a
/// `__typename` only if it is required, since subgraphs can reject keys with extra fields.
fn represent(
    required: &[RequiredSelection],
    value: &Value,
    level: RepresentationLevel,
) -> Option<Value> {
    match value {
        Value::Null => None,
        Value::List(items) => {
            let items = items.iter().filter_map(|item| represent(required, item, level));
            Some(Value::List(items.collect()))
        }
        Value::Object(fields) if !required.is_empty() => {
            let mut sent = IndexMap::new();
            if level == RepresentationLevel::Root || needs_type(required) {
                let of_type = fields.get(TYPENAME).cloned();
                sent.extend(of_type.map(|name| (Name::new(TYPENAME), name)));
            }
            let type_count = sent.len();
            collect_required(required, value, fields, &mut sent);
            let type_is_enough = type_count > 0 && only_type(required);
            (sent.len() > type_count || type_is_enough).then_some(Value::Object(sent))
        }
        leaf => Some(leaf.clone()),
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
    entity: &Value,
    fields: &IndexMap<Name, Value>,
    sent: &mut IndexMap<Name, Value>,
) {
    for selection in required {
        match selection {
            RequiredSelection::Field { key, .. } if key == TYPENAME => {}
            RequiredSelection::Field { name, key, selections } => {
                let value = match fields.get(name).or_else(|| fields.get(key)) {
                    None => continue,
                    Some(Value::Null) => Value::Null,
                    Some(value) => {
                        match represent(selections, value, RepresentationLevel::Nested) {
                            None => continue,
                            Some(value) => value,
                        }
                    }
                };
                match sent.get_mut(key) {
                    Some(existing) => merge(existing, &value, &|_, _| false),
                    None => {
                        sent.insert(key.clone(), value);
                    }
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
