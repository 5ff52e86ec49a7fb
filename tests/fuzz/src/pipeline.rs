//! GraphQL documents through the whole pipeline: every one is answered or refused, and none finds a
//! fault of the service.
//!
//! Bytes that begin with one below 8 choose a document out of the contract; any others are the
//! document itself, and after a zero byte its variables as JSON.

use async_graphql_parser::parse_query;
use gateway::pipeline::{Answer, Asked, Outcome, Question, Sharing};
use serde_json::Value;

use crate::{
    demo::{DEMO, Demo},
    document::{self, Document},
    draw::Draw,
};

/// Checks the document that bytes are or choose.
pub fn check(bytes: &[u8]) {
    let demo = &*DEMO;
    let document = read(bytes, demo);
    let made = answer(demo, &document, Sharing::Private);
    is_right(&made.outcome, &document);
    // The same again, out of what is kept or to be kept, must be the same answer.
    let kept = answer(demo, &document, Sharing::Public);
    is_right(&kept.outcome, &document);
    match (&made.outcome, &kept.outcome) {
        (Outcome::Whole(made), Outcome::Whole(kept)) => assert_eq!(made, kept, "{document:?}"),
        (made, kept) => assert_eq!(made.code(), kept.code(), "{document:?}"),
    }
}

/// The document that bytes are or choose.
pub fn read(bytes: &[u8], demo: &Demo) -> Document {
    if let Some((0..8, choices)) = bytes.split_first() {
        let mut draw = Draw::new(choices);
        let mut document = document::drawn(&mut draw, demo);
        if draw.one_in(16) {
            damage(&mut document.text, &mut draw);
        }
        return document;
    }
    let text = String::from_utf8_lossy(bytes);
    let (text, variables) = match text.split_once('\0') {
        Some((text, variables)) => (text, serde_json::from_str(variables).unwrap_or_default()),
        None => (&*text, document::usual_variables(demo)),
    };
    Document { text: text.to_owned(), variables }
}

/// Puts a few bytes in the place of a few others.
fn damage(text: &mut String, draw: &mut Draw<'_>) {
    let from = text.floor_char_boundary(draw.below(text.len() + 1));
    let to = text.floor_char_boundary((from + draw.below(8)).min(text.len()));
    let piece = match draw.below(3) {
        0 => String::new(),
        1 => draw
            .pick(&["{", "}", "(", ")", "[", "]", "\"", "\"\"\"", "...", "$", "@", "#"])
            .to_string(),
        _ => draw.text(8),
    };
    text.replace_range(from..to, &piece);
}

/// What a document is answered.
pub fn answer(demo: &Demo, document: &Document, sharing: Sharing) -> Answer {
    let question = Question {
        asked: Asked::Text(document.text.clone()),
        variables: serde_json::from_value(document.variables.clone()).unwrap_or_default(),
        sharing,
        ..Question::default()
    };
    demo.runtime.block_on(demo.pipeline.answer(question))
}

/// What must hold of any answer.
fn is_right(outcome: &Outcome, document: &Document) {
    let errors = match outcome {
        Outcome::Whole(body) => {
            let body: Value = serde_json::from_slice(body).expect("an answer is JSON");
            assert!(
                body["data"].is_object() && body.get("errors").is_none(),
                "{body} {document:?}"
            );
            // Ours is not the only one that has to read it.
            assert!(parse_query(&document.text).is_ok(), "{document:?}");
            return;
        }
        Outcome::Partial { response, .. } => &response.errors,
        Outcome::Refused { errors, .. } => errors,
        Outcome::NotModified | Outcome::NotAllowed(_) | Outcome::Failed(_) => {
            panic!("{outcome:?}: {document:?}")
        }
    };
    assert!(!errors.is_empty(), "{document:?}");
    for error in errors {
        let code = error.extensions.as_ref().and_then(|extensions| extensions.get("code"));
        let code = code.map(ToString::to_string).unwrap_or_default();
        let known = ["\"BAD_REQUEST\"", "\"LIMIT_EXCEEDED\"", "\"NOT_FOUND\""];
        assert!(known.contains(&code.as_str()), "{error:?}: {document:?}");
        assert!(error.message.len() < 600, "a long message: {error:?}");
    }
}
