//! SIGTERM and Ctrl-C, caught from the first moment on: as process 1 of a container, the program
//! would otherwise ignore them, and elsewhere it would end without an exit code.

use std::{
    io, process,
    sync::{Arc, Mutex, PoisonError},
    thread,
};

use tokio::{
    runtime,
    signal::unix::{SignalKind, signal},
    sync::oneshot,
};

/// What a signal does.
enum OnSignal {
    /// It ends the process: nothing has to be completed.
    Exit,
    /// It is reported to the server, once.
    Report(Option<oneshot::Sender<()>>),
}

/// Catches signals until the process ends.
pub(super) struct ShutdownSignals(Arc<Mutex<OnSignal>>);

impl ShutdownSignals {
    /// Catches signals on a thread of its own, which waits neither for files nor for the runtime of
    /// the server. Until [`Self::reported`] is called, a signal ends the process with exit code 0.
    ///
    /// A build that is interrupted publishes nothing; the next one removes its remains.
    pub(super) fn catch() -> io::Result<Self> {
        let runtime = runtime::Builder::new_current_thread().enable_io().build()?;
        let (mut terminate, mut interrupt) = {
            let _context = runtime.enter();
            (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?)
        };
        let state = Arc::new(Mutex::new(OnSignal::Exit));
        let on_signal = Arc::clone(&state);
        let wait = async move {
            loop {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                }
                match &mut *on_signal.lock().unwrap_or_else(PoisonError::into_inner) {
                    OnSignal::Exit => process::exit(0),
                    OnSignal::Report(report) => drop(report.take().map(|report| report.send(()))),
                }
            }
        };
        thread::Builder::new().name("signals".to_owned()).spawn(move || runtime.block_on(wait))?;
        Ok(Self(state))
    }

    /// From now on, the first signal completes the returned future instead.
    pub(super) fn reported(self) -> impl Future<Output = ()> {
        let (report, reported) = oneshot::channel();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = OnSignal::Report(Some(report));
        async move {
            let _ = reported.await;
        }
    }
}
