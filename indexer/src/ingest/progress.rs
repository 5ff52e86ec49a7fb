//! Progress of a build, for whoever waits for it.

/// Receives the progress of a build, one stage after another.
pub trait Progress: Sync {
    /// A stage begins, with about `total` items.
    fn begin(&self, _stage: &str, _total: Option<u64>) {}
    /// `by` more items are processed.
    fn advance(&self, _by: u64) {}
    /// The stage ends.
    fn end(&self) {}
    /// Reports a message for the operator.
    fn note(&self, _text: &str) {}
}

/// Ignores all progress.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoProgress;

impl Progress for NoProgress {}
