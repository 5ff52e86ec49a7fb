//! Errors of a request.

use std::{error::Error, fmt, net::IpAddr, time::Duration};

use bytes::Bytes;

/// The cause of an error, of any type.
pub(crate) type BoxError = Box<dyn Error + Send + Sync>;

/// Why there is no response. `url` is the URL that failed, without user name and password; `cause`
/// is the reason.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum HttpError {
    /// It cannot be parsed, or cannot be sent.
    #[error("url is not valid: `{url}`")]
    InvalidUrl {
        url: String,
        #[source]
        cause: BoxError,
    },
    /// It has another scheme than `http` and `https`.
    #[error("url must start with http:// or https://: `{url}`")]
    Scheme { url: String },
    /// It has a user name or password.
    #[error("url contains a user name or password; use `credentials_file` of the source: `{url}`")]
    UserInfo { url: String },
    /// It is not on the host of the source.
    #[error("url is not on the host of the source: `{url}`")]
    OtherHost { url: String },
    /// The host has no address, or the resolver failed.
    #[error("cannot resolve the host; check its name: `{url}`")]
    Resolve {
        url: String,
        #[source]
        cause: BoxError,
    },
    /// All addresses of the host are private or reserved. `address` is one of them.
    #[error(
        "host has no public address but `{address}`; if that is intended, set \
         `allow_private_addresses` of the source: `{url}`"
    )]
    AddressRejected { url: String, address: IpAddr },
    /// No address of the host accepts connections.
    #[error("cannot connect; check that the host is up and that no firewall blocks it: `{url}`")]
    Connect {
        url: String,
        #[source]
        cause: BoxError,
    },
    /// The certificate has expired.
    #[error("certificate has expired; the host has to renew it: `{url}`")]
    CertificateExpired {
        url: String,
        #[source]
        cause: BoxError,
    },
    /// The certificate is valid from a later time.
    #[error("certificate is not valid yet; check the clock of this computer: `{url}`")]
    CertificateNotYetValid {
        url: String,
        #[source]
        cause: BoxError,
    },
    /// The issuer of the certificate is unknown.
    #[error(
        "issuer of the certificate is unknown; if you trust it, add its certificate to \
         `ca_file`: `{url}`"
    )]
    UnknownIssuer {
        url: String,
        #[source]
        cause: BoxError,
    },
    /// The certificate is for another host.
    #[error("certificate is for another host; check the host of the URL: `{url}`")]
    CertificateName {
        url: String,
        #[source]
        cause: BoxError,
    },
    /// The TLS handshake failed for another reason.
    #[error("TLS handshake failed: `{url}`")]
    Tls {
        url: String,
        #[source]
        cause: BoxError,
    },
    /// The connection ended before the head of the response was complete.
    #[error("connection ended before the response: `{url}`")]
    Disconnected {
        url: String,
        #[source]
        cause: BoxError,
    },
    /// The response does not follow the protocol.
    #[error("response is not valid HTTP: `{url}`")]
    InvalidResponse {
        url: String,
        #[source]
        cause: BoxError,
    },
    /// A timeout has passed.
    #[error("timeout of {} s for {phase} has passed: `{url}`", limit.as_secs_f64())]
    TimedOut { url: String, phase: HttpPhase, limit: Duration },
    /// The response is larger than the limit in bytes; the heads of responses have no `bytes_max`.
    #[error("{part} exceeds {bytes_max} bytes: `{url}`")]
    TooLarge { url: String, part: SizeLimit, bytes_max: usize },
    /// The body ended early, or its framing is invalid.
    #[error("response body is incomplete: `{url}`")]
    Truncated {
        url: String,
        #[source]
        cause: BoxError,
    },
    /// The body cannot be decompressed.
    #[error("response body cannot be decompressed: `{url}`")]
    Decompression {
        url: String,
        #[source]
        cause: BoxError,
    },
    /// The body is compressed in a format that was not requested.
    #[error("content encoding `{encoding}` is not supported: `{url}`")]
    ContentEncoding { url: String, encoding: String },
    /// A redirect without a usable `Location`.
    #[error("redirect without a valid `Location`: `{url}`")]
    InvalidRedirect { url: String },
    /// More redirects than allowed.
    #[error("more than {redirects_max} redirects; use the final address: `{url}`")]
    TooManyRedirects { url: String, redirects_max: usize },
    /// A redirect to a URL that redirected before.
    #[error("redirect loop: `{url}`")]
    RedirectLoop { url: String },
    /// A redirect of a POST request that would make a GET request of it.
    #[error(
        "the host redirects the request; set `address` of the source to the new address: `{url}`"
    )]
    RedirectedPost { url: String },
    /// A redirect from `https` to `http`.
    #[error("redirect from https to http; the host has to correct it: `{url}`")]
    InsecureRedirect { url: String },
    /// Status 401 or 403.
    #[error("status {status}; check the credentials of the source: `{url}`")]
    Unauthorized { url: String, status: u16, body: Bytes },
    /// A status that is neither a success nor a redirect. `body` is its start, decompressed, or is
    /// empty if it could not be read; `retry_after` is what the host demands.
    #[error("unexpected status {status}: `{url}`")]
    Status { url: String, status: u16, retry_after: Option<Duration>, body: Bytes },
    /// A captcha instead of the page.
    #[error(
        "the host sends a captcha instead of the page; its owner has to allow `Wegwijzer`: `{url}`"
    )]
    Captcha { url: String },
    /// Status 304 for a request without validators.
    #[error("status 304 for a request without validators: `{url}`")]
    UnexpectedNotModified { url: String },
}

