//! The calendar and the presets, compared with a naive scan of all events.

use std::collections::BTreeSet;

use jiff::civil::{Date, date};
use schema::{Event, Kind, Record, SearchFilter, SearchQuery};

use crate::{
    support::{Installation, everything, runtime},
    test_server::Server,
};

/// All events, found by a search.
fn events(installation: &Installation) -> Vec<Event> {
    let filter = SearchFilter { kinds: vec![Kind::Event], ..SearchFilter::default() };
    let query = SearchQuery { filter, ..everything() };
    let page = runtime().block_on(installation.snapshot().search(query)).expect("a search");
    let event = |hit: schema::Hit| match &*hit.record {
        Record::Event(event) => Some(event.clone()),
        _ => None,
    };
    page.hits.into_iter().filter_map(event).collect()
}

/// Day and URL of every entry under a day of a page.
fn listed(page: &str) -> BTreeSet<(i8, String)> {
    let mut listed = BTreeSet::new();
    for day in page.split("<h2 id=\"d").skip(1) {
        let (number, rest) = day.split_once('"').expect("an id");
        let section = rest.split("</section>").next().expect("it ends");
        let links = section.split("<a href=\"").skip(1).filter_map(|link| link.split('"').next());
        let number = number.parse().expect("a day");
        listed.extend(links.map(|link| (number, link.to_owned())));
    }
    listed
}

#[test]
fn every_month_must_show_every_occurrence_of_every_event_on_its_day() {
    let installation = Installation::of("fixtures/demo.toml");
    installation.build();
    let server = Server::of(&installation);
    let events = events(&installation);
    assert!(events.len() > 15, "{}", events.len());
    let (mut shown, mut of_series) = (0, 0);
    for number in 0..36_i8 {
        let first = date(2024 + i16::from(number / 12), 1 + number % 12, 1);
        let mut expected = BTreeSet::new();
        for event in &events {
            for occurrence in event.occurrences().all() {
                let on = occurrence.moment.date;
                let is_exact = occurrence.moment.time.is_some() || occurrence.moment.all_day();
                if is_exact && on.first_of_month() == first {
                    of_series += usize::from(event.series.is_some());
                    expected.insert((on.day(), format!("/event/{}", event.common.slug)));
                }
            }
        }
        let path = format!("/calendar/{:04}-{:02}", first.year(), first.month());
        let page = server.get(&path);
        assert_eq!(page.status, 200, "{path}");
        assert_eq!(listed(&page.body), expected, "{path}");
        shown += expected.len();
    }
    assert!(shown > 15 && of_series > 3, "{shown}, {of_series} of series");
}

#[test]
fn a_month_must_link_to_its_neighbours_and_report_when_it_is_empty() {
    let installation = Installation::empty();
    installation.write_lines(&[
        r#"{"key":"a","kind":"event","title":"Eerste","start":"2026-01-20T10:00","end":"2026-01-20T12:30"}"#,
        r#"{"key":"b","kind":"event","title":"Lang","start":"2026-03-30","end":"2026-04-02"}"#,
        r#"{"key":"c","kind":"event","title":"Eiland","start":"2026-03-31T20:00","end":"2026-03-31T21:00","time_zone":"America/Kralendijk"}"#,
        r#"{"key":"d","kind":"event","title":"Vaag","start":"zomer 2026"}"#,
    ]);
    installation.build();
    let server = Server::of(&installation);
    let page = |path: &str| server.get(path).body;
    let january = page("/calendar/2026-01");
    assert!(january.contains("Er is 1 bijeenkomst in januari 2026."), "{january}");
    assert!(january.contains("10.00 tot 12.30 uur"), "{january}");
    assert!(!january.contains("rel=\"prev\"") && january.contains("href=\"/calendar/2026-02\""));
    let empty = page("/en/calendar/2026-02");
    assert!(empty.contains("There are no events in February 2026."), "{empty}");
    assert!(empty.contains("noindex") && empty.contains("href=\"/en/calendar/2026-03\""));
    assert!(empty.contains("hreflang=\"nl\" href=\"/calendar/2026-02\""), "{empty}");
    let march = page("/calendar/2026-03");
    assert_eq!(listed(&march).into_iter().map(|(day, _)| day).collect::<Vec<_>>(), [30, 31]);
    assert!(march.contains("tot en met 2 april 2026"), "{march}");
    assert!(march.contains("20.00 tot 21.00 uur (tijd in Kralendijk)"), "{march}");
    let april = page("/calendar/2026-04");
    assert!(april.contains("<h2 id=\"earlier\">Eerder begonnen</h2>"), "{april}");
    assert!(!april.contains("Eiland"), "listed by the local date of its venue: {april}");
    for month in ["2026-06", "2026-07", "2026-08"] {
        let summer = page(&format!("/calendar/{month}"));
        assert!(summer.contains("<h2 id=\"vague\">Zonder exacte datum</h2>"), "{month}: {summer}");
    }
    assert!(!page("/calendar/2026-08").contains("rel=\"next\""));
    assert!(page("/calendar/2040-01").contains("rel=\"prev\" href=\"/calendar/2026-08\""));
    let present = page("/calendar");
    assert!(present.contains("rel=\"canonical\" href=\"http://127.0.0.1:8080/calendar/2026-03\""));
    for path in ["/calendar/2026-13", "/calendar/2026-3", "/calendar/maart", "/calendar/0001-01"] {
        assert_eq!(server.get(path).status, 404, "{path}");
    }
}

