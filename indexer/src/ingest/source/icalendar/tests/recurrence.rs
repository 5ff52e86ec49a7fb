//! Rules, exceptions and occurrences that differ.

use super::*;

const SERIES: &str = "DTSTART;TZID=Europe/Amsterdam:20260908T100000\n\
    DTEND;TZID=Europe/Amsterdam:20260908T113000\nRRULE:FREQ=WEEKLY;COUNT=12\n";

/// The series of the event with these lines, and of the occurrences that differ.
fn series(lines: &str, overrides: &[&str]) -> Value {
    let mut events = event("1", lines);
    for lines in overrides {
        // The order has no meaning.
        events = event("1", lines) + &events;
    }
    fields(&items_of(&events))["series"].clone()
}

fn excluded(lines: &str) -> Value {
    series(&format!("{SERIES}{lines}"), &[])["exclude"].clone()
}

#[test]
fn a_rule_must_be_read_with_its_exceptions_in_every_notation() {
    let plain = json!({ "rule": "FREQ=WEEKLY;COUNT=12", "exclude": [], "add": [] });
    assert_eq!(series(SERIES, &[]), plain);
    assert_eq!(
        excluded(
            "EXDATE;TZID=Europe/Amsterdam:20261110T100000,20261117T100000\n\
                  EXDATE:20261020T080000Z\nEXDATE;VALUE=DATE:20261027\n\
                  EXDATE;TZID=America/New_York:20261124T040000\nEXDATE:20261006T100000\nEXDATE:"
        ),
        json!(["2026-10-06", "2026-10-20", "2026-10-27", "2026-11-10", "2026-11-17", "2026-11-24"])
    );
    let all_day = series(
        "DTSTART;VALUE=DATE:20200312\nRRULE:FREQ=YEARLY\nEXDATE;VALUE=DATE:20270312\n\
         EXDATE:20280312T000000\nRDATE;VALUE=DATE:20210401,20210405",
        &[],
    );
    assert_eq!(
        all_day,
        json!({ "rule": "FREQ=YEARLY", "exclude": ["2027-03-12", "2028-03-12"],
            "add": [{ "start": "2021-04-01" }, { "start": "2021-04-05" }] })
    );
}

#[test]
fn added_dates_must_have_their_own_end_if_they_are_periods() {
    let rdates = "RDATE;TZID=Europe/Amsterdam:20261113T090000\n\
        RDATE;VALUE=PERIOD:20261114T080000Z/20261114T100000Z,20261115T080000Z/PT3H\n\
        EXDATE;TZID=Europe/Amsterdam:20261113T090000";
    assert_eq!(
        series(&format!("{SERIES}{rdates}"), &[]),
        json!({ "rule": "FREQ=WEEKLY;COUNT=12", "exclude": [], "add": [
            { "start": "2026-11-14T08:00:00Z", "end": "2026-11-14T10:00:00Z" },
            { "start": "2026-11-15T08:00:00Z", "end": "2026-11-15T11:00:00Z" },
        ] })
    );
    // Without a rule, the start is the only occurrence that is not added.
    assert_eq!(
        series("DTSTART:20261203T130000\nRDATE:20261204T130000", &[]),
        json!({ "rule": "FREQ=DAILY;COUNT=1", "exclude": [],
            "add": [{ "start": "2026-12-04T12:00:00Z" }] })
    );
}

