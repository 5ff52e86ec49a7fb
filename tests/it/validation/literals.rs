//! The values of literals and variables, as they arrive at a subgraph and at the local graph.

use async_graphql::Value as ConstValue;
use async_graphql_parser::{parse_query, types::Selection};
use serde_json::{Value, json};

use super::{INPUT, INVALID, Modes, PARSE};

/// The arguments of `echo` that arrived at the other subgraph.
fn arrived(modes: &Modes) -> Value {
    let requests = modes.other.take_requests();
    let [request] = &requests[..] else { panic!("{requests:?}") };
    let text = request.body["query"].as_str().unwrap();
    assert!(!text.contains("\\u{"), "unknown to older servers: {text}");
    let document = parse_query(text).unwrap();
    let (_, operation) = document.operations.iter().next().unwrap();
    let Selection::Field(field) = &operation.node.selection_set.node.items[0].node else {
        panic!("{text}")
    };
    let variable = |name: &str| {
        let definitions = &operation.node.variable_definitions;
        let definition = definitions.iter().find(|one| one.node.name.node == name);
        let default = definition.and_then(|one| one.node.default_value.as_ref());
        let default = default.map(|value| value.node.clone().into_json().unwrap());
        request.body["variables"].get(name).cloned().or(default)
    };
    let arguments = field.node.arguments.iter().filter_map(|(name, value)| {
        let value = value.node.clone().into_const_with(|name| {
            let value = variable(&name).ok_or(())?;
            ConstValue::from_json(value).map_err(|_| ())
        });
        Some((name.node.to_string(), value.ok()?.into_json().unwrap()))
    });
    arguments.collect()
}

/// Selects `echo`: its arguments as they arrive, or the code of the error.
fn echo(modes: &Modes, document: &str, variables: &Value) -> Result<Value, String> {
    modes.other.take_requests();
    let body = json!({ "query": document, "variables": variables });
    let body = modes.with_subgraph.post(&body).json();
    match body["errors"][0]["extensions"]["code"].as_str() {
        Some(code) => Err(code.to_owned()),
        None => Ok(arrived(modes)),
    }
}

