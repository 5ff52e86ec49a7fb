//! The types of an SDL by name, each with its extensions.

use std::collections::BTreeMap;

use cynic_parser::{
    TypeSystemDocument,
    common::OperationType,
    type_system::{Definition, FieldDefinition, TypeDefinition},
};

use crate::compose::{
    SubgraphSdl,
    field_sets::FieldSet,
    subgraph_schema::{SubgraphSchema, field_set},
    type_system::has,
};

/// Scalars of the specification.
const BUILT_IN: [&str; 5] = ["Int", "Float", "String", "Boolean", "ID"];

/// The types of one SDL.
pub(super) struct TypeIndex<'a> {
    /// The same types, with the meanings of their directives.
    schema: SubgraphSchema,
    types: BTreeMap<&'a str, Vec<TypeDefinition<'a>>>,
    /// Name of the query root.
    pub(super) query: &'a str,
    /// Name of the mutation root.
    pub(super) mutation: &'a str,
}

/// The kind of a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    BuiltInScalar,
    Scalar,
    Enum,
    InputObject,
    Object,
    Interface,
    Union,
}

impl<'a> TypeIndex<'a> {
    /// The types of an SDL, and the document parsed from it.
    pub(super) fn new(subgraph: &SubgraphSdl, document: &'a TypeSystemDocument) -> Self {
        // Its errors are reported by the composition.
        let (schema, _) = SubgraphSchema::read(subgraph, document);
        let types = BTreeMap::new();
        let mut index = Self { schema, types, query: "Query", mutation: "Mutation" };
        for definition in document.definitions() {
            match definition {
                Definition::Type(of_type) | Definition::TypeExtension(of_type) => {
                    index.types.entry(of_type.name()).or_default().push(of_type);
                }
                Definition::Schema(schema) | Definition::SchemaExtension(schema) => {
                    for root in schema.root_operations() {
                        match root.operation_type() {
                            OperationType::Query => index.query = root.named_type(),
                            OperationType::Mutation => index.mutation = root.named_type(),
                            OperationType::Subscription => {}
                        }
                    }
                }
                Definition::Directive(_) => {}
            }
        }
        index
    }

    /// The definition of a type and its extensions.
    pub(super) fn definitions(&self, name: &str) -> &[TypeDefinition<'a>] {
        self.types.get(name).map_or(&[], Vec::as_slice)
    }

    pub(super) fn kind(&self, name: &str) -> Option<Kind> {
        let first = self.definitions(name).first();
        Some(match first {
            Some(TypeDefinition::Scalar(_)) => Kind::Scalar,
            Some(TypeDefinition::Enum(_)) => Kind::Enum,
            Some(TypeDefinition::InputObject(_)) => Kind::InputObject,
            Some(TypeDefinition::Object(_)) => Kind::Object,
            Some(TypeDefinition::Interface(_)) => Kind::Interface,
            Some(TypeDefinition::Union(_)) => Kind::Union,
            None if BUILT_IN.contains(&name) => Kind::BuiltInScalar,
            None => return None,
        })
    }

    /// Whether values of a type identify something.
    pub(super) fn can_be_key(&self, name: &str) -> bool {
        matches!(name, "String" | "ID" | "Int") || self.kind(name) == Some(Kind::Scalar)
    }

    /// The fields of an object type or interface.
    pub(super) fn fields(&self, name: &str) -> impl Iterator<Item = FieldDefinition<'a>> {
        self.definitions(name).iter().flat_map(|definition| match definition {
            TypeDefinition::Object(object) => object.fields().collect(),
            TypeDefinition::Interface(interface) => interface.fields().collect(),
            _ => Vec::new(),
        })
    }

    pub(super) fn field(&self, type_name: &str, name: &str) -> Option<FieldDefinition<'a>> {
        self.fields(type_name).find(|field| field.name() == name)
    }

    /// A field that the subgraph of this SDL resolves itself.
    pub(super) fn own_field(&self, type_name: &str, name: &str) -> Option<FieldDefinition<'a>> {
        let field = self.schema.types.get(type_name).and_then(|of| of.field(name));
        let is_external = field.is_some_and(|field| has(&field.directives, "external"));
        self.field(type_name, name).filter(|_| !is_external)
    }

    pub(super) fn field_names(&self, type_name: &str) -> Vec<&'a str> {
        self.fields(type_name).map(|field| field.name()).collect()
    }

    /// The fields of an input object, each with its type.
    pub(super) fn input_fields(&self, name: &str) -> Vec<(&'a str, String)> {
        let definitions = self.definitions(name).iter();
        let inputs = definitions.flat_map(|definition| match definition {
            TypeDefinition::InputObject(input) => input.fields().collect(),
            _ => Vec::new(),
        });
        inputs.map(|field| (field.name(), field.ty().to_string())).collect()
    }

    /// The interfaces that an object type or interface implements.
    pub(super) fn interfaces(&self, name: &str) -> Vec<&'a str> {
        let definitions = self.definitions(name).iter();
        definitions
            .flat_map(|definition| match definition {
                TypeDefinition::Object(object) => object.implements_interfaces().collect(),
                TypeDefinition::Interface(interface) => interface.implements_interfaces().collect(),
                _ => Vec::new(),
            })
            .collect()
    }

    /// The object types of an interface or union.
    pub(super) fn members(&self, name: &str) -> Vec<&'a str> {
        let definitions = self.definitions(name).iter();
        let mut members: Vec<_> = definitions
            .flat_map(|definition| match definition {
                TypeDefinition::Union(union) => union.members().map(|one| one.name()).collect(),
                _ => Vec::new(),
            })
            .collect();
        let implementing = self.types.keys().filter(|one| {
            self.kind(one) == Some(Kind::Object) && self.interfaces(one).contains(&name)
        });
        members.extend(implementing);
        members
    }

    /// The names of the types of a kind.
    pub(super) fn names_of(&self, kind: Kind) -> Vec<&'a str> {
        self.types.keys().copied().filter(|name| self.kind(name) == Some(kind)).collect()
    }

    /// The keys of an entity; an invalid one is reported by the composition.
    pub(super) fn keys(&self, name: &str) -> Vec<FieldSet> {
        let directives = self.schema.types.get(name).into_iter().flat_map(|of| &of.directives);
        let keys = directives.filter(|directive| directive.name == "key");
        keys.filter_map(|key| field_set(key)?.ok()).collect()
    }

    /// The names of all entities.
    pub(super) fn entities(&self) -> impl Iterator<Item = &'a str> {
        self.types.keys().copied().filter(|name| !self.keys(name).is_empty())
    }
}
