//! The names declared in a file: types, fields, variants, functions, parameters, local variables
//! and so on.

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};
use syn::{
    ConstParam, Field, FieldPat, ImplItemConst, ImplItemFn, ImplItemType, ItemConst, ItemEnum,
    ItemFn, ItemImpl, ItemMacro, ItemMod, ItemStatic, ItemStruct, ItemTrait, ItemType, ItemUnion,
    Macro, PatIdent, TraitItemConst, TraitItemFn, TraitItemType, TypeParam, UseRename, Variant,
    visit::{self, Visit},
};

/// A declared name and its line.
pub(super) type Name = (String, usize);

/// All names declared in a file.
pub(super) fn declared(file: &syn::File) -> Vec<Name> {
    let mut names = Names::default();
    names.visit_file(file);
    names.found
}

#[derive(Default)]
struct Names {
    found: Vec<Name>,
}

impl Names {
    fn add(&mut self, ident: &Ident) {
        self.found.push((ident.to_string(), ident.span().start().line));
    }

    /// Declarations in macro arguments, which `syn` does not parse: names after a keyword and, in a
    /// macro that declares items, names before `{`, `:` or `=`.
    fn add_tokens(&mut self, tokens: TokenStream, position: MacroPosition) {
        let mut follows_keyword = false;
        let mut tokens = tokens.into_iter().peekable();
        while let Some(token) = tokens.next() {
            match token {
                TokenTree::Ident(ident) => {
                    let is_keyword = KEYWORDS.iter().any(|keyword| ident == keyword);
                    let declares = position == MacroPosition::Item
                        && match tokens.peek() {
                            Some(TokenTree::Group(g)) => g.delimiter() == Delimiter::Brace,
                            Some(TokenTree::Punct(p)) => [':', '='].contains(&p.as_char()),
                            _ => false,
                        };
                    if !is_keyword && (follows_keyword || declares) {
                        self.add(&ident);
                    }
                    follows_keyword = is_keyword;
                }
                TokenTree::Group(group) => self.add_tokens(group.stream(), position),
                TokenTree::Punct(_) | TokenTree::Literal(_) => follows_keyword = false,
            }
        }
    }
}

/// Position of a macro call.
#[derive(Clone, Copy, PartialEq, Eq)]
enum MacroPosition {
    Item,
    Expression,
}

/// Keywords that precede a declared name.
const KEYWORDS: [&str; 8] = ["fn", "let", "mut", "struct", "enum", "const", "mod", "type"];

/// Implements the visit of a node with a name: adds `ident` and visits its children.
macro_rules! add_and_descend {
    ($($visit:ident: $node:ty => $($field:ident).+;)*) => {
        $(fn $visit(&mut self, node: &'ast $node) {
            self.add(&node.$($field).+);
            visit::$visit(self, node);
        })*
    };
}

impl<'ast> Visit<'ast> for Names {
    add_and_descend! {
        visit_item_const: ItemConst => ident;
        visit_item_enum: ItemEnum => ident;
        visit_item_fn: ItemFn => sig.ident;
        visit_item_mod: ItemMod => ident;
        visit_item_static: ItemStatic => ident;
        visit_item_struct: ItemStruct => ident;
        visit_item_trait: ItemTrait => ident;
        visit_item_type: ItemType => ident;
        visit_item_union: ItemUnion => ident;
        visit_variant: Variant => ident;
        visit_impl_item_const: ImplItemConst => ident;
        visit_impl_item_fn: ImplItemFn => sig.ident;
        visit_impl_item_type: ImplItemType => ident;
        visit_trait_item_const: TraitItemConst => ident;
        visit_trait_item_fn: TraitItemFn => sig.ident;
        visit_trait_item_type: TraitItemType => ident;
        visit_type_param: TypeParam => ident;
        visit_const_param: ConstParam => ident;
        visit_use_rename: UseRename => rename;
    }

    fn visit_field(&mut self, field: &'ast Field) {
        field.ident.iter().for_each(|ident| self.add(ident));
        visit::visit_field(self, field);
    }

    fn visit_item_macro(&mut self, item: &'ast ItemMacro) {
        item.ident.iter().for_each(|ident| self.add(ident));
        self.add_tokens(item.mac.tokens.clone(), MacroPosition::Item);
    }

    /// Items of a trait implementation are named by the trait, which may be external.
    fn visit_item_impl(&mut self, item: &'ast ItemImpl) {
        let before = self.found.len();
        visit::visit_item_impl(self, item);
        if item.trait_.is_some() {
            let named = item.items.iter().filter_map(|item| match item {
                syn::ImplItem::Fn(f) => Some(&f.sig.ident),
                syn::ImplItem::Const(c) => Some(&c.ident),
                syn::ImplItem::Type(t) => Some(&t.ident),
                _ => None,
            });
            for ident in named {
                let name = (ident.to_string(), ident.span().start().line);
                let at = self.found.iter().skip(before).position(|found| *found == name);
                at.map(|at| self.found.remove(before + at));
            }
        }
    }

    fn visit_pat_ident(&mut self, pattern: &'ast PatIdent) {
        // `None` is parsed as such a pattern but declares nothing.
        if !pattern.ident.to_string().starts_with(char::is_uppercase) {
            self.add(&pattern.ident);
        }
        visit::visit_pat_ident(self, pattern);
    }

    fn visit_field_pat(&mut self, pattern: &'ast FieldPat) {
        // `{ field }` repeats the name of the field and declares nothing new.
        if pattern.colon_token.is_some() {
            visit::visit_field_pat(self, pattern);
        }
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        self.add_tokens(call.tokens.clone(), MacroPosition::Expression);
    }
}
