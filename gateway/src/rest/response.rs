//! Responses of operations: JSON of one type, or problem details.

use std::marker::PhantomData;

use poem::{IntoResponse, Response, http::StatusCode};
use poem_openapi::{
    ApiResponse, Object,
    registry::{
        MetaHeader, MetaMediaType, MetaResponse, MetaResponses, MetaSchema, MetaSchemaRef, Registry,
    },
    types::Type,
};

use crate::{
    error::{ApiError, ErrorCode},
    http::problem_details,
};

/// Header with the version of the interface.
pub(super) const VERSION_HEADER: &str = "API-Version";
pub(super) const JSON: &str = "application/json";
/// JSON Lines: one value a line.
pub(super) const JSON_LINES: &str = "application/jsonl";
const PROBLEM: &str = "application/problem+json";
/// Statuses of every operation besides 200, with their meaning.
const STATUSES: [(u16, &str); 6] = [
    (304, "The client has this response: its `If-None-Match` names the current `ETag`"),
    (400, "Invalid request; `detail` names the parameter"),
    (401, "Unknown or expired key"),
    (403, "The key is not for the site that sends the request"),
    (429, "Too many requests with this key; see `Retry-After`"),
    (503, "Overloaded, or no generation yet; try again later"),
];

/// An error, as described by RFC 9457.
#[derive(Object)]
#[oai(rename_all = "camelCase")]
pub(super) struct Problem {
    /// Always `about:blank`: the status is the type.
    r#type: String,
    /// Reason phrase of the status.
    title: String,
    /// HTTP status.
    status: u16,
    /// Description of this occurrence, in one sentence.
    detail: String,
    /// Error code, as in GraphQL errors.
    code: String,
}

/// A response with JSON of type `T`, or with problem details.
pub(super) struct JsonResponse<T> {
    response: Response,
    body: PhantomData<fn() -> T>,
}

impl<T> JsonResponse<T> {
    pub(super) const fn new(response: Response) -> Self {
        Self { response, body: PhantomData }
    }
}

impl<T: Send> IntoResponse for JsonResponse<T> {
    fn into_response(self) -> Response {
        self.response
    }
}

impl<T: Type> ApiResponse for JsonResponse<T> {
    fn meta() -> MetaResponses {
        responses(MetaMediaType { content_type: JSON, schema: T::schema_ref() })
    }

    fn register(registry: &mut Registry) {
        T::register(registry);
        Problem::register(registry);
    }
}

/// A response with JSON Lines, or problem details.
pub(super) struct JsonLines(pub(super) Response);

impl IntoResponse for JsonLines {
    fn into_response(self) -> Response {
        self.0
    }
}

impl ApiResponse for JsonLines {
    fn meta() -> MetaResponses {
        let lines = MetaSchemaRef::Inline(Box::new(MetaSchema {
            description: Some("One `Content` or `Entity` a line."),
            ..MetaSchema::new_with_format("string", "binary")
        }));
        responses(MetaMediaType { content_type: JSON_LINES, schema: lines })
    }

    fn register(registry: &mut Registry) {
        Problem::register(registry);
    }
}

/// The responses of an operation whose body has this media type.
pub(super) fn responses(content: MetaMediaType) -> MetaResponses {
    let ok = MetaResponse {
        description: "The requested content",
        status: Some(200),
        status_range: None,
        content: vec![content],
        headers: vec![version(), header("ETag", "Changes if the response changes")],
    };
    let others = STATUSES.iter().map(|(status, description)| failure(*status, description));
    MetaResponses { responses: std::iter::once(ok).chain(others).collect() }
}

/// A response without content, or with problem details.
pub(super) fn failure(status: u16, description: &'static str) -> MetaResponse {
    let problem = MetaMediaType { content_type: PROBLEM, schema: Problem::schema_ref() };
    MetaResponse {
        description,
        status: Some(status),
        status_range: None,
        content: if status < 400 { Vec::new() } else { vec![problem] },
        headers: vec![version()],
    }
}

fn version() -> MetaHeader {
    header(VERSION_HEADER, "Version of the interface")
}

fn header(name: &str, description: &str) -> MetaHeader {
    MetaHeader {
        name: name.to_owned(),
        description: Some(description.to_owned()),
        required: false,
        deprecated: false,
        schema: MetaSchemaRef::Inline(Box::new(MetaSchema::new("string"))),
    }
}

/// The response to a request that fails.
pub(super) fn problem(error: &ApiError) -> Response {
    let status = StatusCode::from_u16(error.code.http_status()).expect("codes have valid statuses");
    problem_details::response(status, error)
}

/// The response to a request for what is gone; `message` says how to go on.
pub(super) fn gone(message: String) -> Response {
    let error = ApiError::new(ErrorCode::NotFound, message);
    problem_details::response(StatusCode::GONE, &error)
}
