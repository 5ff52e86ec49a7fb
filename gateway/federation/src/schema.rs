//! The public schema, indexed by name; and the possible types of the whole supergraph, including
//! hidden ones.

mod public_document;

use std::{
    borrow::Cow,
    collections::{BTreeSet, HashMap, HashSet},
    fmt,
};

use async_graphql_value::indexmap::IndexMap;
use graphql_tools::static_graphql::schema as ast;

use self::public_document::meta_fields;
pub(crate) use self::public_document::public_document;
use crate::{
    authorization::{AuthRules, Grants},
    config::StringScalar,
    literal::print_literal,
};

/// The type of a field or input value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Type {
    Named(String),
    List(Box<Self>),
    NonNull(Box<Self>),
}

impl Type {
    pub(crate) fn of(ast_type: &ast::Type) -> Self {
        match ast_type {
            ast::Type::NamedType(name) => Self::Named(name.clone()),
            ast::Type::ListType(inner) => Self::List(Box::new(Self::of(inner))),
            ast::Type::NonNullType(inner) => Self::NonNull(Box::new(Self::of(inner))),
        }
    }

    /// The name of the type without list and non-null wrappers.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Named(name) => name,
            Self::List(inner) | Self::NonNull(inner) => inner.name(),
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(name) => f.write_str(name),
            Self::List(inner) => write!(f, "[{inner}]"),
            Self::NonNull(inner) => write!(f, "{inner}!"),
        }
    }
}

/// A field of an object or interface type.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) arguments: IndexMap<String, InputValue>,
    pub(crate) ty: Type,
    pub(crate) deprecated: Option<String>,
}

/// An argument, or a field of an input object.
#[derive(Debug)]
pub(crate) struct InputValue {
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) ty: Type,
    /// As a GraphQL literal.
    pub(crate) default: Option<String>,
    pub(crate) deprecated: Option<String>,
}

impl InputValue {
    /// Whether it must be provided.
    pub(crate) fn is_required(&self) -> bool {
        matches!(self.ty, Type::NonNull(_)) && self.default.is_none()
    }
}

/// A value of an enum.
#[derive(Debug)]
pub(crate) struct EnumValue {
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) deprecated: Option<String>,
}

/// A directive that clients can use.
#[derive(Debug)]
pub(crate) struct Directive {
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) arguments: IndexMap<String, InputValue>,
    pub(crate) locations: Vec<String>,
    pub(crate) repeatable: bool,
}

/// The kind of a type, with its fields or values.
#[derive(Debug)]
pub(crate) enum TypeKind {
    Scalar { specified_by: Option<String> },
    Object { fields: IndexMap<String, Field>, interfaces: Vec<String> },
    Interface { fields: IndexMap<String, Field>, interfaces: Vec<String> },
    Union,
    Enum { values: IndexMap<String, EnumValue> },
    Input { fields: IndexMap<String, InputValue>, is_one_of: bool },
}

/// A type of the public schema.
#[derive(Debug)]
pub(crate) struct Definition {
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) kind: TypeKind,
}

impl Definition {
    /// The fields of an object or interface type.
    pub(crate) fn fields(&self) -> Option<&IndexMap<String, Field>> {
        match &self.kind {
            TypeKind::Object { fields, .. } | TypeKind::Interface { fields, .. } => Some(fields),
            _ => None,
        }
    }

    /// Whether it has fields or members.
    pub(crate) fn is_composite(&self) -> bool {
        matches!(self.kind, TypeKind::Object { .. }) || self.is_abstract()
    }

    /// Whether it is an interface or union.
    pub(crate) fn is_abstract(&self) -> bool {
        matches!(self.kind, TypeKind::Interface { .. } | TypeKind::Union)
    }
}

/// The types of a schema as clients see it.
#[derive(Debug, Default)]
pub struct PublicSchema {
    /// Public types by name.
    public: IndexMap<String, Definition>,
    pub(crate) directives: Vec<Directive>,
    pub(crate) query: String,
    pub(crate) mutation: Option<String>,
    pub(crate) subscription: Option<String>,
    /// `__schema` and `__type`, which the query root has; and `__typename`.
    meta_fields: IndexMap<String, Field>,
    /// Checks of custom scalars, by name.
    scalar_checks: HashMap<&'static str, fn(&str) -> bool>,
    /// Scalars of several subgraphs.
    shared_scalars: HashSet<String>,
    /// Possible types of each interface and union, including hidden ones.
    possible_types: HashMap<String, BTreeSet<String>>,
    /// Object types, and enum values as `Enum.VALUE`, that are hidden from clients.
    hidden: BTreeSet<String>,
    /// Authorization rules of types and fields.
    auth_rules: AuthRules,
    /// Names of the fields of all types.
    field_names: HashSet<String>,
    /// Names of fields that `@requires` selects with arguments.
    required_with_arguments: HashSet<String>,
}

