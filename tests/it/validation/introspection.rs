//! Introspection: the same in every mode, complete, and rejected as a whole where it is disabled.

use serde_json::{Value, json};

use super::{Modes, OK};
use crate::federation::{Gateway, at_addresses, subgraph::Subgraph};

/// The introspection of a schema with every property that a type can have.
const FULL: &str = "query Full {
    __schema { description queryType { name } mutationType { name } subscriptionType { name }
      types { ...type }
      directives { name description isRepeatable locations args(includeDeprecated: true) { ...input } } }
  }
  fragment type on __Type { kind name description specifiedByURL isOneOf
    fields(includeDeprecated: true) { name description isDeprecated deprecationReason
      args(includeDeprecated: true) { ...input } type { ...ref } }
    inputFields(includeDeprecated: true) { ...input } interfaces { ...ref }
    enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason }
    possibleTypes { ...ref } }
  fragment input on __InputValue { name description type { ...ref } defaultValue isDeprecated deprecationReason }
  fragment ref on __Type { kind name ofType { kind name ofType { kind name ofType { kind name
    ofType { kind name ofType { kind name } } } } } }";

/// A supergraph with every property that introspection reports.
const SUPERGRAPH: &str = r#"
schema @link(url: "https://specs.apollo.dev/link/v1.0")
  @link(url: "https://specs.apollo.dev/join/v0.5", for: EXECUTION)
  @link(url: "https://specs.apollo.dev/tag/v0.3") { query: Query }
directive @join__field(graph: join__Graph, requires: join__FieldSet, provides: join__FieldSet, type: String, external: Boolean, override: String, usedOverridden: Boolean) repeatable on FIELD_DEFINITION | INPUT_FIELD_DEFINITION
directive @join__graph(name: String!, url: String!) on ENUM_VALUE
directive @join__type(graph: join__Graph!, key: join__FieldSet, extension: Boolean! = false, resolvable: Boolean! = true, isInterfaceObject: Boolean! = false) repeatable on OBJECT | INTERFACE | UNION | ENUM | INPUT_OBJECT | SCALAR
directive @join__enumValue(graph: join__Graph!) repeatable on ENUM_VALUE
directive @join__implements(graph: join__Graph!, interface: String!) repeatable on OBJECT | INTERFACE
directive @link(url: String, as: String, for: link__Purpose, import: [link__Import]) repeatable on SCHEMA
directive @tag(name: String!) repeatable on FIELD_DEFINITION
directive @specifiedBy(url: String!) on SCALAR
directive @cached(seconds: Int = 5, forever: Boolean @deprecated(reason: "no")) repeatable on FIELD | QUERY
scalar join__FieldSet
scalar join__FieldValue
input join__ContextArgument { name: String! type: String! context: String! selection: join__FieldValue! }
scalar link__Import
enum link__Purpose { SECURITY EXECUTION }
enum join__Graph { ONE @join__graph(name: "one", url: "http://one.test/graphql") }
"A time."
scalar Time @join__type(graph: ONE) @specifiedBy(url: "https://time.test/")
enum Colour @join__type(graph: ONE) {
  "Like a rose." RED @join__enumValue(graph: ONE)
  OLD @join__enumValue(graph: ONE) @deprecated(reason: "use `RED`")
}
"One of them."
input Pick @join__type(graph: ONE) @oneOf { id: ID colour: Colour }
input Filter @join__type(graph: ONE) {
  text: String = "a \"b\"\n😀"
  size: Float = 5.0
  big: Float = 1e300
  colours: [Colour!] = [RED]
  inner: Filter = { size: 1.5, colours: [] }
  old: Int = 1 @deprecated
}
interface Node @join__type(graph: ONE) { id: ID! }
interface Named implements Node @join__implements(graph: ONE, interface: "Node") @join__type(graph: ONE) { id: ID! name(old: Int @deprecated(reason: "gone"), at: Time): String }
type Tool implements Named & Node @join__implements(graph: ONE, interface: "Named") @join__implements(graph: ONE, interface: "Node") @join__type(graph: ONE) {
  id: ID! name(old: Int @deprecated(reason: "gone"), at: Time): String
  matrix: [[Int!]!]! query: Query! gone: Int @deprecated(reason: "use `name`") tagged: Int @tag(name: "x") }
