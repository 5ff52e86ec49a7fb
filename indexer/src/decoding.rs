//! Bytes to text: character encodings, and errors with their line.

use encoding_rs::{Encoding, UTF_8};

/// An error in a text, with its line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ParseError {
    pub(crate) line: u64,
    pub(crate) reason: String,
}

/// Decodes bytes without their byte order mark: as `encoding`, otherwise as the mark indicates,
/// otherwise as UTF-8.
pub(crate) fn decode(
    bytes: &[u8],
    encoding: Option<&'static Encoding>,
) -> Result<String, ParseError> {
    reject_unmarked_utf16(bytes, encoding)?;
    let (text, used, had_errors) = encoding.unwrap_or(UTF_8).decode(bytes);
    if !had_errors {
        return Ok(text.into_owned());
    }
    let valid_prefix = text.split(char::REPLACEMENT_CHARACTER).next().unwrap_or_default();
    let line = 1 + valid_prefix.matches('\n').count() as u64;
    Err(ParseError { line, reason: not_valid(used) })
}

/// Why bytes are rejected that are not valid in an encoding.
pub(crate) fn not_valid(encoding: &'static Encoding) -> String {
    let name = encoding.name();
    format!("not valid {name}; set `encoding` of the source, such as `windows-1252`")
}

/// Rejects a text in UTF-16 without a byte order mark, unless its encoding is configured.
pub(crate) fn reject_unmarked_utf16(
    bytes: &[u8],
    encoding: Option<&'static Encoding>,
) -> Result<(), ParseError> {
    let is_unmarked = encoding.is_none() && Encoding::for_bom(bytes).is_none();
    let Some(name) = unmarked_utf16(bytes).filter(|_| is_unmarked) else { return Ok(()) };
    let reason =
        format!("looks like {name} without a byte order mark; set `encoding = \"{name}\"`");
    Err(ParseError { line: 1, reason })
}

/// The encoding of a text in UTF-16 without a byte order mark: every second byte of Western letters
/// is zero.
fn unmarked_utf16(bytes: &[u8]) -> Option<&'static str> {
    let start = &bytes[..bytes.len().min(64) & !1];
    let zeros = |first: usize| start.iter().skip(first).step_by(2).filter(|b| **b == 0).count();
    let (even, odd, half) = (zeros(0), zeros(1), start.len() / 4);
    match (even, odd) {
        _ if start.len() < 4 => None,
        (even, odd) if odd > half && even == 0 => Some("utf-16le"),
        (even, odd) if even > half && odd == 0 => Some("utf-16be"),
        _ => None,
    }
}
