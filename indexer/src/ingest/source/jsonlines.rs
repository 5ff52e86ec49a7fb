//! JSON Lines: one object per line, each with its own key; `"op": "delete"` deletes the record.

mod lines;

use std::collections::HashMap;

use serde_json::{Map, Value};

pub(crate) use self::lines::LINE_BYTES_MAX;

use self::lines::{LineTooLong, Lines, content_hash};
use super::{
    Candidate, FetchError, Fields, Items, ParseError, SkipOrError, SourceItem, SourceReader,
    field::Field, files, invisible::visible_names, template::PathCaptures,
};
use crate::json;

/// Maximum nesting depth of objects and lists.
pub(crate) const DEPTH_MAX: usize = 16;

/// The items of a file, which is read twice: first to find its lines, then to parse those that
/// changed.
pub(super) fn items(mut reader: SourceReader<'_>) -> Result<Items<'_>, FetchError> {
    let path = &reader.source.path;
    let file = files::file_name(path);
    let has_op_template = reader.source.mapping.has_template(Field::Op);
    let lines = lines::find(path)?.into_iter().zip(1..).map(|(line, number)| FoundRecord {
        number,
        offset: line.offset,
        unchanged: reader.known.key_of(line.content_hash, &location(&file, number)),
        may_have_op: line.may_have_op || has_op_template,
    });
    let records: Vec<_> = lines.collect();
    let mut lines = Lines::open(path)?;
    let effective = effective_lines(&reader, &records, &mut lines)?;
    Ok(Box::new(records.into_iter().filter_map(move |record| {
        if let Some(key) = record.unchanged
            && !reader.locations.contains_key(key)
        {
            let is_replaced = effective.is_replaced(key, record.number);
            return (!is_replaced).then(|| {
                reader.locations.insert(key.to_owned(), location(&file, record.number));
                Ok(SourceItem::Unchanged { key: key.to_owned() })
            });
        }
        let line = lines.line_at(record.offset);
        let line = line.map(|bytes| RawLine { number: record.number, bytes });
        line.map(|line| line_item(&mut reader, &file, &line, &effective)).transpose()
    })))
}

/// A line, and the record in it if its input is unchanged: the store has the digest of the same
/// bytes at the same location only if they were parsed in full before.
struct FoundRecord<'a> {
    /// Line number, counted from one.
    number: u64,
    /// Offset in bytes of its start.
    offset: u64,
    /// Its key, if its input is unchanged.
    unchanged: Option<&'a str>,
    may_have_op: bool,
}

/// Finds the lines that replace others. If no line has `op`, none need be parsed.
fn effective_lines(
    reader: &SourceReader<'_>,
    records: &[FoundRecord<'_>],
    lines: &mut Lines,
) -> Result<EffectiveLines, FetchError> {
    let mut effective = EffectiveLines::default();
    if !records.iter().any(|record| record.may_have_op) {
        return Ok(effective);
    }
    for FoundRecord { number, offset, unchanged, may_have_op } in records {
        if let Some(key) = unchanged.filter(|_| !may_have_op) {
            effective.add(key, *number, None);
            continue;
        }
        let line = RawLine { number: *number, bytes: lines.line_at(*offset)? };
        if let Some(Ok(object)) = parse_object(&line)
            && let Ok(key) = reader.row_key(&object)
        {
            effective.add(&key, *number, reader.source.mapping.op(&object).as_ref());
        }
    }
    Ok(effective)
}

/// Determines which of several lines with the same key is used: a line with `op` replaces those
/// before it, and so does a line after a deletion. Any other line is a duplicate and is rejected.
#[derive(Default)]
struct EffectiveLines(HashMap<String, EffectiveLine>);

struct EffectiveLine {
    number: u64,
    is_deletion: bool,
}

impl EffectiveLines {
    fn add(&mut self, key: &str, number: u64, op: Option<&Value>) {
        let is_deletion = op.is_some_and(|op| *op == "delete");
        let follows_deletion = self.0.get(key).is_some_and(|line| line.is_deletion);
        // A line without `op` replaces no other line, except after a deletion.
        if op.is_some() || follows_deletion {
            self.0.insert(key.to_owned(), EffectiveLine { number, is_deletion });
        }
    }

    fn is_replaced(&self, key: &str, number: u64) -> bool {
        self.0.get(key).is_some_and(|line| number < line.number)
    }
}

/// The item of a line; `None` if it is blank or a later line replaces it.
fn line_item(
    reader: &mut SourceReader,
    file: &str,
    line: &RawLine,
    effective: &EffectiveLines,
) -> Option<SourceItem> {
    let keyed = parse_object(line)?.and_then(|raw_fields| {
        let key = reader.row_key(&raw_fields)?;
        Ok((raw_fields, key))
    });
    let (raw_fields, key) = match keyed {
        Ok((_, key)) if effective.is_replaced(&key, line.number) => return None,
        Ok(keyed) => keyed,
        Err(reason) => return Some(reader.rejected(line.location(file), None, reason)),
    };
    let fields = reader.map(&raw_fields, &PathCaptures::new());
    let candidate = line.candidate(file, key);
    Some(match operation(&fields) {
        Ok(Operation::Delete) => SourceItem::Deleted { key: candidate.key },
        Ok(Operation::Upsert) => reader.item(candidate, |reader| {
            reader.check_visibility(&raw_fields, |_| line.number)?;
            Ok(fields.into())
        }),
        Err(reason) => {
            let error = ParseError { line: line.number, reason };
            reader.item(candidate, |_| Err(SkipOrError::Error(error)))
        }
    })
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

/// The object in a line, or why there is none; `None` for a blank line.
fn parse_object(line: &RawLine) -> Option<Result<Map<String, Value>, String>> {
    let Ok(line) = &line.bytes else {
        return Some(Err(format!("line exceeds the maximum number of bytes: `{LINE_BYTES_MAX}`")));
    };
    (!line.trim_ascii().is_empty()).then(|| object_of(line))
}

/// The object that bytes contain, or why there is none.
pub(super) fn object_of(bytes: &[u8]) -> Result<Map<String, Value>, String> {
    match json::parse(bytes) {
        Ok(Value::Object(object)) if depth(&object) <= DEPTH_MAX => visible_names(object),
        Ok(Value::Object(_)) => {
            Err(format!("JSON exceeds the maximum nesting depth: `{DEPTH_MAX}`"))
        }
        Ok(_) => Err("line must contain one JSON object, such as `{\"key\": \"a\"}`".to_owned()),
        Err(error) => {
            let message = error.to_string();
            let message = message.split(" at line ").next().unwrap_or_default();
            Err(format!("invalid JSON at column {}: `{message}`", error.column()))
        }
    }
}

/// Nesting depth of objects and lists. The parser itself stops at 128.
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

/// A line of a file, without its line end and without the byte order mark.
struct RawLine<'a> {
    /// Line number, counted from one.
    number: u64,
    bytes: Result<&'a [u8], LineTooLong>,
}

impl RawLine<'_> {
    fn location(&self, file: &str) -> String {
        location(file, self.number)
    }

    fn candidate(&self, file: &str, key: String) -> Candidate {
        let content_hash = content_hash(self.bytes.unwrap_or_default());
        Candidate { key, location: self.location(file), content_hash }
    }
}

