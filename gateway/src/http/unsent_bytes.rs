//! Bounds the memory of responses that clients do not read: bytes that are not sent yet, over all
//! connections and on each of them.
//!
//! A client of HTTP/2 can request many responses with a window of zero; each of them stays in memory
//! until the connection times out. When the memory is exhausted, the connections that have not read
//! for a while are closed.

use std::{
    collections::HashMap,
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

use bytes::Bytes;
use http_body_util::combinators::BoxBody;
use hyper::body::{Body as HttpBody, Frame, SizeHint};
use poem::{
    Addr, Body, Endpoint, IntoResponse, Request, Response, Result,
    http::{StatusCode, header},
};

use super::{open_connections::OpenConnections, problem_details};
use crate::{config::Limits, error::ApiError};

/// Seconds after which a client that is rejected may retry.
const RETRY_AFTER: &str = "5";
/// Time after which a connection that has not read a response is closed if others need the memory.
const SLOW_AFTER: Duration = Duration::from_secs(5);
/// Attempts to reserve memory after slow connections were closed, and the delay between them.
const ATTEMPTS: u32 = 20;
const ATTEMPT_DELAY: Duration = Duration::from_millis(10);

/// Rejects responses that would exceed the bounds on unsent bytes.
pub(crate) struct UnsentBytes<E> {
    inner: E,
    budget: Arc<UnsentBudget>,
    connections: Arc<OpenConnections>,
}

impl<E> UnsentBytes<E> {
    /// Bounds the responses of `inner`.
    pub(crate) fn new(inner: E, limits: &Limits, connections: Arc<OpenConnections>) -> Self {
        Self { inner, budget: Arc::new(UnsentBudget::new(limits)), connections }
    }
}

impl<E: Endpoint> Endpoint for UnsentBytes<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let connection = match &request.remote_addr().0 {
            Addr::SocketAddr(address) => Some(*address),
            _ => None,
        };
        // A few bytes each, and a probe must not fail because of the clients of others.
        let is_probe = request.uri().path().starts_with("/health/");
        let mut response = self.inner.call(request).await?.into_response();
        if is_probe {
            return Ok(response);
        }
        let body = BoxBody::from(response.take_body());
        let bytes = body.size_hint().exact().unwrap_or_default();
        match self.reserve(connection, bytes).await {
            Some(reservation) => {
                let body = ReservedBody { body, reservation: Arc::new(reservation) };
                response.set_body(Body::from(BoxBody::new(body)));
                Ok(response)
            }
            None => Ok(rejected()),
        }
    }
}

impl<E> UnsentBytes<E> {
    /// Reserves bytes, if necessary by closing connections that do not read.
    async fn reserve(&self, connection: Option<SocketAddr>, bytes: u64) -> Option<Reservation> {
        let reservation = self.budget.reserve(connection, bytes);
        if reservation.is_some() {
            return reservation;
        }
        let slow = self.budget.slow_connections(bytes, SLOW_AFTER);
        if slow.is_empty() {
            return None;
        }
        tracing::warn!(closed = slow.len(), "closed connections that did not read their responses");
        for client in slow {
            self.connections.close(client);
        }
        for _ in 0..ATTEMPTS {
            tokio::time::sleep(ATTEMPT_DELAY).await;
            let reservation = self.budget.reserve(connection, bytes);
            if reservation.is_some() {
                return reservation;
            }
        }
        None
    }
}

fn rejected() -> Response {
    let error = ApiError::unavailable("too many response bytes are unread; read them, then retry");
    let response = problem_details::response(StatusCode::SERVICE_UNAVAILABLE, &error);
    response.with_header(header::RETRY_AFTER, RETRY_AFTER).into_response()
}

/// Unsent bytes and their bounds.
struct UnsentBudget {
    total_max: u64,
    connection_max: u64,
    unsent: Mutex<Unsent>,
}

#[derive(Default)]
struct Unsent {
    total: u64,
    /// By the address and port of the client; without entries of zero bytes.
    connections: HashMap<SocketAddr, ConnectionUnsent>,
}

/// The unsent bytes of one connection.
struct ConnectionUnsent {
    bytes: u64,
    /// When it last read a response to its end, or when its first unread response was sent.
    since: Instant,
}

impl UnsentBudget {
    fn new(limits: &Limits) -> Self {
        Self {
            total_max: limits.unsent_bytes_max,
            connection_max: limits.connection_unsent_bytes_max,
            unsent: Mutex::default(),
        }
    }

    /// Reserves bytes until the reservation is dropped; `None` if a bound would be exceeded. A
    /// single response of a connection may exceed the bound of the connection.
    fn reserve(
        self: &Arc<Self>,
        connection: Option<SocketAddr>,
        bytes: u64,
    ) -> Option<Reservation> {
        let mut unsent = self.lock();
        let total = unsent.total.saturating_add(bytes);
        let of_connection = connection.and_then(|address| unsent.connections.get(&address));
        let of_connection = of_connection.map_or(0, |unsent| unsent.bytes);
        let is_first = of_connection == 0;
        let of_connection = of_connection.saturating_add(bytes);
        if total > self.total_max || (!is_first && of_connection > self.connection_max) {
            return None;
        }
        unsent.total = total;
        if let Some(address) = connection.filter(|_| bytes > 0) {
            let entry = unsent.connections.entry(address);
            let since = Instant::now();
            entry.or_insert(ConnectionUnsent { bytes: 0, since }).bytes = of_connection;
        }
        Some(Reservation { budget: Arc::clone(self), connection, bytes })
    }

