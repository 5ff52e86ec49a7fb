//! What of a supergraph is not for everybody: `@authenticated` and `@requiresScopes`, on types and on
//! fields, as <https://specs.apollo.dev/authenticated/v0.1> and
//! <https://specs.apollo.dev/requiresScopes/v0.1> say.
//!
//! A guard of an interface is for what is asked of the interface; objects behind it have their own, as
//! composers write them (a field that is lent by `@interfaceObject` has its guards at each object).

use std::collections::{BTreeSet, HashMap};

use graphql_tools::static_graphql::{query::Value, schema as ast};

use crate::authentication::Caller;

/// Who may see something: whoever has all scopes of one of these sets. `@authenticated` is one empty set,
/// which everybody has who says who they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Guard(Vec<BTreeSet<String>>);

impl Guard {
    fn lets_in(&self, caller: &Caller) -> bool {
        let Caller::Known { scopes } = caller else { return false };
        self.0.iter().any(|wanted| wanted.is_subset(scopes))
    }

    /// The sets of scopes of which one is wanted; none where it is enough to be known.
    pub(crate) fn scopes(&self) -> impl Iterator<Item = &BTreeSet<String>> {
        self.0.iter().filter(|wanted| !wanted.is_empty())
    }
}

/// Everything that is guarded in a supergraph.
#[derive(Debug, Default)]
pub(crate) struct Guards {
    all: Vec<Guard>,
    /// Places in `all`; every one of them must let somebody in.
    of_types: HashMap<String, Vec<usize>>,
    of_fields: HashMap<String, HashMap<String, Vec<usize>>>,
}

impl Guards {
    /// The guards of a supergraph.
    pub(super) fn read(document: &ast::Document) -> Self {
        let mut guards = Self::default();
        for definition in &document.definitions {
            let ast::Definition::TypeDefinition(definition) = definition else { continue };
            let (name, directives) = match definition {
                ast::TypeDefinition::Object(object) => {
                    guards.note_fields(&object.name, &object.fields);
                    (&object.name, &object.directives)
                }
                ast::TypeDefinition::Interface(interface) => {
                    guards.note_fields(&interface.name, &interface.fields);
                    (&interface.name, &interface.directives)
                }
                ast::TypeDefinition::Scalar(scalar) => (&scalar.name, &scalar.directives),
                ast::TypeDefinition::Enum(of) => (&of.name, &of.directives),
                ast::TypeDefinition::Union(_) | ast::TypeDefinition::InputObject(_) => continue,
            };
            let places = guards.places(directives);
            if !places.is_empty() {
                guards.of_types.insert(name.clone(), places);
            }
        }
        guards
    }

    fn note_fields(&mut self, owner: &str, fields: &[ast::Field]) {
        for field in fields {
            let places = self.places(&field.directives);
            if !places.is_empty() {
                let of = self.of_fields.entry(owner.to_owned()).or_default();
                of.insert(field.name.clone(), places);
            }
        }
    }

    /// The guards that directives set.
    fn places(&mut self, directives: &[ast::Directive]) -> Vec<usize> {
        directives.iter().filter_map(guard).map(|guard| self.place(guard)).collect()
    }

    fn place(&mut self, guard: Guard) -> usize {
        self.all.iter().position(|known| *known == guard).unwrap_or_else(|| {
            self.all.push(guard);
            self.all.len() - 1
        })
    }

    /// What a caller may see.
    pub(crate) fn access(&self, caller: &Caller) -> Access {
        Access(self.all.iter().map(|guard| guard.lets_in(caller)).collect())
    }

    /// What somebody may see who may see everything.
    pub(crate) fn full_access(&self) -> Access {
        Access(vec![true; self.all.len()])
    }

    /// Why a type must not be shown, if it must not.
    pub(crate) fn of_type(&self, access: &Access, name: &str) -> Option<&Guard> {
        self.closed(access, self.of_types.get(name)?)
    }

    /// Why a field must not be shown, if it must not: for itself, for what it is of, or for what it gives.
    pub(crate) fn of_field(
        &self,
        access: &Access,
        owner: &str,
        field: &str,
        gives: &str,
    ) -> Option<&Guard> {
        if access.is_full() {
            return None;
        }
        let own = || self.closed(access, self.of_fields.get(owner)?.get(field)?);
        own().or_else(|| self.of_type(access, owner)).or_else(|| self.of_type(access, gives))
    }

