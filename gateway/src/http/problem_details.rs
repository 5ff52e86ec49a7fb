//! Problems: what is told where no GraphQL answer fits (RFC 9457).

use poem::{Error, Response, http::StatusCode};
use serde::Serialize;

use crate::error::{ApiError, ErrorCode};

/// The body of a problem, `application/problem+json`.
#[derive(Serialize)]
struct ProblemDetails<'a> {
    /// What sort of problem: no more than the status says.
    r#type: &'a str,
    /// The status in words.
    title: &'a str,
    /// The status.
    status: u16,
    /// One sentence about this problem.
    detail: &'a str,
    /// The code of the failure, as in GraphQL errors.
    code: &'a str,
}

/// A response that tells a failure.
pub(crate) fn response(status: StatusCode, error: &ApiError) -> Response {
    let details = ProblemDetails {
        r#type: "about:blank",
        title: status.canonical_reason().unwrap_or("Error"),
        status: status.as_u16(),
        detail: &error.message,
        code: error.code.name(),
    };
    let body = serde_json::to_vec(&details).expect("strings and numbers always serialize to JSON");
    Response::builder().status(status).content_type("application/problem+json").body(body)
}

/// What an error of the router is told as.
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
