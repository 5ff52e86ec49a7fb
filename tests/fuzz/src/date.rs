//! Dates and recurrence rules: every text is a moment that can be computed with, or is rejected
//! with a reason.

use std::sync::LazyLock;

use indexer::ingest::fuzz_support::{ParsedDates, WrittenDates, parse_dates};
use schema::{DatePrecision, Language, Moment, Series, recurrence::OCCURRENCES_MAX};

use crate::{byte_source::ByteSource, source_file::SourceFile};

/// Fragments of dates and times.
const DATE: [&str; 56] = [
    "2026",
    "-",
    "3",
    "12",
    " ",
    "maart",
    "2026-03-12",
    "T14:00",
    "14:00",
    "14.00 uur",
    "Z",
    "+01:00",
    "CET",
    "/",
    ".",
    ":",
    ",",
    "03",
    "29",
    "30",
    "31",
    "02",
    "00",
    "24",
    "60",
    "1900",
    "2199",
    "0000",
    "9999",
    "'26",
    "zomer",
    "winter",
    "eind ",
    "van ",
    "in de ",
    "March",
    "mrt.",
    "donderdag ",
    "Thu, ",
    " t/m ",
    " – ",
    " tot ",
    " en ",
    "e",
    "th",
    " PM",
    " a.m.",
    "GMT+0100",
    " (x)",
    "[Europe/Amsterdam]",
    " Europe/Amsterdam",
    "+14",
    "-99",
    "é",
    "\u{a0}",
    "٣",
];
/// Starts that are valid, so that the other dates are parsed.
const STARTS: [&str; 8] = [
    "2026-03-12",
    "2026-03-12T14:00",
    "29 februari 2028 om 2.30 uur",
    "2026-03-29T02:30",
    "2026-10-25T02:30+01:00",
    "zomer 2026",
    "2199-12-31",
    "1900",
];
const FREQUENCIES: [&str; 6] = [
    "FREQ=DAILY",
    "FREQ=WEEKLY",
    "RRULE:FREQ=MONTHLY",
    "FREQ=YEARLY",
    "freq=weekly",
    "FREQ=HOURLY",
];
/// Valid rule parts.
const RULE_PARTS: [&str; 14] = [
    ";COUNT=3",
    ";COUNT=3660",
    ";INTERVAL=2",
    ";UNTIL=20270101",
    ";UNTIL=2027-01-01T02:30",
    ";BYDAY=MO,WE",
    ";BYDAY=-1FR",
    ";BYMONTH=2,12",
    ";BYMONTHDAY=29",
    ";BYSETPOS=-1",
    ";BYYEARDAY=366",
    ";BYWEEKNO=53",
    ";WKST=SU",
    "",
];
/// Names of rule parts, possibly with a value that they do not have.
const RULE_NAMES: [&str; 14] = [
    ";COUNT=",
    ";INTERVAL=",
    ";UNTIL=",
    ";BYDAY=",
    ";BYMONTH=",
    ";BYMONTHDAY=",
    ";BYSETPOS=",
    ";BYYEARDAY=",
    ";BYWEEKNO=",
    ";WKST=",
    ";BYHOUR=",
    ";BYEASTER=",
    ";",
    ",",
];
/// Values of rule parts, and exclusions.
const RULE_VALUES: [&str; 26] = [
    "3",
    "1",
    "2",
    "-1",
    "MO",
    "1TU",
    "-1FR",
    "MO,WE",
    "20270101",
    "20270101T000000Z",
    "2027-01-01",
    "EXDATE:20260313",
    "0",
    "12",
    "29",
    "30",
    "31",
    "53",
    "366",
    "3660",
    "65536",
    "18446744073709551616",
    "T",
    "Z",
    "\n",
    " ",
];
const ZONES: [&str; 6] =
    ["", "Europe/Amsterdam", "America/Kralendijk", "W. Europe Standard Time", "UTC", "Europe/X"];
/// Days by which a demonstration is shifted.
const SHIFTS: [i64; 5] = [0, 1, -45, 100_000, i64::MIN];

static SOURCE: LazyLock<SourceFile> = LazyLock::new(|| {
    SourceFile::new("name = 'items'\nkind = 'jsonlines'\npath = 'items'\nlanguage = 'NL'")
});

/// Checks the dates of an event derived from the bytes.
pub fn check(bytes: &[u8]) {
    let (written, parsed) = parse(bytes);
    assert_eq!(parsed, parse(bytes).1, "{written:?}");
    match parsed {
        Err(reason) => assert!(!reason.is_empty(), "a rejection without a reason: {written:?}"),
        Ok(ParsedDates { start, end, series }) => {
            for moment in start.iter().chain(&end) {
                assert_moment(moment, &written);
            }
            if let (Some(start), Some(end)) = (&start, &end) {
                assert!(start.earliest() <= end.latest(), "{written:?}");
            }
            if let Some(series) = series {
                let start = start.expect("a series has a start");
                assert_series(&series, &start, end.as_ref(), &written);
            }
        }
    }
}