    /// Whether anything of a type must not be shown.
    pub(super) fn any_of(&self, access: &Access, name: &str) -> bool {
        let mut fields = self.of_fields.get(name).into_iter().flat_map(HashMap::values);
        self.of_type(access, name).is_some()
            || fields.any(|places| self.closed(access, places).is_some())
    }

    fn closed(&self, access: &Access, places: &[usize]) -> Option<&Guard> {
        let closed =
            places.iter().find(|place| !access.0.get(**place).is_some_and(|open| *open))?;
        self.all.get(*closed)
    }
}

/// Which guards of one supergraph let somebody in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Access(Vec<bool>);

impl Access {
    /// Whether everything may be seen.
    pub(crate) fn is_full(&self) -> bool {
        self.0.iter().all(|open| *open)
    }
}

fn guard(directive: &ast::Directive) -> Option<Guard> {
    match directive.name.as_str() {
        AUTHENTICATED => Some(Guard(vec![BTreeSet::new()])),
        REQUIRES_SCOPES => {
            let scopes = directive.arguments.iter().find(|(name, _)| name == "scopes");
            Some(Guard(scopes.map(|(_, value)| sets(value)).unwrap_or_default()))
        }
        _ => None,
    }
}

/// Only whoever says who they are.
pub(super) const AUTHENTICATED: &str = "authenticated";
/// Only whoever has scopes.
pub(super) const REQUIRES_SCOPES: &str = "requiresScopes";

/// Sets of texts. What is none makes its set one that nobody has.
fn sets(value: &Value) -> Vec<BTreeSet<String>> {
    let items = |value: &Value| match value {
        Value::List(items) => items.clone(),
        other => vec![other.clone()],
    };
    let text = |value: &Value| match value {
        Value::String(text) => Some(text.clone()),
        _ => None,
    };
    let set = |value: &Value| items(value).iter().map(text).collect();
    items(value).iter().filter_map(set).collect()
}

#[cfg(test)]
mod tests {
    use graphql_tools::parser::parse_schema;

    use super::*;

    fn guards() -> Guards {
        let document = parse_schema::<String>(
            "type Query { open: Int mine: Int @authenticated thing: Thing secret: Secret code: Code }
             interface Thing @authenticated { name: String @requiresScopes(scopes: [[\"a\", \"b\"], [\"c\"]]) }
             type Box implements Thing { name: String size: Int }
             type Secret { text: String @authenticated @requiresScopes(scopes: []) }
             scalar Code @requiresScopes(scopes: [[\"code\"]])",
        );
        Guards::read(&document.unwrap().into_static())
    }

    fn known(scopes: &[&str]) -> Caller {
        Caller::Known { scopes: scopes.iter().map(|&scope| scope.to_owned()).collect() }
    }

    fn sees(caller: &Caller, [owner, field, gives]: [&str; 3]) -> bool {
        let guards = guards();
        guards.of_field(&guards.access(caller), owner, field, gives).is_none()
    }

    #[test]
    fn nobody_must_see_more_than_they_may() {
        let (open, mine) = (["Query", "open", "Int"], ["Query", "mine", "Int"]);
        let (thing, code) = (["Query", "thing", "Thing"], ["Query", "code", "Code"]);
        let (name, size) = (["Thing", "name", "String"], ["Box", "size", "Int"]);
        let text = ["Secret", "text", "String"];
        for (caller, seen) in [
            (Caller::Anonymous, vec![open, size]),
            (known(&[]), vec![open, mine, thing, size]),
            (known(&["a"]), vec![open, mine, thing, size]),
            (known(&["a", "b"]), vec![open, mine, thing, size, name]),
            (known(&["c", "code"]), vec![open, mine, thing, size, name, code]),
        ] {
            for place in [open, mine, thing, code, name, size, text] {
                assert_eq!(sees(&caller, place), seen.contains(&place), "{caller:?}: {place:?}");
            }
        }
    }

    #[test]
    fn what_is_open_to_all_must_cost_nothing() {
        let document = parse_schema::<String>("type Query { open: Int }").unwrap().into_static();
        let guards = Guards::read(&document);
        assert!(guards.access(&Caller::Anonymous).is_full());
        assert_eq!(guards.access(&Caller::Anonymous), guards.full_access());
    }
}
