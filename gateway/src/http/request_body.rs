//! Reads the body of a request.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited, combinators::BoxBody};
use poem::{Body, http::StatusCode};

use crate::{
    config::Limits,
    error::{ApiError, ErrorCode},
};

/// Error of reading a request, with its HTTP status.
pub(crate) struct RequestError {
    pub(crate) status: StatusCode,
    pub(crate) error: ApiError,
}

impl RequestError {
    /// An error whose code follows from its status.
    pub(crate) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        let code = match status {
            StatusCode::METHOD_NOT_ALLOWED => ErrorCode::MethodNotAllowed,
            _ => ErrorCode::BadRequest,
        };
        Self { status, error: ApiError::new(code, message) }
    }

    pub(super) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }
}

/// Reads a body within the limits of a request.
pub(crate) async fn read_body(body: Body, limits: &Limits) -> Result<Bytes, RequestError> {
    let timeout = Duration::from_millis(limits.request_timeout_ms);
    // Without poem's buffer, which is cleared first and copies every body.
    let body = Limited::new(BoxBody::from(body), limits.request_bytes_max).collect();
    match tokio::time::timeout(timeout, body).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(RequestError {
            status: StatusCode::PAYLOAD_TOO_LARGE,
            error: ApiError::limit("request_bytes_max", limits.request_bytes_max as u64),
        }),
        Ok(Err(error)) => Err(RequestError::bad_request(format!("io: {error}"))),
        Err(_elapsed) => Err(RequestError {
            status: StatusCode::REQUEST_TIMEOUT,
            error: ApiError::limit("request_timeout_ms", limits.request_timeout_ms),
        }),
    }
}
