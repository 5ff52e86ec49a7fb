//! Changes names and values that a plan chose to names and values of the answer, and back.

use async_graphql::{Name, Value};

use super::place::is_of;
use crate::pipeline::plan::{Part, Rewrite};

/// Makes one change wherever its way leads.
pub(super) fn apply(change: &Rewrite, value: &mut Value) {
    match change {
        Rewrite::Rename { way, to } => rename(value, way, to),
        Rewrite::Set { way, text } => set(value, way, text),
    }
}

fn rename(value: &mut Value, way: &[Part], to: &Name) {
    match (value, way) {
        (Value::List(items), way) => items.iter_mut().for_each(|item| rename(item, way, to)),
        (value, [Part::Types(types), rest @ ..]) if is_of(value, types) => {
            rename(value, rest, to);
        }
        (Value::Object(fields), [Part::Field(from)]) => {
            if let Some(value) = fields.swap_remove(from) {
                fields.insert(to.clone(), value);
            }
        }
        (Value::Object(fields), [Part::Field(name), rest @ ..]) => {
            if let Some(value) = fields.get_mut(name) {
                rename(value, rest, to);
            }
        }
        _ => {}
    }
}

fn set(value: &mut Value, way: &[Part], text: &str) {
    match (value, way) {
        (value, []) => *value = Value::String(text.to_owned()),
        (Value::List(items), way) => items.iter_mut().for_each(|item| set(item, way, text)),
        (value, [Part::Types(types), rest @ ..]) if is_of(value, types) => {
            set(value, rest, text);
        }
        (Value::Object(fields), [Part::Field(name), rest @ ..]) => {
            if let Some(value) = fields.get_mut(name) {
                set(value, rest, text);
            }
        }
        _ => {}
    }
}
