//! Texts that begin with another text: a body with its lead or summary.

/// The length in bytes of the start of `text` that repeats `opening`, regardless of case, white space
/// and punctuation; `None` if it does not. An opening that is truncated with an ellipsis repeats as
/// much as it has; any other ends with a sentence or paragraph of the text.
///
/// ```
/// use schema::repetition::repeated_length;
/// let text = "Een brief. Wie hem\nleest?\n\nMeer tekst.";
/// assert_eq!(repeated_length("een brief", text), Some("Een brief.".len()));
/// assert_eq!(repeated_length("Een brief. Wie…", text), Some("Een brief. Wie".len()));
/// assert_eq!(repeated_length("Een brief. Wie", text), None);
/// ```
pub fn repeated_length(opening: &str, text: &str) -> Option<usize> {
    let opening = opening.trim_end();
    let full = opening.trim_end_matches(['…', '.']).trim_end();
    let is_truncated = opening.ends_with('…') || opening.ends_with("...");
    let mut letters = text
        .char_indices()
        .filter(|(_, letter)| letter.is_alphanumeric())
        .flat_map(|(at, letter)| letter.to_lowercase().map(move |lower| (at, letter, lower)));
    let mut end = 0;
    for letter in full.chars().filter(|letter| letter.is_alphanumeric()) {
        for lower in letter.to_lowercase() {
            let (at, found, found_lower) = letters.next()?;
            if found_lower != lower {
                return None;
            }
            end = at + found.len_utf8();
        }
    }
    let rest = &text[end..];
    if end == 0 || rest.starts_with(char::is_alphanumeric) {
        return None;
    }
    let closing = rest.len() - rest.trim_start_matches(is_closing).len();
    let after = &rest[closing..];
    let ends_sentence = rest[..closing].contains(['.', '!', '?', '…', ':', ';'])
        && (after.is_empty() || after.starts_with(char::is_whitespace));
    let ends_paragraph = after.trim_start_matches([' ', '\t']).starts_with("\n\n");
    if ends_sentence || ends_paragraph || after.trim().is_empty() {
        return Some(end + closing);
    }
    is_truncated.then_some(end)
}

fn is_closing(letter: char) -> bool {
    !letter.is_alphanumeric() && !letter.is_whitespace()
}

/// The text that remains after the complete sentences at its start that repeat `opening`.
pub fn without_opening<'a>(opening: &str, text: &'a str) -> &'a str {
    let Some(length) = repeated_length(opening, text) else { return text };
    let repeated = &text[..length];
    let is_complete = repeated.ends_with(|letter: char| !letter.is_alphanumeric())
        || text[length..].trim_start_matches([' ', '\t']).starts_with("\n\n")
        || text[length..].trim().is_empty();
    let end = if is_complete {
        length
    } else {
        // The rest of a truncated sentence has no meaning without its start.
        let mut ends =
            repeated.match_indices(['.', '!', '?', '\n']).map(|(at, mark)| at + mark.len());
        let is_end = |end: &usize| repeated[*end..].starts_with(char::is_whitespace);
        ends.rfind(is_end).unwrap_or(0)
    };
    text[end..].trim_start()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_opening_that_ends_with_a_sentence_or_is_truncated_must_be_removed() {
        let text = "Een brief, die “iedereen” leest. En dan?\n\nTweede alinea";
        for (opening, rest) in [
            ("Een brief, die iedereen leest. En dan?", "Tweede alinea"),
            ("EEN BRIEF die iedereen\nleest", "En dan?\n\nTweede alinea"),
            ("Een brief, die iedereen leest. En…", "En dan?\n\nTweede alinea"),
            ("Een brief, die iedereen leest. En dan...", "Tweede alinea"),
            ("Een brief, die…", text),
            ("Een brief, die", text),
            ("Een brief, die ieder…", text),
            ("Een andere brief.", text),
            ("", text),
            ("…", text),
            ("Een brief, die iedereen leest. En dan? Tweede alinea", ""),
            ("Een brief, die iedereen leest. En dan? Tweede alinea en meer", text),
        ] {
            assert_eq!(without_opening(opening, text), rest, "{opening}");
        }
        assert_eq!(repeated_length("Een brief, die…", text), Some("Een brief, die".len()));
        assert_eq!(without_opening("Straße", "STRASSE. x"), "STRASSE. x");
        assert_eq!(without_opening("Titel", "Titel\n\nTekst"), "Tekst");
    }
}
