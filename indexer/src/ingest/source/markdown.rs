//! Folders of Markdown files: fields come from the front matter; title, summary and body from the
//! page.

mod comments;
mod mdx;

use html_escape::{decode_html_entities, encode_text};
use pulldown_cmark::{CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};
use serde_json::{Map, Value};

use super::{
    Candidate, Fields, ParseError, ParsedFields, SkipOrError, SkipReason, SourceItem, SourceReader,
    SourceText,
    field::Field,
    front_matter,
    sentences::{DERIVED_SUMMARY_CHARS_MAX, is_same_sentence, truncate},
    visibility,
};

/// A page with a listing marker and less prose than this number of characters is omitted.
pub(crate) const LISTING_PROSE_CHARS_MAX: usize = 400;

/// The item of a page.
pub(super) fn items(reader: &mut SourceReader, file: &SourceText) -> Vec<SourceItem> {
    let front_matter_fields =
        || front_matter::split(&file.text).map(|(fields, _)| fields).unwrap_or_default();
    // The key usually depends on the path alone; an unchanged page is then not parsed.
    let key = reader
        .file_key(&file.name, &file.captures, &Map::new())
        .or_else(|_| reader.file_key(&file.name, &file.captures, &front_matter_fields()));
    let location = format!("{}:1", file.name);
    vec![match key {
        Ok(key) => {
            let candidate = Candidate { key, location, content_hash: file.hash };
            reader.item(candidate, |reader| page(reader, file))
        }
        Err(reason) => reader.rejected(location, None, reason),
    }]
}

fn page(reader: &SourceReader, file: &SourceText) -> Result<ParsedFields, SkipOrError> {
    if file.text.trim().is_empty() {
        let reason = "file is empty; add content or list it in `exclude`".to_owned();
        return Err(SkipOrError::Error(ParseError { line: 1, reason }));
    }
    let (raw_fields, body) = front_matter::split(&file.text).map_err(SkipOrError::Error)?;
    let front_matter = &file.text[..file.text.len() - body.len()];
    let line_of = |name: &str| front_matter::line_of(front_matter, &[name]).unwrap_or(1);
    reader.check_visibility(&raw_fields, line_of)?;
    if visibility::is_in_drafts_folder(&file.name) {
        return Err(SkipOrError::Skip(SkipReason::Draft));
    }
    let cleaned = mdx::clean(body);
    if let Some(line) = cleaned.open_comment {
        let reason = "comment is not closed; the text after it would be hidden".to_owned();
        let line = (front_matter.matches('\n').count() + line) as u64;
        return Err(SkipOrError::Error(ParseError { line, reason }));
    }
    let mut events = events(&cleaned.text);
    let has_marker =
        reader.source.listing_markers.iter().any(|marker| body.contains(marker.as_str()));
    if has_marker && prose_chars(&events) < LISTING_PROSE_CHARS_MAX {
        return Err(SkipOrError::Skip(SkipReason::Listing));
    }
    let mut fields = reader.map(&raw_fields, &file.captures);
    extract_title(&mut events, &mut fields);
    let summary = if let Some(end) = cleaned.teaser_end {
        plain_text(&without_title(&self::events(&cleaned.text[..end])))
    } else {
        let title = fields.get(&Field::Title).and_then(Value::as_str).unwrap_or_default();
        first_paragraph(&events, &decode_html_entities(title))
    };
    let mut body = String::new();
    html::push_html(&mut body, events.into_iter());
    set_default_text(&mut fields, Field::Summary, &truncate(&summary, DERIVED_SUMMARY_CHARS_MAX));
    set_default(&mut fields, Field::Body, body);
    Ok(ParsedFields { fields, front_matter: Some(front_matter.to_owned()) })
}

/// Sets a field that neither the record nor the configuration provides to a plain text, escaped so
/// that `<b>` in it is not read as HTML.
fn set_default_text(fields: &mut Fields, field: Field, text: &str) {
    set_default(fields, field, encode_text(text).into_owned());
}

/// Sets a field that neither the record nor the configuration provides.
fn set_default(fields: &mut Fields, field: Field, text: String) {
    if !text.trim().is_empty() {
        fields.entry(field).or_insert(Value::String(text));
    }
}

