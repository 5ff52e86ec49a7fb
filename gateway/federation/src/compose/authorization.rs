//! Composes authorization directives of subgraphs. If several subgraphs restrict the same element,
//! all of their rules apply; the composition crate would accept callers that satisfy any of them.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
};

use cynic_parser::{
    ConstValue, Span, TypeSystemDocument,
    type_system::{Definition, Directive, FieldDefinition, TypeDefinition},
};

use super::{CompositionError, SubgraphSdl, edits::SdlEdits};

/// Supported directives, by the names in their specifications.
const AUTHENTICATED: &str = "authenticated";
const REQUIRES_SCOPES: &str = "requiresScopes";
/// Unsupported authorization directive.
const POLICY: &str = "policy";
/// Marks a type that adds its fields to all object types of an interface.
const INTERFACE_OBJECT: &str = "interfaceObject";
/// Directives whose local names in a subgraph are resolved here.
const NAMES: [&str; 4] = [AUTHENTICATED, REQUIRES_SCOPES, POLICY, INTERFACE_OBJECT];

const AUTHENTICATED_LINK: &str =
    "\n  @link(url: \"https://specs.apollo.dev/authenticated/v0.1\", for: SECURITY)";
const AUTHENTICATED_DEFINITION: &str =
    "\ndirective @authenticated on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM\n";
const SCOPES_LINK: &str =
    "\n  @link(url: \"https://specs.apollo.dev/requiresScopes/v0.1\", for: SECURITY)";
const SCOPES_DEFINITION: &str = "
directive @requiresScopes(scopes: [[requiresScopes__Scope!]!]!) on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM
scalar requiresScopes__Scope
";

/// Maximum number of scope sets of one element. If several directives apply to it, each set of one
/// is combined with each set of the others.
const SCOPE_SETS_MAX: usize = 1_000;

/// Alternative sets of scopes: a caller needs all scopes of any one set.
type ScopeSets = BTreeSet<BTreeSet<String>>;

/// Name of a type, and optionally of a field.
type SchemaCoordinate = (String, Option<String>);

/// Requirements for access to a type or field.
#[derive(Debug, Default)]
struct AuthRequirement {
    authenticated: bool,
    scopes: Option<ScopeSets>,
}

/// All authorization directives of the subgraphs.
#[derive(Debug, Default)]
pub(super) struct AuthDirectives {
    by_coordinate: BTreeMap<SchemaCoordinate, AuthRequirement>,
    /// Fields that an `@interfaceObject` type adds to the object types of the interface with its
    /// name. Their rules and those of the type apply to the object types too.
    interface_object_fields: BTreeSet<SchemaCoordinate>,
}

impl AuthDirectives {
    /// Collects the directives of all subgraphs, and removes them with `edits` from the SDLs that
    /// the composition crate receives.
    ///
    /// # Errors
    /// All unsupported or invalid authorization directives.
    pub(super) fn collect(
        subgraphs: &[SubgraphSdl],
        documents: &[TypeSystemDocument],
        edits: &mut [SdlEdits],
    ) -> Result<Self, Vec<CompositionError>> {
        let mut collected = Self::default();
        let mut errors = Vec::new();
        for ((subgraph, document), edits) in subgraphs.iter().zip(documents).zip(edits) {
            let names = names(document);
            collected.collect_interface_object_fields(document, &names);
            for (coordinate, directive) in directives(document) {
                let Some(&name) = names.get(directive.name()) else { continue };
                if name == INTERFACE_OBJECT {
                    continue;
                }
                edits.remove(span(&subgraph.sdl, &directive));
                let Err(message) = collected.add(coordinate.clone(), name, &directive) else {
                    continue;
                };
                errors.push(CompositionError {
                    message: message.to_owned(),
                    type_name: Some(coordinate.0),
                    field: coordinate.1,
                    subgraphs: vec![subgraph.name.clone()],
                });
            }
        }
        if errors.is_empty() { Ok(collected) } else { Err(errors) }
    }

    fn collect_interface_object_fields(
        &mut self,
        document: &TypeSystemDocument,
        names: &BTreeMap<String, &str>,
    ) {
        for one in types(document) {
            let mut directives = one.directives();
            if directives.any(|one| names.get(one.name()) == Some(&INTERFACE_OBJECT)) {
                let name = || one.name().to_owned();
                self.interface_object_fields
                    .extend(fields(one).map(|field| (name(), Some(field.name().to_owned()))));
            }
        }
    }