type Query @join__type(graph: ONE) { tool(pick: Pick, filter: Filter): Tool named: Named }
"#;

fn introspection(gateway: &Gateway) -> Value {
    let body = gateway.query(FULL);
    assert_eq!(body.get("errors"), None, "{body}");
    body["data"]["__schema"].clone()
}

/// The item with a name.
fn named<'a>(list: &'a Value, name: &str) -> &'a Value {
    let items = list.as_array().unwrap_or_else(|| panic!("{list}"));
    items.iter().find(|item| item["name"] == name).unwrap_or_else(|| panic!("no {name}: {list}"))
}

fn names(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|item| item["name"].as_str().unwrap()).collect()
}

#[test]
fn introspection_of_a_supergraph_must_report_every_property() {
    let gateway = Gateway::over(SUPERGRAPH);
    let schema = introspection(&gateway);
    let types = &schema["types"];
    let own: Vec<_> = names(types).into_iter().filter(|name| !name.starts_with("__")).collect();
    assert_eq!(
        own,
        [
            "Time", "Colour", "Pick", "Filter", "Node", "Named", "Tool", "Query", "Boolean",
            "Float", "ID", "Int", "String"
        ]
    );
    assert_eq!(
        names(&schema["directives"]),
        ["cached", "include", "skip", "deprecated", "specifiedBy", "oneOf"]
    );
    let cached = named(&schema["directives"], "cached");
    assert_eq!(
        (&cached["isRepeatable"], &cached["locations"]),
        (&json!(true), &json!(["FIELD", "QUERY"]))
    );
    assert_eq!(named(&cached["args"], "forever")["deprecationReason"], "no");
    let one_of = named(&schema["directives"], "oneOf");
    assert_eq!(one_of["locations"], json!(["INPUT_OBJECT"]));
    assert_eq!(named(types, "Time")["specifiedByURL"], "https://time.test/");
    assert_eq!(named(types, "Time")["description"], "A time.");
    for (name, is_one_of) in
        [("Pick", json!(true)), ("Filter", json!(false)), ("Tool", json!(null))]
    {
        assert_eq!(named(types, name)["isOneOf"], is_one_of, "{name}");
    }
    let defaults = &named(types, "Filter")["inputFields"];
    for (name, default) in [
        ("text", json!("\"a \\\"b\\\"\\n😀\"")),
        ("size", json!("5.0")),
        ("big", json!("1e300")),
        ("colours", json!("[RED]")),
        ("inner", json!("{ size: 1.5, colours: [] }")),
    ] {
        assert_eq!(named(defaults, name)["defaultValue"], default, "{name}");
    }
    let old = named(defaults, "old");
    assert_eq!(
        (&old["isDeprecated"], &old["deprecationReason"]),
        (&json!(true), &json!("No longer supported"))
    );
    let tool = named(types, "Tool");
    assert_eq!(named(&tool["fields"], "gone")["deprecationReason"], "use `name`");
    assert_eq!(named(&named(&tool["fields"], "name")["args"], "old")["deprecationReason"], "gone");
    assert_eq!(names(&tool["interfaces"]), ["Named", "Node"]);
    assert_eq!(names(&named(types, "Named")["interfaces"]), ["Node"]);
    assert_eq!(names(&named(types, "Named")["possibleTypes"]), ["Tool"]);
    assert_eq!(names(&named(types, "Node")["possibleTypes"]), ["Tool"]);
    let matrix = &named(&tool["fields"], "matrix")["type"];
    let kinds =
        ["", "/ofType", "/ofType/ofType", "/ofType/ofType/ofType", "/ofType/ofType/ofType/ofType"];
    let kinds =
        kinds.map(|path| matrix.pointer(&format!("{path}/kind")).cloned().unwrap_or_default());
    assert_eq!(kinds, ["NON_NULL", "LIST", "NON_NULL", "LIST", "NON_NULL"]);
    assert_eq!(named(&named(types, "Colour")["enumValues"], "OLD")["isDeprecated"], true);
}

