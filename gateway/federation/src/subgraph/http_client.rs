//! HTTP client for subgraphs: JSON requests, and responses of limited size. Redirects are not
//! followed, since requests can contain credentials for a specific subgraph.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::{Request, Uri, header};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client as Pool, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};

use super::{FetchError, Headers};
use crate::{config::masked_text, error::cause};

/// Timeout after which an idle connection is closed.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);
/// Maximum number of idle connections per host.
const IDLE_CONNECTIONS_MAX: usize = 32;
/// Timeout for establishing a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// Media types of a GraphQL response, the specific one and plain JSON.
const ACCEPT: &str = "application/graphql-response+json, application/json";

/// Connection pool for all subgraphs.
#[derive(Debug, Clone)]
pub struct HttpClient {
    pool: Pool<HttpsConnector<HttpConnector>, Full<Bytes>>,
    user_agent: &'static str,
}

/// Status and body of a response.
pub(super) struct HttpResponse {
    pub(super) status: u16,
    pub(super) is_json: bool,
    pub(super) body: Bytes,
}

impl HttpClient {
    /// Creates a client without connections. Certificates are verified against the built-in root
    /// certificates.
    pub fn new(user_agent: &'static str) -> Self {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(CONNECT_TIMEOUT));
        let connector = HttpsConnectorBuilder::new()
            .with_webpki_roots()
            .https_or_http()
            .enable_http1()
            .enable_http2()
            .wrap_connector(tcp);
        let pool = Pool::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(IDLE_CONNECTIONS_MAX)
            .build(connector);
        Self { pool, user_agent }
    }

    /// Posts a request; the response may have at most `bytes_max` bytes.
    pub(super) async fn post(
        &self,
        url: &Uri,
        body: Bytes,
        headers: &Headers,
        bytes_max: usize,
    ) -> Result<HttpResponse, FetchError> {
        let mut request = Request::post(url.clone())
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT, ACCEPT)
            .header(header::USER_AGENT, self.user_agent)
            .body(Full::new(body))
            .map_err(|error| invalid_url(url, error))?;
        // Configured headers replace those of this client, such as `user-agent`.
        for (name, _) in headers.iter() {
            request.headers_mut().remove(name);
        }
        for (name, value) in headers.iter() {
            request.headers_mut().append(name, value.clone());
        }
        self.send(request, bytes_max).await
    }

    /// Fetches a URL; the response may have at most `bytes_max` bytes.
    ///
    /// # Errors
    /// [`FetchError`] unless the status is 200.
    pub async fn get(&self, url: &str, bytes_max: usize) -> Result<Bytes, FetchError> {
        let request = Request::get(url)
            .header(header::USER_AGENT, self.user_agent)
            .body(Full::default())
            .map_err(|error| invalid_url(url, error))?;
        match self.send(request, bytes_max).await? {
            HttpResponse { status: 200, body, .. } => Ok(body),
            HttpResponse { status, .. } => Err(FetchError::Status(status)),
        }
    }

    async fn send(
        &self,
        request: Request<Full<Bytes>>,
        bytes_max: usize,
    ) -> Result<HttpResponse, FetchError> {
        let response = self.pool.request(request).await;
        let response = response.map_err(|error| FetchError::Unreachable(cause(error)))?;
        let status = response.status().as_u16();
        let media = response.headers().get(header::CONTENT_TYPE);
        let media = media.and_then(|value| value.to_str().ok()).unwrap_or_default();
        let is_json = media.split(';').next().is_some_and(|media| media.trim().ends_with("json"));
        let body = Limited::new(response.into_body(), bytes_max).collect().await;
        let body = body.map_err(|error| {
            if error.is::<LengthLimitError>() {
                FetchError::ResponseTooLarge(bytes_max)
            } else {
                FetchError::Unreachable(error.into())
            }
        })?;
        Ok(HttpResponse { status, is_json, body: body.to_bytes() })
    }
}

/// The error for a URL that is no URI.
fn invalid_url(url: &(impl ToString + ?Sized), error: hyper::http::Error) -> FetchError {
    FetchError::InvalidUrl { url: masked_text(&url.to_string()), reason: cause(error) }
}
