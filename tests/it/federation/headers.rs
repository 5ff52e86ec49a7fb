//! Headers of subgraph requests: what the configuration accepts, and what arrives.

use std::fs;

use gateway::config::{Config, Overrides};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{
    Gateway, at_addresses,
    subgraph::{RecordedRequest, Subgraph},
    supergraph,
};

const READERS: &str = "{ readers { name } }";

/// Loads a configuration file.
pub(super) fn load(toml: &str) -> Result<Config, String> {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("wegwijzer.toml");
    fs::write(&file, toml).unwrap();
    Config::load(Some(&file), &Overrides::default()).map_err(|error| error.to_string())
}

fn people() -> Subgraph {
    Subgraph::with_data(json!({ "Query": { "readers": [{ "name": "Bo" }] } }))
}

/// A gateway over `people`, with the rules of a configuration file for it.
fn gateway(people: &Subgraph, forwarded: &str, headers: &str) -> Gateway {
    let toml = format!(
        "[federation]\nforwarded_headers = {forwarded}\n[[subgraph]]\nname = 'people'\n\
         url = 'http://{}/graphql'\nheaders = {headers}\n\
         [[subgraph]]\nname = 'shelf'\nurl = 'http://{}/graphql'\nheaders = {headers}\n",
        people.address, people.address,
    );
    let loaded = load(&toml).unwrap_or_else(|error| panic!("{error}"));
    let servers = [("people".to_owned(), people.address), ("shelf".to_owned(), people.address)];
    Gateway::with(&at_addresses(&supergraph("simple_entity_call"), servers), |config| {
        config.subgraphs = loaded.subgraphs;
        config.federation.forwarded_headers = loaded.federation.forwarded_headers;
    })
}

/// The values of a header as sent, in order.
fn values<'r>(request: &'r RecordedRequest, name: &str) -> Vec<&'r str> {
    let lines = request.head.lines();
    lines.filter_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim).collect()
}

#[test]
fn each_header_must_arrive_as_its_rules_say() {
    for (forwarded, headers, sent, expected) in [
        ("[]", "[]", "x-a: 1", &[][..]),
        ("['x-a']", "[]", "x-a: 1", &["1"]),
        ("['X-A']", "[{ forward = 'x-a' }]", "X-a: 1", &["1"]),
        ("[]", "[{ forward = 'X-A' }]", "x-A: 1", &["1"]),
        ("[]", "[{ forward = 'x-a' }]", "x-a: 1\r\nx-b: 0\r\nx-a: 2, 3", &["1", "2, 3"]),
        ("[]", "[{ forward = 'x-a' }]", "x-b: 1", &[]),
        ("[]", "[{ set = 'X-A', value = 'ours' }]", "x-a: 1", &["ours"]),
        ("['x-a']", "[{ set = 'x-a', value = 'ours' }]", "x-a: 1\r\nx-a: 2", &["ours"]),
        ("['X-a']", "[{ set = 'x-A', value = '' }]", "x-a: 1", &[""]),
        // The client declares the header to be for its connection only.
        ("['x-a']", "[{ forward = 'x-a' }]", "x-a: 1\r\nconnection: close, X-A", &[]),
        ("['x-a']", "[{ set = 'x-a', value = 'b' }]", "x-a: 1\r\nconnection: x-a", &["b"]),
    ] {
        let people = people();
        let gateway = gateway(&people, forwarded, headers);
        let reply = gateway.post_with(&format!("\r\n{sent}"), &json!({ "query": READERS }));
        assert_eq!(reply.json()["errors"], Value::Null, "{headers}: {reply:?}");
        let requests = people.requests();
        assert_eq!(requests.len(), 1, "{headers}");
        let context = format!("{forwarded} {headers} {sent}: {}", requests[0].head);
        assert_eq!(values(&requests[0], "x-a"), expected, "{context}");
        for (name, value) in [
            ("accept", "application/graphql-response+json, application/json"),
            ("accept-encoding", "br, gzip"),
            ("content-type", "application/json"),
            ("host", &*people.address.to_string()),
        ] {
            assert_eq!(values(&requests[0], name), [value], "{context}");
        }
        assert_eq!(values(&requests[0], "traceparent"), [""; 0], "{context}");
    }
}

#[test]
fn a_user_agent_must_be_ours_unless_configured() {
    for (headers, expected) in [
        ("[]", "wegwijzer/"),
        ("[{ forward = 'user-agent' }]", "theirs"),
        ("[{ set = 'User-Agent', value = 'other' }]", "other"),
    ] {
        let people = people();
        let gateway = gateway(&people, "[]", headers);
        gateway.post_with("\r\nuser-agent: theirs", &json!({ "query": READERS }));
        let requests = people.requests();
        let agents = values(&requests[0], "user-agent");
        let starts = agents[0].replace(' ', "/").starts_with(expected);
        assert!(agents.len() == 1 && starts, "{headers}: {agents:?}");
    }
}

#[test]
fn rules_that_cannot_be_followed_must_be_rejected_with_their_place() {
    let error_of = |forwarded: &str, headers: &str| {
        let toml = format!(
            "[federation]\nforwarded_headers = {forwarded}\n\
             [[subgraph]]\nname = 'a'\nurl = 'https://a.example/'\nheaders = {headers}\n"
        );
        load(&toml).err()
    };
    for name in [
        "accept-encoding",
        "Accept",
        "Host",
        "content-type",
        "Content-Length",
        "content-encoding",
        "connection",
        "Keep-Alive",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "Transfer-Encoding",
        "upgrade",
        "HTTP2-Settings",
        "expect",
        "if-none-match",
        "range",
        ":authority",
        "x y",
        "",
    ] {
        for (place, error) in [
            ("federation.forwarded_headers", error_of(&format!("['{name}']"), "[]")),
            ("subgraph.headers", error_of("[]", &format!("[{{ forward = '{name}' }}]"))),
            ("subgraph.headers", error_of("[]", &format!("[{{ set = '{name}', value = '1' }}]"))),
        ] {
            let error = error.unwrap_or_else(|| panic!("{place}: {name}"));
            assert!(error.starts_with(&format!("`{place}` must be a header name")), "{error}");
            assert!(error.ends_with(&format!("not `{name}`")), "{error}");
        }
    }
    let set = "{ set = 'X-A', value = 'secret' }";
    for (forwarded, headers) in [
        ("['x-a', 'X-A']", "[]".to_owned()),
        ("[]", format!("[{set}, {{ set = 'x-a', value = 'secret' }}]")),
        ("[]", format!("[{set}, {{ forward = 'x-a' }}]")),
        ("[]", format!("[{{ forward = 'x-a' }}, {set}]")),
        ("[]", "[{ forward = 'x-a' }, { forward = 'X-a' }]".to_owned()),
    ] {
        let error = error_of(forwarded, &headers).unwrap_or_else(|| panic!("{headers}"));
        assert!(error.contains("one rule for each header"), "{error}");
        assert!(!error.contains("secret"), "{error}");
    }
    for value in ["a\u{7}b", "caf\u{e9}", "a\nb", "secret ", "\u{7f}"] {
        let value = Value::from(value).to_string();
        let value = value.replace('\u{7f}', "\\u007f");
        let headers = format!("[{{ set = 'x-a', value = {value} }}]");
        let error = error_of("[]", &headers).unwrap_or_else(|| panic!("{headers}"));
        assert!(error.contains("printable ASCII") && !error.contains("secret"), "{error}");
    }
    assert_eq!(error_of("['cookie', 'x-a']", "[{ set = 'x-a', value = 'b c' }]"), None);
}
