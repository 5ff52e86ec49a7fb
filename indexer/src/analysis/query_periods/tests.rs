//! Periods in queries, counted from a fixed day.

use jiff::civil::date;

use super::*;

fn days(query: &str, has_subject: bool, today: Date) -> Option<(String, String)> {
    let words: Vec<&str> = query.split(' ').collect();
    let period = find_period(&words, (YearChoice::Upcoming, has_subject), today)?;
    let text = |day: Option<Date>| day.map(|day| day.to_string()).unwrap_or_default();
    Some((text(period.from), text(period.until)))
}

#[test]
fn periods_must_be_counted_from_today() {
    // A Wednesday.
    let today = date(2026, 3, 4);
    for (query, from, until) in [
        ("deze week", "2026-03-02", "2026-03-08"),
        ("volgende week", "2026-03-09", "2026-03-15"),
        ("volgende week maandag", "2026-03-09", "2026-03-09"),
        ("vorige week", "2026-02-23", "2026-03-01"),
        ("komende week", "2026-03-04", "2026-03-10"),
        ("afgelopen week", "2026-02-26", "2026-03-04"),
        ("afgelopen maand", "2026-02-05", "2026-03-04"),
        ("komende maanden", "2026-03-04", "2026-06-03"),
        ("dit weekend", "2026-03-07", "2026-03-08"),
        ("vorig weekend", "2026-02-28", "2026-03-01"),
        ("volgende maand", "2026-04-01", "2026-04-30"),
        ("last month", "2026-02-01", "2026-02-28"),
        ("dit kwartaal", "2026-01-01", "2026-03-31"),
        ("volgend jaar", "2027-01-01", "2027-12-31"),
        ("volgende woensdag", "2026-03-11", "2026-03-11"),
        ("vorige woensdag", "2026-02-25", "2026-02-25"),
        ("vrijdag", "2026-03-06", "2026-03-06"),
        ("morgen", "2026-03-05", "2026-03-05"),
        ("gisteren", "2026-03-03", "2026-03-03"),
        ("maart", "2026-03-01", "2026-03-31"),
        ("volgende maart", "2027-03-01", "2027-03-31"),
        ("vorige maart", "2025-03-01", "2025-03-31"),
        ("februari", "2027-02-01", "2027-02-28"),
        ("afgelopen februari", "2026-02-01", "2026-02-28"),
        ("24 december", "2026-12-24", "2026-12-24"),
        ("1 maart 2027", "2027-03-01", "2027-03-01"),
        ("december webinar 2025", "2025-12-01", "2025-12-31"),
        ("2025 december", "2025-12-01", "2025-12-31"),
        ("dit najaar", "2026-09-01", "2026-11-30"),
        ("dit voorjaar", "2026-03-01", "2026-05-31"),
        ("in de winter", "2026-12-01", "2027-02-28"),
        ("winter 2025", "2025-12-01", "2026-02-28"),
        ("q3", "2026-07-01", "2026-09-30"),
        ("derde kwartaal 2024", "2024-07-01", "2024-09-30"),
        ("1e kwartaal 2027", "2027-01-01", "2027-03-31"),
        ("2024", "2024-01-01", "2024-12-31"),
    ] {
        assert_eq!(days(query, true, today), Some((from.to_owned(), until.to_owned())), "{query}");
    }
}

#[test]
fn a_word_before_a_period_must_leave_it_open() {
    let today = date(2026, 3, 4);
    for (query, from, until) in [
        ("sinds december", "2025-12-01", ""),
        ("vanaf december", "2026-12-01", ""),
        ("na december", "2027-01-01", ""),
        ("voor december", "", "2026-11-30"),
        ("na de zomer", "2026-09-01", ""),
        ("sinds de zomer", "2025-06-01", ""),
    ] {
        assert_eq!(days(query, true, today), Some((from.to_owned(), until.to_owned())), "{query}");
    }
}

#[test]
fn what_is_no_period_must_not_be_read_as_one() {
    let today = date(2026, 3, 4);
    for query in [
        "may",
        "week",
        "deze",
        "eerste",
        "1300",
        "volgende stap",
        "20261",
        "de winter",
        "this may help",
        "niet in december",
        "tussen januari en maart",
    ] {
        assert_eq!(days(query, true, today), None, "{query}");
    }
    for query in ["december", "2025", "vrijdag", "jeugd van mei", "morgen", "q3"] {
        assert_eq!(days(query, false, today), None, "{query}");
    }
    for query in ["in december", "in 2025", "december 2025", "deze week", "in de zomer"] {
        assert!(days(query, false, today).is_some(), "{query}");
    }
}

#[test]
fn periods_at_the_end_of_the_calendar_must_not_fail() {
    for today in [Date::MIN, Date::MAX] {
        for query in [
            "volgende week",
            "vorig jaar",
            "deze maand",
            "gisteren",
            "morgen",
            "zondag",
            "komende maanden",
            "vorige zondag",
            "na december",
            "voor december",
            "dit kwartaal",
        ] {
            let words: Vec<&str> = query.split(' ').collect();
            for choice in [YearChoice::Upcoming, YearChoice::Latest] {
                let period = find_period(&words, (choice, true), today);
                let is_ordered = |period: Period| match (period.from, period.until) {
                    (Some(from), Some(until)) => from <= until,
                    _ => true,
                };
                assert!(period.is_none_or(is_ordered), "{query}");
            }
        }
    }
}
