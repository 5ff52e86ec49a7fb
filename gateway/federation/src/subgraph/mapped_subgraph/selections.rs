//! Selections of a plan, written with the names of the service, and the names of types in its
//! responses.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
};

use async_graphql_parser::{
    Positioned,
    types::{
        BaseType, Directive, Field, OperationDefinition, OperationType, Selection, SelectionSet,
        Type,
    },
};
use async_graphql_value::{Name, Value};

use crate::{
    mapping::{EntityMapping, ServiceMapping},
    response_value::{ResponseObject, ResponseValue, TYPENAME},
    selected_fields::SelectedFields,
};

/// Writes the document of an operation for the service. Plans have no named fragments.
pub(super) struct DocumentWriter<'a> {
    mapping: &'a ServiceMapping,
    text: String,
    /// Variables of the client that the document uses.
    used: BTreeSet<Name>,
}

impl<'a> DocumentWriter<'a> {
    pub(super) fn new(mapping: &'a ServiceMapping) -> Self {
        Self { mapping, text: String::new(), used: BTreeSet::new() }
    }

    /// Writes text as it is.
    pub(super) fn raw(&mut self, text: &str) {
        self.text.push_str(text);
    }

    /// Writes the selections on a root type; `names` are the fields of the service.
    pub(super) fn root_fields(&mut self, set: &SelectionSet, names: &BTreeMap<String, String>) {
        for item in &set.items {
            match &item.node {
                Selection::Field(field) => {
                    let name = field.node.name.node.as_str();
                    self.field(&field.node, names.get(name).map_or(name, String::as_str));
                }
                Selection::InlineFragment(fragment) => {
                    self.raw("...");
                    self.directives(&fragment.node.directives);
                    self.raw(" { ");
                    self.root_fields(&fragment.node.selection_set.node, names);
                    self.raw("} ");
                }
                Selection::FragmentSpread(_) => {}
            }
        }
    }

    /// Writes the selections on an entity, except those that the gateway knows.
    pub(super) fn entity_fields(&mut self, set: &SelectionSet, entity: &EntityMapping) {
        for item in &set.items {
            match &item.node {
                Selection::Field(field) => {
                    if let Some(name) = entity.fields.get(field.node.name.node.as_str()) {
                        self.field(&field.node, name);
                    }
                }
                Selection::InlineFragment(fragment) => {
                    let condition = fragment.node.type_condition.as_ref();
                    if condition.is_none_or(|on| on.node.on.node == entity.extends) {
                        self.raw("...");
                        self.directives(&fragment.node.directives);
                        // A fragment must select something.
                        self.raw(" { __typename ");
                        self.entity_fields(&fragment.node.selection_set.node, entity);
                        self.raw("} ");
                    }
                }
                Selection::FragmentSpread(_) => {}
            }
        }
    }

    /// Writes a field under its name at the service; its response key stays the same.
    fn field(&mut self, field: &Field, name: &str) {
        let key = &field.response_key().node;
        if key != name {
            self.raw(key);
            self.raw(": ");
        }
        self.raw(name);
        self.arguments(field.arguments.iter().map(|(name, value)| (&name.node, &value.node)));
        self.directives(&field.directives);
        self.raw(" ");
        if !field.selection_set.node.items.is_empty() {
            self.raw("{ ");
            self.selections(&field.selection_set.node);
            self.raw("} ");
        }
    }

    /// Writes selections on a type that is neither a root nor an entity.
    fn selections(&mut self, set: &SelectionSet) {
        for item in &set.items {
            match &item.node {
                Selection::Field(field) => self.field(&field.node, &field.node.name.node),
                Selection::InlineFragment(fragment) => {
                    self.raw("...");
                    if let Some(condition) = &fragment.node.type_condition {
                        self.raw(" on ");
                        self.raw(self.mapping.name_at_service(&condition.node.on.node));
                    }
                    self.directives(&fragment.node.directives);
                    self.raw(" { ");
                    self.selections(&fragment.node.selection_set.node);
                    self.raw("} ");
                }
                Selection::FragmentSpread(_) => {}
            }
        }
    }

    fn directives(&mut self, directives: &[Positioned<Directive>]) {
        for directive in directives {
            self.raw(" @");
            self.raw(&directive.node.name.node);
            let arguments = directive.node.arguments.iter();
            self.arguments(arguments.map(|(name, value)| (&name.node, &value.node)));
        }
    }

