//! Problems: what is told where no GraphQL answer fits (RFC 9457).

use poem::{Error, Response, http::StatusCode};
use serde::Serialize;

use crate::failure::Failure;

/// The body of a problem, `application/problem+json`.
#[derive(Serialize)]
struct Problem<'a> {
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
pub(super) fn response(status: StatusCode, failure: &Failure) -> Response {
    let problem = Problem {
        r#type: "about:blank",
        title: status.canonical_reason().unwrap_or("Error"),
        status: status.as_u16(),
        detail: &failure.message,
        code: failure.code.name(),
    };
    let body = serde_json::to_vec(&problem).expect("texts and numbers are always JSON");
    Response::builder().status(status).content_type("application/problem+json").body(body)
}

/// What an error of the router is told as.
pub(super) fn of_error(error: &Error) -> Response {
    let status = error.status();
    let failure = match status {
        StatusCode::NOT_FOUND => Failure::not_found("there is nothing at this address"),
        StatusCode::METHOD_NOT_ALLOWED => {
            Failure::bad_request("this address does not answer this method")
        }
        _ if status.is_client_error() => Failure::bad_request("this request cannot be read"),
        _ => {
            tracing::error!(cause = %error, "a request failed");
            Failure::internal()
        }
    };
    response(status, &failure)
}
