//! The documentation of the REST interface, from its `OpenAPI` document.

use askama::Template;
use poem_openapi::registry::{MetaOperation, MetaOperationParam, MetaSchema, MetaSchemaRef};

use super::{PageContext, PageError, layout::Layout};
use crate::rest;

/// Path of the page, without the prefix of a language.
pub(crate) const PATH: &str = "api";

#[derive(Template)]
#[template(path = "rest_reference.html")]
struct ReferenceView<'a> {
    layout: Layout<'a>,
    document_href: String,
    /// The absolute URL of MCP.
    mcp_url: String,
    operations: Vec<OperationView>,
    schemas: Vec<SchemaView>,
}

/// An operation.
struct OperationView {
    path: String,
    summary: &'static str,
    description: String,
    parameters: Vec<NamedType>,
    /// Name of the type of the response, if it has one.
    response: Option<String>,
}

/// A type.
struct SchemaView {
    name: String,
    description: &'static str,
    /// The values of an enum.
    values: Vec<String>,
    fields: Vec<NamedType>,
}

/// A parameter or field.
struct NamedType {
    name: String,
    /// The type in words; a link if it is a type of this page.
    r#type: String,
    is_link: bool,
    description: String,
}

/// The page.
pub(super) fn page(context: PageContext<'_>) -> Result<String, PageError> {
    let messages = context.messages;
    let layout = Layout::new(context.site, messages, messages.get("api.title").to_owned(), PATH);
    let operations = rest::operations();
    let operations = operations.iter().map(|(path, operation)| view(path, operation));
    let schemas = rest::schemas();
    let schemas = schemas.iter().map(|(name, schema)| schema_view(name, schema));
    let document_href = layout.unlocalised_href("v1/openapi.json");
    let view = ReferenceView {
        layout,
        document_href,
        mcp_url: format!("{}mcp", context.site.url),
        operations: operations.collect(),
        schemas: schemas.collect(),
    };
    Ok(view.render()?)
}

fn view(path: &str, operation: &MetaOperation) -> OperationView {
    let ok = operation.responses.responses.first().and_then(|response| response.content.first());
    let response = ok.and_then(|content| match &content.schema {
        MetaSchemaRef::Reference(name) => Some(name.clone()),
        MetaSchemaRef::Inline(_) => None,
    });
    OperationView {
        path: format!("{}{path}", rest::PREFIX),
        summary: operation.summary.unwrap_or_default(),
        description: operation.description.unwrap_or_default().replace('`', ""),
        parameters: operation.params.iter().map(parameter).collect(),
        response,
    }
}

fn parameter(parameter: &MetaOperationParam) -> NamedType {
    NamedType {
        description: parameter.description.as_deref().unwrap_or_default().replace('`', ""),
        ..named_type(&parameter.name, &parameter.schema)
    }
}

fn schema_view(name: &str, schema: &MetaSchema) -> SchemaView {
    let fields = schema.properties.iter().map(|(name, field)| named_type(name, field));
    SchemaView {
        name: name.to_owned(),
        description: schema.description.unwrap_or_default(),
        values: schema
            .enum_items
            .iter()
            .filter_map(|value| value.as_str())
            .map(str::to_owned)
            .collect(),
        fields: fields.collect(),
    }
}

fn named_type(name: &str, schema: &MetaSchemaRef) -> NamedType {
    // A described reference is an inline schema around it.
    let target = match schema {
        MetaSchemaRef::Inline(inline) if inline.all_of.len() == 1 => &inline.all_of[0],
        other => other,
    };
    let description = match schema {
        MetaSchemaRef::Inline(inline) => inline.description.unwrap_or_default(),
        MetaSchemaRef::Reference(_) => "",
    };
    let (item, is_list) = match target {
        MetaSchemaRef::Inline(inline) if inline.items.is_some() => {
            (inline.items.as_deref().unwrap_or(target), true)
        }
        other => (other, false),
    };
    let (text, is_link) = match item {
        MetaSchemaRef::Reference(name) => (name.clone(), true),
        MetaSchemaRef::Inline(inline) => (inline_type(inline), false),
    };
    let r#type = if is_list && !is_link { format!("repeatable: {text}") } else { text };
    NamedType { name: name.to_owned(), r#type, is_link, description: description.replace('`', "") }
}

/// A type that has no name, in words.
fn inline_type(schema: &MetaSchema) -> String {
    if !schema.enum_items.is_empty() {
        let values = schema.enum_items.iter().filter_map(|value| value.as_str());
        return values.collect::<Vec<_>>().join(", ");
    }
    if schema.pattern.is_some() {
        return "id".to_owned();
    }
    let range = schema.minimum.zip(schema.maximum);
    match (range, schema.format) {
        (Some((minimum, maximum)), _) => format!("number from {minimum} to {maximum}"),
        (None, Some(format)) => format.to_owned(),
        (None, None) => schema.ty.to_owned(),
    }
}
