//! Projects the merged data to the response of an operation (GraphQL, sections 6.3 and 6.4): order
//! of fields, `@skip` and `@include`, type conditions and null propagation.
//!
//! It follows the document of the client, not the plan, so that no details of the plan are visible.
//! The response is written as JSON at once; where null propagates, what was written is removed.

mod introspect;
mod leaf;
mod select;

use std::{borrow::Cow, rc::Rc};

use async_graphql_parser::{
    Positioned,
    types::{Field, OperationType},
};
use async_graphql_value::{ConstValue, Name, Variables};
use serde::Serialize;
use serde_json::value::RawValue;

use self::{
    introspect::IntrospectionResolver,
    select::{FieldCollector, FieldProjection, FieldSource, ObjectProjection},
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
    response_value::{ResponseObject, ResponseValue, string_of, write_key},
    schema::{Definition, PublicSchema, Type, TypeKind},
};

/// The projected response.
pub(crate) struct Projected {
    /// JSON text of `data`.
    pub(crate) data: Vec<u8>,
    pub(crate) errors: Vec<GraphqlError>,
    /// Number of errors that are not listed.
    pub(crate) omitted: usize,
}

/// A completed field value; null propagates if the type is non-nullable.
#[derive(Clone, Copy)]
enum Completed {
    /// The value, or null, was written.
    Written,
    /// Null, unless the type is non-nullable; nothing was written. The flag is set if its error was
    /// reported.
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
    path: Vec<PathItem<'a>>,
    /// JSON text written so far.
    json: Vec<u8>,
}

/// An item of the path of the value that is being written; few values need the path as such.
#[derive(Clone)]
enum PathItem<'a> {
    Key(Cow<'a, str>),
    Index(usize),
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
    let ExecutionState { data, error_index, response_bytes } = state;
    let collector = FieldCollector { types, operation, variables, auth };
    let mut projection = Projection {
        types,
        collector,
        introspection,
        error_index,
        errors: Vec::new(),
        path: Vec::new(),
        // Most of what was fetched is written.
        json: Vec::with_capacity(response_bytes),
    };
    let root = match operation.kind() {
        OperationType::Mutation => types.mutation.as_deref(),
        OperationType::Subscription => types.subscription.as_deref(),
        OperationType::Query => Some(types.query.as_str()),
    };
    let set = &operation.definition().node.selection_set.node;
    let no_data = ResponseObject::default();
    let data = if let ResponseValue::Object(data) = &data { data } else { &no_data };
    let projected = projection.collector.project_object(root.unwrap_or_default(), &[set]);
    if let Completed::Null(_) = projection.object(&projected, data) {
        projection.json.extend_from_slice(NULL);
    }
    let Projection { error_index, mut errors, json, .. } = projection;
    let omitted = error_index.omitted;
    errors.extend(error_index.into_remaining());
    // A hidden value can be the cause, which is not reported itself.
    if json == NULL && errors.is_empty() && omitted == 0 {
        errors.push(malformed("null returned for a non-nullable field").into());
    }
    Projected { data: json, errors, omitted }
}

/// Adds the introspection that an operation selects at its root to the data of its other fields, in
/// the order of the document.
pub(crate) fn with_introspection(
    types: &PublicSchema,
    operation: &Operation,
    variables: &Variables,
    data: ConstValue,
) -> ConstValue {
    let ConstValue::Object(mut data) = data else { return data };
    let auth = AuthContext { caller: &Caller::Anonymous, grants: &types.auth_rules().all_grants() };
    let collector = FieldCollector { types, operation, variables, auth };
    let schema = IntrospectionResolver { types, collector: &collector };
    let set = &operation.definition().node.selection_set.node;
    let fields = collector.collect_fields(&types.query, &[set]).fields.into_iter();
    let complete = fields.filter_map(|(key, fields)| {
        let first = &fields.first()?.node;
        let value = if is_introspection(&first.name.node) {
            schema.root(&fields)
        } else {
            data.swap_remove(key)?
        };
        Some((key.clone(), value))
    });
    ConstValue::Object(complete.collect())
}

impl<'a> Projection<'a> {
    /// Projects an object.
    fn object(&mut self, projected: &ObjectProjection<'a>, data: &ResponseObject) -> Completed {
        let start = self.json.len();
        if let Some(denial) = &projected.denial {
            self.report(denial.clone());
        }
        self.json.push(b'{');
        let mut next = 0;
        for field in &projected.fields {
            if self.json.len() > start + 1 {
                self.json.push(b',');
            }
            write_key(field.key, &mut self.json);
            self.path.push(PathItem::Key(field.planned.clone()));
            let completed = self.field(field, data, &mut next);
            self.path.pop();
            if let Completed::Null(_) = completed {
                self.json.truncate(start);
                return completed;
            }
        }
        self.json.push(b'}');
        Completed::Written
    }

