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

/// The meaning of a directive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Meaning {
    /// One of [`KNOWN`], or of GraphQL itself.
    Known(&'static str),
    /// A directive of federation that this program does not know, by its name in the SDL.
    Unknown,
    /// A directive of the subgraph's own.
    Custom,
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
}

impl Links {
    pub(super) fn read(document: &SchemaDocument) -> Self {
        let mut links = Self::default();
        let definitions = document.directive_definitions.iter();
        links.defined = definitions.map(|definition| definition.name.clone()).collect();
        links.prefixes.extend(["federation__", "link__", "join__", "core__"].map(str::to_owned));
        for link in document.directives.iter().filter(|one| is_link(one)) {
            if let Some(url) = link.text("url") {
                links.add(link, url);
            }
        }
        links
    }

    fn add(&mut self, link: &AppliedDirective, url: &str) {
        let specification = url.trim_end_matches('/').strip_prefix(SPECIFICATIONS);
        let parts = specification.and_then(|rest| rest.split_once('/'));
        let alias = link.text("as");
        let imports: Vec<_> = imports(link).collect();
        let Some((specification, version)) = parts else {
            let segments = url.trim_end_matches('/').rsplit('/');
            let name = segments.into_iter().find(|segment| !is_version(segment));
            let imported = imports.iter().filter_map(|(_, local)| local.strip_prefix('@'));
            self.custom.push(CustomLink {
                directive: link.clone(),
                imports: imported.map(str::to_owned).collect(),
                prefix: alias.or(name).unwrap_or_default().to_owned(),
            });
            return;
        };
        let prefix = alias.unwrap_or(specification);
        self.prefixes.insert(format!("{prefix}__"));
        if specification == "federation" {
            self.federation = Some(version.to_owned());
        }
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
                    self.directives.insert(local.to_owned(), meaning);
                }
                _ => {
                    self.types.insert(local);
                }
            }
        }
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
            return Meaning::Custom;
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
        plain.map_or(Meaning::Custom, Meaning::Known)
    }

    /// Whether a type belongs to federation by its name.
    pub(super) fn is_private_type(&self, name: &str) -> bool {
        matches!(name, "_Any" | "_Entity" | "_Service" | "_FieldSet")
            || self.types.contains(name)
            || self.prefixes.iter().any(|prefix| name.starts_with(prefix))
    }
}

/// Whether a directive of a schema is `@link`, under whatever name.
fn is_link(directive: &AppliedDirective) -> bool {
    let is_about_links =
        |url: &str| url.strip_prefix(SPECIFICATIONS).is_some_and(|rest| rest.starts_with("link/"));
    directive.name == "link"
        || (directive.argument("import").is_some() && directive.argument("url").is_some())
        || directive.text("url").is_some_and(is_about_links)
}

/// The elements that a link imports: name in the specification, and in the SDL.
fn imports(link: &AppliedDirective) -> impl Iterator<Item = (String, String)> {
    let items = link.argument("import").map(Literal::items).unwrap_or_default();
    items.iter().filter_map(|item| match item {
        Literal::Text(name) => Some((name.clone(), name.clone())),
        Literal::Object(fields) => {
            let text = |key: &str| {
                let value = fields.iter().find(|(name, _)| name == key).map(|(_, value)| value);
                value.and_then(Literal::as_text).map(str::to_owned)
            };
            let name = text("name")?;
            let local = text("as").unwrap_or_else(|| name.clone());
            Some((name, local))
        }
        _ => None,
    })
}

fn is_version(segment: &str) -> bool {
    segment.strip_prefix('v').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}
