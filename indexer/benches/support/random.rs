//! A seeded pseudo-random number generator.

/// A seeded pseudo-random number generator (`SplitMix64`).
#[derive(Debug, Clone)]
pub(crate) struct SplitMix64(pub(crate) u64);

impl SplitMix64 {
    pub(crate) fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, sides: usize) -> usize {
        usize::try_from(self.next_u64() % sides as u64).expect("the remainder is below a usize")
    }

    /// A number from 0 to 1.
    #[expect(clippy::cast_precision_loss, reason = "a chance needs no more")]
    pub(crate) fn next_f64(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub(crate) fn happens(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// A rank below `ranks`; low ranks are the most frequent.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "ranks are small"
    )]
    pub(crate) fn zipf(&mut self, ranks: usize) -> usize {
        const FLAT: f64 = 2.7;
        let grown = ((ranks as f64 + FLAT) / FLAT).powf(self.next_f64());
        ((FLAT * grown - FLAT) as usize).min(ranks - 1)
    }

    /// A log-normal number with the given median.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "lengths are small"
    )]
    pub(crate) fn around(&mut self, median: usize, spread: f64) -> usize {
        // The sum of twelve uniform numbers is approximately normal.
        let normal = (0..12).map(|_| self.next_f64()).sum::<f64>() - 6.0;
        (median as f64 * (normal * spread).exp()) as usize
    }
}
