//! Checks that fields with the same response key can be merged (GraphQL, section 5.3.2). Replaces
//! the rule of the validation crate, which compares all pairs.
//!
//! Fields are grouped by response key, and each is compared with the first of its group (Simon
//! Adameit, "GraphQL overlapping fields can be merged fast"). Fields of different object types need
//! only have the same shape. Each combination of selection sets is checked once, and the check
//! stops at its deadline.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    time::Instant,
};

use async_graphql_parser::Pos;
use async_graphql_value::indexmap::IndexMap;
use graphql_tools::static_graphql::query as ast;

use crate::{
    error::{ApiError, ErrorCode, GraphqlError},
    schema::{PublicSchema, Type, TypeKind},
    text_limits::NESTING_MAX,
};

/// Maximum number of reported conflicts.
const CONFLICTS_MAX: usize = 100;

/// Number of selections between two checks of the deadline.
const STEPS_PER_CHECK: usize = 64;

/// The check did not finish before its deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DeadlineExceeded;

/// Finds the conflicts of a document that is otherwise valid.
///
/// # Errors
/// [`DeadlineExceeded`] if the check does not finish in time.
pub(super) fn conflicts(
    types: &PublicSchema,
    document: &ast::Document,
    deadline: Instant,
) -> Result<Vec<GraphqlError>, DeadlineExceeded> {
    use ast::OperationDefinition as Operation;
    let fragments = document.definitions.iter().filter_map(|definition| match definition {
        ast::Definition::Fragment(fragment) => Some((fragment.name.as_str(), fragment)),
        ast::Definition::Operation(_) => None,
    });
    let mut search = ConflictSearch {
        types,
        fragments: fragments.collect(),
        deadline,
        seen: HashSet::new(),
        steps: 0,
        errors: Vec::new(),
    };
    for definition in &document.definitions {
        let ast::Definition::Operation(operation) = definition else { continue };
        let (root, set) = match operation {
            Operation::SelectionSet(set) => (Some(&types.query), set),
            Operation::Query(query) => (Some(&types.query), &query.selection_set),
            Operation::Mutation(mutation) => (types.mutation.as_ref(), &mutation.selection_set),
            Operation::Subscription(subscription) => {
                (types.subscription.as_ref(), &subscription.selection_set)
            }
        };
        search.check(&[(root.map_or("", String::as_str), set)], Comparison::Full, 0)?;
    }
    Ok(search.errors)
}

/// How fields are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Comparison {
    /// Names, arguments and shapes, for fields of the same object.
    Full,
    /// Only shapes, for fields of objects of different types.
    Shape,
}

/// A selection set on a type.
type TypedSet<'a> = (&'a str, &'a ast::SelectionSet);

/// A field with the type that it is selected on.
#[derive(Clone, Copy)]
struct TypedField<'a> {
    parent: &'a str,
    field: &'a ast::Field,
    /// Its declared type; `None` for `__typename`.
    ty: Option<&'a Type>,
}

