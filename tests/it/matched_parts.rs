//! Parts of content as hits: a step, method, tip, guideline, resource or session that matches is
//! named with its title and anchor, and the page has that anchor.

use serde_json::{Value, json};

use crate::test_server::Server;

/// The matched part of the hit with this title; null if it has none.
fn matched_part(server: &Server, words: &str, title: &str) -> Value {
    let query = "query($words: String) { search(query: $words, first: 50, wider: true) { edges {
        node { title } matchedPart { kind title anchor url kindLabel(language: EN) } } } }";
    let response = server.query_with(query, &json!({ "words": words }));
    let edges = response["data"]["search"]["edges"].as_array().unwrap().clone();
    let edge = edges.iter().find(|edge| edge["node"]["title"] == title);
    edge.unwrap_or_else(|| panic!("`{words}` must find `{title}`"))["matchedPart"].clone()
}

#[test]
fn each_kind_of_part_must_be_named_with_an_anchor_that_its_page_has() {
    let (_installation, server) = Server::demo();
    let toolkits =
        "{ toolkits(first: 50) { nodes { title steps { title methods { title } tips { title } }
        guidelines { title } resources { title } } } }";
    let toolkits = server.query(toolkits)["data"]["toolkits"]["nodes"].as_array().unwrap().clone();
    let mut cases = vec![(
        "Negende Landelijke Dag Begrijpelijke Overheid".to_owned(),
        "SESSION",
        "De jurist als schrijfmaatje".to_owned(),
        "session-2".to_owned(),
    )];
    // The first step, method, tip, guideline and resource of the demo.
    let list = |value: &Value, name: &str| value[name].as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value["title"].as_str().unwrap().to_owned();
    let mut first = |kind: &'static str, found: Option<(&Value, Value, String)>| {
        let (toolkit, part, anchor) = found.unwrap_or_else(|| panic!("the demo has no {kind}"));
        cases.push((text(toolkit), kind, text(&part), anchor));
    };
    let of_steps = |name: &'static str, word: &'static str| {
        toolkits.iter().find_map(|toolkit| {
            list(toolkit, "steps").iter().enumerate().find_map(|(step, one)| {
                let part = list(one, name).first()?.clone();
                Some((toolkit, part, format!("step-{}-{word}-1", step + 1)))
            })
        })
    };
    let of_toolkit = |name: &'static str, anchor: &'static str| {
        toolkits.iter().find_map(|toolkit| {
            Some((toolkit, list(toolkit, name).first()?.clone(), anchor.to_owned()))
        })
    };
    first("STEP", of_toolkit("steps", "step-1"));
    first("METHOD", of_steps("methods", "method"));
    first("TIP", of_steps("tips", "tip"));
    first("GUIDELINE", of_toolkit("guidelines", "guideline-1"));
    first("RESOURCE", of_toolkit("resources", "resource-1"));
    for (title, kind, part, anchor) in cases {
        let found = matched_part(&server, &part, &title);
        let label = found["kindLabel"].as_str().unwrap_or_default();
        assert_eq!(
            (found["kind"].as_str(), found["title"].as_str(), found["anchor"].as_str()),
            (Some(kind), Some(part.as_str()), Some(anchor.as_str())),
            "{title}"
        );
        assert!(!label.is_empty() && label != kind, "{label}");
        let url: url::Url = found["url"].as_str().unwrap().parse().unwrap();
        let page = server.get(url.path());
        assert_eq!(page.body.matches(&format!(" id=\"{anchor}\"")).count(), 1, "{title}: {anchor}");
        let search = url::form_urlencoded::byte_serialize(part.as_bytes()).collect::<String>();
        let results = server.get(&format!("/?q={search}"));
        assert!(results.body.contains(&format!("#{anchor}\"")), "{title}: no link to {anchor}");
    }
}

#[test]
fn a_part_must_only_be_named_if_it_matches_a_word_that_the_title_does_not() {
    let (_installation, server) = Server::demo();
    let none = matched_part(&server, "toolkit taal", "Toolkit Taal");
    assert_eq!(none, Value::Null);
    let none = server.query("{ search(first: 5) { edges { matchedPart { title } } } }");
    let edges = none["data"]["search"]["edges"].as_array().unwrap().clone();
    assert!(!edges.is_empty() && edges.iter().all(|edge| edge["matchedPart"].is_null()), "{none}");
}
