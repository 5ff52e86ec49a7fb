//! All mistakes in the keys of a configuration file. The parser of the file stops at the first one, so
//! the document is compared with the JSON Schema of the same types (`reference`).

use serde_json::Value;
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// A key or value that does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mistake {
    /// Position in the file, in bytes.
    pub(super) offset: usize,
    pub(super) kind: MistakeKind,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum MistakeKind {
    /// A key that does not exist in its table, with those that do.
    UnknownKey { key: String, known: Vec<String> },
    /// A value of another type, or not one of the values of an enum.
    Value { key: String, expected: String, actual: String },
    /// A required key is missing in a table.
    MissingKey { key: String },
}

/// The mistakes in a table, in the order of the file.
pub(super) fn mistakes(table: &Spanned<DeTable<'_>>, schema: &Value) -> Vec<Mistake> {
    let mut found = Vec::new();
    check_table(table.get_ref(), table.span().start, schema, "", &mut found);
    found.sort_by_key(|mistake| mistake.offset);
    found
}

fn check_table(
    table: &DeTable<'_>,
    offset: usize,
    schema: &Value,
    path: &str,
    found: &mut Vec<Mistake>,
) {
    let properties = schema["properties"].as_object();
    for (key, value) in table {
        let (name, others) = (key.get_ref().as_ref(), &schema["additionalProperties"]);
        let path = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        match properties.and_then(|properties| properties.get(name)) {
            Some(schema) => check_value(value, schema, &path, found),
            None if others.is_object() => check_value(value, others, &path, found),
            None if *others == Value::Bool(false) => {
                let known = properties.into_iter().flat_map(serde_json::Map::keys).cloned();
                let kind = MistakeKind::UnknownKey { key: name.to_owned(), known: known.collect() };
                found.push(Mistake { offset: key.span().start, kind });
            }
            None => {}
        }
    }
    for key in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if !table.contains_key(key) {
            let key = if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
            found.push(Mistake { offset, kind: MistakeKind::MissingKey { key } });
        }
    }
}

fn check_value(value: &Spanned<DeValue<'_>>, schema: &Value, path: &str, found: &mut Vec<Mistake>) {
    let offset = value.span().start;
    let choices = schema["anyOf"].as_array().map_or(std::slice::from_ref(schema), Vec::as_slice);
    let actual = type_name(value.get_ref());
    let Some(schema) = choices.iter().find(|choice| allows(choice, actual)) else {
        let expected: Vec<_> = choices.iter().flat_map(expected_types).collect();
        let article = if actual.starts_with(['a', 'i', 'o']) { "an" } else { "a" };
        let (expected, actual) = (expected.join(" or "), format!("{article} {actual}"));
        let kind = MistakeKind::Value { key: path.to_owned(), expected, actual };
        found.push(Mistake { offset, kind });
        return;
    };
    match value.get_ref() {
        DeValue::Table(table) => check_table(table, offset, schema, path, found),
        DeValue::Array(list) => {
            list.iter().for_each(|item| check_value(item, &schema["items"], path, found));
        }
        DeValue::String(text) => {
            let values = enum_values(schema);
            if !values.is_empty() && !values.contains(&text.as_ref()) {
                let listed: Vec<_> = values.iter().map(|value| format!("`{value}`")).collect();
                let (expected, actual) = (listed.join(", "), format!("`{text}`"));
                let kind = MistakeKind::Value {
                    key: path.to_owned(),
                    expected: format!("one of {expected}"),
                    actual,
                };
                found.push(Mistake { offset, kind });
            }
        }
        _ => {}
    }
}

/// The JSON type of a TOML value; `date` for dates and times.
fn type_name(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "string",
        DeValue::Integer(_) => "integer",
        DeValue::Float(_) => "number",
        DeValue::Boolean(_) => "boolean",
        DeValue::Datetime(_) => "date",
        DeValue::Array(_) => "array",
        DeValue::Table(_) => "object",
    }
}

/// Whether a schema allows values of a type. A schema without a type allows all.
fn allows(schema: &Value, actual: &str) -> bool {
    let types: Vec<_> = json_types(schema).collect();
    let is_string_enum = types.is_empty() && !enum_values(schema).is_empty();
    match actual {
        _ if schema["x-type"].as_str().is_some_and(|text| text.contains(actual)) => true,
        _ if is_string_enum => actual == "string",
        _ if types.is_empty() => true,
        "integer" => types.contains(&"integer") || types.contains(&"number"),
        actual => types.contains(&actual),
    }
}

/// The JSON types of a schema, null aside.
fn json_types(schema: &Value) -> impl Iterator<Item = &str> {
    let listed = schema["type"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let single = schema["type"].as_str();
    listed.chain(single).filter(|name| *name != "null")
}

/// The types of a schema, for people.
fn expected_types(schema: &Value) -> impl Iterator<Item = &'static str> {
    json_types(schema).map(|name| match name {
        "integer" => "an integer",
        "number" => "a number",
        "boolean" => "`true` or `false`",
        "array" => "a list",
        "object" => "a table",
        _ => "a string",
    })
}

/// The values of an enum; empty for any other schema.
fn enum_values(schema: &Value) -> Vec<&str> {
    let listed = schema["enum"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let described = schema["oneOf"].as_array().into_iter().flatten();
    let described = described.flat_map(|choice| {
        let listed = choice["enum"].as_array().into_iter().flatten().filter_map(Value::as_str);
        choice["const"].as_str().into_iter().chain(listed)
    });
    listed.chain(described).collect()
}