struct ConflictSearch<'a> {
    types: &'a PublicSchema,
    fragments: HashMap<&'a str, &'a ast::FragmentDefinition>,
    deadline: Instant,
    /// Visited combinations of selection sets, by address.
    seen: HashSet<(Comparison, Vec<(&'a str, usize)>)>,
    /// Number of visited selections.
    steps: usize,
    errors: Vec<GraphqlError>,
}

impl<'a> ConflictSearch<'a> {
    /// Compares the fields that these sets select together. Recurses once per level of fields; with
    /// fragments, there can be more levels than in the text.
    fn check(
        &mut self,
        sets: &[TypedSet<'a>],
        comparison: Comparison,
        depth: usize,
    ) -> Result<(), DeadlineExceeded> {
        if depth > NESTING_MAX {
            if self.errors.is_empty() {
                self.errors.push(ApiError::limit("nesting_max", NESTING_MAX as u64).into());
            }
            return Ok(());
        }
        let address = |(on, set): &TypedSet<'a>| (*on, std::ptr::from_ref(*set) as usize);
        let mut key: Vec<_> = sets.iter().map(address).collect();
        key.sort_unstable();
        key.dedup();
        if self.errors.len() >= CONFLICTS_MAX || !self.seen.insert((comparison, key)) {
            return Ok(());
        }
        for (response_key, fields) in self.collect(sets)? {
            if !self.have_one_shape(response_key, &fields) {
                continue;
            }
            if comparison == Comparison::Shape {
                self.check(&Self::below(&fields), Comparison::Shape, depth + 1)?;
                continue;
            }
            let (of_objects, of_abstract): (Vec<_>, Vec<_>) = fields
                .iter()
                .copied()
                .partition(|one| self.types.get(one.parent).is_some_and(|of| !of.is_abstract()));
            let mut groups: BTreeMap<&str, Vec<TypedField<'a>>> = BTreeMap::new();
            for one in of_objects {
                groups.entry(one.parent).or_insert_with(|| of_abstract.clone()).push(one);
            }
            if groups.is_empty() {
                groups.insert("", of_abstract);
            }
            let is_split = groups.len() > 1;
            for group in groups.into_values() {
                if self.are_one_field(response_key, &group) {
                    self.check(&Self::below(&group), Comparison::Full, depth + 1)?;
                }
            }
            if is_split {
                self.check(&Self::below(&fields), Comparison::Shape, depth + 1)?;
            }
        }
        Ok(())
    }

    /// The fields of these sets and their fragments, by response key.
    fn collect(
        &mut self,
        sets: &[TypedSet<'a>],
    ) -> Result<IndexMap<&'a str, Vec<TypedField<'a>>>, DeadlineExceeded> {
        let mut fields: IndexMap<&str, Vec<TypedField<'_>>> = IndexMap::new();
        let mut spread = HashSet::new();
        let mut open: Vec<_> = sets.iter().rev().copied().collect();
        while let Some((parent, set)) = open.pop() {
            for item in &set.items {
                self.steps += 1;
                if self.steps.is_multiple_of(STEPS_PER_CHECK) && Instant::now() >= self.deadline {
                    return Err(DeadlineExceeded);
                }
                match item {
                    ast::Selection::Field(field) => {
                        let key = field.alias.as_ref().unwrap_or(&field.name);
                        let ty = self.types.get(parent).and_then(|of| of.fields());
                        let ty = ty.and_then(|all| all.get(&field.name)).map(|one| &one.ty);
                        fields.entry(key).or_default().push(TypedField { parent, field, ty });
                    }
                    ast::Selection::InlineFragment(fragment) => {
                        let on = fragment.type_condition.as_ref();
                        let on = on.map_or(parent, |ast::TypeCondition::On(on)| on);
                        open.push((on, &fragment.selection_set));
                    }
                    ast::Selection::FragmentSpread(one) => {
                        let name = one.fragment_name.as_str();
                        if spread.insert(name)
                            && let Some(fragment) = self.fragments.get(name)
                        {
                            let ast::TypeCondition::On(on) = &fragment.type_condition;
                            open.push((on, &fragment.selection_set));
                        }
                    }
                }
            }
        }
        Ok(fields)
    }

    /// The selection sets of fields, each with the type of its field.
    fn below(fields: &[TypedField<'a>]) -> Vec<TypedSet<'a>> {
        let with_selections = fields.iter().filter(|one| !one.field.selection_set.items.is_empty());
        with_selections
            .map(|one| {
                let of = match (one.ty, one.field.name.as_str()) {
                    (Some(ty), _) => ty.name(),
                    (None, "__schema") => "__Schema",
                    (None, "__type") => "__Type",
                    (None, _) => "",
                };
                (of, &one.field.selection_set)
            })
            .collect()
    }

    fn have_one_shape(&mut self, key: &str, fields: &[TypedField<'a>]) -> bool {
        let Some((first, rest)) = fields.split_first() else { return true };
        let differing = rest.iter().find(|one| match (first.ty, one.ty) {
            (Some(ty), Some(other)) => !self.is_one_shape(ty, other),
            // `__typename` is a string, `__schema` and `__type` are objects.
            _ => first.field.name != one.field.name && !Self::is_typename_with_string(first, one),
        });
        let Some(other) = differing else { return true };
        self.report(key, first, other, "they return conflicting types");
        false
    }

    fn is_typename_with_string(one: &TypedField<'_>, other: &TypedField<'_>) -> bool {
        let is_string = |one: &TypedField<'_>| match one.ty {
            None => one.field.name == "__typename",
            Some(Type::NonNull(inner)) => **inner == Type::Named("String".to_owned()),
            Some(_) => false,
        };
        is_string(one) && is_string(other)
    }

    fn is_one_shape(&self, one: &Type, other: &Type) -> bool {
        match (one, other) {
            (Type::List(one), Type::List(other)) | (Type::NonNull(one), Type::NonNull(other)) => {
                self.is_one_shape(one, other)
            }
            (Type::Named(one), Type::Named(other)) => {
                one == other || (self.is_composite(one) && self.is_composite(other))
            }
            _ => false,
        }
    }

    fn is_composite(&self, name: &str) -> bool {
        self.types
            .get(name)
            .is_some_and(|of| !matches!(of.kind, TypeKind::Scalar { .. } | TypeKind::Enum { .. }))
    }

    fn are_one_field(&mut self, key: &str, fields: &[TypedField<'a>]) -> bool {
        let Some((first, rest)) = fields.split_first() else { return true };
        for other in rest {
            let (name, other_name) = (&first.field.name, &other.field.name);
            if name != other_name {
                let reason = format!("\"{name}\" and \"{other_name}\" are different fields");
                self.report(key, first, other, &reason);
                return false;
            }
            if !have_equal_arguments(first.field, other.field) {
                self.report(key, first, other, "they have differing arguments");
                return false;
            }
        }
        true
    }

    fn report(&mut self, key: &str, one: &TypedField<'_>, other: &TypedField<'_>, reason: &str) {
        let message = format!(
            "Fields \"{key}\" conflict because {reason}. Use different aliases on the fields to \
             fetch both if this was intentional."
        );
        let positions = [one.field.position, other.field.position];
        let locations = positions.map(|at| Pos { line: at.line, column: at.column }).into();
        let error = ApiError::new(ErrorCode::GraphqlValidationFailed, message);
        self.errors.push(GraphqlError { locations, ..error.into() });
    }
}

fn have_equal_arguments(one: &ast::Field, other: &ast::Field) -> bool {
    one.arguments.len() == other.arguments.len()
        && one.arguments.iter().all(|(name, value)| {
            let same = other.arguments.iter().find(|(other, _)| other == name);
            same.is_some_and(|(_, other)| value == other)
        })
}
