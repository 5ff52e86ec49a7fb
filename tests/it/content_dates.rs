//! Dates of publication and of changes: a date without a time stays a date, from every format to
//! every interface.

use serde_json::{Value, json};

use crate::{support::Installation, test_server::Server};

fn server() -> (Installation, Server) {
    let installation = Installation::of("fixtures/cases/content-dates/wegwijzer.toml");
    installation.build();
    let server = Server::of(&installation);
    (installation, server)
}

/// Titles of all results, in the order given.
fn titles(server: &Server, arguments: &str) -> Vec<String> {
    let query = format!("{{ search(first: 50, {arguments}) {{ nodes {{ title }} }} }}");
    let response = server.query(&query);
    let nodes = response["data"]["search"]["nodes"].as_array().expect("results");
    nodes.iter().map(|node| node["title"].as_str().expect("a title").to_owned()).collect()
}

fn published_at(server: &Server, title: &str) -> Value {
    let query = "query($words: String!) { search(query: $words, first: 1) { nodes { title \
                 publishedAt { date instant precision text timeZone } } } }";
    let response = server.query_with(query, &json!({ "words": format!("\"{title}\"") }));
    let node = &response["data"]["search"]["nodes"][0];
    assert_eq!(node["title"], title, "{response}");
    node["publishedAt"].clone()
}

#[test]
fn every_format_must_preserve_the_precision_of_a_date() {
    let (_installation, server) = server();
    for (title, date, instant, precision, text) in [
        ("YAML dag", "2025-03-01", "", "DAY", "1 maart 2025"),
        ("YAML maand", "2025-03-01", "", "MONTH", "maart 2025"),
        ("YAML jaar", "2025-01-01", "", "YEAR", "2025"),
        (
            "YAML tijd met zone",
            "2026-01-01",
            "2025-12-31T23:30:00Z",
            "INSTANT",
            "1 januari 2026, 0.30 uur",
        ),
        ("YAML tijd", "2025-07-01", "2025-07-01T12:00:00Z", "INSTANT", "1 juli 2025, 14.00 uur"),
        ("TOML dag", "2025-07-01", "", "DAY", "1 juli 2025"),
        ("TOML tijd", "2025-03-01", "2025-03-01T08:05:00Z", "INSTANT", "1 maart 2025, 9.05 uur"),
        (
            "TOML tijd met zone",
            "2025-03-02",
            "2025-03-02T04:30:00Z",
            "INSTANT",
            "2 maart 2025, 5.30 uur",
        ),
        ("JSON dag", "2025-12-31", "", "DAY", "31 December 2025"),
        ("JSON tijd", "2025-12-31", "2025-12-31T08:05:00Z", "INSTANT", "31 December 2025, 09:05"),
        ("JSON jaar", "2024-01-01", "", "YEAR", "2024"),
        ("Tabel dag", "2025-03-01", "", "DAY", "1 maart 2025"),
        ("Tabel maand", "2025-03-01", "", "MONTH", "maart 2025"),
        ("Tabel tijd", "2025-03-01", "2025-03-01T13:00:00Z", "INSTANT", "1 maart 2025, 14.00 uur"),
    ] {
        let instant = Some(instant).filter(|instant| !instant.is_empty());
        let expected = json!({
            "date": date, "instant": instant, "precision": precision, "text": text,
            "timeZone": "Europe/Amsterdam",
        });
        assert_eq!(published_at(&server, title), expected, "{title}");
    }
}

#[test]
fn between_equally_trusted_sources_the_more_precise_date_must_count_if_it_is_the_same_day() {
    let (_installation, server) = server();
    for (title, precision, date) in [
        ("Samen dag", "INSTANT", "2023-05-02"),
        ("Samen tijd", "INSTANT", "2023-05-02"),
        ("Samen andere dag", "DAY", "2023-05-02"),
        ("Samen vertrouwd", "DAY", "2023-05-02"),
    ] {
        let published_at = published_at(&server, title);
        assert_eq!(
            (&published_at["precision"], &published_at["date"]),
            (&json!(precision), &json!(date)),
            "{title}"
        );
    }
    let response = server.query(
        r#"{ contentByUrl(url: "https://www.voorbeeld.example/tijd") {
            modifiedAt { date precision } sources { source fields }
        } }"#,
    );
    let content = &response["data"]["contentByUrl"];
    assert_eq!(content["modifiedAt"], json!({ "date": "2023-05-03", "precision": "DAY" }));
    let provides = |source: &str, field: &str| {
        let sources = content["sources"].as_array().expect("sources").iter();
        let fields = sources.filter(|record| record["source"] == source);
        fields.flat_map(|record| record["fields"].as_array().expect("fields")).any(|f| f == field)
    };
    assert!(provides("lines", "published_at") && !provides("table", "published_at"), "{content}");
    assert!(provides("table", "modified_at") && !provides("lines", "modified_at"), "{content}");
}

