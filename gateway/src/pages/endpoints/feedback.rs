//! `/feedback`: readers send the form by POST, and editors with the token read what was counted;
//! `/feedback/thanks`: what readers see next.

use poem::{
    Endpoint, Request, Response, Result,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
};
use url::form_urlencoded;

use super::{PageCaching, Pages, route, token_file::TokenFile};
use crate::{
    config::FeedbackConfig,
    error::{ApiError, ErrorCode},
    feedback::{Feedback, PageType, Vote, VotedPage},
    http::{
        problem_details, quality_value,
        request_body::{RequestError, read_body},
    },
    pages::{PageError, PageRequest, search_path},
    search_params::SearchParams,
};

/// Media type of the form.
const FORM: &str = "application/x-www-form-urlencoded";
/// Allowed methods.
const METHODS: HeaderValue = HeaderValue::from_static("GET, HEAD, POST");
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// The endpoint of the form, and of the page for editors.
pub(crate) struct FeedbackEndpoint(pub(crate) Pages);

impl Endpoint for FeedbackEndpoint {
    type Output = Response;

    async fn call(&self, mut request: Request) -> Result<Response> {
        let inner = &self.0.inner;
        let Some((feedback, config)) = inner.feedback.as_ref().zip(inner.config.feedback.as_ref())
        else {
            return Ok(self.0.error_response(&request, &PageError::NotFound));
        };
        let mut response = match *request.method() {
            Method::GET => self.reports(&request, feedback, config).await,
            Method::POST => match self.count(&mut request).await {
                Ok(page) => self.see_other(request.uri().path(), &page),
                Err(error) => problem_details::response(error.status, &error.error),
            },
            _ => {
                let error = ApiError::new(
                    ErrorCode::MethodNotAllowed,
                    "method not allowed; send the form by POST",
                );
                let status = StatusCode::METHOD_NOT_ALLOWED;
                let mut response = problem_details::response(status, &error);
                response.headers_mut().insert(header::ALLOW, METHODS);
                response
            }
        };
        response.headers_mut().insert(header::CACHE_CONTROL, NO_STORE);
        Ok(response)
    }
}

impl FeedbackEndpoint {
    /// What was counted, for editors with the token.
    async fn reports(
        &self,
        request: &Request,
        feedback: &Feedback,
        config: &FeedbackConfig,
    ) -> Response {
        let token = TokenFile {
            file: config.editor_token_file.clone(),
            key: "`feedback.editor_token_file`",
            challenge: "Basic realm=\"Wegwijzer feedback\", charset=\"UTF-8\"",
        };
        if let Err(rejection) = token.check(request.headers()).await {
            return rejection;
        }
        let reports = feedback.reports(self.0.inner.config.clock.now());
        if accepts_json(request.headers()) {
            let body = serde_json::to_vec(&reports).expect("texts and numbers always serialise");
            return Response::builder().content_type("application/json").body(body);
        }
        let variant = self.0.variant(request.uri().path(), PageCaching::None);
        self.0.page(request, &PageRequest::Feedback(Box::new(reports)), variant).await
    }

    /// Counts a form; returns the page that it was on.
    async fn count(&self, request: &mut Request) -> Result<VotedPage, RequestError> {
        let config = &self.0.inner.config;
        let own_origin = config.public_url.origin().ascii_serialization();
        check_headers(request.headers(), &own_origin)?;
        let body = read_body(request.take_body(), &config.limits).await?;
        let (page, vote) = parse_form(&body)?;
        if let Some(feedback) = self.0.client_feedback(request, config.clock.now()) {
            feedback.record_vote(&page, vote);
        }
        Ok(page)
    }

    /// The redirect to the page that thanks for a vote. Invariant: its target is on this site, as it
    /// begins with the path of the site, and the page of the form is only a parameter.
    fn see_other(&self, path: &str, page: &VotedPage) -> Response {
        let page: String = form_urlencoded::byte_serialize(page.path.as_bytes()).collect();
        let (language, _) = self.0.inner.site.split_language(path);
        let location = self.0.inner.site.href(language, &format!("feedback/thanks?page={page}"));
        Response::builder()
            .status(StatusCode::SEE_OTHER)
            .header(header::LOCATION, location)
            .finish()
    }
}

/// The endpoint of the page that follows a vote.
pub(crate) struct Thanks(pub(crate) Pages);

impl Endpoint for Thanks {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        if self.0.inner.feedback.is_none() {
            return Ok(self.0.error_response(&request, &PageError::NotFound));
        }
        let query = request.uri().query().unwrap_or_default();
        let page = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "page");
        let page = page.and_then(|(_, path)| voted_page(&path));
        let mut variant = self.0.variant(request.uri().path(), PageCaching::Validator);
        if let Some(page) = &page {
            variant.path_and_query.push('?');
            variant.path_and_query.push_str(&page.path);
        }
        Ok(self.0.page(&request, &PageRequest::Thanks(page), variant).await)
    }
}

/// Rejects what no form of this site sends.
fn check_headers(headers: &HeaderMap, own_origin: &str) -> Result<(), RequestError> {
    if is_cross_site(headers, own_origin) {
        let message = "a page of another site cannot send this form; open the page on this site";
        let error = ApiError::new(ErrorCode::Forbidden, message);
        return Err(RequestError { status: StatusCode::FORBIDDEN, error });
    }
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case(FORM) {
        return Ok(());
    }
    let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
    Err(RequestError::new(status, format!("unsupported media type; send `content-type: {FORM}`")))
}

