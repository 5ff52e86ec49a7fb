//! Types of a service that the visible fields return or accept.

use std::fmt::Write;

use cynic_parser::type_system::{
    Description, Directive, FieldDefinition, InputValueDefinition, Type, TypeDefinition,
};

use super::{SdlWriter, type_index::Kind};
use crate::mapping::{TypeMapping, is_name};

impl<'a> SdlWriter<'a> {
    /// The definition of a field of an entity or root, under its name in the graph.
    pub(super) fn optional_field(
        &mut self,
        type_name: &str,
        field: FieldDefinition<'a>,
        name: &str,
    ) -> String {
        self.check_field_directives(type_name, field);
        let of_type = self.type_text(field.ty(), field.name());
        self.field_text(field, name, of_type.strip_suffix('!').unwrap_or(&of_type))
    }

    fn field_text(&mut self, field: FieldDefinition<'a>, name: &str, of_type: &str) -> String {
        let mut text = description(field.description());
        let arguments: Vec<_> =
            field.arguments().map(|argument| self.input_value(argument)).collect();
        let arguments = if arguments.is_empty() {
            String::new()
        } else {
            format!("({})", arguments.join(", "))
        };
        let deprecated = deprecation(field.directives());
        write!(text, "  {name}{arguments}: {of_type}{deprecated}")
            .expect("a string can be written to");
        text
    }

    /// An argument or a field of an input object, with its default.
    fn input_value(&mut self, input: InputValueDefinition<'a>) -> String {
        let of_type = self.type_text(input.ty(), input.name());
        let description = description(input.description());
        let default = input.default_value().map(|_default| {
            let span = input.default_value_span();
            // The span starts at the equals sign.
            format!(" {}", &self.text[span.start..span.end])
        });
        format!("{}{}: {of_type}{}", description, input.name(), default.unwrap_or_default())
    }

    /// A type with its name in the graph; `by` is what reaches it.
    fn type_text(&mut self, of_type: Type<'a>, by: &str) -> String {
        self.reach(of_type.name(), by);
        // Apart from the name, there are only brackets and exclamation marks.
        of_type.to_string().replace(of_type.name(), self.mapping.name_in_graph(of_type.name()))
    }

    fn reach(&mut self, name: &'a str, by: &str) {
        let is_built_in = self.service.kind(name) == Some(Kind::BuiltInScalar);
        if !is_built_in && !self.reached.contains_key(name) {
            self.reached.insert(name, by.to_owned());
            self.unvisited.push(name);
        }
    }

    /// Writes the reached types. Those with fields must be listed with the visible ones.
    pub(super) fn write_reached_types(&mut self) {
        let mut bodies = Vec::new();
        while let Some(name) = self.unvisited.pop() {
            if self.is_free_type(name)
                && let Some(body) = self.body(name)
            {
                bodies.push((name, body));
            }
        }
        bodies.sort_unstable();
        for (name, body) in bodies {
            let new_name = self.mapping.name_in_graph(name);
            let interfaces = self.service.interfaces(name).into_iter();
            let interfaces: Vec<_> = interfaces
                .filter(|interface| self.reached.contains_key(interface))
                .map(|interface| self.mapping.name_in_graph(interface))
                .collect();
            let keyword = match self.service.kind(name) {
                Some(Kind::Enum) => "enum",
                Some(Kind::InputObject) => "input",
                Some(Kind::Interface) => "interface",
                Some(Kind::Union) => "union",
                _ => "type",
            };
            let implements = if interfaces.is_empty() {
                String::new()
            } else {
                format!(" implements {}", interfaces.join(" & "))
            };
            writeln!(self.sdl, "{keyword} {new_name}{implements} {body}")
                .expect("a string can be written to");
        }
        for TypeMapping { service_type, .. } in &self.mapping.types {
            if !self.reached.contains_key(service_type.as_str()) {
                let expected = "a type that a visible field returns or accepts";
                self.reject("type.type", expected, service_type);
            }
        }
    }

    /// What follows the name of a type in its definition; `None` for a scalar, or after an error.
    fn body(&mut self, name: &'a str) -> Option<String> {
        let by = self.reached.get(name).cloned().unwrap_or_default();
        let listed = self.mapping.types.iter().find(|one| one.service_type == name);
        let listed = listed.map_or(&[][..], |one| &one.fields);
        let kind = self.service.kind(name);
        self.check_type_directives(name);
        if !listed.is_empty() && !matches!(kind, Some(Kind::Object | Kind::Interface)) {
            self.reject("type.fields", "absent for a type without fields to select", name);
        }
        match kind {
            None => {
                let expected = format!("an SDL that defines the type of `{by}`");
                self.reject("sdl", &expected, name);
                None
            }
            Some(Kind::BuiltInScalar) => None,
            Some(Kind::Scalar) => {
                self.scalars.insert(self.mapping.name_in_graph(name).to_owned());
                None
            }
            Some(Kind::Enum) => Some(self.enum_body(name)),
            Some(Kind::InputObject) => Some(self.input_body(name)),
            Some(Kind::Union) => {
                let members = self.service.members(name);
                for member in &members {
                    self.reach(member, name);
                }
                let members = members.into_iter().map(|member| self.mapping.name_in_graph(member));
                Some(format!("= {}", members.collect::<Vec<_>>().join(" | ")))
            }
            Some(Kind::Object | Kind::Interface) => self.listed_fields(name, listed, &by),
        }
    }

