//! Whether each field of a supergraph can be got at, wherever a question comes from.
//!
//! A question walks from the root along fields. At each step some graphs can be the ones that answer
//! it so far; from these one can jump to others by a key that they have. A field is out of reach where
//! none of the graphs that can be got to has it. Steps are remembered by their type and graphs, so the
//! walk ends.
//!
//! What `@requires` asks for is not followed, and of a key of several levels only the first: a fault
//! there shows when it is planned.

mod join_graph;

use std::collections::{BTreeMap, BTreeSet};

use cynic_parser::TypeSystemDocument;

use self::join_graph::{JoinGraph, JoinObject};
use super::diagnostic::CompositionError;

/// Graphs, by their places in the list of all.
type GraphSet = BTreeSet<usize>;

/// Every field that a question can name and no plan can get.
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
    /// Type and field, and the graphs from which there is no way.
    unreachable: BTreeMap<(&'a str, &'a str), GraphSet>,
}

impl<'a> SatisfiabilityWalk<'a> {
    /// Everything that can be asked of a thing of type `name` which any of `graphs` gives.
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

/// The graphs that one can be in, having begun in any of `graphs`.
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
