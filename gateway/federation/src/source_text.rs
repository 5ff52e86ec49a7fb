//! The text of a document in the form in which every parser reads the same: the parsers of this
//! crate and of subgraphs differ in escapes, block strings, numbers, tabs and line breaks.
//!
//! Tokens stay at their line and column, so that errors have the positions of the client's text;
//! only a string that becomes longer moves the rest of its line.

use std::fmt::Write;

use crate::{
    error::{ApiError, GraphqlError},
    text_limits::{Token, TokenKind, Tokens, position},
};

/// Rewrites a document whose strings are terminated: values keep their meaning, and ignored
/// characters become spaces and line feeds.
///
/// # Errors
/// [`GraphqlError`] for an invalid escape in a string.
pub(crate) fn rewrite(text: &str) -> Result<String, GraphqlError> {
    let mut rewritten = String::with_capacity(text.len());
    let mut end = 0;
    for Token { offset, length, kind } in Tokens::of(text) {
        write_ignored(&text[end..offset], &mut rewritten);
        end = offset + length;
        let token = &text[offset..end];
        match kind {
            TokenKind::Text => {
                write_string(token, &mut rewritten).map_err(|InvalidEscape(at)| {
                    let reason = "invalid escape in a string";
                    ApiError::parse_failed(reason).at(position(text.as_bytes(), offset + at))
                })?;
            }
            TokenKind::Number => write_number(token, &mut rewritten),
            _ => rewritten.push_str(token),
        }
    }
    write_ignored(&text[end..], &mut rewritten);
    Ok(rewritten)
}

/// Offset of an invalid escape in its token.
#[derive(Debug, PartialEq, Eq)]
struct InvalidEscape(usize);

/// Writes white space, line breaks, commas and comments.
fn write_ignored(ignored: &str, to: &mut String) {
    let mut characters = ignored.chars().peekable();
    let mut is_comment = false;
    while let Some(character) = characters.next() {
        match character {
            '\r' if characters.peek() == Some(&'\n') => {}
            '\r' | '\n' => {
                is_comment = false;
                to.push('\n');
            }
            '#' => is_comment = true,
            _ if is_comment => {}
            _ => to.push(' '),
        }
    }
}

/// Writes a number: an integer beyond 64 bits as a float, which is what it means for every type but
/// `ID`; and the sign of an exponent, which one parser needs.
fn write_number(token: &str, to: &mut String) {
    if token == "-0" {
        return to.push_str("0 ");
    }
    let digits = token.strip_prefix('-').unwrap_or(token);
    let is_integer = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if is_integer && token.parse::<i64>().is_err() {
        to.push_str(token);
        return to.push_str("e+0");
    }
    match token.split_once(['e', 'E']) {
        Some((fraction, exponent))
            if exponent.starts_with(|first: char| first.is_ascii_digit()) =>
        {
            to.extend([fraction, "e+", exponent]);
        }
        _ => to.push_str(token),
    }
}

/// Writes a string of either form as a simple string whose only escapes are those of quotes,
/// backslashes and line breaks, followed by the line breaks and columns that it had.
fn write_string(token: &str, to: &mut String) -> Result<(), InvalidEscape> {
    const BLOCK: &str = r#"""""#;
    let block = token.strip_prefix(BLOCK).and_then(|text| text.strip_suffix(BLOCK));
    let value = match block {
        None if !token.contains('\\') => {
            to.push_str(token);
            return Ok(());
        }
        None => unescape(token)?,
        // `""` also starts and ends with quotes.
        Some(raw) => block_value(raw),
    };
    let start = to.len();
    write_literal(&value, to);
    let lines = line_breaks(token);
    // With a line break, the next token is on another line.
    let width = if lines == 0 { to[start..].chars().count() } else { 0 };
    to.extend(std::iter::repeat_n('\n', lines));
    let last_line = token.rsplit(['\n', '\r']).next().unwrap_or_default();
    to.extend(std::iter::repeat_n(' ', last_line.chars().count().saturating_sub(width)));
    Ok(())
}

/// Writes a string as a literal with as few escapes as possible.
fn write_literal(value: &str, to: &mut String) {
    to.push('"');
    for character in value.chars() {
        match character {
            '"' => to.push_str("\\\""),
            '\\' => to.push_str("\\\\"),
            '\n' => to.push_str("\\n"),
            '\r' => to.push_str("\\r"),
            character => to.push(character),
        }
    }
    to.push('"');
}

/// A string as a literal that any server reads: control characters are escaped, others are not.
pub(crate) fn string_literal(value: &str) -> String {
    let mut literal = String::with_capacity(value.len() + 2);
    write_literal(value, &mut literal);
    if !literal.contains(|character: char| character.is_control()) {
        return literal;
    }
    literal.chars().fold(String::new(), |mut escaped, character| {
        if character.is_control() {
            let _ = write!(escaped, "\\u{:04X}", u32::from(character));
        } else {
            escaped.push(character);
        }
        escaped
    })
}

