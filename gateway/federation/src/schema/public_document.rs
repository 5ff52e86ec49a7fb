//! The schema document that clients see: without definitions of federation, and with introspection
//! and the built-in scalars and directives as the specification defines them.

use std::{collections::HashSet, sync::LazyLock};

use graphql_tools::{parser::schema as generic, static_graphql::schema as ast};

use super::argument;

type SchemaDefinition = generic::Definition<'static, String>;

/// What every schema contains (GraphQL, sections 3.5, 3.13 and 4.2), and a type `Query` with the
/// fields that every query root has.
static PRELUDE: LazyLock<ast::Document> = LazyLock::new(|| {
    let text = include_str!("introspection.graphql");
    let document = graphql_tools::parser::parse_schema::<String>(text);
    document.expect("a constant, covered by tests").into_static()
});

/// Features whose names have a prefix in supergraphs, even if a supergraph does not link to them.
const FEATURES: [&str; 4] = ["core", "link", "join", "federation"];

/// The document that clients see of `public`, which is a supergraph `whole` without its
/// inaccessible elements.
pub(crate) fn public_document(whole: &ast::Document, public: &ast::Document) -> ast::Document {
    let features = features(whole);
    let built_in: HashSet<_> = PRELUDE.definitions.iter().filter_map(definition_name).collect();
    let is_own = |definition: &&SchemaDefinition| {
        definition_name(definition).is_none_or(|name| {
            let (feature, rest) = name.split_once("__").unwrap_or((name, ""));
            let of_feature = match definition {
                // Clients use the others.
                ast::Definition::DirectiveDefinition(directive) => !is_executable(directive),
                _ => !rest.is_empty(),
            };
            let is_query =
                name == QUERY && !matches!(definition, ast::Definition::DirectiveDefinition(_));
            let is_internal = of_feature && features.contains(feature) || name.starts_with("__");
            !is_internal && (is_query || !built_in.contains(name))
        })
    };
    let mut definitions: Vec<_> = public.definitions.iter().filter(is_own).cloned().collect();
    let query = public.query_type_name().map_or(QUERY, String::as_str);
    for definition in &mut definitions {
        if let ast::Definition::TypeDefinition(ast::TypeDefinition::Object(object)) = definition
            && object.name == query
        {
            object.fields.retain(|field| !field.name.starts_with("__"));
            object.fields.extend(meta_fields().cloned());
        }
    }
    let prelude = PRELUDE.definitions.iter();
    definitions.extend(prelude.filter(|one| definition_name(one) != Some(QUERY)).cloned());
    ast::Document { definitions }
}

/// Name of the type of the prelude whose fields belong to the query root.
const QUERY: &str = "Query";

/// `__schema` and `__type`.
pub(crate) fn meta_fields() -> impl Iterator<Item = &'static ast::Field> {
    let query = PRELUDE.definitions.iter().find_map(|definition| match definition {
        ast::Definition::TypeDefinition(ast::TypeDefinition::Object(object))
            if object.name == QUERY =>
        {
            Some(&object.fields)
        }
        _ => None,
    });
    query.into_iter().flatten()
}

/// The features to which a supergraph links, under the names that it uses.
fn features(whole: &ast::Document) -> HashSet<String> {
    let directives = whole.definitions.iter().filter_map(|definition| match definition {
        ast::Definition::SchemaDefinition(schema) => Some(&schema.directives),
        _ => None,
    });
    let links = directives.flatten().filter(|directive| directive.name == "link");
    let named = links.filter_map(|link| {
        let link = std::slice::from_ref(link);
        argument(link, "link", "as").or_else(|| {
            let url = argument(link, "link", "url")?;
            url.trim_end_matches('/').rsplit('/').nth(1).map(str::to_owned)
        })
    });
    named.chain(FEATURES.map(str::to_owned)).collect()
}

/// Whether documents of clients can use a directive.
fn is_executable(directive: &ast::DirectiveDefinition) -> bool {
    use generic::DirectiveLocation as Location;
    directive.locations.iter().any(|location| {
        matches!(
            location,
            Location::Query
                | Location::Mutation
                | Location::Subscription
                | Location::Field
                | Location::FragmentDefinition
                | Location::FragmentSpread
                | Location::InlineFragment
                | Location::VariableDefinition
        )
    })
}

/// The name of a type or directive.
fn definition_name(definition: &SchemaDefinition) -> Option<&str> {
    match definition {
        ast::Definition::TypeDefinition(definition) => Some(definition.name()),
        ast::Definition::DirectiveDefinition(directive) => Some(&directive.name),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(sdl: &str) -> Vec<String> {
        let document = graphql_tools::parser::parse_schema::<String>(sdl).unwrap().into_static();
        let public = public_document(&document, &document);
        public.definitions.iter().filter_map(definition_name).map(str::to_owned).collect()
    }

    #[test]
    fn definitions_of_features_must_not_be_public() {
        let sdl = "schema @link(url: \"https://specs.apollo.dev/link/v1.0\")
              @link(url: \"https://specs.apollo.dev/context/v0.1\")
              @link(url: \"https://specs.apollo.dev/cost/v0.1\", as: \"price\") { query: Root }
            directive @join__field(graph: String) on FIELD_DEFINITION
            directive @context(name: String!) on OBJECT
            directive @price__listSize on FIELD_DEFINITION
            directive @live on QUERY
            directive @context__used(of: Int) on FIELD
            directive @oneOf on OBJECT
            scalar join__FieldValue scalar context__Value scalar ID scalar my__Scalar
            type context { a: Int } type __Own { a: Int } type Query { a: Int }
            type Root { a: Int __schema: Int }";
        let found = names(sdl);
        let (own, prelude) = found.split_at(6);
        assert_eq!(own, ["live", "context__used", "my__Scalar", "context", "Query", "Root"]);
        let expected = ["include", "skip", "deprecated", "specifiedBy", "oneOf", "Boolean"];
        assert_eq!(prelude[..6], expected);
        assert_eq!(prelude.iter().filter(|name| name.starts_with("__")).count(), 8, "{prelude:?}");
    }
}
