//! What happens to a record with a value that cannot be read.

use schema::NodeKind;
use serde_json::{Value, json};

use super::{event, record};
use crate::ingest::source::{config::Field, field_description::IfUnreadable};

#[test]
fn an_unreadable_value_must_have_the_effect_that_the_manual_states() {
    for field in Field::ALL {
        // The readers of the formats use these before.
        if matches!(field, Field::Key | Field::Op | Field::Draft) {
            continue;
        }
        let kinds = match field.description().kinds {
            "all" => NodeKind::ALL.map(NodeKind::as_str).join(", "),
            kinds => kinds.to_owned(),
        };
        for kind in kinds.split(", ") {
            let with = |value: Value| {
                let mut fields = json!({ "start": "2026-03-02", "url": "https://x.nl/" });
                fields[field.name()] = value;
                record(kind, fields)
            };
            for unreadable in [json!({ "?": [] }), json!([{ "?": 1 }]), json!([["a"]])] {
                let error = with(unreadable.clone()).expect_err(field.name());
                assert!(error.contains(field.name()), "{kind}, {unreadable}: {error}");
            }
            let list = |entries: &[&str]| with(json!(entries));
            match field.if_unreadable() {
                IfUnreadable::LeavesOutEntry => {
                    assert_eq!(list(&["?", "Noor", "noor@x.nl"]), list(&["Noor"]), "{field}");
                    assert!(list(&["Noor"]).is_ok() && list(&[]) != list(&["Noor"]), "{field}");
                }
                IfUnreadable::LeavesOutRelativeUrl => {
                    let without_url = json!({ "start": "2026-03-02", "image": "/a.png" });
                    assert!(record(kind, without_url).is_ok(), "{field}");
                }
                IfUnreadable::RejectsRecord if field.description().value.starts_with("list") => {
                    assert!(list(&["?"]).is_err() && list(&["noor@x.nl"]).is_err(), "{field}");
                }
                IfUnreadable::RejectsRecord => {}
            }
        }
    }
}

#[test]
fn an_unreadable_exception_of_a_series_must_reject_the_record() {
    let series = |exclude: &str| {
        let series = json!({ "rule": "FREQ=DAILY;COUNT=3", "exclude": ["2026-03-03", exclude] });
        event(json!({ "start": "2026-03-02", "series": series }))
    };
    assert_eq!(series("2026-03-04").unwrap().series.unwrap().excluded.len(), 2);
    assert!(series("?").unwrap_err().contains("series.exclude"));
    // A day in another zone.
    let excluded = |exclude: &str| series(exclude).unwrap().series.unwrap().excluded[1].to_string();
    assert_eq!(excluded("EXDATE;TZID=America/New_York:20260303T220000"), "2026-03-04");
    assert_eq!(excluded("EXDATE;TZID=Europe/Amsterdam:20260303T220000"), "2026-03-03");
    assert!(series("EXDATE;TZID=Nergens/Plaats:20260303T220000").is_err());
}
