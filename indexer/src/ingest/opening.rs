//! Openings of articles: the words around names and the titles by which an article and an entry that
//! announces it can be recognised as one.

use std::collections::{BTreeSet, HashSet};

use schema::{NodeKind, normalisation};

use crate::{
    analysis,
    analysis::AnalysisLanguage,
    source_facts::{Detail, Facts},
};

/// Maximum number of words of an announcement.
const ANNOUNCEMENT_WORDS_MAX: usize = 120;
/// Minimum number of words of a full text.
const FULL_TEXT_WORDS_MIN: usize = 200;
/// Number of words from the start of a text that are its opening.
const OPENING_WORDS: usize = 100;
/// Number of consecutive words, a name included, that both texts must contain.
const SHARED_WORDS: usize = 8;
/// Minimum number of words of a title that identifies an article together with a person.
const TITLE_WORDS_MIN: usize = 3;
/// Minimum percentage of the words of an announcement that the full text must contain.
const SHARED_PERCENT_MIN: usize = 60;
/// Maximum number of keys of a record.
const KEYS_MAX: usize = 16;
const PREFIX: &str = "opening:";

/// Whether a name key is one of an opening.
pub(super) fn is_opening_key(name: &str) -> bool {
    name.starts_with(PREFIX)
}

/// The keys by which an article and its announcement meet.
pub(super) fn opening_keys(facts: &Facts) -> BTreeSet<String> {
    let Detail::Article(article) = &facts.detail else { return BTreeSet::new() };
    let mut keys = BTreeSet::new();
    // The summary is usually the beginning of the text.
    let has_text = article.lead.is_some() || facts.body.is_some();
    for text in texts(facts).skip(usize::from(has_text && facts.summary.is_some())) {
        for words in words_around_names(text) {
            if keys.len() < KEYS_MAX {
                keys.insert(opening_key(words.iter().map(String::as_str)));
            }
        }
    }
    let title: Vec<String> =
        facts.title.iter().flat_map(|title| analysis::fold_words(title)).collect();
    if title.len() >= TITLE_WORDS_MIN {
        let people = [&facts.people, &article.authors, &article.interviewees];
        for person in people.into_iter().flatten().take(KEYS_MAX) {
            let person = normalisation::name(person);
            keys.insert(opening_key(title.iter().map(String::as_str).chain([person.as_str()])));
        }
    }
    keys
}

/// Whether a record is a short text without a URL.
pub(super) fn is_announcement(facts: &Facts) -> bool {
    facts.kind() == NodeKind::Article
        && facts.url.is_none()
        && word_count(facts, ANNOUNCEMENT_WORDS_MAX + 1) <= ANNOUNCEMENT_WORDS_MAX
}

/// Whether a record has a text of its own.
pub(super) fn is_full_text(facts: &Facts) -> bool {
    facts.kind() == NodeKind::Article
        && word_count(facts, FULL_TEXT_WORDS_MIN) >= FULL_TEXT_WORDS_MIN
}

/// Whether a full text contains most of the words of its announcement, stop words aside.
pub(super) fn repeats(announcement: &Facts, full_text: &Facts) -> bool {
    let words = |facts: &Facts| -> HashSet<String> {
        let texts = facts.name().into_iter().chain(texts(facts));
        let words = texts.flat_map(|text| analysis::stems(AnalysisLanguage::Dutch, text));
        words.filter(|word| !analysis::is_stop_word(word)).collect()
    };
    let announced = words(announcement);
    let shared = announced.intersection(&words(full_text)).count();
    shared * 100 >= announced.len() * SHARED_PERCENT_MIN
}

/// The summary, the lead and the body of an article.
fn texts(facts: &Facts) -> impl Iterator<Item = &str> {
    let lead = match &facts.detail {
        Detail::Article(article) => article.lead.as_deref(),
        _ => None,
    };
    let body = facts.body.as_ref().map(|body| body.text.as_str());
    [facts.summary.as_deref(), lead, body].into_iter().flatten()
}

/// The number of words of the longest text, at most `limit`.
fn word_count(facts: &Facts, limit: usize) -> usize {
    texts(facts).map(|text| analysis::words(text).take(limit).count()).max().unwrap_or_default()
}

/// The folded words that begin and that end with each name in the opening of a text: two words in
/// capitals or more, such as *Noor van Dijk*.
fn words_around_names(text: &str) -> Vec<Vec<String>> {
    let words: Vec<_> = analysis::words(text).take(OPENING_WORDS).collect();
    let is_capitalised =
        |at: usize| text[words[at].clone()].chars().next().is_some_and(char::is_uppercase);
    let is_adjacent = |at: usize| {
        let between = &text[words[at - 1].end..words[at].start];
        !between.is_empty() && between.chars().all(char::is_whitespace)
    };
    let is_particle = |at: usize| {
        ["van", "de", "der", "den", "ten", "ter", "het", "in", "t"]
            .contains(&analysis::folded(&text[words[at].clone()]).as_str())
    };
    let mut found = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let start = at;
        at += 1;
        if !is_capitalised(start) {
            continue;
        }
        let mut last = start;
        while at < words.len() && is_adjacent(at) && (is_capitalised(at) || is_particle(at)) {
            if is_capitalised(at) {
                last = at;
            }
            at += 1;
        }
        at = last + 1;
        if last > start {
            // The first capital may be that of a sentence.
            let second = (start + 1..last).find(|at| is_capitalised(*at)).unwrap_or(start);
            let around = [
                start..start + SHARED_WORDS,
                second..second + SHARED_WORDS,
                (last + 1).saturating_sub(SHARED_WORDS)..last + 1,
            ];
            found.extend(
                around.into_iter().filter(|range| range.len() == SHARED_WORDS).filter_map(
                    |range| {
                        let range = words.get(range)?.iter();
                        Some(range.map(|word| analysis::folded(&text[word.clone()])).collect())
                    },
                ),
            );
        }
    }
    found
}

fn opening_key<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let mut hasher = blake3::Hasher::new();
    for word in words {
        hasher.update(word.as_bytes());
        hasher.update(b" ");
    }
    format!("{PREFIX}{}", &hasher.finalize().to_hex()[..16])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_around_a_name_must_be_the_same_in_other_sentences() {
        let around = |text| words_around_names(text).into_iter().collect::<BTreeSet<_>>();
        let one =
            "Daarom is er een groep. Noor van Dijk, die hem leidt, vertelt er meer over aan ons.";
        let other = "Er is een groep, dus. Noor van Dijk, die hem leidt, vertelt er graag over.";
        assert!(!around(one).is_disjoint(&around(other)), "{:?}", around(one));
        assert!(around("Wij spreken Noor van Dijk.").is_empty());
        assert!(around("de gemeente Utrecht heeft een nieuw loket voor alle inwoners").is_empty());
    }
}
