//! Rules for the source code, checked on its syntax trees: layers, cycles, vocabulary, sizes.
//!
//! `ARCHITECTURE_REPORT=1` prints the findings of each rule instead of failing;
//! `ARCHITECTURE_ROOT=folder` checks another checkout.
//!
//! - `workspace`: files, modules and manifests; `imports`: imports between modules
//! - `boundaries`: forbidden dependencies of crates and modules; `cycles`: cycles between siblings
//! - `glossary`, `names`, `texts`, `exceptions`: the glossary of CONTRIBUTING.md

mod boundaries;
mod cycles;
mod exceptions;
mod glossary;
mod imports;
mod names;
mod texts;
mod workspace;

use self::imports::{Reexport, imports};
use std::{collections::BTreeMap, fs, io::Write};

use syn::{
    Attribute, Block, Ident, ImplItemFn, Item, ItemFn,
    spanned::Spanned,
    visit::{self, Visit},
};

/// Maximum number of lines in a file.
const FILE_LINES_MAX: usize = 500;

/// Maximum number of lines of code in a function body, as counted by clippy. A table with an
/// `expect(clippy::too_many_lines)` and a reason may be longer.
const FUNCTION_LINES_MAX: usize = 70;

/// Fails on any finding, or prints the findings in a report.
#[track_caller]
fn check(rule: &str, findings: &[String]) {
    if std::env::var_os("ARCHITECTURE_REPORT").is_some() {
        // Not `eprintln!`: the test harness would capture it.
        let mut report = std::io::stderr().lock();
        let _ = writeln!(report, "{rule}: {}", findings.len());
        for finding in findings {
            let _ = writeln!(report, "  {finding}");
        }
    } else {
        assert!(findings.is_empty(), "{rule}: {}\n{}", findings.len(), findings.join("\n"));
    }
}

#[test]
fn crates_must_depend_on_lower_layers_and_name_their_own_engines() {
    check("crates", &boundaries::crates());
}

#[test]
fn modules_must_only_import_permitted_modules() {
    let modules = workspace::modules();
    check("modules", &boundaries::modules(&modules, &imports(&modules, Reexport::Exporter)));
}

#[test]
fn public_signatures_must_show_no_engine() {
    check("engine types in public signatures", &boundaries::signatures(&workspace::modules()));
}

#[test]
fn sibling_modules_must_not_import_each_other_in_a_cycle() {
    let modules = workspace::modules();
    let kinds = [Reexport::Exporter, Reexport::Declaration];
    let imports = kinds.map(|reexport| imports(&modules, reexport)).concat();
    check("cycles", &cycles::cycles(&imports));
}

#[test]
fn names_must_follow_the_glossary() {
    let glossary = glossary::Glossary::read();
    let mut exceptions = exceptions::Exceptions::default();
    let mut found = Vec::new();
    let mut judge = |file: &str, line: usize, name: &str| {
        let retired: Vec<_> = glossary.retired(name).collect();
        if !retired.is_empty() && !exceptions.allow(file, name) {
            found.push(format!("{file}:{line} {name} ({})", retired.join(", ")));
        }
    };
    for file in workspace::source_files() {
        for (name, line) in names::declared(&file.syntax) {
            judge(&file.path, line, &name);
        }
    }
    for path in workspace::file_names() {
        judge(&path, 0, path.rsplit('/').next().unwrap_or(&path));
    }
    found.extend(exceptions.unused());
    check("retired words in names", &found);
}

#[test]
fn texts_must_follow_the_glossary() {
    let glossary = glossary::Glossary::read();
    let mut found = Vec::new();
    for file in workspace::source_files() {
        for (text, line) in texts::shown(&file.syntax) {
            let retired: Vec<_> = glossary.retired(&text).collect();
            if !retired.is_empty() {
                found.push(format!("{}:{line} {text:?} ({})", file.path, retired.join(", ")));
            }
        }
    }
    check("retired words in texts", &found);
}

