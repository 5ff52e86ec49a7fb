//! Rewrites between the names and values in a plan's fetches and those in the response.

use async_graphql_value::{ConstValue as Value, Name};

use super::response_path::is_of_type;
use crate::plan::{PathElement, Rewrite};

/// Applies a rewrite to all values that match its path.
pub(super) fn apply(change: &Rewrite, value: &mut Value) {
    match change {
        Rewrite::Rename { path, to } => rename(value, path, to),
        Rewrite::Set { path, text } => set(value, path, text),
    }
}

fn rename(value: &mut Value, path: &[PathElement], to: &Name) {
    match (value, path) {
        (Value::List(items), path) => items.iter_mut().for_each(|item| rename(item, path, to)),
        (value, [PathElement::TypeCondition(types), rest @ ..]) if is_of_type(value, types) => {
            rename(value, rest, to);
        }
        (Value::Object(fields), [PathElement::Field(from)]) => {
            if let Some(value) = fields.swap_remove(from) {
                fields.insert(to.clone(), value);
            }
        }
        (Value::Object(fields), [PathElement::Field(name), rest @ ..]) => {
            if let Some(value) = fields.get_mut(name) {
                rename(value, rest, to);
            }
        }
        _ => {}
    }
}

fn set(value: &mut Value, path: &[PathElement], text: &str) {
    match (value, path) {
        (value, []) => *value = Value::String(text.to_owned()),
        (Value::List(items), path) => items.iter_mut().for_each(|item| set(item, path, text)),
        (value, [PathElement::TypeCondition(types), rest @ ..]) if is_of_type(value, types) => {
            set(value, rest, text);
        }
        (Value::Object(fields), [PathElement::Field(name), rest @ ..]) => {
            if let Some(value) = fields.get_mut(name) {
                set(value, rest, text);
            }
        }
        _ => {}
    }
}
