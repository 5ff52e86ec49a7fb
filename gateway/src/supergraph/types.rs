//! The types that clients see, as tables; and which objects stand behind an abstract type in the
//! whole supergraph, hidden ones included.

use std::{
    borrow::Cow,
    collections::{BTreeSet, HashMap, HashSet},
};

use async_graphql::indexmap::IndexMap;
use graphql_tools::static_graphql::schema as ast;

use super::guards::{Access, Guards};

/// What a field or an input is declared as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Type {
    Named(String),
    List(Box<Self>),
    NonNull(Box<Self>),
}

impl Type {
    fn of(given: &ast::Type) -> Self {
        match given {
            ast::Type::NamedType(name) => Self::Named(name.clone()),
            ast::Type::ListType(inner) => Self::List(Box::new(Self::of(inner))),
            ast::Type::NonNullType(inner) => Self::NonNull(Box::new(Self::of(inner))),
        }
    }

    /// The name of the type, without what is said about lists and null.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Named(name) => name,
            Self::List(inner) | Self::NonNull(inner) => inner.name(),
        }
    }
}

/// A field of an object or an interface.
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
    /// As GraphQL writes it.
    pub(crate) default: Option<String>,
    pub(crate) deprecated: Option<String>,
}

/// A value of an enum.
#[derive(Debug)]
pub(crate) struct EnumValue {
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) deprecated: Option<String>,
}

/// A directive that a client may write.
#[derive(Debug)]
pub(crate) struct Directive {
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) arguments: IndexMap<String, InputValue>,
    pub(crate) locations: Vec<String>,
    pub(crate) repeatable: bool,
}

/// What sort of type, and what it is made of.
#[derive(Debug)]
pub(crate) enum Shape {
    Scalar { specified_by: Option<String> },
    Object { fields: IndexMap<String, Field>, interfaces: Vec<String> },
    Interface { fields: IndexMap<String, Field>, interfaces: Vec<String> },
    Union,
    Enum { values: IndexMap<String, EnumValue> },
    Input { fields: IndexMap<String, InputValue> },
}

/// A type that clients see.
#[derive(Debug)]
pub(crate) struct Definition {
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) shape: Shape,
}

impl Definition {
    /// Its fields, where it is an object or an interface.
    pub(crate) fn fields(&self) -> Option<&IndexMap<String, Field>> {
        match &self.shape {
            Shape::Object { fields, .. } | Shape::Interface { fields, .. } => Some(fields),
            _ => None,
        }
    }

    /// Whether a value of it may be of one of several types.
    pub(crate) fn is_abstract(&self) -> bool {
        matches!(self.shape, Shape::Interface { .. } | Shape::Union)
    }
}

/// All types of a supergraph.
#[derive(Debug, Default)]
pub(crate) struct Types {
    /// What clients see, by name.
    public: IndexMap<String, Definition>,
    pub(crate) directives: Vec<Directive>,
    pub(crate) query: String,
    pub(crate) mutation: Option<String>,
    pub(crate) subscription: Option<String>,
    /// Objects behind each interface and union, hidden ones included.
    behind: HashMap<String, BTreeSet<String>>,
    /// Objects, and values of enums as `Enum.VALUE`, that there are and clients do not see.
    hidden: BTreeSet<String>,
    /// What is not for everybody.
    guards: Guards,
    /// Names of all fields of all types.
    field_names: HashSet<String>,
    /// Names of fields that others need with arguments (`@requires`).
    needed_with_arguments: HashSet<String>,
}

