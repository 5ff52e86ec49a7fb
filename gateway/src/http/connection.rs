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
const ACCEPT_RETRY_DELAY: Duration = Duration::from_millis(100);

/// Accepts a bounded number of connections, each with a bounded time for each request.
pub(crate) struct LimitedListener {
    listener: TcpListener,
    permits: Arc<Semaphore>,
    request_timeout: Duration,
    accept_failed: bool,
}

impl LimitedListener {
    /// Accepts what comes to `listener`.
    pub(crate) fn new(listener: TcpListener, limits: &Limits) -> Self {
        let permits = Arc::new(Semaphore::new(limits.connections_max));
        let request_timeout = Duration::from_millis(limits.connection_ms_max);
        Self { listener, permits, request_timeout, accept_failed: false }
    }
}

impl Acceptor for LimitedListener {
    type Io = DeadlineStream;

    fn local_addr(&self) -> Vec<LocalAddr> {
        self.listener.local_addr().map(|addr| LocalAddr(addr.into())).into_iter().collect()
    }

    async fn accept(&mut self) -> io::Result<(DeadlineStream, LocalAddr, RemoteAddr, Scheme)> {
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(io::Error::other)?;
        loop {
            match self.listener.accept().await {
                Ok((stream, peer)) => {
                    self.accept_failed = false;
                    // An answer is sent in one piece; waiting for more of it only costs time.
                    let _ = stream.set_nodelay(true);
                    let local = LocalAddr(stream.local_addr()?.into());
                    let connection = DeadlineStream::new(stream, permit, self.request_timeout);
                    return Ok((connection, local, RemoteAddr(peer.into()), Scheme::HTTP));
                }
                // A client that went away before it was let in is nobody's fault.
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(error) => {
                    if !std::mem::replace(&mut self.accept_failed, true) {
                        tracing::error!(%error, "cannot accept connections");
                    }
                    tokio::time::sleep(ACCEPT_RETRY_DELAY).await;
                }
            }
        }
    }
}

/// Time in which a client must send something, or take something that is sent to it.
const IDLE_TIMEOUT: Duration = Duration::from_secs(75);

/// A connection on which the first byte of an answer must follow the first byte of its request
/// within a bounded time, and on which something must happen at all.
///
/// Invariant: there is always a deadline.
pub(crate) struct DeadlineStream {
    stream: TcpStream,
    deadline: Pin<Box<Sleep>>,
    /// Whether a request has begun to come in and no answer has begun to go out.
    request_pending: bool,
    request_timeout: Duration,
    _permit: OwnedSemaphorePermit,
}

impl DeadlineStream {
    fn new(stream: TcpStream, permit: OwnedSemaphorePermit, request_timeout: Duration) -> Self {
        let deadline = Box::pin(tokio::time::sleep(IDLE_TIMEOUT.min(request_timeout)));
        Self { stream, deadline, request_pending: false, request_timeout, _permit: permit }
    }

    /// Whether the time is over; wakes the task when it will be.
    fn is_past_deadline(&mut self, cx: &mut Context<'_>) -> bool {
        self.deadline.as_mut().poll(cx).is_ready()
    }

    /// Something was sent: the client has time to take it, and to ask on.
    fn record_sent(&mut self, bytes: usize) {
        if bytes > 0 {
            self.request_pending = false;
            self.deadline.as_mut().reset(Instant::now() + IDLE_TIMEOUT);
        }
    }
}

impl AsyncRead for DeadlineStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.is_past_deadline(cx) {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        if buffer.filled().len() > before && !self.request_pending {
            self.request_pending = true;
            let deadline = Instant::now() + self.request_timeout;
            self.deadline.as_mut().reset(deadline);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for DeadlineStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.is_past_deadline(cx) {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        let sent = ready!(Pin::new(&mut self.stream).poll_write(cx, bytes))?;
        self.record_sent(sent);
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
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.is_past_deadline(cx) {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        let sent = ready!(Pin::new(&mut self.stream).poll_write_vectored(cx, buffers))?;
        self.record_sent(sent);
        Poll::Ready(Ok(sent))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}
