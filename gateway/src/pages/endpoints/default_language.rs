//! Paths with the prefix of the default language, whose pages have no prefix.

use poem::{
    Endpoint, Request, Response, Result,
    http::{StatusCode, header},
};

use super::Pages;

/// Leads to the same page without the prefix: a link may be older than the setting.
pub(crate) struct WithoutPrefix(pub(crate) Pages);

impl Endpoint for WithoutPrefix {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let path = request.uri().path();
        let (_, rest) = path.trim_start_matches('/').split_once('/').unwrap_or_default();
        let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
        // Absolute, since a path that begins with `//` would be another host.
        let location = self.0.inner.site.root_url(&format!("{rest}{query}"));
        Ok(Response::builder()
            .status(StatusCode::PERMANENT_REDIRECT)
            .header(header::LOCATION, location)
            .finish())
    }
}
