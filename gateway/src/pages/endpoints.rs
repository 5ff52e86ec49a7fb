//! The endpoints of the pages and of the static files for browsers.

mod configurator;
mod default_language;
mod elements;
mod embed;
mod feedback;
mod feeds;
mod graphiql;
mod opensearch;
mod token_file;
mod usage;
mod well_known;

use std::{collections::HashSet, sync::Arc};

use bytes::Bytes;
use federation::error::with_causes;
use indexer::catalog::CatalogError;
use jiff::Timestamp;
use poem::{
    Endpoint, Request, Response, Result,
    http::{HeaderValue, StatusCode, header},
};
use schema::{Language, NodeKind};
use serde::Serialize;

pub(crate) use self::{
    configurator::{Configurator, Preview},
    default_language::WithoutPrefix,
    elements::{ElementFile, FILES as ELEMENT_FILES},
    embed::Embed,
    feedback::{FeedbackEndpoint, Thanks},
    feeds::{EventFile, FeedEndpoint, PATHS as FEED_PATHS},
    graphiql::Graphiql,
    opensearch::{DESCRIPTION_PATH, OpenSearch, OpenSearchSuggest, SUGGEST_PATH},
    usage::PartnerUsage,
    well_known::{PATHS as WELL_KNOWN_PATHS, WellKnownFiles},
};
use crate::{
    alerts::Alert,
    config::{Config, ImageHost},
    error::ApiError,
    feedback::{ClientFeedback, Feedback},
    http::{
        cached_response, cached_response::Caching, client_address, compression::ContentEncoding,
        problem_details, request_id::RequestId,
    },
    metrics::Metrics,
    pages,
    pages::{
        ErrorPage, PageContext, PageError, PageRequest, Site, entity_list::EntityListRequest,
        information::InformationPage,
    },
    pipeline::Pipeline,
    search_params::SearchParams,
};

/// What a picture may do where a browser shows it by itself: no script, no request.
const IMAGE_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; sandbox";
/// Immutable files are cached for a year.
const IMMUTABLE: &str = "public, max-age=31536000, immutable";
const HTML: &str = "text/html; charset=utf-8";
/// Maximum number of suggestions.
const SUGGESTIONS_MAX: usize = 8;

/// The endpoint of the pages.
#[derive(Clone)]
pub(crate) struct Pages {
    inner: Arc<Inner>,
}

struct Inner {
    pipeline: Arc<Pipeline>,
    metrics: Arc<Metrics>,
    config: Arc<Config>,
    site: Site,
    feedback: Option<Feedback>,
    /// The content security policy of a page.
    policy: String,
}

/// A suggestion as sent to the script.
#[derive(Serialize)]
struct SuggestionItem {
    text: String,
}

/// What a page depends on besides the generation and the time.
#[derive(Serialize)]
struct PageCacheKey<'a> {
    endpoint: &'static str,
    language: &'static str,
    path_and_query: &'a str,
}

/// How a response can be reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PageCaching {
    /// Not at all.
    None,
    /// By a client that has it, as long as its `ETag` remains the same.
    Validator,
    /// Also for other clients, since many request it.
    Stored,
}

/// How a page is sent.
struct PageVariant {
    language: Language,
    /// Everything in the address that the page depends on.
    path_and_query: String,
    caching: PageCaching,
    media_type: &'static str,
    /// The content security policy.
    policy: HeaderValue,
    /// The status if the page can be rendered.
    status: StatusCode,
}

impl Pages {
    pub(crate) fn new(pipeline: Arc<Pipeline>, metrics: Arc<Metrics>, config: &Config) -> Self {
        let site = Site::new(config);
        let feedback = config.feedback.is_some().then(|| Feedback::new(config.clock.now()));
        let config = Arc::new(config.clone());
        let policy = content_security_policy(&config.site.image_hosts);
        Self { inner: Arc::new(Inner { pipeline, metrics, config, site, feedback, policy }) }
    }

