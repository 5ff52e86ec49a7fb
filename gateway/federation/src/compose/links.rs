//! What the directives of a subgraph mean: `@link` can import a directive under another name, or
//! leave it in the namespace of its specification.

use std::collections::{BTreeMap, BTreeSet};

use super::type_system::{AppliedDirective, Literal, SchemaDocument};

/// Prefix of the URLs of Apollo's specifications.
const SPECIFICATIONS: &str = "https://specs.apollo.dev/";
/// Directives of federation and of its companions, by the names in their specifications.
pub(super) const KNOWN: [&str; 22] = [
    "key",
    "shareable",
    "external",
    "requires",
    "provides",
    "override",
    "inaccessible",
    "tag",
    "extends",
    "interfaceObject",
    "composeDirective",
    "authenticated",
    "requiresScopes",
    "policy",
    "context",
    "fromContext",
    "cost",
    "listSize",
    "connect",
    "source",
    "cacheTag",
    "link",
];
/// Those that are common words, so a directive that the subgraph itself defines can have the name.
const COMMON_WORDS: [&str; 7] =
    ["context", "fromContext", "cost", "listSize", "connect", "source", "cacheTag"];
/// Directives that restrict what clients can see. No other specification may define one, since it
/// would have no effect.
const RESTRICTIONS: [&str; 4] = ["authenticated", "requiresScopes", "policy", "inaccessible"];
/// Directives that restrict who can select an element.
const AUTHORIZATION: [&str; 2] = ["authenticated", "requiresScopes"];
/// Directives of GraphQL itself.
const BUILT_IN: [&str; 5] = ["deprecated", "specifiedBy", "oneOf", "skip", "include"];
/// Specifications of directives that are known here, apart from `federation`.
const COMPANIONS: [&str; 10] = [
    "link",
    "tag",
    "inaccessible",
    "authenticated",
    "requiresScopes",
    "policy",
    "context",
    "cost",
    "connect",
    "cacheTag",
];

/// An imported element: its name in the specification, and in the SDL.
type Import = (String, String);

/// The meaning of a directive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Meaning {
    /// One of [`KNOWN`], or of GraphQL itself.
    Known(&'static str),
    /// A directive of federation that this program does not know, by its name in the SDL.
    Unknown,
    /// A directive of the subgraph's own.
    Custom,
    /// A name that the SDL neither imports nor defines.
    Undefined,
}

/// A `@link` to a specification that is not Apollo's.
#[derive(Debug, Clone)]
pub(super) struct CustomLink {
    pub(super) directive: AppliedDirective,
    /// Local names of the directives that it defines: imported, and the prefix of the others.
    imports: BTreeSet<String>,
    prefix: String,
}

impl CustomLink {
    pub(super) fn defines(&self, directive: &str) -> bool {
        directive == self.prefix
            || self.imports.contains(directive)
            || directive.split_once("__").is_some_and(|(prefix, _)| prefix == self.prefix)
    }
}

/// The `@link`s of a subgraph.
#[derive(Debug, Default)]
pub(super) struct Links {
    /// Version of federation, as in `v2.5`; none for Federation 1.
    pub(super) federation: Option<String>,
    pub(super) custom: Vec<CustomLink>,
    directives: BTreeMap<String, Meaning>,
    /// Local names of types of the specifications.
    types: BTreeSet<String>,
    /// Prefixes of names of the specifications, with their `__`.
    prefixes: BTreeSet<String>,
    /// Names that have another meaning than the directive of federation with that name.
    renamed: BTreeSet<&'static str>,
    defined: BTreeSet<String>,
    /// Messages about links whose directives would have no effect.
    pub(super) errors: Vec<String>,
}

impl Links {
    pub(super) fn read(document: &SchemaDocument) -> Self {
        let mut links = Self::default();
        let definitions = document.directive_definitions.iter();
        links.defined = definitions.map(|definition| definition.name.clone()).collect();
        links.prefixes.extend(["federation__", "link__", "join__", "core__"].map(str::to_owned));
        for link in document.directives.iter().filter(|one| is_link(one)) {
            match link.text("url") {
                Some(url) => links.add(link, url),
                None => links.errors.push(format!(
                    "`@{}` has no `url` that is a string: add the URL of a specification",
                    link.name
                )),
            }
        }
        links
    }

    fn add(&mut self, link: &AppliedDirective, url: &str) {
        let imports = self.imports(link, url);
        let specification = url.trim_end_matches('/').strip_prefix(SPECIFICATIONS);
        let parts = specification.and_then(|rest| rest.split_once('/'));
        match parts.filter(|(_, version)| is_version(version)) {
            Some((specification, version)) => {
                if specification == "federation" {
                    self.federation = Some(version.to_owned());
                }
                self.add_known(link, specification, imports);
            }
            None if url.to_ascii_lowercase().contains("specs.apollo.dev") => {
                self.errors.push(format!(
                    "`@{}(url: \"{url}\")` is not the URL of a version of a specification: write \
                     `{SPECIFICATIONS}NAME/vX.Y`",
                    link.name
                ));
            }
            None => self.add_custom(link, url, &imports),
        }
    }

