//! Folders of plain texts: pages and newsletters exported from a mailbox, PDF or browser, without
//! markup. Headings, lists and paragraphs are recognised by their shape.

mod block;
mod boilerplate;
mod line;

use html_escape::encode_text;
use serde_json::{Map, Value};

use super::{
    Candidate, ParseError, ParsedFields, SkipOrError, SourceItem, SourceReader, SourceText,
    config::TextSplit,
    front_matter,
    sentences::{DERIVED_SUMMARY_CHARS_MAX, ends_sentence, truncate},
};
use block::Block;

/// Minimum length in characters of a paragraph that is a record of its own.
pub(crate) const RECORD_CHARS_MIN: usize = 120;

/// The items of a text: one for the whole text, or one per paragraph.
pub(super) fn items(reader: &mut SourceReader, file: &SourceText) -> Vec<SourceItem> {
    let location = format!("{}:1", file.name);
    match (reader.file_key(&file.name, &file.captures, &Map::new()), reader.source.split) {
        (Err(reason), _) => vec![reader.rejected(location, None, reason)],
        (Ok(key), TextSplit::Document) => {
            let candidate = Candidate { key, location, content_hash: file.hash };
            vec![reader.item(candidate, |reader| document_fields(reader, file))]
        }
        (Ok(key), TextSplit::Paragraphs) => match reject_front_matter(&file.text) {
            Ok(()) => paragraphs(reader, file, &key),
            Err(ParseError { line, reason }) => {
                vec![reader.rejected(format!("{}:{line}", file.name), Some(key), reason)]
            }
        },
    }
}

fn document_fields(reader: &SourceReader, file: &SourceText) -> Result<ParsedFields, SkipOrError> {
    reject_front_matter(&file.text).map_err(SkipOrError::Error)?;
    let content = self::boilerplate::strip(&file.text);
    let blocks = block::blocks(&line::unwrap_lines(&content.lines));
    if blocks.is_empty() {
        let reason = "file has no text; add content or list it in `exclude`".to_owned();
        return Err(SkipOrError::Error(ParseError { line: 1, reason }));
    }
    let raw_fields = source_fields(&blocks, content.hashtags);
    Ok(reader.map(&raw_fields, &file.captures).into())
}

/// Front matter is not text, and it may mark a draft.
fn reject_front_matter(text: &str) -> Result<(), ParseError> {
    let line = match front_matter::split(text) {
        Ok((fields, _)) if fields.is_empty() => return Ok(()),
        Ok(_) => 1,
        Err(error) => error.line,
    };
    let reason = "text has front matter; read it with `kind = \"markdown\"`".to_owned();
    Err(ParseError { line, reason })
}

/// One record per paragraph. A short paragraph is added to the record before it or, if it looks
/// like a heading, to the one after it.
fn paragraphs(reader: &mut SourceReader, file: &SourceText, key: &str) -> Vec<SourceItem> {
    let content = self::boilerplate::strip(&file.text);
    let mut records: Vec<(u64, Vec<String>)> = Vec::new();
    let mut heading = None;
    for line in line::unwrap_lines(&content.lines).into_iter().filter(|line| !line.text.is_empty())
    {
        let is_short = line.text.chars().count() < RECORD_CHARS_MIN;
        match records.last_mut() {
            _ if is_short && !ends_sentence(&line.text) => heading = Some(line),
            Some((_, record)) if is_short => record.push(line.text),
            _ => {
                let first = heading.as_ref().map_or(line.number, |heading| heading.number);
                let texts = heading.take().into_iter().chain([line]).map(|line| line.text);
                records.push((first, texts.collect()));
            }
        }
    }
    let items = (1..).zip(&records).map(|(number, (line, texts))| {
        let candidate = Candidate {
            key: format!("{key}#{number}"),
            location: format!("{}:{line}", file.name),
            content_hash: *blake3::hash(texts.join("\n").as_bytes()).as_bytes(),
        };
        reader.item(candidate, |reader| {
            let raw_fields = source_fields(&block::from_texts(texts), Vec::new());
            Ok(reader.map(&raw_fields, &file.captures).into())
        })
    });
    items.collect()
}