    fn add(
        &mut self,
        coordinate: SchemaCoordinate,
        name: &str,
        directive: &Directive<'_>,
    ) -> Result<(), &'static str> {
        let requirement = self.by_coordinate.entry(coordinate).or_default();
        match name {
            AUTHENTICATED => requirement.authenticated = true,
            REQUIRES_SCOPES => {
                let scope_sets = argument(directive, "scopes").and_then(scopes);
                let scope_sets = scope_sets
                    .ok_or("`@requiresScopes` requires `scopes` as a list of lists of strings")?;
                let count = requirement.scopes.as_ref().map_or(1, BTreeSet::len) * scope_sets.len();
                if count > SCOPE_SETS_MAX {
                    return Err("`@requiresScopes` combines to more than 1,000 sets of scopes");
                }
                requirement.scopes = Some(match requirement.scopes.take() {
                    None => scope_sets,
                    Some(existing) => both(&existing, &scope_sets),
                });
            }
            _ => {
                return Err(
                    "unsupported authorization directive `@policy`: refusing to compose it \
                            unenforced",
                );
            }
        }
        Ok(())
    }

    /// Adds the directives to the supergraph `sdl`.
    pub(super) fn apply(&self, sdl: &str, supergraph: &TypeSystemDocument) -> String {
        let mut edits = SdlEdits::default();
        let mut schema = 0;
        for definition in supergraph.definitions() {
            match definition {
                Definition::Type(one) | Definition::TypeExtension(one) => {
                    // Directives follow the list of interfaces; every composed type has at least
                    // one.
                    let first = one.directives().next();
                    let at = first.map_or(name_span(one).end, |one| span(sdl, &one).start);
                    edits.insert(
                        at,
                        directives_text(self.by_coordinate.get(&(one.name().to_owned(), None))),
                    );
                    for field in fields(one) {
                        edits.insert(
                            field.span().end,
                            directives_text(self.requirements_of_field(one, field.name())),
                        );
                    }
                }
                Definition::Schema(one) => schema = one.span().start + "schema".len(),
                _ => {}
            }
        }
        if self.by_coordinate.values().any(|requirement| requirement.authenticated) {
            edits.insert(schema, AUTHENTICATED_LINK);
            edits.insert(sdl.len(), AUTHENTICATED_DEFINITION);
        }
        if self.by_coordinate.values().any(|requirement| requirement.scopes.is_some()) {
            edits.insert(schema, SCOPES_LINK);
            edits.insert(sdl.len(), SCOPES_DEFINITION);
        }
        edits.apply(sdl)
    }

    /// Requirements of a field: its own, and those inherited from an `@interfaceObject` type.
    fn requirements_of_field<'g>(
        &'g self,
        of: TypeDefinition<'_>,
        field: &str,
    ) -> Vec<&'g AuthRequirement> {
        let coordinate = |of: &str| (of.to_owned(), Some(field.to_owned()));
        let lenders = interfaces(of)
            .filter(|interface| self.interface_object_fields.contains(&coordinate(interface)));
        let inherited = lenders.flat_map(|lender| [coordinate(lender), (lender.to_owned(), None)]);
        let coordinates = std::iter::once(coordinate(of.name())).chain(inherited);
        coordinates.filter_map(|coordinate| self.by_coordinate.get(&coordinate)).collect()
    }
}

/// Directives that combine all requirements.
fn directives_text<'g>(requirements: impl IntoIterator<Item = &'g AuthRequirement>) -> String {
    let mut text = String::new();
    let mut authenticated = false;
    let mut scopes: Option<ScopeSets> = None;
    for requirement in requirements {
        authenticated |= requirement.authenticated;
        scopes = match (scopes, &requirement.scopes) {
            (Some(one), Some(other)) => Some(both(&one, other)),
            (one, other) => one.or_else(|| other.clone()),
        };
    }
    if authenticated {
        text.push_str(" @authenticated ");
    }
    if let Some(scopes) = scopes {
        let scopes = serde_json::to_string(&scopes).expect("strings always serialise to JSON");
        write!(text, " @requiresScopes(scopes: {scopes}) ")
            .expect("writing to a `String` cannot fail");
    }
    text
}

