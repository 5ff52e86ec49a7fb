//! Limits on untrusted text, checked by a single scan before parsing: parsers, and code that walks
//! or frees their trees, recurse once per level of brackets.
//!
//! The scan only recognises the tokens of each grammar; text that is not GraphQL or JSON at all is
//! left to the parser. No function in this module recurses.

use async_graphql_parser::Pos;
use memchr::memchr2;

use crate::error::{ApiError, GraphqlError};

/// Maximum nesting of brackets of any kind in a document (`nesting_max`): more than people write,
/// less than overflows the stack, and what the parser of the planner accepts.
pub const NESTING_MAX: usize = 50;
/// Maximum nesting of brackets in an SDL, and in each string value in it, such as a field set
/// (`sdl_nesting_max`): the limit of the planner's parser.
pub const SDL_NESTING_MAX: usize = 50;
/// Maximum nesting of objects and lists in JSON (`json_nesting_max`). A response has two levels per
/// nested field, and three for a list of lists.
pub const JSON_NESTING_MAX: usize = 100;

/// The reason why untrusted text is rejected before parsing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Brackets are nested too deeply.
    #[error("line {}, column {}: nesting exceeds `{limit}`: {max}", position.line, position.column)]
    TooDeep {
        /// Name of the limit.
        limit: &'static str,
        /// Maximum depth.
        max: usize,
        /// Position of the first bracket beyond the maximum.
        position: Pos,
    },
    /// A string is not terminated; a parser could tokenise it and the following text differently.
    #[error("line {}, column {}: unterminated string", .0.line, .0.column)]
    UnterminatedString(Pos),
}

impl From<TextError> for GraphqlError {
    fn from(error: TextError) -> Self {
        match error {
            TextError::TooDeep { limit, max, position } => {
                ApiError::limit(limit, max as u64).at(position)
            }
            TextError::UnterminatedString(position) => {
                ApiError::parse_failed("unterminated string").at(position)
            }
        }
    }
}

/// The position of an offset, counting from 1.
pub(crate) fn position(text: &[u8], offset: usize) -> Pos {
    let before = &text[..offset];
    let line_start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let line = 1 + before.split(|byte| *byte == b'\n').skip(1).count();
    Pos { line, column: 1 + offset - line_start }
}

/// Checks that a document has at most `tokens_max` tokens, and brackets nested at most
/// [`NESTING_MAX`] levels deep.
///
/// # Errors
/// [`GraphqlError`] with the limit that the document exceeds.
pub fn check_document(document: &str, tokens_max: usize) -> Result<(), GraphqlError> {
    let at = |offset| position(document.as_bytes(), offset);
    let mut depth = 0_usize;
    for (count, token) in Tokens::of(document).enumerate() {
        if count >= tokens_max {
            return Err(ApiError::limit("tokens_max", tokens_max as u64).into());
        }
        let Token { offset, kind, .. } = token;
        match kind {
            TokenKind::Open => depth += 1,
            TokenKind::Close => depth = depth.saturating_sub(1),
            TokenKind::Unterminated => {
                return Err(TextError::UnterminatedString(at(offset)).into());
            }
            TokenKind::Text | TokenKind::Number | TokenKind::Other => {}
        }
        if depth > NESTING_MAX {
            let position = at(offset);
            let error = TextError::TooDeep { limit: "nesting_max", max: NESTING_MAX, position };
            return Err(error.into());
        }
    }
    Ok(())
}

/// Checks that the brackets of an SDL, and those of each string value in it, are nested at most
/// [`SDL_NESTING_MAX`] levels deep: composition and planning parse string values as field sets.
/// Descriptions can contain any text.
///
/// # Errors
/// [`TextError`] with the position.
pub fn check_sdl(sdl: &str) -> Result<(), TextError> {
    let bytes = sdl.as_bytes();
    let too_deep = |offset| TextError::TooDeep {
        limit: "sdl_nesting_max",
        max: SDL_NESTING_MAX,
        position: position(bytes, offset),
    };
    let mut open = Vec::new();
    let mut before = b' ';
    for Token { offset, length, kind } in Tokens::of(sdl) {
        let first = bytes[offset];
        match kind {
            TokenKind::Open => open.push(first),
            TokenKind::Close => {
                open.pop();
            }
            TokenKind::Text => {
                let is_value = matches!(before, b':' | b'=') || open.last() == Some(&b'[');
                if is_value && is_deep_text(&bytes[offset..offset + length]) {
                    return Err(too_deep(offset));
                }
            }
            TokenKind::Unterminated => {
                return Err(TextError::UnterminatedString(position(bytes, offset)));
            }
            TokenKind::Number | TokenKind::Other => {}
        }
        if open.len() > SDL_NESTING_MAX {
            return Err(too_deep(offset));
        }
        before = first;
    }
    Ok(())
}

