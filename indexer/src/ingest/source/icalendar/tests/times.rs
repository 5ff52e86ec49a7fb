//! Starts, ends and durations.

use super::*;

/// Start, end and zone of an event with these lines.
fn times(lines: &str) -> [String; 3] {
    let fields = fields_of(lines);
    ["start", "end", "time_zone"].map(|name| fields[name].as_str().unwrap_or("-").to_owned())
}

#[test]
fn a_start_and_end_must_be_read_in_every_notation() {
    let home = "Europe/Amsterdam";
    for (lines, expected) in [
        (
            "DTSTART:20261203T130000Z\nDTEND:20261203T140000Z",
            ["2026-12-03T13:00:00Z", "2026-12-03T14:00:00Z", home],
        ),
        (
            "DTSTART;TZID=America/New_York:20261203T130000\nDTEND;TZID=Europe/London:20261203T200000",
            ["2026-12-03T18:00:00Z", "2026-12-03T20:00:00Z", "America/New_York"],
        ),
        (
            "DTSTART:20261210T190000\nDTEND:20261210T210000",
            ["2026-12-10T18:00:00Z", "2026-12-10T20:00:00Z", home],
        ),
        ("DTSTART;TZID=Europe/Amsterdam:20261210T190000Z", ["2026-12-10T19:00:00Z", "-", home]),
        // The end of whole days is exclusive.
        (
            "DTSTART;VALUE=DATE:20261119\nDTEND;VALUE=DATE:20261121",
            ["2026-11-19", "2026-11-20", home],
        ),
        ("DTSTART;VALUE=DATE:20261119\nDTEND;VALUE=DATE:20261120", ["2026-11-19", "-", home]),
        ("DTSTART;VALUE=DATE:20261119\nDTEND;VALUE=DATE:20261119", ["2026-11-19", "-", home]),
        ("DTSTART:20261119", ["2026-11-19", "-", home]),
        ("DTSTART;VALUE=DATE:20261119\nDURATION:P1D", ["2026-11-19", "-", home]),
        ("DTSTART;VALUE=DATE:20261119\nDURATION:P1W", ["2026-11-19", "2026-11-25", home]),
        ("DTSTART;VALUE=DATE:20261119\nDURATION:PT48H", ["2026-11-19", "2026-11-20", home]),
        (
            "DTSTART:20261203T130000Z\nDURATION:PT1H30M",
            ["2026-12-03T13:00:00Z", "2026-12-03T14:30:00Z", home],
        ),
        // A day is a day by the calendar: this one has 25 hours.
        (
            "DTSTART;TZID=Europe/Amsterdam:20261024T200000\nDURATION:P1DT1H",
            ["2026-10-24T18:00:00Z", "2026-10-25T20:00:00Z", home],
        ),
        ("DTSTART:20261203T130000Z\nDTEND:20261203T130000Z", ["2026-12-03T13:00:00Z", "-", home]),
    ] {
        assert_eq!(times(lines), expected, "{lines}");
    }
}

#[test]
fn an_invalid_start_or_end_must_be_rejected_with_its_line_and_a_remedy() {
    let day = "DTSTART;VALUE=DATE:20261119";
    let time = "DTSTART:20261203T130000Z";
    for (lines, expected) in [
        ("STATUS:CONFIRMED".to_owned(), "4 event has no start; add `DTSTART`"),
        ("DTSTART:morgen".to_owned(), "7 `DTSTART`: invalid date or time, expected 20261119"),
        ("DTSTART;VALUE=DATE:20261119T100000".to_owned(), "7 `DTSTART`: invalid date"),
        ("DTSTART:20261319".to_owned(), "7 `DTSTART`: invalid date"),
        (
            format!("{day}\nDTEND;VALUE=DATE:20261118"),
            "8 end is before the start; correct `DTEND` or `DTSTART`: `2026-11-18`",
        ),
        (format!("{time}\nDTEND:20261203T125959Z"), "8 end is before the start"),
        (format!("{day}\nDTEND:20261120T100000Z"), "8 `DTSTART` and `DTEND` must both be dates"),
        (format!("{time}\nDTEND;VALUE=DATE:20261204"), "8 `DTSTART` and `DTEND` must both be"),
        (format!("{time}\nDURATION:-PT1H"), "8 invalid duration, expected a positive one"),
        (format!("{time}\nDURATION:een uur"), "8 invalid duration"),
        (format!("{time}\nDURATION:P999999999D"), "8 invalid duration"),
        (format!("{day}\nDURATION:PT1H"), "8 an event of whole days must last whole days: `PT1H`"),
        (
            format!("{time}\nDURATION:PT1H\nDTEND:20261203T140000Z"),
            "8 event has both `DTEND` and `DURATION`",
        ),
        (format!("{time}\nDTSTART:20261204T130000Z"), "8 property occurs twice: `DTSTART`"),
        (format!("{time}\neen zin die niet gevouwen is"), "8 not a property; a line break within"),
    ] {
        // An event begins on line 4, and its own lines on line 7.
        assert!(rejection(&lines).starts_with(expected), "{lines}: {}", rejection(&lines));
    }
    let twice = fields_of("DTSTART:20261119\nDTSTART:20261119\nDTEND:");
    assert_eq!(twice["start"], "2026-11-19");
}

#[test]
fn an_hour_that_the_clock_skips_or_repeats_must_be_read_by_the_standard() {
    // With the offset before the gap: half past three in summer time.
    let skipped = times("DTSTART;TZID=Europe/Amsterdam:20260329T023000");
    assert_eq!(skipped[0], "2026-03-29T01:30:00Z");
    let repeated = times("DTSTART;TZID=Europe/Amsterdam:20261025T023000");
    assert_eq!(repeated[0], "2026-10-25T00:30:00Z");
    // The second of the two hours has no local notation.
    let second = times("DTSTART:20261025T013000Z\nDTEND:20261025T030000Z");
    assert_eq!(second, ["2026-10-25T01:30:00Z", "2026-10-25T03:00:00Z", "UTC"]);
    let rule = "RRULE:FREQ=WEEKLY;COUNT=2";
    let series = rejection(&format!("DTSTART;TZID=Europe/Amsterdam:20260329T023000\n{rule}"));
    assert!(series.starts_with("7 the clock skips the start of the series"), "{series}");
    let added = "RDATE:20261025T013000Z";
    let series = format!("DTSTART;TZID=Europe/Amsterdam:20261018T023000\n{rule}\n{added}");
    assert!(rejection(&series).starts_with("9 occurrence of a series in the second of two"));
}
