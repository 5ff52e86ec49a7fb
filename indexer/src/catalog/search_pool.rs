//! A pool for searches outside the async runtime, with limits for concurrency, queue length and
//! queue time. Clients take turns in the queue.

mod fair_queue;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

pub use self::fair_queue::ClientId;
use self::fair_queue::FairQueue;
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
    /// Maximum number of queued searches; beyond it, one of the client with the most is rejected.
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
    queue: Arc<FairQueue>,
    rejected: AtomicU64,
}

impl SearchPool {
    pub(crate) fn new(limits: PoolLimits) -> Self {
        let limits = PoolLimits { workers: limits.workers.max(1), ..limits };
        Self {
            limits,
            queue: Arc::new(FairQueue::new(limits.workers, limits.queued_max)),
            rejected: AtomicU64::new(0),
        }
    }

    /// The current load.
    pub(crate) fn load(&self) -> PoolLoad {
        let (free, queued) = self.queue.load();
        PoolLoad {
            running: self.limits.workers.saturating_sub(free) as u64,
            queued: queued as u64,
            rejected: self.rejected.load(Ordering::Relaxed),
        }
    }

    /// Runs `work` as soon as a worker is available. Cancels it at its timeout or when this future is
    /// dropped.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Cancellation) -> Result<T, CatalogError> + Send + 'static,
    ) -> Result<T, CatalogError> {
        let worker = self.queue.acquire(ClientId::current(), self.limits.queue_timeout).await;
        let worker = worker.map_err(|_full_or_timeout| {
            self.rejected.fetch_add(1, Ordering::Relaxed);
            CatalogError::Busy
        })?;
        let timeout = self.limits.search_timeout;
        let cancellation = Cancellation::after(timeout);
        let _waiting = cancellation.guard();
        // The worker is in use until the search ends, even if the caller has gone.
        let span = tracing::Span::current();
        let work = move || {
            let _worker = worker;
            let _request = span.enter();
            fail::fail_point!("search");
            let result = work(&cancellation);
            // What was cut short is no result.
            if cancellation.is_cancelled() { Err(CatalogError::Timeout(timeout)) } else { result }
        };
        tokio::task::spawn_blocking(work).await.map_err(|_| CatalogError::Panicked)?
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Mutex, mpsc};

    use tokio::task::JoinHandle;

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
        assert!(matches!(second.await.unwrap(), Ok(2)), "a queued search gets a worker");
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

    /// Queues a search for a client, which adds its number to `order` when it runs.
    async fn queue(
        pool: &Arc<SearchPool>,
        client: u32,
        order: &Arc<Mutex<Vec<u32>>>,
    ) -> JoinHandle<Result<(), CatalogError>> {
        let queued = pool.load().queued;
        let (own, order) = (Arc::clone(pool), Arc::clone(order));
        let search = async move {
            own.run(move |_| {
                order.lock().unwrap().push(client);
                Ok(())
            })
            .await
        };
        let search = tokio::spawn(ClientId::numbered(client).scope(search));
        while pool.load().queued == queued && !search.is_finished() {
            tokio::task::yield_now().await;
        }
        search
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn clients_must_take_turns() {
        let pool = pool(100, Duration::from_mins(10));
        let release = occupy(&pool).await;
        let order = Arc::new(Mutex::new(Vec::new()));
        let mut searches = Vec::new();
        for client in [1, 1, 1, 1, 2, 2, 3] {
            searches.push(queue(&pool, client, &order).await);
        }
        // Those that no longer wait take no turn.
        searches.remove(0).abort();
        searches.remove(5).abort();
        until(&pool, PoolLoad { running: 1, queued: 5, rejected: 0 }).await;
        searches.push(queue(&pool, 4, &order).await);
        drop(release);
        for search in searches {
            search.await.unwrap().unwrap();
        }
        assert_eq!(*order.lock().unwrap(), [1, 2, 4, 1, 2, 1]);
        until(&pool, PoolLoad { running: 0, queued: 0, rejected: 0 }).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_full_queue_must_reject_a_search_of_the_client_with_the_most() {
        let pool = pool(4, Duration::from_mins(10));
        let release = occupy(&pool).await;
        let order = Arc::new(Mutex::new(Vec::new()));
        let mut searches = Vec::new();
        for client in [1, 1, 1, 1] {
            searches.push(queue(&pool, client, &order).await);
        }
        let mut others = Vec::new();
        for client in [2, 3] {
            others.push(tokio::spawn({
                let (pool, order) = (Arc::clone(&pool), Arc::clone(&order));
                ClientId::numbered(client).scope(async move {
                    pool.run(move |_| {
                        order.lock().unwrap().push(client);
                        Ok(())
                    })
                    .await
                })
            }));
            while pool.load().rejected < u64::from(client) - 1 {
                tokio::task::yield_now().await;
            }
        }
        // The client with two searches has no more than one other, with which it would have three.
        let rejected = queue(&pool, 2, &order).await;
        assert!(matches!(rejected.await.unwrap(), Err(CatalogError::Busy)));
        drop(release);
        let mut results = Vec::new();
        for search in searches.into_iter().chain(others) {
            results.push(search.await.unwrap().is_ok());
        }
        assert_eq!(results, [true, true, false, false, true, true]);
        assert_eq!(*order.lock().unwrap(), [1, 2, 3, 1]);
        until(&pool, PoolLoad { running: 0, queued: 0, rejected: 3 }).await;
    }

    /// Runs until it is cancelled.
    #[expect(clippy::unnecessary_wraps, reason = "the type of a search")]
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
