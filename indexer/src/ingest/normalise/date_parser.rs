//! Parses dates and times in the notations of sources into [`Moment`]s of the precision given.

#[cfg(test)]
mod tests;

use std::sync::LazyLock;

use jiff::{
    Timestamp, ToSpan,
    civil::{Date, DateTime, Time, Weekday},
    tz::{AmbiguousOffset, Offset, TimeZone},
};
use regex::{Captures, Regex};
use schema::{
    DatePrecision, Language, Moment, MomentError,
    moment::{self, month_number, season_month},
};

/// Dates outside these years are assumed to be mistakes.
const VALID_YEARS: std::ops::RangeInclusive<i16> = 1900..=2199;

/// A time such as `14:00`, `14.00 uur` or `14u30`: seconds, offset or zone, and the end of a range
/// are optional. Only the first moment of a range is used.
fn time(offset: &str) -> String {
    format!(
        r"(?: (?: T | ,?\s+ (?:(?:om|van|vanaf|at|from)\s+)? )
        (?: (?P<hour>\d{{1,2}})
            (?: [:.uh] (?P<minute>\d{{2}}) (?: [:.]\d{{2}} (?:[.,]\d+)? )? (?:\s*uur)? | \s*uur )
            (?:\s* (?P<half>[ap])\.?m\.?)? )
        (?P<zone> \s* (?: Z | (?:UTC|GMT)[+-]\d{{1,2}}(?::?\d{{2}})? | (?:{offset}) (?:\s+[A-Z]{{3,5}})? | [A-Z]{{3,4}}
            | [A-Za-z]+/[A-Za-z_]+ ) \b )?
        (?: \s* (?:(?P<comment>\([^)]*\)) | \[(?P<bracket>[^\]]*)\]) )?
        (?: \s* (?:-|–|—|tot|t/m|until|to) \s* (?:[01]?\d|2[0-4]) (?: [:.uh]\d{{2}} )? (?:\s*uur)? )? )? $"
    )
}
/// A UTC offset after a date that begins with the year.
const ISO_OFFSET: &str = r"[+-](?:0?\d|1[0-4])(?::?\d{2})?";
/// Maximum UTC offset in hours.
const OFFSET_HOURS_MAX: i32 = 14;
/// A UTC offset after other dates, where `14:00-16:00` is a range.
const OFFSET: &str = r"[+-]\d{4} | \+\d{2}(?::\d{2})?";
/// The days after the first of several: `12 en 13 maart`, `12-14 maart`.
const OTHER_DAYS: &str = r"(?:\s* (?:-|–|—|/|&|\+|en|and|t/m|tot|to|tot\s+en\s+met) \s* \d{1,2}
    (?:st|nd|rd|th|ste|de|e)? )?";

/// Days of the week from Monday on, in Dutch and English.
const WEEKDAYS: [(&str, &str); 7] = [
    ("maandag", "monday"),
    ("dinsdag", "tuesday"),
    ("woensdag", "wednesday"),
    ("donderdag", "thursday"),
    ("vrijdag", "friday"),
    ("zaterdag", "saturday"),
    ("zondag", "sunday"),
];

/// Zone abbreviations that programs write, with their UTC offset in hours.
const ZONES: [(&str, i8); 19] = [
    ("Z", 0),
    ("UT", 0),
    ("UTC", 0),
    ("GMT", 0),
    ("WET", 0),
    ("WEST", 1),
    ("BST", 1),
    ("CET", 1),
    ("MET", 1),
    ("CEST", 2),
    ("MEST", 2),
    ("EET", 2),
    ("EEST", 3),
    ("AST", -4),
    ("EDT", -4),
    ("EST", -5),
    ("CDT", -5),
    ("PDT", -7),
    ("PST", -8),
];

