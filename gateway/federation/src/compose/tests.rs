//! Tests of subgraphs that can be composed, and of the errors of those that cannot.

use super::*;
use crate::Supergraph;

const LINK: &str = "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.5\", import: \
     [\"@key\", \"@shareable\", \"@external\", \"@requires\", \"@inaccessible\", \"@interfaceObject\"])\n";

pub(super) fn graph(name: &str, sdl: &str) -> SubgraphSdl {
    let url = format!("http://{name}.example/");
    SubgraphSdl {
        name: name.to_owned(),
        url,
        sdl: format!("{LINK}{sdl}"),
        mapping: None,
        inaccessible_fields: InaccessibleFields::Hidden,
    }
}

/// The elements that composition errors concern: `Type.field [subgraphs]`.
pub(super) fn error_coordinates(subgraphs: &[SubgraphSdl]) -> Vec<String> {
    let errors = compose(subgraphs).unwrap_err();
    let coordinate = |error: &CompositionError| {
        let of = |name: &Option<String>| name.clone().unwrap_or_default();
        let (name, field) = (of(&error.type_name), of(&error.field));
        format!("{name}.{field} {:?}", error.subgraphs)
    };
    errors.iter().map(coordinate).collect()
}

fn ours() -> SubgraphSdl {
    let ours = graph(
        "wegwijzer",
        "type Query { communities: Communities! }
         type Communities { nodes: [Community!]! pageInfo: PageInfo! }
         type Community @key(fields: \"id\") { id: ID! title: String! }
         type PageInfo @shareable { hasNextPage: Boolean! hasPreviousPage: Boolean!
           startCursor: String endCursor: String continuedFromGeneration: Int @inaccessible }",
    );
    SubgraphSdl { inaccessible_fields: InaccessibleFields::Exposed, ..ours }
}

pub(super) fn lines_of<'a>(sdl: &'a str, start: &str) -> Vec<&'a str> {
    sdl.lines().filter(|line| line.trim_start().starts_with(start)).collect()
}

/// The definition of a type up to its fields.
fn head_of<'a>(sdl: &'a str, start: &str) -> &'a str {
    let (_, rest) = sdl.split_once(start).unwrap();
    rest.split('{').next().unwrap()
}

#[test]
fn our_graph_must_compose_with_a_subgraph_that_adds_to_it() {
    let subgraph = graph(
        "pleio-like",
        "type Community @key(fields: \"id\") { id: ID! members: Int! }
         type Query { discussions: [Discussion!]! } type Discussion { title: String! }",
    );
    let supergraph = compose(&[ours(), subgraph]).unwrap();
    let root = head_of(&supergraph, "type Query\n");
    assert_eq!(root.matches("@join__type(graph:").count(), 2, "{root}");
    assert!(supergraph.contains("members: Int!"), "{supergraph}");
    // No other subgraph has `PageInfo`, so all of its fields stay visible.
    let field = lines_of(&supergraph, "continuedFromGeneration").join("");
    assert!(!field.contains("@inaccessible"), "{field}");
}

#[test]
fn our_paging_information_must_keep_its_fields_when_others_share_the_type() {
    let fields = "hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String
        endCursor: String";
    let root = "type Query { things: Things! } type Things { pageInfo: PageInfo! }";
    let shareable = graph("pages", &format!("{root} type PageInfo @shareable {{ {fields} }}"));
    let unmarked = graph("pages", &format!("{root} type PageInfo {{ {fields} }}"));
    let hiding = format!("{root} type PageInfo @shareable {{ {fields} note: Int @inaccessible }}");
    let old =
        SubgraphSdl { sdl: format!("{root} type PageInfo {{ {fields} }}"), ..graph("pages", "") };
    for subgraph in [shareable, unmarked, graph("pages", &hiding), old] {
        let supergraph = compose(&[ours(), subgraph]).unwrap();
        let field = lines_of(&supergraph, "continuedFromGeneration").join("");
        assert!(field.contains("@join__field(graph: WEGWIJZER)"), "{field}");
        assert!(!field.contains("@inaccessible"), "{field}");
        let note = lines_of(&supergraph, "note:").join("");
        assert_eq!(note.contains("@inaccessible"), !note.is_empty(), "{note}");
        // Objects of the other subgraph reach ours by the name of the type alone.
        for join in [
            "@join__type(graph: WEGWIJZER, key: \"__typename\")",
            "@join__type(graph: PAGES, key: \"__typename\", resolvable: false)",
        ] {
            assert!(supergraph.contains(join), "{join}: {supergraph}");
        }
        Supergraph::load(&supergraph).unwrap();
    }
}

