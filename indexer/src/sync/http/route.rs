//! The addresses of one request: the requested one, and those to which redirects lead.

use hyper::header::HeaderValue;
use url::Url;

use super::{
    error::HttpError,
    request::{HttpRequest, SourcePolicy},
    response::HostChange,
};

/// Maximum number of redirects of one request.
pub(super) const REDIRECTS_MAX: usize = 5;

/// Maximum length of a URL in bytes. Longer ones are not used by sources, and by few servers.
const URL_BYTES_MAX: usize = 8_000;

/// Maximum number of characters that an error shows of a URL that cannot be requested.
const SHOWN_CHARS_MAX: usize = 200;

/// Statuses of redirects that are permanent.
const PERMANENT_STATUSES: [u16; 2] = [301, 308];

/// The address of the next request, and how it was reached.
#[derive(Debug)]
pub(super) struct Route {
    url: Url,
    /// The addresses before `url`, from the first.
    previous: Vec<Url>,
    is_permanent: bool,
    /// Whether every address so far was on the origin of the source.
    has_stayed_on_origin: bool,
}

impl Route {
    /// Starts at the requested address.
    ///
    /// # Errors
    /// If the URL must not be requested, or is not on the host of the source.
    pub(super) fn new(request: &HttpRequest) -> Result<Self, HttpError> {
        let url = checked(request.url.clone())?;
        if !request.policy.is_own_host(&url) {
            return Err(HttpError::OtherHost { url: url.into() });
        }
        let has_stayed_on_origin = request.policy.is_own_origin(&url);
        Ok(Self { url, previous: Vec::new(), is_permanent: true, has_stayed_on_origin })
    }

    /// The address of the next request.
    pub(super) fn url(&self) -> &Url {
        &self.url
    }

    /// Its host, for the pace of requests.
    pub(super) fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }

    /// Whether the next request may contain the credentials of the source. Once a redirect has led
    /// to another origin they are not sent again, even to the origin of the source.
    pub(super) fn allows_credentials(&self) -> bool {
        self.has_stayed_on_origin
    }

    /// Continues at the address to which a redirect leads.
    ///
    /// # Errors
    /// If it has no valid address, or one that must not be requested, is part of a loop, or is one
    /// too many.
    pub(super) fn redirect(
        &mut self,
        status: u16,
        location: Option<&HeaderValue>,
        policy: &SourcePolicy,
    ) -> Result<(), HttpError> {
        let from = || self.url.to_string();
        let next = location
            .and_then(|value| std::str::from_utf8(value.as_bytes()).ok())
            .filter(|location| !location.trim().is_empty())
            .and_then(|location| self.url.join(location.trim()).ok())
            .ok_or_else(|| HttpError::InvalidRedirect { url: from() })?;
        let next = checked(next)?;
        if self.url.scheme() == "https" && next.scheme() == "http" {
            return Err(HttpError::InsecureRedirect { url: from() });
        }
        if next == self.url || self.previous.contains(&next) {
            return Err(HttpError::RedirectLoop { url: next.into() });
        }
        if self.previous.len() >= REDIRECTS_MAX {
            return Err(HttpError::TooManyRedirects { url: from(), redirects_max: REDIRECTS_MAX });
        }
        self.is_permanent &= PERMANENT_STATUSES.contains(&status);
        self.has_stayed_on_origin &= policy.is_own_origin(&next);
        self.previous.push(std::mem::replace(&mut self.url, next));
        Ok(())
    }

    /// The host of the current address, if it differs from the requested one.
    pub(super) fn host_change(&self) -> Option<HostChange> {
        let first = self.previous.first()?;
        (first.host_str() != self.url.host_str())
            .then(|| HostChange { host: self.host().to_owned(), is_permanent: self.is_permanent })
    }
}

/// The URL without fragment, if it can be requested.
fn checked(mut url: Url) -> Result<Url, HttpError> {
    url.set_fragment(None);
    if !matches!(url.scheme(), "http" | "https") {
        return Err(HttpError::Scheme { url: shown(url) });
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(HttpError::UserInfo { url: shown(url) });
    }
    if url.as_str().len() > URL_BYTES_MAX {
        let cause = format!("longer than {URL_BYTES_MAX} bytes").into();
        return Err(HttpError::InvalidUrl { url: shown(url), cause });
    }
    Ok(url)
}

/// The start of a URL without user name and password, which both may be absent.
fn shown(mut url: Url) -> String {
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.as_str().chars().take(SHOWN_CHARS_MAX).collect()
}