static FULL_DATES: LazyLock<[Regex; 7]> = LazyLock::new(|| {
    let (iso_time, time) = (time(ISO_OFFSET), time(OFFSET));
    [
        // 2026-03-12
        format!(r"^ (?P<year>\d{{4}})-(?P<month>\d{{1,2}})-(?P<day>\d{{1,2}}) {iso_time}"),
        // 2026/03/12
        format!(r"^ (?P<year>\d{{4}})[/.](?P<month>\d{{1,2}})[/.](?P<day>\d{{1,2}}) {iso_time}"),
        // 20260312, 20260312T140000Z
        r"^ (?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})
            (?: T (?P<hour>\d{2})(?P<minute>\d{2})(?:\d{2})? (?P<zone>Z|[+-]\d{2}:?\d{2})? )? $"
            .to_owned(),
        // 12-03-2026
        format!(r"^ (?P<day>\d{{1,2}})[-/.](?P<numeric>\d{{1,2}})[-/.](?P<year>\d{{4}}) {time}"),
        // donderdag 12 maart 2026, 12-mrt-26
        format!(
            r"^ (?:(?P<weekday>\p{{L}}+)[.,]*\s+)? (?P<day>\d{{1,2}})(?:st|nd|rd|th|ste|de|e)? {OTHER_DAYS}
                [\s-]+ (?:of\s+)? (?P<word>\p{{L}}{{3,}}\.?)[\s,-]+ (?P<year>\d{{4}}|['’]?\d{{2}}) {time}"
        ),
        // March 12th, 2026
        format!(
            r"^ (?:(?P<weekday>\p{{L}}+)[.,]*\s+)? (?P<word>\p{{L}}{{3,}}\.?)\s+
                (?P<day>\d{{1,2}})(?:st|nd|rd|th)? {OTHER_DAYS} ,?\s+ (?P<year>\d{{4}}) {time}"
        ),
        // 2026-Mar-12
        format!(
            r"^ (?P<year>\d{{4}})[\s-]+(?P<word>\p{{L}}{{3,}})[\s-]+(?P<day>\d{{1,2}}) {time}"
        ),
    ]
    .map(|text| pattern(&text))
});
static PARTIAL_DATES: LazyLock<[Regex; 3]> = LazyLock::new(|| {
    [
        // 2026-03
        r"^ (?P<year>\d{4})[-/](?P<month>\d{1,2}) $",
        // 03-2026
        r"^ (?P<month>\d{1,2})[-/](?P<year>\d{4}) $",
        // in de zomer van 2025, eind juni 2026, 2026
        r"^ (?:in\s+)? (?:(?:de|het|the)\s+)? (?:(?:begin|medio|eind|early|mid|late)\s+)?
          (?:(?P<word>\p{L}{3,}\.?)\s+)? (?:(?:van|of)\s+)? (?P<year>\d{4}) $",
    ]
    .map(pattern)
});
/// A day with the first and the last time of a range, which also reads as a time with a UTC offset.
static ISO_RANGE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"^ (?P<begin>\d{4}-\d{2}-\d{2} [\ T] (?P<first>\d{2}:\d{2})) \s*[-–]\s* (?P<last>(?:[01]\d|2[0-4]):[0-5]\d) $",
    )
});
/// A UTC offset beyond 14 hours.
static IMPOSSIBLE_OFFSET: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"[+-] (?:1[5-9]|2\d) (?: :?\d{2} )? (?:\[.*\])? $"));
/// The separator between the first and the last moment of a range.
static RANGE: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"\s+(?:-|–|—|t/m|tot\s+en\s+met|tot|until|to)\s+"));

fn pattern(text: &str) -> Regex {
    Regex::new(&format!("(?ix){text}")).expect("constant regex is valid, covered by tests")
}

/// Parses a moment; `zone_name` applies if the text does not specify a zone.
///
/// # Errors
/// [`MomentError`] if the zone is unknown, or if the text is not a date or the date does not exist.
pub(super) fn parse(text: &str, zone_name: &str) -> Result<Moment, MomentError> {
    let text = text.trim();
    if let Some(moment) = parse_one(text, zone_name)? {
        return Ok(moment);
    }
    // Only the first moment of a range is used, but the last one must be valid too.
    let range = RANGE.find(text).map(|between| (&text[..between.start()], &text[between.end()..]));
    if let Some((first, last)) = range
        && let Some(end) = parse_one(last, zone_name)?
    {
        let with_year = format!("{first} {}", end.date.year());
        for first in [first, &with_year] {
            if let Some(moment) = parse_one(first, zone_name)? {
                return Ok(moment);
            }
        }
    }
    Err(MomentError::Date(text.to_owned()))
}

