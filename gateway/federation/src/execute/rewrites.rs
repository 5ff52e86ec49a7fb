//! Rewrites between the names and values in a plan's fetches and those in the response.

use async_graphql_value::Name;

use super::response_path::is_of_type;
use crate::{
    error::PathSegment,
    plan::{PathElement, Rewrite},
    response_value::ResponseValue,
};

/// Applies a rewrite to all values that match its path.
pub(super) fn apply(change: &Rewrite, value: &mut ResponseValue) {
    match change {
        Rewrite::Rename { path, to } => rename(value, path, to),
        Rewrite::Set { path, text } => set(value, path, text),
    }
}

/// Applies a rename to the path of an error within a response, whose types are unknown.
pub(super) fn apply_to_path(change: &Rewrite, error_path: &mut [PathSegment]) {
    let Rewrite::Rename { path, to } = change else { return };
    let mut names = path.iter().filter_map(|element| match element {
        PathElement::Field(name) => Some(name),
        PathElement::TypeCondition(_) | PathElement::List => None,
    });
    let mut next = names.next();
    for segment in error_path {
        let PathSegment::Field(key) = segment else { continue };
        match next {
            Some(name) if name == key => next = names.next(),
            _ => return,
        }
        if next.is_none() {
            *key = to.to_string();
            return;
        }
    }
}

fn rename(value: &mut ResponseValue, path: &[PathElement], to: &Name) {
    match (value, path) {
        (ResponseValue::List(items), path) => {
            for item in items {
                rename(item, path, to);
            }
        }
        (value, [PathElement::TypeCondition(types), rest @ ..]) if is_of_type(value, types) => {
            rename(value, rest, to);
        }
        (ResponseValue::Object(fields), [PathElement::Field(from)]) => {
            if let Some(value) = fields.remove(from) {
                fields.insert(to.clone(), value);
            }
        }
        (ResponseValue::Object(fields), [PathElement::Field(name), rest @ ..]) => {
            if let Some(value) = fields.get_mut(name) {
                rename(value, rest, to);
            }
        }
        _ => {}
    }
}

fn set(value: &mut ResponseValue, path: &[PathElement], text: &str) {
    match (value, path) {
        (value, []) => *value = ResponseValue::string(text),
        (ResponseValue::List(items), path) => {
            for item in items {
                set(item, path, text);
            }
        }
        (value, [PathElement::TypeCondition(types), rest @ ..]) if is_of_type(value, types) => {
            set(value, rest, text);
        }
        (ResponseValue::Object(fields), [PathElement::Field(name), rest @ ..]) => {
            if let Some(value) = fields.get_mut(name) {
                set(value, rest, text);
            }
        }
        _ => {}
    }
}
