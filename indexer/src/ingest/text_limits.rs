//! Limits of structured text in sources. Each is checked during parsing, before any recursive code
//! processes the result.

use serde_json::{Map, Value};

/// Maximum nesting depth of objects and lists in front matter.
pub(crate) const FRONT_MATTER_NESTING_MAX: usize = 16;
/// Maximum number of aliases in front matter.
pub(crate) const FRONT_MATTER_ALIASES_MAX: usize = 100;
/// Maximum number of values in front matter, including those from aliases.
pub(crate) const FRONT_MATTER_VALUES_MAX: usize = 20_000;

/// Options with which a YAML parser enforces the limits.
pub(crate) fn yaml_options() -> serde_saphyr::Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: FRONT_MATTER_NESTING_MAX,
            max_aliases: FRONT_MATTER_ALIASES_MAX,
            max_nodes: FRONT_MATTER_VALUES_MAX,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: FRONT_MATTER_VALUES_MAX,
        },
    }
}

/// Checks the nesting of fields from a parser that has a limit of its own.
pub(crate) fn check_nesting(fields: &Map<String, Value>) -> Result<(), String> {
    let mut level: Vec<&Value> = fields.values().collect();
    for _ in 1..=FRONT_MATTER_NESTING_MAX {
        level = level.into_iter().flat_map(children).collect();
        if level.is_empty() {
            return Ok(());
        }
    }
    Err(format!("front matter exceeds the maximum nesting depth: `{FRONT_MATTER_NESTING_MAX}`"))
}

fn children(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(list) => list.iter().collect(),
        Value::Object(object) => object.values().collect(),
        _ => Vec::new(),
    }
}
