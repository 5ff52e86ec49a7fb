//! Complete sources: files and configuration in, items out.

use std::fs;

use super::*;
use config::{SourceConfig, resolve_sources};

use crate::store::RecordKey;

/// The resolved source `s` in a folder with these files.
pub(crate) fn resolved_source(
    config: &str,
    files: &[(&str, &[u8])],
) -> (tempfile::TempDir, ResolvedSource) {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    let config: SourceConfig = toml::from_str(&format!("name = \"s\"\n{config}")).unwrap();
    let source = resolve_sources(&[config], folder.path()).unwrap().remove(0);
    (folder, source)
}

/// All items of that source.
pub(crate) fn items(config: &str, files: &[(&str, &[u8])]) -> Vec<SourceItem> {
    let (_folder, source) = resolved_source(config, files);
    records(&source, None, KnownInputs::default(), &Survey::default())
        .unwrap()
        .map(Result::unwrap)
        .collect()
}

/// Short forms of items: `+` key, `-` key, `?` key and reason, `!` location and reason.
pub(crate) fn summaries(items: &[SourceItem]) -> Vec<String> {
    let summary = |item: &SourceItem| match item {
        SourceItem::Record(record) => format!("+{}", record.key),
        SourceItem::Unchanged { key } => format!("={key}"),
        SourceItem::Deleted { key } => format!("-{key}"),
        SourceItem::Skipped { key, reason, .. } => format!("?{key} {reason:?}"),
        SourceItem::Rejected(rejection) => format!("!{} {}", rejection.location, rejection.reason),
    };
    items.iter().map(summary).collect()
}

/// The fields of the only record among the items.
pub(crate) fn fields(items: &[SourceItem]) -> Value {
    let mut records = Vec::new();
    for item in items {
        if let SourceItem::Record(record) = item {
            records.push(record);
        }
    }
    let [record] = records.as_slice() else { panic!("expected one record: {items:?}") };
    record.fields.iter().map(|(field, value)| (field.name().to_owned(), value.clone())).collect()
}

const MARKDOWN: &str = "kind = \"markdown\"\npath = \".\"";

#[test]
fn files_must_come_in_order_without_hidden_and_excluded_ones() {
    let page = b"Tekst.".as_slice();
    let files = [
        ("b.md", page),
        ("a/z.mdx", page),
        ("a/x.txt", page),
        (".git/c.md", page),
        ("a/.d.md", page),
        ("draft/e.md", page),
    ];
    let config = format!("{MARKDOWN}\nexclude = [\"draft/**\"]");
    assert_eq!(summaries(&items(&config, &files)), ["+a/z.mdx", "+b.md"]);
    let config = format!("{MARKDOWN}\ninclude = [\"*.md\"]");
    assert_eq!(summaries(&items(&config, &files)), ["+b.md"]);
}

#[cfg(unix)]
#[test]
fn a_link_must_not_lead_out_of_the_folder() {
    let (folder, source) =
        resolved_source("kind = \"text\"\npath = \"in\"", &[("in/a.txt", b"A"), ("b.txt", b"B")]);
    std::os::unix::fs::symlink(folder.path().join("b.txt"), folder.path().join("in/b.txt"))
        .unwrap();
    std::os::unix::fs::symlink(folder.path(), folder.path().join("in/all")).unwrap();
    let names: Vec<_> = files::walk(&source, &Survey::default())
        .unwrap()
        .into_iter()
        .map(|file| file.name)
        .collect();
    assert_eq!(names, ["a.txt"]);
}

#[test]
fn a_file_that_is_too_large_or_not_text_must_be_rejected_with_its_location() {
    let large = vec![b'a'; usize::try_from(files::FILE_BYTES_MAX).unwrap() + 1];
    let items =
        items(MARKDOWN, &[("a.md", &large), ("b.md", b"een\ntwee \xff\xfe"), ("c.md", b"\n")]);
    assert_eq!(
        summaries(&items),
        [
            "!a.md:1 file exceeds the maximum number of bytes; split it: `4194304`",
            "!b.md:2 not valid UTF-8; set `encoding` of the source, such as `windows-1252`",
            "!c.md:1 file is empty; add content or list it in `exclude`",
        ]
    );
    let SourceItem::Rejected(rejection) = &items[1] else { panic!() };
    assert_eq!(rejection.key.as_deref(), Some("b.md"));
}