/// Why a schema cannot be parsed.
#[derive(Debug, thiserror::Error)]
#[error("invalid schema: {0}")]
pub struct SchemaError(String);

impl PublicSchema {
    /// The types of a schema without a supergraph, from its SDL.
    ///
    /// # Errors
    /// [`SchemaError`] if the SDL cannot be parsed.
    pub fn parse(sdl: &str) -> Result<Self, SchemaError> {
        let document = parse_document(sdl)?;
        Ok(Self::new(&document, &public_document(&document, &document)))
    }

    /// Indexes the supergraph `whole`, whose [`public_document`] is `public`.
    pub(crate) fn new(whole: &ast::Document, public: &ast::Document) -> Self {
        let mut types = Self {
            query: public.query_type_name().cloned().unwrap_or_default(),
            mutation: public.mutation_type_name().cloned(),
            subscription: public.subscription_type_name().cloned(),
            auth_rules: AuthRules::read(whole),
            meta_fields: meta_fields().map(|field| (field.name.clone(), field_of(field))).collect(),
            ..Self::default()
        };
        types.meta_fields.insert(TYPENAME.to_owned(), typename());
        for definition in &public.definitions {
            match definition {
                ast::Definition::TypeDefinition(definition) => {
                    let definition = public_definition(definition);
                    types.public.insert(definition.name.clone(), definition);
                }
                ast::Definition::DirectiveDefinition(directive) => {
                    types.directives.push(Directive {
                        name: directive.name.clone(),
                        description: directive.description.clone(),
                        arguments: inputs(&directive.arguments),
                        locations: directive.locations.iter().map(|l| l.as_str().into()).collect(),
                        repeatable: directive.repeatable,
                    });
                }
                _ => {}
            }
        }
        // Introspection does not list them.
        if let Some(TypeKind::Object { fields, .. }) =
            types.public.get_mut(&types.query).map(|query| &mut query.kind)
        {
            fields.retain(|name, _| !name.starts_with("__"));
        }
        types.collect_possible_types(whole);
        types
    }

    fn collect_possible_types(&mut self, whole: &ast::Document) {
        for definition in &whole.definitions {
            let ast::Definition::TypeDefinition(definition) = definition else { continue };
            if let ast::TypeDefinition::Object(ast::ObjectType { fields, .. })
            | ast::TypeDefinition::Interface(ast::InterfaceType { fields, .. }) = definition
            {
                self.field_names.extend(fields.iter().map(|field| field.name.clone()));
                for directive in fields.iter().flat_map(|field| &field.directives) {
                    let one = std::slice::from_ref(directive);
                    let required = argument(one, "join__field", "requires");
                    collect_with_arguments(required.as_deref(), &mut self.required_with_arguments);
                }
            }
            let (name, interfaces) = match definition {
                ast::TypeDefinition::Scalar(scalar) => {
                    let graphs = scalar.directives.iter().filter(|one| one.name == "join__type");
                    if graphs.count() > 1 {
                        self.shared_scalars.insert(scalar.name.clone());
                    }
                    continue;
                }
                ast::TypeDefinition::Object(object) => {
                    (&object.name, &object.implements_interfaces)
                }
                ast::TypeDefinition::Interface(interface) => {
                    (&interface.name, &interface.implements_interfaces)
                }
                ast::TypeDefinition::Union(union) => {
                    self.possible_types
                        .entry(union.name.clone())
                        .or_default()
                        .extend(union.types.clone());
                    continue;
                }
                ast::TypeDefinition::Enum(of) => {
                    let public_kind = self.public.get(&of.name).map(|definition| &definition.kind);
                    let Some(TypeKind::Enum { values: public_values }) = public_kind else {
                        continue;
                    };
                    let values =
                        of.values.iter().filter(|value| !public_values.contains_key(&value.name));
                    self.hidden.extend(values.map(|value| format!("{}.{}", of.name, value.name)));
                    continue;
                }
                ast::TypeDefinition::InputObject(_) => continue,
            };
            for interface in interfaces {
                self.possible_types.entry(interface.clone()).or_default().insert(name.clone());
            }
            if matches!(definition, ast::TypeDefinition::Object(_))
                && !self.public.contains_key(name)
            {
                self.hidden.insert(name.clone());
            }
        }
    }

