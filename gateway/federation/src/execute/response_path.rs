//! Response paths: resolves the paths of a plan against the data.

use std::collections::BTreeSet;

use async_graphql_value::Name;

use crate::{plan::PathElement, response_value::ResponseValue};

/// A segment of a response path.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum ResponseSegment {
    Key(Name),
    Index(usize),
}

/// The path from the root of a response to a value.
pub(crate) type ResponsePath = Vec<ResponseSegment>;

/// All response paths that match a plan path, in order.
pub(super) fn resolve_paths(data: &ResponseValue, plan_path: &[PathElement]) -> Vec<ResponsePath> {
    let mut found = Vec::new();
    walk(data, plan_path, &mut Vec::new(), &mut |_, path| found.push(path.clone()));
    found
}

/// Visits all values that match a plan path.
pub(super) fn walk(
    value: &ResponseValue,
    plan_path: &[PathElement],
    path: &mut ResponsePath,
    visit: &mut impl FnMut(&ResponseValue, &ResponsePath),
) {
    // A plan path can have a single list segment for a list of lists.
    if let ResponseValue::List(items) = value {
        let rest =
            if plan_path.first() == Some(&PathElement::List) { &plan_path[1..] } else { plan_path };
        for (index, item) in items.iter().enumerate() {
            path.push(ResponseSegment::Index(index));
            walk(item, rest, path, visit);
            path.pop();
        }
        return;
    }
    match plan_path.split_first() {
        None => visit(value, path),
        Some((PathElement::List, _)) => {}
        Some((PathElement::Field(name), rest)) => {
            if let ResponseValue::Object(object) = value
                && let Some(next) = object.get(name)
            {
                path.push(ResponseSegment::Key(name.clone()));
                walk(next, rest, path, visit);
                path.pop();
            }
        }
        Some((PathElement::TypeCondition(types), rest)) => {
            if is_of_type(value, types) {
                walk(value, rest, path, visit);
            }
        }
    }
}

/// Whether an object has one of these types; `true` if it has no `__typename`.
pub(super) fn is_of_type(value: &ResponseValue, types: &BTreeSet<String>) -> bool {
    let ResponseValue::Object(object) = value else { return false };
    object.type_name().is_none_or(|name| types.contains(&*name))
}

/// The value at a response path.
pub(super) fn value_at<'v>(
    data: &'v mut ResponseValue,
    path: &[ResponseSegment],
) -> Option<&'v mut ResponseValue> {
    path.iter().try_fold(data, |value, segment| match (segment, value) {
        (ResponseSegment::Key(key), ResponseValue::Object(fields)) => fields.get_mut(key),
        (ResponseSegment::Index(index), ResponseValue::List(items)) => items.get_mut(*index),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::response_value::test_support::response_value;

    #[test]
    fn a_path_must_lead_through_lists_of_lists_and_types() {
        let data = json!({ "a": [[{ "__typename": "X", "b": { "c": 1 } }],
            [{ "__typename": "Y", "b": { "c": 2 } }, null, { "b": null }]] });
        let data = response_value(&data);
        let types = || PathElement::TypeCondition(BTreeSet::from(["X".to_owned()]));
        let field = |name| PathElement::Field(Name::new(name));
        let key = |key: &str| ResponseSegment::Key(Name::new(key));
        let index = ResponseSegment::Index;
        for plan_path in [
            vec![field("a"), PathElement::List, PathElement::List, types(), field("b")],
            vec![field("a"), PathElement::List, types(), field("b")],
        ] {
            assert_eq!(
                resolve_paths(&data, &plan_path),
                [
                    vec![key("a"), index(0), index(0), key("b")],
                    vec![key("a"), index(1), index(2), key("b")],
                ]
            );
        }
        let plan_path = [field("a"), PathElement::List, field("b"), field("c")];
        assert_eq!(resolve_paths(&data, &plan_path).len(), 2);
    }
}
