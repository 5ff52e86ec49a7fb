//! Gives what was gathered the form that the client asked for (GraphQL, sections 6.3 and 6.4): fields in
//! the order of the selections, `@skip` and `@include`, types, and null where it belongs.
//!
//! It walks the client's own document and not the plan's, so that nothing of a plan shows.

mod introspect;
mod leaf;
mod select;

use async_graphql::{
    Name, Positioned, ServerError, Value, Variables,
    indexmap::IndexMap,
    parser::types::{Field, OperationType, SelectionSet},
};

use self::{
    introspect::Schema,
    select::{Selected, Selection},
};
use super::{
    execute::{Gathered, PROBLEMS_MAX, Path, Problem, Segment, Troubles, Why},
    guard::Sight,
    operation::Operation,
};
use crate::{
    failure::Failure,
    supergraph::{Definition, Shape, Type, Types},
};

/// An answer in the form that was asked for.
pub(super) struct Projected {
    pub(super) data: Value,
    pub(super) errors: Vec<ServerError>,
    /// Errors that are not listed.
    pub(super) omitted: usize,
}

/// The value of a field. Null that must not be there goes up.
enum Completed {
    Value(Value),
    /// Null, which the type must allow. `Explained`: nothing more is to be told about it.
    Null(Explained),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Explained {
    Yes,
    No,
}

/// One projection.
struct Projection<'a> {
    types: &'a Types,
    select: Selection<'a>,
    troubles: Troubles,
    errors: Vec<ServerError>,
    path: Path,
}

/// The answer to an operation.
pub(super) fn project(
    types: &Types,
    operation: &Operation,
    variables: &Variables,
    sight: Sight<'_>,
    gathered: Gathered,
) -> Projected {
    let Gathered { data, troubles } = gathered;
    let select = Selection { types, operation, variables, sight };
    let mut projection =
        Projection { types, select, troubles, errors: Vec::new(), path: Vec::new() };
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
    let Projection { troubles, mut errors, .. } = projection;
    let omitted = troubles.omitted;
    errors.extend(troubles.rest());
    Projected { data, errors, omitted }
}

