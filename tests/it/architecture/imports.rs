//! The imports of each module: `use` trees and paths in the code, resolved to modules.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt, slice,
};

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::{
    Attribute, ImplItem, ItemMod, ItemUse, Macro, Meta, UseTree, Visibility, visit, visit::Visit,
};

use super::workspace::{Modules, is_test};

/// Maximum number of re-exports to follow.
const ALIASES_MAX: usize = 8;

/// An import of a module; `to` starts with the name of the crate.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Import {
    pub(super) from: Vec<String>,
    /// The imported module, or the full path if it is in an external crate.
    pub(super) to: Vec<String>,
    file: String,
    line: usize,
    /// The path in the source code.
    path: String,
}

impl Import {
    pub(super) fn new(from: Vec<String>, to: Vec<String>) -> Self {
        Self { from, path: to.join("::"), to, file: String::new(), line: 0 }
    }
}

impl fmt::Display for Import {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{} {}", self.file, self.line, self.path)
    }
}

/// How to resolve an import of a re-exported name.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Reexport {
    /// To the module that re-exports the name.
    Exporter,
    /// To the module that declares the name.
    Declaration,
}

/// All imports of all modules, at most one between two modules.
pub(super) fn imports(modules: &Modules, reexport: Reexport) -> Vec<Import> {
    let scopes: BTreeMap<_, _> = modules
        .iter()
        .map(|(path, module)| {
            let mut scope = Scope::default();
            module.items.iter().for_each(|item| scope.visit_item(item));
            (path.clone(), scope)
        })
        .collect();
    let resolver = Resolver { modules, scopes: &scopes, reexport };
    let mut found = BTreeSet::new();
    for (from, scope) in &scopes {
        for (path, line) in &scope.paths {
            let Some(to) = resolver.resolve(from, path, 0) else { continue };
            let file = modules[from].file.clone();
            let path = path.join("::");
            found.insert(Import { from: from.clone(), to, file, line: *line, path });
        }
    }
    let mut found: Vec<_> = found.into_iter().collect();
    found.dedup_by(|next, first| next.from == first.from && next.to == first.to);
    found
}

/// Resolves the paths in types of a module.
pub(super) fn resolved(
    modules: &Modules,
    from: &[String],
    types: &[&syn::Type],
) -> Vec<Vec<String>> {
    let mut scope = Scope::default();
    modules[from].items.iter().for_each(|item| scope.visit_item(item));
    let mut named = Scope { single_segments: true, ..Scope::default() };
    for named_type in types {
        named.visit_type(named_type);
    }
    let scopes = BTreeMap::from([(from.to_vec(), scope)]);
    let resolver = Resolver { modules, scopes: &scopes, reexport: Reexport::Exporter };
    named.paths.iter().filter_map(|(path, _)| resolver.resolve(from, path, 0)).collect()
}

/// The paths in a module, and the names that its `use` declarations import.
#[derive(Default)]
struct Scope {
    paths: Vec<(Vec<String>, usize)>,
    aliases: BTreeMap<String, Vec<String>>,
    /// Whether paths of a single segment count.
    single_segments: bool,
}

impl Scope {
    fn add(&mut self, path: Vec<String>, span: Span) {
        self.paths.push((path, span.start().line));
    }

    fn add_use(&mut self, tree: &UseTree, mut path: Vec<String>) {
        match tree {
            UseTree::Path(tree) => {
                path.push(tree.ident.to_string());
                self.add_use(&tree.tree, path);
            }
            UseTree::Group(group) => {
                group.items.iter().for_each(|tree| self.add_use(tree, path.clone()));
            }
            UseTree::Glob(glob) => self.add(path, glob.star_token.spans[0]),
            UseTree::Name(name) => self.add_name(&name.ident, &name.ident, path),
            UseTree::Rename(rename) => self.add_name(&rename.ident, &rename.rename, path),
        }
    }

    fn add_name(&mut self, name: &syn::Ident, alias: &syn::Ident, mut path: Vec<String>) {
        let mut alias = alias.to_string();
        if name == "self" {
            if alias == "self" {
                alias = path.last().cloned().unwrap_or_default();
            }
        } else {
            path.push(name.to_string());
        }
        self.aliases.insert(alias, path.clone());
        self.add(path, name.span());
    }

