//! WordPress: one object of the REST API with the names of its terms, author and image, as
//! `sync::wordpress` stores it, to the fields of a record.
//!
//! Source fields have the names of canonical fields where the meaning is the same; each taxonomy is a
//! field under its own name, such as `thema` or `post_tag`.

use serde_json::{Map, Value, json};

use super::{
    Candidate, FetchError, Items, ParseError, SkipOrError, SourceReader, template::PathCaptures,
};
use crate::{sync::state::SyncState, with_causes};

/// Taxonomies whose terms are canonical fields.
const TAXONOMIES: [(&str, &str); 4] = [
    ("thema", "themes"),
    ("community", "communities"),
    ("doelgroep", "audiences"),
    ("post_tag", "hashtags"),
];
/// Kind and form of the types of the field.
const KINDS: [(&str, &str, Option<&str>); 14] = [
    ("post", "article", Some("BLOG")),
    ("page", "article", Some("PAGE")),
    ("podcast", "article", Some("PODCAST")),
    ("video_page", "article", Some("VIDEO")),
    ("event", "event", None),
    ("session", "event", Some("OTHER")),
    ("voorbeeld", "toolkit", Some("EXAMPLE_SET")),
    ("brief", "toolkit", Some("EXAMPLE_SET")),
    ("beeld", "toolkit", Some("EXAMPLE_SET")),
    ("tips", "toolkit", Some("CHECKLIST")),
    ("richtlijn", "toolkit", Some("CHECKLIST")),
    ("stap", "toolkit", Some("STEP_PLAN")),
    ("methode", "toolkit", Some("STEP_PLAN")),
    ("procestip", "toolkit", Some("CHECKLIST")),
];

/// The items of a site, from the state of its synchronisation.
pub(super) fn items<'a>(
    mut reader: SourceReader<'a>,
    state: &'a SyncState,
) -> Result<Items<'a>, FetchError> {
    let name = &reader.source.name;
    let state_error = |error: &dyn std::error::Error| FetchError::State(with_causes(error));
    let entries = state.entries(name).map_err(|error| state_error(&error))?;
    Ok(Box::new(entries.into_iter().map(move |(key, entry)| {
        let candidate =
            Candidate { location: key.clone(), key: key.clone(), content_hash: entry.hash };
        Ok(reader.item(candidate, |reader| {
            let error = |reason| SkipOrError::Error(ParseError { line: 1, reason });
            let body = state.body(&reader.source.name, &key).map_err(|e| error(with_causes(&e)))?;
            let raw_fields = raw_fields(&body.unwrap_or_default()).map_err(error)?;
            Ok(reader.map(&raw_fields, &PathCaptures::new()).into())
        }))
    })))
}

/// The source fields of an object.
///
/// # Errors
/// Why the object cannot be read.
pub(crate) fn raw_fields(document: &[u8]) -> Result<Map<String, Value>, String> {
    let document: Value = serde_json::from_slice(document)
        .map_err(|error| format!("not an object of the REST API: {error}"))?;
    let object = &document["object"];
    let text = |name: &str| object[name].as_str().filter(|text| !text.is_empty());
    let rendered = |name: &str| object[name]["rendered"].as_str().unwrap_or_default();
    let link = text("link").ok_or("missing field of the REST API: `link`")?;
    let kind = text("type").ok_or("missing field of the REST API: `type`")?;
    let mut fields = Map::new();
    let mut put = |name: &str, value: Value| {
        if !value.is_null() {
            fields.insert(name.to_owned(), value);
        }
    };
    put("type", json!(kind));
    put("id", object["id"].clone());
    put("url", json!(link));
    put("slug", json!(text("slug")));
    put("title", json!(plain(rendered("title"))));
    put("body", json!(rendered("content")));
    put("summary", json!(summary(rendered("excerpt"), rendered("content"))));
    // Without a zone, the time of the site; in UTC, it is unambiguous.
    put("published_at", json!(text("date_gmt").map(utc)));
    put("modified_at", json!(text("modified_gmt").map(utc)));
    put("image", image(&document["image"]));
    put("authors", json!(document["author"].as_str().map(|name| [plain(name)])));
    if let Some((_, kind, form)) = KINDS.iter().find(|(name, ..)| *name == kind) {
        put("kind", json!(kind));
        put("form", json!(form));
    }
    for (taxonomy, names) in document["terms"].as_object().into_iter().flatten() {
        let names = names.as_array().into_iter().flatten().filter_map(Value::as_str);
        let names: Vec<_> = names.map(plain).collect();
        let canonical = TAXONOMIES.iter().find(|(name, _)| name == taxonomy);
        if let Some((_, field)) = canonical {
            put(field, json!(names));
        }
        put(taxonomy, json!(names));
    }
    Ok(fields)
}

