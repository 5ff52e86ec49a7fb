//! Choices out of the bytes that libFuzzer gives: the same bytes are the same choices.
//!
//! Where the bytes are used up, every choice is the first one; so the first is always the plainest.

use arbitrary::Unstructured;

/// Bytes to choose by.
#[derive(Debug)]
pub struct ByteSource<'a>(Unstructured<'a>);

impl<'a> ByteSource<'a> {
    /// Chooses by `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(Unstructured::new(bytes))
    }

    /// A number below `sides`, which is at least 1.
    pub fn below(&mut self, sides: usize) -> usize {
        self.0.int_in_range(0..=sides - 1).unwrap_or(0)
    }

    /// True once in so many times.
    pub fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == times - 1
    }

    /// One of several, of which there is at least one.
    pub fn pick<'b, T>(&mut self, from: &'b [T]) -> &'b T {
        &from[self.below(from.len())]
    }

    /// None mostly, else up to `times` of several, which may be the same.
    pub fn some<T: Copy>(&mut self, from: &[T], times: usize) -> Vec<T> {
        if from.is_empty() || !self.one_in(4) {
            return Vec::new();
        }
        (0..=self.below(times)).map(|_| *self.pick(from)).collect()
    }

    /// Any number.
    pub fn number(&mut self) -> i64 {
        self.0.arbitrary().unwrap_or(0)
    }

    /// Up to `length_max` bytes, whatever they are.
    pub fn bytes(&mut self, length_max: usize) -> &'a [u8] {
        let length = self.below(length_max + 1).min(self.0.len());
        self.0.bytes(length).unwrap_or_default()
    }

    /// A text of up to `length_max` bytes; what is no UTF-8 becomes U+FFFD.
    pub fn text(&mut self, length_max: usize) -> String {
        String::from_utf8_lossy(self.bytes(length_max)).into_owned()
    }

    /// Whether the bytes are used up.
    pub fn is_done(&self) -> bool {
        self.0.is_empty()
    }

    /// The bytes that are left.
    pub fn rest(self) -> &'a [u8] {
        self.0.take_rest()
    }
}
