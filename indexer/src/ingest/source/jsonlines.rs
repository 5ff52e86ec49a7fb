//! JSON Lines: one object a line, each with its own key and, where it is to go, `"op": "delete"`.

use std::{
    collections::HashMap,
    io::{BufRead, BufReader, Read},
    ops::ControlFlow,
    path::Path,
};

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::ingest::source::{
    Candidate, FetchError, Fields, ParseError, SkipOrError, SourceItem, SourceReader, checked_key,
    field::Field, files, template::PathCaptures,
};

/// The most bytes that one line may have.
pub(crate) const LINE_BYTES_MAX: u64 = 1 << 20;
/// The most objects and lists that may lie within one another.
pub(crate) const DEPTH_MAX: usize = 16;

/// Reads the file twice: once to learn which line is the last for each key, once to give those.
/// A line that the store knows is not looked into any further than for its key.
pub(crate) fn read(reader: &mut SourceReader) -> Result<(), FetchError> {
    let path = &reader.source.path;
    let file = files::file_name(path);
    let mut last = HashMap::new();
    let mut unchanged = HashMap::new();
    for_each_line(path, |number, line| {
        if let Some(key) = unchanged_key(reader, line) {
            last.insert(key.clone(), number);
            unchanged.insert(number, key);
        } else if let Some(Ok((_, key))) =
            parse_object(line).map(|parsed| parse_key(reader, parsed))
        {
            last.insert(key, number);
        }
        ControlFlow::Continue(())
    })?;
    for_each_line(path, |number, line| {
        if let Some(key) = unchanged.remove(&number) {
            let is_last = last.get(&key) == Some(&number);
            return if is_last {
                (reader.sink)(SourceItem::Unchanged { key })
            } else {
                ControlFlow::Continue(())
            };
        }
        let Some(parsed) = parse_object(line) else { return ControlFlow::Continue(()) };
        match parse_key(reader, parsed) {
            Ok((_, key)) if last.get(&key) != Some(&number) => ControlFlow::Continue(()),
            Ok((raw_fields, key)) => {
                let bytes = line.expect("an object was parsed from this line");
                let content_hash = *blake3::hash(bytes).as_bytes();
                emit_line(
                    reader,
                    Candidate { file: &file, line: number, key, content_hash },
                    &raw_fields,
                )
            }
            Err(reason) => reader.reject(format!("{file}:{number}"), None, reason),
        }
    })
}

/// The key of a line that the store holds exactly like this. Reading it needs no care: the store
/// knows the digest of these very bytes under this very key only if they were read in full before.
fn unchanged_key(reader: &SourceReader, line: Result<&[u8], LineTooLong>) -> Option<String> {
    #[derive(Deserialize)]
    struct KeyFields {
        key: Option<Value>,
        id: Option<Value>,
    }

    if reader.source.mapping.has_key_template() {
        return None;
    }
    let line = line.ok()?;
    let KeyFields { key, id } = serde_json::from_slice(line).ok()?;
    let key = checked_key(key.or(id).as_ref()).ok()?;
    (reader.is_unchanged)(&key, blake3::hash(line).as_bytes()).then_some(key)
}

fn emit_line(
    reader: &mut SourceReader,
    candidate: Candidate,
    raw_fields: &Map<String, Value>,
) -> ControlFlow<()> {
    let fields = reader.source.mapping.apply(raw_fields, &PathCaptures::new());
    match operation(&fields) {
        Ok(Operation::Delete) => (reader.sink)(SourceItem::Deleted { key: candidate.key }),
        Ok(Operation::Upsert) => reader.emit(candidate, |_| Ok(fields)),
        Err(reason) => {
            let error = ParseError { line: candidate.line, reason };
            reader.emit(candidate, |_| Err(SkipOrError::Error(error)))
        }
    }
}

enum Operation {
    Upsert,
    Delete,
}

