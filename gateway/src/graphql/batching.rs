//! Batching by level: collects keys until no resolver can proceed, then loads them in one batch.
//!
//! The `dataloader` crate caches loaded values and loads them in batches, but it can only guess
//! when a batch is complete, by yielding to the runtime a fixed number of times. On several threads
//! this splits the batches of deeper levels: 13 loads instead of 3, whatever the number of yields.
//! Here a batch is complete when the execution itself cannot proceed, so no time is spent waiting.
//!
//! Invariant: a future that reads from a [`BatchLoader`] is polled within [`BatchedExecution`];
//! nothing else loads its keys.
//! nothing else loads its keys.

use std::{
    collections::HashMap,
    fmt::Debug,
    future::{Future, poll_fn},
    hash::Hash,
    io, mem,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU8, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    time::{Duration, Instant},
};

use dataloader::{BatchFn, cached::Loader};

/// Values of one kind, loaded at most once per request and in one batch per level.
pub(super) struct BatchLoader<K: Eq + Hash + Clone, V: Clone, F: BatchFn<K, V>> {
    loader: Loader<K, V, F>,
    pending: Mutex<PendingKeys<K>>,
}

/// Keys and readers that wait for the current level to be loaded.
struct PendingKeys<K> {
    keys: Vec<K>,
    wakers: Vec<Waker>,
    /// Number of levels whose load was started.
    batches_started: u64,
    /// Number of levels whose load was completed.
    batches_finished: u64,
}

impl<K: Eq + Hash + Clone + Debug, V: Clone, F: BatchFn<K, V>> BatchLoader<K, V, F> {
    /// Creates a loader that calls `load` with at most `batch_max` keys at a time.
    pub(super) fn new(load: F, batch_max: usize) -> Self {
        let loader = Loader::new(load).with_max_batch_size(batch_max).with_yield_count(0);
        let pending = PendingKeys {
            keys: Vec::new(),
            wakers: Vec::new(),
            batches_started: 0,
            batches_finished: 0,
        };
        Self { loader, pending: Mutex::new(pending) }
    }

    /// The values of `keys`, once their level has been loaded.
    ///
    /// # Errors
    /// [`io::Error`] if `load` returned no value for a key.
    pub(super) async fn many(&self, keys: Vec<K>) -> Result<HashMap<K, V>, io::Error> {
        if !keys.is_empty() {
            self.wait(&keys).await;
        }
        self.loader.try_load_many(keys).await
    }

    /// The value of `key`, once its level has been loaded.
    ///
    /// # Errors
    /// As [`many`](Self::many).
    pub(super) async fn one(&self, key: K) -> Result<V, io::Error> {
        self.wait(std::slice::from_ref(&key)).await;
        self.loader.try_load(key).await
    }

    async fn wait(&self, keys: &[K]) {
        let mut assigned_batch = None;
        poll_fn(|cx| {
            let mut pending = self.lock_pending();
            let batch = *assigned_batch.get_or_insert_with(|| {
                pending.keys.extend_from_slice(keys);
                pending.batches_started + 1
            });
            if pending.batches_finished >= batch {
                return Poll::Ready(());
            }
            pending.wakers.push(cx.waker().clone());
            Poll::Pending
        })
        .await;
    }

    fn lock_pending(&self) -> std::sync::MutexGuard<'_, PendingKeys<K>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether any key waits to be loaded.
    pub(super) fn has_pending_keys(&self) -> bool {
        !self.lock_pending().keys.is_empty()
    }

    /// Loads the pending keys, and wakes their readers.
    pub(super) async fn load_pending(&self) {
        let (keys, batch) = {
            let mut pending = self.lock_pending();
            if pending.keys.is_empty() {
                return;
            }
            pending.batches_started += 1;
            (mem::take(&mut pending.keys), pending.batches_started)
        };
        // Each reader gets the error itself, as the value of its key or as a missing value.
        let _ = self.loader.try_load_many(keys).await;
        let wakers = {
            let mut pending = self.lock_pending();
            pending.batches_finished = batch;
            mem::take(&mut pending.wakers)
        };
        wakers.into_iter().for_each(Waker::wake);
    }
}

/// An execution yields to other tasks after this time, even if it has levels left to load. The last
/// step before that adds to it; together they remain below half a millisecond.
const POLL_BUDGET: Duration = Duration::from_micros(200);

/// A set of loaders, for [`BatchedExecution`].
pub(crate) trait BatchSource: Send + Sync + 'static {
    /// Whether any key waits to be loaded.
    fn has_pending_keys(&self) -> bool;

    /// Loads the pending level.
    fn load_pending(&self) -> impl Future<Output = ()> + Send;
}

/// An execution whose levels are loaded as soon as it cannot proceed otherwise.
pub(crate) struct BatchedExecution<E, L> {
    execution: Pin<Box<E>>,
    source: Arc<L>,
    loading: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    wake_flag: Arc<WakeFlag>,
}

impl<E: Future, L: BatchSource> BatchedExecution<E, L> {
    pub(crate) fn new(execution: E, source: Arc<L>) -> Self {
        let wake_flag = Arc::new(WakeFlag::default());
        Self { execution: Box::pin(execution), source, loading: None, wake_flag }
    }

