//! A pool for searches outside the async runtime, with limits for concurrency, queue length and
//! queue time.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::CatalogError;
use crate::cancellation::Cancellation;

/// Maximum number of queued searches per worker.
pub(crate) const QUEUED_PER_WORKER: usize = 64;
/// Timeout for queued searches; clients retry or give up after a few seconds.
const QUEUE_TIMEOUT: Duration = Duration::from_secs(2);
/// Default maximum time of a search.
const SEARCH_TIMEOUT: Duration = Duration::from_secs(10);

/// Limits of a search pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolLimits {
    /// Maximum number of concurrent searches; at least one.
    pub workers: usize,
    /// Maximum number of queued searches; more are rejected.
    pub queued_max: usize,
    /// Maximum time in the queue; after this time a search is rejected.
    pub queue_timeout: Duration,
    /// Maximum time of a search; it is cancelled after that.
    pub search_timeout: Duration,
}

impl Default for PoolLimits {
    /// One worker per core, 64 queued searches per worker, a queue timeout of two
    /// seconds and a search timeout of ten.
    fn default() -> Self {
        let workers = std::thread::available_parallelism().map_or(2, usize::from);
        Self {
            workers,
            queued_max: workers * QUEUED_PER_WORKER,
            queue_timeout: QUEUE_TIMEOUT,
            search_timeout: SEARCH_TIMEOUT,
        }
    }
}

/// Load of a search pool.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PoolLoad {
    /// Number of running searches.
    pub running: u64,
    /// Number of queued searches.
    pub queued: u64,
    /// Number of searches rejected since the catalog was opened.
    pub rejected: u64,
}

/// The search pool of a catalog.
pub(crate) struct SearchPool {
    limits: PoolLimits,
    permits: Arc<Semaphore>,
    queued: AtomicUsize,
    rejected: AtomicU64,
}

impl SearchPool {
    pub(crate) fn new(limits: PoolLimits) -> Self {
        let limits = PoolLimits { workers: limits.workers.max(1), ..limits };
        Self {
            limits,
            permits: Arc::new(Semaphore::new(limits.workers)),
            queued: AtomicUsize::new(0),
            rejected: AtomicU64::new(0),
        }
    }

    /// The current load.
    pub(crate) fn load(&self) -> PoolLoad {
        let running = self.limits.workers.saturating_sub(self.permits.available_permits());
        PoolLoad {
            running: running as u64,
            queued: self.queued.load(Ordering::Relaxed) as u64,
            rejected: self.rejected.load(Ordering::Relaxed),
        }
    }

    /// Runs `work` as soon as a worker is available. Cancels it at its timeout or when this future is
    /// dropped.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Cancellation) -> Result<T, CatalogError> + Send + 'static,
    ) -> Result<T, CatalogError> {
        let permit = match Arc::clone(&self.permits).try_acquire_owned() {
            Ok(permit) => permit,
            Err(_) => self.acquire().await.inspect_err(|_| {
                self.rejected.fetch_add(1, Ordering::Relaxed);
            })?,
        };
        let timeout = self.limits.search_timeout;
        let cancellation = Cancellation::after(timeout);
        let _waiting = cancellation.guard();
        // The permit is held until the search ends, even if the caller has gone.
        let span = tracing::Span::current();
        let work = move || {
            let _permit = permit;
            let _request = span.enter();
            fail::fail_point!("search");
            let result = work(&cancellation);
            // What was cut short is no result.
            if cancellation.is_cancelled() { Err(CatalogError::Timeout(timeout)) } else { result }
        };
        tokio::task::spawn_blocking(work).await.map_err(|_| CatalogError::Panicked)?
    }

    async fn acquire(&self) -> Result<OwnedSemaphorePermit, CatalogError> {
        let _slot = QueueSlot::begin(self)?;
        let permit = Arc::clone(&self.permits).acquire_owned();
        match tokio::time::timeout(self.limits.queue_timeout, permit).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(_)) | Err(_) => Err(CatalogError::Busy),
        }
    }
}

/// Counts a queued search until it gets a permit or is cancelled.
struct QueueSlot<'a>(&'a SearchPool);

