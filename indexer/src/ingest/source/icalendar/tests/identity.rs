//! Keys, versions and digests.

use proptest::prelude::*;

use super::*;
use crate::{
    ingest::source::{
        KnownInputs, RawRecord, field::Field, input_digest, records, survey::Survey,
        tests::resolved_source,
    },
    store::RecordKey,
};

const OVERRIDE: &str = "RECURRENCE-ID:20261013T080000Z\nDTSTART:20261013T120000Z";

fn only(components: &str) -> RawRecord {
    let items = items_of(components);
    let [SourceItem::Record(record)] = items.as_slice() else { panic!("{items:?}") };
    record.clone()
}

#[test]
fn an_occurrence_without_its_series_must_be_an_event_of_its_own() {
    let other = "RECURRENCE-ID;TZID=Europe/Amsterdam:20261020T100000\nDTSTART:20261020T120000Z\n\
        STATUS:CANCELLED";
    let items = items_of(&format!("{}{}", event("u", OVERRIDE), event("u", other)));
    assert_eq!(summaries(&items), ["+u/2026-10-13T08:00:00Z", "+u/2026-10-20T08:00:00Z"]);
    let [SourceItem::Record(first), SourceItem::Record(second)] = items.as_slice() else {
        panic!()
    };
    assert_eq!(first.fields[&Field::Uid], "u/2026-10-13T08:00:00Z");
    assert_eq!(first.fields[&Field::Start], "2026-10-13T12:00:00Z");
    assert_eq!(second.fields[&Field::Status], "CANCELLED");
}

#[test]
fn the_latest_version_of_an_event_must_be_used() {
    let version = |sequence: u8, modified: u8, start: u8| {
        event(
            "u",
            &format!(
                "SEQUENCE:{sequence}\nLAST-MODIFIED:2026010{modified}T000000Z\n\
                             DTSTART:202601{start}"
            ),
        )
    };
    let start = |events: &[String]| only(&events.concat()).fields[&Field::Start].clone();
    let (old, new) = (version(1, 9, 11), version(2, 1, 12));
    assert_eq!(start(&[old.clone(), new.clone()]), "2026-01-12");
    assert_eq!(start(&[new.clone(), old.clone()]), "2026-01-12");
    assert_eq!(start(&[version(2, 2, 13), new.clone(), old]), "2026-01-13");
    // The same event twice.
    let stamped = new.replace("UID:u", "DTSTAMP:20260101T000000Z\nUID:u");
    assert_eq!(start(&[new.clone(), stamped]), "2026-01-12");
    let ambiguous = summaries(&items_of(&format!("{new}{}", version(2, 1, 14))));
    assert_eq!(
        ambiguous,
        [
            "!a.ics:11 another event has the same UID, SEQUENCE and LAST-MODIFIED; give each event its \
          own UID"
        ]
    );
    let number = summaries(&items_of(&event("u", "SEQUENCE:een\nDTSTART:20260111")));
    assert_eq!(number, ["!a.ics:7 `SEQUENCE` must be a number: `een`"]);
}

#[test]
fn an_event_without_a_usable_key_must_be_rejected() {
    let without_uid = event("", DAY).replace("UID:\n", "");
    let long = event(&"u".repeat(501), DAY);
    assert_eq!(
        summaries(&items_of(&format!("{without_uid}{}{long}", event(" ", DAY)))),
        [
            "!a.ics:4 event has no UID; its program must give it one that never changes",
            "!a.ics:8 event has no UID; its program must give it one that never changes",
            "!a.ics:13 key exceeds 500 bytes: `501`",
        ]
    );
    let twice = event("u", &format!("UID:v\n{DAY}"));
    assert_eq!(summaries(&items_of(&twice)), ["!a.ics:7 property occurs twice: `UID`"]);
}