fn events(text: &str) -> Vec<Event<'_>> {
    let options = Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_HEADING_ATTRIBUTES;
    Parser::new_ext(text, options).map(without_file_extension).collect()
}

/// Rewrites links between files of the folder as links between pages of the site.
fn without_file_extension(event: Event) -> Event {
    match event {
        Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
            let (path, fragment) = dest_url.split_at(dest_url.find('#').unwrap_or(dest_url.len()));
            let page = path.strip_suffix(".mdx").or_else(|| path.strip_suffix(".md"));
            let dest_url = match page {
                Some(page) if !page.contains("://") => CowStr::from(format!("{page}{fragment}")),
                _ => dest_url,
            };
            Event::Start(Tag::Link { link_type, dest_url, title, id })
        }
        other => other,
    }
}

/// Uses the first top-level heading as the title if there is none. A heading that repeats the title
/// is only removed from the body.
fn extract_title(events: &mut Vec<Event>, fields: &mut Fields) {
    let Some((begin, end)) = title_heading(events) else { return };
    let heading = plain_text(&events[begin..=end]);
    let title = fields.get(&Field::Title).and_then(Value::as_str);
    if title.is_none_or(|title| {
        schema::normalisation::name(title) == schema::normalisation::name(&heading)
    }) {
        events.drain(begin..=end);
        set_default_text(fields, Field::Title, &heading);
    }
}

fn without_title<'a>(events: &[Event<'a>]) -> Vec<Event<'a>> {
    match title_heading(events) {
        Some((begin, end)) => [&events[..begin], &events[end + 1..]].concat(),
        None => events.to_vec(),
    }
}

fn title_heading(events: &[Event]) -> Option<(usize, usize)> {
    let begins =
        |event: &Event| matches!(event, Event::Start(Tag::Heading { level: HeadingLevel::H1, .. }));
    let begin = events.iter().position(begins)?;
    let ends = |event: &Event| *event == Event::End(TagEnd::Heading(HeadingLevel::H1));
    let length = events[begin..].iter().position(ends)?;
    Some((begin, begin + length))
}

/// The first paragraph that is not just an image, a bold label or a repetition of the title.
fn first_paragraph(events: &[Event], title: &str) -> String {
    let paragraphs = events.split(|event| *event == Event::Start(Tag::Paragraph)).skip(1);
    for paragraph in paragraphs {
        let ends = |event: &Event| *event == Event::End(TagEnd::Paragraph);
        let length = paragraph.iter().position(ends).unwrap_or(paragraph.len());
        let paragraph = &paragraph[..length];
        let is_label = matches!(
            paragraph,
            [Event::Start(Tag::Strong), .., Event::End(TagEnd::Strong)]
                | [Event::Start(Tag::Image { .. }), ..]
        );
        let words = plain_text(paragraph);
        if !is_label && !words.is_empty() && !is_same_sentence(&words, title) {
            return words;
        }
    }
    String::new()
}