    /// The response key in the plan of a field that the client selects as `alias`. An alias that is
    /// the name of another field is renamed, since the planner would confuse the two, for example
    /// in keys; so is a field that `@requires` selects with arguments.
    pub(crate) fn name_in_plan<'n>(&self, alias: &'n str, field: &str) -> Cow<'n, str> {
        let mistakable = if alias == field {
            self.required_with_arguments.contains(field)
        } else {
            self.field_names.contains(alias) || alias.starts_with(RENAMED)
        };
        if mistakable { Cow::Owned(format!("{RENAMED}{alias}")) } else { Cow::Borrowed(alias) }
    }

    /// Authorization rules of types and fields.
    pub(crate) fn auth_rules(&self) -> &AuthRules {
        &self.auth_rules
    }

    /// Whether access to any possible type of a type, or to its fields, can be denied.
    pub(crate) fn may_hide_possible_type(&self, grants: &Grants, name: &str) -> bool {
        !grants.is_full()
            && self
                .possible_types(name)
                .any(|possible| self.auth_rules.denies_any(grants, possible))
    }

    /// Checks values of these scalars from now on, except of those that several subgraphs have: each
    /// may accept others.
    pub(crate) fn check_scalars(&mut self, scalars: &[StringScalar]) {
        let own = scalars.iter().filter(|scalar| !self.shared_scalars.contains(scalar.name));
        self.scalar_checks.extend(own.map(|scalar| (scalar.name, scalar.is_valid)));
    }

    /// Whether a custom scalar can have a value: a string, or `None` for any other value.
    pub(crate) fn accepts_scalar(&self, name: &str, text: Option<&str>) -> bool {
        self.scalar_checks.get(name).is_none_or(|is_valid| text.is_some_and(is_valid))
    }

    /// The field of a type with this name, including those of introspection.
    pub(crate) fn field<'s>(&'s self, of: &'s Definition, name: &str) -> Option<&'s Field> {
        let own = of.fields().and_then(|fields| fields.get(name));
        own.or_else(|| {
            let is_meta = if name == TYPENAME { of.is_composite() } else { of.name == self.query };
            self.meta_fields.get(name).filter(|_| is_meta)
        })
    }

    /// The public type with this name.
    pub(crate) fn get(&self, name: &str) -> Option<&Definition> {
        self.public.get(name)
    }

    /// All public types.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Definition> {
        self.public.values()
    }

    /// Whether a value of type `name` is also of type `wanted`.
    pub(crate) fn is(&self, name: &str, wanted: &str) -> bool {
        name == wanted || self.possible_types.get(wanted).is_some_and(|types| types.contains(name))
    }

    /// Whether an object can be of both types, as far as clients know.
    pub(crate) fn have_common_type(&self, one: &Definition, other: &Definition) -> bool {
        if one.name == other.name {
            return true;
        }
        let none = BTreeSet::new();
        let possible = |of: &Definition| self.possible_types.get(&of.name).unwrap_or(&none);
        match (one.is_abstract(), other.is_abstract()) {
            (false, false) => false,
            (true, false) => possible(one).contains(&other.name),
            (false, true) => possible(other).contains(&one.name),
            (true, true) => {
                let (mut few, mut many) = (possible(one), possible(other));
                if few.len() > many.len() {
                    (few, many) = (many, few);
                }
                few.iter().any(|name| many.contains(name) && self.public.contains_key(name))
            }
        }
    }

    /// The possible types of an abstract type, including hidden ones.
    pub(crate) fn possible_types(&self, name: &str) -> impl Iterator<Item = &str> {
        self.possible_types.get(name).into_iter().flatten().map(String::as_str)
    }

    /// Whether an object type is hidden from clients.
    pub(crate) fn is_hidden(&self, object: &str) -> bool {
        self.hidden.contains(object)
    }

    /// Whether an enum value is hidden from clients.
    pub(crate) fn is_hidden_value(&self, of: &str, value: &str) -> bool {
        self.hidden.contains(&format!("{of}.{value}"))
    }
}

/// Collects the fields with arguments in a field set: names before a parenthesis.
fn collect_with_arguments(fields: Option<&str>, found: &mut HashSet<String>) {
    let fields = fields.unwrap_or_default();
    for (at, _) in fields.match_indices('(') {
        let before = fields[..at].trim_end();
        let name = before.rsplit(|c: char| !c.is_ascii_alphanumeric() && c != '_').next();
        found.extend(name.map(str::to_owned));
    }
}

