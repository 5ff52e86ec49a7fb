//! Whole records: canonical fields in, facts or a rejection reason out.

mod calendars;
mod unreadable_values;

use schema::{CountPrecision, DatePrecision, GovernmentLayer, Moment, ResourceKind};
use serde_json::{Map, Value, json};

use super::*;
use crate::{
    ingest::{source, source::template::PathCaptures},
    source_facts::{ArticleFacts, CommunityFacts, EventFacts, ToolkitFacts},
};

/// Normalises the fields of a record from a Dutch source.
fn shifted(fields: Value, shift_days: i64) -> Result<Facts, String> {
    let config = "kind = \"jsonlines\"\npath = \"a.jsonl\"\nlanguage = \"nl\"";
    let (_folder, source) = source::tests::resolved_source(config, &[("a.jsonl", b"")]);
    let Value::Object(fields) = fields else { panic!("fields are an object") };
    let raw = RawRecord {
        key: "a".to_owned(),
        location: "a.jsonl:1".to_owned(),
        line: None,
        content_hash: [0; 32],
        fields: source.mapping.apply(&fields, &PathCaptures::new()),
        front_matter: None,
    };
    normalise(&raw, &source, &NormaliseContext { shift_days })
}

/// A record of a kind with a title and further fields.
fn record(kind: &str, fields: Value) -> Result<Facts, String> {
    let mut all =
        Map::from_iter([("kind".to_owned(), json!(kind)), ("title".to_owned(), json!("Titel"))]);
    let Value::Object(fields) = fields else { panic!("fields are an object") };
    all.extend(fields);
    shifted(Value::Object(all), 0)
}

fn article(fields: Value) -> Result<(Facts, ArticleFacts), String> {
    let facts = record("article", fields)?;
    let Detail::Article(detail) = facts.detail.clone() else { panic!("an article") };
    Ok((facts, detail))
}

fn event(fields: Value) -> Result<EventFacts, String> {
    let Detail::Event(detail) = record("event", fields)?.detail else { panic!("an event") };
    Ok(detail)
}

fn community(fields: Value) -> Result<CommunityFacts, String> {
    let facts = record("community", fields)?;
    let Detail::Community(detail) = facts.detail else { panic!("a community") };
    Ok(detail)
}

fn toolkit(fields: Value) -> Result<ToolkitFacts, String> {
    let Detail::Toolkit(detail) = record("toolkit", fields)?.detail else { panic!("a toolkit") };
    Ok(detail)
}

#[test]
fn a_kind_must_be_present_and_valid() {
    let missing = shifted(json!({ "title": "T" }), 0).unwrap_err();
    assert!(missing.contains("[source.constants] kind = \"article\""), "{missing}");
    let unknown = record("blog", json!({})).unwrap_err();
    assert!(unknown.starts_with("`kind`: expected one of article, toolkit,"), "{unknown}");
    assert!(unknown.ends_with("`blog`"), "{unknown}");
    assert_eq!(record("Event", json!({})).unwrap().kind(), NodeKind::Event);
}

#[test]
fn every_text_must_be_cleaned_and_redacted() {
    let (facts, detail) = article(json!({
        "title": "Bel&#8217;s  <em>06-12345678</em>",
        "summary": "Mail noor@example.nl",
        "lead": "tel. 010 123 45 67",
        "quotes": [{ "text": "“Bel 0800-1234”", "person": "Noor\u{200b} Vandersteen" }],
        "themes": ["a@b.nl", "cx "],
        "body": "<p>noor@example.nl</p>",
    }))
    .unwrap();
    assert_eq!(facts.title.as_deref(), Some("Bel’s [telefoonnummer weggelaten]"));
    assert_eq!(facts.summary.as_deref(), Some("Mail [e-mailadres weggelaten]"));
    assert_eq!(detail.lead.as_deref(), Some("tel. [telefoonnummer weggelaten]"));
    assert_eq!(detail.quotes[0].text, "Bel [telefoonnummer weggelaten]");
    assert_eq!(detail.quotes[0].person.as_deref(), Some("Noor Vandersteen"));
    assert_eq!(facts.themes, ["cx"]);
    let body = facts.body.unwrap();
    assert_eq!(body.html, "<p>[e-mailadres weggelaten]</p>");
    assert_eq!(body.text, "[e-mailadres weggelaten]");
}

