//! The texts of a file that are displayed to people: errors, log messages, CLI help, and reasons of
//! `expect`.

use proc_macro2::{TokenStream, TokenTree};
use syn::{
    Attribute, Expr, ExprCall, ExprMethodCall, ItemEnum, ItemStruct, Lit, LitStr, Macro, Meta,
    visit::{self, Visit},
};

/// A text and its line.
pub(super) type Text = (String, usize);

/// Macros of `tracing`, in addition to those that end in `_span`.
const TRACING: [&str; 7] = ["error", "warn", "info", "debug", "trace", "event", "span"];

/// Types whose constructors take a message for clients.
const CLIENT_ERRORS: [&str; 4] = ["ApiError", "Failure", "RequestError", "Refusal"];

/// Derives of clap that use doc comments as help.
const CLAP: [&str; 4] = ["Parser", "Args", "Subcommand", "ValueEnum"];

/// All displayed texts of a file.
pub(super) fn shown(file: &syn::File) -> Vec<Text> {
    let mut texts = Texts::default();
    texts.visit_file(file);
    texts.found
}

/// Descriptions in a GraphQL schema, in single or triple quotes.
pub(super) fn descriptions(mut sdl: &str) -> impl Iterator<Item = &str> {
    std::iter::from_fn(move || {
        sdl = &sdl[sdl.find('"')?..];
        let quotes = if sdl.starts_with("\"\"\"") { "\"\"\"" } else { "\"" };
        let (text, rest) = sdl[quotes.len()..].split_once(quotes)?;
        sdl = rest;
        Some(text)
    })
}

#[derive(Default)]
struct Texts {
    found: Vec<Text>,
    /// Whether doc comments are CLI help in the current item.
    help: bool,
    /// Whether every literal counts in the current expression.
    literals: bool,
}

impl Texts {
    /// Adds every string literal; with `fields` also every name before a `=`.
    fn add_tokens(&mut self, tokens: TokenStream, fields: bool) {
        let mut tokens = tokens.into_iter().peekable();
        while let Some(token) = tokens.next() {
            match token {
                TokenTree::Group(group) => self.add_tokens(group.stream(), false),
                TokenTree::Literal(literal) => {
                    let line = literal.span().start().line;
                    if let Lit::Str(text) = Lit::new(literal) {
                        self.found.push((text.value(), line));
                    }
                }
                TokenTree::Ident(ident) if fields => {
                    let next = tokens.peek();
                    if matches!(next, Some(TokenTree::Punct(p)) if p.as_char() == '=') {
                        self.found.push((ident.to_string(), ident.span().start().line));
                    }
                }
                TokenTree::Ident(_) | TokenTree::Punct(_) => {}
            }
        }
    }

    fn with_literals(&mut self, visit: impl FnOnce(&mut Self)) {
        let before = std::mem::replace(&mut self.literals, true);
        visit(self);
        self.literals = before;
    }

    fn with_help(&mut self, attributes: &[Attribute], visit: impl FnOnce(&mut Self)) {
        self.help = attributes.iter().any(|attribute| {
            let derived = attribute.meta.require_list().map(|list| list.tokens.to_string());
            let is_clap = |derived: String| CLAP.iter().any(|name| derived.contains(name));
            attribute.path().is_ident("derive") && derived.is_ok_and(is_clap)
        });
        visit(self);
        self.help = false;
    }
}

impl<'ast> Visit<'ast> for Texts {
    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        let path = attribute.path();
        match &attribute.meta {
            Meta::List(list) if path.is_ident("error") => {
                self.add_tokens(list.tokens.clone(), false);
            }
            Meta::List(list) if path.is_ident("instrument") => {
                self.add_tokens(list.tokens.clone(), true);
            }
            Meta::List(list) if path.is_ident("arg") || path.is_ident("command") => {
                self.add_tokens(list.tokens.clone(), false);
            }
            Meta::NameValue(doc) if self.help && path.is_ident("doc") => {
                self.with_literals(|texts| texts.visit_expr(&doc.value));
            }
            _ => {}
        }
    }

    fn visit_item_struct(&mut self, item: &'ast ItemStruct) {
        self.with_help(&item.attrs, |texts| visit::visit_item_struct(texts, item));
    }

    fn visit_item_enum(&mut self, item: &'ast ItemEnum) {
        self.with_help(&item.attrs, |texts| visit::visit_item_enum(texts, item));
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        let name = call.path.segments.last().map(|segment| segment.ident.to_string());
        let is_tracing =
            name.is_some_and(|name| TRACING.contains(&name.as_str()) || name.ends_with("_span"));
        if is_tracing || self.literals {
            self.add_tokens(call.tokens.clone(), is_tracing);
        }
    }

    fn visit_expr_call(&mut self, call: &'ast ExprCall) {
        let client_error = matches!(&*call.func, Expr::Path(path)
            if path.path.segments.iter().any(|s| CLIENT_ERRORS.iter().any(|e| s.ident == e)));
        if client_error {
            self.with_literals(|texts| visit::visit_expr_call(texts, call));
        } else {
            visit::visit_expr_call(self, call);
        }
    }

    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        self.visit_expr(&call.receiver);
        if call.method == "expect" {
            self.with_literals(|texts| call.args.iter().for_each(|arg| texts.visit_expr(arg)));
        } else {
            call.args.iter().for_each(|arg| self.visit_expr(arg));
        }
    }

    fn visit_lit_str(&mut self, text: &'ast LitStr) {
        if self.literals {
            self.found.push((text.value(), text.span().start().line));
        }
    }
}
