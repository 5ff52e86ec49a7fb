//! Values of responses: objects and lists as a tree, leaves as the JSON text that the subgraph
//! sent. A number or string reaches the client with the same bytes, and reading a response copies
//! no text.

use std::borrow::Cow;

use async_graphql_value::{ConstValue, Name};
use bytes::Bytes;

/// Key of the type name of an object.
pub(crate) const TYPENAME: &str = "__typename";

/// A value of a response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ResponseValue {
    Null,
    /// JSON text without whitespace around it, other than `null`: a scalar or enum value, a list of
    /// these, or any value of a custom scalar.
    Leaf(Bytes),
    List(Vec<Self>),
    Object(ResponseObject),
}

/// The fields of an object, in the order in which they were added.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct ResponseObject {
    fields: Vec<(Name, ResponseValue)>,
}

impl ResponseValue {
    /// A string.
    pub(crate) fn string(text: &str) -> Self {
        let json = serde_json::to_vec(text).expect("a string always serialises to JSON");
        Self::Leaf(json.into())
    }

    /// A value of an operation, as one leaf.
    pub(crate) fn of(value: &ConstValue) -> Self {
        match value {
            ConstValue::Null => Self::Null,
            value => {
                let json = serde_json::to_vec(value);
                Self::Leaf(json.expect("GraphQL values always serialise to JSON").into())
            }
        }
    }

    /// The text of a string.
    pub(crate) fn as_str(&self) -> Option<Cow<'_, str>> {
        if let Self::Leaf(json) = self { string_of(json) } else { None }
    }

    /// Appends the value as JSON.
    pub(crate) fn write(&self, json: &mut Vec<u8>) {
        match self {
            Self::Null => json.extend_from_slice(b"null"),
            Self::Leaf(text) => json.extend_from_slice(text),
            Self::List(items) => {
                json.push(b'[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        json.push(b',');
                    }
                    item.write(json);
                }
                json.push(b']');
            }
            Self::Object(object) => {
                json.push(b'{');
                for (index, (key, value)) in object.iter().enumerate() {
                    if index > 0 {
                        json.push(b',');
                    }
                    write_key(key, json);
                    value.write(json);
                }
                json.push(b'}');
            }
        }
    }
}

/// Appends the key of a field, which is a GraphQL name and needs no escapes.
pub(crate) fn write_key(key: &str, json: &mut Vec<u8>) {
    json.push(b'"');
    json.extend_from_slice(key.as_bytes());
    json.extend_from_slice(b"\":");
}

/// The text of a JSON string; `None` for other JSON values.
pub(crate) fn string_of(json: &[u8]) -> Option<Cow<'_, str>> {
    let text = json.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
    if text.contains(&b'\\') {
        return serde_json::from_slice(json).ok().map(Cow::Owned);
    }
    std::str::from_utf8(text).ok().map(Cow::Borrowed)
}

impl ResponseObject {
    /// An object without fields, with memory for `capacity` fields.
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Self { fields: Vec::with_capacity(capacity) }
    }

    /// The value of a field.
    pub(crate) fn get(&self, key: &str) -> Option<&ResponseValue> {
        self.fields.iter().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// As [`Self::get`], for fields that are mostly read in order: begins at `next`, the position
    /// after the field that was read before.
    pub(crate) fn get_from(&self, next: &mut usize, key: &str) -> Option<&ResponseValue> {
        let (before, after) = self.fields.split_at((*next).min(self.fields.len()));
        let found = after.iter().position(|(name, _)| name == key).map(|at| at + before.len());
        let found = found.or_else(|| before.iter().position(|(name, _)| name == key))?;
        *next = found + 1;
        Some(&self.fields[found].1)
    }

    pub(crate) fn get_mut(&mut self, key: &str) -> Option<&mut ResponseValue> {
        self.fields.iter_mut().find(|(name, _)| name == key).map(|(_, value)| value)
    }

    /// Adds a field, or replaces its value.
    pub(crate) fn insert(&mut self, key: Name, value: ResponseValue) {
        match self.get_mut(&key) {
            Some(field) => *field = value,
            None => self.fields.push((key, value)),
        }
    }

    /// Allocates memory for `additional` fields.
    pub(crate) fn reserve(&mut self, additional: usize) {
        self.fields.reserve_exact(additional);
    }

    /// Adds a field that the object does not have yet.
    pub(crate) fn push(&mut self, key: Name, value: ResponseValue) {
        self.fields.push((key, value));
    }

    /// Removes a field.
    pub(crate) fn remove(&mut self, key: &str) -> Option<ResponseValue> {
        let at = self.fields.iter().position(|(name, _)| name == key)?;
        Some(self.fields.remove(at).1)
    }

    pub(crate) fn len(&self) -> usize {
        self.fields.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &(Name, ResponseValue)> {
        self.fields.iter()
    }

    /// The type name, if the subgraph returned one.
    pub(crate) fn type_name(&self) -> Option<Cow<'_, str>> {
        self.get(TYPENAME)?.as_str()
    }
}

impl IntoIterator for ResponseObject {
    type Item = (Name, ResponseValue);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.fields.into_iter()
    }
}

#[cfg(test)]
pub(crate) mod test_support {
    use super::*;

    /// The tree of a JSON value, with scalars as leaves.
    pub(crate) fn response_value(json: &serde_json::Value) -> ResponseValue {
        match json {
            serde_json::Value::Null => ResponseValue::Null,
            serde_json::Value::Array(items) => {
                ResponseValue::List(items.iter().map(response_value).collect())
            }
            serde_json::Value::Object(fields) => {
                let mut object = ResponseObject::default();
                for (key, value) in fields {
                    object.insert(Name::new(key), response_value(value));
                }
                ResponseValue::Object(object)
            }
            leaf => ResponseValue::Leaf(leaf.to_string().into()),
        }
    }

    /// The JSON text of a value.
    pub(crate) fn json_text(value: &ResponseValue) -> String {
        let mut json = Vec::new();
        value.write(&mut json);
        String::from_utf8(json).unwrap()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{
        test_support::{json_text, response_value},
        *,
    };

    #[test]
    fn fields_must_be_found_in_any_order() {
        let ResponseValue::Object(object) = response_value(&json!({ "a": 1, "b": 2, "c": 3 }))
        else {
            panic!("no object")
        };
        let mut next = 0;
        for key in ["a", "b", "c", "c", "a", "d", "b"] {
            assert_eq!(object.get_from(&mut next, key), object.get(key), "{key}");
        }
    }

    #[test]
    fn the_text_of_a_string_must_be_unescaped() {
        for (json, text) in [
            (r#""Dam""#, Some("Dam")),
            (r#""\u0044am\n""#, Some("Dam\n")),
            (r#""""#, Some("")),
            ("\"", None),
            ("7", None),
            ("[]", None),
            (r#""\ud800""#, None),
        ] {
            assert_eq!(string_of(json.as_bytes()).as_deref(), text, "{json}");
        }
    }

    #[test]
    fn a_value_must_be_written_as_it_was_read() {
        let text = r#"{"a":[1.0,null,{"b":"x\"y"}],"c":{}}"#;
        let mut value = response_value(&serde_json::from_str(text).unwrap());
        assert_eq!(json_text(&value), text);
        let ResponseValue::Object(object) = &mut value else { panic!("no object") };
        assert!(object.remove("a").is_some() && object.remove("a").is_none());
        object.insert(Name::new("c"), ResponseValue::string("\u{1}"));
        assert_eq!(json_text(&value), r#"{"c":"\u0001"}"#);
    }
}
