//! Fields and types that subgraphs guard: only who may see them is to get them. Where several subgraphs
//! guard the same, all of their guards hold; the composer would let in whom one of them does.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
};

use cynic_parser::{
    ConstValue, Span, TypeSystemDocument,
    type_system::{Definition, Directive, FieldDefinition, TypeDefinition},
};

use super::{CompositionProblem, SubgraphSdl, edits::Edits};

/// What guards, by the names of the specification.
const AUTHENTICATED: &str = "authenticated";
const REQUIRES_SCOPES: &str = "requiresScopes";
/// What guards in a way that is not known here.
const POLICY: &str = "policy";
/// A type that lends its fields to every object behind an interface.
const INTERFACE_OBJECT: &str = "interfaceObject";
/// Everything whose names in a subgraph matter here.
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

/// Sets of scopes: whoever has all of one set may see.
type Scopes = BTreeSet<BTreeSet<String>>;

/// A type, or a field of it.
type Place = (String, Option<String>);

/// Who may see something.
#[derive(Debug, Default)]
struct Guard {
    authenticated: bool,
    scopes: Option<Scopes>,
}

/// Everything that is guarded.
#[derive(Debug, Default)]
pub(super) struct Guards {
    at: BTreeMap<Place, Guard>,
    /// Of fields that a type lends to the objects behind an interface of its name: these, and the guards of
    /// the type itself, hold there, too.
    lent: BTreeSet<Place>,
}

impl Guards {
    /// Gathers the guards of all subgraphs, and by `edits` leaves them out of what the composer sees.
    ///
    /// # Errors
    /// Every guard that is not known here.
    pub(super) fn gather(
        subgraphs: &[SubgraphSdl],
        documents: &[TypeSystemDocument],
        edits: &mut [Edits],
    ) -> Result<Self, Vec<CompositionProblem>> {
        let mut guards = Self::default();
        let mut problems = Vec::new();
        for ((subgraph, document), edits) in subgraphs.iter().zip(documents).zip(edits) {
            let names = names(document);
            guards.note_lent(document, &names);
            for (place, directive) in directives(document) {
                let Some(&name) = names.get(directive.name()) else { continue };
                if name == INTERFACE_OBJECT {
                    continue;
                }
                edits.remove(span(&subgraph.sdl, &directive));
                let Err(message) = guards.note(place.clone(), name, &directive) else { continue };
                problems.push(CompositionProblem {
                    message: message.to_owned(),
                    type_name: Some(place.0),
                    field: place.1,
                    subgraphs: vec![subgraph.name.clone()],
                });
            }
        }
        if problems.is_empty() { Ok(guards) } else { Err(problems) }
    }

    fn note_lent(&mut self, document: &TypeSystemDocument, names: &BTreeMap<String, &str>) {
        for one in types(document) {
            let mut directives = one.directives();
            if directives.any(|one| names.get(one.name()) == Some(&INTERFACE_OBJECT)) {
                let name = || one.name().to_owned();
                self.lent.extend(fields(one).map(|field| (name(), Some(field.name().to_owned()))));
            }
        }
    }

