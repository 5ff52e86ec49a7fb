//! Whether each field of a supergraph can be got at, wherever a question comes from.
//!
//! A question walks from the root along fields. At each step some graphs can be the ones that answer
//! it so far; from these one can jump to others by a key that they have. A field is out of reach where
//! none of the graphs that can be got to has it. Steps are remembered by their type and graphs, so the
//! walk ends.
//!
//! What `@requires` asks for is not followed, and of a key of several levels only the first: a fault
//! there shows when it is planned.

mod joined;

use std::collections::{BTreeMap, BTreeSet};

use cynic_parser::TypeSystemDocument;

use self::joined::{Joined, Object};
use super::problem::CompositionProblem;

/// Graphs, by their places in the list of all.
type Graphs = BTreeSet<usize>;

/// Every field that a question can name and no plan can get.
pub(super) fn unreachable(document: &TypeSystemDocument) -> Vec<CompositionProblem> {
    let joined = Joined::read(document);
    let mut walk = Walk { joined: &joined, seen: BTreeSet::new(), missed: BTreeMap::new() };
    let mut steps: Vec<(&str, Graphs)> = Vec::new();
    for root in &joined.roots {
        if let Some(object) = joined.objects.get(root) {
            steps.push((root, object.graphs.keys().copied().collect()));
        }
    }
    while let Some((name, graphs)) = steps.pop() {
        if walk.seen.insert((name, graphs.clone())) {
            walk.step(name, &graphs, &mut steps);
        }
    }
    walk.missed.into_iter().map(|(place, from)| joined.problem(place, &from)).collect()
}

struct Walk<'a> {
    joined: &'a Joined<'a>,
    seen: BTreeSet<(&'a str, Graphs)>,
    /// Type and field, and the graphs from which there is no way.
    missed: BTreeMap<(&'a str, &'a str), Graphs>,
}

impl<'a> Walk<'a> {
    /// Everything that can be asked of a thing of type `name` which any of `graphs` gives.
    fn step(&mut self, name: &'a str, graphs: &Graphs, steps: &mut Vec<(&'a str, Graphs)>) {
        let joined = self.joined;
        let Some(object) = joined.objects.get(name) else { return };
        let is_root = joined.roots.contains(&name);
        let within =
            if is_root { object.graphs.keys().copied().collect() } else { reached(object, graphs) };
        for (field, of) in &object.fields {
            let answering: Graphs = of.graphs.intersection(&within).copied().collect();
            if answering.is_empty() {
                self.missed.entry((name, field)).or_default().extend(graphs);
                continue;
            }
            for member in joined.members(of.type_name) {
                let able = |graph: &usize| joined.objects[member].graphs.contains_key(graph);
                let giving: Graphs = answering.iter().copied().filter(able).collect();
                if !giving.is_empty() {
                    steps.push((member, giving));
                }
            }
        }
    }
}

/// The graphs that one can be in, having begun in any of `graphs`.
fn reached(object: &Object<'_>, graphs: &Graphs) -> Graphs {
    let mut reached = graphs.clone();
    loop {
        let has = |field: &str| reached.iter().any(|graph| object.has(field, *graph));
        let next = object.graphs.iter().find(|(graph, keys)| {
            !reached.contains(graph) && keys.iter().any(|key| key.iter().all(|field| has(field)))
        });
        match next {
            Some((graph, _)) => reached.insert(*graph),
            None => return reached,
        };
    }
}
