//! Moments as sources write them, to [`EventMoment`]s as exact as they are known.

use std::sync::LazyLock;

use jiff::{
    Timestamp, ToSpan,
    civil::{Date, Time},
};
use regex::{Captures, Regex};
use schema::{
    DatePrecision, EventMoment, MomentError,
    event_moment::{month_number, season_month, zone},
};

/// Dates outside these years are mistakes.
const VALID_YEARS: std::ops::RangeInclusive<i16> = 1900..=2199;

/// `14:00`, `14.00 uur`, `14u30`, with seconds or without.
const TIME: &str = r"(?: (?: T | ,?\s+ (?:(?:om|at)\s+)? )
    (?P<hour>\d{1,2}) [:.u] (?P<minute>\d{2}) (?: :\d{2} (?:\.\d+)? )? (?:\s*uur)? )? $";

static FULL_DATES: LazyLock<[Regex; 4]> = LazyLock::new(|| {
    [
        // 2026-03-12
        r"^ (?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})",
        // 12-03-2026
        r"^ (?P<day>\d{1,2})[-/.](?P<month>\d{1,2})[-/.](?P<year>\d{4})",
        // donderdag 12 maart 2026
        r"^ (?:\p{L}+,?\s+)? (?P<day>\d{1,2})\s+ (?P<word>\p{L}{3,}\.?)\s+ (?P<year>\d{4})",
        // March 12th, 2026
        r"^ (?:\p{L}+,\s+)? (?P<word>\p{L}{3,}\.?)\s+
          (?P<day>\d{1,2})(?:st|nd|rd|th)?,?\s+ (?P<year>\d{4})",
    ]
    .map(|day| pattern(&format!("{day}{TIME}")))
});
static PARTIAL_DATES: LazyLock<[Regex; 2]> = LazyLock::new(|| {
    [
        // 2026-03
        r"^ (?P<year>\d{4})-(?P<month>\d{1,2}) $",
        // in de zomer van 2025, eind juni 2026, 2026
        r"^ (?:in\s+)? (?:(?:de|het|the)\s+)? (?:(?:begin|medio|eind|early|mid|late)\s+)?
          (?:(?P<word>\p{L}{3,}\.?)\s+)? (?:(?:van|of)\s+)? (?P<year>\d{4}) $",
    ]
    .map(pattern)
});

fn pattern(text: &str) -> Regex {
    Regex::new(&format!("(?ix){text}")).expect("constant regex is valid, covered by tests")
}

/// Reads a moment, meant in `zone_name` where it does not say.
///
/// # Errors
/// [`MomentError`] where the zone is unknown, or the text is no date or one that does not exist.
pub(super) fn parse(text: &str, zone_name: &str) -> Result<EventMoment, MomentError> {
    let time_zone = zone(zone_name)?;
    let text = text.trim();
    if let Ok(timestamp) = text.parse::<Timestamp>() {
        let local = timestamp.to_zoned(time_zone).datetime();
        return EventMoment::instant(local.date(), local.time(), zone_name)
            .and_then(|moment| in_range(moment, text));
    }
    if let Some(captures) = FULL_DATES.iter().find_map(|pattern| pattern.captures(text)) {
        return day(&captures, zone_name)
            .unwrap_or_else(|| Err(not_a_date(text)))
            .and_then(|moment| in_range(moment, text));
    }
    let captures = PARTIAL_DATES.iter().find_map(|pattern| pattern.captures(text));
    let (date, precision) =
        captures.and_then(|captures| first_day(&captures)).ok_or_else(|| not_a_date(text))?;
    let moment = EventMoment::day(date, zone_name)?;
    in_range(EventMoment { precision, text: Some(text.to_owned()), ..moment }, text)
}

fn in_range(moment: EventMoment, text: &str) -> Result<EventMoment, MomentError> {
    if VALID_YEARS.contains(&moment.date.year()) { Ok(moment) } else { Err(not_a_date(text)) }
}

fn not_a_date(text: &str) -> MomentError {
    MomentError::Date(text.to_owned())
}

/// A day, with a time where there is one; `None` where it does not exist.
fn day(captures: &Captures, zone_name: &str) -> Option<Result<EventMoment, MomentError>> {
    let number = |name: &str| captures.name(name)?.as_str().parse::<i8>().ok();
    let month = match captures.name("word") {
        Some(word) => month_number(word.as_str())?,
        None => number("month")?,
    };
    let date = Date::new(captures["year"].parse().ok()?, month, number("day")?).ok()?;
    if captures.name("hour").is_none() {
        return Some(EventMoment::day(date, zone_name));
    }
    let time = Time::new(number("hour")?, number("minute")?, 0, 0).ok()?;
    Some(EventMoment::instant(date, time, zone_name))
}

