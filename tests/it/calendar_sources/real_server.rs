//! A calendar of Radicale: never 304, other order and folding, other time zones, absent events.

use std::collections::BTreeMap;

use super::{
    by_address::{assert_counts, assert_failed, index, installation, run, titles},
    calendar, event, events,
    radicale::Radicale,
};
use crate::support::{Installation, Rng};

/// Number of rounds of random edits.
const ROUNDS: u64 = 20;

const ALL: [&str; 7] = [
    "Afgelast: Gluren bij de Buren",
    "Gebruiker Centraal Congres (twee hele dagen)",
    "Jaarlijkse dag van de inclusie",
    "Kennissessie Community CX, elke tweede dinsdag",
    "Webinar in UTC",
    "Wekelijks inloopuur over de zomertijd heen",
    "Zwevende tijd zonder zone",
];

/// The first starts of the event with this title.
fn starts(installation: &Installation, title: &str) -> Vec<String> {
    let events = events(installation);
    let event = events.iter().find(|event| event.common.title == title);
    let occurrences = event.unwrap_or_else(|| panic!("no event {title}")).occurrences();
    occurrences.all().iter().take(5).map(|one| one.begins.to_string()).collect()
}

#[test]
fn a_calendar_by_its_address_must_be_its_public_events() {
    let Some(radicale) = Radicale::start() else { return };
    let installation = installation(&radicale.address());
    assert_counts(&index(&installation), [8, 8, 0, 0]);
    assert_eq!(titles(&installation), ALL);
    assert!(!installation.view().iter().any(|record| record.contains("Besloten overleg")));
    // The server sends winter time from the year 2000 on, and one hour late.
    let (head, file) = radicale.served();
    assert!(file.contains("DTSTART:20001029T040000"), "{file}");
    for (title, expected) in [
        (
            "Wekelijks inloopuur over de zomertijd heen",
            vec![
                "2026-10-20T07:00:00Z",
                "2026-10-27T08:00:00Z",
                "2026-11-03T08:00:00Z",
                "2026-11-10T08:00:00Z",
                "2026-11-13T08:00:00Z",
            ],
        ),
        (
            "Kennissessie Community CX, elke tweede dinsdag",
            vec![
                "2026-09-08T08:00:00Z",
                "2026-10-13T12:00:00Z",
                "2027-01-12T09:00:00Z",
                "2027-02-09T09:00:00Z",
                "2027-03-09T09:00:00Z",
            ],
        ),
        // The zone of the source, since the server drops `X-WR-TIMEZONE`.
        ("Zwevende tijd zonder zone", vec!["2026-12-10T19:00:00Z"]),
        ("Webinar in UTC", vec!["2026-12-03T13:00:00Z"]),
    ] {
        assert_eq!(starts(&installation, title), expected, "{title}");
    }
    // It has validators, but sends everything again.
    assert!(head.starts_with("HTTP/1.0 200") && head.contains("ETag: "), "{head}");
    let again = index(&installation);
    assert_counts(&again, [8, 0, 0, 0]);
    assert!(again.contains("(1 requests, ") && again.contains("nothing changed"), "{again}");
    assert!(!again.contains("(1 requests, 0 bytes"), "{again}");
}

#[test]
fn init_must_recognise_a_calendar() {
    let Some(radicale) = Radicale::start() else { return };
    let found = crate::init::published(&[&radicale.address()]);
    assert!(found.config.contains("kind = \"icalendar\""), "{}", found.config);
    assert_eq!(titles(&found.installation), ALL, "{}", found.config);
}

#[test]
fn a_file_that_the_server_writes_again_must_change_nothing() {
    let Some(radicale) = Radicale::start() else { return };
    let installation = installation(&radicale.address());
    index(&installation);
    let (before, generations) = (radicale.served().1, installation.generations());
    let seed = radicale.seed();
    let (head, body) = seed.split_once("BEGIN:VEVENT").expect("an event");
    let (body, _) = body.split_once("END:VCALENDAR").expect("an end");
    let mut blocks: Vec<_> = body.split("BEGIN:VEVENT").collect();
    blocks.reverse();
    let again = format!("{head}BEGIN:VEVENT{}END:VCALENDAR\n", blocks.join("BEGIN:VEVENT"));
    radicale.put(&again.replace("DTSTAMP:2026", "DTSTAMP:2027"));
    assert_ne!(radicale.served().1, before);
    assert_counts(&index(&installation), [8, 0, 0, 0]);
    assert_eq!(installation.generations(), generations);
}