fn location(file: &str, number: u64) -> String {
    format!("{file}:{number}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{
        ingest::source::{
            KnownInputs, input_digest, records,
            survey::Survey,
            tests::{items, resolved_source, summaries},
        },
        store::RecordKey,
    };

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
    fn a_line_with_an_operation_must_replace_those_before_it() {
        let lines = "{\"key\":\"a\",\"title\":\"oud\"}\n{\"key\":\"b\"}\n\
                     {\"key\":\"b\",\"op\":\"delete\"}\n{\"key\":\"c\",\"op\":\"delete\"}\n\
                     {\"key\":\"a\",\"title\":\"nieuw\",\"op\":\"upsert\"}\n{\"key\":\"c\"}";
        let items = items(CONFIG, &[("a.jsonl", lines.as_bytes())]);
        assert_eq!(summaries(&items), ["-b", "+a", "+c"]);
    }

    #[test]
    fn a_second_record_with_a_key_must_be_rejected_with_both_places() {
        let lines = "{\"key\":\"a\"}\n{\"id\":\"a \"}\n{\"key\":7}\n{\"key\":\"7\"}";
        assert_eq!(
            read(lines),
            [
                "+a",
                "!a.jsonl:2 key already used by another record: `a.jsonl:1`",
                "+7",
                "!a.jsonl:4 key already used by another record: `a.jsonl:3`",
            ]
        );
    }

    #[test]
    fn keys_must_keep_the_digits_that_were_written() {
        let lines = "{\"id\":108234567890123456781}\n{\"id\":108234567890123456782}";
        assert_eq!(read(lines), ["+108234567890123456781", "+108234567890123456782"]);
    }

    #[test]
    fn an_unchanged_line_must_count_like_one_that_is_parsed() {
        let (old, new, other) = (
            "{\"key\":\"a\",\"op\":\"upsert\",\"title\":\"oud\"}",
            "{\"key\":\"a\",\"op\":\"upsert\"}",
            "{\"id\":7}",
        );
        let read = |lines: [&str; 4], unchanged: &[&str]| {
            let (_folder, source) =
                resolved_source(CONFIG, &[("a.jsonl", lines.join("\n").as_bytes())]);
            let known_lines = lines.iter().zip(1..).filter(|(line, _)| unchanged.contains(line));
            let mut digests: Vec<_> = known_lines
                .map(|(line, number)| {
                    let key = if *line == other { "7" } else { "a" };
                    let content_hash = *blake3::hash(line.as_bytes()).as_bytes();
                    let digest = input_digest(7, content_hash, &format!("a.jsonl:{number}"));
                    (RecordKey::new(&source.name, key), digest)
                })
                .collect();
            digests.sort_by(|one, other| one.0.cmp(&other.0));
            let known = KnownInputs::new(7, &digests);
            let items: Vec<_> = records(&source, None, known, &Survey::default())
                .unwrap()
                .map(Result::unwrap)
                .collect();
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
    fn an_unchanged_line_must_have_its_key_although_the_store_has_only_a_digest_of_it() {
        let (unchanged, other) = ("{\"key\":\"a@b.nl\"}", "{\"key\":\"a@b.nl\",\"title\":\"T\"}");
        let lines = format!("{unchanged}\n{other}");
        let (_folder, source) = resolved_source(CONFIG, &[("a.jsonl", lines.as_bytes())]);
        let content_hash = *blake3::hash(unchanged.as_bytes()).as_bytes();
        let digests =
            [(RecordKey::new(&source.name, "a@b.nl"), input_digest(7, content_hash, "a.jsonl:1"))];
        let known = KnownInputs::new(7, &digests);
        let survey = Survey::default();
        let items: Vec<_> =
            records(&source, None, known, &survey).unwrap().map(Result::unwrap).collect();
        assert_eq!(
            summaries(&items),
            ["=a@b.nl", "!a.jsonl:2 key already used by another record: `a.jsonl:1`"]
        );
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
