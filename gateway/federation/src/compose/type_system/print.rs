//! Prints a document as SDL.

use std::fmt::{self, Display, Formatter, Write};

use super::{
    AppliedDirective, DefinitionKind, DirectiveDef, EnumValueDef, FieldDef, Literal,
    SchemaDocument, TypeDef, TypeRef,
};

impl Display for TypeRef {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(name) => f.write_str(name),
            Self::List(inner) => write!(f, "[{inner}]"),
            Self::NonNull(inner) => write!(f, "{inner}!"),
        }
    }
}

impl Display for Literal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Number(text) | Self::Enum(text) => f.write_str(text),
            Self::Text(text) => quoted(f, text),
            Self::Boolean(value) => write!(f, "{value}"),
            Self::List(items) => {
                f.write_char('[')?;
                for (number, item) in items.iter().enumerate() {
                    f.write_str(if number == 0 { "" } else { ", " })?;
                    item.fmt(f)?;
                }
                f.write_char(']')
            }
            Self::Object(fields) => {
                f.write_char('{')?;
                for (number, (name, value)) in fields.iter().enumerate() {
                    f.write_str(if number == 0 { "" } else { ", " })?;
                    write!(f, "{name}: {value}")?;
                }
                f.write_char('}')
            }
        }
    }
}

impl Display for AppliedDirective {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "@{}", self.name)?;
        for (number, (name, value)) in self.arguments.iter().enumerate() {
            write!(f, "{}{name}: {value}", if number == 0 { "(" } else { ", " })?;
        }
        f.write_str(if self.arguments.is_empty() { "" } else { ")" })
    }
}

impl Display for FieldDef {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        for (number, argument) in self.arguments.iter().enumerate() {
            f.write_str(if number == 0 { "(" } else { ", " })?;
            if let Some(text) = &argument.description {
                quoted(f, text)?;
                f.write_char(' ')?;
            }
            argument.fmt(f)?;
        }
        f.write_str(if self.arguments.is_empty() { ": " } else { "): " })?;
        self.ty.fmt(f)?;
        if let Some(default) = &self.default {
            write!(f, " = {default}")?;
        }
        applied(f, &self.directives, " ")
    }
}

impl Display for EnumValueDef {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        applied(f, &self.directives, " ")
    }
}

impl Display for TypeDef {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        described(f, self.description.as_deref(), "")?;
        let keyword = match self.kind {
            DefinitionKind::Scalar => "scalar",
            DefinitionKind::Object => "type",
            DefinitionKind::Interface => "interface",
            DefinitionKind::Union => "union",
            DefinitionKind::Enum => "enum",
            DefinitionKind::InputObject => "input",
        };
        write!(f, "{keyword} {}", self.name)?;
        for (number, name) in self.interfaces.iter().enumerate() {
            write!(f, " {} {name}", if number == 0 { "implements" } else { "&" })?;
        }
        applied(f, &self.directives, "\n  ")?;
        if !self.members.is_empty() {
            write!(f, "\n  = {}", self.members.join(" | "))?;
        }
        let lines = self.fields.iter().map(|field| (&field.description, field as &dyn Display));
        let values = self.values.iter().map(|value| (&value.description, value as &dyn Display));
        let mut is_open = false;
        for (description, line) in lines.chain(values) {
            f.write_str(if is_open { "" } else { "\n{\n" })?;
            is_open = true;
            described(f, description.as_deref(), "  ")?;
            writeln!(f, "  {line}")?;
        }
        f.write_str(if is_open { "}\n" } else { "\n" })
    }
}

impl Display for DirectiveDef {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        described(f, self.description.as_deref(), "")?;
        write!(f, "directive @{}", self.name)?;
        for (number, argument) in self.arguments.iter().enumerate() {
            write!(f, "{}{argument}", if number == 0 { "(" } else { ", " })?;
        }
        f.write_str(if self.arguments.is_empty() { "" } else { ")" })?;
        f.write_str(if self.is_repeatable { " repeatable on " } else { " on " })?;
        writeln!(f, "{}", self.locations.join(" | "))
    }
}

impl Display for SchemaDocument {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if !self.roots.is_empty() {
            f.write_str("schema")?;
            applied(f, &self.directives, "\n  ")?;
            f.write_str("\n{\n")?;
            for (operation, name) in &self.roots {
                writeln!(f, "  {operation}: {name}")?;
            }
            f.write_str("}\n")?;
        } else if !self.directives.is_empty() {
            f.write_str("extend schema")?;
            applied(f, &self.directives, "\n  ")?;
            f.write_char('\n')?;
        }
        for definition in &self.directive_definitions {
            write!(f, "\n{definition}")?;
        }
        for definition in self.types.values() {
            write!(f, "\n{definition}")?;
        }
        Ok(())
    }
}

fn applied(f: &mut Formatter<'_>, directives: &[AppliedDirective], separator: &str) -> fmt::Result {
    for directive in directives {
        write!(f, "{separator}{directive}")?;
    }
    Ok(())
}

/// Writes a description on lines of its own.
fn described(f: &mut Formatter<'_>, description: Option<&str>, indent: &str) -> fmt::Result {
    let Some(text) = description else { return Ok(()) };
    f.write_str(indent)?;
    quoted(f, text)?;
    f.write_char('\n')
}

/// Writes a string with escapes, which every parser of GraphQL reads in the same way.
fn quoted(f: &mut Formatter<'_>, text: &str) -> fmt::Result {
    f.write_char('"')?;
    for c in text.chars() {
        match c {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            c if c.is_control() => write!(f, "\\u{:04X}", u32::from(c))?,
            c => f.write_char(c)?,
        }
    }
    f.write_char('"')
}
