//! Hostile requests, and the documented responses to them.

use serde_json::json;

use crate::{connection::Request, operations::post};

/// A kind of hostile request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HostileRequest {
    /// Name of the attack.
    pub(crate) name: &'static str,
    /// Expected status, except for 503.
    pub(crate) status: u16,
    /// Expected `extensions.code` of the first error; empty if the request is valid.
    pub(crate) code: &'static str,
    /// Creates the request for a number.
    pub(crate) request: fn(usize) -> Request,
}

const LIMIT: &str = "LIMIT_EXCEEDED";
const BAD: &str = "BAD_REQUEST";

/// All kinds of hostile requests.
pub(crate) const HOSTILE: &[HostileRequest] = &[
    HostileRequest { name: "too deep", status: 400, code: LIMIT, request: too_deep },
    HostileRequest { name: "never closed", status: 400, code: LIMIT, request: never_closed },
    HostileRequest {
        name: "too many aliases",
        status: 400,
        code: LIMIT,
        request: too_many_aliases,
    },
    HostileRequest { name: "too complex", status: 400, code: LIMIT, request: too_complex },
    HostileRequest {
        name: "doubling fragments",
        status: 400,
        code: LIMIT,
        request: doubling_fragments,
    },
    HostileRequest { name: "a syntax error", status: 400, code: BAD, request: syntax_error },
    HostileRequest { name: "an unknown field", status: 400, code: BAD, request: unknown_field },
    HostileRequest { name: "a huge variable", status: 200, code: "", request: huge_variable },
    HostileRequest { name: "an oversized body", status: 413, code: LIMIT, request: oversized_body },
    HostileRequest { name: "a batch", status: 400, code: BAD, request: batch },
    HostileRequest {
        name: "an unsupported content type",
        status: 415,
        code: BAD,
        request: unsupported_content_type,
    },
    HostileRequest {
        name: "an unsupported accept",
        status: 406,
        code: BAD,
        request: unsupported_accept,
    },
    HostileRequest { name: "another method", status: 405, code: BAD, request: another_method },
    HostileRequest {
        name: "an unknown hash",
        status: 400,
        code: "PERSISTED_QUERY_NOT_FOUND",
        request: unknown_hash,
    },
];

/// The start of a request that is never completed.
pub(crate) const PARTIAL_REQUEST: &str = "POST /graphql HTTP/1.1\r\nhost: wegwijzer.example\r\n\
    content-type: application/json\r\ncontent-length: 400\r\n\r\n{\"query\":";

fn query_request(query: &str) -> Request {
    post(&json!({ "query": query }))
}

fn too_deep(number: usize) -> Request {
    let deep = format!("{}x{number}: id{}", "broader { ".repeat(20), "}".repeat(20));
    query_request(&format!("{{ themes {{ {deep} }} }}"))
}

fn never_closed(number: usize) -> Request {
    query_request(&format!("{{ x{number} {}", "{a".repeat(20_000)))
}

fn too_many_aliases(number: usize) -> Request {
    let aliases: Vec<String> = (0..60).map(|n| format!("a{}: generation", number + n)).collect();
    query_request(&format!("{{ catalog {{ {} }} }}", aliases.join(" ")))
}

fn too_complex(number: usize) -> Request {
    let articles = format!("articles(first: 100) {{ nodes {{ x{number}: id }} }}");
    query_request(&format!("{{ communities(first: 100) {{ nodes {{ {articles} }} }} }}"))
}

fn doubling_fragments(number: usize) -> Request {
    let doubling: Vec<String> =
        (0..40).map(|n| format!("fragment f{n} on Query {{ ...f{0} ...f{0} }}", n + 1)).collect();
    let last = format!("fragment f40 on Query {{ x{number}: __typename }}");
    query_request(&format!("{{ ...f0 }} {} {last}", doubling.join(" ")))
}

fn syntax_error(number: usize) -> Request {
    query_request(&format!("{{ search(query: {number} }}"))
}

fn unknown_field(number: usize) -> Request {
    query_request(&format!("{{ unknown{number} }}"))
}

fn huge_variable(number: usize) -> Request {
    let query = "query Q($q: String) { search(query: $q) { totalCount } }";
    let words = format!("{number} {}", "brief ".repeat(30_000));
    post(&json!({ "query": query, "variables": { "q": words } }))
}

fn oversized_body(number: usize) -> Request {
    let words = format!("{number} {}", "x".repeat(300_000));
    post(&json!({ "query": "{ __typename }", "variables": { "q": words } }))
}

fn batch(number: usize) -> Request {
    post(&json!([{ "query": format!("{{ x{number}: __typename }}") }]))
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
