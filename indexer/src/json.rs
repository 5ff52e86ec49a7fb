//! JSON: a parser that preserves all digits of numbers, and dotted paths.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Number, Value};

/// Maximum number of significant digits that a 64-bit float is certain to preserve.
const EXACT_DIGITS_MAX: usize = 15;

/// Parses JSON; a number that a 64-bit integer or float would alter becomes a string.
///
/// # Errors
/// The error of the parser, with its position in `bytes`.
pub(crate) fn parse(bytes: &[u8]) -> serde_json::Result<Value> {
    let UniqueKeys(value) = serde_json::from_slice(bytes)?;
    let long_numbers = long_numbers(bytes);
    if long_numbers.is_empty() {
        return Ok(value);
    }
    let mut quoted = Vec::with_capacity(bytes.len() + 2 * long_numbers.len());
    let mut copied = 0;
    for (start, end) in long_numbers {
        quoted.extend_from_slice(&bytes[copied..start]);
        quoted.push(b'"');
        quoted.extend_from_slice(&bytes[start..end]);
        quoted.push(b'"');
        copied = end;
    }
    quoted.extend_from_slice(&bytes[copied..]);
    serde_json::from_slice(&quoted)
}

/// The value at a dotted path; an empty path is the value itself.
pub(crate) fn at(value: &Value, path: &str) -> Option<Value> {
    if path.is_empty() {
        return Some(value.clone());
    }
    path.split('.').try_fold(value.clone(), |value, name| step(&value, name))
}

/// One step along a dotted path; for a list, the step is applied to each object in it. Values
/// without fields, such as an author given only by name, are unchanged.
pub(crate) fn step(value: &Value, name: &str) -> Option<Value> {
    match value {
        Value::Object(object) => object.get(name).cloned(),
        Value::Array(list) => Some(list.iter().filter_map(|item| step(item, name)).collect()),
        Value::Null => None,
        scalar => Some(scalar.clone()),
    }
}

/// A string or number as it appears in a URL or key; `None` for any other value and for an empty
/// string.
pub(crate) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A value whose objects have no key twice: which of the two is meant is unknown.
struct UniqueKeys(Value);

impl<'de> Deserialize<'de> for UniqueKeys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UniqueKeysVisitor).map(Self)
    }
}

struct UniqueKeysVisitor;

impl<'de> Visitor<'de> for UniqueKeysVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Bool(flag))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Number(number.into()))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Number(number.into()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Value, E> {
        Ok(Number::from_f64(number).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Value, E> {
        Ok(Value::String(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(UniqueKeys(value)) = entries.next_element()? {
            list.push(value);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some((key, UniqueKeys(value))) = entries.next_entry::<String, _>()? {
            if object.contains_key(&key) {
                return Err(A::Error::custom(format_args!("duplicate key \"{key}\"")));
            }
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }
}

/// The byte ranges of numbers in valid JSON with too many digits for a float.
fn long_numbers(bytes: &[u8]) -> Vec<(usize, usize)> {
    let mut ranges = Vec::new();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let length = match byte {
            b'"' => string_length(&bytes[at..]),
            b'-' | b'0'..=b'9' => {
                let is_part = |b: &u8| matches!(b, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
                let length = bytes[at..].iter().take_while(|byte| is_part(byte)).count();
                if is_too_long(&bytes[at..at + length]) {
                    ranges.push((at, at + length));
                }
                length
            }
            _ => 1,
        };
        at += length;
    }
    ranges
}

/// The length in bytes of the string at the start of `bytes`, including its quotation marks.
fn string_length(bytes: &[u8]) -> usize {
    let mut at = 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    bytes.len()
}

fn is_too_long(number: &[u8]) -> bool {
    let mantissa = number.iter().take_while(|byte| !matches!(byte, b'e' | b'E'));
    let digits = mantissa.filter(|byte| byte.is_ascii_digit()).skip_while(|byte| **byte == b'0');
    digits.count() > EXACT_DIGITS_MAX
        && std::str::from_utf8(number).is_ok_and(|n| n.parse::<i64>().is_err())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_duplicate_key_must_be_an_error_at_any_depth() {
        for text in
            [r#"{"a":1,"a":2}"#, r#"[{"b":{"a":1,"a":1}}]"#, r#"{"draft":true,"draft":false}"#]
        {
            let error = parse(text.as_bytes()).expect_err(text).to_string();
            assert!(error.contains("duplicate key \""), "{text}: {error}");
        }
        assert_eq!(parse(br#"{"a":{"a":[1,-1,1.5,"x",null,true]}}"#).unwrap()["a"]["a"][2], 1.5);
    }

    #[test]
    fn numbers_that_would_change_must_keep_their_digits() {
        let text = br#"{"id":108234567890123456781,"f":0.12345678901234567890,"s":"9 \"1 \\","n":7,
            "i":9007199254740993,"l":[1.50,-123456789012345678901234567890]}"#;
        assert_eq!(
            parse(text).unwrap(),
            json!({
                "id": "108234567890123456781", "f": "0.12345678901234567890", "s": "9 \"1 \\",
                "n": 7, "i": 9_007_199_254_740_993_i64,
                "l": [1.5, "-123456789012345678901234567890"],
            })
        );
        assert!(parse(b"{\"a\":").is_err());
    }

    proptest! {
        #[test]
        fn no_text_must_make_the_parser_panic(text in "[0-9\\\\\"{}:,.eE+-]{0,60}") {
            let _ = parse(text.as_bytes());
        }
    }
}