    /// Paths in tokens that `syn` does not parse: arguments of macros and attributes.
    fn add_tokens(&mut self, tokens: TokenStream) {
        let mut path: Option<(Vec<String>, Span)> = None;
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Punct(colon) if colon.as_char() == ':' => {
                    colons += 1;
                    continue;
                }
                TokenTree::Ident(ident) => {
                    let name = ident.to_string();
                    match &mut path {
                        Some((path, _)) if colons == 2 => path.push(name),
                        _ => {
                            self.add_long(path.take());
                            path = Some((vec![name], ident.span()));
                        }
                    }
                }
                TokenTree::Group(group) => {
                    self.add_long(path.take());
                    self.add_tokens(group.stream());
                }
                TokenTree::Literal(_) | TokenTree::Punct(_) => self.add_long(path.take()),
            }
            colons = 0;
        }
        self.add_long(path);
    }

    fn add_long(&mut self, path: Option<(Vec<String>, Span)>) {
        if let Some((path, span)) = path.filter(|(path, _)| path.len() > 1) {
            self.add(path, span);
        }
    }
}

impl<'ast> Visit<'ast> for Scope {
    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        self.add_use(&item.tree, Vec::new());
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if self.single_segments || path.segments.len() > 1 {
            let names: Vec<_> = path.segments.iter().map(|s| s.ident.to_string()).collect();
            self.add(names, path.segments[0].ident.span());
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        self.visit_path(&call.path);
        self.add_tokens(call.tokens.clone());
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        if let Meta::List(list) = &attribute.meta {
            self.add_tokens(list.tokens.clone());
        }
    }

    fn visit_impl_item(&mut self, item: &'ast ImplItem) {
        if !matches!(item, ImplItem::Fn(f) if f.attrs.iter().any(is_test)) {
            visit::visit_impl_item(self, item);
        }
    }

    // Modules are visited separately; `pub(in path)` is not an import.
    fn visit_item_mod(&mut self, _: &'ast ItemMod) {}
    fn visit_visibility(&mut self, _: &'ast Visibility) {}
}

struct Resolver<'a> {
    modules: &'a Modules,
    scopes: &'a BTreeMap<Vec<String>, Scope>,
    reexport: Reexport,
}

impl Resolver<'_> {
    /// The module of `path` in `from`; `None` for an empty path.
    fn resolve(&self, from: &[String], path: &[String], depth: usize) -> Option<Vec<String>> {
        let (first, rest) = path.split_first()?;
        let mut start = match first.as_str() {
            "crate" => from[..1].to_vec(),
            "self" => from.to_vec(),
            "super" => from[..from.len() - 1].to_vec(),
            name => return self.resolve_name(from, name, rest, depth),
        };
        let mut rest = rest;
        while rest.first().is_some_and(|segment| segment == "super") {
            start.pop();
            rest = &rest[1..];
        }
        self.descend(start, rest, depth)
    }

    fn resolve_name(
        &self,
        from: &[String],
        name: &str,
        rest: &[String],
        depth: usize,
    ) -> Option<Vec<String>> {
        let alias = self.scopes.get(from).and_then(|scope| scope.aliases.get(name));
        if let Some(alias) = alias.filter(|alias| depth < ALIASES_MAX && alias[0] != name) {
            return self.resolve(from, &[&alias[..], rest].concat(), depth + 1);
        }
        let child = [from, &[name.to_owned()]].concat();
        if self.modules.contains_key(&child) {
            return self.descend(child, rest, depth);
        }
        let start = vec![name.to_owned()];
        if self.modules.contains_key(&start) {
            return self.descend(start, rest, depth);
        }
        // A local name, such as a variant of an enum, or an external crate.
        Some([&start[..], rest].concat())
    }

    fn descend(
        &self,
        mut at: Vec<String>,
        mut rest: &[String],
        depth: usize,
    ) -> Option<Vec<String>> {
        while let Some((name, after)) = rest.split_first() {
            let child = [&at[..], slice::from_ref(name)].concat();
            if !self.modules.contains_key(&child) {
                break;
            }
            at = child;
            rest = after;
        }
        let follow = self.reexport == Reexport::Declaration && depth < ALIASES_MAX;
        let scope = self.scopes.get(&at).filter(|_| follow);
        match scope.and_then(|scope| scope.aliases.get(rest.first()?)) {
            Some(alias) => self.resolve(&at, &[&alias[..], &rest[1..]].concat(), depth + 1),
            None => Some(at),
        }
    }
}
