//! The client: follows redirects, retries, and keeps the pace of each host.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    Method, Request, Response, Uri,
    body::Incoming,
    header::{self, HeaderValue},
};
use tokio::time::Instant;

use super::{
    body,
    config::{HttpConfig, HttpConfigError},
    decompress::ACCEPT_ENCODING,
    error::{HttpError, HttpPhase},
    network::{Network, SystemNetwork},
    rate::{HostPermit, HostRates},
    request::HttpRequest,
    response::{Fetched, HttpContent, HttpResponse},
    retry::{self, Retries},
    route::Route,
    tls,
    transport::Transport,
};

/// Fetches addresses. All sources share one client, so that they share the pace of a host.
pub(crate) struct HttpClient {
    config: HttpConfig,
    user_agent: HeaderValue,
    transport: Transport,
    rates: HostRates,
}

/// The response to one request of a route.
enum Exchange {
    Final(Box<HttpResponse>),
    Redirect { status: u16, location: Option<HeaderValue> },
}

impl HttpClient {
    /// A client without connections.
    ///
    /// # Errors
    /// If the contact is missing or invalid, or the root certificates cannot be read.
    pub(crate) fn new(config: HttpConfig) -> Result<Self, HttpConfigError> {
        let network: Arc<dyn Network> = Arc::new(SystemNetwork);
        Self::with_network(config, &network)
    }

    /// A client with another network than that of the operating system.
    ///
    /// # Errors
    /// As for [`HttpClient::new`].
    pub(crate) fn with_network(
        config: HttpConfig,
        network: &Arc<dyn Network>,
    ) -> Result<Self, HttpConfigError> {
        let tls = tls::client_config(config.ca_file.as_deref())?;
        Ok(Self {
            user_agent: config.user_agent()?,
            transport: Transport::new(network, &tls, config.limits),
            rates: HostRates::new(config.concurrency_per_host, config.request_interval),
            config,
        })
    }

    /// Fetches an address, with redirects and retries. Can be cancelled by dropping the future.
    ///
    /// # Errors
    /// [`HttpError`] if the address must not be fetched, no attempt had a response within the
    /// limits, or its status is none of 200, 203, 304, 404 and 410.
    pub(crate) async fn get(&self, request: &HttpRequest) -> Result<HttpResponse, HttpError> {
        let route = Route::new(request)?;
        let url = route.url().to_string();
        let permit = self.rates.acquire(route.host()).await;
        let limit = self.config.limits.total_timeout;
        match tokio::time::timeout(limit, self.follow(request, route, permit)).await {
            Ok(result) => result,
            Err(_elapsed) => Err(HttpError::TimedOut { url, phase: HttpPhase::Total, limit }),
        }
    }

    /// Sends requests until one has a final response.
    async fn follow(
        &self,
        request: &HttpRequest,
        mut route: Route,
        permit: HostPermit,
    ) -> Result<HttpResponse, HttpError> {
        let now = Instant::now();
        let deadline = now.checked_add(self.config.limits.total_timeout).unwrap_or(now);
        let mut retries = Retries::new(&self.config, deadline);
        let mut permit = Some(permit);
        loop {
            let held = match permit.take() {
                Some(permit) => permit,
                None => self.rates.acquire(route.host()).await,
            };
            let result = self.exchange(request, &route).await;
            drop(held);
            match result {
                Ok(Exchange::Final(response)) => return Ok(*response),
                // Another method would not be the same request.
                Ok(Exchange::Redirect { status: status @ (301..=303), location })
                    if request.json.is_some() =>
                {
                    route.redirect(status, location.as_ref(), &request.policy)?;
                    return Err(HttpError::RedirectedPost { url: route.url().to_string() });
                }
                Ok(Exchange::Redirect { status, location }) => {
                    route.redirect(status, location.as_ref(), &request.policy)?;
                }
                Err(error) => {
                    let delay = self.delay_after(error, route.host(), &mut retries)?;
                    request.counters.count_retry();
                    tokio::time::sleep(delay).await;
                }
            }
        }
    }

