//! Searches run beside the runtime, a bounded number at once and a bounded number waiting, none of
//! them for long.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::CatalogError;

/// So many searches may wait for each one that runs; more are turned away.
pub(crate) const WAITING_PER_WORKER: usize = 64;
/// A search that waited this long is turned away: who asked has little patience left.
const WAITING_TIME: Duration = Duration::from_secs(2);

/// How many searches run at once, and how many wait for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolLimits {
    /// So many run at once; at least one does.
    pub workers: usize,
    /// So many wait; more are turned away.
    pub waiting_max: usize,
    /// One that waited this long is turned away.
    pub waiting_time: Duration,
}

impl Default for PoolLimits {
    /// One worker a core, 64 waiting for each, for two seconds.
    fn default() -> Self {
        let workers = std::thread::available_parallelism().map_or(2, usize::from);
        Self { workers, waiting_max: workers * WAITING_PER_WORKER, waiting_time: WAITING_TIME }
    }
}

/// What searches are doing at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PoolLoad {
    /// So many run.
    pub running: u64,
    /// So many wait for their turn.
    pub waiting: u64,
    /// So many were turned away since the catalog was opened.
    pub refused: u64,
}

/// The pool that all searches of a catalog share.
pub(crate) struct SearchPool {
    limits: PoolLimits,
    permits: Arc<Semaphore>,
    waiting: AtomicUsize,
    refused: AtomicU64,
}

impl SearchPool {
    pub(crate) fn new(limits: PoolLimits) -> Self {
        let limits = PoolLimits { workers: limits.workers.max(1), ..limits };
        Self {
            limits,
            permits: Arc::new(Semaphore::new(limits.workers)),
            waiting: AtomicUsize::new(0),
            refused: AtomicU64::new(0),
        }
    }

    /// What the searches are doing now.
    pub(crate) fn load(&self) -> PoolLoad {
        let running = self.limits.workers.saturating_sub(self.permits.available_permits());
        PoolLoad {
            running: running as u64,
            waiting: self.waiting.load(Ordering::Relaxed) as u64,
            refused: self.refused.load(Ordering::Relaxed),
        }
    }

    /// Runs `work` when its turn comes.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, CatalogError> + Send + 'static,
    ) -> Result<T, CatalogError> {
        let permit = match Arc::clone(&self.permits).try_acquire_owned() {
            Ok(permit) => permit,
            Err(_) => self.turn().await.inspect_err(|_| {
                self.refused.fetch_add(1, Ordering::Relaxed);
            })?,
        };
        // The search keeps its place until it is done, also when nobody waits for it any more.
        let span = tracing::Span::current();
        let work = move || {
            let _permit = permit;
            let _request = span.enter();
            fail::fail_point!("search");
            work()
        };
        tokio::task::spawn_blocking(work).await.map_err(|_| CatalogError::Panicked)?
    }

    async fn turn(&self) -> Result<OwnedSemaphorePermit, CatalogError> {
        let _waiting = Waiting::begin(self)?;
        let turn = Arc::clone(&self.permits).acquire_owned();
        match tokio::time::timeout(self.limits.waiting_time, turn).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(_)) | Err(_) => Err(CatalogError::Busy),
        }
    }
}

/// Counts one search that waits, until its turn comes or it is given up.
struct Waiting<'a>(&'a SearchPool);

impl<'a> Waiting<'a> {
    fn begin(pool: &'a SearchPool) -> Result<Self, CatalogError> {
        let waiting = Self(pool);
        let before = pool.waiting.fetch_add(1, Ordering::Relaxed);
        if before >= pool.limits.waiting_max { Err(CatalogError::Busy) } else { Ok(waiting) }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    fn pool(waiting_max: usize, waiting_time: Duration) -> Arc<SearchPool> {
        Arc::new(SearchPool::new(PoolLimits { workers: 1, waiting_max, waiting_time }))
    }

    /// Fills the only place with a search that lasts until the sender is dropped.
    async fn occupy(pool: &Arc<SearchPool>) -> mpsc::Sender<()> {
        let (release, released) = mpsc::channel::<()>();
        let (started, begun) = tokio::sync::oneshot::channel();
        let pool = Arc::clone(pool);
        tokio::spawn(async move {
            pool.run(move || {
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
    async fn a_full_queue_must_turn_searches_away_and_count_them() {
        let pool = pool(1, Duration::from_mins(10));
        let release = occupy(&pool).await;
        assert_eq!(pool.load(), PoolLoad { running: 1, waiting: 0, refused: 0 });
        let second = tokio::spawn({
            let pool = Arc::clone(&pool);
            async move { pool.run(|| Ok(2)).await }
        });
        until(&pool, PoolLoad { running: 1, waiting: 1, refused: 0 }).await;
        assert!(matches!(pool.run(|| Ok(3)).await, Err(CatalogError::Busy)));
        assert_eq!(pool.load(), PoolLoad { running: 1, waiting: 1, refused: 1 });
        drop(release);
        assert!(matches!(second.await.unwrap(), Ok(2)), "who waits gets a turn");
        until(&pool, PoolLoad { running: 0, waiting: 0, refused: 1 }).await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_search_must_not_wait_longer_than_the_deadline() {
        let pool = pool(8, Duration::from_millis(1));
        let release = occupy(&pool).await;
        assert!(matches!(pool.run(|| Ok(())).await, Err(CatalogError::Busy)));
        assert_eq!(pool.load(), PoolLoad { running: 1, waiting: 0, refused: 1 });
        drop(release);
        until(&pool, PoolLoad { running: 0, waiting: 0, refused: 1 }).await;
        assert!(pool.run(|| Ok(())).await.is_ok());
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_search_given_up_while_waiting_must_leave_its_place() {
        let pool = pool(1, Duration::from_mins(10));
        let release = occupy(&pool).await;
        let waiting = tokio::spawn({
            let pool = Arc::clone(&pool);
            async move { pool.run(|| Ok(())).await }
        });
        until(&pool, PoolLoad { running: 1, waiting: 1, refused: 0 }).await;
        waiting.abort();
        assert!(waiting.await.unwrap_err().is_cancelled());
        assert_eq!(pool.load(), PoolLoad { running: 1, waiting: 0, refused: 0 });
        drop(release);
    }
}