#[test]
fn deprecated_elements_must_be_listed_on_request_only() {
    let gateway = Gateway::over(SUPERGRAPH);
    let count = |arguments: &str| {
        let body = gateway.query(&format!(
            "query($no: Boolean = false, $yes: Boolean! = true) {{
               tool: __type(name: \"Tool\") {{ fields{arguments} {{ name args{arguments} {{ name }} }} }}
               filter: __type(name: \"Filter\") {{ inputFields{arguments} {{ name }} }}
               colour: __type(name: \"Colour\") {{ enumValues{arguments} {{ name }} }}
               used: __type(name: \"Tool\") @include(if: $yes) {{ name @skip(if: $no) }} }}"
        ));
        assert_eq!(body.get("errors"), None, "{body}");
        let data = &body["data"];
        let fields = &data["tool"]["fields"];
        let length = |list: &Value| list.as_array().unwrap().len();
        let arguments = length(&named(fields, "name")["args"]);
        let others =
            (length(&data["filter"]["inputFields"]), length(&data["colour"]["enumValues"]));
        (length(fields), arguments, others)
    };
    assert_eq!(count(""), (5, 1, (5, 1)));
    assert_eq!(count("(includeDeprecated: false)"), (5, 1, (5, 1)));
    assert_eq!(count("(includeDeprecated: $no)"), (5, 1, (5, 1)));
    assert_eq!(count("(includeDeprecated: true)"), (6, 2, (6, 2)));
    assert_eq!(count("(includeDeprecated: $yes)"), (6, 2, (6, 2)));
}

#[test]
fn introspection_below_a_field_of_the_root_type_must_be_resolved_or_rejected() {
    let below = "{ tool { query { __typename t: __type(name: \"Colour\") { name } } } }";
    let closed = Gateway::with(SUPERGRAPH, |config| config.graphql.introspection = false);
    let reply = closed.post(&json!({ "query": below }));
    assert_eq!(reply.code(), "INTROSPECTION_DISABLED", "{reply:?}");
    let one = Subgraph::with_data(json!({
        "Query": { "tool": { "__typename": "Tool", "query": { "__typename": "Query" } } }
    }));
    let text = at_addresses(SUPERGRAPH, [("one".to_owned(), one.address)]);
    let expected =
        json!({ "tool": { "query": { "__typename": "Query", "t": { "name": "Colour" } } } });
    let body = Gateway::over(&text).query(below);
    assert_eq!(body, json!({ "data": expected }));
    let requests = one.requests();
    assert!(requests.iter().all(|one| !one.body.to_string().contains("__type(")), "{requests:?}");
}

#[test]
fn introspection_must_be_the_same_in_every_mode() {
    let modes = Modes::new();
    let schema = |mode: &'static str| {
        let replies = modes.replies(FULL, &json!({}));
        let (_, reply) = replies.into_iter().find(|(name, _)| *name == mode).unwrap();
        let body = reply.json();
        assert_eq!(body.get("errors"), None, "{mode}: {body}");
        body["data"]["__schema"].clone()
    };
    let standalone = schema("standalone");
    for mode in ["only local", "over a supergraph"] {
        let other = schema(mode);
        for directive in standalone["directives"].as_array().unwrap() {
            let name = directive["name"].as_str().unwrap();
            assert_eq!(named(&other["directives"], name), directive, "{mode}");
        }
        for definition in standalone["types"].as_array().unwrap() {
            let name = definition["name"].as_str().unwrap();
            if ["Query", "PageInfo"].contains(&name) {
                continue;
            }
            let mut found = named(&other["types"], name).clone();
            let mut expected = definition.clone();
            for one in [&mut found, &mut expected] {
                // Lost by composition, and tested without it.
                one["specifiedByURL"] = Value::Null;
                sort(one);
            }
            assert_eq!(found, expected, "{mode}: {name}");
        }
    }
    let text = standalone.to_string();
    for hidden in ["_Any", "_Entity", "_Service", "_entities", "_service", "join__", "link__"] {
        assert!(!text.contains(&format!("\"{hidden}")), "{hidden}");
    }
    let date = named(&standalone["types"], "Date");
    assert_eq!(date["specifiedByURL"], "https://www.rfc-editor.org/rfc/rfc3339#section-5.6");
}

/// Sorts lists of named elements, whose order has no meaning.
fn sort(definition: &mut Value) {
    for list in ["fields", "inputFields", "interfaces", "enumValues", "possibleTypes"] {
        for item in definition[list].as_array_mut().into_iter().flatten() {
            if let Some(arguments) = item["args"].as_array_mut() {
                arguments.sort_by_key(|one| one["name"].to_string());
            }
        }
        if let Some(items) = definition[list].as_array_mut() {
            items.sort_by_key(|one| one["name"].to_string());
        }
    }
}

#[test]
fn introspection_must_go_together_with_data_in_every_mode() {
    let modes = Modes::new();
    for (document, variables) in [
        (
            "query($n: String!) { a: __type(name: $n) { name kind } @@ articles { totalCount } __typename b: __schema { queryType { name } } }",
            json!({ "n": "Article" }),
        ),
        ("query($n: String! = \"Notool\") { @@ __type(name: $n) { name } }", json!({})),
        (
            "{ @@ ...f } fragment f on Query { articles { totalCount } __type(name: \"Node\") { kind possibleTypes { name } } }",
            json!({}),
        ),
        ("{ @@ __type(name: \"__Type\") { name fields { name } } }", json!({})),
        ("{ @@ __type(name: \"Int\") { name kind description } }", json!({})),
        ("{ @@ __type(name: \"_Any\") { name } }", json!({})),
        ("{ @@ __type(name: \"Article\") @skip(if: true) { name } __typename }", json!({})),
        (
            "{ @@ t: __type(name: \"Article\") { name } t: __type(name: \"Article\") { kind ...g } } fragment g on __Type { isOneOf description }",
            json!({}),
        ),
        (
            "{ @@ __schema { __typename types { __typename } directives { __typename name } } }",
            json!({}),
        ),
    ] {
        let replies = modes.replies(document, &json!({ "variables": variables }));
        let expected = &replies[0].1.json();
        assert_eq!(expected.get("errors"), None, "{document}: {expected}");
        assert_eq!(
            replies[3].1.json()["data"]["articles"],
            expected["data"]["articles"],
            "{document}"
        );
        if !document.contains("__schema { __typename") {
            modes.agreed(document, &json!({ "variables": variables }));
        }
    }
    let keys = modes.agreed(
        "{ b: __typename @@ a: __type(name: \"Int\") { name } articles { totalCount } }",
        &json!({}),
    );
    assert!(
        keys.body.starts_with(r#"{"data":{"b":"Query","a":{"name":"Int"},"articles":"#),
        "{keys:?}"
    );
}

#[test]
fn introspection_must_be_rejected_in_every_mode_if_disabled() {
    let modes = Modes::with(|config| config.graphql.introspection = false);
    for document in [
        "{ @@ __schema { queryType { name } } }",
        "{ @@ __type(name: \"Query\") { name } }",
        "{ @@ t: __type(name: \"Notool\") { name } articles { totalCount } }",
        "{ @@ ... { ... on Query { t: __type(name: \"Query\") { name } } } }",
        "{ @@ ...f } fragment f on Query { ...g } fragment g on Query { __schema { description } }",
        "{ @@ __type(name: \"Query\") @skip(if: true) { name } __typename }",
    ] {
        let reply = modes.agreed(document, &json!({}));
        assert_eq!(reply.code(), "INTROSPECTION_DISABLED", "{document}");
        let text = document.replace("@@", "");
        let query: String = url::form_urlencoded::byte_serialize(text.as_bytes()).collect();
        let path = format!("/graphql?query={query}");
        let replies = [
            modes.standalone.get(&path),
            modes.with_subgraph.get(&path),
            modes.over_supergraph.get(&path),
        ];
        for reply in replies {
            assert_eq!(reply.code(), "INTROSPECTION_DISABLED", "{document}");
        }
    }
    let names = "{ @@ __typename articles(first: 1) { __typename nodes { __typename ... on Node { __typename } } } }";
    let body = modes.agreed(names, &json!({})).json();
    let code = body["errors"][0]["extensions"]["code"].as_str().unwrap_or(OK);
    assert_eq!(
        (code, &body["data"]["articles"]["nodes"][0]["__typename"]),
        (OK, &json!("Article"))
    );
    let unselected = "query A { @@ __typename } query B { __schema { description } }";
    let body = modes.agreed(unselected, &json!({ "operationName": "A" })).json();
    assert_eq!(body["data"]["__typename"], "Query", "{body}");
}
