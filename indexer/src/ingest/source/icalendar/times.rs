//! The times of an event: its start and end, and its recurrence.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{
    civil::{Date, Time},
    tz::TimeZone,
};
use schema::recurrence::ONCE;
use serde_json::{Map, Value, json};

use super::{
    event::{CalendarEvent, DayOrInstant, EventSpan, EventTime},
    event_group::EventRecord,
    time_zone::{has_local_time, is_skipped},
    value::DateOrTime,
};
use crate::{calendar_file::Property, decoding::ParseError, ingest::source::field::Field};

/// Maximum number of values of EXDATE, and of RDATE.
pub(super) const DATES_MAX: usize = 500;

fn error(line: u64, reason: String) -> ParseError {
    ParseError { line, reason }
}

/// The fields for the times of an event.
///
/// # Errors
/// The line of a value that is missing, invalid or not supported.
pub(super) fn time_fields(record: &EventRecord) -> Result<Map<String, Value>, ParseError> {
    let main = record.main;
    let span = main.span()?;
    let rule = rule(&main)?;
    let added = dates(&main, "RDATE")?;
    let is_series = rule.is_some() || !added.is_empty() || !record.overrides.is_empty();
    let (zone_name, zone) = zone(&main, &span, is_series)?;
    let mut fields = Map::new();
    let mut set = |field: Field, value: Value| fields.insert(field.name().to_owned(), value);
    set(Field::Start, json!(span.begins.to_string()));
    // An event of one day needs no end.
    if let Some(ends) = span.ends.filter(|ends| *ends != span.begins) {
        set(Field::End, json!(ends.to_string()));
    }
    set(Field::TimeZone, json!(zone_name));
    if is_series {
        let mut recurrence = Recurrence {
            zone,
            first_time: local_time(&span.start, span.begins),
            excluded: BTreeSet::new(),
            added: BTreeMap::new(),
        };
        recurrence.add_dates(&main, added)?;
        recurrence.exclude_dates(&main)?;
        let mut occurrences = Vec::new();
        for (time, event) in &record.overrides {
            recurrence.replace(*time);
            if !event.is_cancelled() && event.is_public() {
                let span = event.span()?;
                recurrence.check_local(span.start.line, &[Some(span.begins), span.ends])?;
                occurrences.push((span.begins, span.ends));
            }
        }
        set(Field::Series, recurrence.value(rule, occurrences));
    }
    Ok(fields)
}

/// The recurrence rule of an event.
fn rule<'a>(event: &CalendarEvent<'a>) -> Result<Option<&'a str>, ParseError> {
    if let Some(rule) = event.properties("EXRULE").next() {
        let reason = "EXRULE is not supported; list the days without an occurrence in EXDATE";
        return Err(error(rule.line, reason.to_owned()));
    }
    Ok(event.property("RRULE")?.map(|rule| rule.value.trim()))
}

/// The values of all properties with a name that lists dates.
fn dates<'a>(
    event: &CalendarEvent<'a>,
    name: &str,
) -> Result<Vec<(&'a Property, &'a str)>, ParseError> {
    let values = event.properties(name).flat_map(|property| {
        let values = property.value.split(',').map(str::trim);
        values.filter(|value| !value.is_empty()).map(move |value| (property, value))
    });
    let values: Vec<_> = values.collect();
    match values.get(DATES_MAX) {
        Some((property, _)) => {
            Err(error(property.line, format!("more than {DATES_MAX} values of `{name}`")))
        }
        None => Ok(values),
    }
}

/// The zone in which an event is described. A series recurs in the zone of its start; the time of a
/// single event in an unnamed zone or in UTC is described in that of the source.
fn zone(
    event: &CalendarEvent,
    span: &EventSpan,
    is_series: bool,
) -> Result<(String, TimeZone), ParseError> {
    let start = &span.start;
    let is_in_utc = matches!(start.written, DateOrTime::Utc(_));
    let own_name = start.zone.name.clone().filter(|_| is_series || !is_in_utc);
    if own_name.is_none() && is_series {
        let reason = "no time zone in the database has these offsets; name the nearest one in \
                      `time_zones` of the source";
        return Err(error(start.line, reason.to_owned()));
    }
    if is_series && is_skipped(start.written, &start.zone.zone) {
        let reason = "the clock skips the start of the series; correct `DTSTART`";
        return Err(error(start.line, reason.to_owned()));
    }
    let floating = || event.zones.floating().map_err(|reason| error(start.line, reason));
    let name = match own_name {
        Some(name) => name,
        None => floating()?.name.unwrap_or_else(|| "UTC".to_owned()),
    };
    let zone = schema::moment::zone(&name).map_err(|cause| error(start.line, cause.to_string()))?;
    if are_local([Some(span.begins), span.ends], &zone) {
        return Ok((name, zone));
    }
    if is_series {
        return Err(error(start.line, REPEATED_HOUR.to_owned()));
    }
    Ok(("UTC".to_owned(), TimeZone::UTC))
}