    pub(super) fn arguments<'v>(&mut self, arguments: impl Iterator<Item = (&'v Name, &'v Value)>) {
        let mut separator = "(";
        for (name, value) in arguments {
            self.raw(separator);
            self.raw(name);
            self.raw(": ");
            self.value(value);
            separator = ", ";
        }
        if separator != "(" {
            self.raw(")");
        }
    }

    /// Writes a value. The `Display` of values escapes control characters as decimal numbers.
    fn value(&mut self, value: &Value) {
        match value {
            Value::Variable(name) => {
                self.used.insert(name.clone());
                self.raw("$");
                self.raw(name);
            }
            Value::String(text) => {
                let quoted = serde_json::Value::from(text.as_str());
                write!(self.text, "{quoted}").expect("a string can be written to");
            }
            Value::List(items) => {
                self.raw("[");
                for item in items {
                    self.value(item);
                    self.raw(" ");
                }
                self.raw("]");
            }
            Value::Object(fields) => {
                self.raw("{");
                for (name, value) in fields {
                    self.raw(name);
                    self.raw(": ");
                    self.value(value);
                    self.raw(" ");
                }
                self.raw("}");
            }
            leaf => write!(self.text, "{leaf}").expect("a string can be written to"),
        }
    }

    /// Variables of the client that the document uses.
    pub(super) const fn used(&self) -> &BTreeSet<Name> {
        &self.used
    }

    /// The document, with the definitions of `own` variables and of those of the operation that are
    /// used.
    pub(super) fn finish(self, operation: &OperationDefinition, own: &str) -> String {
        let Self { mapping, text, used } = self;
        let mut head = Self::new(mapping);
        head.raw(if operation.ty == OperationType::Mutation { "mutation" } else { "query" });
        let mut definitions = Self::new(mapping);
        definitions.raw(own);
        for definition in &operation.variable_definitions {
            let definition = &definition.node;
            if !used.contains(&definition.name.node) {
                continue;
            }
            definitions.raw(" $");
            definitions.raw(&definition.name.node);
            definitions.raw(": ");
            definitions.type_name(&definition.var_type.node);
            if let Some(default) = &definition.default_value {
                definitions.raw(" = ");
                definitions.value(&default.node.clone().into_value());
            }
        }
        if !definitions.text.is_empty() {
            head.raw(&format!("({})", definitions.text.trim()));
        }
        head.text + " { " + &text + "}"
    }

    fn type_name(&mut self, of_type: &Type) {
        match &of_type.base {
            BaseType::Named(name) => self.raw(self.mapping.name_at_service(name)),
            BaseType::List(item) => {
                self.raw("[");
                self.type_name(item);
                self.raw("]");
            }
        }
        if !of_type.nullable {
            self.raw("!");
        }
    }
}

/// The response keys of selections, merged over their fragments.
#[derive(Debug, Default)]
pub(super) struct ResponseShape {
    /// Response keys of `__typename`.
    pub(super) typenames: BTreeSet<Name>,
    /// Each other field by its response key: name, and what is selected of it.
    pub(super) fields: BTreeMap<Name, (Name, Self)>,
}

impl ResponseShape {
    /// The shape of selections; at the top level, fragments apply if they are on `type_name` or on
    /// any type.
    pub(super) fn of(set: &SelectionSet, type_name: Option<&str>) -> Self {
        let mut shape = Self::default();
        shape.add(set, type_name);
        shape
    }

    fn add(&mut self, set: &SelectionSet, type_name: Option<&str>) {
        for item in &set.items {
            match &item.node {
                Selection::Field(field) => {
                    let key = field.node.response_key().node.clone();
                    let name = &field.node.name.node;
                    if name == TYPENAME {
                        self.typenames.insert(key);
                    } else {
                        let new = || (name.clone(), Self::default());
                        let (_, below) = self.fields.entry(key).or_insert_with(new);
                        below.add(&field.node.selection_set.node, None);
                    }
                }
                Selection::InlineFragment(fragment) => {
                    let condition = fragment.node.type_condition.as_ref();
                    let condition = condition.map(|on| on.node.on.node.as_str());
                    if condition.is_none() || type_name.is_none() || condition == type_name {
                        self.add(&fragment.node.selection_set.node, type_name);
                    }
                }
                Selection::FragmentSpread(_) => {}
            }
        }
    }

    /// Whether the name of a type is selected anywhere.
    pub(super) fn has_typename(&self) -> bool {
        !self.typenames.is_empty() || self.fields.values().any(|(_, below)| below.has_typename())
    }

    /// The response keys, for reading a response.
    pub(super) fn selected(&self) -> SelectedFields {
        let mut selected = SelectedFields::default();
        for key in &self.typenames {
            selected.add_field(key, SelectedFields::default());
        }
        for (key, (_, below)) in &self.fields {
            selected.add_field(key, below.selected());
        }
        selected
    }

    /// A response with the names of types in the graph; those at the top level are `root`.
    pub(super) fn translate(
        &self,
        value: ResponseValue,
        root: Option<&str>,
        mapping: &ServiceMapping,
    ) -> ResponseValue {
        match value {
            ResponseValue::List(items) => {
                let items = items.into_iter().map(|item| self.translate(item, root, mapping));
                ResponseValue::List(items.collect())
            }
            ResponseValue::Object(fields) => {
                let mut translated = ResponseObject::with_capacity(fields.len());
                for (key, value) in fields {
                    let value = match self.fields.get(&key) {
                        Some((_, below)) if below.has_typename() => {
                            below.translate(value, None, mapping)
                        }
                        None if self.typenames.contains(&key) => match value.as_str() {
                            Some(name) => {
                                let name = root.unwrap_or_else(|| mapping.name_in_graph(&name));
                                ResponseValue::string(name)
                            }
                            None => value,
                        },
                        _ => value,
                    };
                    translated.push(key, value);
                }
                ResponseValue::Object(translated)
            }
            leaf => leaf,
        }
    }
}
