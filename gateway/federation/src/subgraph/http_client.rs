//! HTTP client for subgraphs: JSON requests, and responses of limited size. Redirects are not
//! followed, since requests can contain credentials for a specific subgraph.
//!
//! Invariant: each address rule has a pool of its own, and the addresses of a host are checked for
//! every connection, so that a connection is used only for URLs that may open it.

use std::{
    error::Error,
    net::{IpAddr, SocketAddr},
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::{
    Method, Request, Uri,
    header::{self, HeaderMap, HeaderValue},
};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{
        Client,
        connect::{HttpConnector, dns::Name},
    },
    rt::{TokioExecutor, TokioTimer},
};
use tower_service::Service;
use url::Url;

use super::{
    FetchError, Headers,
    content_coding::{ACCEPT_ENCODING, ContentCoding},
};
use crate::{
    address::{AddressError, AddressRule},
    config::{PrivateAddresses, masked, masked_text},
    error::cause,
};

/// Timeout after which an idle connection is closed.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);
/// Maximum number of idle connections per host.
const IDLE_CONNECTIONS_MAX: usize = 32;
/// Timeout for establishing a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// Media types of a GraphQL response, the specific one and plain JSON.
const ACCEPT: &str = "application/graphql-response+json, application/json";

type Pool = Client<HttpsConnector<HttpConnector<CheckedResolver>>, Full<Bytes>>;

/// Connection pools for all subgraphs.
#[derive(Debug, Clone)]
pub struct HttpClient {
    /// One for each of [`AddressRule::ALL`].
    pools: [Pool; AddressRule::ALL.len()],
    /// Headers of every request.
    headers: HeaderMap,
}

/// The address of a subgraph, checked once for all of its requests.
#[derive(Debug)]
pub(super) struct Endpoint {
    uri: Uri,
    rule: AddressRule,
}

impl Endpoint {
    /// Parses the URL of a subgraph.
    ///
    /// # Errors
    /// [`FetchError`] if it is invalid, or if no request may be sent to it.
    pub(super) fn parse(url: &str, private: PrivateAddresses) -> Result<Self, FetchError> {
        let url: Url = url.parse().map_err(|error: url::ParseError| FetchError::InvalidUrl {
            url: masked_text(url),
            reason: cause(error),
        })?;
        Self::of(&url, private)
    }

    fn of(url: &Url, private: PrivateAddresses) -> Result<Self, FetchError> {
        let uri = url.as_str().parse().map_err(|error: hyper::http::uri::InvalidUri| {
            FetchError::InvalidUrl { url: masked(url), reason: cause(error) }
        })?;
        Ok(Self { uri, rule: AddressRule::of(url, private)? })
    }
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
        let headers = [
            (header::ACCEPT_ENCODING, HeaderValue::from_static(ACCEPT_ENCODING)),
            (header::USER_AGENT, HeaderValue::from_static(user_agent)),
        ];
        Self { pools: AddressRule::ALL.map(pool), headers: headers.into_iter().collect() }
    }

    /// Posts a request; the response may have at most `bytes_max` bytes.
    pub(super) async fn post(
        &self,
        endpoint: &Endpoint,
        body: Bytes,
        headers: &Headers,
        bytes_max: usize,
    ) -> Result<HttpResponse, FetchError> {
        let mut request = self.request(Method::POST, endpoint, Full::new(body));
        let sent = request.headers_mut();
        sent.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        sent.insert(header::ACCEPT, HeaderValue::from_static(ACCEPT));
        // Configured headers replace those of this client, such as `user-agent`.
        for (name, _) in headers.iter() {
            sent.remove(name);
        }
        for (name, value) in headers.iter() {
            sent.append(name, value.clone());
        }
        self.send(endpoint.rule, request, bytes_max).await
    }

    fn request(
        &self,
        method: Method,
        endpoint: &Endpoint,
        body: Full<Bytes>,
    ) -> Request<Full<Bytes>> {
        let mut request = Request::new(body);
        *request.method_mut() = method;
        *request.uri_mut() = endpoint.uri.clone();
        request.headers_mut().clone_from(&self.headers);
        request
    }

    /// Fetches a URL; the response may have at most `bytes_max` bytes.
    ///
    /// # Errors
    /// [`FetchError`] unless the status is 200.
    pub async fn get(
        &self,
        url: &Url,
        private: PrivateAddresses,
        bytes_max: usize,
    ) -> Result<Bytes, FetchError> {
        let endpoint = Endpoint::of(url, private)?;
        let request = self.request(Method::GET, &endpoint, Full::default());
        match self.send(endpoint.rule, request, bytes_max).await? {
            HttpResponse { status: 200, body, .. } => Ok(body),
            HttpResponse { status, .. } => Err(FetchError::Status(status)),
        }
    }

    async fn send(
        &self,
        rule: AddressRule,
        request: Request<Full<Bytes>>,
        bytes_max: usize,
    ) -> Result<HttpResponse, FetchError> {
        let response = self.pools[rule as usize].request(request).await;
        let (head, body) = response.map_err(connection_error)?.into_parts();
        let status = head.status.as_u16();
        let media = head.headers.get(header::CONTENT_TYPE);
        let is_json = media.and_then(|value| value.to_str().ok()).is_some_and(is_json);
        let coding = ContentCoding::of(&head.headers);
        let body = Limited::new(body, bytes_max).collect().await;
        let body = body.map_err(|error| {
            if error.is::<LengthLimitError>() {
                FetchError::ResponseTooLarge(bytes_max)
            } else {
                FetchError::Unreachable(error.into())
            }
        })?;
        let decoded = match coding {
            Ok(coding) => coding.decode(body.to_bytes(), bytes_max).await,
            Err(error) => Err(error),
        };
        match decoded {
            Ok(body) => Ok(HttpResponse { status, is_json, body }),
            // The response of a proxy is identified by its status.
            Err(_) if !head.status.is_success() => Err(FetchError::Status(status)),
            Err(error) => Err(error),
        }
    }
}

