//! Work on several threads whose results come in the order of the items, so that a build on more
//! threads writes the same generation.

use std::{
    iter,
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread::Scope,
};

/// Number of threads besides that of the caller, which reads the items and writes the results.
const WORKERS: usize = 2;
/// Number of items that are sent to a thread at once: waking it costs as much as a small item.
const BATCH_ITEMS: usize = 8;
/// Maximum number of batches per thread that wait for it or have results: items may be large.
const BATCHES_PER_WORKER_MAX: usize = 2;

/// The results of `work` on each of the items, in order. The items are read by the caller, at most
/// `(WORKERS * BATCHES_PER_WORKER_MAX + 1) * BATCH_ITEMS` ahead of its use of the results.
///
/// If `work` panics, the iterator ends and so does `scope`, with a panic.
pub(crate) fn map<'scope, T: Send + 'scope, R: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    items: impl IntoIterator<Item = T>,
    work: impl Fn(T) -> R + Copy + Send + 'scope,
) -> impl Iterator<Item = R> {
    let start = |_| -> (SyncSender<Vec<T>>, Receiver<Vec<R>>) {
        let (sender, batches) = sync_channel::<Vec<T>>(BATCHES_PER_WORKER_MAX);
        let (results, receiver) = sync_channel(BATCHES_PER_WORKER_MAX);
        let of_batch = move |batch: Vec<T>| batch.into_iter().map(work).collect();
        scope
            .spawn(move || batches.into_iter().map(of_batch).try_for_each(|one| results.send(one)));
        (sender, receiver)
    };
    let workers: Vec<_> = (0..WORKERS).map(start).collect();
    let mut items = items.into_iter().fuse();
    let (mut sent, mut received) = (0, 0);
    let mut results = Vec::new().into_iter();
    iter::from_fn(move || {
        if let Some(result) = results.next() {
            return Some(result);
        }
        while sent - received < WORKERS * BATCHES_PER_WORKER_MAX {
            let batch: Vec<T> = items.by_ref().take(BATCH_ITEMS).collect();
            if batch.is_empty() {
                break;
            }
            workers[sent % WORKERS].0.send(batch).ok()?;
            sent += 1;
        }
        if received == sent {
            return None;
        }
        received += 1;
        results = workers[(received - 1) % WORKERS].1.recv().ok()?.into_iter();
        results.next()
    })
}

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicUsize, Ordering},
        thread,
        time::Duration,
    };

    use super::*;

    #[test]
    fn results_must_come_in_the_order_of_the_items_and_the_reader_must_not_run_ahead() {
        let read = AtomicUsize::new(0);
        let items = (0..500_u64).inspect(|_| {
            read.fetch_add(1, Ordering::Relaxed);
        });
        thread::scope(|scope| {
            let slow = |item: u64| {
                thread::sleep(Duration::from_micros(item * 7919 % 300));
                item * 2
            };
            for (used, result) in map(scope, items, slow).enumerate() {
                assert_eq!(result, used as u64 * 2);
                let ahead = read.load(Ordering::Relaxed) - used;
                let ahead_max = (WORKERS * BATCHES_PER_WORKER_MAX + 1) * BATCH_ITEMS;
                assert!(ahead <= ahead_max, "{ahead}");
            }
        });
        assert_eq!(read.into_inner(), 500);
    }

    #[test]
    fn a_panic_of_the_work_must_not_pass_for_the_end_of_the_items() {
        let work = || {
            thread::scope(|scope| {
                map(scope, 0..100, |item| assert_ne!(item, 40, "the item that fails")).count()
            })
        };
        assert!(std::panic::catch_unwind(work).is_err());
    }
}
