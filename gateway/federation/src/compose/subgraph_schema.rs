//! One subgraph as the rest of composition sees it: with the names of the specifications instead of
//! local names, the default names of root types, and nothing that belongs to federation itself.

use std::collections::{BTreeSet, HashMap, HashSet};

use async_graphql_value::indexmap::IndexMap;
use cynic_parser::TypeSystemDocument;

use super::{
    CompositionError, InaccessibleFields, SubgraphSdl,
    field_sets::{FieldNames, FieldSet},
    links::{CustomLink, Links, Meaning, is_authorization, is_link, not_enforced},
    type_system::{
        AppliedDirective, DefinitionKind, DirectiveDef, FieldDef, Literal, SchemaDocument, TypeDef,
        has,
    },
};

/// Operations, and the default names of their root types.
pub(super) const ROOTS: [(&str, &str); 3] =
    [("query", "Query"), ("mutation", "Mutation"), ("subscription", "Subscription")];
/// Root fields of every subgraph, for routers only.
const ROUTER_FIELDS: [&str; 2] = ["_entities", "_service"];
const BUILT_IN_SCALARS: [&str; 5] = ["Int", "Float", "String", "Boolean", "ID"];
/// Locations of directives in operations.
pub(super) const EXECUTABLE: [&str; 8] = [
    "QUERY",
    "MUTATION",
    "SUBSCRIPTION",
    "FIELD",
    "FRAGMENT_DEFINITION",
    "FRAGMENT_SPREAD",
    "INLINE_FRAGMENT",
    "VARIABLE_DEFINITION",
];

/// A subgraph with canonical names.
#[derive(Debug)]
pub(super) struct SubgraphSchema {
    pub(super) name: String,
    pub(super) url: String,
    /// Whether its `@inaccessible` fields are visible in this supergraph.
    pub(super) is_exposed: bool,
    /// Version of federation, as in `v2.5`; none for Federation 1.
    pub(super) version: Option<String>,
    pub(super) types: IndexMap<String, TypeDef>,
    /// Links to specifications of the directives in `composed`.
    pub(super) links: Vec<CustomLink>,
    /// Names in `@composeDirective`.
    pub(super) composed: BTreeSet<String>,
    /// Definitions of composed and of executable directives.
    pub(super) directive_definitions: Vec<DirectiveDef>,
}

impl SubgraphSchema {
    /// Reads a parsed subgraph, with the errors that concern it alone.
    pub(super) fn read(
        subgraph: &SubgraphSdl,
        document: &TypeSystemDocument,
    ) -> (Self, Vec<CompositionError>) {
        let (mut document, duplicates) = SchemaDocument::read(&subgraph.sdl, document);
        let mut links = Links::read(&document);
        let mut errors = Errors { subgraph: &subgraph.name, found: Vec::new() };
        for message in std::mem::take(&mut links.errors) {
            errors.add("schema", None, &message);
        }
        for duplicate in duplicates {
            errors.add(&duplicate.type_name, None, &duplicate.message);
        }
        let composed = composed_directives(&document, &links);
        remove_private_types(&mut document, &links, &composed);
        let mut canonical = Canonical { links: &links, composed: &composed, errors: &mut errors };
        canonical.schema(&document.directives);
        document.types.values_mut().for_each(|one| canonical.type_def(one));
        rename_roots(&mut document, &mut errors);
        remove_router_fields(&mut document.types);
        document.types.values_mut().for_each(complete);
        check_references(&document.types, &mut errors);
        let schema = Self {
            name: subgraph.name.clone(),
            url: subgraph.url.clone(),
            is_exposed: subgraph.inaccessible_fields == InaccessibleFields::Exposed,
            version: links.federation,
            types: document.types,
            links: links.custom,
            composed,
            directive_definitions: document.directive_definitions,
        };
        (schema, errors.found)
    }

    pub(super) fn error(
        &self,
        type_name: &str,
        field: Option<&str>,
        message: String,
    ) -> CompositionError {
        CompositionError {
            message,
            type_name: Some(type_name.to_owned()),
            field: field.map(str::to_owned),
            subgraphs: vec![self.name.clone()],
        }
    }

