//! Representations: what a subgraph must be told to know which thing is meant.

use std::collections::{BTreeMap, HashMap};

use async_graphql::{Name, Value, indexmap::IndexMap};

use super::{
    merge::merge,
    place::{Path, is_of, walk},
    rewrite,
};
use crate::pipeline::plan::{Entities, Needed, Part};

const TYPENAME: &str = "__typename";

/// The representations of one list, each once, and where the things are.
#[derive(Default)]
pub(super) struct Representations {
    pub(super) list: Vec<Value>,
    pub(super) places: Vec<(Path, usize)>,
    /// Where things are of which nothing is known that would name them.
    pub(super) nameless: Vec<Path>,
    known: HashMap<Vec<u8>, usize>,
}

impl Representations {
    /// Finds the things at a place, and represents each.
    pub(super) fn find(&mut self, data: &Value, place: &[Part], entities: &Entities) {
        let mut found = Vec::new();
        walk(data, place, &mut Vec::new(), &mut |thing, path| match represent(
            &entities.requires,
            thing,
        ) {
            Some(representation) => found.push((path.clone(), representation)),
            None if *thing != Value::Null => self.nameless.push(path.clone()),
            None => {}
        });
        for (path, representation) in found {
            let number = self.number(representation, entities);
            self.places.push((path, number));
        }
    }

    fn number(&mut self, mut representation: Value, entities: &Entities) -> usize {
        *self.known.entry(digestible(&representation)).or_insert_with(|| {
            for change in &entities.before {
                rewrite::apply(change, &mut representation);
            }
            self.list.push(representation);
            self.list.len() - 1
        })
    }
}

/// Equal for equal representations, whatever the order of their fields.
fn digestible(value: &Value) -> Vec<u8> {
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
    serde_json::to_vec(&sorted(value)).expect("JSON is always written")
}

/// What of a thing is sent; nothing where nothing of it is known but its type.
fn represent(needed: &[Needed], thing: &Value) -> Option<Value> {
    match thing {
        Value::Null => None,
        Value::List(items) => {
            Some(Value::List(items.iter().filter_map(|item| represent(needed, item)).collect()))
        }
        Value::Object(fields) if !needed.is_empty() => {
            let mut sent = IndexMap::new();
            let of_type = fields.get(TYPENAME).cloned();
            sent.extend(of_type.map(|name| (Name::new(TYPENAME), name)));
            let named = sent.len();
            collect(needed, thing, fields, &mut sent);
            let type_is_enough = named > 0 && only_type(needed);
            (sent.len() > named || type_is_enough).then_some(Value::Object(sent))
        }
        whole => Some(whole.clone()),
    }
}

fn only_type(needed: &[Needed]) -> bool {
    match needed {
        [Needed::Field { name, .. }] => name == TYPENAME,
        [Needed::Where { below, .. }] => only_type(below),
        _ => false,
    }
}

fn collect(
    needed: &[Needed],
    thing: &Value,
    fields: &IndexMap<Name, Value>,
    sent: &mut IndexMap<Name, Value>,
) {
    for part in needed {
        match part {
            Needed::Field { key, .. } if key == TYPENAME => {}
            Needed::Field { name, key, below } => {
                let value = match fields.get(name).or_else(|| fields.get(key)) {
                    None => continue,
                    Some(Value::Null) => Value::Null,
                    Some(value) => match represent(below, value) {
                        None => continue,
                        Some(value) => value,
                    },
                };
                match sent.get_mut(key) {
                    Some(known) => merge(known, &value),
                    None => {
                        sent.insert(key.clone(), value);
                    }
                }
            }
            Needed::Where { types, below } => {
                if is_of(thing, types) {
                    collect(below, thing, fields, sent);
                }
            }
        }
    }
}
