//! Authorization rules of a supergraph: `@authenticated` and `@requiresScopes` on types and fields,
//! as in <https://specs.apollo.dev/authenticated/v0.1> and
//! <https://specs.apollo.dev/requiresScopes/v0.1>.
//!
//! A rule of an interface applies to selections on the interface. Its object types have their own
//! rules, written by the composer; the rules of a field added by `@interfaceObject` are repeated at
//! each object type.

use std::collections::{BTreeSet, HashMap};

use graphql_tools::static_graphql::{query::Value, schema as ast};

use super::Caller;

/// Grants access to callers with all scopes of one of these sets. `@authenticated` is a single
/// empty set, which every authenticated caller has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AuthRule(Vec<BTreeSet<String>>);

impl AuthRule {
    fn allows(&self, caller: &Caller) -> bool {
        let Caller::Authenticated { scopes } = caller else { return false };
        self.0.iter().any(|wanted| wanted.is_subset(scopes))
    }

    /// The alternative sets of required scopes; empty if authentication is sufficient.
    pub(crate) fn scopes(&self) -> impl Iterator<Item = &BTreeSet<String>> {
        self.0.iter().filter(|wanted| !wanted.is_empty())
    }
}

/// All rules of a supergraph.
#[derive(Debug, Default)]
pub(crate) struct AuthRules {
    rules: Vec<AuthRule>,
    /// Indices into `rules`; all of them must grant access.
    by_type: HashMap<String, Vec<usize>>,
    by_field: HashMap<String, HashMap<String, Vec<usize>>>,
}

impl AuthRules {
    /// Reads the rules of a supergraph.
    pub(crate) fn read(document: &ast::Document) -> Self {
        let mut rules = Self::default();
        for definition in &document.definitions {
            let ast::Definition::TypeDefinition(definition) = definition else { continue };
            let (name, directives) = match definition {
                ast::TypeDefinition::Object(object) => {
                    rules.add_fields(&object.name, &object.fields);
                    (&object.name, &object.directives)
                }
                ast::TypeDefinition::Interface(interface) => {
                    rules.add_fields(&interface.name, &interface.fields);
                    (&interface.name, &interface.directives)
                }
                ast::TypeDefinition::Scalar(scalar) => (&scalar.name, &scalar.directives),
                ast::TypeDefinition::Enum(of) => (&of.name, &of.directives),
                ast::TypeDefinition::Union(_) | ast::TypeDefinition::InputObject(_) => continue,
            };
            let indices = rules.rule_indices(directives);
            if !indices.is_empty() {
                rules.by_type.insert(name.clone(), indices);
            }
        }
        rules
    }

    fn add_fields(&mut self, owner: &str, fields: &[ast::Field]) {
        for field in fields {
            let indices = self.rule_indices(&field.directives);
            if !indices.is_empty() {
                let of = self.by_field.entry(owner.to_owned()).or_default();
                of.insert(field.name.clone(), indices);
            }
        }
    }

    /// Indices of the rules of these directives.
    fn rule_indices(&mut self, directives: &[ast::Directive]) -> Vec<usize> {
        directives.iter().filter_map(auth_rule).map(|rule| self.intern(rule)).collect()
    }

    fn intern(&mut self, rule: AuthRule) -> usize {
        self.rules.iter().position(|existing| *existing == rule).unwrap_or_else(|| {
            self.rules.push(rule);
            self.rules.len() - 1
        })
    }

    /// The grants of a caller.
    pub(crate) fn grants(&self, caller: &Caller) -> Grants {
        Grants(self.rules.iter().map(|rule| rule.allows(caller)).collect())
    }

    /// Grants for all rules.
    pub(crate) fn all_grants(&self) -> Grants {
        Grants(vec![true; self.rules.len()])
    }

    /// The rule that denies access to a type, if any.
    pub(crate) fn denied_type(&self, grants: &Grants, name: &str) -> Option<&AuthRule> {
        if grants.is_full() {
            return None;
        }
        self.first_denied(grants, self.by_type.get(name)?)
    }

    /// The rule that denies access to a field, if any: its own, that of its parent type or that of
    /// its return type.
    pub(crate) fn denied_field(
        &self,
        grants: &Grants,
        owner: &str,
        field: &str,
        return_type: &str,
    ) -> Option<&AuthRule> {
        if grants.is_full() {
            return None;
        }
        let own = || self.first_denied(grants, self.by_field.get(owner)?.get(field)?);
        own()
            .or_else(|| self.denied_type(grants, owner))
            .or_else(|| self.denied_type(grants, return_type))
    }

