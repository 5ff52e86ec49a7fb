//! Keys of partners: every request with a key is admitted or rejected before anything else.

use std::{sync::Arc, time::Instant};

use poem::{
    Endpoint, IntoResponse, Request, Response, Result,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
};
use url::form_urlencoded;

use super::{cors, problem_details};
use crate::{
    clock::Clock,
    config::Config,
    error::{ApiError, ErrorCode},
    partners::{KeyError, KeyRequest, Partner, Partners},
};

/// Query parameter with a key, for addresses in HTML and for browsers, which then need no preflight.
const PARAMETER: &str = "key";
/// Header with a key, for programs.
const HEADER: HeaderName = HeaderName::from_static("x-api-key");
/// Headers on which the response to a request with a key depends.
const VARY: HeaderValue = HeaderValue::from_static("x-api-key, origin");

/// The partner of a request, as data of the request.
#[derive(Clone)]
pub(crate) struct RequestPartner(pub(crate) Arc<Partner>);

/// Admits requests with a key.
pub(crate) struct PartnerEndpoint<E> {
    inner: E,
    partners: Arc<Partners>,
    /// Prefixes of the paths at which keys with a filter are accepted.
    filtered_paths: &'static [&'static str],
    clock: Clock,
    /// The origin of our own pages.
    own_origin: String,
    allowed_headers: HeaderValue,
}

impl<E> PartnerEndpoint<E> {
    pub(crate) fn new(
        inner: E,
        partners: Arc<Partners>,
        filtered_paths: &'static [&'static str],
        config: &Config,
    ) -> Self {
        let own_origin = config.public_url.origin().ascii_serialization();
        let allowed_headers = cors::allowed_headers(config);
        let clock = config.clock;
        Self { inner, partners, filtered_paths, clock, own_origin, allowed_headers }
    }

    /// The partner of a request.
    fn admit(&self, request: &Request, key: &str) -> Result<Arc<Partner>, KeyError> {
        let path = request.uri().path();
        let key_request = KeyRequest {
            key,
            origin: self.foreign_origin(request.headers()),
            applies_filters: self.applies_filters(path),
            now: self.clock.now(),
            instant: Instant::now(),
        };
        self.partners.admit(&key_request).cloned()
    }

    /// Whether the filters of partners are applied at a path.
    fn applies_filters(&self, path: &str) -> bool {
        self.filtered_paths.iter().any(|prefix| path.starts_with(prefix))
    }

    /// The origin of a page on another site.
    fn foreign_origin<'r>(&self, headers: &'r HeaderMap) -> Option<&'r str> {
        let origin = headers.get(header::ORIGIN)?;
        // What is no text matches no origin.
        let origin = origin.to_str().unwrap_or("null");
        (origin != self.own_origin).then_some(origin)
    }
}

impl<E: Endpoint> Endpoint for PartnerEndpoint<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        let depends_on_key = self.applies_filters(request.uri().path());
        let key = match key(&request) {
            Ok(None) => {
                let mut response = self.inner.call(request).await?.into_response();
                if depends_on_key {
                    response.headers_mut().append(header::VARY, VARY);
                }
                return Ok(response);
            }
            Ok(Some(key)) => key,
            Err(error) => return Ok(readable(error_response(StatusCode::BAD_REQUEST, &error))),
        };
        let origin = self.foreign_origin(request.headers());
        let origin = origin.filter(|origin| self.partners.allow(&key, origin));
        let allow_origin = origin.and_then(|origin| HeaderValue::from_str(origin).ok());
        let is_preflight = *request.method() == Method::OPTIONS
            && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
        let mut response = if is_preflight && allow_origin.is_some() {
            Response::builder().status(StatusCode::NO_CONTENT).finish()
        } else {
            match self.admit(&request, &key) {
                Ok(partner) => {
                    let client = partner.client;
                    request.set_data(RequestPartner(partner));
                    client.scope(self.inner.call(request)).await?.into_response()
                }
                Err(error) => readable(rejection(error)),
            }
        };
        if let Some(allow_origin) = allow_origin {
            let preflight = is_preflight.then_some(&self.allowed_headers);
            cors::set_cors_headers(response.headers_mut(), allow_origin, preflight);
        }
        response.headers_mut().append(header::VARY, VARY);
        Ok(response)
    }
}

/// A rejection that pages of all sites may read: it contains nothing but its reason.
fn readable(mut response: Response) -> Response {
    let any = HeaderValue::from_static("*");
    response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, any);
    response
}

/// The key of a request. An address without a value for it, such as that of a form, has none.
///
/// # Errors
/// If the header and the address name different keys, or one of them several.
fn key(request: &Request) -> Result<Option<String>, ApiError> {
    let query = request.uri().query().unwrap_or_default();
    let in_address = form_urlencoded::parse(query.as_bytes());
    let in_address = in_address.filter(|(name, _)| name == PARAMETER);
    let in_headers = request.headers().get_all(HEADER).iter();
    let in_headers = in_headers.map(|value| value.to_str().unwrap_or("?").to_owned());
    let keys = in_address.map(|(_, key)| key.into_owned()).chain(in_headers);
    let mut keys = keys.map(|key| key.trim().to_owned()).filter(|key| !key.is_empty());
    let first = keys.next();
    if keys.any(|key| Some(&key) != first.as_ref()) {
        return Err(ApiError::bad_request("several keys; send one, as `key` or as `X-API-Key`"));
    }
    Ok(first)
}

fn error_response(status: StatusCode, error: &ApiError) -> Response {
    let mut response = problem_details::response(status, error);
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// The response to a rejected request.
fn rejection(error: KeyError) -> Response {
    let (code, message) = match error {
        KeyError::Unknown => (ErrorCode::Unauthenticated, "unknown key; check `key`"),
        KeyError::Expired => {
            (ErrorCode::Unauthenticated, "key expired; request a new one from the operator")
        }
        KeyError::Origin => (
            ErrorCode::Forbidden,
            "this site may not use the key; request the operator to add its origin to the partner",
        ),
        KeyError::Filter => (
            ErrorCode::BadRequest,
            "this key only finds part of the content, so it is accepted by searches only: feeds, elements, `/v1/search`, `/v1/events` and `/mcp`",
        ),
        KeyError::Rate(_) => {
            (ErrorCode::RateLimited, "too many requests with this key; see `Retry-After`")
        }
    };
    let status = StatusCode::from_u16(code.http_status()).expect("codes have valid statuses");
    let mut response = error_response(status, &ApiError::new(code, message));
    if let KeyError::Rate(wait) = error {
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
    }
    response
}
