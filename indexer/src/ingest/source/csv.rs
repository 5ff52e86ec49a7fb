//! Tables as editors save them: `;` or `,`, quoted line ends, UTF-8 or what Excel made of it.

use std::io::Cursor;

use csv::{ReaderBuilder, StringRecord};
use encoding_rs::WINDOWS_1252;
use serde_json::{Map, Value};

use super::{
    Candidate, FetchError, Items, SourceItem, SourceReader, config::ResolvedSource, files,
    template::PathCaptures,
};

/// Maximum size of a table in bytes.
pub(crate) const TABLE_BYTES_MAX: u64 = 64 << 20;

/// The items of a table whose first row names its columns.
pub(super) fn items(mut reader: SourceReader<'_>) -> Result<Items<'_>, FetchError> {
    let source = reader.source;
    let table_error = |reason: String| FetchError::Table { path: source.path.clone(), reason };
    let bytes = files::read_limited(&source.path, TABLE_BYTES_MAX)?.map_err(table_error)?;
    let text = decode(&bytes, source).map_err(table_error)?;
    let (delimiter, table, lines_before) = delimiter(&text, source.delimiter);
    let table_start = (text.len() - table.len()) as u64;
    let mut table = Cursor::new(text.into_bytes());
    table.set_position(table_start);
    let mut rows = ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .from_reader(table)
        .into_records()
        .map(move |row| row.map_err(|error| table_error(error.to_string())));
    let Some(header) = rows.next().transpose()? else { return Ok(Box::new(std::iter::empty())) };
    let file = files::file_name(&source.path);
    Ok(Box::new(rows.filter_map(move |row| {
        let item = row.map(|row| {
            let line = row.position().map_or(0, csv::Position::line) + lines_before;
            row_item(&mut reader, format!("{file}:{line}"), &header, &row)
        });
        item.transpose()
    })))
}

/// The item of a row; `None` for a blank one.
fn row_item(
    reader: &mut SourceReader,
    location: String,
    header: &StringRecord,
    row: &StringRecord,
) -> Option<SourceItem> {
    if row.iter().all(|cell| cell.trim().is_empty()) {
        return None;
    }
    if row.len() != header.len() {
        let (expected, actual) = (header.len(), row.len());
        let reason = format!(
            "row must have {expected} cells like the header (quote cells that contain the \
             delimiter), found: `{actual}`"
        );
        return Some(reader.rejected(location, None, reason));
    }
    let raw_fields: Map<String, Value> = header
        .iter()
        .zip(row)
        .map(|(name, cell)| (name.trim().to_owned(), Value::String(cell.trim().to_owned())))
        .collect();
    Some(match reader.row_key(&raw_fields) {
        Ok(key) => {
            let candidate = Candidate { key, location, content_hash: hash(header, row) };
            reader.item(candidate, |source| {
                Ok(source.mapping.apply(&raw_fields, &PathCaptures::new()))
            })
        }
        Err(reason) => reader.rejected(location, None, reason),
    })
}

/// Digest of the header and a row, each cell closed by a byte that UTF-8 does not have.
fn hash(header: &StringRecord, row: &StringRecord) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    for cell in header.iter().chain(row) {
        hasher.update(cell.as_bytes()).update(&[0xff]);
    }
    *hasher.finalize().as_bytes()
}

/// As configured; else UTF-8, and Windows-1252 for bytes that are not.
fn decode(bytes: &[u8], source: &ResolvedSource) -> Result<String, String> {
    let decoded = match (files::decode(bytes, source.encoding), source.encoding) {
        (Err(_), None) => files::decode(bytes, Some(WINDOWS_1252)),
        (decoded, _) => decoded,
    };
    decoded.map_err(|error| format!("line {}: {}", error.line, error.reason))
}

