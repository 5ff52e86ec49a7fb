//! Near-duplicates by `MinHash` with banding: texts are candidates if one band of minima is equal
//! (Broder, 1997; Leskovec, Rajaraman and Ullman, Mining of Massive Datasets, 3.4).

use std::collections::HashSet;

use super::shingles::{PASSAGE_WORDS, WordHashes, combine, mix64};

/// Number of words of a shingle.
const SHINGLE_WORDS: usize = 3;
/// Number of bands.
const BANDS: usize = 8;
/// Number of minima per band. Two texts that share nine of ten shingles have a band in common with
/// a probability of .99997; half of them, .66; a fifth, .06.
const BAND_ROWS: usize = 3;

impl WordHashes {
    /// The bands. Texts that differ in a few words probably have one in common. Texts with
    /// different numbers have none, because reports of a series are not duplicates. Empty for a
    /// short text.
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

    /// Jaccard similarity of the shingles of two texts, from 0 to 1.
    #[expect(clippy::cast_precision_loss, reason = "a share needs no more precision")]
    pub(crate) fn jaccard(&self, other: &Self) -> f64 {
        let ours: HashSet<u64> = self.shingles(SHINGLE_WORDS).collect();
        let theirs: HashSet<u64> = other.shingles(SHINGLE_WORDS).collect();
        let both = ours.intersection(&theirs).count();
        both as f64 / (ours.len() + theirs.len() - both).max(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{
        super::shingles::test_texts::{distinct, text},
        *,
    };

    fn meet(one: &str, other: &str) -> bool {
        let (one, other) = (WordHashes::of([one]).bands(), WordHashes::of([other]).bands());
        one.iter().any(|band| other.contains(band))
    }

    #[test]
    fn texts_that_differ_in_a_few_words_must_share_a_band() {
        let one = distinct(0, 200);
        let other = one.replacen(" kaa ", " anders ", 1).replacen(" kba ", " ", 1);
        assert!(other != one && meet(&one, &other));
        assert!(meet(&one, &one.to_uppercase().replace(' ', ", ")));
        let similarity = WordHashes::of([&*one]).jaccard(&WordHashes::of([&*other]));
        assert!((0.9..1.0).contains(&similarity), "{similarity}");
    }

    #[test]
    fn short_or_different_texts_and_different_numbers_must_not_share_a_band() {
        let one = distinct(0, 200);
        assert!(!meet(&one, &distinct(300, 200)));
        assert!(!meet(&format!("{one} in 2024"), &format!("{one} in 2025")));
        assert!(meet(&format!("2024 {one}"), &format!("{one} 2024")));
        let short = distinct(0, PASSAGE_WORDS - 1);
        assert!(WordHashes::of([&*short]).bands().is_empty() && !meet(&short, &short));
    }

    proptest! {
        #[test]
        fn texts_with_nine_of_ten_shingles_in_common_must_share_a_band(
            words in proptest::collection::vec(0..20_usize, 200..400), at in 0..200_usize,
        ) {
            let mut other = words.clone();
            other[at] = 21;
            prop_assert!(meet(&text(&words), &text(&other)));
        }
    }
}
