//! Whole files: incomplete ones, limits, encodings, folders, and what is not an event.

use super::*;
use crate::{
    calendar_file::{CALENDAR_BYTES_MAX, COMPONENT_DEPTH_MAX, CONTENT_LINE_BYTES_MAX, EVENTS_MAX},
    ingest::source::{
        KnownInputs, count,
        icalendar::{event_group::OVERRIDES_MAX, times::DATES_MAX},
        records,
        survey::Survey,
        tests::resolved_source,
    },
};

/// The error of a file as a whole.
fn file_error(bytes: &[u8]) -> String {
    let (folder, source) = resolved_source(CONFIG, &[("a.ics", bytes)]);
    let error = records(&source, None, KnownInputs::default(), &Survey::default()).err();
    let error = error.unwrap_or_else(|| panic!("no error: {}", String::from_utf8_lossy(bytes)));
    error.to_string().replace(&folder.path().canonicalize().unwrap().display().to_string(), "")
}

#[test]
fn a_file_that_is_incomplete_or_no_calendar_must_be_an_error_with_its_line() {
    let file = calendar(&event("1", DAY));
    assert_eq!(
        file_error(file.replace("END:VCALENDAR\n", "").as_bytes()),
        "cannot read calendar: file is incomplete; no end of the component of line 1: \
         `VCALENDAR`: `/a.ics:8`"
    );
    let half = file.split("END:VEVENT").next().unwrap();
    assert!(file_error(half.as_bytes()).contains("component of line 4: `VEVENT`: `/a.ics:7`"));
    let unended = file_error(file.replace("END:VEVENT\n", "").as_bytes());
    assert!(
        unended.contains("`END:VCALENDAR` within a component that begins on line 4"),
        "{unended}"
    );
    for (text, line) in [
        ("", 1),
        ("\n\n", 1),
        ("<!doctype html>\n<p>404</p>", 1),
        ("BEGIN:VEVENT\nEND:VEVENT", 1),
        ("END:VCALENDAR", 1),
        ("BEGIN:VCALENDAR\nEND:VCALENDAR\n\nNotice: x", 4),
    ] {
        let error = file_error(text.as_bytes());
        assert!(error.contains("not a calendar"), "{text}: {error}");
        assert!(error.ends_with(&format!("`/a.ics:{line}`")), "{text}: {error}");
    }
    let reply = file_error(calendar("METHOD:REPLY").as_bytes());
    assert!(reply.contains("its METHOD is `REPLY`"), "{reply}");
    assert!(file_error(b"BEGIN:VCALENDAR\nX:\xe9\nEND:VCALENDAR").contains("set `encoding`"));
}

#[test]
fn a_calendar_without_events_and_other_components_must_yield_nothing() {
    assert_eq!(items_of(""), []);
    let todo = "BEGIN:VTODO\nUID:t\nSUMMARY:T\nEND:VTODO\nBEGIN:VJOURNAL\nUID:j\nEND:VJOURNAL\n\
        BEGIN:VFREEBUSY\nUID:f\nEND:VFREEBUSY\nBEGIN:X-A\nBEGIN:VEVENT\nUID:x\nEND:VEVENT\nEND:X-A\n";
    let alarm = "BEGIN:VALARM\nUID:a\nDESCRIPTION:Bel\nDTSTART:nu\ngeen eigenschap\nEND:VALARM";
    let items = items_of(&format!("{todo}{}", event("1", &format!("{DAY}\n{alarm}"))));
    assert_eq!(summaries(&items), ["+1"]);
    assert_eq!(fields(&items)["body"], Value::Null);
}

