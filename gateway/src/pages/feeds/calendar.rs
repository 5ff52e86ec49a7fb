//! Events as iCalendar (RFC 5545).
//!
//! A moment that is known to the minute is written with its time in the Netherlands, or in UTC if it
//! belongs to another time zone; any other as whole days. A series is written as its remaining
//! occurrences, so that calendars need not support its rule.

use std::{collections::HashSet, sync::Arc};

use icalendar::{Calendar, Component, EventLike, Property};
use jiff::{Timestamp, ToSpan, tz::TimeZone};
use schema::{
    Attendance, EventStatus, Moment, NodeId, Occurrence, Place, Provenance, Record,
    moment::HOME_ZONE,
};

use crate::{
    PROGRAM,
    pages::{PageContext, PageError},
};

/// Maximum number of occurrences of a series.
const OCCURRENCES_MAX: usize = 100;
/// Maximum number of entries in one calendar.
const ENTRIES_MAX: usize = 1_000;
/// The time from which the numbers of changes are counted: 2020-01-01, in seconds.
const SEQUENCE_START_S: i64 = 1_577_836_800;
/// The rules of the time zone of the Netherlands since 1996.
const HOME_ZONE_RULES: &str = "BEGIN:VTIMEZONE\r\nTZID:Europe/Amsterdam\r\n\
    BEGIN:DAYLIGHT\r\nDTSTART:19960331T020000\r\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\n\
    TZNAME:CEST\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nEND:DAYLIGHT\r\n\
    BEGIN:STANDARD\r\nDTSTART:19961027T030000\r\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\n\
    TZNAME:CET\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n";
/// How often calendars should update, as a duration.
const REFRESH_INTERVAL: &str = "PT1H";

/// The calendar with one event, or its occurrences.
pub(crate) async fn of_event(context: PageContext<'_>, id: NodeId) -> Result<String, PageError> {
    let record = context.snapshot.get_many(&[id]).await?.into_iter().next().flatten();
    let Some(Record::Event(event)) = record.as_deref() else { return Err(PageError::NotFound) };
    let mut calendar = empty();
    // A merged id has none of its own.
    let provenance = context.snapshot.provenance(&[event.common.id]).await?;
    let times = Times::of(context, event, provenance.first());
    for entry in entries(event, times) {
        calendar.push(entry);
    }
    Ok(text(&calendar))
}

/// The calendar with the events among these records, to subscribe to.
pub(super) async fn of_search(
    context: PageContext<'_>,
    title: &str,
    records: &[Arc<Record>],
) -> Result<String, PageError> {
    let mut calendar = empty();
    calendar.append_property(Property::new("X-WR-CALNAME", title));
    // The crate escapes the older name `X-WR-CALNAME` only.
    let escaped = title.replace('\\', "\\\\").replace(';', "\\;").replace(',', "\\,");
    calendar.append_property(Property::new("NAME", escaped));
    let mut interval = Property::new("REFRESH-INTERVAL", REFRESH_INTERVAL);
    interval.add_parameter("VALUE", "DURATION");
    calendar.append_property(interval);
    calendar.append_property(Property::new("X-PUBLISHED-TTL", REFRESH_INTERVAL));
    let ids: Vec<_> = records.iter().map(|record| record.id()).collect();
    let provenance = context.snapshot.provenance(&ids).await?;
    let entries = records.iter().zip(&provenance).filter_map(|(record, provenance)| {
        let Record::Event(event) = &**record else { return None };
        Some(entries(event, Times::of(context, event, Some(provenance))))
    });
    for entry in entries.flatten().take(ENTRIES_MAX) {
        calendar.push(entry);
    }
    Ok(text(&calendar))
}

/// The times that the entries of an event depend on.
#[derive(Clone, Copy)]
struct Times {
    now: Timestamp,
    built_at: Timestamp,
    /// When the event changed: according to its source, or when its current content was first
    /// fetched.
    changed_at: Timestamp,
    modified_at: Option<Timestamp>,
}

impl Times {
    fn of(
        context: PageContext<'_>,
        event: &schema::Event,
        provenance: Option<&Vec<Provenance>>,
    ) -> Self {
        let modified_at = event.common.modified_at.as_ref().map(Moment::earliest);
        let fetched = provenance.into_iter().flatten().map(|source| source.record.fetched_at);
        let changed_at = fetched.chain(modified_at).max();
        Self {
            now: context.now,
            built_at: context.snapshot.built_at(),
            changed_at: changed_at.unwrap_or(event.common.first_seen.at),
            modified_at,
        }
    }
}

/// A calendar without events, and without the properties of the crate, among which is its PRODID.
fn empty() -> Calendar {
    let mut calendar = Calendar::empty();
    calendar.append_property(Property::new("VERSION", "2.0"));
    calendar.append_property(Property::new("PRODID", format!("-//{PROGRAM}//NL")));
    calendar
}

