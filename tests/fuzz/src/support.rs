//! Replaces the generator of the acceptance tests with one that is driven by a fuzz input.

/// When the bytes are exhausted, every number is zero.
pub(crate) struct Rng {
    bytes: Vec<u8>,
    at: usize,
}

impl Rng {
    /// A generator based on `bytes`.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Self {
        Self { bytes: bytes.to_vec(), at: 0 }
    }

    pub(crate) fn below(&mut self, sides: u64) -> u64 {
        let byte = self.bytes.get(self.at).copied().unwrap_or(0);
        self.at += 1;
        u64::from(byte) % sides
    }

    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        let number = self.below(from.len() as u64);
        from[usize::try_from(number).expect("an index")]
    }
}
