//! Services whose responses do not match the lookup: errors at the right path only, and nothing
//! else is lost.

use serde_json::{Value, json};

use super::{
    BY_LIST, ONE_BY_ONE, gateway,
    library::{catalogue, library_with},
};
use crate::federation::subgraph::{Subgraph, respond};

/// The stock of three books and the paths of all errors, with a library.
fn stock(library: &Subgraph, mapping: &str) -> (Value, Vec<String>) {
    let catalogue = catalogue(3);
    let gateway = gateway(&catalogue, library, "", mapping);
    let response = gateway.query("{ books { id stock } }");
    let books = response["data"]["books"].as_array().unwrap_or_else(|| panic!("{response}"));
    for (number, book) in books.iter().enumerate() {
        assert_eq!(book["id"], format!("b{number}"), "{response}");
    }
    let errors = response["errors"].as_array().into_iter().flatten();
    let mut paths: Vec<_> = errors
        .map(|error| {
            let of_service = error["extensions"]["service"].as_str();
            assert!(of_service.is_none_or(|name| name == "library"), "{response}");
            let path = error["path"].as_array().unwrap().iter();
            path.map(|segment| segment.to_string().replace('"', "")).collect::<Vec<_>>().join(".")
        })
        .collect();
    paths.sort();
    (books.iter().map(|book| book["stock"].clone()).collect(), paths)
}

fn node(key: impl Into<Value>, stock: impl Into<Value>) -> Value {
    json!({ "node": { "key": key.into(), "stock": stock.into() } })
}

fn list(edges: &[Value]) -> Value {
    json!({ "data": { "lookup0": { "edges": edges } } })
}

const ALL: [&str; 3] = ["books.0.stock", "books.1.stock", "books.2.stock"];

#[test]
fn a_list_must_be_matched_by_its_keys_whatever_it_contains() {
    let two = [node("0", 10), node("2", 12)];
    for (what, edges) in [
        ("another order", vec![node("2", 12), node("0", 10)]),
        ("nulls", vec![Value::Null, node("2", 12), json!({ "node": null }), node("0", 10)]),
        ("a key twice", vec![node("0", 10), node("0", 99), node("2", 12)]),
        ("numbers as keys", vec![node(2, 12), node(0, 10)]),
        ("more than was requested", [&two[..], &[node("7", 1), node("8", 2)]].concat()),
        (
            "no key",
            [&two[..], &[json!({ "node": { "stock": 3 } }), json!({ "node": {} })]].concat(),
        ),
        (
            "keys that are none",
            [&two[..], &[node(true, 1), node(json!({}), 2), node("", 3)]].concat(),
        ),
        ("a list of lists", vec![json!([node("0", 10), [node("2", 12)]])]),
    ] {
        let response = list(&edges);
        let library = library_with(move |_, _, _| response.clone());
        let (stock, errors) = stock(&library, BY_LIST);
        assert_eq!((stock, errors), (json!([10, null, 12]), vec![]), "{what}");
    }
}

#[test]
fn a_malformed_list_must_fail_for_the_entities_that_it_lacks() {
    for (what, response) in [
        ("text", json!({ "data": { "lookup0": "text" } })),
        ("no list", json!({ "data": { "lookup0": { "edges": 3 } } })),
        ("no field", json!({ "data": { "lookup0": {} } })),
        ("no root field", json!({ "data": {} })),
        ("null", json!({ "data": null })),
        ("items of no type", list(&[json!("0"), json!(1)])),
    ] {
        let library = library_with(move |_, _, _| response.clone());
        let (stock, errors) = stock(&library, BY_LIST);
        assert_eq!(
            (stock, errors),
            (json!([null, null, null]), ALL.map(str::to_owned).into()),
            "{what}"
        );
    }
    // One item is malformed: the others count.
    let response = list(&[json!("text"), node("0", 10), json!(4), node("2", 12)]);
    let library = library_with(move |_, _, _| response.clone());
    let expected = (json!([10, null, 12]), vec!["books.1.stock".to_owned()]);
    assert_eq!(stock(&library, BY_LIST), expected);
    // A null without an error is an empty result.
    let library = library_with(|_, _, _| json!({ "data": { "lookup0": null } }));
    assert_eq!(stock(&library, BY_LIST), (json!([null, null, null]), vec![]));
}

