//! What a question costs: one call of the catalog for each kind of read and each level of it,
//! however many things, aliases and fragments ask.

use std::{
    collections::BTreeMap,
    thread,
    time::{Duration, Instant},
};

use async_graphql_parser::{
    parse_schema,
    types::{BaseType, FieldDefinition, Type, TypeKind, TypeSystemDefinition},
};
use indexer::catalog::Reads;
use serde_json::json;

use crate::{
    federation::subgraph::Subgraph,
    server::{Server, partner},
    support::{Installation, repository},
};

/// What answering a question reads; it must be answered without an error.
fn reads(server: &Server, query: &str) -> Reads {
    let before = server.pipeline.catalog().expect("a knowledge base").reads();
    let answer = server.ask(query);
    assert_eq!(answer.get("errors"), None, "{query}: {answer}");
    server.pipeline.catalog().expect("a knowledge base").reads().since(before)
}

fn name(of: &Type) -> &str {
    match &of.base {
        BaseType::Named(name) => name.as_str(),
        BaseType::List(item) => name(item),
    }
}

/// The fields of every object type of the contract.
fn contract() -> BTreeMap<String, Vec<FieldDefinition>> {
    let file = repository().join("schema/schema.graphql");
    let document = parse_schema(std::fs::read_to_string(file).expect("a contract")).expect("sound");
    let mut types = BTreeMap::new();
    for definition in document.definitions {
        let TypeSystemDefinition::Type(definition) = definition else { continue };
        if let TypeKind::Object(object) = definition.node.kind {
            let fields = object.fields.into_iter().map(|field| field.node).collect();
            types.insert(definition.node.name.node.to_string(), fields);
        }
    }
    types
}

const ENTITIES: [&str; 11] = [
    "Article",
    "Toolkit",
    "Community",
    "Event",
    "Theme",
    "Organisation",
    "Person",
    "Audience",
    "Content",
    "Node",
    "Organiser",
];

#[test]
fn every_relation_must_be_read_in_one_call_for_all_things_of_a_level() {
    let (_installation, server) = Server::demo();
    let mut read = 0;
    for (owner, fields) in contract() {
        let list = match owner.as_str() {
            "Article" => "articles(first: 100) { nodes {",
            "Toolkit" => "toolkits(first: 100) { nodes {",
            "Community" => "communities(first: 100) { nodes {",
            "Event" => "events(first: 100) { nodes {",
            "Organisation" => "organisations(first: 100) { nodes {",
            "Person" => "people(first: 100) { nodes {",
            "Theme" => "themes { ... on Theme {",
            "Audience" => "audiences { ... on Audience {",
            _ => continue,
        };
        for field in fields {
            let relation = field.name.node.as_str();
            let below = name(&field.ty.node);
            let listed = field.arguments.iter().any(|a| a.node.name.node == "after");
            if !ENTITIES.contains(&below) || listed {
                continue;
            }
            let query = format!("{{ {list} {relation} {{ __typename }} }} }} }}");
            let Reads { records, links, related, searches, bodies, provenance, .. } =
                reads(&server, &query);
            let own = u64::from(!["themes {", "audiences {"].iter().any(|t| list.starts_with(t)));
            let own = if list.starts_with("organisations") || list.starts_with("people") {
                0
            } else {
                own
            };
            assert_eq!(searches, own, "{owner}.{relation}");
            assert!(records <= 1 && links <= 1 && related <= 1, "{owner}.{relation}");
            assert_eq!((bodies, provenance), (0, 0), "{owner}.{relation}");
            assert_eq!(related, u64::from(relation == "related"), "{owner}.{relation}");
            read += records;
        }
    }
    assert!(read >= 20, "so many relations lead somewhere: {read}");
}

