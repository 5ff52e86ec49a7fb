//! Entity tags and conditional requests (RFC 9110, sections 8.8.3, 13.1.2 and 15.4.5).

use std::fmt::Display;

use poem::{
    Response,
    http::{HeaderMap, HeaderValue, StatusCode, header},
};

/// Maximum number of entity tags read from one request.
const TAGS_MAX: usize = 16;

/// Headers that describe a body, which a 304 response does not have.
const BODY_HEADERS: [header::HeaderName; 3] =
    [header::CONTENT_TYPE, header::CONTENT_ENCODING, header::CONTENT_LENGTH];

/// Strong entity tag of one representation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ETag(String);

impl ETag {
    /// The entity tag of `version` in the representation with this suffix, such as a content
    /// coding: a tag identifies one sequence of bytes.
    pub(crate) fn new(version: impl Display, suffix: &str) -> Self {
        Self(format!("{version}{suffix}"))
    }

    /// Sets the header `etag`.
    pub(crate) fn set_header(&self, headers: &mut HeaderMap) {
        let value = HeaderValue::from_str(&format!("\"{}\"", self.0))
            .expect("an ETag is ASCII letters, digits and hyphens");
        headers.insert(header::ETAG, value);
    }
}

/// Value of the header `if-none-match`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum IfNoneMatch {
    /// `*`: any representation.
    Any,
    /// These tags, without quotes; empty if the header is missing.
    Tags(Vec<String>),
}

impl IfNoneMatch {
    /// Parses the header of a request. A malformed list is read up to its first error.
    pub(crate) fn parse(headers: &HeaderMap) -> Self {
        let lines = || headers.get_all(header::IF_NONE_MATCH).iter().map(HeaderValue::as_bytes);
        if lines().any(|line| line.trim_ascii() == b"*") {
            return Self::Any;
        }
        Self::Tags(lines().flat_map(TagList).take(TAGS_MAX).collect())
    }

    /// Whether the client has this representation, by weak comparison. `*` only matches a
    /// representation that is known to exist: see [`Self::matches_existing`].
    pub(crate) fn matches(&self, etag: &ETag) -> bool {
        matches!(self, Self::Tags(tags) if tags.contains(&etag.0))
    }

    /// Whether the client has this existing representation.
    pub(crate) fn matches_existing(&self, etag: &ETag) -> bool {
        *self == Self::Any || self.matches(etag)
    }

    /// The versions of the tags with this suffix; `*` is preserved.
    pub(crate) fn versions(&self, suffix: &str) -> Vec<String> {
        match self {
            Self::Any => vec!["*".to_owned()],
            Self::Tags(tags) => {
                tags.iter().filter_map(|tag| Some(tag.strip_suffix(suffix)?.to_owned())).collect()
            }
        }
    }
}

/// Remainder of a list of entity tags. A tag can contain commas.
struct TagList<'a>(&'a [u8]);

impl Iterator for TagList<'_> {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        let is_separator = |byte: &u8| matches!(byte, b' ' | b'\t' | b',');
        let start = self.0.iter().position(|byte| !is_separator(byte))?;
        let tag = &self.0[start..];
        let quoted = tag.strip_prefix(b"W/").unwrap_or(tag).strip_prefix(b"\"")?;
        let end = quoted.iter().position(|byte| *byte == b'"')?;
        self.0 = &quoted[end + 1..];
        Some(String::from_utf8_lossy(&quoted[..end]).into_owned())
    }
}

/// Converts `response` to a 304 response: the same headers, without those of the body.
///
/// Browsers update a stored response with these headers, so security policies must be included.
pub(crate) fn not_modified(mut response: Response) -> Response {
    response.set_status(StatusCode::NOT_MODIFIED);
    for name in BODY_HEADERS {
        response.headers_mut().remove(name);
    }
    response.set_body(());
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn if_none_match(lines: &[&str]) -> IfNoneMatch {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::IF_NONE_MATCH, line.parse().unwrap());
        }
        IfNoneMatch::parse(&headers)
    }

    #[test]
    fn if_none_match_must_be_parsed_as_a_list_of_entity_tags() {
        for (lines, tags) in [
            (&[][..], &[][..]),
            (&[""], &[]),
            (&["\"a\""], &["a"]),
            (&["W/\"a\""], &["a"]),
            (&["\"a\",W/\"b\" , ,\t\"c\""], &["a", "b", "c"]),
            (&["\"a,b\", \"c\""], &["a,b", "c"]),
            (&["\"\""], &[""]),
            (&["\"a\"", "\"b\""], &["a", "b"]),
            (&["a, \"b\""], &[]),
            (&["\"a\", w/\"b\""], &["a"]),
            (&["\"a"], &[]),
            (&["\"a\", *"], &["a"]),
        ] {
            let tags = tags.iter().map(|tag| (*tag).to_owned()).collect();
            assert_eq!(if_none_match(lines), IfNoneMatch::Tags(tags), "{lines:?}");
        }
        assert_eq!(if_none_match(&[" * "]), IfNoneMatch::Any);
        let many = vec!["\"a\""; 2 * TAGS_MAX].join(",");
        assert_eq!(if_none_match(&[&many]), IfNoneMatch::Tags(vec!["a".to_owned(); TAGS_MAX]));
    }

    #[test]
    fn a_tag_must_match_by_weak_comparison_and_in_its_coding_only() {
        let (plain, gzip) = (ETag::new("1", ""), ETag::new("1", "-gzip"));
        for (line, matches_plain, matches_gzip) in [
            ("\"1\"", true, false),
            ("W/\"1\"", true, false),
            ("\"2\", W/\"1-gzip\"", false, true),
            ("\"1-br\"", false, false),
            ("1", false, false),
        ] {
            let header = if_none_match(&[line]);
            assert_eq!(header.matches(&plain), matches_plain, "{line}");
            assert_eq!(header.matches_existing(&gzip), matches_gzip, "{line}");
        }
        let any = if_none_match(&["*"]);
        assert!(!any.matches(&plain) && any.matches_existing(&plain));
        assert_eq!(any.versions("-json"), ["*"]);
        assert_eq!(if_none_match(&["\"1-json\", \"2-graphql\""]).versions("-json"), ["1"]);
    }

    #[test]
    fn a_response_304_must_have_the_headers_of_the_resource_and_no_body() {
        let mut response = Response::builder()
            .content_type("text/html")
            .header(header::CONTENT_ENCODING, "br")
            .header(header::VARY, "accept-encoding")
            .header(header::CACHE_CONTROL, "no-cache")
            .body("page");
        ETag::new("1", "-br").set_header(response.headers_mut());
        let response = not_modified(response);
        assert_eq!(response.status(), StatusCode::NOT_MODIFIED);
        assert_eq!(response.header(header::ETAG), Some("\"1-br\""));
        assert_eq!(response.header(header::VARY), Some("accept-encoding"));
        assert_eq!(response.header(header::CACHE_CONTROL), Some("no-cache"));
        assert!(BODY_HEADERS.iter().all(|name| response.header(name).is_none()));
        assert!(response.into_body().is_empty());
    }
}