#[test]
fn others_must_not_hide_or_leave_out_what_clients_of_our_graph_use() {
    let page = |fields: &str| {
        let sdl =
            format!("type Query {{ page: PageInfo }} type PageInfo @shareable {{ {fields} }}");
        error_coordinates(&[ours(), graph("pages", &sdl)])
    };
    let without = "hasNextPage: Boolean! endCursor: String";
    assert_eq!(page(without), ["PageInfo.hasPreviousPage [\"pages\"]"]);
    let hidden = "hasNextPage: Boolean! @inaccessible hasPreviousPage: Boolean!";
    assert_eq!(page(hidden), ["PageInfo.hasNextPage [\"pages\"]"]);
}

#[test]
fn roots_with_names_of_their_own_must_be_found() {
    let odd = "schema { query: Start } type Start { b: Int }";
    let supergraph = compose(&[graph("one", "type Query { a: Int }"), graph("two", odd)]).unwrap();
    let root = head_of(&supergraph, "type Query\n");
    assert_eq!(root.matches("@join__type(graph:").count(), 2, "{root}");
}

#[test]
fn a_key_declared_by_only_one_subgraph_must_be_enough() {
    let one =
        "type Query { a: Thing } type Thing @key(fields: \"id\") { id: ID! @shareable more: Int }";
    let two = "type Query { b: Thing } type Thing { id: ID! @shareable }";
    compose(&[graph("one", one), graph("two", two)]).unwrap();
}

