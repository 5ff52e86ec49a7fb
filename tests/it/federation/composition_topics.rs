//! Rules of composition, by topic: each file in `fixtures/composition` has accepted cases with the
//! types of their supergraph, as Apollo's composition merges them, and rejected ones with all of
//! their errors.

use std::{collections::BTreeMap, fs};

use federation::{Supergraph, compose::compose};
use serde::Deserialize;

use super::composed_topics::subgraph;
use crate::support::repository;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Topic {
    case: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    subgraphs: BTreeMap<String, String>,
    /// The types and directives of the supergraph.
    types: Option<String>,
    /// Links besides those to `link` and `join`.
    #[serde(default)]
    links: Vec<String>,
    /// All errors, as printed.
    #[serde(default)]
    errors: Vec<String>,
}

/// Cases in all files.
const CASES_MIN: usize = 100;

/// Types and directives of a supergraph, without those of the specifications.
fn types(supergraph: &str) -> String {
    let (_, definitions) = supergraph.split_once("\n\n").unwrap();
    let (own, _) = definitions.split_once("\ndirective @join__directive").unwrap();
    let is_own = |block: &&str| !block.contains("enum join__Graph");
    own.split("\n\n").map(str::trim).filter(is_own).collect::<Vec<_>>().join("\n")
}

fn links(supergraph: &str) -> Vec<String> {
    let lines = supergraph.lines().map(str::trim).filter(|line| line.starts_with("@link("));
    lines.skip(2).map(str::to_owned).collect()
}

#[test]
fn composition_must_follow_the_rules_of_each_topic() {
    let files = fs::read_dir(repository().join("fixtures/composition")).unwrap();
    let mut count = 0;
    for path in files.map(|entry| entry.unwrap().path()) {
        let topic: Topic = toml::from_str(&fs::read_to_string(&path).unwrap())
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        for case in topic.case {
            count += 1;
            let name = format!("{}, {}", path.display(), case.name);
            let subgraphs: Vec<_> =
                case.subgraphs.iter().map(|(name, sdl)| subgraph(name, sdl)).collect();
            match (compose(&subgraphs), case.types) {
                (Ok(supergraph), Some(expected)) => {
                    assert_eq!(types(&supergraph), expected.trim(), "{name}");
                    assert_eq!(links(&supergraph), case.links, "{name}");
                    Supergraph::load(&supergraph).unwrap_or_else(|error| panic!("{name}: {error}"));
                }
                (Err(errors), None) => {
                    let errors: Vec<_> = errors.iter().map(ToString::to_string).collect();
                    assert_eq!(errors, case.errors, "{name}");
                }
                (Ok(_), None) => panic!("{name}: is accepted"),
                (Err(errors), Some(_)) => panic!("{name}: {errors:#?}"),
            }
        }
    }
    assert!(count >= CASES_MIN, "{count} cases");
}
