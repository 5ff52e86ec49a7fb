//! The text of a query as it is counted, and which queries never are.

use schema::normalisation;

/// Maximum length of a counted query in characters.
pub(super) const QUERY_CHARACTERS_MAX: usize = 100;
/// Minimum number of digits of a telephone number or a number of a person.
const DIGITS_MIN: usize = 6;
/// What stands between the name and the host of an e-mail address.
const EMAIL_SIGNS: [&str; 3] = ["@", "(at)", "[at]"];

/// The query in lower case with single spaces; `None` if it is empty or too long, or may identify a
/// person: with a sign of an e-mail address, or with [`DIGITS_MIN`] digits anywhere.
pub(super) fn countable(words: &str) -> Option<String> {
    let words = words.split(|c: char| c.is_whitespace() || c.is_control());
    let words: Vec<_> = words.filter(|word| !word.is_empty()).collect();
    let query = words.join(" ").to_lowercase();
    let has_length = (1..=QUERY_CHARACTERS_MAX).contains(&query.chars().count());
    (has_length && !may_identify(&query)).then_some(query)
}

fn may_identify(query: &str) -> bool {
    // Also in wide and other forms of the characters.
    let plain = normalisation::name(query);
    plain.chars().filter(|c| c.is_numeric()).count() >= DIGITS_MIN
        || EMAIL_SIGNS.iter().any(|sign| plain.contains(sign))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_query_must_count_together() {
        for words in ["wet open overheid", "  Wet  Open\tOVERHEID\n", "WET\u{a0}open\u{0}overheid"]
        {
            assert_eq!(countable(words).as_deref(), Some("wet open overheid"), "{words:?}");
        }
        assert_eq!(
            countable("Één \"exacte zin\" -brief").as_deref(),
            Some("één \"exacte zin\" -brief")
        );
        assert_eq!(countable("wcag 2.2 en 2.1").as_deref(), Some("wcag 2.2 en 2.1"));
    }

    #[test]
    fn a_query_that_may_identify_a_person_must_never_be_counted() {
        for words in [
            "jan@example.nl",
            "jan＠example.nl",
            "mail jan (at) example punt nl",
            "jan[AT]example.nl",
            "0612345678",
            "06 - 12 34 56 78",
            "bsn 123456782",
            "1.2.3.4.5.6",
            "０６１２３４",
            "٠٦١٢٣٤٥٦",
            "zaak 2024-0312",
        ] {
            assert_eq!(countable(words), None, "{words}");
        }
    }

    #[test]
    fn a_query_must_have_a_length_within_the_limit() {
        assert_eq!(countable(" \t"), None);
        assert!(countable(&"é".repeat(QUERY_CHARACTERS_MAX)).is_some());
        assert_eq!(countable(&"é".repeat(QUERY_CHARACTERS_MAX + 1)), None);
    }
}
