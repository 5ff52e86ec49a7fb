//! Blocks: classifies lines by their shape and by the line that follows.

use std::sync::LazyLock;

use regex::Regex;

use crate::ingest::source::text::{line, line::Line};

/// Maximum length of a heading in characters.
const HEADING_CHARS_MAX: usize = 100;

/// A block of text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Block {
    /// The heading at the start of the text.
    Title(String),
    /// Any other heading.
    Heading(String),
    /// Sentences.
    Paragraph(String),
    /// The items of a list.
    List(Vec<String>),
}

static SENTENCE_BREAK: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"[.!?…][”’)]?\s+\S").expect("constant regex is valid, covered by tests")
});

/// The blocks of unwrapped lines.
pub(super) fn blocks(lines: &[Line]) -> Vec<Block> {
    let texts: Vec<_> =
        lines.iter().map(|line| line.text.as_str()).filter(|text| !text.is_empty()).collect();
    from_texts(&texts)
}

/// The blocks of non-empty lines of text.
pub(super) fn from_texts<T: AsRef<str>>(texts: &[T]) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    for (index, text) in texts.iter().map(AsRef::as_ref).enumerate() {
        let next = texts.get(index + 1).map(AsRef::as_ref);
        match (line::list_item_text(text), blocks.last_mut()) {
            (Some(item), Some(Block::List(items))) => items.push(item.to_owned()),
            (Some(item), _) => blocks.push(Block::List(vec![item.to_owned()])),
            (None, None) if looks_like_heading(text) && next.is_some() => {
                blocks.push(Block::Title(text.to_owned()));
            }
            (None, _) if is_heading(text, next) => blocks.push(Block::Heading(text.to_owned())),
            (None, _) => blocks.push(Block::Paragraph(text.to_owned())),
        }
    }
    blocks
}

/// A heading is followed by text; a question is a heading only if it is followed by sentences.
fn is_heading(text: &str, next: Option<&str>) -> bool {
    let is_question = text.ends_with('?');
    next.is_some_and(|next| looks_like_heading(text) && !(is_question && looks_like_heading(next)))
}

/// Whether a line is a single short phrase without the punctuation of a sentence.
fn looks_like_heading(text: &str) -> bool {
    text.chars().count() <= HEADING_CHARS_MAX
        && !text.ends_with(['.', '!', ':', ';', ',', '…'])
        && !["!”", "!’", ".”", ".’", "…”", "…’"].iter().any(|end| text.ends_with(end))
        && !text.starts_with(char::is_lowercase)
        && !SENTENCE_BREAK.is_match(text)
        && text.contains(char::is_alphabetic)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_lists_and_paragraphs_must_be_distinguished() {
        let texts = [
            "De titel",
            "Een inleiding met een punt.",
            "Voor wie?",
            "Voor iedereen.",
            "Als uitgangspunt:",
            "• een",
            "- twee",
            "Slot zonder punt",
        ];
        let text = |text: &str| text.to_owned();
        assert_eq!(
            from_texts(&texts),
            [
                Block::Title(text("De titel")),
                Block::Paragraph(text("Een inleiding met een punt.")),
                Block::Heading(text("Voor wie?")),
                Block::Paragraph(text("Voor iedereen.")),
                Block::Paragraph(text("Als uitgangspunt:")),
                Block::List(vec![text("een"), text("twee")]),
                Block::Paragraph(text("Slot zonder punt")),
            ]
        );
    }

    #[test]
    fn sentences_must_be_no_headings() {
        for text in [
            "Doe mee!",
            "Brigitte van Buggenum. Lees het interview met Brigitte",
            "en verder",
            "‘Wij mogen bellen, maar niet beslissen.’",
            "…",
        ] {
            assert!(!looks_like_heading(text), "{text}");
        }
        assert!(!is_heading("Hoe zou dat eruitzien?", Some("Eén gezamenlijke visie")));
    }
}
