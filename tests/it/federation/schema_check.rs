//! Validates a fetch against the schema of the subgraph, by the rules of the GraphQL specification.

use graphql_tools::{
    parser::{parse_query, parse_schema},
    static_graphql::schema::{Definition, Document, TypeDefinition},
    validation::{rules::default_rules_validation_plan, validate::validate},
};

/// Definitions that federation adds to every schema, except for the entities.
const FEDERATION_TYPES: &str =
    "\nscalar _Any scalar Int scalar Float scalar String scalar Boolean scalar ID
    directive @include(if: Boolean!) on FIELD | FRAGMENT_SPREAD | INLINE_FRAGMENT
    directive @skip(if: Boolean!) on FIELD | FRAGMENT_SPREAD | INLINE_FRAGMENT";

/// Schema of a subgraph.
pub(super) struct Schema(Document);

impl Schema {
    pub(super) fn of(sdl: &str) -> Self {
        let lines = sdl.lines().filter(|line| !line.starts_with("extend schema"));
        let lines = lines.map(|line| line.strip_prefix("extend ").unwrap_or(line));
        let mut text = lines.collect::<Vec<_>>().join("\n") + FEDERATION_TYPES;
        let entities = entities(&parse_schema::<String>(&text).unwrap().into_static());
        if !entities.is_empty() {
            let field = "_entities(representations: [_Any!]!): [_Entity]!";
            if text.contains("type Query {") {
                text = text.replacen("type Query {", &format!("type Query {{ {field} "), 1);
            } else {
                text = format!("{text} type Query {{ {field} }}");
            }
            text = format!("{text} union _Entity = {}", entities.join(" | "));
        }
        Self(parse_schema::<String>(&text).unwrap().into_static())
    }

    /// Validation errors of an operation.
    pub(super) fn validation_errors(&self, query: &str) -> Vec<String> {
        let document = parse_query::<String>(query).unwrap().into_static();
        let found = validate(&self.0, &document, &default_rules_validation_plan());
        found.into_iter().map(|error| error.message).collect()
    }
}

/// Names of the object types with a key.
fn entities(document: &Document) -> Vec<String> {
    let objects = document.definitions.iter().filter_map(|definition| match definition {
        Definition::TypeDefinition(TypeDefinition::Object(object)) => Some(object),
        _ => None,
    });
    let with_keys = objects.filter(|object| object.directives.iter().any(|one| one.name == "key"));
    with_keys.map(|object| object.name.clone()).collect()
}