/// A time of the REST API, which is in UTC without saying so.
fn utc(text: &str) -> String {
    format!("{text}Z")
}

/// The text of a title or name, which is HTML in which `<` may stand for itself.
fn plain(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        text.push_str(&rest[..at]);
        let tag = &rest[at..];
        let is_tag = tag[1..].starts_with(|c: char| c.is_ascii_alphabetic() || c == '/');
        let end = tag.find('>').filter(|_| is_tag);
        if end.is_none() {
            text.push('<');
        }
        rest = &tag[end.unwrap_or_default() + 1..];
    }
    text.push_str(rest);
    html_escape::decode_html_entities(&text).trim().to_owned()
}

/// The excerpt, if an author wrote it: otherwise WordPress cuts it from the text and ends it with an
/// ellipsis in brackets, or repeats the whole text.
fn summary(excerpt: &str, content: &str) -> Option<String> {
    let text = plain(excerpt);
    let is_cut = text.ends_with("[…]") || text.ends_with("[...]");
    let normalised = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let is_whole = normalised(&plain(content)) == normalised(&text);
    (!text.is_empty() && !is_cut && !is_whole).then_some(text)
}

fn image(image: &Value) -> Value {
    let Some(url) = image["url"].as_str() else { return Value::Null };
    let mut fields = Map::from_iter([("url".to_owned(), json!(url))]);
    if let Some(alt) = image["alt"].as_str().filter(|alt| !alt.is_empty()) {
        fields.insert("alt".to_owned(), json!(plain(alt)));
    }
    for name in ["width", "height"] {
        if image[name].as_u64().is_some_and(|pixels| pixels > 0) {
            fields.insert(name.to_owned(), image[name].clone());
        }
    }
    Value::Object(fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(object: &Value) -> Vec<u8> {
        json!({
            "object": object,
            "terms": { "thema": ["Klantbeleving (CX)", "R&amp;D"], "category": ["Blog"] },
            "author": "José Peña–Smit",
            "image": { "url": "https://a.example/a.png", "alt": "", "width": 300, "height": 0 },
        })
        .to_string()
        .into_bytes()
    }

    #[test]
    fn an_object_must_become_canonical_fields() {
        let fields = raw_fields(&document(&json!({
            "id": 7, "type": "post", "link": "https://a.example/zomertijd/", "slug": "zomertijd",
            "date": "2025-10-26T02:30:00", "date_gmt": "2025-10-26T01:30:00",
            "modified_gmt": "2025-10-26T01:30:00",
            "title": { "rendered": "Hén &#038; “één” <b>‘overheid’</b> – 100% 😀 &amp; <3" },
            "content": { "rendered": "<p>Tekst.</p>\n" },
            "excerpt": { "rendered": "<p>De gemeente [&hellip;]</p>\n" },
        })))
        .unwrap();
        let expected = json!({
            "type": "post", "id": 7, "kind": "article", "form": "BLOG",
            "url": "https://a.example/zomertijd/", "slug": "zomertijd",
            "title": "Hén & “één” ‘overheid’ – 100% 😀 & <3",
            "body": "<p>Tekst.</p>\n",
            "published_at": "2025-10-26T01:30:00Z", "modified_at": "2025-10-26T01:30:00Z",
            "image": { "url": "https://a.example/a.png", "width": 300 },
            "authors": ["José Peña–Smit"],
            "themes": ["Klantbeleving (CX)", "R&D"], "thema": ["Klantbeleving (CX)", "R&D"],
            "category": ["Blog"],
        });
        assert_eq!(Value::Object(fields), expected);
    }

    #[test]
    fn an_excerpt_must_only_be_a_summary_if_somebody_wrote_it() {
        assert_eq!(summary("<p>Kort.</p>", "<p>Lang verhaal.</p>").as_deref(), Some("Kort."));
        assert_eq!(summary("<p>Lang [&hellip;]</p>", "<p>Lang verhaal.</p>"), None);
        assert_eq!(summary("<p>Lang  verhaal.</p>\n", "<p>Lang verhaal.</p>"), None);
        assert_eq!(summary("", "<p>Lang verhaal.</p>"), None);
    }

    #[test]
    fn anything_else_must_be_an_error() {
        for (bytes, reason) in [
            (b"<html>".to_vec(), "not an object"),
            (b"".to_vec(), "not an object"),
            (b"[]".to_vec(), "`link`"),
            (document(&json!({ "link": "https://a.example/" })), "`type`"),
        ] {
            let error = raw_fields(&bytes).unwrap_err();
            assert!(error.contains(reason), "{error}");
        }
    }
}
