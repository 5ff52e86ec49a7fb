//! Boilerplate: page elements that are copied from a browser along with the text.

use std::{collections::HashSet, sync::LazyLock};

use regex::{Regex, RegexBuilder};

use crate::ingest::source::text::line::Line;

/// A page without its boilerplate.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct MainContent {
    /// The remaining lines.
    pub lines: Vec<Line>,
    /// The hashtags below the text, without the `#`.
    pub hashtags: Vec<String>,
}

/// Minimum length in characters of a block whose repetitions are removed.
const REPEATED_LINE_CHARS_MIN: usize = 30;
/// Minimum number of characters of text before a side bar.
const TEXT_BEFORE_SIDEBAR_CHARS_MIN: usize = 300;
/// Minimum number of entries in a menu.
const MENU_LINES_MIN: usize = 3;
/// Maximum number of words in a menu entry.
const MENU_WORDS_MAX: usize = 3;

/// Links and buttons of a web page.
static LINK_LINE: LazyLock<Regex> = LazyLock::new(|| {
    any_of(&[
        "skip (?:to|links?).{0,40}",
        "(?:ga |spring |direct )?naar (?:de )?(?:hoofd)?(?:inhoud|navigatie|content)",
        "menu|zoeken|search|inloggen|naar boven|print(?: deze pagina)?",
        "(?:deel|share) (?:dit|deze|this).{0,30}",
        "terug naar (?:het )?overzicht|back to (?:overview|top)",
        "cookie-?(?:instellingen|voorkeuren|settings)|alle cookies accepteren",
    ])
});
/// Headings of side bars.
static SIDEBAR: LazyLock<Regex> = LazyLock::new(|| {
    any_of(&[
        "(?:laatste|recente|gerelateerde|andere|meer) \
         (?:inzichten|nieuws|nieuwsberichten|berichten|artikelen|blogs|publicaties)",
        "(?:latest|recent|related|more) (?:insights|news|posts|articles|blogs)",
        "ervaringen (?:&|en|\\+) referenties",
        "testimonials|meest gelezen|gerelateerd",
    ])
});

/// A pattern that matches whole lines, regardless of case.
fn any_of(patterns: &[&str]) -> Regex {
    let pattern = format!("^(?:{})$", patterns.join("|"));
    RegexBuilder::new(&pattern)
        .case_insensitive(true)
        .build()
        .expect("constant regex is valid, covered by tests")
}

/// The lines of a text.
pub(super) fn lines(text: &str) -> Vec<Line> {
    (1..)
        .zip(text.lines())
        .map(|(number, line)| {
            let text = line.trim();
            let indent = line.chars().take_while(|c| c.is_whitespace()).count();
            Line { number, indent: if text.is_empty() { 0 } else { indent }, text: text.to_owned() }
        })
        .collect()
}

/// Removes the boilerplate from a text.
pub(super) fn strip(text: &str) -> MainContent {
    let mut content = MainContent::default();
    let mut seen_lines = HashSet::new();
    let mut chars = 0;
    let mut in_sidebar = false;
    let all = lines(text);
    for block in all.split_inclusive(|line| line.text.is_empty()) {
        in_sidebar |= chars >= TEXT_BEFORE_SIDEBAR_CHARS_MIN && opens_sidebar(block);
        let is_menu = chars == 0 && is_menu(block);
        for line in block {
            if let Some(hashtags) = hashtags(&line.text) {
                content.hashtags.extend(hashtags);
            } else if !in_sidebar && !is_menu && !LINK_LINE.is_match(&line.text) {
                let length = line.text.chars().count();
                if length < REPEATED_LINE_CHARS_MIN
                    || seen_lines.insert(schema::normalisation::name(&line.text))
                {
                    chars += length;
                    content.lines.push(line.clone());
                }
            }
        }
    }
    content
}

/// A side bar begins with its heading on a line of its own, after a blank line.
fn opens_sidebar(block: &[Line]) -> bool {
    block.first().is_some_and(|line| SIDEBAR.is_match(&line.text))
}

/// Whether a block above the text is a menu: short entries that are not sentences.
fn is_menu(block: &[Line]) -> bool {
    let entries: Vec<_> = block.iter().filter(|line| !line.text.is_empty()).collect();
    let is_entry = |line: &&Line| {
        line.text.split_whitespace().count() <= MENU_WORDS_MAX
            && line.text.ends_with(char::is_alphanumeric)
    };
    entries.len() >= MENU_LINES_MIN && entries.iter().all(is_entry)
}

fn hashtags(line: &str) -> Option<Vec<String>> {
    let tag = |word: &str| {
        let tag = word.strip_prefix('#')?.trim_end_matches(',');
        let fits =
            !tag.is_empty() && tag.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-');
        fits.then(|| tag.to_owned())
    };
    let tags: Vec<String> = line.split_whitespace().map(tag).collect::<Option<_>>()?;
    (!tags.is_empty()).then_some(tags)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn content_lines(text: &str) -> Vec<String> {
        let lines = strip(text).lines.into_iter();
        lines.map(|line| line.text).filter(|text| !text.is_empty()).collect()
    }

    const LONG: &str = "Dit is een alinea die lang genoeg is om als tekst te tellen, want pas na \
                        een flink stuk tekst geloven we dat er een zijbalk begint. Daarom staat \
                        hier nog een zin, en nog een zin, en dan nog een zin die met de andere \
                        zinnen samen meer dan driehonderd tekens lang is, zodat het ook echt en \
                        zonder twijfel genoeg is.";

    #[test]
    fn links_and_menus_above_a_text_must_go() {
        let text = "Skip to main content\n\nHome\nDiensten\nOver ons\n\nDrie uur wachten\n\nTekst.";
        assert_eq!(content_lines(text), ["Drie uur wachten", "Tekst."]);
    }

    #[test]
    fn everything_from_a_side_bar_on_must_go_but_the_hashtags() {
        let text = format!("{LONG}\n\n    Laatste inzichten\n\nIets anders.\n\n#omnichannel #cx");
        assert_eq!(content_lines(&text), [LONG]);
        assert_eq!(strip(&text).hashtags, ["omnichannel", "cx"]);
    }

    #[test]
    fn a_word_of_a_side_bar_in_the_text_must_not_end_it() {
        assert_eq!(content_lines("Laatste inzichten\n\nTekst."), ["Laatste inzichten", "Tekst."]);
        let within = format!("{LONG}\n\nLaatste inzichten delen we hier.\n\nSlot.");
        assert_eq!(content_lines(&within), [LONG, "Laatste inzichten delen we hier.", "Slot."]);
    }

    #[test]
    fn a_repeated_line_must_be_removed() {
        let quote = "”Ik heb altijd een hekel aan rollenspellen, maar dit was leuk.”";
        assert_eq!(
            content_lines(&format!("{quote}\n\nJa.\n\n{quote}\n\nJa.")),
            [quote, "Ja.", "Ja."]
        );
    }

    #[test]
    fn a_number_sign_must_not_be_a_hashtag() {
        assert_eq!(hashtags("# Titel"), None);
        assert_eq!(hashtags("Zie #cx"), None);
        assert_eq!(hashtags(""), None);
    }

    proptest! {
        #[test]
        fn no_text_must_make_the_reader_panic(text in "[#•\\-A-Ca-c .?\nëé’]{0,200}") {
            let content = strip(&text);
            crate::ingest::source::text::block::blocks(&crate::ingest::source::text::line::unwrap_lines(&content.lines));
        }
    }
}