    /// URL of the specification that defines a directive of its own.
    pub(super) fn link_of(&self, directive: &str) -> Option<&str> {
        self.links.iter().find(|link| link.defines(directive))?.directive.text("url")
    }

    /// Object types with an interface among their interfaces.
    pub(super) fn implementers<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a TypeDef> {
        let objects = self.types.values().filter(|one| one.kind == DefinitionKind::Object);
        objects.filter(move |one| one.interfaces.iter().any(|interface| interface == name))
    }

    /// The fields in the keys of all types.
    pub(super) fn key_fields(&self) -> FieldNames {
        let mut names = FieldNames::new();
        for of in self.types.values() {
            for key in of.directives.iter().filter(|one| one.name == "key") {
                self.add_fields(key, &of.name, &mut names);
            }
        }
        names
    }

    /// The fields that this subgraph uses itself: in keys and other field sets, and to implement
    /// interfaces.
    pub(super) fn used_fields<'a>(&'a self) -> FieldNames {
        let mut names = self.key_fields();
        let field_names = |of: &'a TypeDef| -> HashSet<&'a str> {
            of.fields.iter().map(|field| field.name.as_str()).collect()
        };
        let interfaces = self.types.values().filter(|of| of.kind == DefinitionKind::Interface);
        let required: HashMap<&str, HashSet<&str>> =
            interfaces.map(|of| (of.name.as_str(), field_names(of))).collect();
        for of in self.types.values() {
            for field in &of.fields {
                for one in &field.directives {
                    match one.name.as_str() {
                        "requires" => self.add_fields(one, &of.name, &mut names),
                        "provides" => self.add_fields(one, field.ty.name(), &mut names),
                        _ => {}
                    }
                }
            }
            let own = if of.interfaces.is_empty() { HashSet::new() } else { field_names(of) };
            for required in of.interfaces.iter().filter_map(|name| required.get(name.as_str())) {
                // The intersection visits the smaller of the two sets.
                let fields = own.intersection(required);
                names.extend(fields.map(|field| (of.name.clone(), (*field).to_owned())));
            }
        }
        names
    }

    /// Adds the fields of a field set, and those of the objects behind interfaces.
    fn add_fields(&self, directive: &AppliedDirective, on: &str, names: &mut FieldNames) {
        let Some(Ok(set)) = field_set(directive) else { return };
        let mut found = Vec::new();
        set.visit(&self.types, on, &mut |of, field| found.push((of.to_owned(), field.to_owned())));
        for (of, field) in found {
            if self.types.get(&of).is_some_and(|of| of.kind == DefinitionKind::Interface) {
                let objects = self.implementers(&of);
                names.extend(objects.map(|object| (object.name.clone(), field.clone())));
            }
            names.insert((of, field));
        }
    }
}

/// The field set of a directive; a list of texts is one set, as in Federation 1.
pub(super) fn field_set(directive: &AppliedDirective) -> Option<Result<FieldSet, String>> {
    let texts = directive.argument("fields")?.items().iter().map(Literal::as_text);
    let texts: Option<Vec<_>> = texts.collect();
    Some(match texts {
        Some(texts) => FieldSet::parse(&texts.join(" ")),
        None => Err("is not a string".to_owned()),
    })
}

struct Errors<'a> {
    subgraph: &'a str,
    found: Vec<CompositionError>,
}

impl Errors<'_> {
    fn add(&mut self, type_name: &str, field: Option<&str>, message: &str) {
        self.found.push(CompositionError {
            message: message.to_owned(),
            type_name: Some(type_name.to_owned()),
            field: field.map(str::to_owned),
            subgraphs: vec![self.subgraph.to_owned()],
        });
    }
}

/// Names without `@` in `@composeDirective`.
fn composed_directives(document: &SchemaDocument, links: &Links) -> BTreeSet<String> {
    let directives = document.directives.iter();
    let composed = directives
        .filter(|one| links.meaning(&one.name) == Meaning::Known("composeDirective"))
        .filter_map(|one| Some(one.text("name")?.trim_start_matches('@').to_owned()));
    // Directives of federation are composed by their own rules.
    composed.filter(|name| links.meaning(name) == Meaning::Custom).collect()
}

