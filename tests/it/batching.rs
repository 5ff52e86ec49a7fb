//! Number of reads per operation: one catalog call for each kind of read per level, regardless of
//! the number of records, aliases and fragments.

use std::{
    collections::BTreeMap,
    thread,
    time::{Duration, Instant},
};

use async_graphql_parser::{
    parse_schema,
    types::{BaseType, FieldDefinition, Type, TypeKind, TypeSystemDefinition},
};
use indexer::catalog::ReadMetrics;
use serde_json::json;

use crate::{
    federation::subgraph::Subgraph,
    support::{Installation, repository},
    test_server::{Server, subgraph_config},
};

/// The catalog reads of a query, which must succeed.
fn reads(server: &Server, query: &str) -> ReadMetrics {
    let before = server.pipeline.catalog().expect("a catalog").read_metrics();
    let response = server.query(query);
    assert_eq!(response.get("errors"), None, "{query}: {response}");
    server.pipeline.catalog().expect("a catalog").read_metrics().since(before)
}

fn base_type_name(ty: &Type) -> &str {
    match &ty.base {
        BaseType::Named(name) => name.as_str(),
        BaseType::List(item) => base_type_name(item),
    }
}

/// The fields of every object type in the schema.
fn contract() -> BTreeMap<String, Vec<FieldDefinition>> {
    let file = repository().join("schema/schema.graphql");
    let document =
        parse_schema(std::fs::read_to_string(file).expect("a contract")).expect("valid SDL");
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
fn every_relation_must_be_read_in_one_call_for_all_nodes_of_a_level() {
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
            "Theme" => "themes(first: 100) { nodes {",
            "Audience" => "audiences(first: 100) { nodes {",
            _ => continue,
        };
        for field in fields {
            let relation = field.name.node.as_str();
            let target = base_type_name(&field.ty.node);
            let is_connection = field.arguments.iter().any(|a| a.node.name.node == "after");
            if !ENTITIES.contains(&target) || is_connection {
                continue;
            }
            let query = format!("{{ {list} {relation} {{ __typename }} }} }} }}");
            let ReadMetrics { records, links, related, searches, bodies, provenance, .. } =
                reads(&server, &query);
            let is_search = ["articles", "toolkits", "communities", "events"]
                .iter()
                .any(|content| list.starts_with(content));
            assert_eq!(searches, u64::from(is_search), "{owner}.{relation}");
            assert!(records <= 1 && links <= 1 && related <= 1, "{owner}.{relation}");
            assert_eq!((bodies, provenance), (0, 0), "{owner}.{relation}");
            assert_eq!(related, u64::from(relation == "related"), "{owner}.{relation}");
            read += records;
        }
    }
    assert!(read >= 20, "too few relations lead to records: {read}");
}

#[test]
fn aliases_and_fragments_of_a_level_must_share_its_call() {
    let (_installation, server) = Server::demo();
    let one = ReadMetrics { searches: 1, records: 1, ..ReadMetrics::default() };
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
            ReadMetrics { searches: 1, bodies: 1, provenance: 1, ..ReadMetrics::default() },
        ),
        (
            "{ events(first: 100) { nodes { report { id } } } toolkits { nodes { title } } }",
            ReadMetrics { searches: 2, links: 1, records: 1, ..ReadMetrics::default() },
        ),
        (
            "{ search(first: 20) { nodes { a: related(first: 2) { id } b: related(first: 4) { id } } } }",
            ReadMetrics { searches: 1, related: 1, records: 1, ..ReadMetrics::default() },
        ),
        // Three levels, three calls: communities, their coordinators, and the organisations of
        // those.
        (
            "{ articles(first: 50) { nodes { communities { coordinators { organisations { id } } } } } }",
            ReadMetrics { searches: 1, records: 3, ..ReadMetrics::default() },
        ),
        (
            "{ suggest(prefix: \"k\") { text node { id } } }",
            ReadMetrics { suggestions: 1, ..ReadMetrics::default() },
        ),
        (
            "{ changes(first: 100) { nodes { node { id } } } }",
            ReadMetrics { changes: 1, records: 1, ..ReadMetrics::default() },
        ),
    ] {
        assert_eq!(reads(&server, query), expected, "{query}");
    }
}

#[test]
fn lists_resolved_at_different_times_must_take_at_most_one_call_each() {
    let (_installation, server) = Server::demo();
    for first in 1..15 {
        let query = format!(
            "{{ a: articles(first: {first}) {{ nodes {{ related(first: 2) {{ id }} }} }}
                b: search(query: \"brief\", first: {first}) {{ nodes {{ related(first: 2) {{ id }} }} }} }}"
        );
        let ReadMetrics { searches, related, records, .. } = reads(&server, &query);
        assert_eq!(searches, 2, "{query}");
        assert!(related <= 2 && records <= 2, "{query}: {related} {records}");
    }
}

#[test]
fn fields_that_are_not_selected_must_not_be_read() {
    let (_installation, server) = Server::demo();
    let search = ReadMetrics { searches: 1, ..ReadMetrics::default() };
    assert_eq!(reads(&server, "{ search(query: \"brief\") { nodes { id title url } } }"), search);
    assert_eq!(reads(&server, "{ __typename }"), ReadMetrics::default());
    // A repeated query is served from the response cache.
    assert_eq!(
        reads(&server, "{ search(query: \"brief\") { nodes { id title url } } }"),
        ReadMetrics::default()
    );
}

/// SDL of a subgraph that refers to communities.
const FANS: &str = "
    extend schema @link(url: \"https://specs.apollo.dev/federation/v2.5\", import: [\"@key\"])
    type Query { liked: [Community!]! }
    type Community @key(fields: \"id\", resolvable: false) { id: ID! }
";

#[test]
fn fetches_from_the_local_subgraph_in_one_request_must_share_their_reads() {
    let installation = Installation::of("fixtures/demo.toml");
    installation.build();
    let sdl = installation.path().join("fans.graphql");
    std::fs::write(&sdl, FANS).unwrap();
    let server = Server::of(&installation);
    let first = server.query("{ communities(first: 2) { nodes { __typename id } } }");
    let fans =
        Subgraph::with_data(json!({ "Query": { "liked": first["data"]["communities"]["nodes"] } }));
    let ours = "communities(first: 2) { nodes { themes { label } } }";
    let alone = reads(&server, &format!("{{ {ours} }}"));
    assert!(alone.records > 0, "{alone:?}");

    let server = Server::with(&installation, |config| {
        let url = format!("http://{}/graphql", fans.address).parse().unwrap();
        config.subgraphs = vec![subgraph_config("fans", url, Some(sdl))];
    });
    let until = Instant::now() + Duration::from_secs(30);
    while server.query("{ liked { id } }").get("errors").is_some() {
        assert!(Instant::now() < until, "the subgraph is not composed");
        thread::sleep(Duration::from_millis(50));
    }
    let both = reads(&server, &format!("{{ {ours} liked {{ themes {{ label }} }} }}"));
    // The referenced communities are read; their themes have already been read.
    let communities = 1;
    assert_eq!(both, ReadMetrics { records: alone.records + communities, ..alone });
}
