//! Removes comments of site generators from Markdown: what an author has commented out is not
//! public. Comments of HTML are left to the sanitiser.

use std::{borrow::Cow, sync::LazyLock};

use regex::Regex;

/// The start of a comment.
static OPENING: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?x) (?P<mdx>\{\s*/\*) | (?P<hugo>\{\{-?\s*/\*) | (?P<liquid>\{%-?\s*comment\b)
            | (?P<shortcode>\{\{[<%]\s*comment\b) | (?P<jinja>\{\#-?(?:\s|$))
            | (?P<obsidian>^\s*%%)",
    )
});
/// The end of each comment of [`OPENING`].
static ENDS: LazyLock<[(&str, Regex); 6]> = LazyLock::new(|| {
    [
        ("mdx", r"\*/\s*\}"),
        ("hugo", r"\*/\s*-?\}\}"),
        ("liquid", r"\{%-?\s*endcomment\b.*?%\}"),
        ("shortcode", r"\{\{[<%]\s*/\s*comment\b.*?[>%]\}\}"),
        ("jinja", r"#\}"),
        ("obsidian", r"%%"),
    ]
    .map(|(name, end)| (name, pattern(end)))
});
/// Comments whose opening also is ordinary text: if they are not closed, they are text.
const AMBIGUOUS: [&str; 2] = ["jinja", "obsidian"];

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("constant regex is valid, covered by tests")
}

/// Reads a page line by line.
#[derive(Debug, Default)]
pub(super) struct Comments {
    open: Option<OpenComment>,
    /// Number of lines read.
    lines: usize,
}

#[derive(Debug)]
struct OpenComment {
    end: &'static Regex,
    is_ambiguous: bool,
    /// The line on which it begins, counted from one.
    line: usize,
    /// The text from the opening on, of a comment that may be text.
    text: String,
}

impl Comments {
    /// The text of a line outside comments; `None` if all of it is in a comment. In a block of
    /// code, a comment is part of the content.
    pub(super) fn strip<'a>(&mut self, line: &'a str, is_code: bool) -> Option<Cow<'a, str>> {
        self.lines += 1;
        if self.open.is_none() && (is_code || !OPENING.is_match(line)) {
            return Some(Cow::Borrowed(line));
        }
        let code = code_spans(line);
        let (mut text, mut at) = (String::new(), 0);
        loop {
            if let Some(open) = &mut self.open {
                let Some(end) = open.end.find_at(line, at) else {
                    if open.is_ambiguous {
                        open.text.push_str(&line[at..]);
                        open.text.push('\n');
                    }
                    break;
                };
                at = end.end();
                self.open = None;
            }
            let Some(opening) = next_opening(line, at, &code) else {
                text.push_str(&line[at..]);
                break;
            };
            text.push_str(&line[at..opening.start]);
            at = opening.end;
            let is_ambiguous = AMBIGUOUS.contains(&opening.name);
            self.open = Some(OpenComment {
                end: opening.closing,
                is_ambiguous,
                line: self.lines,
                text: if is_ambiguous { line[opening.start..at].to_owned() } else { String::new() },
            });
        }
        (!text.trim().is_empty()).then_some(Cow::Owned(text))
    }

    /// What remains at the end of the page: text that only looks like a comment.
    ///
    /// # Errors
    /// The line of a comment that is not closed.
    pub(super) fn finish(self) -> Result<String, usize> {
        match self.open {
            None => Ok(String::new()),
            Some(open) if open.is_ambiguous => Ok(open.text),
            Some(open) => Err(open.line),
        }
    }
}

struct Opening {
    name: &'static str,
    closing: &'static Regex,
    start: usize,
    end: usize,
}

/// The first opening from a position on that is not in a code span.
fn next_opening(line: &str, at: usize, code: &[(usize, usize)]) -> Option<Opening> {
    let mut at = at;
    while let Some(captures) = OPENING.captures_at(line, at) {
        let whole = captures.get(0)?;
        let next_span = code.partition_point(|(_, end)| *end <= whole.start());
        match code.get(next_span) {
            Some((start, end)) if *start <= whole.start() => at = *end,
            _ => {
                let (name, closing) =
                    ENDS.iter().find(|(name, _)| captures.name(name).is_some())?;
                return Some(Opening { name, closing, start: whole.start(), end: whole.end() });
            }
        }
    }
    None
}

/// The ranges of the code spans of a line.
fn code_spans(line: &str) -> Vec<(usize, usize)> {
    let mut spans = Vec::new();
    let mut at = 0;
    while let Some(next) = line[at..].find('`') {
        let length = inline_code_end(&line[at + next..]);
        spans.push((at + next, at + next + length));
        at += next + length;
    }
    spans
}

/// The end of the code span at the start of `text`; the end of its opening if it is not closed.
pub(super) fn inline_code_end(text: &str) -> usize {
    let ticks = text.bytes().take_while(|byte| *byte == b'`').count();
    let mut at = ticks;
    while let Some(next) = text[at..].find('`') {
        let run = text[at + next..].bytes().take_while(|byte| *byte == b'`').count();
        at += next + run;
        if run == ticks {
            return at;
        }
    }
    ticks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stripped(page: &str) -> Result<String, usize> {
        let mut comments = Comments::default();
        let mut text: Vec<String> = page
            .lines()
            .filter_map(|line| comments.strip(line, false).map(Cow::into_owned))
            .map(|line| line.trim().to_owned())
            .collect();
        text.extend(comments.finish()?.lines().map(|line| line.trim().to_owned()));
        Ok(text.into_iter().filter(|line| !line.is_empty()).collect::<Vec<_>>().join("|"))
    }

    #[test]
    fn what_is_commented_out_must_not_be_public() {
        for (page, public) in [
            ("Een {/* X */}twee.", "Een twee."),
            ("{ /* X */ }\nEen.", "Een."),
            ("Een.\n{/*\nX\n\nX */}\nTwee.", "Een.|Twee."),
            ("{/* X\nX */} Een {/* X */}{/*\nX*/}twee.", "Een|twee."),
            ("{% comment %}X{% endcomment %}Een.", "Een."),
            ("{%- comment noot -%}\nX\n\n{% raw %}X{%- endcomment -%}\nEen.", "Een."),
            ("{{< comment >}}\nX\n{{< /comment >}}\nEen.", "Een."),
            ("{{% comment %}}X{{% /comment %}} Een.", "Een."),
            ("{{/* X */}}\n{{- /* X\nX */ -}}\nEen.", "Een."),
            ("{# X #} Een {#\nX\n#} twee.", "Een|twee."),
            ("%% X %%\nEen.\n%%\nX\n\n%% Twee.", "Een.|Twee."),
            ("Gebruik `{/*` en ``{% comment %}`` zo.", "Gebruik `{/*` en ``{% comment %}`` zo."),
            ("Een ` {/* X */}twee.", "Een ` twee."),
            ("## Kop {#anker}\nEen.", "## Kop {#anker}|Een."),
            ("Een.\n%% procent\n\nTwee {# of", "Een.|%% procent|Twee {# of"),
        ] {
            assert_eq!(stripped(page).as_deref(), Ok(public), "{page}");
        }
    }

    #[test]
    fn a_comment_that_is_not_closed_must_be_an_error() {
        for (page, line) in [
            ("Een.\n\nTwee {/* X\nX", 3),
            ("{% comment %}\nX", 1),
            ("{{< comment >}}\nX\n{{< comment >}}", 1),
            ("Een {{/* X }}", 1),
        ] {
            assert_eq!(stripped(page), Err(line), "{page}");
        }
    }
}
