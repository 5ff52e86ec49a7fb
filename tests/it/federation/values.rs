//! Values between subgraphs and clients, as raw JSON: numbers keep all of their digits, and strings
//! their escapes. The supergraph is `fixtures/federation/values.toml`.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::{
    Gateway, at_addresses,
    subgraph::{Subgraph, respond},
    supergraph,
};
use crate::support::Rng;

/// Number of random doubles in a response.
const DOUBLES: usize = 20_000;

/// A gateway over a subgraph that returns a raw response to every request, and one that records
/// representations.
struct RawValues {
    gateway: Gateway,
    response: Arc<Mutex<String>>,
    other: Subgraph,
    subgraph: Subgraph,
}

impl RawValues {
    fn start() -> Self {
        let response = Arc::new(Mutex::new(String::new()));
        let shared = Arc::clone(&response);
        let subgraph = Subgraph::with_responder(move |_, _, stream| {
            let body = shared.lock().unwrap().clone();
            respond(stream, "200 OK", "application/json", &body);
        });
        let other = Subgraph::with_responder(|_, _, stream| {
            let body = r#"{"data":{"_entities":[{"echo":"heard"}]}}"#;
            respond(stream, "200 OK", "application/json", body);
        });
        let servers = [("a".to_owned(), subgraph.address), ("b".to_owned(), other.address)];
        let gateway = Gateway::over(&at_addresses(&supergraph("values"), servers));
        Self { gateway, response, other, subgraph }
    }

    /// The body of the response to `query` when the subgraph returns `data`.
    fn body(&self, query: &str, data: &str) -> String {
        *self.response.lock().unwrap() = format!(r#"{{"data":{data}}}"#);
        self.gateway.post(&json!({ "query": query })).body
    }
}

/// A random finite double in the shortest notation that identifies it.
fn double(rng: &mut Rng) -> String {
    loop {
        let value = f64::from_bits(rng.below(u64::MAX));
        if value.is_finite() {
            return if rng.below(2) == 0 { format!("{value:?}") } else { format!("{value:e}") };
        }
    }
}

#[test]
fn doubles_must_reach_the_client_with_the_same_digits() {
    let values = RawValues::start();
    let mut rng = Rng(25);
    let doubles: Vec<String> = (0..DOUBLES).map(|_| double(&mut rng)).collect();
    let data = format!(r#"{{"reading":{{"masses":[{}]}}}}"#, doubles.join(","));
    let body = values.body("{ reading { masses } }", &data);
    assert!(body == format!(r#"{{"data":{data}}}"#), "the response differs from {data:.200}");
}

#[test]
fn numbers_and_strings_must_keep_their_notation() {
    let values = RawValues::start();
    for (field, json) in [
        ("mass", "0.1000"),
        ("mass", "-0"),
        ("mass", "1E+2"),
        ("mass", "12345678901234567890123"),
        ("mass", "0.30000000000000004"),
        ("any", "12345678901234567890123456789"),
        ("any", "-0.0"),
        ("any", r#"{"big":[18446744073709551616,1e400],"text":"\u00e9\/"}"#),
        ("any", "[null,[true,{}]]"),
        ("note", r#""\u00e9\ud83d\ude00\/\b""#),
        ("note", "\"é😀\""),
        ("key", r#""\u0031""#),
    ] {
        let data = format!(r#"{{"reading":{{"{field}":{json}}}}}"#);
        let body = values.body(&format!("{{ reading {{ {field} }} }}"), &data);
        assert_eq!(body, format!(r#"{{"data":{data}}}"#));
    }
}

#[test]
fn results_must_be_coerced_to_their_types() {
    let values = RawValues::start();
    for (field, sent, received) in [
        ("count", "5.0", "5"),
        ("count", "-0", "0"),
        ("count", "-0.0", "0"),
        ("count", "2e3", "2000"),
        ("count", "2147483647.0", "2147483647"),
        ("key", "12345678901234567890", "\"12345678901234567890\""),
        ("key", "5.0", "\"5\""),
        ("level", r#""\u004cOW""#, "\"LOW\""),
        ("counts", " [ 1.0 , null ] ", "[1,null]"),
    ] {
        let query = format!("{{ reading {{ {field} }} }}");
        let body = values.body(&query, &format!(r#"{{"reading":{{"{field}":{sent}}}}}"#));
        assert_eq!(body, format!(r#"{{"data":{{"reading":{{"{field}":{received}}}}}}}"#));
    }
    for (field, sent) in [
        ("count", "2147483648"),
        ("count", "5.5"),
        ("count", "1e10"),
        ("count", "\"5\""),
        ("count", "12345678901234567890123"),
        ("mass", "1e400"),
        ("key", "1.5"),
        ("note", "{}"),
        ("level", "1"),
        ("counts", "1"),
    ] {
        let query = format!("{{ reading {{ {field} }} }}");
        let body = values.body(&query, &format!(r#"{{"reading":{{"{field}":{sent}}}}}"#));
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(body["data"], json!({ "reading": { field: null } }), "{sent}");
        assert_eq!(body["errors"][0]["path"], json!(["reading", field]), "{sent}");
        assert_eq!(body["errors"].as_array().unwrap().len(), 1, "{sent}");
    }
}

#[test]
fn required_values_must_be_sent_as_they_were_received() {
    let values = RawValues::start();
    let required =
        r#""count":5,"mass":0.1000,"masses":[1e2,null,-0.0],"any":{"big":12345678901234567890123}"#;
    let data = format!(r#"{{"reading":{{"__typename":"Reading","id":"7",{required}}}}}"#);
    let body = values.body("{ reading { echo } }", &data);
    assert_eq!(body, r#"{"data":{"reading":{"echo":"heard"}}}"#);
    let requests = values.other.take_requests();
    assert_eq!((requests.len(), values.subgraph.take_requests().len()), (1, 1));
    let sent = &requests[0].text;
    assert!(sent.contains(required), "{sent}");
}