#[test]
fn notices_must_be_in_the_language_of_the_record() {
    let (facts, _) = article(json!({ "language": "en-GB", "summary": "a@b.nl" })).unwrap();
    assert_eq!(facts.language, Some(Language::En));
    assert_eq!(facts.summary.as_deref(), Some("[e-mail address removed]"));
    let (facts, _) = article(json!({ "summary": "a@b.nl" })).unwrap();
    assert_eq!(facts.language, Some(Language::Nl));
    let error = article(json!({ "language": "Nederlands" })).unwrap_err();
    assert_eq!(
        error,
        "`language`: invalid language tag; use for example `nl` or `en`: `Nederlands`"
    );
}

#[test]
fn a_title_must_be_derived_from_a_heading_or_the_first_sentence() {
    let derived = |fields: Value| {
        let facts = shifted(fields, 0).unwrap();
        (facts.derived_title.unwrap(), facts.body.map(|body| body.text).unwrap_or_default())
    };
    let pair = |title: &str, text: &str| (title.to_owned(), text.to_owned());
    assert_eq!(
        derived(json!({ "kind": "article", "body": "<h1>De <i>kop</i></h1><p>Tekst.</p>" })),
        pair("De kop", "Tekst.")
    );
    assert_eq!(
        derived(json!({ "kind": "article", "body": "Eerste zin. Tweede zin." })),
        pair("Eerste zin", "Eerste zin. Tweede zin.")
    );
    assert_eq!(
        derived(json!({ "kind": "toolkit", "summary": "Wat nu? Dit." })),
        pair("Wat nu?", "")
    );
    let (long, _) = derived(json!({ "kind": "article", "body": "woord ".repeat(40) }));
    assert!(long.ends_with("woord…") && long.chars().count() <= 90, "{long}");
}

#[test]
fn a_record_without_title_and_text_must_be_rejected() {
    let rejection = |fields: Value| shifted(fields, 0).unwrap_err();
    assert_eq!(
        rejection(json!({ "kind": "article", "body": " <p> </p>" })),
        "missing `title`, and no text to derive it from"
    );
    assert_eq!(
        rejection(json!({ "kind": "theme", "definition": "Een uitleg." })),
        "missing `title`, required as the name of every `theme`"
    );
}

#[test]
fn unknown_enum_values_must_be_rejected_with_the_valid_ones() {
    let error = article(json!({ "form": "BROCHURE" })).unwrap_err();
    assert!(
        error.starts_with("`form`: unknown ArticleForm: `BROCHURE`; expected one of BLOG,"),
        "{error}"
    );
    let detail =
        community(json!({ "layers": ["rijk", "Gemeente"], "access": "on request" })).unwrap();
    assert_eq!(detail.layers, [GovernmentLayer::Rijk, GovernmentLayer::Gemeente]);
}

#[test]
fn only_web_urls_must_be_accepted() {
    for url in
        ["gewoon even googelen", "ftp://x.nl", "javascript:x()", "mailto:a@b.nl", "/a", "//x.nl"]
    {
        let error = article(json!({ "url": url })).unwrap_err();
        assert_eq!(error, format!("`url`: invalid URL, expected `http` or `https`: `{url}`"));
    }
    let error = article(json!({ "url": "https://x.nl/?mail=a@b.nl" })).unwrap_err();
    assert_eq!(error, "`url`: must not contain an e-mail address");
    let (facts, _) = article(json!({ "url": "https://x.nl/a/", "image": "../i.png" })).unwrap();
    assert_eq!(facts.image.unwrap().url.as_str(), "https://x.nl/i.png");
    let (facts, _) = article(json!({ "image": "/i.png" })).unwrap();
    assert_eq!(facts.image, None);
}

