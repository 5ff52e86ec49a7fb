//! Every limit of a request with its name and value, and hostile clients: they get a documented
//! error in time, and do not delay others.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use gateway::config::Limits;
use serde_json::{Value, json};

use crate::{support::Installation, test_server::Server};

fn server(change: impl FnOnce(&mut Limits)) -> (Installation, Server) {
    let installation = Installation::of("fixtures/demo.toml");
    installation.build();
    let server = Server::with(&installation, |config| change(&mut config.limits));
    (installation, server)
}

/// The concatenation of `piece(0)`, `piece(1)` and so on.
fn repeated(times: usize, piece: impl FnMut(usize) -> String) -> String {
    (0..times).map(piece).collect::<Vec<_>>().concat()
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn every_limit_must_name_itself_and_its_value() {
    let (_installation, server) = server(|limits| {
        limits.request_bytes_max = 20_000;
        limits.tokens_max = 200;
        limits.depth_max = 6;
        limits.root_fields_max = 3;
        limits.aliases_max = 4;
        limits.directives_max = 2;
        limits.complexity_max = 2_000;
        limits.page_size_max = 30;
        limits.filter_values_max = 5;
        limits.records_max = 100;
        limits.text_bytes_max = 10_000;
    });
    let years = |count: usize| {
        format!("{{ search(filter: {{ years: [{}] }}) {{ totalCount }} }}", "2025 ".repeat(count))
    };
    let words = |count: usize| format!("{{ {} }}", "__typename ".repeat(count));
    let query =
        |bytes: usize| format!("{{ search(query: \"{}\") {{ totalCount }} }}", "(".repeat(bytes));
    let prefix =
        |bytes: usize| format!("{{ suggest(prefix: \"{}\") {{ text }} }}", "a".repeat(bytes));
    for (limit, within, beyond) in [
        ("request_bytes_max", " ".repeat(100), format!("{{ a }} #{}", "x".repeat(20_000))),
        ("tokens_max", words(3), words(199)),
        (
            "depth_max",
            "{ search(first: 1) { nodes { themes { id } } } }".to_owned(),
            "{ themes { nodes { broader { broader { broader { broader { broader { broader { id } } } } } } } } }"
                .to_owned(),
        ),
        ("root_fields_max", words(3), words(4)),
        (
            "aliases_max",
            "{ catalog { a: generation b: generation c: generation d: generation } }".to_owned(),
            "{ catalog { a: generation b: generation c: generation d: generation e: generation } }"
                .to_owned(),
        ),
        (
            "directives_max",
            "{ __typename @skip(if: false) @include(if: true) }".to_owned(),
            "{ __typename @skip(if: false) @skip(if: false) @include(if: true) }".to_owned(),
        ),
        (
            "complexity_max",
            "{ communities(first: 10) { nodes { articles(first: 2) { nodes { id } } } } }".to_owned(),
            "{ communities(first: 30) { nodes { articles(first: 20) { nodes { id } } } } }"
                .to_owned(),
        ),
        (
            "page_size_max",
            "{ search(first: 30) { pageInfo { hasNextPage } } }".to_owned(),
            "{ search(first: 31) { pageInfo { hasNextPage } } }".to_owned(),
        ),
        (
            "page_size_max",
            "{ suggest(prefix: \"k\", first: 30) { text } }".to_owned(),
            "{ suggest(prefix: \"k\", first: 31) { text } }".to_owned(),
        ),
        (
            "related_max",
            "{ search(first: 1) { nodes { related(first: 20) { id } } } }".to_owned(),
            "{ search(first: 1) { nodes { related(first: 21) { id } } } }".to_owned(),
        ),
        ("filter_values_max", years(5), years(6)),
        ("search_query_bytes_max", query(1_000), query(1_001)),
        ("suggest_prefix_bytes_max", prefix(200), prefix(201)),
        (
            "records_max",
            "{ search(first: 2) { nodes { themes { id } } } }".to_owned(),
            "{ search(first: 30) { nodes { themes { id } organisations { id } communities { id } people { id } } } }"
                .to_owned(),
        ),
        (
            "text_bytes_max",
            "{ articles(first: 1) { nodes { bodyText } } }".to_owned(),
            "{ articles(first: 30) { nodes { bodyText } } }".to_owned(),
        ),
    ] {
        let reply = server.post(&json!({ "query": beyond }));
        assert_eq!((reply.code(), reply.limit()), ("LIMIT_EXCEEDED".into(), limit.into()), "{reply:?}");
        let value = &reply.json()["errors"][0]["extensions"]["limit"]["value"];
        assert!(value.as_u64().is_some_and(|value| value > 0), "{reply:?}");
        let reply = server.post(&json!({ "query": within }));
        assert_eq!(reply.json()["errors"][0]["extensions"]["limit"], Value::Null, "{limit} {reply:?}");
    }
}

#[test]
fn the_cost_of_an_operation_must_be_reported_on_request() {
    let (_installation, server) = server(|_| ());
    let query = "query($n: Int) { a: search(first: $n) { totalCount nodes { title } } }";
    let cost = |first: u64, requested: bool| {
        let body = json!({
            "query": query,
            "variables": { "n": first },
            "extensions": { "cost": requested },
        });
        // The second response comes from the cache.
        let [one, two] = [0, 1].map(|_| server.post(&body).json());
        assert_eq!(one, two);
        assert_ne!(one["data"]["a"]["totalCount"], 0, "{one}");
        one["extensions"]["cost"].clone()
    };
    assert_eq!(cost(3, false), Value::Null);
    let Limits { complexity_max, depth_max, aliases_max, .. } = Limits::default();
    for first in [3, 7] {
        let reported = cost(first, true);
        let of_limit = |name: &str| reported[name].as_u64();
        assert_eq!(of_limit("complexityMax"), Some(complexity_max), "{reported}");
        assert_eq!(of_limit("depthMax"), Some(depth_max as u64), "{reported}");
        assert_eq!(of_limit("aliasesMax"), Some(aliases_max as u64), "{reported}");
        assert_eq!((&reported["depth"], &reported["aliases"]), (&json!(3), &json!(1)));
        assert!(of_limit("complexity") > Some(50 + first), "{reported}");
    }
    let difference = cost(7, true)["complexity"].as_u64().unwrap()
        - cost(3, true)["complexity"].as_u64().unwrap();
    assert_eq!(difference % 4, 0, "each item costs the same");
    let path = "?query=%7Bcatalog%7Bgeneration%7D%7D&extensions=%7B%22cost%22%3Atrue%7D";
    let reply =
        server.request(&format!("GET /graphql{path} HTTP/1.1\r\naccept: application/json"), "");
    assert_eq!(reply.json()["extensions"]["cost"]["depth"], 2, "{reply:?}");
}

#[test]
fn a_value_or_name_that_does_not_exist_must_be_named_with_the_nearest_one() {
    let (_installation, server) = server(|_| ());
    for (query, variables, code, suggested) in [
        (
            "{ search(quary: \"a\") { totalCount } }",
            json!({}),
            "GRAPHQL_VALIDATION_FAILED",
            "query",
        ),
        (
            "{ search(sort: NEWST) { totalCount } }",
            json!({}),
            "GRAPHQL_VALIDATION_FAILED",
            "NEWEST",
        ),
        (
            "{ search(filter: { kind: ARTICLE }) { totalCount } }",
            json!({}),
            "GRAPHQL_VALIDATION_FAILED",
            "kinds",
        ),
        ("{ search { totalCont } }", json!({}), "GRAPHQL_VALIDATION_FAILED", "totalCount"),
        (
            "query($s: SearchSort) { search(sort: $s) { totalCount } }",
            json!({ "s": "newest" }),
            "BAD_USER_INPUT",
            "NEWEST",
        ),
        (
            "query($f: SearchFilter) { search(filter: $f) { totalCount } }",
            json!({ "f": { "audience": [] } }),
            "BAD_USER_INPUT",
            "audiences",
        ),
    ] {
        let reply = server.post(&json!({ "query": query, "variables": variables }));
        let errors = reply.json()["errors"].clone();
        assert_eq!(errors.as_array().map(Vec::len), Some(1), "{query}: {errors}");
        assert_eq!(reply.code(), code, "{query}: {errors}");
        let message = errors[0]["message"].as_str().unwrap_or_default();
        let end = message.to_lowercase();
        let end = end.split_once("did you mean").map(|(_, end)| end.to_owned());
        let is_suggested = end.is_some_and(|end| end.contains(&suggested.to_lowercase()));
        assert!(is_suggested, "{query}: {message}");
    }
    for (query, variables) in [
        ("query($n: Int) { search(first: $n) { totalCount } }", json!({ "n": "three" })),
        ("query($n: Int) { search(first: $n) { totalCount } }", json!({ "n": 1.5 })),
        ("query($w: String) { search(query: $w) { totalCount } }", json!({ "w": 3 })),
        ("query($i: [ID!]!) { nodes(ids: $i) { id } }", json!({ "i": ["a", null] })),
    ] {
        let reply = server.post(&json!({ "query": query, "variables": variables }));
        assert_eq!(reply.code(), "BAD_USER_INPUT", "{query}, {variables}: {reply:?}");
    }
}

#[test]
fn errors_beyond_the_limit_must_be_counted() {
    let (_installation, server) = server(|limits| limits.errors_max = 3);
    let unknown = repeated(40, |n| format!("unknown{} ", n % 20));
    let response =
        server.post(&json!({ "query": format!("{{ catalog {{ {unknown} }} }}") })).json();
    assert_eq!(response["errors"].as_array().map(Vec::len), Some(3), "{response}");
    assert_eq!(response["extensions"]["omittedErrors"], 37, "{response}");
    assert_eq!(response["extensions"]["requestId"], "test");
}

#[test]
fn hostile_queries_must_get_an_error_quickly() {
    let (_installation, server) = server(|_| ());
    let nested = |open: &str, close: &str, depth| open.repeat(depth) + &close.repeat(depth);
    let aliases = repeated(10_000, |n| format!("a{n}: __typename "));
    let directives = "@include(if: true) ".repeat(1_000);
    let fragments =
        repeated(60, |n| format!("fragment f{n} on Query {{ ...f{} ...f{} }} ", n + 1, n + 1));
    let variables = repeated(1_000, |n| format!("$v{n}: Int "));
    for (name, query) in [
        ("nested selections", format!("{{ a {} }}", nested("{ a ", "}", 5_000))),
        ("nested lists", format!("{{ a(b: {}) }}", nested("[", "]", 50_000))),
        ("nested objects", format!("{{ a(b: {}) }}", nested("{c: ", "}", 5_000))),
        ("nested types", format!("query($a: {}) {{ b }}", nested("[", "]", 5_000))),
        ("never closed", "{a".repeat(50_000)),
        ("ten thousand aliases", format!("{{ {aliases} }}")),
        ("a thousand directives", format!("{{ __typename {directives} }}")),
        ("a thousand variables", format!("query({variables}) {{ __typename }}")),
        (
            "doubling fragments",
            format!("{{ ...f0 }} {fragments} fragment f60 on Query {{ __typename }}"),
        ),
        ("a cycle of one", "{ ...a } fragment a on Query { ...a }".to_owned()),
        (
            "a cycle of two",
            "{ ...a } fragment a on Query { ...b } fragment b on Query { ...a }".to_owned(),
        ),
        (
            "a cycle outside the operation",
            "{ __typename } fragment a on Query { ...b } fragment b on Query { ...a }".to_owned(),
        ),
        (
            "circular introspection",
            "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }"
                .to_owned(),
        ),
        ("a long name", format!("{{ {} }}", "a".repeat(200_000))),
        (
            "a long text",
            format!("{{ search(query: \"{}\") {{ totalCount }} }}", "a ".repeat(100_000)),
        ),
        ("unclosed text", format!("{{ a(b: \"{}", "x".repeat(200_000))),
        ("control characters", "{ a\u{0}\u{1b}[31m }".to_owned()),
        (
            "a text that hides brackets",
            format!("{{ a(b: [\"\"\" \" {}]) }}", nested("[", "]", 3_000)),
        ),
        ("nothing", String::new()),
        ("only commas", ",".repeat(200_000)),
    ] {
        let started = Instant::now();
        let reply = server.post(&json!({ "query": query }));
        let time = started.elapsed();
        if name != "a long text" {
            let code = reply.code();
            let known = ["LIMIT_EXCEEDED", "BAD_REQUEST", "BAD_USER_INPUT", "GRAPHQL_PARSE_FAILED"];
            let known = known.contains(&code.as_str().unwrap_or_default())
                || code == "GRAPHQL_VALIDATION_FAILED";
            assert!(known, "{name}: {reply:?}");
        }
        assert!(time < Duration::from_secs(5), "{name}: {time:?}");
        assert!(reply.body.len() < 20_000, "{name}: {} bytes", reply.body.len());
    }
    assert_eq!(server.get("/health/ready").status, 200);
}

#[test]
fn hostile_bodies_must_be_rejected_with_the_matching_status() {
    let (_installation, server) = server(|limits| limits.request_timeout_ms = 500);
    let head = "POST /graphql HTTP/1.1\r\ncontent-type: application/json";
    let deep = format!("{}{}", "[".repeat(50_000), "]".repeat(50_000));
    let many = repeated(9_000, |n| format!("\"v{n}\":{n},"));
    for (name, body, status) in [
        ("no utf-8", b"{\"query\":\"{ a(b: \\\"\xff\xfe\\\") }\"}".to_vec(), 400),
        ("half a surrogate", br#"{"query":"{ a(b: \"\ud800\") }"}"#.to_vec(), 400),
        (
            "deep variables",
            format!(r#"{{"query":"{{a}}","variables":{{"a":{deep}}}}}"#).into_bytes(),
            400,
        ),
        (
            "many variables",
            format!(r#"{{"query":"{{__typename}}","variables":{{{many}"z":1}}}}"#).into_bytes(),
            200,
        ),
        ("too long", vec![b' '; 300_000], 413),
        ("a batch", br#"[{"query":"{__typename}"}]"#.to_vec(), 400),
    ] {
        let reply = server.request(head, body);
        assert_eq!(reply.status, status, "{name}: {reply:?}");
    }

    // A client that sends less than it announced.
    let mut stream = TcpStream::connect(server.address).expect("it listens");
    write!(stream, "{head}\r\nhost: a\r\ncontent-length: 100\r\n\r\n{{").expect("writable");
    let mut response = [0; 12];
    stream.read_exact(&mut response).expect("a status line");
    assert_eq!(response, *b"HTTP/1.1 408");
}

#[test]
fn a_connection_must_be_closed_if_its_request_never_ends() {
    let (_installation, server) = server(|limits| {
        limits.connection_ms_max = 600;
        limits.connections_max = 2;
    });
    let started = Instant::now();
    let mut slow: Vec<TcpStream> =
        (0..2).map(|_| TcpStream::connect(server.address).expect("it listens")).collect();
    for stream in &mut slow {
        write!(stream, "GET / HTTP/1.1\r\nhost:").expect("writable");
    }
    // There is no free connection for this request until the others are closed.
    assert_eq!(server.get("/health/live").status, 200);
    assert!(started.elapsed() >= Duration::from_millis(500), "{:?}", started.elapsed());
    for mut stream in slow {
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest);
    }
    assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
}

#[test]
fn a_response_must_close_the_connection_if_the_body_was_not_read() {
    let (_installation, server) = server(|_| ());
    let json = "content-type: application/json";
    for (method, headers, length, status) in [
        ("POST", json, 300_000, 413),
        ("POST", "content-type: text/plain", 200_000, 415),
        ("POST", "content-type: application/json\r\naccept: text/html", 200_000, 406),
        ("PUT", json, 200_000, 405),
    ] {
        let mut stream = TcpStream::connect(server.address).expect("it listens");
        let head = format!("{method} /graphql HTTP/1.1\r\nhost: a\r\n{headers}\r\n");
        write!(stream, "{head}content-length: {length}\r\n\r\n").expect("writable");
        let _ = stream.write_all(&vec![b' '; length]);
        let mut response = Vec::new();
        let _ = stream.read_to_end(&mut response);
        let response = String::from_utf8_lossy(&response).to_lowercase();
        assert!(response.starts_with(&format!("http/1.1 {status}")), "{response}");
        assert!(response.contains("\r\nconnection: close\r\n"), "{response}");
    }
    // If the body has been read, the connection is kept open for the next request.
    let mut stream = TcpStream::connect(server.address).expect("it listens");
    let invalid =
        format!("POST /graphql HTTP/1.1\r\nhost: a\r\n{json}\r\ncontent-length: 2\r\n\r\n{{}}");
    write!(stream, "{invalid}GET /health/live HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
        .expect("writable");
    let mut responses = String::new();
    stream.read_to_string(&mut responses).expect("two responses");
    let statuses: Vec<&str> =
        responses.match_indices("HTTP/1.1 ").map(|(at, _)| &responses[at + 9..at + 12]).collect();
    assert_eq!(statuses, ["400", "200"], "{responses}");
}
