//! Health checks: liveness and readiness.

use std::sync::Arc;

use poem::{Endpoint, Request, Response, Result, http::StatusCode};
use serde_json::json;

use super::problem_details;
use crate::{
    error::ApiError,
    pipeline::{NO_GENERATION, Pipeline},
};

/// `/health/live`: the process is running.
#[derive(Clone, Copy)]
pub(crate) struct Live;

impl Endpoint for Live {
    type Output = Response;

    async fn call(&self, _request: Request) -> Result<Response> {
        Ok(json_response(&json!({ "status": "live" })))
    }
}

/// `/health/ready`: requests can be served.
pub(crate) struct Ready(pub(crate) Arc<Pipeline>);

impl Endpoint for Ready {
    type Output = Response;

    async fn call(&self, _request: Request) -> Result<Response> {
        Ok(match self.0.snapshot() {
            Some(snapshot) => json_response(&json!({
                "status": "ready",
                "generation": snapshot.generation().0,
            })),
            None if self.0.is_ready() => json_response(&json!({ "status": "ready" })),
            None => problem_details::response(
                StatusCode::SERVICE_UNAVAILABLE,
                &ApiError::unavailable(NO_GENERATION),
            ),
        })
    }
}

fn json_response(value: &serde_json::Value) -> Response {
    Response::builder()
        .content_type("application/json")
        .header("cache-control", "no-store")
        .body(value.to_string())
}
