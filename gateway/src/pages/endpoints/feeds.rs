//! `/search.atom`, `/search.json` and `/search.ics`: the results of a search for feed readers and
//! calendars.

use poem::{
    Endpoint, Request, Response, Result,
    http::{HeaderValue, StatusCode, header},
};
use schema::NodeId;

use super::{PageCaching, PageVariant, Pages};
use crate::{
    error::ApiError,
    http::{problem_details, search_request::SearchRequest},
    pages::{
        PageError, PageRequest,
        feed_links::FeedFormat,
        feeds::{FIRST_DEFAULT, FIRST_MAX, FeedRequest},
    },
};

/// The paths, without the prefix of a language.
pub(crate) const PATHS: [(&str, FeedFormat); 3] = [
    ("/search.atom", FeedFormat::Atom),
    ("/search.json", FeedFormat::Json),
    ("/search.ics", FeedFormat::Calendar),
];
/// What a feed may do where a browser shows it.
const POLICY: &str = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'";

/// `/event/…`: a file for calendars if the path ends in `.ics`, otherwise a page.
pub(crate) struct EventFile(pub(crate) Pages);

impl Endpoint for EventFile {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let file = request.raw_path_param("file").and_then(|file| file.strip_suffix(".ics"));
        let Some(id) = file else { return self.0.call(request).await };
        let Ok(id) = id.parse::<NodeId>() else {
            return Ok(self.0.error_response(&request, &PageError::NotFound));
        };
        let variant = PageVariant {
            language: self.0.inner.site.config.default_language,
            path_and_query: format!("event/{id}.ics"),
            caching: PageCaching::Validator,
            media_type: FeedFormat::Calendar.media_type(),
            policy: HeaderValue::from_static(POLICY),
            status: StatusCode::OK,
        };
        let mut response = self.0.page(&request, &PageRequest::EventFile(id), variant).await;
        let disposition = format!("attachment; filename=\"{id}.ics\"");
        let disposition = HeaderValue::from_str(&disposition).expect("an id is visible ASCII");
        response.headers_mut().insert(header::CONTENT_DISPOSITION, disposition);
        Ok(response)
    }
}

/// The endpoint of one format.
pub(crate) struct FeedEndpoint {
    pub(crate) pages: Pages,
    pub(crate) format: FeedFormat,
}

impl Endpoint for FeedEndpoint {
    type Output = Response;

    async fn call(&self, request: Request) -> Result<Response> {
        let SearchRequest { requested, search, first, partner, key } =
            match SearchRequest::parse(&request, FIRST_MAX, &[]) {
                Ok(parsed) => parsed,
                Err(message) => {
                    let error = ApiError::bad_request(message);
                    return Ok(problem_details::response(StatusCode::BAD_REQUEST, &error));
                }
            };
        let format = self.format;
        let first = first.unwrap_or(match format {
            FeedFormat::Calendar => FIRST_MAX,
            FeedFormat::Atom | FeedFormat::Json => FIRST_DEFAULT,
        });
        let (language, path) = self.pages.inner.site.split_language(request.uri().path());
        let feed = FeedRequest { format, requested, search, first, partner, key };
        let variant = PageVariant {
            language,
            path_and_query: format!("{path}?{}", feed.identity()),
            caching: PageCaching::Stored,
            media_type: format.media_type(),
            policy: HeaderValue::from_static(POLICY),
            status: StatusCode::OK,
        };
        Ok(self.pages.page(&request, &PageRequest::Feed(Box::new(feed)), variant).await)
    }
}
