//! Responses.

use bytes::Bytes;
use hyper::header::{self, HeaderMap};
use url::Url;

use super::request::Validators;

/// A response that is not an error.
#[derive(Debug, Clone)]
pub(crate) struct HttpResponse {
    /// The address that sent it, after redirects, without fragment.
    pub(crate) url: Url,
    /// Set if redirects led to another host.
    pub(crate) host_change: Option<HostChange>,
    /// The headers, such as `link` and `x-wp-total`.
    pub(crate) headers: HeaderMap,
    /// What it says about the resource.
    pub(crate) content: HttpContent,
}

/// The host to which redirects led.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HostChange {
    /// The final host.
    pub(crate) host: String,
    /// Whether all redirects were permanent (301, 308).
    pub(crate) is_permanent: bool,
}

/// What a response says about a resource.
#[derive(Debug, Clone)]
pub(crate) enum HttpContent {
    /// Its content.
    Fetched(Fetched),
    /// The caller has its content: status 304.
    NotModified,
    /// It does not exist: status 404 or 410.
    Gone {
        /// The status.
        status: u16,
        /// The start of the body, decompressed; empty if it could not be read.
        body: Bytes,
    },
}

/// The complete content of a resource.
#[derive(Debug, Clone)]
pub(crate) struct Fetched {
    /// The decompressed body.
    pub(crate) body: Bytes,
    /// The media type in lower case, without parameters.
    pub(crate) media_type: Option<String>,
    /// The `charset` parameter of the media type, in lower case.
    #[cfg_attr(not(test), expect(dead_code, reason = "for calendars by address"))]
    pub(crate) charset: Option<String>,
    /// For the next request. Both can be absent.
    #[cfg_attr(not(test), expect(dead_code, reason = "for calendars by address"))]
    pub(crate) validators: Validators,
}

impl Fetched {
    pub(super) fn new(url: &Url, headers: &HeaderMap, body: Bytes) -> Self {
        let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let (media_type, charset) = value.map(content_type).unwrap_or_default();
        Self { body, media_type, charset, validators: Validators::of_response(url, headers) }
    }
}

/// Media type and `charset` of a `Content-Type`.
fn content_type(value: &str) -> (Option<String>, Option<String>) {
    let mut sections = value.split(';').map(str::trim);
    let media_type = sections.next().filter(|text| !text.is_empty()).map(str::to_ascii_lowercase);
    let charset = sections.find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let value = value.trim().trim_matches(['"', '\'']).trim();
        let is_charset = name.trim().eq_ignore_ascii_case("charset") && !value.is_empty();
        is_charset.then(|| value.to_ascii_lowercase())
    });
    (media_type, charset)
}

#[cfg(test)]
mod unit_tests {
    use super::*;

    #[test]
    fn content_types_must_be_read_leniently() {
        for (value, media_type, charset) in [
            ("text/html", Some("text/html"), None),
            ("Text/HTML; Charset=\"UTF-8\"", Some("text/html"), Some("utf-8")),
            ("text/xml;a=b;charset = 'iso-8859-1'", Some("text/xml"), Some("iso-8859-1")),
            ("text/html; charset=", Some("text/html"), None),
            ("; charset=utf-8", None, Some("utf-8")),
            ("", None, None),
        ] {
            let (found_type, found_charset) = content_type(value);
            assert_eq!((found_type.as_deref(), found_charset.as_deref()), (media_type, charset));
        }
    }
}
