//! Tests of documents that are within the token limit but as expensive as possible.

use std::{fmt::Write, time::Instant};

use super::*;
use crate::compose::{InaccessibleFields, SubgraphSdl, compose};

/// Default maximum number of tokens of a document (`tokens_max`).
const TOKENS: usize = 4_000;

fn supergraph() -> Supergraph {
    let sdl = "type Query { a(x: Int, i: I): Int t: T n: N ns: [N!] text: String }
        type T implements N { a(x: Int): Int t: T n: N b: String }
        type S implements N { a(x: Int): Int t: T n: N c: String b: Int }
        interface N { a(x: Int): Int t: T n: N } input I { a: Int i: I }";
    let subgraph = SubgraphSdl {
        name: "one".to_owned(),
        url: "http://one.test/".to_owned(),
        sdl: sdl.to_owned(),
        mapping: None,
        inaccessible_fields: InaccessibleFields::Hidden,
    };
    Supergraph::load(&compose(&[subgraph]).unwrap()).unwrap()
}

fn plan(supergraph: &Supergraph, text: &str, timeout: Duration) -> Result<Plan, PlanError> {
    let key = OperationKey { source: text.into(), name: None, conditions: Vec::new() };
    OperationPlanner::new(timeout).plan(supergraph, &key, &supergraph.auth_rules().all_grants())
}

/// Documents of about [`TOKENS`] tokens, by what is repeated.
fn documents() -> impl Iterator<Item = (&'static str, String)> {
    repeated_fields().into_iter().chain(repeated_fragments()).chain(repeated_inputs())
}

/// Concatenates the texts of the numbers from 0 to `count - 1`.
fn repeated(count: usize, text: &dyn Fn(usize) -> String) -> String {
    (0..count).fold(String::new(), |mut all, number| {
        write!(all, "{} ", text(number)).unwrap();
        all
    })
}

fn repeated_fields() -> Vec<(&'static str, String)> {
    vec![
        ("one field", format!("{{ {} }}", "text ".repeat(TOKENS - 10))),
        ("one field with an argument", format!("{{ {} }}", "a(x: 1) ".repeat(TOKENS / 6))),
        (
            "differing arguments",
            format!("{{ {} }}", repeated(TOKENS / 6, &|n| format!("a(x: {n})"))),
        ),
        ("objects", format!("{{ {} }}", "t { a t { a } } ".repeat(TOKENS / 8))),
        (
            "conflicts in objects",
            format!("{{ {} }}", repeated(TOKENS / 12, &|n| format!("t {{ t {{ a(x: {n}) }} }}"))),
        ),
        ("aliases", format!("{{ {} }}", repeated(TOKENS / 3, &|n| format!("x{n}: a")))),
        ("one alias for two fields", format!("{{ {} }}", "x: a x: text ".repeat(TOKENS / 6))),
        ("inline fragments", format!("{{ {} }}", "... { text } ".repeat(TOKENS / 4))),
        (
            "inline fragments on types",
            format!("{{ n {{ {} }} }}", "... on T { a } ... on S { a } ".repeat(TOKENS / 12)),
        ),
        (
            "shapes of types",
            format!("{{ n {{ {} }} }}", "... on T { b } ... on S { b } ".repeat(TOKENS / 12)),
        ),
    ]
}

fn repeated_fragments() -> Vec<(&'static str, String)> {
    let fragments = |count: usize, link: &dyn Fn(usize) -> String| {
        repeated(count, &|n| format!("fragment f{n} on T {{ {} }}", link(n)))
    };
    vec![
        (
            "one fragment, often",
            format!("{{ t {{ {} }} }} fragment f on T {{ a }}", "...f ".repeat(TOKENS / 2 - 10)),
        ),
        (
            "many fragments",
            format!(
                "{{ t {{ {} }} }} {}",
                repeated(360, &|n| format!("...f{n}")),
                fragments(360, &|_| "a".to_owned())
            ),
        ),
        (
            "fragments in a chain",
            format!(
                "{{ t {{ ...f0 }} }} {}",
                fragments(430, &|n| if n < 429 {
                    format!("...f{}", n + 1)
                } else {
                    "a".to_owned()
                })
            ),
        ),
        (
            "fragments twice each",
            format!(
                "{{ t {{ ...f0 }} }} {}",
                fragments(300, &|n| if n < 299 {
                    format!("t {{ ...f{0} }} n {{ ...f{0} }}", n + 1)
                } else {
                    "a".to_owned()
                })
            ),
        ),
        (
            "fragments nobody spreads",
            format!("{{ text }} {}", fragments(400, &|n| format!("...f{} a", (n + 7) % 400))),
        ),
    ]
}

