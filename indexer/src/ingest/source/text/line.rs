//! Lines: detects and joins lines that a program wrapped.

use std::sync::LazyLock;

use regex::Regex;

use crate::ingest::source::sentences::ends_sentence;

/// A line of text; the text is empty for a blank line between paragraphs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// Line number in the file, counted from one.
    pub number: u64,
    /// Indentation in characters.
    pub indent: usize,
    /// Text without the indentation.
    pub text: String,
}

/// Range of widths, in characters, at which programs wrap lines.
const WRAP_CHARS: std::ops::RangeInclusive<usize> = 50..=120;
/// Minimum number of certainly wrapped lines from which a width is inferred.
const WRAPPED_LINES_MIN: usize = 3;
/// A line of at least this percentage of the width was wrapped, unless it ends a sentence.
const NEAR_WIDTH_PERCENT: usize = 80;

static BULLET: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^[•·‣◦▪*–-]\s+").expect("constant regex is valid, covered by tests")
});

/// The text of a list item, if the line begins one.
pub(super) fn list_item_text(text: &str) -> Option<&str> {
    BULLET.find(text).map(|bullet| &text[bullet.end()..])
}

impl Line {
    fn chars(&self) -> usize {
        self.indent + self.text.chars().count()
    }

    fn is_item(&self) -> bool {
        list_item_text(&self.text).is_some()
    }
}

/// Joins lines that a program wrapped, and rejoins words that it hyphenated.
pub(super) fn unwrap_lines(lines: &[Line]) -> Vec<Line> {
    let layout = Layout::detect(lines);
    let mut unwrapped: Vec<Line> = Vec::new();
    let mut previous: Option<&Line> = None;
    // Indentation of the current list item.
    let mut item_indent = None;
    for line in lines {
        if line.is_item() {
            item_indent = Some(line.indent);
        } else if line.text.is_empty() {
            item_indent = None;
        }
        let is_indented_deeper = item_indent.is_some_and(|indent| line.indent > indent);
        let is_continuation = |previous: &&Line| {
            !line.is_item() && (is_indented_deeper || layout.is_wrapped(previous, line))
        };
        match (unwrapped.last_mut(), previous.filter(is_continuation)) {
            (Some(last), Some(_)) if !last.text.is_empty() => join(&mut last.text, &line.text),
            _ => unwrapped.push(line.clone()),
        }
        previous = Some(line);
    }
    unwrapped
}

/// Layout of a text.
struct Layout {
    /// The width in characters at which it was wrapped, if it was.
    width: Option<usize>,
    /// Whether its paragraphs are separated by blank lines.
    has_blank_lines: bool,
}

impl Layout {
    fn detect(lines: &[Line]) -> Self {
        let pairs = lines.windows(2).filter(|pair| is_certainly_wrapped(&pair[0], &pair[1]));
        let widths: Vec<_> =
            pairs.map(|pair| pair[0].chars()).filter(|chars| WRAP_CHARS.contains(chars)).collect();
        let is_reliable = widths.len() >= WRAPPED_LINES_MIN;
        Self {
            width: if is_reliable { widths.into_iter().max() } else { None },
            has_blank_lines: lines.iter().any(|line| line.text.is_empty()),
        }
    }

    /// If blank lines separate the paragraphs, a line near the width continues even if it ends a
    /// sentence. Otherwise, such a line may be the end of its paragraph.
    fn is_wrapped(&self, line: &Line, next: &Line) -> bool {
        if line.text.is_empty() || next.text.is_empty() {
            return false;
        }
        let chars = line.chars();
        let is_near = self.width.is_some_and(|width| {
            chars <= width + width / 10 && chars * 100 >= width * NEAR_WIDTH_PERCENT
        });
        is_certainly_wrapped(line, next)
            || (is_near && (self.has_blank_lines || !ends_sentence(&line.text)))
    }
}

/// Whether a sentence certainly continues from one line into the next.
fn is_certainly_wrapped(line: &Line, next: &Line) -> bool {
    let hyphen = line.text.ends_with('-') && WRAP_CHARS.contains(&line.chars());
    let continues = next.text.starts_with(char::is_lowercase) && !ends_sentence(&line.text);
    !line.text.is_empty() && !next.text.is_empty() && (hyphen || continues)
}

fn join(text: &mut String, next: &str) {
    let before_hyphen = text.strip_suffix('-').map(|before| {
        before.rsplit(|c: char| c.is_whitespace() || c == '-').next().unwrap_or_default().to_owned()
    });
    match before_hyphen {
        Some(word) if !word.is_empty() => {
            let next_word = next.split_whitespace().next().unwrap_or_default();
            if matches!(next_word, "en" | "of" | "and" | "or" | "als") {
                text.push(' ');
            } else if !is_hard_hyphen(&word, next_word) {
                text.pop();
            }
        }
        _ => text.push(' '),
    }
    text.push_str(next);
}

/// Whether a hyphen at the end of a line is part of the word, as in `CX-experts` and `e-mail`.
fn is_hard_hyphen(word: &str, next: &str) -> bool {
    let is_acronym = word.chars().all(|c| c.is_uppercase() || c.is_numeric());
    let is_letter = word.chars().count() == 1;
    is_acronym || is_letter || !next.starts_with(char::is_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<Line> {
        crate::ingest::source::text::boilerplate::lines(text)
    }

    fn unwrapped(text: &str) -> Vec<String> {
        unwrap_lines(&lines(text)).into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn a_sentence_that_runs_on_must_be_one_line() {
        let text = "Wat is dit?\nEen gemeenschap van professionals uit de overheid, van\nbeleid \
                    tot ontwerp.\nDoe mee.";
        assert_eq!(
            unwrapped(text),
            [
                "Wat is dit?",
                "Een gemeenschap van professionals uit de overheid, van beleid tot ontwerp.",
                "Doe mee."
            ]
        );
    }

    #[test]
    fn a_hyphen_at_a_line_end_must_be_removed_unless_it_belongs_there() {
        for (text, expected) in [
            ("klantcontact-\nmanagers", "klantcontactmanagers"),
            ("onze CX-\nexperts", "onze CX-experts"),
            ("Liselot Brandsma-\nPuk", "Liselot Brandsma-Puk"),
            ("zorg-\nen onderwijs", "zorg- en onderwijs"),
            ("een e-\nmail", "een e-mail"),
        ] {
            let mut text = text.lines();
            let mut merged = text.next().unwrap().to_owned();
            join(&mut merged, text.next().unwrap());
            assert_eq!(merged, expected);
        }
    }

    #[test]
    fn a_line_near_the_width_must_go_on_with_a_capital() {
        let wrapped =
            "Deze regel is met opzet heel erg lang zodat hij wordt afgebroken op de\nbreedte. ";
        let text = format!(
            "{}Dit is de titel van een brief over de uitvoering van het grote\nOmgevingswet plan.",
            format!("{wrapped}\n").repeat(3)
        );
        let last = unwrapped(&text).pop().unwrap();
        assert!(last.ends_with("uitvoering van het grote Omgevingswet plan."), "{last}");
    }

    #[test]
    fn a_deeper_line_must_belong_to_its_list_item() {
        let text = "  • We helpen.\n    We luisteren.\n  • We leggen uit.\n\nKlinkt dat goed?";
        assert_eq!(
            unwrapped(text),
            ["• We helpen. We luisteren.", "• We leggen uit.", "", "Klinkt dat goed?"]
        );
    }
}
