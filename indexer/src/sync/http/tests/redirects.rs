use std::sync::Arc;

use super::support::*;
use crate::sync::http::*;

fn page() -> Vec<ServerAction> {
    respond("200 OK", &[], b"page")
}

fn credentials() -> Result<Credentials, CredentialsError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret");
    std::fs::write(&path, "geheim").unwrap();
    Credentials::load(&SecretLocation::File(path))
}

fn with_credentials(mut request: HttpRequest) -> HttpRequest {
    let policy = SourcePolicy::new(&request.url).with_credentials(credentials().unwrap());
    request.policy = Arc::new(policy);
    request
}

#[tokio::test]
async fn five_redirects_must_be_followed_and_a_sixth_must_be_an_error() {
    let (client, _server) = client_of(|head| {
        let step: u32 = head.path.trim_start_matches('/').parse().unwrap();
        if step == 0 { page() } else { redirect("302 Found", &(step - 1).to_string()) }
    })
    .await;
    let response = client.get("http://a.test/5").await.unwrap();
    assert_eq!(response.url.as_str(), "http://a.test/0");
    assert_eq!(response.host_change, None);
    assert_eq!(client.counters.requests(), 6);
    let error = client.error("http://a.test/6").await;
    assert!(matches!(error, HttpError::TooManyRedirects { redirects_max: 5, .. }), "{error}");
    assert!(error.is_permanent());
}

#[tokio::test]
async fn a_redirect_loop_must_be_an_error() {
    let (client, server) = client_of(|head| match head.path.as_str() {
        "/1" => redirect("301 Moved Permanently", "/2"),
        "/2" => redirect("301 Moved Permanently", "/1#fragment"),
        _ => redirect("307 Temporary Redirect", "/self"),
    })
    .await;
    let error = client.error("http://a.test/1").await;
    assert_eq!(error.to_string(), "redirect loop: `http://a.test/1`");
    let error = client.error("http://a.test/self").await;
    assert!(matches!(error, HttpError::RedirectLoop { .. }), "{error}");
    assert_eq!(server.heads().len(), 3);
}

#[tokio::test]
async fn every_status_of_a_redirect_must_be_followed() {
    for status in ["301 M", "302 F", "303 S", "307 T", "308 P"] {
        let (client, _server) = client_of(move |head| match head.path.as_str() {
            "/map/old" => redirect(status, "../new?q=é"),
            _ => page(),
        })
        .await;
        let response = client.get("http://a.test/map/old").await.unwrap();
        assert_eq!(response.url.as_str(), "http://a.test/new?q=%C3%A9");
    }
}

#[tokio::test]
async fn a_redirect_to_an_invalid_address_must_be_an_error() {
    let (client, _server) = client_of(|head| match head.path.as_str() {
        "/none" => respond("302 Found", &[], b""),
        "/empty" => redirect("302 Found", " "),
        "/host" => redirect("302 Found", "http://"),
        "/port" => redirect("302 Found", "http://a.test:99999/"),
        "/bytes" => vec![
            ServerAction::Send(b"HTTP/1.1 302 F\r\nlocation: /\xff\xfe\r\n\r\n".to_vec()),
            ServerAction::Close,
        ],
        "/ftp" => redirect("302 Found", "ftp://a.test/"),
        "/file" => redirect("302 Found", "file:///etc/passwd"),
        _ => redirect("302 Found", "http://jan:geheim@a.test/"),
    })
    .await;
    for path in ["none", "empty", "host", "port", "bytes"] {
        let error = client.error(&format!("http://a.test/{path}")).await;
        assert!(matches!(error, HttpError::InvalidRedirect { .. }), "{path}: {error}");
    }
    for path in ["ftp", "file"] {
        let error = client.error(&format!("http://a.test/{path}")).await;
        assert!(matches!(error, HttpError::Scheme { .. }), "{path}: {error}");
    }
    let error = client.error("http://a.test/user").await;
    assert!(matches!(error, HttpError::UserInfo { .. }), "{error}");
    assert!(!format!("{error} {error:?}").contains("geheim"), "{error:?}");
}