#[test]
fn a_key_must_be_built_as_configured() {
    let config = format!("{CONFIG}\nkey = '{{x-number}}'");
    let file = event("a", &format!("{DAY}\nX-NUMBER:7")) + &event("b", DAY);
    let items = items(&config, &[("a.ics", calendar(&file).as_bytes())]);
    let summaries = summaries(&items);
    assert_eq!(summaries[0], "+7");
    assert!(summaries[1].starts_with("!a.ics:10 missing key"), "{summaries:?}");
}

#[test]
fn an_event_must_be_unchanged_although_its_file_was_written_again() {
    let first = only(&event("u", "DTSTART:20261013T080000Z\nSEQUENCE:1"));
    let again =
        "DTSTAMP:20270101T000000Z\nSEQUENCE:1\nATTENDEE:mailto:a@x.nl\ndtstart:2026101\n 3T080000Z";
    let again = event("u", again) + "BEGIN:VTODO\nUID:t\nEND:VTODO\n";
    assert_eq!(only(&again).content_hash, first.content_hash);
    let (_folder, source) =
        resolved_source(CONFIG, &[("a.ics", calendar(&format!("\n{again}")).as_bytes())]);
    let digest = input_digest(7, first.content_hash, &first.location);
    let digests = [(RecordKey::new(&source.name, "u"), digest)];
    let known = KnownInputs::new(7, &digests);
    let survey = Survey::default();
    let items: Vec<_> =
        records(&source, None, known, &survey).unwrap().map(Result::unwrap).collect();
    assert_eq!(summaries(&items), ["=u"]);
    for changed in [
        event("u", "DTSTART:20261013T080000Z\nSEQUENCE:2"),
        event("u", "DTSTART:20261013T080000Z\nSEQUENCE:1") + &event("u", OVERRIDE),
        format!("METHOD:CANCEL\n{}", event("u", "DTSTART:20261013T080000Z\nSEQUENCE:1")),
    ] {
        assert_ne!(only(&changed).content_hash, first.content_hash, "{changed}");
    }
}

/// Folds each line after `width` bytes, also within a letter.
fn folded(file: &str, width: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    for line in file.lines() {
        for (index, piece) in line.as_bytes().chunks(width).enumerate() {
            bytes.extend_from_slice(if index == 0 { b"" } else { b"\r\n " });
            bytes.extend_from_slice(piece);
        }
        bytes.extend_from_slice(b"\r\n");
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn records_must_not_depend_on_the_order_and_folding_of_a_file(
        order in Just((0..6).collect::<Vec<usize>>()).prop_shuffle(),
        width in 1_usize..80,
    ) {
        let series = "DTSTART:20260908T080000\nRRULE:FREQ=WEEKLY;COUNT=9\nRDATE:20261225T080000";
        let zone = "BEGIN:VTIMEZONE\nTZID:Vast\nBEGIN:STANDARD\nDTSTART:16010101T000000\n\
            TZOFFSETFROM:+0100\nTZOFFSETTO:+0100\nEND:STANDARD\nEND:VTIMEZONE\n";
        let parts = [
            event("u", series),
            event("u", OVERRIDE),
            event("u", "RECURRENCE-ID:20261020T060000Z\nSTATUS:CANCELLED\nDTSTART:20261020T060000Z"),
            event("w", "DTSTART;VALUE=DATE:20260908\nDESCRIPTION:Één ↦ caf\u{e9}\\nja"),
            event("x", "DTSTART;TZID=Vast:20260908T100000"),
            zone.to_owned(),
        ];
        let by_key = |file: &[u8]| {
            let items = items(CONFIG, &[("a.ics", file)]);
            let mut records: Vec<_> = items.into_iter().map(|item| match item {
                SourceItem::Record(record) => RawRecord { line: None, ..record },
                other => panic!("{other:?}"),
            }).collect();
            records.sort_by(|l, r| l.key.cmp(&r.key));
            records
        };
        let shuffled: String = order.iter().map(|index| parts[*index].as_str()).collect();
        let expected = by_key(calendar(&parts.concat()).as_bytes());
        prop_assert_eq!(expected.len(), 3);
        prop_assert_eq!(by_key(&folded(&calendar(&shuffled), width)), expected);
    }
}