#[test]
fn an_encoding_must_be_used_as_configured_and_a_byte_order_mark_be_left_out() {
    let config = "kind = \"text\"\npath = \".\"\nencoding = \"windows-1252\"";
    let text = fields(&items(config, &[("a.txt", b"caf\xe9 \x93ja\x94.")]));
    assert_eq!(text["body"], "<p>café “ja”.</p>\n");
    let text = fields(&items(MARKDOWN, &[("a.md", "\u{feff}---\ntitle: T\n---\n".as_bytes())]));
    assert_eq!(text["title"], "T");
}

#[test]
fn unchanged_content_must_not_be_parsed_again() {
    let page = b"---\nnot: [closed\n---\n";
    let (_folder, source) = resolved_source(MARKDOWN, &[("a.md", page)]);
    let digests = [(
        RecordKey::new(&source.name, "a.md"),
        input_digest(7, *blake3::hash(page).as_bytes(), "a.md:1"),
    )];
    let items: Vec<_> = records(&source, None, KnownInputs::new(7, &digests), &Survey::default())
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert_eq!(summaries(&items), ["=a.md"]);
}

#[test]
fn a_file_must_be_read_only_when_its_item_is_due() {
    for (config, name) in [(MARKDOWN, "md"), ("kind = \"text\"\npath = \".\"", "txt")] {
        let (folder, source) =
            resolved_source(config, &[(&format!("a.{name}"), b"A"), (&format!("b.{name}"), b"B")]);
        let survey = Survey::default();
        let mut items = records(&source, None, KnownInputs::default(), &survey).unwrap();
        assert!(items.next().unwrap().is_ok());
        fs::remove_file(folder.path().join(format!("b.{name}"))).unwrap();
        assert!(matches!(items.next(), Some(Err(FetchError::Unreadable { .. }))));
    }
}

#[test]
fn a_key_must_be_built_as_configured_and_be_unique() {
    let config = format!("{MARKDOWN}\npattern = \"{{year}}/{{slug}}.md\"\nkey = \"{{slug}}\"");
    let files: [(&str, &[u8]); 4] = [
        ("2024/a.md", b"A"),
        ("2025/a.md", b"A"),
        ("b.md", b"---\nslug: eigen\n---\nB"),
        ("c.md", b"C"),
    ];
    assert_eq!(
        summaries(&items(&config, &files)),
        [
            "+a",
            "!2025/a.md:1 key already used by another record: `2024/a.md:1`",
            "+eigen",
            "!c.md:1 missing key; give the record a `key` or set `key` of the source to a template",
        ]
    );
}

#[test]
fn a_draft_must_be_skipped_in_every_format() {
    let page: [(&str, &[u8]); 2] =
        [("a.md", b"---\ndraft: true\n---\nA"), ("b.md", b"---\nunlisted: true\n---\nB")];
    assert_eq!(summaries(&items(MARKDOWN, &page)), ["?a.md Draft", "?b.md Draft"]);
    let table: [(&str, &[u8]); 1] = [("a.csv", b"id;draft\n1;ja\n2;nee\n")];
    assert_eq!(summaries(&items("kind = \"csv\"\npath = \"a.csv\"", &table)), ["?1 Draft", "+2"]);
}

#[test]
fn a_missing_file_must_be_an_error_of_the_whole_source() {
    let (folder, source) =
        resolved_source("kind = \"csv\"\npath = \"a.csv\"", &[("a.csv", b"id\n1\n")]);
    assert_eq!(count(&source, None).unwrap(), 2);
    fs::remove_file(folder.path().join("a.csv")).unwrap();
    let error = records(&source, None, KnownInputs::default(), &Survey::default()).err().unwrap();
    assert!(matches!(error, FetchError::Unreadable { .. }), "{error}");
    assert!(count(&source, None).is_err());
}

#[test]
fn a_large_file_must_be_read_in_linear_time_and_without_a_deep_stack() {
    let size = usize::try_from(files::FILE_BYTES_MAX).unwrap() / 8;
    let fill = |piece: &str| piece.repeat(size / piece.len());
    let began = std::time::Instant::now();
    for piece in ["**a**\n\n", "![](a)\n\n"] {
        items(MARKDOWN, &[("a.md", fill(piece).as_bytes())]);
    }
    for piece in ["a\n", "- a\n", "a-\n", "#a\n\n"] {
        items("kind = \"text\"\npath = \".\"", &[("a.txt", fill(piece).as_bytes())]);
    }
    // Generous for a busy machine; a quadratic algorithm takes hours.
    assert!(began.elapsed().as_secs() < 120, "{:?}", began.elapsed());
}
