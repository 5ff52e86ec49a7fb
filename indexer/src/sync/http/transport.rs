//! Sends one request and receives the head of its response, over pooled connections.
//!
//! Invariant: each address policy has a pool of its own, so that a connection to a private address
//! is used only for sources that may open it.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{Request, Response, body::Incoming};
use hyper_util::{
    client::legacy::{Client as Pool, Error as PoolError},
    rt::{TokioExecutor, TokioTimer},
};
use rustls::{CertificateError, ClientConfig, Error as TlsError};
use url::Url;

use super::{
    address::AddressPolicy,
    config::HttpLimits,
    connector::{ConnectError, TimedConnector},
    error::{BoxError, HttpError, HttpPhase, SizeLimit, find_cause},
    network::Network,
};

/// Timeout after which an idle connection is closed.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);
/// Maximum number of idle connections per host.
const IDLE_CONNECTIONS_MAX: usize = 4;
/// Maximum length of the head of a response, in bytes.
const HEAD_BYTES_MAX: usize = 64 << 10;
/// Maximum number of headers of a response.
const HEADERS_MAX: usize = 100;

/// Connection pools.
pub(super) struct Transport {
    public_only: Pool<TimedConnector, Full<Bytes>>,
    any_address: Pool<TimedConnector, Full<Bytes>>,
    limits: HttpLimits,
}

impl Transport {
    pub(super) fn new(network: &Arc<dyn Network>, tls: &ClientConfig, limits: HttpLimits) -> Self {
        let pool = |policy| {
            let network = Arc::clone(network);
            let connector =
                TimedConnector::new(network, policy, tls.clone(), limits.connect_timeout);
            Pool::builder(TokioExecutor::new())
                .pool_timer(TokioTimer::new())
                .pool_idle_timeout(IDLE_TIMEOUT)
                .pool_max_idle_per_host(IDLE_CONNECTIONS_MAX)
                .http1_max_buf_size(HEAD_BYTES_MAX)
                .http1_max_headers(HEADERS_MAX)
                .build(connector)
        };
        Self {
            public_only: pool(AddressPolicy::PublicOnly),
            any_address: pool(AddressPolicy::Any),
            limits,
        }
    }

    /// Sends a request for `url` and receives the head of the response.
    ///
    /// # Errors
    /// If there is no connection, no valid response, or none within the timeout.
    pub(super) async fn send(
        &self,
        url: &Url,
        request: Request<Full<Bytes>>,
        policy: AddressPolicy,
    ) -> Result<Response<Incoming>, HttpError> {
        let pool = match policy {
            AddressPolicy::PublicOnly => &self.public_only,
            AddressPolicy::Any => &self.any_address,
        };
        let limit = self.limits.head_timeout;
        match tokio::time::timeout(limit, pool.request(request)).await {
            Ok(result) => result.map_err(|error| self.error(url.to_string(), error)),
            Err(_elapsed) => {
                Err(HttpError::TimedOut { url: url.to_string(), phase: HttpPhase::Head, limit })
            }
        }
    }

    fn error(&self, url: String, error: PoolError) -> HttpError {
        if let Some(cause) = find_cause::<ConnectError>(&error) {
            return match cause {
                ConnectError::TimedOut => HttpError::TimedOut {
                    url,
                    phase: HttpPhase::Connection,
                    limit: self.limits.connect_timeout,
                },
                ConnectError::AddressRejected(address) => {
                    HttpError::AddressRejected { url, address: *address }
                }
                ConnectError::Resolve(_) => HttpError::Resolve { url, cause: error.into() },
                ConnectError::Tcp(_) => HttpError::Connect { url, cause: error.into() },
                ConnectError::Tls(_) => tls_error(url, error.into()),
            };
        }
        let http = find_cause::<hyper::Error>(&error);
        if http.is_some_and(hyper::Error::is_parse_too_large) {
            let (part, bytes_max) = (SizeLimit::Head, HEAD_BYTES_MAX);
            return HttpError::TooLarge { url, part, bytes_max };
        }
        if http.is_some_and(|error| error.is_parse() || error.is_user()) {
            return HttpError::InvalidResponse { url, cause: error.into() };
        }
        HttpError::Disconnected { url, cause: error.into() }
    }
}

/// The reason why a certificate was not accepted.
fn tls_error(url: String, cause: BoxError) -> HttpError {
    let Some(TlsError::InvalidCertificate(error)) = find_cause::<TlsError>(&*cause) else {
        return HttpError::Tls { url, cause };
    };
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            HttpError::CertificateExpired { url, cause }
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            HttpError::CertificateNotYetValid { url, cause }
        }
        CertificateError::UnknownIssuer => HttpError::UnknownIssuer { url, cause },
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            HttpError::CertificateName { url, cause }
        }
        _ => HttpError::Tls { url, cause },
    }
}