    fn note(
        &mut self,
        place: Place,
        name: &str,
        directive: &Directive<'_>,
    ) -> Result<(), &'static str> {
        let guard = self.at.entry(place).or_default();
        match name {
            AUTHENTICATED => guard.authenticated = true,
            REQUIRES_SCOPES => {
                let given = argument(directive, "scopes").and_then(scopes);
                let given =
                    given.ok_or("`@requiresScopes` wants `scopes` as a list of lists of texts")?;
                guard.scopes = Some(match guard.scopes.take() {
                    None => given,
                    Some(known) => both(&known, &given),
                });
            }
            _ => {
                return Err(
                    "it is guarded by `@policy`, which is not kept here: it would be open to \
                            everybody",
                );
            }
        }
        Ok(())
    }

    /// The supergraph `sdl` with the guards.
    pub(super) fn set(&self, sdl: &str, supergraph: &TypeSystemDocument) -> String {
        let mut edits = Edits::default();
        let mut schema = 0;
        for definition in supergraph.definitions() {
            match definition {
                Definition::Type(one) | Definition::TypeExtension(one) => {
                    // Directives stand behind the names of interfaces; whatever is composed has one.
                    let first = one.directives().next();
                    let at = first.map_or(name_span(one).end, |one| span(sdl, &one).start);
                    edits.insert(at, text(self.at.get(&(one.name().to_owned(), None))));
                    for field in fields(one) {
                        edits.insert(field.span().end, text(self.of_field(one, field.name())));
                    }
                }
                Definition::Schema(one) => schema = one.span().start + "schema".len(),
                _ => {}
            }
        }
        if self.at.values().any(|guard| guard.authenticated) {
            edits.insert(schema, AUTHENTICATED_LINK);
            edits.insert(sdl.len(), AUTHENTICATED_DEFINITION);
        }
        if self.at.values().any(|guard| guard.scopes.is_some()) {
            edits.insert(schema, SCOPES_LINK);
            edits.insert(sdl.len(), SCOPES_DEFINITION);
        }
        edits.apply(sdl)
    }

    /// The guards of a field: its own, and those that are lent with it.
    fn of_field<'g>(&'g self, of: TypeDefinition<'_>, field: &str) -> Vec<&'g Guard> {
        let place = |of: &str| (of.to_owned(), Some(field.to_owned()));
        let lenders = interfaces(of).filter(|interface| self.lent.contains(&place(interface)));
        let lent = lenders.flat_map(|lender| [place(lender), (lender.to_owned(), None)]);
        let places = std::iter::once(place(of.name())).chain(lent);
        places.filter_map(|place| self.at.get(&place)).collect()
    }
}

/// The directives that say of all guards that they hold.
fn text<'g>(guards: impl IntoIterator<Item = &'g Guard>) -> String {
    let mut text = String::new();
    let mut authenticated = false;
    let mut scopes: Option<Scopes> = None;
    for guard in guards {
        authenticated |= guard.authenticated;
        scopes = match (scopes, &guard.scopes) {
            (Some(one), Some(other)) => Some(both(&one, other)),
            (one, other) => one.or_else(|| other.clone()),
        };
    }
    if authenticated {
        text.push_str(" @authenticated ");
    }
    if let Some(scopes) = scopes {
        let scopes = serde_json::to_string(&scopes).expect("texts are always JSON");
        write!(text, " @requiresScopes(scopes: {scopes}) ").expect("a text can always grow");
    }
    text
}

/// Whoever fits one set of each.
fn both(one: &Scopes, other: &Scopes) -> Scopes {
    one.iter().flat_map(|one| other.iter().map(move |other| one | other)).collect()
}

fn scopes(value: ConstValue<'_>) -> Option<Scopes> {
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

/// Every directive on a type or a field.
fn directives(document: &TypeSystemDocument) -> impl Iterator<Item = (Place, Directive<'_>)> {
    types(document).flat_map(|one| {
        let own = one.directives().map(move |found| ((one.name().to_owned(), None), found));
        let below = fields(one).flat_map(move |field| {
            let place = (one.name().to_owned(), Some(field.name().to_owned()));
            field.directives().map(move |found| (place.clone(), found))
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

/// Where a directive stands, from its `@` on.
fn span(sdl: &str, directive: &Directive<'_>) -> Span {
    let name = directive.name_span();
    let start = sdl[..name.end].rfind('@').unwrap_or(name.start);
    Span::new(start, directive.arguments_span().end.max(name.end))
}

/// Under which names a subgraph has what guards: its own, in a space of names, or imported as another.
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
            let known = NAMES.into_iter().find(|known| plain("name") == Some(*known));
            names.extend(plain("as").map(str::to_owned).zip(known));
        }
    }
    names
}

fn argument<'a>(directive: &Directive<'a>, name: &str) -> Option<ConstValue<'a>> {
    Some(directive.argument(name)?.value())
}

/// Every `@link` of a subgraph.
fn links(document: &TypeSystemDocument) -> impl Iterator<Item = Directive<'_>> {
    let schemas = document.definitions().filter_map(|definition| match definition {
        Definition::Schema(schema) | Definition::SchemaExtension(schema) => Some(schema),
        _ => None,
    });
    schemas.flat_map(|schema| schema.directives()).filter(|one| one.name() == "link")
}