/// Parses a single moment; `None` if the text is not a moment or the moment does not exist.
fn parse_one(text: &str, zone_name: &str) -> Result<Option<Moment>, MomentError> {
    let time_zone = moment::zone(zone_name)?;
    if let Some(range) = ISO_RANGE.captures(text)
        && range["first"] <= range["last"]
    {
        return parse_one(&range["begin"], zone_name);
    }
    let timestamp = text.parse::<Timestamp>().ok().filter(|_| !IMPOSSIBLE_OFFSET.is_match(text));
    let moment = if let Some(timestamp) = timestamp {
        let local = timestamp.to_zoned(time_zone).datetime();
        Some(Moment::instant(local.date(), local.time(), zone_name)?)
    } else if let Some(captures) = FULL_DATES.iter().find_map(|pattern| pattern.captures(text)) {
        day(&captures, &time_zone, zone_name).transpose()?
    } else {
        let captures = PARTIAL_DATES.iter().find_map(|pattern| pattern.captures(text));
        match captures.and_then(|captures| first_day(&captures)) {
            Some((date, precision)) => {
                let moment = Moment { precision, ..Moment::day(date, zone_name)? };
                let text = has_more_detail(text, &moment).then(|| text.to_owned());
                Some(Moment { text, ..moment })
            }
            None => None,
        }
    };
    Ok(moment.filter(|moment| VALID_YEARS.contains(&moment.date.year())))
}

/// A day with an optional time; `None` if it does not exist.
fn day(
    captures: &Captures,
    time_zone: &TimeZone,
    zone_name: &str,
) -> Option<Result<Moment, MomentError>> {
    let number = |name: &str| captures.name(name)?.as_str().parse::<i8>().ok();
    let month = match captures.name("word") {
        Some(word) => month_number(word.as_str())?,
        None => number("month").or_else(|| number("numeric"))?,
    };
    let date = Date::new(year(&captures["year"])?, month, number("day")?).ok()?;
    let weekday = captures.name("weekday").and_then(|word| weekday(word.as_str()));
    if weekday.is_some_and(|weekday| weekday != date.weekday()) {
        return Some(Err(MomentError::Weekday(captures[0].to_owned())));
    }
    if captures.name("hour").is_none() {
        return Some(Moment::day(date, zone_name));
    }
    let hour = match (number("hour")?, captures.name("half").map(|half| half.as_str())) {
        (hour, None) => hour,
        // With a 12-hour time, 3/12 may mean 3 December or 12 March.
        (_, Some(_)) if captures.name("numeric").is_some() => return None,
        (hour @ 1..=12, Some("a" | "A")) => hour % 12,
        (hour @ 1..=12, Some(_)) => hour % 12 + 12,
        _ => return None,
    };
    let minute = if captures.name("minute").is_some() { number("minute")? } else { 0 };
    let time = Time::new(hour, minute, 0, 0).ok()?;
    let written = date.to_datetime(time);
    let local = match captures.name("zone") {
        Some(zone) => {
            let instant = match zone.as_str().trim() {
                name if name.contains('/') => match instant(written, &moment::zone(name).ok()?) {
                    Some(instant) => instant,
                    None => return Some(Err(MomentError::SkippedTime(captures[0].to_owned()))),
                },
                offset_text => {
                    let offset = offset(offset_text)?;
                    if offset.seconds().abs() > OFFSET_HOURS_MAX * 3_600 {
                        return None;
                    }
                    offset.to_timestamp(written).ok()?
                }
            };
            instant.to_zoned(time_zone.clone()).datetime()
        }
        // A name without an offset before it is the zone; what else it could be is unknown.
        None if captures.name("comment").is_some() => return None,
        None => match captures.name("bracket") {
            Some(name) => match instant(written, &moment::zone(name.as_str()).ok()?) {
                Some(instant) => instant.to_zoned(time_zone.clone()).datetime(),
                None => return Some(Err(MomentError::SkippedTime(captures[0].to_owned()))),
            },
            None if instant(written, time_zone).is_none() => {
                return Some(Err(MomentError::SkippedTime(captures[0].to_owned())));
            }
            None => written,
        },
    };
    Some(Moment::instant(local.date(), local.time(), zone_name))
}

/// The instant of a local time; `None` for a time that the clock skips. Of a time that occurs twice,
/// the first is meant.
fn instant(local: DateTime, time_zone: &TimeZone) -> Option<Timestamp> {
    let ambiguous = time_zone.to_ambiguous_timestamp(local);
    if matches!(ambiguous.offset(), AmbiguousOffset::Gap { .. }) {
        return None;
    }
    ambiguous.compatible().ok()
}