fn operation(fields: &Fields) -> Result<Operation, String> {
    match fields.get(&Field::Op).map(|op| op.as_str().unwrap_or_default()) {
        None | Some("upsert") => Ok(Operation::Upsert),
        Some("delete") => Ok(Operation::Delete),
        Some(other) => Err(format!("`op` must be `upsert` or `delete`: `{other}`")),
    }
}

fn parse_key(
    reader: &SourceReader,
    parsed: Result<Map<String, Value>, String>,
) -> Result<(Map<String, Value>, String), String> {
    let raw_fields = parsed?;
    let key = reader.row_key(&raw_fields)?;
    Ok((raw_fields, key))
}

/// The object in a line, or why there is none; `None` for a blank line.
fn parse_object(line: Result<&[u8], LineTooLong>) -> Option<Result<Map<String, Value>, String>> {
    let Ok(line) = line else {
        return Some(Err(format!("line exceeds the maximum number of bytes: `{LINE_BYTES_MAX}`")));
    };
    if line.trim_ascii().is_empty() {
        return None;
    }
    Some(match serde_json::from_slice(line) {
        Ok(Value::Object(object)) if depth(&object) <= DEPTH_MAX => Ok(object),
        Ok(Value::Object(_)) => {
            Err(format!("JSON exceeds the maximum nesting depth: `{DEPTH_MAX}`"))
        }
        Ok(_) => Err("line must contain one JSON object, such as `{\"key\": \"a\"}`".to_owned()),
        Err(error) => {
            let message = error.to_string();
            let message = message.split(" at line ").next().unwrap_or_default();
            Err(format!("invalid JSON at column {}: `{message}`", error.column()))
        }
    })
}

/// How deep objects and lists lie within one another. The parser itself stops at 128.
fn depth(object: &Map<String, Value>) -> usize {
    fn value_depth(value: &Value) -> usize {
        match value {
            Value::Object(object) => depth(object),
            Value::Array(list) => 1 + list.iter().map(value_depth).max().unwrap_or(0),
            _ => 0,
        }
    }
    1 + object.values().map(value_depth).max().unwrap_or(0)
}

/// A line that is longer than [`LINE_BYTES_MAX`].
#[derive(Debug, Clone, Copy)]
struct LineTooLong;

