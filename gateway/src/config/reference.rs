//! The reference of the configuration file: its keys with type, default, range and meaning, from the
//! types that the file is read into.

use std::fmt::Write;

use indexer::ingest::config::{Field, IfUnreadable};
use serde_json::Value;

use super::{Limits, file::json_schema};

/// The text of the manual around the tables; `{{keys NAME}}` is the table of a section, `{{keys}}`
/// that of the top level, and `{{fields}}` that of the canonical fields.
const TEMPLATE: &str = include_str!("reference.template");

/// Keys that an integer has in its name for its unit.
const UNITS: [(&str, &str); 5] = [
    ("_bytes_max", "bytes"),
    ("_ms_max", "milliseconds"),
    ("_ms", "milliseconds"),
    ("_s", "seconds"),
    ("_percent", "percentage"),
];

/// The manual `gateway/docs/configuration.md`.
pub(crate) fn manual() -> String {
    let schema = json_schema();
    let mut text = String::new();
    for line in TEMPLATE.lines() {
        match line.strip_prefix("{{keys").and_then(|rest| rest.strip_suffix("}}")) {
            Some(section) => text.push_str(&keys(schema.as_value(), section.trim())),
            None if line == "{{fields}}" => text.push_str(&fields()),
            None => {
                text.push_str(line);
                text.push('\n');
            }
        }
    }
    text
}

/// The table of the keys of a section, such as `site.colours`; the top level without a name.
fn keys(schema: &Value, section: &str) -> String {
    let names = section.split('.').filter(|name| !name.is_empty());
    let object = names.fold(schema, |object, name| object_within(&object["properties"][name]));
    let required = object["required"].as_array().cloned().unwrap_or_default();
    let mut table = "| Key | Type | Default | Unit and range | Meaning |\n".to_owned();
    table.push_str("| --- | --- | --- | --- | --- |\n");
    for (key, value) in object["properties"].as_object().into_iter().flatten() {
        if section.is_empty() && !object_within(value)["properties"].is_null() {
            continue;
        }
        let is_required = required.iter().any(|name| name == key);
        let meaning = value["description"].as_str().unwrap_or_default().replace('\n', " ");
        let cells = [type_name(value), default(value, is_required), range(key, value)];
        let [type_name, default, range] = cells;
        writeln!(table, "| `{key}` | {type_name} | {default} | {range} | {meaning} |")
            .expect("a string can be written to");
    }
    table
}

/// The schema of a section: of a table, of an optional one, or of each in an array.
fn object_within(value: &Value) -> &Value {
    let within = |value: &'_ Value| !value["properties"].is_null();
    let choices = value["anyOf"].as_array();
    let optional = choices.into_iter().flatten().find(|choice| within(choice));
    if within(&value["items"]) { &value["items"] } else { optional.unwrap_or(value) }
}

/// The type of a value in TOML.
fn type_name(value: &Value) -> String {
    let name = value["x-type"].as_str().map(str::to_owned);
    name.unwrap_or_else(|| match json_type(value) {
        "array" => format!("list of {}", plural(&value["items"])),
        "object" if !value["additionalProperties"]["additionalProperties"].is_null() => {
            "table of tables".to_owned()
        }
        "object" => "table".to_owned(),
        name => name.to_owned(),
    })
}

fn plural(value: &Value) -> String {
    match json_type(value) {
        "array" => format!("lists of {}", plural(&value["items"])),
        "object" => "tables".to_owned(),
        name => format!("{name}s"),
    }
}

/// The JSON type of a value, null aside.
fn json_type(value: &Value) -> &str {
    let choices = value["type"].as_array();
    let name = choices.into_iter().flatten().filter_map(Value::as_str).find(|name| *name != "null");
    name.or_else(|| value["type"].as_str()).unwrap_or("string")
}

fn default(value: &Value, is_required: bool) -> String {
    match (&value["x-default-text"], &value["x-default"], &value["default"]) {
        _ if is_required => "required".to_owned(),
        (Value::String(text), ..) => text.clone(),
        (_, Value::Null, Value::Null) => "none".to_owned(),
        (_, Value::Null, Value::Object(table)) if table.is_empty() => "empty".to_owned(),
        (_, Value::Null, default) | (_, default, _) => literal(default),
    }
}

/// A value as in TOML, a large number with separators.
fn literal(value: &Value) -> String {
    match value {
        Value::Number(number) => number.as_u64().map_or_else(|| number.to_string(), grouped),
        Value::String(text) => format!("`{text}`"),
        other => format!("`{other}`"),
    }
}

