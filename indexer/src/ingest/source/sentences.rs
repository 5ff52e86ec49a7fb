//! Sentences: finding where they end, and truncating long texts.

use std::ops::Range;

/// Maximum length in characters of a title derived from a text.
pub(crate) const DERIVED_TITLE_CHARS_MAX: usize = 90;
/// Maximum length in characters of a summary derived from a text.
pub(crate) const DERIVED_SUMMARY_CHARS_MAX: usize = 300;

/// Words that end in a full stop without ending a sentence.
const ABBREVIATIONS: [&str; 16] = [
    "bijv", "blz", "ca", "dhr", "dr", "drs", "incl", "ing", "ir", "mevr", "mr", "nr", "prof",
    "red", "resp", "st",
];

/// Truncates a text to at most `limit` characters, at a word boundary and with a final `…`.
pub(crate) fn truncate(text: &str, limit: usize) -> String {
    let text = text.trim();
    let Some((end, _)) = text.char_indices().nth(limit) else { return text.to_owned() };
    // One character is reserved for the ellipsis.
    let cut_at = text[..end].char_indices().next_back().map_or(0, |(last, _)| last);
    let truncated = if text[cut_at..].starts_with(char::is_whitespace) {
        &text[..cut_at]
    } else {
        text[..cut_at].rfind(char::is_whitespace).map_or(&text[..cut_at], |space| &text[..space])
    };
    let trimmed =
        truncated.trim_end_matches(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | ':'));
    format!("{trimmed}…")
}

/// The first sentence, including its closing punctuation.
pub(crate) fn first_sentence(text: &str) -> &str {
    let text = text.trim();
    for (at, mark) in text.char_indices().filter(|(_, c)| matches!(c, '.' | '!' | '?' | '…')) {
        let after = &text[at + mark.len_utf8()..];
        let rest = after.trim_start_matches(is_closing);
        let next = rest.trim_start();
        let is_end = next.is_empty()
            || (next.len() < rest.len()
                && !next.starts_with(char::is_lowercase)
                && !(mark == '.' && is_abbreviation(&text[..at])));
        if is_end {
            return &text[..text.len() - rest.len()];
        }
    }
    text
}

/// Maximum length in bytes of a sentence on either side of a range in it.
const SENTENCE_SIDE_BYTES_MAX: usize = 200;

/// The sentence that contains a range of a text with line breaks between paragraphs; a long one is
/// cut at a word on either side.
pub(crate) fn sentence_range(text: &str, range: Range<usize>) -> Range<usize> {
    let line = text[..range.start].rfind('\n').map_or(0, |at| at + 1);
    let mut start = line;
    while start < range.start {
        let length = first_sentence(&text[start..range.end]).len();
        let skipped = text[start..].len() - text[start..].trim_start().len();
        let next = start + skipped + length;
        if length == 0 || next > range.start {
            break;
        }
        start = next;
    }
    let line_end = text[range.end..].find('\n').map_or(text.len(), |at| range.end + at);
    start += text[start..line_end].len() - text[start..line_end].trim_start().len();
    let end = (start + first_sentence(&text[start..line_end]).len()).max(range.end);
    let from = range.start.saturating_sub(SENTENCE_SIDE_BYTES_MAX);
    if start < from {
        let from = (from..range.start).find(|at| text.is_char_boundary(*at)).unwrap_or(from);
        let space = text[from..range.start].find(char::is_whitespace);
        start = space.map_or(range.start, |at| from + at + 1);
    }
    let to = range.end + SENTENCE_SIDE_BYTES_MAX;
    if end <= to {
        return start..end;
    }
    let to = (range.end..=to).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(range.end);
    let space = text[range.end..to].rfind(char::is_whitespace);
    start..space.map_or(range.end, |at| range.end + at)
}

/// Whether two texts are the same sentence, apart from case and closing punctuation.
pub(crate) fn is_same_sentence(left: &str, right: &str) -> bool {
    let folded =
        |text: &str| schema::normalisation::name(text.trim_end_matches(['.', '!', '?', '…']));
    folded(left) == folded(right)
}

/// Whether a text ends with the punctuation of a sentence.
pub(crate) fn ends_sentence(text: &str) -> bool {
    text.trim_end().trim_end_matches(is_closing).ends_with(['.', '!', '?', '…', ':', ';'])
}

fn is_abbreviation(before: &str) -> bool {
    let word = before.rsplit(|c: char| c.is_whitespace() || c == '(').next().unwrap_or_default();
    let is_initial = word.chars().count() == 1 && word.starts_with(char::is_uppercase);
    is_initial || word.contains('.') || ABBREVIATIONS.contains(&word.to_lowercase().as_str())
}

fn is_closing(letter: char) -> bool {
    matches!(letter, '”' | '’' | '"' | '\'' | ')' | ']' | '»')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_text_must_be_truncated_at_a_word() {
        assert_eq!(truncate("een twee drie", 13), "een twee drie");
        assert_eq!(truncate("een twee drie", 12), "een twee…");
        assert_eq!(truncate("een twee, drie", 10), "een twee…");
        assert_eq!(truncate("een twee drie", 9), "een twee…");
        assert_eq!(truncate("ééééééééé", 4), "ééé…");
    }

    #[test]
    fn a_sentence_must_end_where_a_reader_would_end_it() {
        for (text, first) in [
            ("Is dat erg? Helemaal niet.", "Is dat erg?"),
            ("Naar Saba en St. Eustatius. En terug.", "Naar Saba en St. Eustatius."),
            ("Zie o.a. Artikel 3. Klaar.", "Zie o.a. Artikel 3."),
            ("“Dat is vaag. Wat betekent dat?” Een blik.", "“Dat is vaag."),
            ("‘Nu!’ Zei ze.", "‘Nu!’"),
            ("Versie 2.0 is er. Lees mee.", "Versie 2.0 is er."),
            ("Zonder einde", "Zonder einde"),
        ] {
            assert_eq!(first_sentence(text), first);
        }
    }

    proptest! {
        #[test]
        fn a_truncated_text_must_never_be_too_long(text in "\\PC{0,60}", limit in 1_usize..40) {
            prop_assert!(truncate(&text, limit).chars().count() <= limit);
            prop_assert!(text.contains(first_sentence(&text)));
        }
    }
}
