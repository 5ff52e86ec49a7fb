//! TOML fields that preserve the spelling of numbers.

use serde_json::{Map, Number, Value};
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// Converts a table to JSON. Dates become strings, and so do numbers that would be spelt otherwise
/// as JSON, such as `1.10`.
pub(super) fn to_json(table: &DeTable<'_>) -> Map<String, Value> {
    let fields = table.iter();
    fields.map(|(name, value)| (name.get_ref().to_string(), value_to_json(value))).collect()
}

fn value_to_json(value: &Spanned<DeValue<'_>>) -> Value {
    match value.get_ref() {
        DeValue::String(text) => Value::String(text.to_string()),
        DeValue::Integer(number) => {
            let parsed = i64::from_str_radix(number.as_str(), number.radix());
            let spelt = || Value::String(number.as_str().to_owned());
            parsed.map_or_else(|_| spelt(), |number| Value::Number(number.into()))
        }
        DeValue::Float(number) => float_to_json(number.as_str()),
        DeValue::Boolean(flag) => Value::Bool(*flag),
        DeValue::Datetime(moment) => Value::String(moment.to_string()),
        DeValue::Array(list) => list.iter().map(value_to_json).collect(),
        DeValue::Table(table) => Value::Object(to_json(table)),
    }
}

fn float_to_json(spelt: &str) -> Value {
    let number = spelt.parse().ok().and_then(Number::from_f64);
    // An exponent has no meaning as text: `1e3` is a number.
    let is_same = |number: &Number| spelt.contains(['e', 'E']) || number.to_string() == spelt;
    number.filter(is_same).map_or_else(|| Value::String(spelt.to_owned()), Value::Number)
}