    /// The delay before the next attempt. Suspends the host for all requests if it demands that or
    /// is overloaded.
    fn delay_after(
        &self,
        error: HttpError,
        host: &str,
        retries: &mut Retries,
    ) -> Result<Duration, HttpError> {
        if let Some(demanded) = error.retry_after() {
            self.rates.suspend(host, demanded.min(self.config.retry_after_max));
        }
        let is_overload = error.is_overload();
        let cause = error.to_string();
        let delay = retries.delay_after(error)?;
        tracing::debug!(cause, delay_ms = delay.as_millis(), "retrying request of a source");
        if is_overload {
            self.rates.suspend(host, delay);
        }
        Ok(delay)
    }

    /// Sends one request and reads the response.
    async fn exchange(&self, request: &HttpRequest, route: &Route) -> Result<Exchange, HttpError> {
        let url = route.url();
        let condition = request.validators.as_ref().and_then(|known| known.condition(url));
        let is_conditional = condition.is_some();
        let mut message = self.message(request, route)?;
        message.headers_mut().extend(condition);
        request.counters.count_request();
        let response = self.transport.send(url, message, request.policy.addresses()).await?;
        let respond = |headers, content| {
            let host_change = route.host_change();
            let url = url.clone();
            Exchange::Final(Box::new(HttpResponse { url, host_change, headers, content }))
        };
        let (limits, counters) = (&self.config.limits, &request.counters);
        match response.status().as_u16() {
            200 | 203 => {
                let (headers, body) = body::read(url, response, limits, counters).await?;
                let fetched = Fetched::new(url, &headers, body);
                Ok(respond(headers, HttpContent::Fetched(fetched)))
            }
            304 if is_conditional => {
                counters.count_not_modified();
                Ok(respond(response.into_parts().0.headers, HttpContent::NotModified))
            }
            304 => Err(HttpError::UnexpectedNotModified { url: url.to_string() }),
            status @ (301 | 302 | 303 | 307 | 308) => {
                let (headers, _body) = body::read_error(url, response, limits, counters).await;
                let location = headers.get(header::LOCATION).cloned();
                Ok(Exchange::Redirect { status, location })
            }
            status @ (404 | 410) => {
                let (headers, body) = body::read_error(url, response, limits, counters).await;
                Ok(respond(headers, HttpContent::Gone { status, body }))
            }
            _ => Err(self.status_error(request, route, response).await),
        }
    }

    async fn status_error(
        &self,
        request: &HttpRequest,
        route: &Route,
        response: Response<Incoming>,
    ) -> HttpError {
        let status = response.status().as_u16();
        let (limits, counters) = (&self.config.limits, &request.counters);
        let (headers, body) = body::read_error(route.url(), response, limits, counters).await;
        let url = route.url().to_string();
        if matches!(status, 401 | 403) {
            HttpError::Unauthorized { url, status, body }
        } else {
            let retry_after = retry::retry_after(&headers);
            HttpError::Status { url, status, retry_after, body }
        }
    }

    /// The request for the current address of a route, without condition.
    fn message(
        &self,
        request: &HttpRequest,
        route: &Route,
    ) -> Result<Request<Full<Bytes>>, HttpError> {
        let url = route.url();
        let uri: Uri = url.as_str().parse().map_err(|cause| HttpError::InvalidUrl {
            url: url.to_string(),
            cause: Box::from(cause),
        })?;
        let mut message = Request::new(Full::new(request.json.clone().unwrap_or_default()));
        if request.json.is_some() {
            *message.method_mut() = Method::POST;
            let json = HeaderValue::from_static("application/json");
            message.headers_mut().insert(header::CONTENT_TYPE, json);
        }
        *message.uri_mut() = uri;
        let headers = message.headers_mut();
        headers.insert(header::ACCEPT, request.accept.clone());
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(ACCEPT_ENCODING));
        headers.insert(header::USER_AGENT, self.user_agent.clone());
        if let Some(credentials) = request.policy.credentials()
            && route.allows_credentials()
        {
            headers.insert(header::AUTHORIZATION, credentials.header());
        }
        if let Some(cookie) = &request.cookie
            && route.allows_credentials()
        {
            headers.insert(header::COOKIE, cookie.clone());
        }
        Ok(message)
    }
}
