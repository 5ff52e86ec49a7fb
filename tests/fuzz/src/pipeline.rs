//! GraphQL documents through the whole pipeline: every document must be executed or rejected
//! without an internal error.
//!
//! If the first byte is below 8, the document is generated from the bytes. Otherwise the bytes are
//! the document itself, optionally followed by a zero byte and its variables as JSON.

use async_graphql_parser::parse_query;
use gateway::pipeline::{CacheScope, DocumentRef, GraphqlRequest, Outcome, ServedResponse};
use serde_json::Value;

use crate::{
    byte_source::ByteSource,
    demo::{DEMO, Demo},
    document::{self, Document},
};

/// Checks the document that the bytes contain or generate.
pub fn check(bytes: &[u8]) {
    let demo = &*DEMO;
    let document = read(bytes, demo);
    let uncached = execute(demo, &document, CacheScope::Private);
    assert_valid(&uncached.outcome, &document);
    // A second execution, with the response cache, must yield the same response.
    let cached = execute(demo, &document, CacheScope::Public);
    assert_valid(&cached.outcome, &document);
    match (&uncached.outcome, &cached.outcome) {
        (Outcome::Complete(uncached), Outcome::Complete(cached)) => {
            assert_eq!(uncached, cached, "{document:?}");
        }
        (uncached, cached) => assert_eq!(uncached.code(), cached.code(), "{document:?}"),
    }
}

/// The document that the bytes contain or generate.
pub fn read(bytes: &[u8], demo: &Demo) -> Document {
    if let Some((0..8, choices)) = bytes.split_first() {
        let mut source = ByteSource::new(choices);
        let mut document = document::generate(&mut source, demo);
        if source.one_in(16) {
            damage(&mut document.text, &mut source);
        }
        return document;
    }
    let text = String::from_utf8_lossy(bytes);
    let (text, variables) = match text.split_once('\0') {
        Some((text, variables)) => (text, serde_json::from_str(variables).unwrap_or_default()),
        None => (&*text, document::default_variables(demo)),
    };
    Document { text: text.to_owned(), variables }
}

/// Replaces a few bytes.
fn damage(text: &mut String, source: &mut ByteSource<'_>) {
    let from = text.floor_char_boundary(source.below(text.len() + 1));
    let to = text.floor_char_boundary((from + source.below(8)).min(text.len()));
    let piece = match source.below(3) {
        0 => String::new(),
        1 => source
            .pick(&["{", "}", "(", ")", "[", "]", "\"", "\"\"\"", "...", "$", "@", "#"])
            .to_string(),
        _ => source.text(8),
    };
    text.replace_range(from..to, &piece);
}

/// Executes a document.
pub fn execute(demo: &Demo, document: &Document, cache_scope: CacheScope) -> ServedResponse {
    let request = GraphqlRequest {
        document: DocumentRef::Inline(document.text.clone()),
        variables: serde_json::from_value(document.variables.clone()).unwrap_or_default(),
        cache_scope,
        ..GraphqlRequest::default()
    };
    demo.runtime.block_on(demo.pipeline.handle(request))
}

/// Checks an outcome.
fn assert_valid(outcome: &Outcome, document: &Document) {
    let errors = match outcome {
        Outcome::Complete(body) => {
            let body: Value = serde_json::from_slice(body).expect("a response is JSON");
            assert!(
                body["data"].is_object() && body.get("errors").is_none(),
                "{body} {document:?}"
            );
            // Another parser must accept the document as well.
            assert!(parse_query(&document.text).is_ok(), "{document:?}");
            return;
        }
        Outcome::Partial { response, .. } => &response.errors,
        Outcome::Rejected { errors, .. } => errors,
        Outcome::NotModified | Outcome::MethodNotAllowed(_) | Outcome::Failed(_) => {
            panic!("{outcome:?}: {document:?}")
        }
    };
    assert!(!errors.is_empty(), "{document:?}");
    for error in errors {
        let code = error.error.code.name();
        let expected = [
            "GRAPHQL_PARSE_FAILED",
            "GRAPHQL_VALIDATION_FAILED",
            "OPERATION_RESOLUTION_FAILURE",
            "BAD_USER_INPUT",
            "LIMIT_EXCEEDED",
            "NOT_FOUND",
        ];
        assert!(expected.contains(&code), "{error:?}: {document:?}");
        assert!(error.error.message.len() < 600, "a long message: {error:?}");
    }
}
