//! Executes the example operations in `fixtures/queries/` over HTTP, with a fixed clock.
//!
//! `Name.graphql` contains the operation `NameQuery`. `variables.json` contains the variables of
//! each operation by name of the case; an operation without an entry is executed without variables.

use std::{collections::BTreeMap, fs};

use serde_json::{Map, Value, json};

use crate::{support::repository, test_server::Server};

/// Operations, and the variables of their cases, by name.
struct Gallery {
    operations: BTreeMap<String, String>,
    cases: BTreeMap<String, BTreeMap<String, Map<String, Value>>>,
}

impl Gallery {
    fn read() -> Self {
        let folder = repository().join("fixtures/queries");
        let mut operations = BTreeMap::new();
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.extension().is_some_and(|extension| extension == "graphql") {
                let name = path.file_stem().and_then(|name| name.to_str()).expect("utf-8");
                operations.insert(name.to_owned(), fs::read_to_string(&path).expect("utf-8"));
            }
        }
        let cases = fs::read_to_string(folder.join("variables.json")).expect("variables");
        Self { operations, cases: serde_json::from_str(&cases).expect("cases") }
    }

    /// The `data` of a response, which must not contain errors.
    fn execute(&self, server: &Server, operation: &str, variables: &Map<String, Value>) -> Value {
        let body = json!({
            "query": self.operations[operation],
            "operationName": format!("{operation}Query"),
            "variables": variables,
        });
        let mut response = server.post(&body).json();
        assert_eq!(response.get("errors"), None, "{operation}, {variables:?}: {response}");
        response["data"].take()
    }

    /// The responses to all cases of an operation, by name of the case, and to its next page.
    fn responses(&self, server: &Server, operation: &str) -> BTreeMap<String, Value> {
        let Some(cases) = self.cases.get(operation) else {
            let response = self.execute(server, operation, &Map::new());
            return BTreeMap::from([("without variables".to_owned(), response)]);
        };
        let responses = cases.iter();
        let mut responses: BTreeMap<_, _> = responses
            .map(|(case, variables)| (case.clone(), self.execute(server, operation, variables)))
            .collect();
        for next in NEXT_PAGES.iter().filter(|next| next.operation == operation) {
            let mut variables = cases[next.case].clone();
            let cursor = responses[next.case].pointer(next.cursor).expect("a cursor").clone();
            variables.insert(next.variable.to_owned(), cursor);
            let response = self.execute(server, operation, &variables);
            responses.insert(next.name.to_owned(), response);
        }
        responses
    }
}

/// A page that follows that of another case.
struct NextPage {
    operation: &'static str,
    case: &'static str,
    name: &'static str,
    /// The variable that takes the cursor.
    variable: &'static str,
    /// JSON pointer to the cursor in the response of the case.
    cursor: &'static str,
}

const NEXT_PAGES: [NextPage; 3] = [
    NextPage {
        operation: "SearchPage",
        case: "words and a filter",
        name: "the next page",
        variable: "after",
        cursor: "/search/pageInfo/endCursor",
    },
    NextPage {
        operation: "CommunityPage",
        case: "Community CX",
        name: "its next articles",
        variable: "articlesAfter",
        cursor: "/contentByUrl/articles/pageInfo/endCursor",
    },
    NextPage {
        operation: "MirrorChanges",
        case: "from the beginning",
        name: "what came after",
        variable: "after",
        cursor: "/changes/pageInfo/endCursor",
    },
];

#[test]
fn every_example_operation_must_execute_without_an_error() {
    let gallery = Gallery::read();
    let (_installation, server) = Server::demo();
    for operation in gallery.operations.keys() {
        let responses = gallery.responses(&server, operation);
        insta::assert_json_snapshot!(operation.as_str(), responses);
    }
}

#[test]
fn an_example_operation_must_be_named_after_its_file_and_describe_its_audience() {
    let Gallery { operations, cases } = Gallery::read();
    for (name, text) in &operations {
        assert!(text.starts_with("# "), "{name} does not describe its audience");
        let definitions: Vec<_> = text
            .lines()
            .filter_map(|line| line.strip_prefix("query "))
            .map(|line| line.split(['(', ' ']).next().expect("a name"))
            .collect();
        assert_eq!(definitions, [format!("{name}Query")], "{name}.graphql");
    }
    for name in cases.keys() {
        assert!(
            operations.contains_key(name),
            "variables.json names `{name}`, which is not a file"
        );
    }
}

#[test]
fn the_manual_must_list_every_example_operation() {
    let manual = fs::read_to_string(repository().join("gateway/docs/graphql.md")).expect("a file");
    let Gallery { operations, .. } = Gallery::read();
    for name in operations.keys() {
        let link = format!("(../../fixtures/queries/{name}.graphql)");
        assert!(manual.contains(&link), "missing link to {name} in the manual");
    }
    let linked = manual.matches(".graphql) |").count();
    assert_eq!(linked, operations.len(), "the manual must link to every operation once");
    let shown =
        manual.split("```graphql fixtures/queries/").nth(1).expect("one operation is shown");
    let (file, rest) = shown.split_once('\n').expect("a block");
    let block = rest.split("```").next().expect("its text");
    let name = file.strip_suffix(".graphql").expect("an operation");
    assert_eq!(block, operations[name], "the manual must show the current {file}");
}
