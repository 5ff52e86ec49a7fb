//! Answers of subgraphs: whatever they are, a client gets data that fits the schema, and where it does not
//! get all of it an error that says so.

use std::{
    io::Write,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use gateway::{
    app::App,
    pipeline::{Asked, Outcome, Question, Sharing},
};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::{
    draw::Draw,
    town::{Shapes, gateway, subgraph::Subgraph},
};

/// What is asked, each of both subgraphs.
const QUESTIONS: [&str; 4] = [
    "{ loans { id until reader { card name town } } }",
    "{ readers { card name town } loans { reader { name } } }",
    "{ loan(id: \"1\") { id reader { town } } readers { name } }",
    "{ loans { __typename reader { __typename card town } } }",
];
/// More errors of one answer are not told (`errors_max`).
const ERRORS_MAX: usize = 20;

static HALL: LazyLock<Hall> = LazyLock::new(Hall::build);

/// A gateway before two subgraphs that answer as they are told.
struct Hall {
    runtime: Runtime,
    app: App,
    subgraphs: [Subgraph; 2],
    replies: [Arc<Mutex<Vec<u8>>>; 2],
    shapes: Shapes,
}

impl Hall {
    fn build() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .expect("a runtime");
        let replies: [Arc<Mutex<Vec<u8>>>; 2] = Default::default();
        let subgraphs = replies.clone().map(|reply| {
            Subgraph::answering(move |_, _, stream| {
                let bytes = reply.lock().unwrap_or_else(PoisonError::into_inner).clone();
                let _ = stream.write_all(&bytes);
            })
        });
        let names = ["shelf", "people"].into_iter().zip(&subgraphs);
        let app = gateway("federation/simple_entity_call.graphql", names, &runtime, |config| {
            config.limits.subgraph_failures_max = u32::MAX;
            config.limits.subgraph_retries_max = 0;
            config.limits.subgraph_bytes_max = 65_536;
        });
        let shapes = Shapes::of("federation/simple_entity_call.toml");
        Self { runtime, app, subgraphs, replies, shapes }
    }
}

/// Checks the answers that bytes choose.
pub fn check(bytes: &[u8]) {
    let mut draw = Draw::new(bytes);
    let query = *draw.pick(&QUESTIONS);
    let sound = [
        json!({ "data": {
            "loans": [loan("1", "a"), loan("2", "b"), { "id": "3", "until": null, "reader": null }],
            "loan": loan("1", "a"),
        } }),
        json!({ "data": { "_entities": [reader("a"), reader("b")], "readers": [reader("b")] } }),
    ];
    let broken = draw.below(3);
    let replies = sound.map(|body| reply(body, &mut draw, broken));
    let hall = &*HALL;
    for (place, reply) in hall.replies.iter().zip(&replies) {
        place.lock().unwrap_or_else(PoisonError::into_inner).clone_from(reply);
    }
    let question = Question {
        asked: Asked::Text(query.to_owned()),
        sharing: Sharing::Private,
        ..Question::default()
    };
    let outcome = hall.runtime.block_on(hall.app.pipeline().answer(question)).outcome;
    for subgraph in &hall.subgraphs {
        subgraph.forget();
    }
    let told = || {
        format!(
            "{query} {outcome:?} {:?}",
            replies.each_ref().map(|one| String::from_utf8_lossy(one))
        )
    };
    let (data, errors): (Value, Vec<Value>) = match &outcome {
        Outcome::Whole(body) => {
            let body: Value = serde_json::from_slice(body).expect("an answer is JSON");
            (body["data"].clone(), Vec::new())
        }
        Outcome::Partial { response, .. } => {
            let body = serde_json::to_value(&**response).expect("JSON");
            let errors = body["errors"].as_array().cloned().unwrap_or_default();
            assert!(!errors.is_empty(), "{}", told());
            (body["data"].clone(), errors)
        }
        _ => panic!("{}", told()),
    };
    assert!(errors.len() <= ERRORS_MAX, "{}", told());
    for error in &errors {
        let code = error["extensions"]["code"].as_str().unwrap_or_default();
        assert!(code.starts_with("SUBGRAPH_"), "{error}: {}", told());
    }
    if !data.is_null() {
        assert!(hall.shapes.fit(&data, "Query"), "{}", told());
    }
}

fn loan(id: &str, card: &str) -> Value {
    json!({ "__typename": "Loan", "id": id, "until": "2026-03-01",
        "reader": { "__typename": "Reader", "card": card } })
}

fn reader(card: &str) -> Value {
    json!({ "__typename": "Reader", "card": card, "name": "N", "town": null })
}

/// The bytes of one HTTP answer: a sound one, one with parts that are not, or any bytes.
fn reply(mut body: Value, draw: &mut Draw<'_>, broken: usize) -> Vec<u8> {
    let mut status = "200 OK";
    let mut media = "application/json";
    if draw.one_in(8) {
        status =
            *draw.pick(&["500 Oops", "204 No Content", "404 Not Found", "302 Found", "200 OK"]);
        media = *draw.pick(&["text/html", "application/graphql-response+json", "", "x/json"]);
    }
    for _ in 0..draw.below(4) {
        damage(&mut body, draw, 0);
    }
    if let (Value::Object(fields), true) = (&mut body, draw.one_in(4)) {
        fields.insert("errors".to_owned(), anything(draw, 0));
    }
    let body = match broken {
        0 => body.to_string().into_bytes(),
        1 => {
            let mut bytes = body.to_string().into_bytes();
            bytes.truncate(draw.below(bytes.len() + 1));
            bytes
        }
        _ => draw.bytes(512).to_vec(),
    };
    let mut whole = format!(
        "HTTP/1.1 {status}\r\ncontent-type: {media}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    )
    .into_bytes();
    whole.extend(body);
    whole
}

/// Puts something else somewhere in a value.
fn damage(value: &mut Value, draw: &mut Draw<'_>, depth: usize) {
    if depth > 5 || draw.one_in(5) {
        *value = anything(draw, 0);
        return;
    }
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            let number = draw.below(fields.len());
            let key = fields.keys().nth(number).cloned().unwrap_or_default();
            if draw.one_in(6) {
                fields.remove(&key);
            } else {
                damage(&mut fields[&key], draw, depth + 1);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            let number = draw.below(items.len());
            match draw.below(6) {
                0 => drop(items.remove(number)),
                1 => items.push(items[number].clone()),
                _ => damage(&mut items[number], draw, depth + 1),
            }
        }
        leaf => *leaf = anything(draw, 0),
    }
}

/// Any value, and what looks like an error more often than not.
fn anything(draw: &mut Draw<'_>, depth: usize) -> Value {
    match draw.below(if depth > 3 { 6 } else { 9 }) {
        0 => Value::Null,
        1 => json!(draw.number()),
        2 => json!(draw.below(2) == 0),
        3 => json!(1.5e300),
        4 => json!(draw.text(12)),
        5 => {
            json!(*draw.pick(&["loans", "_entities", "reader", "name", "Reader", "Loan", "", "?"]))
        }
        6 => (0..draw.below(4)).map(|_| anything(draw, depth + 1)).collect(),
        7 => json!([{ "message": anything(draw, depth + 1), "path": anything(draw, depth + 1),
            "extensions": anything(draw, depth + 1) }]),
        _ => json!({ "__typename": anything(draw, depth + 1), "card": anything(draw, depth + 1),
            "reader": anything(draw, depth + 1) }),
    }
}
