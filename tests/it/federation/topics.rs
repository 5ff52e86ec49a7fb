//! Required features of a federation gateway, by topic: `fixtures/federation/FILE.toml` contains
//! subgraphs with their data, operations and expected responses; `FILE.graphql` is the supergraph
//! that Apollo's composition produces from them (`tests/clients/supergraphs.mjs`).
//!
//! Every fetch must be valid for the schema of its subgraph. The number of calls is that of the
//! best plan; a case that needs more has a comment.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Gateway, at_addresses, schema_check::Schema, subgraph::Subgraph, supergraph};
use crate::support::repository;

#[derive(Deserialize)]
pub(super) struct Topic {
    pub(super) subgraph: BTreeMap<String, SubgraphInputs>,
    pub(super) case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SubgraphInputs {
    /// Input of the composition.
    pub(super) sdl: String,
    /// As JSON.
    data: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Case {
    pub(super) query: String,
    /// As JSON.
    variables: Option<String>,
    /// Exact data of the response, including the order of the fields.
    data: Option<String>,
    /// The error code of a rejected operation; its response has no data.
    rejected: Option<String>,
    /// Paths of errors, as JSON.
    errors: Option<String>,
    /// Number of subgraph calls.
    calls: usize,
}

pub(super) fn read(file: &str) -> Topic {
    let path = repository().join(format!("fixtures/federation/{file}.toml"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{file}: {error}"));
    toml::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}"))
}

fn check(file: &str) {
    let topic = read(file);
    let running = RunningTopic::over(&topic, &supergraph(file));
    for (number, case) in topic.case.iter().enumerate() {
        running.check(case).unwrap_or_else(|error| panic!("{file}, case {number}: {error}"));
    }
}

/// A gateway with the subgraphs of a topic.
pub(super) struct RunningTopic {
    schemas: BTreeMap<String, Schema>,
    subgraphs: Vec<(String, Subgraph)>,
    gateway: Gateway,
}

impl RunningTopic {
    /// The gateway serves `supergraph`, with each subgraph NAME at `http://NAME.test/`.
    pub(super) fn over(topic: &Topic, supergraph: &str) -> Self {
        let schemas = topic
            .subgraph
            .iter()
            .map(|(name, subgraph)| (name.clone(), Schema::of(&subgraph.sdl)))
            .collect();
        let subgraphs: Vec<(String, Subgraph)> = topic
            .subgraph
            .iter()
            .map(|(name, subgraph)| {
                let data: Value = serde_json::from_str(&subgraph.data)
                    .unwrap_or_else(|error| panic!("{name}: {error}"));
                (name.clone(), Subgraph::with_data(data))
            })
            .collect();
        let addresses = subgraphs.iter().map(|(name, subgraph)| (name.clone(), subgraph.address));
        let gateway = Gateway::over(&at_addresses(supergraph, addresses));
        Self { schemas, subgraphs, gateway }
    }

    /// Sends the operation of a case, and compares what it expects.
    pub(super) fn check(&self, case: &Case) -> Result<(), String> {
        let variables = case.variables.as_deref().unwrap_or("{}");
        let variables: Value = serde_json::from_str(variables).unwrap();
        let reply = self.gateway.post(&json!({ "query": case.query, "variables": variables }));
        let requests: Vec<(&String, Value)> = self
            .subgraphs
            .iter()
            .flat_map(|(name, subgraph)| {
                subgraph.take_requests().into_iter().map(move |request| (name, request.body))
            })
            .collect();
        let fail =
            |reason: String| Err(format!("{reason}\n{}\n{reply:?}\n{requests:#?}", case.query));
        for (name, body) in &requests {
            let errors = self.schemas[*name].validation_errors(body["query"].as_str().unwrap());
            if !errors.is_empty() {
                return fail(format!("invalid fetch from {name}: {errors:?}"));
            }
        }
        match (&case.data, &case.rejected) {
            (Some(data), None) => {
                let expected = without_whitespace(data);
                let body = reply.body.as_str();
                let data = body.find("\"data\":").map(|at| &body[at + 7..]).unwrap_or_default();
                if !data.starts_with(&expected) {
                    return fail(format!("expected {expected}"));
                }
                let errors = reply.json()["errors"].as_array().cloned().unwrap_or_default();
                let paths: Value = errors.iter().map(|error| error["path"].clone()).collect();
                let expected = case.errors.as_deref().unwrap_or("[]");
                let expected: Value = serde_json::from_str(expected).unwrap();
                if paths != expected {
                    return fail(format!("expected errors at {expected}"));
                }
            }
            (None, Some(code)) => {
                if reply.code() != json!(code) || !reply.json()["data"].is_null() {
                    return fail(format!("expected the code {code} and no data"));
                }
            }
            _ => panic!("a case has either `data` or `rejected`: {}", case.query),
        }
        if requests.len() != case.calls {
            return fail(format!("{} calls, expected {}", requests.len(), case.calls));
        }
        Ok(())
    }
}

/// Removes insignificant whitespace; preserves the order of the fields.
fn without_whitespace(json: &str) -> String {
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
    ($($topic:literal => $file:ident,)* ; $($more:ident,)*) => {
        /// The topics of the public audit of federation gateways, each with the file that covers
        /// it.
        pub(super) const TOPICS: &[(&str, &str)] = &[$(($topic, stringify!($file))),*];
        /// Additional files.
        pub(super) const MORE: &[&str] = &[$(stringify!($more)),*];

        $(#[test]
        fn $file() {
            check(stringify!($file));
        })*
        $(#[test]
        fn $more() {
            check(stringify!($more));
        })*
    };
}

topics! {
    "abstract-types" => abstract_types,
    "child-type-mismatch" => child_type_mismatch,
    "circular-reference-interface" => circular_interfaces,
    "complex-entity-call" => complex_entity_call,
    "corrupted-supergraph-node-id" => corrupted_node_id,
    "enum-intersection" => enum_intersection,
    "executable-directive-definition-default-arguments" => executable_directive_arguments,
    "fed1-external-extends" => fed1_external_extends,
    "fed1-external-extends-resolvable" => fed1_external_extends_resolvable,
    "fed1-external-extension" => fed1_external_extension,
    "fed2-external-extends" => fed2_external_extends,
    "fed2-external-extension" => fed2_external_extension,
    "include-skip" => include_and_skip,
    "input-object-intersection" => input_object_intersection,
    "interface-object-indirect-extension" => interface_object_chain,
    "interface-object-with-requires" => interface_object_with_requires,
    "keys-mashup" => keys,
    "mutations" => mutations,
    "mysterious-external" => mysterious_external,
    "nested-provides" => nested_provides,
    "node" => node,
    "non-resolvable-interface-object" => non_resolvable_interface_object,
    "null-keys" => null_keys,
    "override-type-interface" => override_type_interface,
    "override-with-requires" => override_with_requires,
    "parent-entity-call" => parent_entity_call,
    "parent-entity-call-complex" => parent_entity_call_complex,
    "partial-union" => partial_unions,
    "partial-union-complex" => partial_union_complex,
    "provides-on-interface" => provides_on_interface,
    "provides-on-union" => provides_on_union,
    "provides-only-requested-fields" => provides_only_requested_fields,
    "requires-circular" => requires_circular,
    "requires-interface" => requires_interface,
    "requires-requires" => requires_chain,
    "requires-with-argument" => requires_with_arguments,
    "requires-with-argument-conflict" => requires_with_argument_conflict,
    "requires-with-fragments" => requires_with_fragments,
    "shared-root" => shared_root,
    "simple-entity-call" => simple_entity_call,
    "simple-inaccessible" => inaccessible,
    "simple-interface-object" => simple_interface_object,
    "simple-override" => overrides,
    "simple-requires-provides" => requires_and_provides,
    "typename" => typename,
    "unavailable-override" => unavailable_override,
    "union-interface-distributed" => union_interface_distributed,
    "union-intersection" => unions,
    ;
    aliases,
    aliases_of_mismatches,
    enums_and_inputs,
    federation_one,
    authorization,
    interface_in_several,
    interface_objects,
    progressive_override,
    provides_everywhere,
    provides_typename,
    reentry,
    requires_hard,
    requires_lists,
    requires_via_other_key,
    subscriptions,
    union_field_types,
    values,
}

/// Known bugs of the latest release of the planner, each with the file that covers the correct
/// behaviour.
const KNOWN_PLANNER_BUGS: &[(&str, &str)] = &[
    ("a chain of `@requires` that several fields share", "requires_hard"),
    ("`@requires` within `@requires`", "requires_circular"),
    ("`@requires` with arguments", "requires_with_argument_conflict"),
    ("`@requires` through a union", "requires_with_fragments"),
    ("`@provides` that leaks to sibling fields", "provides_everywhere"),
    ("a field of an interface in several subgraphs", "interface_in_several"),
    ("an alias that is the name of a key", "aliases"),
    ("one field with other arguments", "aliases"),
    ("one field under other conditions", "include_and_skip"),
    ("a progressive `@override` of a union", "progressive_override"),
    ("`__typename` within what is provided", "provides_typename"),
    ("`@context` and `@fromContext`", "rejected/from_context"),
];

/// Minimum number of cases per topic.
const CASES_MIN: usize = 3;

#[test]
fn each_topic_must_have_a_file_of_its_own_with_cases() {
    assert_eq!(TOPICS.len(), 48);
    let names: BTreeSet<_> = TOPICS.iter().map(|(topic, _)| topic).collect();
    assert_eq!(names.len(), TOPICS.len(), "a topic is listed twice");
    let files = TOPICS.iter().map(|(_, file)| *file).chain(MORE.iter().copied());
    let listed: BTreeSet<_> = files.map(str::to_owned).collect();
    assert_eq!(listed.len(), TOPICS.len() + MORE.len(), "a file is listed twice");
    for file in &listed {
        let cases = read(file).case.len();
        assert!(cases >= CASES_MIN, "{file} has {cases} cases");
    }
    let folder = std::fs::read_dir(repository().join("fixtures/federation")).unwrap();
    let paths = folder.map(|entry| entry.unwrap().path());
    let paths = paths.filter(|path| path.extension().is_some_and(|of| of == "toml"));
    let present: BTreeSet<_> =
        paths.map(|path| path.file_stem().unwrap().to_string_lossy().into_owned()).collect();
    assert_eq!(present, listed, "the files in the folder differ from the list");
    for (bug, file) in KNOWN_PLANNER_BUGS {
        assert!(listed.contains(*file) || file.starts_with("rejected/"), "{bug}: {file}");
    }
}