#[test]
fn a_removed_event_must_remain_until_a_second_run_and_an_explicit_change_must_not_wait() {
    let Some(radicale) = Radicale::start() else { return };
    let installation = installation(&radicale.address());
    index(&installation);
    let floating = "Zwevende tijd zonder zone".to_owned();
    radicale.remove("1-107@gebruikercentraal.example");
    assert_counts(&index(&installation), [7, 0, 0, 1]);
    assert!(titles(&installation).contains(&floating));
    // A run that fails confirms nothing.
    radicale.stop();
    for _ in 0..3 {
        assert_failed(&index(&installation), "cannot connect");
        assert_eq!(titles(&installation), ALL);
    }
    let (is_success, text) = run(&installation, &["index", "--offline", "--full"]);
    assert!(is_success && titles(&installation) == ALL, "{text}");
    radicale.start_again();
    assert_counts(&index(&installation), [7, 0, 1, 0]);
    assert!(!titles(&installation).contains(&floating));

    let seed = radicale.seed();
    let cancelled = seed.replace("SUMMARY:Webinar", "STATUS:CANCELLED\nSUMMARY:Webinar");
    radicale.put(&cancelled.replace("SUMMARY:Jaar", "CLASS:PRIVATE\nSUMMARY:Jaar"));
    assert_counts(&index(&installation), [8, 3, 0, 0]);
    let found = events(&installation);
    assert!(!found.iter().any(|event| event.common.title.starts_with("Jaarlijkse dag")));
    let webinar = found.iter().find(|event| event.common.title == "Webinar in UTC");
    assert_eq!(webinar.expect("an event").status, schema::EventStatus::Cancelled);
}

#[test]
fn an_address_of_another_spelling_or_of_no_calendar_must_be_clear() {
    let Some(radicale) = Radicale::start() else { return };
    let without_slash = installation(&radicale.address_of("/gc/agenda"));
    assert_counts(&index(&without_slash), [8, 8, 0, 0]);
    for (path, reason) in [
        ("/gc/", "status 403"),
        ("/gc/niets/", "nothing at this address (status 404)"),
        ("/", "text instead of a calendar"),
    ] {
        let installation = installation(&radicale.address_of(path));
        assert_failed(&index(&installation), reason);
    }
}

#[test]
fn another_calendar_at_the_address_must_not_remove_everything_unnoticed() {
    let Some(radicale) = Radicale::start() else { return };
    let installation = installation(&radicale.address());
    index(&installation);
    let other = (0..8).map(|number| {
        let start = format!("DTSTAMP:20260901T080000Z\nDTSTART:20261203T13{number}000Z");
        event(&format!("anders-{number}"), &format!("Een andere agenda {number}"), &start)
    });
    radicale.put(&calendar(&other.collect::<Vec<_>>()).replace("VERSION", "PRODID:x\nVERSION"));
    let first = index(&installation);
    assert_counts(&first, [8, 8, 0, 8]);
    assert!(first.contains("agenda: no event of the previous file is in this one"), "{first}");
    assert_eq!(titles(&installation).len(), 15);
    let (is_success, second) = run(&installation, &["index"]);
    assert_counts(&second, [8, 0, 8, 0]);
    assert!(!is_success && second.contains("--allow-removals"), "{second}");
    assert_eq!(titles(&installation).len(), 15);
    let (is_success, allowed) = run(&installation, &["index", "--allow-removals"]);
    assert!(is_success, "{allowed}");
    assert_eq!(titles(&installation).len(), 8);
}

/// The titles of the public events that the server has, by UID.
fn public(radicale: &Radicale) -> BTreeMap<String, String> {
    let file = radicale.served().1.replace("\r\n ", "");
    let blocks =
        file.split("BEGIN:VEVENT").skip(1).filter(|block| !block.contains("CLASS:PRIVATE"));
    let value = |block: &str, name: &str| {
        let line = block.lines().find_map(|line| line.strip_prefix(name));
        line.expect("a property").to_owned()
    };
    blocks.map(|block| (value(block, "UID:"), value(block, "SUMMARY:"))).collect()
}

