//! Plain text out of what sources write: entities, markup and invisible characters are gone.

use schema::Language;

use super::{html, redact::redact};

/// A text on one line.
pub(super) fn line(raw: &str, language: Language) -> String {
    redact(&collapse_whitespace(&to_plain_text(raw)), language)
}

/// A text with a blank line between its paragraphs.
pub(super) fn paragraphs(raw: &str, language: Language) -> String {
    redact(&collapse_blank_lines(&to_plain_text(raw)), language)
}

/// Lines without needless space, and one blank line where there are more.
pub(super) fn collapse_blank_lines(text: &str) -> String {
    let mut collapsed = String::with_capacity(text.len());
    let mut after_blank_line = false;
    for line in text.lines().map(collapse_whitespace) {
        if line.is_empty() {
            after_blank_line = true;
        } else {
            if !collapsed.is_empty() {
                collapsed.push_str(if after_blank_line { "\n\n" } else { "\n" });
            }
            collapsed.push_str(&line);
            after_blank_line = false;
        }
    }
    collapsed
}

/// One space between words.
pub(super) fn collapse_whitespace(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Without characters that nobody sees; white space stays.
pub(super) fn strip_invisible(text: &str) -> String {
    text.chars().filter(|letter| letter.is_whitespace() || !is_invisible(*letter)).collect()
}

fn to_plain_text(raw: &str) -> String {
    if html::is_html(raw) {
        strip_invisible(&html::sanitised_text(raw))
    } else {
        strip_invisible(&html_escape::decode_html_entities(raw))
    }
}

/// Control characters, zero-width characters, soft hyphens and marks of writing direction.
fn is_invisible(letter: char) -> bool {
    letter.is_control()
        || matches!(letter,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_must_be_free_of_markup_entities_and_invisible_characters() {
        for (raw, clean) in [
            ("Community&#8217;s  \n van\u{a0}nu ", "Community’s van nu"),
            ("De <em>mens</em> centraal<br>hier", "De mens centraal hier"),
            ("toe\u{ad}gan\u{200b}kelijk\u{feff}\u{7}", "toegankelijk"),
            ("1 < 2 &amp; 3 > 2", "1 < 2 & 3 > 2"),
            ("&lt;b&gt;", "<b>"),
        ] {
            assert_eq!(line(raw, Language::Nl), clean);
        }
    }

    #[test]
    fn paragraphs_must_stay_apart() {
        assert_eq!(paragraphs(" a\n b\n\n\n c  d\n", Language::Nl), "a\nb\n\nc d");
        assert_eq!(paragraphs("<p>a</p><p>b</p>", Language::Nl), "a\n\nb");
    }
}
