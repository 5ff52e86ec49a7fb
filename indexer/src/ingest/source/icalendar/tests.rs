//! Complete calendars: bytes and settings in, items out.

mod files;
mod identity;
mod recurrence;
mod times;
mod zones;

use serde_json::{Value, json};

use crate::ingest::source::{
    SourceItem,
    tests::{fields, items, summaries},
};

const CONFIG: &str = "kind = \"icalendar\"\npath = \"a.ics\"";

/// A calendar with these components.
fn calendar(components: &str) -> String {
    format!("BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//T//NL\n{components}\nEND:VCALENDAR\n")
}

/// An event with a UID, a title and these lines, from line 4 of [`calendar`] on.
fn event(uid: &str, lines: &str) -> String {
    format!("BEGIN:VEVENT\nUID:{uid}\nSUMMARY:T\n{lines}\nEND:VEVENT\n")
}

/// The items of a calendar with these components.
fn items_of(components: &str) -> Vec<SourceItem> {
    items(CONFIG, &[("a.ics", calendar(components).as_bytes())])
}

/// The fields of an event with these lines.
fn fields_of(lines: &str) -> Value {
    fields(&items_of(&event("1", lines)))
}

/// The location and reason for which an event with these lines is rejected.
fn rejection(lines: &str) -> String {
    let summaries = summaries(&items_of(&event("1", lines)));
    let [summary] = summaries.as_slice() else { panic!("expected one item: {summaries:?}") };
    assert!(summary.starts_with("!a.ics:"), "{summary}: {lines}");
    summary.trim_start_matches("!a.ics:").to_owned()
}

const DAY: &str = "DTSTART;VALUE=DATE:20261119";

#[test]
fn an_event_must_have_its_properties_as_fields() {
    let lines = "DTSTART:20261203T130000Z\nDTEND:20261203T140000Z\n\
        summary:Kennissessie\\, elke\\; keer \\n twee\\\\drie\n\
        DESCRIPTION:Iedereen & ook <niet-lid>.\\n\\nAanmelden:\\nhttps://x.nl/a\n\
        LOCATION:Stadhuis\\nGrote Markt 1\\, Den Haag\nGEO:52.0786;4.2887\n\
        URL:https://x.nl/kennissessie/\nCATEGORIES:Community CX,Kennissessie\nCATEGORIES:a\\,b\n\
        STATUS:CONFIRMED\nLAST-MODIFIED:20260902T080000Z\nCREATED:20260901T080000Z\n\
        CONFERENCE;VALUE=URI:tel:+31701234567\nCONFERENCE;VALUE=URI:https://video.nl/a\n\
        CONFERENCE;VALUE=URI;FEATURE=AUDIO,VIDEO:https://video.nl/b\n\
        ATTACH;FMTTYPE=application/pdf:https://x.nl/a.pdf\n\
        ATTACH;FMTTYPE=image/png:https://x.nl/a.png\nX-COST:gratis\nTRANSP:OPAQUE\n\
        DTSTAMP:20260901T080000Z\nSEQUENCE:2";
    let lines = format!("BEGIN:VEVENT\nUID:1@x.nl\n{lines}\nEND:VEVENT");
    let config = format!(
        "{CONFIG}\n[fields]\nprice = 'x-cost'\nform = 'categories'\nthemes = 'categories'\n\
         [values.form]\n'*' = 'KNOWLEDGE_SESSION'"
    );
    let items = items(&config, &[("a.ics", calendar(&lines).as_bytes())]);
    assert_eq!(
        fields(&items),
        json!({
            "kind": "event", "key": "1@x.nl", "uid": "1@x.nl",
            "title": "Kennissessie, elke; keer \n twee\\drie",
            "body": "<p>Iedereen &amp; ook &lt;niet-lid&gt;.</p>\n<p>Aanmelden:<br>\nhttps://x.nl/a</p>\n",
            "place": { "name": "Stadhuis, Grote Markt 1, Den Haag",
                "latitude": "52.0786", "longitude": "4.2887" },
            "url": "https://x.nl/kennissessie/", "online_url": "https://video.nl/b",
            "image": "https://x.nl/a.png", "status": "SCHEDULED", "price": "gratis",
            "form": ["KNOWLEDGE_SESSION", "KNOWLEDGE_SESSION", "KNOWLEDGE_SESSION"],
            "themes": ["Community CX", "Kennissessie", "a,b"],
            "modified_at": "20260902T080000Z", "time_zone": "Europe/Amsterdam",
            "start": "2026-12-03T13:00:00Z", "end": "2026-12-03T14:00:00Z",
        })
    );
    let SourceItem::Record(record) = &items[0] else { panic!("{items:?}") };
    assert_eq!((record.location.as_str(), record.line), ("a.ics", Some(4)));
}

