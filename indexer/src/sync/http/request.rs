//! Requests, and what a source may fetch.

use std::sync::Arc;

use bytes::Bytes;
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};
use url::{Origin, Url};

use super::{address::AddressPolicy, counters::HttpCounters, credentials::Credentials};

/// A GET request, or the POST request of a query that changes nothing.
#[derive(Debug, Clone)]
pub(crate) struct HttpRequest {
    /// The address, on the host of the source. A fragment is not sent.
    pub(crate) url: Url,
    /// The value of `Accept`.
    pub(crate) accept: HeaderValue,
    /// JSON to send with POST.
    pub(crate) json: Option<Bytes>,
    /// The value of `Cookie`, for the origin of the source.
    pub(crate) cookie: Option<HeaderValue>,
    /// Validators of the response that the caller has, if the host should send it only if it
    /// differs.
    pub(crate) validators: Option<Validators>,
    /// What the source may fetch.
    pub(crate) policy: Arc<SourcePolicy>,
    /// The counters of the run.
    pub(crate) counters: Arc<HttpCounters>,
}

impl HttpRequest {
    /// A request for any media type, without validators.
    pub(crate) fn new(url: Url, policy: Arc<SourcePolicy>, counters: Arc<HttpCounters>) -> Self {
        let accept = HeaderValue::from_static("*/*");
        Self { url, accept, json: None, cookie: None, validators: None, policy, counters }
    }
}

/// What a source may fetch, and with which credentials.
#[derive(Debug, Clone)]
pub(crate) struct SourcePolicy {
    host: Option<String>,
    origin: Origin,
    addresses: AddressPolicy,
    credentials: Option<Credentials>,
}

impl SourcePolicy {
    /// A source at `address`, as configured: its requests start on that host, and go to public
    /// addresses without credentials. A redirect can lead to another host.
    pub(crate) fn new(address: &Url) -> Self {
        Self {
            host: address.host_str().map(str::to_owned),
            origin: address.origin(),
            addresses: AddressPolicy::PublicOnly,
            credentials: None,
        }
    }

    /// Allows private and reserved addresses as well, also after redirects.
    #[must_use]
    pub(crate) fn allow_private_addresses(mut self) -> Self {
        self.addresses = AddressPolicy::Any;
        self
    }

    /// Sends credentials to the origin of the source: its scheme, host and port.
    #[must_use]
    pub(crate) fn with_credentials(mut self, credentials: Credentials) -> Self {
        self.credentials = Some(credentials);
        self
    }

    pub(super) fn addresses(&self) -> AddressPolicy {
        self.addresses
    }

    /// Whether requests for a URL may start there.
    pub(super) fn is_own_host(&self, url: &Url) -> bool {
        self.host.is_some() && self.host.as_deref() == url.host_str()
    }

    /// Whether a URL has the scheme, host and port of the source.
    pub(super) fn is_own_origin(&self, url: &Url) -> bool {
        self.origin == url.origin()
    }

    pub(super) fn credentials(&self) -> Option<&Credentials> {
        self.credentials.as_ref()
    }
}

/// Validators of a response, for a conditional request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Validators {
    /// The address that sent the response, after redirects. Validators are sent to it only.
    pub(crate) url: Url,
    /// The value of `ETag`.
    pub(crate) etag: Option<String>,
    /// The value of `Last-Modified`.
    pub(crate) last_modified: Option<String>,
}

impl Validators {
    /// The validators of a response. Values that are not ASCII are ignored.
    pub(super) fn of_response(url: &Url, headers: &HeaderMap) -> Self {
        let text = |name: HeaderName| {
            let text = headers.get(name)?.to_str().ok()?.trim();
            (!text.is_empty()).then(|| text.to_owned())
        };
        Self {
            url: url.clone(),
            etag: text(header::ETAG),
            last_modified: text(header::LAST_MODIFIED),
        }
    }

    /// The header of a conditional request for `url`: `If-None-Match`, or `If-Modified-Since`
    /// without an `ETag`. Never both, because some hosts then require both to match.
    pub(super) fn condition(&self, url: &Url) -> Option<(HeaderName, HeaderValue)> {
        if self.url != *url {
            return None;
        }
        let (name, value) = match (&self.etag, &self.last_modified) {
            (Some(etag), _) => (header::IF_NONE_MATCH, etag),
            (None, Some(date)) => (header::IF_MODIFIED_SINCE, date),
            (None, None) => return None,
        };
        HeaderValue::from_str(value).ok().map(|value| (name, value))
    }
}