#[test]
fn content_dates_must_keep_the_precision_of_the_source_and_be_dates_in_amsterdam() {
    for (text, expected) in [
        (json!("12 maart 2026"), "2026-03-12 DAY"),
        (json!("2025-07-01"), "2025-07-01 DAY"),
        (json!("2025-12-31"), "2025-12-31 DAY"),
        (json!(20_250_301), "2025-03-01 DAY"),
        (json!("2025-03-01T14:00"), "2025-03-01 INSTANT 2025-03-01T13:00:00Z"),
        (json!("2025-07-01 00:00"), "2025-07-01 INSTANT 2025-06-30T22:00:00Z"),
        (json!("2025-12-31T23:30:00Z"), "2026-01-01 INSTANT 2025-12-31T23:30:00Z"),
        (json!("2025-12-31T23:30:00+01:00"), "2025-12-31 INSTANT 2025-12-31T22:30:00Z"),
        (json!("2025-03"), "2025-03-01 MONTH"),
        (json!("maart 2025"), "2025-03-01 MONTH"),
        (json!("zomer 2025"), "2025-06-01 SEASON"),
        (json!("2025"), "2025-01-01 YEAR"),
        (json!(2025), "2025-01-01 YEAR"),
    ] {
        let (facts, _) = article(json!({ "published_at": &text, "modified_at": &text })).unwrap();
        let published_at = facts.published_at.unwrap();
        assert_eq!(described(&published_at), expected, "{text}");
        assert_eq!(facts.modified_at, Some(published_at));
    }
    let on_bonaire = |published_at: &str| {
        let zone = "America/Kralendijk";
        let fields = json!({ "published_at": published_at, "time_zone": zone });
        described(&article(fields).unwrap().0.published_at.unwrap())
    };
    assert_eq!(on_bonaire("2025-12-31"), "2025-12-31 DAY");
    assert_eq!(on_bonaire("2025-12-31T20:00"), "2026-01-01 INSTANT 2026-01-01T00:00:00Z");
}

/// Date, precision and instant of a content date.
fn described(moment: &Moment) -> String {
    assert_eq!(moment.zone, HOME_ZONE);
    let instant = moment.exact().map(|instant| format!(" {instant}")).unwrap_or_default();
    format!("{} {}{instant}", moment.date, moment.precision)
}

#[test]
fn dates_must_exist_and_move_with_the_demo() {
    let error = article(json!({ "published_at": "2025-02-30" })).unwrap_err();
    assert!(error.starts_with("`published_at`: invalid date"), "{error}");
    assert!(error.ends_with("`2025-02-30`"), "{error}");

    let fields = json!({
        "kind": "event", "title": "T", "start": "2026-03-03T14:00", "published_at": "2026-03-01",
        "series": { "rule": "FREQ=WEEKLY;UNTIL=20260401", "exclude": ["2026-03-10"] },
        "registration": { "closes": "2026-03-02" },
    });
    let facts = shifted(fields, 7).unwrap();
    assert_eq!(described(&facts.published_at.unwrap()), "2026-03-08 DAY");
    let Detail::Event(event) = facts.detail else { panic!("an event") };
    assert_eq!(event.start.unwrap().date.to_string(), "2026-03-10");
    let series = event.series.unwrap();
    assert_eq!(series.rule, "FREQ=WEEKLY;UNTIL=20260408T215959Z");
    assert_eq!(series.excluded[0].to_string(), "2026-03-17");
    let closes = event.registration.unwrap().closes_at.unwrap();
    assert_eq!(described(&closes), "2026-03-09 DAY");
}

#[test]
fn an_event_must_be_in_its_own_zone_and_end_after_it_begins() {
    let bonaire = json!({ "start": "2025-06-10T09:00", "time_zone": "America/Kralendijk" });
    let start = event(bonaire).unwrap().start.unwrap();
    assert_eq!(start.earliest().to_string(), "2025-06-10T13:00:00Z");
    assert_eq!(
        event(json!({ "start": "zomer 2025" })).unwrap().start.unwrap().precision,
        DatePrecision::Season
    );
    assert_eq!(
        event(json!({ "start": "2026-04-16T12:00", "end": "2026-04-16T11:00" })).unwrap_err(),
        "`end`: must not be before `start`: `2026-04-16T11:00`"
    );
    assert!(event(json!({ "start": "2026-04-16T12:00", "end": "2026-04-16" })).is_ok());
    let error = event(json!({ "time_zone": "Europe/Zeeveen" })).unwrap_err();
    assert!(error.starts_with("`time_zone`: unknown time zone"), "{error}");
    let session = json!({ "title": "S", "start": "2026-04-16T12:00", "end": "2026-04-16T11:00" });
    let error = event(json!({ "sessions": [session] })).unwrap_err();
    assert!(error.starts_with("`sessions[0].end`: must not be before `start`"), "{error}");
}