fn line_breaks(text: &str) -> usize {
    text.matches('\n').count() + text.replace("\r\n", "").matches('\r').count()
}

/// The value of a simple string with its quotes (GraphQL, section 2.9.4).
fn unescape(token: &str) -> Result<String, InvalidEscape> {
    let mut value = String::with_capacity(token.len());
    let mut at = 1;
    let end = token.len() - 1;
    while at < end {
        let rest = &token[at..end];
        let Some(escape) = rest.strip_prefix('\\') else {
            let length = rest.find('\\').unwrap_or(rest.len());
            value.push_str(&rest[..length]);
            at += length;
            continue;
        };
        let (character, length) = escaped(escape).ok_or(InvalidEscape(at))?;
        value.push(character);
        at += 1 + length;
    }
    Ok(value)
}

/// The character of an escape without its backslash, and the length of the escape.
fn escaped(escape: &str) -> Option<(char, usize)> {
    let character = match escape.chars().next()? {
        'u' => return escaped_code(&escape[1..]).map(|(found, length)| (found, length + 1)),
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        quoted @ ('"' | '\\' | '/') => quoted,
        _ => return None,
    };
    Some((character, 1))
}

/// The character of `{X…}`, `XXXX` or a pair of surrogates, and the length of its text.
fn escaped_code(text: &str) -> Option<(char, usize)> {
    const SURROGATES_HIGH: std::ops::RangeInclusive<u32> = 0xd800..=0xdbff;
    const SURROGATES_LOW: std::ops::RangeInclusive<u32> = 0xdc00..=0xdfff;
    if let Some(digits) = text.strip_prefix('{') {
        let (digits, _) = digits.split_once('}')?;
        return Some((char::from_u32(hexadecimal(digits)?)?, digits.len() + 2));
    }
    let code = hexadecimal(text.get(..4)?)?;
    if !SURROGATES_HIGH.contains(&code) {
        return Some((char::from_u32(code)?, 4));
    }
    let low = hexadecimal(text.get(4..)?.strip_prefix("\\u")?.get(..4)?)?;
    let code = SURROGATES_LOW.contains(&low).then(|| {
        0x1_0000 + ((code - SURROGATES_HIGH.start()) << 10) + low - SURROGATES_LOW.start()
    });
    Some((char::from_u32(code?)?, 10))
}

fn hexadecimal(digits: &str) -> Option<u32> {
    // Leading zeros are allowed without limit; `from_str_radix` would also accept a sign.
    let are_digits = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    are_digits.then(|| u32::from_str_radix(digits, 16).ok()).flatten()
}

