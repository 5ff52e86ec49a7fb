//! `VTIMEZONE` (RFC 5545, 3.6.5): a definition with a fixed offset, or with yearly rules for standard
//! time and summer time, to a time zone. Any other definition is not resolved.

use jiff::{
    civil::{Date, DateTime},
    tz::{Offset, TimeZone},
};

use super::value::{DateOrTime, date_or_time, utc_offset};
use crate::calendar_file::{ObservanceComponent, ZoneComponent, value_of};

/// Codes of the days of the week, as numbered by POSIX.
const WEEKDAYS: [&str; 7] = ["SU", "MO", "TU", "WE", "TH", "FR", "SA"];

/// The start of standard time or summer time.
struct Observance {
    is_daylight: bool,
    /// The first time at which it starts.
    onset: DateTime,
    /// UTC offset from then on, in seconds.
    offset: i32,
    /// When it starts each year, in the notation of POSIX; `None` if it starts once.
    rule: Option<String>,
}

/// The time zone of a definition, for an event on a day; `None` if it cannot be resolved.
pub(super) fn time_zone(component: &ZoneComponent, day: Date) -> Option<TimeZone> {
    let observances = component.observances.iter().filter(|one| !has_other_years(one, day));
    let observances: Vec<_> = observances.map(parse).collect::<Option<_>>()?;
    let (yearly, single): (Vec<_>, Vec<_>) =
        observances.into_iter().partition(|observance| observance.rule.is_some());
    let fixed = |offset| Offset::from_seconds(offset).ok().map(TimeZone::fixed);
    match yearly.as_slice() {
        // The definition of another year does not apply to the event.
        [] if single.iter().any(|observance| observance.onset.date() > day) => None,
        [] => fixed(single.iter().max_by_key(|observance| observance.onset)?.offset),
        [only] if single.is_empty() => fixed(only.offset),
        [one, other] if one.is_daylight != other.is_daylight => {
            let (standard, daylight) = if one.is_daylight { (other, one) } else { (one, other) };
            let posix = format!(
                "<STD>{}<DST>{},{},{}",
                posix_offset(standard.offset),
                posix_offset(daylight.offset),
                daylight.rule.as_ref()?,
                standard.rule.as_ref()?
            );
            TimeZone::posix(&posix).ok()
        }
        _ => None,
    }
}

/// Whether a yearly rule has ended before a day, or begins after it.
fn has_other_years(component: &ObservanceComponent, day: Date) -> bool {
    let value = |name| value_of(&component.properties, name);
    let until =
        value("RRULE").and_then(|rule| rule.split(';').find_map(|p| p.strip_prefix("UNTIL=")));
    let date = |text: &str| date_or_time(text).map(DateOrTime::date);
    let has_ended = until.and_then(date).is_some_and(|until| until < day);
    let begins_later = value("DTSTART").and_then(date).is_some_and(|onset| onset > day);
    has_ended || (value("RRULE").is_some() && begins_later)
}

/// A part of a definition; `None` if it cannot be resolved.
fn parse(component: &ObservanceComponent) -> Option<Observance> {
    let value = |name| value_of(&component.properties, name);
    let DateOrTime::Local(onset) = date_or_time(value("DTSTART")?)? else { return None };
    let offset = utc_offset(value("TZOFFSETTO")?)?;
    if value("RDATE").is_some() {
        return None;
    }
    let rule = match value("RRULE") {
        Some(rule) => Some(posix_rule(rule, onset)?),
        None => None,
    };
    Some(Observance { is_daylight: component.is_daylight, onset, offset, rule })
}

/// A yearly rule for a day of the week in a month, in the notation of POSIX.
fn posix_rule(rule: &str, onset: DateTime) -> Option<String> {
    let parts: Vec<(&str, &str)> =
        rule.split(';').map(|part| part.trim().split_once('=')).collect::<Option<_>>()?;
    let part = |name: &str| parts.iter().find(|(part, _)| *part == name).map(|(_, value)| *value);
    let is_known =
        |name: &str| ["FREQ", "BYMONTH", "BYDAY", "UNTIL", "INTERVAL", "WKST"].contains(&name);
    if part("FREQ") != Some("YEARLY")
        || part("INTERVAL").is_some_and(|interval| interval != "1")
        || !parts.iter().all(|(name, _)| is_known(name))
    {
        return None;
    }
    let month: u8 = part("BYMONTH")?.parse().ok()?;
    let (week, weekday) = part("BYDAY")?.split_at_checked(part("BYDAY")?.len().checked_sub(2)?)?;
    let weekday = WEEKDAYS.iter().position(|code| *code == weekday)?;
    let week = match week {
        "-1" => 5,
        week => {
            week.trim_start_matches('+').parse::<u8>().ok().filter(|week| (1..=4).contains(week))?
        }
    };
    let time = onset.time();
    let (hour, minute, second) = (time.hour(), time.minute(), time.second());
    Some(format!("M{month}.{week}.{weekday}/{hour}:{minute:02}:{second:02}"))
}

/// An offset in the notation of POSIX, in which zones east of Greenwich are negative.
fn posix_offset(seconds: i32) -> String {
    let (sign, seconds) = if seconds > 0 { ("-", seconds) } else { ("", -seconds) };
    format!("{sign}{}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}
