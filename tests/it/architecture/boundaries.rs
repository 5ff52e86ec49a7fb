//! Forbidden dependencies of crates and modules.

use std::collections::BTreeSet;

use syn::{Item, ReturnType, Visibility};

use super::{
    cycles::CONTRACT,
    imports::{Import, resolved},
    workspace::{Modules, dependencies},
};

/// A module, and the modules that it and its descendants must not import.
const FORBIDDEN: [(&str, &[&str]); 5] = [
    ("indexer::store", WRITE_SIDE),
    ("indexer::index", WRITE_SIDE),
    ("indexer::analysis", WRITE_SIDE),
    ("indexer::generation", WRITE_SIDE),
    ("indexer::catalog", WRITE_SIDE),
];
const WRITE_SIDE: &[&str] =
    &["indexer::ingest", "indexer::sync", "indexer::admin", "indexer::evaluate"];

/// A module, and the only modules that may import it (besides its parent).
const RESERVED: [(&str, &[&str]); 3] = [
    ("indexer::ingest", &["indexer", "gateway::command"]),
    ("indexer::admin", &["indexer", "gateway::command"]),
    ("indexer::evaluate", &["indexer", "gateway::command"]),
];

/// An exception: the importing module, and the imported one, which only describes its
/// configuration.
const ALLOWED: (&str, &str) = ("gateway::config", "indexer::ingest::config");

/// Modules that must read through the catalog.
const READERS: [&str; 3] = ["gateway::http", "gateway::graphql", "gateway::pages"];

/// Our crates, and those of our crates that each may depend on.
const LAYERS: [(&str, &[&str]); 4] = [
    ("schema", &[]),
    ("indexer", &["schema"]),
    ("federation", &[]),
    ("gateway", &["schema", "indexer", "federation"]),
];

/// An engine, and the only crate that may depend on it.
const ENGINES: [(&str, &str); 8] = [
    ("redb", "indexer"),
    ("tantivy", "indexer"),
    ("async-graphql", "gateway"),
    ("poem", "gateway"),
    ("dataloader", "gateway"),
    ("prometheus-client", "gateway"),
    ("graphql-composition", "federation"),
    ("hive-router-query-planner", "federation"),
];

/// Modules whose public signatures must not contain types of an engine.
const ENGINE_FREE: [&str; 3] = ["indexer::catalog", "indexer::ingest", "indexer::admin"];

/// Dependencies between crates that break a rule.
pub(super) fn crates() -> Vec<String> {
    let mut found = Vec::new();
    // As long as the router is not a crate, the gateway contains it.
    let router = if dependencies("federation").is_some() { "federation" } else { "gateway" };
    for (name, allowed) in LAYERS {
        let Some(named) = dependencies(name) else {
            if name != "federation" {
                found.push(format!("no crate `{name}`"));
            }
            continue;
        };
        for other in LAYERS.iter().map(|(other, _)| *other).filter(|other| !allowed.contains(other))
        {
            if named.iter().any(|n| n == other) {
                found.push(format!("{name} depends on {other}"));
            }
        }
        for (engine, home) in ENGINES {
            let home = if home == "federation" { router } else { home };
            if named.iter().any(|n| n == engine) != (name == home) {
                found.push(format!("only {home} may depend on {engine}: {name}"));
            }
        }
    }
    found
}

/// Imports between modules that break a rule, and rules for modules that do not exist.
pub(super) fn modules(modules: &Modules, imports: &[Import]) -> Vec<String> {
    let mut found = Vec::new();
    let named = FORBIDDEN
        .iter()
        .chain(&RESERVED)
        .flat_map(|(module, others)| others.iter().chain([module]).copied().collect::<Vec<_>>());
    let named = named.chain(READERS).chain(ENGINE_FREE).chain([ALLOWED.0, ALLOWED.1, CONTRACT]);
    for name in named.collect::<BTreeSet<_>>() {
        if !modules.keys().any(|path| path.join("::") == name) {
            found.push(format!("rule for an unknown module: `{name}`"));
        }
    }
    for import in imports {
        if let Some(rule) = broken_rule(import) {
            found.push(format!("{rule}: {import}"));
        }
    }
    found
}

