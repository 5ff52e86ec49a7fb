//! What each crate must not know, held by a look at the manifests and the files.

use std::{fs, path::Path};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};

use crate::support::{files_below, repository};

fn metadata() -> Metadata {
    MetadataCommand::new().no_deps().current_dir(repository()).exec().expect("cargo metadata")
}

/// Normal dependencies of a crate of the workspace.
fn dependencies(metadata: &Metadata, name: &str) -> Vec<String> {
    let package = metadata.packages.iter().find(|p| p.name.as_str() == name).expect(name);
    let normal = |d: &&cargo_metadata::Dependency| d.kind == DependencyKind::Normal;
    package.dependencies.iter().filter(normal).map(|d| d.name.clone()).collect()
}

#[test]
fn crates_must_depend_one_way() {
    let metadata = metadata();
    let ours = ["schema", "indexer", "gateway", "acceptance"];
    for (name, allowed) in
        [("schema", &[][..]), ("indexer", &["schema"]), ("gateway", &["schema", "indexer"])]
    {
        let named: Vec<_> = dependencies(&metadata, name);
        for other in named.iter().filter(|d| ours.contains(&d.as_str())) {
            assert!(allowed.contains(&other.as_str()), "{name} must not depend on {other}");
        }
    }
}

#[test]
fn engines_must_be_named_by_one_crate_each() {
    let metadata = metadata();
    for (engine, home) in [
        ("redb", "indexer"),
        ("tantivy", "indexer"),
        ("async-graphql", "gateway"),
        ("poem", "gateway"),
        ("dataloader", "gateway"),
    ] {
        for name in ["schema", "indexer", "gateway"] {
            let named = dependencies(&metadata, name).iter().any(|d| d == engine);
            assert_eq!(named, name == home, "{engine} belongs to {home} alone, see {name}");
        }
    }
}

/// Rust files below `folder` that hold one of `words`, with the line.
fn mentions(folder: &str, words: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for file in files_below(&repository().join(folder)) {
        if file.extension().is_none_or(|e| e != "rs") {
            continue;
        }
        let text = fs::read_to_string(&file).expect("utf-8");
        found.extend(names(&text, words).map(|word| format!("{}: {word}", file.display())));
    }
    found
}

/// Those of `words` (such as `crate::source`) that a file names, in a path or a grouped import.
fn names<'a>(text: &str, words: &'a [&str]) -> impl Iterator<Item = &'a str> {
    let code: String = text
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default())
        .flat_map(str::chars)
        .filter(|c| !c.is_whitespace())
        .collect();
    words.iter().copied().filter(move |word| {
        let (parent, module) = word.rsplit_once("::").expect("a path");
        code.split(&format!("{parent}::")).skip(1).any(|rest| {
            let import = rest.split(';').next().unwrap_or_default();
            let named = |name: &str| name.trim_start_matches('{').starts_with(module);
            named(rest) || (rest.starts_with('{') && import.split(',').any(named))
        })
    })
}

#[test]
fn what_reads_and_writes_generations_must_not_know_sources() {
    for module in ["store", "index", "language", "generation", "catalog"] {
        let mut found = Vec::new();
        if repository().join("indexer/src").join(module).is_dir() {
            let words = ["crate::source", "crate::pipeline"];
            found = mentions(&format!("indexer/src/{module}"), &words);
        }
        let file = repository().join(format!("indexer/src/{module}.rs"));
        let text = fs::read_to_string(&file).expect("utf-8");
        let words = ["crate::source", "crate::pipeline"];
        found.extend(names(&text, &words).map(|word| format!("{}: {word}", file.display())));
        assert!(found.is_empty(), "{found:#?}");
    }
}

#[test]
fn a_grouped_import_must_be_detected() {
    let words = ["crate::source", "crate::pipeline"];
    let imported = |text: &str| names(text, &words).collect::<Vec<_>>();
    assert_eq!(
        imported("use crate::{\n    store::X,\n    pipeline::write,\n};"),
        ["crate::pipeline"]
    );
    assert_eq!(imported("let x = crate::source::read();"), ["crate::source"]);
    assert_eq!(imported("use crate::{store::X, language};\n// crate::source"), Vec::<&str>::new());
}

#[test]
fn interfaces_must_use_the_catalog_only() {
    for module in ["http", "graphql", "page"] {
        let found = mentions(
            &format!("gateway/src/{module}"),
            &["indexer::ingest", "indexer::ingest::config"],
        );
        assert!(found.is_empty(), "{found:#?}");
    }
}

#[test]
fn the_catalog_must_show_no_engine() {
    for file in
        ["catalog.rs", "catalog/snapshot.rs", "catalog/search.rs", "run.rs", "run/report.rs"]
    {
        let path = repository().join("indexer/src").join(file);
        let text = fs::read_to_string(&path).expect("utf-8");
        for word in ["tantivy::", "redb::"] {
            assert!(!text.contains(word), "{file} names {word}");
        }
    }
}

#[test]
fn files_must_stay_readable_at_a_sitting() {
    let mut long = Vec::new();
    for folder in ["schema", "indexer", "gateway", "tests"] {
        for file in files_below(&repository().join(folder)) {
            if file.extension().is_some_and(|e| e == "rs") {
                let lines = fs::read_to_string(&file).expect("utf-8").lines().count();
                if lines > 500 {
                    long.push(format!("{lines} {}", file.display()));
                }
            }
        }
    }
    assert!(long.is_empty(), "split these files: {long:#?}");
}

#[test]
fn no_module_must_be_called_mod_rs() {
    for folder in ["schema", "indexer", "gateway", "tests"] {
        for file in files_below(&repository().join(folder)) {
            assert_ne!(
                file.file_name(),
                Some(Path::new("mod.rs").as_os_str()),
                "{}",
                file.display()
            );
        }
    }
}

#[test]
fn the_planner_must_be_named_at_its_edge_alone() {
    for file in files_below(&repository().join("gateway/src")) {
        let text = fs::read_to_string(&file).unwrap_or_default();
        let at_edge = file.to_string_lossy().contains("/supergraph/");
        assert!(at_edge || !text.contains("hive_router"), "{}", file.display());
    }
}
