//! Runs work on long texts off the runtime threads: compressing, rewriting and serialising take
//! time in proportion to the number of bytes.

/// Maximum number of bytes processed on a runtime thread; compressing them takes less than 500 µs.
pub(crate) const INLINE_BYTES_MAX: usize = 2 << 10;

/// Runs work on about `bytes` bytes, on a blocking thread if there are more than
/// [`INLINE_BYTES_MAX`].
pub(crate) async fn run<T: Send + 'static>(
    bytes: usize,
    work: impl FnOnce() -> T + Send + 'static,
) -> T {
    if bytes <= INLINE_BYTES_MAX {
        return work();
    }
    match tokio::task::spawn_blocking(work).await.map_err(tokio::task::JoinError::try_into_panic) {
        Ok(result) => result,
        Err(Ok(panic)) => std::panic::resume_unwind(panic),
        // The runtime is shutting down, and this task with it.
        Err(Err(_cancelled)) => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[tokio::test]
    async fn only_work_on_few_bytes_must_run_on_the_thread_of_the_runtime() {
        let here = thread::current().id();
        let on_this_thread = move || thread::current().id() == here;
        assert!(run(INLINE_BYTES_MAX, on_this_thread).await);
        assert!(!run(INLINE_BYTES_MAX + 1, on_this_thread).await);
    }
}
