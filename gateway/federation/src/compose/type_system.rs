//! Type system documents as trees that composition rewrites: read from the parsed SDL, and printed
//! once. No text is edited, so comments, descriptions and strings cannot be mistaken for syntax.

mod print;
mod read;

use async_graphql_value::indexmap::IndexMap;

/// The type of a field, argument or input field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TypeRef {
    Named(String),
    List(Box<Self>),
    NonNull(Box<Self>),
}

impl TypeRef {
    /// The name of the type without list and non-null wrappers.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Named(name) => name,
            Self::List(inner) | Self::NonNull(inner) => inner.name(),
        }
    }

    pub(super) fn name_mut(&mut self) -> &mut String {
        match self {
            Self::Named(name) => name,
            Self::List(inner) | Self::NonNull(inner) => inner.name_mut(),
        }
    }

    pub(super) const fn is_non_null(&self) -> bool {
        matches!(self, Self::NonNull(_))
    }
}

/// A constant value. The fields of an object are sorted by name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Literal {
    Null,
    /// With the digits of the SDL.
    Number(String),
    Text(String),
    Boolean(bool),
    Enum(String),
    List(Vec<Self>),
    Object(Vec<(String, Self)>),
}

impl Literal {
    pub(super) fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The items of a list; a single value is a list of one.
    pub(super) fn items(&self) -> &[Self] {
        match self {
            Self::List(items) => items,
            one => std::slice::from_ref(one),
        }
    }
}

/// A directive that is applied to an element.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct AppliedDirective {
    pub(super) name: String,
    pub(super) arguments: Vec<(String, Literal)>,
}

impl AppliedDirective {
    pub(super) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), arguments: Vec::new() }
    }

    /// The same with another argument.
    pub(super) fn with(mut self, argument: &str, value: Literal) -> Self {
        self.arguments.push((argument.to_owned(), value));
        self
    }

    pub(super) fn argument(&self, name: &str) -> Option<&Literal> {
        self.arguments.iter().find(|(other, _)| other == name).map(|(_, value)| value)
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.argument(name)?.as_text()
    }
}

/// A field, an argument, or an input field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FieldDef {
    pub(super) description: Option<String>,
    pub(super) name: String,
    /// Only of fields.
    pub(super) arguments: Vec<Self>,
    pub(super) ty: TypeRef,
    /// Only of arguments and input fields.
    pub(super) default: Option<Literal>,
    pub(super) directives: Vec<AppliedDirective>,
}

impl FieldDef {
    /// Whether a value must be given for this argument or input field.
    pub(super) const fn is_required(&self) -> bool {
        self.ty.is_non_null() && self.default.is_none()
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct EnumValueDef {
    pub(super) description: Option<String>,
    pub(super) name: String,
    pub(super) directives: Vec<AppliedDirective>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DefinitionKind {
    Scalar,
    Object,
    Interface,
    Union,
    Enum,
    InputObject,
}

/// A type, with all of its extensions.
#[derive(Debug, Clone)]
pub(super) struct TypeDef {
    pub(super) kind: DefinitionKind,
    pub(super) description: Option<String>,
    pub(super) name: String,
    pub(super) interfaces: Vec<String>,
    pub(super) directives: Vec<AppliedDirective>,
    /// Of objects, interfaces and input objects.
    pub(super) fields: Vec<FieldDef>,
    /// Of unions.
    pub(super) members: Vec<String>,
    /// Of enums.
    pub(super) values: Vec<EnumValueDef>,
    /// Whether the document only extends the type.
    pub(super) is_extension: bool,
}

impl TypeDef {
    pub(super) fn field(&self, name: &str) -> Option<&FieldDef> {
        self.fields.iter().find(|field| field.name == name)
    }
}

#[derive(Debug, Clone)]
pub(super) struct DirectiveDef {
    pub(super) description: Option<String>,
    pub(super) name: String,
    pub(super) arguments: Vec<FieldDef>,
    pub(super) is_repeatable: bool,
    pub(super) locations: Vec<&'static str>,
}

/// The directives on an element with a name.
pub(super) fn has(directives: &[AppliedDirective], name: &str) -> bool {
    directives.iter().any(|directive| directive.name == name)
}

/// A whole document.
#[derive(Debug, Clone, Default)]
pub(super) struct SchemaDocument {
    /// Of the schema itself. Its description is not read: planners cannot parse one.
    pub(super) directives: Vec<AppliedDirective>,
    /// Names of the root types, by `query`, `mutation` and `subscription`.
    pub(super) roots: Vec<(&'static str, String)>,
    /// Whether a `schema { … }` lists them all, so that default names have no meaning.
    pub(super) lists_roots: bool,
    pub(super) types: IndexMap<String, TypeDef>,
    pub(super) directive_definitions: Vec<DirectiveDef>,
}
