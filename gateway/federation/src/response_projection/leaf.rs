//! Result coercion of scalars.

use async_graphql_value::ConstValue as Value;

/// Coerces a value to a scalar type; `None` if it is invalid.
pub(super) fn coerce_result(scalar: &str, value: &Value) -> Option<Value> {
    match (scalar, value) {
        ("Int", Value::Number(number)) => {
            let whole = number.as_i64().and_then(|whole| i32::try_from(whole).ok());
            whole.map(Value::from)
        }
        ("Float", Value::Number(_))
        | ("String" | "ID", Value::String(_))
        | ("Boolean", Value::Boolean(_)) => Some(value.clone()),
        ("ID", Value::Number(number)) if number.is_i64() || number.is_u64() => {
            Some(Value::String(number.to_string()))
        }
        ("Int" | "Float" | "String" | "Boolean" | "ID", _) => None,
        (_, Value::Enum(text)) => Some(Value::String(text.to_string())),
        _ => Some(value.clone()),
    }
}
