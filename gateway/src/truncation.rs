//! Shortens texts.

/// The start of a text, cut at a word boundary.
pub(crate) fn truncate_at_word(text: &str, characters_max: usize) -> String {
    let Some((end, _)) = text.char_indices().nth(characters_max) else { return text.to_owned() };
    let prefix = &text[..end];
    let end = prefix
        .rfind(char::is_whitespace)
        .filter(|at| *at > characters_max / 2)
        .unwrap_or(prefix.len());
    format!("{}…", prefix[..end].trim_end_matches([',', '.', ' ']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_must_be_cut_between_words_and_never_within_a_letter() {
        assert_eq!(truncate_at_word("één twee drie", 20), "één twee drie");
        assert_eq!(truncate_at_word("één twee, drie", 10), "één twee…");
        assert_eq!(truncate_at_word("ëëëëëëëëëë", 4), "ëëëë…");
    }
}
