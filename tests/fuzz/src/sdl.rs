//! SDLs of subgraphs: composing and loading must end with a supergraph or an error.

use federation::{
    Supergraph,
    compose::{InaccessibleFields, SubgraphSdl, compose},
};

use crate::byte_source::ByteSource;

/// Fragments of SDLs and of field sets.
const PARTS: [&str; 40] = [
    "type Query { a: A } ",
    "type A ",
    "interface I ",
    "union U = ",
    "enum E ",
    "input N ",
    "scalar S ",
    "extend ",
    "schema { query: Query } ",
    "directive @d on OBJECT ",
    "implements I ",
    "{ ",
    "} ",
    "( ",
    ") ",
    "[ ",
    "] ",
    "a: Int ",
    "id: ID! ",
    "b: [A!]! ",
    "c(d: N = ",
    "{ e: 1 } ",
    "@key(fields: \"",
    "@requires(fields: \"",
    "@provides(fields: \"",
    "\") ",
    "a ",
    "id ",
    "b { a } ",
    "... on A { id } ",
    "@external ",
    "@shareable ",
    "@inaccessible ",
    "@interfaceObject ",
    "@authenticated ",
    "@requiresScopes(scopes: [[\"s\"]]) ",
    "@override(from: \"one\") ",
    "\"\"\"",
    "# ",
    "| A ",
];

/// Checks the SDL that the bytes contain or generate, together with a valid one.
pub fn check(bytes: &[u8]) {
    let mut choices = ByteSource::new(bytes);
    let sdl = if choices.one_in(4) {
        choices.text(4_096)
    } else {
        let mut sdl = String::from("type Query { a: A } type A @key(fields: \"id\") { id: ID! } ");
        while !choices.is_done() && sdl.len() < 4_096 {
            sdl.push_str(choices.pick::<&str>(&PARTS));
        }
        sdl
    };
    compose_and_load(&sdl);
}

/// Checks a field set as the argument of each directive that takes one.
pub fn check_field_set(bytes: &[u8]) {
    let mut choices = ByteSource::new(bytes);
    let mut set = String::new();
    if choices.one_in(4) {
        set = choices.text(2_048).replace(['"', '\\', '\n', '\r'], " ");
    } else {
        const WORDS: [&str; 14] = [
            "id",
            "a",
            "b",
            "__typename",
            "{",
            "}",
            "...",
            "on A",
            "on I",
            "(x: 1)",
            "x:",
            "@include(if: true)",
            ",",
            "\\u007b",
        ];
        while !choices.is_done() && set.len() < 2_048 {
            set.push_str(choices.pick::<&str>(&WORDS));
            set.push(' ');
        }
    }
    for directive in ["@key", "@requires", "@provides"] {
        let (of_type, of_field) = match directive {
            "@key" => (format!("@key(fields: \"{set}\")"), String::new()),
            other => (String::new(), format!("{other}(fields: \"{set}\")")),
        };
        compose_and_load(&format!(
            "type Query {{ a: A }} interface I {{ id: ID! }}
             type A implements I @key(fields: \"id\") {of_type} {{ id: ID! b: Int @external a: A {of_field} }}"
        ));
    }
}

fn compose_and_load(sdl: &str) {
    let subgraph = |name: &str, sdl: &str| SubgraphSdl {
        name: name.to_owned(),
        url: format!("http://{name}.test/"),
        sdl: sdl.to_owned(),
        mapping: None,
        inaccessible_fields: InaccessibleFields::Hidden,
    };
    let valid =
        subgraph("one", "type Query { one: Int } type A @key(fields: \"id\") { id: ID! b: Int }");
    match compose(&[valid, subgraph("two", sdl)]) {
        Ok(supergraph) => {
            let _ = Supergraph::load(&supergraph);
        }
        Err(errors) => assert!(!errors.is_empty(), "an error without a reason: {sdl}"),
    }
    let _ = Supergraph::load(sdl);
}
