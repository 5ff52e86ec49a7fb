//! Time zones of a calendar. A name that is known is resolved with the IANA database, since the
//! definitions in files are often outdated; only for an unknown name is that of the file used.

use jiff::{
    Timestamp, ToSpan,
    civil::Date,
    tz::{AmbiguousOffset, TimeZone},
};
use schema::moment::HOME_ZONE;

use super::{observance, value::DateOrTime};
use crate::{
    calendar_file::{CalendarObject, ZoneComponent, value_of},
    ingest::source::{config::ResolvedSource, zone_names},
};

/// Number of years over which the definition in a file is compared with the database.
const COMPARED_YEARS: i64 = 10;

/// A time zone.
#[derive(Debug, Clone)]
pub(super) struct EventZone {
    /// IANA name; `None` if no zone in the database has the same offsets.
    pub(super) name: Option<String>,
    pub(super) zone: TimeZone,
}

/// The time zones that the times of a calendar can be in.
#[derive(Debug, Clone, Copy)]
pub(super) struct CalendarZones<'a> {
    pub(super) source: &'a ResolvedSource,
    pub(super) calendar: &'a CalendarObject,
}

impl<'a> CalendarZones<'a> {
    /// The zone of times that do not state one: that of the source, or else of the file.
    ///
    /// # Errors
    /// The reason, if the file names an unknown zone.
    pub(super) fn floating(&self) -> Result<EventZone, String> {
        let (source, file) = (self.source.time_zone.clone(), self.calendar.zone_name.as_deref());
        let name = match (source, file.filter(|name| !name.is_empty())) {
            (Some(name), _) => name,
            (None, Some(name)) => self.known_name(name).ok_or_else(|| {
                format!(
                    "unknown time zone in X-WR-TIMEZONE; set `time_zone` of the source: `{name}`"
                )
            })?,
            (None, None) => HOME_ZONE.to_owned(),
        };
        iana_zone(name)
    }

    /// The zone with the name that the calendar gives it, for an event on a day.
    ///
    /// # Errors
    /// The reason, if neither the database nor the file defines it.
    pub(super) fn named(&self, name: &str, day: Date) -> Result<EventZone, String> {
        if let Some(name) = self.known_name(name) {
            return iana_zone(name);
        }
        let component = self.definition(name);
        let location = component.and_then(|zone| value_of(&zone.properties, "X-LIC-LOCATION"));
        if let Some(name) = location.and_then(|location| self.known_name(location)) {
            return iana_zone(name);
        }
        let zone = component.and_then(|component| observance::time_zone(component, day));
        let zone = zone.ok_or_else(|| {
            format!("unknown time zone; add it to `time_zones` of the source: `{name}`")
        })?;
        Ok(EventZone { name: self.equivalent(&zone, day), zone })
    }

    /// The definition in the file of a name that is not known otherwise.
    pub(super) fn definition(&self, name: &str) -> Option<&'a ZoneComponent> {
        let mut zones = self.calendar.zones.iter().filter(|_| self.known_name(name).is_none());
        zones.find(|zone| value_of(&zone.properties, "TZID") == Some(name.trim()))
    }

    /// The IANA name for a name, of which some programs write a path before it.
    fn known_name(&self, name: &str) -> Option<String> {
        let configured = self.source.time_zones.get(&name.trim().to_lowercase());
        let suffixes = name.match_indices('/').map(|(at, _)| &name[at + 1..]);
        configured.cloned().or_else(|| {
            std::iter::once(name).chain(suffixes).find_map(|n| zone_names::known(n).ok())
        })
    }

    /// A zone in the database that has the same offsets from the day before on.
    fn equivalent(&self, zone: &TimeZone, day: Date) -> Option<String> {
        let from = TimeZone::UTC.to_zoned(day.yesterday().ok()?.at(0, 0, 0, 0)).ok()?;
        let until = from.checked_add(COMPARED_YEARS.years()).ok()?.timestamp();
        let offsets = |zone: &TimeZone| -> Vec<_> {
            let changes = zone.following(from.timestamp());
            let changes = changes.map(|change| (change.timestamp(), change.offset()));
            let first = (from.timestamp(), zone.to_offset(from.timestamp()));
            std::iter::once(first).chain(changes).take_while(|(at, _)| *at < until).collect()
        };
        let expected = offsets(zone);
        let is_equivalent =
            |name: &str| TimeZone::get(name).is_ok_and(|candidate| offsets(&candidate) == expected);
        let own = self.source.time_zone.clone().filter(|name| is_equivalent(name));
        own.or_else(|| {
            let mut known = std::iter::once(HOME_ZONE).chain(zone_names::all_of_windows());
            known.find(|name| is_equivalent(name)).map(str::to_owned)
        })
    }
}

fn iana_zone(name: String) -> Result<EventZone, String> {
    let zone = schema::moment::zone(&name).map_err(|error| error.to_string())?;
    Ok(EventZone { name: Some(name), zone })
}

/// The instant of a time in a zone. A time that the clock skips is read with the offset before the
/// gap, and a time that occurs twice is the first. `None` beyond the range of the calendar.
pub(super) fn instant(time: DateOrTime, zone: &TimeZone) -> Option<Timestamp> {
    match time {
        DateOrTime::Day(_) => None,
        DateOrTime::Local(local) => zone.to_ambiguous_timestamp(local).compatible().ok(),
        DateOrTime::Utc(utc) => TimeZone::UTC.to_timestamp(utc).ok(),
    }
}

/// Whether the clock skips a time.
pub(super) fn is_skipped(time: DateOrTime, zone: &TimeZone) -> bool {
    let DateOrTime::Local(local) = time else { return false };
    matches!(zone.to_ambiguous_timestamp(local).offset(), AmbiguousOffset::Gap { .. })
}

/// Whether the local time of an instant denotes that instant: it does not in the second of two
/// equal hours.
pub(super) fn has_local_time(instant: Timestamp, zone: &TimeZone) -> bool {
    let local = instant.to_zoned(zone.clone()).datetime();
    zone.to_ambiguous_timestamp(local).compatible().is_ok_and(|found| found == instant)
}
