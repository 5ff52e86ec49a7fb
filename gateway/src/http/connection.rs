//! Connections: limits on their number, and on the time for sending a request.

use std::{
    future::{self, Future},
    io,
    net::SocketAddr,
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

use super::open_connections::{CloseSignal, OpenConnections};
use crate::config::Limits;

/// Delay after a failure to accept a connection.
const ACCEPT_RETRY_DELAY: Duration = Duration::from_millis(100);

/// Accepts a limited number of connections, each with a time limit per request.
pub(crate) struct LimitedListener {
    /// None once connections are drained.
    listener: Option<TcpListener>,
    permits: Arc<Semaphore>,
    connections: Arc<OpenConnections>,
    request_timeout: Duration,
    accept_failed: bool,
}

impl LimitedListener {
    /// Accepts the connections of `listener`, and adds them to `connections`.
    pub(crate) fn new(
        listener: TcpListener,
        limits: &Limits,
        connections: Arc<OpenConnections>,
    ) -> Self {
        let permits = Arc::new(Semaphore::new(fitted_connections(limits.connections_max)));
        let request_timeout = Duration::from_millis(limits.connection_ms_max);
        let listener = Some(listener);
        Self { listener, permits, connections, request_timeout, accept_failed: false }
    }

    /// The next connection; none if connections are drained.
    async fn next(&mut self) -> Option<io::Result<(TcpStream, SocketAddr, OwnedSemaphorePermit)>> {
        let listener = self.listener.as_ref()?;
        let permit = match Arc::clone(&self.permits).acquire_owned().await {
            Ok(permit) => permit,
            Err(error) => return Some(Err(io::Error::other(error))),
        };
        loop {
            match listener.accept().await {
                Ok((stream, peer)) => {
                    self.accept_failed = false;
                    return Some(Ok((stream, peer, permit)));
                }
                // A client that disconnects before it is accepted is not an error.
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

impl Acceptor for LimitedListener {
    type Io = DeadlineStream;

    fn local_addr(&self) -> Vec<LocalAddr> {
        let address = self.listener.as_ref().and_then(|listener| listener.local_addr().ok());
        address.map(|address| LocalAddr(address.into())).into_iter().collect()
    }

    async fn accept(&mut self) -> io::Result<(DeadlineStream, LocalAddr, RemoteAddr, Scheme)> {
        let connections = Arc::clone(&self.connections);
        let next = tokio::select! {
            biased;
            () = connections.draining() => None,
            next = self.next() => next,
        };
        let Some(next) = next else {
            // Closed at once: new clients get an error, or wait for the next program if a parent
            // holds the socket.
            self.listener = None;
            return future::pending().await;
        };
        let (stream, peer, permit) = next?;
        // Responses are sent in one piece, so Nagle's algorithm would only add delay.
        let _ = stream.set_nodelay(true);
        let local = LocalAddr(stream.local_addr()?.into());
        let close = self.connections.add(peer);
        let connection = DeadlineStream::new(stream, close, permit, self.request_timeout);
        Ok((connection, local, RemoteAddr(peer.into()), Scheme::HTTP))
    }
}

/// File descriptors reserved for files, the index and connections to subgraphs.
const RESERVED_DESCRIPTORS: u64 = 256;

/// The number of connections, at most `connections_max`, that the operating system allows. Raises
/// the soft limit on open files as far as the hard limit permits.
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
            "`limits.connections_max` lowered to the limit on open files; raise it with `ulimit -n`"
        );
    }
    fitted
}

/// Number of connections within a limit on open files, minus the reserved ones; at least half of
/// the limit.
fn connections_within(connections_max: usize, open_files: Option<u64>) -> usize {
    let Some(open_files) = open_files else { return connections_max };
    let available = open_files.saturating_sub(RESERVED_DESCRIPTORS).max(open_files / 2).max(1);
    usize::try_from(available).unwrap_or(usize::MAX).min(connections_max)
}

/// Writes of at most this many bytes are not progress: a PING acknowledgement of HTTP/2 has 17
/// bytes, so a client that only pings and reads no response could stay connected forever.
const CONTROL_BYTES_MAX: usize = 32;

/// Maximum bytes of one write: the kernel copies and sends them during the call, and no other task
/// runs on the thread meanwhile.
const WRITE_BYTES_MAX: usize = 32 * 1024;

/// Maximum time without data in either direction.
const IDLE_TIMEOUT: Duration = Duration::from_secs(75);

/// A connection with a time limit from the first byte of a request to the first byte of its
/// response, and on idle time. It ends earlier if its client does not read and others need the
/// memory.
///
/// Invariant: there is always a deadline.
pub(crate) struct DeadlineStream {
    stream: TcpStream,
    deadline: Pin<Box<Sleep>>,
    /// Whether a request has started to arrive and no response has started to be sent.
    request_pending: bool,
    request_timeout: Duration,
    /// Bytes sent since the task last yielded.
    sent_in_poll: usize,
    close: CloseSignal,
    _permit: OwnedSemaphorePermit,
}

impl DeadlineStream {
    fn new(
        stream: TcpStream,
        close: CloseSignal,
        permit: OwnedSemaphorePermit,
        request_timeout: Duration,
    ) -> Self {
        let deadline = Box::pin(tokio::time::sleep(IDLE_TIMEOUT.min(request_timeout)));
        Self {
            stream,
            deadline,
            request_pending: false,
            request_timeout,
            sent_in_poll: 0,
            close,
            _permit: permit,
        }
    }

    /// Whether the deadline has passed or the connection must be closed; wakes the task when it has.
    fn is_past_deadline(&mut self, cx: &mut Context<'_>) -> bool {
        self.close.is_set(cx) || self.deadline.as_mut().poll(cx).is_ready()
    }

    /// Writes with `write` unless the connection must be closed. Yields to other tasks after every
    /// [`WRITE_BYTES_MAX`] bytes, since a client that reads fast never makes a write wait.
    fn poll_send(
        &mut self,
        cx: &mut Context<'_>,
        write: impl FnOnce(Pin<&mut TcpStream>, &mut Context<'_>) -> Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if self.is_past_deadline(cx) {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        if self.sent_in_poll >= WRITE_BYTES_MAX {
            self.sent_in_poll = 0;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let sent = ready!(write(Pin::new(&mut self.stream), cx))?;
        self.record_sent(sent);
        Poll::Ready(Ok(sent))
    }

    /// After a write of more than control frames, resets the deadline to the idle timeout.
    fn record_sent(&mut self, bytes: usize) {
        self.sent_in_poll += bytes;
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
        let bytes = &bytes[..bytes.len().min(WRITE_BYTES_MAX)];
        self.poll_send(cx, |stream, cx| stream.poll_write(cx, bytes))
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
        let leading = leading_buffers(buffers);
        if leading.is_empty() {
            return self.poll_write(cx, buffers.first().map_or(&[], |buffer| buffer));
        }
        self.poll_send(cx, |stream, cx| stream.poll_write_vectored(cx, leading))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

/// The first buffers that have at most [`WRITE_BYTES_MAX`] bytes together.
fn leading_buffers<'a, 'b>(buffers: &'a [io::IoSlice<'b>]) -> &'a [io::IoSlice<'b>] {
    let mut bytes = 0;
    let count = buffers.iter().position(|buffer| {
        bytes += buffer.len();
        bytes > WRITE_BYTES_MAX
    });
    &buffers[..count.unwrap_or(buffers.len())]
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

    #[test]
    fn a_write_must_be_bounded() {
        let (small, large) = (vec![0; 300], vec![0; WRITE_BYTES_MAX]);
        for (lengths, count) in [
            (&[&small][..], 1),
            (&[&small, &large], 1),
            (&[&large, &small], 1),
            (&[&small, &small, &large], 2),
            (&[], 0),
        ] {
            let buffers: Vec<_> = lengths.iter().map(|bytes| io::IoSlice::new(bytes)).collect();
            assert_eq!(leading_buffers(&buffers).len(), count);
        }
        let larger = vec![0; WRITE_BYTES_MAX + 1];
        assert!(leading_buffers(&[io::IoSlice::new(&larger)]).is_empty());
    }
}
