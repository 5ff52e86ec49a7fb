//! Circuit breaker: stops requests to a subgraph while most of its calls fail, so that it can
//! recover and clients do not wait for it.
//!
//! [`FetchError::availability`](super::FetchError) determines which calls are failures: no
//! connection, no response in time, or a server error. Any other response, even a malformed one,
//! shows that the subgraph is available, so that the query of one client cannot open the circuit
//! for others. The circuit opens after a minimum number of failures that are also more than half of
//! all calls in the current and previous [`INTERVAL`].

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

/// Length of a counting interval.
const INTERVAL: Duration = Duration::from_secs(5);

/// Circuit breaker of one subgraph.
#[derive(Debug)]
pub(super) struct CircuitBreaker {
    failure_threshold: u32,
    open_for: Duration,
    state: Mutex<BreakerState>,
}

#[derive(Debug, Default)]
struct BreakerState {
    /// Start of the current interval.
    started: Option<Instant>,
    current: CallCount,
    previous: CallCount,
    /// Time from which a probe is allowed; `None` while the circuit is closed.
    open_until: Option<Instant>,
}

#[derive(Debug, Default, Clone, Copy)]
struct CallCount {
    calls: u32,
    failures: u32,
}

impl BreakerState {
    /// Counts a call, and starts a new interval if the current one has ended.
    fn count(&mut self, now: Instant, failures: u32) {
        let age =
            self.started.map_or(Duration::MAX, |started| now.saturating_duration_since(started));
        if age >= INTERVAL {
            let is_previous = age < INTERVAL * 2;
            self.previous = if is_previous { self.current } else { CallCount::default() };
            self.current = CallCount::default();
            self.started = Some(now);
        }
        self.current.calls = self.current.calls.saturating_add(1);
        self.current.failures = self.current.failures.saturating_add(failures);
    }

    /// Sum of both intervals.
    fn total(&self) -> CallCount {
        let Self { current, previous, .. } = self;
        CallCount {
            calls: current.calls.saturating_add(previous.calls),
            failures: current.failures.saturating_add(previous.failures),
        }
    }
}

/// State of a circuit breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CircuitState {
    /// Requests are sent.
    Closed,
    /// No requests are sent.
    Open,
}

impl CircuitBreaker {
    pub(super) fn new(failure_threshold: u32, open_for: Duration) -> Self {
        Self { failure_threshold, open_for, state: Mutex::default() }
    }

    /// Whether a call is allowed. When `open_for` has elapsed, a single probe is allowed.
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

    /// Records a successful call, which closes an open circuit.
    pub(super) fn succeeded(&self, now: Instant) {
        let mut state = self.lock();
        if state.open_until.is_some() {
            *state = BreakerState::default();
        }
        state.count(now, 0);
    }

    /// Records a failed call; returns whether it opened the circuit.
    pub(super) fn failed(&self, now: Instant) -> bool {
        let mut state = self.lock();
        state.count(now, 1);
        let CallCount { calls, failures } = state.total();
        let was_open = state.open_until.is_some();
        let opens = failures >= self.failure_threshold && failures > calls / 2;
        if was_open || opens {
            state.open_until = Some(now + self.open_for);
        }
        opens && !was_open
    }

    /// State of the circuit.
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
        breaker.succeeded(after(12));
        assert!(breaker.allows(after(12)) && breaker.allows(after(12)));
        assert_eq!(breaker.circuit_state(after(12)), CircuitState::Closed);
    }

    #[test]
    fn a_minority_of_failures_must_not_open_the_circuit() {
        let breaker = CircuitBreaker::new(5, Duration::from_secs(5));
        let begin = Instant::now();
        for _ in 0..100 {
            breaker.succeeded(begin);
        }
        // A burst, as when several slow queries of one client time out together.
        for _ in 0..100 {
            assert!(!breaker.failed(begin));
        }
        assert!(breaker.failed(begin), "now more than half of all calls failed");
    }

    #[test]
    fn failures_must_be_forgotten() {
        let breaker = CircuitBreaker::new(2, Duration::from_secs(5));
        let begin = Instant::now();
        for interval in 0..5 {
            assert!(!breaker.failed(begin + INTERVAL * 2 * interval), "{interval}");
        }
        let later = begin + INTERVAL * 11;
        assert!(!breaker.failed(later));
        assert!(breaker.failed(later + INTERVAL), "two neighbouring intervals count together");
    }

    #[test]
    fn a_probe_without_an_outcome_must_be_followed_by_another() {
        let breaker = CircuitBreaker::new(1, Duration::from_secs(5));
        let begin = Instant::now();
        let after = |seconds| begin + Duration::from_secs(seconds);
        assert!(breaker.failed(begin));
        for probe in 1..4 {
            assert!(breaker.allows(after(6 * probe)) && !breaker.allows(after(6 * probe)));
        }
    }
}
