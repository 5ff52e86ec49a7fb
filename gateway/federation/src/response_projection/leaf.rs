//! Result coercion of scalars (GraphQL, section 3.5), on their JSON text.

use std::borrow::Cow;

/// Coerces the JSON text of a value to a scalar type; `None` if it is invalid. What needs no change
/// is returned as it was sent, so that numbers keep all of their digits.
pub(super) fn coerce_result<'j>(scalar: &str, json: &'j [u8]) -> Option<Cow<'j, [u8]>> {
    let unchanged = |is_valid: bool| is_valid.then_some(Cow::Borrowed(json));
    match scalar {
        "Int" => {
            let whole = whole_number(json)?;
            whole.parse::<i32>().ok()?;
            Some(match whole {
                Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
                Cow::Owned(text) => Cow::Owned(text.into_bytes()),
            })
        }
        "Float" => unchanged(is_double(json)),
        "String" => unchanged(json.starts_with(b"\"")),
        "Boolean" => unchanged(matches!(json, b"true" | b"false")),
        "ID" if json.starts_with(b"\"") => unchanged(true),
        "ID" => Some(Cow::Owned([b"\"", whole_number(json)?.as_bytes(), b"\""].concat())),
        _ => unchanged(true),
    }
}

/// The digits of a number without fraction; `5.0` and `5e0` are written `5`.
fn whole_number(json: &[u8]) -> Option<Cow<'_, str>> {
    if !is_number(json) {
        return None;
    }
    if json == b"-0" {
        return Some(Cow::Borrowed("0"));
    }
    let text = std::str::from_utf8(json).ok()?;
    if !json.iter().any(|byte| matches!(byte, b'.' | b'e' | b'E')) {
        return Some(Cow::Borrowed(text));
    }
    let value: f64 = text.parse().ok()?;
    // Beyond this, a double does not hold every whole number.
    let is_exact = value.fract() == 0.0 && value.abs() < 9_007_199_254_740_992.0;
    // Adding zero removes the sign of a negative zero.
    is_exact.then(|| Cow::Owned(format!("{:.0}", value + 0.0)))
}

fn is_number(json: &[u8]) -> bool {
    matches!(json.first(), Some(b'-' | b'0'..=b'9'))
}

/// Whether a number is in the range of doubles.
fn is_double(json: &[u8]) -> bool {
    let text = std::str::from_utf8(json).unwrap_or_default();
    is_number(json) && text.parse().is_ok_and(f64::is_finite)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn coerced(scalar: &str, json: &str) -> Option<String> {
        let json = coerce_result(scalar, json.as_bytes())?;
        Some(String::from_utf8(json.into_owned()).unwrap())
    }

    #[test]
    fn whole_numbers_must_be_integers_in_any_notation() {
        for (json, int, id) in [
            ("5", Some("5"), Some("\"5\"")),
            ("5.0", Some("5"), Some("\"5\"")),
            ("-5.00", Some("-5"), Some("\"-5\"")),
            ("5e0", Some("5"), Some("\"5\"")),
            ("1.5e1", Some("15"), Some("\"15\"")),
            ("-0", Some("0"), Some("\"0\"")),
            ("-0.0", Some("0"), Some("\"0\"")),
            ("2147483647", Some("2147483647"), Some("\"2147483647\"")),
            ("-2147483648", Some("-2147483648"), Some("\"-2147483648\"")),
            ("2147483648", None, Some("\"2147483648\"")),
            ("12345678901234567890123", None, Some("\"12345678901234567890123\"")),
            ("1e30", None, None),
            ("5.5", None, None),
            ("\"5\"", None, Some("\"5\"")),
            ("true", None, None),
            ("[5]", None, None),
            ("{}", None, None),
        ] {
            assert_eq!(coerced("Int", json).as_deref(), int, "{json}");
            assert_eq!(coerced("ID", json).as_deref(), id, "{json}");
        }
    }

    #[test]
    fn other_values_must_be_unchanged_or_invalid() {
        for (scalar, json, is_valid) in [
            ("Float", "0.1", true),
            ("Float", "-0", true),
            ("Float", "1.7976931348623157e308", true),
            ("Float", "12345678901234567890123.0", true),
            ("Float", "5.0", true),
            ("Float", "1e400", false),
            ("Float", "\"1\"", false),
            ("String", "\"\\u00e9\"", true),
            ("String", "1", false),
            ("Boolean", "false", true),
            ("Boolean", "0", false),
            ("Json", "{\"a\":[1.0, 2]}", true),
            ("BigInt", "12345678901234567890123", true),
        ] {
            let expected = is_valid.then(|| json.to_owned());
            assert_eq!(coerced(scalar, json), expected, "{scalar} {json}");
        }
    }
}
