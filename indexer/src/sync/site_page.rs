//! Pages of a site: a request for one, and what it says of itself.

use std::sync::Arc;

use bytes::Bytes;
use hyper::header::{HeaderMap, HeaderValue};
use url::Url;

use super::{
    SyncContext,
    http::{HttpContent, HttpError, HttpRequest, Validators},
    page_blocks,
};
use crate::html_page::{self, PageMetadata};

/// Widgets of captchas, as they are in the source of a page.
const CAPTCHAS: [&str; 8] = [
    "g-recaptcha",
    "h-captcha",
    "hcaptcha.com",
    "cf-turnstile",
    "/cdn-cgi/challenge-platform/",
    "captcha-delivery.com",
    "_Incapsula_Resource",
    "px-captcha",
];
/// Length of text from which a page with a captcha is more than a captcha, in bytes.
const CAPTCHA_TEXT_BYTES: usize = 600;
/// Class of the form that WordPress sends instead of the content of a protected page.
const PASSWORD_FORM: &[u8] = b"class=\"post-password-form\"";

/// A page that search engines may show.
#[derive(Debug)]
pub(super) struct SitePage {
    /// Its address, after redirects.
    pub(super) url: Url,
    pub(super) body: Bytes,
    pub(super) validators: Validators,
    pub(super) metadata: PageMetadata,
}

/// What the host sent for the address of a page.
#[derive(Debug)]
pub(super) enum PageResponse {
    /// A page.
    Page(Box<SitePage>),
    /// The page of the validators.
    NotModified,
    /// Nothing, or a page that asks for a password, or that search engines must not show.
    Hidden,
    /// A page that only leads to another address.
    Alias,
    /// A redirect to another host.
    OtherHost(String),
    /// A file of another media type.
    OtherType(String),
    /// It cannot be read.
    Failed(HttpError),
}

/// Whether a response is a captcha instead of a page. It usually says `noindex`, which is no statement
/// about the page.
pub(super) fn is_captcha(headers: &HeaderMap, body: &[u8]) -> bool {
    if headers.get("cf-mitigated").is_some_and(|value| value == "challenge") {
        return true;
    }
    let html = html_page::decode(body);
    CAPTCHAS.iter().any(|widget| html.contains(widget))
        && page_blocks::text_length(&html).is_some_and(|length| length < CAPTCHA_TEXT_BYTES)
}

impl SyncContext<'_> {
    /// Whether an address is on the host of the source; no other host is requested.
    pub(super) fn is_own_host(&self, url: &Url) -> bool {
        url.host_str() == self.address.host_str() && matches!(url.scheme(), "http" | "https")
    }

    /// Requests a page, conditionally with validators.
    pub(super) async fn page(&self, url: &Url, validators: Option<Validators>) -> PageResponse {
        let (policy, counters) = (Arc::clone(&self.policy), Arc::clone(&self.counters));
        let mut request = HttpRequest::new(url.clone(), policy, counters);
        request.accept = HeaderValue::from_static("text/html, application/xhtml+xml, */*;q=0.1");
        request.validators = validators;
        let response = match self.client.get(&request).await {
            Ok(response) => response,
            Err(error) => return PageResponse::Failed(error),
        };
        if let Some(change) = response.host_change {
            return PageResponse::OtherHost(change.host);
        }
        let fetched = match response.content {
            HttpContent::Fetched(fetched) => fetched,
            HttpContent::Gone { .. } => return PageResponse::Hidden,
            HttpContent::NotModified => return PageResponse::NotModified,
        };
        let media_type = fetched.media_type.unwrap_or_default();
        if !["", "text/html", "application/xhtml+xml"].contains(&media_type.as_str()) {
            return PageResponse::OtherType(media_type);
        }
        let metadata = PageMetadata::read(&fetched.body);
        if is_captcha(&response.headers, &fetched.body) {
            return PageResponse::Failed(HttpError::Captcha { url: url.to_string() });
        }
        let rules = response.headers.get_all("x-robots-tag").iter();
        let mut rules = rules.filter_map(|value| value.to_str().ok());
        if metadata.redirect.is_some() {
            return PageResponse::Alias;
        }
        let is_protected =
            fetched.body.windows(PASSWORD_FORM.len()).any(|bytes| bytes == PASSWORD_FORM);
        if metadata.is_noindex || is_protected || rules.any(html_page::is_noindex) {
            return PageResponse::Hidden;
        }
        let (url, validators) = (response.url, fetched.validators);
        PageResponse::Page(Box::new(SitePage { url, body: fetched.body, validators, metadata }))
    }
}
