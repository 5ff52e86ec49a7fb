//! Redacts contact data: e-mail addresses and telephone numbers, but not text that only resembles
//! them (years, dates, amounts, standards, company and file numbers).

use std::{borrow::Cow, ops::Range, sync::LazyLock};

use regex::Regex;
use schema::Language;

/// Separator of up to three characters between two digits of a telephone number.
const GAP: &str = r"[ \u{a0}\u{2009}\u{202f}._\-\u{2010}-\u{2015}/]{0,3}";

static EMAIL: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?xi) [\p{L}\p{N}._%+'-]+ \s? [@＠] \s? [\p{L}\p{N}-]+ (?:\.[\p{L}\p{N}-]+)* \.\p{L}{2,}
        | [\p{L}\p{N}._+-]+ \s* [\[(] (?:a|at|apenstaartje|@) [\])] \s*
          [\p{L}\p{N}-]+ (?: \s* (?:\.|[\[(](?:dot|punt)[\])]) \s* [\p{L}\p{N}-]+ )+",
    )
});
static TELEPHONE: LazyLock<Regex> = LazyLock::new(|| {
    let forms = [
        // Dutch, in international notation: +31 (0)6 1234 5678
        format!(r"(?:\+|\b00)31{GAP}(?:\(0\){GAP})?[1-9](?:{GAP}\d){{8}}"),
        // Other countries: +44 (0)20 7946 0958
        format!(r"(?:\+|\b00)[1-9]\d?(?:[)(]?{GAP}[)(]?\d){{8,12}}"),
        // Service numbers: 0800-1234, 0900 123 4567
        format!(r"0(?:800|90[069]){GAP}(?:\d{{7}}|\d{{3}}{GAP}\d{{4}}|\d{{4}}|\d\d{GAP}\d\d)"),
        // Dutch: 06-12345678, (010) 123 45 67
        format!(r"\(?0[1-9](?:\)?{GAP}\d){{8}}"),
        // Municipalities: 14 010; without a space, it is a number of another kind
        r"14[ \u{a0}-]0[1-9]\d{1,2}".to_owned(),
    ];
    pattern(&forms.join("|"))
});
static ADDRESS: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)\b(?:https?://|www\.)\S+"));
static DATE: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^\d{1,2} ?[-/.–] ?\d{1,2} ?[-/.–] ?(?:19|20)\d{2}\b"));
static ACCOUNT: LazyLock<Regex> = LazyLock::new(|| pattern(r"[A-Z]{2}\d{2} ?[A-Z]{4} ?$"));

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("constant regex is valid, covered by tests")
}

const NOTICES_NL: (&str, &str) = ("[e-mailadres weggelaten]", "[telefoonnummer weggelaten]");
const NOTICES_EN: (&str, &str) = ("[e-mail address removed]", "[telephone number removed]");

/// Whether a text contains an e-mail address, possibly percent-encoded.
pub(super) fn contains_email(text: &str) -> bool {
    EMAIL.is_match(text) || (text.contains("%40") && EMAIL.is_match(&text.replace("%40", "@")))
}

/// Whether something was removed from a text.
pub(super) fn is_redacted(text: &str) -> bool {
    [NOTICES_NL, NOTICES_EN]
        .iter()
        .any(|(email, telephone)| text.contains(email) || text.contains(telephone))
}

/// The text with every e-mail address and telephone number replaced by a notice.
pub(super) fn redact(text: &str, language: Language) -> String {
    let (email, telephone) = match language {
        Language::En => NOTICES_EN,
        Language::Nl | Language::Other => NOTICES_NL,
    };
    // Most texts have no character with which any address or number is written.
    let may_have_email = text.contains(['@', '＠', '(', '[']);
    let text = if may_have_email { EMAIL.replace_all(text, email) } else { Cow::Borrowed(text) };
    if !text.contains(['0', '+']) || !TELEPHONE.is_match(&text) {
        return text.into_owned();
    }
    let addresses: Vec<_> = ADDRESS.find_iter(&text).map(|address| address.range()).collect();
    let mut redacted = String::with_capacity(text.len());
    let mut end = 0;
    while let Some((begin, after)) = find_telephone(&text, end, &addresses) {
        redacted.push_str(&text[end..begin]);
        redacted.push_str(telephone);
        end = after;
    }
    redacted.push_str(&text[end..]);
    redacted
}

/// The first telephone number at or after `from` that is not in one of the web addresses.
fn find_telephone(text: &str, from: usize, addresses: &[Range<usize>]) -> Option<(usize, usize)> {
    let mut at = from;
    loop {
        let candidate = TELEPHONE.find_at(text, at)?;
        let next = addresses.partition_point(|address| address.end <= candidate.start());
        let in_address = addresses.get(next).is_some_and(|at| at.contains(&candidate.start()));
        if !in_address && is_telephone(text, candidate.start(), candidate.end()) {
            // A bracket that is not closed within the number is not part of it.
            let bracket = candidate.as_str().starts_with('(') && !candidate.as_str().contains(')');
            return Some((candidate.start() + usize::from(bracket), candidate.end()));
        }
        at = text[candidate.start()..].chars().next().map(|c| candidate.start() + c.len_utf8())?;
    }
}

