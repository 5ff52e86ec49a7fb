//! Questions over a supergraph: those that are drawn must be answered as by one service, all others
//! answered or refused, and nothing is a fault of ours.

use gateway::pipeline::Outcome;
use serde_json::{Value, json};

use crate::{support::Dice, town::TOWN};

/// Checks the question that bytes choose, or the document that they are.
pub fn check(bytes: &[u8]) {
    match bytes.split_first() {
        Some((0..128, choices)) => drawn(choices),
        Some((_, text)) => any(&String::from_utf8_lossy(text)),
        None => any(""),
    }
}

/// Draws a question, and compares.
pub fn drawn(choices: &[u8]) {
    let expected = TOWN.question(&mut Dice::of(choices));
    match TOWN.answer(&expected.query, &expected.variables) {
        Outcome::Whole(body) => {
            let answer = String::from_utf8_lossy(&body);
            assert_eq!(answer, expected.answer, "{expected:#?}");
        }
        other => assert_eq!(other.code(), "LIMIT_EXCEEDED", "{other:?}: {expected:#?}"),
    }
}

fn any(text: &str) {
    let outcome = TOWN.answer(text, &json!({ "v0": 1, "v1": true, "v2": "a", "v3": null }));
    match &outcome {
        Outcome::Whole(body) => {
            let body: Value = serde_json::from_slice(body).expect("an answer is JSON");
            assert!(body["data"].is_object(), "{text:?}: {body}");
        }
        Outcome::Refused { errors, .. } => assert!(!errors.is_empty(), "{text:?}"),
        outcome => panic!("{text:?}: {outcome:?}"),
    }
}