fn repeated_inputs() -> Vec<(&'static str, String)> {
    vec![
        (
            "variables",
            format!("query A({}) {{ text }}", repeated(TOKENS / 5, &|n| format!("$v{n}: Int"))),
        ),
        (
            "variables that are used",
            format!(
                "query A({}) {{ {} }}",
                repeated(360, &|n| format!("$v{n}: Int")),
                repeated(360, &|n| format!("x{n}: a(x: $v{n})"))
            ),
        ),
        ("arguments", format!("{{ a({}) }}", repeated(TOKENS / 3, &|n| format!("x{n}: 1")))),
        (
            "input fields",
            format!("{{ a(i: {{ {} }}) }}", repeated(TOKENS / 3, &|n| format!("x{n}: 1"))),
        ),
        ("operations", repeated(TOKENS / 6, &|n| format!("query A{n} {{ text }}"))),
        ("directives", format!("{{ text {} }}", "@skip(if: true) ".repeat(TOKENS / 7))),
        ("unknown fields", format!("{{ {} }}", repeated(TOKENS - 10, &|n| format!("unknown{n}")))),
        (
            "unknown types",
            format!("{{ {} }}", repeated(TOKENS / 6, &|n| format!("... on U{n} {{ a }}"))),
        ),
    ]
}

#[test]
fn any_document_within_the_limits_must_be_planned_or_rejected_in_time() {
    let supergraph = supergraph();
    let timeout = Duration::from_secs(2);
    for (what, text) in documents() {
        let started = Instant::now();
        let _ = plan(&supergraph, &text, timeout);
        let elapsed = started.elapsed();
        // Limit of an unoptimised build on a busy machine; a release build takes a tenth of it.
        assert!(elapsed < Duration::from_secs(4), "{what}: {elapsed:?}");
    }
}

#[test]
fn planning_must_stop_at_its_deadline() {
    let (_, text) = &repeated_fields()[0];
    let result = plan(&supergraph(), text, Duration::ZERO);
    assert!(matches!(result, Err(PlanError::NoPlan(PlannerError::Timeout(_)))), "{result:?}");
}

#[test]
fn conflicts_must_be_found_as_specified() {
    let supergraph = supergraph();
    for (text, conflict) in [
        ("{ a a x: a x: a }", None),
        ("{ x: a x: text }", Some("conflicting types")),
        ("{ t { x: a } t { x: a(x: 1) } }", Some("differing arguments")),
        ("{ a(x: 1) a(x: 1) }", None),
        ("{ a(x: 1) a(x: 2) }", Some("differing arguments")),
        ("{ x: t { a } x: n { a } }", Some("\"t\" and \"n\" are different fields")),
        // Objects of different types need only have the same shape.
        ("{ n { ... on T { x: a } ... on S { x: a(x: 1) } } }", None),
        ("{ n { ... on T { x: b } ... on S { x: c } } }", None),
        ("{ n { ... on T { b } ... on S { b } } }", Some("conflicting types")),
        ("{ n { x: a ... on S { x: a(x: 1) } } }", Some("differing arguments")),
        (
            "{ n { ... on T { n { x: t { a } } } ... on S { n { x: a } } } }",
            Some("conflicting types"),
        ),
        ("{ t { ...f } t { x: b } } fragment f on T { x: a }", Some("conflicting types")),
        (
            "{ t { ...f ...g } } fragment f on T { t { x: a } } fragment g on T { t { x: a(x: 1) } }",
            Some("differing"),
        ),
        ("{ n { __typename __typename } x: __typename x: text }", Some("conflicting types")),
    ] {
        let found = match plan(&supergraph, text, Duration::from_secs(5)) {
            Err(PlanError::Invalid(errors)) => errors[0].error.message.clone(),
            _ => String::new(),
        };
        match conflict {
            None => assert_eq!(found, "", "{text}"),
            Some(conflict) => assert!(found.contains(conflict), "{text}: {found}"),
        }
    }
}
