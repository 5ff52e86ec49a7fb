//! Calendars as sources: merged with other sources by UID, incomplete, and written again by a
//! server, from files and from addresses.

mod by_address;
mod calendar_host;
mod faulty_host;
mod radicale;
mod real_server;

use schema::{Record, SourceName};

use crate::{
    support::{Installation, everything, runtime},
    test_server::Server,
};

const CONFIG: &str = r#"
public_url = "http://127.0.0.1:8080/"
data = "data"

[[source]]
name = "site"
kind = "jsonlines"
path = "lines.jsonl"
language = "NL"

[[source]]
name = "agenda"
kind = "icalendar"
path = "agenda.ics"
language = "NL"
trust = 1
constants = { form = "KNOWLEDGE_SESSION" }
"#;

fn event(uid: &str, title: &str, lines: &str) -> String {
    format!("BEGIN:VEVENT\nUID:{uid}\nSUMMARY:{title}\n{lines}\nEND:VEVENT\n")
}

fn calendar(events: &[String]) -> String {
    format!("BEGIN:VCALENDAR\nVERSION:2.0\n{}END:VCALENDAR\n", events.concat())
}

fn installation(events: &[String]) -> Installation {
    let installation = Installation::empty();
    installation.write("wegwijzer.toml", CONFIG);
    installation.write("agenda.ics", &calendar(events));
    installation
}

fn events(installation: &Installation) -> Vec<schema::Event> {
    let snapshot = installation.snapshot();
    let page = runtime().block_on(snapshot.search(everything())).expect("a search");
    let ids: Vec<_> = page.hits.iter().map(|hit| hit.cursor.id).collect();
    let records = runtime().block_on(snapshot.get_many(&ids)).expect("records");
    let events = records.into_iter().flatten().filter_map(|record| match &*record {
        Record::Event(event) => Some(event.clone()),
        _ => None,
    });
    let mut events: Vec<_> = events.collect();
    events.sort_by(|l, r| l.common.title.cmp(&r.common.title));
    events
}

const SERIES: &str = "DTSTART;TZID=Europe/Amsterdam:20261020T090000\nDURATION:PT45M\n\
    RRULE:FREQ=WEEKLY;UNTIL=20261110T080000Z";

#[test]
fn an_event_with_the_uid_of_another_source_must_be_one_event() {
    let installation = installation(&[
        event("1-103@x.example", "Inloopuur", SERIES),
        event("1-104@x.example", "Webinar", "DTSTART:20261203T130000Z"),
    ]);
    installation.write_lines(&[
        r#"{"key":"a","kind":"event","title":"Wekelijks inloopuur","uid":" 1-103@x.example","url":"https://x.example/inloopuur","start":"2026-10-20T10:00","summary":"Van de site."}"#,
        r#"{"key":"b","kind":"event","title":"Een ander","uid":"1-105@x.example","start":"2026-10-20"}"#,
        r#"{"key":"c","kind":"event","title":"Zelfde als b","uid":"1-105@x.example","start":"2026-10-21"}"#,
    ]);
    installation.build();
    let found = events(&installation);
    let titles: Vec<_> = found.iter().map(|event| event.common.title.as_str()).collect();
    assert_eq!(titles, ["Een ander", "Inloopuur", "Webinar", "Zelfde als b"]);
    let merged = &found[1];
    let snapshot = installation.snapshot();
    let provenance =
        runtime().block_on(snapshot.provenance(&[merged.common.id])).unwrap().remove(0);
    let sources: Vec<_> = provenance.iter().map(|one| one.record.source.clone()).collect();
    assert_eq!(sources, ["agenda", "site"].map(|name| SourceName::new(name).unwrap()));
    assert_eq!(merged.common.summary.as_deref(), Some("Van de site."));
    assert_eq!(merged.common.url.as_str(), "https://x.example/inloopuur");
    let starts = merged.occurrences();
    let starts: Vec<_> = starts.all().iter().map(|one| one.begins.to_string()).collect();
    assert_eq!(
        starts,
        [
            "2026-10-20T07:00:00Z",
            "2026-10-27T08:00:00Z",
            "2026-11-03T08:00:00Z",
            "2026-11-10T08:00:00Z"
        ]
    );
    // Without the calendar, the event of the site remains.
    installation.write("agenda.ics", &calendar(&[]));
    installation.build();
    let titles: Vec<_> =
        events(&installation).into_iter().map(|event| event.common.title).collect();
    assert_eq!(titles, ["Een ander", "Wekelijks inloopuur", "Zelfde als b"]);
    assert!(!installation.view().iter().any(|record| record.contains("@x.example")));
}

