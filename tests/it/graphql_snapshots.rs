//! Complete GraphQL responses of the demo over HTTP.

use serde_json::{Value, json};

use crate::{support::Installation, test_server::Server};

#[test]
fn a_search_must_return_hits_facets_and_pages() {
    let (_installation, server) = Server::demo();
    insta::assert_json_snapshot!("search", server.query(
        r#"{ search(query: "begrijpelijke brief", filter: { kinds: [ARTICLE, TOOLKIT] }, first: 4) {
            totalCount
            edges { cursor node { __typename id title url ... on Article { form } ... on Toolkit { maturity } } }
            pageInfo { hasNextPage hasPreviousPage endCursor continuedFromGeneration }
            facets {
                kinds { value count selected }
                themes { entity { label } count selected }
                phases { value count selected }
                years { value count }
            }
        } }"#
    ));
}

#[test]
fn a_passage_of_another_source_must_be_reported_and_a_near_duplicate_must_not_be_listed() {
    let (_installation, server) = Server::demo();
    insta::assert_json_snapshot!(
        "near_duplicates",
        server.query(
            r#"{
            copies: search(query: "\"elk kanaal tot een antwoord leidt\"") {
                totalCount
                nodes { title }
                facets { kinds { value count } }
            }
            elsewhere: search(query: "klachten vragen zuchten titel:bereikbaar") {
                nodes { title sharedPassages { share text node { title sources { source } } } }
            }
        }"#
        )
    );
}

#[test]
fn every_relation_must_be_navigable_in_both_directions() {
    let (_installation, server) = Server::demo();
    insta::assert_json_snapshot!(
        "relations",
        server.query(
            r#"{
            contentByUrl(url: "https://www.gebruikercentraal.example/community/community-cx/") {
                __typename title
                ... on Community {
                    form question memberCount { value precision }
                    coordinators { name role organisations { name abbreviations } }
                    originOrganisations { name kind layer }
                    spawnedToolkits { title originCommunity { title } }
                    articles(first: 2) { totalCount nodes { title communities { title } } }
                    events(phase: UPCOMING, first: 2) { nodes { title start { text instant } } }
                }
            }
            events(filter: { phases: [PAST] }, sort: NEWEST, first: 40) {
                nodes { title report { title reportsOn { title } } }
            }
            themes { nodes { label slug url altLabels origin counts { total articles } broader { label } narrower { label } } }
        }"#
        )
    );
}

#[test]
fn events_must_be_shown_in_their_own_time_zone() {
    let (_installation, server) = Server::demo();
    insta::assert_json_snapshot!("events", server.query(
        r"{
            events(sort: START, first: 50) {
                totalCount
                nodes {
                    title phase status attendance
                    start { instant date timeZone precision text }
                    end { instant date }
                    nextOccurrence { start { instant } end { instant } }
                    occurrences(first: 3) { start { date } end { date } }
                    recurrence { rule dutch: text english: text(language: EN) }
                    place { name city }
                    organisers { __typename ... on Community { title } ... on Organisation { name } }
                }
            }
        }"
    ));
}

#[test]
fn nodes_must_preserve_their_order_and_return_null_for_unknown_ids() {
    let (_installation, server) = Server::demo();
    let found =
        server.query("{ search(query: \"toolkit taal\", first: 2) { nodes { id title } } }");
    let ids: Vec<_> = (0..2).map(|n| found["data"]["search"]["nodes"][n]["id"].clone()).collect();
    let response = server.query_with(
        "query Several($ids: [ID!]!) { nodes(ids: $ids) { __typename id } node(id: \"nonsense\") { id } }",
        &json!({ "ids": [ids[1], "a000000000000", ids[0], "nonsense"] }),
    );
    let nodes = &response["data"]["nodes"];
    assert_eq!([&nodes[0]["id"], &nodes[2]["id"]], [&ids[1], &ids[0]]);
    assert_eq!([&nodes[1], &nodes[3], &response["data"]["node"]], [&Value::Null; 3]);
    assert_eq!(response.get("errors"), None, "an unknown id is not an error: {response}");
}