#[test]
fn order_years_and_periods_must_follow_the_day_in_amsterdam() {
    let (_installation, server) = server();
    let sorted = |titles: &[String]| {
        let mut titles = titles.to_vec();
        titles.sort();
        titles
    };
    let newest = titles(&server, "sort: NEWEST");
    assert_eq!(
        newest[..8],
        [
            "YAML tijd met zone",
            "JSON tijd",
            "JSON dag",
            "YAML tijd",
            "TOML dag",
            "TOML tijd met zone",
            "Tabel tijd",
            "TOML tijd",
        ]
    );
    // These begin at the same instant, so their ids determine the order.
    assert_eq!(sorted(&newest[8..12]), ["Tabel dag", "Tabel maand", "YAML dag", "YAML maand"]);
    let period = |from: &str, until: &str| {
        let filter = format!("sort: TITLE, filter: {{ from: \"{from}\", until: \"{until}\" }}");
        sorted(&titles(&server, &filter))
    };
    assert_eq!(period("2025-12-31", "2025-12-31"), ["JSON dag", "JSON tijd"]);
    assert_eq!(period("2025-07-01", "2025-07-01"), ["TOML dag", "YAML tijd"]);
    assert_eq!(period("2025-06-30", "2025-06-30"), [""; 0]);
    assert_eq!(period("2025-02-28", "2025-02-28"), [""; 0]);
    assert_eq!(titles(&server, "filter: { years: [2026] }"), ["YAML tijd met zone"]);
    assert_eq!(titles(&server, "filter: { years: [2024] }"), ["JSON jaar"]);
    let facets = server.query("{ search { facets { years { value count } } } }");
    assert_eq!(
        facets["data"]["search"]["facets"]["years"],
        json!([
            { "value": 2026, "count": 1 }, { "value": 2025, "count": 12 },
            { "value": 2024, "count": 1 }, { "value": 2023, "count": 4 },
        ])
    );
}

#[test]
fn pages_must_show_a_date_as_precisely_as_it_is_known() {
    let (_installation, server) = server();
    let map = server.get("/sitemap.xml").body;
    for (slug, machine, text, english, json_ld) in [
        ("yaml-dag", "2025-03-01", "1 maart 2025", "1 March 2025", "2025-03-01"),
        ("tabel-maand", "2025-03", "maart 2025", "March 2025", "2025-03"),
        ("json-jaar", "2024", "2024", "2024", "2024"),
        ("tabel-tijd", "2025-03-01", "1 maart 2025", "1 March 2025", "2025-03-01T13:00:00Z"),
    ] {
        for (path, text) in [("/article/", text), ("/en/article/", english)] {
            let page = server.get(&format!("{path}{slug}"));
            assert_eq!(page.status, 200, "{slug}");
            let time = format!("<time datetime=\"{machine}\">{text}</time>");
            assert!(page.body.contains(&time), "{slug}: {}", page.body);
            let published = format!("\"datePublished\":\"{json_ld}\"");
            assert!(page.body.contains(&published), "{slug}: {}", page.body);
        }
        let title = slug.replace('-', "+");
        let hits = server.get(&format!("/?q={title}")).body;
        let time = format!("<time datetime=\"{machine}\">{text}</time>");
        assert!(hits.contains(&time), "{slug}: {hits}");
        let entry = map.split("<url>").find(|entry| entry.contains(&format!("/article/{slug}<")));
        let lastmod = format!("<lastmod>{machine}</lastmod>");
        assert!(entry.is_some_and(|entry| entry.contains(&lastmod)), "{slug}: {entry:?}");
    }
}