impl<'a> Projection<'a> {
    /// An object of the type `name`, which is no abstract one.
    fn object(&mut self, name: &str, sets: &[&'a SelectionSet], data: &Value) -> Completed {
        let mut object = IndexMap::new();
        let asked = self.select.fields(name, sets);
        if let Some(hidden) = asked.hidden {
            self.tell(hidden);
        }
        for (key, fields) in asked.fields {
            let Some(first) = fields.first() else { continue };
            let planned = self.types.name_in_plan(key, &first.node.name.node);
            self.path.push(Segment::Key((*planned).into()));
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

    /// The value of a field; nothing where there is no such field.
    fn field(
        &mut self,
        owner: &str,
        key: &str,
        fields: &Selected<'a>,
        data: &Value,
    ) -> Option<Completed> {
        let first = &fields.first()?.node;
        match first.name.node.as_str() {
            "__typename" => return Some(Completed::Value(Value::from(owner))),
            "__schema" | "__type" if owner == self.types.query => {
                let schema = Schema { types: self.types, select: &self.select };
                return Some(Completed::Value(schema.root(first, fields)));
            }
            _ => {}
        }
        let types = self.types;
        let name = first.name.node.as_str();
        let declared = types.get(owner)?.fields()?.get(name)?;
        if let Some(failure) = self.select.sight.hides_field(types, owner, name, declared.ty.name())
        {
            self.tell(failure);
            return Some(self.null(&declared.ty, Explained::Yes));
        }
        let value = match data {
            Value::Object(data) => data.get(key),
            _ => None,
        };
        Some(match value {
            Some(value) => self.complete(&declared.ty, fields, value),
            None => self.missing(&declared.ty, key),
        })
    }

    /// What nobody answered: null, and an error unless nobody knows the thing.
    fn missing(&mut self, ty: &Type, key: &str) -> Completed {
        let place = self.path[..self.path.len() - 1].to_vec();
        let explained = match self.troubles.why(&place, key) {
            Why::Problem(problem) => {
                self.list_error(problem.at(&self.path));
                Explained::Yes
            }
            Why::Unknown => Explained::No,
            Why::NotAsked if self.troubles.explains(&self.path) => Explained::Yes,
            Why::NotAsked => {
                self.tell(Failure::subgraph_bad_answer("no subgraph answered this field"));
                Explained::Yes
            }
        };
        self.null(ty, explained)
    }

    /// Null for a field of this type; it goes up where the type does not allow it.
    fn null(&mut self, ty: &Type, explained: Explained) -> Completed {
        if !matches!(ty, Type::NonNull(_)) {
            return Completed::Value(Value::Null);
        }
        if explained == Explained::No && !self.troubles.explains(&self.path) {
            let message = "there is no value where there must be one";
            self.tell(Failure::subgraph_bad_answer(message));
        }
        Completed::Null(Explained::Yes)
    }

    fn complete(&mut self, ty: &Type, fields: &Selected<'a>, value: &Value) -> Completed {
        let nullable = if let Type::NonNull(inner) = ty { inner } else { ty };
        let completed = match (nullable, value) {
            (_, Value::Null) => Completed::Null(Explained::No),
            (Type::List(item), Value::List(items)) => self.list(item, fields, items),
            (Type::List(_), _) => self.wrong("a list"),
            (Type::Named(name), value) => self.named(name, fields, value),
            (Type::NonNull(_), _) => self.wrong("a value"),
        };
        match completed {
            Completed::Null(explained) => self.null(ty, explained),
            value @ Completed::Value(_) => value,
        }
    }

    fn list(&mut self, ty: &Type, fields: &Selected<'a>, items: &[Value]) -> Completed {
        let mut list = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            self.path.push(Segment::Index(index));
            let completed = self.complete(ty, fields, item);
            self.path.pop();
            match completed {
                Completed::Value(value) => list.push(value),
                null @ Completed::Null(_) => return null,
            }
        }
        Completed::Value(Value::List(list))
    }

    fn named(&mut self, name: &str, fields: &Selected<'a>, value: &Value) -> Completed {
        let types = self.types;
        let Some(definition) = types.get(name) else { return Completed::Null(Explained::Yes) };
        match &definition.shape {
            Shape::Object { .. } | Shape::Interface { .. } | Shape::Union => {
                let Value::Object(data) = value else { return self.wrong("an object") };
                let Some(actual) = self.type_of(definition, data) else {
                    return Completed::Null(Explained::Yes);
                };
                if let Some(failure) = self.select.sight.hides_thing(types, actual) {
                    self.tell(failure);
                    return Completed::Null(Explained::Yes);
                }
                let sets: Vec<_> =
                    fields.iter().map(|field| &field.node.selection_set.node).collect();
                let is_open = types.get(actual).is_some_and(Definition::is_abstract);
                if is_open && self.select.asks_for_type(actual, &sets) {
                    return self.wrong("of a type that it names");
                }
                self.object(actual, &sets, value)
            }
            Shape::Enum { values } => match value {
                Value::String(text) if values.contains_key(text.as_str()) => {
                    Completed::Value(value.clone())
                }
                Value::String(text) if types.is_hidden_value(name, text) => {
                    Completed::Null(Explained::Yes)
                }
                Value::Enum(text) if values.contains_key(text.as_str()) => {
                    Completed::Value(Value::String(text.to_string()))
                }
                _ => self.wrong("a value of its enum"),
            },
            Shape::Scalar { .. } => match leaf::of(name, value) {
                Some(value) => Completed::Value(value),
                None => self.wrong("of its type"),
            },
            Shape::Input { .. } => self.wrong("a value"),
        }
    }

    /// Of which type an object is that stands where `declared` is; nothing where it must not be shown.
    fn type_of(
        &mut self,
        declared: &'a Definition,
        data: &IndexMap<Name, Value>,
    ) -> Option<&'a str> {
        let types = self.types;
        let Some(Value::String(said)) = data.get("__typename") else {
            return Some(&declared.name);
        };
        if types.is_hidden(said) {
            return None;
        }
        let known = types.get(said).filter(|known| types.is(&known.name, &declared.name));
        match known {
            Some(known) => Some(&known.name),
            // What a subgraph calls its part of a type that others know better (`@interfaceObject`).
            None if !declared.is_abstract() => Some(&declared.name),
            None => {
                self.wrong("of a type that fits");
                None
            }
        }
    }

    /// A value that is not what the schema says.
    fn wrong(&mut self, wanted: &str) -> Completed {
        let message = format!("a subgraph answered a value that is not {wanted}");
        self.tell(Failure::subgraph_bad_answer(message));
        Completed::Null(Explained::Yes)
    }

    fn tell(&mut self, failure: Failure) {
        self.list_error(Problem { failure, service: None }.at(&self.path));
    }

    fn list_error(&mut self, error: ServerError) {
        if self.errors.len() < PROBLEMS_MAX {
            self.errors.push(error);
        } else {
            self.troubles.omitted += 1;
        }
    }
}

/// The same field, as often as it is asked for under one name.
type Fields<'a> = Vec<&'a Positioned<Field>>;
