//! Subgraphs whose responses contain more than was requested, and clients that cause failures for
//! others.

use std::{thread, time::Duration};

use serde_json::{Value, json};

use super::{
    Gateway, at_addresses,
    subgraph::{Subgraph, respond},
    supergraph,
};

const LOANS: &str = "{ loans { id reader { card name town } } }";

fn shelf() -> Subgraph {
    let reader = json!({ "__typename": "Reader", "card": "a" });
    let loan = json!({ "id": "1", "until": "2030", "reader": reader });
    Subgraph::with_data(json!({ "Query": { "loans": [loan] } }))
}

fn responding_with(status: &'static str, body: impl Into<String>) -> Subgraph {
    let body = body.into();
    Subgraph::with_responder(move |_, _, stream| {
        respond(stream, status, "application/json", &body);
    })
}

fn gateway(shelf: &Subgraph, people: &Subgraph) -> Gateway {
    let servers = [("shelf".to_owned(), shelf.address), ("people".to_owned(), people.address)];
    Gateway::with(&at_addresses(&supergraph("simple_entity_call"), servers), |config| {
        config.limits.subgraph_timeout_ms = 400;
        config.limits.subgraph_bytes_max = 65_536;
        config.limits.circuit_breaker_failures = 2;
    })
}

fn metric(gateway: &Gateway, name: &str) -> String {
    let metrics = gateway.get("/metrics").body;
    let line = metrics.lines().find(|line| line.starts_with(name));
    line.unwrap_or_else(|| panic!("{name}: {metrics}")).to_owned()
}

#[test]
fn a_subgraph_must_only_set_requested_fields() {
    let entity = json!({ "name": "N", "town": "T" });
    let with = |more: Value| {
        let mut entity = entity.clone();
        entity.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "data": { "_entities": [entity] } })
    };
    let of_root = json!({ "data": { "_entities": [entity], "loans": [{ "id": "forged" }] } });
    for (what, response, dropped) in [
        ("nothing more", with(json!({})), 0),
        ("fields of others", with(json!({ "card": "forged", "id": "forged" })), 2),
        ("deeper fields", with(json!({ "loans": [{ "id": "forged" }] })), 1),
        ("another type", with(json!({ "__typename": "Reader", "card": "forged" })), 1),
        ("other response keys", with(json!({ "_as_card": "forged", "reader": {} })), 2),
        ("fields at the root", of_root, 0),
    ] {
        let people = responding_with("200 OK", response.to_string());
        let gateway = gateway(&shelf(), &people);
        let result = gateway.query(LOANS);
        let reader = json!({ "card": "a", "name": "N", "town": "T" });
        assert_eq!(
            result,
            json!({ "data": { "loans": [{ "id": "1", "reader": reader }] } }),
            "{what}"
        );
        let counted =
            metric(&gateway, "wegwijzer_subgraph_unrequested_fields_total{subgraph=\"people\"}");
        let count: u64 = counted.rsplit(' ').next().unwrap().parse().unwrap();
        // The type may have been requested by the plan.
        assert!(count >= dropped && count <= dropped + 1, "{what}: {counted}");
    }
}

#[test]
fn a_list_with_more_entities_than_requested_must_be_malformed() {
    let entity = json!({ "name": "N", "town": "T" });
    let body = json!({ "data": { "_entities": [entity, entity] } });
    let result = gateway(&shelf(), &responding_with("200 OK", body.to_string())).query(LOANS);
    let code = &result["errors"][0]["extensions"]["code"];
    assert_eq!(code, "SUBGRAPH_MALFORMED_RESPONSE", "{result}");
}

#[test]
fn error_paths_must_stay_within_the_selections_of_the_client() {
    let body = json!({
        "data": { "_entities": [{ "name": "N", "town": null }] },
        "errors": [{ "message": "no", "path": ["_entities", 0, "hidden", "key"] }],
    });
    let result = gateway(&shelf(), &responding_with("200 OK", body.to_string())).query(LOANS);
    assert_eq!(result["errors"][0]["path"], json!(["loans", 0, "reader"]), "{result}");
    assert!(!result.to_string().contains("hidden"), "{result}");
}

