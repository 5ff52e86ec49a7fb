//! One `VEVENT`: its properties, its times, and whether it is public.

use jiff::{Span, Timestamp, civil::Date, tz::TimeZone};

use super::{
    time_zone::{CalendarZones, EventZone, instant},
    value::{DateOrTime, date_or_time, duration},
};
use crate::{
    calendar_file::{EventComponent, Property},
    decoding::ParseError,
};

/// An event with the time zones of its calendar.
#[derive(Debug, Clone, Copy)]
pub(super) struct CalendarEvent<'a> {
    pub(super) zones: CalendarZones<'a>,
    pub(super) component: &'a EventComponent,
}

/// A date or time of an event, with its zone.
#[derive(Debug, Clone)]
pub(super) struct EventTime {
    pub(super) line: u64,
    pub(super) written: DateOrTime,
    pub(super) zone: EventZone,
}

/// A day or an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum DayOrInstant {
    Day(Date),
    Instant(Timestamp),
}

impl std::fmt::Display for DayOrInstant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Day(date) => date.fmt(f),
            Self::Instant(instant) => instant.fmt(f),
        }
    }
}

/// When an event starts and ends. The end of whole days is the last day.
#[derive(Debug, Clone)]
pub(super) struct EventSpan {
    pub(super) start: EventTime,
    pub(super) begins: DayOrInstant,
    pub(super) ends: Option<DayOrInstant>,
}

impl EventTime {
    /// The day, or the instant.
    ///
    /// # Errors
    /// The line of a time beyond the range of the calendar.
    pub(super) fn day_or_instant(&self) -> Result<DayOrInstant, ParseError> {
        if let DateOrTime::Day(date) = self.written {
            return Ok(DayOrInstant::Day(date));
        }
        let instant = instant(self.written, &self.zone.zone).map(DayOrInstant::Instant);
        instant.ok_or_else(|| error(self.line, "date is out of range".to_owned()))
    }
}

fn error(line: u64, reason: String) -> ParseError {
    ParseError { line, reason }
}

impl<'a> CalendarEvent<'a> {
    /// The properties with a name.
    pub(super) fn properties(&self, name: &str) -> impl Iterator<Item = &'a Property> {
        self.component.properties.iter().filter(move |property| property.name == name)
    }

    /// The property with a name, unless its value is empty.
    ///
    /// # Errors
    /// The line of a second one with another value.
    pub(super) fn property(&self, name: &str) -> Result<Option<&'a Property>, ParseError> {
        let mut properties =
            self.properties(name).filter(|property| !property.value.trim().is_empty());
        let first = properties.next();
        match properties.find(|other| first.is_some_and(|first| first.value != other.value)) {
            Some(other) => Err(error(other.line, format!("property occurs twice: `{name}`"))),
            None => Ok(first),
        }
    }

    /// Whether everybody may see it; a class that is unknown is private (RFC 5545, 3.8.1.3).
    pub(super) fn is_public(&self) -> bool {
        self.properties("CLASS").all(|class| class.value.trim().eq_ignore_ascii_case("PUBLIC"))
    }

    /// Whether it does not take place.
    pub(super) fn is_cancelled(&self) -> bool {
        self.zones.calendar.method.as_deref() == Some("CANCEL")
            || self
                .properties("STATUS")
                .any(|status| status.value.trim().eq_ignore_ascii_case("CANCELLED"))
    }

    /// What determines which of two versions is the latest: first its number (RFC 5546, 2.1.5), then
    /// the time of its last change. `DTSTAMP` is not used, since some servers set it to now.
    ///
    /// # Errors
    /// The line of a number that is invalid.
    pub(super) fn revision(&self) -> Result<(u64, &'a str), ParseError> {
        let sequence = self.property("SEQUENCE")?.map(|property| {
            let number = property.value.trim().parse();
            let reason = || format!("`SEQUENCE` must be a number: `{}`", property.value.trim());
            number.map_err(|_| error(property.line, reason()))
        });
        let modified = self.property("LAST-MODIFIED")?.map_or("", |property| property.value.trim());
        Ok((sequence.transpose()?.unwrap_or(0), modified))
    }

    /// The date or time of a property.
    ///
    /// # Errors
    /// The line of a value or time zone that is invalid.
    pub(super) fn time(&self, name: &str) -> Result<Option<EventTime>, ParseError> {
        let property = self.property(name)?;
        property.map(|property| self.time_of(property, &property.value)).transpose()
    }

    /// One of the dates or times of a property.
    ///
    /// # Errors
    /// The line, if the value or its time zone is invalid.
    pub(super) fn time_of(
        &self,
        property: &Property,
        value: &str,
    ) -> Result<EventTime, ParseError> {
        let Property { line, ref name, .. } = *property;
        let is_date = property.has_parameter("VALUE", "DATE");
        let written = date_or_time(value)
            .filter(|written| !is_date || matches!(written, DateOrTime::Day(_)))
            .ok_or_else(|| {
                let value = value.trim();
                error(
                    line,
                    format!(
                        "`{name}`: invalid date or time, expected 20261119 (with \
                                     VALUE=DATE), 20261119T130000 or 20261119T130000Z: `{value}`"
                    ),
                )
            })?;
        let zone = match (written, property.parameter("TZID")) {
            (DateOrTime::Utc(_), _) => {
                Ok(EventZone { name: Some("UTC".to_owned()), zone: TimeZone::UTC })
            }
            (DateOrTime::Local(time), Some(name)) => self.zones.named(name, time.date()),
            (DateOrTime::Local(_), None) | (DateOrTime::Day(_), _) => self.zones.floating(),
        };
        let zone = zone.map_err(|reason| error(line, format!("`{name}`: {reason}")))?;
        Ok(EventTime { line, written, zone })
    }

    /// Its start and end.
    ///
    /// # Errors
    /// The line of a value that is missing or invalid.
    pub(super) fn span(&self) -> Result<EventSpan, ParseError> {
        let start = self.time("DTSTART")?.ok_or_else(|| {
            error(self.component.line, "event has no start; add `DTSTART`".to_owned())
        })?;
        let begins = start.day_or_instant()?;
        let end = self.time("DTEND")?;
        let length = self.property("DURATION")?;
        let ends = match (end, length) {
            (Some(_), Some(length)) => {
                let reason = "event has both `DTEND` and `DURATION`; remove one of the two";
                return Err(error(length.line, reason.to_owned()));
            }
            (None, None) => match begins {
                DayOrInstant::Day(_) => Some(begins),
                DayOrInstant::Instant(_) => None,
            },
            (Some(end), None) => end_of(begins, &end)?,
            (None, Some(length)) => end_after(begins, &start, length)?,
        };
        Ok(EventSpan { start, begins, ends })
    }

    /// The end of the occurrence that starts at `start`, after a duration or at another end.
    ///
    /// # Errors
    /// The line of an invalid period.
    pub(super) fn period(&self, property: &Property, value: &str) -> Result<EventSpan, ParseError> {
        let invalid = || {
            let reason = format!(
                "`RDATE`: invalid period, expected a start, `/`, and an end or a \
                                  duration: `{value}`"
            );
            error(property.line, reason)
        };
        let (start, end) = value.split_once('/').ok_or_else(invalid)?;
        let start = self.time_of(property, start)?;
        let begins = start.day_or_instant()?;
        let ends = if end.trim().starts_with(['P', '+', '-']) {
            let length = Property { value: end.to_owned(), ..property.clone() };
            end_after(begins, &start, &length)?
        } else {
            end_of(begins, &self.time_of(property, end)?)?
        };
        Ok(EventSpan { start, begins, ends })
    }
}