/// The delimiter, the table, and the number of lines before it: Excel's own first line `sep=;`
/// is none of its rows.
fn delimiter(text: &str, configured: Option<u8>) -> (u8, &str, u64) {
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    if let [b's', b'e', b'p', b'=', delimiter] = first.trim_end().as_bytes() {
        return (configured.unwrap_or(*delimiter), rest, 1);
    }
    let occurrences = |delimiter: &u8| first.bytes().filter(|byte| byte == delimiter).count();
    let most_frequent = [b'\t', b',', b';'].into_iter().max_by_key(occurrences).unwrap_or(b';');
    (configured.unwrap_or(most_frequent), text, 0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ingest::source::{
        SourceItem,
        tests::{fields, items, summaries},
    };

    const CONFIG: &str = "kind = \"csv\"\npath = \"a.csv\"\n";

    fn read(table: &[u8]) -> Vec<SourceItem> {
        items(CONFIG, &[("a.csv", table)])
    }

    #[test]
    fn delimiters_must_be_detected_or_used_as_configured() {
        assert_eq!(delimiter("a;b,c;d\n1", None).0, b';');
        assert_eq!(delimiter("a,b\n1;2;3", None).0, b',');
        assert_eq!(delimiter("a\tb", None).0, b'\t');
        assert_eq!(delimiter("a", None).0, b';');
        assert_eq!(delimiter("a,b", Some(b'|')).0, b'|');
        assert_eq!(delimiter("sep=,\r\na;b", None), (b',', "a;b", 1));
    }

    #[test]
    fn tables_of_excel_must_be_read() {
        let windows = b"id;title\r\n1;Caf\xe9 \x93open\x94\r\n;;\r\n;\r\n";
        assert_eq!(fields(&read(windows))["title"], "Café “open”");
        let with_byte_order_mark =
            "\u{feff}sep=;\nid;title;body\n1;\"A; B\";\"een\ntwee \"\"x\"\"\"\n".as_bytes();
        assert_eq!(
            fields(&read(with_byte_order_mark)),
            serde_json::json!({ "title": "A; B", "body": "een\ntwee \"x\"" })
        );
    }

    #[test]
    fn rows_that_do_not_fit_must_be_rejected_with_their_line() {
        let table = b"sep=;\nid;title\n1;\"een\ntwee\"\n2\n3;b;c\n;d\n4;e\n";
        assert_eq!(
            summaries(&read(table)),
            [
                "+1",
                "!a.csv:5 row must have 2 cells like the header (quote cells that contain the \
                 delimiter), found: `1`",
                "!a.csv:6 row must have 2 cells like the header (quote cells that contain the \
                 delimiter), found: `3`",
                "!a.csv:7 missing key; give the record a `key` or set `key` of the source to a template",
                "+4",
            ]
        );
    }

    #[test]
    fn only_cells_of_lists_must_be_split() {
        let table = b"id,title,themes,people\n1,A | B,cx | taal |,Noor\n";
        assert_eq!(
            fields(&read(table)),
            serde_json::json!({ "title": "A | B", "themes": ["cx", "taal"], "people": "Noor" })
        );
        let config = format!("{CONFIG}separator = '/'");
        let parsed = fields(&items(&config, &[("a.csv", b"id,themes\n1,a|b/c\n")]));
        assert_eq!(parsed["themes"], serde_json::json!(["a|b", "c"]));
    }

    #[test]
    fn a_row_must_have_another_digest_under_another_header() {
        let hash = |table: &[u8]| match read(table).remove(0) {
            SourceItem::Record(record) => record.content_hash,
            other => panic!("{other:?}"),
        };
        assert_eq!(hash(b"id;title\n1;a\n"), hash(b"id,title\r\n1,a\r\n"));
        assert_ne!(hash(b"id;title\n1;a\n"), hash(b"id;summary\n1;a\n"));
        assert_ne!(hash(b"id;title\n1;a\n"), hash(b"id;title\n1;b\n"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn no_bytes_must_make_the_reader_panic(
            bytes in proptest::collection::vec(any::<u8>(), 0..200)
        ) {
            read(&bytes);
        }
    }
}
