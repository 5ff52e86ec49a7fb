//! Calendars: every event becomes a record, is skipped or is rejected, whatever the folding of its
//! lines.

use std::sync::LazyLock;

use indexer::ingest::fuzz_support::ReadItem;

use crate::{byte_source::ByteSource, source_file::SourceFile};

/// Starts of events that are valid.
const STARTS: [&str; 8] = [
    "DTSTART:20260302T130000Z",
    "DTSTART;VALUE=DATE:20260302",
    "DTSTART;TZID=Europe/Amsterdam:20260302T090000",
    "DTSTART;TZID=Onze tijd:20260302T090000",
    "DTSTART:20261025T023000",
    "DTSTART:20260329T023000",
    "DTSTART;TZID=\"W. Europe Standard Time\":20261020T090000",
    "DTSTART:20261025T013000Z",
];
/// Lines that most events can have.
const LINES: [&str; 27] = [
    "RRULE:FREQ=WEEKLY;COUNT=3",
    "RRULE:FREQ=YEARLY",
    "EXDATE:20260309T130000Z,20260316T130000Z",
    "EXDATE;VALUE=DATE:20260309",
    "DURATION:PT45M",
    "STATUS:CANCELLED",
    "STATUS:CONFIRMED",
    "CLASS:PRIVATE",
    "CLASS:PUBLIC",
    "SEQUENCE:2",
    "LAST-MODIFIED:20260302T080000Z",
    "DTSTAMP:20260302T080000Z",
    "DESCRIPTION:a\\nb\\, c\\; bel 06-12345678 of a@b.nl",
    "DESCRIPTION:<p>a<b>é",
    "X-ALT-DESC;FMTTYPE=text/html:<body><i>a</body>",
    "LOCATION:https://x.nl/a",
    "LOCATION:Zaal\\n1",
    "GEO:52.1;4.2",
    "URL:https://x.nl/",
    "URL:mailto:a@b.nl",
    "CATEGORIES:cx,a\\,b",
    "ORGANIZER;CN=\"a: b\":mailto:a@b.nl",
    "ATTENDEE;CN=\"",
    "CONFERENCE;VALUE=URI;FEATURE=VIDEO:https://x.nl/b",
    "X-A;B=^n:c",
    "BEGIN:VALARM\r\nTRIGGER:-PT5M\r\nEND:VALARM",
    "",
];
/// Lines that depend on other lines, or are invalid.
const OTHER_LINES: [&str; 24] = [
    "RRULE:FREQ=DAILY;UNTIL=20261110T080000Z",
    "RRULE:FREQ=",
    "EXDATE;TZID=Onze tijd:20260309T090000",
    "RDATE:20260310T130000Z",
    "RDATE;VALUE=DATE:20260310",
    "RDATE;VALUE=PERIOD:20260310T130000Z/PT1H,20260311T130000Z/20260311T140000Z",
    "RDATE;VALUE=PERIOD:20260310T130000Z/",
    "EXRULE:FREQ=DAILY",
    "RECURRENCE-ID:20260309T130000Z",
    "RECURRENCE-ID;VALUE=DATE:20260309",
    "RECURRENCE-ID;TZID=Europe/Amsterdam:20260309T090000",
    "RECURRENCE-ID;RANGE=THISANDFUTURE:20260309T130000Z",
    "DTEND:20260302T140000Z",
    "DTEND;VALUE=DATE:20260304",
    "DTEND;TZID=Nergens:20260302T100000",
    "DTEND:20250302T140000Z",
    "DURATION:P1D",
    "DURATION:-P1D",
    "DURATION:P99999999999999W",
    "STATUS:X",
    "SEQUENCE:-",
    "LAST-MODIFIED:gisteren",
    "GEO:;",
    "geen eigenschap",
];
/// Lines between events.
const BETWEEN: [&str; 9] = [
    "",
    "BEGIN:VTIMEZONE\r\nTZID:Onze tijd\r\nBEGIN:STANDARD\r\nDTSTART:16010101T000000\r\n\
     TZOFFSETTO:+0100\r\nEND:STANDARD\r\nEND:VTIMEZONE",
    "X-WR-TIMEZONE:America/Paramaribo",
    "METHOD:CANCEL",
    "END:VCALENDAR\r\nBEGIN:VCALENDAR",
    "END:VEVENT",
    "BEGIN:VTODO\r\nUID:t\r\nEND:VTODO",
    "X-A:\u{feff}é",
    "BEGIN:X",
];
const UIDS: [&str; 8] =
    ["UID:1@x.nl", "UID:2@x.nl", "UID:3", "UID:4", "UID:5", "UID:6", "UID:7", "UID:"];

static SOURCE: LazyLock<SourceFile> = LazyLock::new(|| {
    SourceFile::new(
        "name = 'items'\nkind = 'icalendar'\npath = 'items'\nlanguage = 'NL'\n\
         fields = { themes = 'categories', organisers = 'organizer' }\n\
         values = { themes = { cx = 'klantbeleving' } }",
    )
});

/// Checks a calendar derived from the bytes: either the bytes themselves or a choice of lines.
pub fn check(bytes: &[u8]) {
    outcome(bytes);
}

/// The numbers of records, of rejections and of files that can be read as a whole.
pub(crate) fn outcome(bytes: &[u8]) -> [usize; 3] {
    let mut choices = ByteSource::new(bytes);
    if choices.one_in(8) {
        SOURCE.items_in_any_order(choices.rest());
        return [0; 3];
    }
    let file = calendar(&mut choices);
    let items = SOURCE.items_in_any_order(file.as_bytes());
    let folded = SOURCE.items_in_any_order(&folded(&file, 1 + choices.below(80)));
    assert_eq!(items.as_deref().map(count), folded.as_deref().map(count), "{file}");
    let [records, rejections] = items.as_deref().map_or([0; 2], count);
    [records, rejections, usize::from(items.is_some())]
}

fn calendar(choices: &mut ByteSource) -> String {
    let mut lines = vec!["BEGIN:VCALENDAR".to_owned()];
    for _ in 0..=choices.below(6) {
        if choices.one_in(3) {
            lines.push((*choices.pick(&BETWEEN)).to_owned());
        }
        lines.push("BEGIN:VEVENT".to_owned());
        lines.push((*choices.pick(&UIDS)).to_owned());
        lines.push("SUMMARY:T".to_owned());
        if !choices.one_in(8) {
            lines.push((*choices.pick(&STARTS)).to_owned());
        }
        for _ in 0..choices.below(7) {
            let is_any_text = choices.one_in(16);
            let parts = if choices.one_in(8) { &OTHER_LINES[..] } else { &LINES };
            lines.push(if is_any_text {
                choices.text(32).replace(['\r', '\n'], " ")
            } else {
                (*choices.pick(parts)).to_owned()
            });
        }
        lines.push("END:VEVENT".to_owned());
    }
    lines.push("END:VCALENDAR".to_owned());
    lines.join("\r\n")
}

/// The same file, with each line folded after `width` bytes.
fn folded(file: &str, width: usize) -> Vec<u8> {
    let lines = file.split("\r\n").map(|line| {
        let pieces: Vec<_> = line.as_bytes().chunks(width).collect();
        pieces.join(&b"\r\n "[..])
    });
    lines.collect::<Vec<_>>().join(&b"\r\n"[..])
}

/// The numbers of records and of rejections.
fn count(items: &[ReadItem]) -> [usize; 2] {
    let records = items.iter().filter(|item| matches!(item, ReadItem::Record { .. })).count();
    let rejected = items.iter().filter(|item| matches!(item, ReadItem::Rejected { .. })).count();
    [records, rejected]
}
