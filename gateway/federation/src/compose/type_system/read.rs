//! From the tree of the parser to the tree of composition.

use cynic_parser::{
    ConstValue, TypeSystemDocument,
    common::{OperationType, WrappingType},
    type_system::{
        Definition, Description, Directive, DirectiveDefinition, DirectiveLocation,
        FieldDefinition, InputValueDefinition, SchemaDefinition, Type, TypeDefinition,
    },
};

use super::{
    AppliedDirective, DefinitionKind, DirectiveDef, EnumValueDef, FieldDef, Literal,
    SchemaDocument, TypeDef, TypeRef,
};

/// A contradiction within one document.
pub(in crate::compose) struct Duplicate {
    pub(in crate::compose) type_name: String,
    pub(in crate::compose) message: String,
}

impl SchemaDocument {
    /// Reads the document parsed from `sdl`, and joins types with their extensions; also returns
    /// the types that are defined twice.
    pub(in crate::compose) fn read(
        sdl: &str,
        document: &TypeSystemDocument,
    ) -> (Self, Vec<Duplicate>) {
        let mut read = Self::default();
        let mut duplicates = Vec::new();
        let reader = Reader { sdl };
        for definition in document.definitions() {
            match definition {
                Definition::Schema(schema) => {
                    read.lists_roots |= schema.root_operations().next().is_some();
                    reader.schema(schema, &mut read);
                }
                Definition::SchemaExtension(schema) => reader.schema(schema, &mut read),
                Definition::Type(one) => duplicates.extend(read.add(reader.type_def(one, false))),
                Definition::TypeExtension(one) => {
                    duplicates.extend(read.add(reader.type_def(one, true)));
                }
                Definition::Directive(one) => {
                    read.directive_definitions.push(reader.directive_def(one));
                }
            }
        }
        (read, duplicates)
    }

    /// Adds a type, or an extension of one.
    fn add(&mut self, read: TypeDef) -> Option<Duplicate> {
        let Some(known) = self.types.get_mut(&read.name) else {
            self.types.insert(read.name.clone(), read);
            return None;
        };
        let message = if known.kind != read.kind {
            Some("has two kinds in this SDL: give one of them another name")
        } else if !known.is_extension && !read.is_extension {
            Some("is defined twice in this SDL: remove one, or write `extend` before it")
        } else {
            None
        };
        if let Some(message) = message {
            return Some(Duplicate { type_name: read.name, message: message.to_owned() });
        }
        known.is_extension &= read.is_extension;
        known.description = known.description.take().or(read.description);
        known.interfaces.extend(read.interfaces);
        known.directives.extend(read.directives);
        known.fields.extend(read.fields);
        known.members.extend(read.members);
        known.values.extend(read.values);
        None
    }
}

struct Reader<'a> {
    sdl: &'a str,
}

