use std::sync::Arc;

use super::super::{InaccessibleFields, SubgraphSdl, compose};
use crate::mapping::{EntityMapping, KeySource, LookupQuery, ServiceMapping, TypeMapping};

const CATALOGUE: &str = "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.5\", \
    import: [\"@key\"])
    type Query { books: [Book!]! }
    type Book @key(fields: \"id\") { id: ID! sku: String! title: String! shelf: Shelf! }
    type Shelf { code: ID! }";

const LIBRARY: &str = "type Query { titles(isbns: [ID!]!): [Title] title(isbn: ID!): Title }
    type Title { isbn: ID! stock(filter: Filter): Int cover: Image }
    type Image { url: String kind(size: Int): ImageKind taken: Date owner: Owner }
    interface Owner { name: String }
    type Person implements Owner { name: String email: String }
    enum ImageKind { FRONT BACK }
    input Filter { place: String date: Date }
    scalar Date";

fn graph(name: &str, sdl: &str, mapping: Option<ServiceMapping>) -> SubgraphSdl {
    SubgraphSdl {
        name: name.to_owned(),
        url: "http://localhost/".to_owned(),
        sdl: sdl.to_owned(),
        mapping: mapping.map(Arc::new),
        inaccessible_fields: InaccessibleFields::Hidden,
    }
}

/// A mapping of titles to books, by their `id`.
fn mapping() -> ServiceMapping {
    let visible = |service_type: &str, fields: &[&str]| TypeMapping {
        service_type: service_type.to_owned(),
        name: service_type.to_owned(),
        fields: fields.iter().map(|&name| name.to_owned()).collect(),
    };
    let lookup = "query($keys: [ID!]!) { titles(isbns: $keys) }";
    let entity = EntityMapping {
        service_type: "Title".to_owned(),
        extends: "Book".to_owned(),
        fields: ["stock", "cover"].map(|name| (name.to_owned(), name.to_owned())).into(),
        key: "isbn".to_owned(),
        key_from: KeySource::new("id", [].into(), None).unwrap(),
        lookup: LookupQuery::parse(lookup).unwrap(),
    };
    ServiceMapping {
        entities: vec![entity],
        types: vec![
            visible("Image", &["url", "kind", "taken", "owner"]),
            visible("Owner", &["name"]),
            visible("Person", &["name"]),
            visible("Title", &["isbn", "stock"]),
        ],
        queries: [("titleNow".to_owned(), "title".to_owned())].into(),
        mutations: [].into(),
        lookup_keys_max: 1_000,
    }
}

/// The supergraph of a catalogue and a library, or the errors.
fn composed(catalogue: &str, library: &str) -> Result<String, String> {
    let library = graph("library", library, Some(mapping()));
    compose(&[graph("catalogue", catalogue, None), library])
        .map_err(|errors| errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
}

#[test]
fn a_directive_on_a_visible_element_must_be_rejected() {
    composed(CATALOGUE, LIBRARY).unwrap();
    for (old, new, coordinate) in [
        ("stock(filter: Filter): Int", "stock(filter: Filter): Int @authenticated", "Title.stock"),
        (
            "title(isbn: ID!): Title",
            "title(isbn: ID!): Title @requiresScopes(scopes: [[\"a\"]])",
            "Query.title",
        ),
        ("url: String", "url: String @deprecated @hidden", "Image.url"),
        ("filter: Filter", "filter: Filter @inaccessible", "Title.stock(filter:)"),
        ("size: Int", "size: Int @tag(name: \"a\")", "Image.kind(size:)"),
        ("place: String", "place: String @inaccessible", "Filter.place"),
        ("BACK", "BACK @inaccessible", "ImageKind.BACK"),
        ("type Title {", "type Title @authenticated {", "Title"),
        ("type Query {", "type Query @authenticated {", "Query"),
        ("type Image {", "extend type Image @policy(policies: []) type Image {", "Image"),
        ("interface Owner {", "interface Owner @authenticated {", "Owner"),
        ("enum ImageKind {", "enum ImageKind @internal {", "ImageKind"),
        ("input Filter {", "input Filter @internal {", "Filter"),
        ("scalar Date", "scalar Date @federation__authenticated", "Date"),
    ] {
        let changed = LIBRARY.replacen(old, new, 1);
        assert_ne!(changed, LIBRARY, "{new}");
        let errors = composed(CATALOGUE, &changed).unwrap_err();
        let (_, directive) = new.rsplit_once('@').unwrap();
        let name: String =
            directive.chars().take_while(|c| c.is_alphabetic() || *c == '_').collect();
        let expected = format!("not `@{name}` on `{coordinate}`");
        assert!(
            errors.contains("`subgraph.sdl` must be") && errors.contains(&expected),
            "{errors}"
        );
        assert_eq!(errors.lines().count(), 1, "{errors}");
    }
}

#[test]
fn a_directive_without_meaning_for_access_must_be_accepted() {
    for (old, new) in [
        ("url: String", "url: String @deprecated(reason: \"old\")"),
        ("scalar Date", "scalar Date @specifiedBy(url: \"https://example.nl\")"),
        ("input Filter {", "input Filter @oneOf {"),
        // These are not visible.
        ("email: String", "email: String @authenticated"),
        ("titles(isbns: [ID!]!): [Title]", "titles(isbns: [ID!]!): [Title] @authenticated"),
    ] {
        let changed = LIBRARY.replacen(old, new, 1);
        assert_ne!(changed, LIBRARY, "{new}");
        composed(CATALOGUE, &changed).unwrap();
    }
}

#[test]
fn keys_must_be_read_as_field_sets() {
    let keyed = |directive: &str| CATALOGUE.replace("@key(fields: \"id\")", directive);
    for (directive, key) in [
        ("@key(fields: \"id, sku\")", "id sku"),
        ("@key(fields: \"id,sku\")", "id sku"),
        ("@key(fields: \"\"\"\n  id # the \"number\"\n  sku\n\"\"\")", "id sku"),
        ("@key(fields: \"{ id }\")", "id"),
        ("@key(fields: [\"id\", \"sku\"])", "id sku"),
        ("@key(fields: [\"id\"])", "id"),
        ("@key(fields: \"shelf { code }\") @key(fields: \"id\")", "id"),
        ("@federation__key(fields: \"id\")", "id"),
    ] {
        let supergraph = composed(&keyed(directive), LIBRARY).unwrap();
        let expected = format!("@join__type(graph: LIBRARY, key: \"{key}\")");
        assert!(supergraph.contains(&expected), "{directive}\n{supergraph}");
    }
    let nested = composed(&keyed("@key(fields: \"shelf { code }\")"), LIBRARY).unwrap_err();
    assert!(nested.contains("a key that has no nested fields"), "{nested}");
}

#[test]
fn renamed_directives_must_have_their_meaning() {
    let key = "@key(fields: \"id\")";
    for (import, directive) in [
        ("import: [{ name: \"@key\", as: \"@primaryKey\" }]", "@primaryKey(fields: \"id\")"),
        ("as: \"fed\"", "@fed__key(fields: \"id\")"),
    ] {
        let catalogue = CATALOGUE.replace("import: [\"@key\"]", import).replace(key, directive);
        let supergraph = composed(&catalogue, LIBRARY).unwrap();
        assert!(supergraph.contains("@join__type(graph: LIBRARY, key: \"id\")"), "{supergraph}");
    }
    // A field that another subgraph only uses is no field of its own.
    let uses = "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.5\",
        import: [\"@key\", { name: \"@external\", as: \"@foreign\" }, \"@requires\"])
        type Query { shops: Int }
        type Book @key(fields: \"id\") { id: ID! stock: Int @foreign
          isRare: Boolean @requires(fields: \"stock\") }";
    let library = graph("library", LIBRARY, Some(mapping()));
    compose(&[graph("catalogue", CATALOGUE, None), graph("shops", uses, None), library]).unwrap();
}