/// A pool of connections to the addresses that a rule allows.
fn pool(rule: AddressRule) -> Pool {
    let mut tcp = HttpConnector::new_with_resolver(CheckedResolver(rule));
    tcp.enforce_http(false);
    tcp.set_nodelay(true);
    tcp.set_connect_timeout(Some(CONNECT_TIMEOUT));
    let connector = HttpsConnectorBuilder::new()
        .with_webpki_roots()
        .https_or_http()
        .enable_http1()
        .enable_http2()
        .wrap_connector(tcp);
    Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE_TIMEOUT)
        .pool_max_idle_per_host(IDLE_CONNECTIONS_MAX)
        .build(connector)
}

/// Resolves a name to the addresses that a rule allows. A name that resolves differently a second
/// time changes nothing: connections are opened only to the addresses that were checked.
#[derive(Debug, Clone, Copy)]
struct CheckedResolver(AddressRule);

impl Service<Name> for CheckedResolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = Box<dyn Error + Send + Sync>;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let Self(rule) = *self;
        Box::pin(async move {
            let found: Vec<IpAddr> = tokio::net::lookup_host((name.as_str(), 0))
                .await?
                .map(|address| address.ip())
                .collect();
            // The connector sets the port.
            let allowed = rule.allowed(found)?.into_iter().map(|ip| SocketAddr::new(ip, 0));
            Ok(allowed.collect::<Vec<_>>().into_iter())
        })
    }
}

/// The error of a request without a response.
fn connection_error(error: hyper_util::client::legacy::Error) -> FetchError {
    let first: &(dyn Error + 'static) = &error;
    let mut causes = std::iter::successors(Some(first), |&error| error.source());
    match causes.find_map(|cause| cause.downcast_ref::<AddressError>()) {
        Some(rejected) => FetchError::AddressRejected(rejected.clone()),
        None => FetchError::Unreachable(cause(error)),
    }
}

/// Whether a media type is JSON, and not a description of an HTTP error (RFC 9457).
fn is_json(media: &str) -> bool {
    let essence = media.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match essence.split_once('/') {
        Some((_, "problem+json")) | None => false,
        Some((_, subtype)) => subtype == "json" || subtype.ends_with("+json"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_types_must_be_compared_without_case_and_parameters() {
        for (media, expected) in [
            ("application/json", true),
            ("Application/JSON; Charset=UTF-8", true),
            ("application/graphql-response+json; charset=utf-8", true),
            ("APPLICATION/GraphQL-Response+JSON;charset=utf-8", true),
            ("application/json ; q=1", true),
            ("text/json", true),
            ("application/problem+json", false),
            ("Application/Problem+JSON; charset=utf-8", false),
            ("text/html; x=json", false),
            ("application/notjson", false),
            ("json", false),
            ("", false),
        ] {
            assert_eq!(is_json(media), expected, "{media}");
        }
    }
}