/// A phase with a timeout of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HttpPhase {
    /// Name resolution, connection and TLS handshake.
    Connection,
    /// The head of the response.
    Head,
    /// The body of the response.
    Body,
    /// The request with its redirects and retries.
    Total,
}

impl fmt::Display for HttpPhase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connection => "the connection",
            Self::Head => "the response head",
            Self::Body => "the response body",
            Self::Total => "the request with its retries",
        })
    }
}

/// A part of a response with a maximum length of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SizeLimit {
    /// Status and headers.
    Head,
    /// The body as sent.
    Wire,
    /// The decompressed body.
    Body,
}

impl fmt::Display for SizeLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Head => "response head",
            Self::Wire => "response body as sent",
            Self::Body => "decompressed response body",
        })
    }
}

/// Statuses after which a request can succeed later.
const TRANSIENT_STATUSES: [u16; 7] = [408, 425, 429, 500, 502, 503, 504];

impl HttpError {
    /// Whether the same request can succeed later without a change by an operator.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::Resolve { .. }
            | Self::Connect { .. }
            | Self::Disconnected { .. }
            | Self::TimedOut { .. }
            | Self::Truncated { .. } => true,
            Self::Status { status, .. } => TRANSIENT_STATUSES.contains(status),
            _ => false,
        }
    }

    /// Whether somebody has to change something before the request can succeed.
    #[cfg_attr(not(test), expect(dead_code, reason = "only tests use it so far"))]
    pub(crate) fn is_permanent(&self) -> bool {
        !self.is_transient()
    }

    /// Whether the host requires other credentials.
    pub(crate) fn is_unauthorized(&self) -> bool {
        matches!(self, Self::Unauthorized { .. })
    }

    /// Whether no secure connection could be established.
    #[cfg_attr(not(test), expect(dead_code, reason = "only tests use it so far"))]
    pub(crate) fn is_tls(&self) -> bool {
        matches!(
            self,
            Self::CertificateExpired { .. }
                | Self::CertificateNotYetValid { .. }
                | Self::UnknownIssuer { .. }
                | Self::CertificateName { .. }
                | Self::Tls { .. }
        )
    }

    /// The status of the response, if it is the reason.
    pub(crate) fn status(&self) -> Option<u16> {
        match self {
            Self::Unauthorized { status, .. } | Self::Status { status, .. } => Some(*status),
            Self::UnexpectedNotModified { .. } => Some(304),
            _ => None,
        }
    }

    /// The time after which the host allows the next request.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// Whether the host has too many requests to serve.
    pub(super) fn is_overload(&self) -> bool {
        matches!(self.status(), Some(429 | 503))
    }
}

/// The first cause of type `T`. Unlike [`Error::source`], this finds errors inside
/// [`std::io::Error`].
pub(super) fn find_cause<'a, T: Error + 'static>(
    error: &'a (dyn Error + Send + Sync + 'static),
) -> Option<&'a T> {
    let mut next: Option<&'a (dyn Error + 'static)> = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        next = match inner {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}
