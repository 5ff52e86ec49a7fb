//! Composes authorization directives of subgraphs. If several subgraphs restrict the same element,
//! all of their rules apply; the composition crate would accept callers that satisfy any of them.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    CompositionError,
    subgraph_schema::SubgraphSchema,
    type_system::{AppliedDirective, FieldDef, Literal, SchemaDocument, TypeDef, has},
};

const AUTHENTICATED: &str = "authenticated";
const REQUIRES_SCOPES: &str = "requiresScopes";

/// Maximum number of scope sets of one element. If several directives apply to it, each set of one
/// is combined with each set of the others.
const SCOPE_SETS_MAX: usize = 1_000;
const TOO_MANY_SETS: &str = "`@requiresScopes` combines to more than 1,000 sets of scopes: require \
     fewer sets in one of the subgraphs";

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
    /// Collects the directives of all subgraphs, with the errors of invalid ones.
    pub(super) fn collect(schemas: &[SubgraphSchema]) -> (Self, Vec<CompositionError>) {
        let mut collected = Self::default();
        let mut errors = Vec::new();
        for schema in schemas {
            for of in schema.types.values() {
                let mut add = |field: Option<&str>, directives: &[AppliedDirective]| {
                    let coordinate = (of.name.clone(), field.map(str::to_owned));
                    for directive in directives {
                        if let Err(message) = collected.add(&coordinate, directive) {
                            errors.push(schema.error(&of.name, field, message.to_owned()));
                        }
                    }
                };
                add(None, &of.directives);
                for field in &of.fields {
                    add(Some(&field.name), &field.directives);
                }
                if has(&of.directives, "interfaceObject") {
                    let fields = of.fields.iter();
                    collected
                        .interface_object_fields
                        .extend(fields.map(|field| (of.name.clone(), Some(field.name.clone()))));
                }
            }
        }
        (collected, errors)
    }

    fn add(
        &mut self,
        coordinate: &SchemaCoordinate,
        directive: &AppliedDirective,
    ) -> Result<(), &'static str> {
        match directive.name.as_str() {
            AUTHENTICATED => {
                self.by_coordinate.entry(coordinate.clone()).or_default().authenticated = true;
            }
            REQUIRES_SCOPES => {
                let scope_sets = directive.argument("scopes").and_then(scopes);
                let scope_sets = scope_sets
                    .ok_or("`@requiresScopes` requires `scopes` as a list of lists of strings")?;
                let requirement = self.by_coordinate.entry(coordinate.clone()).or_default();
                requirement.scopes = Some(both(requirement.scopes.take(), &scope_sets)?);
            }
            _ => {}
        }
        Ok(())
    }

    /// Adds the directives to a supergraph; returns the errors of those that cannot be combined.
    pub(super) fn apply(&self, document: &mut SchemaDocument) -> Vec<CompositionError> {
        let mut errors = Vec::new();
        for of in document.types.values_mut() {
            let mut combined = |field: Option<&str>, requirements: Vec<&AuthRequirement>| {
                directives(requirements).unwrap_or_else(|message| {
                    errors.push(CompositionError {
                        message: message.to_owned(),
                        type_name: Some(of.name.clone()),
                        field: field.map(str::to_owned),
                        ..CompositionError::default()
                    });
                    Vec::new()
                })
            };
            let own = self.by_coordinate.get(&(of.name.clone(), None));
            let own = combined(None, own.into_iter().collect());
            let added: Vec<_> = of
                .fields
                .iter()
                .map(|field| combined(Some(&field.name), self.requirements_of_field(of, field)))
                .collect();
            of.directives.splice(0..0, own);
            for (field, added) in of.fields.iter_mut().zip(added) {
                field.directives.extend(added);
            }
        }
        errors
    }

    /// Requirements of a field: its own, and those inherited from an `@interfaceObject` type.
    fn requirements_of_field<'g>(
        &'g self,
        of: &TypeDef,
        field: &FieldDef,
    ) -> Vec<&'g AuthRequirement> {
        let coordinate = |of: &str| (of.to_owned(), Some(field.name.clone()));
        let lenders = of
            .interfaces
            .iter()
            .filter(|interface| self.interface_object_fields.contains(&coordinate(interface)));
        let inherited = lenders.flat_map(|lender| [coordinate(lender), (lender.clone(), None)]);
        let coordinates = std::iter::once(coordinate(&of.name)).chain(inherited);
        coordinates.filter_map(|coordinate| self.by_coordinate.get(&coordinate)).collect()
    }
}

/// Directives that combine all requirements.
fn directives<'g>(
    requirements: impl IntoIterator<Item = &'g AuthRequirement>,
) -> Result<Vec<AppliedDirective>, &'static str> {
    let mut directives = Vec::new();
    let mut authenticated = false;
    let mut scopes: Option<ScopeSets> = None;
    for requirement in requirements {
        authenticated |= requirement.authenticated;
        if let Some(other) = &requirement.scopes {
            scopes = Some(both(scopes, other)?);
        }
    }
    if authenticated {
        directives.push(AppliedDirective::new(AUTHENTICATED));
    }
    if let Some(scopes) = scopes {
        let set =
            |set: BTreeSet<String>| Literal::List(set.into_iter().map(Literal::Text).collect());
        let sets = Literal::List(scopes.into_iter().map(set).collect());
        directives.push(AppliedDirective::new(REQUIRES_SCOPES).with("scopes", sets));
    }
    Ok(directives)
}

/// Combines each set of one, if there are any, with each set of the other.
fn both(one: Option<ScopeSets>, other: &ScopeSets) -> Result<ScopeSets, &'static str> {
    if one.as_ref().map_or(1, BTreeSet::len) * other.len() > SCOPE_SETS_MAX {
        return Err(TOO_MANY_SETS);
    }
    let Some(one) = one else { return Ok(other.clone()) };
    Ok(one.iter().flat_map(|one| other.iter().map(move |other| one | other)).collect())
}

fn scopes(value: &Literal) -> Option<ScopeSets> {
    let items = |value: &Literal| match value {
        Literal::List(items) => Some(items.clone()),
        _ => None,
    };
    let set = |set: &Literal| {
        items(set)?.iter().map(|scope| scope.as_text().map(str::to_owned)).collect::<Option<_>>()
    };
    items(value)?.iter().map(set).collect()
}
