//! Flags: parses true and false in the notations of people and spreadsheets.

use serde_json::Value;

use crate::ingest::source::template::written_form;

/// Whether a flag is set; `None` for a value that is neither true nor false.
pub(crate) fn parse(value: &Value) -> Option<bool> {
    let text = written_form(value)?.to_lowercase();
    match text.strip_suffix(".0").unwrap_or(&text) {
        "true" | "t" | "waar" | "ja" | "j" | "yes" | "y" | "on" | "aan" | "x" | "✓" | "✔" | "1" => {
            Some(true)
        }
        "false" | "f" | "onwaar" | "nee" | "n" | "no" | "off" | "uit" | "0" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn flags_must_be_read_in_every_spelling_and_never_be_guessed() {
        for set in ["true", "WAAR", "ja", "J", "x", "X", " yes ", "on", "aan", "1", "✓", "t"] {
            assert_eq!(parse(&json!(set)), Some(true), "{set}");
        }
        for unset in ["false", "ONWAAR", "nee", "N", "no", "off", "uit", "0", "f"] {
            assert_eq!(parse(&json!(unset)), Some(false), "{unset}");
        }
        assert_eq!(parse(&json!(true)), Some(true));
        assert_eq!((parse(&json!(1)), parse(&json!(0.0))), (Some(true), Some(false)));
        for unknown in [json!("misschien"), json!(2), json!("-"), json!(["ja"]), json!({})] {
            assert_eq!(parse(&unknown), None, "{unknown}");
        }
    }
}
