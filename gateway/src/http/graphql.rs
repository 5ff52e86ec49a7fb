//! `/graphql`: GraphQL over HTTP.

use std::sync::Arc;

use poem::{
    Endpoint, Request, Response, Result,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
};
use serde::Serialize;
use serde_json::value::RawValue;

use super::{
    content_negotiation::GraphqlMediaType,
    etag::{ETag, not_modified},
    graphql_request,
    request_body::RequestError,
    request_id::RequestId,
};
use crate::{
    auth::{Authenticator, Caller, TokenError},
    config::Config,
    error::{ApiError, ErrorCode, GraphqlError},
    metrics::Metrics,
    pipeline::{Cost, GraphqlRequest, Outcome, Pipeline, ServedResponse},
};

/// Retry delay in seconds for a client that was rejected because of load.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("1");

/// Value of `www-authenticate` for an invalid token (RFC 6750).
const INVALID_TOKEN: &str = "Bearer error=\"invalid_token\"";

/// Header that our own pages can send but a simple cross-site request cannot.
const PREFLIGHT_HEADER: &str = "apollo-require-preflight";
/// Such a header that Apollo's clients for mobile devices send.
const OPERATION_NAME_HEADER: &str = "x-apollo-operation-name";

/// The GraphQL endpoint.
pub(crate) struct GraphqlEndpoint {
    pipeline: Arc<Pipeline>,
    metrics: Arc<Metrics>,
    /// Without one, all callers are anonymous.
    authenticator: Option<Authenticator>,
    csrf_prevention: bool,
    /// Names of headers that are forwarded to subgraphs.
    forwarded_headers: Vec<HeaderName>,
}

/// Body of a response with errors, which come first; without `data` if nothing was executed.
#[derive(Serialize)]
struct ResponseBody<'a> {
    errors: &'a [GraphqlError],
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a RawValue>,
    extensions: ResponseExtensions<'a>,
}

/// Value of `extensions` in a response.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ResponseExtensions<'a> {
    /// Request id, for finding the request in the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
    /// Number of errors that are not listed.
    #[serde(skip_serializing_if = "is_zero")]
    omitted_errors: usize,
    /// The cost of the operation, if requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    cost: Option<Cost>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde requires this signature")]
const fn is_zero(count: &usize) -> bool {
    *count == 0
}

impl GraphqlEndpoint {
    pub(crate) fn new(
        pipeline: Arc<Pipeline>,
        metrics: Arc<Metrics>,
        authenticator: Option<Authenticator>,
        config: &Config,
    ) -> Self {
        let (csrf_prevention, forwarded_headers) =
            (config.graphql.csrf_prevention, config.forwarded_headers());
        Self { pipeline, metrics, authenticator, csrf_prevention, forwarded_headers }
    }

    /// Authenticates the caller.
    async fn authenticate(&self, headers: &HeaderMap) -> Result<Caller, RequestError> {
        let mut values = headers.get_all(header::AUTHORIZATION).iter();
        let (Some(authenticator), Some(value)) = (&self.authenticator, values.next()) else {
            return Ok(Caller::Anonymous);
        };
        let caller = match value.to_str() {
            Ok(text) if values.next().is_none() => authenticator.authenticate(text).await,
            _ => Err(TokenError::Malformed),
        };
        caller.map_err(|error| match error {
            TokenError::KeysUnavailable => RequestError {
                status: StatusCode::SERVICE_UNAVAILABLE,
                error: ApiError::unavailable(error.to_string()),
            },
            _ => RequestError {
                status: StatusCode::UNAUTHORIZED,
                error: ApiError::unauthenticated(error.to_string()),
            },
        })
    }

    /// The error if CSRF prevention blocks the request.
    fn csrf_error(&self, request: &Request) -> Option<RequestError> {
        if self.csrf_prevention && request.method() == poem::http::Method::GET {
            let is_allowed = passes_csrf_check(request.headers());
            let message = format!(
                "blocked by CSRF prevention: send `accept: application/json` or the \
                 header `{PREFLIGHT_HEADER}`"
            );
            return (!is_allowed).then(|| RequestError {
                status: StatusCode::FORBIDDEN,
                error: ApiError::new(ErrorCode::CsrfPrevention, message),
            });
        }
        None
    }
}

