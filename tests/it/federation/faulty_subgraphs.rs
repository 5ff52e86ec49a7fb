//! Failures of subgraphs: a partial response with one error per path, in time.

use std::{
    io::Write,
    net::TcpStream,
    sync::{Arc, Barrier},
    thread,
    time::{Duration, Instant},
};

use gateway::config::{ErrorMasking, OnBreakingChange};
use serde_json::{Value, json};

use super::{
    Gateway, at_addresses,
    subgraph::{RecordedRequest, Subgraph, respond},
    supergraph,
};

const LOANS: &str = "{ loans { id reader { card name town } } }";

fn shelf() -> Subgraph {
    let reader = |card: &str| json!({ "__typename": "Reader", "card": card });
    Subgraph::with_data(json!({ "Query": { "loans": [
        { "id": "1", "until": null, "reader": reader("a") },
        { "id": "2", "until": null, "reader": reader("b") },
        { "id": "3", "until": null, "reader": reader("a") },
    ] } }))
}

fn people() -> Subgraph {
    let reader =
        |card: &str| json!({ "__typename": "Reader", "card": card, "name": "N", "town": "T" });
    Subgraph::with_data(json!({ "entities": [reader("a"), reader("b")] }))
}

fn text(shelf: &Subgraph, people: &Subgraph) -> String {
    let servers = [("shelf".to_owned(), shelf.address), ("people".to_owned(), people.address)];
    at_addresses(&supergraph("simple_entity_call"), servers)
}

/// A gateway with small limits, a working `shelf` and a faulty `people` subgraph.
fn gateway_with(people: &Subgraph) -> Gateway {
    Gateway::with(&text(&shelf(), people), |config| {
        config.limits.subgraph_timeout_ms = 400;
        config.limits.subgraph_bytes_max = 65_536;
        config.limits.circuit_breaker_failures = 100;
    })
}

fn json_of(
    body: &str,
) -> impl Fn(usize, &RecordedRequest, &mut TcpStream) + Send + Sync + 'static + use<> {
    let body = body.to_owned();
    move |_, _, stream| respond(stream, "200 OK", "application/json", &body)
}

fn html(
    status: &'static str,
) -> impl Fn(usize, &RecordedRequest, &mut TcpStream) + Send + Sync + 'static {
    move |_, _, stream| respond(stream, status, "text/html", "<html>secret of the proxy</html>")
}

fn trickle(_: usize, _: &RecordedRequest, stream: &mut TcpStream) {
    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n{");
    while stream.write_all(b" ").is_ok() {
        thread::sleep(Duration::from_millis(20));
    }
}

fn huge(_: usize, _: &RecordedRequest, stream: &mut TcpStream) {
    let _ =
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n{\"data\": \"");
    while stream.write_all(&[b'x'; 4_096]).is_ok() {}
}

fn redirect(_: usize, _: &RecordedRequest, stream: &mut TcpStream) {
    let head =
        b"HTTP/1.1 307 Temporary Redirect\r\nlocation: /graphql\r\ncontent-length: 0\r\n\r\n";
    let _ = stream.write_all(head);
}

fn hangs_up(_: usize, _: &RecordedRequest, stream: &mut TcpStream) {
    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"data\":");
}

/// Checks that all fields of readers are null, with an error of `code` for each.
fn assert_partial(response: &Value, code: &str, what: &str) {
    let error_at = |index: usize, field: &str| json!(["loans", index, "reader", field]);
    let expected: Vec<Value> = (0..3).map(|index| error_at(index, "name")).collect();
    let errors = response["errors"].as_array().unwrap_or_else(|| panic!("{what}: {response}"));
    let paths: Vec<_> = errors.iter().map(|error| error["path"].clone()).collect();
    assert_eq!(paths, expected, "{what}: {response}");
    for error in errors {
        assert_eq!(error["extensions"]["code"], code, "{what}: {response}");
        assert_eq!(error["extensions"]["service"], "people", "{what}: {response}");
    }
    assert_eq!(response["data"]["loans"][1], json!({ "id": "2", "reader": null }), "{what}");
    assert!(!response.to_string().contains("secret"), "{what}: {response}");
}

