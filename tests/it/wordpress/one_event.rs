//! One event of a site by four ways: its API, its page, its feed and a calendar.

use super::{Site, index, installation, source};
use crate::one_record::records_of;

#[test]
fn an_event_of_the_api_a_page_a_feed_and_a_calendar_must_be_one_record() {
    let Some(site) = Site::start(3) else { return };
    let address = site.address();
    let by_address = |name: &str, kind: &str, path: &str| {
        format!(
            "[[source]]\nname = \"{name}\"\nkind = \"{kind}\"\naddress = \"{address}{path}\"\n\
             allow_private_addresses = true\n"
        )
    };
    let calendar = "[[source]]\nname = \"agenda\"\nkind = \"icalendar\"\npath = \"agenda.ics\"\n";
    let installation = installation(
        &[
            source("site", &address, "types = [\"event\", \"page\", \"stap\"]\n"),
            by_address("feed", "feed", "feed/?post_type=event"),
            by_address("web", "website", ""),
            calendar.to_owned(),
        ]
        .concat(),
    );
    // A calendar with all eight events but one.
    let write_calendar_without = |left_out: u32| {
        let event = |number: u32| {
            format!(
                "BEGIN:VEVENT\r\nUID:{number}@wp\r\nDTSTAMP:20261128T000000Z\r\n\
                 DTSTART;TZID=Europe/Amsterdam:2026120{number}T100000\r\nSUMMARY:Event\r\n\
                 URL:{address}evenement/event-{number}/\r\nEND:VEVENT\r\n"
            )
        };
        let events: Vec<_> = (1..=8).filter(|number| *number != left_out).map(event).collect();
        let calendar = format!(
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n{}END:VCALENDAR\r\n",
            events.concat()
        );
        installation.write("agenda.ics", &calendar);
    };
    write_calendar_without(2);
    let run = index(&installation);
    let found = |path: &str| {
        let records = records_of(&installation, path).into_iter();
        let named = records.map(|(kind, sources)| format!("{kind} of {}", sources.join("+")));
        named.collect::<Vec<_>>().join(", ")
    };
    assert_eq!(found("/evenement/event-1/"), "event of agenda+feed+site+web", "{run}");
    // Its site does not show when the other one takes place, so it remains a page.
    assert_eq!(found("/evenement/event-2/"), "article of feed+web", "{run}");
    assert_eq!(found("/stap/stap-1/"), "toolkit of site+web", "{run}");
    // Pages of tags only list others.
    assert_eq!(found("/tag/b1/"), "", "{run}");
    assert_eq!(found("/communitys/"), "article of site+web", "{run}");
    // The calendar has that one now, and another one no longer.
    write_calendar_without(1);
    let run = index(&installation);
    assert_eq!(found("/evenement/event-2/"), "event of agenda+feed+site+web", "{run}");
    assert_eq!(found("/evenement/event-1/"), "article of feed+web", "{run}");
}
