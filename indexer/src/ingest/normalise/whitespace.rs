//! White space and invisible characters of texts.

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

/// Control characters, zero-width characters, soft hyphens and marks of writing direction.
fn is_invisible(letter: char) -> bool {
    letter.is_control()
        || matches!(letter,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}
