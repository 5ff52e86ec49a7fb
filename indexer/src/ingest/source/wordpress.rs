//! WordPress: one object of the REST API with the names of its terms, author and image, as
//! `sync::wordpress` stores it, to the fields of a record.
//!
//! Source fields have the names of canonical fields where the meaning is the same; each taxonomy is a
//! field under its own name, such as `thema` or `post_tag`.

#[cfg(test)]
mod tests;

use schema::{NodeKind, normalisation};
use serde_json::{Map, Value, json};
use url::Url;

use super::{
    FetchError, Items, ParseError, SkipOrError, SourceReader, page, template::PathCaptures,
};
use crate::sync::{
    NetworkSource, Protocol, SitePreset, TermJoin, WordpressOptions, state::SyncState,
};

/// Kind and form of a type of object.
type TypeMeaning = (&'static str, &'static str, Option<&'static str>);

/// The types that every site has.
const TYPES: [TypeMeaning; 2] =
    [("post", "article", Some("BLOG")), ("page", "article", Some("PAGE"))];
/// The other types of [`SitePreset::GebruikerCentraal`].
const PRESET_TYPES: [TypeMeaning; 18] = [
    ("podcast", "article", Some("PODCAST")),
    ("video_page", "article", Some("VIDEO")),
    ("event", "event", None),
    ("session", "event", Some("OTHER")),
    ("keynote", "event", Some("OTHER")),
    ("voorbeeld", "toolkit", Some("EXAMPLE_SET")),
    ("brief", "toolkit", Some("EXAMPLE_SET")),
    ("beeld", "toolkit", Some("EXAMPLE_SET")),
    ("stap", "toolkit", Some("STEP_PLAN")),
    ("methode", "toolkit", Some("STEP_PLAN")),
    ("procestip", "toolkit", Some("CHECKLIST")),
    ("aanrader", "toolkit", Some("CHECKLIST")),
    ("afrader", "toolkit", Some("CHECKLIST")),
    ("vaardigheden", "toolkit", Some("CHECKLIST")),
    ("tips", "toolkit", Some("CHECKLIST")),
    ("richtlijn", "toolkit", Some("CHECKLIST")),
    ("doelgroep", "audience", None),
    ("speaker", "person", None),
];
/// Taxonomies whose terms are canonical fields, on every site.
const TAXONOMIES: [(&str, &str); 1] = [("post_tag", "hashtags")];
/// The other ones of [`SitePreset::GebruikerCentraal`].
const PRESET_TAXONOMIES: [(&str, &str); 3] =
    [("thema", "themes"), ("community", "communities"), ("doelgroep", "audiences")];

/// The items of a site, from the state of its synchronisation.
pub(super) fn items<'a>(
    reader: SourceReader<'a>,
    site: &'a NetworkSource,
    state: &'a SyncState,
) -> Result<Items<'a>, FetchError> {
    reader.items_of_state(
        state,
        |_, hash| hash,
        move |reader, key, body| {
            let error = |reason| SkipOrError::Error(ParseError { line: 1, reason });
            let raw_fields = fields(key, body, site).map_err(error)?;
            Ok(reader.map(&raw_fields, &PathCaptures::new()))
        },
    )
}

/// The source fields of a resource, which is an object of the API, or a page.
///
/// # Errors
/// Why it cannot be read.
pub(crate) fn fields(
    key: &str,
    body: &[u8],
    site: &NetworkSource,
) -> Result<Map<String, Value>, String> {
    let Protocol::Wordpress { options, .. } = &site.protocol else { return Ok(Map::new()) };
    let page =
        key.split_once(':').and_then(|(kind, path)| Some((kind, site.address.join(path).ok()?)));
    match page {
        Some((kind, address)) => page_fields(body, kind, &address, options),
        None => raw_fields(body, options),
    }
}