impl Types {
    /// The tables of a supergraph, of which clients see `public`.
    pub(super) fn new(whole: &ast::Document, public: &ast::Document) -> Self {
        let mut types = Self {
            query: public.query_type_name().cloned().unwrap_or_default(),
            mutation: public.mutation_type_name().cloned(),
            subscription: public.subscription_type_name().cloned(),
            guards: Guards::read(whole),
            ..Self::default()
        };
        for definition in &public.definitions {
            match definition {
                ast::Definition::TypeDefinition(definition) => {
                    let definition = shown(definition);
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
        // The root gets these two as fields; they are no part of what it is.
        if let Some(Shape::Object { fields, .. }) =
            types.public.get_mut(&types.query).map(|query| &mut query.shape)
        {
            fields.retain(|name, _| !name.starts_with("__"));
        }
        types.look_behind(whole);
        types
    }

    fn look_behind(&mut self, whole: &ast::Document) {
        for definition in &whole.definitions {
            let ast::Definition::TypeDefinition(definition) = definition else { continue };
            if let ast::TypeDefinition::Object(ast::ObjectType { fields, .. })
            | ast::TypeDefinition::Interface(ast::InterfaceType { fields, .. }) = definition
            {
                self.field_names.extend(fields.iter().map(|field| field.name.clone()));
                for directive in fields.iter().flat_map(|field| &field.directives) {
                    let one = std::slice::from_ref(directive);
                    let needed = argument(one, "join__field", "requires");
                    note_with_arguments(needed.as_deref(), &mut self.needed_with_arguments);
                }
            }
            let (name, interfaces) = match definition {
                ast::TypeDefinition::Object(object) => {
                    (&object.name, &object.implements_interfaces)
                }
                ast::TypeDefinition::Interface(interface) => {
                    (&interface.name, &interface.implements_interfaces)
                }
                ast::TypeDefinition::Union(union) => {
                    self.behind.entry(union.name.clone()).or_default().extend(union.types.clone());
                    continue;
                }
                ast::TypeDefinition::Enum(of) => {
                    let seen = self.public.get(&of.name).map(|seen| &seen.shape);
                    let Some(Shape::Enum { values: seen }) = seen else { continue };
                    let values = of.values.iter().filter(|value| !seen.contains_key(&value.name));
                    self.hidden.extend(values.map(|value| format!("{}.{}", of.name, value.name)));
                    continue;
                }
                _ => continue,
            };
            for interface in interfaces {
                self.behind.entry(interface.clone()).or_default().insert(name.clone());
            }
            if matches!(definition, ast::TypeDefinition::Object(_))
                && !self.public.contains_key(name)
            {
                self.hidden.insert(name.clone());
            }
        }
    }

    /// Under which name a plan has what a client asks for as `alias`. Where that is the name of another
    /// field, the planner takes one for the other, in keys for instance: plans have it renamed. So they
    /// have a field that others need with arguments of their own.
    pub(crate) fn name_in_plan<'n>(&self, alias: &'n str, field: &str) -> Cow<'n, str> {
        let mistakable = if alias == field {
            self.needed_with_arguments.contains(field)
        } else {
            self.field_names.contains(alias) || alias.starts_with(RENAMED)
        };
        if mistakable { Cow::Owned(format!("{RENAMED}{alias}")) } else { Cow::Borrowed(alias) }
    }

    /// What is not for everybody.
    pub(crate) fn guards(&self) -> &Guards {
        &self.guards
    }

    /// Whether anything of a type behind an abstract one must not be shown.
    pub(crate) fn hides_behind(&self, access: &Access, name: &str) -> bool {
        !access.is_full() && self.behind(name).any(|behind| self.guards.any_of(access, behind))
    }

    /// A type that clients see.
    pub(crate) fn get(&self, name: &str) -> Option<&Definition> {
        self.public.get(name)
    }

    /// All types that clients see.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Definition> {
        self.public.values()
    }

    /// Whether a value of the type `name` is one of the type `wanted`, too.
    pub(crate) fn is(&self, name: &str, wanted: &str) -> bool {
        name == wanted || self.behind.get(wanted).is_some_and(|behind| behind.contains(name))
    }

    /// The types behind an abstract type, hidden ones included.
    pub(crate) fn behind(&self, name: &str) -> impl Iterator<Item = &str> {
        self.behind.get(name).into_iter().flatten().map(String::as_str)
    }