#[test]
fn aliases_and_fragments_of_a_level_must_share_its_call() {
    let (_installation, server) = Server::demo();
    let one = Reads { searches: 1, records: 1, ..Reads::default() };
    for (query, expected) in [
        ("{ articles { nodes { a: authors { id } b: authors { id } interviewees { id } } } }", one),
        (
            "{ articles { nodes { ...a ... on Content { themes { id } } people { id } } } }
             fragment a on Article { authors { id } organisations { id } communities { id } }",
            one,
        ),
        (
            "{ search(first: 50) { nodes { themes { id } ... on Article { authors { id } }
                ... on Event { organisers { __typename } speakers { id } }
                ... on Community { coordinators { id } } } } }",
            one,
        ),
        (
            "{ articles { nodes { bodyText html: bodyHtml sources { source } } } }",
            Reads { searches: 1, bodies: 1, provenance: 1, ..Reads::default() },
        ),
        (
            "{ events(first: 100) { nodes { report { id } } } toolkits { nodes { title } } }",
            Reads { searches: 2, links: 1, records: 1, ..Reads::default() },
        ),
        (
            "{ search(first: 20) { nodes { a: related(first: 2) { id } b: related(first: 4) { id } } } }",
            Reads { searches: 1, related: 1, records: 1, ..Reads::default() },
        ),
        // Three levels, three calls: communities, their coordinators, and where those work.
        (
            "{ articles(first: 50) { nodes { communities { coordinators { organisations { id } } } } } }",
            Reads { searches: 1, records: 3, ..Reads::default() },
        ),
        (
            "{ suggest(prefix: \"k\") { text node { id } } }",
            Reads { suggestions: 1, ..Reads::default() },
        ),
        (
            "{ changes(first: 100) { nodes { node { id } } } }",
            Reads { changes: 1, records: 1, ..Reads::default() },
        ),
    ] {
        assert_eq!(reads(&server, query), expected, "{query}");
    }
}

#[test]
fn lists_that_come_at_different_times_must_cost_one_call_each_at_most() {
    let (_installation, server) = Server::demo();
    for first in 1..15 {
        let query = format!(
            "{{ a: articles(first: {first}) {{ nodes {{ related(first: 2) {{ id }} }} }}
                b: search(query: \"brief\", first: {first}) {{ nodes {{ related(first: 2) {{ id }} }} }} }}"
        );
        let Reads { searches, related, records, .. } = reads(&server, &query);
        assert_eq!(searches, 2, "{query}");
        assert!(related <= 2 && records <= 2, "{query}: {related} {records}");
    }
}

#[test]
fn what_is_not_asked_for_must_not_be_read() {
    let (_installation, server) = Server::demo();
    let search = Reads { searches: 1, ..Reads::default() };
    assert_eq!(reads(&server, "{ search(query: \"brief\") { nodes { id title url } } }"), search);
    assert_eq!(reads(&server, "{ __typename }"), Reads::default());
    // The very same question again is answered from what was kept.
    assert_eq!(
        reads(&server, "{ search(query: \"brief\") { nodes { id title url } } }"),
        Reads::default()
    );
}

/// What a partner says of itself who likes some communities.
const FANS: &str = "
    extend schema @link(url: \"https://specs.apollo.dev/federation/v2.5\", import: [\"@key\"])
    type Query { liked: [Community!]! }
    type Community @key(fields: \"id\", resolvable: false) { id: ID! }
";

#[test]
fn questions_to_our_graph_for_one_request_must_share_what_was_read() {
    let installation = Installation::of("fixtures/demo.toml");
    installation.build();
    let sdl = installation.path().join("fans.graphql");
    std::fs::write(&sdl, FANS).unwrap();
    let server = Server::of(&installation);
    let first = server.ask("{ communities(first: 2) { nodes { __typename id } } }");
    let fans = Subgraph::of(json!({ "Query": { "liked": first["data"]["communities"]["nodes"] } }));
    let ours = "communities(first: 2) { nodes { themes { label } } }";
    let alone = reads(&server, &format!("{{ {ours} }}"));
    assert!(alone.records > 0, "{alone:?}");

    let server = Server::with(&installation, |config| {
        let url = format!("http://{}/graphql", fans.address).parse().unwrap();
        config.subgraphs = vec![partner("fans", url, Some(sdl))];
    });
    let until = Instant::now() + Duration::from_secs(30);
    while server.ask("{ liked { id } }").get("errors").is_some() {
        assert!(Instant::now() < until, "the partner does not join");
        thread::sleep(Duration::from_millis(50));
    }
    let both = reads(&server, &format!("{{ {ours} liked {{ themes {{ label }} }} }}"));
    // The communities that the partner names are read; their themes are there already.
    let communities = 1;
    assert_eq!(both, Reads { records: alone.records + communities, ..alone });
}
