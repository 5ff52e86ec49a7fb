//! Search queries that are long or hard to read, on every interface that reads them.

use serde_json::{Value, json};

use super::{HostileRequest, LIMIT, VALID, query_request};
use crate::{connection::Request, operations::post};

/// Texts that are repeated to form a query: unmatched brackets and quotes, operators without
/// operands, prefixes of fields and of words.
const REPEATED: [&str; 14] = [
    "a(",
    "(",
    ")",
    "(a ",
    "\"",
    "\"a ",
    "„a“",
    "-",
    "-(",
    "OR ",
    "titel:",
    "titel:\"a",
    "a* ",
    "brief ",
];

/// Size of an oversized query in a variable: `a(` 60,000 times. JSON doubles quotation marks, so
/// that every query fits `request_bytes_max`.
const VARIABLE_BYTES: usize = 120_000;
/// Size of an oversized query in a document, where a quotation mark takes four bytes.
const DOCUMENT_BYTES: usize = 60_000;
/// Size of an oversized query in a URL, where a byte takes up to three; the server accepts URLs of
/// 64 KiB.
const URL_BYTES: usize = 18_000;
/// Size of a query that is searched for: `search_query_bytes_max`.
const SEARCHED_BYTES: usize = 1_000;

const SEARCH: &str = "query Q($q: String) { search(query: $q) { totalCount } }";
const SUGGEST: &str = "query Q($q: String!) { suggest(prefix: $q) { text } }";

/// All kinds of requests with hostile search queries. Errors of fields come with status 200, and
/// pages have no code.
pub(super) const KINDS: &[HostileRequest] = &[
    HostileRequest::new("an oversized query in a variable", 200, LIMIT, in_variable),
    HostileRequest::new("an oversized query in a document", 200, LIMIT, in_document),
    HostileRequest::new("an oversized query of a page", 400, VALID, in_url),
    HostileRequest::new("a long query", 200, VALID, long),
    HostileRequest::new("a long query of a page", 200, VALID, long_in_url),
    HostileRequest::new("an oversized prefix", 200, LIMIT, prefix),
    HostileRequest::new("an oversized prefix in a URL", 200, VALID, prefix_in_url),
];

fn in_variable(number: usize) -> Request {
    variable(SEARCH, &text(number, VARIABLE_BYTES))
}

fn in_document(number: usize) -> Request {
    // A JSON string is a GraphQL string as well.
    let query = Value::String(text(number, DOCUMENT_BYTES));
    query_request(&format!("{{ search(query: {query}) {{ totalCount }} }}"))
}

fn in_url(number: usize) -> Request {
    page("/", &text(number, URL_BYTES))
}

fn long(number: usize) -> Request {
    variable(SEARCH, &text(number, SEARCHED_BYTES))
}

fn long_in_url(number: usize) -> Request {
    page("/en", &text(number, SEARCHED_BYTES))
}

fn prefix(number: usize) -> Request {
    variable(SUGGEST, &text(number, VARIABLE_BYTES))
}

fn prefix_in_url(number: usize) -> Request {
    page("/suggest", &text(number, URL_BYTES))
}

fn variable(query: &str, value: &str) -> Request {
    post(&json!({ "query": query, "variables": { "q": value } }))
}

fn page(path: &str, query: &str) -> Request {
    let query: String = url::form_urlencoded::byte_serialize(query.as_bytes()).collect();
    Request::get(&format!("{path}?q={query}"), "text/html")
}

/// A query of at most `bytes_max` bytes: its number, and repetitions of one text or distinct words.
fn text(number: usize, bytes_max: usize) -> String {
    let piece = |n: usize| match REPEATED.get(number % (REPEATED.len() + 1)) {
        Some(text) => (*text).to_owned(),
        None => format!("w{} ", number + n),
    };
    let mut text = format!("{number} ");
    let mut next = piece(0);
    for n in 1.. {
        if text.len() + next.len() > bytes_max {
            break;
        }
        text += &next;
        next = piece(n);
    }
    text
}
