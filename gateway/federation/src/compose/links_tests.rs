//! Tests of names of directives that composition must not ignore: it would drop the restriction.

use super::{tests::*, *};

const QUERY: &str = "type Query { a: Int ";

fn linked(link: &str, rest: &str) -> SubgraphSdl {
    let sdl = format!("extend schema {link}\n{rest}");
    SubgraphSdl { sdl, ..graph("one", "") }
}

fn messages(subgraph: SubgraphSdl) -> Vec<String> {
    let composed = compose(&[subgraph]);
    composed.err().into_iter().flatten().map(|error| error.to_string()).collect()
}

fn federation(import: &str) -> String {
    format!("@link(url: \"https://specs.apollo.dev/federation/v2.5\", import: [{import}])")
}

#[test]
fn directives_without_definition_must_be_rejected_on_every_element() {
    let message = "`@requireScopes` is not defined: import it with `@link`, or define it";
    for (element, coordinate) in [
        ("type Query @requireScopes { a: Int }", "Query"),
        ("type Query { a: Int @requireScopes }", "Query.a"),
        ("type Query { a(b: Int @requireScopes): Int }", "Query.a"),
        ("type Query { a: E } enum E { V @requireScopes }", "E.V"),
        ("type Query { a: Int } enum E @requireScopes { V }", "E"),
        ("type Query { a: Int } scalar S @requireScopes", "S"),
        ("type Query { a: Int } interface I @requireScopes { a: Int }", "I"),
        ("type Query { a: Int } union U @requireScopes = Query", "U"),
        ("type Query { a: Int } input I { a: Int @requireScopes }", "I.a"),
        ("type Query { a: Int } extend schema @requireScopes", "schema"),
    ] {
        let expected = [format!("{coordinate} [one]: {message}")];
        assert_eq!(messages(linked(&federation("\"@key\""), element)), expected);
        // The same in Federation 1.
        let old = SubgraphSdl { sdl: element.to_owned(), ..graph("one", "") };
        assert_eq!(messages(old), expected);
    }
    let defined =
        "directive @requireScopes on FIELD_DEFINITION type Query { a: Int @requireScopes }";
    assert_eq!(messages(linked(&federation(""), defined)), [""; 0]);
}

#[test]
fn renamed_directives_must_not_be_used_under_their_first_name() {
    let renamed = federation("{ name: \"@authenticated\", as: \"@signedIn\" }");
    let used = |name: &str| messages(linked(&renamed, &format!("{QUERY} {name} }}")));
    assert_eq!(used("@signedIn"), [""; 0]);
    assert_eq!(
        used("@authenticated"),
        ["Query.a [one]: `@authenticated` is not defined: import it with `@link`, or define it"]
    );
}

#[test]
fn a_link_directive_with_another_name_must_be_understood() {
    let link = "@link(url: \"https://specs.apollo.dev/link/v1.0\", as: \"spec\")
        @spec(url: \"https://specs.apollo.dev/federation/v2.5\", as: \"fed\")";
    let subgraph = linked(link, &format!("{QUERY} @fed__authenticated }}"));
    let supergraph = compose(&[subgraph]).unwrap();
    assert!(lines_of(&supergraph, "a: Int").join("").contains("@authenticated"), "{supergraph}");
}

#[test]
fn invalid_imports_must_be_rejected() {
    for import in [
        "{name: \"@authenticated\", as: \"signedIn\"}",
        "{name: \"authenticated\", as: \"@signedIn\"}",
        "{as: \"@signedIn\"}",
        "{name: \"@authenticated\", as: 1}",
        "1",
    ] {
        let found = messages(linked(&federation(import), "type Query { a: Int }"));
        assert!(found.len() == 1 && found[0].contains("is invalid: write"), "{import}: {found:?}");
    }
}

#[test]
fn two_imports_must_not_have_the_same_name() {
    let import = "\"@authenticated\", { name: \"@tag\", as: \"@authenticated\" }";
    assert_eq!(
        messages(linked(&federation(import), "type Query { a: Int @authenticated(name: \"t\") }")),
        [
            "schema [one]: two directives are imported as `@authenticated`: give one another name with `as`"
        ]
    );
}

#[test]
fn urls_that_are_no_version_of_a_specification_must_be_rejected() {
    for url in [
        "https://specs.apollo.dev/federation",
        "https://specs.apollo.dev/federation/",
        "https://specs.apollo.dev/federation/latest",
        "https://specs.apollo.dev/federation/2.5",
        "http://specs.apollo.dev/federation/v2.5",
        "HTTPS://SPECS.apollo.dev/federation/v2.5",
        "https://specs.apollo.dev//federation/v2.5",
        "https://specs.apollo.dev",
        "specs.apollo.dev/authenticated/v0.1",
    ] {
        for import in ["", ", import: [\"@key\", \"@authenticated\"]"] {
            let link = format!("@link(url: \"{url}\"{import})");
            let found = messages(linked(&link, "type Query { a: Int }"));
            let expected = "is not the URL of a version of a specification";
            assert!(found.iter().any(|one| one.contains(expected)), "{link}: {found:?}");
        }
    }
    let found = messages(linked("@link(import: [\"@key\"])", "type Query { a: Int }"));
    assert_eq!(
        found,
        ["schema [one]: `@link` has no `url` that is a string: add the URL of a specification"]
    );
}

#[test]
fn other_specifications_must_not_define_restrictions() {
    for import in [
        "\"@authenticated\"",
        "\"@requiresScopes\"",
        "\"@policy\"",
        "\"@inaccessible\"",
        "{name: \"@authenticated\", as: \"@signedIn\"}",
        "{name: \"@signedIn\", as: \"@authenticated\"}",
    ] {
        let link =
            format!("@link(url: \"https://specs.test/federation/v2.5\", import: [{import}])");
        let found = messages(linked(&link, "type Query { a: Int }"));
        assert!(found.len() == 1 && found[0].contains("would not be enforced"), "{found:?}");
    }
}

#[test]
fn authorization_of_what_clients_do_not_select_must_be_rejected() {
    for (element, coordinate) in [
        ("type Query { a(b: Int @authenticated): Int }", "Query.a"),
        ("type Query { a: E } enum E { V @authenticated }", "E.V"),
        ("type Query { a: Int } union U @authenticated = Query", "U"),
        ("type Query { a: Int } input I @authenticated { a: Int }", "I"),
        ("type Query { a: Int } input I { a: Int @authenticated }", "I.a"),
        ("type Query { a: Int } extend schema @authenticated", "schema"),
    ] {
        for directive in ["@authenticated", "@requiresScopes(scopes: [[\"a\"]])"] {
            let element = element.replace("@authenticated", directive);
            let found = messages(linked(&federation("\"@key\""), &element));
            assert_eq!(found.len(), 1, "{element}: {found:?}");
            let start = format!("{coordinate} [one]: `@");
            assert!(found[0].starts_with(&start), "{element}: {found:?}");
            assert!(found[0].contains("would not be enforced"), "{element}: {found:?}");
        }
    }
    let enforced = "type Query @authenticated { a: Int @authenticated b: S c: E d: I }
         scalar S @authenticated enum E @authenticated { V }
         interface I @authenticated { a: Int @authenticated } type T implements I { a: Int }";
    assert_eq!(messages(linked(&federation("\"@key\""), enforced)), [""; 0]);
}
