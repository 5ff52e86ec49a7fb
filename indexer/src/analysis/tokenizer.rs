//! Splits texts into words. Indexing and highlighting share this definition, so that a position in
//! the index identifies a range of bytes in the text.

use std::ops::Range;

use schema::normalisation::{self, is_mark};

/// Minimum length in bytes of words that are not indexed. They still have a position.
pub(crate) const WORD_BYTES_MAX: usize = 64;

/// Signs that can follow a single letter in a name, such as `C#`.
const SIGNS: [&str; 2] = ["++", "#"];
/// The sign of a section, which is a word: `§ 3` is *paragraaf 3*.
const SECTION_SIGN: char = '§';
const SECTION: &str = "paragraaf";
/// Invisible hyphen at which a line may be broken.
const SOFT_HYPHEN: char = '\u{ad}';

/// The words of `text` as byte ranges, in order: sequences of letters and digits, with apostrophes
/// between letters (`foto's`), dots and commas between digits (`2.2`), and `#` or `++` after a
/// single letter (`C#`); `§` is a word. The segments of a hyphenated word are separate words; see
/// [`is_hyphenated`].
pub(crate) fn words(text: &str) -> WordIter<'_> {
    WordIter { text, position: 0 }
}

/// Whether a word is indexed.
pub(crate) fn is_indexed(word: &Range<usize>) -> bool {
    word.len() < WORD_BYTES_MAX
}

/// Whether two words of `text` are separated by nothing but a hyphen.
pub(crate) fn is_hyphenated(text: &str, word: &Range<usize>, next: &Range<usize>) -> bool {
    matches!(&text[word.end..next.start], "-" | "\u{2010}" | "\u{2011}")
}

/// Normalises a word for comparison: lower case, no accents, no apostrophes, and no *s* of a plural
/// or possessive after an apostrophe.
pub(crate) fn folded(word: &str) -> String {
    let mut folded = String::new();
    fold_into(word, &mut folded);
    folded
}

/// Replaces a text with a word as [`folded`].
pub(super) fn fold_into(word: &str, folded: &mut String) {
    if word.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        folded.clear();
        folded.push_str(word);
        folded.make_ascii_lowercase();
    } else {
        *folded = folded_unicode(word);
    }
}

fn folded_unicode(word: &str) -> String {
    if word.strip_prefix(SECTION_SIGN) == Some("") {
        return SECTION.to_owned();
    }
    let last = word.char_indices().rev().find(|(_, letter)| !matches!(letter, 's' | 'S'));
    let stem = match last {
        Some((at, letter)) if normalisation::is_stripped(letter) && !is_mark(letter) => &word[..at],
        _ => word,
    };
    let mut folded = normalisation::name(stem);
    folded.retain(|letter| letter != SOFT_HYPHEN && letter != ' ');
    folded
}

/// Iterator over the words of a text.
#[derive(Debug, Clone)]
pub(crate) struct WordIter<'a> {
    text: &'a str,
    position: usize,
}

impl Iterator for WordIter<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        let start = self.position + self.text[self.position..].find(is_word_start)?;
        self.position = start + word_length(&self.text[start..]);
        Some(start..self.position)
    }
}

fn is_word_start(letter: char) -> bool {
    letter.is_alphanumeric() || letter == SECTION_SIGN
}

/// Length in bytes of the word at the start of `text`.
fn word_length(text: &str) -> usize {
    if text.starts_with(SECTION_SIGN) {
        return SECTION_SIGN.len_utf8();
    }
    // Most words consist of ASCII letters.
    let ascii = text.bytes().take_while(u8::is_ascii_alphanumeric).count();
    let mut end = ascii;
    let mut before = text[..ascii].chars().next_back().unwrap_or('\0');
    let mut letters = text[ascii..].char_indices().peekable();
    while let Some((at, letter)) = letters.next() {
        let belongs = letter.is_alphanumeric()
            || is_mark(letter)
            || letters.peek().is_some_and(|(_, after)| joins(before, letter, *after));
        if !belongs {
            break;
        }
        (end, before) = (ascii + at + letter.len_utf8(), letter);
    }
    let is_one_letter = before.is_alphabetic() && end == before.len_utf8();
    if !is_one_letter {
        return end;
    }
    let sign = SIGNS.into_iter().find(|sign| text[end..].starts_with(sign));
    match sign.map(|sign| end + sign.len()) {
        Some(end_with_sign) if !text[end_with_sign..].starts_with(char::is_alphanumeric) => {
            end_with_sign
        }
        _ => end,
    }
}

/// Whether a character inside a word is part of it.
fn joins(before: char, letter: char, after: char) -> bool {
    match letter {
        '.' | ',' => before.is_ascii_digit() && after.is_ascii_digit(),
        SOFT_HYPHEN => after.is_alphabetic(),
        _ => normalisation::is_stripped(letter) && before.is_alphabetic() && after.is_alphabetic(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found(text: &str) -> Vec<&str> {
        words(text).map(|range| &text[range]).collect()
    }

    #[test]
    fn words_must_stay_searchable() {
        for (text, expected) in [
            ("WCAG 2.2, niveau AA.", vec!["WCAG", "2.2", "niveau", "AA"]),
            ("C# en C++, niet C#3", vec!["C#", "en", "C++", "niet", "C", "3"]),
            ("1 overheid; B1-niveau", vec!["1", "overheid", "B1", "niveau"]),
            ("de foto’s van 'Loket'", vec!["de", "foto’s", "van", "Loket"]),
            ("'s avonds om 12.30", vec!["s", "avonds", "om", "12.30"]),
            ("ge\u{ad}bruiker e\u{301}én", vec!["ge\u{ad}bruiker", "e\u{301}én"]),
            ("zie § 3 en §4", vec!["zie", "§", "3", "en", "§", "4"]),
            ("a.b, 1.c en 1, 2", vec!["a", "b", "1", "c", "en", "1", "2"]),
        ] {
            assert_eq!(found(text), expected, "{text}");
        }
    }

    #[test]
    fn only_a_hyphen_must_join_words() {
        for (text, expected) in [("e-mail", true), ("e - mail", false), ("en/of", false)] {
            let all: Vec<_> = words(text).collect();
            assert_eq!(is_hyphenated(text, &all[0], &all[1]), expected, "{text}");
        }
    }

    #[test]
    fn spelling_variants_must_fold_to_the_same_word() {
        for (one, other) in [
            ("hén", "hen"),
            ("Vóór", "voor"),
            ("community’s", "community"),
            ("foto's", "FOTO"),
            ("auto’s", "auto"),
            ("coo\u{308}rdinatie", "coördinatie"),
            ("ge\u{ad}bruiker", "gebruiker"),
            ("§", "paragraaf"),
        ] {
            assert_eq!(folded(one), folded(other), "{one}");
        }
        assert_eq!(folded("loss"), "loss");
        assert_eq!(folded("C#"), "c#");
    }

    proptest! {
        #[test]
        fn words_must_contain_every_letter_once_and_in_order(text in "[a-zé’'`. ,\u{301}\u{ad}0-9½§#+-]{0,60}") {
            let mut end = 0;
            for word in words(&text) {
                prop_assert!(word.start >= end && !word.is_empty());
                prop_assert!(!text[end..word.start].contains(char::is_alphanumeric));
                end = word.end;
            }
            prop_assert!(!text[end..].contains(char::is_alphanumeric));
        }
    }
}
