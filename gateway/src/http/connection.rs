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
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
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
        let permits = Arc::new(Semaphore::new(fitted_connections(limits.connections_max)));
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

/// File descriptors that are kept for files, the index and connections to subgraphs.
const RESERVED_DESCRIPTORS: u64 = 256;

/// As many of `connections_max` connections as the operating system lets this process have. The soft
/// limit on open files is raised as far as the hard one allows.
fn fitted_connections(connections_max: usize) -> usize {
    let wanted = connections_max as u64 + RESERVED_DESCRIPTORS;
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let is_enough = |limit: Option<u64>| limit.is_none_or(|limit| limit >= wanted);
    if is_enough(current) {
        return connections_max;
    }
    let raised = maximum.map_or(wanted, |maximum| maximum.min(wanted));
    let is_raised = setrlimit(Resource::Nofile, Rlimit { current: Some(raised), maximum }).is_ok();
    let limit = if is_raised { Some(raised) } else { current };
    let fitted = connections_within(connections_max, limit);
    if fitted < connections_max {
        tracing::warn!(
            connections_max,
            fitted,
            open_files = limit,
            "`limits.connections_max` lowered to the limit on open files; raise it, such as by `ulimit -n`"
        );
    }
    fitted
}

/// As many connections as fit a limit on open files besides what is reserved, or half of a low limit.
fn connections_within(connections_max: usize, open_files: Option<u64>) -> usize {
    let Some(open_files) = open_files else { return connections_max };
    let available = open_files.saturating_sub(RESERVED_DESCRIPTORS).max(open_files / 2).max(1);
    usize::try_from(available).unwrap_or(usize::MAX).min(connections_max)
}

/// Writes of at most this length are no progress: HTTP/2 acknowledges a PING with 17 bytes, and a client
/// that pings and takes no response would stay for ever.
const CONTROL_BYTES_MAX: usize = 32;

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

    /// More than control frames was sent: the client has time to take it, and to ask on.
    fn record_sent(&mut self, bytes: usize) {
        if bytes > CONTROL_BYTES_MAX {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_must_fit_the_limit_on_open_files() {
        for (connections_max, open_files, fitted) in [
            (1_024, None, 1_024),
            (1_024, Some(4_096), 1_024),
            (1_024, Some(1_280), 1_024),
            (1_024, Some(1_024), 768),
            (1_024, Some(300), 150),
            (1_024, Some(1), 1),
            (10, Some(1_024), 10),
        ] {
            assert_eq!(connections_within(connections_max, open_files), fitted, "{open_files:?}");
        }
    }
}