/// What a random event is.
#[derive(Debug, Clone)]
struct RandomEvent {
    title: String,
    is_private: bool,
}

fn random_calendar(model: &BTreeMap<String, RandomEvent>, random: &mut Rng) -> String {
    let mut blocks: Vec<_> = model
        .iter()
        .map(|(uid, one)| {
            let class = if one.is_private { "PRIVATE" } else { "PUBLIC" };
            let lines = format!(
                "DTSTAMP:20260901T08{:02}00Z\nCLASS:{class}\nDTSTART:20261203T130000Z",
                random.below(60)
            );
            event(uid, &one.title, &lines)
        })
        .collect();
    for at in (1..blocks.len()).rev() {
        blocks.swap(at, random.below(at as u64 + 1) as usize);
    }
    calendar(&blocks).replace("VERSION", "PRODID:x\nVERSION")
}

#[test]
fn after_random_edits_the_catalog_must_become_what_the_server_has() {
    let Some(radicale) = Radicale::start() else { return };
    let seed = std::env::var("UPSTREAM_SEED").ok().and_then(|text| text.parse().ok());
    let rounds = std::env::var("UPSTREAM_ROUNDS").ok().and_then(|text| text.parse().ok());
    let (seed, rounds) = (seed.unwrap_or(20_261_128), rounds.unwrap_or(ROUNDS));
    let mut random = Rng(seed);
    let installation = installation(&radicale.address());
    let config = std::fs::read_to_string(installation.config()).expect("a configuration");
    let config = config.replace("[[source]]", "[limits]\nremovals_percent = 100\n[[source]]");
    installation.write("wegwijzer.toml", &config);
    let mut model = BTreeMap::from([(
        "vast".to_owned(),
        RandomEvent { title: "Vast".to_owned(), is_private: false },
    )]);
    let mut runs = 0;
    for round in 0..rounds {
        let context = format!("seed {seed}, round {round}");
        for _ in 0..=random.below(4) {
            edit(&mut model, &mut random);
        }
        radicale.put(&random_calendar(&model, &mut random));
        if let Some(uid) = pick(&model, &mut random).filter(|_| random.below(3) == 0) {
            model.remove(&uid);
            radicale.remove(&uid);
        }
        if random.below(2) == 0 {
            index(&installation);
            runs += 1;
            let found = titles(&installation);
            let present: Vec<_> = public(&radicale).into_values().collect();
            let lost = present.iter().filter(|title| !found.contains(title));
            assert_eq!(lost.collect::<Vec<_>>(), Vec::<&String>::new(), "{context}");
        }
        if round % 4 == 3 || round + 1 == rounds {
            index(&installation);
            index(&installation);
            runs += 2;
            let mut expected: Vec<_> = public(&radicale).into_values().collect();
            expected.sort();
            assert_eq!(titles(&installation), expected, "{context}");
        }
    }
    let line =
        format!("radicale: {rounds} rounds, {runs} runs, seed {seed}: equal to the server\n");
    std::io::Write::write_all(&mut std::io::stderr(), line.as_bytes()).expect("stderr");
}

/// An event that may be removed: the server has no calendar without events.
fn pick(model: &BTreeMap<String, RandomEvent>, random: &mut Rng) -> Option<String> {
    let uids: Vec<_> = model.keys().filter(|uid| *uid != "vast").collect();
    (!uids.is_empty()).then(|| uids[random.below(uids.len() as u64) as usize].clone())
}

/// One random edit: an event that is new, changed, hidden, shown or removed.
fn edit(model: &mut BTreeMap<String, RandomEvent>, random: &mut Rng) {
    let number = random.below(1_000_000);
    match (random.below(6), pick(model, random)) {
        (0, Some(uid)) => {
            model.remove(&uid);
        }
        (1, Some(uid)) => {
            model.get_mut(&uid).expect("a known event").title = format!("Gewijzigd {number}");
        }
        (2, Some(uid)) => {
            let event = model.get_mut(&uid).expect("a known event");
            event.is_private = !event.is_private;
        }
        _ => {
            let (title, is_private) = (format!("Nieuw {number}"), random.below(5) == 0);
            // Some UIDs return after their event was removed.
            model.insert(format!("uid-{}-x", number % 30), RandomEvent { title, is_private });
        }
    }
}
