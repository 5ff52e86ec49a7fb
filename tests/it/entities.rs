//! Our graph as a subgraph: what the router of a supergraph asks over HTTP.

use indexer::catalog::Reads;
use serde_json::{Value, json};

use crate::{server::Server, support::Installation};

const ENTITIES: &str = "query E($r: [_Any!]!) { _entities(representations: $r) { __typename
     ... on Article { id title themes { id } } ... on Toolkit { id title } ... on Community { id title }
     ... on Event { id title } ... on Theme { id label } ... on Organisation { id name }
     ... on Person { id name } ... on Audience { id label } } }";

/// One thing of each kind: its type and its id.
fn one_of_each(server: &Server) -> Vec<Value> {
    let answer = server.ask(
        "{ articles(first: 1) { nodes { __typename id } } toolkits(first: 1) { nodes { __typename id } }
           communities(first: 1) { nodes { __typename id } } events(first: 1) { nodes { __typename id } }
           organisations(first: 1) { nodes { __typename id } } people(first: 1) { nodes { __typename id } }
           themes { __typename id } audiences { __typename id } }",
    );
    let data = answer["data"].as_object().expect("data");
    data.values().map(|found| found.get("nodes").unwrap_or(found)[0].clone()).collect()
}

fn entities(server: &Server, representations: &[Value]) -> Vec<Value> {
    let answer = server.ask_with(ENTITIES, &json!({ "r": representations }));
    assert_eq!(answer.get("errors"), None, "{answer}");
    answer["data"]["_entities"].as_array().expect("a list").clone()
}

#[test]
fn everything_with_a_key_must_be_found_by_it_in_one_read_and_nothing_spoil_another() {
    let (_installation, server) = Server::demo();
    let known = one_of_each(&server);
    assert_eq!(known.len(), 8);
    let mut asked = known.clone();
    // A key of another type, of nothing, of a type of somebody else, and no key at all.
    let other = json!({ "__typename": "Event", "id": known[0]["id"] });
    let none = json!({ "__typename": "Article", "id": "a000000000000" });
    let odd = [other, none, json!({ "__typename": "Review", "id": "1" }), json!({}), json!("x")];
    asked.splice(4..4, odd);
    let before = server.pipeline.catalog().expect("a knowledge base").reads();
    let found = entities(&server, &asked);
    let reads = server.pipeline.catalog().expect("a knowledge base").reads().since(before);
    // The keys, and the themes of the article.
    let themes = u64::from(found.iter().any(|one| one["themes"][0] != Value::Null));
    assert_eq!(reads, Reads { records: 1 + themes, ..Reads::default() });
    assert_eq!(found.len(), 13);
    for (asked, found) in asked.iter().zip(&found) {
        if known.contains(asked) {
            assert_eq!(found["id"], asked["id"], "{found}");
            assert_eq!(found["__typename"], asked["__typename"], "{found}");
        } else {
            assert_eq!(*found, Value::Null, "{asked}");
        }
    }
    assert_eq!(found.iter().filter(|one| one.is_null()).count(), 5);
}

#[test]
fn keys_must_be_limited_and_priced_like_a_list() {
    let installation = Installation::of("fixtures/demo.toml");
    installation.build();
    let server = Server::with(&installation, |config| {
        config.limits.representations_max = 10;
        config.limits.complexity_max = 50;
    });
    let ask = |keys: usize, fields: &str| {
        let query = format!(
            "query E($r: [_Any!]!) {{ _entities(representations: $r) {{ ... on Theme {{ {fields} }} }} }}"
        );
        let keys = vec![json!({ "__typename": "Theme", "id": "h000000000000" }); keys];
        server.post(&json!({ "query": query, "variables": { "r": keys } }))
    };
    assert_eq!(ask(10, "id").json()["data"]["_entities"][9], Value::Null);
    assert_eq!(ask(10, "id").json().get("errors"), None);
    assert_eq!(ask(11, "id").limit(), "representations_max");
    assert_eq!(ask(10, "id label altLabels definition origin").limit(), "complexity_max");
}

#[test]
fn what_a_subgraph_says_of_itself_must_be_what_the_command_prints_and_no_client_see_it() {
    let (installation, server) = Server::demo();
    let sdl = server.ask("{ _service { sdl } }")["data"]["_service"]["sdl"].clone();
    let printed = installation.output(&["schema", "--federation"]);
    assert_eq!(sdl.as_str(), Some(String::from_utf8(printed.stdout).expect("text").as_str()));
    let seen = server.ask("{ __schema { types { name fields { name } } } }").to_string();
    for hidden in ["_entities", "_service", "_Any", "_Entity", "_Service"] {
        assert!(!seen.contains(&format!("\"{hidden}\"")), "{hidden}");
    }
    let closed = Server::with(&installation, |config| config.graphql.introspection = false);
    assert_eq!(closed.post(&json!({ "query": "{ _service { sdl } }" })).code(), "BAD_REQUEST");
    assert_eq!(entities(&closed, &[json!({})]), [Value::Null]);
}
