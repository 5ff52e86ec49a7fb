//! Hashes of words and of word sequences (shingles), to find near-duplicates and shared passages.

use xxhash_rust::xxh3::xxh3_64;

use super::tokenizer::{fold_into, words};

/// Minimum number of words of a text to compare, and of a shared passage.
pub(crate) const PASSAGE_WORDS: usize = 40;

/// Hashes of the words of one or more texts, in order.
#[derive(Debug)]
pub(crate) struct WordHashes {
    pub(super) hashes: Vec<u64>,
    /// Hash of all words with a digit, independent of their order.
    pub(super) numbers_digest: u64,
}

impl WordHashes {
    pub(crate) fn of<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut all = Vec::new();
        let mut numbers = Vec::new();
        let mut folded = String::new();
        for text in texts {
            for word in words(text) {
                fold_into(&text[word.clone()], &mut folded);
                let digest = xxh3_64(folded.as_bytes());
                all.push(digest);
                if text[word].bytes().any(|byte| byte.is_ascii_digit()) {
                    numbers.push(digest);
                }
            }
        }
        numbers.sort_unstable();
        Self { hashes: all, numbers_digest: combine(&numbers, 0) }
    }

    /// Hashes of every `size` consecutive words.
    pub(super) fn shingles(&self, size: usize) -> impl Iterator<Item = u64> {
        self.hashes.windows(size).map(|shingle| combine(shingle, 0))
    }
}

/// An order-dependent hash of several hashes.
pub(super) fn combine(hashes: &[u64], seed: u64) -> u64 {
    hashes.iter().fold(seed, |combined, hash| mix64(combined ^ hash, 1))
}

/// A member of a family of hash functions, selected by `seed` (finaliser of `SplitMix64`).
pub(super) fn mix64(hash: u64, seed: u64) -> u64 {
    let mut mixed = hash.wrapping_add(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
pub(super) mod test_texts {
    fn letter(number: usize) -> char {
        ('a'..='z').nth(number % 26).unwrap()
    }

    pub(in crate::analysis) fn distinct(from: usize, count: usize) -> String {
        let word = |number: usize| {
            format!("{}{}{}", letter(number), letter(number / 26), letter(number / 676))
        };
        (from..from + count).map(word).collect::<Vec<_>>().join(" ")
    }

    pub(in crate::analysis) fn text(words: &[usize]) -> String {
        let words = words.iter().map(|word| format!("w{}x", letter(*word)));
        words.collect::<Vec<_>>().join(" ")
    }
}