#[test]
fn a_series_must_have_a_rule_and_a_start() {
    let series = json!({ "rule": "FREQ=WEEKLY" });
    assert_eq!(event(json!({ "series": series })).unwrap_err(), "`series`: requires a `start`");
    let error = event(json!({ "start": "2026-03-03", "series": "FREQ=SECONDLY" })).unwrap_err();
    assert!(error.starts_with("`series.rule`: invalid recurrence rule"), "{error}");
    let days =
        json!({ "start": "2026-03-03", "series": { "rule": "FREQ=WEEKLY", "exclude": ["ooit"] } });
    let error = event(days).unwrap_err();
    assert!(error.starts_with("`series.exclude`: invalid date"), "{error}");
}

#[test]
fn a_number_of_members_must_be_read_as_people_write_it() {
    let count = |input: Value| {
        let count = community(json!({ "member_count": input })).unwrap().member_count.unwrap();
        (count.value, count.precision == CountPrecision::Exact)
    };
    for input in [json!(2500), json!("2500"), json!("2.500"), json!("2500 leden")] {
        assert_eq!(count(input), (2500, true));
    }
    for input in
        ["ongeveer 2500", "zo'n 2500", "zo’n 2.500 leden", "ruim 2500", "2500+", "ca. 2500"]
    {
        assert_eq!(count(json!(input)), (2500, false), "{input}");
    }
    assert_eq!(count(json!("100en")), (100, false));
    for input in ["veel", "-3", "2.50", "99999999999", "10 tot 20"] {
        let error = community(json!({ "member_count": input })).unwrap_err();
        assert_eq!(
            error,
            format!(
                "`member_count`: invalid number of people; use for example `ongeveer 2500`: `{input}`"
            )
        );
    }
}

#[test]
fn a_list_must_accept_a_single_text_and_drop_duplicate_names() {
    let (facts, _) = article(json!({
        "themes": "taal, tekst en meer",
        "people": ["Noor  Vandersteen", "Noor Vandersteen", " ", null, "n".repeat(300)],
        "hashtags": ["#cx", "##", 2025],
    }))
    .unwrap();
    assert_eq!(facts.themes, ["taal, tekst en meer"]);
    assert_eq!(facts.people[0], "Noor Vandersteen");
    assert_eq!(facts.people.len(), 2);
    assert_eq!(facts.people[1].chars().count(), NAME_CHARS_MAX);
    assert_eq!(facts.hashtags, ["cx", "2025"]);
}

#[test]
fn values_of_another_type_must_be_rejected_by_name() {
    for (fields, reason) in [
        (json!({ "title": ["a"] }), "`title`: must be a string, not a list"),
        (json!({ "themes": [{ "a": 1 }] }), "`themes`: must contain strings, not an object"),
        (json!({ "body": 7 }), "`body`: must be a string, not a number"),
        (json!({ "quotes": ["a"] }), "`quotes[0]`: must be an object, not a string"),
        (json!({ "quotes": [{ "person": "a" }] }), "`quotes[0].text`: is missing"),
        (
            json!({ "references": [{ "title": "a", "year": "ooit" }] }),
            "`references[0].year`: invalid or out-of-range number: `ooit`",
        ),
        (
            json!({ "image": { "url": "https://x.nl", "hight": 1 } }),
            "unknown field; did you mean `image.height`?: `image.hight`",
        ),
        (
            json!({ "quotes": [{ "text": "a", "reference": { "titel": "b" } }] }),
            "unknown field; did you mean `quotes[0].reference.title`?: `quotes[0].reference.titel`",
        ),
    ] {
        assert_eq!(article(fields).unwrap_err(), reason);
    }
    let error = event(json!({ "place": { "latitude": 91 } })).unwrap_err();
    assert_eq!(error, "`place.latitude`: must be between -90 and 90: `91`");
    let error = event(json!({ "open_to_non_members": "misschien" })).unwrap_err();
    assert_eq!(error, "`open_to_non_members`: must be `true` or `false`: `misschien`");
}

