//! Why a calendar cannot be fetched.

use url::Url;

use crate::{
    calendar_file::{CALENDAR_BYTES_MAX, NOT_A_CALENDAR},
    decoding::ParseError,
    sync::http::{Fetched, HttpError},
};

/// Why a run of a calendar failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum CalendarError {
    /// The host did not respond as required.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// Redirects lead to another host.
    #[error("the calendar moved; set `address` of the source to the new host: `{host}`")]
    Moved { host: String },
    /// There is nothing at the address, which does not mean that no event takes place.
    #[error(
        "nothing at this address (status {status}); correct `address` of the source, or remove the \
         source to remove its events: `{url}`"
    )]
    Gone { url: Url, status: u16 },
    /// The file is longer than a calendar may be.
    #[error(
        "calendar exceeds the maximum number of bytes, {CALENDAR_BYTES_MAX}; split it: `{url}`"
    )]
    TooLarge { url: Url },
    /// The host sent something else.
    #[error(
        "{content} instead of a calendar; check `address` and the credentials of the source: `{url}`"
    )]
    OtherContent { content: &'static str, url: Url },
    /// The host sent a calendar that cannot be read as a whole.
    #[error("{reason}, on line {line}: `{url}`")]
    Invalid { line: u64, reason: String, url: Url },
}

impl CalendarError {
    /// The error of a response that is not a complete calendar.
    pub(super) fn of_content(fetched: &Fetched, error: ParseError) -> Self {
        let url = fetched.validators.url.clone();
        let media_type = fetched.media_type.as_deref().unwrap_or_default();
        let content = match fetched.body.trim_ascii_start().first() {
            None => "empty response",
            Some(b'<') => "web page",
            Some(b'{' | b'[') => "JSON",
            Some(_) if media_type == "text/html" => "web page",
            Some(_) if error.line == 1 && error.reason == NOT_A_CALENDAR => "text",
            Some(_) => {
                let ParseError { line, reason } = error;
                return Self::Invalid { line, reason, url };
            }
        };
        Self::OtherContent { content, url }
    }
}
