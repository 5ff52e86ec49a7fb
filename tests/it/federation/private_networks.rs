//! Subgraphs in private networks: only where the configuration allows them, and never over plain
//! `http` in public.

use std::fs;

use gateway::{
    app::App,
    config::{Config, Overrides, PrivateAddresses},
};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Gateway, headers::load, subgraph::Subgraph, supergraph};
use crate::support::runtime;

const REMEDY: &str = "`allow_private_addresses = true`";

/// The error of a configuration.
fn error_of(toml: &str) -> Option<String> {
    load(toml).err()
}

#[test]
fn plain_http_to_a_container_must_be_accepted_where_configured_and_rejected_with_that_remedy() {
    for url in ["http://pleio:4001", "http://10.0.0.7:4001/graphql", "http://[fd00::7]/graphql"] {
        let subgraph = format!("[[subgraph]]\nname = 'pleio'\nurl = '{url}'\n");
        let error = error_of(&subgraph).expect("it is rejected");
        assert!(error.contains(REMEDY) && error.contains("`subgraph.url`"), "{url}: {error}");
        let allowed = format!("{subgraph}allow_private_addresses = true\n");
        assert_eq!(error_of(&allowed), None, "{url}");
        let all = format!("[federation]\nallow_private_addresses = true\n{subgraph}");
        assert_eq!(error_of(&all), None, "{url}");
    }
    let https = "[[subgraph]]\nname = 'pleio'\nurl = 'https://192.168.1.7/'\n";
    let error = error_of(https).expect("it is rejected");
    assert!(error.contains(REMEDY), "{error}");
    assert_eq!(error_of(&format!("{https}allow_private_addresses = true\n")), None);
    for url in ["http://8.8.8.8/", "http://169.254.169.254/", "https://169.254.169.254/"] {
        let subgraph =
            format!("[[subgraph]]\nname = 'a'\nurl = '{url}'\nallow_private_addresses = true\n");
        assert!(error_of(&subgraph).is_some(), "{url}");
    }
    let keys =
        "[authentication]\nissuer = 'a'\naudience = 'b'\njwks = 'http://keycloak:8080/keys'\n";
    let error = error_of(keys).expect("it is rejected");
    assert!(error.contains(REMEDY) && error.contains("`authentication.jwks`"), "{error}");
    assert_eq!(error_of(&format!("{keys}allow_private_addresses = true\n")), None);
}

/// The supergraph with both subgraphs at an address.
fn at(host: &str) -> String {
    ["shelf", "people"].into_iter().fold(supergraph("simple_entity_call"), |text, name| {
        text.replace(&format!("http://{name}.test/"), &format!("http://{host}/"))
    })
}

#[test]
fn a_supergraph_with_private_addresses_must_be_served_where_configured() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("supergraph.graphql");
    let overrides = Overrides {
        listen: Some("127.0.0.1:0".to_owned()),
        supergraph: Some(file.clone()),
        ..Overrides::default()
    };
    let start = |host: &str, private| {
        fs::write(&file, at(host)).unwrap();
        let mut config = Config::load_to_serve(None, &overrides).unwrap();
        config.federation.private_addresses = private;
        let started = runtime().block_on(App::build(config));
        started.err().map(|error| federation::error::with_causes(&error))
    };
    for host in ["pleio:4001", "10.0.0.7", "[fd00::7]", "100.64.1.1", "192.168.0.1:4001"] {
        let error = start(host, PrivateAddresses::Rejected).expect("it is rejected");
        let remedy = "`allow_private_addresses = true` in `[[subgraph]]` or `[federation]`";
        assert!(error.contains(remedy), "{error}");
        assert_eq!(start(host, PrivateAddresses::Allowed), None, "{host}");
    }
    for host in ["8.8.8.8", "169.254.169.254"] {
        for private in [PrivateAddresses::Rejected, PrivateAddresses::Allowed] {
            assert!(start(host, private).is_some(), "{host}");
        }
    }
}

/// A gateway that rejects private addresses.
fn rejecting(supergraph: &str) -> Gateway {
    Gateway::with(supergraph, |config| {
        config.federation.private_addresses = PrivateAddresses::Rejected;
    })
}

#[test]
fn names_must_be_checked_where_they_lead() {
    let people = Subgraph::with_data(json!({ "Query": { "readers": [{ "name": "Bo" }] } }));
    let port = people.address.port();
    // Resolves to this machine, and may always be used.
    for private in [PrivateAddresses::Rejected, PrivateAddresses::Allowed] {
        let gateway = Gateway::with(&at(&format!("localhost:{port}")), |config| {
            config.federation.private_addresses = private;
        });
        let response = gateway.query("{ readers { name } }");
        assert_eq!(response.get("errors"), None, "{response}");
    }
    let before = people.requests().len();
    // A private address in another spelling leads to the rule of its name.
    let octal = at(&format!("0177.0.0.1:{port}"));
    let response = rejecting(&octal).query("{ readers { name } }");
    assert_eq!(response.get("errors"), None, "{response}");
    assert_eq!(people.requests().len(), before + 1);
}

#[test]
fn a_new_supergraph_with_rejected_addresses_must_not_replace_the_previous_one() {
    let people = Subgraph::with_data(json!({ "Query": { "readers": [{ "name": "Bo" }] } }));
    let gateway = rejecting(&at(&people.address.to_string()));
    gateway.replace(&at("10.0.0.7"));
    std::thread::sleep(std::time::Duration::from_millis(1_200));
    let response = gateway.query("{ readers { name } }");
    assert_eq!(response["data"]["readers"][0]["name"], "Bo", "{response}");
    assert_eq!(response.get("errors").unwrap_or(&Value::Null), &Value::Null, "{response}");
}