    /// The error page, in the language of the URL.
    pub(crate) fn error_page(&self, path: &str, status: StatusCode, id: &str) -> Response {
        let page_kind = match status {
            StatusCode::NOT_FOUND => ErrorPage::NotFound,
            StatusCode::SERVICE_UNAVAILABLE => ErrorPage::Unavailable,
            _ => ErrorPage::Internal,
        };
        let site = &self.inner.site;
        let messages = site.messages(site.split_language(path).0);
        let body = pages::error_page(site, messages, page_kind, id).unwrap_or_else(|error| {
            tracing::error!(error = with_causes(&error), "cannot render error page");
            String::new()
        });
        let mut response = self.html(status, body.into());
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
        }
        response
    }

    /// The content security policy of a page.
    fn policy(&self) -> HeaderValue {
        HeaderValue::from_str(&self.inner.policy).expect("host names are visible ASCII")
    }

    /// An HTML page whose path depends on the language; it depends on nothing else in the address.
    fn variant(&self, path: &str, caching: PageCaching) -> PageVariant {
        let (language, path) = self.inner.site.split_language(path);
        PageVariant {
            language,
            path_and_query: path.to_owned(),
            caching,
            media_type: HTML,
            policy: self.policy(),
            status: StatusCode::OK,
        }
    }

    /// A page that depends on no generation.
    fn html(&self, status: StatusCode, body: Bytes) -> Response {
        Response::builder()
            .status(status)
            .content_type(HTML)
            .header(header::CONTENT_SECURITY_POLICY, self.policy())
            .header(header::CACHE_CONTROL, "no-cache")
            .header(header::VARY, "accept-encoding")
            .body(body)
    }

    async fn respond(&self, request: &Request) -> Response {
        let (language, path) = self.inner.site.split_language(request.uri().path());
        let query = request.uri().query().unwrap_or_default();
        if let Some(file) = path.strip_prefix("assets/") {
            return self.asset(file, request).await;
        }
        let inner = &self.inner;
        let alerts = || Alert::current(&inner.pipeline, &inner.metrics, inner.config.clock.now());
        let Some(page_request) = route(path, query, alerts) else {
            return self.error_response(request, &PageError::NotFound);
        };
        let (query_string, invalid_count) = match &page_request {
            PageRequest::Search(parameters, invalid) => (parameters.query_string(), invalid.len()),
            PageRequest::EntityList(list) => (list.query_string(), 0),
            _ => (String::new(), 0),
        };
        let is_valid = invalid_count == 0;
        let variant = PageVariant {
            language,
            path_and_query: format!("{path}?{query_string}"),
            caching: if is_valid && !matches!(page_request, PageRequest::Status(_)) {
                PageCaching::Validator
            } else {
                PageCaching::None
            },
            media_type: HTML,
            policy: self.policy(),
            status: if is_valid { StatusCode::OK } else { StatusCode::BAD_REQUEST },
        };
        self.page(request, &page_request, variant).await
    }

    /// The response with a page; without its body if the client has cached it.
    async fn page(
        &self,
        request: &Request,
        page_request: &PageRequest,
        variant: PageVariant,
    ) -> Response {
        let Some(snapshot) = self.inner.pipeline.snapshot() else {
            let id = request_id(request);
            return self.error_page(request.uri().path(), StatusCode::SERVICE_UNAVAILABLE, id);
        };
        let now = self.inner.config.clock.now();
        let messages = self.inner.site.messages(variant.language);
        let context = PageContext {
            site: &self.inner.site,
            messages,
            snapshot: &snapshot,
            now,
            feedback: self.client_feedback(request, now),
            has_absolute_links: false,
        };
        let pipeline = &self.inner.pipeline;
        let key = PageCacheKey {
            endpoint: "page",
            language: messages.language_code(),
            path_and_query: &variant.path_and_query,
        };
        let cache_key = || pipeline.page_cache_key(&snapshot, now, &key);
        let caching = match variant.caching {
            PageCaching::None => Caching::None,
            PageCaching::Validator => Caching::Validator(cache_key()),
            PageCaching::Stored => Caching::Stored(cache_key()),
        };
        // Boxed, since the future of a page is large.
        let rendered =
            Box::pin(async { Ok(Bytes::from(pages::render(context, page_request).await?)) });
        let sent = (caching, variant.media_type);
        match cached_response::respond(pipeline, request.headers(), sent, rendered).await {
            Ok(mut response) => {
                if response.status() == StatusCode::OK {
                    response.set_status(variant.status);
                }
                response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, variant.policy);
                response
            }
            Err(error) if variant.media_type == HTML => self.error_response(request, &error),
            Err(error) => problem(&error),
        }
    }

    /// The feedback of the client of a request, if there is any.
    fn client_feedback(&self, request: &Request, now: Timestamp) -> Option<ClientFeedback<'_>> {
        let address = client_address::distinct(request, &self.inner.config.trusted_proxies);
        Some(self.inner.feedback.as_ref()?.of_client(address, now))
    }

    fn error_response(&self, request: &Request, error: &PageError) -> Response {
        let status = match error {
            PageError::NotFound => StatusCode::NOT_FOUND,
            PageError::Moved(location) => {
                return Response::builder()
                    .status(StatusCode::PERMANENT_REDIRECT)
                    .header(header::LOCATION, location.as_str())
                    .finish();
            }
            PageError::Catalog(CatalogError::Busy | CatalogError::Timeout(_)) => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            error => {
                tracing::error!(error = with_causes(error), "cannot render page");
                StatusCode::INTERNAL_SERVER_ERROR
            }
        };
        self.error_page(request.uri().path(), status, request_id(request))
    }

    async fn asset(&self, file: &str, request: &Request) -> Response {
        let Some(asset) = self.inner.site.assets.get(file) else {
            return self.error_response(request, &PageError::NotFound);
        };
        let encoding = ContentEncoding::negotiate(request.headers());
        let mut response = Response::builder()
            .content_type(asset.content_type)
            .header(header::CACHE_CONTROL, IMMUTABLE)
            .body(encoding.encode_off_runtime(Bytes::copy_from_slice(&asset.bytes)).await);
        encoding.set_headers(response.headers_mut());
        self::elements::allow_any_origin(&mut response);
        if asset.content_type.starts_with("image/") {
            let policy = HeaderValue::from_static(IMAGE_POLICY);
            response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
        }
        response
    }
}

