//! White space and invisible characters in texts.

use crate::ingest::source::invisible::is_invisible;

/// Removes superfluous white space from lines, and reduces successive blank lines to one.
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

/// Reduces each run of white space to one space.
pub(super) fn collapse_whitespace(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Removes invisible characters. White space and the joiners within emoji sequences are preserved.
pub(super) fn strip_invisible(text: &str) -> String {
    let mut stripped = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let joins = letter == ZERO_WIDTH_JOINER
            && stripped.chars().next_back().is_some_and(is_emoji)
            && letters.peek().is_some_and(|next| is_emoji(*next));
        if joins || letter.is_whitespace() || !is_invisible(letter) {
            stripped.push(letter);
        }
    }
    stripped
}

const ZERO_WIDTH_JOINER: char = '\u{200d}';

/// Characters of emoji, with their variation selector and skin tones.
fn is_emoji(letter: char) -> bool {
    matches!(letter, '\u{2190}'..='\u{2bff}' | '\u{fe0f}' | '\u{1f000}'..='\u{1faff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joiners_must_stay_within_emoji_only() {
        for emoji in [
            "👩\u{200d}💻",
            "👨\u{200d}👩\u{200d}👧",
            "🏳\u{fe0f}\u{200d}🌈",
            "👩🏽\u{200d}🚒",
            "❤\u{fe0f}\u{200d}🔥",
        ] {
            assert_eq!(strip_invisible(emoji), emoji);
        }
        assert_eq!(strip_invisible("woord\u{200d}en👩\u{200d} x\u{200d}👩"), "woorden👩 x👩");
    }
}