impl Reader<'_> {
    fn schema(&self, schema: SchemaDefinition<'_>, read: &mut SchemaDocument) {
        read.directives.extend(self.directives(schema.directives()));
        read.roots.extend(schema.root_operations().map(|root| {
            let operation = match root.operation_type() {
                OperationType::Query => "query",
                OperationType::Mutation => "mutation",
                OperationType::Subscription => "subscription",
            };
            (operation, root.named_type().to_owned())
        }));
    }

    fn type_def(&self, one: TypeDefinition<'_>, is_extension: bool) -> TypeDef {
        let mut read = TypeDef {
            kind: DefinitionKind::Scalar,
            description: text(one.description()),
            name: one.name().to_owned(),
            interfaces: Vec::new(),
            directives: self.directives(one.directives()),
            fields: Vec::new(),
            members: Vec::new(),
            values: Vec::new(),
            is_extension,
        };
        match one {
            TypeDefinition::Scalar(_) => {}
            TypeDefinition::Object(object) => {
                read.kind = DefinitionKind::Object;
                read.interfaces = object.implements_interfaces().map(str::to_owned).collect();
                read.fields = object.fields().map(|field| self.field(field)).collect();
            }
            TypeDefinition::Interface(interface) => {
                read.kind = DefinitionKind::Interface;
                read.interfaces = interface.implements_interfaces().map(str::to_owned).collect();
                read.fields = interface.fields().map(|field| self.field(field)).collect();
            }
            TypeDefinition::Union(union) => {
                read.kind = DefinitionKind::Union;
                read.members = union.members().map(|member| member.name().to_owned()).collect();
            }
            TypeDefinition::Enum(of) => {
                read.kind = DefinitionKind::Enum;
                let values = of.values().map(|value| EnumValueDef {
                    description: text(value.description()),
                    name: value.value().to_owned(),
                    directives: self.directives(value.directives()),
                });
                read.values = values.collect();
            }
            TypeDefinition::InputObject(input) => {
                read.kind = DefinitionKind::InputObject;
                read.fields = input.fields().map(|field| self.input(field)).collect();
            }
        }
        read
    }

    fn directive_def(&self, one: DirectiveDefinition<'_>) -> DirectiveDef {
        DirectiveDef {
            description: text(one.description()),
            name: one.name().to_owned(),
            arguments: one.arguments().map(|argument| self.input(argument)).collect(),
            is_repeatable: one.is_repeatable(),
            locations: one.locations().map(DirectiveLocation::as_str).collect(),
        }
    }

    fn field(&self, field: FieldDefinition<'_>) -> FieldDef {
        FieldDef {
            description: text(field.description()),
            name: field.name().to_owned(),
            arguments: field.arguments().map(|argument| self.input(argument)).collect(),
            ty: type_ref(field.ty()),
            default: None,
            directives: self.directives(field.directives()),
        }
    }

    fn input(&self, input: InputValueDefinition<'_>) -> FieldDef {
        FieldDef {
            description: text(input.description()),
            name: input.name().to_owned(),
            arguments: Vec::new(),
            ty: type_ref(input.ty()),
            default: input.default_value().map(|value| self.literal(value)),
            directives: self.directives(input.directives()),
        }
    }

    fn directives<'d>(
        &self,
        directives: impl Iterator<Item = Directive<'d>>,
    ) -> Vec<AppliedDirective> {
        let applied = directives.map(|directive| AppliedDirective {
            name: directive.name().to_owned(),
            arguments: directive
                .arguments()
                .map(|argument| (argument.name().to_owned(), self.literal(argument.value())))
                .collect(),
        });
        applied.collect()
    }

    /// Recursion is limited by the nesting of the SDL.
    fn literal(&self, value: ConstValue<'_>) -> Literal {
        match value {
            ConstValue::Null(_) => Literal::Null,
            ConstValue::Int(_) | ConstValue::Float(_) => {
                let span = value.span();
                Literal::Number(self.sdl[span.start..span.end].to_owned())
            }
            ConstValue::String(text) => Literal::Text(text.as_str().to_owned()),
            ConstValue::Boolean(value) => Literal::Boolean(value.value()),
            ConstValue::Enum(name) => Literal::Enum(name.name().to_owned()),
            ConstValue::List(list) => {
                Literal::List(list.items().map(|item| self.literal(item)).collect())
            }
            ConstValue::Object(object) => {
                let fields = object.fields();
                let mut fields: Vec<_> = fields
                    .map(|field| (field.name().to_owned(), self.literal(field.value())))
                    .collect();
                fields.sort();
                Literal::Object(fields)
            }
        }
    }
}

fn text(description: Option<Description<'_>>) -> Option<String> {
    description.map(|description| description.literal().to_cow().into_owned())
}

fn type_ref(ty: Type<'_>) -> TypeRef {
    let named = TypeRef::Named(ty.name().to_owned());
    let wrappers: Vec<_> = ty.wrappers().collect();
    wrappers.into_iter().rev().fold(named, |inner, wrapper| match wrapper {
        WrappingType::List => TypeRef::List(Box::new(inner)),
        WrappingType::NonNull => TypeRef::NonNull(Box::new(inner)),
    })
}
