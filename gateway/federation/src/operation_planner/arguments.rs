//! Rules on arguments, directives and literals, replacing those of the validation crate: it does
//! not check fields that start with `__`, loses the location of a directive after a selection set,
//! and reports no positions.

use std::collections::HashSet;

use async_graphql_value::indexmap::IndexMap;
use graphql_tools::{parser::Pos as Position, static_graphql::query as ast};

use super::{ERRORS_MAX, fragment_spreads::invalid};
use crate::{
    error::GraphqlError,
    literal::print_literal,
    schema::{Definition, InputValue, PublicSchema, Type, TypeKind},
};

/// Finds invalid arguments, directives and literals (GraphQL, sections 5.4, 5.6 and 5.7), at most
/// [`ERRORS_MAX`].
pub(super) fn errors(types: &PublicSchema, document: &ast::Document) -> Vec<GraphqlError> {
    let mut rules = ArgumentRules { types, errors: Vec::new() };
    for definition in &document.definitions {
        rules.definition(definition);
    }
    rules.errors
}

struct ArgumentRules<'a> {
    types: &'a PublicSchema,
    errors: Vec<GraphqlError>,
}

impl<'a> ArgumentRules<'a> {
    fn definition(&mut self, definition: &ast::Definition) {
        use ast::OperationDefinition as Operation;
        let types = self.types;
        let (on, variables, location, directives, set) = match definition {
            ast::Definition::Fragment(fragment) => {
                let ast::TypeCondition::On(on) = &fragment.type_condition;
                let location = "FRAGMENT_DEFINITION";
                (Some(on), &[][..], location, &fragment.directives[..], &fragment.selection_set)
            }
            ast::Definition::Operation(operation) => match operation {
                Operation::SelectionSet(set) => {
                    (Some(&types.query), &[][..], "QUERY", &[][..], set)
                }
                Operation::Query(ast::Query {
                    variable_definitions,
                    directives,
                    selection_set,
                    ..
                }) => (
                    Some(&types.query),
                    &variable_definitions[..],
                    "QUERY",
                    &directives[..],
                    selection_set,
                ),
                Operation::Mutation(ast::Mutation {
                    variable_definitions,
                    directives,
                    selection_set,
                    ..
                }) => (
                    types.mutation.as_ref(),
                    &variable_definitions[..],
                    "MUTATION",
                    &directives[..],
                    selection_set,
                ),
                Operation::Subscription(ast::Subscription {
                    variable_definitions,
                    directives,
                    selection_set,
                    ..
                }) => (
                    types.subscription.as_ref(),
                    &variable_definitions[..],
                    "SUBSCRIPTION",
                    &directives[..],
                    selection_set,
                ),
            },
        };
        for variable in variables {
            if let Some(default) = &variable.default_value {
                self.value(&Type::of(&variable.var_type), default, variable.position);
                self.unique_input_fields(default, variable.position);
            }
        }
        self.directives(directives, location);
        self.selections(on.and_then(|on| types.get(on)), set);
    }

    /// Recurses once per level of selection sets.
    fn selections(&mut self, parent: Option<&'a Definition>, set: &ast::SelectionSet) {
        for selection in &set.items {
            match selection {
                ast::Selection::Field(field) => self.field(parent, field),
                ast::Selection::InlineFragment(fragment) => {
                    let on = match &fragment.type_condition {
                        Some(ast::TypeCondition::On(on)) => self.types.get(on),
                        None => parent,
                    };
                    self.directives(&fragment.directives, "INLINE_FRAGMENT");
                    self.selections(on, &fragment.selection_set);
                }
                ast::Selection::FragmentSpread(spread) => {
                    self.directives(&spread.directives, "FRAGMENT_SPREAD");
                }
            }
        }
    }