    /// Polls the load of a level, if there is one; `true` if the execution can proceed.
    fn poll_loading(&mut self, cx: &mut Context<'_>) -> bool {
        if self.loading.is_none() && self.source.has_pending_keys() {
            let source = Arc::clone(&self.source);
            self.loading = Some(Box::pin(async move { source.load_pending().await }));
        }
        let Some(loading) = &mut self.loading else { return false };
        let done = loading.as_mut().poll(cx).is_ready();
        if done {
            self.loading = None;
        }
        done
    }
}

impl<E: Future, L: BatchSource> Future for BatchedExecution<E, L> {
    type Output = E::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<E::Output> {
        let this = &mut *self;
        this.wake_flag.register(cx.waker());
        let inner_waker = Waker::from(Arc::clone(&this.wake_flag));
        let mut inner_cx = Context::from_waker(&inner_waker);
        let started = Instant::now();
        loop {
            if started.elapsed() > POLL_BUDGET {
                // Other tasks on this thread have waited long enough.
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            this.wake_flag.arm();
            if let Poll::Ready(output) = this.execution.as_mut().poll(&mut inner_cx) {
                return Poll::Ready(output);
            }
            // A reader woken in the meantime belongs to the level that is being collected.
            if !this.wake_flag.is_woken()
                && !this.poll_loading(&mut inner_cx)
                && this.wake_flag.try_park()
            {
                return Poll::Pending;
            }
        }
    }
}

/// Records that part of the execution can proceed, and wakes its task only while it is parked.
#[derive(Default)]
struct WakeFlag {
    state: AtomicU8,
    task: Mutex<Option<Waker>>,
}

/// The task is parked.
const PARKED: u8 = 0;
/// The task is running, and nothing has happened since it was last polled.
const POLLING: u8 = 1;
/// Part of the execution can proceed.
const WOKEN: u8 = 2;

impl WakeFlag {
    /// Sets the task to wake.
    fn register(&self, waker: &Waker) {
        let mut task = self.task.lock().unwrap_or_else(PoisonError::into_inner);
        if !task.as_ref().is_some_and(|task| task.will_wake(waker)) {
            *task = Some(waker.clone());
        }
    }

    fn arm(&self) {
        self.state.store(POLLING, Ordering::Release);
    }

    fn is_woken(&self) -> bool {
        self.state.load(Ordering::Acquire) == WOKEN
    }

    /// Parks the task, unless part of the execution can proceed.
    fn try_park(&self) -> bool {
        let transition = (POLLING, PARKED);
        self.state
            .compare_exchange(transition.0, transition.1, Ordering::AcqRel, Ordering::Acquire)
            .is_ok()
    }
}

impl Wake for WakeFlag {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if self.state.swap(WOKEN, Ordering::AcqRel) == PARKED {
            let task = self.task.lock().unwrap_or_else(PoisonError::into_inner).clone();
            if let Some(task) = task {
                task.wake();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use futures_util::future::join_all;

    use super::*;

    /// Doubles numbers, and counts its calls.
    #[derive(Clone, Default)]
    struct Doubling(Arc<AtomicUsize>);

    impl BatchFn<u32, u32> for Doubling {
        async fn load(&mut self, keys: &[u32]) -> HashMap<u32, u32> {
            self.0.fetch_add(1, Ordering::Relaxed);
            // Simulates a remote store, which suspends the task.
            tokio::task::yield_now().await;
            keys.iter().filter(|key| **key != 13).map(|key| (*key, key * 2)).collect()
        }
    }

    struct Doubles(BatchLoader<u32, u32, Doubling>);

    impl BatchSource for Doubles {
        fn has_pending_keys(&self) -> bool {
            self.0.has_pending_keys()
        }

        async fn load_pending(&self) {
            self.0.load_pending().await;
        }
    }

    fn doubles() -> (Arc<Doubles>, Arc<AtomicUsize>) {
        let load = Doubling::default();
        let loads = Arc::clone(&load.0);
        (Arc::new(Doubles(BatchLoader::new(load, 1_000))), loads)
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn five_levels_must_cost_five_reads() {
        for _ in 0..200 {
            let (doubles, loads) = doubles();
            let loaders = Arc::clone(&doubles);
            let execution = async move {
                join_all((100..160).map(|key| {
                    let loaders = &loaders;
                    async move {
                        let mut value = key;
                        for _ in 0..5 {
                            value = loaders.0.one(value).await.unwrap();
                        }
                        value
                    }
                }))
                .await
            };
            let batched = BatchedExecution::new(execution, doubles);
            let values = tokio::spawn(tokio::task::unconstrained(batched)).await.unwrap();
            assert_eq!(values[1], 101 * 32);
            assert_eq!(loads.load(Ordering::Relaxed), 5);
        }
    }

    #[tokio::test]
    async fn a_key_without_a_value_must_fail_only_its_own_load() {
        let (doubles, _) = doubles();
        let loaders = Arc::clone(&doubles);
        let execution = async move {
            tokio::join!(loaders.0.one(13), loaders.0.many(vec![1, 2]), loaders.0.many(Vec::new()))
        };
        let (missing, found, nothing) = BatchedExecution::new(execution, doubles).await;
        assert!(missing.is_err());
        assert_eq!(found.unwrap().len(), 2);
        assert!(nothing.unwrap().is_empty());
    }
}
