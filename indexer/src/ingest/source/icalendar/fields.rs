//! The fields of an event: canonical ones, and those that the configuration can map.

use std::sync::LazyLock;

use html_escape::encode_text;
use regex::Regex;
use serde_json::{Map, Value, json};

use super::{event::CalendarEvent, event_group::EventRecord, times::time_fields, value};
use crate::{calendar_file::Property, decoding::ParseError, ingest::source::field::Field};

/// Tags of texts in HTML that programs write where plain text belongs.
static TAG: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)</?(?:p|br|b|i|u|a|ul|ol|li|em|strong|div|span|h[1-6]|table|html)(?:\s[^<>]*)?/?>",
    )
    .expect("constant regex is valid, covered by tests")
});
static ANY_TAG: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"<[^<>]*>|&nbsp;|\s").expect("constant regex is valid, covered by tests")
});
/// The content of a complete HTML document.
static BODY: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?is)<body(?:\s[^<>]*)?>(.*)</body>")
        .expect("constant regex is valid, covered by tests")
});

/// The fields of a record before they are mapped.
///
/// # Errors
/// The line of a value that is missing, invalid or not supported.
pub(super) fn source_fields(record: &EventRecord) -> Result<Map<String, Value>, ParseError> {
    let event = &record.main;
    let mut fields = time_fields(record)?;
    let mut set = |name: &str, value: Option<Value>| {
        fields.extend(value.map(|value| (name.to_owned(), value)));
    };
    let text = |name: &str| Ok(event.property(name)?.map(|property| value::text(&property.value)));
    set(Field::Kind.name(), Some(json!("event")));
    set(Field::Key.name(), Some(json!(record.uid)));
    set(Field::Uid.name(), Some(json!(record.uid)));
    set(Field::Title.name(), text("SUMMARY")?.map(Value::String));
    set(Field::Body.name(), body(event)?.map(Value::String));
    let (place, location_url) = place(event)?;
    set(Field::Place.name(), place);
    let conference = conference(event).or(location_url);
    set(Field::OnlineUrl.name(), conference.map(Value::String));
    set(Field::Url.name(), event.property("URL")?.and_then(web_address).map(Value::String));
    set(Field::Image.name(), image(event).map(Value::String));
    set(Field::Status.name(), status(event)?.map(Value::String));
    set(Field::ModifiedAt.name(), modified_at(record)?.map(Value::String));
    set("created", event.property("CREATED")?.map(|created| json!(created.value.trim())));
    let organizer = event.property("ORGANIZER")?;
    let organizer = organizer.and_then(|organizer| organizer.parameter("CN"));
    set("organizer", organizer.map(|name| json!(name)));
    let categories = event.properties("CATEGORIES").flat_map(|list| value::texts(&list.value));
    let categories: Vec<String> = categories.collect();
    set("categories", Some(json!(categories)).filter(|_| !categories.is_empty()));
    for (name, value) in extensions(event) {
        set(&name, Some(value));
    }
    Ok(fields)
}

/// The text: in HTML if the event has it, otherwise as paragraphs.
fn body(event: &CalendarEvent) -> Result<Option<String>, ParseError> {
    let html = ["STYLED-DESCRIPTION", "X-ALT-DESC"].into_iter().find_map(|name| {
        let mut alternatives = event.properties(name);
        let html = alternatives.find(|text| text.has_parameter("FMTTYPE", "text/html"))?;
        let html = value::text(&html.value);
        let content = BODY.captures(&html).map(|body| body[1].to_owned()).unwrap_or(html);
        (!ANY_TAG.replace_all(&content, "").is_empty()).then_some(content)
    });
    if html.is_some() {
        return Ok(html);
    }
    let Some(description) = event.property("DESCRIPTION")? else { return Ok(None) };
    let text = value::text(&description.value);
    Ok(Some(if TAG.is_match(&text) { text.replace('\n', "<br>\n") } else { paragraphs(&text) }))
}

fn paragraphs(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let paragraphs = lines.split(|line| line.is_empty()).filter(|lines| !lines.is_empty());
    let paragraphs = paragraphs.map(|lines| {
        let lines: Vec<_> = lines.iter().map(encode_text).collect();
        format!("<p>{}</p>\n", lines.join("<br>\n"))
    });
    paragraphs.collect()
}

