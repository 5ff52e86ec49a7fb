//! Source texts: front matter, Markdown and HTML are parsed and sanitised, or rejected with a
//! reason.

use std::{fs, sync::LazyLock};

use indexer::ingest::{
    config::{ResolvedSource, SourceConfig, resolve_sources},
    fuzz_support::{ReadItem, read_items},
};
use tempfile::TempDir;

use crate::byte_source::ByteSource;

/// Fragments of front matter.
const FRONT_MATTER: [&str; 36] = [
    "title: T\n",
    "kind: article\n",
    "a: ",
    "b:\n",
    "  - ",
    "- ",
    "[",
    "]",
    "{",
    "}",
    ", ",
    "&a ",
    "*a",
    "!!str ",
    "'",
    "\"",
    "|\n",
    ">\n",
    "# c\n",
    "\n",
    "  ",
    "\t",
    "? ",
    "<<: *a\n",
    "2026-03-02",
    "1e999",
    "title = 'T'\n",
    "[a.b]\n",
    "[[a]]\n",
    "a = ",
    "\"\"\"",
    "'''",
    "\u{feff}",
    "é",
    "~",
    "%YAML 1.2\n",
];
/// Fragments of HTML and Markdown.
pub(crate) const HTML: [&str; 64] = [
    "<p>",
    "</p>",
    "<div>",
    "</div>",
    "</x>",
    "<b>",
    "</b>",
    "<i a=1>",
    "<a href=\"https://x.nl\">",
    "</a>",
    "<a href='javascript:x'>",
    "<ul>",
    "<li>",
    "</ul>",
    "<table>",
    "<tr>",
    "<td>",
    "</td>",
    "</table>",
    "<caption>",
    "<svg>",
    "</svg>",
    "<math>",
    "<template>",
    "</template>",
    "<select>",
    "<option>",
    "<textarea>",
    "<title>",
    "<script>",
    "</script>",
    "<style>",
    "<iframe>",
    "<plaintext>",
    "<noscript>",
    "<form>",
    "<h1>",
    "</h2>",
    "<br>",
    "<img src=x onerror=y>",
    "<rt>",
    "<ruby>",
    "<!--",
    "-->",
    "<![CDATA[",
    "]]>",
    "<?",
    "&lt;",
    "&#0;",
    "&amp",
    "\"",
    "'",
    "=",
    "/",
    ">",
    "<",
    "> ",
    "- ",
    "[",
    "](",
    "`",
    "*",
    "a@b.nl",
    "\u{ad}",
];

static SOURCE: LazyLock<(TempDir, ResolvedSource)> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let config = "name = 'items'\nkind = 'markdown'\npath = '.'\nlanguage = 'NL'\n\
                  constants = { kind = 'article', form = 'BLOG' }";
    let config: SourceConfig = toml::from_str(config).expect("a source");
    let mut sources = resolve_sources(&[config], folder.path()).expect("a valid source");
    (folder, sources.remove(0))
});

/// Checks front matter derived from the bytes: either the text itself or a choice of fragments.
pub fn check_front_matter(bytes: &[u8]) {
    let mut choices = ByteSource::new(bytes);
    let marker = *choices.pick(&["---", "+++"]);
    let block = text(&mut choices, &FRONT_MATTER);
    check(&format!("{marker}\n{block}\n{marker}\nTekst."));
}

/// Checks HTML within Markdown derived from the bytes: either the text itself or a choice of
/// fragments.
pub fn check_html(bytes: &[u8]) {
    let html = text(&mut ByteSource::new(bytes), &HTML);
    check(&format!("---\ntitle: T\n---\n{html}"));
}

/// A choice of `parts`, or any text.
pub(crate) fn text(choices: &mut ByteSource, parts: &[&str]) -> String {
    if choices.one_in(4) {
        return choices.text(4_096);
    }
    let mut text = String::new();
    while !choices.is_done() && text.len() < 16_384 {
        text.push_str(choices.pick::<&str>(parts));
    }
    text
}

fn check(page: &str) {
    let (folder, source) = &*SOURCE;
    // One file per process, so that checks must not run concurrently.
    let file = folder.path().join("a.md");
    fs::write(file, page).expect("writable");
    for item in read_items(source).expect("a readable folder") {
        assert_valid(&item, page);
    }
}

/// Asserts that an item is a record with a title and a sanitised body, or is rejected with a reason.
pub(crate) fn assert_valid(item: &ReadItem, input: &str) {
    match item {
        ReadItem::Rejected { reason, .. } => {
            assert!(!reason.is_empty(), "a rejection without a reason: {input}");
        }
        ReadItem::Record { title, body, .. } => {
            let has_title = title.as_ref().is_some_and(|title| !title.trim().is_empty());
            assert!(has_title, "a record without a title: {input}");
            if let Some(body) = body {
                assert_sanitised(&body.html);
            }
        }
        ReadItem::Skipped { .. } => {}
        ReadItem::Deleted { key } => assert!(!key.is_empty(), "a deletion without a key: {input}"),
    }
}

/// The tags of sanitised HTML without the leading `<`; attribute values may contain `<`.
fn tags(html: &str) -> Vec<&str> {
    let mut tags = Vec::new();
    let mut rest = html;
    while let Some((_, tag)) = rest.split_once('<') {
        let mut is_value = false;
        let end = tag.bytes().position(|byte| {
            is_value ^= byte == b'"';
            byte == b'>' && !is_value
        });
        let (tag, after) = tag.split_at(end.expect("a tag has an end"));
        tags.push(tag);
        rest = after;
    }
    tags
}

/// Asserts that every element is closed, and that nothing in it loads a resource or runs a script.
fn assert_sanitised(html: &str) {
    let mut open = Vec::new();
    for tag in tags(html) {
        let name: String =
            tag.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '/').collect();
        if let Some(name) = name.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name), "{html}");
        } else if !["area", "br", "col", "hr", "img", "wbr"].contains(&name.as_str()) {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{html}");
    for tag in tags(html) {
        for harm in ["script", "style", "iframe", "svg"] {
            assert!(!tag.starts_with(harm), "{harm}: {html}");
        }
        for harm in [" onerror=", "\"javascript:"] {
            assert!(!tag.contains(harm), "{harm}: {html}");
        }
    }
}
