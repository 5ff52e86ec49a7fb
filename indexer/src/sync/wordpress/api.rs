//! Requests to the REST API of WordPress (`/wp-json/wp/v2`). Errors are told apart by their code,
//! because messages are in the language of the site.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use hyper::header::{self, HeaderMap, HeaderValue};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use crate::{
    html_page,
    sync::{
        http::{
            HttpClient, HttpContent, HttpCounters, HttpError, HttpRequest, HttpResponse,
            SourcePolicy,
        },
        site_page::is_captcha,
    },
};

/// Number of objects per page; the maximum of WordPress.
pub(super) const PAGE_SIZE: usize = 100;
/// Maximum number of pages of a collection.
const PAGES_MAX: usize = 5_000;

/// Why a run cannot go on.
#[derive(Debug, thiserror::Error)]
pub(super) enum ApiError {
    /// The host did not respond as required.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The host responded with something else than the API.
    #[error("not the REST API of WordPress; check `address` of the source: `{url}`")]
    NotApi { url: Url, cause: Option<serde_json::Error> },
    /// Redirects lead to another host.
    #[error("the site moved; set `address` of the source to the new host: `{host}`")]
    Moved { host: String },
    /// There is nothing at an address.
    #[error("nothing at this address (status {status}); check `types` of the source: `{url}`")]
    Gone {
        url: Url,
        status: u16,
        /// The code of the API; none if the response is not of the API.
        code: Option<String>,
    },
    /// A collection is longer than [`PAGES_MAX`] pages.
    #[error("collection exceeds the maximum number of pages, {PAGES_MAX}: `{url}`")]
    TooLong { url: Url },
}

impl ApiError {
    /// Whether the host refuses anonymous access, which is usual for types that editors use.
    pub(super) fn is_unauthorized(&self) -> bool {
        matches!(self, Self::Http(error) if error.is_unauthorized())
    }

    /// Whether the API says that an object is deleted, or no longer public. A 404 or a 401 without
    /// its code, such as that of a login page, proves nothing.
    pub(super) fn is_removal(&self) -> bool {
        match self {
            Self::Gone { code, .. } => code.as_deref() == Some("rest_post_invalid_id"),
            Self::Http(HttpError::Unauthorized { body, .. }) => {
                code(body).as_deref() == Some("rest_forbidden")
            }
            _ => false,
        }
    }
}

/// The API of one site.
pub(super) struct Api<'a> {
    pub(super) client: &'a HttpClient,
    pub(super) root: Url,
    pub(super) policy: Arc<SourcePolicy>,
    pub(super) counters: Arc<HttpCounters>,
    /// The time of the host at its last response, in seconds since 1970.
    pub(super) host_time: AtomicI64,
}

/// A page of the site.
pub(super) struct WebPage {
    /// Its address, after redirects.
    pub(super) url: Url,
    pub(super) body: bytes::Bytes,
    /// The media type in lower case.
    pub(super) media_type: Option<String>,
    /// Whether a header says that search engines must not show it.
    pub(super) is_noindex: bool,
}

/// A page of a collection.
pub(super) struct ApiPage {
    pub(super) objects: Vec<Value>,
    /// The number of objects that the host counts, including those it does not show.
    pub(super) total: Option<usize>,
    pub(super) pages: usize,
}