/// The venue, or the address of an online meeting that stands in its position.
fn place(event: &CalendarEvent) -> Result<(Option<Value>, Option<String>), ParseError> {
    let mut place = Map::new();
    let mut online_url = None;
    if let Some(location) = event.property("LOCATION")? {
        let name = value::text(&location.value);
        let lines: Vec<_> = name.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        match web_address(location) {
            Some(url) => online_url = Some(url),
            None => {
                place.insert("name".to_owned(), json!(lines.join(", ")));
            }
        }
    }
    if let Some(geo) = event.property("GEO")? {
        let (latitude, longitude) = value::position(&geo.value).ok_or_else(|| {
            let reason = "`GEO`: expected latitude and longitude, such as 52.08;4.29";
            ParseError { line: geo.line, reason: format!("{reason}: `{}`", geo.value.trim()) }
        })?;
        place.insert("latitude".to_owned(), json!(latitude));
        place.insert("longitude".to_owned(), json!(longitude));
    }
    Ok(((!place.is_empty()).then_some(Value::Object(place)), online_url))
}

/// The value of a property if it is the address of a page. Telephone numbers and addresses for one
/// program are not.
fn web_address(property: &Property) -> Option<String> {
    let url = value::text(&property.value).trim().to_owned();
    let scheme = url.split(':').next().unwrap_or_default();
    let is_web = ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
    (is_web && !url.contains(char::is_whitespace)).then_some(url)
}

/// The address of the online meeting, preferably one with video.
fn conference(event: &CalendarEvent) -> Option<String> {
    let is_video = |property: &&Property| {
        let features = property.parameter("FEATURE").unwrap_or_default();
        features.split(',').any(|feature| feature.trim().eq_ignore_ascii_case("VIDEO"))
    };
    let conferences = || event.properties("CONFERENCE").filter(|one| web_address(one).is_some());
    conferences().find(is_video).or_else(|| conferences().next()).and_then(web_address)
}

fn image(event: &CalendarEvent) -> Option<String> {
    let is_image = |attachment: &&Property| {
        let kind = attachment.parameter("FMTTYPE").unwrap_or_default();
        kind.to_ascii_lowercase().starts_with("image/")
    };
    let attachments = event.properties("ATTACH").filter(is_image);
    event.properties("IMAGE").chain(attachments).find_map(web_address)
}

/// A tentative event is planned, too.
fn status(event: &CalendarEvent) -> Result<Option<String>, ParseError> {
    if event.is_cancelled() {
        return Ok(Some("CANCELLED".to_owned()));
    }
    let Some(status) = event.property("STATUS")? else { return Ok(None) };
    let status = status.value.trim().to_ascii_uppercase();
    let is_planned = matches!(status.as_str(), "CONFIRMED" | "TENTATIVE");
    Ok(Some(if is_planned { "SCHEDULED".to_owned() } else { status }))
}

/// The last change of the event or of one of its occurrences.
fn modified_at(record: &EventRecord) -> Result<Option<String>, ParseError> {
    let mut latest = record.main.property("LAST-MODIFIED")?.map(|property| property.value.trim());
    for event in record.overrides.values() {
        let modified = event.property("LAST-MODIFIED")?.map(|property| property.value.trim());
        // Values of this form are in the order of time.
        let is_comparable = |text: &str| text.len() == 16 && text.ends_with('Z');
        if modified.is_some_and(is_comparable) && latest.is_none_or(is_comparable) {
            latest = latest.max(modified);
        }
    }
    Ok(latest.map(str::to_owned))
}

/// Extensions, in lower case, for the mapping.
fn extensions(event: &CalendarEvent) -> Map<String, Value> {
    let mut extensions: Map<String, Value> = Map::new();
    for property in &event.component.properties {
        let name = property.name.to_ascii_lowercase();
        if !name.starts_with("x-") || name == "x-alt-desc" {
            continue;
        }
        let text = json!(value::text(&property.value));
        match extensions.get_mut(&name) {
            None => {
                extensions.insert(name, text);
            }
            Some(Value::Array(list)) => list.push(text),
            Some(single) => *single = json!([single.take(), text]),
        }
    }
    extensions
}
