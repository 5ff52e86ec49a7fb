//! What a host can do wrong with a calendar, and what no real server does.

use std::process::Command;

use super::{
    by_address::{assert_counts, assert_failed, index, installation, titles},
    calendar,
    calendar_host::{CalendarHost, HostReply},
    event,
};
use crate::support::runtime;

fn three_events() -> String {
    let event = |number: usize| {
        event(&format!("{number}@x.example"), &format!("Bijeenkomst {number}"), START)
    };
    calendar(&[event(1), event(2), event(3)])
}

const START: &str = "DTSTART:20261203T130000Z";

/// A compressed response that is much longer than it seems.
fn compressed_bomb() -> HostReply {
    let output = Command::new("sh")
        .args(["-c", "head -c 70000000 /dev/zero | gzip -9"])
        .output()
        .expect("gzip runs");
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/calendar\r\ncontent-encoding: gzip\r\n";
    HostReply::Fixed(head.to_owned(), output.stdout)
}

#[test]
fn a_calendar_that_did_not_change_must_not_be_sent_again() {
    let host = CalendarHost::start(three_events());
    let address = format!("{}/agenda.ics", host.origin());
    let installation = installation(&address);
    assert_counts(&index(&installation), [3, 3, 0, 0]);
    let again = index(&installation);
    assert_counts(&again, [3, 0, 0, 0]);
    assert!(again.contains("(1 requests, 0 bytes"), "{again}");
    let heads = host.heads();
    assert!(!heads[0].contains("if-none-match"), "{heads:?}");
    assert!(heads[0].contains("accept: text/calendar"), "{heads:?}");
    assert!(heads[1].contains("if-none-match: \""), "{heads:?}");
    // Status 304 confirms an absence like a second file without the event.
    let two = three_events().replace("UID:3@", "UID:4@");
    host.set(HostReply::Calendar(two));
    assert_counts(&index(&installation), [3, 1, 0, 1]);
    assert_eq!(titles(&installation).len(), 4);
    assert_counts(&index(&installation), [3, 0, 1, 0]);
    assert_eq!(titles(&installation).len(), 3);
    // Without the stored file, no validator is sent.
    std::fs::remove_file(installation.data().join("sync.redb")).expect("the state");
    assert_counts(&index(&installation), [3, 3, 0, 0]);
    assert!(!host.heads().last().expect("a request").contains("if-none-match"));
}

#[test]
fn whatever_a_host_sends_instead_of_a_calendar_the_last_one_must_remain() {
    let host = CalendarHost::start(three_events());
    let installation = installation(&format!("{}/agenda.ics", host.origin()));
    index(&installation);
    let before = installation.view();
    let ok = |media_type: &str, body: &str| HostReply::of("200 OK", media_type, body);
    let status = |status: &str| HostReply::of(status, "text/html", "<h1>Fout</h1>");
    let redirect = |location: &str| {
        let head = format!("HTTP/1.1 302 Found\r\nlocation: {location}\r\n");
        HostReply::Fixed(head, Vec::new())
    };
    let file = three_events();
    let half = &file[..file.len() - 40];
    let reply = file.replace("VERSION", "METHOD:REPLY\nVERSION");
    let cut = "HTTP/1.1 200 OK\r\ncontent-type: text/calendar\r\ncontent-length: 9999\r\n";
    let other = CalendarHost::start(file.clone());
    let elsewhere = other.origin().replace("127.0.0.1", "localhost");
    for (sent, reason) in [
        (ok("text/html", "<!doctype html><form>Inloggen</form>"), "web page instead of a calendar"),
        (ok("text/calendar", "<html></html>"), "web page instead of a calendar"),
        (ok("application/json", "{\"events\": []}"), "JSON instead of a calendar"),
        (ok("text/calendar", ""), "empty response instead of a calendar"),
        (ok("text/calendar", half), "file is incomplete; no end of the component"),
        (
            ok("text/calendar", &reply),
            "not a calendar that publishes events; its METHOD is `REPLY`",
        ),
        (ok("text/calendar", "Niet beschikbaar"), "text instead of a calendar"),
        (ok("text/calendar", &" ".repeat((16 << 20) + 1)), "calendar exceeds the maximum number"),
        (status("404 Not Found"), "nothing at this address (status 404)"),
        (status("410 Gone"), "nothing at this address (status 410)"),
        (status("403 Forbidden"), "status 403"),
        (status("500 Internal Server Error"), "unexpected status 500"),
        (HostReply::Fixed(cut.to_owned(), file.clone().into()), "response body is incomplete"),
        (HostReply::Endless, "response body as sent exceeds"),
        (compressed_bomb(), "decompressed response body exceeds"),
        (HostReply::Closed, "connection ended before the response"),
        (redirect("/agenda.ics"), "redirect loop"),
        (redirect(&format!("{elsewhere}/agenda.ics")), "the calendar moved; set `address`"),
    ] {
        host.set(sent);
        assert_failed(&index(&installation), reason);
        assert_eq!(installation.view(), before, "{reason}");
    }
    host.set(HostReply::Calendar(file));
    let again = index(&installation);
    assert_counts(&again, [3, 0, 0, 0]);
    assert!(again.contains("(1 requests, 0 bytes"), "{again}");
}

#[test]
fn an_address_must_be_in_rejections_and_only_its_host_in_the_catalog() {
    let file = three_events().replacen(START, "DTSTART:morgen", 1);
    let host = CalendarHost::start(file);
    let address = format!("{}/geheim-7d3f/agenda.ics?token=9a1c", host.origin());
    let installation = installation(&address);
    let text = index(&installation);
    assert!(text.contains(&format!("{address}:6: ")), "{text}");
    assert_eq!(titles(&installation), ["Bijeenkomst 2", "Bijeenkomst 3"]);
    let snapshot = installation.snapshot();
    for event in super::events(&installation) {
        let id = event.common.id;
        let sources = runtime().block_on(snapshot.provenance(&[id])).expect("sources").remove(0);
        assert_eq!(sources[0].record.location, host.origin());
    }
    assert!(!installation.view().iter().any(|record| record.contains("geheim")));
}

#[test]
fn an_event_with_another_uid_and_the_same_key_must_be_the_same_record() {
    let file = three_events();
    let host = CalendarHost::start(file.clone());
    let installation = installation(&format!("{}/agenda.ics", host.origin()));
    let config = std::fs::read_to_string(installation.config()).expect("a configuration");
    installation.write("wegwijzer.toml", &format!("{config}key = \"{{title}}\"\n"));
    index(&installation);
    for day in 1..4 {
        host.set(HostReply::Calendar(file.replace("@x.example", &format!("-{day}@x.example"))));
        assert_counts(&index(&installation), [3, 3, if day > 1 { 3 } else { 0 }, 3]);
        assert_eq!(titles(&installation).len(), 3, "{day}");
    }
}