/// A heading at the start of the text remains in the body: the title is derived from it.
fn source_fields(blocks: &[Block], hashtags: Vec<String>) -> Map<String, Value> {
    let first = blocks.iter().find_map(|block| match block {
        Block::Paragraph(text) => Some(truncate(text, DERIVED_SUMMARY_CHARS_MAX)),
        _ => None,
    });
    let mut raw_fields = Map::new();
    raw_fields.insert("body".to_owned(), Value::String(html(blocks)));
    raw_fields.insert("summary".to_owned(), first.map_or(Value::Null, Value::String));
    raw_fields.insert("hashtags".to_owned(), hashtags.into());
    raw_fields
}

fn html(blocks: &[Block]) -> String {
    let element = |name: &str, text: &str| format!("<{name}>{}</{name}>\n", encode_text(text));
    let block = |block: &Block| match block {
        Block::Title(text) => element("h1", text),
        Block::Heading(text) => element("h2", text),
        Block::Paragraph(text) => element("p", text),
        Block::List(items) => {
            let items: String = items.iter().map(|item| element("li", item)).collect();
            format!("<ul>\n{items}</ul>\n")
        }
    };
    blocks.iter().map(block).collect()
}

#[cfg(test)]
mod tests {
    use crate::ingest::source::tests::{fields, items, summaries};

    const CONFIG: &str = "kind = \"text\"\npath = \".\"\n";

    #[test]
    fn front_matter_must_not_become_text() {
        let paragraphs = format!("{CONFIG}split = \"paragraphs\"\n");
        for config in [CONFIG, &paragraphs] {
            for text in [
                "---\ntitle: T\ndraft: true\n---\nTekst.",
                "title: T\ndraft: true\n\nTekst.",
                "---\ntitle: T\nTekst.",
                "title = \"T\"\ndraft = true\n+++\nTekst.",
            ] {
                assert_eq!(
                    summaries(&items(config, &[("a.txt", text.as_bytes())])),
                    ["!a.txt:1 text has front matter; read it with `kind = \"markdown\"`"],
                    "{text}"
                );
            }
        }
    }

    #[test]
    fn a_copied_page_must_become_headings_paragraphs_and_lists() {
        let text = "Skip to main content\n\nDrie uur wachten\n\nIk zat < drie uur in een hal, en \
                    dat was om te weten hoe dat is.\n\nWat ik zag\n\n\
                    \x20 • Een vader.\n  • Een rek.\n\n#cx #wachten\n";
        let parsed = fields(&items(CONFIG, &[("a.txt", text.as_bytes())]));
        assert_eq!(
            parsed["body"],
            "<h1>Drie uur wachten</h1>\n\
             <p>Ik zat &lt; drie uur in een hal, en dat was om te weten hoe dat is.</p>\n\
             <h2>Wat ik zag</h2>\n<ul>\n<li>Een vader.</li>\n<li>Een rek.</li>\n</ul>\n"
        );
        assert_eq!(parsed["hashtags"], serde_json::json!(["cx", "wachten"]));
        assert_eq!(parsed.get("title"), None);
        assert_eq!(
            parsed["summary"],
            "Ik zat < drie uur in een hal, en dat was om te weten hoe dat is."
        );
    }

    #[test]
    fn an_archive_must_yield_a_record_for_each_paragraph_that_is_long_enough() {
        let lead = |about: &str| {
            format!("{about} {}", "is een verhaal dat lang genoeg is om te tellen. ".repeat(4))
        };
        let text = format!(
            "{}\n{}\nMaar hoe dan?\nEen kop\n{}\n",
            lead("Een"),
            lead("Twee"),
            lead("Drie")
        );
        let config = format!("{CONFIG}split = \"paragraphs\"");
        let items = items(&config, &[("a.txt", text.as_bytes())]);
        assert_eq!(summaries(&items), ["+a.txt#1", "+a.txt#2", "+a.txt#3"]);
        let bodies: Vec<_> = items
            .iter()
            .map(|item| fields(std::slice::from_ref(item))["body"].to_string())
            .collect();
        assert!(bodies[1].contains("Twee") && bodies[1].contains("Maar hoe dan?"), "{}", bodies[1]);
        assert!(bodies[2].starts_with("\"<h1>Een kop</h1>"), "{}", bodies[2]);
    }

    #[test]
    fn a_text_of_nothing_but_boilerplate_must_be_rejected() {
        let items = items(CONFIG, &[("a.txt", b"Skip to main content\n\n")]);
        assert_eq!(
            summaries(&items),
            ["!a.txt:1 file has no text; add content or list it in `exclude`"]
        );
    }
}
