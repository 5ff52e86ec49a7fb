//! Traces over several services: a subgraph receives the span of its call, which is exported.

use std::{
    net::TcpListener,
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use serde_json::json;

use super::{at_addresses, subgraph::Subgraph, supergraph};
use crate::{
    server::{Program, read_export},
    support::Installation,
    test_server::exchange,
};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

fn bytes_of(hex: &str) -> Vec<u8> {
    (0..hex.len() / 2).map(|n| u8::from_str_radix(&hex[2 * n..2 * n + 2], 16).unwrap()).collect()
}

/// The heads of the requests that a program sends for one query, and the program, which exports its
/// spans later.
fn heads(telemetry: &str, forwarded: &str, headers: &str) -> (Vec<String>, Program) {
    let reader = |card: &str| json!({ "__typename": "Reader", "card": card, "name": "N" });
    let people = Subgraph::with_data(json!({
        "Query": { "loans": [{ "id": "1", "reader": { "__typename": "Reader", "card": "a" } }] },
        "entities": [reader("a")],
    }));
    let installation = Installation::small();
    installation.build();
    let servers = [("people".to_owned(), people.address), ("shelf".to_owned(), people.address)];
    let text = at_addresses(&supergraph("simple_entity_call"), servers);
    std::fs::write(installation.path().join("supergraph.graphql"), text).unwrap();
    let config = format!(
        "{telemetry}\n[federation]\nsupergraph = \"supergraph.graphql\"\n\
         forwarded_headers = {forwarded}\n"
    );
    let program = Program::serve(&installation, &config, "");
    let head = format!("POST /graphql HTTP/1.1\r\ncontent-type: application/json{headers}");
    let body = json!({ "query": "{ loans { reader { name } } }" }).to_string();
    let reply = exchange(program.address, &head, body.as_bytes());
    assert_eq!(reply.body, r#"{"data":{"loans":[{"reader":{"name":"N"}}]}}"#);
    (people.requests().into_iter().map(|request| request.head).collect(), program)
}

/// The values of a header.
fn values<'h>(head: &'h str, name: &str) -> Vec<&'h str> {
    head.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).collect()
}

#[test]
fn each_call_must_have_the_id_of_its_exported_span() {
    let collector = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = collector.local_addr().expect("an address");
    let received = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&received);
    thread::spawn(move || {
        for stream in collector.incoming().map_while(Result::ok) {
            sink.lock().expect("the lock is not poisoned").extend(read_export(stream));
        }
    });
    let telemetry = format!("[telemetry]\notlp_endpoint = \"http://{address}/\"");
    let headers =
        format!("\r\ntraceparent: 00-{TRACE}-b7ad6b7169203331-01\r\ntracestate: vendor=1,other=2");
    // What the operator forwards does not replace the span of the call.
    let (heads, _program) = heads(&telemetry, "['traceparent', 'tracestate']", &headers);
    assert_eq!(heads.len(), 2);
    let mut spans = Vec::new();
    for head in &heads {
        let parents = values(head, "traceparent");
        let [parent] = parents[..] else { panic!("{head}") };
        let parts: Vec<_> = parent.split('-').collect();
        assert_eq!((parts[0], parts[1], parts[3]), ("00", TRACE, "01"), "{head}");
        assert_eq!(values(head, "tracestate"), ["vendor=1,other=2"], "{head}");
        spans.push(parts[2].to_owned());
    }
    assert!(spans[0] != spans[1] && spans[0] != "b7ad6b7169203331", "{spans:?}");
    let started = Instant::now();
    loop {
        let bytes = received.lock().expect("the lock is not poisoned").clone();
        // Field 2 of a span in OTLP is its id, of eight bytes.
        let is_exported = |id: &String| {
            let field = [&[0x12, 0x08][..], &bytes_of(id)].concat();
            bytes.windows(field.len()).any(|window| window == field)
        };
        if spans.iter().all(is_exported) {
            return;
        }
        assert!(started.elapsed() < Duration::from_secs(20), "{spans:?}");
        thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn a_call_that_is_not_sampled_must_say_so() {
    let telemetry = "[telemetry]\notlp_endpoint = \"http://127.0.0.1:9/\"\nsample_percent = 0";
    let headers = format!("\r\ntraceparent: 00-{TRACE}-b7ad6b7169203331-01");
    for head in heads(telemetry, "[]", &headers).0 {
        let parents = values(&head, "traceparent");
        assert!(parents.len() == 1 && parents[0].starts_with(&format!("00-{TRACE}-")), "{head}");
        assert!(parents[0].ends_with("-00"), "{head}");
        assert_eq!(values(&head, "tracestate"), [""; 0], "{head}");
    }
}

#[test]
fn without_traces_only_a_forwarded_span_must_be_sent() {
    let parent = format!("00-{TRACE}-b7ad6b7169203331-01");
    let headers = format!("\r\ntraceparent: {parent}");
    for head in heads("", "[]", &headers).0 {
        assert_eq!(values(&head, "traceparent"), [""; 0], "{head}");
    }
    for head in heads("", "['Traceparent']", &headers).0 {
        assert_eq!(values(&head, "traceparent"), [&*parent], "{head}");
    }
}