#[test]
fn a_failing_subgraph_must_cause_one_error_per_path() {
    let (unavailable, malformed) = ("SUBGRAPH_UNAVAILABLE", "SUBGRAPH_MALFORMED_RESPONSE");
    for (what, subgraph, code) in [
        ("500", Subgraph::with_responder(html("500 Internal Server Error")), unavailable),
        ("502 with HTML", Subgraph::with_responder(html("502 Bad Gateway")), unavailable),
        ("404 with HTML", Subgraph::with_responder(html("404 Not Found")), malformed),
        ("200 with HTML", Subgraph::with_responder(html("200 OK")), malformed),
        (
            "truncated JSON",
            Subgraph::with_responder(json_of(r#"{"data": {"_entities": [{"na"#)),
            malformed,
        ),
        ("a connection that ends", Subgraph::with_responder(hangs_up), unavailable),
        ("no data", Subgraph::with_responder(json_of("{}")), malformed),
        ("data of a wrong type", Subgraph::with_responder(json_of(r#"{"data": 7}"#)), malformed),
        ("null data", Subgraph::with_responder(json_of(r#"{"data": null}"#)), malformed),
        (
            "a null list",
            Subgraph::with_responder(json_of(r#"{"data": {"_entities": null}}"#)),
            malformed,
        ),
        (
            "a short list",
            Subgraph::with_responder(json_of(r#"{"data": {"_entities": []}}"#)),
            malformed,
        ),
        ("a slow trickle", Subgraph::with_responder(trickle), "SUBGRAPH_TIMEOUT"),
        ("a huge body", Subgraph::with_responder(huge), malformed),
        ("redirects", Subgraph::with_responder(redirect), malformed),
        (
            "an error without a path",
            Subgraph::with_responder(json_of(
                r#"{"data": null, "errors": [{"message": "secret"}]}"#,
            )),
            "SUBGRAPH_ERROR",
        ),
    ] {
        let started = Instant::now();
        let gateway = gateway_with(&subgraph);
        assert_partial(&gateway.query(LOANS), code, what);
        assert!(started.elapsed() < Duration::from_secs(5), "{what}: {:?}", started.elapsed());
    }
}

#[test]
fn a_closed_port_must_cause_one_error_per_path() {
    let gone = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap()
    };
    let servers = [("shelf".to_owned(), shelf().address), ("people".to_owned(), gone)];
    let gateway = Gateway::over(&at_addresses(&supergraph("simple_entity_call"), servers));
    assert_partial(&gateway.query(LOANS), "SUBGRAPH_UNAVAILABLE", "connection refused");
}

#[test]
fn values_of_invalid_types_must_become_null_at_their_path() {
    let body =
        r#"{"data": {"_entities": [{"name": "A", "town": 5}, {"name": ["x"], "town": {}}]}}"#;
    let response = gateway_with(&Subgraph::with_responder(json_of(body))).query(LOANS);
    let reader = json!({ "card": "a", "name": "A", "town": null });
    assert_eq!(response["data"]["loans"][0]["reader"], reader, "{response}");
    assert_eq!(response["data"]["loans"][1]["reader"], Value::Null, "{response}");
    let paths: Vec<_> =
        response["errors"].as_array().unwrap().iter().map(|error| &error["path"][3]).collect();
    assert_eq!(paths, ["town", "name", "town"], "{response}");
}

#[test]
fn an_object_without_a_type_name_must_be_an_error_where_that_matters() {
    let body = r#"{"data": {"thing": {"similar": [{"ink": "red"}, {"__typename": "Pen"}]}}}"#;
    let servers = ["a", "b"].map(|name| (name.to_owned(), Subgraph::with_responder(json_of(body))));
    let addresses = servers.iter().map(|(name, server)| (name.clone(), server.address));
    let gateway = Gateway::over(&at_addresses(&supergraph("circular_interfaces"), addresses));
    for query in [
        "{ thing { similar { __typename } } }",
        "{ thing { similar { ... on Pen { ink } } } }",
        "{ thing { similar { ...pen } } } fragment pen on Pen { ink }",
    ] {
        let response = gateway.query(query);
        assert_eq!(response["data"]["thing"]["similar"][0], Value::Null, "{query}: {response}");
        let error = &response["errors"][0];
        assert_eq!(error["path"], json!(["thing", "similar", 0]), "{query}: {response}");
        assert_eq!(
            error["extensions"]["code"], "SUBGRAPH_MALFORMED_RESPONSE",
            "{query}: {response}"
        );
    }
    // In this operation nothing depends on the type name.
    let response = gateway.query(
        "{ thing { similar { ... on Pen @skip(if: true) { ink } similar { __typename } } } }",
    );
    assert_eq!(response["data"]["thing"]["similar"][1], json!({ "similar": null }), "{response}");
}

#[test]
fn fields_missing_from_a_response_must_be_reported() {
    let body = r#"{"data": {"_entities": [{"name": "A"}, null]}}"#;
    let response = gateway_with(&Subgraph::with_responder(json_of(body))).query(LOANS);
    let reader = json!({ "card": "a", "name": "A", "town": null });
    assert_eq!(response["data"]["loans"][0]["reader"], reader, "{response}");
    let summary =
        |error: &Value| json!([error["path"][1], error["path"][3], error["extensions"]["code"]]);
    let errors: Vec<_> = response["errors"].as_array().unwrap().iter().map(summary).collect();
    let malformed = "SUBGRAPH_MALFORMED_RESPONSE";
    // No subgraph has the second reader: its town is nullable, its name is not.
    assert_eq!(
        errors,
        [
            json!([0, "town", malformed]),
            json!([1, "name", malformed]),
            json!([2, "town", malformed])
        ]
    );
}

#[test]
fn an_entity_without_its_key_must_be_reported_with_its_missing_fields() {
    let shelf = Subgraph::with_responder(json_of(
        r#"{"data": {"loans": [{"id": "1", "reader": {"__typename": "Reader"}}]}}"#,
    ));
    let people = people();
    let gateway = Gateway::over(&text(&shelf, &people));
    let response = gateway.query("{ loans { id reader { town } } }");
    assert_eq!(response["data"], json!({ "loans": [{ "id": "1", "reader": { "town": null } }] }));
    assert_eq!(response["errors"][0]["path"], json!(["loans", 0, "reader", "town"]), "{response}");
    assert_eq!(response["errors"].as_array().unwrap().len(), 1, "{response}");
    assert_eq!(people.requests().len(), 0, "{response}");
}

#[test]
fn an_error_of_one_entity_must_be_reported_at_its_path() {
    let body = r#"{"data": {"_entities": [null, {"name": "B", "town": null}]},
        "errors": [{"message": "secret", "path": ["_entities", 0]},
            {"message": "secret", "path": ["_entities", 1, "town"]}]}"#;
    let response = gateway_with(&Subgraph::with_responder(json_of(body))).query(LOANS);
    let paths: Value =
        response["errors"].as_array().unwrap().iter().map(|error| error["path"].clone()).collect();
    let expected = json!([
        ["loans", 0, "reader", "name"],
        ["loans", 2, "reader", "name"],
        ["loans", 1, "reader", "town"],
    ]);
    assert_eq!(paths, expected, "{response}");
}

#[test]
fn a_query_must_be_retried_and_a_mutation_must_not() {
    let people = Subgraph::with_responder(|number, _, stream| {
        if number == 0 {
            return respond(stream, "503 Service Unavailable", "text/plain", "later");
        }
        let body = r#"{"data": {"readers": [{"name": "N"}]}}"#;
        respond(stream, "200 OK", "application/json", body);
    });
    let response = gateway_with(&people).query("{ readers { name } }");
    assert_eq!(response, json!({ "data": { "readers": [{ "name": "N" }] } }));
    assert_eq!(people.requests().len(), 2);

    let failing = Subgraph::with_responder(html("503 Service Unavailable"));
    let servers = [("a".to_owned(), failing.address), ("b".to_owned(), failing.address)];
    let gateway = Gateway::over(&at_addresses(&supergraph("mutations"), servers));
    let response = gateway.query("mutation { one { id } }");
    assert_eq!(response["errors"][0]["extensions"]["code"], "SUBGRAPH_UNAVAILABLE", "{response}");
    assert_eq!(failing.requests().len(), 1, "a mutation is sent once");
}

#[test]
fn repeated_failures_must_open_the_circuit_breaker() {
    let people = Subgraph::with_responder(html("500 Internal Server Error"));
    let gateway = Gateway::with(&text(&shelf(), &people), |config| {
        config.limits.circuit_breaker_failures = 3;
    });
    for _ in 0..8 {
        assert_partial(&gateway.query(LOANS), "SUBGRAPH_UNAVAILABLE", "circuit open");
    }
    assert_eq!(people.requests().len(), 3);
    let metrics = gateway.get("/metrics").body;
    assert!(
        metrics.contains("wegwijzer_subgraph_circuit_breaker_open{subgraph=\"people\"} 1"),
        "{metrics}"
    );
    assert!(
        metrics.contains("wegwijzer_subgraph_request_errors_total{subgraph=\"people\"} 3"),
        "{metrics}"
    );
    assert!(
        metrics.contains("wegwijzer_subgraph_circuit_breaker_open{subgraph=\"shelf\"} 0"),
        "{metrics}"
    );
}

#[test]
fn identical_concurrent_queries_must_be_one_fetch() {
    let barrier = Arc::new(Barrier::new(2));
    let people = {
        let barrier = Arc::clone(&barrier);
        Subgraph::with_responder(move |_, _, stream| {
            barrier.wait();
            let body = r#"{"data": {"readers": [{"name": "N"}]}}"#;
            respond(stream, "200 OK", "application/json", body);
        })
    };
    let gateway = Gateway::over(&text(&shelf(), &people));
    thread::scope(|scope| {
        let spawn_query = |document: &'static str| {
            let gateway = &gateway;
            scope.spawn(move || gateway.query(document))
        };
        // The documents differ, but their fetches are identical.
        let threads =
            [spawn_query("{ readers { name } }"), spawn_query("query B { readers { name } }")];
        // Both operations are planned and wait for the fetch before it is answered.
        thread::sleep(Duration::from_millis(300));
        barrier.wait();
        for thread in threads {
            let response = thread.join().unwrap();
            assert_eq!(response, json!({ "data": { "readers": [{ "name": "N" }] } }));
        }
    });
    assert_eq!(people.requests().len(), 1);
}

#[test]
fn a_request_must_not_make_more_calls_than_the_limit() {
    let people = people();
    let gateway = Gateway::with(&text(&shelf(), &people), |config| {
        config.limits.subgraph_calls_max = 1;
    });
    let response = gateway.query(LOANS);
    let limit = &response["errors"][0]["extensions"]["limit"];
    assert_eq!(limit, &json!({ "name": "subgraph_calls_max", "value": 1 }), "{response}");
    assert_eq!(people.requests().len(), 0);
}

#[test]
fn only_allowed_headers_must_be_passed_on() {
    let people = people();
    let gateway = Gateway::with(&text(&shelf(), &people), |config| {
        let name = |text: &str| text.parse().unwrap();
        config.federation.forwarded_headers = vec![name("authorization"), name("x-tenant")];
    });
    let headers = "\r\nauthorization: Bearer t\r\nx-tenant: 7\r\ncookie: c=1\r\nx-other: 1";
    let reply = gateway.post_with(headers, &json!({ "query": LOANS }));
    assert_eq!(reply.json()["errors"], Value::Null, "{reply:?}");
    let head = &people.requests()[0].head;
    assert!(head.contains("authorization: bearer t") && head.contains("x-tenant: 7"), "{head}");
    assert!(!head.contains("cookie") && !head.contains("x-other"), "{head}");
}

#[test]
fn subgraph_error_messages_must_be_exposed_only_where_configured() {
    let body = r#"{"data": {"readers": null}, "errors": [{"message": "the table is locked",
        "path": ["readers"]}]}"#;
    let people = Subgraph::with_responder(json_of(body));
    for (messages, shown) in [(ErrorMasking::On, false), (ErrorMasking::Off, true)] {
        let gateway = Gateway::with(&text(&shelf(), &people), |config| {
            config.federation.error_masking = messages;
        });
        let response = gateway.query("{ readers { name } }");
        assert_eq!(response["errors"][0]["path"], json!(["readers"]));
        assert_eq!(response.to_string().contains("the table is locked"), shown, "{response}");
    }
}

#[test]
fn a_changed_supergraph_must_be_activated_and_a_broken_one_must_not() {
    let (first, second) = (people(), people());
    let shelf = shelf();
    let gateway = Gateway::over(&text(&shelf, &first));
    assert_eq!(gateway.query(LOANS)["errors"], Value::Null);
    gateway.replace("type Query { this is no supergraph");
    let broken = Instant::now();
    while broken.elapsed() < Duration::from_millis(1_200) {
        assert_eq!(
            gateway.query(LOANS)["errors"],
            Value::Null,
            "the previous supergraph stays active"
        );
    }
    assert_eq!(second.requests().len(), 0);
    gateway.replace(&text(&shelf, &second));
    let changed = Instant::now();
    while second.requests().is_empty() {
        assert!(changed.elapsed() < Duration::from_secs(10), "the supergraph is not activated");
        assert_eq!(gateway.query(LOANS)["errors"], Value::Null);
    }
}

/// A supergraph without the field `Reader.town`.
fn without_towns(supergraph: &str) -> String {
    let without: String =
        supergraph.lines().filter(|line| !line.contains("town")).flat_map(|l| [l, "\n"]).collect();
    assert_ne!(without, supergraph);
    without
}

#[test]
fn a_supergraph_with_breaking_changes_must_be_rejected_where_configured() {
    for breaking in [OnBreakingChange::Reject, OnBreakingChange::Warn] {
        let (shelf, people) = (shelf(), people());
        let text = text(&shelf, &people);
        let gateway =
            Gateway::with(&text, |config| config.federation.on_breaking_change = breaking);
        assert_eq!(gateway.query(LOANS)["errors"], Value::Null);
        gateway.replace(&without_towns(&text));
        let until = Instant::now() + Duration::from_secs(3);
        let mut broken = false;
        while !broken && Instant::now() < until {
            broken = gateway.query(LOANS)["errors"] != Value::Null;
        }
        assert_eq!(broken, breaking == OnBreakingChange::Warn);
        assert_eq!(gateway.query("{ loans { reader { name } } }")["errors"], Value::Null);
    }
}

#[test]
fn a_gateway_over_a_supergraph_must_follow_graphql_over_http() {
    let gateway = Gateway::over(&text(&shelf(), &people()));
    assert_eq!(gateway.get("/health/ready").status, 200);
    let invalid = gateway.post(&json!({ "query": "{ loans { nothing } }" }));
    assert_eq!((invalid.status, invalid.code()), (200, json!("GRAPHQL_VALIDATION_FAILED")));
    let accept = "\r\naccept: application/graphql-response+json";
    let invalid = gateway.post_with(accept, &json!({ "query": "{ loans { nothing } }" }));
    assert_eq!(invalid.status, 400, "{invalid:?}");
    let query = json!({ "query": "query($id: ID!) { loan(id: $id) { id } }",
        "variables": { "id": ["x"] } });
    let invalid = gateway.post_with(accept, &query);
    assert_eq!((invalid.status, invalid.code()), (400, json!("BAD_USER_INPUT")), "{invalid:?}");
    let reply = gateway.get("/graphql?query=%7B__typename%7D");
    assert_eq!(reply.json(), json!({ "data": { "__typename": "Query" } }));
    assert_eq!(gateway.post(&json!({ "query": LOANS })).header("cache-control"), Some("no-store"));
}