#[test]
fn too_long_values_must_be_truncated_or_rejected() {
    let (facts, _) = article(json!({ "title": "woord ".repeat(100) })).unwrap();
    let title = facts.title.unwrap();
    assert!(title.ends_with("woord…") && title.chars().count() <= TITLE_CHARS_MAX, "{title}");
    let themes: Vec<_> = (0..=LIST_MAX).map(|n| n.to_string()).collect();
    let error = article(json!({ "themes": themes })).unwrap_err();
    assert_eq!(error, "`themes`: exceeds 200 entries: `201`");
    let error = article(json!({ "body": "a".repeat(BODY_BYTES_MAX + 1) })).unwrap_err();
    assert_eq!(error, "`body`: exceeds 2097152 bytes: `2097153`");
}

#[test]
fn a_toolkit_must_be_parsed_with_all_its_components() {
    let detail = toolkit(json!({
        "form": "step plan",
        "steps": [{
            "title": "Begin",
            "short_title": "B",
            "methods": [{ "title": "Interview", "time": "2 dagdelen" }],
            "tips": [{ "title": "Vraag door", "number": "7", "starred": "ja" }],
        }],
        "resources": [
            { "title": "Kaart", "url": "https://x.nl/k", "kind": "file", "tested": true },
            { "title": "Site" },
        ],
        "guidelines": [{ "title": "Kort", "body": "<p>Een.</p><p>Twee.</p>" }],
    }))
    .unwrap();
    let step = &detail.steps[0];
    assert_eq!(step.methods[0].effort.time.as_deref(), Some("2 dagdelen"));
    assert_eq!((step.tips[0].number, step.tips[0].starred), (Some(7), true));
    assert_eq!((detail.resources[0].kind, detail.resources[0].tested), (ResourceKind::File, true));
    assert_eq!((detail.resources[1].kind, detail.resources[1].tested), (ResourceKind::Link, false));
    assert_eq!(detail.guidelines[0].body.as_deref(), Some("Een.\n\nTwee."));
}

#[test]
fn a_text_must_be_shorthand_for_an_object() {
    let detail = event(json!({
        "start": "2026-03-03",
        "place": "Bibliotheek Noordoever",
        "registration": "https://x.nl/aanmelden",
        "series": "FREQ=WEEKLY;COUNT=3",
    }))
    .unwrap();
    assert_eq!(detail.place.unwrap().name.as_deref(), Some("Bibliotheek Noordoever"));
    assert_eq!(detail.registration.unwrap().url.unwrap().path(), "/aanmelden");
    assert_eq!(detail.series.unwrap().rule, "FREQ=WEEKLY;COUNT=3");
    let comma = event(json!({ "place": { "latitude": "51,92", "longitude": 4.5 } })).unwrap();
    assert_eq!(comma.place.unwrap().latitude, Some(51.92));
}

/// The days in July 2027 or earlier on which an event with these fields takes place.
fn occurrence_days(fields: Value) -> Vec<String> {
    let event = event(fields).unwrap();
    let first = event.start.unwrap();
    let occurrences = event.series.unwrap().expand(&first, None);
    let dates = occurrences.all().iter().map(|one| one.moment.date.strftime("%m%d").to_string());
    dates.collect()
}

