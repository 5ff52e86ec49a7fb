use std::{
    io::Write,
    time::{Duration, Instant},
};

use flate2::{Compression, write::GzEncoder};
use futures_util::poll;

use super::support::*;
use crate::sync::http::*;

const SHORT: Duration = Duration::from_millis(100);

fn limited(limits: HttpLimits) -> HttpConfig {
    HttpConfig { limits, ..config() }
}

/// Checks that the error is a timeout of that phase.
#[track_caller]
fn check_timeout(error: &HttpError, expected: HttpPhase) {
    match error {
        HttpError::TimedOut { phase, limit, .. } => {
            assert_eq!((*phase, *limit), (expected, SHORT));
        }
        other => panic!("{other:?}"),
    }
    assert!(error.is_transient());
}

/// Checks that the error is a length of more than `expected_max` bytes.
#[track_caller]
fn check_too_large(error: &HttpError, expected: SizeLimit, expected_max: usize) {
    match error {
        HttpError::TooLarge { part, bytes_max, .. } => {
            assert_eq!((*part, *bytes_max), (expected, expected_max));
        }
        other => panic!("{other:?}"),
    }
    assert!(error.is_permanent());
}

#[tokio::test]
async fn a_slow_tls_handshake_must_time_out() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    // Connections are accepted by the system, and nobody reads from them.
    let limits = HttpLimits { connect_timeout: SHORT, ..HttpLimits::default() };
    let client = HttpClient::new(limited(limits)).unwrap();
    let url: url::Url = format!("https://127.0.0.1:{port}/").parse().unwrap();
    let policy = std::sync::Arc::new(SourcePolicy::new(&url).allow_private_addresses());
    let request = HttpRequest::new(url, policy, std::sync::Arc::default());
    let error = client.get(&request).await.map(|_| ()).unwrap_err();
    check_timeout(&error, HttpPhase::Connection);
}

#[tokio::test]
async fn a_slow_head_must_time_out() {
    let limits = HttpLimits { head_timeout: SHORT, ..HttpLimits::default() };
    let (client, _server) = client_with(limited(limits), |head| match head.path.as_str() {
        "/silent" => vec![ServerAction::Hold],
        "/begun" => {
            vec![ServerAction::Send(b"HTTP/1.1 200 OK\r\nx-a".to_vec()), ServerAction::Hold]
        }
        _ => vec![ServerAction::Repeat(b"HTTP/1.1 100 Continue\r\n\r\n".to_vec())],
    })
    .await;
    for path in ["silent", "begun", "continue"] {
        check_timeout(&client.error(&format!("http://a.test/{path}")).await, HttpPhase::Head);
    }
}

