//! Searches run beside the runtime, a bounded number at once and a bounded number waiting.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use tokio::sync::Semaphore;

use super::CatalogError;

/// So many searches may wait for each one that runs; more are turned away.
pub(crate) const WAITING_PER_WORKER: usize = 64;

/// The pool that all searches of a catalog share.
pub(crate) struct SearchPool {
    permits: Arc<Semaphore>,
    waiting: AtomicUsize,
    waiting_max: usize,
}

impl SearchPool {
    pub(crate) fn new() -> Self {
        let workers = std::thread::available_parallelism().map_or(2, usize::from);
        Self {
            permits: Arc::new(Semaphore::new(workers)),
            waiting: AtomicUsize::new(0),
            waiting_max: workers * WAITING_PER_WORKER,
        }
    }

    /// Runs `work` when its turn comes.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, CatalogError> + Send + 'static,
    ) -> Result<T, CatalogError> {
        let _turn = Waiting::begin(self)?;
        let permits = Arc::clone(&self.permits);
        let permit = permits.acquire_owned().await.map_err(|_| CatalogError::Busy)?;
        // The search keeps its place until it is done, also when nobody waits for it any more.
        let work = move || {
            let _permit = permit;
            work()
        };
        tokio::task::spawn_blocking(work)
            .await
            .map_err(|error| CatalogError::Engine(format!("a search ended early: {error}")))?
    }
}

/// Counts one search, from when it asks for its turn until it is done or given up.
struct Waiting<'a>(&'a SearchPool);

impl<'a> Waiting<'a> {
    fn begin(pool: &'a SearchPool) -> Result<Self, CatalogError> {
        let waiting = Self(pool);
        let before = pool.waiting.fetch_add(1, Ordering::Relaxed);
        if before >= pool.waiting_max { Err(CatalogError::Busy) } else { Ok(waiting) }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}
