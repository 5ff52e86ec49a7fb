//! The arguments of tools: the parameters of a query string, as JSON.

use poem_openapi::registry::MetaOperationParam;
use rmcp::model::JsonObject;
use serde_json::{Value, json};
use url::form_urlencoded;

use crate::search_params::is_condition;

/// Below this number, every whole number has a floating-point number of its own.
const WHOLE_MAX: f64 = 9_007_199_254_740_992.0;

/// A query string with the arguments of a tool. `null` is an absent argument.
///
/// # Errors
/// What to correct.
pub(super) fn query_string(arguments: &JsonObject) -> Result<String, String> {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in arguments {
        if name == "key" {
            return Err("`key`: send it in the address, or as `X-API-Key`".to_owned());
        }
        match value {
            Value::Null => {}
            Value::Array(values) if is_list(name) => {
                for value in values {
                    query.append_pair(name, &text(name, value)?);
                }
            }
            Value::Array(_) => return Err(format!("`{}`: send one value", shortened(name))),
            value => {
                query.append_pair(name, &text(name, value)?);
            }
        }
    }
    Ok(query.finish())
}

/// Whether an argument can have several values.
fn is_list(name: &str) -> bool {
    is_condition(name) && !matches!(name, "from" | "until")
}

/// A value as in a query string.
fn text(name: &str, value: &Value) -> Result<String, String> {
    let text = match value {
        Value::String(text) => text.clone(),
        // `3.0` is an integer of JSON Schema.
        Value::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() < WHOLE_MAX => {
                format!("{float:.0}")
            }
            _ => number.to_string(),
        },
        Value::Bool(_) => value.to_string(),
        Value::Null | Value::Array(_) | Value::Object(_) => {
            let name = shortened(name);
            return Err(format!("`{name}` must be a string, a number, true or false"));
        }
    };
    if text.trim().is_empty() && name != "q" {
        return Err(format!("`{}` has no value; leave it out", shortened(name)));
    }
    Ok(text)
}

fn shortened(name: &str) -> String {
    name.chars().take(80).collect()
}

/// The JSON Schema of arguments.
pub(super) fn schema(parameters: &[MetaOperationParam]) -> JsonObject {
    let property = |parameter: &MetaOperationParam| {
        let mut schema = serde_json::to_value(&parameter.schema).unwrap_or_default();
        if let (Some(schema), Some(description)) = (schema.as_object_mut(), &parameter.description)
        {
            schema.insert("description".to_owned(), json!(description));
        }
        (parameter.name.clone(), schema)
    };
    let required = parameters.iter().filter(|parameter| parameter.required);
    let required: Vec<_> = required.map(|parameter| parameter.name.as_str()).collect();
    let mut object = JsonObject::new();
    object.insert("type".to_owned(), json!("object"));
    object
        .insert("properties".to_owned(), Value::Object(parameters.iter().map(property).collect()));
    if !required.is_empty() {
        object.insert("required".to_owned(), json!(required));
    }
    object.insert("additionalProperties".to_owned(), json!(false));
    object
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_must_become_the_query_string_of_the_same_search() {
        let query = |arguments: Value| query_string(arguments.as_object().expect("an object"));
        for (arguments, expected) in [
            (json!({}), Ok("")),
            (json!({ "q": "de brief", "first": 3 }), Ok("q=de+brief&first=3")),
            (
                json!({ "kind": ["article", "event"], "from": null, "wider": true }),
                Ok("kind=article&kind=event&wider=true"),
            ),
            (json!({ "first": 3.0, "page": 1.5 }), Ok("first=3&page=1.5")),
            (json!({ "kind": "article", "theme": [] }), Ok("kind=article")),
            (json!({ "q": "a&kind=event" }), Ok("q=a%26kind%3Devent")),
            (json!({ "q": ["a", "b"] }), Err("`q`: send one value")),
            (json!({ "from": ["2026-01-01"] }), Err("`from`: send one value")),
            (json!({ "q": { "a": 1 } }), Err("`q` must be a string, a number, true or false")),
            (json!({ "kind": [["a"]] }), Err("`kind` must be a string, a number, true or false")),
            (json!({ "kind": [null] }), Err("`kind` must be a string, a number, true or false")),
            (json!({ "kind": " " }), Err("`kind` has no value; leave it out")),
            (json!({ "key": "wk_a_b" }), Err("`key`: send it in the address, or as `X-API-Key`")),
        ] {
            let (expected, actual) =
                (expected.map(str::to_owned).map_err(str::to_owned), query(arguments.clone()));
            assert_eq!(actual, expected, "{arguments}");
        }
    }
}
