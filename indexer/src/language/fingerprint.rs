//! Digests of words in a row, by which texts are compared: whether two are the same but for a few
//! words, and which passages they have in common.

use std::{collections::HashSet, ops::Range};

use xxhash_rust::xxh3::xxh3_64;

use super::word::{folded, words};

/// A text of fewer words is not compared. Any so many words in a row that two texts have in common
/// give them a print in common.
pub(crate) const PASSAGE_WORDS: usize = 40;
/// So many words in a row are compared to tell whether texts are the same.
const SAME_WORDS: usize = 3;
/// So many words in a row are compared to find passages.
const PRINT_WORDS: usize = 8;
/// Of so many prints in a row the least is kept.
const WINDOW: usize = PASSAGE_WORDS - PRINT_WORDS + 1;
/// Texts that are the same meet in one of so many bands…
const BANDS: usize = 8;
/// …for which so many least digests must be equal: texts that have nine of ten rows of words in
/// common meet with a chance of .99997, those with half of them of .66, a fifth of .06.
const BAND_ROWS: usize = 3;

/// The words of some texts, one after another, as digests.
#[derive(Debug)]
pub(crate) struct Fingerprint {
    words: Vec<u64>,
    /// Digest of everything in it that holds a digit, in whichever order.
    numbers: u64,
}

impl Fingerprint {
    pub(crate) fn of<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut all = Vec::new();
        let mut numbers = Vec::new();
        for text in texts {
            for word in words(text) {
                let digest = digest(&text[word.clone()]);
                all.push(digest);
                if text[word].bytes().any(|byte| byte.is_ascii_digit()) {
                    numbers.push(digest);
                }
            }
        }
        numbers.sort_unstable();
        Self { words: all, numbers: joined(&numbers, 0) }
    }

    /// What texts that are the same but for a few words probably have one of in common, and texts
    /// with other numbers in them have not: of a series of reports, none is the same as another.
    /// Empty for a short text.
    pub(crate) fn bands(&self) -> Vec<u64> {
        if self.words.len() < PASSAGE_WORDS {
            return Vec::new();
        }
        let mut least = [u64::MAX; BANDS * BAND_ROWS];
        for row in self.rows(SAME_WORDS) {
            for (seed, least) in (1..).zip(&mut least) {
                *least = mixed(row, seed).min(*least);
            }
        }
        let bands = (1..).zip(least.chunks_exact(BAND_ROWS));
        bands.map(|(band, least)| joined(least, self.numbers.wrapping_add(band))).collect()
    }

    /// Which share of the rows of words of both is in both (Jaccard), from 0 to 1.
    #[expect(clippy::cast_precision_loss, reason = "a share needs no more precision")]
    pub(crate) fn likeness(&self, other: &Self) -> f64 {
        let ours: HashSet<u64> = self.rows(SAME_WORDS).collect();
        let theirs: HashSet<u64> = other.rows(SAME_WORDS).collect();
        let both = ours.intersection(&theirs).count();
        both as f64 / (ours.len() + theirs.len() - both).max(1) as f64
    }

    /// Prints of passages, each once: of every [`WINDOW`] rows of words in a row the least digest,
    /// by which texts with a passage in common find each other wherever it begins in them
    /// (winnowing: Schleimer, Wilkerson and Aiken, 2003).
    pub(crate) fn prints(&self) -> Vec<u64> {
        if self.words.len() < PASSAGE_WORDS {
            return Vec::new();
        }
        let rows: Vec<u64> = self.rows(PRINT_WORDS).collect();
        let least = |window: &[u64]| window.iter().copied().min();
        let mut prints: Vec<u64> = rows.windows(WINDOW).filter_map(least).collect();
        prints.sort_unstable();
        prints.dedup();
        prints
    }

    /// Digests of every `size` words in a row.
    fn rows(&self, size: usize) -> impl Iterator<Item = u64> {
        self.words.windows(size).map(|row| joined(row, 0))
    }
}

/// What two texts have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Passage {
    /// How many words of the first text stand in the second, [`PRINT_WORDS`] or more in a row.
    pub(crate) words: usize,
    /// How many words the first text has.
    pub(crate) of: usize,
    /// Where the longest stretch of them is in the first text, and how many words it has.
    pub(crate) longest: Option<(Range<usize>, usize)>,
}

