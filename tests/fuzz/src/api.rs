//! Items of endpoints: those of Pleio, of which rich text is a document in JSON.

use std::{fmt::Write as _, sync::LazyLock};

use indexer::ingest::{
    config::{ResolvedSource, SourceConfig, resolve_sources},
    fuzz_support::{ReadItem, read_api_item},
};
use serde_json::{Value, json};

use crate::{
    byte_source::ByteSource,
    content::{HTML, assert_valid, text},
};

const TYPES: [&str; 8] = ["Group", "Blog", "News", "Wiki", "Question", "Event", "User", ""];
/// Members of an item besides its text.
const MEMBERS: [&str; 18] = [
    "\"guid\":\"1\"",
    "\"guid\":1",
    "\"title\":\"Titel\"",
    "\"name\":\"Groep\"",
    "\"url\":\"/blog/view/1/titel\"",
    "\"url\":\"javascript:x\"",
    "\"timeCreated\":\"2026-11-26T09:00:00+01:00\"",
    "\"timePublished\":\"straks\"",
    "\"startDate\":\"2026-12-01T10:00:00+01:00\"",
    "\"endDate\":\"2025-12-01T10:00:00+01:00\"",
    "\"tags\":[\"Taal\",null,[[]]]",
    "\"owner\":{\"name\":\"Ada\"}",
    "\"group\":null",
    "\"featured\":{\"image\":\"/a.png\",\"alt\":1}",
    "\"maxAttendees\":\"-1\"",
    "\"ticketLink\":\"https://b.example/\"",
    "\"location\":\"Utrecht\",\"locationAddress\":\"a@b.example\"",
    "\"isClosed\":true",
];
/// Types of nodes and marks of rich text.
const NODES: [&str; 12] = [
    "doc",
    "paragraph",
    "heading",
    "bulletList",
    "listItem",
    "blockquote",
    "image",
    "hardBreak",
    "table",
    "tableRow",
    "tableCell",
    "video",
];
const MARKS: [&str; 5] = ["bold", "link", "italic", "strike", "onbekend"];

static SOURCE: LazyLock<ResolvedSource> = LazyLock::new(|| {
    let config = "name = 'items'\nkind = 'api'\npreset = 'pleio'\naddress = 'https://a.nl/'\n\
                  language = 'NL'";
    let config: SourceConfig = toml::from_str(config).expect("a source");
    let folder = std::env::temp_dir();
    resolve_sources(&[config], &folder).expect("a valid source").remove(0)
});

/// Checks an item derived from the bytes.
pub fn check(bytes: &[u8]) {
    outcome(bytes);
}

/// Whether an item became a record.
pub(crate) fn outcome(bytes: &[u8]) -> bool {
    let mut choices = ByteSource::new(bytes);
    let body = if choices.one_in(6) { choices.text(2_048) } else { item(&mut choices) };
    let item = read_api_item(body.as_bytes(), &SOURCE);
    assert_eq!(item, read_api_item(body.as_bytes(), &SOURCE), "{body}");
    assert_valid(&item, &body);
    matches!(item, ReadItem::Record { .. })
}

fn item(choices: &mut ByteSource) -> String {
    let mut item = format!("{{\"__typename\":\"{}\"", choices.pick::<&str>(&TYPES));
    for _ in 0..choices.below(8) {
        let _ = write!(item, ",{}", choices.pick::<&str>(&MEMBERS));
    }
    let name = choices.pick(&["richDescription", "introduction", "description", "abstract"]);
    let text = match choices.below(3) {
        0 => text(choices, &HTML),
        1 => choices.text(200),
        _ => node(choices, 0).to_string(),
    };
    let _ = write!(item, ",\"{name}\":{}", json!(text));
    if !choices.one_in(12) {
        item.push('}');
    }
    item
}

/// A node of rich text with its content.
fn node(choices: &mut ByteSource, depth: usize) -> Value {
    if depth > 0 && choices.one_in(2) {
        let mark = choices.pick::<&str>(&MARKS);
        let href = choices.pick(&["/een/", "javascript:x", "https://b.example/"]);
        let mark = json!({ "type": mark, "attrs": { "href": href } });
        return json!({ "type": "text", "text": choices.text(40), "marks": [mark] });
    }
    let count = if depth < 6 { choices.below(4) } else { 0 };
    let content: Vec<Value> = (0..count).map(|_| node(choices, depth + 1)).collect();
    let kind = choices.pick::<&str>(&NODES);
    let attributes = json!({ "level": choices.below(9), "src": "/a.png", "colspan": -1 });
    json!({ "type": kind, "attrs": attributes, "content": content })
}
