//! One verdict on a document and its variables in every mode: without subgraphs; with a subgraph,
//! for operations that need it and that do not; and over a supergraph that we are a subgraph of.

mod introspection;
mod literals;

use std::time::{Duration, Instant};

use federation::compose::{InaccessibleFields, SubgraphSdl, compose};
use gateway::config::Config;
use serde_json::{Value, json};

use crate::{
    federation::{Gateway, subgraph::Subgraph},
    support::Installation,
    test_server::{Reply, Server, exchange, subgraph_config},
};

/// The schema of the other subgraph.
const OTHER: &str = "
    type Query { ping: Int! echo(text: String, id: ID, int: Int, float: Float, list: [Int!],
      any: Any, choice: Choice = RED, one: One, in: In, texts: [String]): String }
    enum Choice { RED GREEN }
    scalar Any
    input One @oneOf { id: ID int: Int in: In }
    input In { a: Int! b: String = \"b\" in: In one: One }";

/// The place in a document where the field of another subgraph can be selected.
const ELSEWHERE: &str = "@@";

/// The modes in which the program serves the same content.
struct Modes {
    standalone: Server,
    with_subgraph: Server,
    over_supergraph: Gateway,
    other: Subgraph,
    _own: Server,
    _installation: Installation,
}

impl Modes {
    fn new() -> Self {
        Self::with(|_| ())
    }

    /// All modes with the same changes to the configuration.
    fn with(change: impl Fn(&mut Config)) -> Self {
        let installation = Installation::small();
        installation.build();
        installation.write("other.graphql", OTHER);
        let other = Subgraph::with_data(json!({ "Query": { "ping": 1, "echo": "x" } }));
        let url = format!("http://{}/graphql", other.address).parse().unwrap();
        let sdl = Some(installation.path().join("other.graphql"));
        let with_subgraph = Server::with(&installation, |config| {
            config.subgraphs = vec![subgraph_config("other", url, sdl)];
            change(config);
        });
        await_composition(&with_subgraph);
        let standalone = Server::with(&installation, &change);
        let own = Server::of(&installation);
        let supergraph = compose(&[SubgraphSdl {
            mapping: None,
            name: "own".to_owned(),
            url: format!("http://{}/graphql", own.address),
            sdl: gateway::graphql::federation_sdl(),
            inaccessible_fields: InaccessibleFields::Hidden,
        }]);
        let over_supergraph = Gateway::with(&supergraph.unwrap(), change);
        Self {
            standalone,
            with_subgraph,
            over_supergraph,
            other,
            _own: own,
            _installation: installation,
        }
    }

    /// The responses to a document in each mode.
    fn replies(&self, document: &str, rest: &Value) -> [(&'static str, Reply); 4] {
        let body = |elsewhere: &str| {
            let mut body = rest.clone();
            body["query"] = Value::from(document.replace(ELSEWHERE, elsewhere));
            body
        };
        // As wide, so that errors have the same position.
        let (alone, both) = (body("    "), body("ping"));
        [
            ("standalone", self.standalone.post(&alone)),
            ("only local", self.with_subgraph.post(&alone)),
            ("with another subgraph", self.with_subgraph.post(&both)),
            ("over a supergraph", self.over_supergraph.post(&alone)),
        ]
    }

    /// Checks that all modes respond with the same status, errors and data; returns the response.
    fn agreed(&self, document: &str, rest: &Value) -> Reply {
        let [(_, first), others @ ..] = self.replies(document, rest);
        let expected = comparable(&first);
        for (mode, reply) in others {
            assert_eq!(comparable(&reply), expected, "{mode}: {document} {rest}");
        }
        first
    }
}

/// Waits until the other subgraph is composed.
fn await_composition(server: &Server) {
    let until = Instant::now() + Duration::from_secs(30);
    while server.query("{ ping }").get("errors").is_some() {
        assert!(Instant::now() < until, "not composed");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// What is the same in every mode: status, media type, data and errors.
fn comparable(reply: &Reply) -> Value {
    let mut body = reply.json();
    if let Some(data) = body["data"].as_object_mut() {
        data.remove("ping");
    }
    for error in body["errors"].as_array_mut().into_iter().flatten() {
        // Of the error of a field, a subgraph may have hidden the cause.
        if error.get("path").is_some() {
            *error = json!({ "path": error["path"] });
        }
    }
    let media = reply.header("content-type");
    json!({ "status": reply.status, "media": media, "data": body["data"], "errors": body["errors"] })
}

const OK: &str = "OK";
const PARSE: &str = "GRAPHQL_PARSE_FAILED";
const INVALID: &str = "GRAPHQL_VALIDATION_FAILED";
const INPUT: &str = "BAD_USER_INPUT";
const OPERATION: &str = "OPERATION_RESOLUTION_FAILURE";

/// Checks the code of each document in every mode, for both media types.
fn check(modes: &Modes, cases: &[(&str, Value, &str)]) {
    for (document, variables, expected) in cases {
        let reply = modes.agreed(document, &json!({ "variables": variables }));
        let body = reply.json();
        let code = body["errors"][0]["extensions"]["code"].as_str().unwrap_or(OK);
        assert_eq!(code, *expected, "{document} {variables}: {body}");
        if [PARSE, INVALID].contains(&code) {
            assert!(body["errors"][0]["locations"][0]["line"].is_u64(), "{document}: {body}");
        }
        if body.get("data").is_none() {
            let head = "POST /graphql HTTP/1.1\r\ncontent-type: application/json\r\n\
                 accept: application/graphql-response+json";
            let text = document.replace(ELSEWHERE, "    ");
            let body = json!({ "query": text, "variables": variables }).to_string();
            for address in [modes.standalone.address, modes.over_supergraph.address] {
                let reply = exchange(address, head, body.as_bytes());
                assert_eq!(reply.status, 400, "{document}: {reply:?}");
            }
        }
    }
}

#[test]
fn numbers_and_ids_must_be_coerced_alike_in_every_mode() {
    let first = "query($n: Int) { @@ articles(first: $n) { totalCount } }";
    let node = "query($id: ID!) { @@ node(id: $id) { id } }";
    check(
        &Modes::new(),
        &[
            // `Int` as a literal and as a variable.
            ("{ @@ articles(first: 5) { totalCount } }", json!({}), OK),
            ("{ @@ articles(first: 5.0) { totalCount } }", json!({}), INVALID),
            ("{ @@ articles(first: 1e1) { totalCount } }", json!({}), INVALID),
            ("{ @@ articles(first: -0) { totalCount } }", json!({}), OK),
            ("{ @@ articles(first: \"5\") { totalCount } }", json!({}), INVALID),
            ("{ @@ articles(first: true) { totalCount } }", json!({}), INVALID),
            ("{ @@ articles(first: [5]) { totalCount } }", json!({}), INVALID),
            ("{ @@ articles(first: 2147483648) { totalCount } }", json!({}), INVALID),
            ("{ @@ articles(first: -2147483649) { totalCount } }", json!({}), INVALID),
            ("{ @@ articles(first: 9007199254740993) { totalCount } }", json!({}), INVALID),
            ("{ @@ articles(first: 99999999999999999999) { totalCount } }", json!({}), INVALID),
            (first, json!({ "n": 5 }), OK),
            (first, json!({ "n": 5.0 }), OK),
            (first, json!({ "n": 1e1 }), OK),
            (first, json!({ "n": -0.0 }), OK),
            (first, json!({ "n": null }), OK),
            (first, json!({}), OK),
            (first, json!({ "n": 5.5 }), INPUT),
            (first, json!({ "n": "5" }), INPUT),
            (first, json!({ "n": true }), INPUT),
            (first, json!({ "n": [5] }), INPUT),
            (first, json!({ "n": 2_147_483_648_i64 }), INPUT),
            (first, json!({ "n": -2_147_483_649_i64 }), INPUT),
            (first, json!({ "n": 1e300 }), INPUT),
            ("query($n: Int = 5.0) { @@ articles(first: $n) { totalCount } }", json!({}), INVALID),
            // `ID`.
            ("{ @@ node(id: 7) { id } }", json!({}), OK),
            ("{ @@ node(id: 9007199254740993) { id } }", json!({}), OK),
            ("{ @@ node(id: \"a000000000000\") { id } }", json!({}), OK),
            ("{ @@ node(id: 7.5) { id } }", json!({}), INVALID),
            ("{ @@ node(id: null) { id } }", json!({}), INVALID),
            ("{ @@ node(id: true) { id } }", json!({}), INVALID),
            ("{ @@ node { id } }", json!({}), INVALID),
            (node, json!({ "id": 7 }), OK),
            (node, json!({ "id": 7.5 }), INPUT),
            (node, json!({ "id": true }), INPUT),
            (node, json!({ "id": null }), INPUT),
            (node, json!({}), INPUT),
        ],
    );
}

#[test]
fn enums_inputs_and_conditions_must_be_coerced_alike_in_every_mode() {
    let forms = "query($f: [EventForm!]) { @@ events(forms: $f) { totalCount } }";
    let filter = "query($f: EventFilter) { @@ events(filter: $f) { totalCount } }";
    let include = "query($b: Boolean!) { @@ articles { totalCount @include(if: $b) __typename } }";
    check(
        &Modes::new(),
        &[
            // Enums.
            ("{ @@ events(forms: [WEBINAR]) { totalCount } }", json!({}), OK),
            ("{ @@ events(forms: WEBINAR) { totalCount } }", json!({}), OK),
            ("{ @@ events(forms: \"WEBINAR\") { totalCount } }", json!({}), INVALID),
            ("{ @@ events(forms: [webinar]) { totalCount } }", json!({}), INVALID),
            ("{ @@ events(forms: [WEBINAR, null]) { totalCount } }", json!({}), INVALID),
            ("{ @@ events(forms: [[WEBINAR]]) { totalCount } }", json!({}), INVALID),
            ("{ @@ events(forms: 1) { totalCount } }", json!({}), INVALID),
            ("{ @@ events(forms: null) { totalCount } }", json!({}), OK),
            (forms, json!({ "f": ["WEBINAR"] }), OK),
            (forms, json!({ "f": "WEBINAR" }), OK),
            (forms, json!({ "f": ["webinar"] }), INPUT),
            (forms, json!({ "f": [null] }), INPUT),
            (forms, json!({ "f": [["WEBINAR"]] }), INPUT),
            (forms, json!({ "f": 1 }), INPUT),
            // Input objects.
            ("{ @@ events(filter: {}) { totalCount } }", json!({}), OK),
            ("{ @@ events(filter: { attendence: [ONLINE] }) { totalCount } }", json!({}), INVALID),
            (
                "{ @@ events(filter: { phases: PAST, phases: PAST }) { totalCount } }",
                json!({}),
                INVALID,
            ),
            ("{ @@ events(filter: { phases: [PAST] }) { totalCount } }", json!({}), OK),
            ("{ @@ events(filter: [{}]) { totalCount } }", json!({}), INVALID),
            ("{ @@ events(filter: \"x\") { totalCount } }", json!({}), INVALID),
            (filter, json!({ "f": { "phases": "PAST" } }), OK),
            (filter, json!({ "f": { "attendence": ["ONLINE"] } }), INPUT),
            (filter, json!({ "f": [{}] }), INPUT),
            (filter, json!({ "f": "x" }), INPUT),
            ("{ @@ events(filter: { from: \"2026-01-01\" }) { totalCount } }", json!({}), OK),
            // `Boolean`.
            (include, json!({ "b": true }), OK),
            (include, json!({ "b": "true" }), INPUT),
            (include, json!({ "b": 1 }), INPUT),
            (include, json!({ "b": null }), INPUT),
            (include, json!({}), INPUT),
            ("{ @@ articles { totalCount @skip(if: \"true\") __typename } }", json!({}), INVALID),
            ("{ @@ articles { totalCount @skip(if: null) __typename } }", json!({}), INVALID),
            ("{ @@ articles { totalCount @skip __typename } }", json!({}), INVALID),
            (
                "query($b: Boolean) { @@ articles { totalCount @skip(if: $b) __typename } }",
                json!({ "b": true }),
                INVALID,
            ),
            (
                "query($b: Boolean = true) { @@ articles { totalCount @skip(if: $b) __typename } }",
                json!({}),
                OK,
            ),
            (
                "query($b: Boolean = true) { @@ articles { totalCount @skip(if: $b) __typename } }",
                json!({ "b": null }),
                INPUT,
            ),
        ],
    );
}

#[test]
fn our_own_scalars_must_be_checked_where_we_execute_them() {
    let modes = Modes::new();
    let variable = "query($d: Date) { @@ events(filter: { from: $d }) { totalCount } }";
    let filter = "query($f: EventFilter) { @@ events(filter: $f) { totalCount } }";
    for (document, variables, code) in [
        ("{ @@ events(filter: { from: \"today\" }) { totalCount } }", json!({}), INVALID),
        ("{ @@ events(filter: { from: 2026 }) { totalCount } }", json!({}), INVALID),
        ("{ @@ events(filter: { from: null }) { totalCount } }", json!({}), OK),
        ("{ @@ contentByUrl(url: \"nowhere\") { id } }", json!({}), INVALID),
        (variable, json!({ "d": "2026-01-01" }), OK),
        (variable, json!({ "d": "2026-02-30" }), INPUT),
        (variable, json!({ "d": 2026 }), INPUT),
        (filter, json!({ "f": { "until": "today" } }), INPUT),
    ] {
        let replies = modes.replies(document, &json!({ "variables": variables }));
        for (mode, reply) in &replies[..3] {
            assert_eq!(comparable(reply), comparable(&replies[0].1), "{mode}: {document}");
            let found = reply.json()["errors"][0]["extensions"]["code"].clone();
            assert_eq!(found.as_str().unwrap_or(OK), code, "{mode}: {document} {variables}");
        }
    }
}

#[test]
fn documents_must_have_one_verdict_in_every_mode() {
    let modes = Modes::new();
    let invalid = [
        // Fields and selections.
        "{ @@ nothing }",
        "{ @@ articles { totalCount { x } } }",
        "{ @@ articles }",
        "{ @@ articles { nodes { ... on Event { id } } } }",
        "{ @@ articles { __unknown } }",
        "{ @@ articles { __schema { description } } }",
        "{ @@ __typename { x } }",
        "{ @@ __unknown }",
        "{ @@ __schema }",
        "{ @@ __type { name } }",
        "{ @@ articles { ...on String { length } } }",
        "{ @@ articles { ... on Nothing { id } } }",
        "{ @@ articles { ...f } } fragment f on Int { x }",
        "{ @@ ...f }",
        "{ @@ __typename } fragment f on Query { __typename }",
        "{ @@ ...f } fragment f on Query { __typename } fragment f on Query { __typename }",
        "{ @@ __typename } fragment f on Query { ...g } fragment g on Query { __typename ...f }",
        // Fields with the same response key.
        "{ @@ a: articles { totalCount } a: events { totalCount } }",
        "{ @@ articles(first: 1) { totalCount } articles(first: 2) { totalCount } }",
        "{ @@ node(id: \"x\") { ... on Article { x: readingTimeMinutes } ... on Event { x: title } } }",
        "{ @@ node(id: \"x\") { ... on Article { x: title } ... on Event { x: themes { id } } } }",
        "{ @@ node(id: \"x\") { ... on Article { x: id } ... on Theme { x: altLabels } } }",
        "{ @@ node(id: \"x\") { ...a ... on Event { x: id } } } fragment a on Article { x: form }",
        // Arguments.
        "{ @@ articles(firts: 1) { totalCount } }",
        "{ @@ articles(first: 1, first: 1) { totalCount } }",
        "{ @@ articles(firts: 1) @include(if: true) { totalCount } }",
        "{ @@ search(sort: null) { totalCount } }",
        "{ @@ nodes { id } }",
        // Directives.
        "{ @@ articles @unknown { totalCount } }",
        "{ @@ articles { nodes { id } totalCount @unknown } }",
        "{ @@ articles @skip(if: false) @skip(if: false) { totalCount } }",
        "{ @@ articles @deprecated { totalCount } }",
        "query @skip(if: false) { @@ __typename }",
        "{ @@ articles @skip(if: false, unless: true) { totalCount } }",
        "{ @@ ...f } fragment f on Query @include(if: true) { __typename }",
        // Variables.
        "query($n: Int) { @@ __typename }",
        "{ @@ articles(first: $n) { totalCount } }",
        "query($n: Int, $n: Int) { @@ articles(first: $n) { totalCount } }",
        "query($n: Article) { @@ articles(first: $n) { totalCount } }",
        "query($n: Unknown) { @@ articles(first: $n) { totalCount } }",
        "query($n: __TypeKind) { @@ articles(first: $n) { totalCount } }",
        "query($n: String) { @@ articles(first: $n) { totalCount } }",
        "query($n: [Int]) { @@ articles(first: $n) { totalCount } }",
        "query($id: ID) { @@ node(id: $id) { id } }",
        "query($id: ID = null) { @@ node(id: $id) { id } }",
        "query($ids: [ID]!) { @@ nodes(ids: $ids) { id } }",
        "query($n: Int! = null) { @@ articles(first: $n) { totalCount } }",
        "query($n: Int = \"x\") { @@ articles(first: $n) { totalCount } }",
        "{ @@ ...f } fragment f on Query { articles(first: $n) { totalCount } }",
        // Operations.
        "query A { @@ __typename } query B { nothing }",
        "query A { @@ __typename } query A { __typename }",
        "query A { @@ __typename } { __typename }",
        "mutation { @@ anything }",
    ];
    let cases = invalid.map(|document| (document, json!({}), INVALID));
    // Where a name is needed, it is the first one.
    for (document, _, code) in &cases {
        let several = document.contains("query A");
        let rest = if several { json!({ "operationName": "A" }) } else { json!({}) };
        let body = modes.agreed(document, &rest).json();
        assert_eq!(body["errors"][0]["extensions"]["code"], *code, "{document}: {body}");
        let located = &body["errors"][0]["locations"][0];
        assert!(located["line"] == 1 && located["column"].is_u64(), "{document}: {body}");
        assert!(body.get("data").is_none(), "{document}: {body}");
    }
}

#[test]
fn valid_documents_must_have_the_same_data_in_every_mode() {
    let modes = Modes::new();
    for document in [
        "{ @@ __typename }",
        "query Q { @@ __typename ...f ... @include(if: true) { t: __typename } } fragment f on Query { u: __typename }",
        "{ @@ articles(first: 2) { __typename totalCount nodes { __typename id title ...f } } } fragment f on Content { url __typename }",
        "{ @@ search(query: \"de\", first: 3) { nodes { __typename ... on Content { title } ... on Node { id } } } }",
        "{ @@ a: articles(first: 1) { nodes { id } } ...f } fragment f on Query { a: articles(first: 1) { nodes { title } } }",
        "{ @@ articles(first: 1) { nodes { x: form } } events(first: 1) { nodes { x: form } } }",
        "{ @@ node(id: \"a000000000000\") { ... on Article { x: title } ... on Event { x: title } } }",
        "query($n: Int! = 1) { @@ articles(first: $n) { nodes { title } } }",
        "query($s: ContentSort) { @@ articles(first: 1, sort: $s) { nodes { title } } }",
        "query($s: ContentSort = TITLE) { @@ articles(sort: $s) { totalCount } }",
        "\u{feff}# a comment: é { \r\n{ @@ articles # \"\r\n (first: 1,,) { totalCount } }",
        "{ @@ articles(first: 1) { nodes { ... on # here\n Article { id } } } }",
        "query($on: Int) { @@ on: articles(first: $on) { fragment: totalCount } }",
    ] {
        let body = modes.agreed(document, &json!({})).json();
        assert_eq!(body.get("errors"), None, "{document}: {body}");
        assert!(body["data"].is_object(), "{document}: {body}");
    }
}

#[test]
fn operations_must_be_selected_alike_in_every_mode() {
    let modes = Modes::new();
    let several = "query A { @@ __typename } query B { __typename }";
    for (document, name, code) in [
        (several, json!("A"), OK),
        (several, json!("C"), OPERATION),
        (several, json!(null), OPERATION),
        ("{ @@ __typename }", json!("A"), OPERATION),
        ("fragment f on Query { __typename }", json!(null), OPERATION),
        ("", json!(null), PARSE),
        ("# nothing", json!(null), PARSE),
        ("{}", json!(null), PARSE),
        ("query() { @@ __typename }", json!(null), PARSE),
        ("query($a: Int @skip(if: true)) { @@ __typename }", json!(null), PARSE),
        ("{ @@ articles(first: 01) { totalCount } }", json!(null), PARSE),
        ("{ @@ articles(first: 1.) { totalCount } }", json!(null), PARSE),
        ("{ @@ articles(first: 1a) { totalCount } }", json!(null), PARSE),
        ("{ @@ articles(first: 0xF) { totalCount } }", json!(null), PARSE),
        ("type A { a: Int } { @@ __typename }", json!(null), PARSE),
        ("subscription { anything }", json!(null), "SUBSCRIPTIONS_NOT_SUPPORTED"),
        ("subscription { __typename }", json!(null), "SUBSCRIPTIONS_NOT_SUPPORTED"),
    ] {
        let body = modes.agreed(document, &json!({ "operationName": name })).json();
        let found = body["errors"][0]["extensions"]["code"].as_str().unwrap_or(OK);
        assert_eq!(found, code, "{document}: {body}");
    }
}

#[test]
fn suggestions_must_be_the_same_in_every_mode_and_name_no_hidden_element() {
    let modes = Modes::new();
    for (document, suggestion) in [
        ("{ @@ articels { totalCount } }", Some("articles")),
        ("{ @@ articles(frist: 1) { totalCount } }", Some("first")),
        ("{ @@ events(forms: [WEBINARR]) { totalCount } }", Some("WEBINAR")),
        ("{ @@ events(filter: { phase: [PAST] }) { totalCount } }", Some("phases")),
        ("{ @@ _entitis { __typename } }", None),
    ] {
        let body = modes.agreed(document, &json!({})).json();
        let message = body["errors"][0]["message"].as_str().unwrap();
        let found = message.split("Did you mean \"").nth(1).map(|rest| &rest[..rest.len() - 2]);
        assert_eq!(found, suggestion, "{message}");
    }
    let silent = Modes::with(|config| config.graphql.did_you_mean = false);
    let body = silent.agreed("{ @@ articels { totalCount } }", &json!({})).json();
    let message = body["errors"][0]["message"].as_str().unwrap();
    assert_eq!(message, "Cannot query field \"articels\" on type \"Query\".");
}