/// Removes definitions of federation: of its directives, and of types that only these use.
fn remove_private_types(document: &mut SchemaDocument, links: &Links, composed: &BTreeSet<String>) {
    let is_public = |definition: &DirectiveDef| {
        let is_executable = definition.locations.iter().any(|one| EXECUTABLE.contains(one));
        links.meaning(&definition.name) == Meaning::Custom
            && (composed.contains(&definition.name) || is_executable)
    };
    // Some servers print the type of field sets without the directives that use it.
    let mut private = BTreeSet::from(["FieldSet".to_owned()]);
    for definition in document.directive_definitions.iter().filter(|one| !is_public(one)) {
        private.extend(definition.arguments.iter().map(|one| one.ty.name().to_owned()));
    }
    document.directive_definitions.retain(is_public);
    document.types.retain(|name, _| !links.is_private_type(name));
    let of_directives = document.directive_definitions.iter().flat_map(|one| &one.arguments);
    let mut uses: HashMap<String, usize> = HashMap::new();
    for name in of_directives.map(|one| one.ty.name()) {
        *uses.entry(name.to_owned()).or_default() += 1;
    }
    for name in document.types.values().flat_map(references) {
        *uses.entry(name.to_owned()).or_default() += 1;
    }
    // The types of arguments of these types as well, when their last use has gone.
    let mut unused: Vec<String> = private.into_iter().collect();
    let mut removed = BTreeSet::new();
    while let Some(name) = unused.pop() {
        let is_used = uses.get(&name).is_some_and(|count| *count > 0);
        let Some(of) = document.types.get(&name).filter(|_| !is_used) else { continue };
        if removed.insert(name) {
            for name in references(of) {
                if let Some(count) = uses.get_mut(name) {
                    *count -= 1;
                }
                unused.push(name.to_owned());
            }
        }
    }
    document.types.retain(|name, _| !removed.contains(name));
}

/// Names of the types to which a definition refers.
pub(super) fn references(of: &TypeDef) -> impl Iterator<Item = &str> {
    let arguments = of.fields.iter().flat_map(|field| &field.arguments);
    let types = of.fields.iter().chain(arguments).map(|one| one.ty.name());
    types.chain(of.members.iter().chain(&of.interfaces).map(String::as_str))
}

/// Replaces local names of directives by those of the specifications.
struct Canonical<'a, 'e> {
    links: &'a Links,
    composed: &'a BTreeSet<String>,
    errors: &'a mut Errors<'e>,
}

impl Canonical<'_, '_> {
    fn schema(&mut self, directives: &[AppliedDirective]) {
        for directive in directives {
            match self.links.meaning(&directive.name) {
                Meaning::Known("source") => {
                    let message = "`@source` of Apollo Connectors is not supported: let a subgraph \
                        call the REST API";
                    self.errors.add("schema", None, message);
                }
                Meaning::Known(name) if is_authorization(name) => {
                    self.errors.add("schema", None, &not_enforced(name));
                }
                Meaning::Undefined if !is_link(directive) => {
                    self.errors.add("schema", None, &undefined(&directive.name));
                }
                _ => {}
            }
        }
    }

    fn type_def(&mut self, of: &mut TypeDef) {
        let name = of.name.clone();
        self.directives(&name, None, &mut of.directives);
        for field in &mut of.fields {
            let field_name = field.name.clone();
            self.directives(&name, Some(&field_name), &mut field.directives);
            for argument in &mut field.arguments {
                self.directives(&name, Some(&field_name), &mut argument.directives);
            }
        }
        for value in &mut of.values {
            let value_name = value.name.clone();
            self.directives(&name, Some(&value_name), &mut value.directives);
        }
    }

    fn directives(
        &mut self,
        type_name: &str,
        field: Option<&str>,
        directives: &mut Vec<AppliedDirective>,
    ) {
        directives.retain_mut(|directive| match self.links.meaning(&directive.name) {
            Meaning::Known(name) => {
                name.clone_into(&mut directive.name);
                true
            }
            Meaning::Custom => self.composed.contains(&directive.name),
            Meaning::Unknown => {
                let message = format!(
                    "`@{}` is a directive of federation that is not supported: remove it, and its \
                     import",
                    directive.name
                );
                self.errors.add(type_name, field, &message);
                false
            }
            Meaning::Undefined => {
                self.errors.add(type_name, field, &undefined(&directive.name));
                false
            }
        });
    }
}