/// Unit and range of a key: of its name and its type, or as its field describes it.
fn range(key: &str, value: &Value) -> String {
    let unit = UNITS.into_iter().find(|(suffix, _)| key.ends_with(suffix)).map(|(_, unit)| unit);
    let limits = Limits::default().ranges();
    let limit = limits.iter().find(|(name, ..)| *name == key);
    let limit = limit.map(|(_, _, range)| (*range.start(), *range.end()));
    let bound = |name: &str| value[name].as_u64();
    let declared = bound("minimum").zip(bound("maximum"));
    let range = limit.or(declared).map(|(min, max)| {
        format!(
            "{} to {}",
            grouped(min),
            if unit == Some("bytes") { size(max) } else { grouped(max) }
        )
    });
    let text = value["x-range"].as_str().map(str::to_owned).or_else(|| choices(value));
    let parts = [unit.map(str::to_owned), range.or(text)];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// The values of an enum, such as "`text` or `json`".
fn choices(value: &Value) -> Option<String> {
    let listed = value["enum"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let described = value["oneOf"].as_array().into_iter().flatten();
    let described = described.filter_map(|choice| choice["const"].as_str());
    let names: Vec<_> = listed.chain(described).map(|name| format!("`{name}`")).collect();
    let (last, others) = names.split_last()?;
    Some(if others.is_empty() { last.clone() } else { format!("{} or {last}", others.join(", ")) })
}

/// A number of bytes, also in MiB or GiB where it is a whole number of them.
fn size(bytes: u64) -> String {
    let units = [(30, "GiB"), (20, "MiB")];
    match units.into_iter().find(|(shift, _)| bytes.trailing_zeros() >= *shift) {
        Some((shift, unit)) => format!("{} ({} {unit})", grouped(bytes), bytes >> shift),
        None => grouped(bytes),
    }
}

/// A number with separators between thousands.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// The table of the canonical fields.
fn fields() -> String {
    let mut table = "| Field | Kinds | Value | Unreadable value | Meaning |\n\
                     | --- | --- | --- | --- | --- |\n"
        .to_owned();
    for field in Field::ALL {
        let description = field.description();
        let (kinds, meaning) = (description.kinds, description.meaning);
        let keys: Vec<_> = field.subfields().iter().map(|key| format!("`{field}.{key}`")).collect();
        let value = description.value;
        let keys = if keys.is_empty() { String::new() } else { format!(": {}", keys.join(", ")) };
        let unreadable = match field.if_unreadable() {
            IfUnreadable::RejectsRecord => "rejects the record",
            IfUnreadable::LeavesOutEntry => {
                "rejects the record; an entry of contact data or symbols is left out"
            }
            IfUnreadable::LeavesOutRelativeUrl => {
                "rejects the record; a relative URL is left out without `url`"
            }
        };
        writeln!(table, "| `{field}` | {kinds} | {value}{keys} | {unreadable} | {meaning} |")
            .expect("a string can be written to");
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every key with its schema, sections included.
    fn visit(object: &Value, path: &str, keys: &mut Vec<(String, Value)>) {
        for (key, value) in object["properties"].as_object().into_iter().flatten() {
            let within = object_within(value);
            if within["properties"].is_null() {
                keys.push((format!("{path}{key}"), value.clone()));
            } else {
                visit(within, &format!("{path}{key}."), keys);
            }
        }
    }

    #[test]
    fn every_key_must_be_in_the_manual_with_its_meaning() {
        let (schema, manual) = (json_schema(), manual());
        let mut keys = Vec::new();
        visit(schema.as_value(), "", &mut keys);
        assert!(keys.len() > 80, "{}", keys.len());
        for (path, value) in keys {
            let description = value["description"].as_str().unwrap_or_default();
            assert!(!description.is_empty(), "`{path}` has no description");
            let key = path.rsplit('.').next().unwrap_or_default();
            let in_headers = path.starts_with("subgraph.headers.");
            let row = format!("| `{key}` |");
            assert!(in_headers || manual.contains(&row), "`{path}` is not in the manual");
        }
        assert!(!manual.contains("{{"), "a placeholder is left");
    }

    #[test]
    fn numbers_must_be_readable() {
        assert_eq!(
            [grouped(0), grouped(999), grouped(1_000), grouped(1_234_567)],
            ["0", "999", "1,000", "1,234,567"]
        );
        assert_eq!(size(64 << 20), "67,108,864 (64 MiB)");
        assert_eq!(size(3), "3");
    }
}