#[test]
fn several_calendar_objects_in_one_file_must_be_read_with_their_own_settings() {
    let floating = |uid| event(uid, "DTSTART:20261210T190000");
    let first = calendar(&format!("X-WR-TIMEZONE:America/Paramaribo\n{}", floating("1")));
    let second = calendar(&format!("METHOD:CANCEL\n{}", floating("2")));
    let items = items(CONFIG, &[("a.ics", format!("{first}{second}").as_bytes())]);
    let zones: Vec<_> = items.iter().map(|item| fields(std::slice::from_ref(item))).collect();
    assert_eq!(zones[0]["time_zone"], "America/Paramaribo");
    assert_eq!(
        (&zones[1]["time_zone"], &zones[1]["status"]),
        (&json!("Europe/Amsterdam"), &json!("CANCELLED"))
    );
}

#[test]
fn an_encoding_must_be_used_as_configured() {
    let file = calendar(&event("1", DAY).replace("SUMMARY:T", "SUMMARY:Caf\u{e9}"));
    let latin: Vec<u8> = file.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    let config = format!("{CONFIG}\nencoding = 'windows-1252'");
    assert_eq!(fields(&items(&config, &[("a.ics", &latin)]))["title"], "Café");
    let marked = format!("\u{feff}{file}").replace('\n', "\r\n");
    assert_eq!(fields(&items(CONFIG, &[("a.ics", marked.as_bytes())]))["title"], "Café");
}

#[test]
fn limits_must_be_reported() {
    let depth = "BEGIN:X\n".repeat(COMPONENT_DEPTH_MAX);
    assert!(file_error(calendar(&depth).as_bytes()).contains("maximum nesting depth: `8`"));
    let events = "BEGIN:VEVENT\nEND:VEVENT\n".repeat(EVENTS_MAX + 1);
    assert!(file_error(calendar(&events).as_bytes()).contains("more than 50000 events"));
    let large = vec![b'x'; usize::try_from(CALENDAR_BYTES_MAX).unwrap() + 1];
    assert!(file_error(&large).contains("file exceeds the maximum number of bytes"));
    let long = format!("{DAY}\nDESCRIPTION:{}", "x".repeat(CONTENT_LINE_BYTES_MAX));
    assert_eq!(rejection(&long), "8 line exceeds the maximum number of bytes: `1048576`");
    let unread = format!("{DAY}\nATTENDEE:{}", "x".repeat(CONTENT_LINE_BYTES_MAX));
    assert_eq!(fields_of(&unread)["title"], "T");
    let dates = vec!["20261119"; DATES_MAX + 1].join(",");
    for name in ["EXDATE", "RDATE"] {
        let reason = rejection(&format!("{DAY}\n{name}:{dates}\nRRULE:FREQ=DAILY"));
        assert_eq!(reason, format!("8 more than 500 values of `{name}`"));
    }
    let overrides = event("1", "RECURRENCE-ID:20261119").repeat(OVERRIDES_MAX + 1);
    let summaries = summaries(&items_of(&overrides));
    assert!(summaries[0].contains("more than 500 occurrences differ"), "{summaries:?}");
}

#[test]
fn a_folder_must_be_read_file_by_file() {
    let config = "kind = \"icalendar\"\npath = \".\"";
    let one = calendar(&event("1", DAY));
    let two = calendar(&format!("{}{}", event("1", DAY), event("2", DAY)));
    let files = [
        ("a/1.ics", one.as_bytes()),
        ("b.ics", two.as_bytes()),
        ("c.ics", b"BEGIN:VCALENDAR\n".as_slice()),
        ("d.txt", b"x".as_slice()),
    ];
    assert_eq!(
        summaries(&items(config, &files)),
        [
            "+1",
            "!b.ics:4 key already used by another record: `a/1.ics`",
            "+2",
            "!c.ics:1 file is incomplete; no end of the component of line 1: `VCALENDAR`",
        ]
    );
    let (_folder, source) = resolved_source(config, &files);
    assert_eq!(count(&source, None).unwrap(), 3);
    let (_folder, source) = resolved_source(CONFIG, &[("a.ics", two.as_bytes())]);
    assert_eq!(count(&source, None).unwrap(), 2);
}