    /// The visible fields of an object type or interface. Each type of an interface has its fields.
    fn listed_fields(&mut self, name: &'a str, listed: &'a [String], by: &str) -> Option<String> {
        if listed.is_empty() {
            let message = format!(
                "`subgraph.type` is missing for a type that `{by}` reaches; list its visible \
                 fields: `[[subgraph.type]]` with `type = \"{name}\"` and `fields`, such as \
                 `fields = [\"{}\"]`",
                self.service.field_names(name).first().unwrap_or(&"name"),
            );
            self.errors.push(super::CompositionError { message, ..Default::default() });
            return None;
        }
        let mut body = String::new();
        for field_name in listed {
            if let Some(field) = self.field("type.fields", name, field_name) {
                self.check_field_directives(name, field);
                let by = format!("{name}.{field_name}");
                let of_type = self.type_text(field.ty(), &by);
                let definition = self.field_text(field, field_name, &of_type);
                writeln!(body, "{definition}").expect("a string can be written to");
            }
        }
        if self.service.kind(name) == Some(Kind::Interface) {
            for member in self.service.members(name) {
                self.reach(member, name);
                let of_member = self.mapping.types.iter().find(|one| one.service_type == member);
                let lacking = of_member
                    .and_then(|one| listed.iter().find(|field| !one.fields.contains(field)));
                if let Some(field) = lacking {
                    let expected = format!("with `{field}` for `{member}`, since `{name}` has it");
                    self.reject("type.fields", &expected, "a list without it");
                }
            }
        }
        Some(format!("{{\n{body}}}"))
    }

    fn enum_body(&mut self, name: &str) -> String {
        let mut body = "{\n".to_owned();
        for definition in self.service.definitions(name).to_vec() {
            let TypeDefinition::Enum(definition) = definition else { continue };
            for value in definition.values() {
                self.check_directives(&format!("{name}.{}", value.value()), value.directives());
                body.push_str(&description(value.description()));
                let deprecated = deprecation(value.directives());
                writeln!(body, "  {}{deprecated}", value.value())
                    .expect("a string can be written to");
            }
        }
        body + "}"
    }

    fn input_body(&mut self, name: &str) -> String {
        let definitions = self.service.definitions(name).to_vec();
        let fields = definitions.iter().flat_map(|definition| match definition {
            TypeDefinition::InputObject(input) => input.fields().collect(),
            _ => Vec::new(),
        });
        let mut body = "{\n".to_owned();
        for field in fields {
            self.check_directives(&format!("{name}.{}", field.name()), field.directives());
            writeln!(body, "  {}", self.input_value(field)).expect("a string can be written to");
        }
        body + "}"
    }

    /// Rejects directives of a type that the graph would not have.
    pub(super) fn check_type_directives(&mut self, name: &str) {
        for definition in self.service.definitions(name).to_vec() {
            self.check_directives(name, definition.directives());
        }
    }

    /// As [`Self::check_type_directives`], for a field and its arguments.
    fn check_field_directives(&mut self, type_name: &str, field: FieldDefinition<'a>) {
        let coordinate = format!("{type_name}.{}", field.name());
        self.check_directives(&coordinate, field.directives());
        for argument in field.arguments() {
            let coordinate = format!("{coordinate}({}:)", argument.name());
            self.check_directives(&coordinate, argument.directives());
        }
    }

    fn check_directives<'d>(
        &mut self,
        coordinate: &str,
        directives: impl Iterator<Item = Directive<'d>>,
    ) {
        for directive in directives {
            let name = directive.name();
            if matches!(name, "deprecated" | "specifiedBy" | "oneOf") {
                continue;
            }
            let message = format!(
                "`subgraph.sdl` must be a schema without directives on visible elements, since \
                 they would not apply, not `@{name}` on `{coordinate}`; remove it from the file, \
                 if everybody may use the element, or else do not map the element"
            );
            self.errors.push(super::CompositionError { message, ..Default::default() });
        }
    }

    /// Whether a reached type can get its name in the graph; otherwise, this is an error.
    fn is_free_type(&mut self, name: &str) -> bool {
        let new_name = self.mapping.name_in_graph(name);
        let kind = self.service.kind(name);
        let has_type = |(_, types): &&(&str, super::TypeIndex<'a>)| {
            // Scalars of one name are one scalar.
            types
                .kind(new_name)
                .is_some_and(|other| (other, kind) != (Kind::Scalar, Some(Kind::Scalar)))
        };
        let twin = self
            .reached
            .keys()
            .find(|other| **other != name && self.mapping.name_in_graph(other) == new_name);
        let owner = self.others.iter().find(has_type).map(|(owner, _)| *owner);
        if !is_name(new_name) {
            self.reject("type.name", "a name of GraphQL, such as `PleioImage`", new_name);
        } else if let Some(taken) = owner.or(twin.map(|_| "the same service")) {
            let expected = format!(
                "a new name, since there is a type of that name in `{taken}`; choose another for \
                 it: `[[subgraph.type]]` with `type = \"{name}\"` and `name`, such as \
                 `name = \"Service{name}\"`"
            );
            self.reject("type.name", &expected, new_name);
        } else {
            return true;
        }
        false
    }
}

/// A description as a string on a line of its own, or nothing.
fn description(description: Option<Description<'_>>) -> String {
    let Some(description) = description else { return String::new() };
    let text = serde_json::Value::from(description.to_cow().as_ref());
    format!("  {text}\n")
}

/// ` @deprecated(reason: …)`, or nothing.
fn deprecation<'a>(mut directives: impl Iterator<Item = Directive<'a>>) -> String {
    let Some(directive) = directives.find(|directive| directive.name() == "deprecated") else {
        return String::new();
    };
    let reason = directive.argument("reason").and_then(|reason| reason.value().as_str());
    let reason = reason.map(|reason| format!("(reason: {})", serde_json::Value::from(reason)));
    format!(" @deprecated{}", reason.unwrap_or_default())
}