/// The end of an event that begins at `begins` and ends before `end`.
fn end_of(begins: DayOrInstant, end: &EventTime) -> Result<Option<DayOrInstant>, ParseError> {
    let written = end.day_or_instant()?;
    let before = || {
        let reason = "end is before the start; correct `DTEND` or `DTSTART`";
        Err(error(end.line, format!("{reason}: `{written}`")))
    };
    match (begins, written) {
        (DayOrInstant::Day(first), DayOrInstant::Day(end)) if end < first => before(),
        // Many programs end an event of one day on that day.
        (DayOrInstant::Day(first), DayOrInstant::Day(end)) => {
            let last = end.yesterday().unwrap_or(end).max(first);
            Ok(Some(DayOrInstant::Day(last)))
        }
        (DayOrInstant::Instant(first), DayOrInstant::Instant(end)) if end < first => before(),
        (DayOrInstant::Instant(first), DayOrInstant::Instant(end)) => {
            Ok((end > first).then_some(written))
        }
        _ => {
            let reason = "`DTSTART` and `DTEND` must both be dates, or both be times";
            Err(error(end.line, reason.to_owned()))
        }
    }
}

/// The end of an event that lasts as long as the value of `length`: a number of days by the calendar,
/// and an exact time.
fn end_after(
    begins: DayOrInstant,
    start: &EventTime,
    length: &Property,
) -> Result<Option<DayOrInstant>, ParseError> {
    let invalid = || {
        let (expected, value) = ("expected a positive one such as P1D or PT1H30M", &length.value);
        error(length.line, format!("invalid duration, {expected}: `{}`", value.trim()))
    };
    let duration = duration(&length.value).ok_or_else(invalid)?;
    let days = |days: i64| Span::new().try_days(days).map_err(|_| invalid());
    match begins {
        DayOrInstant::Day(first) => {
            let whole_days = duration.days + duration.seconds / 86_400;
            if duration.seconds % 86_400 != 0 {
                let reason = "an event of whole days must last whole days";
                return Err(error(length.line, format!("{reason}: `{}`", length.value.trim())));
            }
            let last = first.checked_add(days((whole_days - 1).max(0))?).map_err(|_| invalid())?;
            Ok(Some(DayOrInstant::Day(last)))
        }
        DayOrInstant::Instant(first) => {
            let zoned = first.to_zoned(start.zone.zone.clone());
            let later = zoned.checked_add(days(duration.days)?).map_err(|_| invalid())?;
            let seconds = Span::new().try_seconds(duration.seconds).map_err(|_| invalid())?;
            let ends = later.timestamp().checked_add(seconds).map_err(|_| invalid())?;
            Ok((ends > first).then_some(DayOrInstant::Instant(ends)))
        }
    }
}
