//! The last response of each connection at shutdown.

use std::sync::Arc;

use poem::{
    Endpoint, IntoResponse, Request, Response, Result,
    http::{HeaderValue, Version, header},
};

use super::open_connections::OpenConnections;

/// Ends a connection after a response while connections are drained.
pub(crate) struct Drain<E> {
    inner: E,
    connections: Arc<OpenConnections>,
}

impl<E> Drain<E> {
    /// Wraps `inner`, which serves `connections`.
    pub(crate) fn new(inner: E, connections: Arc<OpenConnections>) -> Self {
        Self { inner, connections }
    }
}

impl<E: Endpoint> Endpoint for Drain<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        // HTTP/2 has a frame instead, which the library sends.
        let is_persistent = request.version() < Version::HTTP_2;
        let mut response = self.inner.call(request).await?.into_response();
        if is_persistent && self.connections.is_draining() {
            let close = HeaderValue::from_static("close");
            response.headers_mut().insert(header::CONNECTION, close);
        }
        Ok(response)
    }
}