impl Api<'_> {
    /// The address of a collection with parameters.
    fn address(&self, collection: &str, parameters: &[(&str, &str)]) -> Url {
        let mut url = self.root.clone();
        url.set_path(&format!("{}wp-json/wp/v2/{collection}", url.path()));
        url.query_pairs_mut().clear().extend_pairs(parameters);
        if parameters.is_empty() {
            url.set_query(None);
        }
        url
    }

    /// Fetches one document.
    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, ApiError> {
        let url = self.address(path, &[]);
        let (body, _) = self.fetch(url.clone()).await?;
        serde_json::from_slice(&body).map_err(|error| ApiError::NotApi { url, cause: Some(error) })
    }

    /// Fetches one page of a collection; pages are counted from one.
    pub(super) async fn page(
        &self,
        collection: &str,
        parameters: &[(&str, &str)],
        page: usize,
    ) -> Result<ApiPage, ApiError> {
        let (size, number) = (PAGE_SIZE.to_string(), page.to_string());
        let mut all = vec![("per_page", size.as_str()), ("page", number.as_str())];
        all.extend(parameters);
        let url = self.address(collection, &all);
        let (body, headers) = self.fetch(url.clone()).await?;
        let objects = serde_json::from_slice(&body)
            .map_err(|error| ApiError::NotApi { url, cause: Some(error) })?;
        Ok(ApiPage {
            objects,
            total: headers.get("x-wp-total").copied(),
            pages: headers.get("x-wp-totalpages").copied().unwrap_or(1),
        })
    }

    /// All objects of a collection whose order does not matter much, such as terms. The number of
    /// pages ends the walk: a page can be short or empty.
    pub(super) async fn all(
        &self,
        collection: &str,
        parameters: &[(&str, &str)],
    ) -> Result<Vec<Value>, ApiError> {
        let mut objects = Vec::new();
        for page in 1.. {
            if page > PAGES_MAX {
                let url = self.address(collection, &[]);
                return Err(ApiError::TooLong { url });
            }
            let found = self.page(collection, parameters, page).await?;
            objects.extend(found.objects);
            if page >= found.pages {
                break;
            }
        }
        Ok(objects)
    }

    /// Whether an address is on the host of the site; no other host is requested.
    pub(super) fn is_own_host(&self, url: &Url) -> bool {
        url.host_str() == self.root.host_str() && matches!(url.scheme(), "http" | "https")
    }

    /// Fetches a page or another file of the site.
    pub(super) async fn web_page(&self, url: &Url) -> Result<WebPage, ApiError> {
        let accept = HeaderValue::from_static("text/html, application/xml;q=0.9, */*;q=0.1");
        let response = self.send(url.clone(), accept).await?;
        let is_noindex = response.headers.get_all("x-robots-tag").iter();
        let is_noindex =
            is_noindex.filter_map(|value| value.to_str().ok()).any(html_page::is_noindex);
        match response.content {
            HttpContent::Fetched(fetched) if is_captcha(&response.headers, &fetched.body) => {
                Err(HttpError::Captcha { url: url.to_string() }.into())
            }
            HttpContent::Fetched(fetched) => Ok(WebPage {
                url: response.url,
                body: fetched.body,
                media_type: fetched.media_type,
                is_noindex,
            }),
            HttpContent::Gone { status, .. } => {
                Err(ApiError::Gone { url: url.clone(), status, code: None })
            }
            HttpContent::NotModified => Err(ApiError::NotApi { url: url.clone(), cause: None }),
        }
    }

    /// The time of the host at its last response, or else ours: versions are times of the host.
    pub(super) fn host_time(&self) -> Timestamp {
        Timestamp::from_second(self.host_time.load(Ordering::Relaxed)).unwrap_or_default()
    }

    /// The body, and the counts in the headers.
    async fn fetch(&self, url: Url) -> Result<(bytes::Bytes, BTreeMap<String, usize>), ApiError> {
        let accept = HeaderValue::from_static("application/json, */*;q=0.1");
        let response = self.send(url.clone(), accept).await?;
        let counts = ["x-wp-total", "x-wp-totalpages"].into_iter().filter_map(|name| {
            let count = response.headers.get(name)?.to_str().ok()?.parse().ok()?;
            Some((name.to_owned(), count))
        });
        let counts = counts.collect();
        match response.content {
            HttpContent::Fetched(fetched) => Ok((fetched.body, counts)),
            HttpContent::Gone { status, body } => {
                Err(ApiError::Gone { url, status, code: code(&body) })
            }
            // Requests have no validators.
            HttpContent::NotModified => Err(ApiError::NotApi { url, cause: None }),
        }
    }

    async fn send(&self, url: Url, accept: HeaderValue) -> Result<HttpResponse, ApiError> {
        let policy = Arc::clone(&self.policy);
        let mut request = HttpRequest::new(url, policy, Arc::clone(&self.counters));
        request.accept = accept;
        let response = self.client.get(&request).await?;
        if let Some(change) = response.host_change {
            return Err(ApiError::Moved { host: change.host });
        }
        if let Some(time) = sent_at(&response.headers) {
            self.host_time.store(time.as_second(), Ordering::Relaxed);
        }
        Ok(response)
    }
}

/// The time at which the host sent a response.
fn sent_at(headers: &HeaderMap) -> Option<Timestamp> {
    let text = headers.get(header::DATE)?.to_str().ok()?;
    Timestamp::try_from(httpdate::parse_http_date(text).ok()?).ok()
}

/// The code of an error of the API.
fn code(body: &[u8]) -> Option<String> {
    let body: Value = serde_json::from_slice(body).ok()?;
    body["code"].as_str().map(str::to_owned)
}