impl<'a> QueueSlot<'a> {
    fn begin(pool: &'a SearchPool) -> Result<Self, CatalogError> {
        let slot = Self(pool);
        let queued_before = pool.queued.fetch_add(1, Ordering::Relaxed);
        if queued_before >= pool.limits.queued_max { Err(CatalogError::Busy) } else { Ok(slot) }
    }
}

impl Drop for QueueSlot<'_> {
    fn drop(&mut self) {
        self.0.queued.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    fn pool(queued_max: usize, queue_timeout: Duration) -> Arc<SearchPool> {
        let limits = PoolLimits { workers: 1, queued_max, queue_timeout, ..PoolLimits::default() };
        Arc::new(SearchPool::new(limits))
    }

    /// Occupies the only worker until the sender is dropped.
    async fn occupy(pool: &Arc<SearchPool>) -> mpsc::Sender<()> {
        let (release, released) = mpsc::channel::<()>();
        let (started, begun) = tokio::sync::oneshot::channel();
        let pool = Arc::clone(pool);
        tokio::spawn(async move {
            pool.run(move |_| {
                let _ = started.send(());
                let _ = released.recv();
                Ok(())
            })
            .await
        });
        begun.await.unwrap();
        release
    }

    async fn until(pool: &SearchPool, load: PoolLoad) {
        while pool.load() != load {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_full_queue_must_reject_searches_and_count_them() {
        let pool = pool(1, Duration::from_mins(10));
        let release = occupy(&pool).await;
        assert_eq!(pool.load(), PoolLoad { running: 1, queued: 0, rejected: 0 });
        let second = tokio::spawn({
            let pool = Arc::clone(&pool);
            async move { pool.run(|_| Ok(2)).await }
        });
        until(&pool, PoolLoad { running: 1, queued: 1, rejected: 0 }).await;
        assert!(matches!(pool.run(|_| Ok(3)).await, Err(CatalogError::Busy)));
        assert_eq!(pool.load(), PoolLoad { running: 1, queued: 1, rejected: 1 });
        drop(release);
        assert!(matches!(second.await.unwrap(), Ok(2)), "a queued search gets a permit");
        until(&pool, PoolLoad { running: 0, queued: 0, rejected: 1 }).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_search_must_not_wait_longer_than_the_deadline() {
        let pool = pool(8, Duration::from_millis(1));
        let release = occupy(&pool).await;
        assert!(matches!(pool.run(|_| Ok(())).await, Err(CatalogError::Busy)));
        assert_eq!(pool.load(), PoolLoad { running: 1, queued: 0, rejected: 1 });
        drop(release);
        until(&pool, PoolLoad { running: 0, queued: 0, rejected: 1 }).await;
        assert!(pool.run(|_| Ok(())).await.is_ok());
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_search_cancelled_while_queued_must_leave_the_queue() {
        let pool = pool(1, Duration::from_mins(10));
        let release = occupy(&pool).await;
        let queued = tokio::spawn({
            let pool = Arc::clone(&pool);
            async move { pool.run(|_| Ok(())).await }
        });
        until(&pool, PoolLoad { running: 1, queued: 1, rejected: 0 }).await;
        queued.abort();
        assert!(queued.await.unwrap_err().is_cancelled());
        assert_eq!(pool.load(), PoolLoad { running: 1, queued: 0, rejected: 0 });
        drop(release);
    }

    /// Works until it is cancelled.
    fn endless(cancellation: &Cancellation) -> Result<(), CatalogError> {
        while !cancellation.is_cancelled() {
            std::thread::yield_now();
        }
        Ok(())
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_search_must_stop_when_its_time_is_up_or_nobody_waits() {
        let mut limits = PoolLimits { workers: 1, ..PoolLimits::default() };
        limits.search_timeout = Duration::from_millis(5);
        let pool = SearchPool::new(limits);
        let stopped = pool.run(endless).await;
        assert!(
            matches!(stopped, Err(CatalogError::Timeout(timeout)) if timeout == limits.search_timeout)
        );
        limits.search_timeout = Duration::from_hours(1);
        let pool = Arc::new(SearchPool::new(limits));
        let abandoned = tokio::spawn({
            let pool = Arc::clone(&pool);
            async move { pool.run(endless).await }
        });
        until(&pool, PoolLoad { running: 1, queued: 0, rejected: 0 }).await;
        abandoned.abort();
        until(&pool, PoolLoad { running: 0, queued: 0, rejected: 0 }).await;
    }
}
