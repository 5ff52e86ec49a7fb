//! Components: the events and time zones of a file, by `BEGIN` and `END`.

use super::{
    content_line::{CONTENT_LINE_BYTES_MAX, ContentLine},
    property::{Property, is_ignored, name_of, unescaped},
};
use crate::decoding::ParseError;

/// Maximum depth of components within each other.
pub(crate) const COMPONENT_DEPTH_MAX: usize = 8;
/// Maximum number of events of a file.
pub(crate) const EVENTS_MAX: usize = 50_000;

const CALENDAR: &str = "VCALENDAR";

/// A calendar object of a file.
#[derive(Debug, Default)]
pub(crate) struct CalendarObject {
    /// What the file was sent for, in capitals, such as `PUBLISH`.
    pub(crate) method: Option<String>,
    /// Value of `X-WR-TIMEZONE`.
    pub(crate) zone_name: Option<String>,
    pub(crate) zones: Vec<ZoneComponent>,
    pub(crate) events: Vec<EventComponent>,
}

/// A `VEVENT`: an event, a series, or one occurrence of a series.
#[derive(Debug)]
pub(crate) struct EventComponent {
    /// Line of its `BEGIN`.
    pub(crate) line: u64,
    pub(crate) properties: Vec<Property>,
    /// The first line that cannot be read.
    pub(crate) error: Option<ParseError>,
}

impl EventComponent {
    /// Its UID, if it has one.
    pub(crate) fn uid(&self) -> Option<String> {
        let uids = self.properties.iter().filter(|property| property.name == "UID");
        uids.map(|uid| unescaped(&uid.value).trim().to_owned()).find(|uid| !uid.is_empty())
    }

    /// The lines that are read, in alphabetical order.
    pub(crate) fn sorted_lines(&self) -> Vec<&str> {
        sorted_lines(&self.properties)
    }
}

/// The lines of properties in alphabetical order.
pub(crate) fn sorted_lines(properties: &[Property]) -> Vec<&str> {
    let mut lines: Vec<_> = properties.iter().map(|property| property.text.as_str()).collect();
    lines.sort_unstable();
    lines
}

/// A `VTIMEZONE`.
#[derive(Debug, Default)]
pub(crate) struct ZoneComponent {
    pub(crate) properties: Vec<Property>,
    /// The properties of each `STANDARD` and `DAYLIGHT`.
    pub(crate) observances: Vec<ObservanceComponent>,
}

/// A `STANDARD` or `DAYLIGHT`.
#[derive(Debug)]
pub(crate) struct ObservanceComponent {
    pub(crate) is_daylight: bool,
    pub(crate) properties: Vec<Property>,
}

/// The value of the first property with a name.
pub(crate) fn value_of<'a>(properties: &'a [Property], name: &str) -> Option<&'a str> {
    let property = properties.iter().find(|property| property.name == name);
    property.map(|property| property.value.trim())
}

/// Parses the calendar objects of a file.
///
/// # Errors
/// The line at which the file is incomplete or not a calendar.
pub(crate) fn calendars(lines: &[ContentLine]) -> Result<Vec<CalendarObject>, ParseError> {
    let mut parser = ComponentParser::default();
    for line in lines {
        parser.read(line)?;
    }
    let last_line = lines.last().map_or(1, |line| line.number);
    let error = |reason| Err(ParseError { line: last_line, reason });
    match parser.open.last() {
        Some((name, line)) => {
            error(format!("file is incomplete; no end of the component of line {line}: `{name}`"))
        }
        None if parser.calendars.is_empty() => error(NOT_A_CALENDAR.to_owned()),
        None => Ok(parser.calendars),
    }
}

/// Why a file is not a calendar at all.
pub(crate) const NOT_A_CALENDAR: &str =
    "not a calendar, which begins with BEGIN:VCALENDAR and ends with END:VCALENDAR";

#[derive(Default)]
struct ComponentParser {
    calendars: Vec<CalendarObject>,
    /// Names in capitals and lines of the components that have not ended.
    open: Vec<(String, u64)>,
    event_count: usize,
}

impl ComponentParser {
    fn read(&mut self, line: &ContentLine) -> Result<(), ParseError> {
        let name = name_of(&line.text).unwrap_or_default();
        let value = || {
            let value = line.text.split_once(':').map_or("", |(_, value)| value);
            value.trim().to_ascii_uppercase()
        };
        if name.eq_ignore_ascii_case("BEGIN") {
            self.begin(value(), line.number)
        } else if name.eq_ignore_ascii_case("END") {
            self.end(&value(), line.number)
        } else if self.open.is_empty() {
            Err(ParseError { line: line.number, reason: NOT_A_CALENDAR.to_owned() })
        } else {
            self.property(line, name);
            Ok(())
        }
    }

