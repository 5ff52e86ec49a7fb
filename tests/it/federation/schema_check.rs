//! Whether a question is one that a subgraph can answer: by the rules of the specification, against the
//! schema of the subgraph itself.

use graphql_tools::{
    parser::{parse_query, parse_schema},
    static_graphql::schema::{Definition, Document, TypeDefinition},
    validation::{rules::default_rules_validation_plan, validate::validate},
};

/// What federation adds to every schema, besides the entities.
const FEDERATION_TYPES: &str =
    "\nscalar _Any scalar Int scalar Float scalar String scalar Boolean scalar ID
    directive @include(if: Boolean!) on FIELD | FRAGMENT_SPREAD | INLINE_FRAGMENT
    directive @skip(if: Boolean!) on FIELD | FRAGMENT_SPREAD | INLINE_FRAGMENT";

/// The schema of a subgraph.
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

    /// What is wrong with a question.
    pub(super) fn validation_errors(&self, query: &str) -> Vec<String> {
        let document = parse_query::<String>(query).unwrap().into_static();
        let found = validate(&self.0, &document, &default_rules_validation_plan());
        found.into_iter().map(|error| error.message).collect()
    }
}

/// The objects that have keys.
fn entities(document: &Document) -> Vec<String> {
    let objects = document.definitions.iter().filter_map(|definition| match definition {
        Definition::TypeDefinition(TypeDefinition::Object(object)) => Some(object),
        _ => None,
    });
    let with_keys = objects.filter(|object| object.directives.iter().any(|one| one.name == "key"));
    with_keys.map(|object| object.name.clone()).collect()
}
