//! `/metrics`: what operators watch.

use std::sync::Arc;

use poem::{Endpoint, Request, Response, Result};

use crate::{
    metrics::{CONTENT_TYPE, Metrics},
    pipeline::Pipeline,
};

/// The endpoint.
pub(super) struct MetricsEndpoint {
    pub(super) metrics: Arc<Metrics>,
    pub(super) pipeline: Arc<Pipeline>,
}

impl Endpoint for MetricsEndpoint {
    type Output = Response;

    async fn call(&self, _request: Request) -> Result<Response> {
        Ok(Response::builder()
            .content_type(CONTENT_TYPE)
            .header("cache-control", "no-store")
            .body(self.metrics.text(&self.pipeline)))
    }
}