#[test]
fn errors_of_a_list_must_be_at_the_entities_that_they_concern() {
    let two = || vec![node("2", 12), node("0", Value::Null)];
    let error = |path: Value| json!([{ "message": "no", "path": path }]);
    for (what, edges, errors, expected) in [
        ("a field", two(), error(json!(["lookup0", "edges", 1, "node", "stock"])), vec![0]),
        (
            "a deeper path",
            two(),
            error(json!(["lookup0", "edges", 1, "node", "stock", "x", 3])),
            vec![0],
        ),
        // The object is null, so its key is unknown: those without an object get the error.
        (
            "an item",
            vec![json!({ "node": null }), node("0", 10)],
            error(json!(["lookup0", "edges", 0])),
            vec![1, 2],
        ),
        ("the list", vec![node("0", 10)], error(json!(["lookup0", "edges"])), vec![1, 2]),
        ("no path", vec![node("0", 10)], json!([{ "message": "no" }]), vec![1, 2]),
        (
            "a path that is none",
            vec![node("0", 10)],
            json!([{ "message": "no", "path": "x" }]),
            vec![1, 2],
        ),
        ("another root field", vec![node("0", 10)], error(json!(["titles", 0])), vec![1, 2]),
        (
            "an index too high",
            vec![node("0", 10)],
            error(json!(["lookup0", "edges", 9, "node"])),
            vec![1, 2],
        ),
        (
            "an object that was not requested",
            [vec![node("9", 1)], two()].concat(),
            error(json!(["lookup0", "edges", 0, "node", "stock"])),
            vec![],
        ),
    ] {
        let response = json!({ "data": { "lookup0": { "edges": edges } }, "errors": errors });
        let library = library_with(move |_, _, _| response.clone());
        let (_, paths) = stock(&library, BY_LIST);
        let expected: Vec<_> =
            expected.iter().map(|index| format!("books.{index}.stock")).collect();
        assert_eq!(paths, expected, "{what}");
    }
    // All are found: the error is reported once.
    let response = json!({
        "data": { "lookup0": { "edges": [node("0", 1), node("1", 1), node("2", 1)] } },
        "errors": [{ "message": "no" }],
    });
    let library = library_with(move |_, _, _| response.clone());
    let (stock, paths) = stock(&library, BY_LIST);
    assert_eq!((stock, paths.len()), (json!([1, 1, 1]), 1), "{paths:?}");
}

#[test]
fn aliases_must_be_independent() {
    let title = |key: Value, stock: Value| json!({ "key": key, "stock": stock });
    for (what, data, errors, stock_expected, paths) in [
        (
            "null",
            json!({ "lookup0_0": title("0".into(), 1.into()), "lookup0_1": null, "lookup0_2": null }),
            json!([]),
            json!([1, null, null]),
            vec![],
        ),
        (
            "an error",
            json!({ "lookup0_0": title("0".into(), 1.into()), "lookup0_1": null,
            "lookup0_2": title("2".into(), Value::Null) }),
            json!([{ "path": ["lookup0_1"] }, { "path": ["lookup0_2", "stock"] }]),
            json!([1, null, null]),
            vec![1, 2],
        ),
        (
            "another object",
            json!({ "lookup0_0": title("1".into(), 1.into()), "lookup0_1": title(1.into(), 2.into()),
            "lookup0_2": {} }),
            json!([]),
            json!([null, 2, null]),
            vec![],
        ),
        (
            "another type",
            json!({ "lookup0_0": "text", "lookup0_1": title("1".into(), 2.into()), "lookup0_2": [] }),
            json!([]),
            json!([null, 2, null]),
            vec![0, 2],
        ),
        (
            "one missing",
            json!({ "lookup0_0": title("0".into(), 1.into()), "lookup0_2": null }),
            json!([]),
            json!([1, null, null]),
            vec![1],
        ),
        (
            "no path",
            json!({ "lookup0_0": title("0".into(), 1.into()), "lookup0_1": null, "lookup0_2": null }),
            json!([{ "message": "no" }]),
            json!([1, null, null]),
            vec![1, 2],
        ),
        (
            "an unknown alias",
            json!({ "lookup0_0": title("0".into(), 1.into()), "lookup0_1": null, "lookup0_2": null }),
            json!([{ "path": ["lookup0_9"] }, { "path": ["lookup4"] }]),
            json!([1, null, null]),
            vec![1, 2],
        ),
    ] {
        let response = json!({ "data": data, "errors": errors });
        let library = library_with(move |_, _, _| response.clone());
        let (stock, found) = stock(&library, ONE_BY_ONE);
        let mut found: Vec<_> = found.into_iter().collect();
        found.dedup();
        let paths: Vec<_> = paths.iter().map(|index| format!("books.{index}.stock")).collect();
        assert_eq!((stock, found), (stock_expected, paths), "{what}");
    }
}

