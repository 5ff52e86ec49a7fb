//! Checks that each field of a supergraph can be resolved on every path of fields from the root.
//!
//! The check walks from the root along fields. At each step, it has a set of subgraphs that can
//! have resolved the fields so far, and adds those that can be reached from them by a key. A field is
//! unreachable if none of these subgraphs has it. The walk ends because each combination of type
//! and subgraphs is visited once, and after a number of steps: there can be a combination for each
//! subset of the subgraphs. A subset cannot be skipped because a smaller one was visited: with more
//! subgraphs, an interface or union can have more types.
//!
//! Fields of `@requires` are not followed, nor keys through interfaces: an error there appears when
//! an operation is planned.

mod join_graph;

use std::collections::{BTreeMap, BTreeSet};

use cynic_parser::TypeSystemDocument;

use self::join_graph::JoinGraph;
use super::{diagnostic::CompositionError, field_sets::FieldSet};

/// Maximum number of fields and of their possible types that the walk visits: ten times
/// those of 10,000 types with ten fields each. The walk then takes some ten seconds.
const STEPS_MAX: usize = 1_000_000;

/// Indices of subgraphs.
type GraphSet = BTreeSet<usize>;
/// Fields of an object that a subgraph resolves on the way from the root, by `@provides`.
type ProvidedSets = BTreeSet<(usize, FieldSet)>;
/// An object of a type, from any of the subgraphs.
type WalkStep<'a> = (&'a str, GraphSet, ProvidedSets);

/// All fields that an operation can select but that cannot be resolved.
pub(super) fn unreachable(document: &TypeSystemDocument) -> Vec<CompositionError> {
    let join_graph = JoinGraph::read(document);
    let mut walk = SatisfiabilityWalk {
        join_graph: &join_graph,
        visited: BTreeSet::new(),
        steps: 0,
        unreachable: BTreeMap::new(),
    };
    let mut steps: Vec<WalkStep<'_>> = Vec::new();
    for root in &join_graph.roots {
        if let Some(object) = join_graph.objects.get(root) {
            steps.push((root, object.graphs.keys().copied().collect(), ProvidedSets::new()));
        }
    }
    while let Some(step) = steps.pop() {
        walk.follow(&step, &mut steps);
        if walk.steps > STEPS_MAX {
            let message = format!(
                "the check that each field can be resolved takes more than 1,000,000 steps; it \
                 stopped at type `{}`: give its objects a key, or let fewer subgraphs share fields",
                step.0
            );
            return vec![CompositionError { message, ..CompositionError::default() }];
        }
    }
    walk.unreachable
        .into_iter()
        .map(|(coordinate, from)| join_graph.error(coordinate, &from))
        .collect()
}

struct SatisfiabilityWalk<'a> {
    join_graph: &'a JoinGraph<'a>,
    visited: BTreeSet<WalkStep<'a>>,
    /// Fields visited, and their possible types.
    steps: usize,
    /// Type and field, with the subgraphs from which it cannot be resolved.
    unreachable: BTreeMap<(&'a str, &'a str), GraphSet>,
}

impl<'a> SatisfiabilityWalk<'a> {
    /// Visits the fields of an object.
    fn follow(&mut self, step: &WalkStep<'a>, steps: &mut Vec<WalkStep<'a>>) {
        let (name, graphs, provided) = step;
        let join_graph = self.join_graph;
        let Some(object) = join_graph.objects.get(name) else { return };
        let is_root = join_graph.roots.contains(name);
        let within = if is_root {
            object.graphs.keys().copied().collect()
        } else {
            join_graph.reachable(object, graphs, provided)
        };
        self.steps += object.fields.len();
        for (field, of) in &object.fields {
            let mut resolving: GraphSet = of.graphs.intersection(&within).copied().collect();
            let mut below_sets = ProvidedSets::new();
            for (graph, set) in provided {
                if let Some(below) = join_graph.selected(set, name, field) {
                    resolving.insert(*graph);
                    below_sets.insert((*graph, below));
                }
            }
            if resolving.is_empty() {
                self.unreachable.entry((name, field)).or_default().extend(graphs);
                continue;
            }
            let own = of.provides.iter().filter(|(graph, _)| resolving.contains(graph));
            below_sets.extend(own.cloned());
            for member in join_graph.members(of.type_name) {
                self.steps += 1;
                let able = |graph: &usize| join_graph.objects[member].graphs.contains_key(graph);
                let returning: GraphSet = resolving.iter().copied().filter(able).collect();
                if !returning.is_empty() {
                    let below_sets =
                        below_sets.iter().filter(|(graph, _)| returning.contains(graph)).cloned();
                    let next = (member, returning.clone(), below_sets.collect());
                    if self.visited.insert(next.clone()) {
                        steps.push(next);
                    }
                }
            }
        }
    }
}
