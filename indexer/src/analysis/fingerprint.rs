//! Digests of words in a row, by which texts are compared: whether two are the same but for a few
//! words, and which passages they have in common.

use std::{collections::HashSet, ops::Range};

use xxhash_rust::xxh3::xxh3_64;

use super::tokenizer::{folded, words};

/// A text of fewer words is not compared. Any so many words in a row that two texts have in common
/// give them a print in common.
pub(crate) const PASSAGE_WORDS: usize = 40;
/// So many words in a row are compared to tell whether texts are the same.
const SHINGLE_WORDS: usize = 3;
/// So many words in a row are compared to find passages.
const FINGERPRINT_WORDS: usize = 8;
/// Of so many prints in a row the least is kept.
const WINDOW: usize = PASSAGE_WORDS - FINGERPRINT_WORDS + 1;
/// Texts that are the same meet in one of so many bands…
const BANDS: usize = 8;
/// …for which so many least digests must be equal: texts that have nine of ten rows of words in
/// common meet with a chance of .99997, those with half of them of .66, a fifth of .06.
const BAND_ROWS: usize = 3;

/// The words of some texts, one after another, as digests.
#[derive(Debug)]
pub(crate) struct WordHashes {
    hashes: Vec<u64>,
    /// Digest of everything in it that holds a digit, in whichever order.
    numbers_digest: u64,
}

impl WordHashes {
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
        Self { hashes: all, numbers_digest: combine(&numbers, 0) }
    }

    /// What texts that are the same but for a few words probably have one of in common, and texts
    /// with other numbers in them have not: of a series of reports, none is the same as another.
    /// Empty for a short text.
    pub(crate) fn bands(&self) -> Vec<u64> {
        if self.hashes.len() < PASSAGE_WORDS {
            return Vec::new();
        }
        let mut minima = [u64::MAX; BANDS * BAND_ROWS];
        for shingle in self.shingles(SHINGLE_WORDS) {
            for (seed, minimum) in (1..).zip(&mut minima) {
                *minimum = mix64(shingle, seed).min(*minimum);
            }
        }
        let bands = (1..).zip(minima.chunks_exact(BAND_ROWS));
        bands
            .map(|(band, minima)| combine(minima, self.numbers_digest.wrapping_add(band)))
            .collect()
    }

    /// Which share of the rows of words of both is in both (Jaccard), from 0 to 1.
    #[expect(clippy::cast_precision_loss, reason = "a share needs no more precision")]
    pub(crate) fn jaccard(&self, other: &Self) -> f64 {
        let ours: HashSet<u64> = self.shingles(SHINGLE_WORDS).collect();
        let theirs: HashSet<u64> = other.shingles(SHINGLE_WORDS).collect();
        let both = ours.intersection(&theirs).count();
        both as f64 / (ours.len() + theirs.len() - both).max(1) as f64
    }

    /// Prints of passages, each once: of every [`WINDOW`] rows of words in a row the least digest,
    /// by which texts with a passage in common find each other wherever it begins in them
    /// (winnowing: Schleimer, Wilkerson and Aiken, 2003).
    pub(crate) fn fingerprints(&self) -> Vec<u64> {
        if self.hashes.len() < PASSAGE_WORDS {
            return Vec::new();
        }
        let shingles: Vec<u64> = self.shingles(FINGERPRINT_WORDS).collect();
        let least = |window: &[u64]| window.iter().copied().min();
        let mut fingerprints: Vec<u64> = shingles.windows(WINDOW).filter_map(least).collect();
        fingerprints.sort_unstable();
        fingerprints.dedup();
        fingerprints
    }

    /// Digests of every `size` words in a row.
    fn shingles(&self, size: usize) -> impl Iterator<Item = u64> {
        self.hashes.windows(size).map(|shingle| combine(shingle, 0))
    }
}

/// What two texts have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TextOverlap {
    /// How many words of the first text stand in the second, [`PRINT_WORDS`] or more in a row.
    pub(crate) shared_words: usize,
    /// How many words the first text has.
    pub(crate) total_words: usize,
    /// Where the longest stretch of them is in the first text, and how many words it has.
    pub(crate) longest: Option<(Range<usize>, usize)>,
}

