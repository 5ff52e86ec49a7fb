//! Levels: what resolvers side by side ask for is gathered until none of them can go on, and is then
//! read in one go.
//!
//! The `dataloader` crate keeps what was read and reads in batches. When a batch is complete it can
//! only guess, by yielding to the runtime a fixed number of times; on several threads that splits
//! the batches of deeper levels (13 reads instead of 3, however often it yields). Here a batch is
//! complete when the execution itself has nothing left to do, so no time is lost by waiting either.
//!
//! Invariant: whoever asks a [`Gathered`] is polled within [`InLevels`], else nobody reads for it.

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

/// Things of one sort, each read once for a request and together with all others of its level.
pub(super) struct Gathered<K: Eq + Hash + Clone, V: Clone, F: BatchFn<K, V>> {
    loader: Loader<K, V, F>,
    waiting: Mutex<Waiting<K>>,
}

/// Who waits for a level to be complete.
struct Waiting<K> {
    keys: Vec<K>,
    wakers: Vec<Waker>,
    /// How many levels were begun to be read.
    begun: u64,
    /// How many levels were read.
    done: u64,
}

impl<K: Eq + Hash + Clone + Debug, V: Clone, F: BatchFn<K, V>> Gathered<K, V, F> {
    /// Reads by `load`, at most `batch_max` keys in one go.
    pub(super) fn new(load: F, batch_max: usize) -> Self {
        let loader = Loader::new(load).with_max_batch_size(batch_max).with_yield_count(0);
        let waiting = Waiting { keys: Vec::new(), wakers: Vec::new(), begun: 0, done: 0 };
        Self { loader, waiting: Mutex::new(waiting) }
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
        let mut level = None;
        poll_fn(|cx| {
            let mut waiting = self.waiting();
            let level = *level.get_or_insert_with(|| {
                waiting.keys.extend_from_slice(keys);
                waiting.begun + 1
            });
            if waiting.done >= level {
                return Poll::Ready(());
            }
            waiting.wakers.push(cx.waker().clone());
            Poll::Pending
        })
        .await;
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, Waiting<K>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether anybody waits.
    pub(super) fn is_waited_for(&self) -> bool {
        !self.waiting().keys.is_empty()
    }

    /// Reads what was gathered, and lets those who wait for it go on.
    pub(super) async fn read(&self) {
        let (keys, level) = {
            let mut waiting = self.waiting();
            if waiting.keys.is_empty() {
                return;
            }
            waiting.begun += 1;
            (mem::take(&mut waiting.keys), waiting.begun)
        };
        // What fails is told to each who asked, by the value of the key or by its absence.
        let _ = self.loader.try_load_many(keys).await;
        let wakers = {
            let mut waiting = self.waiting();
            waiting.done = level;
            mem::take(&mut waiting.wakers)
        };
        wakers.into_iter().for_each(Waker::wake);
    }
}

/// An execution that has levels left to read lets others go on after this time.
const TURN: Duration = Duration::from_micros(500);

/// Something that gathers, for [`InLevels`].
pub(crate) trait Levels: Send + Sync + 'static {
    /// Whether anybody waits for a level to be read.
    fn is_waited_for(&self) -> bool;

    /// Reads the level that was gathered.
    fn read(&self) -> impl Future<Output = ()> + Send;
}

/// An execution whose levels are read as soon as it can do nothing else.
pub(crate) struct InLevels<E, L> {
    execution: Pin<Box<E>>,
    levels: Arc<L>,
    reading: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    alarm: Arc<Alarm>,
}

impl<E: Future, L: Levels> InLevels<E, L> {
    pub(crate) fn new(execution: E, levels: Arc<L>) -> Self {
        let alarm = Arc::new(Alarm::default());
        Self { execution: Box::pin(execution), levels, reading: None, alarm }
    }

    /// Polls the reading of a level, if there is one; `true` where the execution can go on.
    fn has_read(&mut self, cx: &mut Context<'_>) -> bool {
        if self.reading.is_none() && self.levels.is_waited_for() {
            let levels = Arc::clone(&self.levels);
            self.reading = Some(Box::pin(async move { levels.read().await }));
        }
        let Some(reading) = &mut self.reading else { return false };
        let done = reading.as_mut().poll(cx).is_ready();
        if done {
            self.reading = None;
        }
        done
    }
}

