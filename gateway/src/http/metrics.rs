//! `/metrics`: metrics for Prometheus.

use std::sync::Arc;

use poem::{Endpoint, Request, Response, Result};

use crate::metrics::{CONTENT_TYPE, Metrics};

/// The metrics endpoint.
pub(crate) struct MetricsEndpoint(pub(crate) Arc<Metrics>);

impl Endpoint for MetricsEndpoint {
    type Output = Response;

    async fn call(&self, _request: Request) -> Result<Response> {
        Ok(Response::builder()
            .content_type(CONTENT_TYPE)
            .header("cache-control", "no-store")
            .body(self.0.text()))
    }
}
