//! Counts the tokens of a document before it is parsed, so that reading a hostile one costs little.
//!
//! Only as much of the grammar is known here as telling tokens apart needs; what is no GraphQL at
//! all is left to the parser to refuse.

use crate::error::ApiError;

/// Brackets of any sort within one another; more than a person writes, less than a stack holds.
const NESTING_MAX: u64 = 64;

/// Checks that a document has at most `tokens_max` tokens, and brackets no deeper than
/// [`NESTING_MAX`].
///
/// # Errors
/// [`ApiError`] with the limit that the document goes over.
pub(super) fn check(document: &str, tokens_max: usize) -> Result<(), ApiError> {
    let mut rest = document.as_bytes();
    let mut nesting = 0_u64;
    let mut tokens = 0;
    while let Some(first) = rest.first() {
        let length = match first {
            b' ' | b'\t' | b'\n' | b'\r' | b',' | 0xef | 0xbb | 0xbf => {
                rest = &rest[1..];
                continue;
            }
            b'#' => {
                rest = &rest[length_while(rest, |byte| !matches!(byte, b'\n' | b'\r'))..];
                continue;
            }
            b'"' => {
                text_length(rest).ok_or_else(|| ApiError::parse_failed("unterminated string"))?
            }
            b'{' | b'[' | b'(' => {
                nesting += 1;
                1
            }
            b'}' | b']' | b')' => {
                nesting = nesting.saturating_sub(1);
                1
            }
            b'-' | b'0'..=b'9' => number_length(rest),
            first if is_name_byte(*first) => length_while(rest, is_name_byte),
            b'.' => length_while(rest, |byte| byte == b'.').min(3),
            _ => 1,
        };
        tokens += 1;
        if tokens > tokens_max {
            return Err(ApiError::limit("tokens_max", tokens_max as u64));
        }
        if nesting > NESTING_MAX {
            return Err(ApiError::limit("nesting_max", NESTING_MAX));
        }
        rest = &rest[length..];
    }
    Ok(())
}

/// What names are made of, and numbers but for their signs and their point.
fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// The length of the number that `bytes` begin with.
fn number_length(bytes: &[u8]) -> usize {
    let mut at = 1;
    while let Some(byte) = bytes.get(at) {
        let sign = matches!(byte, b'+' | b'-') && matches!(bytes[at - 1], b'e' | b'E');
        if !(is_name_byte(*byte) || *byte == b'.' || sign) {
            break;
        }
        at += 1;
    }
    at
}

fn length_while(bytes: &[u8], belongs: impl Fn(u8) -> bool) -> usize {
    bytes.iter().position(|byte| !belongs(*byte)).unwrap_or(bytes.len())
}

/// The length of the text that `bytes` begin with, its quotes included; `None` where it is never
/// closed. The parser would read such a one in another way, and what follows with it.
fn text_length(bytes: &[u8]) -> Option<usize> {
    const BLOCK: &[u8] = br#"""""#;
    if bytes.starts_with(BLOCK) {
        let mut at = BLOCK.len();
        while at < bytes.len() {
            match &bytes[at..] {
                [b'\\', b'"', b'"', b'"', ..] => at += 4,
                [b'"', b'"', b'"', ..] => return Some(at + 3),
                _ => at += 1,
            }
        }
        return None;
    }
    let mut at = 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'"' => return Some(at + 1),
            b'\n' | b'\r' => return None,
            _ => at += 1,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn tokens_must_be_counted_as_the_specification_counts_them() {
        for (document, tokens) in [
            ("", 0),
            (" ,\n\u{feff}# a comment { a }", 0),
            ("{ a b }", 4),
            ("query A($n: Int! = -1.5e3) { a(n: $n) @b ...C }", 24),
            (r#"{ a(b: "c { } \" d") }"#, 8),
            ("{ a(b: \"\"\"c \" \\\"\"\" \n d\"\"\") }", 8),
            ("{ a(b: \"\") }", 8),
            ("{ a(b: [1-1-1e-5 -2.5E+3]) }", 13),
        ] {
            assert!(check(document, tokens).is_ok(), "{document}");
            if tokens > 0 {
                let failure = check(document, tokens - 1).unwrap_err();
                assert_eq!(failure.limit.unwrap().name, "tokens_max", "{document}");
            }
        }
    }

    #[test]
    fn an_unclosed_string_must_be_rejected_before_parsing() {
        for document in [
            r#"{ a(b: "never closed) }"#.to_owned(),
            r#"{ a(b: "ends with \"#.to_owned(),
            "{ a(b: \"a\nb\") }".to_owned(),
            format!(r#"{{ a(b: [""" " {}{}]) }}"#, "[".repeat(3_000), "]".repeat(3_000)),
        ] {
            let failure = check(&document, 10_000).unwrap_err();
            assert!(failure.message.contains("unterminated string"), "{failure:?}");
        }
    }

    #[test]
    fn brackets_within_brackets_must_stop_before_the_parser_sees_them() {
        for bracket in ["{a", "[", "("] {
            let document = bracket.repeat(65);
            let failure = check(&document, 10_000).unwrap_err();
            assert_eq!(failure.limit.unwrap().name, "nesting_max");
            assert!(check(&bracket.repeat(64), 10_000).is_ok());
        }
    }

    proptest! {
        #[test]
        fn any_text_must_be_counted_without_a_panic(text in ".{0,300}") {
            let _ = check(&text, 50);
        }
    }
}
