//! Calendars: what becomes of a complete file.

use jiff::Timestamp;
use schema::{Language, Series};

use super::*;
use crate::ingest::source::SourceItem;

const CONFIG: &str = "kind = \"icalendar\"\npath = \"a.ics\"\nconstants = { form = \"OTHER\" }";

/// As a server writes it, with an error in the definition of its time zone.
const AGENDA: &str = r"BEGIN:VCALENDAR
VERSION:2.0
X-WR-CALNAME;VALUE=TEXT:Agenda
BEGIN:VEVENT
UID:1@x.example
SUMMARY:Kennissessie
DESCRIPTION:Bel 06-12345678 of mail noor@x.example\; iedereen is welkom.
DTSTART;TZID=Europe/Amsterdam:20260908T100000
DTEND;TZID=Europe/Amsterdam:20260908T113000
RRULE:FREQ=MONTHLY;BYDAY=2TU;COUNT=5
EXDATE;TZID=Europe/Amsterdam:20261110T100000
END:VEVENT
BEGIN:VEVENT
UID:2@x.example
SUMMARY:Congres
DTSTART;VALUE=DATE:20261119
DTEND;VALUE=DATE:20261121
END:VEVENT
BEGIN:VEVENT
UID:1@x.example
SUMMARY:Kennissessie (deze keer 's middags)
RECURRENCE-ID;TZID=Europe/Amsterdam:20261013T100000
DTSTART;TZID=Europe/Amsterdam:20261013T140000
DTEND;TZID=Europe/Amsterdam:20261013T153000
END:VEVENT
BEGIN:VEVENT
UID:1@x.example
SUMMARY:Kennissessie (andere zaal)
RECURRENCE-ID;TZID=Europe/Amsterdam:20270112T100000
DTSTART;TZID=Europe/Amsterdam:20270112T100000
DTEND;TZID=Europe/Amsterdam:20270112T113000
END:VEVENT
BEGIN:VEVENT
UID:1@x.example
SUMMARY:Kennissessie
RECURRENCE-ID;TZID=Europe/Amsterdam:20261208T100000
DTSTART;TZID=Europe/Amsterdam:20261208T100000
STATUS:CANCELLED
END:VEVENT
BEGIN:VEVENT
UID:3@x.example
SUMMARY:Inloopuur
DTSTART;TZID=Europe/Amsterdam:20261020T090000
DURATION:PT45M
RRULE:FREQ=WEEKLY;UNTIL=20261110T080000Z
RDATE;TZID=Europe/Amsterdam:20261113T090000
END:VEVENT
BEGIN:VTIMEZONE
TZID:Europe/Amsterdam
BEGIN:STANDARD
DTSTART:20001029T040000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
END:STANDARD
END:VTIMEZONE
END:VCALENDAR
";

/// The facts of the events of a calendar.
fn events(file: &str) -> Vec<(Facts, EventFacts)> {
    let (_folder, source) = source::tests::resolved_source(CONFIG, &[("a.ics", file.as_bytes())]);
    let items = source::tests::items(CONFIG, &[("a.ics", file.as_bytes())]);
    let events = items.into_iter().map(|item| {
        let SourceItem::Record(raw) = item else { panic!("{item:?}") };
        let facts = normalise(&raw, &source, &NormaliseContext::default()).unwrap();
        let Detail::Event(event) = facts.detail.clone() else { panic!("an event") };
        (facts, event)
    });
    events.collect()
}

/// Start and end of every occurrence, in UTC.
fn spans(event: &EventFacts) -> Vec<String> {
    let (series, start) = (event.series.as_ref().unwrap(), event.start.as_ref().unwrap());
    let occurrences = series.expand(start, event.end.as_ref());
    let utc = |instant: Timestamp| instant.strftime("%m-%d %H:%M").to_string();
    let span = |one: &schema::Occurrence| format!("{} {}", utc(one.begins), utc(one.ends));
    occurrences.all().iter().map(span).collect()
}

#[test]
fn a_series_must_have_each_occurrence_at_its_own_time() {
    let events = events(AGENDA);
    let (facts, session) = &events[0];
    assert_eq!(facts.title.as_deref(), Some("Kennissessie"));
    assert_eq!(
        spans(session),
        ["09-08 08:00 09-08 09:30", "10-13 12:00 10-13 13:30", "01-12 09:00 01-12 10:30"]
    );
    let text = |series: &Series, start: &Moment| series.describe(start, Language::Nl);
    let (series, start) = (session.series.as_ref().unwrap(), session.start.as_ref().unwrap());
    assert_eq!(
        text(series, start),
        "elke tweede dinsdag van de maand, 5 keer, behalve op 10 november 2026 en 8 december 2026, \
         op 13 oktober 2026 op een ander tijdstip"
    );
    let (_, walk_in) = &events[2];
    assert_eq!(
        spans(walk_in),
        [
            "10-20 07:00 10-20 07:45",
            // The clock changes on 25 October.
            "10-27 08:00 10-27 08:45",
            "11-03 08:00 11-03 08:45",
            "11-10 08:00 11-10 08:45",
            "11-13 08:00 11-13 08:45",
        ]
    );
}

#[test]
fn whole_days_must_end_on_the_last_day() {
    let (facts, congress) = &events(AGENDA)[1];
    assert_eq!(facts.title.as_deref(), Some("Congres"));
    let day = |moment: &Option<Moment>| moment.as_ref().unwrap().iso_date();
    assert_eq!(
        (day(&congress.start), day(&congress.end)),
        ("2026-11-19".to_owned(), "2026-11-20".to_owned())
    );
    assert_eq!(congress.end.as_ref().unwrap().latest().to_string(), "2026-11-20T23:00:00Z");
}

#[test]
fn contact_data_must_not_reach_the_facts() {
    for (facts, event) in events(AGENDA) {
        let text = format!("{facts:?}{event:?}");
        assert!(!text.contains("@x") && !text.contains("12345"), "{text}");
    }
}

#[test]
fn an_added_date_of_a_table_must_last_as_long_as_the_first() {
    let with = |add: Value| {
        event(json!({ "start": "2026-09-08T10:00", "end": "2026-09-08T11:30",
            "series": { "rule": "FREQ=WEEKLY;COUNT=2", "add": add } }))
    };
    assert_eq!(
        spans(&with(json!("2026-09-10T20:00")).unwrap()),
        ["09-08 08:00 09-08 09:30", "09-10 18:00 09-10 19:30", "09-15 08:00 09-15 09:30"]
    );
    let own_end = json!([{ "start": "2026-09-10T20:00", "end": "2026-09-10T22:00" }]);
    assert_eq!(spans(&with(own_end).unwrap())[1], "09-10 18:00 09-10 20:00");
    for (add, reason) in [
        (json!("zomer 2026"), "`series.add`: must be a day: `zomer 2026`"),
        (json!([{ "end": "2026-09-10" }]), "`series.add`: requires a `start`"),
        (json!([{ "begin": "2026-09-10" }]), "unknown field"),
        (json!("?"), "`series.add[0].start`: invalid date"),
        (
            json!([{ "start": "2026-09-10", "end": "2026-09-08" }]),
            "`series.add[0].end`: must not be",
        ),
        (json!(vec!["2026-09-10"; 1_001]), "`series.add`: exceeds 1000 entries: `1001`"),
        (json!("2090-09-10T10:00"), "`series.rule`: invalid recurrence rule"),
    ] {
        let found = with(add.clone()).unwrap_err();
        assert!(found.starts_with(reason), "{add}: {found}");
    }
}