#[test]
fn half_a_calendar_must_fail_the_build_and_remove_nothing() {
    let installation = installation(&[
        event("1", "Een", "DTSTART:20261203T130000Z"),
        event("2", "Twee", "DTSTART:20261204T130000Z"),
    ]);
    let number = installation.build();
    let before = installation.view();
    let whole = std::fs::read_to_string(installation.path().join("agenda.ics")).unwrap();
    installation.write("agenda.ics", &whole[..whole.len() - 40]);
    let error = installation.try_build().expect_err("half a calendar is not published");
    let cause = std::error::Error::source(&error).expect("a cause").to_string();
    assert!(cause.contains("file is incomplete; no end of the component of line 8"), "{cause}");
    assert_eq!((installation.generations().last(), installation.view()), (Some(&number), before));
    // A rejected event stays as it was.
    installation.write("agenda.ics", &whole.replace("20261204T130000Z", "morgen"));
    let report = installation.try_build().expect("one rejection is allowed");
    assert_eq!(report.sources[1].rejected, 1);
    assert_eq!(events(&installation).len(), 2);
}

#[test]
fn a_calendar_that_a_server_writes_again_must_be_unchanged() {
    let moved = "RECURRENCE-ID:20261027T080000Z\nDTSTART:20261027T180000Z\nDTEND:20261027T190000Z";
    let all = [
        event("1", "Inloopuur", SERIES),
        event("1", "Inloopuur", moved),
        event("2", "Webinar", "DTSTART:20261203T130000Z\nDTSTAMP:20260901T080000Z"),
    ];
    let installation = installation(&all);
    let number = installation.build();
    let mut again = all.clone();
    again.reverse();
    let again = calendar(&again).replace("DTSTAMP:2026", "DTSTAMP:2027");
    installation.write("agenda.ics", &again.replace("Inloopuur", "Inloop\n uur"));
    let report = installation.try_build().expect("a build");
    let agenda = &report.sources[1];
    assert_eq!((agenda.unchanged, agenda.changed, agenda.removed), (2, 0, 0), "{report:?}");
    assert_eq!(installation.generations().last(), Some(&number));
}

#[test]
fn every_interface_must_show_added_and_moved_occurrences() {
    let moved = "RECURRENCE-ID:20261027T080000Z\nDTSTART:20261028T180000Z\nDTEND:20261028T190000Z";
    let added = format!("{SERIES}\nRDATE;TZID=Europe/Amsterdam:20261113T090000");
    let installation =
        installation(&[event("1", "Inloopuur", &added), event("1", "Anders", moved)]);
    installation.build();
    let server = Server::of(&installation);
    let response = server.query(
        "{ events { nodes { ics occurrences { start { instant } end { instant } }
            recurrence { excluded added { start { instant } end { instant } } text } } } }",
    );
    let event = &response["data"]["events"]["nodes"][0];
    let span = |start: &str, end: &str| serde_json::json!({ "start": { "instant": start }, "end": { "instant": end } });
    let moved = span("2026-10-28T18:00:00Z", "2026-10-28T19:00:00Z");
    let added = span("2026-11-13T08:00:00Z", "2026-11-13T08:45:00Z");
    assert_eq!(event["occurrences"][1], moved, "{response}");
    assert_eq!(event["recurrence"]["added"], serde_json::json!([moved, added]));
    assert_eq!(event["recurrence"]["excluded"], serde_json::json!(["2026-10-27"]));
    assert_eq!(
        event["recurrence"]["text"],
        "elke dinsdag, tot en met 10 november 2026, behalve op 27 oktober 2026, ook op 28 oktober \
         2026 en 13 november 2026"
    );
    let path =
        event["ics"].as_str().unwrap().trim_start_matches("http://127.0.0.1:8080").to_owned();
    let file = server.get(&path).body;
    for line in [
        "DTSTART;TZID=Europe/Amsterdam:20261028T190000",
        "DTEND;TZID=Europe/Amsterdam:20261028T200000",
        "DTEND;TZID=Europe/Amsterdam:20261113T094500",
    ] {
        assert!(file.contains(&format!("\r\n{line}\r\n")), "{line}: {file}");
    }
    assert_eq!(file.matches("BEGIN:VEVENT").count(), 5, "{file}");
    let october = server.get("/calendar/2026-10").body;
    assert!(october.contains("19.00 tot 20.00 uur"), "{october}");
    // Our own files can be read again.
    installation.write("agenda.ics", &file);
    installation.build();
    let starts = events(&installation);
    assert_eq!(starts.len(), 5);
    assert!(starts.iter().any(|event| event.ends().to_string() == "2026-10-28T19:00:00Z"));
}
