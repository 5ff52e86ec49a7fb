//! What a page is about, for machines: schema.org as JSON-LD.

use schema::{Attendance, EventStatus, Record};
use serde_json::{Map, Value, json};

use super::words::code;

/// A record as JSON-LD that can stand in a `script` element; `page` is the address of our page.
///
/// Invariant: no `<`, `>` or `&` is left as it is, so that nothing can end the element.
pub(super) fn of(record: &Record, page: &str) -> String {
    let Some(common) = record.common() else { return String::new() };
    let mut object = Map::new();
    let mut put = |name: &str, value: Value| {
        if !value.is_null() {
            object.insert(name.to_owned(), value);
        }
    };
    put("@context", "https://schema.org".into());
    put("@id", page.into());
    put("url", common.url.as_str().into());
    put("name", common.title.as_str().into());
    put("description", common.summary.as_deref().into());
    // An organisation is in no language; it has some.
    let speaks =
        if matches!(record, Record::Community(_)) { "knowsLanguage" } else { "inLanguage" };
    put(speaks, Some(code(common.language)).filter(|code| !code.is_empty()).into());
    let day = |at: Option<jiff::Timestamp>| at.map(|at| at.to_string());
    match record {
        Record::Article(_) => {
            put("@type", "Article".into());
            put("headline", common.title.as_str().into());
            put("datePublished", day(common.published_at).into());
            put("dateModified", day(common.modified_at).into());
        }
        Record::Event(event) => {
            put("@type", "Event".into());
            let moment = |moment: &schema::EventMoment| match moment.exact() {
                Some(instant) => instant.to_string(),
                None => moment.date.to_string(),
            };
            put("startDate", moment(&event.start).into());
            put("endDate", event.end.as_ref().map(moment).into());
            put("eventStatus", status(event.status).into());
            put("eventAttendanceMode", mode(event.attendance).into());
            let place = event.place.as_ref().map(|place| {
                let name = place.name.as_ref().or(place.city.as_ref());
                json!({ "@type": "Place", "name": name,
                    "address": place.address.as_ref().or(place.city.as_ref()) })
            });
            let online = event.online_url.as_ref();
            let online = online.map(|url| json!({ "@type": "VirtualLocation", "url": url }));
            put("location", place.or(online).unwrap_or(Value::Null));
        }
        Record::Community(_) => put("@type", "Organization".into()),
        _ => put("@type", "CreativeWork".into()),
    }
    escaped(&Value::Object(object).to_string())
}

fn escaped(json: &str) -> String {
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
    fn no_text_must_end_the_element_it_stands_in() {
        let text = "</script><!-- & ";
        let escaped = escaped(&json!({ "name": text }).to_string());
        assert!(!escaped.contains(['<', '>', '&']), "{escaped}");
        assert_eq!(serde_json::from_str::<Value>(&escaped).unwrap()["name"], text);
    }
}
