//! Protected fields, requested with valid tokens and with all kinds of invalid ones.

use std::{
    fs,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use federation::compose::{InaccessibleFields, SubgraphSdl, compose};
use gateway::config::{AuthenticationConfig, Config, KeySource};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode, get_current_timestamp, jwk::Jwk};
use serde_json::{Value, json};

use super::{Gateway, at_addresses, subgraph::Subgraph, supergraph};
use crate::test_server::Reply;

const ISSUER: &str = "https://login.example/";
const AUDIENCE: &str = "wegwijzer";

/// An Ed25519 private key derived from a number, in PKCS #8 format.
fn key(number: u8) -> EncodingKey {
    let mut der = vec![48, 46, 2, 1, 0, 48, 5, 6, 3, 43, 101, 112, 4, 34, 4, 32];
    der.extend([number; 32]);
    EncodingKey::from_ed_der(&der)
}

/// The public key with a key id, as a JWK.
pub(super) fn public(number: u8, id: &str) -> Value {
    let jwk = Jwk::from_encoding_key(&key(number), Algorithm::EdDSA).unwrap();
    let mut jwk = serde_json::to_value(jwk).unwrap();
    jwk["kid"] = json!(id);
    jwk
}

pub(super) fn claims(scope: &str) -> Value {
    let expires = get_current_timestamp() + 60;
    json!({ "iss": ISSUER, "aud": AUDIENCE, "exp": expires, "scope": scope })
}

pub(super) fn signed(claims: &Value, number: u8, id: &str) -> String {
    let header = Header { kid: Some(id.to_owned()), ..Header::new(Algorithm::EdDSA) };
    encode(&header, claims, &key(number)).unwrap()
}

/// A valid token.
fn token(scope: &str) -> String {
    signed(&claims(scope), 1, "one")
}

pub(super) fn with_keys(config: &mut Config, keys: KeySource) {
    let (issuer, audience) = (ISSUER.to_owned(), AUDIENCE.to_owned());
    config.authentication = Some(AuthenticationConfig { jwks: keys, issuer, audience });
}

fn write_keys(file: &Path, keys: &[Value]) {
    fs::write(file, json!({ "keys": keys }).to_string()).unwrap();
}

/// Rooms with protected codes and visits.
struct AuthFixture {
    gateway: Gateway,
    desk: Subgraph,
    keys: std::path::PathBuf,
    _folder: tempfile::TempDir,
}

impl AuthFixture {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let keys = folder.path().join("keys.json");
        write_keys(&keys, &[public(1, "one")]);
        let room = |id: &str| json!({ "__typename": "Room", "id": id, "name": "N", "code": "n1" });
        let desk = Subgraph::with_data(json!({
            "Query": { "rooms": [room("1")], "me": { "__typename": "Member", "name": "Mo" } },
            "Mutation": { "close(id: \"1\")": room("1") },
        }));
        let log = json!({ "__typename": "Room", "id": "1", "visits": 7, "size": 20 });
        let log = Subgraph::with_data(json!({ "entities": [log] }));
        let servers = [("desk".to_owned(), desk.address), ("log".to_owned(), log.address)];
        let gateway =
            Gateway::with(&at_addresses(&supergraph("authorization"), servers), |config| {
                with_keys(config, KeySource::File(keys.clone()));
            });
        Self { gateway, desk, keys, _folder: folder }
    }

    fn post(&self, authorization: &str, query: &str) -> Reply {
        let header = format!("\r\nauthorization: {authorization}");
        self.gateway.post_with(&header, &json!({ "query": query }))
    }

    fn query(&self, scope: &str, query: &str) -> Value {
        self.post(&format!("Bearer {}", token(scope)), query).json()
    }
}

