//! Leaves a subgraph alone that fails again and again: it may recover, and nobody waits for it.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// Counts the failures of one subgraph.
#[derive(Debug)]
pub(super) struct CircuitBreaker {
    failure_threshold: u32,
    open_for: Duration,
    state: Mutex<BreakerState>,
}

#[derive(Debug, Default)]
struct BreakerState {
    /// One after the other.
    failures: u32,
    /// When it may be tried again.
    open_until: Option<Instant>,
}

/// What a subgraph is like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CircuitState {
    /// It is asked.
    Closed,
    /// It is left alone.
    Open,
}

impl CircuitBreaker {
    pub(super) fn new(failure_threshold: u32, open_for: Duration) -> Self {
        Self { failure_threshold, open_for, state: Mutex::default() }
    }

    /// Whether a call may be made. After a pause one call is let through, and decides.
    pub(super) fn allows(&self, now: Instant) -> bool {
        let mut state = self.lock();
        match state.open_until {
            Some(until) if now < until => false,
            Some(_) => {
                state.open_until = Some(now + self.open_for);
                true
            }
            None => true,
        }
    }

    /// A call went well.
    pub(super) fn succeeded(&self) {
        *self.lock() = BreakerState::default();
    }

    /// A call failed. Whether the subgraph is left alone from now on, and was not before.
    pub(super) fn failed(&self, now: Instant) -> bool {
        let mut state = self.lock();
        state.failures = state.failures.saturating_add(1);
        if state.failures < self.failure_threshold {
            return false;
        }
        let newly = state.open_until.is_none();
        state.open_until = Some(now + self.open_for);
        newly
    }

    /// What the subgraph is like.
    pub(super) fn circuit_state(&self, now: Instant) -> CircuitState {
        match self.lock().open_until {
            Some(until) if now < until => CircuitState::Open,
            _ => CircuitState::Closed,
        }
    }

    fn lock(&self) -> MutexGuard<'_, BreakerState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_subgraph_must_open_the_circuit_and_be_tried_once() {
        let breaker = CircuitBreaker::new(2, Duration::from_secs(5));
        let begin = Instant::now();
        let after = |seconds| begin + Duration::from_secs(seconds);
        assert!(breaker.allows(begin) && !breaker.failed(begin));
        assert!(breaker.allows(begin) && breaker.failed(begin));
        assert!(!breaker.allows(after(4)));
        assert_eq!(breaker.circuit_state(after(4)), CircuitState::Open);
        assert!(breaker.allows(after(6)), "one call probes");
        assert!(!breaker.allows(after(6)), "and only one");
        assert!(!breaker.failed(after(6)), "the circuit was open before");
        assert!(!breaker.allows(after(7)));
        assert!(breaker.allows(after(12)));
        breaker.succeeded();
        assert!(breaker.allows(after(12)) && breaker.allows(after(12)));
        assert_eq!(breaker.circuit_state(after(12)), CircuitState::Closed);
    }

    #[test]
    fn failures_with_a_success_between_must_not_add_up() {
        let breaker = CircuitBreaker::new(2, Duration::from_secs(5));
        for _ in 0..10 {
            assert!(!breaker.failed(Instant::now()));
            breaker.succeeded();
        }
    }
}
