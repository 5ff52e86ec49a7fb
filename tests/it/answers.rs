//! GraphQL over HTTP over the demo: whole answers, as a frontend team gets them.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
};

use gateway::{
    app::App,
    clock::Clock,
    config::{Config, Overrides},
};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::support::{Installation, clock, runtime};

/// The program serving an installation at the fixed time, on a free port.
struct Server {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    runtime: Option<tokio::runtime::Runtime>,
}

impl Server {
    fn of(installation: &Installation) -> Self {
        let overrides = Overrides {
            data: Some(installation.data()),
            listen: Some("127.0.0.1:0".to_owned()),
            ..Overrides::default()
        };
        let mut config = Config::load(Some(installation.config()), &overrides).expect("sound");
        config.clock = Clock::Fixed(clock());
        let runtime = runtime();
        let app = runtime.block_on(App::build(config)).expect("it starts");
        let address = app.address();
        let (stop, stopped) = oneshot::channel();
        runtime.spawn(async move {
            let shutdown = async move {
                let _ = stopped.await;
            };
            app.run(shutdown).await.expect("it serves");
        });
        Self { address, stop: Some(stop), runtime: Some(runtime) }
    }

    /// Status, head and body of one request.
    fn request(&self, head: &str, body: &str) -> (u16, String, String) {
        let mut stream = TcpStream::connect(self.address).expect("it listens");
        let length = body.len();
        write!(
            stream,
            "{head}\r\nhost: wegwijzer.example\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
        )
        .expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
        let status = head.split(' ').nth(1).expect("a status").parse().expect("a number");
        (status, head.to_lowercase(), body.to_owned())
    }

    fn ask_with(&self, query: &str, variables: &Value) -> Value {
        let body = json!({ "query": query, "variables": variables }).to_string();
        let head = "POST /graphql HTTP/1.1\r\ncontent-type: application/json";
        let (status, _, body) = self.request(head, &body);
        assert_eq!(status, 200, "{body}");
        serde_json::from_str(&body).expect("json")
    }

