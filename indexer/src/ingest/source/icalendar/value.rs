//! Values of properties (RFC 5545, 3.3): texts, dates, times, durations and positions.

use jiff::{
    Span,
    civil::{Date, DateTime, Time},
};

pub(super) use crate::calendar_file::unescaped as text;

/// A date or time as written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DateOrTime {
    /// A whole day.
    Day(Date),
    /// A time in a zone that is stated elsewhere.
    Local(DateTime),
    /// A time in UTC.
    Utc(DateTime),
}

impl DateOrTime {
    /// The date as written.
    pub(super) fn date(self) -> Date {
        match self {
            Self::Day(date) => date,
            Self::Local(time) | Self::Utc(time) => time.date(),
        }
    }
}

/// A duration: whole days, and a time that is exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Duration {
    pub(super) days: i64,
    pub(super) seconds: i64,
}

/// The texts of a list, separated by commas that are not escaped.
pub(super) fn texts(value: &str) -> Vec<String> {
    let mut is_escaped = false;
    let items = value.split(|letter| {
        let separates = letter == ',' && !is_escaped;
        is_escaped = letter == '\\' && !is_escaped;
        separates
    });
    let items = items.map(|item| text(item).trim().to_owned());
    items.filter(|item| !item.is_empty()).collect()
}

/// A date such as `20261119`, or a time such as `20261119T130000` or `20261119T130000Z`.
pub(super) fn date_or_time(value: &str) -> Option<DateOrTime> {
    let value = value.trim();
    let (date, time) = match value.split_once('T') {
        None => return Some(DateOrTime::Day(parse_date(value)?)),
        Some((date, time)) => (parse_date(date)?, time),
    };
    let (time, is_utc) = time.strip_suffix('Z').map_or((time, false), |time| (time, true));
    let [hour, minute, second] = pairs::<3>(time)?;
    // A leap second is the second before it.
    let time = Time::new(hour, minute, if second == 60 { 59 } else { second }, 0);
    let time = date.to_datetime(time.ok()?);
    Some(if is_utc { DateOrTime::Utc(time) } else { DateOrTime::Local(time) })
}

fn parse_date(text: &str) -> Option<Date> {
    let (century, rest) = text.split_at_checked(2)?;
    let [century] = pairs::<1>(century)?;
    let [year, month, day] = pairs::<3>(rest)?;
    Date::new(i16::from(century) * 100 + i16::from(year), month, day).ok()
}

/// Numbers of two digits each.
fn pairs<const N: usize>(text: &str) -> Option<[i8; N]> {
    if text.len() != 2 * N || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let mut numbers = [0; N];
    for (index, number) in numbers.iter_mut().enumerate() {
        *number = text[2 * index..2 * index + 2].parse().ok()?;
    }
    Some(numbers)
}

/// A duration such as `P1D`, `PT1H30M` or `P2W`; `None` if it is negative or not a duration.
pub(super) fn duration(value: &str) -> Option<Duration> {
    let value = value.trim();
    let value = value.strip_prefix('+').unwrap_or(value);
    let is_well_formed = value.starts_with('P')
        && value.bytes().all(|byte| byte.is_ascii_digit() || b"PTWDHMS".contains(&byte));
    let span: Span = value.parse().ok().filter(|_| is_well_formed)?;
    if span.get_years() != 0 || span.get_months() != 0 {
        return None;
    }
    let days = i64::from(span.get_weeks()) * 7 + i64::from(span.get_days());
    let hours_and_minutes = i64::from(span.get_hours()) * 3_600 + span.get_minutes() * 60;
    Some(Duration { days, seconds: hours_and_minutes + span.get_seconds() })
}

/// Latitude and longitude, as written.
pub(super) fn position(value: &str) -> Option<(&str, &str)> {
    let (latitude, longitude) = value.split_once(';')?;
    // Some programs escape the separator.
    let (latitude, longitude) = (latitude.trim_end_matches('\\').trim(), longitude.trim());
    (!latitude.is_empty() && !longitude.is_empty()).then_some((latitude, longitude))
}

/// A UTC offset such as `+0100`, in seconds.
pub(super) fn utc_offset(value: &str) -> Option<i32> {
    let (sign, digits) = value.trim().split_at_checked(1)?;
    let [hours, minutes, seconds] = match digits.len() {
        4 => pairs::<2>(digits).map(|[hours, minutes]| [hours, minutes, 0])?,
        _ => pairs::<3>(digits)?,
    };
    let offset = i32::from(hours) * 3_600 + i32::from(minutes) * 60 + i32::from(seconds);
    match sign {
        "+" => Some(offset),
        "-" => Some(-offset),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::{date, datetime};

    use super::*;

    #[test]
    fn texts_must_lose_their_escapes_and_lists_be_split_before() {
        assert_eq!(text(r"a\, b\; c\\n\nd\N\:\x\"), "a, b; c\\n\nd\n:\\x\\");
        assert_eq!(texts(r"CX, a\,b,,c\\,d"), ["CX", "a,b", "c\\", "d"]);
        assert_eq!(texts(" "), [""; 0]);
    }

    #[test]
    fn dates_and_times_must_exist() {
        assert_eq!(date_or_time("20261119"), Some(DateOrTime::Day(date(2026, 11, 19))));
        let one = datetime(2026, 11, 19, 13, 0, 59, 0);
        assert_eq!(date_or_time("20261119T130059"), Some(DateOrTime::Local(one)));
        assert_eq!(date_or_time(" 20261119T130060Z "), Some(DateOrTime::Utc(one)));
        for value in [
            "",
            "2026",
            "20261319",
            "20261119T",
            "20261119T1300",
            "20261119T250000",
            "2026-11-19",
            "20261119T130061",
            "20261119T130000+0100",
            "é20261119",
            "20261119T1\u{661}0000",
        ] {
            assert_eq!(date_or_time(value), None, "{value}");
        }
    }

    #[test]
    fn durations_must_be_positive_and_well_formed() {
        let is = |value, days, seconds| {
            assert_eq!(duration(value), Some(Duration { days, seconds }), "{value}");
        };
        is("P1D", 1, 0);
        is("PT1H30M", 0, 5_400);
        is("P2W", 14, 0);
        is("+P1DT5S", 1, 5);
        is("PT0S", 0, 0);
        for value in ["-PT1H", "P", "PT", "1H", "P1Y", "P1M", "PT1H-30M", "P1.5D", "P99999999999D"]
        {
            assert_eq!(duration(value), None, "{value}");
        }
    }

    #[test]
    fn positions_and_offsets_must_be_complete() {
        assert_eq!(position("52.0786;4.2887"), Some(("52.0786", "4.2887")));
        assert_eq!(position("52.0786\\;4.2887"), Some(("52.0786", "4.2887")));
        assert_eq!((position("52.0"), position(";1")), (None, None));
        assert_eq!((utc_offset("+0100"), utc_offset("-053015")), (Some(3_600), Some(-19_815)));
        assert_eq!(
            (utc_offset("0100"), utc_offset("+1"), utc_offset("+01:00")),
            (None, None, None)
        );
    }
}
