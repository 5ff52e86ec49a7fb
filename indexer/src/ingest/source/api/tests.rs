//! Items of endpoints to source fields.

use serde_json::{Value, json};

use super::{fields, rich_text};
use crate::sync::{ApiPreset, NetworkSource, Protocol};

fn pleio() -> NetworkSource {
    NetworkSource {
        name: schema::SourceName::new("pleio").unwrap(),
        address: "https://leren.pleio.example/".parse().unwrap(),
        protocol: Protocol::Api(ApiPreset::Pleio.options()),
        allow_private_addresses: false,
        credentials: None,
        digest: 1,
    }
}

fn found(item: &Value) -> Value {
    Value::Object(fields(item.to_string().as_bytes(), &pleio()).unwrap())
}

#[test]
fn items_of_pleio_must_become_canonical_fields() {
    let group = found(&json!({
        "__typename": "Group", "guid": "g1", "name": "Gebruikersonderzoek", "url": "/groups/view/g1/x",
        "description": "Wij delen onderzoek.", "introduction": "", "isClosed": true,
        "isMembershipOnRequest": true, "memberCount": 41, "tags": ["onderzoek"],
        "featured": { "image": "/file/1.jpg", "alt": "Een bord" },
    }));
    for (name, expected) in [
        ("kind", json!("community")),
        ("title", json!("Gebruikersonderzoek")),
        ("url", json!("https://leren.pleio.example/groups/view/g1/x")),
        ("body", json!("Wij delen onderzoek.")),
        ("access", json!("ON_REQUEST")),
        ("member_count", json!(41)),
        ("hashtags", json!(["onderzoek"])),
        ("image", json!({ "url": "https://leren.pleio.example/file/1.jpg", "alt": "Een bord" })),
    ] {
        assert_eq!(group[name], expected, "{name}");
    }
    let event = found(&json!({
        "__typename": "Event", "guid": "e1", "title": "Inloop", "url": "/events/view/e1/inloop",
        "startDate": "2026-12-01T10:00:00+01:00", "endDate": null, "location": "Stadhuis",
        "locationAddress": "", "locationLink": "", "ticketLink": "https://tickets.example/1",
        "maxAttendees": "30", "group": { "guid": "g1", "name": "Gebruikersonderzoek" },
    }));
    assert_eq!(event["start"], "2026-12-01T10:00:00+01:00");
    assert_eq!(event["place"], json!({ "name": "Stadhuis", "address": null }));
    assert_eq!(
        event["registration"],
        json!({ "url": "https://tickets.example/1", "capacity": 30 })
    );
    assert_eq!(event["communities"], json!(["Gebruikersonderzoek"]));
    assert!(event.get("online_url").is_none() && event.get("end").is_none());

    let unknown = json!({ "__typename": "User", "guid": "u1" }).to_string();
    assert!(fields(unknown.as_bytes(), &pleio()).unwrap_err().contains("`User`"));
    for (group, expected) in [
        (json!({ "isClosed": true, "isMembershipOnRequest": false }), "CLOSED"),
        (json!({ "isClosed": false, "isMembershipOnRequest": false }), "OPEN"),
    ] {
        let mut item = json!({ "__typename": "Group", "name": "x" });
        item.as_object_mut().unwrap().append(&mut group.as_object().unwrap().clone());
        assert_eq!(found(&item)["access"], expected);
    }
}

#[test]
fn rich_text_must_become_escaped_html() {
    let node = |kind: &str, content: Value| json!({ "type": kind, "content": content });
    let text = |text: &str| json!({ "type": "text", "text": text });
    let link = json!({
        "type": "text", "text": "hier",
        "marks": [{ "type": "bold" }, { "type": "link", "attrs": { "href": "https://a.example/?a=\"><script>" } }],
    });
    let document = node(
        "doc",
        json!([
            { "type": "heading", "attrs": { "level": 1 }, "content": [text("Kop")] },
            node("paragraph", json!([text("1 < 2 & "), link, { "type": "hardBreak" }, { "type": "mention", "attrs": { "label": "Kim" } }])),
            node("bulletList", json!([node("listItem", json!([node("paragraph", json!([text("een")]))]))])),
            node("table", json!([node("tableRow", json!([node("tableCell", json!([text("cel")]))]))])),
            { "type": "figure", "attrs": { "src": "/a.png", "alt": "Een \"brief\"", "caption": "Zo <b>niet</b>" } },
            node("onbekend", json!([text("blijft")])),
            { "type": "paragraph" },
        ]),
    );
    assert_eq!(
        rich_text::html(&document.to_string()),
        "<h2>Kop</h2><p>1 &lt; 2 &amp; <strong><a href=\"https://a.example/?a=&quot;&gt;&lt;script&gt;\">hier</a></strong>\
         <br>@Kim</p><ul><li><p>een</p></li></ul><table><tr><td>cel</td></tr></table>\
         <figure><img src=\"/a.png\" alt=\"Een &quot;brief&quot;\"><figcaption>Zo &lt;b&gt;niet&lt;/b&gt;</figcaption></figure>\
         <div>blijft</div><p></p>"
    );
    for old in ["<p>Al HTML</p>", "gewone tekst", "{\"a\":1}", "[", ""] {
        assert_eq!(rich_text::html(old), old);
    }
    // Deeper than the parser allows.
    let deep =
        format!("{{\"type\":\"doc\",\"content\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
    assert_eq!(rich_text::html(&deep), deep);
}

#[test]
fn an_item_that_is_too_large_or_too_deep_must_be_rejected() {
    let large = json!({ "id": 1, "title": "x".repeat(1 << 20) }).to_string();
    assert!(fields(large.as_bytes(), &pleio()).unwrap_err().contains("maximum number of bytes"));
    let deep = format!("{{\"id\":1,\"a\":{}1{}}}", "[".repeat(20), "]".repeat(20));
    assert!(fields(deep.as_bytes(), &pleio()).unwrap_err().contains("nesting depth"));
}