    /// Whether a rule denies access to a type or any of its fields.
    pub(crate) fn denies_any(&self, grants: &Grants, name: &str) -> bool {
        let mut fields = self.by_field.get(name).into_iter().flat_map(HashMap::values);
        self.denied_type(grants, name).is_some()
            || fields.any(|indices| self.first_denied(grants, indices).is_some())
    }

    fn first_denied(&self, grants: &Grants, indices: &[usize]) -> Option<&AuthRule> {
        let denied =
            indices.iter().find(|index| !grants.0.get(**index).is_some_and(|open| *open))?;
        self.rules.get(*denied)
    }
}

/// For each rule of a supergraph, whether it grants access.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Grants(Vec<bool>);

impl Grants {
    /// Whether all rules grant access.
    pub(crate) fn is_full(&self) -> bool {
        self.0.iter().all(|open| *open)
    }
}

fn auth_rule(directive: &ast::Directive) -> Option<AuthRule> {
    match directive.name.as_str() {
        AUTHENTICATED => Some(AuthRule(vec![BTreeSet::new()])),
        REQUIRES_SCOPES => {
            let scopes = directive.arguments.iter().find(|(name, _)| name == "scopes");
            Some(AuthRule(scopes.map(|(_, value)| scope_sets(value)).unwrap_or_default()))
        }
        _ => None,
    }
}

/// Requires an authenticated caller.
pub(crate) const AUTHENTICATED: &str = "authenticated";
/// Requires a caller with scopes.
pub(crate) const REQUIRES_SCOPES: &str = "requiresScopes";

/// Sets of strings. Any other value makes its set impossible to satisfy.
fn scope_sets(value: &Value) -> Vec<BTreeSet<String>> {
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

    fn rules() -> AuthRules {
        let document = parse_schema::<String>(
            "type Query { open: Int mine: Int @authenticated thing: Thing secret: Secret code: Code }
             interface Thing @authenticated { name: String @requiresScopes(scopes: [[\"a\", \"b\"], [\"c\"]]) }
             type Box implements Thing { name: String size: Int }
             type Secret { text: String @authenticated @requiresScopes(scopes: []) }
             scalar Code @requiresScopes(scopes: [[\"code\"]])",
        );
        AuthRules::read(&document.unwrap().into_static())
    }

    fn authenticated(scopes: &[&str]) -> Caller {
        Caller::Authenticated { scopes: scopes.iter().map(|&scope| scope.to_owned()).collect() }
    }

    fn is_authorized(caller: &Caller, [owner, field, return_type]: [&str; 3]) -> bool {
        let rules = rules();
        rules.denied_field(&rules.grants(caller), owner, field, return_type).is_none()
    }

    #[test]
    fn access_must_follow_the_scopes_of_a_caller() {
        let (open, mine) = (["Query", "open", "Int"], ["Query", "mine", "Int"]);
        let (entity, code) = (["Query", "thing", "Thing"], ["Query", "code", "Code"]);
        let (name, size) = (["Thing", "name", "String"], ["Box", "size", "Int"]);
        let text = ["Secret", "text", "String"];
        for (caller, visible) in [
            (Caller::Anonymous, vec![open, size]),
            (authenticated(&[]), vec![open, mine, entity, size]),
            (authenticated(&["a"]), vec![open, mine, entity, size]),
            (authenticated(&["a", "b"]), vec![open, mine, entity, size, name]),
            (authenticated(&["c", "code"]), vec![open, mine, entity, size, name, code]),
        ] {
            for coordinate in [open, mine, entity, code, name, size, text] {
                assert_eq!(
                    is_authorized(&caller, coordinate),
                    visible.contains(&coordinate),
                    "{caller:?}: {coordinate:?}"
                );
            }
        }
    }

    #[test]
    fn a_schema_without_rules_must_grant_everything() {
        let document = parse_schema::<String>("type Query { open: Int }").unwrap().into_static();
        let rules = AuthRules::read(&document);
        assert!(rules.grants(&Caller::Anonymous).is_full());
        assert_eq!(rules.grants(&Caller::Anonymous), rules.all_grants());
    }
}
