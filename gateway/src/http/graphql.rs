//! `/graphql`: GraphQL over HTTP.

use std::sync::Arc;

use async_graphql::{ServerError, Value};
use poem::{
    Endpoint, Request, Response, Result,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
};
use serde::Serialize;

use super::{
    media::Media,
    question::{self, Refusal},
    request_id::RequestId,
};
use crate::{
    authentication::{Authenticator, Caller, TokenError},
    config::Config,
    failure::{Code, Failure},
    metrics::Metrics,
    pipeline::{Answer, Outcome, Pipeline, Question},
};

/// Seconds after which a client that was turned away may come back.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("1");

/// What a client is told whose token is not sound (RFC 6750).
const INVALID_TOKEN: &str = "Bearer error=\"invalid_token\"";

/// Header that any page of our own can send and a simple cross-site request cannot.
const PREFLIGHT_HEADER: &str = "apollo-require-preflight";

/// The endpoint.
pub(super) struct Graphql {
    pipeline: Arc<Pipeline>,
    metrics: Arc<Metrics>,
    /// Who asks; everybody is anonymous where there is none.
    authenticator: Option<Authenticator>,
    strict_get: bool,
    /// Headers that subgraphs get, too.
    forwarded: Vec<HeaderName>,
}

/// The body of an answer in which something failed: errors first, and no `data` where nothing was
/// executed.
#[derive(Serialize)]
struct Body<'a> {
    errors: &'a [ServerError],
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a Value>,
    extensions: Extensions<'a>,
}

/// What is told besides.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Extensions<'a> {
    /// The id under which the operator finds this request in the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
    /// Errors that are not listed.
    #[serde(skip_serializing_if = "is_zero")]
    omitted_errors: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the shape that serde wants")]
const fn is_zero(count: &usize) -> bool {
    *count == 0
}

impl Graphql {
    pub(super) fn new(
        pipeline: Arc<Pipeline>,
        metrics: Arc<Metrics>,
        authenticator: Option<Authenticator>,
        config: &Config,
    ) -> Self {
        let (strict_get, forwarded) = (config.graphql.strict_get, config.forwarded_headers());
        Self { pipeline, metrics, authenticator, strict_get, forwarded }
    }

    /// Who asks.
    async fn caller(&self, headers: &HeaderMap) -> Result<Caller, Refusal> {
        let mut given = headers.get_all(header::AUTHORIZATION).iter();
        let (Some(authenticator), Some(value)) = (&self.authenticator, given.next()) else {
            return Ok(Caller::Anonymous);
        };
        let known = match value.to_str() {
            Ok(text) if given.next().is_none() => authenticator.caller(text).await,
            _ => Err(TokenError::Unreadable),
        };
        known.map_err(|error| match error {
            TokenError::NoKeys => Refusal {
                status: StatusCode::SERVICE_UNAVAILABLE,
                failure: Failure::unavailable(error.to_string()),
            },
            _ => Refusal {
                status: StatusCode::UNAUTHORIZED,
                failure: Failure::unauthenticated(error.to_string()),
            },
        })
    }

    /// Why a request is not read at all, if it is not.
    fn refusal(&self, request: &Request) -> Option<Refusal> {
        if self.strict_get && request.method() == poem::http::Method::GET {
            let asked_first = is_asked_first(request.headers());
            let message = format!(
                "a page may not ask this by a link: send `accept: application/json` or the \
                 header `{PREFLIGHT_HEADER}`"
            );
            return (!asked_first).then(|| Refusal::new(StatusCode::FORBIDDEN, message));
        }
        None
    }
}

/// Whether a browser would have asked for permission before it sent this from another site, or sent
/// it from a script whose answer it guards.
fn is_asked_first(headers: &HeaderMap) -> bool {
    let mode = headers.get("sec-fetch-mode").and_then(|value| value.to_str().ok());
    matches!(mode, Some("cors" | "same-origin"))
        || headers.contains_key(PREFLIGHT_HEADER)
        || Media::is_named(headers)
}

impl Endpoint for Graphql {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        let body = request.take_body();
        let id = request.data::<RequestId>().cloned();
        let id = id.as_ref().map(RequestId::as_str);
        let (media, mut question) = match self.question(&request, body).await {
            Ok(read) => read,
            Err((media, refusal)) => return Ok(self.refused(media, refusal, &request, id)),
        };
        question.known = known(&question.known, media);
        let Answer { outcome, told } = self.pipeline.answer(question).await;
        self.metrics.answered(told.kind, outcome.code(), told.origin);
        let mut response = response(media, outcome, id);
        if let Some(validator) = told.validator
            && request.method() == poem::http::Method::GET
        {
            let tag = format!("\"{validator}{}\"", media.tag());
            let tag = HeaderValue::from_str(&tag).expect("digits and letters");
            response.headers_mut().insert(header::ETAG, tag);
            let revalidated = HeaderValue::from_static("no-cache");
            response.headers_mut().insert(header::CACHE_CONTROL, revalidated);
        }
        response.set_data(told);
        Ok(response)
    }
}