/// The source fields of a page.
///
/// # Errors
/// Why the page cannot be read.
fn page_fields(
    body: &[u8],
    kind: &str,
    address: &Url,
    options: &WordpressOptions,
) -> Result<Map<String, Value>, String> {
    let mut fields = page::raw_fields(body, address)?;
    fields.insert("type".to_owned(), json!(kind));
    let slug = address.path().trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    fields.insert("slug".to_owned(), json!(slug));
    put_meaning(&mut fields, kind, options);
    Ok(fields)
}

/// Sets the kind and form of a type that is known.
fn put_meaning(fields: &mut Map<String, Value>, kind: &str, options: &WordpressOptions) {
    let preset = options.preset.iter().flat_map(|SitePreset::GebruikerCentraal| &PRESET_TYPES);
    let meaning = TYPES.iter().chain(preset).find(|(name, ..)| *name == kind);
    let Some((_, record_kind, form)) = meaning else { return };
    fields.insert("kind".to_owned(), json!(record_kind));
    if let Some(form) = form {
        fields.insert("form".to_owned(), json!(form));
    }
    if *record_kind == "audience" {
        // In these sites, such a page describes citizens; the taxonomy of that name, professionals.
        fields.insert("perspective".to_owned(), json!("CITIZEN"));
    }
}

/// The canonical field of a taxonomy.
fn field_of(taxonomy: &str, options: &WordpressOptions) -> Option<&'static str> {
    let preset = options.preset.iter().flat_map(|SitePreset::GebruikerCentraal| &PRESET_TAXONOMIES);
    let found = TAXONOMIES.iter().chain(preset).find(|(name, _)| *name == taxonomy);
    found.map(|(_, field)| *field)
}

/// Makes the record of a landing page that of its term: it has its kind and name. The title of the
/// page becomes an alternative name.
fn put_landing(
    fields: &mut Map<String, Value>,
    kind: &str,
    landing: &Value,
    options: &WordpressOptions,
) {
    let (Some(taxonomy), Some(name)) = (landing["taxonomy"].as_str(), landing["name"].as_str())
    else {
        return;
    };
    let is_configured = |join: &&TermJoin| join.taxonomy == taxonomy && join.content_type == kind;
    let Some(join) = options.joins.iter().find(is_configured) else { return };
    let name = plain(name);
    let aliases = match join.kind {
        NodeKind::Toolkit | NodeKind::Community | NodeKind::Organisation => Some("aliases"),
        NodeKind::Theme => Some("alt_labels"),
        _ => None,
    };
    let title = fields.insert("title".to_owned(), json!(name));
    let title = title.as_ref().and_then(Value::as_str).filter(|title| !title.is_empty());
    let title = title.filter(|title| normalisation::name(title) != normalisation::name(&name));
    if let Some((aliases, title)) = aliases.zip(title) {
        fields.insert(aliases.to_owned(), json!([title]));
    }
    fields.insert("kind".to_owned(), json!(join.kind.as_str()));
    fields.remove("form");
    // A record does not belong to itself.
    for field in field_of(taxonomy, options).into_iter().chain([taxonomy]) {
        if let Some(Value::Array(names)) = fields.get_mut(field) {
            names.retain(|other| other.as_str() != Some(&name));
        }
    }
}

/// The source fields of an object.
///
/// # Errors
/// Why the object cannot be read.
fn raw_fields(document: &[u8], options: &WordpressOptions) -> Result<Map<String, Value>, String> {
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
    for (taxonomy, names) in document["terms"].as_object().into_iter().flatten() {
        let names = names.as_array().into_iter().flatten().filter_map(Value::as_str);
        let names: Vec<_> = names.map(plain).collect();
        if let Some(field) = field_of(taxonomy, options) {
            put(field, json!(names));
        }
        put(taxonomy, json!(names));
    }
    put_meaning(&mut fields, kind, options);
    put_landing(&mut fields, kind, &document["landing"], options);
    Ok(fields)
}

/// A time of the REST API, which is in UTC without saying so.
fn utc(text: &str) -> String {
    format!("{text}Z")
}

/// The text of a title or name, which is HTML in which `<` may stand for itself.
pub(super) fn plain(html: &str) -> String {
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
pub(super) fn summary(excerpt: &str, content: &str) -> Option<String> {
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