    fn ask(&self, query: &str) -> Value {
        self.ask_with(query, &json!({}))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn demo() -> (Installation, Server) {
    let installation = Installation::of("fixtures/demo.toml");
    installation.build();
    let server = Server::of(&installation);
    (installation, server)
}

#[test]
fn the_first_five_questions_of_the_readme_must_have_their_answers() {
    let (_installation, server) = demo();
    let readme = std::fs::read_to_string(crate::support::repository().join("README.md"));
    let readme = readme.expect("a README");
    let mut blocks = readme.split("```").skip(1).step_by(2);
    let mut shown = 0;
    while let Some(block) = blocks.next() {
        let Some(query) = block.strip_prefix("graphql\n") else { continue };
        let answer = blocks.next().and_then(|b| b.strip_prefix("json\n")).expect("its answer");
        let answer: Value = serde_json::from_str(answer).expect("json");
        assert_eq!(server.ask(query), answer, "README: {query}");
        shown += 1;
    }
    assert_eq!(shown, 5, "the README shows five questions with their answers");
}

#[test]
fn a_search_must_answer_with_hits_facets_and_pages() {
    let (_installation, server) = demo();
    insta::assert_json_snapshot!("search", server.ask(
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
fn every_relation_must_lead_there_and_back() {
    let (_installation, server) = demo();
    insta::assert_json_snapshot!(
        "relations",
        server.ask(
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
            themes { label altLabels origin broader { label } narrower { label } }
        }"#
        )
    );
}

#[test]
fn events_must_be_told_in_their_own_time() {
    let (_installation, server) = demo();
    insta::assert_json_snapshot!("events", server.ask(
        r"{
            events(sort: START, first: 50) {
                totalCount
                nodes {
                    title phase status attendance
                    start { instant date timeZone allDay precision text }
                    end { instant date }
                    nextOccurrence { instant }
                    occurrences(first: 3) { date }
                    place { name city }
                    organisers { __typename ... on Community { title } ... on Organisation { name } }
                }
            }
        }"
    ));
}

#[test]
fn nodes_must_keep_their_order_and_give_null_for_what_is_not_there() {
    let (_installation, server) = demo();
    let found = server.ask("{ search(query: \"toolkit taal\", first: 2) { nodes { id title } } }");
    let ids: Vec<_> = (0..2).map(|n| found["data"]["search"]["nodes"][n]["id"].clone()).collect();
    let answer = server.ask_with(
        "query Several($ids: [ID!]!) { nodes(ids: $ids) { __typename id } node(id: \"nonsense\") { id } }",
        &json!({ "ids": [ids[1], "a000000000000", ids[0], "nonsense"] }),
    );
    let nodes = &answer["data"]["nodes"];
    assert_eq!([&nodes[0]["id"], &nodes[2]["id"]], [&ids[1], &ids[0]]);
    assert_eq!([&nodes[1], &nodes[3], &answer["data"]["node"]], [&Value::Null; 3]);
    assert_eq!(answer.get("errors"), None, "what is not there is no error: {answer}");
}

#[test]
fn changes_must_be_followed_from_a_cursor() {
    let (installation, server) = demo();
    let query = "query Follow($after: String) { changes(first: 100, after: $after) {
        edges { cursor node { id op generation node { id } } } pageInfo { hasNextPage endCursor } } }";
    let mut after = Value::Null;
    let mut ids = std::collections::BTreeSet::new();
    loop {
        let answer = server.ask_with(query, &json!({ "after": after }));
        let page = &answer["data"]["changes"];
        for edge in page["edges"].as_array().expect("edges") {
            assert_eq!(edge["node"]["op"], "UPSERTED");
            let id = edge["node"]["id"].as_str().expect("an id");
            let content = id.starts_with(['a', 't', 'c', 'e']);
            let node = if content { json!({ "id": id }) } else { Value::Null };
            assert_eq!(edge["node"]["node"], node, "content comes with its change");
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
fn wrong_questions_must_get_a_code_and_a_sentence() {
    let (_installation, server) = demo();
    let questions = [
        "{ search(query: \"x\", first: 1000) { totalCount } }",
        "{ search(query: \"x\", first: -1) { totalCount } }",
        "{ search(query: \"x\", after: \"nonsense\") { totalCount } }",
        "{ search(query: \"x\", first: 1, last: 1) { totalCount } }",
        "{ contentByUrl(url: \"no address\") { id } }",
        "{ unknown }",
        "{ search(filter: { kinds: [NOTHING] }) { totalCount } }",
        "{ search(",
    ];
    let answers: Vec<_> =
        questions.iter().map(|q| json!({ "question": q, "answer": server.ask(q) })).collect();
    insta::assert_json_snapshot!("wrong_questions", answers);
}

#[test]
fn doors_must_tell_whether_there_is_something_to_serve() {
    let installation = Installation::small();
    std::fs::create_dir_all(installation.data()).expect("a folder");
    let server = Server::of(&installation);
    let get = |path: &str| server.request(&format!("GET {path} HTTP/1.1"), "");
    assert_eq!(get("/health/live").0, 200);
    assert_eq!(get("/health/ready").0, 503);
    let (status, _, body) = get("/graphql?query=%7B__typename%7D");
    assert_eq!(status, 503, "{body}");
    assert!(body.contains("UNAVAILABLE"), "{body}");

    installation.build();
    let ready = (0..200).find(|_| {
        std::thread::sleep(std::time::Duration::from_millis(50));
        get("/health/ready").0 == 200
    });
    assert!(ready.is_some(), "the first generation is found while serving");
    let (status, head, body) = get("/graphql?query=%7B__typename%7D");
    assert_eq!((status, body.as_str()), (200, r#"{"data":{"__typename":"Query"}}"#));
    assert!(!head.contains("set-cookie"), "{head}");
    assert_eq!(get("/nothing-here").0, 404);
}