impl Graphql {
    /// Reads the question of a request, and which type its answer is to have.
    async fn question(
        &self,
        request: &Request,
        body: poem::Body,
    ) -> Result<(Media, Question), (Media, Refusal)> {
        let Some(media) = Media::accepted(request.headers()) else {
            let message = "accept `application/graphql-response+json` or `application/json`";
            return Err((Media::Json, Refusal::new(StatusCode::NOT_ACCEPTABLE, message)));
        };
        if let Some(refusal) = self.refusal(request) {
            return Err((media, refusal));
        }
        let read = async {
            let caller = self.caller(request.headers()).await?;
            let limits = self.pipeline.limits();
            let question = question::read(request, body, limits, &self.forwarded).await?;
            Ok(Question { caller, ..question })
        };
        read.await.map(|question| (media, question)).map_err(|refusal| (media, refusal))
    }

    /// The response to a request that was not read.
    fn refused(
        &self,
        media: Media,
        Refusal { status, failure }: Refusal,
        request: &Request,
        id: Option<&str>,
    ) -> Response {
        self.metrics.answered(None, failure.code.name(), crate::pipeline::Origin::Made);
        let mut response = refused(media, status, failure, id);
        // What is wrong with a body is known once it was read to its end. Where it was not, the
        // connection cannot go on; a client that is not told sends its next request into nothing.
        if status != StatusCode::BAD_REQUEST && has_body(request.headers()) {
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(header::CONNECTION, close);
        }
        response
    }
}

/// Whether a body follows these headers.
fn has_body(headers: &HeaderMap) -> bool {
    let length = headers.get(header::CONTENT_LENGTH);
    headers.contains_key(header::TRANSFER_ENCODING) || length.is_some_and(|length| length != "0")
}

/// The validators that were given out for this media type, without their mark of it.
fn known(tags: &[String], media: Media) -> Vec<String> {
    let known = |tag: &String| match tag.as_str() {
        "*" => Some("*".to_owned()),
        tag => tag.strip_suffix(media.tag()).map(str::to_owned),
    };
    tags.iter().filter_map(known).collect()
}

/// The response that tells an outcome.
fn response(media: Media, outcome: Outcome, id: Option<&str>) -> Response {
    match outcome {
        Outcome::Whole(body) => respond(media, StatusCode::OK, body),
        Outcome::Partial { response, omitted } => {
            let extensions = Extensions { request_id: id, omitted_errors: omitted };
            let body = Body { errors: &response.errors, data: Some(&response.data), extensions };
            respond(media, StatusCode::OK, json(&body))
        }
        Outcome::NotModified => {
            let mut response = respond(media, StatusCode::NOT_MODIFIED, Vec::new());
            response.headers_mut().remove(header::CONTENT_TYPE);
            response
        }
        Outcome::Refused { errors, omitted } => {
            let status = match media {
                Media::GraphqlResponse => StatusCode::BAD_REQUEST,
                Media::Json => StatusCode::OK,
            };
            tell(media, status, &errors, Extensions { request_id: id, omitted_errors: omitted })
        }
        Outcome::NotAllowed(failure) => {
            let mut response = refused(media, StatusCode::METHOD_NOT_ALLOWED, failure, id);
            response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
            response
        }
        Outcome::Failed(failure) if failure.code == Code::Internal => {
            refused(media, StatusCode::INTERNAL_SERVER_ERROR, failure, id)
        }
        Outcome::Failed(failure) => refused(media, StatusCode::SERVICE_UNAVAILABLE, failure, id),
    }
}

fn refused(media: Media, status: StatusCode, failure: Failure, id: Option<&str>) -> Response {
    let extensions = Extensions { request_id: id, omitted_errors: 0 };
    let mut response = tell(media, status, &[failure.at(None)], extensions);
    let told = match status {
        StatusCode::METHOD_NOT_ALLOWED => Some((header::ALLOW, "GET, POST")),
        StatusCode::UNAUTHORIZED => Some((header::WWW_AUTHENTICATE, INVALID_TOKEN)),
        _ => None,
    };
    if let Some((name, value)) = told {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(header::RETRY_AFTER, RETRY_AFTER);
    }
    response
}

/// A response that tells errors and nothing else.
fn tell(
    media: Media,
    status: StatusCode,
    errors: &[ServerError],
    extensions: Extensions<'_>,
) -> Response {
    respond(media, status, json(&Body { errors, data: None, extensions }))
}

fn json(body: &Body<'_>) -> Vec<u8> {
    serde_json::to_vec(body).expect("GraphQL values are always JSON")
}

fn respond(media: Media, status: StatusCode, body: impl Into<poem::Body>) -> Response {
    Response::builder()
        .status(status)
        .content_type(media.content_type())
        .header(header::VARY, "accept")
        .header(header::CACHE_CONTROL, "no-store")
        .body(body)
}
