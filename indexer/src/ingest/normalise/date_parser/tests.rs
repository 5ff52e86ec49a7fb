//! Dates as people and programs write them.

use proptest::prelude::*;
use schema::moment::HOME_ZONE;

use super::*;

/// Date, time and precision of a text.
fn parsed(text: &str) -> String {
    match parse(text, HOME_ZONE) {
        Ok(Moment { date, time: Some(time), .. }) => {
            format!("{date} {:02}:{:02}", time.hour(), time.minute())
        }
        Ok(Moment { date, precision, .. }) => format!("{date} {precision}"),
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
        "2026/03/12",
        "20260312",
        "12-mrt-2026",
        "12-mrt-26",
        "12 mrt '26",
        "12e maart 2026",
        "12de maart 2026",
        "do. 12 mrt. 2026",
        "12th of March 2026",
        "12-Mar-2026",
        "2026-Mar-12",
        "12 en 13 maart 2026",
        "12-14 maart 2026",
        "12 t/m 14 maart 2026",
        "12 maart t/m 2 april 2026",
        "12 maart 2026 – 2 april 2026",
        "2026-03-12 - 2026-03-14",
    ] {
        assert_eq!(parsed(text), "2026-03-12 DAY", "{text}");
    }
}

#[test]
fn a_day_of_the_week_must_be_that_of_the_date() {
    for text in [
        "vrijdag 12 maart 2026",
        "Fri, 12 Mar 2026 14:00:00 +0100",
        "ma. 12 mrt. 2026",
        "Tuesday, March 12th 2026",
    ] {
        assert!(parsed(text).starts_with("day of the week does not belong to this date"), "{text}");
    }
    for text in
        ["do 12 maart 2026", "Thu, 12 Mar 2026", "Thurs March 12, 2026", "vanaf 12 maart 2026"]
    {
        assert_eq!(parsed(text), "2026-03-12 DAY", "{text}");
    }
}

#[test]
fn a_time_that_the_clock_skips_must_be_an_error() {
    for text in [
        "2026-03-29T02:30",
        "29 maart 2026, 2.00 uur",
        "2026-03-29 02:59 Europe/Brussels",
        "2026-03-29T02:30[Europe/Paris]",
    ] {
        assert!(parsed(text).starts_with("time does not exist"), "{text} {}", parsed(text));
    }
    for (text, local) in [
        ("2026-03-29T01:59", "2026-03-29 01:59"),
        ("2026-03-29T03:00", "2026-03-29 03:00"),
        ("2026-10-25T02:30", "2026-10-25 02:30"),
        ("2026-03-29T02:30 Europe/London", "2026-03-29 03:30"),
        ("2026-03-29T02:30+01:00", "2026-03-29 03:30"),
    ] {
        assert_eq!(parsed(text), local, "{text}");
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
        "2026-03-12 14:00:00 +0100",
        "2026-03-12 14:00:00 +01:00",
        "2026-03-12T14:00:00+0100",
        "2026-03-12 14:00+01:00",
        "2026-03-12 14:00:00 CET",
        "2026-03-12 14:00:00 +0100 CET",
        "2026-03-12 14:00 Europe/Amsterdam",
        "2026-03-12 13:00:00 UTC",
        "2026-03-12 09:00 AST",
        "2026-03-12T14:00:00.123+01:00",
        "2026-03-12T14:00:00+01:00[Europe/Amsterdam]",
        "Thu, 12 Mar 2026 14:00:00 +0100",
        "Thu, 12 Mar 2026 13:00:00 GMT",
        "Thu Mar 12 2026 14:00:00 GMT+0100 (Central European Standard Time)",
        "20260312T140000",
        "20260312T130000Z",
        "2026/03/12 14:00",
        "12 maart 2026 14.00 - 16.00 uur",
        "12 maart 2026, 14.00 – 16.00 uur",
        "12 maart 2026 van 14.00 tot 16.00 uur",
        "12 maart 2026 14:00-16:00",
        "12-03-2026 14:00-15:00",
        "12 maart 2026 14 uur",
        "12-03-2026 14:00:00",
        "March 12, 2026 2:00 PM",
        "12-mrt-26 14:00",
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
}

#[test]
fn only_words_that_add_to_the_date_must_be_preserved() {
    let described = |text: &str| {
        let moment = parse(text, HOME_ZONE).unwrap();
        [Language::Nl, Language::En].map(|language| moment.describe(language))
    };
    for text in ["in de zomer van 2025", "eind juni 2026", "mid 2026"] {
        assert_eq!(described(text), [text, text]);
    }
    for text in ["2026-06", "06-2026", "juni 2026", "June 2026"] {
        assert_eq!(described(text), ["juni 2026", "June 2026"], "{text}");
    }
    assert_eq!(described("Zomer 2025"), ["zomer 2025", "summer 2025"]);
    assert_eq!(described("2026"), ["2026", "2026"]);
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
        "3/12/2026 2:00 PM",
        "46093",
        "2026-03-12 14:00 XYZ",
        "2026-03-12 14:00 XYZAB",
        "12 maart 2026 t/m binnenkort",
        "March 12, 2026 14:00 PM",
        "2026-03-12 en verder",
        "",
    ] {
        assert_eq!(parse(text, HOME_ZONE), Err(MomentError::Date(text.to_owned())), "{text}");
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
    let text = Some("medio 2026".to_owned());
    assert_eq!(moved("medio 2026", 0), ("2026-01-01".to_owned(), text));
    assert_eq!(moved("medio 2026", 364), date("2027-01-01"));
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

#[test]
fn a_range_must_not_be_read_as_a_utc_offset() {
    for (text, expected) in [
        ("2027-03-12 14:00-16:00", "2027-03-12 14:00"),
        ("2027-03-12 09:00-12:00", "2027-03-12 09:00"),
        ("2027-03-12T14:00 – 16:00", "2027-03-12 14:00"),
        // New York.
        ("2027-03-12 14:00-05:00", "2027-03-12 20:00"),
        ("2027-03-12T14:00:00-05:00", "2027-03-12 20:00"),
        ("2027-03-12T14:00[America/New_York]", "2027-03-12 20:00"),
        ("2027-03-12T14:00:00+01:00[Europe/Amsterdam]", "2027-03-12 14:00"),
        ("Fri, 12 Mar 2027 14:00:00 +0100 (CET)", "2027-03-12 14:00"),
    ] {
        assert_eq!(parsed(text), expected, "{text}");
    }
    for text in [
        "2027-03-12T14:00+25:00",
        "2027-03-12T14:00-25:59",
        "20270312T140000+2500",
        "2027-03-12T14:00[Nergens/Plaats]",
        "2027-03-12 14:00 (EST)",
    ] {
        assert!(parsed(text).contains(text), "{text}: {}", parsed(text));
    }
}