/// Gives each line with its number, without line ends and byte order mark.
fn for_each_line(
    path: &Path,
    mut visit: impl FnMut(u64, Result<&[u8], LineTooLong>) -> ControlFlow<()>,
) -> Result<(), FetchError> {
    let unreadable = |cause| FetchError::Unreadable { path: path.to_owned(), cause };
    let mut reader = BufReader::new(files::open(path)?);
    let mut bytes = Vec::new();
    for number in 1.. {
        bytes.clear();
        let mut limited = reader.by_ref().take(LINE_BYTES_MAX + 1);
        if limited.read_until(b'\n', &mut bytes).map_err(unreadable)? == 0 {
            break;
        }
        let has_line_end = bytes.pop_if(|last| *last == b'\n').is_some();
        let line = if !has_line_end && bytes.len() as u64 > LINE_BYTES_MAX {
            reader.skip_until(b'\n').map_err(unreadable)?;
            Err(LineTooLong)
        } else {
            bytes.pop_if(|last| *last == b'\r');
            let mark = if number == 1 { "\u{feff}".as_bytes() } else { b"" };
            Ok(bytes.strip_prefix(mark).unwrap_or(&bytes))
        };
        if visit(number, line).is_break() {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use proptest::prelude::*;

    use crate::ingest::source::tests::{fields, items, resolved_source, summaries};

    const CONFIG: &str = "kind = \"jsonlines\"\npath = \"a.jsonl\"";

    fn read(lines: &str) -> Vec<String> {
        summaries(&items(CONFIG, &[("a.jsonl", lines.as_bytes())]))
    }

    #[test]
    fn byte_order_marks_blank_lines_and_windows_line_ends_must_be_no_obstacle() {
        let lines = "\u{feff}{\"key\":\"a\"}\r\n\r\n  \n{\"id\":7}";
        assert_eq!(read(lines), ["+a", "+7"]);
    }

    #[test]
    fn a_bad_line_must_be_rejected_with_its_number_and_not_stop_the_others() {
        let lines = "{\"key\":\n[1]\n{}\n{\"key\":\"a\",\"op\":\"wis\"}\n{\"key\":\"b\"}";
        assert_eq!(
            read(lines),
            [
                "!a.jsonl:1 invalid JSON at column 7: `EOF while parsing a value`",
                "!a.jsonl:2 line must contain one JSON object, such as `{\"key\": \"a\"}`",
                "!a.jsonl:3 missing key; give the record a `key` or set `key` of the source to a \
                 template",
                "!a.jsonl:4 `op` must be `upsert` or `delete`: `wis`",
                "+b",
            ]
        );
    }

    #[test]
    fn the_last_line_for_a_key_must_win() {
        let lines = "{\"key\":\"a\",\"title\":\"oud\"}\n{\"key\":\"b\"}\n\
                     {\"key\":\"b\",\"op\":\"delete\"}\n\
                     {\"key\":\"a\",\"title\":\"nieuw\",\"op\":\"upsert\"}";
        let items = items(CONFIG, &[("a.jsonl", lines.as_bytes())]);
        assert_eq!(summaries(&items), ["-b", "+a"]);
        assert_eq!(fields(&items)["title"], "nieuw");
    }

    #[test]
    fn an_unchanged_line_must_count_like_one_that_is_parsed() {
        let (old, new, other) =
            ("{\"key\":\"a\",\"title\":\"oud\"}", "{\"key\":\"a\"}", "{\"id\":7}");
        let read = |lines: [&str; 4], unchanged: &[&str]| {
            let (_folder, source) =
                resolved_source(CONFIG, &[("a.jsonl", lines.join("\n").as_bytes())]);
            let hashes: Vec<_> =
                unchanged.iter().map(|line| blake3::hash(line.as_bytes())).collect();
            let is_unchanged =
                |_: &str, hash: &[u8; 32]| hashes.iter().any(|stored| stored == hash);
            let mut items = Vec::new();
            let mut sink = |item| {
                items.push(item);
                ControlFlow::Continue(())
            };
            crate::ingest::source::read(&source, &is_unchanged, &mut sink).unwrap();
            summaries(&items).iter().map(|summary| summary[..2].to_owned()).collect::<Vec<_>>()
        };
        for unchanged in [&[][..], &[old], &[new], &[other], &[old, other], &[old, new, other]] {
            let sign = |line| if unchanged.contains(&line) { "=" } else { "+" };
            let expected =
                [format!("{}7", sign(other)), "!a".to_owned(), format!("{}a", sign(new))];
            assert_eq!(read([old, other, "{", new], unchanged), expected, "{unchanged:?}");
            let expected =
                ["!a".to_owned(), format!("{}a", sign(old)), format!("{}7", sign(other))];
            assert_eq!(read([new, "{", old, other], unchanged), expected, "{unchanged:?}");
        }
    }

    #[test]
    fn lines_that_are_too_long_or_too_deep_must_be_rejected() {
        let long = "x".repeat(usize::try_from(super::LINE_BYTES_MAX).unwrap());
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        let (fits, deep, endless) = (nested(15), nested(16), nested(100_000));
        let lines = format!(
            "{{\"key\":\"{long}\"}}\n{{\"key\":\"a\",\"x\":{fits}}}\n\
             {{\"key\":\"b\",\"x\":{deep}}}\n{{\"key\":\"c\",\"x\":{endless}}}\n"
        );
        assert_eq!(
            read(&lines),
            [
                "!a.jsonl:1 line exceeds the maximum number of bytes: `1048576`",
                "+a",
                "!a.jsonl:3 JSON exceeds the maximum nesting depth: `16`",
                "!a.jsonl:4 invalid JSON at column 142: `recursion limit exceeded`",
            ]
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn no_bytes_must_make_the_reader_panic(
            bytes in proptest::collection::vec(any::<u8>(), 0..200)
        ) {
            items(CONFIG, &[("a.jsonl", &bytes)]);
        }
    }
}
