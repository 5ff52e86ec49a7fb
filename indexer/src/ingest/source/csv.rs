//! CSV as editors save it: `;` or `,`, line breaks in quoted cells, UTF-8 or the encoding of Excel.

mod cells;

use std::{io::Cursor, sync::Arc};

use csv::{ReaderBuilder, StringRecord};
use encoding_rs::WINDOWS_1252;
use serde_json::{Map, Value};

use self::cells::{Quoting, cell_text, is_spreadsheet_error, quoting};
use super::{
    Candidate, FetchError, Items, SourceItem, SourceReader, config::ResolvedSource, files,
    invisible::visible, template::PathCaptures,
};
use crate::decoding;

/// Maximum size of a table in bytes.
pub(crate) const TABLE_BYTES_MAX: u64 = 64 << 20;

/// The items of a table; its first row contains the column names.
pub(super) fn items(mut reader: SourceReader<'_>) -> Result<Items<'_>, FetchError> {
    let source = reader.source;
    let table_error = |reason: String| FetchError::Table { path: source.path.clone(), reason };
    let bytes = files::read_limited(&source.path, TABLE_BYTES_MAX)?.map_err(table_error)?;
    let text = files::unix_line_ends(decode(&bytes, source).map_err(table_error)?);
    let (delimiter, table) = delimiter(&text, source.delimiter);
    let table_start = (text.len() - table.len()) as u64;
    let text: Arc<str> = text.into();
    let mut table = Cursor::new(Arc::<[u8]>::from(Arc::clone(&text)));
    table.set_position(table_start);
    let mut rows = ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .from_reader(table)
        .into_records()
        .peekable();
    let error = |error: csv::Error| table_error(error.to_string());
    let Some(header) = rows.next().transpose().map_err(error)? else {
        return Ok(Box::new(std::iter::empty()));
    };
    let header = Header::new(&header, source);
    let file = files::file_name(&source.path);
    let mut lines = LineCounter { text, table_start, at: 0, line: 1 };
    Ok(Box::new(std::iter::from_fn(move || {
        loop {
            let row = match rows.next()? {
                Ok(row) => row,
                Err(error) => return Some(Err(table_error(error.to_string()))),
            };
            let line = lines.line_of(&row);
            let location = format!("{file}:{line}");
            let next = rows.peek().and_then(|next| next.as_ref().ok());
            let item = match lines.quoting_error(&row, next, delimiter) {
                Some(reason) => Some(reader.rejected(location, None, reason.to_owned())),
                None => row_item(&mut reader, (location, line), &header, &row),
            };
            if let Some(item) = item {
                return Some(Ok(item));
            }
        }
    })))
}

/// The columns of a table.
struct Header {
    columns: Vec<Column>,
    digest: blake3::Hasher,
}

struct Column {
    name: String,
    /// Separator for joining the values of columns with the same name that feed a list.
    joint: Option<char>,
}

impl Header {
    fn new(header: &StringRecord, source: &ResolvedSource) -> Self {
        let column = |name: &str| Column {
            joint: source.mapping.separator.filter(|_| source.mapping.feeds_list(&visible(name))),
            name: visible(name),
        };
        let mut digest = blake3::Hasher::new();
        update_digest(&mut digest, header.iter());
        Self { columns: header.iter().map(column).collect(), digest }
    }

    /// The fields of a row. Missing cells at its end are empty. If several columns have the same
    /// name, the values of lists are joined; otherwise the first non-empty value is used.
    fn fields(&self, row: &StringRecord) -> Result<Map<String, Value>, String> {
        let mut fields: Map<String, Value> = Map::new();
        for (index, cell) in row.iter().enumerate() {
            let cell = cell_text(cell);
            if is_spreadsheet_error(&cell) {
                let reason = "the spreadsheet shows no value; correct it there";
                return Err(format!("cell {} is an error: {reason}: `{cell}`", index + 1));
            }
            let Some(column) = self.columns.get(index).filter(|column| !column.name.is_empty())
            else {
                if cell.is_empty() {
                    continue;
                }
                return Err(format!(
                    "cell {} has no column name (quote cells that contain the delimiter): \
                     `{cell}`",
                    index + 1
                ));
            };
            match fields.get_mut(&column.name) {
                None => {
                    fields.insert(column.name.clone(), Value::String(cell));
                }
                Some(Value::String(present)) if present.is_empty() => *present = cell,
                Some(Value::String(present)) if !cell.is_empty() => {
                    if let Some(separator) = column.joint {
                        present.push(separator);
                        present.push_str(&cell);
                    }
                }
                Some(_) => {}
            }
        }
        Ok(fields)
    }
}

/// Determines the lines of rows: the parser does not count blank lines before a row.
struct LineCounter {
    text: Arc<str>,
    table_start: u64,
    at: usize,
    line: u64,
}

impl LineCounter {
    /// The line on which a row begins. Rows must be passed in order.
    fn line_of(&mut self, row: &StringRecord) -> u64 {
        let begin = self.begin(row);
        let blank = self.text[begin..].bytes().take_while(|byte| *byte == b'\n').count();
        let begin = begin + blank;
        self.line += self.text[self.at..begin].bytes().filter(|b| *b == b'\n').count() as u64;
        self.at = begin;
        self.line
    }

    /// What is wrong with the quotation marks of a row: the parser reads on until the next one.
    fn quoting_error(
        &self,
        row: &StringRecord,
        next: Option<&StringRecord>,
        delimiter: u8,
    ) -> Option<&'static str> {
        let end = next.map_or(self.text.len(), |next| self.begin(next));
        match quoting(&self.text.as_bytes()[self.begin(row)..end], delimiter) {
            Quoting::Closed => None,
            Quoting::Open => {
                Some("quotation mark is not closed; rows up to the end of the file are lost in it")
            }
            Quoting::TextAfterEnd => Some(
                "text after a closing quotation mark; double the quotation marks within a cell. \
                 Rows after this one may be lost in it",
            ),
        }
    }

    fn begin(&self, row: &StringRecord) -> usize {
        let offset = row.position().map_or(0, csv::Position::byte);
        usize::try_from(self.table_start + offset)
            .unwrap_or(usize::MAX)
            .clamp(self.at, self.text.len())
    }
}

