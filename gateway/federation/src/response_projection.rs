//! Projects the merged data to the response of an operation (GraphQL, sections 6.3 and 6.4): order
//! of fields, `@skip` and `@include`, type conditions and null propagation.
//!
//! It follows the document of the client, not the plan, so that no details of the plan are visible.

mod introspect;
mod leaf;
mod select;

use async_graphql_parser::{
    Positioned,
    types::{Field, OperationType, SelectionSet},
};
use async_graphql_value::{ConstValue as Value, Name, Variables, indexmap::IndexMap};

use self::{
    introspect::IntrospectionResolver,
    select::{FieldCollector, FieldGroup},
};
use crate::{
    authorization::Caller,
    config::Introspection,
    error::{ApiError, ErrorCode, GraphqlError, PathSegment},
    execute::{
        ErrorIndex, ExecutionState, MissingReason, REPORTED_ERRORS_MAX, ResponsePath,
        ResponseSegment, at_path,
    },
    filter_operation::AuthContext,
    operation::{Operation, is_introspection},
    schema::{Definition, PublicSchema, Type, TypeKind},
};

/// The projected response.
pub(crate) struct Projected {
    pub(crate) data: Value,
    pub(crate) errors: Vec<GraphqlError>,
    /// Number of errors that are not listed.
    pub(crate) omitted: usize,
}

/// A completed field value; null propagates if the type is non-nullable.
enum Completed {
    Value(Value),
    /// Null, unless the type is non-nullable. The flag is set if its error was reported.
    Null(ErrorReported),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum ErrorReported {
    Yes,
    No,
}

/// State of a projection.
struct Projection<'a> {
    types: &'a PublicSchema,
    collector: FieldCollector<'a>,
    introspection: Introspection,
    error_index: ErrorIndex,
    errors: Vec<GraphqlError>,
    path: ResponsePath,
}

/// Projects the response to an operation.
pub(crate) fn project(
    types: &PublicSchema,
    operation: &Operation,
    variables: &Variables,
    auth: AuthContext<'_>,
    introspection: Introspection,
    state: ExecutionState,
) -> Projected {
    let ExecutionState { data, error_index } = state;
    let collector = FieldCollector { types, operation, variables, auth };
    let mut projection = Projection {
        types,
        collector,
        introspection,
        error_index,
        errors: Vec::new(),
        path: Vec::new(),
    };
    let root = match operation.kind() {
        OperationType::Mutation => types.mutation.as_deref(),
        OperationType::Subscription => types.subscription.as_deref(),
        OperationType::Query => Some(types.query.as_str()),
    };
    let set = &operation.definition().node.selection_set.node;
    let completed = projection.object(root.unwrap_or_default(), &[set], &data);
    let data = match completed {
        Completed::Value(data) => data,
        Completed::Null(_) => Value::Null,
    };
    let Projection { error_index, mut errors, .. } = projection;
    let omitted = error_index.omitted;
    errors.extend(error_index.into_remaining());
    Projected { data, errors, omitted }
}

/// Adds the introspection that an operation selects at its root to the data of its other fields, in
/// the order of the document.
pub(crate) fn with_introspection(
    types: &PublicSchema,
    operation: &Operation,
    variables: &Variables,
    data: Value,
) -> Value {
    let Value::Object(mut data) = data else { return data };
    let auth = AuthContext { caller: &Caller::Anonymous, grants: &types.auth_rules().all_grants() };
    let collector = FieldCollector { types, operation, variables, auth };
    let schema = IntrospectionResolver { types, collector: &collector };
    let set = &operation.definition().node.selection_set.node;
    let fields = collector.collect_fields(&types.query, &[set]).fields.into_iter();
    let complete = fields.filter_map(|(key, fields)| {
        let first = &fields.first()?.node;
        let value = if is_introspection(&first.name.node) {
            schema.root(first, &fields)
        } else {
            data.swap_remove(key)?
        };
        Some((key.clone(), value))
    });
    Value::Object(complete.collect())
}

