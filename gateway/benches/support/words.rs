//! A generated vocabulary with the word frequencies of a natural language.
//!
//! Words come from Dutch word lists in `../shared/lexicon`, if that folder exists next to the
//! repository, and consist of Dutch syllables otherwise. In both cases a fixed seed determines the
//! order, and the word of rank `r` has a probability of about `1 / (r + 2.7)` (Zipf-Mandelbrot).

use std::{collections::BTreeSet, fs, path::Path};

use crate::random::SplitMix64;

impl SplitMix64 {
    /// A number from 0 to 1.
    #[expect(clippy::cast_precision_loss, reason = "a chance needs no more")]
    pub(crate) fn next_f64(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A rank below `ranks`; low ranks are the most frequent.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "ranks are small"
    )]
    pub(crate) fn zipf(&mut self, ranks: usize) -> usize {
        const FLAT: f64 = 2.7;
        let grown = ((ranks as f64 + FLAT) / FLAT).powf(self.next_f64());
        ((FLAT * grown - FLAT) as usize).min(ranks - 1)
    }

    /// A log-normal number with the given median.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "lengths are small"
    )]
    pub(crate) fn around(&mut self, median: usize, spread: f64) -> usize {
        // The sum of twelve uniform numbers is approximately normal.
        let normal = (0..12).map(|_| self.next_f64()).sum::<f64>() - 6.0;
        (median as f64 * (normal * spread).exp()) as usize
    }
}

/// The most frequent Dutch words, approximately in order, for ranks from zero.
const COMMON: &str = "de het een en van in is dat op te die voor met niet zijn aan er om ook als \
    dan maar bij of uit nog naar door over ze zo hij wordt je worden deze kan heeft hun al tot wat \
    dit wel hebben moet was veel meer geen kunnen zich we men";

/// Words by rank.
pub(crate) struct Vocabulary {
    ranked: Vec<String>,
    /// Origin of the words: `lexicon` or `syllables`.
    pub(crate) origin: &'static str,
}

impl Vocabulary {
    pub(crate) fn load(lexicon: &Path) -> Self {
        let lists = ["basiswoorden-gekeurd.txt", "wdutch.txt"];
        let read = |list: &&str| fs::read_to_string(lexicon.join(list)).ok();
        let lists: Vec<_> = lists.iter().filter_map(read).collect();
        let plain = |word: &&str| {
            (3..=18).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_lowercase())
        };
        let mut words: BTreeSet<String> =
            lists.iter().flat_map(|list| list.lines()).filter(plain).map(str::to_owned).collect();
        let origin = if words.is_empty() { "syllables" } else { "lexicon" };
        if words.is_empty() {
            words = syllables();
        }
        for common in COMMON.split_whitespace() {
            words.remove(common);
        }
        let mut shuffled: Vec<_> = words.into_iter().collect();
        let mut rng = SplitMix64(7);
        for index in (1..shuffled.len()).rev() {
            shuffled.swap(index, rng.below(index + 1));
        }
        let mut ranked: Vec<_> = COMMON.split_whitespace().map(str::to_owned).collect();
        ranked.append(&mut shuffled);
        Self { ranked, origin }
    }

    pub(crate) fn of_rank(&self, rank: usize) -> &str {
        &self.ranked[rank]
    }

    pub(crate) fn sample(&self, rng: &mut SplitMix64) -> &str {
        &self.ranked[rng.zipf(self.ranked.len())]
    }

    /// A random word that is not one of the most frequent ones.
    pub(crate) fn sample_content_word(&self, rng: &mut SplitMix64) -> &str {
        let common = COMMON.split_whitespace().count();
        &self.ranked[common + rng.zipf(self.ranked.len() - common)]
    }

    /// Appends a sentence of about twelve words to `text`.
    pub(crate) fn sentence(&self, rng: &mut SplitMix64, text: &mut String) -> usize {
        let words = 4 + rng.below(18);
        for index in 0..words {
            let word = self.sample(rng);
            if index == 0 {
                text.push_str(&capital(word));
            } else {
                text.push_str(if rng.happens(6) { ", " } else { " " });
                text.push_str(word);
            }
        }
        text.push('.');
        words
    }
}

pub(crate) fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn syllables() -> BTreeSet<String> {
    const ONSETS: [&str; 16] =
        ["b", "d", "g", "h", "k", "l", "m", "n", "p", "r", "s", "t", "v", "w", "st", "ver"];
    const CORES: [&str; 10] = ["a", "e", "i", "o", "u", "aa", "ee", "oe", "ij", "ei"];
    const ENDS: [&str; 10] = ["", "n", "r", "l", "t", "k", "s", "ng", "cht", "nd"];
    let mut rng = SplitMix64(3);
    let mut words = BTreeSet::new();
    while words.len() < 120_000 {
        let mut word = String::new();
        for _ in 0..=rng.below(4) {
            word.push_str(ONSETS[rng.below(ONSETS.len())]);
            word.push_str(CORES[rng.below(CORES.len())]);
            word.push_str(ENDS[rng.below(ENDS.len())]);
        }
        words.insert(word);
    }
    words
}