#[test]
fn occurrences_that_differ_must_replace_those_of_the_rule() {
    let moved = "RECURRENCE-ID;TZID=Europe/Amsterdam:20261013T100000\n\
        DTSTART;TZID=Europe/Amsterdam:20261014T140000\nDTEND;TZID=Europe/Amsterdam:20261014T153000";
    let cancelled = "RECURRENCE-ID:20261020T080000Z\nSTATUS:CANCELLED\nDTSTART:20261020T080000Z";
    let private = "RECURRENCE-ID:20261027T090000Z\nCLASS:PRIVATE\nDTSTART:20261027T190000Z";
    let outside = "RECURRENCE-ID:20261028T090000Z\nDTSTART:20261028T090000Z\nDURATION:PT1H";
    assert_eq!(
        series(SERIES, &[moved, cancelled, private, outside]),
        json!({
            "rule": "FREQ=WEEKLY;COUNT=12",
            "exclude": ["2026-10-13", "2026-10-20", "2026-10-27", "2026-10-28"],
            "add": [
                { "start": "2026-10-14T12:00:00Z", "end": "2026-10-14T13:30:00Z" },
                { "start": "2026-10-28T09:00:00Z", "end": "2026-10-28T10:00:00Z" },
            ],
        })
    );
    // An added occurrence is moved; the one of the rule on that day takes place.
    let added = format!("{SERIES}RDATE;TZID=Europe/Amsterdam:20261013T200000");
    let later = "RECURRENCE-ID;TZID=Europe/Amsterdam:20261013T200000\nDTSTART:20261013T190000Z";
    assert_eq!(
        series(&added, &[later]),
        json!({ "rule": "FREQ=WEEKLY;COUNT=12", "exclude": [],
            "add": [{ "start": "2026-10-13T19:00:00Z" }] })
    );
}

#[test]
fn the_title_and_venue_must_be_those_of_the_series() {
    let main = event("1", &format!("{SERIES}LOCATION:Den Haag\nLAST-MODIFIED:20260901T080000Z"));
    let other = event(
        "1",
        "RECURRENCE-ID:20261013T080000Z\nDTSTART:20261013T080000Z\n\
        DTEND:20261013T093000Z\nLOCATION:Utrecht\nLAST-MODIFIED:20260915T080000Z",
    );
    let other = other.replace("SUMMARY:T", "SUMMARY:Deze keer anders");
    let fields = fields(&items_of(&format!("{other}{main}")));
    assert_eq!((&fields["title"], &fields["place"]["name"]), (&json!("T"), &json!("Den Haag")));
    assert_eq!(fields["modified_at"], "20260915T080000Z");
}

#[test]
fn a_series_in_utc_must_recur_in_utc() {
    let lines = "DTSTART:20261020T080000Z\nRRULE:FREQ=WEEKLY;UNTIL=20261110T080000Z";
    assert_eq!(fields_of(lines)["time_zone"], "UTC");
    let floating = fields_of("DTSTART:20261020T080000\nRRULE:FREQ=WEEKLY;COUNT=3");
    assert_eq!(floating["time_zone"], "Europe/Amsterdam");
}

#[test]
fn what_is_not_supported_must_be_rejected_with_its_line() {
    for (lines, expected) in [
        ("EXRULE:FREQ=MONTHLY", "10 EXRULE is not supported; list the days"),
        ("RRULE:FREQ=DAILY", "10 property occurs twice: `RRULE`"),
        ("EXDATE:gisteren", "10 `EXDATE`: invalid date or time"),
        ("EXDATE;TZID=Nergens:20261110T100000", "10 `EXDATE`: unknown time zone"),
        ("RDATE;VALUE=DATE:20261110", "10 `RDATE` and `DTSTART` must both be dates"),
        ("RDATE;VALUE=PERIOD:20261110T100000", "10 `RDATE`: invalid period"),
        ("RDATE;VALUE=PERIOD:20261110T100000/-PT1H", "10 invalid duration"),
    ] {
        let found = rejection(&format!("{SERIES}{lines}"));
        assert!(found.starts_with(expected), "{lines}: {found}");
    }
    let range = "RECURRENCE-ID;RANGE=THISANDFUTURE:20261013T080000Z\nDTSTART:20261013T090000Z";
    for (lines, expected) in [
        (range, "!a.ics:14 RANGE=THISANDFUTURE is not supported; end the series"),
        ("RECURRENCE-ID:ooit\nDTSTART:20261013T090000Z", "!a.ics:14 `RECURRENCE-ID`: invalid"),
        ("RECURRENCE-ID:20261013T080000Z", "!a.ics:11 event has no start"),
        ("RECURRENCE-ID:\nDTSTART:20261013T090000Z", "!a.ics:11 `RECURRENCE-ID` is empty"),
    ] {
        let events = format!("{}{}", event("1", SERIES.trim()), event("1", lines));
        let summaries = summaries(&items_of(&events));
        assert!(summaries.len() == 1 && summaries[0].starts_with(expected), "{summaries:?}");
    }
}
