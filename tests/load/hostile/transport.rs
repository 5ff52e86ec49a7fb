//! Requests that break a rule of HTTP, or of GraphQL over HTTP.

use serde_json::json;

use super::{HostileRequest, LIMIT, query_request};
use crate::{connection::Request, operations::post};

const BAD_REQUEST: &str = "BAD_REQUEST";
const NOT_ALLOWED: &str = "METHOD_NOT_ALLOWED";
const UNKNOWN_HASH: &str = "PERSISTED_QUERY_NOT_FOUND";
const OTHER_HASH: &str = "PERSISTED_QUERY_HASH_MISMATCH";

/// All kinds of requests that break a rule.
pub(super) const KINDS: &[HostileRequest] = &[
    HostileRequest::new("an oversized body", 413, LIMIT, oversized_body),
    HostileRequest::new("a batch", 400, BAD_REQUEST, batch),
    HostileRequest::new("a body that is not JSON", 400, BAD_REQUEST, other_body),
    HostileRequest::new("an unsupported content type", 415, BAD_REQUEST, unsupported_content_type),
    HostileRequest::new("an unsupported accept", 406, BAD_REQUEST, unsupported_accept),
    HostileRequest::new("another method", 405, NOT_ALLOWED, another_method),
    HostileRequest::new("an unknown hash", 200, UNKNOWN_HASH, unknown_hash),
    HostileRequest::new("the hash of another document", 400, OTHER_HASH, other_hash),
];

/// The start of a request that is never completed.
pub(crate) const PARTIAL_REQUEST: &str = "POST /graphql HTTP/1.1\r\nhost: wegwijzer.example\r\n\
    content-type: application/json\r\ncontent-length: 400\r\n\r\n{\"query\":";

fn oversized_body(number: usize) -> Request {
    let words = format!("{number} {}", "x".repeat(300_000));
    post(&json!({ "query": "{ __typename }", "variables": { "q": words } }))
}

fn batch(number: usize) -> Request {
    post(&json!([{ "query": format!("{{ x{number}: __typename }}") }]))
}

fn other_body(number: usize) -> Request {
    let body = format!("{{\"query\": {number}{}", "\\".repeat(200_000)).into_bytes();
    Request { body, ..query_request("") }
}

fn unsupported_content_type(number: usize) -> Request {
    let headers = "content-type: text/plain\r\n".to_owned();
    Request { headers, ..query_request(&format!("{{ x{number}: __typename }}")) }
}

fn unsupported_accept(number: usize) -> Request {
    let headers = "content-type: application/json\r\naccept: text/html\r\n".to_owned();
    Request { headers, ..query_request(&format!("{{ x{number}: __typename }}")) }
}

fn another_method(number: usize) -> Request {
    Request {
        line: "PUT /graphql".to_owned(),
        ..query_request(&format!("{{ x{number}: __typename }}"))
    }
}

fn unknown_hash(number: usize) -> Request {
    let extension = json!({ "version": 1, "sha256Hash": format!("{number:064x}") });
    post(&json!({ "extensions": { "persistedQuery": extension } }))
}

fn other_hash(number: usize) -> Request {
    let extension = json!({ "version": 1, "sha256Hash": format!("{number:064x}") });
    let query = "{ __typename }";
    post(&json!({ "query": query, "extensions": { "persistedQuery": extension } }))
}