impl Endpoint for Pages {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        Ok(self.respond(&request).await)
    }
}

/// `/suggest`: completions of the words being typed.
pub(crate) struct Suggest(pub(crate) Arc<Pipeline>);

impl Endpoint for Suggest {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let query = request.uri().query().unwrap_or_default();
        let typed = SearchParams::parse(query).0.words.unwrap_or_default();
        let completions = completions(&self.0, typed).await;
        let texts: Vec<_> = completions.into_iter().map(|text| SuggestionItem { text }).collect();
        let body = serde_json::to_vec(&texts).expect("strings always serialise to JSON");
        Ok(Response::builder()
            .content_type("application/json")
            .header(header::CACHE_CONTROL, "no-store")
            .body(body))
    }
}

/// Completions of typed words, each text once: a theme and a word can have the same name.
async fn completions(pipeline: &Pipeline, typed: String) -> Vec<String> {
    let Some(snapshot) = pipeline.snapshot() else { return Vec::new() };
    let found = snapshot.suggest(typed, 2 * SUGGESTIONS_MAX).await.unwrap_or_default();
    let mut seen = HashSet::new();
    let texts = found.into_iter().map(|suggestion| suggestion.text);
    let distinct = texts.filter(|text| seen.insert(schema::normalisation::name(text)));
    distinct.take(SUGGESTIONS_MAX).collect()
}

/// The page requested by a path without the prefix of a language.
fn route(path: &str, query: &str, alerts: impl Fn() -> Vec<Alert>) -> Option<PageRequest> {
    let information =
        |segment: &str| InformationPage::ALL.into_iter().find(|page| page.path() == segment);
    let kind = |segment: &str| NodeKind::ALL.into_iter().find(|kind| kind.as_str() == segment);
    match path.split('/').collect::<Vec<_>>()[..] {
        [""] => {
            let (parameters, invalid) = SearchParams::parse(query);
            Some(PageRequest::Search(Box::new(parameters), invalid))
        }
        ["calendar"] => Some(PageRequest::Calendar(None)),
        ["calendar", month] => {
            pages::calendar::parse_month(month).map(|first| PageRequest::Calendar(Some(first)))
        }
        [pages::rest_reference::PATH] => Some(PageRequest::RestReference),
        ["status"] => Some(PageRequest::Status(alerts())),
        [segment] if information(segment).is_some() => {
            information(segment).map(PageRequest::Information)
        }
        [segment] => {
            let kind = kind(segment)?;
            if kind.is_content() {
                return Some(PageRequest::Overview(kind));
            }
            EntityListRequest::parse(kind, query).map(PageRequest::EntityList)
        }
        [segment, slug] => kind(segment).map(|kind| PageRequest::Record(kind, slug.to_owned())),
        _ => None,
    }
}

/// The response to a program if a page cannot be rendered.
fn problem(error: &PageError) -> Response {
    let error = match error {
        PageError::NotFound | PageError::Moved(_) => ApiError::not_found("not found"),
        PageError::Catalog(error) => crate::error::from_catalog(error),
        PageError::Template(_) => {
            tracing::error!(error = with_causes(error), "cannot render feed");
            ApiError::internal()
        }
    };
    let status = StatusCode::from_u16(error.code.http_status()).expect("codes have valid statuses");
    problem_details::response(status, &error)
}

/// What a page may load and do in a browser: pictures from the hosts that the operator allows, nothing
/// else from other origins, nothing inline.
fn content_security_policy(image_hosts: &[ImageHost]) -> String {
    let hosts: String = image_hosts.iter().flat_map(|host| [" https://", host.as_str()]).collect();
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'{hosts}; \
         connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
}

fn request_id(request: &Request) -> &str {
    request.data::<RequestId>().map_or("", RequestId::as_str)
}
