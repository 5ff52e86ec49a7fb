//! The doors for people: search page, item pages and what belongs to them; files for browsers.

mod graphiql;
mod robots;

use std::sync::Arc;

use poem::{
    Endpoint, Request, Response, Result,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
};
use schema::{Language, NodeKind};
use serde::Serialize;

pub(super) use self::{
    graphiql::Graphiql,
    robots::{ForRobots, PATHS as FOR_ROBOTS},
};
use super::{coding::Coding, question, request_id::RequestId};
use crate::{
    config::Config,
    page::{self, Asked, PageError, Site, Trouble, Visit, words::Words},
    parameters::Parameters,
    pipeline::{Pipeline, Validator},
};

/// What a browser may load and do on a page: nothing from elsewhere, nothing inline.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
     connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/// A file that never changes is kept for a year.
const FOR_EVER: &str = "public, max-age=31536000, immutable";
const HTML: &str = "text/html; charset=utf-8";
/// At most so many suggestions are given.
const SUGGESTIONS: usize = 8;

/// Everything for people.
#[derive(Clone)]
pub(super) struct Pages {
    inside: Arc<Inside>,
}

struct Inside {
    pipeline: Arc<Pipeline>,
    config: Arc<Config>,
    site: Site,
}

/// A suggestion as the script reads it.
#[derive(Serialize)]
struct Suggested {
    text: String,
}

/// What a page depends on besides generation and time.
#[derive(Serialize)]
struct Question<'a> {
    door: &'static str,
    language: &'static str,
    asked: &'a str,
}

impl Pages {
    pub(super) fn new(pipeline: Arc<Pipeline>, config: &Config) -> Self {
        let site = Site::new(config.public_url.clone());
        let config = Arc::new(config.clone());
        Self { inside: Arc::new(Inside { pipeline, config, site }) }
    }

    /// The page that says what went wrong, in the language of the address.
    pub(super) fn trouble(&self, path: &str, status: StatusCode, id: &str) -> Response {
        let what = match status {
            StatusCode::NOT_FOUND => Trouble::NotFound,
            StatusCode::SERVICE_UNAVAILABLE => Trouble::Unavailable,
            _ => Trouble::Internal,
        };
        let words = Words::of(split_language(path).0);
        let body = page::trouble(&self.inside.site, words, what, id).unwrap_or_else(|error| {
            tracing::error!(cause = %error, "the page for trouble failed");
            String::new()
        });
        let mut response = html(status, body.into_bytes());
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
        }
        response
    }

    async fn answer(&self, request: &Request) -> Response {
        let path = request.uri().path();
        let (language, path) = split_language(path);
        let query = request.uri().query().unwrap_or_default();
        if let Some(file) = path.strip_prefix("assets/") {
            return self.asset(file, request);
        }
        let damaged =
            || self.inside.pipeline.catalog().is_some_and(|catalog| catalog.damage().is_some());
        let Some(asked) = asked(path, query, damaged) else {
            return self.failed(request, &PageError::NotFound);
        };
        let Some(snapshot) = self.inside.pipeline.snapshot() else {
            let id = request_id(request);
            return self.trouble(request.uri().path(), StatusCode::SERVICE_UNAVAILABLE, id);
        };
        let now = self.inside.config.clock.now();
        let words = Words::of(language);
        let visit = Visit { site: &self.inside.site, words, snapshot: &snapshot, now };
        let (written, misfits) = match &asked {
            Asked::Search(parameters, misfits) => (parameters.query_string(), misfits.len()),
            _ => (String::new(), 0),
        };
        let about = format!("{path}?{written}");
        let coding = Coding::accepted(request.headers());
        let question = Question { door: "page", language: words.code(), asked: &about };
        let cacheable = misfits == 0 && !matches!(asked, Asked::Status { .. });
        let validator =
            cacheable.then(|| self.inside.pipeline.validator_of(&snapshot, now, &question));
        if let Some(validator) = validator
            && knows(request.headers(), validator, coding)
        {
            return with_validator(not_modified(), validator, coding);
        }
        match page::page(visit, &asked).await {
            Ok(body) => {
                let status = if misfits == 0 { StatusCode::OK } else { StatusCode::BAD_REQUEST };
                let mut response = html(status, coding.encode(body.into_bytes()));
                coding.tell(response.headers_mut());
                match validator {
                    Some(validator) => with_validator(response, validator, coding),
                    None => response,
                }
            }
            Err(error) => self.failed(request, &error),
        }
    }

    fn failed(&self, request: &Request, error: &PageError) -> Response {
        let status = match error {
            PageError::NotFound => StatusCode::NOT_FOUND,
            PageError::Moved(to) => {
                return Response::builder()
                    .status(StatusCode::PERMANENT_REDIRECT)
                    .header(header::LOCATION, to.as_str())
                    .finish();
            }
            PageError::Catalog(indexer::catalog::CatalogError::Busy) => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            error => {
                tracing::error!(cause = %error, "a page failed");
                StatusCode::INTERNAL_SERVER_ERROR
            }
        };
        self.trouble(request.uri().path(), status, request_id(request))
    }

    fn asset(&self, file: &str, request: &Request) -> Response {
        let Some(asset) = self.inside.site.assets.get(file) else {
            return self.failed(request, &PageError::NotFound);
        };
        let coding = Coding::accepted(request.headers());
        let mut response = Response::builder()
            .content_type(asset.content_type)
            .header(header::CACHE_CONTROL, FOR_EVER)
            .body(coding.encode(asset.bytes.to_vec()));
        coding.tell(response.headers_mut());
        response
    }
}

