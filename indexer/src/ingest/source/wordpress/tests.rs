use super::*;

fn preset() -> WordpressOptions {
    let preset = Some(SitePreset::GebruikerCentraal);
    WordpressOptions { preset, ..WordpressOptions::default() }
}

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
    let fields = raw_fields(
        &document(&json!({
            "id": 7, "type": "post", "link": "https://a.example/zomertijd/", "slug": "zomertijd",
            "date": "2025-10-26T02:30:00", "date_gmt": "2025-10-26T01:30:00",
            "modified_gmt": "2025-10-26T01:30:00",
            "title": { "rendered": "Hén &#038; “één” <b>‘overheid’</b> – 100% 😀 &amp; <3" },
            "content": { "rendered": "<p>Tekst.</p>\n" },
            "excerpt": { "rendered": "<p>De gemeente [&hellip;]</p>\n" },
        })),
        &preset(),
    )
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
        let error = raw_fields(&bytes, &preset()).unwrap_err();
        assert!(error.contains(reason), "{error}");
    }
}

/// The kind and form of an object of a type, and its other fields.
fn meaning(kind: &str, options: &WordpressOptions) -> (Value, Value, Map<String, Value>) {
    let object = json!({ "type": kind, "link": "https://a.example/a/" });
    let mut fields = raw_fields(&document(&object), options).unwrap();
    let mut take = |name: &str| fields.remove(name).unwrap_or_default();
    (take("kind"), take("form"), fields)
}

#[test]
fn every_type_of_the_preset_must_have_the_kind_and_form_of_the_manual() {
    let manual = include_str!("../../../../../gateway/docs/sources.md");
    let rows =
        manual.lines().skip_while(|line| !line.starts_with("| Type | Kind | Form |")).skip(2);
    let rows = rows.take_while(|line| line.starts_with('|')).map(|row| {
        let cells = row.trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('`'));
        cells.map(str::to_owned).collect::<Vec<_>>()
    });
    let expected = TYPES.iter().chain(&PRESET_TYPES).map(|(name, kind, form)| {
        vec![(*name).to_owned(), (*kind).to_owned(), form.unwrap_or_default().to_owned()]
    });
    assert_eq!(rows.collect::<Vec<_>>(), expected.collect::<Vec<_>>());
    for (name, kind, form) in PRESET_TYPES {
        let (found_kind, found_form, fields) = meaning(name, &preset());
        assert_eq!((found_kind, found_form), (json!(kind), json!(form)), "{name}");
        assert_eq!(fields.contains_key("perspective"), kind == "audience", "{name}");
        assert!(meaning(name, &WordpressOptions::default()).0.is_null(), "{name}");
    }
    for (name, kind, form) in TYPES {
        let (found_kind, found_form, fields) = meaning(name, &WordpressOptions::default());
        assert_eq!((found_kind, found_form), (json!(kind), json!(form)), "{name}");
        assert!(!fields.contains_key("themes") && fields.contains_key("thema"), "{name}");
    }
}

#[test]
fn the_preset_must_only_have_forms_that_exist() {
    use schema::{ArticleForm, EventForm, ToolkitForm};
    for (name, kind, form) in TYPES.iter().chain(&PRESET_TYPES) {
        let Some(form) = form else { continue };
        let is_known = match *kind {
            "article" => form.parse::<ArticleForm>().is_ok(),
            "toolkit" => form.parse::<ToolkitForm>().is_ok(),
            _ => form.parse::<EventForm>().is_ok(),
        };
        assert!(is_known, "{name}: {form}");
    }
}

#[test]
fn a_landing_page_must_become_the_record_of_its_term() {
    let join = |taxonomy: &str, kind| TermJoin {
        taxonomy: taxonomy.to_owned(),
        content_type: "page".to_owned(),
        by: crate::sync::JoinBy::Slug,
        kind,
    };
    let joins = vec![join("thema", NodeKind::Theme), join("community", NodeKind::Community)];
    let options = WordpressOptions { joins, ..preset() };
    let landing = |taxonomy: &str, name: &str, title: &str| {
        let object = json!({
            "type": "page", "link": "https://a.example/a/", "title": { "rendered": title },
        });
        let mut document: Value = serde_json::from_slice(&document(&object)).unwrap();
        document["landing"] = json!({ "taxonomy": taxonomy, "name": name });
        let fields = raw_fields(document.to_string().as_bytes(), &options).unwrap();
        let field = |name: &str| fields.get(name).cloned().unwrap_or_default();
        ["kind", "form", "title", "themes", "aliases", "alt_labels"].map(field)
    };
    assert_eq!(
        landing("thema", "R&amp;D", "Alles over R&#038;D"),
        [
            json!("theme"),
            Value::Null,
            json!("R&D"),
            json!(["Klantbeleving (CX)"]),
            Value::Null,
            json!(["Alles over R&D"]),
        ]
    );
    let themes = json!(["Klantbeleving (CX)", "R&D"]);
    assert_eq!(
        landing("community", "Community CX", "community cx"),
        [
            json!("community"),
            Value::Null,
            json!("Community CX"),
            themes.clone(),
            Value::Null,
            Value::Null
        ]
    );
    // A join that is no longer configured.
    assert_eq!(
        landing("hulpmiddel", "Toolkit Taal", "Titel"),
        [json!("article"), json!("PAGE"), json!("Titel"), themes, Value::Null, Value::Null]
    );
}
