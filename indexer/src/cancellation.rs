//! Cancellation of work for a request, when its caller has gone or its time limit has passed.
//!
//! Long loops poll it themselves, since a thread cannot be stopped from outside.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

/// Whether work has been cancelled. Clones share the state.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cancellation {
    is_cancelled: Arc<AtomicBool>,
    /// `None` for work without a time limit.
    deadline: Option<Instant>,
}

/// The work was cancelled before it had a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("cancelled")]
pub(crate) struct Cancelled;

impl Cancellation {
    /// A time limit of `timeout` from now.
    pub(crate) fn after(timeout: Duration) -> Self {
        Self { deadline: Instant::now().checked_add(timeout), ..Self::default() }
    }

    /// Cancels the work when the guard is dropped.
    pub(crate) fn guard(&self) -> CancelOnDrop {
        CancelOnDrop(self.clone())
    }

    /// Whether the work should stop. Takes about 30 ns.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.is_cancelled.load(Ordering::Relaxed)
            || self.deadline.is_some_and(|deadline| Instant::now() >= deadline)
    }

    /// Returns an error if the work should stop.
    pub(crate) fn check(&self) -> Result<(), Cancelled> {
        if self.is_cancelled() { Err(Cancelled) } else { Ok(()) }
    }
}

/// Held by the caller that waits for the work.
#[derive(Debug)]
pub(crate) struct CancelOnDrop(Cancellation);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.is_cancelled.store(true, Ordering::Relaxed);
    }
}

impl From<Cancelled> for tantivy::TantivyError {
    fn from(cancelled: Cancelled) -> Self {
        Self::InternalError(cancelled.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_must_end_when_its_time_is_up_or_nobody_waits() {
        assert_eq!(Cancellation::default().check(), Ok(()));
        assert_eq!(Cancellation::after(Duration::MAX).check(), Ok(()));
        assert_eq!(Cancellation::after(Duration::ZERO).check(), Err(Cancelled));
        let cancellation = Cancellation::after(Duration::from_hours(1));
        let guard = cancellation.guard();
        assert_eq!(cancellation.clone().check(), Ok(()));
        drop(guard);
        assert_eq!(cancellation.check(), Err(Cancelled));
    }
}
