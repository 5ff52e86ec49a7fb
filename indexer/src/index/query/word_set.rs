//! Sets of query words.

use std::ops::{BitOr, BitOrAssign};

use schema::MatchClass;

/// A set of words of one query, by their positions in [`Plan::words`](super::planner::Plan).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct WordSet(u32);

impl WordSet {
    /// Maximum number of words of a query.
    pub(crate) const WORDS_MAX: usize = u32::BITS as usize;
    pub(crate) const EMPTY: Self = Self(0);

    /// The set of one word. `word` is below [`WORDS_MAX`](Self::WORDS_MAX).
    pub(crate) const fn single(word: usize) -> Self {
        Self(1 << word)
    }

    pub(crate) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(crate) const fn len(self) -> u32 {
        self.0.count_ones()
    }

    pub(crate) const fn contains(self, word: usize) -> bool {
        self.0 >> word & 1 == 1
    }

    pub(crate) const fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(crate) const fn difference(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub(crate) const fn is_subset(self, other: Self) -> bool {
        self.difference(other).is_empty()
    }

    /// The words in ascending order.
    pub(crate) fn iter(self) -> impl Iterator<Item = usize> {
        (0..Self::WORDS_MAX).filter(move |word| self.contains(*word))
    }
}

/// The words of a query that match a document.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct MatchedWords {
    /// Words that match in any form.
    pub(crate) any: WordSet,
    /// Words that match exactly.
    pub(crate) exact: WordSet,
}

impl MatchedWords {
    /// Words that match in forms of one class.
    pub(crate) const fn new(words: WordSet, class: MatchClass) -> Self {
        let exact = match class {
            MatchClass::Exact => words,
            MatchClass::Wider => WordSet::EMPTY,
        };
        Self { any: words, exact }
    }
}

impl BitOrAssign for MatchedWords {
    fn bitor_assign(&mut self, other: Self) {
        self.any |= other.any;
        self.exact |= other.exact;
    }
}

/// The union of all matches.
impl FromIterator<MatchedWords> for MatchedWords {
    fn from_iter<I: IntoIterator<Item = MatchedWords>>(matches: I) -> Self {
        let mut all = Self::default();
        matches.into_iter().for_each(|matched| all |= matched);
        all
    }
}

/// The union of two sets.
impl BitOr for WordSet {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl BitOrAssign for WordSet {
    fn bitor_assign(&mut self, other: Self) {
        *self = *self | other;
    }
}

/// The union of all sets.
impl FromIterator<WordSet> for WordSet {
    fn from_iter<I: IntoIterator<Item = Self>>(sets: I) -> Self {
        sets.into_iter().fold(Self::EMPTY, Self::bitor)
    }
}
