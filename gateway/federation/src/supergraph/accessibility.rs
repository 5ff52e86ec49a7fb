//! Checks that the public schema does not refer to inaccessible elements, which introspection and
//! validation errors would reveal. Composers reject such supergraphs too.

use std::collections::{HashMap, HashSet};

use graphql_tools::{parser::schema as generic, static_graphql::schema as ast};

type Value = generic::Value<'static, String>;

/// The first coordinate that refers to an inaccessible element, and that element.
pub(super) fn inaccessible_reference(public: &ast::Document) -> Option<(String, String)> {
    let types = public.definitions.iter().filter_map(|definition| match definition {
        ast::Definition::TypeDefinition(definition) => Some(definition),
        _ => None,
    });
    let by_name = types.clone().map(|definition| (name(definition), definition)).collect();
    let published = Published { by_name };
    let mut references = types.flat_map(|definition| {
        let owner = name(definition);
        let fields = match definition {
            ast::TypeDefinition::Object(object) => object.fields.as_slice(),
            ast::TypeDefinition::Interface(interface) => interface.fields.as_slice(),
            _ => &[],
        };
        let inputs = match definition {
            ast::TypeDefinition::InputObject(input) => input.fields.as_slice(),
            _ => &[],
        };
        let published = &published;
        let of_fields = fields.iter().flat_map(move |field| {
            let coordinate = format!("{owner}.{}", field.name);
            let own = published.missing_type(&field.field_type);
            let of_arguments = field.arguments.iter().filter_map(|argument| {
                let missing = published.missing_in_input(argument)?;
                Some((format!("{coordinate}({}:)", argument.name), missing))
            });
            let of_arguments: Vec<_> = of_arguments.collect();
            own.map(|missing| (coordinate, missing)).into_iter().chain(of_arguments)
        });
        let of_inputs = inputs.iter().filter_map(move |input| {
            Some((format!("{owner}.{}", input.name), published.missing_in_input(input)?))
        });
        of_fields.chain(of_inputs)
    });
    references.next()
}

/// Types of the public schema.
struct Published<'a> {
    by_name: HashMap<&'a str, &'a ast::TypeDefinition>,
}

impl Published<'_> {
    fn missing_type(&self, ty: &ast::Type) -> Option<String> {
        let name = innermost(ty);
        let is_known = BUILT_IN.contains(&name) || self.by_name.contains_key(name);
        (!is_known).then(|| name.to_owned())
    }

    fn missing_in_input(&self, input: &ast::InputValue) -> Option<String> {
        let missing = self.missing_type(&input.value_type);
        missing.or_else(|| {
            self.missing_in_value(innermost(&input.value_type), input.default_value.as_ref()?)
        })
    }

    /// An inaccessible enum value or input field in a default value of type `of`. Recursion is
    /// limited by the nesting of the SDL.
    fn missing_in_value(&self, of: &str, value: &Value) -> Option<String> {
        match (self.by_name.get(of), value) {
            (_, Value::List(items)) => {
                items.iter().find_map(|item| self.missing_in_value(of, item))
            }
            (Some(ast::TypeDefinition::Enum(definition)), Value::Enum(name)) => {
                let names: HashSet<_> = definition.values.iter().map(|value| &value.name).collect();
                (!names.contains(name)).then(|| format!("{of}.{name}"))
            }
            (Some(ast::TypeDefinition::InputObject(definition)), Value::Object(fields)) => {
                fields.iter().find_map(|(key, value)| {
                    match definition.fields.iter().find(|field| field.name == *key) {
                        None => Some(format!("{of}.{key}")),
                        Some(field) => self.missing_in_value(innermost(&field.value_type), value),
                    }
                })
            }
            _ => None,
        }
    }
}

/// Built-in scalars, which have no definition.
const BUILT_IN: [&str; 5] = ["Int", "Float", "String", "Boolean", "ID"];

fn innermost(ty: &ast::Type) -> &str {
    match ty {
        ast::Type::NamedType(name) => name,
        ast::Type::ListType(inner) | ast::Type::NonNullType(inner) => innermost(inner),
    }
}

fn name(definition: &ast::TypeDefinition) -> &str {
    match definition {
        ast::TypeDefinition::Scalar(one) => &one.name,
        ast::TypeDefinition::Object(one) => &one.name,
        ast::TypeDefinition::Interface(one) => &one.name,
        ast::TypeDefinition::Union(one) => &one.name,
        ast::TypeDefinition::Enum(one) => &one.name,
        ast::TypeDefinition::InputObject(one) => &one.name,
    }
}
