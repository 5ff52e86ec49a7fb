use std::time::{Duration, Instant};

use super::support::*;
use crate::sync::http::*;

fn with_retries(retries_max: u32) -> HttpConfig {
    HttpConfig { retries_max, ..config() }
}

#[tokio::test]
async fn transient_statuses_must_be_retried() {
    for status in [408, 425, 429, 500, 502, 503, 504] {
        let (client, server) = client_with(with_retries(3), move |head| {
            if head.number < 3 {
                respond(&format!("{status} X"), &[], b"busy")
            } else {
                respond("200 OK", &[], b"page")
            }
        })
        .await;
        assert_eq!(fetched(client.get("http://a.test/").await.unwrap()).body, "page");
        assert_eq!((client.counters.requests(), client.counters.retries()), (4, 3), "{status}");
        assert_eq!(server.heads().len(), 4);
    }
}

#[tokio::test]
async fn retries_must_end_with_the_last_error() {
    let (client, server) =
        client_with(with_retries(2), |_| respond("502 Bad Gateway", &[], b"busy")).await;
    let error = client.error("http://a.test/").await;
    assert!(error.is_transient());
    assert_eq!(error.status(), Some(502));
    assert_eq!(server.heads().len(), 3);
}

#[tokio::test]
async fn broken_connections_must_be_retried() {
    let limits = HttpLimits { head_timeout: Duration::from_millis(200), ..HttpLimits::default() };
    let config = HttpConfig { limits, ..with_retries(3) };
    let (client, server) = client_with(config, |head| match head.number {
        0 => vec![ServerAction::Close],
        1 => vec![ServerAction::Hold],
        2 => vec![
            ServerAction::Send(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\npage".to_vec()),
            ServerAction::Close,
        ],
        _ => respond("200 OK", &[], b"page"),
    })
    .await;
    assert_eq!(fetched(client.get("http://a.test/").await.unwrap()).body, "page");
    assert_eq!(server.heads().len(), 4);
}

#[tokio::test]
async fn failed_connections_must_be_retried() {
    let server = HttpTestServer::start(|_| respond("200 OK", &[], b"page")).await;
    let network = TestNetwork::of(&server).name("late.test", &[B]).name("late.test", &[A]);
    let client = TestClient::new(network, with_retries(1));
    client.get("http://late.test/").await.unwrap();
    assert_eq!(client.counters.retries(), 1);
    let error = client.error("http://absent.test/").await;
    assert!(matches!(error, HttpError::Resolve { .. }), "{error}");
    assert_eq!(client.network.lookups("absent.test"), 2);
}

#[tokio::test]
async fn permanent_errors_must_not_be_retried() {
    let (client, server) = client_with(with_retries(3), |head| match head.path.as_str() {
        "/400" => respond("400 Bad Request", &[], b""),
        "/401" => respond("401 Unauthorized", &[], b""),
        "/501" => respond("501 Not Implemented", &[], b""),
        "/zstd" => respond("200 OK", &["content-encoding: zstd"], b""),
        _ => redirect("302 Found", "/loop"),
    })
    .await;
    for (count, path) in (1..).zip(["400", "401", "501", "zstd", "loop"]) {
        assert!(client.error(&format!("http://a.test/{path}")).await.is_permanent());
        assert_eq!(server.heads().len(), count, "{path}");
    }
}

#[tokio::test]
async fn a_retry_must_continue_at_the_last_redirect() {
    let (client, server) = client_with(with_retries(1), |head| match head.number {
        0 => redirect("302 Found", "/page"),
        1 => respond("500 Error", &[], b""),
        _ => respond("200 OK", &[], b"page"),
    })
    .await;
    client.get("http://a.test/").await.unwrap();
    let paths: Vec<_> = server.heads().into_iter().map(|head| head.path).collect();
    assert_eq!(paths, ["/", "/page", "/page"]);
}

#[tokio::test]
async fn retry_after_must_delay_all_requests_to_the_host() {
    for status in ["429 Too Many Requests", "503 Service Unavailable"] {
        let (client, server) = client_with(with_retries(1), move |head| match head.number {
            0 => respond(status, &["retry-after: 1"], b""),
            _ => respond("200 OK", &[], b"page"),
        })
        .await;
        let start = Instant::now();
        let first = async {
            client.get("http://a.test/first").await.unwrap();
            assert!(start.elapsed() >= Duration::from_secs(1), "{:?}", start.elapsed());
        };
        let other = async {
            // Sent after the first response.
            while client.counters.retries() == 0 {
                tokio::task::yield_now().await;
            }
            client.get("http://a.test/other").await.unwrap();
            assert!(start.elapsed() >= Duration::from_secs(1), "{:?}", start.elapsed());
        };
        futures_util::future::join(first, other).await;
        assert_eq!(server.heads().len(), 3);
    }
}

#[tokio::test]
async fn a_demanded_delay_above_the_limit_must_end_the_request() {
    let config = HttpConfig { retry_after_max: Duration::from_millis(50), ..with_retries(3) };
    let (client, server) = client_with(config, |head| match head.number {
        0 => respond("429 Too Many Requests", &["retry-after: 3600"], b""),
        _ => respond("200 OK", &[], b"page"),
    })
    .await;
    let error = client.error("http://a.test/").await;
    assert_eq!(error.retry_after(), Some(Duration::from_hours(1)));
    assert!(error.is_transient());
    assert_eq!(server.heads().len(), 1);
    // The host is suspended up to the limit, not for an hour.
    client.get("http://a.test/").await.unwrap();
}

#[tokio::test]
async fn requests_to_one_host_must_not_exceed_its_concurrency() {
    let (client, server) = client_of(|_| vec![ServerAction::Hold]).await;
    let mut requests: Vec<_> = (0..20).map(|_| Box::pin(client.get("http://a.test/"))).collect();
    // Two requests arrive and are not served; the others have all been polled by then.
    while server.heads().len() < 2 {
        for request in &mut requests {
            assert!(futures_util::poll!(request).is_pending());
        }
        tokio::task::yield_now().await;
    }
    for _ in 0..100 {
        for request in &mut requests {
            assert!(futures_util::poll!(request).is_pending());
        }
        tokio::task::yield_now().await;
    }
    assert_eq!(client.counters.requests(), 2);
    assert_eq!(server.connections(), 2);
}
