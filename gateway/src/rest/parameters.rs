//! The parameters of operations, for the `OpenAPI` document. Those of a search come from the table
//! that parses them.

use indexer::catalog::SEARCH_QUERY_BYTES_MAX;
use poem_openapi::registry::{MetaOperationParam, MetaParamIn, MetaSchema, MetaSchemaRef};
use schema::{Facet, NodeKind, SearchSort};
use serde_json::Value;

use super::endpoint::WORDS_CHARACTERS_MAX;
use crate::search_params::{PAGE_MAX, to_url_value};

/// A parameter in the query string.
pub(crate) fn parameter(name: &str, description: &str, schema: MetaSchema) -> MetaOperationParam {
    MetaOperationParam {
        name: name.to_owned(),
        schema: MetaSchemaRef::Inline(Box::new(schema)),
        in_type: MetaParamIn::Query,
        description: Some(description.to_owned()),
        required: false,
        deprecated: false,
        explode: true,
        style: None,
    }
}

fn text() -> MetaSchema {
    MetaSchema::new("string")
}

fn boolean() -> MetaSchema {
    MetaSchema::new("boolean")
}

fn day() -> MetaSchema {
    MetaSchema::new_with_format("string", "date")
}

fn number(minimum: u32, maximum: usize) -> MetaSchema {
    MetaSchema {
        minimum: Some(f64::from(minimum)),
        maximum: u32::try_from(maximum).ok().map(f64::from),
        ..MetaSchema::new_with_format("integer", "int32")
    }
}

fn one_of(values: impl Iterator<Item = String>) -> MetaSchema {
    let mut values: Vec<_> = values.collect();
    values.sort_unstable();
    values.dedup();
    MetaSchema {
        enum_items: values.into_iter().map(Value::from).collect(),
        ..MetaSchema::new("string")
    }
}

fn id(kind: NodeKind) -> MetaSchema {
    let letter = schema::NodeId::new(kind, 0).to_string().remove(0);
    MetaSchema { pattern: Some(format!("^{letter}[0-9a-hjkmnp-tv-z]{{12}}$")), ..text() }
}

fn list(items: MetaSchema) -> MetaSchema {
    MetaSchema {
        items: Some(Box::new(MetaSchemaRef::Inline(Box::new(items)))),
        ..MetaSchema::new("array")
    }
}

/// The number of items.
pub(crate) fn first(default: usize, maximum: usize) -> MetaOperationParam {
    let description = format!("Number of items; default {default}.");
    parameter("first", &description, number(1, maximum))
}

/// The cursor of the last item that the client has.
pub(super) fn after() -> MetaOperationParam {
    parameter(
        "after",
        "Cursor from `links.next`: the list continues after it.",
        MetaSchema { min_length: Some(1), ..text() },
    )
}

/// Words.
pub(super) fn words(description: &str) -> MetaOperationParam {
    parameter("q", description, MetaSchema { max_length: Some(WORDS_CHARACTERS_MAX), ..text() })
}

/// The kind of a list of entities.
pub(super) fn entity_kind() -> MetaOperationParam {
    let kinds = NodeKind::ALL.into_iter().filter(|kind| !kind.is_content());
    let schema = one_of(kinds.map(|kind| kind.as_str().to_owned()));
    MetaOperationParam { required: true, ..parameter("kind", "Kind of entity.", schema) }
}

/// The generation of an export.
pub(super) fn generation() -> MetaOperationParam {
    let description = "Number of the generation to continue; 410 if another one is current.";
    let schema =
        MetaSchema { minimum: Some(1.0), ..MetaSchema::new_with_format("integer", "int64") };
    parameter("generation", description, schema)
}

/// The last record of an interrupted export.
pub(super) fn after_id() -> MetaOperationParam {
    let description =
        "Id in the last complete line that the client has: the export continues after it.";
    parameter(
        "after",
        description,
        MetaSchema { pattern: Some("^[a-z][0-9a-z]{12}$".into()), ..text() },
    )
}

/// The parameters of a search for events, which are of one kind.
pub(super) fn events() -> Vec<MetaOperationParam> {
    search().into_iter().filter(|parameter| parameter.name != "kind").collect()
}

/// The parameters of a search.
pub(crate) fn search() -> Vec<MetaOperationParam> {
    let words_schema = MetaSchema { max_length: Some(SEARCH_QUERY_BYTES_MAX), ..text() };
    let mut parameters = vec![parameter("q", "Words to search for.", words_schema)];
    let mut names: Vec<_> = Facet::ALL.iter().filter_map(|facet| facet.parameter()).collect();
    names.dedup();
    for name in names {
        let facets = Facet::ALL.iter().filter(|facet| facet.parameter() == Some(name));
        let values = facets.clone().flat_map(|facet| facet.names()).map(to_url_value);
        let entity = facets.clone().find_map(|facet| facet.entity_kind());
        let schema = match entity {
            Some(kind) => id(kind),
            None if name == "year" => MetaSchema {
                minimum: Some(f64::from(i16::MIN)),
                maximum: Some(f64::from(i16::MAX)),
                ..number(0, 0)
            },
            None => one_of(values),
        };
        let description = match entity {
            Some(kind) => {
                format!("Only content with one of these entities ({}), by id.", kind.as_str())
            }
            None => "Only content with one of these values.".to_owned(),
        };
        parameters.push(parameter(name, &description, list(schema)));
    }
    let sorts = SearchSort::ALL.iter().map(|sort| to_url_value(sort.name()));
    parameters.extend([
        parameter(
            "person",
            "Only content with one of these people, by id.",
            list(id(NodeKind::Person)),
        ),
        parameter("from", "First day: of any occurrence of an event, else of publication.", day()),
        parameter("until", "Last day of the same.", day()),
        parameter("sort", "Order; default: relevance if there are words.", one_of(sorts)),
        parameter("wider", "Wider matches count like exact ones.", boolean()),
        parameter(
            "literal",
            "Words for a kind or a time are searched for like all others.",
            boolean(),
        ),
        parameter(
            "page",
            "Number of the page; for programs, `links.next` is exact.",
            number(1, PAGE_MAX),
        ),
        parameter("facets", "Adds the counts of all facets.", boolean()),
        after(),
    ]);
    parameters
}
