//! Checks that each field of a supergraph can be resolved on every path of fields from the root.
//!
//! The check walks from the root along fields. At each step, it has a set of subgraphs that can
//! have resolved the fields so far, and adds those that can be reached from them by a key. A field is
//! unreachable if none of these subgraphs has it. The walk ends because each combination of type
//! and subgraphs is visited once.
//!
//! Fields of `@requires` are not followed, and only the top level of nested keys is checked: an
//! error there appears when an operation is planned.

mod join_graph;

use std::collections::{BTreeMap, BTreeSet};

use cynic_parser::TypeSystemDocument;

use self::join_graph::{JoinGraph, JoinObject};
use super::diagnostic::CompositionError;

/// Indices of subgraphs.
type GraphSet = BTreeSet<usize>;

/// All fields that an operation can select but that cannot be resolved.
pub(super) fn unreachable(document: &TypeSystemDocument) -> Vec<CompositionError> {
    let join_graph = JoinGraph::read(document);
    let mut walk = SatisfiabilityWalk {
        join_graph: &join_graph,
        visited: BTreeSet::new(),
        unreachable: BTreeMap::new(),
    };
    let mut steps: Vec<(&str, GraphSet)> = Vec::new();
    for root in &join_graph.roots {
        if let Some(object) = join_graph.objects.get(root) {
            steps.push((root, object.graphs.keys().copied().collect()));
        }
    }
    while let Some((name, graphs)) = steps.pop() {
        if walk.visited.insert((name, graphs.clone())) {
            walk.step(name, &graphs, &mut steps);
        }
    }
    walk.unreachable
        .into_iter()
        .map(|(coordinate, from)| join_graph.error(coordinate, &from))
        .collect()
}

struct SatisfiabilityWalk<'a> {
    join_graph: &'a JoinGraph<'a>,
    visited: BTreeSet<(&'a str, GraphSet)>,
    /// Type and field, with the subgraphs from which it cannot be resolved.
    unreachable: BTreeMap<(&'a str, &'a str), GraphSet>,
}

impl<'a> SatisfiabilityWalk<'a> {
    /// Visits the fields of an object of type `name` that any of `graphs` has returned.
    fn step(&mut self, name: &'a str, graphs: &GraphSet, steps: &mut Vec<(&'a str, GraphSet)>) {
        let join_graph = self.join_graph;
        let Some(object) = join_graph.objects.get(name) else { return };
        let is_root = join_graph.roots.contains(&name);
        let within = if is_root {
            object.graphs.keys().copied().collect()
        } else {
            reachable(object, graphs)
        };
        for (field, of) in &object.fields {
            let resolving: GraphSet = of.graphs.intersection(&within).copied().collect();
            if resolving.is_empty() {
                self.unreachable.entry((name, field)).or_default().extend(graphs);
                continue;
            }
            for member in join_graph.members(of.type_name) {
                let able = |graph: &usize| join_graph.objects[member].graphs.contains_key(graph);
                let returning: GraphSet = resolving.iter().copied().filter(able).collect();
                if !returning.is_empty() {
                    steps.push((member, returning));
                }
            }
        }
    }
}

/// The subgraphs that can be reached from any of `graphs` by a key.
fn reachable(object: &JoinObject<'_>, graphs: &GraphSet) -> GraphSet {
    let mut reachable = graphs.clone();
    loop {
        let has = |field: &str| reachable.iter().any(|graph| object.has(field, *graph));
        let next = object.graphs.iter().find(|(graph, keys)| {
            !reachable.contains(graph) && keys.iter().any(|key| key.iter().all(|field| has(field)))
        });
        match next {
            Some((graph, _)) => reachable.insert(*graph),
            None => return reachable,
        };
    }
}