#[test]
fn the_last_day_of_a_series_must_count_in_the_zone_of_its_start() {
    let days = |start: &str, zone: &str, rule: &str| {
        let series = json!({ "start": start, "time_zone": zone, "series": { "rule": rule } });
        occurrence_days(series).join(" ")
    };
    let (home, bonaire) = ("Europe/Amsterdam", "America/Kralendijk");
    for (start, zone, rule, expected) in [
        ("2027-06-24", home, "FREQ=DAILY;UNTIL=20270626", "0624 0625 0626"),
        ("2027-06-02", home, "FREQ=WEEKLY;UNTIL=20270622", "0602 0609 0616"),
        ("2027-06-24T00:30", home, "FREQ=DAILY;UNTIL=20270626", "0624 0625 0626"),
        ("2027-06-24T20:00", bonaire, "FREQ=DAILY;UNTIL=20270626", "0624 0625 0626"),
        ("2027-06-24T20:00", home, "FREQ=DAILY;UNTIL=20270626T195900", "0624 0625"),
        ("2027-06-24T20:00", home, "FREQ=DAILY;UNTIL=20270626T200000", "0624 0625 0626"),
        ("2027-06-24T20:00", home, "FREQ=DAILY;UNTIL=20270626T175900Z", "0624 0625"),
        ("2027-06-24T20:00", home, "FREQ=DAILY;UNTIL=20270626T180000Z", "0624 0625 0626"),
        ("2027-06-24T20:00", home, "RRULE:FREQ=DAILY;UNTIL=2027-06-25", "0624 0625"),
        ("2027-06-24", "W. Europe Standard Time", "rrule:FREQ=DAILY;COUNT=2", "0624 0625"),
        ("2027-06-24T20:00", "SA Western Standard Time", "FREQ=DAILY;UNTIL=20270625", "0624 0625"),
    ] {
        assert_eq!(days(start, zone, rule), expected, "{start} {zone} {rule}");
    }
}

#[test]
fn exclusions_must_be_days_in_any_form() {
    let days = |exclude: Value| {
        let series = json!({ "rule": "FREQ=DAILY;COUNT=4", "exclude": exclude });
        let fields = json!({ "start": "2027-06-24T20:00", "series": series });
        event(fields.clone()).map(|_| occurrence_days(fields).join(" "))
    };
    for exclude in [
        json!(["2027-06-25", "26-06-2027"]),
        json!(["20270625", "20270626T180000Z"]),
        json!("20270625,20270626"),
        json!("EXDATE;TZID=Europe/Amsterdam:20270625T200000,20270626T200000"),
    ] {
        assert_eq!(days(exclude.clone()).unwrap(), "0624 0627", "{exclude}");
    }
    let error = days(json!(["juni 2027"])).unwrap_err();
    assert_eq!(error, "`series.exclude`: must be a day: `juni 2027`");
}

#[test]
fn numbers_must_be_read_in_every_notation() {
    for (written, capacity) in [
        (json!(40), 40),
        (json!(40.0), 40),
        (json!("40.0"), 40),
        (json!("40,00"), 40),
        (json!("1.500"), 1_500),
        (json!("1,500"), 1_500),
        (json!("1 500"), 1_500),
        (json!("1.500,00"), 1_500),
        (json!("+7"), 7),
    ] {
        let event = event(json!({ "registration": { "capacity": written } })).unwrap();
        assert_eq!(event.registration.unwrap().capacity, Some(capacity), "{written}");
    }
    for invalid in ["1.5", "1.50", "12.34.56", "veertig", "-1", "1.5000"] {
        let fields = json!({ "registration": { "capacity": invalid } });
        assert!(event(fields).unwrap_err().starts_with("`registration.capacity`"), "{invalid}");
    }
    let place = json!({ "place": { "latitude": "52,090", "longitude": "5.121" } });
    assert_eq!(event(place).unwrap().place.unwrap().latitude, Some(52.09));
}

#[test]
fn a_summary_or_lead_that_repeats_the_title_must_be_left_out() {
    let (facts, detail) = article(json!({ "summary": "titel.", "lead": "Titel!" })).unwrap();
    assert_eq!((facts.summary, detail.lead), (None, None));
    let (facts, detail) = article(json!({ "summary": "Titel en meer", "lead": "L" })).unwrap();
    assert!(facts.summary.is_some() && detail.lead.is_some());
}

#[test]
fn flags_must_be_read_as_spreadsheets_write_them() {
    for (written, flag) in [("WAAR", true), ("ONWAAR", false), ("x", true), ("N", false)] {
        let event = event(json!({ "open_to_non_members": written })).unwrap();
        assert_eq!(event.open_to_non_members, Some(flag), "{written}");
    }
    let error = event(json!({ "open_to_non_members": "soms" })).unwrap_err();
    assert_eq!(error, "`open_to_non_members`: must be `true` or `false`: `soms`");
}
