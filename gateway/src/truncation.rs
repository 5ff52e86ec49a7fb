//! Shortens texts, and shows where a text is cut.

use schema::Span;

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

/// A passage with an ellipsis at each end at which it does not begin or end a sentence.
pub(crate) fn with_ellipses(spans: &[Span]) -> Vec<Span> {
    let ellipsis = || Span { text: "…".to_owned(), highlighted: false };
    let text: String = spans.iter().map(|span| span.text.as_str()).collect();
    let text = text.trim();
    let begins_within =
        text.starts_with(|first: char| first.is_lowercase() || ",;:.)".contains(first));
    let ends_within = !text.ends_with(['.', '!', '?', '…', ':', ')', '”', '’', '"']);
    let mut passage = Vec::with_capacity(spans.len() + 2);
    passage.extend(begins_within.then(ellipsis));
    passage.extend_from_slice(spans);
    passage.extend((ends_within && !text.is_empty()).then(ellipsis));
    passage
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

    #[test]
    fn a_passage_must_show_where_it_is_cut() {
        let shown = |texts: &[&str]| {
            let span = |text: &&str| Span { text: (*text).to_owned(), highlighted: false };
            let spans: Vec<_> = texts.iter().map(span).collect();
            with_ellipses(&spans).into_iter().map(|span| span.text).collect::<String>()
        };
        assert_eq!(shown(&["Een ", "brief."]), "Een brief.");
        assert_eq!(shown(&["een ", "brief van"]), "…een brief van…");
        assert_eq!(shown(&[", en dan. Nu!"]), "…, en dan. Nu!");
        assert_eq!(shown(&["3 brieven"]), "3 brieven…");
        assert_eq!(shown(&[]), "");
    }
}
