//! Operations over a supergraph. The response to a generated operation must equal that of a single
//! service; any other operation must be executed or rejected without an internal error.

use gateway::pipeline::Outcome;
use serde_json::{Value, json};

use crate::{support::Rng, town::TOWN};

/// Checks an operation generated from the bytes, or the bytes as a document.
pub fn check(bytes: &[u8]) {
    match bytes.split_first() {
        Some((0..128, choices)) => check_generated(choices),
        Some((_, text)) => check_document(&String::from_utf8_lossy(text)),
        None => check_document(""),
    }
}

/// Generates an operation and compares the responses.
pub fn check_generated(choices: &[u8]) {
    let expected = TOWN.generate(&mut Rng::from_bytes(choices));
    match TOWN.execute(&expected.query, &expected.variables) {
        Outcome::Complete(body) => {
            let response = String::from_utf8_lossy(&body);
            assert_eq!(response, expected.response, "{expected:#?}");
        }
        other => assert_eq!(other.code(), "LIMIT_EXCEEDED", "{other:?}: {expected:#?}"),
    }
}

fn check_document(text: &str) {
    let outcome = TOWN.execute(text, &json!({ "v0": 1, "v1": true, "v2": "a", "v3": null }));
    match &outcome {
        Outcome::Complete(body) => {
            let body: Value = serde_json::from_slice(body).expect("a response is JSON");
            assert!(body["data"].is_object(), "{text:?}: {body}");
        }
        Outcome::Rejected { errors, .. } => assert!(!errors.is_empty(), "{text:?}"),
        outcome => panic!("{text:?}: {outcome:?}"),
    }
}
