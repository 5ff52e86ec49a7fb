//! Leaves a subgraph alone that fails again and again: it may recover, and nobody waits for it.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// Counts the failures of one subgraph.
#[derive(Debug)]
pub(super) struct Breaker {
    failures_max: u32,
    pause: Duration,
    state: Mutex<Counted>,
}

#[derive(Debug, Default)]
struct Counted {
    /// One after the other.
    failures: u32,
    /// When it may be tried again.
    until: Option<Instant>,
}

/// What a subgraph is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// It is asked.
    Asked,
    /// It is left alone.
    LeftAlone,
}

impl Breaker {
    pub(super) fn new(failures_max: u32, pause: Duration) -> Self {
        Self { failures_max, pause, state: Mutex::default() }
    }

    /// Whether a call may be made. After a pause one call is let through, and decides.
    pub(super) fn allows(&self, now: Instant) -> bool {
        let mut state = self.state();
        match state.until {
            Some(until) if now < until => false,
            Some(_) => {
                state.until = Some(now + self.pause);
                true
            }
            None => true,
        }
    }

    /// A call went well.
    pub(super) fn succeeded(&self) {
        *self.state() = Counted::default();
    }

    /// A call failed. Whether the subgraph is left alone from now on, and was not before.
    pub(super) fn failed(&self, now: Instant) -> bool {
        let mut state = self.state();
        state.failures = state.failures.saturating_add(1);
        if state.failures < self.failures_max {
            return false;
        }
        let newly = state.until.is_none();
        state.until = Some(now + self.pause);
        newly
    }

    /// What the subgraph is like.
    pub(super) fn look(&self, now: Instant) -> State {
        match self.state().until {
            Some(until) if now < until => State::LeftAlone,
            _ => State::Asked,
        }
    }

    fn state(&self) -> MutexGuard<'_, Counted> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subgraph_that_fails_must_be_left_alone_and_tried_once() {
        let breaker = Breaker::new(2, Duration::from_secs(5));
        let begin = Instant::now();
        let after = |seconds| begin + Duration::from_secs(seconds);
        assert!(breaker.allows(begin) && !breaker.failed(begin));
        assert!(breaker.allows(begin) && breaker.failed(begin));
        assert!(!breaker.allows(after(4)));
        assert_eq!(breaker.look(after(4)), State::LeftAlone);
        assert!(breaker.allows(after(6)), "one call tries");
        assert!(!breaker.allows(after(6)), "and only one");
        assert!(!breaker.failed(after(6)), "it was known to be left alone");
        assert!(!breaker.allows(after(7)));
        assert!(breaker.allows(after(12)));
        breaker.succeeded();
        assert!(breaker.allows(after(12)) && breaker.allows(after(12)));
        assert_eq!(breaker.look(after(12)), State::Asked);
    }

    #[test]
    fn failures_with_a_success_between_must_not_add_up() {
        let breaker = Breaker::new(2, Duration::from_secs(5));
        for _ in 0..10 {
            assert!(!breaker.failed(Instant::now()));
            breaker.succeeded();
        }
    }
}
