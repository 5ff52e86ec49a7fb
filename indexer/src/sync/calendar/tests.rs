use std::{collections::BTreeSet, time::Instant};

use bytes::Bytes;
use jiff::Timestamp;
use proptest::prelude::*;
use schema::SourceName;

use super::*;
use crate::{
    decoding::ParseError,
    progress::NoProgress,
    sync::{
        http::{HttpClient, HttpConfig, HttpError, SourcePolicy},
        state::SyncState,
    },
};

const ADDRESS: &str = "https://agenda.example.nl/agenda.ics";

fn event(uid: &str, title: &str) -> String {
    format!("BEGIN:VEVENT\r\nUID:{uid}\r\nSUMMARY:{title}\r\nEND:VEVENT\r\n")
}

fn calendar(events: &[String]) -> String {
    format!("BEGIN:VCALENDAR\r\n{}END:VCALENDAR\r\n", events.concat())
}

fn fetched(body: impl Into<Bytes>, etag: Option<&str>, charset: Option<&str>) -> Fetched {
    Fetched {
        body: body.into(),
        media_type: Some("text/calendar".to_owned()),
        charset: charset.map(str::to_owned),
        validators: Validators {
            url: ADDRESS.parse().unwrap(),
            etag: etag.map(str::to_owned),
            last_modified: None,
        },
    }
}

/// A state with runs that need no host.
struct Runs {
    _folder: tempfile::TempDir,
    state: SyncState,
    source: SourceName,
}

impl Runs {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let state = SyncState::open(&folder.path().join("sync.redb")).unwrap();
        Self { _folder: folder, state, source: SourceName::new("agenda").unwrap() }
    }

    /// The run after a response with or without content.
    fn respond(&self, fetched: Option<Fetched>) -> SourceRun {
        self.end(Ok(fetched))
    }

    /// The run after a response or an error.
    fn end(&self, response: Result<Option<Fetched>, CalendarError>) -> SourceRun {
        let client = HttpClient::new(HttpConfig::new("beheer@example.nl")).unwrap();
        let address = ADDRESS.parse().unwrap();
        let context = SyncContext {
            source: &self.source,
            address: &address,
            client: &client,
            policy: Arc::new(SourcePolicy::new(&address)),
            counters: Arc::default(),
            state: &self.state,
            progress: &NoProgress,
            now: Timestamp::UNIX_EPOCH,
            digest: 1,
            started: Instant::now(),
        };
        finish(&context, None, response).unwrap()
    }

    /// Present, changed, removed and missing events of a run that found these.
    fn find(&self, events: &[String]) -> (u64, u64, u64, u64) {
        let run = self.respond(Some(fetched(calendar(events), None, None)));
        (run.present, run.changed, run.removed, run.missing)
    }

    /// The UIDs that ingest reads.
    fn served(&self) -> BTreeSet<String> {
        let Some(stored) = StoredCalendar::read(&self.state, &self.source).unwrap() else {
            return BTreeSet::new();
        };
        let uids = |file: &StoredFile| {
            let calendars = calendar_file::parse(&file.body, file.encoding()).unwrap();
            let events = calendars.into_iter().flat_map(|calendar| calendar.events);
            events.filter_map(|event| event.uid()).collect::<Vec<_>>()
        };
        stored.previous.iter().chain([&stored.last]).flat_map(uids).collect()
    }
}

#[test]
fn an_absence_must_be_confirmed_by_the_same_file_or_another_one() {
    let runs = Runs::new();
    let [a, b, c] = ["a", "b", "c"].map(|uid| event(uid, "T"));
    let names = |text: &str| text.chars().map(String::from).collect::<BTreeSet<_>>();
    for (events, expected, served) in [
        (vec![&a, &b], (2, 2, 0, 0), "ab"),
        (vec![&a], (1, 0, 0, 1), "ab"),
        (vec![&a], (1, 0, 1, 0), "a"),
        (vec![&a, &b, &c], (3, 2, 0, 0), "abc"),
        // Another file confirms what it lacks as well, and may have something back.
        (vec![&a], (1, 0, 0, 2), "abc"),
        (vec![&a, &c], (2, 1, 1, 0), "ac"),
        (vec![&c, &a], (2, 0, 0, 0), "ac"),
        (vec![], (0, 0, 0, 2), "ac"),
        (vec![], (0, 0, 2, 0), ""),
    ] {
        let events: Vec<_> = events.into_iter().cloned().collect();
        assert_eq!(runs.find(&events), expected, "{events:?}");
        assert_eq!(runs.served(), names(served), "{events:?}");
    }
}

#[test]
fn a_response_without_content_must_confirm_and_other_content_must_not() {
    let runs = Runs::new();
    let [a, b] = ["a", "b"].map(|uid| event(uid, "T"));
    runs.find(&[a.clone(), b]);
    runs.find(std::slice::from_ref(&a));
    for body in ["", "<!doctype html>", "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:a\r\n"] {
        let run = runs.respond(Some(fetched(body, None, None)));
        assert_eq!((run.completeness, run.notes.len()), (Completeness::Failed, 1), "{body}");
        assert_eq!(runs.served().len(), 2, "{body}");
    }
    let run = runs.respond(None);
    assert_eq!((run.completeness, run.present, run.removed), (Completeness::Complete, 1, 1));
    assert_eq!(runs.served().len(), 1);
}