    fn add_custom(&mut self, link: &AppliedDirective, url: &str, imports: &[Import]) {
        let segments = url.trim_end_matches('/').rsplit('/');
        let name = segments.into_iter().find(|segment| !is_version(segment));
        let names = imports.iter().flat_map(|(name, local)| [name, local]);
        let is_restriction = |name: &&String| {
            name.strip_prefix('@').is_some_and(|name| RESTRICTIONS.contains(&name))
        };
        if let Some(name) = names.into_iter().find(is_restriction) {
            self.errors.push(format!(
                "`{name}` of `{url}` would not be enforced: import that of \
                 `{SPECIFICATIONS}federation/v2.5`, or rename it there"
            ));
        }
        let imported = imports.iter().filter_map(|(_, local)| local.strip_prefix('@'));
        self.custom.push(CustomLink {
            directive: link.clone(),
            imports: imported.map(str::to_owned).collect(),
            prefix: link.text("as").or(name).unwrap_or_default().to_owned(),
        });
    }

    fn add_known(&mut self, link: &AppliedDirective, specification: &str, imports: Vec<Import>) {
        let prefix = link.text("as").unwrap_or(specification);
        self.prefixes.insert(format!("{prefix}__"));
        let is_known = specification == "federation" || COMPANIONS.contains(&specification);
        for name in KNOWN.into_iter().filter(|_| is_known) {
            self.directives.insert(format!("{prefix}__{name}"), Meaning::Known(name));
            if name == specification {
                self.directives.insert(prefix.to_owned(), Meaning::Known(name));
            }
        }
        if !is_known {
            self.directives.insert(prefix.to_owned(), Meaning::Unknown);
        }
        for (name, local) in imports {
            match (name.strip_prefix('@'), local.strip_prefix('@')) {
                (Some(name), Some(local)) => {
                    let known = KNOWN.into_iter().find(|known| *known == name && is_known);
                    self.renamed.extend(known.filter(|known| *known != local));
                    let meaning = known.map_or(Meaning::Unknown, Meaning::Known);
                    let known = self.directives.insert(local.to_owned(), meaning.clone());
                    if known.is_some_and(|known| known != meaning) {
                        self.errors.push(format!(
                            "two directives are imported as `@{local}`: give one another name \
                             with `as`"
                        ));
                    }
                }
                _ => {
                    self.types.insert(local);
                }
            }
        }
    }

    /// The elements that a link imports, with errors for what cannot be one.
    fn imports(&mut self, link: &AppliedDirective, url: &str) -> Vec<Import> {
        let mut imports = Vec::new();
        for item in link.argument("import").map(Literal::items).unwrap_or_default() {
            let import = import(item);
            let is_valid = |(name, local): &Import| name.starts_with('@') == local.starts_with('@');
            match import.filter(is_valid) {
                Some(import) => imports.push(import),
                None => self.errors.push(format!(
                    "`import: {item}` of `{url}` is invalid: write `\"@name\"`, or \
                     `{{ name: \"@name\", as: \"@other\" }}`, with `@` in both or in neither"
                )),
            }
        }
        imports
    }

    /// The meaning of a directive with this name in the SDL.
    pub(super) fn meaning(&self, local: &str) -> Meaning {
        if let Some(meaning) = self.directives.get(local) {
            return meaning.clone();
        }
        if let Some(name) = BUILT_IN.into_iter().find(|name| *name == local) {
            return Meaning::Known(name);
        }
        if self.custom.iter().any(|link| link.imports.contains(local)) {
            let is_defined = self.defined.contains(local);
            return if is_defined { Meaning::Custom } else { Meaning::Undefined };
        }
        if let Some((prefix, name)) = local.split_once("__")
            && self.prefixes.contains(&format!("{prefix}__"))
        {
            let known = KNOWN.into_iter().find(|known| *known == name);
            return known.map_or(Meaning::Unknown, Meaning::Known);
        }
        let plain = KNOWN.into_iter().find(|name| *name == local).filter(|name| {
            let is_own = self.defined.contains(*name) && COMMON_WORDS.contains(name);
            !is_own && !self.renamed.contains(name)
        });
        match plain {
            Some(name) => Meaning::Known(name),
            None if self.defined.contains(local) => Meaning::Custom,
            None => Meaning::Undefined,
        }
    }

    /// Whether a type belongs to federation by its name.
    pub(super) fn is_private_type(&self, name: &str) -> bool {
        matches!(name, "_Any" | "_Entity" | "_Service" | "_FieldSet")
            || self.types.contains(name)
            || self.prefixes.iter().any(|prefix| name.starts_with(prefix))
    }
}

/// Whether a directive of a schema is `@link`, under whatever name.
pub(super) fn is_link(directive: &AppliedDirective) -> bool {
    let is_specification = |url: &str| url.to_ascii_lowercase().contains("specs.apollo.dev");
    directive.name == "link"
        || (directive.argument("import").is_some() && directive.argument("url").is_some())
        || directive.text("url").is_some_and(is_specification)
}

/// The element that an item of `import` names.
fn import(item: &Literal) -> Option<Import> {
    match item {
        Literal::Text(name) => Some((name.clone(), name.clone())),
        Literal::Object(fields) => {
            let value = |key: &str| fields.iter().find(|(name, _)| name == key);
            let name = value("name")?.1.as_text()?.to_owned();
            let local = match value("as") {
                None | Some((_, Literal::Null)) => name.clone(),
                Some((_, local)) => local.as_text()?.to_owned(),
            };
            Some((name, local))
        }
        _ => None,
    }
}

fn is_version(segment: &str) -> bool {
    segment.strip_prefix('v').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}

pub(super) fn is_authorization(directive: &str) -> bool {
    AUTHORIZATION.contains(&directive)
}

pub(super) fn not_enforced(directive: &str) -> String {
    format!(
        "`@{directive}` would not be enforced here: move it to a field, or to an object, interface, \
         scalar or enum type"
    )
}
