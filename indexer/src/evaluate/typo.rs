//! Reproducible typos.

use std::ops::Range;

/// Minimum number of letters of a word with a typo.
const LETTERS_MIN: usize = 4;

/// A seeded pseudo-random number generator (`SplitMix64`).
pub(super) struct SplitMix64(u64);

impl SplitMix64 {
    /// A generator for one query.
    pub(super) fn for_query(seed: u64, id: &str) -> Self {
        let mut digest = blake3::Hasher::new();
        digest.update(&seed.to_le_bytes());
        digest.update(id.as_bytes());
        let digest = digest.finalize();
        let first = digest.as_bytes()[..8].try_into().expect("a digest has 32 bytes");
        Self(u64::from_le_bytes(first))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A uniformly distributed number below `bound`.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        let number = (u128::from(self.next()) * bound as u128) >> 64;
        usize::try_from(number).expect("a number below a `usize` is a `usize`")
    }
}

/// Inserts, deletes or replaces one letter of a word, or swaps it with the next one. Never changes
/// the first letter of the word. Returns a text without a word of four letters unchanged.
pub(super) fn with_typo(text: &str, rng: &mut SplitMix64) -> String {
    let words = words(text);
    if words.is_empty() {
        return text.to_owned();
    }
    let word = words[rng.below(words.len())].clone();
    let letters: Vec<char> = text[word.clone()].chars().collect();
    let edited = loop {
        let edited = edit(&letters, rng);
        if edited != letters {
            break edited;
        }
    };
    let edited: String = edited.into_iter().collect();
    format!("{}{edited}{}", &text[..word.start], &text[word.end..])
}

fn edit(letters: &[char], rng: &mut SplitMix64) -> Vec<char> {
    let mut edited = letters.to_vec();
    let letter = |rng: &mut SplitMix64| {
        let letter = u8::try_from(rng.below(26)).expect("a number below 26 is a `u8`");
        char::from(b'a' + letter)
    };
    match rng.below(4) {
        0 => edited.insert(1 + rng.below(letters.len()), letter(rng)),
        1 => drop(edited.remove(1 + rng.below(letters.len() - 1))),
        2 => edited[1 + rng.below(letters.len() - 1)] = letter(rng),
        _ => {
            let index = 1 + rng.below(letters.len() - 2);
            edited.swap(index, index + 1);
        }
    }
    edited
}

/// Ranges of the words that have enough letters, and only letters.
fn words(text: &str) -> Vec<Range<usize>> {
    let mut words = Vec::new();
    let mut start = None;
    for (end, letter) in text.char_indices().chain([(text.len(), ' ')]) {
        match (letter.is_alphabetic(), start) {
            (true, None) => start = Some(end),
            (false, Some(word_start)) => {
                if text[word_start..end].chars().count() >= LETTERS_MIN {
                    words.push(word_start..end);
                }
                start = None;
            }
            _ => {}
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_four_kinds_of_mistake_must_be_equally_frequent() {
        let mut kinds = BTreeMap::<&str, u32>::new();
        for seed in 0..4_000 {
            let typed = with_typo("abcdefgh", &mut SplitMix64::for_query(seed, "q"));
            let sorted = |text: &str| {
                let mut letters: Vec<char> = text.chars().collect();
                letters.sort_unstable();
                letters
            };
            let kind = match typed.len() {
                9 => "insert",
                7 => "delete",
                _ if sorted(&typed) == sorted("abcdefgh") => "swap",
                _ => "replace",
            };
            *kinds.entry(kind).or_default() += 1;
        }
        assert_eq!(kinds.len(), 4);
        for (kind, times) in kinds {
            assert!((880..1_120).contains(&times), "{kind}: {times}");
        }
    }

    #[test]
    fn a_query_without_a_long_word_must_stay_unchanged() {
        assert_eq!(with_typo("wat is B1?", &mut SplitMix64::for_query(1, "q")), "wat is B1?");
    }

    #[test]
    fn typos_must_be_determined_by_seed_and_query() {
        let typed =
            |seed, id| with_typo("begrijpelijke brieven", &mut SplitMix64::for_query(seed, id));
        assert_eq!(typed(1, "a"), typed(1, "a"));
        assert_ne!(typed(1, "a"), typed(2, "a"));
    }

    proptest! {
        #[test]
        fn one_word_must_change_and_keep_its_first_letter(
            text in "[a-zé]{1,9}( [a-zé]{1,9}){0,4}",
            seed: u64,
        ) {
            let typed = with_typo(&text, &mut SplitMix64::for_query(seed, "q"));
            let (before, after): (Vec<_>, Vec<_>) =
                (text.split(' ').collect(), typed.split(' ').collect());
            prop_assert_eq!(before.len(), after.len());
            let changed: Vec<_> = before.iter().zip(&after).filter(|(b, a)| b != a).collect();
            let can = before.iter().any(|word| word.chars().count() >= LETTERS_MIN);
            prop_assert_eq!(changed.len(), usize::from(can));
            for (before, after) in changed {
                prop_assert_eq!(before.chars().next(), after.chars().next());
                prop_assert!(strsim::osa_distance(before, after) == 1);
            }
        }
    }
}
