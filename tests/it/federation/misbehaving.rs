//! Subgraphs that fail in every way: a partial answer, one error for each path, in time.

use std::{
    io::Write,
    net::TcpStream,
    sync::{Arc, Barrier},
    thread,
    time::{Duration, Instant},
};

use gateway::config::{Breaking, Messages};
use serde_json::{Value, json};

use super::{
    Gateway, at_addresses,
    subgraph::{Asked, Subgraph, respond},
    supergraph,
};

const LOANS: &str = "{ loans { id reader { card name town } } }";

fn shelf() -> Subgraph {
    let reader = |card: &str| json!({ "__typename": "Reader", "card": card });
    Subgraph::of(json!({ "Query": { "loans": [
        { "id": "1", "until": null, "reader": reader("a") },
        { "id": "2", "until": null, "reader": reader("b") },
        { "id": "3", "until": null, "reader": reader("a") },
    ] } }))
}

fn people() -> Subgraph {
    let reader =
        |card: &str| json!({ "__typename": "Reader", "card": card, "name": "N", "town": "T" });
    Subgraph::of(json!({ "entities": [reader("a"), reader("b")] }))
}

fn text(shelf: &Subgraph, people: &Subgraph) -> String {
    let servers = [("shelf".to_owned(), shelf.address), ("people".to_owned(), people.address)];
    at_addresses(&supergraph("simple_entity_call"), servers)
}

/// A gateway with small limits before a shelf that is sound and people who are not.
fn before(people: &Subgraph) -> Gateway {
    Gateway::with(&text(&shelf(), people), |config| {
        config.limits.subgraph_ms_max = 400;
        config.limits.subgraph_bytes_max = 65_536;
        config.limits.subgraph_failures_max = 100;
    })
}

fn json_of(body: &str) -> impl Fn(usize, &Asked, &mut TcpStream) + Send + Sync + 'static + use<> {
    let body = body.to_owned();
    move |_, _, stream| respond(stream, "200 OK", "application/json", &body)
}

