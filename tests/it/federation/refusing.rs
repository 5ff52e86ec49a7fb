//! What is refused: supergraphs that cannot be served, plans that take too long, too many of them.

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
    server::exchange,
    support::{program, runtime},
};

/// Why a supergraph is not served.
fn refusal(text: &str, change: impl FnOnce(&mut Config)) -> String {
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
        Ok(_) => panic!("it is served"),
        Err(error) => format!("{:#}", anyhow::Error::from(error)),
    }
}

/// A supergraph over which the planner panics: no share is of more than a hundred.
fn panicking() -> String {
    let text = supergraph("progressive_override");
    let odd = text.replace("percent(100)", "percent(300)");
    assert_ne!(odd, text);
    odd
}

/// A supergraph of which some fields are guarded in a way that is not known here.
fn guarded(supergraph: &str, feature: &str) -> String {
    let link = format!("@link(url: \"https://specs.apollo.dev/{feature}\", for: SECURITY)");
    let guarded = supergraph.replacen("schema\n", &format!("schema\n  {link}\n"), 1);
    assert_ne!(guarded, supergraph);
    guarded
}

#[test]
fn a_supergraph_that_cannot_be_served_must_be_refused_with_the_reason() {
    let whole = supergraph("simple_entity_call");
    for (text, reason) in [
        ("type Query {".to_owned(), "it is no schema"),
        ("type Query { a: Int }".to_owned(), "it names no subgraphs"),
        (panicking(), "it panicked"),
        (whole.replace("key: \"card\"", "key: \"card {\""), "it panicked"),
        (supergraph("refused/from_context"), "`Line.price`"),
        (guarded(&whole, "policy/v0.1"), "`https://specs.apollo.dev/policy/v0.1`"),
        (guarded(&whole, "authenticated/v0.1\", as: \"auth"), "authenticated/v0.1`"),
    ] {
        let told = refusal(&text, |_| ());
        assert!(told.contains(reason), "{reason}: {told}");
        assert!(told.contains("supergraph.graphql"), "{told}");
    }
}

#[test]
fn a_supergraph_that_is_too_long_must_be_refused() {
    let text = supergraph("simple_entity_call");
    let length = text.len() as u64;
    let told = refusal(&text, |config| config.limits.supergraph_bytes_max = length - 1);
    assert!(told.contains(&format!("more than {} bytes", length - 1)), "{told}");
    let just = Gateway::with(&text, |config| config.limits.supergraph_bytes_max = length);
    assert_eq!(just.ask("{ __typename }"), json!({ "data": { "__typename": "Query" } }));
}

#[test]
fn a_supergraph_that_cannot_be_served_must_leave_the_one_before() {
    let text = supergraph("simple_entity_call");
    let gateway = Gateway::with(&text, |config| {
        config.limits.supergraph_bytes_max = 2 * text.len() as u64;
    });
    let too_long = format!("{text}\n#{}", "x".repeat(2 * text.len()));
    for odd in [panicking(), too_long, supergraph("refused/from_context")] {
        gateway.replace(&odd);
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_millis(1_200) {
            let answer = gateway.ask("{ __type(name: \"Loan\") { name } }");
            assert_eq!(answer, json!({ "data": { "__type": { "name": "Loan" } } }));
        }
    }
    gateway.replace(&supergraph("mutations"));
    let begun = Instant::now();
    while gateway.ask("{ __type(name: \"Job\") { name } }")["data"]["__type"].is_null() {
        assert!(begun.elapsed() < Duration::from_secs(10), "the next sound one is never taken");
    }
}

#[test]
fn a_plan_must_take_no_longer_than_it_may() {
    let gateway = Gateway::with(&supergraph("simple_entity_call"), |config| {
        config.limits.plan_ms_max = 0;
    });
    let reply = gateway.post(&json!({ "query": "{ loans { reader { name } } }" }));
    assert_eq!(reply.code(), json!("LIMIT_EXCEEDED"), "{reply:?}");
    assert_eq!(reply.limit(), json!("plan_ms_max"), "{reply:?}");
    assert_eq!(gateway.ask("{ __typename }"), json!({ "data": { "__typename": "Query" } }));
}

#[test]
fn no_more_plans_must_be_kept_than_may_be() {
    let gateway = Gateway::with(&supergraph("simple_entity_call"), |config| {
        config.limits.plans_max = 4;
    });
    for number in 0..40 {
        let query = format!("{{ a{number}: __typename }}");
        assert_eq!(gateway.ask(&query)["data"][format!("a{number}")], "Query");
    }
    let metrics = gateway.get("/metrics").body;
    let kept = metrics.lines().find_map(|line| line.strip_prefix("wegwijzer_plans "));
    let kept: usize = kept.unwrap_or_else(|| panic!("{metrics}")).parse().unwrap();
    assert!((1..=4).contains(&kept), "{kept} plans are kept");
}

/// How long the program takes from its start to being ready, and what it answers then.
fn time_to_be_ready() -> Duration {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("supergraph.graphql");
    fs::write(&file, supergraph("requires_hard")).unwrap();
    let begun = Instant::now();
    let mut child = Command::new(program())
        .args(["serve", "--listen", "127.0.0.1:0", "--supergraph"])
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
    let taken = begun.elapsed();
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(ready.unwrap().status, 200);
    let left = fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(left, 1, "it needs no data folder, and leaves none");
    taken
}

#[test]
fn a_gateway_over_a_supergraph_must_be_ready_in_under_a_second() {
    // Of three, since other tests run at the same time.
    let taken = (0..3).map(|_| time_to_be_ready()).min().unwrap();
    assert!(taken < Duration::from_secs(1), "{taken:?}");
}
