//! SDLs in the form in which servers print them (`fixtures/server_sdls`): alone with our graph, all
//! together, and served.

use std::{collections::BTreeMap, fs};

use federation::{Supergraph, compose::compose};
use serde_json::{Value, json};

use super::{
    at_addresses,
    composed_topics::{ours, subgraph},
    subgraph::Subgraph,
};
use crate::{
    support::{Installation, repository},
    test_server::Server,
};

/// Names of federation's own definitions, as servers print them.
const PRIVATE: [&str; 9] = [
    "scalar _Any",
    "union _Entity",
    "type _Service",
    "scalar FieldSet",
    "scalar _FieldSet",
    "federation__",
    "_entities(",
    "_service:",
    "directive @key",
];

/// The SDL of each server, by name.
fn servers() -> BTreeMap<String, String> {
    let files = fs::read_dir(repository().join("fixtures/server_sdls")).unwrap();
    let files = files.map(|entry| entry.unwrap().path());
    let sdls = files.filter(|path| path.extension().is_some_and(|of| of == "graphql"));
    let name =
        |path: &std::path::Path| path.file_stem().unwrap().to_string_lossy().replace('_', "-");
    sdls.map(|path| (name(&path), fs::read_to_string(path).unwrap())).collect()
}

#[test]
fn the_sdl_of_each_server_must_compose_with_ours_and_with_all_others() {
    let servers = servers();
    assert_eq!(servers.len(), 7);
    let with = |wanted: &dyn Fn(&str) -> bool| {
        let servers = servers.iter().filter(|(name, _)| wanted(name));
        let others = servers.map(|(name, sdl)| subgraph(name, sdl));
        std::iter::once(ours()).chain(others).collect::<Vec<_>>()
    };
    // One subgraph requires a field of another.
    let is_needed =
        |name: &str, of: &str| name == of || (of == "graphql-java" && name == "strawberry");
    let sets = servers.keys().map(|of| with(&|name| is_needed(name, of)));
    let sets = sets.chain([with(&|_| true)]);
    for set in sets {
        let names: Vec<&str> = set.iter().map(|one| one.name.as_str()).collect();
        let supergraph = compose(&set).unwrap_or_else(|errors| panic!("{names:?}: {errors:#?}"));
        Supergraph::load(&supergraph).unwrap_or_else(|error| panic!("{names:?}: {error}"));
        for private in PRIVATE {
            assert!(!supergraph.contains(private), "{names:?}: {private}");
        }
    }
}

fn data() -> BTreeMap<&'static str, Value> {
    let page = json!({ "__typename": "PageInfo", "hasNextPage": true, "endCursor": "c" });
    BTreeMap::from([
        (
            "hot-chocolate",
            json!({ "Query": { "workplaces": {
                "pageInfo": page,
                "nodes": [{ "__typename": "Workplace", "code": "w1", "desks": [{ "number": 3 }] }],
            } } }),
        ),
        (
            "strawberry",
            json!({ "Query": { "latestReviews": { "nodes": [
                { "__typename": "Review", "id": "r1", "rating": "HIGH", "body": "Goed" },
            ] } } }),
        ),
        (
            "graphql-java",
            json!({
                "Query": {},
                "entities": [{
                    "__typename": "Review",
                    "$key": ["id"],
                    "id": "r1",
                    "course": { "title": { "$text": "Cursus {rating}" } },
                }],
            }),
        ),
    ])
}

#[test]
fn an_operation_over_several_servers_and_our_graph_must_be_served() {
    let sdls = servers();
    let subgraphs = data().into_iter().map(|(name, data)| (name, Subgraph::with_data(data)));
    let subgraphs: BTreeMap<&str, Subgraph> = subgraphs.collect();
    let set: Vec<_> = std::iter::once(ours())
        .chain(subgraphs.keys().map(|name| subgraph(name, &sdls[*name])))
        .collect();
    let supergraph = compose(&set).unwrap();
    let addresses = subgraphs.iter().map(|(name, one)| ((*name).to_owned(), one.address));
    let supergraph = at_addresses(&supergraph, addresses);
    let installation = Installation::of("fixtures/demo.toml");
    installation.build();
    let file = installation.data().with_extension("graphql");
    fs::write(&file, &supergraph).unwrap();
    let server = Server::with(&installation, |config| {
        config.federation.supergraph = Some(file);
        config.federation.local_subgraph = Some("wegwijzer".to_owned());
    });
    let response = server.query(
        "{ workplaces { pageInfo { hasNextPage continuedFromGeneration endCursor }
             nodes { code desks { number } } }
           latestReviews { nodes { body rating course { title } } }
           articles(first: 1) { nodes { __typename } pageInfo { continuedFromGeneration } } }",
    );
    assert_eq!(
        response,
        json!({ "data": {
            "workplaces": {
                "pageInfo": {
                    "hasNextPage": true, "continuedFromGeneration": null, "endCursor": "c",
                },
                "nodes": [{ "code": "w1", "desks": [{ "number": 3 }] }],
            },
            "latestReviews": { "nodes": [
                { "body": "Goed", "rating": "HIGH", "course": { "title": "Cursus HIGH" } },
            ] },
            "articles": {
                "nodes": [{ "__typename": "Article" }],
                "pageInfo": { "continuedFromGeneration": null },
            },
        } })
    );
}