#[tokio::test]
async fn a_redirect_to_another_host_must_be_reported() {
    for (status, is_permanent) in [("301 M", true), ("308 P", true), ("302 F", false)] {
        let old = HttpTestServer::start(move |_| redirect(status, "http://b.test/x")).await;
        let new = HttpTestServer::start(|_| page()).await;
        let network = TestNetwork::of(&old).name("b.test", &[B]).server(B, &new);
        let client = TestClient::new(network, config());
        let response = client.get("http://a.test/").await.unwrap();
        assert_eq!(response.url.as_str(), "http://b.test/x");
        let host = "b.test".to_owned();
        assert_eq!(response.host_change, Some(HostChange { host, is_permanent }));
    }
}

#[tokio::test]
async fn credentials_must_be_sent_to_the_origin_of_the_source_only() {
    let origin = HttpTestServer::start(|head| match head.path.as_str() {
        "/to-page" => redirect("302 Found", "/page"),
        "/to-port" => redirect("302 Found", "http://a.test:8080/page"),
        "/to-host" => redirect("302 Found", "http://b.test/back"),
        _ => page(),
    })
    .await;
    let other = HttpTestServer::start(|_| redirect("302 Found", "http://a.test/returned")).await;
    let network = TestNetwork::of(&origin).name("b.test", &[B]).server(B, &other);
    let client = TestClient::new(network, config());
    for path in ["to-page", "to-port", "to-host"] {
        let request = with_credentials(client.request(&format!("http://a.test/{path}")));
        assert!(!format!("{request:?}").contains("geheim"), "{request:?}");
        client.client.get(&request).await.unwrap();
    }
    let sent: Vec<_> = origin
        .heads()
        .iter()
        .map(|head| (head.path.clone(), head.text.contains("authorization: bearer geheim")))
        .collect();
    let expected = [
        ("/to-page", true),
        ("/page", true),
        ("/to-port", true),
        // The same host, at another port.
        ("/page", false),
        ("/to-host", true),
        // The same origin, after a redirect by another host.
        ("/returned", false),
    ];
    let expected: Vec<_> = expected.map(|(path, sent)| (path.to_owned(), sent)).into();
    assert_eq!(sent, expected);
    assert!(other.heads().iter().all(|head| !head.text.contains("authorization")));
}

#[tokio::test]
async fn only_urls_on_the_host_of_the_source_must_be_requested() {
    let (client, server) = client_of(|_| page()).await;
    let get = async |url: &str| {
        let mut request = client.request("http://a.test/");
        request.url = url.parse().unwrap();
        client.client.get(&request).await.map(|_| ())
    };
    assert!(get("http://a.test:8080/other?x=1#fragment").await.is_ok());
    assert!(!server.heads()[0].text.contains('#'));
    for url in ["http://b.test/", "http://a.test.b.test/", "https://93.184.216.34/"] {
        assert!(matches!(get(url).await, Err(HttpError::OtherHost { .. })), "{url}");
    }
    for url in ["ftp://a.test/", "file:///etc/passwd", "data:,x", "mailto:x@a.test"] {
        assert!(matches!(get(url).await, Err(HttpError::Scheme { .. })), "{url}");
    }
    for url in ["http://jan:geheim@a.test/", "http://geheim@a.test/", "http://:geheim@a.test/"] {
        let error = get(url).await.unwrap_err();
        assert!(matches!(error, HttpError::UserInfo { .. }), "{url}");
        assert!(!format!("{error} {error:?}").contains("geheim"), "{error:?}");
    }
    for length in [8_001, 70_000] {
        let url = format!("http://a.test/{}", "a".repeat(length - 14));
        let error = get(&url).await.unwrap_err();
        assert!(matches!(error, HttpError::InvalidUrl { .. }), "{error}");
        assert!(error.to_string().len() < 300, "{error}");
    }
    assert_eq!(client.counters.requests(), 1);
    assert!(get("http://a.test/a|b?c={d}^`\"'<>[]\\|").await.is_ok());
    assert!(get(&format!("http://a.test/{}", "a".repeat(8_000 - 14))).await.is_ok());
}
