//! The open connections, so that the ones that do not read their responses can be closed when the
//! memory is needed for others.

use std::{
    collections::HashMap,
    future::Future,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

use tokio::sync::{Notify, futures::OwnedNotified};

/// The open connections, by the address and port of the client.
#[derive(Debug, Default)]
pub(crate) struct OpenConnections(Mutex<HashMap<SocketAddr, Arc<Notify>>>);

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

    fn lock(&self) -> MutexGuard<'_, HashMap<SocketAddr, Arc<Notify>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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