#[tokio::test]
async fn a_slow_body_must_time_out() {
    let limits = HttpLimits { body_timeout: SHORT, ..HttpLimits::default() };
    let (client, _server) = client_with(limited(limits), |head| match head.path.as_str() {
        "/stopped" => vec![
            ServerAction::Send(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\npage".to_vec()),
            ServerAction::Hold,
        ],
        _ => vec![ServerAction::Send(b"HTTP/1.1 200 OK\r\n\r\npage".to_vec()), ServerAction::Hold],
    })
    .await;
    for path in ["stopped", "endless"] {
        check_timeout(&client.error(&format!("http://a.test/{path}")).await, HttpPhase::Body);
    }
}

#[tokio::test]
async fn the_total_time_must_include_redirects_and_retries() {
    let limits = HttpLimits { total_timeout: SHORT, ..HttpLimits::default() };
    let config = HttpConfig { retries_max: 1_000, ..limited(limits) };
    let (client, server) = client_with(config, |head| match head.path.as_str() {
        "/moved" => redirect("302 Found", "/silent"),
        "/silent" => vec![ServerAction::Hold],
        _ => respond("503 Service Unavailable", &[], b""),
    })
    .await;
    check_timeout(&client.error("http://a.test/moved").await, HttpPhase::Total);
    let start = Instant::now();
    let error = client.error("http://a.test/overloaded").await;
    assert!(error.is_transient(), "{error}");
    assert!(start.elapsed() < 50 * SHORT, "{:?}", start.elapsed());
    assert!(server.heads().len() > 3);
}

#[tokio::test]
async fn the_total_time_must_not_include_the_queue() {
    let limits = HttpLimits { total_timeout: 2 * SHORT, ..HttpLimits::default() };
    let config = HttpConfig { request_interval: SHORT, ..limited(limits) };
    let (client, _server) = client_with(config, |_| respond("200 OK", &[], b"page")).await;
    let requests = (0..5).map(|_| client.get("http://a.test/"));
    for response in futures_util::future::join_all(requests).await {
        response.unwrap();
    }
}

#[tokio::test]
async fn a_body_must_not_exceed_the_limits() {
    let limits = HttpLimits { wire_bytes_max: 1_000, body_bytes_max: 900, ..HttpLimits::default() };
    let (client, _server) = client_with(limited(limits), |head| match head.path.as_str() {
        "/declared" => vec![
            ServerAction::Send(b"HTTP/1.1 200 OK\r\ncontent-length: 1001\r\n\r\n".to_vec()),
            ServerAction::Hold,
        ],
        "/endless" => vec![
            ServerAction::Send(b"HTTP/1.1 200 OK\r\n\r\n".to_vec()),
            ServerAction::Repeat(vec![b'a'; 100]),
        ],
        "/chunks" => vec![
            ServerAction::Send(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec()),
            ServerAction::Repeat(b"1\r\na\r\n".to_vec()),
        ],
        "/901" => respond("200 OK", &[], &[b'a'; 901]),
        _ => respond("200 OK", &[], &[b'a'; 900]),
    })
    .await;
    for path in ["declared", "endless", "chunks"] {
        let error = client.error(&format!("http://a.test/{path}")).await;
        check_too_large(&error, SizeLimit::Wire, 1_000);
    }
    check_too_large(&client.error("http://a.test/901").await, SizeLimit::Body, 900);
    assert_eq!(fetched(client.get("http://a.test/900").await.unwrap()).body.len(), 900);
}

#[tokio::test]
async fn a_compressed_body_must_not_exceed_the_limit() {
    const LENGTH: usize = 50_000_000;
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(&vec![0; LENGTH]).unwrap();
    let gzip = gzip.finish().unwrap();
    let mut brotli = brotli::CompressorWriter::new(Vec::new(), 4_096, 1, 22);
    brotli.write_all(&vec![0; LENGTH]).unwrap();
    let brotli = brotli.into_inner();
    let limits = HttpLimits { body_bytes_max: 100_000, ..HttpLimits::default() };
    let (client, _server) = client_with(limited(limits), move |head| match head.path.as_str() {
        "/gzip" => respond("200 OK", &["content-encoding: gzip"], &gzip),
        _ => respond("200 OK", &["content-encoding: br"], &brotli),
    })
    .await;
    for path in ["gzip", "brotli"] {
        let error = client.error(&format!("http://a.test/{path}")).await;
        check_too_large(&error, SizeLimit::Body, 100_000);
    }
}

#[tokio::test]
async fn the_head_must_not_exceed_the_limits() {
    let (client, _server) = client_of(|head| match head.path.as_str() {
        "/long" => vec![
            ServerAction::Send(b"HTTP/1.1 200 OK\r\nx-a: ".to_vec()),
            ServerAction::Repeat(vec![b'a'; 1_000]),
        ],
        "/many" => {
            let lines: Vec<_> = (0..200).map(|number| format!("x-{number}: a")).collect();
            let lines: Vec<_> = lines.iter().map(String::as_str).collect();
            respond("200 OK", &lines, b"")
        }
        _ => respond("200 OK", &[&format!("x-a: {}", "a".repeat(40_000))], b"page"),
    })
    .await;
    for path in ["long", "many"] {
        let error = client.error(&format!("http://a.test/{path}")).await;
        check_too_large(&error, SizeLimit::Head, 64 << 10);
    }
    client.get("http://a.test/fits").await.unwrap();
}

#[tokio::test]
async fn the_body_of_an_error_must_be_limited() {
    let limits = HttpLimits { body_timeout: SHORT, ..HttpLimits::default() };
    let (client, _server) = client_with(limited(limits), |head| {
        let status = if head.path.ends_with("404") { "404 N" } else { "400 B" };
        let last = if head.path.starts_with("/slow") {
            ServerAction::Hold
        } else {
            ServerAction::Repeat(vec![b'a'; 10_000])
        };
        vec![ServerAction::Send(format!("HTTP/1.1 {status}\r\n\r\nstart").into_bytes()), last]
    })
    .await;
    for path in ["slow400", "long400"] {
        match client.error(&format!("http://a.test/{path}")).await {
            HttpError::Status { status: 400, body, .. } => assert!(body.is_empty()),
            other => panic!("{other:?}"),
        }
    }
    for path in ["slow404", "long404"] {
        let response = client.get(&format!("http://a.test/{path}")).await.unwrap();
        assert!(matches!(response.content, HttpContent::Gone { status: 404, .. }), "{path}");
    }
    assert!(client.counters.bytes() < 1_000_000);
}

#[tokio::test]
async fn a_dropped_request_must_release_its_permit() {
    let config = HttpConfig { concurrency_per_host: 1.try_into().unwrap(), ..config() };
    let (client, server) = client_with(config, |head| match head.path.as_str() {
        "/silent" => vec![ServerAction::Hold],
        _ => respond("200 OK", &[], b"page"),
    })
    .await;
    for _ in 0..5 {
        let mut silent = Box::pin(client.get("http://a.test/silent"));
        let received = server.heads().len() + 1;
        while server.heads().len() < received {
            assert!(poll!(&mut silent).is_pending());
            tokio::task::yield_now().await;
        }
        let mut waiting = Box::pin(client.get("http://a.test/page"));
        assert!(poll!(&mut waiting).is_pending());
        drop(silent);
        waiting.await.unwrap();
    }
}