/// Whether the brackets in a string, possibly escaped, are nested deeper than [`SDL_NESTING_MAX`].
fn is_deep_text(text: &[u8]) -> bool {
    let mut depth = 0_usize;
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        let byte = match (first, after) {
            (b'\\', [b'u', escape @ ..]) => {
                let (byte, length) = escaped_byte(escape);
                rest = &escape[length..];
                byte
            }
            (b'\\', [_, after @ ..]) => {
                rest = after;
                continue;
            }
            (first, _) => *first,
        };
        match byte {
            b'{' | b'[' | b'(' => depth += 1,
            b'}' | b']' | b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > SDL_NESTING_MAX {
            return true;
        }
    }
    false
}

/// The ASCII character of the escape `XXXX` or `{X…}`, or a space for any other character; and the
/// length of the escape.
fn escaped_byte(escape: &[u8]) -> (u8, usize) {
    let (digits, length) = match escape {
        [b'{', digits @ ..] => {
            let count = length_while(digits, |byte| byte != b'}');
            (&digits[..count], (count + 2).min(escape.len()))
        }
        digits => (&digits[..digits.len().min(4)], digits.len().min(4)),
    };
    let code = std::str::from_utf8(digits).ok().and_then(|text| u8::from_str_radix(text, 16).ok());
    (code.unwrap_or(b' '), length)
}

/// Checks that objects and lists in JSON are nested at most [`JSON_NESTING_MAX`] levels deep.
///
/// # Errors
/// [`TextError`] with the position.
pub fn check_json(json: &[u8]) -> Result<(), TextError> {
    let mut depth = 0_usize;
    let mut offset = 0;
    while let Some(byte) = json.get(offset) {
        match byte {
            b'"' => offset = json_string_end(json, offset),
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > JSON_NESTING_MAX {
            return Err(TextError::TooDeep {
                limit: "json_nesting_max",
                max: JSON_NESTING_MAX,
                position: position(json, offset),
            });
        }
        offset += 1;
    }
    Ok(())
}

/// The offset of the quote that ends the JSON string at `start`, or of the end of the text.
pub(crate) fn json_string_end(json: &[u8], start: usize) -> usize {
    let mut from = start + 1;
    while let Some(found) = json.get(from..).and_then(|rest| memchr2(b'"', b'\\', rest)) {
        let at = from + found;
        if json[at] == b'"' {
            return at;
        }
        from = at + 2;
    }
    json.len()
}

/// A GraphQL token.
pub(crate) struct Token {
    pub(crate) offset: usize,
    pub(crate) length: usize,
    pub(crate) kind: TokenKind,
}

#[derive(Clone, Copy)]
pub(crate) enum TokenKind {
    /// An opening bracket of any kind.
    Open,
    /// A closing bracket of any kind.
    Close,
    /// A string, including its quotes.
    Text,
    /// An unterminated string.
    Unterminated,
    /// A number.
    Number,
    /// A name, a punctuator, or a character that starts no token.
    Other,
}

/// The tokens of a GraphQL text, up to the first unterminated string.
pub(crate) struct Tokens<'a> {
    bytes: &'a [u8],
    offset: usize,
}

impl<'a> Tokens<'a> {
    pub(crate) fn of(text: &'a str) -> Self {
        Self { bytes: text.as_bytes(), offset: 0 }
    }
}

impl Iterator for Tokens<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        loop {
            let rest = self.bytes.get(self.offset..)?;
            let (length, kind) = match rest.first()? {
                b' ' | b'\t' | b'\n' | b'\r' | b',' => {
                    self.offset += 1;
                    continue;
                }
                _ if rest.starts_with(BYTE_ORDER_MARK) => {
                    self.offset += BYTE_ORDER_MARK.len();
                    continue;
                }
                b'#' => {
                    self.offset += length_while(rest, |byte| !matches!(byte, b'\n' | b'\r'));
                    continue;
                }
                b'"' => match text_length(rest) {
                    Some(length) => (length, TokenKind::Text),
                    None => (rest.len(), TokenKind::Unterminated),
                },
                b'{' | b'[' | b'(' => (1, TokenKind::Open),
                b'}' | b']' | b')' => (1, TokenKind::Close),
                b'-' | b'0'..=b'9' => (number_length(rest), TokenKind::Number),
                first if is_name_byte(*first) => {
                    (length_while(rest, is_name_byte), TokenKind::Other)
                }
                b'.' => (length_while(rest, |byte| byte == b'.').min(3), TokenKind::Other),
                _ => {
                    let following = length_while(&rest[1..], |byte| byte & 0xc0 == 0x80);
                    (1 + following, TokenKind::Other)
                }
            };
            let token = Token { offset: self.offset, length, kind };
            self.offset += length;
            return Some(token);
        }
    }
}

