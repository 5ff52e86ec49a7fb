//! Connections: how many there may be, and how long a client may take to send a request.

use std::{
    future::Future,
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use poem::{
    http::uri::Scheme,
    listener::Acceptor,
    web::{LocalAddr, RemoteAddr},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    time::{Instant, Sleep},
};

use crate::config::Limits;

/// Pause after the operating system refuses another connection.
const PAUSE: Duration = Duration::from_millis(100);

/// Accepts a bounded number of connections, each with a bounded time for each request.
pub(crate) struct Connections {
    listener: TcpListener,
    room: Arc<Semaphore>,
    time: Duration,
    refused: bool,
}

impl Connections {
    /// Accepts what comes to `listener`.
    pub(crate) fn new(listener: TcpListener, limits: &Limits) -> Self {
        let room = Arc::new(Semaphore::new(limits.connections_max));
        let time = Duration::from_millis(limits.connection_ms_max);
        Self { listener, room, time, refused: false }
    }
}

impl Acceptor for Connections {
    type Io = Connection;

    fn local_addr(&self) -> Vec<LocalAddr> {
        self.listener.local_addr().map(|addr| LocalAddr(addr.into())).into_iter().collect()
    }

    async fn accept(&mut self) -> io::Result<(Connection, LocalAddr, RemoteAddr, Scheme)> {
        let room = Arc::clone(&self.room).acquire_owned().await.map_err(io::Error::other)?;
        loop {
            match self.listener.accept().await {
                Ok((stream, peer)) => {
                    self.refused = false;
                    // An answer is sent in one piece; waiting for more of it only costs time.
                    let _ = stream.set_nodelay(true);
                    let local = LocalAddr(stream.local_addr()?.into());
                    let connection = Connection::new(stream, room, self.time);
                    return Ok((connection, local, RemoteAddr(peer.into()), Scheme::HTTP));
                }
                // A client that went away before it was let in is nobody's fault.
                Err(cause) if cause.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(cause) => {
                    if !std::mem::replace(&mut self.refused, true) {
                        tracing::error!(%cause, "no more connections can be accepted for now");
                    }
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }
}

/// Time in which a client must send something, or take something that is sent to it.
const IDLE_TIME: Duration = Duration::from_secs(75);

/// A connection on which the first byte of an answer must follow the first byte of its request
/// within a bounded time, and on which something must happen at all.
///
/// Invariant: there is always a deadline.
pub(crate) struct Connection {
    stream: TcpStream,
    deadline: Pin<Box<Sleep>>,
    /// Whether a request has begun to come in and no answer has begun to go out.
    asking: bool,
    time: Duration,
    _room: OwnedSemaphorePermit,
}

impl Connection {
    fn new(stream: TcpStream, room: OwnedSemaphorePermit, time: Duration) -> Self {
        let deadline = Box::pin(tokio::time::sleep(IDLE_TIME.min(time)));
        Self { stream, deadline, asking: false, time, _room: room }
    }

    /// Whether the time is over; wakes the task when it will be.
    fn is_over(&mut self, cx: &mut Context<'_>) -> bool {
        self.deadline.as_mut().poll(cx).is_ready()
    }

    /// Something was sent: the client has time to take it, and to ask on.
    fn sent(&mut self, bytes: usize) {
        if bytes > 0 {
            self.asking = false;
            self.deadline.as_mut().reset(Instant::now() + IDLE_TIME);
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.is_over(cx) {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        if buffer.filled().len() > before && !self.asking {
            self.asking = true;
            let until = Instant::now() + self.time;
            self.deadline.as_mut().reset(until);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.is_over(cx) {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        let sent = ready!(Pin::new(&mut self.stream).poll_write(cx, bytes))?;
        self.sent(sent);
        Poll::Ready(Ok(sent))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.is_over(cx) {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        let sent = ready!(Pin::new(&mut self.stream).poll_write_vectored(cx, pieces))?;
        self.sent(sent);
        Poll::Ready(Ok(sent))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