/// The text of a calendar, with the time zone that its entries name; the crate has no type for it.
fn text(calendar: &Calendar) -> String {
    let text = calendar.to_string();
    // At the start of a line, where no value can be.
    let start = text.find("\r\nBEGIN:VEVENT").or_else(|| text.rfind("\r\nEND:VCALENDAR"));
    let (head, entries) = text.split_at(start.map_or(text.len(), |start| start + 2));
    [head, HOME_ZONE_RULES, entries].concat()
}

/// The entries of an event: one, or the remaining occurrences of a series.
fn entries(event: &schema::Event, times: Times) -> Vec<icalendar::Event> {
    let occurrences = event.occurrences_from(times.now, OCCURRENCES_MAX);
    if event.series.is_none() || occurrences.is_empty() {
        return vec![entry(event, &event.start, event.end.as_ref(), times, None)];
    }
    let mut days = HashSet::new();
    let entries = occurrences.iter().map(|Occurrence { moment, end, .. }| {
        let is_first_of_day = days.insert(moment.date);
        let name = match moment.time {
            Some(time) if !is_first_of_day => moment.date.to_datetime(time).to_string(),
            _ => moment.date.to_string(),
        };
        entry(event, moment, end.as_ref(), times, Some(&name))
    });
    entries.collect()
}

/// The entry of one occurrence; `name` distinguishes those of a series.
fn entry(
    event: &schema::Event,
    begin: &Moment,
    end: Option<&Moment>,
    times: Times,
    name: Option<&str>,
) -> icalendar::Event {
    let mut entry = icalendar::Event::new();
    let uid = match name {
        None => event.common.id.to_string(),
        Some(name) => format!("{}-{name}", event.common.id),
    };
    entry.uid(&format!("{uid}@wegwijzer")).summary(&one_line(&event.common.title));
    entry.append_property(Property::new("DTSTAMP", utc(times.built_at)));
    entry.append_property(Property::new("SEQUENCE", sequence(times.changed_at).to_string()));
    if let Some(modified_at) = times.modified_at {
        entry.append_property(Property::new("LAST-MODIFIED", utc(modified_at)));
    }
    entry.url(event.common.url.as_str());
    if let Some(summary) = &event.common.summary {
        entry.description(&one_line(summary));
    }
    if let Some(place) = event.place.as_ref().filter(|_| event.attendance != Attendance::Online) {
        entry.location(&one_line(&place_text(place)));
    }
    add_span(&mut entry, begin, end);
    let is_imprecise = !begin.all_day() && begin.exact().is_none();
    let status = match event.status {
        EventStatus::Cancelled => "CANCELLED",
        EventStatus::Postponed => "TENTATIVE",
        _ if is_imprecise => "TENTATIVE",
        _ => "CONFIRMED",
    };
    entry.append_property(Property::new("STATUS", status));
    entry
}

fn add_span(entry: &mut icalendar::Event, begin: &Moment, end: Option<&Moment>) {
    if let Some(instant) = begin.exact() {
        let is_home = begin.zone == HOME_ZONE;
        entry.append_property(date_time("DTSTART", instant, is_home));
        if let Some(end) = end {
            entry.append_property(date_time("DTEND", end.latest(), is_home));
        }
        return;
    }
    let date_property = |name: &str, day: jiff::civil::Date| {
        let mut property = Property::new(name, day.strftime("%Y%m%d").to_string());
        property.add_parameter("VALUE", "DATE");
        property
    };
    entry.append_property(date_property("DTSTART", begin.date));
    // The end date is exclusive.
    let last = end.unwrap_or(begin);
    let zone = schema::moment::zone(&last.zone).unwrap_or(TimeZone::UTC);
    let after = match last.exact() {
        Some(instant) => instant.to_zoned(zone).date().checked_add(1.day()),
        None => Ok(last.latest().to_zoned(zone).date()),
    };
    if let Ok(after) = after {
        entry.append_property(date_property("DTEND", after));
    }
}

/// A time in the Netherlands, or in UTC.
fn date_time(name: &str, instant: Timestamp, is_home: bool) -> Property {
    let zone = schema::moment::zone(HOME_ZONE).ok().filter(|_| is_home);
    let Some(zone) = zone else { return Property::new(name, utc(instant)) };
    let local = instant.to_zoned(zone).strftime("%Y%m%dT%H%M%S").to_string();
    let mut property = Property::new(name, local);
    property.add_parameter("TZID", HOME_ZONE);
    property
}

/// A number that increases with each change: seconds since 2020, as far as it fits.
fn sequence(changed_at: Timestamp) -> i32 {
    i32::try_from((changed_at.as_second() - SEQUENCE_START_S).max(0)).unwrap_or(i32::MAX)
}

/// A text without line breaks and other control characters, of which the crate escapes one.
fn one_line(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect()
}

/// Name, street and city of a venue, as far as they are known.
fn place_text(place: &Place) -> String {
    let fields = [&place.name, &place.address, &place.city];
    fields.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(", ")
}

fn utc(instant: Timestamp) -> String {
    instant.strftime("%Y%m%dT%H%M%SZ").to_string()
}
