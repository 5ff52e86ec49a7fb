//! Structured data about the record on a page: schema.org as JSON-LD.

use schema::{Attendance, EventStatus, Moment, Record};
use serde_json::{Map, Value, json};

use crate::messages::language_code;

/// A record as JSON-LD for a `script` element; `page_url` is the URL of our page.
///
/// Invariant: every `<`, `>` and `&` is escaped, so that no text can close the element.
pub(super) fn render(record: &Record, page_url: &str) -> String {
    let Some(common) = record.common() else { return String::new() };
    let mut object = Map::new();
    let mut insert = |name: &str, value: Value| {
        if !value.is_null() {
            object.insert(name.to_owned(), value);
        }
    };
    insert("@context", "https://schema.org".into());
    insert("@id", page_url.into());
    insert("url", common.url.as_str().into());
    insert("name", common.title.as_str().into());
    insert("description", common.summary.as_deref().into());
    // An organisation has no language of its own; it uses languages.
    let language_property =
        if matches!(record, Record::Community(_)) { "knowsLanguage" } else { "inLanguage" };
    insert(
        language_property,
        Some(language_code(common.language)).filter(|code| !code.is_empty()).into(),
    );
    // A `DateTime` where the time is known, otherwise a `Date` as far as it is known.
    let moment = |moment: &Moment| match moment.exact() {
        Some(instant) => instant.to_string(),
        None => moment.iso_date(),
    };
    match record {
        Record::Article(_) => {
            insert("@type", "Article".into());
            insert("headline", common.title.as_str().into());
            insert("datePublished", common.published_at.as_ref().map(moment).into());
            insert("dateModified", common.modified_at.as_ref().map(moment).into());
        }
        Record::Event(event) => {
            insert("@type", "Event".into());
            insert("startDate", moment(&event.start).into());
            insert("endDate", event.end.as_ref().map(moment).into());
            insert("eventStatus", status(event.status).into());
            insert("eventAttendanceMode", mode(event.attendance).into());
            let place = event.place.as_ref().map(|place| {
                let name = place.name.as_ref().or(place.city.as_ref());
                json!({ "@type": "Place", "name": name,
                    "address": place.address.as_ref().or(place.city.as_ref()) })
            });
            let online = event.online_url.as_ref();
            let online = online.map(|url| json!({ "@type": "VirtualLocation", "url": url }));
            insert("location", place.or(online).unwrap_or(Value::Null));
        }
        Record::Community(_) => insert("@type", "Organization".into()),
        _ => insert("@type", "CreativeWork".into()),
    }
    escape_html(&Value::Object(object).to_string())
}

fn escape_html(json: &str) -> String {
    json.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}

const fn status(status: EventStatus) -> &'static str {
    match status {
        EventStatus::Scheduled => "https://schema.org/EventScheduled",
        EventStatus::Cancelled => "https://schema.org/EventCancelled",
        EventStatus::Postponed => "https://schema.org/EventPostponed",
        EventStatus::Rescheduled => "https://schema.org/EventRescheduled",
    }
}

const fn mode(attendance: Attendance) -> Option<&'static str> {
    match attendance {
        Attendance::Offline => Some("https://schema.org/OfflineEventAttendanceMode"),
        Attendance::Online => Some("https://schema.org/OnlineEventAttendanceMode"),
        Attendance::Mixed => Some("https://schema.org/MixedEventAttendanceMode"),
        Attendance::Unknown => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_must_end_its_script_element() {
        let text = "</script><!-- & ";
        let escaped = escape_html(&json!({ "name": text }).to_string());
        assert!(!escaped.contains(['<', '>', '&']), "{escaped}");
        assert_eq!(serde_json::from_str::<Value>(&escaped).unwrap()["name"], text);
    }
}