impl<E: Future, L: Levels> Future for InLevels<E, L> {
    type Output = E::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<E::Output> {
        let this = &mut *self;
        this.alarm.ring_at(cx.waker());
        let waker = Waker::from(Arc::clone(&this.alarm));
        let mut within = Context::from_waker(&waker);
        let begun = Instant::now();
        loop {
            if begun.elapsed() > TURN {
                // Others on this thread have waited long enough.
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            this.alarm.set();
            if let Poll::Ready(answer) = this.execution.as_mut().poll(&mut within) {
                return Poll::Ready(answer);
            }
            // Who was woken meanwhile belongs to the level that is being gathered.
            if !this.alarm.has_rung() && !this.has_read(&mut within) && this.alarm.is_quiet() {
                return Poll::Pending;
            }
        }
    }
}

/// Notes that a part of the execution can go on, and wakes its task only while that sleeps.
#[derive(Default)]
struct Alarm {
    state: AtomicU8,
    task: Mutex<Option<Waker>>,
}

/// The task sleeps.
const ASLEEP: u8 = 0;
/// The task runs, and nothing happened since it was last looked at.
const AWAKE: u8 = 1;
/// Something can go on.
const RUNG: u8 = 2;

impl Alarm {
    /// Which task to wake.
    fn ring_at(&self, waker: &Waker) {
        let mut task = self.task.lock().unwrap_or_else(PoisonError::into_inner);
        if !task.as_ref().is_some_and(|task| task.will_wake(waker)) {
            *task = Some(waker.clone());
        }
    }

    fn set(&self) {
        self.state.store(AWAKE, Ordering::Release);
    }

    fn has_rung(&self) -> bool {
        self.state.load(Ordering::Acquire) == RUNG
    }

    /// Lets the task sleep, unless something can go on.
    fn is_quiet(&self) -> bool {
        let asleep = (AWAKE, ASLEEP);
        self.state.compare_exchange(asleep.0, asleep.1, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }
}

impl Wake for Alarm {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if self.state.swap(RUNG, Ordering::AcqRel) == ASLEEP {
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

    /// Doubles numbers, and counts how often it is asked.
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

    struct Doubles(Gathered<u32, u32, Doubling>);

    impl Levels for Doubles {
        fn is_waited_for(&self) -> bool {
            self.0.is_waited_for()
        }

        async fn read(&self) {
            self.0.read().await;
        }
    }

    fn doubles() -> (Arc<Doubles>, Arc<AtomicUsize>) {
        let load = Doubling::default();
        let loads = Arc::clone(&load.0);
        (Arc::new(Doubles(Gathered::new(load, 1_000))), loads)
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn five_levels_must_cost_five_reads() {
        for _ in 0..200 {
            let (doubles, loads) = doubles();
            let asking = Arc::clone(&doubles);
            let execution = async move {
                join_all((100..160).map(|key| {
                    let asking = &asking;
                    async move {
                        let mut value = key;
                        for _ in 0..5 {
                            value = asking.0.one(value).await.unwrap();
                        }
                        value
                    }
                }))
                .await
            };
            let whole = InLevels::new(execution, doubles);
            let values = tokio::spawn(tokio::task::unconstrained(whole)).await.unwrap();
            assert_eq!(values[1], 101 * 32);
            assert_eq!(loads.load(Ordering::Relaxed), 5);
        }
    }

    #[tokio::test]
    async fn a_key_without_a_value_must_be_an_error_for_those_who_ask_for_it_alone() {
        let (doubles, _) = doubles();
        let asking = Arc::clone(&doubles);
        let execution = async move {
            tokio::join!(asking.0.one(13), asking.0.many(vec![1, 2]), asking.0.many(Vec::new()))
        };
        let (missing, found, nothing) = InLevels::new(execution, doubles).await;
        assert!(missing.is_err());
        assert_eq!(found.unwrap().len(), 2);
        assert!(nothing.unwrap().is_empty());
    }
}