impl TextOverlap {
    /// Compares `text` with another.
    pub(crate) fn between(text: &str, other: &WordHashes) -> Self {
        let ours = WordHashes::of([text]);
        let theirs: HashSet<u64> = other.shingles(FINGERPRINT_WORDS).collect();
        let mut ranges: Vec<Range<usize>> = Vec::new();
        for (at, shingle) in ours.shingles(FINGERPRINT_WORDS).enumerate() {
            if !theirs.contains(&shingle) {
                continue;
            }
            match ranges.last_mut() {
                Some(last) if last.end >= at => last.end = at + FINGERPRINT_WORDS,
                _ => ranges.push(at..at + FINGERPRINT_WORDS),
            }
        }
        let word_ranges: Vec<Range<usize>> = words(text).collect();
        // The first of those that are equally long.
        let longest = ranges.iter().rev().max_by_key(|range| range.len());
        let longest = longest.map(|range| {
            (word_ranges[range.start].start..word_ranges[range.end - 1].end, range.len())
        });
        let shared_words = ranges.iter().map(Range::len).sum();
        Self { shared_words, total_words: word_ranges.len(), longest }
    }
}

fn digest(word: &str) -> u64 {
    xxh3_64(folded(word).as_bytes())
}

/// One digest of several, in their order.
fn combine(digests: &[u64], seed: u64) -> u64 {
    digests.iter().fold(seed, |combined, digest| mix64(combined ^ digest, 1))
}

/// A digest as another function would have it (the last steps of `SplitMix64`).
fn mix64(digest: u64, seed: u64) -> u64 {
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
        let (one, other) = (WordHashes::of([one]).bands(), WordHashes::of([other]).bands());
        one.iter().any(|band| other.contains(band))
    }

    #[test]
    fn texts_that_are_the_same_but_for_a_few_words_must_meet() {
        let one = distinct(0, 200);
        let other = one.replacen(" kaa ", " anders ", 1).replacen(" kba ", " ", 1);
        assert!(other != one && meet(&one, &other));
        assert!(meet(&one, &one.to_uppercase().replace(' ', ", ")));
        let similarity = WordHashes::of([&*one]).jaccard(&WordHashes::of([&*other]));
        assert!((0.9..1.0).contains(&similarity), "{similarity}");
    }

    #[test]
    fn short_texts_other_texts_and_texts_with_other_numbers_must_not_meet() {
        let one = distinct(0, 200);
        assert!(!meet(&one, &distinct(300, 200)));
        assert!(!meet(&format!("{one} in 2024"), &format!("{one} in 2025")));
        assert!(meet(&format!("2024 {one}"), &format!("{one} 2024")));
        let short = distinct(0, PASSAGE_WORDS - 1);
        assert!(WordHashes::of([&*short]).bands().is_empty() && !meet(&short, &short));
        assert!(WordHashes::of([&*short]).fingerprints().is_empty());
    }

    #[test]
    fn a_passage_must_be_measured_and_found_where_it_stands() {
        let ours = format!("Eerst dit. {} En dan dat.", distinct(0, 50));
        let theirs = format!("Iets anders, {}", distinct(0, 50).to_uppercase());
        let overlap = TextOverlap::between(&ours, &WordHashes::of([&*theirs]));
        let (range, words) = overlap.longest.expect("the texts share a passage");
        assert_eq!((overlap.shared_words, overlap.total_words, words), (50, 55, 50));
        assert_eq!(&ours[range], distinct(0, 50));
        let none = TextOverlap::between("kort", &WordHashes::of([&*theirs]));
        assert_eq!(none, TextOverlap { shared_words: 0, total_words: 1, longest: None });
    }

    proptest! {
        #[test]
        fn texts_with_forty_words_in_a_row_in_common_must_share_a_fingerprint(
            before in proptest::collection::vec(0..20_usize, 0..80),
            both in proptest::collection::vec(0..20_usize, PASSAGE_WORDS..80),
            after in proptest::collection::vec(0..20_usize, 0..80),
        ) {
            let one = WordHashes::of([&*text(&before), &*text(&both)]).fingerprints();
            let other = WordHashes::of([&*text(&both), &*text(&after)]).fingerprints();
            prop_assert!(one.iter().any(|fingerprint| other.contains(fingerprint)));
        }

        #[test]
        fn texts_with_nine_of_ten_shingles_in_common_must_nearly_always_meet(
            words in proptest::collection::vec(0..20_usize, 200..400), at in 0..200_usize,
        ) {
            let mut other = words.clone();
            other[at] = 21;
            prop_assert!(meet(&text(&words), &text(&other)));
        }
    }
}
