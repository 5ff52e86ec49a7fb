//! Problem details for HTTP errors outside GraphQL (RFC 9457).

use poem::{Error, Response, http::StatusCode};
use serde::Serialize;

use crate::error::{ApiError, ErrorCode};

/// Body of a response with media type `application/problem+json`.
#[derive(Serialize)]
struct ProblemDetails<'a> {
    /// Always `about:blank`: the status is the type.
    r#type: &'a str,
    /// Reason phrase of the status.
    title: &'a str,
    /// HTTP status.
    status: u16,
    /// Description of this occurrence, in one sentence.
    detail: &'a str,
    /// Error code, as in GraphQL errors.
    code: &'a str,
}

/// A response with problem details.
pub(crate) fn response(status: StatusCode, error: &ApiError) -> Response {
    let details = ProblemDetails {
        r#type: "about:blank",
        title: status.canonical_reason().unwrap_or("Error"),
        status: status.as_u16(),
        detail: &error.message,
        code: error.code.name(),
    };
    let body = serde_json::to_vec(&details).expect("strings and numbers always serialise to JSON");
    Response::builder().status(status).content_type("application/problem+json").body(body)
}

/// The response to an error of the HTTP router.
pub(crate) fn from_router_error(error: &Error) -> Response {
    let status = error.status();
    let api_error = match status {
        StatusCode::NOT_FOUND => ApiError::not_found("no resource at this path"),
        StatusCode::METHOD_NOT_ALLOWED => {
            ApiError::new(ErrorCode::MethodNotAllowed, "method not allowed")
        }
        _ if status.is_client_error() => ApiError::bad_request("invalid request"),
        _ => {
            tracing::error!(error = %error, "request failed");
            ApiError::internal()
        }
    };
    response(status, &api_error)
}
