//! The pace of requests per host: concurrency, interval, and suspension by `Retry-After`.

use std::{
    collections::HashMap,
    num::NonZeroU16,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    sync::{Mutex as AsyncMutex, OwnedSemaphorePermit, Semaphore},
    time::{Instant, sleep_until},
};

/// Number of hosts above which idle ones are forgotten.
const HOSTS_MAX: usize = 1_000;

/// Pace of all hosts.
#[derive(Debug)]
pub(super) struct HostRates {
    concurrency: NonZeroU16,
    interval: Duration,
    hosts: Mutex<HashMap<String, Arc<HostRate>>>,
}

/// Pace of one host.
#[derive(Debug)]
struct HostRate {
    permits: Arc<Semaphore>,
    /// When the next request may start. Its lock is the queue: who holds it waits for the time,
    /// and a caller that is cancelled meanwhile takes nothing from the others.
    next_start: AsyncMutex<Instant>,
    suspended_until: Mutex<Instant>,
}

/// The right to send one request to a host, until it is dropped.
#[derive(Debug)]
pub(super) struct HostPermit {
    _permit: OwnedSemaphorePermit,
    /// A host with permits is not forgotten.
    _host: Arc<HostRate>,
}

impl HostRates {
    pub(super) fn new(concurrency: NonZeroU16, interval: Duration) -> Self {
        Self { concurrency, interval, hosts: Mutex::default() }
    }

    /// Waits until a request to `host` may start. Callers are served in order.
    pub(super) async fn acquire(&self, host: &str) -> HostPermit {
        let host = self.host(host);
        let permit =
            Arc::clone(&host.permits).acquire_owned().await.expect("the semaphore is never closed");
        let mut next_start = host.next_start.lock().await;
        loop {
            // A response to an earlier request can suspend the host during the sleep.
            let start = (*next_start).max(*lock(&host.suspended_until));
            if start <= Instant::now() {
                break;
            }
            sleep_until(start).await;
        }
        *next_start = after(self.interval);
        drop(next_start);
        HostPermit { _permit: permit, _host: host }
    }

    /// Lets no request to `host` start for a time.
    pub(super) fn suspend(&self, host: &str, time: Duration) {
        let host = self.host(host);
        let mut suspended_until = lock(&host.suspended_until);
        *suspended_until = (*suspended_until).max(after(time));
    }

    fn host(&self, name: &str) -> Arc<HostRate> {
        let mut hosts = lock(&self.hosts);
        if let Some(host) = hosts.get(name) {
            return Arc::clone(host);
        }
        if hosts.len() >= HOSTS_MAX {
            let now = Instant::now();
            hosts.retain(|_, host| !Arc::get_mut(host).is_some_and(|host| host.is_idle(now)));
        }
        let host = Arc::new(HostRate::new(self.concurrency));
        hosts.insert(name.to_owned(), Arc::clone(&host));
        host
    }
}

impl HostRate {
    fn new(concurrency: NonZeroU16) -> Self {
        let now = Instant::now();
        Self {
            permits: Arc::new(Semaphore::new(concurrency.get().into())),
            next_start: AsyncMutex::new(now),
            suspended_until: Mutex::new(now),
        }
    }

    fn is_idle(&mut self, now: Instant) -> bool {
        let suspended = self.suspended_until.get_mut().unwrap_or_else(PoisonError::into_inner);
        *self.next_start.get_mut() <= now && *suspended <= now
    }
}

/// The end of a time that starts now. A time without end becomes a year.
fn after(time: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(time).unwrap_or(now + Duration::from_hours(24 * 365))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod unit_tests {
    use std::{future::Future, task::Poll};

    use futures_util::{future::join_all, poll};

    use super::*;

    const INTERVAL: Duration = Duration::from_millis(20);

    fn rates(concurrency: u16, interval: Duration) -> HostRates {
        HostRates::new(concurrency.try_into().unwrap(), interval)
    }

    /// Whether a permit is available at once.
    async fn is_ready(permit: impl Future<Output = HostPermit>) -> bool {
        let mut permit = Box::pin(permit);
        matches!(poll!(&mut permit), Poll::Ready(_))
    }

    #[tokio::test]
    async fn requests_to_one_host_must_start_at_intervals() {
        let rates = rates(4, INTERVAL);
        let start = Instant::now();
        let starts = join_all((0..4).map(|_| async {
            rates.acquire("a.test").await;
            start.elapsed()
        }));
        for (rank, elapsed) in (0..).zip(starts.await) {
            assert!(elapsed >= INTERVAL * rank, "{rank}: {elapsed:?}");
        }
    }

    #[tokio::test]
    async fn concurrency_must_be_limited_per_host() {
        let rates = rates(2, Duration::ZERO);
        let first = rates.acquire("a.test").await;
        let _second = rates.acquire("a.test").await;
        assert!(!is_ready(rates.acquire("a.test")).await);
        assert!(is_ready(rates.acquire("b.test")).await);
        drop(first);
        assert!(is_ready(rates.acquire("a.test")).await);
    }

    #[tokio::test]
    async fn a_cancelled_caller_must_not_delay_the_others() {
        let rates = rates(1, Duration::from_hours(1));
        // Each is dropped before its permit, or with it.
        drop(rates.acquire("a.test").await);
        for _ in 0..10 {
            assert!(!is_ready(rates.acquire("a.test")).await);
        }
        let host = rates.host("a.test");
        assert_eq!(host.permits.available_permits(), 1);
        let next_start = *host.next_start.try_lock().unwrap();
        assert!(next_start <= Instant::now() + Duration::from_hours(1));
    }

    #[tokio::test]
    async fn a_suspended_host_must_delay_callers_that_wait_already() {
        let rates = rates(2, INTERVAL);
        drop(rates.acquire("a.test").await);
        let start = Instant::now();
        let mut waiting = Box::pin(rates.acquire("a.test"));
        assert!(poll!(&mut waiting).is_pending());
        rates.suspend("a.test", 4 * INTERVAL);
        // A shorter suspension does not shorten the first one.
        rates.suspend("a.test", Duration::ZERO);
        waiting.await;
        assert!(start.elapsed() >= 4 * INTERVAL);
        rates.suspend("b.test", Duration::MAX);
        assert!(!is_ready(rates.acquire("b.test")).await);
    }

    #[tokio::test]
    async fn idle_hosts_must_be_forgotten_and_others_not() {
        let rates = rates(1, Duration::ZERO);
        let _permit = rates.acquire("busy.test").await;
        rates.suspend("suspended.test", Duration::from_hours(1));
        for number in 0..2 * HOSTS_MAX {
            rates.acquire(&format!("{number}.test")).await;
        }
        assert!(lock(&rates.hosts).len() <= HOSTS_MAX);
        assert!(!is_ready(rates.acquire("busy.test")).await);
        assert!(!is_ready(rates.acquire("suspended.test")).await);
    }
}