    /// Writes the value of a field. `next` is the position of the field in `data`, if it has the
    /// order of the operation.
    fn field(
        &mut self,
        field: &FieldProjection<'a>,
        data: &ResponseObject,
        next: &mut usize,
    ) -> Completed {
        match &field.source {
            FieldSource::TypeName(name) => self.write_json(*name),
            FieldSource::Introspection if self.introspection == Introspection::Disabled => {
                self.write(NULL)
            }
            FieldSource::Introspection => {
                let schema =
                    IntrospectionResolver { types: self.types, collector: &self.collector };
                let value = schema.root(&field.occurrences);
                self.write_json(&value)
            }
            FieldSource::Denied(ty, denial) => {
                self.report(denial.clone());
                self.null(ty, ErrorReported::Yes)
            }
            FieldSource::Data(ty) => match data.get_from(next, &field.planned) {
                Some(value) => self.complete(ty, field, value),
                None => self.resolve_missing(ty, &field.planned),
            },
        }
    }

    /// The projection of objects of type `name` at a field, computed once for all items of a list.
    fn object_projection(
        &self,
        name: &'a str,
        field: &FieldProjection<'a>,
    ) -> Rc<ObjectProjection<'a>> {
        let mut below = field.below.borrow_mut();
        if let Some((_, prepared)) = below.iter().find(|(known, _)| *known == name) {
            return Rc::clone(prepared);
        }
        let fields = &field.occurrences;
        let sets: Vec<_> = fields.iter().map(|field| &field.node.selection_set.node).collect();
        let is_abstract = self.types.get(name).is_some_and(Definition::is_abstract);
        let prepared = Rc::new(ObjectProjection {
            needs_concrete_type: is_abstract && self.collector.needs_concrete_type(name, fields),
            ..self.collector.project_object(name, &sets)
        });
        below.push((name, Rc::clone(&prepared)));
        prepared
    }

    fn write(&mut self, json: &[u8]) -> Completed {
        self.json.extend_from_slice(json);
        Completed::Written
    }

    fn write_json(&mut self, value: &(impl Serialize + ?Sized)) -> Completed {
        serde_json::to_writer(&mut self.json, value)
            .expect("GraphQL values always serialise to JSON");
        Completed::Written
    }

    /// Null for a field without data, with an error unless the entity is unknown.
    fn resolve_missing(&mut self, ty: &Type, key: &str) -> Completed {
        let path = self.response_path();
        let parent = path[..path.len() - 1].to_vec();
        let reported = match self.error_index.missing_reason(&parent, key) {
            MissingReason::Failed(error) => {
                self.push_error(at_path(error, &path));
                ErrorReported::Yes
            }
            MissingReason::UnknownEntity => ErrorReported::No,
            MissingReason::NotFetched if self.error_index.is_reported(&path) => ErrorReported::Yes,
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
            return self.write(NULL);
        }
        if reported == ErrorReported::No && !self.error_index.is_reported(&self.response_path()) {
            let message = "null returned for a non-nullable field";
            self.report(malformed(message));
        }
        Completed::Null(ErrorReported::Yes)
    }

    fn complete(
        &mut self,
        ty: &Type,
        field: &FieldProjection<'a>,
        value: &ResponseValue,
    ) -> Completed {
        let nullable = if let Type::NonNull(inner) = ty { inner } else { ty };
        let completed = match (nullable, value) {
            (_, ResponseValue::Null) => Completed::Null(ErrorReported::No),
            (_, ResponseValue::Leaf(json)) => {
                return self.complete_leaf(ty, field.definition, json);
            }
            (Type::List(item), ResponseValue::List(items)) => {
                self.list(items, |this, value| this.complete(item, field, value))
            }
            (Type::Named(_), ResponseValue::Object(data)) => self.complete_object(field, data),
            (ty, _) => self.invalid_type(ty),
        };
        match completed {
            Completed::Null(reported) => self.null(ty, reported),
            Completed::Written => Completed::Written,
        }
    }

    /// Completes a value that is read from its JSON text: a leaf, or lists of leaves.
    fn complete_leaf(
        &mut self,
        ty: &Type,
        definition: Option<&'a Definition>,
        json: &[u8],
    ) -> Completed {
        let nullable = if let Type::NonNull(inner) = ty { inner } else { ty };
        let completed = match nullable {
            _ if json == NULL => Completed::Null(ErrorReported::No),
            Type::Named(_) => self.complete_scalar(definition, json),
            Type::List(item) => match serde_json::from_slice::<Vec<&RawValue>>(json) {
                Ok(items) => {
                    let complete = |this: &mut Self, json: &&RawValue| {
                        this.complete_leaf(item, definition, json.get().as_bytes())
                    };
                    self.list(&items, complete)
                }
                Err(_) => self.invalid_type(nullable),
            },
            Type::NonNull(_) => self.invalid_type(nullable),
        };
        match completed {
            Completed::Null(reported) => self.null(ty, reported),
            Completed::Written => Completed::Written,
        }
    }

    fn list<T>(&mut self, items: &[T], complete: impl Fn(&mut Self, &T) -> Completed) -> Completed {
        let start = self.json.len();
        self.json.push(b'[');
        for (index, item) in items.iter().enumerate() {
            if index > 0 {
                self.json.push(b',');
            }
            self.path.push(PathItem::Index(index));
            let completed = complete(self, item);
            self.path.pop();
            if let Completed::Null(_) = completed {
                self.json.truncate(start);
                return completed;
            }
        }
        self.json.push(b']');
        Completed::Written
    }

    fn complete_object(&mut self, field: &FieldProjection<'a>, data: &ResponseObject) -> Completed {
        let types = self.types;
        let Some(definition) = field.definition else {
            return Completed::Null(ErrorReported::Yes);
        };
        if matches!(
            definition.kind,
            TypeKind::Scalar { .. } | TypeKind::Enum { .. } | TypeKind::Input { .. }
        ) {
            return self.invalid_type(&Type::Named(definition.name.clone()));
        }
        let Some(actual) = self.type_of(definition, data) else {
            return Completed::Null(ErrorReported::Yes);
        };
        if let Some(failure) = self.collector.auth.deny_object(types, actual) {
            self.report(failure);
            return Completed::Null(ErrorReported::Yes);
        }
        let projected = self.object_projection(actual, field);
        if projected.needs_concrete_type {
            return self.invalid_value("a concrete type");
        }
        self.object(&projected, data)
    }

    fn complete_scalar(&mut self, definition: Option<&Definition>, json: &[u8]) -> Completed {
        let Some(Definition { name, kind, .. }) = definition else {
            return Completed::Null(ErrorReported::Yes);
        };
        match kind {
            TypeKind::Enum { values } => match string_of(json) {
                Some(text) if values.contains_key(&*text) => self.write_json(&*text),
                Some(text) if self.types.is_hidden_value(name, &text) => {
                    Completed::Null(ErrorReported::Yes)
                }
                _ => self.invalid_value("an enum value"),
            },
            TypeKind::Scalar { .. } => match leaf::coerce_result(name, json) {
                Some(json) => self.write(&json),
                None => self.invalid_value("a value of its scalar type"),
            },
            _ => self.invalid_value("an object"),
        }
    }

    /// The type of an object at a position of type `declared`; `None` if it is hidden or invalid.
    fn type_of(&mut self, declared: &'a Definition, data: &ResponseObject) -> Option<&'a str> {
        let types = self.types;
        let Some(typename) = data.type_name() else { return Some(&declared.name) };
        let typename = &*typename;
        if *typename == declared.name {
            return Some(&declared.name);
        }
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

    /// Reports a value of another shape than its type.
    fn invalid_type(&mut self, ty: &Type) -> Completed {
        self.invalid_value(match ty {
            Type::List(_) => "a list",
            Type::Named(_) => "a value of its scalar type",
            Type::NonNull(_) => "a value",
        })
    }

    /// Reports a value that does not match the schema.
    fn invalid_value(&mut self, wanted: &str) -> Completed {
        let message = format!("subgraph returned an invalid value: expected {wanted}");
        self.report(malformed(message));
        Completed::Null(ErrorReported::Yes)
    }

    /// The path of the value that is being written, with the keys of the merged data.
    fn response_path(&self) -> ResponsePath {
        let segment = |item: &PathItem<'_>| match item {
            PathItem::Key(key) => ResponseSegment::Key(Name::new(key)),
            PathItem::Index(index) => ResponseSegment::Index(*index),
        };
        self.path.iter().map(segment).collect()
    }

    fn report(&mut self, failure: ApiError) {
        self.push_error(at_path(failure.into(), &self.response_path()));
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

const NULL: &[u8] = b"null";

/// An error of an unknown subgraph.
fn malformed(message: impl Into<String>) -> ApiError {
    ApiError::new(ErrorCode::SubgraphMalformedResponse, message)
}

/// The occurrences of a field with the same response key.
type Fields<'a> = Vec<&'a Positioned<Field>>;
