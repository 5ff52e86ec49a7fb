//! `/embed` and `/embed/preview`: the configurator, and a page with an element as a partner would have it.

use std::{str::FromStr, sync::Arc};

use super::{HTML, PageCaching, PageVariant, Pages};
use crate::{
    error::ApiError,
    http::problem_details,
    http::search_request::value,
    pages::{
        PageRequest,
        configurator::{ConfiguratorRequest, ElementView, PreviewRequest},
        embed::FIRST_MAX,
    },
    partners::Partners,
    search_params::SearchParams,
};
use poem::{
    Endpoint, Request, Response, Result,
    http::{HeaderValue, StatusCode},
};

/// The endpoint of the configurator.
pub(crate) struct Configurator {
    pub(crate) pages: Pages,
    pub(crate) partners: Arc<Partners>,
}

impl Endpoint for Configurator {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let query = request.uri().query().unwrap_or_default().to_owned();
        let key = value(&query, "partner_key").unwrap_or_default();
        let now = self.pages.inner.config.clock.now();
        let partner = (!key.is_empty()).then(|| self.partners.find(&key, now).cloned());
        let configurator = ConfiguratorRequest {
            address: value(&query, "address").unwrap_or_default(),
            key,
            view: parsed(&query, "view").unwrap_or_default(),
            first: first(&query),
            partner,
        };
        let (language, path) = self.pages.inner.site.split_language(request.uri().path());
        let policy = &self.pages.inner.policy;
        let variant = PageVariant {
            language,
            path_and_query: format!("{path}?{query}"),
            // The configuration can change without the generation.
            caching: PageCaching::None,
            media_type: HTML,
            policy: HeaderValue::from_str(&format!("{policy}; frame-src 'self'"))
                .expect("host names are visible ASCII"),
            status: StatusCode::OK,
        };
        let page_request = PageRequest::Configurator(Box::new(configurator));
        Ok(self.pages.page(&request, &page_request, variant).await)
    }
}

/// The endpoint of the preview. Its page has no origin, so that the element in it is on another site.
pub(crate) struct Preview(pub(crate) Pages);

impl Endpoint for Preview {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let query = request.uri().query().unwrap_or_default();
        let (search, invalid) = SearchParams::parse(query);
        let view = match value(query, "view").as_deref().map(ElementView::from_str) {
            Some(Err(expected)) => return Ok(bad_request(expected.to_owned())),
            None => ElementView::default(),
            Some(Ok(view)) => view,
        };
        if let Some(invalid) = invalid.first() {
            return Ok(bad_request(invalid.to_string()));
        }
        let preview = PreviewRequest { view, first: first(query), search };
        let (language, path) = self.0.inner.site.split_language(request.uri().path());
        let origin = self.0.inner.site.url.origin().ascii_serialization();
        // What a partner has to allow, and nothing else.
        let policy = format!(
            "sandbox allow-scripts allow-popups allow-popups-to-escape-sandbox; default-src 'none'; \
             script-src {origin}; connect-src {origin}; base-uri 'none'; frame-ancestors 'self'"
        );
        let variant = PageVariant {
            language,
            path_and_query: format!("{path}?{query}"),
            caching: PageCaching::Validator,
            media_type: HTML,
            policy: HeaderValue::from_str(&policy).expect("an origin is visible ASCII"),
            status: StatusCode::OK,
        };
        let page_request = PageRequest::Preview(Box::new(preview));
        Ok(self.0.page(&request, &page_request, variant).await)
    }
}

impl FromStr for ElementView {
    type Err = &'static str;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let view = Self::ALL.into_iter().find(|view| view.name() == name);
        view.ok_or("`view` must be `search`, `results` or `agenda`")
    }
}

fn bad_request(message: String) -> Response {
    problem_details::response(StatusCode::BAD_REQUEST, &ApiError::bad_request(message))
}

/// A value of a form, which only has valid ones.
fn parsed<T: FromStr>(query: &str, name: &str) -> Option<T> {
    value(query, name)?.parse().ok()
}

fn first(query: &str) -> Option<usize> {
    parsed(query, "first").filter(|first| (1..=FIRST_MAX).contains(first))
}