impl<'a> Projection<'a> {
    /// Projects an object of the concrete type `name`.
    fn object(&mut self, name: &str, sets: &[&'a SelectionSet], data: &Value) -> Completed {
        let mut object = IndexMap::new();
        let collected = self.collector.collect_fields(name, sets);
        if let Some(denial) = collected.denial {
            self.report(denial);
        }
        for (key, fields) in collected.fields {
            let Some(first) = fields.first() else { continue };
            let planned = self.types.name_in_plan(key, &first.node.name.node);
            self.path.push(ResponseSegment::Key((*planned).into()));
            let value = self.field(name, &planned, &fields, data);
            self.path.pop();
            match value {
                None => {}
                Some(Completed::Value(value)) => {
                    object.insert(key.clone(), value);
                }
                Some(null @ Completed::Null(_)) => return null,
            }
        }
        Completed::Value(Value::Object(object))
    }

    /// The value of a field; `None` if the type has no such field.
    fn field(
        &mut self,
        owner: &str,
        key: &str,
        fields: &FieldGroup<'a>,
        data: &Value,
    ) -> Option<Completed> {
        let first = &fields.first()?.node;
        match first.name.node.as_str() {
            "__typename" => return Some(Completed::Value(Value::from(owner))),
            "__schema" | "__type" if owner == self.types.query => {
                if self.introspection == Introspection::Disabled {
                    return Some(Completed::Value(Value::Null));
                }
                let schema =
                    IntrospectionResolver { types: self.types, collector: &self.collector };
                return Some(Completed::Value(schema.root(first, fields)));
            }
            _ => {}
        }
        let types = self.types;
        let name = first.name.node.as_str();
        let declared = types.get(owner)?.fields()?.get(name)?;
        if let Some(failure) =
            self.collector.auth.deny_field(types, owner, name, declared.ty.name())
        {
            self.report(failure);
            return Some(self.null(&declared.ty, ErrorReported::Yes));
        }
        let value = match data {
            Value::Object(data) => data.get(key),
            _ => None,
        };
        Some(match value {
            Some(value) => self.complete(&declared.ty, fields, value),
            None => self.resolve_missing(&declared.ty, key),
        })
    }

    /// Null for a field without data, with an error unless the entity is unknown.
    fn resolve_missing(&mut self, ty: &Type, key: &str) -> Completed {
        let parent = self.path[..self.path.len() - 1].to_vec();
        let reported = match self.error_index.missing_reason(&parent, key) {
            MissingReason::Failed(error) => {
                self.push_error(at_path(error, &self.path));
                ErrorReported::Yes
            }
            MissingReason::UnknownEntity => ErrorReported::No,
            MissingReason::NotFetched if self.error_index.is_reported(&self.path) => {
                ErrorReported::Yes
            }
            MissingReason::NotFetched => {
                self.report(malformed("no subgraph returned this field"));
                ErrorReported::Yes
            }
        };
        self.null(ty, reported)
    }

    /// Null for a field of type `ty`; propagates if the type is non-nullable.
    fn null(&mut self, ty: &Type, reported: ErrorReported) -> Completed {
        if !matches!(ty, Type::NonNull(_)) {
            return Completed::Value(Value::Null);
        }
        if reported == ErrorReported::No && !self.error_index.is_reported(&self.path) {
            let message = "null returned for a non-nullable field";
            self.report(malformed(message));
        }
        Completed::Null(ErrorReported::Yes)
    }

    fn complete(&mut self, ty: &Type, fields: &FieldGroup<'a>, value: &Value) -> Completed {
        let nullable = if let Type::NonNull(inner) = ty { inner } else { ty };
        let completed = match (nullable, value) {
            (_, Value::Null) => Completed::Null(ErrorReported::No),
            (Type::List(item), Value::List(items)) => self.list(item, fields, items),
            (Type::List(_), _) => self.invalid_value("a list"),
            (Type::Named(name), value) => self.complete_named(name, fields, value),
            (Type::NonNull(_), _) => self.invalid_value("a value"),
        };
        match completed {
            Completed::Null(reported) => self.null(ty, reported),
            value @ Completed::Value(_) => value,
        }
    }

    fn list(&mut self, ty: &Type, fields: &FieldGroup<'a>, items: &[Value]) -> Completed {
        let mut list = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            self.path.push(ResponseSegment::Index(index));
            let completed = self.complete(ty, fields, item);
            self.path.pop();
            match completed {
                Completed::Value(value) => list.push(value),
                null @ Completed::Null(_) => return null,
            }
        }
        Completed::Value(Value::List(list))
    }

