//! Our graph as a subgraph: the requests of a supergraph's router over HTTP.

use indexer::catalog::ReadMetrics;
use serde_json::{Value, json};

use crate::{support::Installation, test_server::Server};

const ENTITIES: &str = "query E($r: [_Any!]!) { _entities(representations: $r) { __typename
     ... on Article { id title themes { id } } ... on Toolkit { id title } ... on Community { id title }
     ... on Event { id title } ... on Theme { id label } ... on Organisation { id name }
     ... on Person { id name } ... on Audience { id label } } }";

/// A representation of one record of each kind.
fn one_of_each(server: &Server) -> Vec<Value> {
    let response = server.query(
        "{ articles(first: 1) { nodes { __typename id } } toolkits(first: 1) { nodes { __typename id } }
           communities(first: 1) { nodes { __typename id } } events(first: 1) { nodes { __typename id } }
           organisations(first: 1) { nodes { __typename id } } people(first: 1) { nodes { __typename id } }
           themes(first: 1) { nodes { __typename id } }
           audiences(first: 1) { nodes { __typename id } } }",
    );
    let data = response["data"].as_object().expect("data");
    data.values().map(|found| found.get("nodes").unwrap_or(found)[0].clone()).collect()
}

fn entities(server: &Server, representations: &[Value]) -> Vec<Value> {
    let response = server.query_with(ENTITIES, &json!({ "r": representations }));
    assert_eq!(response.get("errors"), None, "{response}");
    response["data"]["_entities"].as_array().expect("a list").clone()
}

#[test]
fn entities_must_be_found_by_key_in_one_read_and_must_not_affect_each_other() {
    let (_installation, server) = Server::demo();
    let resolvable = one_of_each(&server);
    assert_eq!(resolvable.len(), 8);
    let mut representations = resolvable.clone();
    // A key of another type, a key without a record, a type of another subgraph, and no key.
    let other = json!({ "__typename": "Event", "id": resolvable[0]["id"] });
    let none = json!({ "__typename": "Article", "id": "a000000000000" });
    let unresolvable =
        [other, none, json!({ "__typename": "Review", "id": "1" }), json!({}), json!("x")];
    representations.splice(4..4, unresolvable);
    let before = server.pipeline.catalog().expect("a catalog").read_metrics();
    let found = entities(&server, &representations);
    let reads = server.pipeline.catalog().expect("a catalog").read_metrics().since(before);
    // The entities, and the themes of the article.
    let themes = u64::from(found.iter().any(|one| one["themes"][0] != Value::Null));
    assert_eq!(reads, ReadMetrics { records: 1 + themes, ..ReadMetrics::default() });
    assert_eq!(found.len(), 13);
    for (representation, found) in representations.iter().zip(&found) {
        if resolvable.contains(representation) {
            assert_eq!(found["id"], representation["id"], "{found}");
            assert_eq!(found["__typename"], representation["__typename"], "{found}");
        } else {
            assert_eq!(*found, Value::Null, "{representation}");
        }
    }
    assert_eq!(found.iter().filter(|one| one.is_null()).count(), 5);
}

#[test]
fn representations_must_be_limited_and_priced_like_a_list() {
    let installation = Installation::of("fixtures/demo.toml");
    installation.build();
    let server = Server::with(&installation, |config| {
        config.limits.representations_max = 10;
        config.limits.complexity_max = 50;
    });
    let fetch = |keys: usize, fields: &str| {
        let query = format!(
            "query E($r: [_Any!]!) {{ _entities(representations: $r) {{ ... on Theme {{ {fields} }} }} }}"
        );
        let keys = vec![json!({ "__typename": "Theme", "id": "h000000000000" }); keys];
        server.post(&json!({ "query": query, "variables": { "r": keys } }))
    };
    assert_eq!(fetch(10, "id").json()["data"]["_entities"][9], Value::Null);
    assert_eq!(fetch(10, "id").json().get("errors"), None);
    assert_eq!(fetch(11, "id").limit(), "representations_max");
    assert_eq!(fetch(10, "id label altLabels definition origin").limit(), "complexity_max");
}

#[test]
fn the_subgraph_sdl_must_equal_the_printed_schema_and_be_hidden_from_clients() {
    let (installation, server) = Server::demo();
    let sdl = server.query("{ _service { sdl } }")["data"]["_service"]["sdl"].clone();
    let printed = installation.output(&["schema", "--federation"]);
    assert_eq!(sdl.as_str(), Some(String::from_utf8(printed.stdout).expect("text").as_str()));
    let introspection = server.query("{ __schema { types { name fields { name } } } }").to_string();
    for hidden in ["_entities", "_service", "_Any", "_Entity", "_Service"] {
        assert!(!introspection.contains(&format!("\"{hidden}\"")), "{hidden}");
    }
    let closed = Server::with(&installation, |config| config.graphql.introspection = false);
    assert_eq!(
        closed.post(&json!({ "query": "{ _service { sdl } }" })).code(),
        "INTROSPECTION_DISABLED"
    );
    assert_eq!(entities(&closed, &[json!({})]), [Value::Null]);
}