impl Passage {
    /// Compares `text` with another.
    pub(crate) fn shared(text: &str, other: &Fingerprint) -> Self {
        let ours = Fingerprint::of([text]);
        let theirs: HashSet<u64> = other.rows(PRINT_WORDS).collect();
        let mut stretches: Vec<Range<usize>> = Vec::new();
        for (at, row) in ours.rows(PRINT_WORDS).enumerate() {
            if !theirs.contains(&row) {
                continue;
            }
            match stretches.last_mut() {
                Some(last) if last.end >= at => last.end = at + PRINT_WORDS,
                _ => stretches.push(at..at + PRINT_WORDS),
            }
        }
        let places: Vec<Range<usize>> = words(text).collect();
        // The first of those that are equally long.
        let longest = stretches.iter().rev().max_by_key(|stretch| stretch.len());
        let longest = longest.map(|stretch| {
            (places[stretch.start].start..places[stretch.end - 1].end, stretch.len())
        });
        let words = stretches.iter().map(Range::len).sum();
        Self { words, of: places.len(), longest }
    }
}

fn digest(word: &str) -> u64 {
    xxh3_64(folded(word).as_bytes())
}

/// One digest of several, in their order.
fn joined(digests: &[u64], seed: u64) -> u64 {
    digests.iter().fold(seed, |joined, digest| mixed(joined ^ digest, 1))
}

/// A digest as another function would have it (the last steps of `SplitMix64`).
fn mixed(digest: u64, seed: u64) -> u64 {
    let mut mixed = digest.wrapping_add(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn letter(number: usize) -> char {
        ('a'..='z').nth(number % 26).unwrap()
    }

    fn text(words: &[usize]) -> String {
        let words = words.iter().map(|word| format!("w{}x", letter(*word)));
        words.collect::<Vec<_>>().join(" ")
    }

    fn distinct(from: usize, count: usize) -> String {
        let word = |number: usize| {
            format!("{}{}{}", letter(number), letter(number / 26), letter(number / 676))
        };
        (from..from + count).map(word).collect::<Vec<_>>().join(" ")
    }

    fn meet(one: &str, other: &str) -> bool {
        let (one, other) = (Fingerprint::of([one]).bands(), Fingerprint::of([other]).bands());
        one.iter().any(|band| other.contains(band))
    }

    #[test]
    fn texts_that_are_the_same_but_for_a_few_words_must_meet() {
        let one = distinct(0, 200);
        let other = one.replacen(" kaa ", " anders ", 1).replacen(" kba ", " ", 1);
        assert!(other != one && meet(&one, &other));
        assert!(meet(&one, &one.to_uppercase().replace(' ', ", ")));
        let likeness = Fingerprint::of([&*one]).likeness(&Fingerprint::of([&*other]));
        assert!((0.9..1.0).contains(&likeness), "{likeness}");
    }

    #[test]
    fn short_texts_other_texts_and_texts_with_other_numbers_must_not_meet() {
        let one = distinct(0, 200);
        assert!(!meet(&one, &distinct(300, 200)));
        assert!(!meet(&format!("{one} in 2024"), &format!("{one} in 2025")));
        assert!(meet(&format!("2024 {one}"), &format!("{one} 2024")));
        let short = distinct(0, PASSAGE_WORDS - 1);
        assert!(Fingerprint::of([&*short]).bands().is_empty() && !meet(&short, &short));
        assert!(Fingerprint::of([&*short]).prints().is_empty());
    }

    #[test]
    fn a_passage_must_be_measured_and_found_where_it_stands() {
        let ours = format!("Eerst dit. {} En dan dat.", distinct(0, 50));
        let theirs = format!("Iets anders, {}", distinct(0, 50).to_uppercase());
        let passage = Passage::shared(&ours, &Fingerprint::of([&*theirs]));
        let (place, words) = passage.longest.expect("there is one");
        assert_eq!((passage.words, passage.of, words), (50, 55, 50));
        assert_eq!(&ours[place], distinct(0, 50));
        let none = Passage::shared("kort", &Fingerprint::of([&*theirs]));
        assert_eq!(none, Passage { words: 0, of: 1, longest: None });
    }

    proptest! {
        #[test]
        fn texts_with_forty_words_in_a_row_in_common_must_have_a_print_in_common(
            before in proptest::collection::vec(0..20_usize, 0..80),
            both in proptest::collection::vec(0..20_usize, PASSAGE_WORDS..80),
            after in proptest::collection::vec(0..20_usize, 0..80),
        ) {
            let one = Fingerprint::of([&*text(&before), &*text(&both)]).prints();
            let other = Fingerprint::of([&*text(&both), &*text(&after)]).prints();
            prop_assert!(one.iter().any(|print| other.contains(print)));
        }

        #[test]
        fn texts_with_nine_of_ten_rows_in_common_must_nearly_always_meet(
            words in proptest::collection::vec(0..20_usize, 200..400), at in 0..200_usize,
        ) {
            let mut other = words.clone();
            other[at] = 21;
            prop_assert!(meet(&text(&words), &text(&other)));
        }
    }
}