/// A byte order mark in UTF-8, which is ignored anywhere.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// Bytes of names, and of numbers except for signs and the decimal point.
fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Length of the number at the start of `bytes`.
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

/// Length of the string at the start of `bytes`, including its quotes; `None` if it is not
/// terminated.
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
            assert!(check_document(document, tokens).is_ok(), "{document}");
            if tokens > 0 {
                let failure = check_document(document, tokens - 1).unwrap_err();
                assert_eq!(failure.error.limit.unwrap().name, "tokens_max", "{document}");
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
            let failure = check_document(&document, 10_000).unwrap_err();
            assert!(failure.error.message.contains("unterminated string"), "{failure:?}");
        }
    }

    #[test]
    fn brackets_within_brackets_must_stop_before_the_parser_sees_them() {
        for bracket in ["{a", "[", "("] {
            let document = bracket.repeat(NESTING_MAX + 1);
            let failure = check_document(&document, 10_000).unwrap_err();
            assert_eq!(failure.error.limit.unwrap().name, "nesting_max");
            assert!(check_document(&bracket.repeat(NESTING_MAX), 10_000).is_ok());
        }
    }

    fn nested(open: &str, depth: usize, close: &str) -> String {
        format!("{}{}", open.repeat(depth), close.repeat(depth))
    }

    #[test]
    fn an_sdl_must_be_shallow_in_its_own_brackets_and_in_its_values() {
        let key = |fields: &str| format!("type A @key(fields: \"{fields}\") {{ a: Int }}");
        let block =
            |fields: &str| format!("type A @key(fields: \"\"\"{fields}\"\"\") {{ a: Int }}");
        let list = |fields: &str| format!("type A @key(fields: [\"{fields}\"]) {{ a: Int }}");
        let default = |value: &str| format!("type A {{ a(b: C = {value}): Int }}");
        // The brackets around these values count too.
        for (sdl, around) in [
            (&(|text: &str| format!("type A {{ a: {text} }}")) as &dyn Fn(&str) -> String, 1),
            (&default, 2),
            (&|text: &str| format!("type A @b(c: {text}) {{ a: Int }}"), 1),
        ] {
            assert_eq!(check_sdl(&sdl(&nested("[", SDL_NESTING_MAX - around, "]"))), Ok(()));
            let error = check_sdl(&sdl(&nested("[", SDL_NESTING_MAX, "]"))).unwrap_err();
            assert!(matches!(error, TextError::TooDeep { max: SDL_NESTING_MAX, .. }), "{error}");
        }
        for sdl in [&key as &dyn Fn(&str) -> String, &block, &list] {
            for (open, close) in [("{ a ", "}"), ("\\u007B a ", "\\u007d"), ("\\u{7b} a", "}")] {
                assert_eq!(check_sdl(&sdl(&nested(open, SDL_NESTING_MAX, close))), Ok(()));
                let deep = sdl(&nested(open, SDL_NESTING_MAX + 1, close));
                assert!(check_sdl(&deep).is_err(), "{deep}");
            }
        }
        let description =
            format!("\"{}\" type A {{ \"{}\" a: Int }}", "(".repeat(99), "[".repeat(99));
        assert_eq!(check_sdl(&description), Ok(()));
        let unterminated = check_sdl("type A @key(fields: \"a) {\n a: Int }").unwrap_err();
        assert_eq!(unterminated.to_string(), "line 1, column 21: unterminated string");
        let error = check_sdl(&format!("type A {{\n  a: {}", "[".repeat(60))).unwrap_err();
        assert_eq!(error.to_string(), "line 2, column 55: nesting exceeds `sdl_nesting_max`: 50");
    }

    #[test]
    fn json_must_be_shallow_whatever_its_strings_hold() {
        let text = format!(r#"{{"a": "{}\\", "b\"": "[\""}}"#, "[".repeat(200));
        assert_eq!(check_json(text.as_bytes()), Ok(()));
        for open in ["[", "{\"a\":"] {
            assert_eq!(check_json(open.repeat(JSON_NESTING_MAX).as_bytes()), Ok(()));
            let error = check_json(open.repeat(40_000).as_bytes()).unwrap_err();
            assert!(
                error.to_string().ends_with("nesting exceeds `json_nesting_max`: 100"),
                "{error}"
            );
        }
    }

    proptest! {
        #[test]
        fn any_text_must_be_scanned_without_a_panic(text in ".{0,300}") {
            let _ = check_document(&text, 50);
            let _ = check_sdl(&text);
            let _ = check_json(text.as_bytes());
        }
    }
}
