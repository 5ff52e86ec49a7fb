//! Tables: every row becomes a record or is rejected with its line.

use std::sync::LazyLock;

use crate::{
    byte_source::ByteSource,
    content::text,
    source_file::{SourceFile, line},
};

/// Fragments of tables without quotation marks.
const PARTS: [&str; 40] = [
    ";",
    "\n",
    "a",
    "1",
    "2;T\n",
    "\n3;U",
    "\n\n",
    "\n;\n",
    "V\r\n\r\n4;",
    ",",
    "\t",
    "\r\n",
    "\r",
    " ",
    "|",
    "é",
    "\u{feff}",
    "\0",
    "sep=;\n",
    "id",
    "kop",
    "title",
    "draft",
    "ja",
    "misschien",
    "kind",
    "event",
    "start",
    "2026-03-02",
    "series.rule",
    "FREQ=DAILY",
    "place.city",
    "thema's",
    "cx|taal",
    "a@b.nl",
    "https://x.nl/",
    "<p>",
    "body",
    "zoals",
    "op",
];
const QUOTED_PARTS: [&str; 8] = ["\"", "\"\"", ";\"a\nb\"", "=\"007\"", ";", "\n", "a", "\n\n"];
const HEADER: &str = "id;kop;thema's;draft;body;rubriek\n";

static SOURCE: LazyLock<SourceFile> = LazyLock::new(|| {
    SourceFile::new(
        "name = 'items'\nkind = 'csv'\npath = 'items'\nlanguage = 'NL'\n\
         url = 'https://www.x.nl/{id}'\nconstants = { kind = 'article', form = 'BLOG' }\n\
         fields = { title = 'kop', themes = \"thema's\", summary = '{kop} ({rubriek|id})' }\n\
         values = { themes = { cx = 'klantbeleving' }, draft = { zoals = 'nee' } }",
    )
});

/// Checks a table derived from the bytes: either the bytes themselves or a choice of fragments,
/// usually below a header that the configuration reads.
pub fn check(bytes: &[u8]) {
    let mut choices = ByteSource::new(bytes);
    if choices.one_in(8) {
        check_table(choices.rest());
        return;
    }
    let header = if choices.one_in(4) { "" } else { HEADER };
    let parts = if choices.one_in(3) { &QUOTED_PARTS[..] } else { &PARTS };
    check_table(format!("{header}{}", text(&mut choices, parts)).as_bytes());
}

fn check_table(table: &[u8]) {
    let Some(items) = SOURCE.items(table) else { return };
    // Without quotation marks, every line below the header is a row.
    let Some(rows) = str::from_utf8(table).ok().and_then(|text| text.strip_prefix(HEADER)) else {
        return;
    };
    if !rows.contains('"') {
        let rows = rows.replace("\r\n", "\n").replace('\r', "\n");
        let rows = rows.split('\n').enumerate();
        let filled = rows.filter(|(_, row)| row.contains(|c: char| c.is_alphanumeric()));
        let filled: Vec<_> = filled.map(|(index, _)| index + 2).collect();
        let lines: Vec<_> = items.iter().filter_map(line).collect();
        let is_read = |row| lines.contains(row);
        let table = String::from_utf8_lossy(table);
        assert!(filled.iter().all(is_read), "{filled:?} {lines:?}: {table:?}");
    }
}