const REPEATED_HOUR: &str = "occurrence of a series in the second of two equal hours; such a time \
                             has no local notation";

fn are_local(times: [Option<DayOrInstant>; 2], zone: &TimeZone) -> bool {
    times.into_iter().flatten().all(|time| match time {
        DayOrInstant::Day(_) => true,
        DayOrInstant::Instant(instant) => has_local_time(instant, zone),
    })
}

/// The local time of the occurrences of a rule; `None` for whole days.
fn local_time(start: &EventTime, begins: DayOrInstant) -> Option<Time> {
    match begins {
        DayOrInstant::Day(_) => None,
        DayOrInstant::Instant(instant) => {
            Some(instant.to_zoned(start.zone.zone.clone()).datetime().time())
        }
    }
}

/// What differs from the rule of a series.
struct Recurrence {
    zone: TimeZone,
    /// Local time of the occurrences of the rule; `None` for whole days.
    first_time: Option<Time>,
    excluded: BTreeSet<Date>,
    /// Added occurrences with their own end, if they have one.
    added: BTreeMap<DayOrInstant, Option<DayOrInstant>>,
}

impl Recurrence {
    fn add_dates(
        &mut self,
        event: &CalendarEvent,
        dates: Vec<(&Property, &str)>,
    ) -> Result<(), ParseError> {
        for (property, value) in dates {
            let (begins, ends) = if property.has_parameter("VALUE", "PERIOD") || value.contains('/')
            {
                let EventSpan { begins, ends, .. } = event.period(property, value)?;
                (begins, ends)
            } else {
                (event.time_of(property, value)?.day_or_instant()?, None)
            };
            if matches!(begins, DayOrInstant::Day(_)) != self.first_time.is_none() {
                let reason = "`RDATE` and `DTSTART` must both be dates, or both be times";
                return Err(error(property.line, format!("{reason}: `{value}`")));
            }
            self.check_local(property.line, &[Some(begins), ends])?;
            self.added.insert(begins, ends);
        }
        Ok(())
    }

    fn exclude_dates(&mut self, event: &CalendarEvent) -> Result<(), ParseError> {
        for (property, value) in dates(event, "EXDATE")? {
            let time = event.time_of(property, value)?;
            match (time.day_or_instant()?, time.written) {
                (DayOrInstant::Day(day), _) => {
                    // A day that excludes times is read as all of that day.
                    let zone = self.zone.clone();
                    self.added.retain(|added, _| day_in(*added, &zone) != day);
                    self.excluded.insert(day);
                }
                // The local time is that of the rule, whatever the zone.
                (_, DateOrTime::Local(local)) if self.first_time.is_none() => {
                    self.replace(DayOrInstant::Day(local.date()));
                }
                (instant, _) => self.replace(instant),
            }
        }
        Ok(())
    }

    /// Removes the occurrence that starts at a time: an added one, or else that of the rule on the
    /// same day, since programs change the time of a series without that of its exceptions.
    fn replace(&mut self, time: DayOrInstant) {
        let is_added = self.added.remove(&time).is_some();
        let is_time_of_rule = match time {
            DayOrInstant::Day(_) => true,
            DayOrInstant::Instant(instant) => {
                Some(instant.to_zoned(self.zone.clone()).time()) == self.first_time
            }
        };
        if !is_added || is_time_of_rule {
            self.excluded.insert(day_in(time, &self.zone));
        }
    }

    fn check_local(&self, line: u64, times: &[Option<DayOrInstant>; 2]) -> Result<(), ParseError> {
        if are_local(*times, &self.zone) {
            Ok(())
        } else {
            Err(error(line, REPEATED_HOUR.to_owned()))
        }
    }

    /// The field, with the occurrences that replace others.
    fn value(
        self,
        rule: Option<&str>,
        occurrences: Vec<(DayOrInstant, Option<DayOrInstant>)>,
    ) -> Value {
        let added = self.added.into_iter().chain(occurrences).map(|(begins, ends)| match ends {
            Some(ends) => json!({ "start": begins.to_string(), "end": ends.to_string() }),
            None => json!({ "start": begins.to_string() }),
        });
        let excluded = self.excluded.iter().map(Date::to_string);
        json!({
            "rule": rule.unwrap_or(ONCE),
            "exclude": excluded.collect::<Vec<_>>(),
            "add": added.collect::<Vec<_>>(),
        })
    }
}

fn day_in(time: DayOrInstant, zone: &TimeZone) -> Date {
    match time {
        DayOrInstant::Day(date) => date,
        DayOrInstant::Instant(instant) => instant.to_zoned(zone.clone()).date(),
    }
}
