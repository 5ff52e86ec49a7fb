//! Lists of references to our own entities: their number is determined by a subgraph, so the limit
//! for requests of other routers does not apply to our own router.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::subgraph::Subgraph;
use crate::{
    support::Installation,
    test_server::{Server, subgraph_config},
};

const SDL: &str = "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.3\", \
    import: [\"@key\"]) \
    type Query { picks: [Article] } \
    type Article @key(fields: \"id\", resolvable: false) { id: ID! }";

/// A server with a subgraph that refers to an article of ours, to `count - 2` unknown ones, and to
/// the same article again.
fn server(count: usize, records_max: u64) -> (Installation, Server, Subgraph) {
    let installation = Installation::small();
    installation.build();
    let found =
        Server::of(&installation).query("{ search(first: 50) { nodes { __typename id } } }");
    let mut found = found["data"]["search"]["nodes"].as_array().expect("a list").iter();
    let known = found.find(|node| node["__typename"] == "Article").expect("an article");
    let known = known["id"].as_str().expect("an id");
    let reference = |id: &str| json!({ "__typename": "Article", "id": id });
    let unknown = (0..count - 2).map(|number| reference(&format!("a{number:012}")));
    let picks: Vec<Value> =
        [reference(known)].into_iter().chain(unknown).chain([reference(known)]).collect();
    let partner = Subgraph::with_data(json!({ "Query": { "picks": picks } }));
    std::fs::write(installation.path().join("partner.graphql"), SDL).unwrap();
    let server = Server::with(&installation, |config| {
        let url = format!("http://{}/graphql", partner.address).parse().unwrap();
        let sdl = installation.path().join("partner.graphql");
        config.subgraphs = vec![subgraph_config("partner", url, Some(sdl))];
        config.limits.records_max = records_max;
    });
    let until = Instant::now() + Duration::from_secs(30);
    while server.query("{ picks { id } }")["data"]["picks"].is_null() {
        assert!(Instant::now() < until, "the supergraph is not composed");
        std::thread::sleep(Duration::from_millis(50));
    }
    (installation, server, partner)
}

#[test]
fn more_entities_than_other_routers_may_request_must_be_fetched() {
    for count in [1_001, 5_000, 20_000] {
        let (_installation, server, _partner) = server(count, 100_000);
        let response = server.query("{ picks { id lead } }");
        assert_eq!(response.get("errors"), None, "{count}");
        // The title of an unknown article is missing.
        let response = server.query("{ picks { id title } }");
        let picks = response["data"]["picks"].as_array().expect("a list");
        assert_eq!(picks.len(), count);
        for index in [0, count - 1] {
            assert!(picks[index]["title"].is_string(), "{count}: {}", picks[index]);
        }
        assert_eq!(response["errors"][0]["path"], json!(["picks", 1, "title"]), "{count}");
    }
}

#[test]
fn entities_beyond_the_limit_on_records_must_be_null_with_errors_of_their_own() {
    let (_installation, server, _partner) = server(3_000, 1_500);
    let response = server.query("{ picks { id title } }");
    let picks = &response["data"]["picks"];
    assert!(picks[0]["title"].is_string() && picks[2_999]["title"].is_string(), "{}", picks[0]);
    let response = server.query("{ picks { id lead } }");
    let errors = response["errors"].as_array().expect("errors");
    let limit = &errors[0]["extensions"]["limit"];
    assert_eq!(limit, &json!({ "name": "records_max", "value": 1_500 }), "{}", errors[0]);
    assert_eq!((&errors[0]["path"][0], &errors[0]["path"][1]), (&json!("picks"), &json!(1_000)));
}
