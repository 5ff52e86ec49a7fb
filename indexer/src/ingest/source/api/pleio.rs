//! The items of a Pleio site: groups become communities, the rest articles and events.

use serde_json::{Map, Value, json};
use url::Url;

use super::rich_text;

/// The time zone of the times of events.
const TIME_ZONE: &str = "Europe/Amsterdam";

/// The fields of an item under canonical names.
///
/// # Errors
/// Why it cannot be read.
pub(super) fn fields(item: &Map<String, Value>, site: &Url) -> Result<Map<String, Value>, String> {
    let type_name = item.get("__typename").and_then(Value::as_str).unwrap_or_default();
    let (kind, form) = match type_name {
        "Group" => ("community", None),
        "Blog" => ("article", Some("BLOG")),
        "News" => ("article", Some("NEWS")),
        "Wiki" => ("article", Some("WIKI")),
        "Question" => ("article", Some("QUESTION")),
        "Event" => ("event", None),
        other => return Err(format!("unknown type of Pleio: `{other}`")),
    };
    let text = |name: &str| {
        let text = item.get(name).and_then(Value::as_str).map(str::trim);
        text.filter(|text| !text.is_empty())
    };
    let address = |text: &str| site.join(text).ok().map(String::from);
    let mut found = Map::new();
    let mut put = |name: &str, value: Value| {
        if !value.is_null() {
            found.insert(name.to_owned(), value);
        }
    };
    put("kind", json!(kind));
    put("form", json!(form));
    put("id", json!(text("guid")));
    put("title", json!(text("title").or(text("name"))));
    // Its last segment follows the title; the identifier alone leads to the item as well.
    put("url", json!(text("url").and_then(address)));
    put("summary", json!(text("abstract")));
    let content = text("richDescription").or(text("introduction")).or(text("description"));
    put("body", json!(content.map(rich_text::html)));
    put("published_at", json!(text("timePublished").or(text("timeCreated"))));
    put("modified_at", json!(text("timeUpdated")));
    put("hashtags", item.get("tags").cloned().unwrap_or_default());
    put(
        "authors",
        json!(item.get("owner").and_then(|owner| owner["name"].as_str()).map(|name| [name])),
    );
    let group = item.get("group").and_then(|group| group["name"].as_str());
    put("communities", json!(group.map(|name| [name])));
    let image = item.get("featured").and_then(|featured| {
        let url = featured["image"].as_str().and_then(address)?;
        Some(json!({ "url": url, "alt": featured["alt"] }))
    });
    put("image", image.unwrap_or_default());
    if kind == "community" {
        put("member_count", item.get("memberCount").cloned().unwrap_or_default());
        put("access", json!(access(item)));
    }
    if kind == "event" {
        put("start", json!(text("startDate")));
        put("end", json!(text("endDate")));
        put("time_zone", json!(TIME_ZONE));
        put("place", place(item));
        put("online_url", json!(text("locationLink").and_then(address)));
        let capacity = text("maxAttendees").and_then(|text| text.parse::<u32>().ok());
        let url = text("ticketLink").and_then(address);
        let registration = json!({ "url": url, "capacity": capacity });
        put(
            "registration",
            if url.is_some() || capacity.is_some() { registration } else { Value::Null },
        );
    }
    Ok(found)
}

/// Who can join a group.
fn access(group: &Map<String, Value>) -> &'static str {
    let is = |name: &str| group.get(name) == Some(&Value::Bool(true));
    match (is("isClosed"), is("isMembershipOnRequest")) {
        (_, true) => "ON_REQUEST",
        (true, false) => "CLOSED",
        (false, false) => "OPEN",
    }
}

fn place(event: &Map<String, Value>) -> Value {
    let text = |name: &str| {
        event.get(name).filter(|text| text.as_str().is_some_and(|text| !text.trim().is_empty()))
    };
    match (text("location"), text("locationAddress")) {
        (None, None) => Value::Null,
        (name, address) => json!({ "name": name, "address": address }),
    }
}
