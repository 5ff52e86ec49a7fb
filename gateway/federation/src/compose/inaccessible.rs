//! Checks that hidden elements leave a schema that clients can use: nothing visible may depend on
//! something hidden.

use std::collections::BTreeSet;

use super::{
    CompositionError,
    subgraph_schema::SubgraphSchema,
    type_system::{
        AppliedDirective, DefinitionKind, FieldDef, Literal, SchemaDocument, TypeDef, has,
    },
};

/// All contradictions between visible and hidden elements of a supergraph.
pub(super) fn contradictions(
    document: &SchemaDocument,
    schemas: &[SubgraphSchema],
) -> Vec<CompositionError> {
    let hidden_types = document.types.values().filter(|of| is_hidden(&of.directives));
    let check = InaccessibleCheck {
        document,
        schemas,
        hidden: hidden_types.map(|of| of.name.as_str()).collect(),
    };
    let visible = document.types.values().filter(|of| !is_hidden(&of.directives));
    let mut errors: Vec<_> = visible.flat_map(|of| check.type_def(of)).collect();
    let query = document.types.get("Query");
    if query.is_some_and(|query| is_hidden(&query.directives)) {
        errors.push(check.error("Query", None, "cannot be `@inaccessible`: remove the directive"));
    }
    errors
}

struct InaccessibleCheck<'a> {
    document: &'a SchemaDocument,
    schemas: &'a [SubgraphSchema],
    hidden: BTreeSet<&'a str>,
}

impl InaccessibleCheck<'_> {
    fn type_def(&self, of: &TypeDef) -> Vec<CompositionError> {
        let mut errors = Vec::new();
        let mut report = |field: Option<&str>, message: &str| {
            errors.push(self.error(&of.name, field, message));
        };
        let fields = of.fields.iter().map(|field| is_hidden(&field.directives));
        let values = of.values.iter().map(|value| is_hidden(&value.directives));
        let members = of.members.iter().map(|member| self.hidden.contains(member.as_str()));
        let mut parts = fields.chain(values).chain(members).peekable();
        if parts.peek().is_some() && parts.all(|is_hidden| is_hidden) {
            let message = "is visible, but everything in it is `@inaccessible`: hide the type as \
                well, or show a part of it";
            report(None, message);
        }
        for field in &of.fields {
            if is_hidden(&field.directives) {
                if of.kind == DefinitionKind::InputObject && field.is_required() {
                    report(Some(&field.name), REQUIRED);
                }
                if let Some(interface) = self.visible_in_interface(of, field) {
                    let message = format!(
                        "is `@inaccessible`, but visible in the interface `{interface}`: hide it \
                         there as well"
                    );
                    report(Some(&field.name), &message);
                }
                continue;
            }
            if let Some(message) = self.hidden_type(field) {
                report(Some(&field.name), &message);
            }
            for argument in &field.arguments {
                if !is_hidden(&argument.directives) {
                    if let Some(message) = self.hidden_type(argument) {
                        report(Some(&field.name), &message);
                    }
                } else if argument.is_required() {
                    report(Some(&field.name), REQUIRED);
                }
            }
        }
        errors
    }

    fn hidden_type(&self, field: &FieldDef) -> Option<String> {
        let name = field.ty.name();
        if self.hidden.contains(name) {
            let message = "is `@inaccessible`: hide it as well";
            return Some(format!("is visible, but its type `{name}` {message}"));
        }
        let hidden = self.hidden_in_value(name, field.default.as_ref()?)?;
        Some(format!("has a default with `{hidden}`, which is `@inaccessible`: show it as well"))
    }

    /// A hidden enum value or input field in a value of type `of`. Recursion is limited by the
    /// nesting of the SDL.
    fn hidden_in_value(&self, of: &str, value: &Literal) -> Option<String> {
        let definition = self.document.types.get(of);
        match value {
            Literal::List(items) => items.iter().find_map(|item| self.hidden_in_value(of, item)),
            Literal::Enum(name) => {
                let mut values = definition?.values.iter().filter(|value| value.name == *name);
                let is_hidden = values.any(|value| is_hidden(&value.directives));
                is_hidden.then(|| format!("{of}.{name}"))
            }
            Literal::Object(fields) => fields.iter().find_map(|(name, value)| {
                let field = definition?.field(name)?;
                if is_hidden(&field.directives) {
                    return Some(format!("{of}.{name}"));
                }
                self.hidden_in_value(field.ty.name(), value)
            }),
            _ => None,
        }
    }

    fn visible_in_interface<'f>(&self, of: &'f TypeDef, field: &FieldDef) -> Option<&'f str> {
        let has_field = |name: &&String| {
            let interface = self.document.types.get(name.as_str());
            interface.filter(|one| !is_hidden(&one.directives)).is_some_and(|interface| {
                interface.field(&field.name).is_some_and(|one| !is_hidden(&one.directives))
            })
        };
        of.interfaces.iter().find(has_field).map(String::as_str)
    }

    fn error(&self, name: &str, field: Option<&str>, message: &str) -> CompositionError {
        let has_element = |schema: &&SubgraphSchema| {
            schema
                .types
                .get(name)
                .is_some_and(|of| field.is_none_or(|field| of.field(field).is_some()))
        };
        let subgraphs = self.schemas.iter().filter(has_element);
        CompositionError {
            message: message.to_owned(),
            type_name: Some(name.to_owned()),
            field: field.map(str::to_owned),
            subgraphs: subgraphs.map(|schema| schema.name.clone()).collect(),
        }
    }
}

const REQUIRED: &str = "requires a value that is `@inaccessible`, so no client can give it: make \
    it optional or visible";

fn is_hidden(directives: &[AppliedDirective]) -> bool {
    has(directives, "inaccessible")
}