/// The URL of the link with this text.
fn href_of_link(page: &str, text: &str) -> String {
    let before = page.split(&format!(">{text}</a>")).next().expect("a text");
    let href = before.rsplit("href=\"").next().and_then(|rest| rest.split('"').next());
    href.expect("a link").replace("&#38;", "&").replace("&amp;", "&")
}

#[test]
fn presets_must_find_events_in_their_range_and_each_occurrence_of_a_series() {
    let installation = Installation::empty();
    installation.write_lines(&[
        r#"{"key":"a","kind":"event","title":"Vorige week","start":"2026-02-26T10:00"}"#,
        r#"{"key":"b","kind":"event","title":"Zondag","start":"2026-03-08T23:30"}"#,
        r#"{"key":"c","kind":"event","title":"Maandag daarna","start":"2026-03-09T00:00"}"#,
        r#"{"key":"d","kind":"event","title":"April","start":"2026-04-01T10:00"}"#,
        r#"{"key":"e","kind":"event","title":"Reeks","start":"2026-01-06T15:00","series":{"rule":"FREQ=WEEKLY;COUNT=10"}}"#,
        r#"{"key":"f","kind":"event","title":"Vanochtend","start":"2026-03-02T09:00","end":"2026-03-02T10:00"}"#,
    ]);
    installation.build();
    let server = Server::of(&installation);
    let all = server.get("/event").body;
    let titles = |page: &str| -> Vec<String> {
        let hits = page.split("<h3>").skip(1).filter_map(|hit| hit.split("<bdi>").nth(1));
        hits.map(|hit| hit.split("</bdi>").next().expect("it ends").to_owned()).collect()
    };
    // Upcoming events first, in chronological order; then past events, latest first.
    assert_eq!(
        titles(&all),
        ["Reeks", "Zondag", "Maandag daarna", "April", "Vanochtend", "Vorige week"]
    );
    for (text, expected) in [
        ("Deze week", &["Reeks", "Zondag", "Vanochtend"][..]),
        ("Deze maand", &["Reeks", "Zondag", "Maandag daarna", "Vanochtend"]),
        ("Dit kwartaal", &["Reeks", "Zondag", "Maandag daarna", "Vanochtend", "Vorige week"]),
        ("Alle komende bijeenkomsten", &["Reeks", "Zondag", "Maandag daarna", "April"]),
    ] {
        let href = href_of_link(&all, text);
        let page = server.get(&href).body;
        assert_eq!(titles(&page), expected, "{text}: {href}");
        assert!(page.contains(&format!("aria-current=\"true\">{text}</a>")), "{text}");
    }
    assert_eq!(href_of_link(&all, "Agenda per maand"), "/calendar");
    let narrowed = server.get("/?q=reeks&kind=event&attendance=unknown").body;
    let week = href_of_link(&narrowed, "Deze week");
    assert!(week.contains("q=reeks") && week.contains("attendance=unknown"), "{week}");
    let _: Date = week.split("from=").nth(1).unwrap()[..10].parse().expect("a day");
}
