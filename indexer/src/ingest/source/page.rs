//! Web pages: title, main content, language, dates and canonical address of a page as sent, in
//! canonical fields.

mod listing;
mod main_content;

use dom_query::Document;
use jiff::{Timestamp, civil};
use serde_json::{Map, Value, json};
use url::Url;

use self::main_content::main_content;
pub(super) use self::{
    listing::is_listing,
    main_content::{text_lengths, without_repeated},
};
use crate::html_page::{PageMetadata, decode};

/// Limits within which the tree of a page is built; the time for one can be quadratic.
const ELEMENTS_MAX: usize = 20_000;
const NESTING_MAX: usize = 256;
/// Elements with the title of an article (schema.org, microformats and their habits).
const TITLES: &str = "[itemprop=headline], h1.p-name, h2.p-name, .entry-title, .post-title";
/// Classes of `<time>` elements.
const PUBLISHED: [&str; 3] = ["published", "datepublished", "entry-date"];
const MODIFIED: [&str; 3] = ["updated", "modified", "datemodified"];

/// The canonical fields of a page that was fetched from an address.
///
/// # Errors
/// Why it cannot be read.
pub(crate) fn raw_fields(bytes: &[u8], address: &Url) -> Result<Map<String, Value>, String> {
    let html = decode(bytes);
    let page = PageMetadata::of(&html);
    if page.elements > ELEMENTS_MAX {
        return Err(format!("page exceeds the maximum number of elements, {ELEMENTS_MAX}"));
    }
    if page.nesting > NESTING_MAX {
        return Err(format!("page exceeds the maximum nesting of elements, {NESTING_MAX}"));
    }
    let objects = structured_data(&page);
    let dated = || objects.iter().find(|object| object.contains_key("datePublished"));
    let data = of_type(&objects, &["Article", "Posting"]).or_else(dated).cloned();
    let data = data.unwrap_or_default();
    let stated = |name: &str| data.get(name).and_then(Value::as_str).map(plain);
    let meta = |name: &str| page.meta.get(name).cloned();
    let document = Document::from(&*html);
    let title = stated("headline").or_else(|| marked_title(&document));
    let title = title.or_else(|| page.heading.clone());
    let title = title.map(|text| text.trim_end_matches(is_permalink_sign).to_owned());
    let title = title
        .filter(|text| !text.is_empty())
        .or_else(|| meta("og:title"))
        .or_else(|| page.title.clone());
    let published = [stated("datePublished"), meta("article:published_time")];
    let modified = [stated("dateModified"), meta("article:modified_time"), meta("og:updated_time")];
    let mut fields = Map::new();
    let mut put = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            fields.insert(name.to_owned(), value);
        }
    };
    put("title", title.filter(|text| !text.is_empty()).map(Value::String));
    put("url", Some(json!(canonical(&page, address))));
    put("language", page.language.as_deref().map(language));
    put("body", Some(json!(main_content(&document, address))));
    put("summary", meta("description").map(Value::String));
    put("published_at", moment(published, &page, &PUBLISHED));
    put("modified_at", moment(modified, &page, &MODIFIED));
    let event = of_type(&objects, &["Event"]);
    for (name, property) in [("start", "startDate"), ("end", "endDate")] {
        let time = event.and_then(|event| event.get(property)).and_then(Value::as_str);
        put(name, time.filter(|text| is_moment(text)).map(|text| json!(text)));
    }
    let image = meta("og:image").map(|url| json!({ "url": url, "alt": meta("og:image:alt") }));
    put("image", image);
    Ok(fields)
}

/// Whether a character is the text of a link from a heading to itself: a sign, or one of an icon font.
fn is_permalink_sign(letter: char) -> bool {
    matches!(letter, '¶' | '#' | '§' | '🔗' | '\u{e000}'..='\u{f8ff}') || letter.is_whitespace()
}

/// The text of the only element that is marked as the title of an article.
fn marked_title(document: &Document) -> Option<String> {
    let found = document.select(TITLES);
    let text = (found.length() == 1).then(|| found.text())?;
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    (!text.is_empty()).then_some(text)
}

fn plain(text: &str) -> String {
    html_escape::decode_html_entities(text).trim().to_owned()
}

/// The canonical address, if it is on the same host; otherwise another site would be responsible.
fn canonical(page: &PageMetadata, address: &Url) -> String {
    let canonical = page.canonical.as_deref().and_then(|text| address.join(text).ok());
    let own = canonical.filter(|url| url.host_str() == address.host_str());
    own.unwrap_or_else(|| address.clone()).into()
}

pub(super) fn language(tag: &str) -> Value {
    let primary = tag.split(['-', '_']).next().unwrap_or_default().to_lowercase();
    match primary.as_str() {
        "nl" => json!("NL"),
        "en" => json!("EN"),
        _ => json!("OTHER"),
    }
}

/// The objects of the structured data.
fn structured_data(page: &PageMetadata) -> Vec<Map<String, Value>> {
    let blocks = page.structured_data.iter().filter_map(|text| serde_json::from_str(text).ok());
    blocks.flat_map(objects).collect()
}

/// The first object whose type contains one of the names.
fn of_type<'a>(
    objects: &'a [Map<String, Value>],
    names: &[&str],
) -> Option<&'a Map<String, Value>> {
    objects.iter().find(|object| {
        let types = object.get("@type").map(ToString::to_string).unwrap_or_default();
        names.iter().any(|name| types.contains(name))
    })
}