fn html(status: &'static str) -> impl Fn(usize, &Asked, &mut TcpStream) + Send + Sync + 'static {
    move |_, _, stream| respond(stream, status, "text/html", "<html>secret of the proxy</html>")
}

fn trickle(_: usize, _: &Asked, stream: &mut TcpStream) {
    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n{");
    while stream.write_all(b" ").is_ok() {
        thread::sleep(Duration::from_millis(20));
    }
}

fn huge(_: usize, _: &Asked, stream: &mut TcpStream) {
    let _ =
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n{\"data\": \"");
    while stream.write_all(&[b'x'; 4_096]).is_ok() {}
}

fn redirect(_: usize, _: &Asked, stream: &mut TcpStream) {
    let head =
        b"HTTP/1.1 307 Temporary Redirect\r\nlocation: /graphql\r\ncontent-length: 0\r\n\r\n";
    let _ = stream.write_all(head);
}

fn hangs_up(_: usize, _: &Asked, stream: &mut TcpStream) {
    let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"data\":");
}

/// The answer with every reader's fields null, and an error of `code` for each.
fn assert_partial(answer: &Value, code: &str, what: &str) {
    let error_at = |index: usize, field: &str| json!(["loans", index, "reader", field]);
    let expected: Vec<Value> = (0..3).map(|index| error_at(index, "name")).collect();
    let errors = answer["errors"].as_array().unwrap_or_else(|| panic!("{what}: {answer}"));
    let paths: Vec<_> = errors.iter().map(|error| error["path"].clone()).collect();
    assert_eq!(paths, expected, "{what}: {answer}");
    for error in errors {
        assert_eq!(error["extensions"]["code"], code, "{what}: {answer}");
        assert_eq!(error["extensions"]["service"], "people", "{what}: {answer}");
    }
    assert_eq!(answer["data"]["loans"][1], json!({ "id": "2", "reader": null }), "{what}");
    assert!(!answer.to_string().contains("secret"), "{what}: {answer}");
}

#[test]
fn a_subgraph_that_fails_must_cost_one_error_a_path() {
    let (unavailable, bad) = ("SUBGRAPH_UNAVAILABLE", "SUBGRAPH_BAD_ANSWER");
    for (what, subgraph, code) in [
        ("500", Subgraph::answering(html("500 Internal Server Error")), unavailable),
        ("502 with HTML", Subgraph::answering(html("502 Bad Gateway")), unavailable),
        ("404 with HTML", Subgraph::answering(html("404 Not Found")), bad),
        ("200 with HTML", Subgraph::answering(html("200 OK")), bad),
        ("truncated JSON", Subgraph::answering(json_of(r#"{"data": {"_entities": [{"na"#)), bad),
        ("a connection that ends", Subgraph::answering(hangs_up), unavailable),
        ("no data", Subgraph::answering(json_of("{}")), bad),
        ("data of a wrong type", Subgraph::answering(json_of(r#"{"data": 7}"#)), bad),
        ("null data", Subgraph::answering(json_of(r#"{"data": null}"#)), bad),
        ("a null list", Subgraph::answering(json_of(r#"{"data": {"_entities": null}}"#)), bad),
        ("a short list", Subgraph::answering(json_of(r#"{"data": {"_entities": []}}"#)), bad),
        ("a slow trickle", Subgraph::answering(trickle), unavailable),
        ("a huge body", Subgraph::answering(huge), bad),
        ("redirects", Subgraph::answering(redirect), bad),
        (
            "an error without a path",
            Subgraph::answering(json_of(r#"{"data": null, "errors": [{"message": "secret"}]}"#)),
            "SUBGRAPH_ERROR",
        ),
    ] {
        let begun = Instant::now();
        let gateway = before(&subgraph);
        assert_partial(&gateway.ask(LOANS), code, what);
        assert!(begun.elapsed() < Duration::from_secs(5), "{what}: {:?}", begun.elapsed());
    }
}

#[test]
fn a_refused_connection_must_cost_one_error_a_path() {
    let gone = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap()
    };
    let servers = [("shelf".to_owned(), shelf().address), ("people".to_owned(), gone)];
    let gateway = Gateway::over(&at_addresses(&supergraph("simple_entity_call"), servers));
    assert_partial(&gateway.ask(LOANS), "SUBGRAPH_UNAVAILABLE", "refused");
}

#[test]
fn values_of_wrong_types_must_become_null_where_they_stand() {
    let body =
        r#"{"data": {"_entities": [{"name": "A", "town": 5}, {"name": ["x"], "town": {}}]}}"#;
    let answer = before(&Subgraph::answering(json_of(body))).ask(LOANS);
    let reader = json!({ "card": "a", "name": "A", "town": null });
    assert_eq!(answer["data"]["loans"][0]["reader"], reader, "{answer}");
    assert_eq!(answer["data"]["loans"][1]["reader"], Value::Null, "{answer}");
    let paths: Vec<_> =
        answer["errors"].as_array().unwrap().iter().map(|error| &error["path"][3]).collect();
    assert_eq!(paths, ["town", "name", "town"], "{answer}");
}

#[test]
fn a_thing_that_does_not_say_its_type_must_be_told_where_that_matters() {
    let body = r#"{"data": {"thing": {"similar": [{"ink": "red"}, {"__typename": "Pen"}]}}}"#;
    let servers = ["a", "b"].map(|name| (name.to_owned(), Subgraph::answering(json_of(body))));
    let addresses = servers.iter().map(|(name, server)| (name.clone(), server.address));
    let gateway = Gateway::over(&at_addresses(&supergraph("circular_interfaces"), addresses));
    for question in [
        "{ thing { similar { __typename } } }",
        "{ thing { similar { ... on Pen { ink } } } }",
        "{ thing { similar { ...pen } } } fragment pen on Pen { ink }",
    ] {
        let answer = gateway.ask(question);
        assert_eq!(answer["data"]["thing"]["similar"][0], Value::Null, "{question}: {answer}");
        let error = &answer["errors"][0];
        assert_eq!(error["path"], json!(["thing", "similar", 0]), "{question}: {answer}");
        assert_eq!(error["extensions"]["code"], "SUBGRAPH_BAD_ANSWER", "{question}: {answer}");
    }
    // Here nothing depends on it.
    let answer = gateway
        .ask("{ thing { similar { ... on Pen @skip(if: true) { ink } similar { __typename } } } }");
    assert_eq!(answer["data"]["thing"]["similar"][1], json!({ "similar": null }), "{answer}");
}

#[test]
fn what_a_subgraph_passes_over_must_be_told() {
    let body = r#"{"data": {"_entities": [{"name": "A"}, null]}}"#;
    let answer = before(&Subgraph::answering(json_of(body))).ask(LOANS);
    let reader = json!({ "card": "a", "name": "A", "town": null });
    assert_eq!(answer["data"]["loans"][0]["reader"], reader, "{answer}");
    let told =
        |error: &Value| json!([error["path"][1], error["path"][3], error["extensions"]["code"]]);
    let errors: Vec<_> = answer["errors"].as_array().unwrap().iter().map(told).collect();
    let bad = "SUBGRAPH_BAD_ANSWER";
    // Nobody knows the second reader: its town may be null, its name may not.
    assert_eq!(errors, [json!([0, "town", bad]), json!([1, "name", bad]), json!([2, "town", bad])]);
}

#[test]
fn a_thing_that_could_not_be_named_must_be_told_with_what_it_lacks() {
    let shelf = Subgraph::answering(json_of(
        r#"{"data": {"loans": [{"id": "1", "reader": {"__typename": "Reader"}}]}}"#,
    ));
    let people = people();
    let gateway = Gateway::over(&text(&shelf, &people));
    let answer = gateway.ask("{ loans { id reader { town } } }");
    assert_eq!(answer["data"], json!({ "loans": [{ "id": "1", "reader": { "town": null } }] }));
    assert_eq!(answer["errors"][0]["path"], json!(["loans", 0, "reader", "town"]), "{answer}");
    assert_eq!(answer["errors"].as_array().unwrap().len(), 1, "{answer}");
    assert_eq!(people.asked().len(), 0, "{answer}");
}

#[test]
fn an_error_of_one_thing_must_be_told_where_the_thing_is() {
    let body = r#"{"data": {"_entities": [null, {"name": "B", "town": null}]},
        "errors": [{"message": "secret", "path": ["_entities", 0]},
            {"message": "secret", "path": ["_entities", 1, "town"]}]}"#;
    let answer = before(&Subgraph::answering(json_of(body))).ask(LOANS);
    let paths: Value =
        answer["errors"].as_array().unwrap().iter().map(|error| error["path"].clone()).collect();
    let expected = json!([
        ["loans", 0, "reader", "name"],
        ["loans", 2, "reader", "name"],
        ["loans", 1, "reader", "town"],
    ]);
    assert_eq!(paths, expected, "{answer}");
}

#[test]
fn a_query_must_be_asked_again_and_a_mutation_must_not() {
    let people = Subgraph::answering(|number, _, stream| {
        if number == 0 {
            return respond(stream, "503 Service Unavailable", "text/plain", "later");
        }
        let body = r#"{"data": {"readers": [{"name": "N"}]}}"#;
        respond(stream, "200 OK", "application/json", body);
    });
    let answer = before(&people).ask("{ readers { name } }");
    assert_eq!(answer, json!({ "data": { "readers": [{ "name": "N" }] } }));
    assert_eq!(people.asked().len(), 2);

    let failing = Subgraph::answering(html("503 Service Unavailable"));
    let servers = [("a".to_owned(), failing.address), ("b".to_owned(), failing.address)];
    let gateway = Gateway::over(&at_addresses(&supergraph("mutations"), servers));
    let answer = gateway.ask("mutation { one { id } }");
    assert_eq!(answer["errors"][0]["extensions"]["code"], "SUBGRAPH_UNAVAILABLE", "{answer}");
    assert_eq!(failing.asked().len(), 1, "a mutation is asked once");
}

#[test]
fn a_subgraph_that_fails_again_and_again_must_be_left_alone() {
    let people = Subgraph::answering(html("500 Internal Server Error"));
    let gateway = Gateway::with(&text(&shelf(), &people), |config| {
        config.limits.subgraph_failures_max = 3;
    });
    for _ in 0..8 {
        assert_partial(&gateway.ask(LOANS), "SUBGRAPH_UNAVAILABLE", "left alone");
    }
    assert_eq!(people.asked().len(), 3);
    let metrics = gateway.get("/metrics").body;
    assert!(metrics.contains("wegwijzer_subgraph_left_alone{name=\"people\"} 1"), "{metrics}");
    assert!(metrics.contains("wegwijzer_subgraph_failures{name=\"people\"} 3"), "{metrics}");
    assert!(metrics.contains("wegwijzer_subgraph_left_alone{name=\"shelf\"} 0"), "{metrics}");
}

#[test]
fn equal_queries_at_the_same_time_must_be_one_question() {
    let together = Arc::new(Barrier::new(2));
    let people = {
        let together = Arc::clone(&together);
        Subgraph::answering(move |_, _, stream| {
            together.wait();
            let body = r#"{"data": {"readers": [{"name": "N"}]}}"#;
            respond(stream, "200 OK", "application/json", body);
        })
    };
    let gateway = Gateway::over(&text(&shelf(), &people));
    thread::scope(|scope| {
        let asking = |document: &'static str| {
            let gateway = &gateway;
            scope.spawn(move || gateway.ask(document))
        };
        // The documents differ; what is asked of the subgraph does not.
        let answers = [asking("{ readers { name } }"), asking("query B { readers { name } }")];
        // Both have a plan and wait for the one question before it is answered.
        thread::sleep(Duration::from_millis(300));
        together.wait();
        for answer in answers {
            let answer = answer.join().unwrap();
            assert_eq!(answer, json!({ "data": { "readers": [{ "name": "N" }] } }));
        }
    });
    assert_eq!(people.asked().len(), 1);
}

#[test]
fn a_request_must_not_make_more_calls_than_the_limit() {
    let people = people();
    let gateway = Gateway::with(&text(&shelf(), &people), |config| {
        config.limits.subgraph_calls_max = 1;
    });
    let answer = gateway.ask(LOANS);
    let limit = &answer["errors"][0]["extensions"]["limit"];
    assert_eq!(limit, &json!({ "name": "subgraph_calls_max", "value": 1 }), "{answer}");
    assert_eq!(people.asked().len(), 0);
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
    let head = &people.asked()[0].head;
    assert!(head.contains("authorization: bearer t") && head.contains("x-tenant: 7"), "{head}");
    assert!(!head.contains("cookie") && !head.contains("x-other"), "{head}");
}

#[test]
fn what_a_subgraph_says_must_be_shown_only_where_that_is_allowed() {
    let body = r#"{"data": {"readers": null}, "errors": [{"message": "the table is locked",
        "path": ["readers"]}]}"#;
    let people = Subgraph::answering(json_of(body));
    for (messages, shown) in [(Messages::Masked, false), (Messages::Shown, true)] {
        let gateway = Gateway::with(&text(&shelf(), &people), |config| {
            config.federation.messages = messages;
        });
        let answer = gateway.ask("{ readers { name } }");
        assert_eq!(answer["errors"][0]["path"], json!(["readers"]));
        assert_eq!(answer.to_string().contains("the table is locked"), shown, "{answer}");
    }
}

#[test]
fn a_changed_supergraph_must_be_taken_and_a_broken_one_must_not() {
    let (first, second) = (people(), people());
    let shelf = shelf();
    let gateway = Gateway::over(&text(&shelf, &first));
    assert_eq!(gateway.ask(LOANS)["errors"], Value::Null);
    gateway.replace("type Query { this is no supergraph");
    let broken = Instant::now();
    while broken.elapsed() < Duration::from_millis(1_200) {
        assert_eq!(gateway.ask(LOANS)["errors"], Value::Null, "the old one serves on");
    }
    assert_eq!(second.asked().len(), 0);
    gateway.replace(&text(&shelf, &second));
    let changed = Instant::now();
    while second.asked().is_empty() {
        assert!(changed.elapsed() < Duration::from_secs(10), "it is never taken");
        assert_eq!(gateway.ask(LOANS)["errors"], Value::Null);
    }
}

/// A supergraph without the town of a reader.
fn without_towns(supergraph: &str) -> String {
    let without: String =
        supergraph.lines().filter(|line| !line.contains("town")).flat_map(|l| [l, "\n"]).collect();
    assert_ne!(without, supergraph);
    without
}

#[test]
fn a_supergraph_that_would_break_what_is_asked_must_be_refused_where_that_is_wanted() {
    for breaking in [Breaking::Refused, Breaking::Told] {
        let (shelf, people) = (shelf(), people());
        let text = text(&shelf, &people);
        let gateway = Gateway::with(&text, |config| config.federation.breaking = breaking);
        assert_eq!(gateway.ask(LOANS)["errors"], Value::Null);
        gateway.replace(&without_towns(&text));
        let until = Instant::now() + Duration::from_secs(3);
        let mut broken = false;
        while !broken && Instant::now() < until {
            broken = gateway.ask(LOANS)["errors"] != Value::Null;
        }
        assert_eq!(broken, breaking == Breaking::Told);
        assert_eq!(gateway.ask("{ loans { reader { name } } }")["errors"], Value::Null);
    }
}

#[test]
fn a_gateway_over_a_supergraph_must_keep_the_rules_of_http() {
    let gateway = Gateway::over(&text(&shelf(), &people()));
    assert_eq!(gateway.get("/health/ready").status, 200);
    let wrong = gateway.post(&json!({ "query": "{ loans { nothing } }" }));
    assert_eq!((wrong.status, wrong.code()), (200, json!("BAD_REQUEST")));
    let wanted = "\r\naccept: application/graphql-response+json";
    let wrong = gateway.post_with(wanted, &json!({ "query": "{ loans { nothing } }" }));
    assert_eq!(wrong.status, 400, "{wrong:?}");
    let query = json!({ "query": "query($id: ID!) { loan(id: $id) { id } }",
        "variables": { "id": ["x"] } });
    let wrong = gateway.post_with(wanted, &query);
    assert_eq!((wrong.status, wrong.code()), (400, json!("BAD_REQUEST")), "{wrong:?}");
    let reply = gateway.get("/graphql?query=%7B__typename%7D");
    assert_eq!(reply.json(), json!({ "data": { "__typename": "Query" } }));
    assert_eq!(gateway.post(&json!({ "query": LOANS })).header("cache-control"), Some("no-store"));
}