#[test]
fn schema_descriptions_must_follow_the_glossary() {
    let glossary = glossary::Glossary::read();
    let path = workspace::root().join("schema/schema.graphql");
    let sdl = fs::read_to_string(path).expect("the contract");
    let descriptions = texts::descriptions(&sdl).filter_map(|text| {
        let retired: Vec<_> = glossary.retired(text).collect();
        (!retired.is_empty()).then(|| format!("{} ({})", text.trim(), retired.join(", ")))
    });
    check("retired words in GraphQL descriptions", &descriptions.collect::<Vec<_>>());
}

#[test]
fn the_glossary_must_be_found() {
    let glossary = glossary::Glossary::read();
    assert!(!glossary.is_empty(), "no table `Use | Instead of | Meaning` in CONTRIBUTING.md");
    assert!(glossary.retired("left_alone").next().is_some());
}

#[test]
fn type_names_must_be_unique_within_a_crate() {
    let mut types: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    for module in workspace::modules().into_values() {
        // Types of the GraphQL contract have the names of the domain types.
        if boundaries::within(&module.path, cycles::CONTRACT) {
            continue;
        }
        for item in &module.items {
            let ident = match item {
                Item::Struct(item) => &item.ident,
                Item::Enum(item) => &item.ident,
                Item::Trait(item) => &item.ident,
                Item::Type(item) => &item.ident,
                Item::Union(item) => &item.ident,
                _ => continue,
            };
            let line = ident.span().start().line;
            let key = (module.path[0].clone(), ident.to_string());
            types.entry(key).or_default().push(format!("{}:{line}", module.file));
        }
    }
    let doubled = types.into_iter().filter(|(_, declared)| declared.len() > 1);
    let found = doubled.map(|((_, name), declared)| format!("{name}: {}", declared.join(", ")));
    check("duplicate type names", &found.collect::<Vec<_>>());
}

#[test]
fn files_and_functions_must_stay_short() {
    let mut found = Vec::new();
    for file in workspace::source_files() {
        let lines = file.text.lines().count();
        if lines > FILE_LINES_MAX {
            found.push(format!("{} has {lines} lines", file.path));
        }
        let mut functions = Functions { lines: file.text.lines().collect(), long: Vec::new() };
        functions.visit_file(&file.syntax);
        found.extend(functions.long.iter().map(|function| format!("{}:{function}", file.path)));
    }
    check("long files and functions", &found);
}

/// Collects functions that are too long.
struct Functions<'a> {
    lines: Vec<&'a str>,
    long: Vec<String>,
}

impl Functions<'_> {
    fn measure(&mut self, attributes: &[Attribute], name: &Ident, body: &Block) {
        let span = body.span();
        let (first, last) = (span.start().line, span.end().line);
        let inner = self.lines.get(first..last.max(first + 1) - 1).unwrap_or_default();
        let is_code = |line: &&&str| !line.trim().is_empty() && !line.trim().starts_with("//");
        let lines = inner.iter().filter(is_code).count();
        let is_table = attributes.iter().filter_map(|a| a.meta.require_list().ok()).any(|list| {
            list.path.is_ident("expect") && list.tokens.to_string().contains("too_many_lines")
        });
        if lines > FUNCTION_LINES_MAX && !is_table {
            self.long.push(format!("{first} {name} has {lines} lines"));
        }
    }
}

impl<'ast> Visit<'ast> for Functions<'_> {
    fn visit_item_fn(&mut self, function: &'ast ItemFn) {
        self.measure(&function.attrs, &function.sig.ident, &function.block);
        visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast ImplItemFn) {
        self.measure(&function.attrs, &function.sig.ident, &function.block);
        visit::visit_impl_item_fn(self, function);
    }
}

#[test]
fn no_module_must_be_called_mod_rs() {
    let found: Vec<_> = workspace::file_names().filter(|p| p.ends_with("/mod.rs")).collect();
    check("mod.rs", &found);
}
