//! Operations for the local graph in a supergraph: what other subgraphs declare of our types, and
//! what they return as keys of our entities.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::subgraph::{Subgraph, respond};
use crate::{
    support::Installation,
    test_server::{Server, subgraph_config},
};

const SDL: &str = "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.3\", \
    import: [\"@key\"]) \
    type Query { picks: [Article] reviewed: [Reviewable] } \
    interface Reviewable { id: ID! } \
    type Article implements Reviewable @key(fields: \"id\", resolvable: false) { id: ID! }";

/// A server with a subgraph that returns raw data.
fn server(data: &'static str) -> (Installation, Server, Subgraph) {
    let installation = Installation::small();
    installation.build();
    let partner = Subgraph::with_responder(move |_, _, stream| {
        let body = format!("{{\"data\":{data}}}");
        respond(stream, "200 OK", "application/json", &body);
    });
    std::fs::write(installation.path().join("partner.graphql"), SDL).unwrap();
    let server = Server::with(&installation, |config| {
        let url = format!("http://{}/graphql", partner.address).parse().unwrap();
        let sdl = installation.path().join("partner.graphql");
        config.subgraphs = vec![subgraph_config("partner", url, Some(sdl))];
    });
    let until = Instant::now() + Duration::from_secs(30);
    while server.query("{ __type(name: \"Reviewable\") { name } }")["data"]["__type"].is_null() {
        assert!(Instant::now() < until, "the supergraph is not composed");
        std::thread::sleep(Duration::from_millis(50));
    }
    (installation, server, partner)
}

#[test]
fn fragments_on_types_that_only_another_subgraph_declares_must_apply() {
    let (_installation, server, _partner) = server("{}");
    let query = |fragment: &str| {
        let query = format!(
            "{{ search(first: 50) {{ nodes {{ __typename {fragment} ... on Article {{ title }} }} }} }}"
        );
        server.query(&query)
    };
    for fragment in
        ["... on Reviewable { key: id }", "... on Article { ... on Reviewable { key: id } }"]
    {
        let response = query(fragment);
        let nodes = response["data"]["search"]["nodes"].as_array().expect("a list");
        let articles: Vec<&Value> =
            nodes.iter().filter(|node| node["__typename"] == "Article").collect();
        assert!(!articles.is_empty(), "{response}");
        for article in articles {
            assert!(article["key"].is_string() && article["title"].is_string(), "{article}");
        }
    }
}

#[test]
fn keys_that_cannot_be_values_must_fail_alone() {
    for key in ["\"\\ud800\"", "1e999", "\"\\udc00\\ud800\"", "{}", "[[]]"] {
        let data = format!(r#"{{"picks":[{{"__typename":"Article","id":{key}}},null]}}"#);
        let (_installation, server, _partner) = server(data.leak());
        let response = server.query("{ picks { title } search(first: 1) { totalCount } }");
        let total = &response["data"]["search"]["totalCount"];
        assert!(total.is_number(), "{key}: {response}");
        let code = &response["errors"][0]["extensions"]["code"];
        assert_eq!(code, &json!("SUBGRAPH_MALFORMED_RESPONSE"), "{key}: {response}");
    }
}