/// Combines each set of one with each set of the other.
fn both(one: &ScopeSets, other: &ScopeSets) -> ScopeSets {
    one.iter().flat_map(|one| other.iter().map(move |other| one | other)).collect()
}

fn scopes(value: ConstValue<'_>) -> Option<ScopeSets> {
    let set = |set: ConstValue<'_>| {
        set.as_items()?.map(|scope| scope.as_str().map(str::to_owned)).collect::<Option<_>>()
    };
    value.as_items()?.map(set).collect()
}

fn types(document: &TypeSystemDocument) -> impl Iterator<Item = TypeDefinition<'_>> {
    document.definitions().filter_map(|definition| match definition {
        Definition::Type(one) | Definition::TypeExtension(one) => Some(one),
        _ => None,
    })
}

/// All directives on types and fields.
fn directives(
    document: &TypeSystemDocument,
) -> impl Iterator<Item = (SchemaCoordinate, Directive<'_>)> {
    types(document).flat_map(|one| {
        let own = one.directives().map(move |found| ((one.name().to_owned(), None), found));
        let below = fields(one).flat_map(move |field| {
            let coordinate = (one.name().to_owned(), Some(field.name().to_owned()));
            field.directives().map(move |found| (coordinate.clone(), found))
        });
        own.chain(below)
    })
}

fn interfaces(of: TypeDefinition<'_>) -> impl Iterator<Item = &str> {
    let interfaces: Vec<_> = match of {
        TypeDefinition::Object(object) => object.implements_interfaces().collect(),
        TypeDefinition::Interface(interface) => interface.implements_interfaces().collect(),
        _ => Vec::new(),
    };
    interfaces.into_iter()
}

fn fields(of: TypeDefinition<'_>) -> impl Iterator<Item = FieldDefinition<'_>> {
    let fields = match of {
        TypeDefinition::Object(object) => Some(object.fields()),
        TypeDefinition::Interface(interface) => Some(interface.fields()),
        _ => None,
    };
    fields.into_iter().flatten()
}

fn name_span(of: TypeDefinition<'_>) -> Span {
    match of {
        TypeDefinition::Scalar(one) => one.name_span(),
        TypeDefinition::Object(one) => one.name_span(),
        TypeDefinition::Interface(one) => one.name_span(),
        TypeDefinition::Union(one) => one.name_span(),
        TypeDefinition::Enum(one) => one.name_span(),
        TypeDefinition::InputObject(one) => one.name_span(),
    }
}

/// The span of a directive, including its `@`.
fn span(sdl: &str, directive: &Directive<'_>) -> Span {
    let name = directive.name_span();
    let start = sdl[..name.end].rfind('@').unwrap_or(name.start);
    Span::new(start, directive.arguments_span().end.max(name.end))
}

/// Local names of the directives in a subgraph: plain, with a namespace, or imported under an
/// alias.
fn names(document: &TypeSystemDocument) -> BTreeMap<String, &'static str> {
    let mut names = BTreeMap::new();
    let mut in_space = |space: &str| {
        names.extend(NAMES.map(|name| (format!("{space}__{name}"), name)));
    };
    in_space("federation");
    for link in links(document) {
        argument(&link, "as").and_then(|space| space.as_str()).into_iter().for_each(&mut in_space);
    }
    names.extend(NAMES.map(|name| (name.to_owned(), name)));
    for link in links(document) {
        let imported = argument(&link, "import").and_then(|imported| imported.as_items());
        for one in imported.into_iter().flatten().filter_map(|one| one.as_object()) {
            let plain = |key| one.get(key)?.as_str()?.strip_prefix('@');
            let canonical = NAMES.into_iter().find(|name| plain("name") == Some(*name));
            names.extend(plain("as").map(str::to_owned).zip(canonical));
        }
    }
    names
}

fn argument<'a>(directive: &Directive<'a>, name: &str) -> Option<ConstValue<'a>> {
    Some(directive.argument(name)?.value())
}

/// All `@link` directives of a subgraph.
fn links(document: &TypeSystemDocument) -> impl Iterator<Item = Directive<'_>> {
    let schemas = document.definitions().filter_map(|definition| match definition {
        Definition::Schema(schema) | Definition::SchemaExtension(schema) => Some(schema),
        _ => None,
    });
    schemas.flat_map(|schema| schema.directives()).filter(|one| one.name() == "link")
}