/// The dates derived from the bytes, or why they are rejected.
#[cfg(test)]
pub(crate) fn outcome(bytes: &[u8]) -> Result<ParsedDates, String> {
    parse(bytes).1
}

fn parse(bytes: &[u8]) -> (WrittenDates, Result<ParsedDates, String>) {
    let mut choices = ByteSource::new(bytes);
    let written = written_dates(&mut choices);
    let shift_days = *choices.pick(&SHIFTS);
    let parsed = parse_dates(&written, SOURCE.source(), shift_days);
    (written, parsed)
}

fn written_dates(choices: &mut ByteSource) -> WrittenDates {
    let is_valid_start = !choices.one_in(3);
    let start =
        if is_valid_start { (*choices.pick(&STARTS)).to_owned() } else { text(choices, &DATE) };
    let optional = |choices: &mut ByteSource, parts: &[&str]| {
        if choices.one_in(6) { text(choices, parts) } else { String::new() }
    };
    WrittenDates {
        start,
        end: optional(choices, &DATE),
        zone: (*choices.pick(&ZONES)).to_owned(),
        rule: if is_valid_start && choices.one_in(2) { rule(choices) } else { String::new() },
        exclude: optional(choices, &RULE_VALUES),
        add: optional(choices, &DATE),
    }
}

/// A recurrence rule, usually with up to four parts, otherwise any text.
fn rule(choices: &mut ByteSource) -> String {
    if choices.one_in(8) {
        return choices.text(64);
    }
    let mut rule = (*choices.pick(&FREQUENCIES)).to_owned();
    for _ in 0..choices.below(4) {
        if choices.one_in(4) {
            rule.push_str(choices.pick::<&str>(&RULE_NAMES));
            rule.push_str(choices.pick::<&str>(&RULE_VALUES));
        } else {
            rule.push_str(choices.pick::<&str>(&RULE_PARTS));
        }
    }
    rule
}

/// Usually up to eight of `parts`, otherwise any text.
fn text(choices: &mut ByteSource, parts: &[&str]) -> String {
    if choices.one_in(8) {
        return choices.text(64);
    }
    (0..=choices.below(8)).map(|_| *choices.pick(parts)).collect()
}

/// Asserts that a moment has an extent and that its exact form denotes the same moment.
fn assert_moment(moment: &Moment, written: &WrittenDates) {
    assert!(moment.earliest() <= moment.latest(), "{written:?}");
    assert!(!moment.describe(Language::Nl).is_empty(), "{written:?}");
    assert_eq!(moment.time.is_some(), moment.precision == DatePrecision::Instant, "{written:?}");
    if !(1_900..2_200).contains(&moment.date.year()) {
        // Only a shift leads here.
        return;
    }
    let exact = match moment.time {
        Some(time) => format!("{}T{time}", moment.date),
        None => moment.date.to_string(),
    };
    let exact = WrittenDates { start: exact, zone: moment.zone.clone(), ..WrittenDates::default() };
    let again = parse_dates(&exact, SOURCE.source(), 0).expect("an exact date is valid");
    let again = again.start.expect("a start");
    assert_eq!((again.date, again.time), (moment.date, moment.time), "{written:?}");
    assert_eq!(again.zone, moment.zone, "{written:?}");
}

/// Asserts that a series has at most [`OCCURRENCES_MAX`] occurrences, in order, that all that are not
/// added are after its start and on no excluded day, and that it is valid when it is read from a
/// store.
fn assert_series(series: &Series, start: &Moment, end: Option<&Moment>, written: &WrittenDates) {
    let occurrences = series.expand(start, end);
    let is_added = |start: &Moment| series.added.iter().any(|added| added.start == *start);
    let of_rule = occurrences.all().iter().filter(|one| !is_added(&one.moment));
    let dates: Vec<_> = of_rule.map(|one| one.moment.date).collect();
    assert!(occurrences.all().len() <= usize::from(OCCURRENCES_MAX), "{written:?}");
    assert!(dates.is_sorted_by(|a, b| a < b), "{dates:?}: {written:?}");
    assert!(occurrences.all().is_sorted_by_key(|one| one.begins), "{written:?}");
    assert!(dates.first().is_none_or(|first| *first >= start.date), "{written:?}");
    assert!(!dates.iter().any(|date| series.excluded.contains(date)), "{written:?}");
    let ends_late = occurrences.all().iter().all(|one| one.begins <= one.ends);
    assert!(ends_late, "{written:?}");
    let again = series.clone().validated(start, end);
    assert_eq!(again.as_ref(), Ok(series), "{written:?}");
}