/// The day of the week that a word names, in full or abbreviated.
fn weekday(word: &str) -> Option<Weekday> {
    let word = word.to_lowercase();
    let is_named = |names: &[&str], length_min| {
        names.iter().any(|name| name.starts_with(&word) && word.len() >= length_min)
    };
    let weekday = |(number, (dutch, english)): (i8, (&str, &str))| {
        (is_named(&[dutch], 2) || is_named(&[english], 3)).then_some(number)
    };
    let number = (1..).zip(WEEKDAYS).find_map(weekday)?;
    Weekday::from_monday_one_offset(number).ok()
}

/// A year of two or four digits.
fn year(text: &str) -> Option<i16> {
    match text.trim_start_matches(['\'', '’']) {
        short if short.len() == 2 => {
            let year = short.parse::<i16>().ok()?;
            Some(if year < 70 { 2000 + year } else { 1900 + year })
        }
        year => year.parse().ok(),
    }
}

/// The UTC offset of a zone abbreviation or a numeric offset.
fn offset(text: &str) -> Option<Offset> {
    // An abbreviation after an offset denotes the same zone.
    let text = text.split_whitespace().next()?.to_uppercase();
    if let Some((_, hours)) = ZONES.iter().find(|(name, _)| *name == text) {
        return Offset::from_hours(*hours).ok();
    }
    let text = text.trim_start_matches("UTC").trim_start_matches("GMT");
    let (sign, digits) = text.split_at_checked(1)?;
    let digits = digits.replace(':', "");
    let (hours, minutes) = digits.split_at_checked(digits.len().min(2))?;
    let hours: i32 = hours.parse().ok()?;
    let minutes: i32 = if minutes.is_empty() { 0 } else { minutes.parse().ok()? };
    let seconds = hours * 3_600 + minutes * 60;
    match sign {
        "+" => Offset::from_seconds(seconds).ok(),
        "-" => Offset::from_seconds(-seconds).ok(),
        _ => None,
    }
}

/// The first day of a month, season or year.
fn first_day(captures: &Captures) -> Option<(Date, DatePrecision)> {
    let year = year(&captures["year"])?;
    let word = captures.name("word").map(|word| word.as_str());
    let (month, precision) = match (captures.name("month"), word) {
        (Some(month), _) => (month.as_str().parse().ok()?, DatePrecision::Month),
        (None, None) => (1, DatePrecision::Year),
        (None, Some(word)) => match season_month(word) {
            Some(month) => (month, DatePrecision::Season),
            None => (month_number(word)?, DatePrecision::Month),
        },
    };
    Some((Date::new(year, month, 1).ok()?, precision))
}

/// Whether the words of a text say more than its date and precision, as in `eind juni 2026`.
fn has_more_detail(text: &str, moment: &Moment) -> bool {
    let is_same = |language| text.eq_ignore_ascii_case(&moment.describe(language));
    text.contains(char::is_alphabetic) && ![Language::Nl, Language::En].into_iter().any(is_same)
}

/// Shifts a date by a number of days.
pub(super) fn shift_date(date: Date, days: i64) -> Date {
    date.checked_add(days.clamp(-100_000, 100_000).days()).unwrap_or(date)
}

/// Shifts a moment by a number of days. An imprecise one moves to the month, season or year that
/// contains its shifted midpoint, and loses its original text, which would name another period.
pub(super) fn shift(moment: Moment, days: i64) -> Moment {
    if days == 0 {
        return moment;
    }
    let middle_days = match moment.precision {
        DatePrecision::Instant | DatePrecision::Day => 0,
        DatePrecision::Month => 14,
        DatePrecision::Season => 45,
        DatePrecision::Year => 182,
    };
    let moved = shift_date(moment.date, days + middle_days);
    let first_of = |month: i8, years_back: i16| {
        Date::new(moved.year() - years_back, month, 1).unwrap_or(moved)
    };
    let date = match (moment.precision, moved.month()) {
        (DatePrecision::Instant | DatePrecision::Day, _) => moved,
        (DatePrecision::Month, month) => first_of(month, 0),
        (DatePrecision::Year, _) => first_of(1, 0),
        (DatePrecision::Season, 1 | 2) => first_of(12, 1),
        (DatePrecision::Season, month) => first_of(month - month % 3, 0),
    };
    Moment { date, text: None, ..moment }
}