    fn begin(&mut self, name: String, line: u64) -> Result<(), ParseError> {
        let error = |reason: String| Err(ParseError { line, reason });
        if self.open.len() == COMPONENT_DEPTH_MAX {
            let limit = COMPONENT_DEPTH_MAX;
            return error(format!("components exceed the maximum nesting depth: `{limit}`"));
        }
        let path: Vec<&str> = self.open.iter().map(|(name, _)| name.as_str()).collect();
        match (path.as_slice(), name.as_str(), self.calendars.last_mut()) {
            ([], CALENDAR, _) => self.calendars.push(CalendarObject::default()),
            ([], _, _) => return error(NOT_A_CALENDAR.to_owned()),
            ([CALENDAR], "VEVENT", Some(calendar)) => {
                self.event_count += 1;
                if self.event_count > EVENTS_MAX {
                    return error(format!("more than {EVENTS_MAX} events; split the calendar"));
                }
                let event = EventComponent { line, properties: Vec::new(), error: None };
                calendar.events.push(event);
            }
            ([CALENDAR], "VTIMEZONE", Some(calendar)) => {
                calendar.zones.push(ZoneComponent::default());
            }
            ([CALENDAR, "VTIMEZONE"], "STANDARD" | "DAYLIGHT", Some(calendar)) => {
                let is_daylight = name == "DAYLIGHT";
                let observance = ObservanceComponent { is_daylight, properties: Vec::new() };
                if let Some(zone) = calendar.zones.last_mut() {
                    zone.observances.push(observance);
                }
            }
            _ => {}
        }
        self.open.push((name, line));
        Ok(())
    }

    fn end(&mut self, name: &str, line: u64) -> Result<(), ParseError> {
        match self.open.pop() {
            Some((open, _)) if open == name => Ok(()),
            Some((open, begin)) => {
                let reason = format!(
                    "`END:{name}` within a component that begins on line {begin}; the file may be \
                     incomplete: `{open}`"
                );
                Err(ParseError { line, reason })
            }
            None => Err(ParseError { line, reason: NOT_A_CALENDAR.to_owned() }),
        }
    }

    /// Adds a property to the component that is open, if it is one that is read.
    fn property(&mut self, line: &ContentLine, name: &str) {
        let path: Vec<&str> = self.open.iter().map(|(name, _)| name.as_str()).collect();
        let Some(calendar) = self.calendars.last_mut() else { return };
        let property = Property::parse(line.number, &line.text).filter(|_| !line.is_too_long);
        match path.as_slice() {
            [CALENDAR] => {
                let Some(property) = property else { return };
                match property.name.as_str() {
                    "METHOD" => calendar.method = Some(property.value.trim().to_ascii_uppercase()),
                    "X-WR-TIMEZONE" => calendar.zone_name = Some(property.value.trim().to_owned()),
                    _ => {}
                }
            }
            [CALENDAR, "VEVENT"] => {
                let Some(event) = calendar.events.last_mut() else { return };
                match property {
                    _ if is_ignored(name) => {}
                    Some(property) => event.properties.push(property),
                    None => {
                        event.error.get_or_insert_with(|| unreadable(line));
                    }
                }
            }
            [CALENDAR, "VTIMEZONE"] => {
                if let Some(zone) = calendar.zones.last_mut() {
                    zone.properties.extend(property);
                }
            }
            [CALENDAR, "VTIMEZONE", "STANDARD" | "DAYLIGHT"] => {
                let zone = calendar.zones.last_mut();
                if let Some(observance) = zone.and_then(|zone| zone.observances.last_mut()) {
                    observance.properties.extend(property);
                }
            }
            _ => {}
        }
    }
}

fn unreadable(line: &ContentLine) -> ParseError {
    let reason = if line.is_too_long {
        format!("line exceeds the maximum number of bytes: `{CONTENT_LINE_BYTES_MAX}`")
    } else {
        let start: String = line.text.chars().take(40).collect();
        format!(
            "not a property; a line break within a value is `\\n`, and a folded line begins \
                 with a space: `{start}`"
        )
    };
    ParseError { line: line.number, reason }
}