const STRINGS: [(&str, &str); 13] = [
    (r#""""#, ""),
    (r#""plain é 😀""#, "plain é 😀"),
    (r#""\" \\ \/ \b \f \n \r \t""#, "\" \\ / \u{8} \u{c} \n \r \t"),
    (r#""\u00e9\u0041""#, "éA"),
    (r#""\ud83d\ude00""#, "😀"),
    (r#""\u{1F600}\u{e9}""#, "😀é"),
    (r#""\\u0041 # { \u007B""#, "\\u0041 # { {"),
    (r#""\u0000\u007f""#, "\0\u{7f}"),
    (r#""""""""#, ""),
    (r#""""a "b" \n \""" \u0041""""#, "a \"b\" \\n \"\"\" \\u0041"),
    ("\"\"\"\n    a\n      b\n\n    c\n  \"\"\"", "a\n  b\n\nc"),
    ("\"\"\"\r\n  a\r  b\r\n\"\"\"", "a\nb"),
    ("\"\"\" a\n\t b\n\"\"\"", " a\nb"),
];

#[test]
fn a_string_must_arrive_as_the_specification_reads_it() {
    let modes = Modes::new();
    for (literal, expected) in STRINGS {
        for document in [
            format!("{{ echo(text: {literal}) }}"),
            format!("query($t: String = {literal}) {{ echo(text: $t) }}"),
            format!(
                "{{ echo(text: {literal}) @include(if: true) node(id: \"a000000000000\") {{ id }} }}"
            ),
        ] {
            let arrived = echo(&modes, &document, &json!({}));
            assert_eq!(arrived, Ok(json!({ "text": expected })), "{document}");
        }
        let document = format!("{{ echo(in: {{ a: 1, b: {literal} }}, texts: [{literal}]) }}");
        let arrived = echo(&modes, &document, &json!({})).unwrap();
        assert_eq!(arrived["in"]["b"], *expected, "{document}");
        assert_eq!(arrived["texts"][0], *expected, "{document}");
        let document =
            format!("{{ @@ search(query: {literal}) {{ interpretation {{ query }} }} }}");
        let body = modes.agreed(&document, &json!({})).json();
        let found = &body["data"]["search"]["interpretation"]["query"];
        // The search trims its query.
        assert_eq!(*found, expected.trim(), "{document}: {body}");
    }
}

#[test]
fn an_invalid_string_must_be_rejected_in_every_mode() {
    let modes = Modes::new();
    for literal in [
        r#""\ud83d""#,
        r#""\ude00\ud83d""#,
        r#""\u{110000}""#,
        r#""\u{d800}""#,
        r#""\u{}""#,
        r#""\u12""#,
        r#""\x41""#,
        "\"line\nbreak\"",
        "\"open",
        "\"\"\"open",
    ] {
        let document = format!("{{ @@ search(query: {literal}) {{ totalCount }} }}");
        let reply = modes.agreed(&document, &json!({}));
        assert_eq!(reply.code(), PARSE, "{document}");
        let at = &reply.json()["errors"][0]["locations"][0];
        assert_eq!(at["line"], 1, "{document}");
    }
}

#[test]
fn an_error_must_have_its_position_after_rewritten_tokens() {
    let modes = Modes::new();
    let document = "# é\r\n{\t@@ a: search(query: \"\\u{1F600}\") { x }\r  b: search(query: \"\"\"\n one\n \"\"\") { y } }";
    let body = modes.agreed(&document.replace("@@", "__typename"), &json!({})).json();
    let positions = body["errors"].as_array().unwrap().iter().map(|error| {
        (error["locations"][0]["line"].as_u64(), error["locations"][0]["column"].as_u64())
    });
    assert_eq!(positions.collect::<Vec<_>>(), [(Some(2), Some(46)), (Some(5), Some(9))], "{body}");
}

#[test]
fn exactly_one_field_of_a_one_of_input_must_have_a_value() {
    let modes = Modes::new();
    let variable = "query($o: One) { echo(one: $o) }";
    let inner = "query($i: Int!) { echo(one: { int: $i }) }";
    let invalid = |code: &str| Err(code.to_owned());
    for (document, variables, expected) in [
        ("{ echo(one: { id: 7 }) }", json!({}), Ok(json!({ "one": { "id": 7 } }))),
        (
            "{ echo(one: { in: { a: 1, one: { int: 2 } } }) }",
            json!({}),
            Ok(json!({ "one": { "in": { "a": 1, "one": { "int": 2 } } } })),
        ),
        ("{ echo(one: null) }", json!({}), Ok(json!({ "one": null }))),
        ("{ echo(one: {}) }", json!({}), invalid(INVALID)),
        ("{ echo(one: { id: null }) }", json!({}), invalid(INVALID)),
        ("{ echo(one: { id: 1, int: 2 }) }", json!({}), invalid(INVALID)),
        ("{ echo(one: { id: 1, int: null }) }", json!({}), invalid(INVALID)),
        ("{ echo(one: { in: { a: 1, one: {} } }) }", json!({}), invalid(INVALID)),
        ("query($o: One = {}) { echo(one: $o) }", json!({}), invalid(INVALID)),
        (
            "query($o: One = { id: 1 }) { echo(one: $o) }",
            json!({}),
            Ok(json!({ "one": { "id": "1" } })),
        ),
        ("query($i: Int) { echo(one: { int: $i }) }", json!({ "i": 1 }), invalid(INVALID)),
        ("query($i: Int = 1) { echo(one: { int: $i }) }", json!({}), invalid(INVALID)),
        ("query($i: Int!) { echo(one: { id: 1, int: $i }) }", json!({ "i": 1 }), invalid(INVALID)),
        (inner, json!({ "i": 1 }), Ok(json!({ "one": { "int": 1 } }))),
        (inner, json!({ "i": null }), invalid(INPUT)),
        (variable, json!({}), Ok(json!({}))),
        (variable, json!({ "o": null }), Ok(json!({ "one": null }))),
        (variable, json!({ "o": { "int": 1 } }), Ok(json!({ "one": { "int": 1 } }))),
        (variable, json!({ "o": {} }), invalid(INPUT)),
        (variable, json!({ "o": { "id": null } }), invalid(INPUT)),
        (variable, json!({ "o": { "id": "1", "int": 1 } }), invalid(INPUT)),
        (variable, json!({ "o": { "id": "1", "int": null } }), invalid(INPUT)),
        (variable, json!({ "o": { "in": { "a": 1, "one": {} } } }), invalid(INPUT)),
        (variable, json!({ "o": { "other": 1 } }), invalid(INPUT)),
    ] {
        assert_eq!(echo(&modes, document, &variables), expected, "{document} {variables}");
    }
}

#[test]
fn values_must_arrive_coerced_at_a_subgraph() {
    let modes = Modes::new();
    for (kind, literal, expected) in [
        ("Int", "-0", Ok(json!(0))),
        ("Int", "-2147483648", Ok(json!(-2_147_483_648_i64))),
        ("Int", "5.0", Err(INVALID)),
        ("Float", "5", Ok(json!(5))),
        ("Float", "1e9", Ok(json!(1e9))),
        ("Float", "1e0", Ok(json!(1.0))),
        ("Float", "9007199254740993", Ok(json!(9_007_199_254_740_993_i64))),
        ("Float", "99999999999999999999", Ok(json!(1e20))),
        ("Float", "\"5\"", Err(INVALID)),
        ("ID", "9007199254740993", Ok(json!(9_007_199_254_740_993_i64))),
        ("ID", "\"5.0\"", Ok(json!("5.0"))),
        ("ID", "5.0", Err(INVALID)),
        ("Choice", "GREEN", Ok(json!("GREEN"))),
        ("Choice", "\"GREEN\"", Err(INVALID)),
        ("Choice", "green", Err(INVALID)),
        ("Choice", "true", Err(INVALID)),
        ("[Int!]", "7", Ok(json!(7))),
        ("[Int!]", "[1, 2]", Ok(json!([1, 2]))),
        ("[Int!]", "[1, null]", Err(INVALID)),
        ("[Int!]", "[[1]]", Err(INVALID)),
        ("Any", "{ a: [1, \"x\", RED], b: null }", Ok(json!({ "a": [1, "x", "RED"], "b": null }))),
        ("Any", "{ a: 1, a: 2 }", Err(INVALID)),
        ("In", "{ a: 1 }", Ok(json!({ "a": 1 }))),
        ("In", "{ b: \"x\" }", Err(INVALID)),
        ("In", "{ a: 1, c: 2 }", Err(INVALID)),
        ("In", "{ a: null }", Err(INVALID)),
        (
            "In",
            "{ a: 1, b: null, in: { a: 2 } }",
            Ok(json!({ "a": 1, "b": null, "in": { "a": 2 } })),
        ),
    ] {
        let name = argument(kind);
        let expected = expected.map(|value| json!({ name: value })).map_err(str::to_owned);
        let found = echo(&modes, &format!("{{ echo({name}: {literal}) }}"), &json!({}));
        // A single value of a list can arrive as such.
        let found = found.map(|found| if kind == "Float" { floats(&found) } else { found });
        let expected = expected.map(|found| if kind == "Float" { floats(&found) } else { found });
        assert_eq!(found, expected, "{kind}: {literal}");
    }
    for (kind, value, expected) in [
        ("Int", json!(5.0), Ok(json!(5))),
        ("Int", json!(-0.0), Ok(json!(0))),
        ("Int", json!(5.5), Err(INPUT)),
        ("ID", json!(5), Ok(json!("5"))),
        ("ID", json!(5.0), Ok(json!("5"))),
        ("ID", json!(18_446_744_073_709_551_615_u64), Ok(json!("18446744073709551615"))),
        ("ID", json!(5.5), Err(INPUT)),
        ("Float", json!(5), Ok(json!(5))),
        ("Float", json!("5"), Err(INPUT)),
        ("Choice", json!("GREEN"), Ok(json!("GREEN"))),
        ("Choice", json!("green"), Err(INPUT)),
        ("[Int!]", json!(7.0), Ok(json!([7]))),
        ("[Int!]", json!([1, null]), Err(INPUT)),
        ("In", json!({ "a": 1.0, "in": { "a": -0.0 } }), Ok(json!({ "a": 1, "in": { "a": 0 } }))),
        ("In", json!({ "b": "x" }), Err(INPUT)),
        ("In", json!({ "a": 1, "in": { "b": "x" } }), Err(INPUT)),
        ("Any", json!({ "a": [1.5, null] }), Ok(json!({ "a": [1.5, null] }))),
    ] {
        let name = argument(kind);
        let document = format!("query($v: {kind}) {{ echo({name}: $v) }}");
        let expected = expected.map(|value| json!({ name: value })).map_err(str::to_owned);
        assert_eq!(echo(&modes, &document, &json!({ "v": value })), expected, "{kind}: {value}");
    }
}

/// The argument of `echo` with a type.
fn argument(kind: &str) -> &'static str {
    match kind {
        "Int" => "int",
        "Float" => "float",
        "ID" => "id",
        "Choice" => "choice",
        "[Int!]" => "list",
        "Any" => "any",
        _ => "in",
    }
}

/// Numbers as floats: a whole one can arrive without a decimal point.
fn floats(value: &Value) -> Value {
    json!(value["float"].as_f64())
}