#[test]
fn each_caller_must_get_what_their_scopes_allow() {
    let fixture = AuthFixture::new();
    let visits = "{ rooms { visits } me { name } }";
    let all = json!({ "rooms": [{ "visits": 7 }], "me": { "name": "Mo" } });
    assert_eq!(fixture.query("", visits), json!({ "data": all }));
    let anonymous = fixture.gateway.query(visits);
    assert_eq!(anonymous["data"], json!({ "rooms": [{ "visits": null }], "me": null }));
    assert_eq!(anonymous["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "{anonymous}");

    let code = "{ rooms { code } }";
    for scope in ["rooms:read keys", "keys other rooms:read", "admin"] {
        let response = fixture.query(scope, code);
        assert_eq!(response, json!({ "data": { "rooms": [{ "code": "n1" }] } }), "{scope}");
    }
    for scope in ["", "rooms:read", "keys", "Admin", "rooms:read,keys"] {
        let response = fixture.query(scope, code);
        assert_eq!(response["data"], Value::Null, "{scope}: {response}");
        let error = &response["errors"][0];
        assert_eq!(error["path"], json!(["rooms", 0, "code"]), "{scope}: {response}");
        assert_eq!(error["extensions"]["code"], "FORBIDDEN", "{scope}: {response}");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains("`keys` and `rooms:read`, or `admin`"), "{message}");
    }

    fixture.desk.take_requests();
    let close = "mutation { close(id: \"1\") { id } }";
    assert_eq!(fixture.query("rooms:read", close)["data"], json!({ "close": null }));
    assert_eq!(fixture.desk.requests().len(), 0, "a denied mutation must not be executed");
    assert_eq!(fixture.query("rooms:write", close), json!({ "data": { "close": { "id": "1" } } }));
    assert_eq!(fixture.desk.requests().len(), 1);
}

#[test]
fn an_invalid_token_must_be_rejected_with_the_reason() {
    let fixture = AuthFixture::new();
    let send = |token: &str| fixture.post(token, "{ rooms { name } }");
    let bearer = |claims: &Value| format!("Bearer {}", signed(claims, 1, "one"));
    let changed = |key: &str, value: Value| {
        let mut claims = claims("admin");
        claims[key] = value;
        bearer(&claims)
    };
    let without = |key: &str| {
        let mut claims = claims("admin");
        claims.as_object_mut().unwrap().remove(key);
        bearer(&claims)
    };
    let now = get_current_timestamp();
    let valid = token("admin");
    let (head, rest) = valid.split_once('.').unwrap();
    let (body, signature) = rest.split_once('.').unwrap();
    let other = token("more");
    let other = other.split('.').nth(1).unwrap();
    let unsigned = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0";
    let secret = {
        let jwk = public(1, "one");
        let key = EncodingKey::from_secret(jwk["x"].as_str().unwrap().as_bytes());
        encode(&Header::new(Algorithm::HS256), &claims("admin"), &key).unwrap()
    };
    for (what, token, reason) in [
        ("no token", "Bearer ".to_owned(), "malformed bearer token"),
        ("some words", "Bearer a b c".to_owned(), "malformed bearer token"),
        ("a long one", format!("Bearer {}", "a.".repeat(5_000)), "malformed bearer token"),
        ("an unsigned one", format!("Bearer {unsigned}.{body}."), "malformed bearer token"),
        ("another body", format!("Bearer {head}.{other}.{signature}"), "unknown key"),
        ("the public key as a secret", format!("Bearer {secret}"), "unknown key"),
        ("another key", format!("Bearer {}", signed(&claims("admin"), 2, "one")), "unknown key"),
        (
            "a key of no name here",
            format!("Bearer {}", signed(&claims("admin"), 2, "two")),
            "unknown key",
        ),
        ("an old one", changed("exp", json!(now - 60)), "token expired"),
        ("one of tomorrow", changed("nbf", json!(now + 60)), "token not valid yet"),
        (
            "from another issuer",
            changed("iss", json!("https://other.example/")),
            "token issuer or audience not accepted",
        ),
        ("for others", changed("aud", json!(["others"])), "token issuer or audience not accepted"),
        ("for ever", without("exp"), "malformed bearer token"),
        ("for nobody", without("aud"), "malformed bearer token"),
        ("of nobody", without("iss"), "malformed bearer token"),
        ("a strange time", changed("exp", json!("tomorrow")), "malformed bearer token"),
    ] {
        let reply = send(&token);
        assert_eq!(reply.status, 401, "{what}: {reply:?}");
        assert_eq!(reply.code(), "UNAUTHENTICATED", "{what}: {reply:?}");
        let challenge = reply.header("www-authenticate");
        assert_eq!(challenge, Some("bearer error=\"invalid_token\""), "{what}: {reply:?}");
        assert!(reply.body.contains(reason), "{what}: {reply:?}");
        assert!(reply.json()["data"].is_null(), "{what}: {reply:?}");
    }
    assert_eq!(fixture.desk.requests().len(), 0);
    // A small clock skew is allowed; other authentication schemes are ignored.
    for valid in [changed("exp", json!(now - 10)), changed("nbf", json!(now + 10))] {
        assert_eq!(send(&valid).status, 200);
    }
    let basic = send("Basic dTpw").json();
    assert_eq!(basic, json!({ "data": { "rooms": [{ "name": "N" }] } }));
    let twice = format!("Bearer {}\r\nauthorization: Bearer {}", token("a"), token("b"));
    assert_eq!(send(&twice).status, 401);
}

#[test]
fn a_new_key_must_be_loaded_when_a_token_names_it() {
    let fixture = AuthFixture::new();
    let new_token = format!("Bearer {}", signed(&claims(""), 2, "two"));
    let me = "{ me { name } }";
    assert_eq!(fixture.post(&new_token, me).status, 401);
    write_keys(&fixture.keys, &[public(2, "two")]);
    let until = Instant::now() + Duration::from_secs(20);
    while fixture.post(&new_token, me).status != 200 {
        assert!(Instant::now() < until, "the new key is not loaded");
        thread::sleep(Duration::from_millis(200));
    }
    // The previous key is no longer valid.
    assert_eq!(fixture.post(&format!("Bearer {}", token("")), me).status, 401);
}

#[test]
fn keys_at_a_url_must_be_fetched_before_tokens_are_accepted() {
    let login = Subgraph::with_responder(|number, received, stream| {
        assert!(received.head.starts_with("get /keys "), "{received:?}");
        let keys = json!({ "keys": [public(1, "one")] }).to_string();
        let (status, body) =
            if number == 0 { ("503 Service Unavailable", "") } else { ("200 OK", keys.as_str()) };
        super::subgraph::respond(stream, status, "application/json", body);
    });
    let desk =
        Subgraph::with_data(json!({ "Query": { "me": { "__typename": "Member", "name": "Mo" } } }));
    let servers = [("desk".to_owned(), desk.address)];
    let gateway = Gateway::with(&at_addresses(&supergraph("authorization"), servers), |config| {
        let url = format!("http://{}/keys", login.address).parse().unwrap();
        with_keys(config, KeySource::Url(url));
    });
    let header = format!("\r\nauthorization: Bearer {}", token(""));
    let request = json!({ "query": "{ me { name } }" });
    let early = gateway.post_with(&header, &request);
    assert_eq!((early.status, early.code()), (503, json!("UNAVAILABLE")), "{early:?}");
    assert_eq!(early.header("retry-after"), Some("1"), "{early:?}");
    assert_eq!(gateway.query("{ member { name } }")["data"], json!({ "member": null }));
    let until = Instant::now() + Duration::from_secs(20);
    while gateway.post_with(&header, &request).status != 200 {
        assert!(Instant::now() < until, "the keys are not loaded");
        thread::sleep(Duration::from_millis(200));
    }
    assert_eq!(login.requests().len(), 2, "the keys must be fetched again");
}

#[test]
fn protected_fields_must_stay_denied_without_configured_keys() {
    let desk =
        Subgraph::with_data(json!({ "Query": { "me": { "__typename": "Member", "name": "Mo" } } }));
    let servers = [("desk".to_owned(), desk.address)];
    let gateway = Gateway::over(&at_addresses(&supergraph("authorization"), servers));
    let header = format!("\r\nauthorization: Bearer {}", token("admin"));
    let response = gateway.post_with(&header, &json!({ "query": "{ me { name } }" })).json();
    assert_eq!(response["data"], json!({ "me": null }), "{response}");
    assert_eq!(desk.requests().len(), 0);
}

#[test]
fn an_object_must_be_authorized_by_its_concrete_type() {
    let sdl = "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.5\",
            import: [\"@authenticated\", \"@requiresScopes\"])
        type Query { people: [Person] best: Person }
        interface Person { name: String }
        type Member implements Person { name: String @requiresScopes(scopes: [[\"names\"]]) }
        type Keeper implements Person @authenticated { name: String }";
    let keeper = json!({ "__typename": "Keeper", "name": "Kim" });
    let member = json!({ "__typename": "Member", "name": "Mo" });
    let desk = Subgraph::with_data(json!({
        "is": { "Member": ["Person"], "Keeper": ["Person"] },
        "Query": { "people": [member, keeper], "best": keeper },
    }));
    let url = format!("http://{}/graphql", desk.address);
    let subgraph = SubgraphSdl {
        name: "desk".to_owned(),
        url,
        sdl: sdl.to_owned(),
        mapping: None,
        inaccessible_fields: InaccessibleFields::Hidden,
    };
    let gateway = Gateway::over(&compose(&[subgraph]).unwrap());
    let response = gateway.query("{ people { name } best { __typename } }");
    assert_eq!(response["data"], json!({ "people": [{ "name": null }, null], "best": null }));
    let paths: Vec<_> =
        response["errors"].as_array().unwrap().iter().map(|error| error["path"].clone()).collect();
    assert_eq!(paths, [json!(["people", 0, "name"]), json!(["people", 1]), json!(["best"])]);
}
