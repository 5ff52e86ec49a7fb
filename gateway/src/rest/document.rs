//! The `OpenAPI` document, and the version in every response.

use bytes::Bytes;
use poem::{
    Endpoint, IntoResponse, Request, Response, Result,
    http::{HeaderValue, StatusCode, header},
};

use super::{
    PREFIX, VERSION,
    response::{JSON, VERSION_HEADER},
};
use crate::http::{compression::ContentEncoding, problem_details};

/// Adds the version of the interface to every response below its prefix, also to rejections, and
/// describes the errors of the router to programs.
pub(crate) struct VersionHeader<E>(pub(crate) E);

impl<E: Endpoint> Endpoint for VersionHeader<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let path = request.uri().path();
        let is_ours =
            path == PREFIX || path.strip_prefix(PREFIX).is_some_and(|rest| rest.starts_with('/'));
        // On the heap, since the futures around it would copy it.
        let inner = Box::pin(self.0.call(request));
        if !is_ours {
            return Ok(inner.await?.into_response());
        }
        let mut response = match inner.await {
            Ok(response) => response.into_response(),
            Err(error) => problem_details::from_router_error(&error),
        };
        if response.status() == StatusCode::METHOD_NOT_ALLOWED {
            response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
        }
        response.headers_mut().insert(VERSION_HEADER, HeaderValue::from_static(VERSION));
        Ok(response)
    }
}

/// The `OpenAPI` document.
pub(crate) struct OpenApiDocument(pub(crate) Bytes);

impl Endpoint for OpenApiDocument {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let encoding = ContentEncoding::negotiate(request.headers());
        let mut response = Response::builder()
            .content_type(JSON)
            .header(header::CACHE_CONTROL, "public, max-age=3600")
            .header(header::ACCESS_CONTROL_ALLOW_ORIGIN, "*")
            .body(encoding.encode_off_runtime(self.0.clone()).await);
        encoding.set_headers(response.headers_mut());
        Ok(response)
    }
}
