//! Choices based on the bytes of a fuzz input: the same bytes yield the same choices.
//!
//! When the bytes are exhausted, every choice is the first option, so the first option should be
//! the simplest.

use arbitrary::Unstructured;

/// Bytes of a fuzz input.
#[derive(Debug)]
pub struct ByteSource<'a>(Unstructured<'a>);

impl<'a> ByteSource<'a> {
    /// Choices based on `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(Unstructured::new(bytes))
    }

    /// A number below `sides`, which must be at least 1.
    pub fn below(&mut self, sides: usize) -> usize {
        self.0.int_in_range(0..=sides - 1).unwrap_or(0)
    }

    /// `true` with a probability of 1 in `times`.
    pub fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == times - 1
    }

    /// A random element of a slice that is not empty.
    pub fn pick<'b, T>(&mut self, from: &'b [T]) -> &'b T {
        &from[self.below(from.len())]
    }

    /// Usually nothing, otherwise up to `times` elements, possibly with duplicates.
    pub fn some<T: Copy>(&mut self, from: &[T], times: usize) -> Vec<T> {
        if from.is_empty() || !self.one_in(4) {
            return Vec::new();
        }
        (0..=self.below(times)).map(|_| *self.pick(from)).collect()
    }

    /// Any integer.
    pub fn number(&mut self) -> i64 {
        self.0.arbitrary().unwrap_or(0)
    }

    /// Up to `length_max` arbitrary bytes.
    pub fn bytes(&mut self, length_max: usize) -> &'a [u8] {
        let length = self.below(length_max + 1).min(self.0.len());
        self.0.bytes(length).unwrap_or_default()
    }

    /// A text of up to `length_max` bytes; invalid UTF-8 becomes U+FFFD.
    pub fn text(&mut self, length_max: usize) -> String {
        String::from_utf8_lossy(self.bytes(length_max)).into_owned()
    }

    /// Whether the bytes are exhausted.
    pub fn is_done(&self) -> bool {
        self.0.is_empty()
    }

    /// The remaining bytes.
    pub fn rest(self) -> &'a [u8] {
        self.0.take_rest()
    }
}