/// The item of a row; `None` for a blank row.
fn row_item(
    reader: &mut SourceReader,
    (location, line): (String, u64),
    header: &Header,
    row: &StringRecord,
) -> Option<SourceItem> {
    if row.iter().all(|cell| cell.trim().is_empty()) {
        return None;
    }
    let keyed = header.fields(row).and_then(|raw_fields| {
        let key = reader.row_key(&raw_fields)?;
        Ok((raw_fields, key))
    });
    Some(match keyed {
        Ok((raw_fields, key)) => {
            let candidate = Candidate { key, location, content_hash: hash(header, row) };
            reader.item(candidate, |reader| {
                reader.check_visibility(&raw_fields, |_| line)?;
                Ok(reader.map(&raw_fields, &PathCaptures::new()).into())
            })
        }
        Err(reason) => reader.rejected(location, None, reason),
    })
}

/// Digest of the header and a row.
fn hash(header: &Header, row: &StringRecord) -> [u8; 32] {
    let mut digest = header.digest.clone();
    update_digest(&mut digest, row.iter());
    *digest.finalize().as_bytes()
}

/// Adds cells, each terminated by a byte that does not occur in UTF-8.
fn update_digest<'a>(digest: &mut blake3::Hasher, cells: impl Iterator<Item = &'a str>) {
    for cell in cells {
        digest.update(cell.as_bytes()).update(&[0xff]);
    }
}

/// Decodes in the configured encoding; by default UTF-8, or Windows-1252 for a table that contains
/// no letter in UTF-8 at all: otherwise a single damaged byte would falsify every other letter.
fn decode(bytes: &[u8], source: &ResolvedSource) -> Result<String, String> {
    let decoded = match (decoding::decode(bytes, source.encoding), source.encoding) {
        (Err(_), None) if !has_utf8_letters(bytes) && !bytes.contains(&0) => {
            decoding::decode(bytes, Some(WINDOWS_1252))
        }
        (decoded, _) => decoded,
    };
    decoded.map_err(|error| format!("line {}: {}", error.line, error.reason))
}

