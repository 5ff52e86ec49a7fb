//! Counters of a run, for its report.

use std::sync::atomic::{AtomicU64, Ordering};

/// What was sent and received. A run passes its own counters with each request.
#[derive(Debug, Default)]
pub(crate) struct HttpCounters {
    requests: AtomicU64,
    retries: AtomicU64,
    not_modified: AtomicU64,
    bytes: AtomicU64,
}

impl HttpCounters {
    /// Number of requests sent, with redirects and retries.
    pub(crate) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// Number of retries.
    #[cfg_attr(not(test), expect(dead_code, reason = "only tests use it so far"))]
    pub(crate) fn retries(&self) -> u64 {
        self.retries.load(Ordering::Relaxed)
    }

    /// Number of responses with status 304.
    #[cfg_attr(not(test), expect(dead_code, reason = "only tests use it so far"))]
    pub(crate) fn not_modified(&self) -> u64 {
        self.not_modified.load(Ordering::Relaxed)
    }

    /// Number of bytes of bodies received, before decompression.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    pub(super) fn count_request(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count_retry(&self) {
        self.retries.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count_not_modified(&self) {
        self.not_modified.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn count_bytes(&self, count: usize) {
        self.bytes.fetch_add(count as u64, Ordering::Relaxed);
    }
}
