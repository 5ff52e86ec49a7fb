//! Removes fields that the caller may not access from an operation before it is planned: they are
//! not fetched and, in a mutation, not executed. `project` reports them in the response, and checks
//! each object again when its actual type is known.

use std::iter::once;

use graphql_tools::static_graphql::query as ast;

use crate::{
    authorization::{AuthRule, Caller, Grants},
    error::{ApiError, ErrorCode},
    schema::PublicSchema,
    selection_set::{ensure_non_empty, select_typename},
};

/// The caller of a request, and its grants in the supergraph.
#[derive(Clone, Copy)]
pub(crate) struct AuthContext<'a> {
    pub(crate) caller: &'a Caller,
    pub(crate) grants: &'a Grants,
}

impl AuthContext<'_> {
    /// The error if access to a type is denied.
    pub(crate) fn deny_type(self, types: &PublicSchema, name: &str) -> Option<ApiError> {
        types.auth_rules().denied_type(self.grants, name).map(|rule| self.denial(rule))
    }

    /// The error if access to an object may be denied, of which only the type `actual` is known: it
    /// can have any object type of an interface or union.
    pub(crate) fn deny_object(self, types: &PublicSchema, actual: &str) -> Option<ApiError> {
        let mut possible = once(actual).chain(types.possible_types(actual));
        possible.find_map(|name| self.deny_type(types, name))
    }

    /// The error if access to a field that returns `return_type` is denied.
    pub(crate) fn deny_field(
        self,
        types: &PublicSchema,
        owner: &str,
        field: &str,
        return_type: &str,
    ) -> Option<ApiError> {
        let denied_by =
            |owner| types.auth_rules().denied_field(self.grants, owner, field, return_type);
        let rule = once(owner).chain(types.possible_types(owner)).find_map(denied_by);
        rule.map(|rule| self.denial(rule))
    }

    fn denial(self, rule: &AuthRule) -> ApiError {
        let sets = rule.scopes().map(|set| {
            let scopes: Vec<_> = set.iter().map(|scope| format!("`{scope}`")).collect();
            scopes.join(" and ")
        });
        match self.caller {
            Caller::Anonymous => ApiError::unauthenticated(
                "authentication required: send `authorization: Bearer TOKEN`",
            ),
            Caller::Authenticated { .. } => ApiError::new(
                ErrorCode::Forbidden,
                format!("missing required scope: {}", sets.collect::<Vec<_>>().join(", or ")),
            ),
        }
    }
}

/// Removes unauthorized selections; returns whether anything was changed.
pub(crate) fn remove_unauthorized(
    document: &mut ast::Document,
    types: &PublicSchema,
    grants: &Grants,
) -> bool {
    use ast::OperationDefinition as Operation;
    if grants.is_full() {
        return false;
    }
    let filter = OperationFilter { types, grants };
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
                any |= filter.filter_set(on, &mut fragment.selection_set);
                // A fragment cannot be empty.
                ensure_non_empty(&mut fragment.selection_set, fragment.position);
                continue;
            }
        };
        any |= root.is_some_and(|root| filter.filter_set(root, set));
    }
    any
}

struct OperationFilter<'a> {
    types: &'a PublicSchema,
    grants: &'a Grants,
}

impl OperationFilter<'_> {
    /// Removes unauthorized selections from a selection set on the type `owner`.
    fn filter_set(&self, owner: &str, set: &mut ast::SelectionSet) -> bool {
        let rules = self.types.auth_rules();
        let mut any = false;
        if self.types.may_hide_possible_type(self.grants, owner) {
            // What is hidden depends on the actual type of the object.
            select_typename(set, set.span.0);
            any = true;
        }
        set.items.retain_mut(|item| match item {
            ast::Selection::Field(field) => {
                let fields = self.types.get(owner).and_then(|owner| owner.fields());
                let Some(declared) = fields.and_then(|fields| fields.get(&field.name)) else {
                    return true;
                };
                let return_type = declared.ty.name();
                if rules.denied_field(self.grants, owner, &field.name, return_type).is_some() {
                    any = true;
                    return false;
                }
                if !field.selection_set.items.is_empty() {
                    any |= self.filter_set(return_type, &mut field.selection_set);
                    ensure_non_empty(&mut field.selection_set, field.position);
                }
                true
            }
            ast::Selection::InlineFragment(fragment) => {
                let on =
                    fragment.type_condition.as_ref().map(|ast::TypeCondition::On(on)| on.as_str());
                let on = on.unwrap_or(owner);
                if rules.denied_type(self.grants, on).is_some() {
                    any = true;
                    return false;
                }
                any |= self.filter_set(on, &mut fragment.selection_set);
                !fragment.selection_set.items.is_empty()
            }
            ast::Selection::FragmentSpread(_) => true,
        });
        any
    }
}