fn broken_rule(import: &Import) -> Option<String> {
    let (from, to) = (import.from.as_slice(), import.to.as_slice());
    for (module, others) in FORBIDDEN {
        if let Some(other) = others.iter().find(|other| within(from, module) && within(to, other)) {
            return Some(format!("{module} must not import {other}"));
        }
    }
    let allowed = within(from, ALLOWED.0) && within(to, ALLOWED.1);
    for (module, users) in RESERVED.iter().filter(|_| !allowed) {
        if within(to, module) && !users.iter().any(|user| within(from, user)) {
            return Some(format!("only {} may import {module}", users.join(" and ")));
        }
    }
    let reads = READERS.iter().any(|reader| within(from, reader)) && to[0] == "indexer";
    if reads && !within(to, "indexer::catalog") {
        return Some(format!("{} must read through indexer::catalog", from.join("::")));
    }
    if to[0].starts_with("hive_router") && !from.iter().any(|segment| segment == "planner_adapter")
    {
        return Some("only planner_adapter/ may import the planner crate".to_owned());
    }
    None
}

/// Public signatures with a type of an engine.
pub(super) fn signatures(modules: &Modules) -> Vec<String> {
    let is_reader = |path: &[String]| ENGINE_FREE.iter().any(|module| within(path, module));
    let mut found = Vec::new();
    for module in modules.values().filter(|module| is_reader(&module.path)) {
        let types: Vec<_> = module.items.iter().flat_map(public_types).collect();
        let paths = resolved(modules, &module.path, &types);
        let engines = paths.iter().filter(|path| ["tantivy", "redb"].contains(&path[0].as_str()));
        found.extend(engines.map(|path| format!("{} shows {}", module.file, path.join("::"))));
    }
    found
}

/// The types in the public signature of an item.
fn public_types(item: &Item) -> Vec<&syn::Type> {
    let is_public = |visibility: &Visibility| matches!(visibility, Visibility::Public(_));
    match item {
        Item::Fn(f) if is_public(&f.vis) => signature(&f.sig),
        Item::Type(t) if is_public(&t.vis) => vec![&t.ty],
        Item::Struct(s) if is_public(&s.vis) => {
            s.fields.iter().filter(|field| is_public(&field.vis)).map(|field| &field.ty).collect()
        }
        Item::Enum(e) if is_public(&e.vis) => {
            e.variants.iter().flat_map(|v| &v.fields).map(|field| &field.ty).collect()
        }
        Item::Impl(i) if i.trait_.is_none() => i
            .items
            .iter()
            .filter_map(|item| match item {
                syn::ImplItem::Fn(f) if is_public(&f.vis) => Some(signature(&f.sig)),
                _ => None,
            })
            .flatten()
            .collect(),
        _ => Vec::new(),
    }
}

fn signature(signature: &syn::Signature) -> Vec<&syn::Type> {
    let parameters = signature.inputs.iter().filter_map(|argument| match argument {
        syn::FnArg::Typed(typed) => Some(&*typed.ty),
        syn::FnArg::Receiver(_) => None,
    });
    let returned = match &signature.output {
        ReturnType::Type(_, returned) => Some(&**returned),
        ReturnType::Default => None,
    };
    parameters.chain(returned).collect()
}

/// Whether a path is `module` or one of its descendants.
pub(super) fn within(path: &[String], module: &str) -> bool {
    let mut segments = path.iter();
    module.split("::").all(|segment| segments.next().is_some_and(|s| s == segment))
}

#[test]
fn an_import_that_breaks_a_rule_must_be_found() {
    let import = |from: &str, to: &str| {
        let path = |path: &str| path.split("::").map(str::to_owned).collect();
        broken_rule(&Import::new(path(from), path(to)))
    };
    assert!(import("indexer::store::reader", "indexer::ingest::config").is_some());
    assert!(import("gateway::pages::search", "indexer::facts").is_some());
    assert!(import("gateway::app", "indexer::admin").is_some());
    assert!(import("gateway::pipeline", "hive_router_query_planner::planner").is_some());
    assert!(import("gateway::command::index", "indexer::ingest").is_none());
    assert!(import("gateway::pages::search", "indexer::catalog::search").is_none());
}
