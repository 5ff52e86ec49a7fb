//! The method HEAD (RFC 9110, section 9.3.2).

use std::sync::Arc;

use poem::{
    Body, Endpoint, IntoResponse, Request, Response, Result, RouteMethod, get,
    http::{HeaderValue, Method, StatusCode, header},
};

/// Responds to HEAD as to GET, without the body.
pub(crate) struct Head<E>(pub(crate) E);

impl<E: Endpoint> Endpoint for Head<E> {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        if request.method() != Method::HEAD {
            return Ok(self.0.call(request).await?.into_response());
        }
        request.set_method(Method::GET);
        request.set_data(IsHead);
        let mut response = self.0.call(request).await?.into_response();
        let body = response.take_body().into_bytes().await.unwrap_or_default();
        if response.status() != StatusCode::NOT_MODIFIED {
            response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
        }
        response.set_body(Body::empty());
        Ok(response)
    }
}

/// Data of a request that was sent as HEAD, for endpoints whose body is sent while it is written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct IsHead;

/// A route for an endpoint that supports GET and HEAD.
pub(crate) fn get_and_head(endpoint: impl Endpoint + 'static) -> RouteMethod {
    let endpoint = Arc::new(Head(endpoint));
    get(Arc::clone(&endpoint)).head(endpoint)
}

#[cfg(test)]
mod tests {
    use poem::endpoint::make_sync;

    use super::*;
    use crate::http::etag::not_modified;

    #[tokio::test]
    async fn head_must_have_the_headers_of_get_and_no_body() {
        let page = || Response::builder().header(header::ETAG, "\"1\"").body("four");
        let send = |request: Request| async move {
            let route = get_and_head(make_sync(move |request: Request| {
                let is_current = request.headers().contains_key(header::IF_NONE_MATCH);
                if is_current { not_modified(page()) } else { page() }
            }));
            route.call(request).await.unwrap()
        };
        let head = send(Request::builder().method(Method::HEAD).finish()).await;
        assert_eq!(head.header(header::CONTENT_LENGTH), Some("4"));
        assert_eq!(head.header(header::ETAG), Some("\"1\""));
        assert!(head.into_body().is_empty());
        let conditional = Request::builder().method(Method::HEAD);
        let unmodified = send(conditional.header(header::IF_NONE_MATCH, "*").finish()).await;
        assert_eq!(unmodified.status(), StatusCode::NOT_MODIFIED);
        assert_eq!(unmodified.header(header::CONTENT_LENGTH), None);
        assert_eq!(unmodified.header(header::ETAG), Some("\"1\""));
        let get = send(Request::builder().finish()).await;
        assert_eq!(get.into_body().into_string().await.unwrap(), "four");
    }
}
