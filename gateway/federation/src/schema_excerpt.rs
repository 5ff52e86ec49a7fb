//! The part of a schema that one document uses. The validation crate searches the types of a schema
//! and the fields of a type from the first to the last, so it gets an excerpt: validation then
//! depends on the size of the document, not on that of the schema.

use std::collections::{BTreeSet, HashMap};

use graphql_tools::static_graphql::{query, schema as ast};

use crate::schema::PublicSchema;

/// A schema against which documents are validated: as clients see it, with what is derived from it.
pub(crate) struct ValidationSchema<'a> {
    pub(crate) document: &'a ast::Document,
    pub(crate) index: &'a SchemaIndex,
    pub(crate) types: &'a PublicSchema,
}

/// Positions of types and fields in a schema, by name.
#[derive(Debug, Default)]
pub(crate) struct SchemaIndex {
    types: HashMap<String, TypePosition>,
    /// Positions of the definitions that are no types.
    others: Vec<usize>,
}

#[derive(Debug)]
struct TypePosition {
    at: usize,
    /// Positions of its fields.
    fields: HashMap<String, usize>,
}

impl SchemaIndex {
    /// Indexes a schema. If a name occurs twice, the first definition counts, as in the validation
    /// crate.
    pub(crate) fn new(schema: &ast::Document) -> Self {
        let mut index = Self::default();
        for (at, definition) in schema.definitions.iter().enumerate() {
            let ast::Definition::TypeDefinition(definition) = definition else {
                index.others.push(at);
                continue;
            };
            let mut fields = HashMap::new();
            for (at, name) in field_names(definition).enumerate() {
                fields.entry(name.to_owned()).or_insert(at);
            }
            let position = TypePosition { at, fields };
            index.types.entry(definition.name().to_owned()).or_insert(position);
        }
        index
    }
}

/// The names of the fields of an object, interface or input type, in order.
fn field_names(definition: &ast::TypeDefinition) -> impl Iterator<Item = &str> {
    use ast::TypeDefinition as Definition;
    let (fields, inputs) = match definition {
        Definition::Object(object) => (object.fields.as_slice(), &[][..]),
        Definition::Interface(interface) => (interface.fields.as_slice(), &[][..]),
        Definition::InputObject(input) => (&[][..], input.fields.as_slice()),
        _ => (&[][..], &[][..]),
    };
    let fields = fields.iter().map(|field| field.name.as_str());
    fields.chain(inputs.iter().map(|field| field.name.as_str()))
}

/// The excerpt of `schema` that `document` uses: the root types, and every type that is named in the
/// document or is the type of something in it. Objects and interfaces have only the fields that
/// are selected; interfaces and unions have no possible types. Directives are complete.
pub(crate) fn excerpt(
    schema: &ast::Document,
    index: &SchemaIndex,
    document: &query::Document,
) -> ast::Document {
    let mut search = UsedTypes { schema, index, used: HashMap::new() };
    search.read_document(document);
    let mut definitions: Vec<_> =
        index.others.iter().map(|at| schema.definitions[*at].clone()).collect();
    // In the order of the schema: the same document always has the same errors.
    let mut used: Vec<_> = search.used.into_iter().collect();
    used.sort_unstable_by_key(|(at, _)| *at);
    definitions.extend(used.into_iter().map(|(at, fields)| {
        let ast::Definition::TypeDefinition(definition) = &schema.definitions[at] else {
            unreachable!("only positions of types are collected");
        };
        ast::Definition::TypeDefinition(with_fields(definition, &fields))
    }));
    ast::Document { definitions }
}

/// A type with these of its fields only, and without its interfaces and members.
fn with_fields(definition: &ast::TypeDefinition, fields: &BTreeSet<usize>) -> ast::TypeDefinition {
    use ast::TypeDefinition as Definition;
    let select = |all: &[ast::Field]| fields.iter().map(|at| all[*at].clone()).collect::<Vec<_>>();
    match definition {
        Definition::Object(object) => Definition::Object(ast::ObjectType {
            fields: select(&object.fields),
            ..ast::ObjectType::new(object.name.clone())
        }),
        Definition::Interface(interface) => Definition::Interface(ast::InterfaceType {
            fields: select(&interface.fields),
            ..ast::InterfaceType::new(interface.name.clone())
        }),
        Definition::Union(union) => Definition::Union(ast::UnionType::new(union.name.clone())),
        other => other.clone(),
    }
}

/// Collects the types and fields that a document uses, by position.
struct UsedTypes<'a> {
    schema: &'a ast::Document,
    index: &'a SchemaIndex,
    used: HashMap<usize, BTreeSet<usize>>,
}

/// A type of the schema with its index.
#[derive(Clone, Copy)]
struct IndexedType<'a> {
    definition: &'a ast::TypeDefinition,
    position: &'a TypePosition,
}