#[test]
fn the_validators_must_be_those_of_the_stored_file() {
    let runs = Runs::new();
    let known = || {
        let entries = runs.state.entries(&runs.source).unwrap();
        let entry = entries.into_iter().find(|(key, _)| key == LAST)?.1;
        FileVersion::parse(&entry.version).validators()?.etag
    };
    let first = calendar(&[event("a", "T")]);
    assert_eq!(known(), None);
    runs.respond(Some(fetched("<html>", Some("\"1\""), None)));
    assert_eq!(known(), None);
    runs.respond(Some(fetched(first.clone(), Some("\"2\""), None)));
    assert_eq!(known().as_deref(), Some("\"2\""));
    runs.respond(Some(fetched("BEGIN:VCALENDAR", Some("\"3\""), None)));
    assert_eq!(known().as_deref(), Some("\"2\""));
    // The same bytes with another validator.
    runs.respond(Some(fetched(first, Some("\"4\""), None)));
    assert_eq!(known().as_deref(), Some("\"4\""));
}

#[test]
fn the_encoding_that_a_host_declares_must_be_stored_with_the_file() {
    let runs = Runs::new();
    let latin = b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:caf\xe9\nEND:VEVENT\nEND:VCALENDAR\n";
    let run = runs.respond(Some(fetched(&latin[..], None, None)));
    assert!(run.notes[0].starts_with("not valid UTF-8; set `encoding`"), "{:?}", run.notes);
    runs.respond(Some(fetched(&latin[..], None, Some("iso-8859-1"))));
    assert_eq!(runs.served(), ["café".to_owned()].into());
}

#[test]
fn another_calendar_must_be_reported() {
    let runs = Runs::new();
    let events = |prefix: &str| {
        let events = (0..3).map(|number| event(&format!("{prefix}{number}"), "T"));
        events.collect::<Vec<_>>()
    };
    runs.find(&events("a"));
    let run = runs.respond(Some(fetched(calendar(&events("b")), None, None)));
    assert_eq!((run.present, run.changed, run.missing), (3, 3, 3));
    assert!(run.notes[0].starts_with("no event of the previous file"), "{:?}", run.notes);
    assert_eq!(runs.served().len(), 6);
}

#[test]
fn whatever_is_not_a_calendar_must_be_described() {
    let described = |body: &'static str| {
        let error = ParseError { line: 7, reason: "file is incomplete".to_owned() };
        let error = CalendarError::of_content(&fetched(body, None, None), error);
        error.to_string()
    };
    for (body, expected) in [
        (" \r\n", "empty response instead of a calendar; check `address`"),
        ("\n<!DOCTYPE html>", "web page instead of a calendar; check `address`"),
        ("{\"error\":1}", "JSON instead of a calendar; check `address`"),
        ("Gesloten", "file is incomplete, on line 7: `https://agenda"),
        ("BEGIN:VCALENDAR", "file is incomplete, on line 7: `https://agenda"),
    ] {
        let found = described(body);
        assert!(found.starts_with(expected), "{found}");
    }
}

#[test]
fn a_host_that_cannot_be_trusted_must_confirm_nothing() {
    let runs = Runs::new();
    let [a, b] = ["a", "b"].map(|uid| event(uid, "T"));
    runs.find(&[a.clone(), b]);
    runs.find(std::slice::from_ref(&a));
    for _ in 0..3 {
        let (url, cause) = (ADDRESS.to_owned(), "expired".into());
        let error = HttpError::CertificateExpired { url, cause };
        let run = runs.end(Err(CalendarError::Http(error)));
        assert_eq!((run.completeness, run.removed), (Completeness::Failed, 0));
        assert!(run.notes[0].starts_with("certificate has expired; the host has to renew it"));
        assert_eq!(runs.served().len(), 2);
    }
    assert_eq!(runs.find(&[a]), (1, 0, 1, 0));
}

#[test]
fn a_version_that_cannot_be_read_must_have_no_validators() {
    for text in ["", "1", "{\"url\":1}", "{}"] {
        assert_eq!(FileVersion::parse(text).validators(), None, "{text}");
    }
}

proptest! {
    #[test]
    fn an_event_must_be_served_if_one_of_the_last_two_files_has_it(
        files in proptest::collection::vec(0_u8..16, 1..12)
    ) {
        let runs = Runs::new();
        let uids = |bits: u8| (0..4).filter(move |bit| bits >> bit & 1 == 1);
        let mut before = 0;
        for bits in files {
            let events: Vec<_> = uids(bits).map(|bit| event(&bit.to_string(), "T")).collect();
            let (present, _, _, missing) = runs.find(&events);
            let expected: BTreeSet<_> = uids(bits | before).map(|bit| bit.to_string()).collect();
            prop_assert_eq!(runs.served(), expected);
            prop_assert_eq!(present, u64::from(bits.count_ones()));
            prop_assert_eq!(missing, u64::from((before & !bits).count_ones()));
            before = bits;
        }
    }

    #[test]
    fn versions_must_be_read_as_they_were_written(etag: Option<String>, events: u64) {
        let validators = fetched("", etag.as_deref(), None).validators;
        let version = FileVersion::new(validators, Some(encoding_rs::WINDOWS_1252), events);
        prop_assert_eq!(FileVersion::parse(&version.to_string()), version);
    }
}
