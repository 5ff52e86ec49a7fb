//! Arbitrary responses of subgraphs: the data for the client must conform to the schema, and
//! missing data must be reported as an error.

use std::{
    io::Write,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use gateway::{
    app::App,
    pipeline::{CacheScope, DocumentRef, GraphqlRequest, Outcome},
};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::{
    byte_source::ByteSource,
    town::{ResponseValidator, gateway, subgraph::Subgraph},
};

/// Operations; each one needs both subgraphs.
const QUERIES: [&str; 4] = [
    "{ loans { id until reader { card name town } } }",
    "{ readers { card name town } loans { reader { name } } }",
    "{ loan(id: \"1\") { id reader { town } } readers { name } }",
    "{ loans { __typename reader { __typename card town } } }",
];
/// Maximum number of errors in a response (`errors_max`).
const ERRORS_MAX: usize = 20;

static FIXTURE: LazyLock<ResponseFixture> = LazyLock::new(ResponseFixture::build);

/// A gateway with two subgraphs whose responses are set by the check.
struct ResponseFixture {
    runtime: Runtime,
    app: App,
    subgraphs: [Subgraph; 2],
    replies: [Arc<Mutex<Vec<u8>>>; 2],
    validator: ResponseValidator,
}

impl ResponseFixture {
    fn build() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("a runtime");
        let replies: [Arc<Mutex<Vec<u8>>>; 2] = Default::default();
        let subgraphs = replies.clone().map(|reply| {
            Subgraph::with_responder(move |_, _, stream| {
                let bytes = reply.lock().unwrap_or_else(PoisonError::into_inner).clone();
                let _ = stream.write_all(&bytes);
            })
        });
        let names = ["shelf", "people"].into_iter().zip(&subgraphs);
        let app = gateway("federation/simple_entity_call.graphql", names, &runtime, |config| {
            config.limits.circuit_breaker_failures = u32::MAX;
            config.limits.subgraph_retries_max = 0;
            config.limits.subgraph_bytes_max = 65_536;
        });
        let validator = ResponseValidator::from_fixture("federation/simple_entity_call.toml");
        Self { runtime, app, subgraphs, replies, validator }
    }
}

/// Checks responses generated from the bytes.
pub fn check(bytes: &[u8]) {
    let mut source = ByteSource::new(bytes);
    let query = *source.pick(&QUERIES);
    let valid = [
        json!({ "data": {
            "loans": [loan("1", "a"), loan("2", "b"), { "id": "3", "until": null, "reader": null }],
            "loan": loan("1", "a"),
        } }),
        json!({ "data": { "_entities": [reader("a"), reader("b")], "readers": [reader("b")] } }),
    ];
    let broken = source.below(3);
    let replies = valid.map(|body| reply(body, &mut source, broken));
    let fixture = &*FIXTURE;
    for (slot, reply) in fixture.replies.iter().zip(&replies) {
        slot.lock().unwrap_or_else(PoisonError::into_inner).clone_from(reply);
    }
    let request = GraphqlRequest {
        document: DocumentRef::Inline(query.to_owned()),
        cache_scope: CacheScope::Private,
        ..GraphqlRequest::default()
    };
    let outcome = fixture.runtime.block_on(fixture.app.pipeline().handle(request)).outcome;
    for subgraph in &fixture.subgraphs {
        subgraph.take_requests();
    }
    let context = || {
        format!(
            "{query} {outcome:?} {:?}",
            replies.each_ref().map(|one| String::from_utf8_lossy(one))
        )
    };
    let (data, errors): (Value, Vec<Value>) = match &outcome {
        Outcome::Complete(body) => {
            let body: Value = serde_json::from_slice(body).expect("a response is JSON");
            (body["data"].clone(), Vec::new())
        }
        Outcome::Partial { response, .. } => {
            let data = serde_json::from_slice(&response.data).expect("`data` is JSON");
            let errors = response.errors.iter();
            let errors: Vec<_> = errors.map(|error| serde_json::json!(error)).collect();
            assert!(!errors.is_empty(), "{}", context());
            (data, errors)
        }
        _ => panic!("{}", context()),
    };
    assert!(errors.len() <= ERRORS_MAX, "{}", context());
    for error in &errors {
        let code = error["extensions"]["code"].as_str().unwrap_or_default();
        assert!(code.starts_with("SUBGRAPH_"), "{error}: {}", context());
    }
    if !data.is_null() {
        assert!(fixture.validator.is_valid(&data, "Query"), "{}", context());
    }
}

fn loan(id: &str, card: &str) -> Value {
    json!({ "__typename": "Loan", "id": id, "until": "2026-03-01",
        "reader": { "__typename": "Reader", "card": card } })
}

fn reader(card: &str) -> Value {
    json!({ "__typename": "Reader", "card": card, "name": "N", "town": null })
}

/// The bytes of an HTTP response: a valid one, one with invalid components, or arbitrary bytes.
fn reply(mut body: Value, source: &mut ByteSource<'_>, broken: usize) -> Vec<u8> {
    let mut status = "200 OK";
    let mut media = "application/json";
    if source.one_in(8) {
        status =
            *source.pick(&["500 Oops", "204 No Content", "404 Not Found", "302 Found", "200 OK"]);
        media = *source.pick(&["text/html", "application/graphql-response+json", "", "x/json"]);
    }
    for _ in 0..source.below(4) {
        damage(&mut body, source, 0);
    }
    if let (Value::Object(fields), true) = (&mut body, source.one_in(4)) {
        fields.insert("errors".to_owned(), anything(source, 0));
    }
    let body = match broken {
        0 => body.to_string().into_bytes(),
        1 => {
            let mut bytes = body.to_string().into_bytes();
            bytes.truncate(source.below(bytes.len() + 1));
            bytes
        }
        _ => source.bytes(512).to_vec(),
    };
    let mut message = format!(
        "HTTP/1.1 {status}\r\ncontent-type: {media}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    )
    .into_bytes();
    message.extend(body);
    message
}

/// Replaces a random element of a value.
fn damage(value: &mut Value, source: &mut ByteSource<'_>, depth: usize) {
    if depth > 5 || source.one_in(5) {
        *value = anything(source, 0);
        return;
    }
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            let number = source.below(fields.len());
            let key = fields.keys().nth(number).cloned().unwrap_or_default();
            if source.one_in(6) {
                fields.remove(&key);
            } else {
                damage(&mut fields[&key], source, depth + 1);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            let number = source.below(items.len());
            match source.below(6) {
                0 => drop(items.remove(number)),
                1 => items.push(items[number].clone()),
                _ => damage(&mut items[number], source, depth + 1),
            }
        }
        leaf => *leaf = anything(source, 0),
    }
}

/// An arbitrary value, often one that looks like an error.
fn anything(source: &mut ByteSource<'_>, depth: usize) -> Value {
    match source.below(if depth > 3 { 6 } else { 9 }) {
        0 => Value::Null,
        1 => json!(source.number()),
        2 => json!(source.below(2) == 0),
        3 => json!(1.5e300),
        4 => json!(source.text(12)),
        5 => {
            json!(*source.pick(&[
                "loans",
                "_entities",
                "reader",
                "name",
                "Reader",
                "Loan",
                "",
                "?"
            ]))
        }
        6 => (0..source.below(4)).map(|_| anything(source, depth + 1)).collect(),
        7 => json!([{ "message": anything(source, depth + 1), "path": anything(source, depth + 1),
            "extensions": anything(source, depth + 1) }]),
        _ => {
            json!({ "__typename": anything(source, depth + 1), "card": anything(source, depth + 1),
            "reader": anything(source, depth + 1) })
        }
    }
}
