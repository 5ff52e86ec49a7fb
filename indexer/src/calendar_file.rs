//! Calendar files (iCalendar, RFC 5545) as lines and components: what both [`sync`](crate::sync), which
//! stores only complete calendars, and ingest, which reads events, know of the format.
//!
//! Must not know: sources, fields, and what properties mean.

mod component;
mod content_line;
mod property;

use encoding_rs::{Encoding, UTF_8};

#[cfg(test)]
pub(crate) use self::{
    component::{COMPONENT_DEPTH_MAX, EVENTS_MAX},
    content_line::CONTENT_LINE_BYTES_MAX,
};
pub(crate) use self::{
    component::{
        CalendarObject, EventComponent, NOT_A_CALENDAR, ObservanceComponent, ZoneComponent,
        sorted_lines, value_of,
    },
    property::{Property, unescaped},
};
use crate::decoding::ParseError;

/// Maximum size of a calendar file in bytes.
pub(crate) const CALENDAR_BYTES_MAX: u64 = 16 << 20;
/// Purposes of a file that publishes events; any other file is a message about an event.
const METHODS: [&str; 4] = ["PUBLISH", "REQUEST", "ADD", "CANCEL"];

/// Parses a file that publishes events.
///
/// # Errors
/// The line at which the file as a whole is incomplete or cannot be read.
pub(crate) fn parse(
    bytes: &[u8],
    encoding: Option<&'static Encoding>,
) -> Result<Vec<CalendarObject>, ParseError> {
    let lines = content_line::content_lines(bytes, encoding)?;
    let calendars = component::calendars(&lines)?;
    let mut methods = calendars.iter().filter_map(|calendar| calendar.method.as_deref());
    if let Some(method) = methods.find(|method| !METHODS.contains(method)) {
        let reason = format!("not a calendar that publishes events; its METHOD is `{method}`");
        return Err(ParseError { line: 1, reason });
    }
    Ok(calendars)
}

/// The encoding that a host declares for a file, if the file cannot be read without it: hosts often
/// declare another one than they send.
pub(crate) fn declared_encoding(bytes: &[u8], charset: Option<&str>) -> Option<&'static Encoding> {
    let declared = Encoding::for_label(charset?.as_bytes()).filter(|declared| *declared != UTF_8);
    declared.filter(|_| content_line::content_lines(bytes, None).is_err())
}

#[cfg(test)]
mod tests {
    use encoding_rs::WINDOWS_1252;

    use super::*;

    #[test]
    fn only_a_file_that_publishes_events_must_be_parsed() {
        let calendar = |lines: &str| format!("BEGIN:VCALENDAR\n{lines}END:VCALENDAR\n");
        let parsed = |text: &str| parse(text.as_bytes(), None).map_err(|error| error.reason);
        assert_eq!(parsed(&calendar("BEGIN:VEVENT\nUID: a\\,b\nEND:VEVENT\n")).unwrap().len(), 1);
        assert!(parsed(&calendar("")).unwrap()[0].events.is_empty());
        assert_eq!(parsed(&calendar("METHOD:publish\n").repeat(2)).unwrap().len(), 2);
        let reply = parsed(&calendar("METHOD:REPLY\n")).unwrap_err();
        assert_eq!(reply, "not a calendar that publishes events; its METHOD is `REPLY`");
        for text in ["", "<html>", "[]", "BEGIN:VCALENDAR\nBEGIN:VEVENT\n", "END:VCALENDAR"] {
            assert!(parsed(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_declared_encoding_must_count_only_if_the_file_cannot_be_read_without_it() {
        let latin = b"SUMMARY:caf\xe9";
        assert_eq!(declared_encoding(latin, Some("iso-8859-1")), Some(WINDOWS_1252));
        assert_eq!(declared_encoding("SUMMARY:café".as_bytes(), Some("iso-8859-1")), None);
        assert_eq!(declared_encoding(b"SUMMARY:caf\xc3\r\n \xa9", Some("iso-8859-1")), None);
        for charset in [None, Some("utf-8"), Some("onbekend")] {
            assert_eq!(declared_encoding(latin, charset), None, "{charset:?}");
        }
    }
}