/// The value of a block string without its quotes (`BlockStringValue()`, section 2.9.4).
fn block_value(raw: &str) -> String {
    let text = raw.replace(r#"\""""#, r#"""""#).replace("\r\n", "\n").replace('\r', "\n");
    let is_space = |character: char| matches!(character, ' ' | '\t');
    let is_blank = |line: &&str| line.chars().all(is_space);
    let lines: Vec<&str> = text.split('\n').collect();
    let indent = |line: &&str| line.len() - line.trim_start_matches(is_space).len();
    let common = lines.iter().skip(1).filter(|line| !is_blank(line)).map(indent).min();
    let shown = lines.iter().enumerate().map(|(number, line)| match common {
        Some(common) if number > 0 => line.get(common..).unwrap_or_default(),
        _ => line,
    });
    let shown: Vec<&str> = shown.collect();
    let Some(first) = shown.iter().position(|line| !is_blank(line)) else { return String::new() };
    let last = shown.iter().rposition(|line| !is_blank(line)).unwrap_or(first);
    shown[first..=last].join("\n")
}

#[cfg(test)]
mod tests {
    use async_graphql_parser::types::Selection;
    use async_graphql_value::Value;
    use graphql_tools::static_graphql::query as ast;

    use super::*;

    /// The value of the first argument, as each parser reads the rewritten text.
    fn values(literal: &str) -> (Value, ast::Value) {
        let text = rewrite(&format!("{{ a(b: {literal}) }}")).unwrap();
        let one = async_graphql_parser::parse_query(&text).unwrap();
        let (_, operation) = one.operations.iter().next().unwrap();
        let Selection::Field(field) = &operation.node.selection_set.node.items[0].node else {
            panic!("{text}")
        };
        let one = field.node.arguments[0].1.node.clone();
        let other = graphql_tools::parser::parse_query::<String>(&text).unwrap().into_static();
        let ast::Definition::Operation(ast::OperationDefinition::SelectionSet(set)) =
            &other.definitions[0]
        else {
            panic!("{text}")
        };
        let ast::Selection::Field(field) = &set.items[0] else { panic!("{text}") };
        (one, field.arguments[0].1.clone())
    }

    #[test]
    fn both_parsers_must_read_the_string_of_the_specification() {
        for (literal, expected) in [
            (r#""""#, ""),
            (r#""plain é 😀""#, "plain é 😀"),
            (r#""\" \\ \/ \b \f \n \r \t""#, "\" \\ / \u{8} \u{c} \n \r \t"),
            (r#""\u00e9\u0041\u0000""#, "éA\0"),
            (r#""\uD83D\uDE00 \ud83d\ude00""#, "😀 😀"),
            (r#""\u{1F600} \u{1f600} \u{0000041} \u{e9}""#, "😀 😀 A é"),
            (r#""\\u0041 \\\" # { ""#, "\\u0041 \\\" # { "),
            ("\"tab\there\"", "tab\there"),
            (r#""""""""#, ""),
            (r#""""a "quoted" \n \u0041 \""" b""""#, "a \"quoted\" \\n \\u0041 \"\"\" b"),
            ("\"\"\"\n    a\n      b\r\n\r    c\n   \n\"\"\"", "a\n  b\n\nc"),
            ("\"\"\"  a\n  b\n c\"\"\"", "  a\n b\nc"),
            ("\"\"\"\u{a0}\n  b\"\"\"", "\u{a0}\nb"),
            ("\"\"\"a\n\u{2028}b\"\"\"", "a\n\u{2028}b"),
        ] {
            let (one, other) = values(literal);
            assert_eq!(one, Value::String(expected.to_owned()), "{literal}");
            assert_eq!(other, ast::Value::String(expected.to_owned()), "{literal}");
        }
    }

    #[test]
    fn an_invalid_escape_must_be_rejected_at_its_position() {
        for escape in [
            r"\ud83d",
            r"\ud83dx",
            r"\ud83d\n",
            r"\ud83d\ud83d",
            r"\ude00",
            r"\ude00\ud83d",
            r"\u{d83d}",
            r"\u{110000}",
            r"\u{}",
            r"\u{",
            r"\u{12",
            r"\u{+41}",
            r"\u+041",
            r"\u12",
            r"\u12g4",
            r"\u",
            r"\x41",
            r"\a",
            r"\U0041",
            r"\é",
        ] {
            let error = rewrite(&format!("{{ a\n(b: \"ok {escape}\") }}")).unwrap_err();
            let at = error.locations[0];
            assert_eq!((at.line, at.column), (2, 9), "{escape}: {error:?}");
        }
    }

    #[test]
    fn both_parsers_must_read_the_same_numbers() {
        for (literal, expected) in [
            ("0", "0"),
            ("-0", "0"),
            ("-12", "-12"),
            ("9007199254740993", "9007199254740993"),
            ("-9223372036854775808", "-9223372036854775808"),
            ("9223372036854775808", "9223372036854775808.0"),
            ("5.0", "5.0"),
            ("-0.0", "-0.0"),
            ("1e0", "1.0"),
            ("1E9", "1000000000.0"),
            ("-1.5e02", "-150.0"),
            ("1e-2", "0.01"),
            ("1e+2", "100.0"),
        ] {
            let (one, other) = values(literal);
            let Value::Number(one) = one else { panic!("{literal}") };
            let other = match other {
                ast::Value::Int(other) => other.as_i64().unwrap().to_string(),
                ast::Value::Float(other) => format!("{other:?}"),
                other => panic!("{literal}: {other}"),
            };
            let one = one
                .as_i64()
                .map_or_else(|| format!("{:?}", one.as_f64().unwrap()), |whole| whole.to_string());
            let parsed: f64 = expected.parse().unwrap();
            let same = |text: &str| text == expected || text.parse() == Ok(parsed);
            assert!(same(&one) && same(&other), "{literal}: {one}, {other}");
            assert_eq!(one.contains('.'), other.contains('.'), "{literal}: {one}, {other}");
        }
    }

    #[test]
    fn tokens_must_stay_at_their_line_and_column() {
        let text =
            "\u{feff}# é {\r\n{ a(b: \"\\u{1F600}\",\tc: \"\"\"x\r\n  y\n\"\"\") d # \"\r e\n}";
        let rewritten = rewrite(text).unwrap();
        let lines: Vec<_> = rewritten.split('\n').collect();
        assert_eq!(lines[0], " ");
        assert_eq!(lines[1], "{ a(b: \"😀\"          c: \"x\\ny\"");
        assert_eq!(lines[2..], ["", "   ) d ", " e", "}"]);
    }

    #[test]
    fn names_and_unknown_characters_must_stay_as_they_are() {
        for text in ["{ é ！ \u{0} a }", "query A($b: [C!]! = {d: E}) @f { ...G }"] {
            assert_eq!(rewrite(text).unwrap(), text);
        }
    }

    #[test]
    fn a_literal_must_be_readable_for_every_server() {
        let text = "a\"\\\n\r\t\u{8}\u{7f}é😀";
        let literal = string_literal(text);
        assert_eq!(literal, r#""a\"\\\n\r\u0009\u0008\u007Fé😀""#);
        assert_eq!(unescape(&literal).as_deref(), Ok(text));
    }
}
