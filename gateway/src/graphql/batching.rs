//! Batching by level: keys are collected until no resolver can proceed, and are then read in one
//! batch.
//!
//! The `dataloader` crate caches what was read and reads in batches. When a batch is complete it
//! can only guess, by yielding to the runtime a fixed number of times; on several threads that
//! splits the batches of deeper levels (13 reads instead of 3, however often it yields). Here a
//! batch is complete when the execution itself has nothing left to do, so no time is lost by
//! waiting either.
//!
//! Invariant: a future that reads from a [`BatchLoader`] is polled within [`BatchedExecution`];
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

/// Values of one kind, each read once per request and together with all others of its level.
pub(super) struct BatchLoader<K: Eq + Hash + Clone, V: Clone, F: BatchFn<K, V>> {
    loader: Loader<K, V, F>,
    pending: Mutex<PendingKeys<K>>,
}

/// Who waits for a level to be complete.
struct PendingKeys<K> {
    keys: Vec<K>,
    wakers: Vec<Waker>,
    /// How many levels were begun to be read.
    batches_started: u64,
    /// How many levels were read.
    batches_finished: u64,
}

impl<K: Eq + Hash + Clone + Debug, V: Clone, F: BatchFn<K, V>> BatchLoader<K, V, F> {
    /// Reads by `load`, at most `batch_max` keys in one go.
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

    /// The values of `keys`, when their level has been read.
    ///
    /// # Errors
    /// [`io::Error`] where `load` gave no value for a key.
    pub(super) async fn many(&self, keys: Vec<K>) -> Result<HashMap<K, V>, io::Error> {
        if !keys.is_empty() {
            self.wait(&keys).await;
        }
        self.loader.try_load_many(keys).await
    }

    /// The value of `key`, when its level has been read.
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

    /// Whether anybody waits.
    pub(super) fn has_pending_keys(&self) -> bool {
        !self.lock_pending().keys.is_empty()
    }

    /// Reads the pending keys, and wakes their readers.
    pub(super) async fn load_pending(&self) {
        let (keys, batch) = {
            let mut pending = self.lock_pending();
            if pending.keys.is_empty() {
                return;
            }
            pending.batches_started += 1;
            (mem::take(&mut pending.keys), pending.batches_started)
        };
        // Each reader gets the error, as the value of its key or by the absence of one.
        let _ = self.loader.try_load_many(keys).await;
        let wakers = {
            let mut pending = self.lock_pending();
            pending.batches_finished = batch;
            mem::take(&mut pending.wakers)
        };
        wakers.into_iter().for_each(Waker::wake);
    }
}

/// An execution that has levels left to read lets others go on after this time.
const POLL_BUDGET: Duration = Duration::from_micros(500);

/// Something that gathers, for [`BatchedExecution`].
pub(crate) trait BatchSource: Send + Sync + 'static {
    /// Whether anybody waits for a level to be read.
    fn has_pending_keys(&self) -> bool;

    /// Reads the pending level.
    fn load_pending(&self) -> impl Future<Output = ()> + Send;
}

/// An execution whose levels are read as soon as it can do nothing else.
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

    /// Polls the reading of a level, if there is one; `true` where the execution can go on.
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
                // Others on this thread have waited long enough.
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            this.wake_flag.arm();
            if let Poll::Ready(output) = this.execution.as_mut().poll(&mut inner_cx) {
                return Poll::Ready(output);
            }
            // A reader that was woken meanwhile belongs to the level that is being collected.
            if !this.wake_flag.is_woken()
                && !this.poll_loading(&mut inner_cx)
                && this.wake_flag.try_park()
            {
                return Poll::Pending;
            }
        }
    }
}

/// Notes that a part of the execution can go on, and wakes its task only while that sleeps.
#[derive(Default)]
struct WakeFlag {
    state: AtomicU8,
    task: Mutex<Option<Waker>>,
}

/// The task sleeps.
const PARKED: u8 = 0;
/// The task runs, and nothing happened since it was last looked at.
const POLLING: u8 = 1;
/// Something can go on.
const WOKEN: u8 = 2;

impl WakeFlag {
    /// Which task to wake.
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

    /// Lets the task sleep, unless something can go on.
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
            // A store that is somewhere else makes one wait.
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