/// The first day of a month, season or year.
fn first_day(captures: &Captures) -> Option<(Date, DatePrecision)> {
    let year = captures["year"].parse().ok()?;
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

/// A date moved by a number of days.
pub(super) fn shift_date(date: Date, days: i64) -> Date {
    date.checked_add(days.clamp(-100_000, 100_000).days()).unwrap_or(date)
}

/// A moment moved by a number of days. A vague one moves to the month, season or year in which
/// its middle comes to lie, and loses its words, which would name another.
pub(super) fn shift(moment: EventMoment, days: i64) -> EventMoment {
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
    EventMoment { date, text: None, ..moment }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use schema::event_moment::HOME_ZONE;

    use super::*;

    /// The date, the time and the precision of a text.
    fn parsed(text: &str) -> String {
        match parse(text, HOME_ZONE) {
            Ok(EventMoment { date, time: Some(time), .. }) => {
                format!("{date} {:02}:{:02}", time.hour(), time.minute())
            }
            Ok(EventMoment { date, precision, .. }) => format!("{date} {precision}"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn days_must_be_read_in_every_form_that_people_use() {
        for text in [
            "2026-03-12",
            "2026-3-12",
            "12-03-2026",
            "12-3-2026",
            "12/03/2026",
            "12.03.2026",
            "12 maart 2026",
            "12 mrt. 2026",
            "donderdag 12 maart 2026",
            "12 March 2026",
            "March 12, 2026",
            "Thursday, March 12th 2026",
        ] {
            assert_eq!(parsed(text), "2026-03-12 DAY", "{text}");
        }
    }

    #[test]
    fn times_must_be_local_unless_they_have_an_offset() {
        for text in [
            "2026-03-12T14:00",
            "2026-03-12 14:00:00",
            "12-03-2026 14:00",
            "12 maart 2026, 14.00 uur",
            "donderdag 12 maart 2026 om 14:00 uur",
            "2026-03-12T13:00:00Z",
            "2026-03-12T14:00:00+01:00",
            "2026-03-12T08:00-05:00",
        ] {
            assert_eq!(parsed(text), "2026-03-12 14:00", "{text}");
        }
    }

    #[test]
    fn vague_moments_must_preserve_their_precision() {
        for (text, first) in [
            ("in de zomer van 2025", "2025-06-01 SEASON"),
            ("zomer 2025", "2025-06-01 SEASON"),
            ("Summer of 2026", "2026-06-01 SEASON"),
            ("voorjaar 2026", "2026-03-01 SEASON"),
            ("juni 2026", "2026-06-01 MONTH"),
            ("eind juni 2026", "2026-06-01 MONTH"),
            ("2026-06", "2026-06-01 MONTH"),
            ("2026", "2026-01-01 YEAR"),
            ("in 2026", "2026-01-01 YEAR"),
        ] {
            assert_eq!(parsed(text), first, "{text}");
        }
        let original_text = parse("in de zomer van 2025", HOME_ZONE).unwrap().text;
        assert_eq!(original_text.as_deref(), Some("in de zomer van 2025"));
    }

    #[test]
    fn invalid_dates_must_be_rejected() {
        for text in [
            "2025-02-30",
            "31-04-2026",
            "12-13-2026",
            "2026-03-12T25:00",
            "binnenkort",
            "12 blauw 2026",
            "blauw 2026",
            "0026-01-01",
            "9999",
            "12-03-26",
            "2026-03-12 en verder",
            "",
        ] {
            assert_eq!(parse(text, HOME_ZONE), Err(not_a_date(text)), "{text}");
        }
        let error = parse("2026", "Europe/Zeeveen").unwrap_err();
        assert_eq!(error, MomentError::Zone("Europe/Zeeveen".to_owned()));
    }

    #[test]
    fn a_shift_must_move_days_exactly_and_vague_moments_to_the_nearest() {
        let moved = |text: &str, days: i64| {
            let moment = shift(parse(text, HOME_ZONE).unwrap(), days);
            (moment.date.to_string(), moment.text)
        };
        let date = |date: &str| (date.to_owned(), None);
        assert_eq!(moved("2026-03-12T14:00", 7), date("2026-03-19"));
        assert_eq!(moved("juni 2026", 7), date("2026-06-01"));
        assert_eq!(moved("juni 2026", -7), date("2026-06-01"));
        assert_eq!(moved("juni 2026", 28), date("2026-07-01"));
        assert_eq!(moved("zomer 2025", 91), date("2025-09-01"));
        assert_eq!(moved("zomer 2025", 224), date("2025-12-01"));
        assert_eq!(moved("winter 2025", 28), date("2025-12-01"));
        assert_eq!(moved("2026", 364), date("2027-01-01"));
        assert_eq!(moved("2026", 0), ("2026-01-01".to_owned(), Some("2026".to_owned())));
    }

    proptest! {
        #[test]
        fn no_text_must_make_the_reader_panic(
            text in "[0-9a-z:.T/ +-]{0,24}", days in any::<i64>()
        ) {
            if let Ok(moment) = parse(&text, HOME_ZONE) {
                shift(moment, days).latest();
            }
        }
    }
}
