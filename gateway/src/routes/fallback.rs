//! Responses to errors of the HTTP router: an error page for browsers, problem details for
//! programs.

use poem::{
    Endpoint, IntoResponse, Request, Response, Result,
    http::{HeaderValue, StatusCode, header},
};

use crate::{
    http::{problem_details, request_id::RequestId},
    pages::endpoints::Pages,
};

/// Prefix of the only paths at which the router accepts POST alone.
const HOOKS_PREFIX: &str = "/hooks/";

/// Converts the errors of an endpoint to responses.
pub(super) struct Fallback<E> {
    inner: E,
    pages: Pages,
}

impl<E> Fallback<E> {
    pub(super) fn new(inner: E, pages: Pages) -> Self {
        Self { inner, pages }
    }
}

impl<E: Endpoint> Endpoint for Fallback<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let path = request.uri().path().to_owned();
        let id = request.data::<RequestId>().cloned();
        let wants_html = accepts_html(&request);
        match self.inner.call(request).await {
            Ok(response) => Ok(response.into_response()),
            Err(error) if wants_html && error.status() == StatusCode::NOT_FOUND => {
                let id = id.as_ref().map_or("", RequestId::as_str);
                Ok(self.pages.error_page(&path, StatusCode::NOT_FOUND, id))
            }
            Err(error) => {
                let mut response = problem_details::from_router_error(&error);
                if error.status() == StatusCode::METHOD_NOT_ALLOWED {
                    let allow = if path.starts_with(HOOKS_PREFIX) { "POST" } else { "GET, HEAD" };
                    let allow = HeaderValue::from_static(allow);
                    response.headers_mut().insert(header::ALLOW, allow);
                }
                Ok(response)
            }
        }
    }
}

/// Whether a client explicitly accepts HTML, as browsers do.
fn accepts_html(request: &Request) -> bool {
    let accept = request.headers().get_all(header::ACCEPT).iter();
    accept.filter_map(|value| value.to_str().ok()).any(|value| value.contains("text/html"))
}