/// Prefix of renamed response keys in plans.
const RENAMED: &str = "_as_";

/// The response key of the client for that of a plan.
pub(crate) fn client_name(name: &str) -> &str {
    name.strip_prefix(RENAMED).unwrap_or(name)
}

fn public_definition(definition: &ast::TypeDefinition) -> Definition {
    use ast::TypeDefinition as AstDefinition;
    let (name, description, kind) = match definition {
        AstDefinition::Scalar(scalar) => {
            let specified_by = argument(&scalar.directives, "specifiedBy", "url");
            (&scalar.name, &scalar.description, TypeKind::Scalar { specified_by })
        }
        AstDefinition::Object(object) => {
            let interfaces = object.implements_interfaces.clone();
            let kind = TypeKind::Object { fields: fields(&object.fields), interfaces };
            (&object.name, &object.description, kind)
        }
        AstDefinition::Interface(interface) => {
            let interfaces = interface.implements_interfaces.clone();
            let kind = TypeKind::Interface { fields: fields(&interface.fields), interfaces };
            (&interface.name, &interface.description, kind)
        }
        AstDefinition::Union(union) => (&union.name, &union.description, TypeKind::Union),
        AstDefinition::Enum(of) => {
            let values = of.values.iter().map(|value| {
                let deprecated = deprecated(&value.directives);
                let (name, description) = (value.name.clone(), value.description.clone());
                (name.clone(), EnumValue { name, description, deprecated })
            });
            (&of.name, &of.description, TypeKind::Enum { values: values.collect() })
        }
        AstDefinition::InputObject(input) => {
            let is_one_of = input.directives.iter().any(|directive| directive.name == "oneOf");
            let kind = TypeKind::Input { fields: inputs(&input.fields), is_one_of };
            (&input.name, &input.description, kind)
        }
    };
    Definition { name: name.clone(), description: description.clone(), kind }
}

fn fields(ast_fields: &[ast::Field]) -> IndexMap<String, Field> {
    ast_fields.iter().map(|field| (field.name.clone(), field_of(field))).collect()
}

fn field_of(field: &ast::Field) -> Field {
    Field {
        name: field.name.clone(),
        description: field.description.clone(),
        arguments: inputs(&field.arguments),
        ty: Type::of(&field.field_type),
        deprecated: deprecated(&field.directives),
    }
}

/// The field that every object has.
const TYPENAME: &str = "__typename";

fn typename() -> Field {
    let name = TYPENAME.to_owned();
    let ty = Type::NonNull(Box::new(Type::Named("String".to_owned())));
    Field { name, description: None, arguments: IndexMap::new(), ty, deprecated: None }
}

/// Parses an SDL.
///
/// # Errors
/// [`SchemaError`] with the syntax error.
pub(crate) fn parse_document(sdl: &str) -> Result<ast::Document, SchemaError> {
    match graphql_tools::parser::parse_schema::<String>(sdl) {
        Ok(document) => Ok(document.into_static()),
        Err(error) => Err(SchemaError(error.to_string())),
    }
}

fn inputs(ast_inputs: &[ast::InputValue]) -> IndexMap<String, InputValue> {
    let input = |input: &ast::InputValue| InputValue {
        name: input.name.clone(),
        description: input.description.clone(),
        ty: Type::of(&input.value_type),
        default: input.default_value.as_ref().map(print_literal),
        deprecated: deprecated(&input.directives),
    };
    ast_inputs.iter().map(|ast_input| (ast_input.name.clone(), input(ast_input))).collect()
}

/// The reason of `@deprecated`, if present.
fn deprecated(directives: &[ast::Directive]) -> Option<String> {
    let is = directives.iter().any(|directive| directive.name == "deprecated");
    is.then(|| {
        argument(directives, "deprecated", "reason")
            .unwrap_or_else(|| "No longer supported".to_owned())
    })
}

/// A string argument of a directive.
pub(crate) fn argument(
    directives: &[ast::Directive],
    directive: &str,
    argument: &str,
) -> Option<String> {
    let directive = directives.iter().find(|candidate| candidate.name == directive)?;
    directive.arguments.iter().find(|(name, _)| name == argument).and_then(|(_, value)| {
        if let ast::Value::String(text) = value { Some(text.clone()) } else { None }
    })
}
