use std::io::Write;

use flate2::{Compression, write::GzEncoder};

use super::support::*;
use crate::sync::http::*;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn a_response_must_have_its_content_and_headers() {
    let (client, server) = client_of(|_| {
        let headers = [
            "content-type: Application/JSON; charset=UTF-8",
            "etag: \"v1\"",
            "last-modified: Thu, 26 Nov 2026 10:00:00 GMT",
            "x-wp-total: 1014",
            "link: <http://a.test/?page=2>; rel=\"next\"",
        ];
        respond("200 OK", &headers, b"[]")
    })
    .await;
    let response = client.get("http://a.test/posts?page=1").await.unwrap();
    assert_eq!(response.headers["x-wp-total"], "1014");
    assert_eq!(response.headers["link"], "<http://a.test/?page=2>; rel=\"next\"");
    let fetched = fetched(response);
    assert_eq!(fetched.body, "[]");
    assert_eq!(fetched.media_type.as_deref(), Some("application/json"));
    assert_eq!(fetched.charset.as_deref(), Some("utf-8"));
    let expected = Validators {
        url: "http://a.test/posts?page=1".parse().unwrap(),
        etag: Some("\"v1\"".into()),
        last_modified: Some("Thu, 26 Nov 2026 10:00:00 GMT".into()),
    };
    assert_eq!(fetched.validators, expected);
    let head = &server.heads()[0].text;
    assert!(head.starts_with("get /posts?page=1 http/1.1"), "{head}");
    for line in [
        "accept: */*",
        "accept-encoding: gzip, deflate, br",
        "host: a.test",
        concat!("user-agent: wegwijzer/", env!("CARGO_PKG_VERSION"), " (+test@example.nl)"),
    ] {
        assert!(head.contains(&format!("\r\n{line}\r\n")), "{line}: {head}");
    }
    for absent in ["cookie", "authorization", "referer", "if-none-match", "if-modified-since"] {
        assert!(!head.contains(absent), "{head}");
    }
}

#[tokio::test]
async fn compressed_and_chunked_bodies_must_be_read() {
    let (client, _server) = client_of(|head| match head.path.as_str() {
        "/gzip" => respond("200 OK", &["content-encoding: gzip"], &gzip(b"page")),
        "/chunked" => vec![ServerAction::Send(
            [
                &b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"[..],
                b"2\r\npa\r\n2\r\nge\r\n0\r\n\r\n",
            ]
            .concat(),
        )],
        // Without a length, the end of the connection is the end of the body.
        _ => vec![ServerAction::Send(b"HTTP/1.0 200 OK\r\n\r\npage".to_vec()), ServerAction::Close],
    })
    .await;
    for path in ["gzip", "chunked", "close"] {
        let response = client.get(&format!("http://a.test/{path}")).await.unwrap();
        assert_eq!(fetched(response).body, "page", "{path}");
    }
    assert_eq!(client.counters.bytes(), gzip(b"page").len() as u64 + 8);
}

#[tokio::test]
async fn an_incomplete_body_must_be_an_error() {
    let (client, _server) = client_of(|head| {
        let compressed = gzip(b"page");
        let bytes = match head.path.as_str() {
            "/length" => b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\npage".to_vec(),
            "/chunk" => b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n9\r\npage".to_vec(),
            "/last-chunk" => {
                b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\npage\r\n".to_vec()
            }
            "/chunk-size" => {
                b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\npage\r\n".to_vec()
            }
            _ => [
                &b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n"[..],
                &compressed[..compressed.len() - 3],
            ]
            .concat(),
        };
        vec![ServerAction::Send(bytes), ServerAction::Close]
    })
    .await;
    for path in ["length", "chunk", "last-chunk", "chunk-size", "gzip"] {
        let error = client.error(&format!("http://a.test/{path}")).await;
        assert!(matches!(error, HttpError::Truncated { .. }), "{path}: {error:?}");
        assert!(error.is_transient(), "{path}");
    }
}

#[tokio::test]
async fn a_body_in_an_unknown_or_invalid_coding_must_be_an_error() {
    let (client, _server) = client_of(|head| match head.path.as_str() {
        "/zstd" => respond("200 OK", &["content-encoding: zstd"], b"page"),
        "/twice" => respond("200 OK", &["content-encoding: gzip, gzip"], b"page"),
        _ => respond("200 OK", &["content-encoding: gzip"], b"not compressed at all"),
    })
    .await;
    for (path, expected) in [("zstd", "zstd"), ("twice", "gzip, gzip")] {
        let error = client.error(&format!("http://a.test/{path}")).await;
        assert!(
            matches!(&error, HttpError::ContentEncoding { encoding, .. } if encoding == expected),
            "{error}"
        );
    }
    let error = client.error("http://a.test/invalid").await;
    assert!(matches!(error, HttpError::Decompression { .. }), "{error:?}");
    assert!(error.is_permanent());
}