#[test]
fn responses_that_are_none_must_leave_our_data_complete() {
    for mapping in [BY_LIST, ONE_BY_ONE] {
        for (status, media, body) in [
            ("200 OK", "text/html", "<html><form action=/login></form></html>"),
            ("401 Unauthorized", "text/html", "<html>"),
            ("500 Internal Server Error", "application/json", "{}"),
            ("200 OK", "application/json", "[]"),
            ("200 OK", "application/json", "{\"data\": [1]}"),
            ("200 OK", "application/json", "{\"errors\": [{\"message\": \"no\"}]}"),
            ("400 Bad Request", "application/json", "{\"errors\": \"no\"}"),
            ("200 OK", "application/json", "{\"data\": {\"lookup0\": "),
        ] {
            let library = Subgraph::with_responder(move |_, _, stream| {
                respond(stream, status, media, body);
            });
            let (stock, paths) = stock(&library, mapping);
            assert_eq!(stock, json!([null, null, null]), "{body}");
            assert_eq!(paths, ALL, "{body}");
        }
    }
}

#[test]
fn values_of_another_type_must_be_null_with_an_error_each() {
    let response = list(&[node("0", 10), node("1", "many"), node("2", json!({ "a": 1 }))]);
    let library = library_with(move |_, _, _| response.clone());
    let (stock, paths) = stock(&library, BY_LIST);
    assert_eq!(stock, json!([10, null, null]));
    assert_eq!(paths, ["books.1.stock", "books.2.stock"]);
}

#[test]
fn one_of_several_requests_that_fails_must_not_affect_the_others() {
    let catalogue = catalogue(6);
    let library = Subgraph::with_responder(|_, request, stream| {
        let keys = request.body["variables"]["of_lookup0"].as_array().unwrap();
        if keys[0] == "2" {
            return respond(stream, "500 Internal Server Error", "text/html", "<html>");
        }
        let edges: Vec<_> = keys.iter().map(|key| node(key.clone(), 7)).collect();
        respond(stream, "200 OK", "application/json", &list(&edges).to_string());
    });
    let gateway = gateway(&catalogue, &library, "lookup_keys_max = 2\nretries = 0", BY_LIST);
    let response = gateway.query("{ books { stock } }");
    let stock: Vec<_> =
        response["data"]["books"].as_array().unwrap().iter().map(|book| &book["stock"]).collect();
    assert_eq!(json!(stock), json!([7, 7, null, null, 7, 7]), "{response}");
    let errors = response["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 2, "{response}");
    assert_eq!(errors[0]["path"], json!(["books", 2, "stock"]), "{response}");
    assert_eq!(errors[0]["extensions"]["code"], "SUBGRAPH_UNAVAILABLE", "{response}");
    assert_eq!(errors[0]["extensions"]["service"], "library", "{response}");
}

#[test]
fn messages_of_a_service_must_be_masked() {
    let response = json!({ "data": { "lookup0": null }, "errors": [{ "message": "secret" }] });
    let library = library_with(move |_, _, _| response.clone());
    let catalogue = catalogue(1);
    let gateway = gateway(&catalogue, &library, "", BY_LIST);
    let response = gateway.query("{ books { stock } }");
    assert!(response["errors"][0]["path"].is_array(), "{response}");
    assert!(!response.to_string().contains("secret"), "{response}");
}
