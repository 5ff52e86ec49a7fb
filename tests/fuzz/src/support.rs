//! Dice for what the acceptance tests draw, thrown by the bytes of an input.

/// Where the bytes are used up, every throw is the lowest.
pub(crate) struct Rng {
    bytes: Vec<u8>,
    at: usize,
}

impl Rng {
    /// Dice that bytes throw.
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