impl<'a> IndexedType<'a> {
    /// A field of an object or interface, with its position.
    fn field(self, name: &str) -> Option<(usize, &'a ast::Field)> {
        let at = *self.position.fields.get(name)?;
        match self.definition {
            ast::TypeDefinition::Object(object) => Some((at, &object.fields[at])),
            ast::TypeDefinition::Interface(interface) => Some((at, &interface.fields[at])),
            _ => None,
        }
    }

    /// A field of an input type.
    fn input_field(self, name: &str) -> Option<&'a ast::InputValue> {
        match self.definition {
            ast::TypeDefinition::InputObject(input) => {
                input.fields.get(*self.position.fields.get(name)?)
            }
            _ => None,
        }
    }
}

impl<'a> UsedTypes<'a> {
    fn read_document(&mut self, document: &query::Document) {
        use query::OperationDefinition as Operation;
        let schema = self.schema;
        let query_type = schema.query_type_name().and_then(|name| self.add(name));
        let mutation_type = schema.mutation_type_name().and_then(|name| self.add(name));
        let subscription_type = schema.subscription_type_name().and_then(|name| self.add(name));
        for at in &self.index.others {
            if let ast::Definition::DirectiveDefinition(directive) = &schema.definitions[*at] {
                for argument in &directive.arguments {
                    self.add(argument.value_type.inner_type());
                }
            }
        }
        for definition in &document.definitions {
            match definition {
                query::Definition::Fragment(fragment) => {
                    let query::TypeCondition::On(on) = &fragment.type_condition;
                    let on = self.add(on);
                    self.read_set(on, &fragment.selection_set);
                }
                query::Definition::Operation(operation) => match operation {
                    Operation::SelectionSet(set) => self.read_set(query_type, set),
                    Operation::Query(query) => {
                        self.read_variables(&query.variable_definitions);
                        self.read_set(query_type, &query.selection_set);
                    }
                    Operation::Mutation(mutation) => {
                        self.read_variables(&mutation.variable_definitions);
                        self.read_set(mutation_type, &mutation.selection_set);
                    }
                    Operation::Subscription(subscription) => {
                        self.read_variables(&subscription.variable_definitions);
                        self.read_set(subscription_type, &subscription.selection_set);
                    }
                },
            }
        }
    }

    /// Adds a type, if it exists.
    fn add(&mut self, name: &str) -> Option<IndexedType<'a>> {
        let position = self.index.types.get(name)?;
        self.used.entry(position.at).or_default();
        match &self.schema.definitions[position.at] {
            ast::Definition::TypeDefinition(definition) => {
                Some(IndexedType { definition, position })
            }
            _ => None,
        }
    }

    fn read_variables(&mut self, variables: &[query::VariableDefinition]) {
        for variable in variables {
            let of = self.add(variable.var_type.inner_type());
            if let Some(default) = &variable.default_value {
                self.read_value(of, default);
            }
        }
    }

    /// Recurses once per level of selection sets, of which a document has at most
    /// [`crate::text_limits::NESTING_MAX`].
    fn read_set(&mut self, on: Option<IndexedType<'a>>, set: &query::SelectionSet) {
        for selection in &set.items {
            match selection {
                query::Selection::Field(selected) => self.read_field(on, selected),
                query::Selection::InlineFragment(fragment) => {
                    let on = match &fragment.type_condition {
                        Some(query::TypeCondition::On(on)) => self.add(on),
                        None => on,
                    };
                    self.read_set(on, &fragment.selection_set);
                }
                query::Selection::FragmentSpread(_) => {}
            }
        }
    }

    fn read_field(&mut self, on: Option<IndexedType<'a>>, selected: &query::Field) {
        let field = on.and_then(|on| {
            let (at, field) = on.field(&selected.name)?;
            self.used.entry(on.position.at).or_default().insert(at);
            Some(field)
        });
        for (name, value) in &selected.arguments {
            let arguments = field.map_or(&[][..], |field| &field.arguments);
            let argument = arguments.iter().find(|argument| argument.name == *name);
            let of = argument.and_then(|argument| self.add(argument.value_type.inner_type()));
            self.read_value(of, value);
        }
        let of = field.and_then(|field| self.add(field.field_type.inner_type()));
        self.read_set(of, &selected.selection_set);
    }

    fn read_value(&mut self, of: Option<IndexedType<'a>>, value: &query::Value) {
        match value {
            query::Value::List(values) => {
                for value in values {
                    self.read_value(of, value);
                }
            }
            query::Value::Object(fields) => {
                for (name, value) in fields {
                    let field = of.and_then(|of| of.input_field(name));
                    let of = field.and_then(|field| self.add(field.value_type.inner_type()));
                    self.read_value(of, value);
                }
            }
            _ => {}
        }
    }
}