    fn field(&mut self, parent: Option<&'a Definition>, field: &ast::Field) {
        let types = self.types;
        let name = &field.name;
        let known = parent.and_then(|parent| types.field(parent, name));
        match (parent, known) {
            // The validation crate checks the other names.
            (Some(parent), None) if name.starts_with("__") && parent.is_composite() => {
                let of = &parent.name;
                let message = format!("Cannot query field \"{name}\" on type \"{of}\".");
                self.report(message, field.position);
            }
            (Some(parent), Some(known)) => {
                if name == "__typename" && !field.selection_set.items.is_empty() {
                    let message = format!(
                        "Field \"{name}\" must not have a selection since type \"{}\" has no \
                         subfields.",
                        known.ty
                    );
                    self.report(message, field.position);
                }
                let of = Owner::Field { field: name, of: &parent.name };
                self.arguments(of, &known.arguments, &field.arguments, field.position);
            }
            _ => {}
        }
        self.unique_names(&field.arguments, field.position);
        self.directives(&field.directives, "FIELD");
        let on = known.and_then(|known| types.get(known.ty.name()));
        self.selections(on, &field.selection_set);
    }

    fn directives(&mut self, directives: &[ast::Directive], location: &str) {
        let types = self.types;
        let mut seen = HashSet::new();
        for directive in directives {
            let ast::Directive { name, arguments, position } = directive;
            self.unique_names(arguments, *position);
            let known = types.directives.iter().find(|known| known.name == *name);
            let Some(known) = known else {
                self.report(format!("Unknown directive \"@{name}\"."), *position);
                continue;
            };
            if !known.locations.iter().any(|known| known == location) {
                let message = format!("Directive \"@{name}\" may not be used on {location}");
                self.report(message, *position);
            }
            if !seen.insert(name) && !known.repeatable {
                self.report(format!("Duplicate directive \"{name}\""), *position);
            }
            self.arguments(Owner::Directive(name), &known.arguments, arguments, *position);
        }
    }

    fn arguments(
        &mut self,
        owner: Owner<'_>,
        known: &IndexMap<String, InputValue>,
        provided: &[(String, ast::Value)],
        at: Position,
    ) {
        let names: HashSet<_> = provided.iter().map(|(name, _)| name).collect();
        for (name, value) in provided {
            match known.get(name) {
                Some(argument) => self.value(&argument.ty, value, at),
                None => self.report(owner.unknown_argument(name), at),
            }
        }
        for argument in known.values() {
            if argument.is_required() && !names.contains(&argument.name) {
                self.report(owner.missing_argument(argument), at);
            }
        }
    }

    /// Reports repeated names of arguments, and of fields of input objects in them.
    fn unique_names(&mut self, arguments: &[(String, ast::Value)], at: Position) {
        let mut seen = HashSet::new();
        for (name, value) in arguments {
            if !seen.insert(name) {
                let message = format!("There can be only one argument named \"{name}\".");
                self.report(message, at);
            }
            self.unique_input_fields(value, at);
        }
    }

    /// Also within values of custom scalars.
    fn unique_input_fields(&mut self, value: &ast::Value, at: Position) {
        match value {
            ast::Value::List(items) => {
                for item in items {
                    self.unique_input_fields(item, at);
                }
            }
            ast::Value::Object(fields) => {
                let mut seen = HashSet::new();
                for (name, value) in fields {
                    if !seen.insert(name) {
                        let message =
                            format!("There can be only one input field named \"{name}\".");
                        self.report(message, at);
                    }
                    self.unique_input_fields(value, at);
                }
            }
            _ => {}
        }
    }

    /// Checks a literal; the positions of variables are a rule of their own.
    fn value(&mut self, ty: &Type, value: &ast::Value, at: Position) {
        match (ty, value) {
            (_, ast::Value::Variable(_)) => {}
            (Type::NonNull(_), ast::Value::Null) => {
                self.report(format!("Expected value of type \"{ty}\", found null"), at);
            }
            (Type::NonNull(inner), value) => self.value(inner, value, at),
            (_, ast::Value::Null) => {}
            (Type::List(inner), ast::Value::List(items)) => {
                for item in items {
                    self.value(inner, item, at);
                }
            }
            (Type::List(inner), value) => self.value(inner, value, at),
            (Type::Named(name), value) => self.named_value(name, value, at),
        }
    }

