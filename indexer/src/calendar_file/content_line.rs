//! Content lines (RFC 5545, 3.1): unfolded before they are decoded, since a line may be folded
//! within a letter.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

use crate::decoding::{ParseError, decode, not_valid, reject_unmarked_utf16};

/// Maximum length of an unfolded line in bytes.
pub(crate) const CONTENT_LINE_BYTES_MAX: usize = 1 << 20;
/// Number of bytes of a longer line that are read, for its name.
const LONG_LINE_BYTES: usize = 200;

/// An unfolded line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ContentLine {
    /// Number of its first line in the file, from one.
    pub(crate) number: u64,
    /// Its text; only the start of a line that is too long.
    pub(crate) text: String,
    /// Whether it is longer than [`CONTENT_LINE_BYTES_MAX`].
    pub(crate) is_too_long: bool,
}

/// The lines of a file that are not blank, whatever its line ends.
///
/// # Errors
/// The first line that is not valid in the encoding.
pub(crate) fn content_lines(
    bytes: &[u8],
    encoding: Option<&'static Encoding>,
) -> Result<Vec<ContentLine>, ParseError> {
    reject_unmarked_utf16(bytes, encoding)?;
    let marked = Encoding::for_bom(bytes).map(|(encoding, _)| encoding);
    let used = marked.or(encoding).unwrap_or(UTF_8);
    if [UTF_16LE, UTF_16BE].contains(&used) {
        let text = decode(bytes, Some(used))?;
        return unfolded(text.as_bytes(), UTF_8);
    }
    unfolded(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes), used)
}

fn unfolded(bytes: &[u8], encoding: &'static Encoding) -> Result<Vec<ContentLine>, ParseError> {
    let mut lines: Vec<(u64, Vec<u8>)> = Vec::new();
    for (number, line) in (1..).zip(physical_lines(bytes)) {
        match (line, lines.last_mut()) {
            ([], _) => {}
            ([b' ' | b'\t', rest @ ..], Some((_, unfolded))) => unfolded.extend_from_slice(rest),
            (line, _) => lines.push((number, line.to_vec())),
        }
    }
    lines.into_iter().map(|(number, bytes)| decoded(number, &bytes, encoding)).collect()
}

fn decoded(
    number: u64,
    bytes: &[u8],
    encoding: &'static Encoding,
) -> Result<ContentLine, ParseError> {
    let is_too_long = bytes.len() > CONTENT_LINE_BYTES_MAX;
    let bytes = if is_too_long { &bytes[..LONG_LINE_BYTES] } else { bytes };
    let (text, had_errors) = encoding.decode_without_bom_handling(bytes);
    if had_errors && !is_too_long {
        return Err(ParseError { line: number, reason: not_valid(encoding) });
    }
    Ok(ContentLine { number, text: text.into_owned(), is_too_long })
}

/// The lines of a file that ends them with `\r\n`, `\n` or `\r`.
fn physical_lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(bytes);
    std::iter::from_fn(move || {
        let bytes = rest?;
        let Some(end) = bytes.iter().position(|byte| matches!(byte, b'\r' | b'\n')) else {
            rest = None;
            return Some(bytes);
        };
        let line_end = if bytes[end..].starts_with(b"\r\n") { 2 } else { 1 };
        rest = Some(&bytes[end + line_end..]);
        Some(&bytes[..end])
    })
}

#[cfg(test)]
mod tests {
    use encoding_rs::WINDOWS_1252;

    use super::*;

    fn texts(bytes: &[u8]) -> Vec<(u64, String)> {
        let lines = content_lines(bytes, None).unwrap();
        lines.into_iter().map(|line| (line.number, line.text)).collect()
    }

    #[test]
    fn lines_must_be_unfolded_with_any_line_end_and_within_a_letter() {
        let expected =
            [(1, "A:caf\u{e9} x".to_owned()), (5, "B: y".to_owned()), (6, "C:z".to_owned())];
        for end in ["\r\n", "\n", "\r"] {
            let mut bytes = b"\xef\xbb\xbfA:caf\xc3".to_vec();
            for rest in [&b"\n \xa9 "[..], b"\n\n\tx\nB: y\nC:\n z"] {
                for byte in rest {
                    match byte {
                        b'\n' => bytes.extend_from_slice(end.as_bytes()),
                        byte => bytes.push(*byte),
                    }
                }
            }
            assert_eq!(texts(&bytes), expected, "{end:?}");
        }
        assert_eq!(
            texts(b"A:1\r\r\n 2\n\nB:3\r\n"),
            [(1, "A:12".to_owned()), (5, "B:3".to_owned())]
        );
    }

    #[test]
    fn an_encoding_must_be_used_or_be_missed_at_a_line() {
        let error = content_lines(b"A:1\r\nB:caf\xe9\r\n", None).unwrap_err();
        assert_eq!(error.line, 2);
        assert!(error.reason.contains("set `encoding`"), "{}", error.reason);
        let lines = content_lines(b"B:ca\n f\xe9", Some(WINDOWS_1252)).unwrap();
        assert_eq!(lines[0].text, "B:café");
        let utf16: Vec<u8> = "\u{feff}A:é".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(texts(&utf16), [(1, "A:é".to_owned())]);
        assert_eq!(content_lines(&utf16[2..], Some(UTF_16LE)).unwrap()[0].text, "A:é");
        let unmarked: Vec<u8> = "BEGIN:V".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert!(content_lines(&unmarked, None).unwrap_err().reason.contains("utf-16le"));
    }

    #[test]
    fn a_line_that_is_too_long_must_be_marked() {
        let folded = format!("A:{}\n", "x\n ".repeat(CONTENT_LINE_BYTES_MAX));
        let lines = content_lines(folded.as_bytes(), None).unwrap();
        assert!(lines[0].is_too_long && lines[0].text.len() == LONG_LINE_BYTES);
        let longest = format!("A:{}", "x".repeat(CONTENT_LINE_BYTES_MAX - 2));
        assert!(!content_lines(longest.as_bytes(), None).unwrap()[0].is_too_long);
    }
}
