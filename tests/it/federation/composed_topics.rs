//! The topics with supergraphs of our own composition, which also contain our graph: what Apollo's
//! composition accepts in `fixtures/federation` must compose here, and be served in the same way.

use std::io::Write;

use federation::compose::{CompositionError, InaccessibleFields, SubgraphSdl, compose};

use super::topics::{MORE, RunningTopic, TOPICS, Topic, read};

/// A subgraph whose `@inaccessible` elements are hidden.
pub(super) fn subgraph(name: &str, sdl: &str) -> SubgraphSdl {
    SubgraphSdl {
        mapping: None,
        name: name.to_owned(),
        url: format!("http://{name}.test/graphql"),
        sdl: sdl.to_owned(),
        inaccessible_fields: InaccessibleFields::Hidden,
    }
}

/// Our graph as `serve` composes it.
pub(super) fn ours() -> SubgraphSdl {
    let sdl = gateway::graphql::federation_sdl();
    SubgraphSdl { inaccessible_fields: InaccessibleFields::Exposed, ..subgraph("wegwijzer", &sdl) }
}

/// Topics with a type or root field that our graph has with another meaning: they are composed
/// without it.
const CLASHES: &[(&str, &str)] = &[
    ("abstract_types", "Place"),
    ("authorization", "Person"),
    ("corrupted_node_id", "Query.node"),
    ("enums_and_inputs", "Query.people"),
    ("inaccessible", "Kind"),
    ("interface_object_chain", "Person"),
    ("node", "Query.node"),
    ("parent_entity_call", "Kind"),
    ("provides_on_union", "Tip"),
    ("provides_typename", "Person"),
    ("requires_via_other_key", "Person"),
    ("shared_root", "Span"),
    ("simple_interface_object", "Person"),
];
/// Topics that composition rejects, and the feature that each error names.
const REJECTED: &[(&str, &str)] =
    &[("progressive_override", "progressive `@override`"), ("subscriptions", "subscriptions")];
/// Cases that are not served as with the supergraph of Apollo's composition: topic, number, reason.
const EXCEPTIONS: &[(&str, usize, &str)] = &[(
    "authorization",
    5,
    "Apollo's composition restricts an interface like its objects; here, each object is checked",
)];

fn composed(file: &str, topic: &Topic) -> Result<String, Vec<CompositionError>> {
    let theirs = topic.subgraph.iter().map(|(name, inputs)| subgraph(name, &inputs.sdl));
    let has_clash = CLASHES.iter().any(|(other, _)| *other == file);
    let ours = (!has_clash).then(ours);
    compose(&ours.into_iter().chain(theirs).collect::<Vec<_>>())
}

#[test]
fn topics_must_be_served_with_supergraphs_of_our_own_composition() {
    let files = TOPICS.iter().map(|(_, file)| *file).chain(MORE.iter().copied());
    let (mut passed, mut with_ours, mut failed) = (0, 0, Vec::new());
    for file in files {
        let topic = read(file);
        let supergraph = match composed(file, &topic) {
            Ok(supergraph) => supergraph,
            Err(errors) => {
                let rejected = REJECTED.iter().find(|(other, _)| *other == file);
                let (_, feature) = rejected.unwrap_or_else(|| panic!("{file}: {errors:#?}"));
                assert!(errors.iter().all(|one| one.message.contains(feature)), "{errors:#?}");
                continue;
            }
        };
        assert!(REJECTED.iter().all(|(other, _)| *other != file), "{file} composes");
        let running = RunningTopic::over(&topic, &supergraph);
        for (number, case) in topic.case.iter().enumerate() {
            let is_exception =
                EXCEPTIONS.iter().any(|(other, at, _)| *other == file && *at == number);
            match running.check(case) {
                Ok(()) => {
                    passed += 1;
                    with_ours += usize::from(CLASHES.iter().all(|(other, _)| *other != file));
                    assert!(!is_exception, "{file}, case {number} is served");
                }
                Err(_) if is_exception => {}
                Err(error) => failed.push(format!("{file}, case {number}: {error}")),
            }
        }
    }
    assert!(failed.is_empty(), "{passed} passed\n{}", failed.join("\n"));
    // Not `eprintln!`: the test harness would capture the line.
    let _ = writeln!(
        std::io::stderr(),
        "{passed} cases pass on supergraphs of our own composition, {with_ours} of them with our graph"
    );
    assert_eq!((passed, with_ours), (281, 225));
}
