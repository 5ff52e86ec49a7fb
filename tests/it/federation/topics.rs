//! What a federation gateway must be able to do, topic by topic: `fixtures/federation/TOPIC.toml` holds
//! subgraphs, their data, questions and answers; `TOPIC.graphql` the supergraph, composed by Apollo's
//! composer from the schemas in it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Gateway, at_addresses, subgraph::Subgraph, supergraph};
use crate::support::repository;

#[derive(Deserialize)]
struct Topic {
    subgraph: BTreeMap<String, Given>,
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    /// What the supergraph was composed from.
    #[expect(dead_code, reason = "for the composer")]
    sdl: String,
    /// As JSON.
    data: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    query: String,
    /// As JSON.
    variables: Option<String>,
    /// The data of the answer, to the letter: the order of its fields, too.
    data: String,
    /// Paths of errors, as JSON.
    errors: Option<String>,
    /// Questions to subgraphs.
    calls: usize,
}

fn check(topic: &str) {
    let file = repository().join(format!("fixtures/federation/{topic}.toml"));
    let given: Topic = toml::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let subgraphs: Vec<(String, Subgraph)> = given
        .subgraph
        .iter()
        .map(|(name, given)| {
            let data: Value = serde_json::from_str(&given.data)
                .unwrap_or_else(|error| panic!("{topic}, {name}: {error}"));
            (name.clone(), Subgraph::of(data))
        })
        .collect();
    let addresses = subgraphs.iter().map(|(name, subgraph)| (name.clone(), subgraph.address));
    let gateway = Gateway::over(&at_addresses(&supergraph(topic), addresses));
    let calls = || subgraphs.iter().map(|(_, subgraph)| subgraph.asked().len()).sum::<usize>();
    for (number, case) in given.case.iter().enumerate() {
        let variables = case.variables.as_deref().unwrap_or("{}");
        let variables: Value = serde_json::from_str(variables).unwrap();
        let before = calls();
        let reply = gateway.post(&json!({ "query": case.query, "variables": variables }));
        let made = calls() - before;
        let context = || {
            let asked: Vec<_> = subgraphs
                .iter()
                .flat_map(|(name, subgraph)| {
                    subgraph.asked().into_iter().map(move |asked| format!("{name} {}", asked.body))
                })
                .collect();
            format!("{topic}, case {number}: {}\n{reply:?}\n{asked:#?}", case.query)
        };
        let expected = ordered(&case.data);
        let body = reply.body.as_str();
        let data = body.find("\"data\":").map(|at| &body[at + 7..]).unwrap_or_default();
        assert!(data.starts_with(&expected), "expected {expected}\n{}", context());
        let errors = reply.json()["errors"].as_array().cloned().unwrap_or_default();
        let paths: Value = errors.iter().map(|error| error["path"].clone()).collect();
        let expected: Value = serde_json::from_str(case.errors.as_deref().unwrap_or("[]")).unwrap();
        assert_eq!(paths, expected, "{}", context());
        assert_eq!(made, case.calls, "calls; {}", context());
    }
}

/// JSON without the blanks between its parts, and with its fields in the order in which they are.
fn ordered(json: &str) -> String {
    let mut text = String::new();
    let mut in_text = false;
    let mut escaped = false;
    for character in json.chars() {
        if in_text || !character.is_whitespace() {
            text.push(character);
        }
        if character == '"' && !escaped {
            in_text = !in_text;
        }
        escaped = character == '\\' && !escaped;
    }
    text
}

macro_rules! topics {
    ($($topic:ident),* $(,)?) => {
        $(#[test]
        fn $topic() {
            check(stringify!($topic));
        })*
    };
}

topics! {
    simple_entity_call,
    requires_and_provides,
    requires_chain,
    requires_with_arguments,
    interface_objects,
    unions,
    null_keys,
    mutations,
    include_and_skip,
    overrides,
    inaccessible,
    abstract_types,
    keys,
    aliases,
    shared_root,
    provides_everywhere,
    enums_and_inputs,
    reentry,
    requires_hard,
    federation_one,
    node,
    parent_entity_call,
    complex_entity_call,
    circular_interfaces,
    child_type_mismatch,
    partial_unions,
    override_with_requires,
    requires_interface,
    interface_object_chain,
}