/// Whether a browser sends this request to another site only after a CORS preflight, or only from a
/// script whose access to the response it controls.
fn passes_csrf_check(headers: &HeaderMap) -> bool {
    let mode = headers.get("sec-fetch-mode").and_then(|value| value.to_str().ok());
    matches!(mode, Some("cors" | "same-origin"))
        || headers.contains_key(PREFLIGHT_HEADER)
        || headers.contains_key(OPERATION_NAME_HEADER)
        || GraphqlMediaType::is_explicitly_accepted(headers)
}

impl Endpoint for GraphqlEndpoint {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        let body = request.take_body();
        let id = request.data::<RequestId>().cloned();
        let id = id.as_ref().map(RequestId::as_str);
        let (media, graphql_request) = match self.read_request(&request, body).await {
            Ok(accepted) => accepted,
            Err((media, error)) => return Ok(self.rejected(media, error, &request, id)),
        };
        let ServedResponse { outcome, meta } = self.pipeline.handle(graphql_request).await;
        self.metrics.record_operation(meta.kind, outcome.code(), meta.cache_status);
        let mut response = response(media, outcome, meta.cost, id);
        if let Some(cache_key) = meta.cache_key
            && request.method() == poem::http::Method::GET
        {
            ETag::new(cache_key, media.etag_suffix()).set_header(response.headers_mut());
            let no_cache = HeaderValue::from_static("no-cache");
            response.headers_mut().insert(header::CACHE_CONTROL, no_cache);
        }
        response.set_data(meta);
        Ok(response)
    }
}

impl GraphqlEndpoint {
    /// Reads a request and negotiates the media type of its response.
    async fn read_request(
        &self,
        request: &Request,
        body: poem::Body,
    ) -> Result<(GraphqlMediaType, GraphqlRequest), (GraphqlMediaType, RequestError)> {
        let Some(media) = GraphqlMediaType::negotiate(request.headers()) else {
            let message =
                "not acceptable: accept `application/graphql-response+json` or `application/json`";
            return Err((
                GraphqlMediaType::Json,
                RequestError::new(StatusCode::NOT_ACCEPTABLE, message),
            ));
        };
        if let Some(error) = self.csrf_error(request) {
            return Err((media, error));
        }
        let reading = async {
            let caller = self.authenticate(request.headers()).await?;
            let limits = self.pipeline.limits();
            let graphql_request =
                graphql_request::read(request, body, media, limits, &self.forwarded_headers)
                    .await?;
            Ok(GraphqlRequest { caller, ..graphql_request })
        };
        reading
            .await
            .map(|graphql_request| (media, graphql_request))
            .map_err(|error| (media, error))
    }

    /// The response to a request that could not be read.
    fn rejected(
        &self,
        media: GraphqlMediaType,
        RequestError { status, error }: RequestError,
        request: &Request,
        id: Option<&str>,
    ) -> Response {
        self.metrics.record_operation(None, error.code.name(), crate::pipeline::CacheStatus::Miss);
        let mut response = rejected(media, status, error, id);
        // For status 400, the body was read to its end. Otherwise the connection must be closed,
        // which the client must know before it sends another request.
        if status != StatusCode::BAD_REQUEST && has_body(request.headers()) {
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(header::CONNECTION, close);
        }
        response
    }
}

/// Whether a request with these headers has a body.
fn has_body(headers: &HeaderMap) -> bool {
    let length = headers.get(header::CONTENT_LENGTH);
    headers.contains_key(header::TRANSFER_ENCODING) || length.is_some_and(|length| length != "0")
}

