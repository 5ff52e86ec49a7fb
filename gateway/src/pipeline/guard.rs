//! Leaves out of an operation what its caller must not see, before it is planned: what is not asked for
//! is neither fetched nor, in a mutation, done. [`super::project`] says so in the answer, and looks again
//! at each thing as what it turned out to be.

use std::iter::once;

use graphql_tools::static_graphql::query as ast;

use super::normalise::{ask_for_type, ask_something};
use crate::{
    authentication::Caller,
    failure::Failure,
    supergraph::{Access, Guard, Types},
};

/// Who asks, and what they may see.
#[derive(Clone, Copy)]
pub(super) struct Sight<'a> {
    pub(super) caller: &'a Caller,
    pub(super) access: &'a Access,
}

impl Sight<'_> {
    /// Why a thing of a type is not shown, if it is not.
    pub(super) fn hides_type(self, types: &Types, name: &str) -> Option<Failure> {
        types.guards().of_type(self.access, name).map(|guard| self.why(guard))
    }

    /// Why a thing is not shown, if it is not, of which `actual` is all that is known: it may be of any
    /// type behind that.
    pub(super) fn hides_thing(self, types: &Types, actual: &str) -> Option<Failure> {
        let mut possible = once(actual).chain(types.behind(actual));
        possible.find_map(|name| self.hides_type(types, name))
    }

    /// Why a field that gives the type `gives` is not shown, if it is not.
    pub(super) fn hides_field(
        self,
        types: &Types,
        owner: &str,
        field: &str,
        gives: &str,
    ) -> Option<Failure> {
        let of = |owner| types.guards().of_field(self.access, owner, field, gives);
        let guard = once(owner).chain(types.behind(owner)).find_map(of);
        guard.map(|guard| self.why(guard))
    }

    fn why(self, guard: &Guard) -> Failure {
        let sets = guard.scopes().map(|set| {
            let scopes: Vec<_> = set.iter().map(|scope| format!("`{scope}`")).collect();
            scopes.join(" and ")
        });
        match self.caller {
            Caller::Anonymous => Failure::unauthenticated(
                "this is only for those who say who they are: send `authorization: Bearer TOKEN`",
            ),
            Caller::Known { .. } => Failure::forbidden(format!(
                "the token does not allow this; it wants the scope {}",
                sets.collect::<Vec<_>>().join(", or ")
            )),
        }
    }
}

/// Leaves out what must not be seen; whether that was anything.
pub(super) fn leave_out(document: &mut ast::Document, types: &Types, access: &Access) -> bool {
    use ast::OperationDefinition as Operation;
    if access.is_full() {
        return false;
    }
    let guarding = Guarding { types, access };
    let mut any = false;
    for definition in &mut document.definitions {
        let (root, set) = match definition {
            ast::Definition::Operation(operation) => match operation {
                Operation::SelectionSet(set) => (Some(types.query.as_str()), set),
                Operation::Query(query) => (Some(types.query.as_str()), &mut query.selection_set),
                Operation::Mutation(mutation) => {
                    (types.mutation.as_deref(), &mut mutation.selection_set)
                }
                Operation::Subscription(subscription) => {
                    (types.subscription.as_deref(), &mut subscription.selection_set)
                }
            },
            ast::Definition::Fragment(fragment) => {
                let ast::TypeCondition::On(on) = &fragment.type_condition;
                any |= guarding.set(on, &mut fragment.selection_set);
                // A fragment that asks for nothing is none.
                ask_something(&mut fragment.selection_set, fragment.position);
                continue;
            }
        };
        any |= root.is_some_and(|root| guarding.set(root, set));
    }
    any
}

struct Guarding<'a> {
    types: &'a Types,
    access: &'a Access,
}

impl Guarding<'_> {
    /// Leaves out of what is asked of a thing of the type `owner` what must not be seen.
    fn set(&self, owner: &str, set: &mut ast::SelectionSet) -> bool {
        let guards = self.types.guards();
        let mut any = false;
        if self.types.hides_behind(self.access, owner) {
            // What is hidden depends on what a thing turns out to be.
            ask_for_type(set, set.span.0);
            any = true;
        }
        set.items.retain_mut(|item| match item {
            ast::Selection::Field(field) => {
                let fields = self.types.get(owner).and_then(|owner| owner.fields());
                let Some(declared) = fields.and_then(|fields| fields.get(&field.name)) else {
                    return true;
                };
                let gives = declared.ty.name();
                if guards.of_field(self.access, owner, &field.name, gives).is_some() {
                    any = true;
                    return false;
                }
                if !field.selection_set.items.is_empty() {
                    any |= self.set(gives, &mut field.selection_set);
                    ask_something(&mut field.selection_set, field.position);
                }
                true
            }
            ast::Selection::InlineFragment(part) => {
                let on = part.type_condition.as_ref().map(|ast::TypeCondition::On(on)| on.as_str());
                let on = on.unwrap_or(owner);
                if guards.of_type(self.access, on).is_some() {
                    any = true;
                    return false;
                }
                any |= self.set(on, &mut part.selection_set);
                !part.selection_set.items.is_empty()
            }
            ast::Selection::FragmentSpread(_) => true,
        });
        any
    }
}