#[test]
fn changes_must_be_followed_from_a_cursor() {
    let (installation, server) = Server::demo();
    let query = "query Follow($after: String) { changes(first: 100, after: $after) {
        edges { cursor node { id op generation node { id } } } pageInfo { hasNextPage endCursor } } }";
    let mut after = Value::Null;
    let mut ids = std::collections::BTreeSet::new();
    loop {
        let response = server.query_with(query, &json!({ "after": after }));
        let page = &response["data"]["changes"];
        for edge in page["edges"].as_array().expect("edges") {
            assert_eq!(edge["node"]["op"], "UPSERTED");
            let id = edge["node"]["id"].as_str().expect("an id");
            let content = id.starts_with(['a', 't', 'c', 'e']);
            let node = if content { json!({ "id": id }) } else { Value::Null };
            assert_eq!(edge["node"]["node"], node, "a change of content includes the content");
            assert!(ids.insert(id.to_owned()));
        }
        after = page["pageInfo"]["endCursor"].clone();
        if page["pageInfo"]["hasNextPage"] == false {
            break;
        }
    }
    let counts = *installation.snapshot().counts();
    let others = counts.themes + counts.organisations + counts.people + counts.audiences;
    assert_eq!(ids.len() as u64, counts.content() + others);
}

#[test]
fn an_omitted_variable_must_use_its_default() {
    let (_installation, server) = Server::demo();
    let query = "query($s: SearchSort, $n: Int, $k: [Kind!], $p: Int) {
        search(query: \"brief\", sort: $s, first: $n, filter: { kinds: $k }) { nodes { id } }
        suggest(prefix: \"kl\", first: $p) { text } }";
    let explicit = json!({ "s": "RELEVANCE", "n": 20, "k": [], "p": 8 });
    let response = server.query_with(query, &json!({}));
    assert_eq!(response.get("errors"), None, "{response}");
    assert_eq!(response, server.query_with(query, &explicit));
}

#[test]
fn invalid_queries_must_get_a_code_and_a_message() {
    let (_installation, server) = Server::demo();
    let queries = [
        "{ search(query: \"x\", first: 1000) { totalCount } }",
        "{ search(query: \"x\", first: -1) { totalCount } }",
        "{ search(query: \"x\", after: \"nonsense\") { totalCount } }",
        "{ search(query: \"x\", first: 1, last: 1) { totalCount } }",
        "{ contentByUrl(url: \"no address\") { id } }",
        "{ unknown }",
        "{ search(filter: { kinds: [NOTHING] }) { totalCount } }",
        "{ search(",
    ];
    let responses: Vec<_> =
        queries.iter().map(|q| json!({ "query": q, "response": server.query(q) })).collect();
    insta::assert_json_snapshot!("invalid_queries", responses);
}

#[test]
fn health_routes_must_report_whether_a_generation_is_available() {
    let installation = Installation::small();
    std::fs::create_dir_all(installation.data()).expect("a folder");
    let server = Server::of(&installation);
    assert_eq!(server.get("/health/live").status, 200);
    assert_eq!(server.get("/health/ready").status, 503);
    let reply = server.get("/graphql?query=%7B__typename%7D");
    assert_eq!((reply.status, reply.code()), (503, "UNAVAILABLE".into()), "{reply:?}");
    assert_eq!(reply.header("retry-after"), Some("1"));

    installation.build();
    let ready = (0..200).find(|_| {
        std::thread::sleep(std::time::Duration::from_millis(50));
        server.get("/health/ready").status == 200
    });
    assert!(ready.is_some(), "the first generation is loaded while serving");
    let reply = server.get("/graphql?query=%7B__typename%7D");
    assert_eq!((reply.status, reply.body.as_str()), (200, r#"{"data":{"__typename":"Query"}}"#));
    assert_eq!(reply.header("set-cookie"), None);
    assert_eq!(server.get("/nothing-here").status, 404);
}
