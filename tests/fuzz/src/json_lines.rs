//! JSON Lines: every line becomes a record, is rejected, or is replaced by a later one.

use std::sync::LazyLock;

use crate::{
    byte_source::ByteSource,
    content::text,
    source_file::{SourceFile, line},
};

/// Fragments of JSON Lines.
const PARTS: [&str; 40] = [
    "{\"key\":\"a\",\"title\":\"T\"}\n",
    "\n",
    "{\"id\":7,\"naam\":\"N\"}\n",
    "{\"key\":\"a\",\"op\":\"delete\"}\n",
    "{\"key\":\"a\",\"op\":\"upsert\",\"title\":\"U\"}\n",
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "\"",
    "\\",
    "\\u0000",
    "\\ud800",
    "\"key\":",
    "\"id\":",
    "\"naam\":",
    "\"op\":",
    "\"delete\"",
    "\"draft\":",
    "\"body\":\"<p>\"",
    "\"place\":",
    "\"series\":{\"rule\":\"FREQ=DAILY\"}",
    "\"start\":\"2026-03-02\"",
    "\"kind\":\"event\"",
    "true",
    "null",
    "1e999",
    "-0",
    "1.10",
    "108234567890123456781",
    "{\"key\":",
    "\"a\"",
    "\r\n",
    "\r",
    " ",
    "\u{feff}",
    "é",
    "[[[[[[[[[[[[[[[[[",
];

static SOURCE: LazyLock<SourceFile> = LazyLock::new(|| {
    SourceFile::new(
        "name = 'items'\nkind = 'jsonlines'\npath = 'items'\nlanguage = 'NL'\n\
         url = 'https://www.x.nl/{key|id}'\nconstants = { kind = 'article', form = 'BLOG' }\n\
         fields = { title = '{title|naam}' }\nvalues = { draft = { zoals = 'nee' } }",
    )
});

/// Checks a file derived from the bytes: either the bytes themselves or a choice of fragments.
pub fn check(bytes: &[u8]) {
    let mut choices = ByteSource::new(bytes);
    if choices.one_in(8) {
        check_lines(choices.rest());
    } else {
        check_lines(text(&mut choices, &PARTS).as_bytes());
    }
}

fn check_lines(bytes: &[u8]) {
    let items = SOURCE.items(bytes).expect("a readable file");
    // Only an operation replaces other lines; an escape can spell its name.
    let has_operation = bytes.contains(&b'\\') || bytes.windows(2).any(|pair| pair == b"op");
    let lines = bytes.split(|byte| *byte == b'\n').enumerate();
    let filled = lines.filter(|(_, line)| line.iter().any(u8::is_ascii_graphic));
    let filled: Vec<_> = filled.map(|(index, _)| index + 1).collect();
    let read: Vec<_> = items.iter().filter_map(line).collect();
    let is_read = |line| read.contains(line);
    let input = String::from_utf8_lossy(bytes);
    assert!(has_operation || filled.iter().all(is_read), "{filled:?} {read:?}: {input}");
}