/// Whether a browser states that a page of another site sends the request.
///
/// `Origin` counts for browsers without `Sec-Fetch-Site` only, and not if it is `null`: since our
/// pages have `Referrer-Policy: no-referrer`, that is what browsers state for our own forms.
fn is_cross_site(headers: &HeaderMap, own_origin: &str) -> bool {
    match (headers.get("sec-fetch-site"), headers.get(header::ORIGIN)) {
        (Some(site), _) => site != "same-origin" && site != "none",
        (None, Some(origin)) => origin != own_origin && origin != "null",
        (None, None) => false,
    }
}

/// The page and the vote in a form.
fn parse_form(body: &[u8]) -> Result<(VotedPage, Vote), RequestError> {
    let error = |message: String| RequestError::new(StatusCode::BAD_REQUEST, message);
    let (mut page, mut found) = (None, None);
    for (name, value) in form_urlencoded::parse(body) {
        let field = match &*name {
            "page" => &mut page,
            "found" => &mut found,
            _ => {
                let name: String = name.chars().take(80).collect();
                return Err(error(format!("unknown field; send `page` and `found`: `{name}`")));
            }
        };
        if field.replace(value).is_some() {
            return Err(error(format!("repeated field; send it once: `{name}`")));
        }
    }
    let page = page.as_deref().and_then(voted_page).ok_or_else(|| {
        let example = "`?q=brief`, `article` or `article/NAME`";
        error(format!("missing or invalid `page`; send a page with the form, such as {example}"))
    })?;
    let vote = match found.as_deref() {
        Some("yes") => Vote::Yes,
        Some("no") => Vote::No,
        _ => return Err(error("missing or invalid `found`; send `yes` or `no`".to_owned())),
    };
    Ok((page, vote))
}

/// The page with a form that has a path and query string, in the Dutch form.
fn voted_page(path_and_query: &str) -> Option<VotedPage> {
    let (path, query) = path_and_query.split_once('?').unwrap_or((path_and_query, ""));
    let page = |page_type, path| Some(VotedPage { page_type, words: None, path });
    match route(path, query, Vec::new)? {
        PageRequest::Search(parameters, invalid) => {
            let SearchParams { words, .. } = &*parameters;
            let page_type = if words.is_some() { PageType::Search } else { PageType::Overview };
            let is_valid = invalid.is_empty() && !parameters.is_empty();
            is_valid.then(|| VotedPage {
                page_type,
                words: words.clone(),
                path: search_path(&parameters),
            })
        }
        PageRequest::Overview(kind) => page(PageType::Overview, kind.as_str().to_owned()),
        PageRequest::Record(kind, slug) if kind.is_content() => {
            page(PageType::Item, format!("{}/{slug}", kind.as_str()))
        }
        _ => None,
    }
}

/// Whether a client prefers JSON; browsers name HTML.
fn accepts_json(headers: &HeaderMap) -> bool {
    let quality = |media_type: &str| {
        let ranges = quality_value::members(headers, &header::ACCEPT);
        ranges.into_iter().find(|range| range.name == media_type).map_or(0, |range| range.quality)
    };
    quality("application/json") > quality("text/html")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_page_with_the_form_must_be_voted_on() {
        for (path, page_type, words, normalised) in [
            ("?q=brief", PageType::Search, Some("brief"), "?q=brief"),
            (
                "?q=+Een%20brief&kind=event&x=y",
                PageType::Search,
                Some("Een brief"),
                "?q=Een+brief&kind=event",
            ),
            ("?kind=event", PageType::Overview, None, "?kind=event"),
            ("article", PageType::Overview, None, "article"),
            ("toolkit/kaart-t1?a=b", PageType::Item, None, "toolkit/kaart-t1"),
        ] {
            let words = words.map(str::to_owned);
            let page = VotedPage { page_type, words, path: normalised.to_owned() };
            assert_eq!(voted_page(path), Some(page), "{path}");
        }
        for path in [
            "",
            "?",
            "?q=",
            "/",
            "?kind=boek",
            "?q=brief&page=99",
            "status",
            "feedback",
            "privacy",
            "theme/taal-h1",
            "person/jan",
            "calendar/2026-03",
            "article/a/b",
            "//elders.example",
            "https://elders.example/article",
            "/article",
            "\\\\elders.example",
            "en/article",
        ] {
            assert_eq!(voted_page(path), None, "{path}");
        }
    }

    #[test]
    fn only_what_states_another_site_must_be_cross_site() {
        for (headers, expected) in [
            (&[][..], false),
            (&[("sec-fetch-site", "same-origin"), ("origin", "null")], false),
            (&[("sec-fetch-site", "none")], false),
            (&[("sec-fetch-site", "cross-site"), ("origin", "https://zoek.example")], true),
            (&[("sec-fetch-site", "same-site")], true),
            (&[("origin", "https://zoek.example")], false),
            (&[("origin", "null")], false),
            (&[("origin", "https://elders.example")], true),
            (&[("origin", "http://zoek.example")], true),
        ] {
            let mut map = HeaderMap::new();
            for (name, value) in headers {
                map.insert(*name, value.parse().unwrap());
            }
            assert_eq!(is_cross_site(&map, "https://zoek.example"), expected, "{headers:?}");
        }
    }
}
