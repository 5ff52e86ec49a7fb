//! GraphQL documents that are deep, wide or repetitive.
//!
//! Each document contains its number, so that neither the response nor the parsed document is
//! cached.

use serde_json::Value;

use super::{HostileRequest, LIMIT, VALID, query_request};
use crate::{connection::Request, operations::post};

const INVALID: &str = "GRAPHQL_VALIDATION_FAILED";

/// All kinds of hostile documents.
pub(super) const KINDS: &[HostileRequest] = &[
    HostileRequest::new("too deep", 400, LIMIT, too_deep),
    HostileRequest::new("never closed", 400, LIMIT, never_closed),
    HostileRequest::new("nested lists", 400, LIMIT, nested_lists),
    HostileRequest::new("nested objects", 400, LIMIT, nested_objects),
    HostileRequest::new("nested types", 400, LIMIT, nested_types),
    HostileRequest::new("nested variables", 400, LIMIT, nested_variables),
    HostileRequest::new("too many aliases", 400, LIMIT, too_many_aliases),
    HostileRequest::new("thousands of aliases", 400, LIMIT, thousands_of_aliases),
    HostileRequest::new("too complex", 400, LIMIT, too_complex),
    HostileRequest::new("a field 3,900 times", 200, VALID, repeated_field),
    HostileRequest::new("a field 20,000 times", 400, LIMIT, too_many_tokens),
    HostileRequest::new("doubling fragments", 400, LIMIT, doubling_fragments),
    HostileRequest::new("fewer doubling fragments", 200, VALID, fewer_doubling_fragments),
    HostileRequest::new("a cycle of fragments", 400, LIMIT, fragment_cycle),
    HostileRequest::new("hundreds of directives", 400, LIMIT, directives),
    HostileRequest::new("circular introspection", 400, LIMIT, circular_introspection),
    HostileRequest::new("an unknown field", 400, INVALID, unknown_field),
    HostileRequest::new("thousands of unknown fields", 400, INVALID, unknown_fields),
    HostileRequest::new("a syntax error", 400, "GRAPHQL_PARSE_FAILED", syntax_error),
];

fn too_deep(number: usize) -> Request {
    let deep = format!("{}x{number}: id{}", "broader { ".repeat(20), "}".repeat(20));
    query_request(&format!("{{ themes {{ nodes {{ {deep} }} }} }}"))
}

fn never_closed(number: usize) -> Request {
    query_request(&format!("{{ x{number} {}", "{a".repeat(20_000)))
}

fn nested_lists(number: usize) -> Request {
    let list = "[".repeat(50_000) + &"]".repeat(50_000);
    query_request(&format!("{{ x{number}: nodes(ids: {list}) {{ id }} }}"))
}

fn nested_objects(number: usize) -> Request {
    let object = "{a: ".repeat(20_000) + "1" + &"}".repeat(20_000);
    query_request(&format!("{{ x{number}: search(filter: {object}) {{ totalCount }} }}"))
}

fn nested_types(number: usize) -> Request {
    let list = "[".repeat(20_000) + "Int" + &"]".repeat(20_000);
    query_request(&format!("query($a: {list}) {{ x{number}: __typename }}"))
}

/// Nested JSON as text: a [`Value`] of this depth would overflow our own stack.
fn nested_variables(number: usize) -> Request {
    let list = "[".repeat(50_000) + &"]".repeat(50_000);
    let query = format!("{{ x{number}: __typename }}");
    let body = format!(r#"{{"query":"{query}","variables":{{"a":{list}}}}}"#).into_bytes();
    Request { body, ..post(&Value::Null) }
}

fn too_many_aliases(number: usize) -> Request {
    let aliases: Vec<String> = (0..60).map(|n| format!("a{}: generation", number + n)).collect();
    query_request(&format!("{{ catalog {{ {} }} }}", aliases.join(" ")))
}

fn thousands_of_aliases(number: usize) -> Request {
    let aliases: Vec<String> = (0..9_000).map(|n| format!("a{}: __typename", number + n)).collect();
    query_request(&format!("{{ {} }}", aliases.join(" ")))
}

fn too_complex(number: usize) -> Request {
    let articles = format!("articles(first: 100) {{ nodes {{ x{number}: id }} }}");
    query_request(&format!("{{ communities(first: 100) {{ nodes {{ {articles} }} }} }}"))
}

/// Within `tokens_max` and `complexity_max`.
fn repeated_field(number: usize) -> Request {
    let fields = format!("x{number}: id {}", "title ".repeat(3_900));
    query_request(&format!("{{ search(first: 2) {{ nodes {{ {fields} }} }} }}"))
}

fn too_many_tokens(number: usize) -> Request {
    let fields = format!("x{number}: id {}", "title ".repeat(20_000));
    query_request(&format!("{{ search(first: 2) {{ nodes {{ {fields} }} }} }}"))
}

fn doubling_fragments(number: usize) -> Request {
    let fragments = fragments("Query", 40);
    let last = format!("fragment f40 on Query {{ x{number}: __typename }}");
    query_request(&format!("{{ ...f0 }} {fragments} {last}"))
}

/// Within `complexity_max`: 2,048 fields. The only alias is outside the fragments, which would
/// multiply it beyond `aliases_max`.
fn fewer_doubling_fragments(number: usize) -> Request {
    let fragments = fragments("Catalog", 11);
    let last = "fragment f11 on Catalog { generation }";
    query_request(&format!("{{ x{number}: catalog {{ ...f0 }} }} {fragments} {last}"))
}

/// Fragments on a type that spread the next one twice each, from 0 to `count`.
fn fragments(type_name: &str, count: usize) -> String {
    let fragments: Vec<String> = (0..count)
        .map(|n| format!("fragment f{n} on {type_name} {{ ...f{0} ...f{0} }}", n + 1))
        .collect();
    fragments.join(" ")
}

fn fragment_cycle(number: usize) -> Request {
    let first = format!("fragment a on Query {{ x{number}: __typename ...b }}");
    query_request(&format!("{{ ...a }} {first} fragment b on Query {{ ...a }}"))
}

fn directives(number: usize) -> Request {
    let directives = "@include(if: true) ".repeat(500);
    query_request(&format!("{{ x{number}: __typename {directives} }}"))
}

fn circular_introspection(number: usize) -> Request {
    let round = "fields { type { fields { type { fields { name } } } } }";
    query_request(&format!("{{ x{number}: __schema {{ types {{ {round} }} }} }}"))
}

fn unknown_field(number: usize) -> Request {
    query_request(&format!("{{ unknown{number} }}"))
}

/// For each, the server looks for a similar field.
fn unknown_fields(number: usize) -> Request {
    let fields: Vec<String> = (0..3_000).map(|n| format!("generatio{}", number + n)).collect();
    query_request(&format!("{{ catalog {{ {} }} }}", fields.join(" ")))
}

fn syntax_error(number: usize) -> Request {
    query_request(&format!("{{ search(query: {number} }}"))
}