/// The objects of a block: itself, those of its list, or those of its graph.
fn objects(block: Value) -> Vec<Map<String, Value>> {
    match block {
        Value::Array(list) => list.into_iter().flat_map(objects).collect(),
        Value::Object(mut object) => match object.remove("@graph") {
            Some(Value::Array(graph)) => graph.into_iter().flat_map(objects).collect(),
            _ => vec![object],
        },
        _ => Vec::new(),
    }
}

/// The first of the stated times that can be read, or else that of an element with one of the
/// classes.
fn moment<const N: usize>(
    stated: [Option<String>; N],
    page: &PageMetadata,
    classes: &[&str],
) -> Option<Value> {
    let has_class = |class: &str| class.split_whitespace().any(|one| classes.contains(&one));
    let elements = page.times.iter().filter(|time| has_class(&time.class));
    let elements = elements.map(|time| time.datetime.clone());
    stated.into_iter().flatten().chain(elements).find(|text| is_moment(text)).map(Value::String)
}

/// Whether a text is an instant, or a date.
fn is_moment(text: &str) -> bool {
    let text = text.trim();
    text.parse::<Timestamp>().is_ok() || text.parse::<civil::Date>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(html: &str) -> Value {
        let address = "https://a.example/stap/1/".parse().unwrap();
        Value::Object(raw_fields(html.as_bytes(), &address).unwrap())
    }

    const PARAGRAPH: &str = "<p>De gemeente herschrijft brieven, samen met inwoners, in duidelijke \
        taal. Zo begrijpt iedereen wat er staat, ook wie minder vaak leest.</p>";

    #[test]
    fn a_page_must_become_canonical_fields() {
        let found = fields(&format!(
            "<html lang=nl-NL><head><title>Stap 1 – Site</title><link rel=canonical href=/stap/een/>\
             <meta name=description content='Kort.'><meta property=og:image content=/a.png>\
             <script type=application/ld+json>{{\"@graph\":[{{\"@type\":\"WebSite\"}},\
             {{\"@type\":[\"Article\"],\"headline\":\"Stap &amp; 1\",\
             \"datePublished\":\"2026-03-01T09:00:00+01:00\",\"dateModified\":\"gisteren\"}}]}}\
             </script><body><nav>Menu Menu</nav><main><h1>Stap 1</h1>{PARAGRAPH}<aside>Ook\
             interessant</aside><time class=updated datetime=2026-04-01>1 april</time></main>\
             <footer>Colofon</footer>"
        ));
        let body = found["body"].as_str().unwrap();
        assert!(body.contains("wie minder vaak leest"), "{body}");
        for text in ["Menu", "interessant", "Colofon", "Stap 1"] {
            assert!(!body.contains(text), "{text}: {body}");
        }
        let without_body: Map<_, _> = found
            .as_object()
            .unwrap()
            .clone()
            .into_iter()
            .filter(|(name, _)| name != "body")
            .collect();
        let expected = json!({
            "title": "Stap & 1", "url": "https://a.example/stap/een/", "language": "NL",
            "summary": "Kort.", "published_at": "2026-03-01T09:00:00+01:00",
            "modified_at": "2026-04-01", "image": { "url": "/a.png", "alt": null },
        });
        assert_eq!(Value::Object(without_body), expected);
    }

    #[test]
    fn an_event_must_have_the_times_of_its_structured_data() {
        let found = fields(
            "<script type='application/ld+json'>[{\"@type\":\"BusinessEvent\",\
             \"startDate\":\"2026-12-01T10:00:00+01:00\",\"endDate\":\"straks\"}]</script>",
        );
        assert_eq!(found["start"], "2026-12-01T10:00:00+01:00");
        assert!(found.get("end").is_none());
    }

    #[test]
    fn a_page_without_a_main_element_must_yield_its_article() {
        let found = fields(&format!(
            "<title>T</title><link rel=canonical href=https://b.example/><body>\
             <div class=menu><a href=/a>Menu</a><a href=/b>Nog een</a></div>\
             <div class=content>{}</div><div class=footer>Colofon</div>",
            PARAGRAPH.repeat(8)
        ));
        let body = found["body"].as_str().unwrap();
        assert!(body.contains("herschrijft brieven") && !body.contains("Menu"), "{body}");
        assert_eq!(
            (&found["title"], &found["url"]),
            (&json!("T"), &json!("https://a.example/stap/1/"))
        );
    }

    #[test]
    fn a_page_that_takes_long_must_be_rejected() {
        let address = "https://a.example/".parse().unwrap();
        for (html, count, reason) in
            [("<div>", 1_000, "nesting"), ("<br>", 30_000, "number of elements")]
        {
            let error = raw_fields(html.repeat(count).as_bytes(), &address).unwrap_err();
            assert!(error.contains(reason), "{error}");
        }
        assert!(raw_fields(b"", &address).unwrap().get("title").is_none());
        // Within the limits, any page takes seconds.
        let start = std::time::Instant::now();
        let nested = "<div>".repeat(200);
        for html in [
            "<p>Een zin, nog een, en nog een.</p>",
            "<b>x</b>",
            "<td>x",
            "<li><a href=a>b</a>",
            "<br>",
        ] {
            let count = 19_000 / html.matches(['<']).count();
            let page = format!("<main>{nested}{}", html.repeat(count));
            raw_fields(page.as_bytes(), &address).unwrap();
            raw_fields(format!("{nested}<table>{}", html.repeat(count)).as_bytes(), &address)
                .unwrap();
        }
        assert!(start.elapsed() < std::time::Duration::from_mins(1), "{:?}", start.elapsed());
    }
}
