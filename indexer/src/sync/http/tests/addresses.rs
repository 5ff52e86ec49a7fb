use std::sync::Arc;

use super::support::*;
use crate::sync::http::*;

fn page() -> Vec<ServerAction> {
    respond("200 OK", &[], b"page")
}

fn with_private_addresses(mut request: HttpRequest) -> HttpRequest {
    let policy = SourcePolicy::new(&request.url).allow_private_addresses();
    request.policy = Arc::new(policy);
    request
}

#[tokio::test]
async fn every_form_of_a_private_address_must_be_rejected_without_a_connection() {
    let server = HttpTestServer::start(|_| page()).await;
    let network = TestNetwork::of(&server)
        .server("127.0.0.1", &server)
        .name("localhost", &["::1", "127.0.0.1"])
        .name("localhost.", &["127.0.0.1"])
        .name("intern.test", &["10.1.2.3"])
        .name("mapped.test", &["::ffff:169.254.169.254"]);
    let client = TestClient::new(network, config());
    for host in [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "0",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "[fe80::1]",
        "169.254.169.254",
        "localhost",
        "LOCALHOST",
        "localhost.",
        "intern.test",
        "mapped.test",
        "１２７.0.0.1",
    ] {
        for scheme in ["http", "https"] {
            let error = client.error(&format!("{scheme}://{host}:8080/")).await;
            assert!(matches!(error, HttpError::AddressRejected { .. }), "{host}: {error:?}");
            assert!(error.to_string().contains("`allow_private_addresses`"), "{error}");
            assert!(error.is_permanent() && !error.is_tls());
        }
    }
    assert_eq!(client.network.connections(), [""; 0]);
    let request = with_private_addresses(client.request("http://127.1:8080/"));
    assert_eq!(fetched(client.client.get(&request).await.unwrap()).body, "page");
    assert_eq!(client.network.connections(), ["127.0.0.1:8080"]);
}

#[tokio::test]
async fn a_redirect_to_a_private_address_must_be_rejected() {
    let public = HttpTestServer::start(|head| match head.path.as_str() {
        "/literal" => redirect("302 Found", "http://127.0.0.1/"),
        "/decimal" => redirect("302 Found", "http://2130706433/"),
        _ => redirect("302 Found", "http://intern.test/"),
    })
    .await;
    let private = HttpTestServer::start(|_| page()).await;
    let network =
        TestNetwork::of(&public).name("intern.test", &["127.0.0.1"]).server("127.0.0.1", &private);
    let client = TestClient::new(network, config());
    for path in ["literal", "decimal", "name"] {
        let url = format!("http://a.test/{path}");
        let error = client.error(&url).await;
        assert!(matches!(error, HttpError::AddressRejected { .. }), "{path}: {error}");
        let request = with_private_addresses(client.request(&url));
        client.client.get(&request).await.unwrap();
    }
    assert_eq!(private.heads().len(), 3);
}

#[tokio::test]
async fn a_name_that_resolves_to_a_private_address_later_must_not_reach_it() {
    let public = HttpTestServer::start(|_| {
        let mut actions = respond("200 OK", &["connection: close"], b"public");
        actions.push(ServerAction::Close);
        actions
    })
    .await;
    let private = HttpTestServer::start(|_| page()).await;
    let network = TestNetwork::of(&public)
        .server("127.0.0.1", &private)
        .name("rebinding.test", &[A])
        .name("rebinding.test", &["127.0.0.1"]);
    let client = TestClient::new(network, config());
    let response = client.get("http://rebinding.test/").await.unwrap();
    assert_eq!(fetched(response).body, "public");
    // One lookup for one connection: there is no second result to connect to.
    assert_eq!(client.network.lookups("rebinding.test"), 1);
    assert_eq!(client.network.connections(), [format!("{A}:80")]);
    let error = client.error("http://rebinding.test/").await;
    assert!(matches!(error, HttpError::AddressRejected { .. }), "{error}");
    assert!(private.heads().is_empty());
    assert_eq!(private.connections(), 0);
}

#[tokio::test]
async fn private_addresses_of_a_name_must_be_skipped() {
    let server = HttpTestServer::start(|_| page()).await;
    let network = TestNetwork::of(&server)
        .server("127.0.0.1", &server)
        .name("mixed.test", &["127.0.0.1", "10.0.0.1", B, A]);
    let client = TestClient::new(network, config());
    client.get("http://mixed.test/").await.unwrap();
    // The first one does not accept connections.
    assert_eq!(client.network.connections(), [format!("{B}:80"), format!("{A}:80")]);
}

#[tokio::test]
async fn a_connection_to_a_private_address_must_not_be_used_for_other_sources() {
    let server = HttpTestServer::start(|_| page()).await;
    let client = TestClient::new(
        TestNetwork::default().name("intern.test", &["127.0.0.1"]).server("127.0.0.1", &server),
        config(),
    );
    let url = "http://intern.test/";
    let private = with_private_addresses(client.request(url));
    client.client.get(&private).await.unwrap();
    client.client.get(&private).await.unwrap();
    assert_eq!(server.connections(), 1, "the connection is not used again");
    let error = client.error(url).await;
    assert!(matches!(error, HttpError::AddressRejected { .. }), "{error}");
    assert_eq!(server.heads().len(), 2);
}

#[tokio::test]
async fn a_host_without_addresses_or_server_must_be_a_transient_error() {
    let server = HttpTestServer::start(|_| page()).await;
    let network = TestNetwork::of(&server).name("empty.test", &[]).name("down.test", &[B]);
    let client = TestClient::new(network, config());
    for host in ["absent.test", "empty.test"] {
        let error = client.error(&format!("http://{host}/")).await;
        assert!(matches!(error, HttpError::Resolve { .. }), "{error}");
        assert!(error.is_transient());
    }
    let error = client.error("https://down.test/").await;
    assert!(matches!(error, HttpError::Connect { .. }), "{error:?}");
    assert!(error.is_transient() && !error.is_tls());
}

#[tokio::test]
async fn the_network_of_the_system_must_resolve_and_connect() {
    let server = HttpTestServer::start(|_| page()).await;
    let network: Arc<dyn Network> = Arc::new(SystemNetwork);
    let client = HttpClient::with_network(config(), &network).unwrap();
    let url: url::Url = format!("http://localhost:{}/", server.address.port()).parse().unwrap();
    let policy = Arc::new(SourcePolicy::new(&url).allow_private_addresses());
    let request = HttpRequest::new(url, policy, Arc::default());
    assert_eq!(fetched(client.get(&request).await.unwrap()).body, "page");
}