fn undefined(directive: &str) -> String {
    format!("`@{directive}` is not defined: import it with `@link`, or define it")
}

/// Gives root types their default names.
fn rename_roots(document: &mut SchemaDocument, errors: &mut Errors<'_>) {
    let mut renamed: Vec<(String, &str)> = Vec::new();
    for (operation, usual) in ROOTS {
        let declared = document.roots.iter().find(|(other, _)| *other == operation);
        if declared.is_none() && document.lists_roots && document.types.contains_key(usual) {
            let message = format!(
                "is not a root type of this SDL, since its `schema {{ … }}` does not list it: add \
                 `{operation}: {usual}` there, or rename the type"
            );
            errors.add(usual, None, &message);
        }
        let Some((_, name)) = declared.filter(|(_, name)| name != usual) else { continue };
        if document.types.contains_key(usual) {
            let message = format!(
                "`{name}` is the root type of {operation} operations, so no \
                other type can be named `{usual}`: rename it"
            );
            errors.add(usual, None, &message);
            continue;
        }
        renamed.push((name.clone(), usual));
    }
    if renamed.is_empty() {
        return;
    }
    let new_name = |name: &str| renamed.iter().find(|(old, _)| old == name).map(|(_, new)| *new);
    let types = std::mem::take(&mut document.types);
    document.types = types
        .into_iter()
        .map(|(name, mut of)| {
            for field in &mut of.fields {
                if let Some(new) = new_name(field.ty.name()) {
                    new.clone_into(field.ty.name_mut());
                }
            }
            for member in &mut of.members {
                if let Some(new) = new_name(member) {
                    new.clone_into(member);
                }
            }
            let name = new_name(&name).map_or(name, str::to_owned);
            of.name.clone_from(&name);
            (name, of)
        })
        .collect();
}

/// Removes the fields for routers, and a query type without other fields.
fn remove_router_fields(types: &mut IndexMap<String, TypeDef>) {
    if let Some(query) = types.get_mut("Query") {
        query.fields.retain(|field| !ROUTER_FIELDS.contains(&field.name.as_str()));
    }
    types.retain(|name, of| {
        let is_root = ROOTS.iter().any(|(_, usual)| usual == name);
        of.is_extension &= !is_root;
        !is_root || !of.fields.is_empty()
    });
}

/// Moves directives of a type that concern its fields to the fields; drops repeated interfaces.
fn complete(of: &mut TypeDef) {
    of.is_extension |= has(&of.directives, "extends");
    let known = &mut BTreeSet::new();
    of.interfaces.retain(|name| known.insert(name.clone()));
    if of.kind != DefinitionKind::Object {
        return;
    }
    for name in ["shareable", "external"] {
        if has(&of.directives, name) {
            for field in of.fields.iter_mut().filter(|field| !has(&field.directives, name)) {
                field.directives.push(AppliedDirective::new(name));
            }
            of.directives.retain(|one| one.name != name);
        }
    }
}

/// Reports names of types that do not exist, and fields that exist twice.
fn check_references(types: &IndexMap<String, TypeDef>, errors: &mut Errors<'_>) {
    let is_known = |name: &str| BUILT_IN_SCALARS.contains(&name) || types.contains_key(name);
    for of in types.values() {
        let fields = of.fields.iter().map(|field| &field.name);
        let mut names = BTreeSet::new();
        for name in fields.chain(of.values.iter().map(|value| &value.name)) {
            if !names.insert(name) {
                errors.add(&of.name, Some(name), "is defined twice in this SDL: remove one");
            }
        }
        let types_of = |field: &FieldDef| {
            let arguments = field.arguments.iter().map(|argument| argument.ty.name().to_owned());
            arguments.chain([field.ty.name().to_owned()]).collect::<Vec<_>>()
        };
        for field in &of.fields {
            for name in types_of(field).iter().filter(|name| !is_known(name)) {
                let message = format!("refers to `{name}`, which this SDL does not define: add it");
                errors.add(&of.name, Some(&field.name), &message);
            }
        }
        for name in of.members.iter().chain(&of.interfaces).filter(|name| !is_known(name)) {
            let message = format!("refers to `{name}`, which this SDL does not define: add it");
            errors.add(&of.name, None, &message);
        }
    }
}
