//! Tests with `@inaccessible` on every kind of element.

use super::*;
use crate::compose::{CompositionError, InaccessibleFields, SubgraphSdl, compose};

const LINK: &str = "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.5\", import: \
     [\"@key\", \"@shareable\", \"@inaccessible\"])\n";

fn composed(sdls: &[&str]) -> String {
    try_compose(sdls).unwrap()
}

fn try_compose(sdls: &[&str]) -> Result<String, Vec<CompositionError>> {
    let subgraph = |(number, sdl): (usize, &&str)| SubgraphSdl {
        name: format!("s{number}"),
        url: format!("http://s{number}.test/"),
        sdl: format!("{LINK}{sdl}"),
        mapping: None,
        inaccessible_fields: InaccessibleFields::Hidden,
    };
    let subgraphs: Vec<_> = sdls.iter().enumerate().map(subgraph).collect();
    compose(&subgraphs)
}

#[test]
fn nothing_inaccessible_must_be_published() {
    let sdl = composed(&["type Query { open(a: Int, hiddenArgument: Int @inaccessible): Thing
           hiddenField: Int @inaccessible e: E i(i: I): Int u: U n: Near }
         type Thing implements Near & HiddenInterface @shareable
           { id: ID hiddenShared: Int @inaccessible }
         interface Near { id: ID }
         interface HiddenInterface @inaccessible { id: ID }
         type HiddenObject implements Near @inaccessible { id: ID }
         union U = Thing | HiddenObject
         union HiddenUnion @inaccessible = Thing
         enum E { A HIDDEN_VALUE @inaccessible }
         enum HiddenEnum @inaccessible { X }
         input I { a: Int hiddenInput: Int @inaccessible }
         input HiddenInputType @inaccessible { a: Int }
         scalar HiddenScalar @inaccessible"]);
    let supergraph = Supergraph::load(&sdl).unwrap();
    let types = format!("{:?}", supergraph.types().all().collect::<Vec<_>>());
    let directives = format!("{:?}", supergraph.types().directives);
    for text in [types, directives] {
        // The names of interfaces are resolved before they are published.
        let published = text.replace("\"HiddenInterface\"", "");
        assert!(!published.to_lowercase().contains("hidden"), "{published}");
    }
    assert!(supergraph.types().get("HiddenInterface").is_none());
}

#[test]
fn a_reference_to_something_inaccessible_must_be_rejected() {
    for (sdl, coordinate, inaccessible) in [
        ("type Query { a: Secret } type Secret @inaccessible { b: Int }", "Query.a", "Secret"),
        (
            "type Query { a(b: Secret): Int } input Secret @inaccessible { b: Int }",
            "Query.a(b:)",
            "Secret",
        ),
        ("type Query { a(b: I): Int } input I { c: [S!] } scalar S @inaccessible", "I.c", "S"),
        ("type Query { a(b: E = B): Int } enum E { A B @inaccessible }", "Query.a(b:)", "E.B"),
        (
            "type Query { a(b: [I] = [{ d: 1 }]): Int } input I { c: Int d: Int @inaccessible }",
            "Query.a(b:)",
            "I.d",
        ),
        (
            "type Query { a: I } interface I { b: S } type T implements I { b: S } scalar S @inaccessible",
            "T.b",
            "S",
        ),
    ] {
        assert!(try_compose(&[sdl]).is_err(), "{sdl}");
        // Composed elsewhere, without this check.
        let tagged = sdl.replace("@inaccessible", "@tag(name: \"hidden\")");
        let supergraph = composed(&[&tagged]).replace("@tag(name: \"hidden\")", "@inaccessible");
        let error = Supergraph::load(&supergraph).err().unwrap_or_else(|| panic!("{sdl}"));
        let LoadError::InaccessibleReference { coordinate: public, inaccessible: private } = error
        else {
            panic!("{sdl}: {error}");
        };
        assert_eq!((&*public, &*private), (coordinate, inaccessible), "{sdl}");
    }
}

#[test]
fn inaccessible_under_another_name_must_be_rejected() {
    let sdl = composed(&["type Query { a: Int b: Int @inaccessible }"]);
    let link = "@link(url: \"https://specs.apollo.dev/inaccessible/v0.2\"";
    let renamed = sdl.replacen("schema", &format!("schema {link}, as: \"hidden\")"), 1);
    let error = Supergraph::load(&renamed).err().unwrap();
    assert!(matches!(error, LoadError::UnsupportedFeature(_)), "{error}");
}