#[tokio::test]
async fn only_one_validator_must_be_sent_and_only_to_its_address() {
    let (client, server) = client_of(|head| match head.path.as_str() {
        "/moved" => redirect("301 Moved Permanently", "/page"),
        _ if head.text.contains("if-") => respond("304 Not Modified", &["x-a: b"], b""),
        _ => respond("200 OK", &[], b"page"),
    })
    .await;
    let date = "Thu, 26 Nov 2026 10:00:00 GMT";
    let known = |url: &str, etag: Option<&str>, last_modified: Option<&str>| Validators {
        url: url.parse().unwrap(),
        etag: etag.map(str::to_owned),
        last_modified: last_modified.map(str::to_owned),
    };
    let page = "http://a.test/page";
    for (url, validators, expected) in [
        (page, known(page, Some("\"v1\""), Some(date)), Some("if-none-match: \"v1\"")),
        (page, known(page, None, Some(date)), Some("if-modified-since: thu, 26 nov 2026")),
        (page, known(page, None, None), None),
        (page, known("http://a.test/other", Some("\"v1\""), None), None),
        (page, known(page, Some("a\r\nx: y"), None), None),
        ("http://a.test/moved", known(page, Some("\"v1\""), None), Some("if-none-match: \"v1\"")),
        ("http://a.test/moved", known("http://a.test/moved", Some("\"v1\""), None), None),
    ] {
        let mut request = client.request(url);
        request.validators = Some(validators.clone());
        let response = client.client.get(&request).await.unwrap();
        let is_not_modified = matches!(response.content, HttpContent::NotModified);
        assert_eq!(is_not_modified, expected.is_some(), "{validators:?}");
        let heads = server.heads();
        let head = &heads.last().unwrap().text;
        assert_eq!(head.matches("\r\nif-").count(), usize::from(expected.is_some()), "{head}");
        assert!(expected.is_none_or(|line| head.contains(line)), "{head}");
    }
    assert_eq!(client.counters.not_modified(), 3);
}

#[tokio::test]
async fn not_modified_without_validators_must_be_an_error() {
    let (client, _server) = client_of(|_| respond("304 Not Modified", &[], b"")).await;
    let error = client.error("http://a.test/").await;
    assert!(matches!(error, HttpError::UnexpectedNotModified { .. }), "{error}");
    assert_eq!(error.status(), Some(304));
}

#[tokio::test]
async fn gone_must_be_a_result_with_the_body() {
    for (line, expected) in [("404 Not Found", 404), ("410 Gone", 410)] {
        let body = br#"{"code":"rest_post_invalid_id"}"#;
        let (client, server) =
            client_of(move |_| respond(line, &["content-encoding: gzip"], &gzip(body))).await;
        for _ in 0..2 {
            match client.get("http://a.test/").await.unwrap().content {
                HttpContent::Gone { status, body: found } => {
                    assert_eq!((status, &found[..]), (expected, &body[..]));
                }
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(server.connections(), 1, "the connection is not used again");
    }
}

#[tokio::test]
async fn an_error_status_must_be_classified() {
    for (line, expected) in [
        ("204 No Content", 204),
        ("206 Partial Content", 206),
        ("300 Multiple Choices", 300),
        ("305 Use Proxy", 305),
        ("400 Bad Request", 400),
        ("418 Teapot", 418),
        ("501 Not Implemented", 501),
        ("599 Unknown", 599),
    ] {
        let (client, _server) = client_of(move |_| {
            let body = if line.starts_with("204") { &b""[..] } else { b"reason" };
            vec![
                ServerAction::Send(head(line, &[])),
                ServerAction::Send(body.to_vec()),
                ServerAction::Close,
            ]
        })
        .await;
        let error = client.error("http://a.test/").await;
        assert!(error.is_permanent() && !error.is_unauthorized(), "{error}");
        match error {
            HttpError::Status { status, body, .. } => {
                assert_eq!(status, expected);
                assert!(status == 204 || body == "reason", "{line}: {body:?}");
            }
            other => panic!("{line}: {other:?}"),
        }
    }
    for (line, expected) in [("401 Unauthorized", 401), ("403 Forbidden", 403)] {
        let (client, _server) = client_of(move |_| respond(line, &[], b"login")).await;
        let error = client.error("http://a.test/").await;
        assert!(error.is_unauthorized() && error.is_permanent(), "{error}");
        assert_eq!(error.status(), Some(expected));
        assert!(error.to_string().contains("credentials"), "{error}");
        assert!(matches!(error, HttpError::Unauthorized { body, .. } if body == "login"));
    }
}

#[tokio::test]
async fn an_invalid_response_must_be_an_error() {
    for bytes in [
        &b"SSH-2.0-OpenSSH_9.2\r\n\r\n"[..],
        b"HTTP/1.1 999999 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\ncontent-length: many\r\n\r\n",
        b"HTTP/1.1 200 OK\r\na header\r\n\r\n",
        b"\0\0\0\0\xff\xff\r\n\r\n",
    ] {
        let (client, _server) =
            client_of(|_| vec![ServerAction::Send(bytes.to_vec()), ServerAction::Close]).await;
        let error = client.error("http://a.test/").await;
        assert!(matches!(error, HttpError::InvalidResponse { .. }), "{bytes:?}: {error:?}");
    }
    let (client, _server) = client_of(|_| vec![ServerAction::Close]).await;
    let error = client.error("http://a.test/").await;
    assert!(matches!(error, HttpError::Disconnected { .. }), "{error:?}");
    assert!(error.is_transient());
}