/// Whether any non-ASCII character is valid UTF-8.
fn has_utf8_letters(bytes: &[u8]) -> bool {
    bytes.utf8_chunks().any(|chunk| !chunk.valid().is_ascii())
}

/// The delimiter, and the table without the line `sep=;` that Excel adds at the top.
fn delimiter(text: &str, configured: Option<u8>) -> (u8, &str) {
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    if let [b's', b'e', b'p', b'=', delimiter] = first.trim_end().as_bytes() {
        return (configured.unwrap_or(*delimiter), rest);
    }
    let mut in_quotes = false;
    let mut occurrences = [(b'\t', 0_u32), (b',', 0), (b';', 0)];
    for byte in text.bytes() {
        in_quotes ^= byte == b'"';
        if byte == b'\n' && !in_quotes {
            break;
        }
        for (delimiter, count) in &mut occurrences {
            *count += u32::from(*delimiter == byte && !in_quotes);
        }
    }
    let most_frequent = occurrences.iter().max_by_key(|(_, count)| *count);
    let most_frequent = most_frequent.map_or(b';', |(delimiter, _)| *delimiter);
    (configured.unwrap_or(most_frequent), text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ingest::source::{
        KnownInputs, SourceItem, records,
        survey::Survey,
        tests::{fields, items, resolved_source, summaries},
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
        assert_eq!(delimiter("a,\"b;c;d;e\nf;g\",h\n1;2;3", None).0, b',');
        assert_eq!(delimiter("sep=,\na;b", None), (b',', "a;b"));
    }

    #[test]
    fn a_row_whose_quotation_marks_do_not_match_must_be_rejected() {
        let lost = "id;title;draft\n1;\"Een\n2;GEHEIM;true\n3;\"Drie\";\n4;Vier;\n";
        let summary = summaries(&read(lost.as_bytes()));
        assert!(
            summary[0].starts_with("!a.csv:2 text after a closing quotation mark"),
            "{summary:?}"
        );
        assert_eq!(summary.len(), 2, "{summary:?}");
        // A quotation mark in another row does not make this one invalid.
        let valid = "id;title\n1;\"eerste\nregel\"\n2;Scherm 16\"\n3;\"a \"\"b\"\"\" \n";
        let summary = summaries(&read(valid.as_bytes()));
        assert!(summary.iter().all(|item| !item.starts_with('!')), "{summary:?}");
        let open = summaries(&read(b"id;title\n1;\"a\n2;b\n"));
        assert!(open[0].starts_with("!a.csv:2 quotation mark is not closed"), "{open:?}");
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
    fn cells_that_are_missing_or_empty_at_the_end_must_be_no_obstacle() {
        let table = b"sep=;\r\nid;title;body\r\n\r\n1;\"een\r\ntwee\"\r\n2\r\n3;b;c;;\r\n\
            ;d\r\n\r\n4;e;f;g\r\n5;e\r\n";
        assert_eq!(
            summaries(&read(table)),
            [
                "+1",
                "+2",
                "+3",
                "!a.csv:8 missing key; give the record a `key` or set `key` of the source to a template",
                "!a.csv:10 cell 4 has no column name (quote cells that contain the delimiter): `g`",
                "+5",
            ]
        );
    }

    #[test]
    fn one_damaged_byte_must_not_falsify_the_other_letters() {
        let (_folder, source) =
            resolved_source(CONFIG, &[("a.csv", "id;title\n1;Café\n2;Geh".as_bytes())]);
        let damaged = [&b"id;title\n1;Caf\xc3\xa9\n2;Geh"[..], b"\xe9im\n"].concat();
        let error = decode(&damaged, &source).unwrap_err();
        assert!(error.starts_with("line 3: not valid UTF-8"), "{error}");
        assert_eq!(decode(b"Caf\xe9", &source).unwrap(), "Café");
        for (bytes, name) in
            [(&b"i\0d\0;\0a\0\n\0"[..], "utf-16le"), (b"\0i\0d\0;\0a\0\n", "utf-16be")]
        {
            let error = decode(bytes, &source).unwrap_err();
            assert!(error.contains(&format!("set `encoding = \"{name}\"`")), "{error}");
        }
    }

    #[test]
    fn what_a_spreadsheet_could_not_calculate_must_be_rejected() {
        let summary =
            summaries(&read(b"id;title\n#N/B;A\n2;#REF!\n1,23457E+20;B\n4;N/A\n5;####\n"));
        assert!(summary[0].starts_with("!a.csv:2 cell 1 is an error"), "{summary:?}");
        assert!(summary[1].starts_with("!a.csv:3 cell 2 is an error"), "{summary:?}");
        assert!(summary[2].starts_with("!a.csv:4 key is a number shortened by"), "{summary:?}");
        assert_eq!(summary[3], "+4");
        assert!(summary[4].starts_with("!a.csv:6 cell 2 is an error"), "{summary:?}");
    }

    #[test]
    fn invisible_characters_in_column_names_must_not_hide_a_column() {
        let table = "id;\u{200b}title\u{a0};\u{feff}draft\n1;A;ja\n2;B;nee\n";
        assert_eq!(summaries(&read(table.as_bytes())), ["?1 Draft", "+2"]);
    }

    #[test]
    fn a_filled_cell_below_no_column_name_must_be_reported() {
        assert_eq!(
            summaries(&read(b"id;;title\n1;;A\n2;x;B\n")),
            [
                "+1",
                "!a.csv:3 cell 2 has no column name (quote cells that contain the delimiter): `x`"
            ]
        );
    }

    #[test]
    fn columns_with_one_name_must_be_joined_or_the_first_filled_one_count() {
        let table = b"id;title;themes;themes;tags;title;tags\n1;;taal;vorm|cx;a;T;b\n";
        let config = format!("{CONFIG}fields = {{ people = \"tags\" }}");
        assert_eq!(
            fields(&items(&config, &[("a.csv", table)])),
            serde_json::json!({
                "title": "T", "themes": ["taal", "vorm", "cx"], "people": ["a", "b"],
            })
        );
    }

    #[test]
    fn what_keeps_excel_from_reading_a_number_must_not_be_text() {
        let parsed = fields(&read(b"id;title;lead\n1;=\"Zes\";\"=\"\"007\"\"\"\n"));
        assert_eq!(parsed, serde_json::json!({ "title": "Zes", "lead": "007" }));
    }

    #[test]
    fn a_quotation_mark_that_is_not_closed_must_not_swallow_rows_silently() {
        let items = read(b"id;title\n1;A\n2;\"B\n3;C\n4;D\n");
        assert_eq!(
            summaries(&items),
            [
                "+1",
                "!a.csv:3 quotation mark is not closed; rows up to the end of the file are lost in it",
            ]
        );
        assert_eq!(summaries(&read(b"id;title\n1;5\" scherm\n2;6\"\n")), ["+1", "+2"]);
    }

    #[test]
    fn ten_thousand_unknown_columns_must_be_read_in_linear_time() {
        let header: Vec<_> = (0..10_000).map(|n| format!(";kolom{n}")).collect();
        let rows: Vec<_> = (0..20).map(|n| format!("{n}{}\n", ";x".repeat(10_000))).collect();
        let began = std::time::Instant::now();
        assert_eq!(read(format!("id{}\n{}", header.concat(), rows.concat()).as_bytes()).len(), 20);
        // Generous for a busy machine; a nearest-name search per cell takes minutes.
        assert!(began.elapsed().as_secs() < 20, "{:?}", began.elapsed());
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
            let (_folder, source) = resolved_source(CONFIG, &[("a.csv", &bytes)]);
            let survey = Survey::default();
            if let Ok(items) = records(&source, None, KnownInputs::default(), &survey) {
                items.for_each(drop);
            }
        }
    }
}
