//! The types of one SDL, or the merged types of several.

use std::collections::BTreeMap;

use async_graphql_parser::{
    parse_schema,
    types::{
        BaseType, FieldDefinition, InputValueDefinition, Type, TypeDefinition, TypeKind,
        TypeSystemDefinition,
    },
};

/// Types by name.
#[derive(Debug, Default)]
pub(super) struct Definitions {
    pub(super) types: BTreeMap<String, Definition>,
}

/// A type. Properties of other kinds of types are empty.
#[derive(Debug, Clone)]
pub(super) struct Definition {
    pub(super) kind: Kind,
    pub(super) fields: Vec<FieldDefinition>,
    pub(super) inputs: Vec<InputValueDefinition>,
    pub(super) interfaces: Vec<String>,
    /// Members of a union, or values of an enum.
    pub(super) members: Vec<String>,
    pub(super) keys: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Object,
    Interface,
    Union,
    Enum,
    Input,
}

impl Definitions {
    /// Merges the types of `sdls`: a type has the fields that any of them defines.
    pub(super) fn parse<'s>(sdls: impl IntoIterator<Item = &'s str>) -> Self {
        let mut all = Self::default();
        for sdl in sdls {
            for definition in parse_schema(sdl).unwrap().definitions {
                if let TypeSystemDefinition::Type(definition) = definition {
                    all.add(&definition.node);
                }
            }
        }
        all
    }

    fn add(&mut self, definition: &TypeDefinition) {
        let parsed = read(definition);
        let name = definition.name.node.to_string();
        let Some(existing) = self.types.get_mut(&name) else {
            self.types.insert(name, parsed);
            return;
        };
        for field in parsed.fields {
            let same = existing.fields.iter_mut().find(|one| one.name.node == field.name.node);
            match same {
                None => existing.fields.push(field),
                Some(one) if has_directive(one, "external") => *one = field,
                Some(_) => {}
            }
        }
        add_new(&mut existing.interfaces, parsed.interfaces);
        add_new(&mut existing.members, parsed.members);
    }

    pub(super) fn get(&self, name: &str) -> Option<&Definition> {
        self.types.get(name)
    }

    /// The possible object types of a type.
    pub(super) fn objects(&self, name: &str) -> Vec<&str> {
        match self.get(name).map(|one| one.kind) {
            Some(Kind::Union) => self.types[name].members.iter().map(String::as_str).collect(),
            Some(Kind::Interface) => {
                let all = self.types.iter();
                let implementations = all.filter(|(_, one)| {
                    one.kind == Kind::Object
                        && one.interfaces.iter().any(|interface| interface == name)
                });
                implementations.map(|(name, _)| name.as_str()).collect()
            }
            _ => {
                self.types.get_key_value(name).map(|(name, _)| name.as_str()).into_iter().collect()
            }
        }
    }
}

fn add_new(target: &mut Vec<String>, more: Vec<String>) {
    for name in more {
        if !target.contains(&name) {
            target.push(name);
        }
    }
}

fn read(definition: &TypeDefinition) -> Definition {
    let keys = definition.directives.iter().filter(|one| one.node.name.node == "key");
    let keys = keys.filter_map(|one| one.node.get_argument("fields"));
    let mut parsed = Definition {
        kind: Kind::Object,
        fields: Vec::new(),
        inputs: Vec::new(),
        interfaces: Vec::new(),
        members: Vec::new(),
        keys: keys.map(|fields| fields.node.to_string().trim_matches('"').to_owned()).collect(),
    };
    match &definition.kind {
        TypeKind::Object(object) => {
            parsed.fields = object.fields.iter().map(|field| field.node.clone()).collect();
            parsed.interfaces = object.implements.iter().map(|one| one.node.to_string()).collect();
        }
        TypeKind::Interface(interface) => {
            parsed.kind = Kind::Interface;
            parsed.fields = interface.fields.iter().map(|field| field.node.clone()).collect();
        }
        TypeKind::Union(union) => {
            parsed.kind = Kind::Union;
            parsed.members = union.members.iter().map(|one| one.node.to_string()).collect();
        }
        TypeKind::Enum(enumeration) => {
            parsed.kind = Kind::Enum;
            parsed.members =
                enumeration.values.iter().map(|one| one.node.value.node.to_string()).collect();
        }
        TypeKind::InputObject(input) => {
            parsed.kind = Kind::Input;
            parsed.inputs = input.fields.iter().map(|field| field.node.clone()).collect();
        }
        TypeKind::Scalar => panic!("the town has no scalars of its own"),
    }
    parsed
}

/// Whether a field has a directive.
pub(super) fn has_directive(field: &FieldDefinition, directive: &str) -> bool {
    field.directives.iter().any(|one| one.node.name.node == directive)
}

/// The named type within lists and non-null types.
pub(super) fn base_name(ty: &Type) -> &str {
    match &ty.base {
        BaseType::Named(name) => name,
        BaseType::List(inner) => base_name(inner),
    }
}