#[test]
fn an_unreachable_field_must_be_reported_with_its_type_and_graphs() {
    let one = "type Query { a: Thing } type Thing @key(fields: \"id\") { id: ID! }";
    let two = "type Query { b: Int }
         type Thing @key(fields: \"id\", resolvable: false) { id: ID! more: Int }";
    assert_eq!(
        error_coordinates(&[graph("one", one), graph("two", two)]),
        ["Thing.more [\"one\", \"two\"]"]
    );
    let by_another_key = "type Query { b: Int }
         type Thing @key(fields: \"code\") { code: ID! more: Int }";
    let unreachable = error_coordinates(&[graph("one", one), graph("two", by_another_key)]);
    assert_eq!(unreachable, ["Thing.code [\"one\", \"two\"]", "Thing.more [\"one\", \"two\"]"]);
    let between = "type Thing @key(fields: \"id\") @key(fields: \"code\") { id: ID! code: ID! }
         type Query { c: Int }";
    let three = [graph("one", one), graph("two", by_another_key), graph("three", between)].map(
        |mut one| {
            one.sdl = one.sdl.replace("code: ID!", "code: ID! @shareable");
            one
        },
    );
    compose(&three).unwrap();
}

#[test]
fn a_field_behind_an_interface_must_be_checked_in_every_possible_type() {
    let one = "type Query { all: [Item!]! } interface Item { id: ID! }
         type Book implements Item @key(fields: \"id\") { id: ID! }
         type Film implements Item { id: ID! @shareable }";
    let two = "type Query { other: Int } type Book @key(fields: \"id\") { id: ID! pages: Int }
         type Film @shareable { id: ID! minutes: Int }";
    let unreachable = compose(&[graph("one", one), graph("two", two)]).unwrap_err();
    assert!(
        unreachable.iter().any(|one| one.type_name.as_deref() == Some("Film")),
        "{unreachable:#?}"
    );
    assert!(
        unreachable.iter().all(|one| one.type_name.as_deref() != Some("Book")),
        "{unreachable:#?}"
    );
}

#[test]
fn all_errors_must_be_reported_at_once() {
    let broken = SubgraphSdl { sdl: "type {".to_owned(), ..graph("broken", "") };
    let worse = SubgraphSdl { sdl: "query".to_owned(), ..graph("worse", "") };
    assert_eq!(error_coordinates(&[broken, worse]), [". [\"broken\"]", ". [\"worse\"]"]);
    let one = graph("one", "type Query { a: Int } type T { x: Int y: Int } enum E { A }");
    let two = graph("two", "type Query { b: T e: E } type T { x: Int y: Int } scalar E");
    let found = error_coordinates(&[one, two]);
    assert!(found.len() >= 2, "{found:?}");
    assert!(
        found.iter().any(|coordinate| coordinate.starts_with("T.x [\"one\", \"two\"]")),
        "{found:?}"
    );
}

#[test]
fn an_error_must_be_one_sentence_after_its_coordinate() {
    let error = CompositionError {
        message: "it is so".to_owned(),
        type_name: Some("Thing".to_owned()),
        field: Some("more".to_owned()),
        subgraphs: vec!["one".to_owned(), "two".to_owned()],
    };
    assert_eq!(error.to_string(), "Thing.more [one, two]: it is so");
}

#[test]
fn unsupported_authorization_must_be_reported() {
    let subgraph = graph(
        "guarded",
        "type Query { open: Int theirs: Secret @requiresScopes(scopes: \"all\") }
         type Secret { text: String @federation__policy(policies: [[\"p\"]]) }",
    );
    let expected =
        ["Secret.text", "Query.theirs"].map(|coordinate| format!("{coordinate} [\"guarded\"]"));
    assert_eq!(error_coordinates(&[ours(), subgraph]), expected);
}

#[test]
fn authorization_of_several_subgraphs_must_be_combined() {
    let first = SubgraphSdl {
        sdl: "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.5\", as: \"fed\",
                import: [\"@key\", \"@shareable\", { name: \"@requiresScopes\", as: \"@only\" }])
              type Query { thing: Thing }
              type Thing @key(fields: \"id\") @fed__authenticated { id: ID!
                weight(of: Int): Int @shareable @only(scopes: [[\"a\"], [\"b\"]]) }"
            .to_owned(),
        ..graph("first", "")
    };
    let second = graph(
        "second",
        "type Thing @key(fields: \"id\") { id: ID!
           weight(of: Int): Int @shareable @requiresScopes(scopes: [[\"c)\", \"d\"]])
           code: Code @authenticated }
         scalar Code @authenticated",
    );
    let supergraph = compose(&[first, second]).unwrap();
    let plain: String = supergraph.split_whitespace().collect::<Vec<_>>().join(" ");
    for expected in [
        "type Thing @authenticated @join__type",
        "@requiresScopes(scopes: [[\"a\", \"c)\", \"d\"], [\"b\", \"c)\", \"d\"]])",
        "code: Code @join__field(graph: SECOND) @authenticated",
        "scalar Code @authenticated",
        "@link(url: \"https://specs.apollo.dev/authenticated/v0.1\", for: SECURITY)",
        "directive @requiresScopes(",
    ] {
        assert!(plain.contains(expected), "{expected}: {supergraph}");
    }
    assert!(!plain.contains("@only") && !plain.contains("fed__"), "{supergraph}");
    Supergraph::load(&supergraph).unwrap();
}

#[test]
fn fields_of_an_interface_object_must_have_its_authorization_on_every_object() {
    let first = graph(
        "first",
        "type Query { thing: Thing box: Box }
         interface Thing @key(fields: \"id\") { id: ID! }
         type Box implements Thing @key(fields: \"id\") { id: ID! }",
    );
    let second = graph(
        "second",
        "type Thing @interfaceObject @key(fields: \"id\") @requiresScopes(scopes: [[\"a\"]]) {
           id: ID! weight: Int @authenticated }",
    );
    let supergraph = compose(&[first, second]).unwrap();
    let plain = supergraph.split_whitespace().collect::<Vec<_>>().join(" ");
    let of_box = plain.split_once("type Box").unwrap().1.split('}').next().unwrap();
    for expected in ["@authenticated", "@requiresScopes(scopes: [[\"a\"]])"] {
        assert!(of_box.contains(expected), "{expected}: {supergraph}");
    }
    Supergraph::load(&supergraph).unwrap();
}

#[test]
fn restrictions_on_unused_fields_of_federation_1_must_stay() {
    let plain = |sdl: &str| SubgraphSdl { sdl: sdl.to_owned(), ..graph("old", "") };
    let first = graph(
        "first",
        "type Query { user: User } type User @key(fields: \"id\") { id: ID! email: String }",
    );
    for restriction in [
        "@authenticated",
        "@requiresScopes(scopes: [[\"a\"]])",
        "@inaccessible",
        "@tag(name: \"t\")",
    ] {
        for old in [
            format!(
                "extend type User @key(fields: \"id\") {{ id: ID! @external
                   email: String @external {restriction} }} type Query {{ b: Int }}"
            ),
            format!(
                "extend type User {{ email: String @external {restriction} }}
                 type Query {{ b: Int }}"
            ),
        ] {
            let supergraph = compose(&[first.clone(), plain(&old)]).unwrap();
            let field = lines_of(&supergraph, "email: String").join("");
            assert!(field.contains(restriction), "{old}: {supergraph}");
            Supergraph::load(&supergraph).unwrap();
        }
        let old = format!(
            "extend type User {restriction} {{ email: String @external }} type Query {{ b: Int }}"
        );
        if restriction == "@inaccessible" {
            let errors = error_coordinates(&[first.clone(), plain(&old)]);
            assert_eq!(errors, ["Query.user [\"first\"]"]);
            continue;
        }
        let supergraph = compose(&[first.clone(), plain(&old)]).unwrap();
        assert!(head_of(&supergraph, "type User\n").contains(restriction), "{supergraph}");
    }
}

#[test]
fn combined_scopes_of_a_lender_must_be_limited() {
    let scopes = |letter: &str, count: usize| {
        let sets = (0..count).map(|n| format!("[\"{letter}{n}\"]")).collect::<Vec<_>>();
        format!("@requiresScopes(scopes: [{}])", sets.join(", "))
    };
    let composed = |count: usize| {
        let first = format!(
            "type Query {{ thing: Thing box: Box }}
             interface Thing @key(fields: \"id\") {{ id: ID! }}
             type Box implements Thing @key(fields: \"id\") {{ id: ID!
               weight: Int @shareable {} }}",
            scopes("a", 10)
        );
        let second = format!(
            "type Thing @interfaceObject @key(fields: \"id\") {} {{ id: ID!
               weight: Int @shareable {} }}",
            scopes("b", 10),
            scopes("c", count),
        );
        compose(&[graph("first", &first), graph("second", &second)])
    };
    composed(10).unwrap();
    let errors = composed(11).unwrap_err();
    let of_box = errors.iter().find(|error| error.type_name.as_deref() == Some("Box")).unwrap();
    assert_eq!(of_box.field.as_deref(), Some("weight"));
    assert!(of_box.message.contains("more than 1,000 sets"), "{errors:?}");
}

#[test]
fn the_newest_version_of_a_composed_directive_must_be_found_by_its_numbers() {
    let version = |name: &str, version: &str, argument: &str| {
        SubgraphSdl {
        sdl: format!(
            "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.5\", import: [\"@composeDirective\"])
               @link(url: \"https://own.test/note/{version}\", import: [\"@note\"])
               @composeDirective(name: \"@note\")
             directive @note({argument}: Int) on OBJECT
             type Query @note {{ {name}: Int }}"
        ),
        ..graph(name, "")
    }
    };
    for subgraphs in [["v1.9", "v1.10"], ["v1.10", "v1.9"]] {
        let argument = |version: &str| if version == "v1.10" { "newer" } else { "older" };
        let subgraphs = ["a", "b"].into_iter().zip(subgraphs);
        let subgraphs: Vec<_> =
            subgraphs.map(|(name, of)| version(name, of, argument(of))).collect();
        let supergraph = compose(&subgraphs).unwrap();
        assert!(supergraph.contains("directive @note(newer: Int)"), "{supergraph}");
        assert!(supergraph.contains("https://own.test/note/v1.10"), "{supergraph}");
    }
}