impl Endpoint for Pages {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let mut response = self.answer(&request).await;
        if request.method() == Method::HEAD {
            response.set_body(());
        }
        Ok(response)
    }
}

/// `/suggest`: what completes the words that are being typed.
pub(super) struct Suggest(pub(super) Arc<Pipeline>);

impl Endpoint for Suggest {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let query = request.uri().query().unwrap_or_default();
        let typed = Parameters::read(query).0.words.unwrap_or_default();
        let found = match self.0.snapshot() {
            Some(snapshot) => snapshot.suggest(typed, SUGGESTIONS).await.unwrap_or_default(),
            None => Vec::new(),
        };
        let texts: Vec<_> = found.into_iter().map(|one| Suggested { text: one.text }).collect();
        let body = serde_json::to_vec(&texts).expect("texts are always JSON");
        Ok(Response::builder()
            .content_type("application/json")
            .header(header::CACHE_CONTROL, "no-store")
            .body(body))
    }
}

/// The language of an address, and the rest of it.
fn split_language(path: &str) -> (Language, &str) {
    let path = path.strip_prefix('/').unwrap_or(path);
    match path.strip_prefix("en") {
        Some("") => (Language::En, ""),
        Some(rest) if rest.starts_with('/') => (Language::En, &rest[1..]),
        _ => (Language::Nl, path),
    }
}

/// What is asked for at a path, as on a Dutch page.
fn asked(path: &str, query: &str, damaged: impl Fn() -> bool) -> Option<Asked> {
    let kind = |word: &str| NodeKind::ALL.into_iter().find(|kind| kind.word() == word);
    match path.split('/').collect::<Vec<_>>()[..] {
        [""] => {
            let (parameters, misfits) = Parameters::read(query);
            Some(Asked::Search(Box::new(parameters), misfits))
        }
        ["calendar"] => Some(Asked::Calendar(None)),
        ["calendar", month] => {
            page::calendar::month(month).map(|first| Asked::Calendar(Some(first)))
        }
        ["status"] => Some(Asked::Status { damaged: damaged() }),
        [word] => kind(word).filter(|kind| kind.is_content()).map(Asked::Overview),
        [word, slug] => kind(word).map(|kind| Asked::Thing(kind, slug.to_owned())),
        _ => None,
    }
}

fn html(status: StatusCode, body: Vec<u8>) -> Response {
    Response::builder()
        .status(status)
        .content_type(HTML)
        .header(header::CONTENT_SECURITY_POLICY, POLICY)
        .header(header::CACHE_CONTROL, "no-cache")
        .header(header::VARY, "accept-encoding")
        .body(body)
}

fn not_modified() -> Response {
    let mut response = html(StatusCode::NOT_MODIFIED, Vec::new());
    response.headers_mut().remove(header::CONTENT_TYPE);
    response
}

fn tag(validator: Validator, coding: Coding) -> String {
    format!("\"{validator}{}\"", coding.tag())
}

fn with_validator(mut response: Response, validator: Validator, coding: Coding) -> Response {
    let tag = HeaderValue::from_str(&tag(validator, coding)).expect("digits and letters");
    response.headers_mut().insert(header::ETAG, tag);
    response
}

/// Whether a client has the page already.
fn knows(headers: &HeaderMap, validator: Validator, coding: Coding) -> bool {
    let own = tag(validator, coding);
    let own = own.trim_matches('"');
    question::validators(headers).iter().any(|known| known == own || known == "*")
}

fn request_id(request: &Request) -> &str {
    request.data::<RequestId>().map_or("", RequestId::as_str)
}