#[test]
fn error_responses_to_one_query_must_not_open_the_circuit() {
    let long = format!("{{\"data\": {{\"x\": \"{}\"}}}}", "x".repeat(70_000));
    let deep = format!("{{\"data\": {}", "[".repeat(20_000));
    for (what, status, body) in [
        ("too long", "200 OK", long),
        ("malformed", "200 OK", "{\"data\"".to_owned()),
        ("too deep", "200 OK", deep),
        ("not found", "404 Not Found", "{}".to_owned()),
        ("bad request", "400 Bad Request", "<html>".to_owned()),
        ("GraphQL error", "200 OK", "{\"errors\": [{\"message\": \"no\"}]}".to_owned()),
        (
            "GraphQL error with 500",
            "500 Internal Server Error",
            "{\"errors\": [{\"message\": \"no\"}]}".to_owned(),
        ),
    ] {
        let people = responding_with(status, body);
        let gateway = gateway(&shelf(), &people);
        for _ in 0..6 {
            let result = gateway.query(LOANS);
            assert!(result["errors"].is_array(), "{what}: {result}");
        }
        assert_eq!(people.requests().len(), 6, "{what}");
        let open = metric(&gateway, "wegwijzer_subgraph_circuit_breaker_open{subgraph=\"people\"}");
        assert!(open.ends_with(" 0"), "{what}: {open}");
    }
}

#[test]
fn a_successful_probe_must_close_the_circuit() {
    let people = Subgraph::with_responder(|number, _, stream| match number {
        0..2 => respond(stream, "500 Internal Server Error", "text/html", "down"),
        2 => respond(stream, "404 Not Found", "text/html", "no"),
        _ => {
            let body = r#"{"data": {"_entities": [{"name": "N", "town": "T"}]}}"#;
            respond(stream, "200 OK", "application/json", body);
        }
    });
    let servers = [("shelf".to_owned(), shelf().address), ("people".to_owned(), people.address)];
    let text = at_addresses(&supergraph("simple_entity_call"), servers);
    let gateway = Gateway::with(&text, |config| {
        config.limits.circuit_breaker_failures = 2;
        config.limits.circuit_breaker_open_ms = 100;
        config.limits.subgraph_retries_max = 0;
    });
    for _ in 0..2 {
        gateway.query(LOANS);
    }
    let open = metric(&gateway, "wegwijzer_subgraph_circuit_breaker_open{subgraph=\"people\"}");
    assert!(open.ends_with(" 1"), "{open}");
    thread::sleep(Duration::from_millis(150));
    gateway.query(LOANS);
    let result = gateway.query(LOANS);
    assert_eq!(result["data"]["loans"][0]["reader"]["name"], "N", "{result}");
}

#[test]
fn calls_cut_short_by_the_request_timeout_must_open_the_circuit() {
    let silent = Subgraph::with_responder(|_, _, _| thread::sleep(Duration::from_secs(20)));
    for (topic, names, query) in [
        ("mutations", ["a", "b"], "mutation { one { id } }"),
        ("simple_entity_call", ["shelf", "people"], "{ loans { id } }"),
    ] {
        let servers = names.map(|name| (name.to_owned(), silent.address));
        let gateway = Gateway::with(&at_addresses(&supergraph(topic), servers), |config| {
            config.limits.request_timeout_ms = 300;
            config.limits.circuit_breaker_failures = 2;
        });
        silent.take_requests();
        for _ in 0..4 {
            let result = gateway.query(query);
            assert!(result["errors"].is_array(), "{result}");
        }
        let metrics = gateway.get("/metrics").body;
        assert!(
            metrics.contains("circuit_breaker_open{subgraph=\"") && metrics.contains("\"} 1"),
            "{metrics}"
        );
        assert!(silent.requests().len() <= 3, "{query}: {}", silent.requests().len());
    }
}
