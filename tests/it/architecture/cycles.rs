//! Import cycles between sibling modules, including their descendants.

use std::collections::{BTreeMap, BTreeSet};

use super::imports::Import;

/// Imports between the children of one module: importing child, imported child, imports.
type Edges<'a> = BTreeMap<(&'a str, &'a str), Vec<&'a Import>>;

/// The types of the GraphQL contract. They may import each other, because the types of the graph
/// refer to each other.
pub(super) const CONTRACT: &str = "gateway::graphql::types";

/// Every cycle between siblings, with its imports.
pub(super) fn cycles(imports: &[Import]) -> Vec<String> {
    let mut levels: BTreeMap<&[String], Edges<'_>> = BTreeMap::new();
    for import in imports {
        let (from, to) = (&import.from, &import.to);
        let level = from.iter().zip(to).take_while(|(a, b)| a == b).count();
        // Without a common crate the modules are not siblings; without a next segment one is an
        // ancestor.
        if level > 0 && level < from.len() && level < to.len() {
            let edges = levels.entry(&from[..level]).or_default();
            edges.entry((&from[level], &to[level])).or_default().push(import);
        }
    }
    let judged = levels.iter().filter(|(parent, _)| parent.join("::") != CONTRACT);
    let found = judged.flat_map(|(parent, edges)| {
        components(edges).into_iter().map(|siblings| describe(parent, &siblings, edges))
    });
    found.collect()
}

/// Strongly connected components with more than one sibling.
fn components<'a>(edges: &Edges<'a>) -> BTreeSet<BTreeSet<&'a str>> {
    let reachable = |from: &'a str| {
        let mut seen = BTreeSet::new();
        let mut open = vec![from];
        while let Some(at) = open.pop() {
            for (_, to) in edges.keys().filter(|(from, _)| *from == at) {
                if seen.insert(*to) {
                    open.push(to);
                }
            }
        }
        seen
    };
    let reached: BTreeMap<_, _> = edges.keys().map(|(from, _)| (*from, reachable(from))).collect();
    let cyclic = reached.iter().filter(|(from, seen)| seen.contains(*from));
    cyclic
        .map(|(from, seen)| {
            let back = |to: &&&str| reached.get(**to).is_some_and(|seen| seen.contains(from));
            seen.iter().filter(back).copied().collect()
        })
        .collect()
}

fn describe(parent: &[String], siblings: &BTreeSet<&str>, edges: &Edges<'_>) -> String {
    let names: Vec<_> = siblings.iter().copied().collect();
    let mut lines = vec![format!("{}::{{{}}}", parent.join("::"), names.join(", "))];
    for ((from, to), imports) in edges {
        if siblings.contains(from) && siblings.contains(to) {
            lines.push(format!("    {from} -> {to}"));
            lines.extend(imports.iter().map(|import| format!("        {import}")));
        }
    }
    lines.join("\n")
}

#[test]
fn a_cycle_must_be_found_through_descendants_and_ancestors_must_not_count() {
    let import = |from: &str, to: &str| {
        let path = |path: &str| path.split("::").map(str::to_owned).collect();
        Import::new(path(from), path(to))
    };
    let acyclic = vec![
        import("crate::a::inner", "crate::b"),
        import("crate::b", "crate::c"),
        import("crate::a::inner", "crate::a"),
        import("crate::a", "crate::a::inner"),
        import("crate::c", "tantivy::Index"),
    ];
    assert!(cycles(&acyclic).is_empty());
    let mut cyclic = acyclic;
    cyclic.push(import("crate::c", "crate::a::other"));
    let found = cycles(&cyclic);
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with("crate::{a, b, c}"), "{found:#?}");
}