fn is_telephone(text: &str, begin: usize, end: usize) -> bool {
    let (before, number, after) = (&text[..begin], &text[begin..end], &text[end..]);
    let is_service_number =
        ["0800", "0900", "0906", "0909"].iter().any(|prefix| number.starts_with(prefix));
    // Area codes have three or four digits, except that of mobile telephones.
    let has_area_code = number.starts_with("06")
        || number.trim_start_matches('(').bytes().take(3).all(|byte| byte.is_ascii_digit());
    // Long file numbers also begin with zeros.
    let is_file_number = number.starts_with("00")
        && !number.starts_with("0031")
        && number.bytes().all(|byte| byte.is_ascii_digit());
    (number.starts_with(['+', '1']) || (has_area_code && !is_file_number))
        && stands_alone(before, after)
        && !DATE.is_match(&text[begin..])
        && !ACCOUNT.is_match(&before[before.floor_char_boundary(before.len().saturating_sub(10))..])
        && !(is_service_number && after.trim_start().starts_with("uur"))
}

/// Whether a number is not part of something longer: a word, a code or an amount.
fn stands_alone(before: &str, after: &str) -> bool {
    let mut backwards = before.chars().rev();
    let (previous, before_previous) = (backwards.next(), backwards.next());
    let mut forwards = after.chars();
    let (next, after_next) = (forwards.next(), forwards.next());
    let is_digit = |letter: Option<char>| letter.is_some_and(|c| c.is_ascii_digit());
    let opens = previous.is_none_or(|c| !c.is_alphanumeric() && !"/=_&?#%@-+€$".contains(c))
        && !(matches!(previous, Some('.' | ',')) && is_digit(before_previous));
    let closes = next.is_none_or(|c| !c.is_alphanumeric() && !"_%@€".contains(c))
        && !(matches!(next, Some('.' | ',' | '-' | '/')) && is_digit(after_next));
    opens && closes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn telephone_numbers_must_go() {
        for number in [
            "06-12345678",
            "06 12 34 56 78",
            "0612345678",
            "06 - 1234 5678",
            "010 000 00 00",
            "010-1234567",
            "(010) 123 45 67",
            "0570-123456",
            "088 123 45 67",
            "+31 6 12345678",
            "+31 (0)10 123 45 67",
            "+31612345678",
            "0031 6 1234 5678",
            "+32 2 555 12 12",
            "+44 (0)20 7946 0958",
            "0049 30 1234567",
            "0800-1234",
            "0800 0543",
            "0900 123 4567",
            "14 010",
            "14 0172",
        ] {
            for (before, after) in [("", ""), ("Bel ", "."), ("tel:", ", of kom"), ("(", ")")] {
                assert_eq!(
                    redact(&format!("{before}{number}{after}"), Language::Nl),
                    format!("{before}[telefoonnummer weggelaten]{after}"),
                );
            }
        }
    }

    #[test]
    fn e_mail_addresses_must_go() {
        for address in [
            "noor@example.nl",
            "noor.van-der.steen+cx@mail.gemeente.example.nl",
            "zoë@example.nl",
            "noor [at] example.nl",
            "noor(at)example(dot)nl",
        ] {
            assert_eq!(
                redact(&format!("Mail {address}, graag."), Language::En),
                "Mail [e-mail address removed], graag.",
            );
        }
    }

    #[test]
    fn other_numbers_must_stay() {
        for text in [
            "van 2020-2025 en 2019/2020",
            "op 06-03-2026 14:30 en 01-02-2026 om 13:00 uur",
            "12.03.2026 10.00 uur",
            "NEN-EN-ISO 9241-210:2019, NEN 7510, ISO 27001, EN 301 549",
            "€ 1.250.000,00 en 1 250 000 euro, + 1.200.000",
            "KvK 01234567, btw NL001234567B01, OIN 00000001003214345000",
            "NL91 ABNA 0417 1643 00",
            "3011 AB Rotterdam, Postbus 20011, 2500 EA",
            "ISBN 978-90-123-4567-8 en 0-306-40615-2",
            "https://www.example.nl/zaak/0612345678?tel=0101234567 en www.x.nl/010-1234567",
            "zaak 2021-0612345678 en versie 0.6.12345678",
            "van 0800-1700 uur",
            "046b6c7f-0b8a-43b9-b35d-6489e6daee92",
            "tips 01 02 03 04 05 06 07",
            "14 dagen, 14 000 leden, 10-14 uur",
            "zaak 140623 en bestand 14010",
            "@gebruikercentraal en twee@ drie",
        ] {
            assert_eq!(redact(text, Language::Nl), text);
        }
    }

    #[test]
    fn a_long_text_of_numbers_must_be_redacted_in_linear_time() {
        let began = std::time::Instant::now();
        for piece in
            ["0612345678 ", "https://x.nl/0612345678 06-12345678 ", "NL91 ABNA 0417 1643 00 "]
        {
            redact(
                &piece.repeat(crate::ingest::normalise::BODY_BYTES_MAX / piece.len()),
                Language::Nl,
            );
        }
        // Generous for a busy machine; a quadratic algorithm takes hours.
        assert!(began.elapsed().as_secs() < 120, "{:?}", began.elapsed());
    }

    proptest! {
        #[test]
        fn nothing_must_be_found_in_what_was_redacted(text in "[0-9+() @.a-z-]{0,60}") {
            let redacted = redact(&text, Language::Nl);
            prop_assert!(!contains_email(&redacted), "{}", redacted);
        }

        #[test]
        fn a_text_without_the_characters_of_addresses_and_numbers_must_have_none(
            text in "[1-9a-z ._/-]{0,60}"
        ) {
            prop_assert!(!EMAIL.is_match(&text) && !TELEPHONE.is_match(&text));
        }

        #[test]
        fn every_dutch_mobile_number_must_go(digits in "[0-9]{8}", gap in "[ -]?") {
            let text = format!("Bel 06{gap}{digits}!");
            prop_assert_eq!(redact(&text, Language::Nl), "Bel [telefoonnummer weggelaten]!");
        }
    }
}
