//! Rejections: supergraphs that cannot be served, and limits of the query planner.

use std::{
    fs,
    io::{BufRead, BufReader},
    net::SocketAddr,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use gateway::{
    app::App,
    config::{Config, Overrides},
};
use serde_json::json;

use super::{Gateway, supergraph};
use crate::{
    support::{program, runtime},
    test_server::exchange,
};

/// The error for a supergraph that cannot be served.
fn load_error(text: &str, change: impl FnOnce(&mut Config)) -> String {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("supergraph.graphql");
    fs::write(&file, text).unwrap();
    let overrides = Overrides {
        listen: Some("127.0.0.1:0".to_owned()),
        supergraph: Some(file),
        ..Overrides::default()
    };
    let mut config = Config::load_to_serve(None, &overrides).unwrap();
    change(&mut config);
    match runtime().block_on(App::build(config)) {
        Ok(_) => panic!("the supergraph is served"),
        Err(error) => format!("{:#}", anyhow::Error::from(error)),
    }
}

/// A supergraph that makes the planner panic, with an `@override` of more than 100 percent.
fn panicking() -> String {
    let text = supergraph("progressive_override");
    let invalid = text.replace("percent(100)", "percent(300)");
    assert_ne!(invalid, text);
    invalid
}

/// A supergraph with fields that an unknown security feature protects.
fn with_security_feature(supergraph: &str, feature: &str) -> String {
    let link = format!("@link(url: \"https://specs.apollo.dev/{feature}\", for: SECURITY)");
    let text = supergraph.replacen("schema\n", &format!("schema\n  {link}\n"), 1);
    assert_ne!(text, supergraph);
    text
}

/// A supergraph with a field that a connector resolves instead of a subgraph.
fn with_connector(supergraph: &str) -> String {
    let directive = "@join__directive(graphs: [], name: \"connect\", args: {})";
    let text = supergraph.replacen("type Query\n", &format!("type Query\n  {directive}\n"), 1);
    assert_ne!(text, supergraph);
    text
}

#[test]
fn an_unsupported_supergraph_must_be_rejected_with_the_reason() {
    let valid = supergraph("simple_entity_call");
    for (text, reason) in [
        ("type Query {".to_owned(), "invalid SDL"),
        ("type Query { a: Int }".to_owned(), "no subgraphs"),
        (panicking(), "panicked"),
        (valid.replace("key: \"card\"", "key: \"card {\""), "panicked"),
        (supergraph("rejected/from_context"), "`Line.price`"),
        (with_connector(&valid), "unsupported `@connect` of `Query`"),
        (with_security_feature(&valid, "policy/v0.1"), "`https://specs.apollo.dev/policy/v0.1`"),
        (with_security_feature(&valid, "authenticated/v0.1\", as: \"auth"), "authenticated/v0.1`"),
    ] {
        let error = load_error(&text, |_| ());
        assert!(error.contains(reason), "{reason}: {error}");
        assert!(error.contains("supergraph.graphql"), "{error}");
    }
}

#[test]
fn a_supergraph_that_is_too_long_must_be_rejected() {
    let text = supergraph("simple_entity_call");
    let length = text.len() as u64;
    let error = load_error(&text, |config| config.limits.supergraph_bytes_max = length - 1);
    assert!(error.contains(&format!("`supergraph_bytes_max`: {}", length - 1)), "{error}");
    let at_limit = Gateway::with(&text, |config| config.limits.supergraph_bytes_max = length);
    assert_eq!(at_limit.query("{ __typename }"), json!({ "data": { "__typename": "Query" } }));
}

#[test]
fn an_unsupported_supergraph_must_leave_the_previous_one_active() {
    let text = supergraph("simple_entity_call");
    let gateway = Gateway::with(&text, |config| {
        config.limits.supergraph_bytes_max = 2 * text.len() as u64;
    });
    let too_long = format!("{text}\n#{}", "x".repeat(2 * text.len()));
    for invalid in [panicking(), too_long, supergraph("rejected/from_context")] {
        gateway.replace(&invalid);
        let started = Instant::now();
        while started.elapsed() < Duration::from_millis(1_200) {
            let response = gateway.query("{ __type(name: \"Loan\") { name } }");
            assert_eq!(response, json!({ "data": { "__type": { "name": "Loan" } } }));
        }
    }
    gateway.replace(&supergraph("mutations"));
    let started = Instant::now();
    while gateway.query("{ __type(name: \"Job\") { name } }")["data"]["__type"].is_null() {
        assert!(
            started.elapsed() < Duration::from_secs(10),
            "the next valid supergraph is never activated"
        );
    }
}

#[test]
fn planning_must_stop_at_its_timeout() {
    let gateway = Gateway::with(&supergraph("simple_entity_call"), |config| {
        config.limits.plan_timeout_ms = 0;
    });
    let reply = gateway.post(&json!({ "query": "{ loans { reader { name } } }" }));
    assert_eq!(reply.code(), json!("LIMIT_EXCEEDED"), "{reply:?}");
    assert_eq!(reply.limit(), json!("plan_timeout_ms"), "{reply:?}");
    assert_eq!(gateway.query("{ __typename }"), json!({ "data": { "__typename": "Query" } }));
}

#[test]
fn the_plan_cache_must_not_exceed_its_limit() {
    let gateway = Gateway::with(&supergraph("simple_entity_call"), |config| {
        config.limits.plan_cache_entries_max = 4;
    });
    for number in 0..40 {
        let query = format!("{{ a{number}: __typename }}");
        assert_eq!(gateway.query(&query)["data"][format!("a{number}")], "Query");
    }
    let metrics = gateway.get("/metrics").body;
    let entries =
        metrics.lines().find_map(|line| line.strip_prefix("wegwijzer_query_plan_cache_entries "));
    let entries: usize = entries.unwrap_or_else(|| panic!("{metrics}")).parse().unwrap();
    assert!((1..=4).contains(&entries), "{entries} plans are cached");
}

/// The time until the program is ready.
fn time_to_be_ready() -> Duration {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("supergraph.graphql");
    fs::write(&file, supergraph("requires_hard")).unwrap();
    let started = Instant::now();
    let mut child = Command::new(program())
        .args(["serve", "--listen", "127.0.0.1:0", "--allow-private-addresses", "--supergraph"])
        .arg(&file)
        .current_dir(folder.path())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let address: Option<SocketAddr> = lines.map_while(Result::ok).find_map(|line| {
        let (_, address) = line.split_once("address=")?;
        address.trim().parse().ok()
    });
    let ready = address.map(|address| exchange(address, "GET /health/ready HTTP/1.1", b""));
    let elapsed = started.elapsed();
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(ready.unwrap().status, 200);
    let files = fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(files, 1, "no data folder must be created");
    elapsed
}

#[test]
fn a_gateway_over_a_supergraph_must_be_ready_in_under_a_second() {
    // The fastest of three, because other tests run at the same time.
    let fastest = (0..3).map(|_| time_to_be_ready()).min().unwrap();
    assert!(fastest < Duration::from_secs(1), "{fastest:?}");
}

#[test]
fn the_schema_of_a_supergraph_must_be_hidden_where_introspection_is_disabled() {
    let text = supergraph("simple_entity_call");
    let open = Gateway::with(&text, |_| ());
    let of_type = "{ t: __type(name: \"Loan\") { name } }";
    assert_eq!(open.query(of_type), json!({ "data": { "t": { "name": "Loan" } } }));
    let closed = Gateway::with(&text, |config| config.graphql.introspection = false);
    for query in [
        of_type,
        "{ ... { t: __type(name: \"Loan\") { name } } }",
        "{ ...f } fragment f on Query { t: __type(name: \"Loan\") { name fields { name } } }",
        "{ __schema { types { name } } }",
        "{ ... { s: __schema { queryType { name } } } }",
    ] {
        let reply = closed.post(&json!({ "query": query }));
        assert_eq!(reply.code(), json!("INTROSPECTION_DISABLED"), "{query}: {reply:?}");
    }
}