/// The text of a range of events, on one line.
fn plain_text(events: &[Event]) -> String {
    let mut text = String::new();
    let mut images = 0_usize;
    for event in events {
        match event {
            Event::Start(Tag::Image { .. }) => images += 1,
            Event::End(TagEnd::Image) => images = images.saturating_sub(1),
            Event::Text(words) | Event::Code(words) if images == 0 => text.push_str(words),
            Event::SoftBreak
            | Event::HardBreak
            | Event::End(TagEnd::Paragraph | TagEnd::Item | TagEnd::Heading(_)) => text.push(' '),
            _ => {}
        }
    }
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Number of characters of prose, without headings, links and code.
fn prose_chars(events: &[Event]) -> usize {
    let mut chars = 0;
    let mut excluded_depth = 0_usize;
    for event in events {
        match event {
            Event::Start(Tag::Heading { .. } | Tag::Link { .. } | Tag::CodeBlock(_)) => {
                excluded_depth += 1;
            }
            Event::End(TagEnd::Heading(_) | TagEnd::Link | TagEnd::CodeBlock) => {
                excluded_depth = excluded_depth.saturating_sub(1);
            }
            Event::Text(words) if excluded_depth == 0 => chars += words.trim().chars().count(),
            _ => {}
        }
    }
    chars
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::ingest::source::tests::{fields, items, summaries};

    const CONFIG: &str = "kind = \"markdown\"\npath = \".\"\n";

    fn page(text: &str) -> serde_json::Value {
        fields(&items(CONFIG, &[("a.md", text.as_bytes())]))
    }

    #[test]
    fn the_first_heading_must_be_the_title_and_leave_the_body() {
        let parsed = page("# De *titel*\n\nEerste.\n\n## Kop\n\nTweede.");
        assert_eq!(parsed["title"], "De titel");
        assert_eq!(parsed["body"], "<p>Eerste.</p>\n<h2>Kop</h2>\n<p>Tweede.</p>\n");
        assert_eq!(parsed["summary"], "Eerste.");
    }

    #[test]
    fn a_heading_must_stay_where_front_matter_gives_another_title() {
        let parsed = page("---\ntitle: De titel!\n---\n# Een kop\n\nTekst.");
        assert_eq!(
            (&parsed["title"], &parsed["body"]),
            (&"De titel!".into(), &"<h1>Een kop</h1>\n<p>Tekst.</p>\n".into())
        );
        let repeated = page("---\ntitle: De Titel\n---\n# De titel\n\nTekst.");
        assert_eq!(repeated["body"], "<p>Tekst.</p>\n");
    }

    #[test]
    fn a_page_without_any_title_must_leave_it_to_be_derived() {
        let parsed = page("Alleen tekst.");
        assert_eq!(
            parsed,
            serde_json::json!({ "body": "<p>Alleen tekst.</p>\n", "summary": "Alleen tekst." })
        );
    }

    #[test]
    fn the_summary_must_be_the_teaser_or_else_the_first_paragraph_of_words() {
        let teaser = page("# T\n\nEen.\n\nTwee `x`.\n\n<!-- truncate -->\n\nDrie.");
        assert_eq!(teaser["summary"], "Een. Twee x.");
        let first = page("# T\n\n![plaat](a.png)\n\n:::info[TL;DR]\n\nEerste\nzin.\n\n:::");
        assert_eq!(first["summary"], "Eerste zin.");
        let long = page(&"woord ".repeat(100));
        let summary = long["summary"].as_str().unwrap();
        assert!(summary.ends_with("woord…") && summary.chars().count() <= 300, "{summary}");
        assert_eq!(page("---\nsummary: Zelf.\n---\nTekst.")["summary"], "Zelf.");
        assert_eq!(page("# De titel\n\nDe titel.\n\nTekst.")["summary"], "Tekst.");
        let tags = "# T\n\n{{< toc >}}\n\n[TOC]\n\n> [!NOTE]\n\nEerste zin.";
        assert_eq!(page(tags)["summary"], "Eerste zin.");
    }

    #[test]
    fn template_tags_and_admonitions_must_be_neither_summary_nor_code() {
        let figure =
            page("# T\n\n{{< figure\n  src=\"a.png\"\n>}}\n\n{% include a\n b %}\n\nEerste zin.");
        assert_eq!(figure["summary"], "Eerste zin.");
        assert_eq!(figure["body"], "<p>Eerste zin.</p>\n");
        let note =
            page("# T\n\n!!! note \"Let op\"\n    Eerste\n    zin.\n\n    - punt\n\nBuiten.");
        assert_eq!(note["summary"], "Eerste zin.");
        assert_eq!(
            note["body"],
            "<p><strong>Let op</strong></p>\n<p>Eerste\nzin.</p>\n<ul>\n<li>punt</li>\n</ul>\n<p>Buiten.</p>\n"
        );
    }

    #[test]
    fn tags_in_code_must_stay_text_in_the_title_and_summary() {
        let parsed = page("# Over `<b>` & co\n\nGebruik `<script>` hier.\n\nTekst.");
        assert_eq!(parsed["title"], "Over &lt;b&gt; &amp; co");
        assert_eq!(parsed["summary"], "Gebruik &lt;script&gt; hier.");
    }

    #[test]
    fn what_hides_the_rest_of_a_page_must_be_rejected_on_its_line() {
        let rejected = |text: &str| summaries(&items(CONFIG, &[("a.md", text.as_bytes())]));
        let comment = rejected("---\ntitle: T\n---\nTekst.\n\n{/* geheim\n");
        assert!(comment[0].starts_with("!a.md:6 comment is not closed"), "{comment:?}");
        let draft = rejected("---\ntitle: T\ntags:\n- a\ndraft: misschien\n---\nTekst.");
        assert!(draft[0].starts_with("!a.md:5 `draft`: must be"), "{draft:?}");
        let published = rejected("{\n  \"title\": \"T\",\n  \"published\": \"?\"\n}\nTekst.");
        assert!(published[0].starts_with("!a.md:3 `published`: must be"), "{published:?}");
        assert_eq!(
            summaries(&items(CONFIG, &[("_drafts/a.md", b"Tekst.")])),
            ["?_drafts/a.md Draft"]
        );
    }

    #[test]
    fn links_between_files_must_lead_to_pages() {
        let parsed = page("[a](./b.md#c) [d](../e.mdx) [f](https://x.nl/g.md)");
        assert_eq!(
            parsed["body"],
            "<p><a href=\"./b#c\">a</a> <a href=\"../e\">d</a> \
             <a href=\"https://x.nl/g.md\">f</a></p>\n"
        );
    }

    #[test]
    fn tables_footnotes_and_strikethrough_must_be_rendered() {
        let body = page("| a |\n| - |\n| ~~b~~[^1] |\n\n[^1]: noot")["body"].to_string();
        for fragment in ["<table>", "<del>b</del>", "footnote"] {
            assert!(body.contains(fragment), "{fragment}: {body}");
        }
    }

    #[test]
    fn a_page_that_only_lists_others_must_be_skipped() {
        let config = format!("{CONFIG}listing_markers = [\"<DocCardList\"]");
        let summaries = |text: &str| summaries(&items(&config, &[("a.md", text.as_bytes())]));
        let listing = "# Hulp\n\n```mdx-code-block\nimport A from 'a';\n\n<DocCardList />\n```\n\n\
                       Kies maar.\n\n";
        let links = "- [een heel lange naam van een heel lange link](https://x.nl)\n".repeat(20);
        assert_eq!(summaries(&format!("{listing}{links}")), ["?a.md Listing"]);
        let prose = "Deze bladzijde vertelt zelf ook iets. ".repeat(20);
        assert_eq!(summaries(&format!("{listing}{prose}")), ["+a.md"]);
        assert_eq!(summaries("# Kort\n\nMaar geen lijst."), ["+a.md"]);
    }

    #[test]
    fn hostile_pages_must_be_read_in_linear_time_on_a_small_stack() {
        let pieces = [
            ">", "> ", "- ", "* - ", "1. ", "[", "![", "[[", "[a](", "*", "**", "_a *b ", "*a_ ",
            "~~", "`", "`a``b", "<", "<a ", "<A ", "<A b={", "</", "<!--", "{/*", ":::", "|",
            "|-|\n", "a|b\n", "[^1]", "[a]: b\n", "#", "\\", "&", "> a\n", ">- ", "    ", "\t",
            "[a][", "](", "a\n\n", "{%", "{{<\n", "!!! a\n", "{% a %}",
        ];
        let read_all = move || {
            for piece in pieces {
                let start = std::time::Instant::now();
                for page in [
                    piece.repeat(100_000 / piece.len()),
                    format!("| a |\n| - |\n{}", piece.repeat(20_000 / piece.len())),
                ] {
                    items(CONFIG, &[("a.md", page.as_bytes())]);
                }
                let nested: Vec<_> =
                    (0..700).map(|depth| format!("{}{piece}\n", "  ".repeat(depth))).collect();
                items(CONFIG, &[("a.md", nested.concat().as_bytes())]);
                assert!(start.elapsed() < std::time::Duration::from_secs(20), "{piece}");
            }
        };
        let small_stack = std::thread::Builder::new().stack_size(2 << 20).spawn(read_all);
        small_stack.unwrap().join().unwrap();
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]
        #[test]
        fn no_page_must_make_the_reader_panic(text in "[#<>`*_\\[\\]()!:|~A-Ca-c \n.-]{0,120}") {
            items(CONFIG, &[("a.md", text.as_bytes())]);
        }
    }
}
