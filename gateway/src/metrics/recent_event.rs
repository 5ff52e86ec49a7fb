//! When something happened last.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// The last time of an event.
#[derive(Debug, Default)]
pub(super) struct RecentEvent(Mutex<Option<Instant>>);

impl RecentEvent {
    /// Records that the event happens now.
    pub(super) fn record(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// Whether the event happened within a period until now.
    pub(super) fn is_within(&self, period: Duration) -> bool {
        let last = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.is_some_and(|last| last.elapsed() < period)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_must_be_recent_within_the_period_only() {
        let event = RecentEvent::default();
        assert!(!event.is_within(Duration::MAX));
        event.record();
        assert!(event.is_within(Duration::from_mins(1)));
        assert!(!event.is_within(Duration::ZERO));
    }
}
