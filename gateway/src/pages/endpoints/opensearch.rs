//! `/opensearch.xml` and `/opensearch/suggest`: search from the address bar of a browser
//! (`OpenSearch` 1.1, with its extension for suggestions).

use std::sync::Arc;

use poem::{
    Endpoint, Request, Response, Result,
    http::{StatusCode, header},
};
use serde_json::json;

use super::Pages;
use crate::{http::compression::ContentEncoding, pipeline::Pipeline, search_params::SearchParams};

/// Path of the description.
pub(crate) const DESCRIPTION_PATH: &str = "/opensearch.xml";
/// Path of the suggestions.
pub(crate) const SUGGEST_PATH: &str = "/opensearch/suggest";
const DESCRIPTION_TYPE: &str = "application/opensearchdescription+xml";
/// Maximum number of bytes of a name.
const SHORT_NAME_CHARS_MAX: usize = 16;

/// The endpoint of the description.
pub(crate) struct OpenSearch(pub(crate) Pages);

impl Endpoint for OpenSearch {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let site = &self.0.inner.site;
        let messages = site.messages(site.config.default_language);
        let text = |text: &str| html_escape::encode_text(text).into_owned();
        let url = |path: &str| text(&site.root_url(path));
        let name: String = messages.get("site.name").chars().take(SHORT_NAME_CHARS_MAX).collect();
        let description = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <OpenSearchDescription xmlns=\"http://a9.com/-/spec/opensearch/1.1/\">\n\
             <ShortName>{}</ShortName>\n<Description>{}</Description>\n\
             <InputEncoding>UTF-8</InputEncoding>\n<Language>{}</Language>\n\
             <Image type=\"{}\">{}</Image>\n\
             <Url type=\"text/html\" template=\"{}\"/>\n\
             <Url type=\"application/atom+xml\" template=\"{}\"/>\n\
             <Url type=\"application/x-suggestions+json\" template=\"{}\"/>\n\
             <Url type=\"{DESCRIPTION_TYPE}\" rel=\"self\" template=\"{}\"/>\n\
             </OpenSearchDescription>\n",
            text(&name),
            text(messages.get("site.tagline")),
            messages.language_code(),
            site.icon().content_type,
            url(&format!("assets/{}", site.icon().hashed)),
            url("?q={searchTerms}"),
            url("search.atom?q={searchTerms}"),
            url("opensearch/suggest?q={searchTerms}"),
            url("opensearch.xml"),
        );
        let encoding = ContentEncoding::negotiate(request.headers());
        let mut response = Response::builder()
            .content_type(DESCRIPTION_TYPE)
            .header(header::CACHE_CONTROL, "public, max-age=86400")
            .body(encoding.encode_off_runtime(description.into()).await);
        encoding.set_headers(response.headers_mut());
        Ok(response)
    }
}

/// The endpoint of the suggestions: the words, and completions of them.
pub(crate) struct OpenSearchSuggest(pub(crate) Arc<Pipeline>);

impl Endpoint for OpenSearchSuggest {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let query = request.uri().query().unwrap_or_default();
        let typed = SearchParams::parse(query).0.words.unwrap_or_default();
        let texts = super::completions(&self.0, typed.clone()).await;
        Ok(Response::builder()
            .status(StatusCode::OK)
            .content_type("application/x-suggestions+json")
            .header(header::CACHE_CONTROL, "no-store")
            .body(json!([typed, texts]).to_string()))
    }
}
