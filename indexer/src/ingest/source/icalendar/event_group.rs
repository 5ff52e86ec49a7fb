//! The events of a file by their UID: a main event with the occurrences that differ from it, or
//! occurrences whose main event the file does not have.

use std::collections::{BTreeMap, HashMap};

use super::{
    event::{CalendarEvent, DayOrInstant},
    time_zone::CalendarZones,
};
use crate::{
    calendar_file::{CalendarObject, EventComponent},
    decoding::ParseError,
    ingest::source::config::ResolvedSource,
};

/// Maximum number of occurrences of an event that differ from it.
pub(super) const OVERRIDES_MAX: usize = 500;

/// The events with one UID, in the order of the file.
#[derive(Debug)]
pub(super) struct EventGroup<'a> {
    pub(super) uid: String,
    pub(super) events: Vec<CalendarEvent<'a>>,
}

/// An event that becomes a record.
#[derive(Debug)]
pub(super) struct EventRecord<'a> {
    /// UID; for an occurrence without a main event, with the time that identifies it.
    pub(super) uid: String,
    pub(super) main: CalendarEvent<'a>,
    /// Occurrences that differ, by the time at which they would have started.
    pub(super) overrides: BTreeMap<DayOrInstant, CalendarEvent<'a>>,
}

/// The groups of a file in the order of their first event, and the events without a UID.
pub(super) fn groups<'a>(
    calendars: &'a [CalendarObject],
    source: &'a ResolvedSource,
) -> (Vec<EventGroup<'a>>, Vec<&'a EventComponent>) {
    let mut groups: Vec<EventGroup> = Vec::new();
    let mut positions: HashMap<String, usize> = HashMap::new();
    let mut without_uid = Vec::new();
    for calendar in calendars {
        let zones = CalendarZones { source, calendar };
        for component in &calendar.events {
            let event = CalendarEvent { zones, component };
            let Some(uid) = component.uid() else {
                without_uid.push(component);
                continue;
            };
            let position = *positions.entry(uid.clone()).or_insert_with(|| {
                groups.push(EventGroup { uid, events: Vec::new() });
                groups.len() - 1
            });
            groups[position].events.push(event);
        }
    }
    (groups, without_uid)
}

impl<'a> EventGroup<'a> {
    /// The first line of the group.
    pub(super) fn line(&self) -> u64 {
        self.events.iter().map(|event| event.component.line).min().unwrap_or(1)
    }

    /// The records of the group: one for a main event; otherwise one per occurrence, since a
    /// calendar may contain an invitation to a single occurrence of a series.
    ///
    /// # Errors
    /// The line for which the whole group is rejected.
    pub(super) fn records(&self) -> Result<Vec<EventRecord<'a>>, ParseError> {
        for event in &self.events {
            event.property("UID")?;
            // An error shows the text of its line.
            if let Some(error) = event.component.error.as_ref().filter(|_| event.is_public()) {
                return Err(error.clone());
            }
        }
        let is_override =
            |event: &&CalendarEvent| event.properties("RECURRENCE-ID").next().is_some();
        let (overrides, main): (Vec<_>, Vec<_>) = self.events.iter().partition(is_override);
        let overrides = overrides_by_time(overrides)?;
        if let Some(main) = latest(main)? {
            return Ok(vec![EventRecord { uid: self.uid.clone(), main, overrides }]);
        }
        let records = overrides.into_iter().map(|(time, main)| EventRecord {
            uid: format!("{}/{time}", self.uid),
            main,
            overrides: BTreeMap::new(),
        });
        Ok(records.collect())
    }
}

fn overrides_by_time<'a>(
    overrides: Vec<&CalendarEvent<'a>>,
) -> Result<BTreeMap<DayOrInstant, CalendarEvent<'a>>, ParseError> {
    if let Some(event) = overrides.get(OVERRIDES_MAX) {
        let reason = format!("more than {OVERRIDES_MAX} occurrences differ from the event");
        return Err(ParseError { line: event.component.line, reason });
    }
    let mut by_time: BTreeMap<DayOrInstant, Vec<&CalendarEvent<'a>>> = BTreeMap::new();
    for event in overrides {
        let line = event.component.line;
        let time = event.time("RECURRENCE-ID")?.ok_or_else(|| {
            let reason = "`RECURRENCE-ID` is empty; give it the start of the occurrence".to_owned();
            ParseError { line, reason }
        })?;
        if event.properties("RECURRENCE-ID").any(|p| p.has_parameter("RANGE", "THISANDFUTURE")) {
            let reason = "RANGE=THISANDFUTURE is not supported; end the series before this \
                          occurrence, and continue it as an event with its own UID";
            return Err(ParseError { line: time.line, reason: reason.to_owned() });
        }
        by_time.entry(time.day_or_instant()?).or_default().push(event);
    }
    let mut latest_by_time = BTreeMap::new();
    for (time, versions) in by_time {
        latest_by_time.extend(latest(versions)?.map(|event| (time, event)));
    }
    Ok(latest_by_time)
}

/// The latest version of an event.
///
/// # Errors
/// The line of a version that differs from another of the same age.
fn latest<'a>(versions: Vec<&CalendarEvent<'a>>) -> Result<Option<CalendarEvent<'a>>, ParseError> {
    let mut latest: Option<(&CalendarEvent<'a>, (u64, &str))> = None;
    let mut ambiguous = None;
    for event in versions {
        let revision = event.revision()?;
        match latest {
            Some((_, other)) if revision < other => {}
            Some((other, age)) if age == revision => {
                if event.sorted_lines() != other.sorted_lines() {
                    ambiguous = Some(event.component.line);
                }
            }
            _ => {
                latest = Some((event, revision));
                ambiguous = None;
            }
        }
    }
    match ambiguous {
        Some(line) => {
            let reason = "another event has the same UID, SEQUENCE and LAST-MODIFIED; give each \
                          event its own UID";
            Err(ParseError { line, reason: reason.to_owned() })
        }
        None => Ok(latest.map(|(event, _)| *event)),
    }
}
