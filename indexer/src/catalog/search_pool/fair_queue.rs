//! A queue in which clients take turns, so that many searches of one do not delay those of others.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::oneshot;

tokio::task_local! {
    static CLIENT: ClientId;
}

/// Who a search is for: searches of one client wait for each other, and take turns with those of
/// others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct ClientId(u32);

impl ClientId {
    /// A client that is known by a number. All others together are the default.
    pub fn numbered(number: u32) -> Self {
        Self(number.saturating_add(1))
    }

    /// Awaits a future whose searches are for this client.
    pub async fn scope<F: Future>(self, future: F) -> F::Output {
        CLIENT.scope(self, future).await
    }

    /// The client of the current task.
    pub(super) fn current() -> Self {
        CLIENT.try_with(|client| *client).unwrap_or_default()
    }
}

/// Why a search does not get a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum QueueError {
    /// The queue is full.
    Full,
    /// Nothing became free in time.
    Timeout,
}

/// Workers, and the searches that wait for one.
#[derive(Debug)]
pub(super) struct FairQueue(Mutex<State>);

#[derive(Debug)]
struct State {
    /// Number of workers that are free. None is while a search waits.
    free: usize,
    /// Number of searches that wait.
    queued: usize,
    queued_max: usize,
    /// The searches of each client that has some, first come first.
    queues: HashMap<ClientId, VecDeque<Waiting>>,
    /// The clients that have some, in the order of their turns.
    turns: VecDeque<ClientId>,
    /// Number of the next search.
    next: u64,
}

/// A search that waits.
#[derive(Debug)]
struct Waiting {
    number: u64,
    worker: oneshot::Sender<Worker>,
}

/// A worker in use, free again when dropped.
#[derive(Debug)]
pub(super) struct Worker(Option<Arc<FairQueue>>);

impl FairQueue {
    pub(super) fn new(workers: usize, queued_max: usize) -> Self {
        let (queues, turns) = (HashMap::new(), VecDeque::new());
        Self(Mutex::new(State { free: workers, queued: 0, queued_max, queues, turns, next: 0 }))
    }

    /// Numbers of free workers and of waiting searches.
    pub(super) fn load(&self) -> (usize, usize) {
        let state = self.state();
        (state.free, state.queued)
    }

    /// A worker for a search of `client`, as soon as it is its turn.
    ///
    /// # Errors
    /// [`QueueError`] if there is none in time, or if the queue is full. In a full queue, the last
    /// search of the client with the most gives way to one of a client with fewer.
    pub(super) async fn acquire(
        self: &Arc<Self>,
        client: ClientId,
        timeout: Duration,
    ) -> Result<Worker, QueueError> {
        let (number, worker) = {
            let mut state = self.state();
            if state.free > 0 {
                state.free -= 1;
                return Ok(Worker(Some(Arc::clone(self))));
            }
            state.push(client).ok_or(QueueError::Full)?
        };
        let _place = Place { queue: self, client, number };
        match tokio::time::timeout(timeout, worker).await {
            Ok(Ok(worker)) => Ok(worker),
            // Another client's search took its place.
            Ok(Err(_)) => Err(QueueError::Full),
            Err(_) => Err(QueueError::Timeout),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Adds a search; `None` if it is rejected.
    fn push(&mut self, client: ClientId) -> Option<(u64, oneshot::Receiver<Worker>)> {
        if self.queued >= self.queued_max {
            let own = self.queues.get(&client).map_or(0, VecDeque::len);
            let longest = self.queues.iter().max_by_key(|(_, queue)| queue.len());
            let (&longest, _) = longest.filter(|(_, queue)| queue.len() > own + 1)?;
            let last = self.queues.get(&longest)?.back()?.number;
            self.remove(longest, last);
        }
        let number = self.next;
        self.next += 1;
        let (worker, receiver) = oneshot::channel();
        let queue = self.queues.entry(client).or_default();
        if queue.is_empty() {
            self.turns.push_back(client);
        }
        queue.push_back(Waiting { number, worker });
        self.queued += 1;
        Some((number, receiver))
    }

    /// Takes the search whose turn it is.
    fn pop(&mut self) -> Option<Waiting> {
        let client = self.turns.pop_front()?;
        let queue = self.queues.get_mut(&client)?;
        let first = queue.pop_front()?;
        self.queued -= 1;
        if queue.is_empty() {
            self.queues.remove(&client);
        } else {
            self.turns.push_back(client);
        }
        Some(first)
    }

    /// Removes a search, if it still waits.
    fn remove(&mut self, client: ClientId, number: u64) {
        let Some(queue) = self.queues.get_mut(&client) else { return };
        // The numbers increase.
        let Ok(index) = queue.binary_search_by_key(&number, |waiting| waiting.number) else {
            return;
        };
        queue.remove(index);
        self.queued -= 1;
        if queue.is_empty() {
            self.queues.remove(&client);
            self.turns.retain(|other| *other != client);
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let Some(queue) = self.0.take() else { return };
        let mut state = queue.state();
        while let Some(waiting) = state.pop() {
            match waiting.worker.send(Self(Some(Arc::clone(&queue)))) {
                Ok(()) => return,
                // It no longer waits: the worker stays ours.
                Err(mut worker) => worker.0 = None,
            }
        }
        state.free += 1;
    }
}

/// A search in the queue, which leaves it when dropped.
struct Place<'a> {
    queue: &'a FairQueue,
    client: ClientId,
    number: u64,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.queue.state().remove(self.client, self.number);
    }
}
