//! Shared passages by winnowing (Schleimer, Wilkerson and Aiken, 2003): two texts with a passage in
//! common have a fingerprint in common.

use std::{collections::HashSet, ops::Range};

use super::{
    shingles::{PASSAGE_WORDS, WordHashes},
    tokenizer::words,
};

/// Number of words of a shingle.
const FINGERPRINT_WORDS: usize = 8;
/// Number of consecutive shingles whose minimum is a fingerprint. Any [`PASSAGE_WORDS`] consecutive
/// words that two texts share yield a common fingerprint.
const WINDOW: usize = PASSAGE_WORDS - FINGERPRINT_WORDS + 1;

impl WordHashes {
    /// The minimum of each [`WINDOW`] of shingles, without duplicates. Empty for a short text.
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
}

/// The passages that two texts share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TextOverlap {
    /// Number of words of the first text in shared passages of at least [`FINGERPRINT_WORDS`]
    /// words.
    pub(crate) shared_words: usize,
    /// Number of words of the first text.
    pub(crate) total_words: usize,
    /// Byte range of the longest passage in the first text, and its number of words.
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
        // `max_by_key` returns the last maximum, so this is the first of equally long passages.
        let longest = ranges.iter().rev().max_by_key(|range| range.len());
        let longest = longest.map(|range| {
            (word_ranges[range.start].start..word_ranges[range.end - 1].end, range.len())
        });
        let shared_words = ranges.iter().map(Range::len).sum();
        Self { shared_words, total_words: word_ranges.len(), longest }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{
        super::shingles::test_texts::{distinct, text},
        *,
    };

    #[test]
    fn a_short_text_must_have_no_fingerprints() {
        let short = distinct(0, PASSAGE_WORDS - 1);
        assert!(WordHashes::of([&*short]).fingerprints().is_empty());
    }

    #[test]
    fn a_passage_must_be_located_and_measured() {
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
    }
}
