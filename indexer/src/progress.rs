//! Progress of long work, for the operator.

/// Receives the progress of a build or of synchronisation, one stage at a time.
pub trait Progress: Sync {
    /// Reports that a stage begins, with approximately `total` items.
    fn begin(&self, _stage: &str, _total: Option<u64>) {}
    /// Reports that `by` more items have been processed.
    fn advance(&self, _by: u64) {}
    /// Reports that the stage has ended.
    fn end(&self) {}
    /// Reports a message for the operator.
    fn note(&self, _text: &str) {}
}

/// Discards all progress.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoProgress;

impl Progress for NoProgress {}
