//! The open connections, so that the ones that do not read their responses can be closed when the
//! memory is needed for others, and all of them before the program ends.

use std::{
    collections::HashMap,
    future::Future,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use tokio::sync::{Notify, futures::OwnedNotified, watch};

/// Time in which a client that keeps its connection open can send one more request at shutdown.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(1);
/// Interval between checks for open connections at shutdown.
const DRAIN_POLL_INTERVAL: Duration = Duration::from_millis(5);

/// The open connections, by the address and port of the client.
#[derive(Debug, Default)]
pub(crate) struct OpenConnections {
    by_client: Mutex<HashMap<SocketAddr, Arc<Notify>>>,
    draining: watch::Sender<bool>,
}

impl OpenConnections {
    /// Adds a connection until the signal is dropped.
    pub(super) fn add(self: &Arc<Self>, client: SocketAddr) -> CloseSignal {
        let close = Arc::new(Notify::new());
        self.lock().insert(client, Arc::clone(&close));
        CloseSignal {
            connections: Arc::clone(self),
            client,
            close: Box::pin(close.notified_owned()),
        }
    }

    /// Closes a connection if it is open.
    pub(super) fn close(&self, client: SocketAddr) {
        if let Some(close) = self.lock().get(&client) {
            close.notify_one();
        }
    }

    /// Accepts no more connections, and ends each after its next response. Completes when none is
    /// open, at the latest after [`DRAIN_TIMEOUT`].
    ///
    /// A server that closes idle connections at once resets those on which a request is on its way.
    pub(crate) async fn drain(&self) {
        self.draining.send_replace(true);
        let closed = async {
            while !self.lock().is_empty() {
                tokio::time::sleep(DRAIN_POLL_INTERVAL).await;
            }
        };
        let _ = tokio::time::timeout(DRAIN_TIMEOUT, closed).await;
    }

    /// Whether connections end after their next response.
    pub(super) fn is_draining(&self) -> bool {
        *self.draining.borrow()
    }

    /// Completes when no more connections must be accepted.
    pub(super) async fn draining(&self) {
        let mut draining = self.draining.subscribe();
        // The sender lives as long as this future.
        let _ = draining.wait_for(|is_draining| *is_draining).await;
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<SocketAddr, Arc<Notify>>> {
        self.by_client.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Completes when its connection must be closed.
pub(super) struct CloseSignal {
    connections: Arc<OpenConnections>,
    client: SocketAddr,
    close: Pin<Box<OwnedNotified>>,
}

impl CloseSignal {
    /// Whether the connection must be closed; wakes the task when it must.
    pub(super) fn is_set(&mut self, cx: &mut Context<'_>) -> bool {
        matches!(self.close.as_mut().poll(cx), Poll::Ready(()))
    }
}

impl Drop for CloseSignal {
    fn drop(&mut self) {
        self.connections.lock().remove(&self.client);
    }
}