    fn named_value(&mut self, name: &str, value: &ast::Value, at: Position) {
        let types = self.types;
        let is_valid = match (name, value) {
            ("Int", ast::Value::Int(number)) => {
                let fits = number.as_i64().is_some_and(|number| i32::try_from(number).is_ok());
                if !fits {
                    let value = print_literal(value);
                    let message =
                        format!("Int cannot represent non 32-bit signed integer value: {value}");
                    self.report(message, at);
                }
                true
            }
            ("Float", ast::Value::Int(_) | ast::Value::Float(_))
            | ("ID", ast::Value::Int(_) | ast::Value::String(_))
            | ("String", ast::Value::String(_))
            | ("Boolean", ast::Value::Boolean(_)) => true,
            ("Int" | "Float" | "ID" | "String" | "Boolean", _) => false,
            _ => match (types.get(name).map(|definition| &definition.kind), value) {
                (Some(TypeKind::Enum { values }), ast::Value::Enum(found)) => {
                    if !values.contains_key(found) {
                        let message =
                            format!("Value \"{found}\" does not exist in \"{name}\" enum.");
                        self.report(message, at);
                    }
                    true
                }
                (Some(TypeKind::Enum { .. }), value) => {
                    let value = print_literal(value);
                    let message =
                        format!("Enum \"{name}\" cannot represent non-enum value: {value}");
                    self.report(message, at);
                    true
                }
                (Some(TypeKind::Input { fields, is_one_of }), ast::Value::Object(provided)) => {
                    self.input(name, fields, provided, at);
                    if *is_one_of {
                        self.one_of(name, provided, at);
                    }
                    true
                }
                (Some(TypeKind::Input { .. }), _) => false,
                (Some(TypeKind::Scalar { .. }), ast::Value::String(text)) => {
                    types.accepts_scalar(name, Some(text))
                }
                (Some(TypeKind::Scalar { .. }), _) => types.accepts_scalar(name, None),
                _ => true,
            },
        };
        if !is_valid {
            let value = print_literal(value);
            self.report(format!("Expected value of type \"{name}\", found {value}."), at);
        }
    }

    fn input(
        &mut self,
        of: &str,
        fields: &IndexMap<String, InputValue>,
        provided: &[(String, ast::Value)],
        at: Position,
    ) {
        let names: HashSet<_> = provided.iter().map(|(name, _)| name).collect();
        for field in fields.values() {
            if field.is_required() && !names.contains(&field.name) {
                let message = format!(
                    "Field \"{of}.{}\" of required type \"{}\" was not provided.",
                    field.name, field.ty
                );
                self.report(message, at);
            }
        }
        for (name, value) in provided {
            if let Some(field) = fields.get(name) {
                self.value(&field.ty, value, at);
            } else {
                let message = format!("Field \"{name}\" is not defined by type \"{of}\".");
                self.report(message, at);
            }
        }
    }

    fn one_of(&mut self, of: &str, provided: &[(String, ast::Value)], at: Position) {
        match provided {
            [(name, ast::Value::Null)] => {
                self.report(format!("Field \"{of}.{name}\" must be non-null."), at);
            }
            [_] => {}
            _ => {
                let message = format!("OneOf Input Object \"{of}\" must specify exactly one key.");
                self.report(message, at);
            }
        }
    }

    fn report(&mut self, message: String, at: Position) {
        if self.errors.len() < ERRORS_MAX {
            self.errors.push(invalid(message, &[at]));
        }
    }
}

/// What has the arguments.
#[derive(Clone, Copy)]
enum Owner<'a> {
    Field { field: &'a str, of: &'a str },
    Directive(&'a str),
}

impl Owner<'_> {
    fn unknown_argument(self, name: &str) -> String {
        let on = match self {
            Self::Field { field, of } => format!("field \"{of}.{field}\""),
            Self::Directive(directive) => format!("directive \"@{directive}\""),
        };
        format!("Unknown argument \"{name}\" on {on}.")
    }

    fn missing_argument(self, argument: &InputValue) -> String {
        let of = match self {
            Self::Field { field, .. } => format!("Field \"{field}\""),
            Self::Directive(directive) => format!("Directive \"@{directive}\""),
        };
        let InputValue { name, ty, .. } = argument;
        format!("{of} argument \"{name}\" of type \"{ty}\" is required, but it was not provided.")
    }
}