    /// The connections to close so that `bytes` can be reserved within three quarters of the total:
    /// those with the most unsent bytes that have not read a response for `time`.
    fn slow_connections(&self, bytes: u64, time: Duration) -> Vec<SocketAddr> {
        let unsent = self.lock();
        let mut excess = unsent.total.saturating_add(bytes).saturating_sub(self.total_max / 4 * 3);
        let mut slow: Vec<_> = unsent.connections.iter().collect();
        slow.retain(|(_, connection)| connection.since.elapsed() >= time);
        slow.sort_unstable_by_key(|(_, connection)| std::cmp::Reverse(connection.bytes));
        let is_needed = |(_, connection): &(_, &ConnectionUnsent)| {
            let is_needed = excess > 0;
            excess = excess.saturating_sub(connection.bytes);
            is_needed
        };
        slow.into_iter().take_while(is_needed).map(|(client, _)| *client).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Unsent> {
        self.unsent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Bytes that count as unsent.
struct Reservation {
    budget: Arc<UnsentBudget>,
    connection: Option<SocketAddr>,
    bytes: u64,
}

impl Drop for Reservation {
    fn drop(&mut self) {
        let mut unsent = self.budget.lock();
        unsent.total = unsent.total.saturating_sub(self.bytes);
        if let Some(address) = self.connection
            && let Some(connection) = unsent.connections.get_mut(&address)
        {
            connection.bytes = connection.bytes.saturating_sub(self.bytes);
            connection.since = Instant::now();
            if connection.bytes == 0 {
                unsent.connections.remove(&address);
            }
        }
    }
}

/// A body whose bytes are reserved until it and all its data are dropped. The HTTP library drops data
/// when it is sent, or when its connection or stream ends.
struct ReservedBody {
    body: BoxBody<Bytes, io::Error>,
    reservation: Arc<Reservation>,
}

/// Data of a [`ReservedBody`].
struct ReservedBytes {
    bytes: Bytes,
    _reservation: Arc<Reservation>,
}

impl AsRef<[u8]> for ReservedBytes {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl HttpBody for ReservedBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        Poll::Ready(frame.map(|frame| {
            frame.map(|frame| {
                frame.map_data(|bytes| {
                    let reservation = Arc::clone(&self.reservation);
                    Bytes::from_owner(ReservedBytes { bytes, _reservation: reservation })
                })
            })
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(total_max: u64, connection_max: u64) -> Arc<UnsentBudget> {
        Arc::new(UnsentBudget::new(&Limits {
            unsent_bytes_max: total_max,
            connection_unsent_bytes_max: connection_max,
            ..Limits::default()
        }))
    }

    fn reserve(budget: &Arc<UnsentBudget>, port: u16, bytes: u64) -> Option<Reservation> {
        budget.reserve(Some(SocketAddr::from(([127, 0, 0, 1], port))), bytes)
    }

    #[test]
    fn a_connection_must_have_one_response_or_its_share() {
        let budget = budget(100, 10);
        let long = reserve(&budget, 1, 60).expect("a single response");
        assert!(reserve(&budget, 1, 1).is_none());
        let short = reserve(&budget, 2, 5).expect("another connection");
        let second = reserve(&budget, 2, 5).expect("within the share");
        assert!(reserve(&budget, 2, 1).is_none());
        drop((long, short, second));
        assert!(budget.lock().connections.is_empty());
        assert_eq!(budget.lock().total, 0);
    }

    #[test]
    fn all_connections_together_must_stay_within_the_budget() {
        let budget = budget(100, 10);
        let held: Vec<_> = (0..20).filter_map(|port| reserve(&budget, port, 9)).collect();
        assert_eq!(held.len(), 11);
        assert!(reserve(&budget, 99, 1).is_some());
        assert!(reserve(&budget, 99, 2).is_none());
        drop(held);
        assert!(reserve(&budget, 99, 100).is_some());
    }

    #[test]
    fn only_as_many_slow_connections_must_be_closed_as_their_bytes_are_needed() {
        let budget = budget(100, 60);
        let held = [(1, 10), (2, 50), (3, 30)].map(|(port, bytes)| reserve(&budget, port, bytes));
        let ports = |bytes| {
            let slow = budget.slow_connections(bytes, Duration::ZERO).into_iter();
            slow.map(|client| client.port()).collect::<Vec<_>>()
        };
        // 90 are unsent, and at most 75 may be.
        assert_eq!(ports(20), [2]);
        assert_eq!(ports(40), [2, 3]);
        assert_eq!(ports(1_000), [2, 3, 1]);
        assert_eq!(budget.slow_connections(20, Duration::from_mins(1)), []);
        drop(held);
        assert!(ports(20).is_empty());
    }
}
