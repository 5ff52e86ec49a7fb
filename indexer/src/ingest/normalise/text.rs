//! Plain text from sources, without entities, markup and invisible characters.

use schema::Language;

use super::{
    html::{self, UnclosedMarkup},
    redact::redact,
    whitespace::{collapse_blank_lines, collapse_whitespace, strip_invisible},
};

/// A text as a single line.
///
/// # Errors
/// [`UnclosedMarkup`] that hides the rest of the text.
pub(super) fn line(raw: &str, language: Language) -> Result<String, UnclosedMarkup> {
    Ok(redact(&collapse_whitespace(&to_plain_text(raw)?), language))
}

/// A text with a blank line between its paragraphs.
///
/// # Errors
/// [`UnclosedMarkup`] that hides the rest of the text.
pub(super) fn paragraphs(raw: &str, language: Language) -> Result<String, UnclosedMarkup> {
    Ok(redact(&collapse_blank_lines(&to_plain_text(raw)?), language))
}

fn to_plain_text(raw: &str) -> Result<String, UnclosedMarkup> {
    Ok(if html::is_html(raw) {
        strip_invisible(&html::sanitised_text(raw)?)
    } else {
        strip_invisible(&html_escape::decode_html_entities(raw))
    })
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
            assert_eq!(line(raw, Language::Nl).unwrap(), clean);
        }
    }

    #[test]
    fn paragraphs_must_stay_apart() {
        let paragraphs = |raw| paragraphs(raw, Language::Nl).unwrap();
        assert_eq!(paragraphs(" a\n b\n\n\n c  d\n"), "a\nb\n\nc d");
        assert_eq!(paragraphs("<p>a</p><p>b</p>"), "a\n\nb");
    }
}
