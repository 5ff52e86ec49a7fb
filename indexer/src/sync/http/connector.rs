//! Opens connections: resolves the host once, drops the addresses that the policy does not allow,
//! and connects to the remaining ones.
//!
//! Invariant: a connection is opened only to an address that was checked after name resolution. A
//! name that resolves differently a second time changes nothing, since there is no second time.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use futures_util::future::{BoxFuture, select_ok};
use hyper::{Uri, http::uri::Scheme};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use tokio::net::TcpStream;
use tower_service::Service;

use super::{
    address::AddressPolicy,
    error::{BoxError, find_cause},
    network::Network,
};

/// Maximum number of addresses of one host to which a connection is attempted.
const ADDRESSES_MAX: usize = 8;

/// Time after which the next address of a host is tried, while the attempts before it continue; as
/// recommended by RFC 8305, section 5.
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(super) enum ConnectError {
    /// The host cannot be resolved.
    #[error("cannot resolve the host")]
    Resolve(#[source] io::Error),
    /// All addresses of the host are private or reserved. This is the first one.
    #[error("the address is not public: `{0}`")]
    AddressRejected(IpAddr),
    /// No address accepts connections.
    #[error("cannot connect")]
    Tcp(#[source] io::Error),
    /// The handshake failed.
    #[error("TLS handshake failed")]
    Tls(#[source] BoxError),
    /// Resolution, connection and handshake took too long.
    #[error("timed out")]
    TimedOut,
}

/// Opens connections with TLS for `https` and without for `http`, within a timeout. They are for
/// HTTP/1.1 only: with a few requests per host at a time, HTTP/2 would save nothing.
#[derive(Clone)]
pub(super) struct TimedConnector {
    https: HttpsConnector<TcpConnector>,
    timeout: Duration,
}

impl TimedConnector {
    /// A connector to the addresses that `policy` allows. The timeout is for name resolution,
    /// connection and TLS handshake together.
    pub(super) fn new(
        network: Arc<dyn Network>,
        policy: AddressPolicy,
        tls: ClientConfig,
        timeout: Duration,
    ) -> Self {
        let https = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http1()
            .wrap_connector(TcpConnector { network, policy });
        Self { https, timeout }
    }
}

impl Service<Uri> for TimedConnector {
    type Response = MaybeHttpsStream<TokioIo<TcpStream>>;
    type Error = ConnectError;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connection = self.https.call(uri);
        let timeout = self.timeout;
        Box::pin(async move {
            match tokio::time::timeout(timeout, connection).await {
                Ok(result) => result.map_err(handshake_error),
                Err(_elapsed) => Err(ConnectError::TimedOut),
            }
        })
    }
}

/// Distinguishes errors of the TCP connection, of the connection during the handshake, and of the
/// handshake itself.
fn handshake_error(error: BoxError) -> ConnectError {
    match error.downcast::<ConnectError>() {
        Ok(error) => *error,
        Err(error) if find_cause::<rustls::Error>(&*error).is_some() => ConnectError::Tls(error),
        Err(error) => ConnectError::Tcp(io::Error::other(error)),
    }
}

/// Opens TCP connections to allowed addresses.
#[derive(Clone)]
struct TcpConnector {
    network: Arc<dyn Network>,
    policy: AddressPolicy,
}

impl Service<Uri> for TcpConnector {
    type Response = TokioIo<TcpStream>;
    type Error = ConnectError;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let (network, policy) = (Arc::clone(&self.network), self.policy);
        Box::pin(async move {
            let default_port = if uri.scheme() == Some(&Scheme::HTTPS) { 443 } else { 80 };
            let port = uri.port_u16().unwrap_or(default_port);
            let addresses = resolve(&*network, uri.host().unwrap_or_default()).await?;
            let addresses = allowed(policy, addresses)?;
            connect(&*network, &addresses, port).await.map(TokioIo::new)
        })
    }
}

/// The addresses of a host, which can be an address itself.
async fn resolve(network: &dyn Network, host: &str) -> Result<Vec<IpAddr>, ConnectError> {
    let unbracketed = host.trim_start_matches('[').trim_end_matches(']');
    if let Ok(literal) = unbracketed.parse() {
        return Ok(vec![literal]);
    }
    network.resolve(host).await.map_err(ConnectError::Resolve)
}

/// The addresses that the policy allows, alternating between IPv6 and IPv4 as RFC 8305 recommends.
fn allowed(policy: AddressPolicy, addresses: Vec<IpAddr>) -> Result<Vec<IpAddr>, ConnectError> {
    let Some(first) = addresses.first().copied() else {
        let message = "the name has no addresses";
        return Err(ConnectError::Resolve(io::Error::new(io::ErrorKind::NotFound, message)));
    };
    let (same, other): (Vec<_>, Vec<_>) = addresses
        .into_iter()
        .filter(|address| policy.allows(*address))
        .partition(|address| address.is_ipv4() == first.is_ipv4());
    let length = same.len().max(other.len());
    let alternating = (0..length).flat_map(|i| [same.get(i), other.get(i)]).flatten().copied();
    let alternating: Vec<_> = alternating.take(ADDRESSES_MAX).collect();
    if alternating.is_empty() { Err(ConnectError::AddressRejected(first)) } else { Ok(alternating) }
}

/// Connects to the first address that accepts.
async fn connect(
    network: &dyn Network,
    addresses: &[IpAddr],
    port: u16,
) -> Result<TcpStream, ConnectError> {
    let attempts = addresses.iter().zip(0..).map(|(address, rank)| {
        let address = SocketAddr::new(*address, port);
        Box::pin(async move {
            tokio::time::sleep(ATTEMPT_DELAY * rank).await;
            network.connect(address).await
        })
    });
    let (stream, _others) = select_ok(attempts).await.map_err(ConnectError::Tcp)?;
    stream.set_nodelay(true).map_err(ConnectError::Tcp)?;
    Ok(stream)
}

#[cfg(test)]
mod unit_tests {
    use super::*;

    #[test]
    fn only_allowed_addresses_must_remain_and_families_must_alternate() {
        let parse = |texts: &[&str]| -> Vec<IpAddr> {
            texts.iter().map(|text| text.parse().unwrap()).collect()
        };
        let mixed = ["10.0.0.1", "8.8.8.8", "9.9.9.9", "::1", "2a00::1"];
        assert_eq!(
            allowed(AddressPolicy::PublicOnly, parse(&mixed)).unwrap(),
            parse(&["8.8.8.8", "2a00::1", "9.9.9.9"])
        );
        let error = allowed(AddressPolicy::PublicOnly, parse(&["::1", "10.0.0.1"])).unwrap_err();
        assert!(matches!(error, ConnectError::AddressRejected(a) if a.to_string() == "::1"));
        assert_eq!(allowed(AddressPolicy::Any, parse(&["::1"])).unwrap(), parse(&["::1"]));
        let many = vec!["8.8.8.8"; 1_000];
        assert_eq!(allowed(AddressPolicy::PublicOnly, parse(&many)).unwrap().len(), ADDRESSES_MAX);
        assert!(matches!(allowed(AddressPolicy::Any, vec![]), Err(ConnectError::Resolve(_))));
    }
}