/// Converts an outcome to a response.
fn response(
    media: GraphqlMediaType,
    outcome: Outcome,
    cost: Option<Cost>,
    id: Option<&str>,
) -> Response {
    match outcome {
        Outcome::Complete(body) => {
            let body = match cost {
                Some(cost) => with_cost(&body, cost).into(),
                None => body,
            };
            json_response(media, StatusCode::OK, body)
        }
        Outcome::Partial { response, omitted } => {
            let extensions = ResponseExtensions { request_id: id, omitted_errors: omitted, cost };
            let data = serde_json::from_slice(&response.data).expect("`data` is valid JSON");
            let body = ResponseBody { errors: &response.errors, data: Some(data), extensions };
            json_response(media, StatusCode::OK, json(&body))
        }
        Outcome::NotModified => not_modified(json_response(media, StatusCode::OK, Vec::new())),
        Outcome::Rejected { errors, omitted } => error_response(
            media,
            rejection_status(media, &errors),
            &errors,
            ResponseExtensions { request_id: id, omitted_errors: omitted, cost },
        ),
        Outcome::MethodNotAllowed(error) => {
            let mut response = rejected(media, StatusCode::METHOD_NOT_ALLOWED, error, id);
            response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
            response
        }
        Outcome::Failed(error) if error.code.http_status() == 500 => {
            rejected(media, StatusCode::INTERNAL_SERVER_ERROR, error, id)
        }
        Outcome::Failed(error) => rejected(media, StatusCode::SERVICE_UNAVAILABLE, error, id),
    }
}

/// The status of a response to an invalid request. A client that is to send the text of a document
/// must be able to read that: Apollo's clients for mobile devices read errors only with status 200.
fn rejection_status(media: GraphqlMediaType, errors: &[GraphqlError]) -> StatusCode {
    match (errors.first().map(|error| error.error.code), media) {
        (Some(ErrorCode::PersistedQueryNotFound), _) => StatusCode::OK,
        (Some(ErrorCode::PersistedQueryHashMismatch), _)
        | (_, GraphqlMediaType::GraphqlResponse) => StatusCode::BAD_REQUEST,
        (_, GraphqlMediaType::Json) => StatusCode::OK,
    }
}

/// Adds the cost to the body of a response without errors, which has no extensions.
fn with_cost(body: &[u8], cost: Cost) -> Vec<u8> {
    let cost = serde_json::to_string(&cost).expect("numbers always serialise to JSON");
    let data = body.strip_suffix(b"}").unwrap_or(body);
    [data, br#","extensions":{"cost":"#, cost.as_bytes(), b"}}"].concat()
}

fn rejected(
    media: GraphqlMediaType,
    status: StatusCode,
    error: ApiError,
    id: Option<&str>,
) -> Response {
    let extensions = ResponseExtensions { request_id: id, omitted_errors: 0, cost: None };
    let mut response = error_response(media, status, &[error.into()], extensions);
    let extra_header = match status {
        StatusCode::METHOD_NOT_ALLOWED => Some((header::ALLOW, "GET, POST")),
        StatusCode::UNAUTHORIZED => Some((header::WWW_AUTHENTICATE, INVALID_TOKEN)),
        _ => None,
    };
    if let Some((name, value)) = extra_header {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER);
    }
    response
}

/// A response with errors but without data.
fn error_response(
    media: GraphqlMediaType,
    status: StatusCode,
    errors: &[GraphqlError],
    extensions: ResponseExtensions<'_>,
) -> Response {
    json_response(media, status, json(&ResponseBody { errors, data: None, extensions }))
}

fn json(body: &ResponseBody<'_>) -> Vec<u8> {
    serde_json::to_vec(body).expect("GraphQL values always serialise to JSON")
}

fn json_response(
    media: GraphqlMediaType,
    status: StatusCode,
    body: impl Into<poem::Body>,
) -> Response {
    Response::builder()
        .status(status)
        .content_type(media.content_type())
        .header(header::VARY, "accept")
        .header(header::CACHE_CONTROL, "no-store")
        .body(body)
}
