//! What is fetched from WordPress: objects of the REST API and pages become records or are rejected,
//! and sitemaps are read or not.

use std::sync::LazyLock;

use indexer::ingest::{
    config::{ResolvedSource, SourceConfig, resolve_sources},
    fuzz_support::{ReadItem, count_sitemap_entries, read_wordpress},
};

use crate::{
    byte_source::ByteSource,
    content::{HTML, assert_valid, text},
};

/// Fragments of pages besides those of a body.
const PAGE: [&str; 26] = [
    "<html lang=nl>",
    "<head>",
    "</head>",
    "<body>",
    "<main>",
    "</main>",
    "<article>",
    "</article>",
    "<title>T</title>",
    "<h1>T</h1>",
    "<meta name=robots content='noindex'>",
    "<meta property=og:title content='T'>",
    "<meta property=article:published_time content='2026-03-02T09:00:00+01:00'>",
    "<meta name=description content='a@b.nl'>",
    "<link rel=canonical href='/a'>",
    "<link rel=canonical href='https://[/'>",
    "<script type=application/ld+json>",
    "{\"@graph\":[",
    "{\"@type\":\"Article\",\"headline\":\"T\",\"datePublished\":\"2026\"}",
    "]}",
    "</script>",
    "<time class=updated datetime=2026-03-02>",
    "<meta http-equiv=refresh content='0;url=/'>",
    "<meta charset=utf-16>",
    "<p>Een zin, met komma's, die lang genoeg is om een alinea te zijn van een artikel.</p>",
    "<aside>",
];
/// Fragments of sitemaps.
const SITEMAP: [&str; 20] = [
    "<url>",
    "</url>",
    "<loc>https://a.nl/a</loc>",
    "<loc>",
    "</loc>",
    "<lastmod>2026-03-02</lastmod>",
    "<lastmod/>",
    "<sitemap>",
    "</sitemap>",
    "&amp;",
    "&#0;",
    "&x;",
    "<![CDATA[",
    "]]>",
    "<!--",
    "-->",
    "<?x?>",
    "<!DOCTYPE a [<!ENTITY b 'c'>]>",
    "<i:image i:a='",
    "'>",
];
/// Valid entries of a sitemap.
const ENTRIES: [&str; 4] = [
    "<url><loc>https://a.nl/a</loc></url>",
    "<url><loc>https://a.nl/?a&amp;b=&#50;</loc><lastmod>2026-03-02</lastmod></url>",
    "<url><loc><![CDATA[https://a.nl/b]]></loc><lastmod/></url>",
    "<url xmlns:i='a'><loc>https://a.nl/c</loc><i:image><i:loc>d</i:loc></i:image></url>",
];
/// Values of the fields of an object.
const VALUES: [&str; 16] = [
    "\"post\"",
    "\"https://a.nl/a/\"",
    "\"2026-03-02T09:00:00\"",
    "{\"rendered\":\"T &#038; <3\"}",
    "{\"rendered\":\"<p>Tekst.</p><script>\"}",
    "{\"rendered\":\"[&hellip;]\"}",
    "null",
    "7",
    "-1e400",
    "[]",
    "[\"a\",\"b &amp; c\"]",
    "{}",
    "{\"taxonomy\":\"community\",\"name\":\"CX\"}",
    "\"\"",
    "\"<\"",
    "\"page\"",
];
/// Fields of an object that is otherwise valid.
const NAMES: [&str; 12] = [
    "title",
    "content",
    "excerpt",
    "date_gmt",
    "modified_gmt",
    "slug",
    "id",
    "link",
    "type",
    "featured_media",
    "status",
    "author",
];

static SOURCE: LazyLock<ResolvedSource> = LazyLock::new(|| {
    let config = "name = 'items'\nkind = 'wordpress'\naddress = 'https://a.nl/'\nlanguage = 'NL'\n\
                  preset = 'gebruiker-centraal'\n[[join]]\ntaxonomy = 'community'\ntype = 'page'\n\
                  kind = 'community'";
    let config: SourceConfig = toml::from_str(config).expect("a source");
    let folder = std::env::temp_dir();
    resolve_sources(&[config], &folder).expect("a valid source").remove(0)
});

/// Checks an object, a page or a sitemap derived from the bytes.
pub fn check(bytes: &[u8]) {
    outcome(bytes);
}

/// What was read: 0 for an object, 1 for a page, 2 for a sitemap; `None` if it was rejected.
pub(crate) fn outcome(bytes: &[u8]) -> Option<usize> {
    let mut choices = ByteSource::new(bytes);
    match choices.below(3) {
        0 => read("post/7", &object(&mut choices)).then_some(0),
        1 => {
            let head = text(&mut choices, &PAGE);
            let page = format!("{head}{}", text(&mut choices, &HTML));
            read("stap:/stap/a/", page.as_bytes()).then_some(1)
        }
        _ => count_sitemap_entries(sitemap(&mut choices).as_bytes()).map(|_| 2),
    }
}

fn sitemap(choices: &mut ByteSource) -> String {
    if choices.one_in(8) {
        return text(choices, &SITEMAP);
    }
    let mut entries = String::new();
    for _ in 0..choices.below(5) {
        let fragments = if choices.one_in(8) { &SITEMAP[..] } else { &ENTRIES };
        entries.push_str(choices.pick::<&str>(fragments));
    }
    format!("<urlset>{entries}</urlset>")
}

/// Whether a resource becomes a record, the same each time.
fn read(key: &str, body: &[u8]) -> bool {
    let item = read_wordpress(key, body, &SOURCE);
    let input = String::from_utf8_lossy(body);
    assert_eq!(item, read_wordpress(key, body, &SOURCE), "{input}");
    assert_valid(&item, &input);
    matches!(item, ReadItem::Record { .. })
}

fn object(choices: &mut ByteSource) -> Vec<u8> {
    if choices.one_in(8) {
        return choices.text(2_048).into_bytes();
    }
    let mut fields = vec![
        "\"type\":\"page\",\"link\":\"https://a.nl/a/\",\"title\":{\"rendered\":\"T\"}".to_owned(),
    ];
    for _ in 0..choices.below(8) {
        // Of two fields with one name, the last counts.
        fields.push(format!("\"{}\":{}", choices.pick(&NAMES), choices.pick(&VALUES)));
    }
    let [author, image, terms, landing] = [0; 4].map(|_: i32| *choices.pick(&VALUES));
    format!(
        "{{\"object\":{{{}}},\"author\":{author},\"image\":{image},\"terms\":{{\"community\":{terms}}},\
         \"landing\":{landing}}}",
        fields.join(",")
    )
    .into_bytes()
}
