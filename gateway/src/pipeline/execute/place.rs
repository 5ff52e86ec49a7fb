//! Places in an answer: which there are for the way of a plan, and what is at one.

use std::collections::BTreeSet;

use async_graphql::{Name, Value};

use crate::pipeline::plan::Part;

/// A step of the way to a place.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(in crate::pipeline) enum Segment {
    Key(Box<str>),
    Index(usize),
}

/// The way from the root of an answer to a place.
pub(in crate::pipeline) type Path = Vec<Segment>;

/// All places that a way leads to, in order.
pub(super) fn places(data: &Value, way: &[Part]) -> Vec<Path> {
    let mut found = Vec::new();
    walk(data, way, &mut Vec::new(), &mut |_, path| found.push(path.clone()));
    found
}

/// Looks at everything that a way leads to.
pub(super) fn walk(
    value: &Value,
    way: &[Part],
    path: &mut Path,
    look: &mut impl FnMut(&Value, &Path),
) {
    // A way names one list for a list of lists, too.
    if let Value::List(items) = value {
        let rest = if way.first() == Some(&Part::Items) { &way[1..] } else { way };
        for (index, item) in items.iter().enumerate() {
            path.push(Segment::Index(index));
            walk(item, rest, path, look);
            path.pop();
        }
        return;
    }
    match way.split_first() {
        None => look(value, path),
        Some((Part::Items, _)) => {}
        Some((Part::Field(name), rest)) => {
            if let Some(next) = field(value, name) {
                path.push(Segment::Key(name.as_str().into()));
                walk(next, rest, path, look);
                path.pop();
            }
        }
        Some((Part::Types(types), rest)) => {
            if is_of(value, types) {
                walk(value, rest, path, look);
            }
        }
    }
}

fn field<'v>(value: &'v Value, name: &Name) -> Option<&'v Value> {
    if let Value::Object(fields) = value { fields.get(name) } else { None }
}

/// Whether an object is of one of these types; one that does not say is taken to be.
pub(super) fn is_of(value: &Value, types: &BTreeSet<String>) -> bool {
    let Value::Object(fields) = value else { return false };
    match fields.get("__typename") {
        Some(Value::String(name)) => types.contains(name),
        _ => true,
    }
}

/// What is at a place.
pub(super) fn at<'v>(data: &'v mut Value, path: &[Segment]) -> Option<&'v mut Value> {
    path.iter().try_fold(data, |value, segment| match (segment, value) {
        (Segment::Key(key), Value::Object(fields)) => fields.get_mut(&**key),
        (Segment::Index(index), Value::List(items)) => items.get_mut(*index),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_way_must_lead_through_lists_of_lists_and_types() {
        let data = json!({ "a": [[{ "__typename": "X", "b": { "c": 1 } }],
            [{ "__typename": "Y", "b": { "c": 2 } }, null, { "b": null }]] });
        let data = Value::from_json(data).unwrap();
        let types = || Part::Types(BTreeSet::from(["X".to_owned()]));
        let field = |name| Part::Field(Name::new(name));
        let key = |key: &str| Segment::Key(key.into());
        let index = Segment::Index;
        for way in [
            vec![field("a"), Part::Items, Part::Items, types(), field("b")],
            vec![field("a"), Part::Items, types(), field("b")],
        ] {
            assert_eq!(
                places(&data, &way),
                [
                    vec![key("a"), index(0), index(0), key("b")],
                    vec![key("a"), index(1), index(2), key("b")],
                ]
            );
        }
        let way = [field("a"), Part::Items, field("b"), field("c")];
        assert_eq!(places(&data, &way).len(), 2);
    }
}