#[test]
fn html_must_be_preferred_unless_it_is_empty() {
    let body =
        |lines: &str| fields_of(&format!("{DAY}\nDESCRIPTION:Tekst\n{lines}"))["body"].clone();
    let page =
        "<html><head><title>x</title></head>\\n<body class=a>\\n<b>Vet\\, ja</b></BODY></html>";
    assert_eq!(body(&format!("X-ALT-DESC;FMTTYPE=text/html:{page}")), "\n<b>Vet, ja</b>");
    assert_eq!(body("STYLED-DESCRIPTION;VALUE=TEXT;FMTTYPE=text/html:<i>a</i>"), "<i>a</i>");
    assert_eq!(
        body("X-ALT-DESC;FMTTYPE=text/html:<html><body>&nbsp; <p></p></body>"),
        "<p>Tekst</p>\n"
    );
    assert_eq!(body("X-ALT-DESC;FMTTYPE=text/plain:Anders"), "<p>Tekst</p>\n");
    let google =
        fields_of(&format!("{DAY}\nDESCRIPTION:<b>Vet</b>\\nen <a href=\"https://x.nl\">a</a>"));
    assert_eq!(google["body"], "<b>Vet</b><br>\nen <a href=\"https://x.nl\">a</a>");
}

#[test]
fn contact_data_of_organisers_and_attendees_must_not_be_read() {
    let lines = format!(
        "{DAY}\nORGANIZER;CN=\"Team: Diensten\";SENT-BY=\"mailto:c@x.nl\":mailto:noor@x.nl\n\
         ATTENDEE;CN=\"Jan \"de\" Jong:MAILTO:jan@x.nl\nCONTACT:Noor\\, 06-12345678\n\
         COMMENT:bel noor@x.nl\nX-MICROSOFT-OWNER:noor@x.nl"
    );
    let config = format!("{CONFIG}\nfields = {{ organisers = 'organizer' }}");
    let file = calendar(&event("1", &lines));
    let fields = fields(&items(&config, &[("a.ics", file.as_bytes())]));
    assert_eq!(fields["organisers"], "Team: Diensten");
    let text = fields.to_string();
    assert!(!text.contains("@x.nl") && !text.contains("1234"), "{text}");
    let without_name = fields_of(&format!("{DAY}\nORGANIZER:mailto:noor@x.nl"));
    assert!(!without_name.to_string().contains('@'), "{without_name}");
}

#[test]
fn only_events_that_everybody_may_see_must_be_records() {
    for (class, expected) in [
        ("", "+1"),
        ("CLASS:PUBLIC", "+1"),
        ("class:public", "+1"),
        ("CLASS:PRIVATE", "?1 Draft"),
        ("CLASS:CONFIDENTIAL", "?1 Draft"),
        ("CLASS:X-INTERN", "?1 Draft"),
        ("CLASS:", "?1 Draft"),
        ("CLASS:PUBLIC\nCLASS:PRIVATE", "?1 Draft"),
        ("CLASS:PRIVATE\nDTEND:geheim\nook geheim", "?1 Draft"),
    ] {
        let summaries = summaries(&items_of(&event("1", &format!("{DAY}\n{class}"))));
        assert_eq!(summaries, [expected], "{class}");
    }
}

#[test]
fn a_status_must_be_that_of_the_event_or_of_the_whole_calendar() {
    let status = |lines: &str| fields_of(&format!("{DAY}\n{lines}"))["status"].clone();
    assert_eq!(status("STATUS:TENTATIVE"), "SCHEDULED");
    assert_eq!(status("STATUS:cancelled"), "CANCELLED");
    assert_eq!(status(""), Value::Null);
    assert_eq!(status("STATUS:Anders"), "ANDERS");
    let cancelled = format!("METHOD:CANCEL\n{}", event("1", DAY));
    assert_eq!(fields(&items_of(&cancelled))["status"], "CANCELLED");
}

#[test]
fn addresses_that_are_not_pages_must_be_left_out() {
    let lines = format!(
        "{DAY}\nURL:message:%3Ca@b.nl%3E\nLOCATION: https://teams.example/l/1\nCONFERENCE:tel:+3170"
    );
    let fields = fields_of(&lines);
    assert_eq!(fields["online_url"], "https://teams.example/l/1");
    assert_eq!((&fields["url"], &fields["place"]), (&Value::Null, &Value::Null));
    let both = fields_of(&format!("{DAY}\nLOCATION:Zaal 1 (https://x.nl)\nGEO:52.1\\;4.2"));
    assert_eq!(both["place"]["name"], "Zaal 1 (https://x.nl)");
    assert_eq!(both["place"]["longitude"], "4.2");
    assert!(rejection(&format!("{DAY}\nGEO:52.1")).starts_with("8 `GEO`"));
}