    fn complete_named(&mut self, name: &str, fields: &FieldGroup<'a>, value: &Value) -> Completed {
        let types = self.types;
        let Some(definition) = types.get(name) else { return Completed::Null(ErrorReported::Yes) };
        match &definition.kind {
            TypeKind::Object { .. } | TypeKind::Interface { .. } | TypeKind::Union => {
                let Value::Object(data) = value else { return self.invalid_value("an object") };
                let Some(actual) = self.type_of(definition, data) else {
                    return Completed::Null(ErrorReported::Yes);
                };
                if let Some(failure) = self.collector.auth.deny_object(types, actual) {
                    self.report(failure);
                    return Completed::Null(ErrorReported::Yes);
                }
                let sets: Vec<_> =
                    fields.iter().map(|field| &field.node.selection_set.node).collect();
                let is_abstract = types.get(actual).is_some_and(Definition::is_abstract);
                if is_abstract && self.collector.needs_concrete_type(actual, &sets) {
                    return self.invalid_value("a concrete type");
                }
                self.object(actual, &sets, value)
            }
            TypeKind::Enum { values } => match value {
                Value::String(text) if values.contains_key(text.as_str()) => {
                    Completed::Value(value.clone())
                }
                Value::String(text) if types.is_hidden_value(name, text) => {
                    Completed::Null(ErrorReported::Yes)
                }
                Value::Enum(text) if values.contains_key(text.as_str()) => {
                    Completed::Value(Value::String(text.to_string()))
                }
                _ => self.invalid_value("an enum value"),
            },
            TypeKind::Scalar { .. } => match leaf::coerce_result(name, value) {
                Some(value) => Completed::Value(value),
                None => self.invalid_value("a value of its scalar type"),
            },
            TypeKind::Input { .. } => self.invalid_value("a value"),
        }
    }

    /// The type of an object at a position of type `declared`; `None` if it is hidden or invalid.
    fn type_of(
        &mut self,
        declared: &'a Definition,
        data: &IndexMap<Name, Value>,
    ) -> Option<&'a str> {
        let types = self.types;
        let Some(Value::String(typename)) = data.get("__typename") else {
            return Some(&declared.name);
        };
        if types.is_hidden(typename) {
            return None;
        }
        let concrete =
            types.get(typename).filter(|definition| types.is(&definition.name, &declared.name));
        match concrete {
            Some(concrete) => Some(&concrete.name),
            // The type name of an `@interfaceObject`, of which other subgraphs know the object
            // type.
            None if !declared.is_abstract() => Some(&declared.name),
            None => {
                self.invalid_value("a possible type");
                None
            }
        }
    }

    /// Reports a value that does not match the schema.
    fn invalid_value(&mut self, wanted: &str) -> Completed {
        let message = format!("subgraph returned an invalid value: expected {wanted}");
        self.report(malformed(message));
        Completed::Null(ErrorReported::Yes)
    }

    fn report(&mut self, failure: ApiError) {
        self.push_error(at_path(failure.into(), &self.path));
    }

    fn push_error(&mut self, error: GraphqlError) {
        if self.errors.len() < REPORTED_ERRORS_MAX {
            self.errors.push(error);
        } else {
            self.error_index.omitted += 1;
        }
    }
}

/// Truncates the path of each error at the first field that the client did not select: a field that
/// only the plan selects, such as an inaccessible key, must not be visible.
pub(crate) fn hide_unselected_paths(errors: &mut [GraphqlError], operation: &Operation) {
    for error in errors {
        let mut sets = vec![&operation.definition().node.selection_set.node];
        let is_unselected = |segment: &PathSegment| {
            let PathSegment::Field(key) = segment else { return false };
            sets = select::selected_below(operation, &sets, key);
            sets.is_empty()
        };
        if let Some(length) = error.path.iter().position(is_unselected) {
            error.path.truncate(length);
        }
    }
}

/// An error of an unknown subgraph.
fn malformed(message: impl Into<String>) -> ApiError {
    ApiError::new(ErrorCode::SubgraphMalformedResponse, message)
}

/// The occurrences of a field with the same response key.
type Fields<'a> = Vec<&'a Positioned<Field>>;
