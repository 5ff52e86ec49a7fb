//! The parsed source code of the workspace: crates, modules and files.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    slice,
};

use syn::{Attribute, Item};

use crate::support::{files_below, repository};

/// Folders with Rust code.
const FOLDERS: [&str; 4] = ["schema", "indexer", "gateway", "tests"];

/// Crates with rules for modules; `gateway/federation` is included as soon as it is a crate.
const CRATES: [&str; 4] = ["schema", "indexer", "gateway/federation", "gateway"];

/// A Rust source file.
pub(super) struct SourceFile {
    /// Path relative to the repository.
    pub(super) path: String,
    pub(super) text: String,
    pub(super) syntax: syn::File,
}

/// A module, without items that only tests compile.
pub(super) struct Module {
    /// Path, such as `["indexer", "catalog", "search"]`.
    pub(super) path: Vec<String>,
    pub(super) file: String,
    pub(super) items: Vec<Item>,
}

/// The modules of all crates, by path.
pub(super) type Modules = BTreeMap<Vec<String>, Module>;

/// The checked folder: this repository, or another checkout in `ARCHITECTURE_ROOT`.
pub(super) fn root() -> PathBuf {
    std::env::var_os("ARCHITECTURE_ROOT").map_or_else(repository, PathBuf::from)
}

/// All Rust files, including tests and benches.
pub(super) fn source_files() -> impl Iterator<Item = SourceFile> {
    let is_rust = |file: &PathBuf| file.extension().is_some_and(|extension| extension == "rs");
    files().filter(is_rust).map(|file| read(&file))
}

/// The paths of all files, relative to the repository.
pub(super) fn file_names() -> impl Iterator<Item = String> {
    files().map(|file| relative(&file))
}

fn files() -> impl Iterator<Item = PathBuf> {
    FOLDERS.iter().flat_map(|folder| files_below(&root().join(folder)))
}

fn relative(file: &Path) -> String {
    file.strip_prefix(root()).unwrap_or(file).to_string_lossy().into_owned()
}

/// Names of the normal dependencies of a crate; `None` if the crate does not exist.
pub(super) fn dependencies(name: &str) -> Option<Vec<String>> {
    let (_, manifest) = crates().find(|(folder, _)| folder.rsplit('/').next() == Some(name))?;
    let table = manifest.get("dependencies").and_then(|table| table.as_table());
    Some(table.into_iter().flat_map(|table| table.keys().cloned()).collect())
}

/// The modules of all crates with rules.
pub(super) fn modules() -> Modules {
    let mut modules = Modules::new();
    for (folder, _) in crates() {
        let name = folder.rsplit('/').next().unwrap_or(folder).to_owned();
        let src = root().join(folder).join("src");
        load(&mut modules, vec![name], &src.join("lib.rs"), &src);
    }
    modules
}

fn crates() -> impl Iterator<Item = (&'static str, toml::Table)> {
    CRATES.into_iter().filter_map(|folder| {
        let text = fs::read_to_string(root().join(folder).join("Cargo.toml")).ok()?;
        Some((folder, text.parse().expect("a manifest")))
    })
}

fn load(modules: &mut Modules, path: Vec<String>, file: &Path, folder: &Path) {
    let SourceFile { path: name, syntax, .. } = read(file);
    add(modules, path, name, syntax.items, folder);
}

fn add(
    modules: &mut Modules,
    path: Vec<String>,
    file: String,
    mut items: Vec<Item>,
    folder: &Path,
) {
    items.retain(|item| !attributes(item).iter().any(is_test));
    for item in &items {
        let Item::Mod(module) = item else { continue };
        let name = module.ident.to_string();
        let path = [&path[..], slice::from_ref(&name)].concat();
        let folder = folder.join(&name);
        match &module.content {
            Some((_, items)) => add(modules, path, file.clone(), items.clone(), &folder),
            None => load(modules, path, &folder.with_extension("rs"), &folder),
        }
    }
    modules.insert(path.clone(), Module { path, file, items });
}

fn read(file: &Path) -> SourceFile {
    let text = fs::read_to_string(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    let syntax = syn::parse_file(&text).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    SourceFile { path: relative(file), text, syntax }
}

/// Whether an attribute marks an item as test code.
pub(super) fn is_test(attribute: &Attribute) -> bool {
    let path = attribute.path();
    let Ok(list) = attribute.meta.require_list() else { return path.is_ident("test") };
    let condition = list.tokens.to_string();
    path.is_ident("cfg") && condition.contains("test") && !condition.contains("not")
}

pub(super) fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(i) => &i.attrs,
        Item::Enum(i) => &i.attrs,
        Item::Fn(i) => &i.attrs,
        Item::Impl(i) => &i.attrs,
        Item::Macro(i) => &i.attrs,
        Item::Mod(i) => &i.attrs,
        Item::Static(i) => &i.attrs,
        Item::Struct(i) => &i.attrs,
        Item::Trait(i) => &i.attrs,
        Item::Type(i) => &i.attrs,
        Item::Union(i) => &i.attrs,
        Item::Use(i) => &i.attrs,
        _ => &[],
    }
}