    /// Whether there is an object of this name that clients do not see.
    pub(crate) fn is_hidden(&self, object: &str) -> bool {
        self.hidden.contains(object)
    }

    /// Whether an enum has a value that clients do not see.
    pub(crate) fn is_hidden_value(&self, of: &str, value: &str) -> bool {
        self.hidden.contains(&format!("{of}.{value}"))
    }
}

/// Notes the fields that stand with arguments in a set of fields: names before a bracket.
fn note_with_arguments(fields: Option<&str>, found: &mut HashSet<String>) {
    let fields = fields.unwrap_or_default();
    for (at, _) in fields.match_indices('(') {
        let before = fields[..at].trim_end();
        let begin = before.rfind(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        found.insert(before[begin.map_or(0, |begin| begin + 1)..].to_owned());
    }
}

/// Marks an alias that plans have renamed.
const RENAMED: &str = "_as_";

/// The name that a client gave to what a plan has under `name`.
pub(crate) fn name_of_client(name: &str) -> &str {
    name.strip_prefix(RENAMED).unwrap_or(name)
}

fn shown(definition: &ast::TypeDefinition) -> Definition {
    use ast::TypeDefinition as Given;
    let (name, description, shape) = match definition {
        Given::Scalar(scalar) => {
            let specified_by = argument(&scalar.directives, "specifiedBy", "url");
            (&scalar.name, &scalar.description, Shape::Scalar { specified_by })
        }
        Given::Object(object) => {
            let interfaces = object.implements_interfaces.clone();
            let shape = Shape::Object { fields: fields(&object.fields), interfaces };
            (&object.name, &object.description, shape)
        }
        Given::Interface(interface) => {
            let interfaces = interface.implements_interfaces.clone();
            let shape = Shape::Interface { fields: fields(&interface.fields), interfaces };
            (&interface.name, &interface.description, shape)
        }
        Given::Union(union) => (&union.name, &union.description, Shape::Union),
        Given::Enum(of) => {
            let values = of.values.iter().map(|value| {
                let deprecated = deprecated(&value.directives);
                let (name, description) = (value.name.clone(), value.description.clone());
                (name.clone(), EnumValue { name, description, deprecated })
            });
            (&of.name, &of.description, Shape::Enum { values: values.collect() })
        }
        Given::InputObject(input) => {
            (&input.name, &input.description, Shape::Input { fields: inputs(&input.fields) })
        }
    };
    Definition { name: name.clone(), description: description.clone(), shape }
}

fn fields(given: &[ast::Field]) -> IndexMap<String, Field> {
    let field = |field: &ast::Field| Field {
        name: field.name.clone(),
        description: field.description.clone(),
        arguments: inputs(&field.arguments),
        ty: Type::of(&field.field_type),
        deprecated: deprecated(&field.directives),
    };
    given.iter().map(|given| (given.name.clone(), field(given))).collect()
}

fn inputs(given: &[ast::InputValue]) -> IndexMap<String, InputValue> {
    let input = |input: &ast::InputValue| InputValue {
        name: input.name.clone(),
        description: input.description.clone(),
        ty: Type::of(&input.value_type),
        default: input.default_value.as_ref().map(ToString::to_string),
        deprecated: deprecated(&input.directives),
    };
    given.iter().map(|given| (given.name.clone(), input(given))).collect()
}

/// Why something is to be used no more.
fn deprecated(directives: &[ast::Directive]) -> Option<String> {
    let is = directives.iter().any(|directive| directive.name == "deprecated");
    is.then(|| {
        argument(directives, "deprecated", "reason")
            .unwrap_or_else(|| "No longer supported".to_owned())
    })
}

/// The text that a directive has as an argument.
pub(super) fn argument(
    directives: &[ast::Directive],
    directive: &str,
    argument: &str,
) -> Option<String> {
    let directive = directives.iter().find(|given| given.name == directive)?;
    directive.arguments.iter().find(|(name, _)| name == argument).and_then(|(_, value)| {
        if let ast::Value::String(text) = value { Some(text.clone()) } else { None }
    })
}
