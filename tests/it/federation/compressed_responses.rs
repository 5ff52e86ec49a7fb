//! Responses of subgraphs in other forms than plain JSON: compressed, and with media types in any
//! case.

use std::{
    io::Write,
    net::TcpStream,
    time::{Duration, Instant},
};

use brotli::CompressorWriter;
use flate2::{Compression, write::GzEncoder};
use serde_json::{Value, json};

use super::{Gateway, at_addresses, subgraph::Subgraph, supergraph};
use crate::support::Installation;
use crate::test_server::{Server, subgraph_config};

const READERS: &str = "{ readers { name } }";
const BODY: &str = r#"{"data":{"readers":[{"name":"Bo"}]}}"#;
/// Limit on the size of a response in these tests.
const BYTES_MAX: usize = 2 << 20;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn brotli(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = CompressorWriter::new(Vec::new(), 4_096, 5, 22);
    encoder.write_all(bytes).unwrap();
    encoder.into_inner()
}

/// Writes a complete response.
fn write(stream: &mut TcpStream, status: &str, headers: &str, body: &[u8]) {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\n{headers}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
    );
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
}

/// The response of a gateway whose subgraph sends this.
fn response_to(status: &'static str, headers: &'static str, body: Vec<u8>) -> Value {
    let people =
        Subgraph::with_responder(move |_, _, stream| write(stream, status, headers, &body));
    let servers = [("people".to_owned(), people.address), ("shelf".to_owned(), people.address)];
    let text = at_addresses(&supergraph("simple_entity_call"), servers);
    let gateway = Gateway::with(&text, |config| {
        config.limits.subgraph_bytes_max = BYTES_MAX;
        config.limits.subgraph_retries_max = 0;
    });
    gateway.query(READERS)
}

const JSON: &str = "content-type: application/json";

#[test]
fn compressed_responses_must_be_read() {
    for (coding, body) in [
        ("content-encoding: gzip", gzip(BODY.as_bytes())),
        ("Content-Encoding: X-GZIP", gzip(BODY.as_bytes())),
        ("content-encoding: identity, gzip", gzip(BODY.as_bytes())),
        ("content-encoding: br", brotli(BODY.as_bytes())),
        ("content-encoding: BR", brotli(BODY.as_bytes())),
        ("content-encoding: identity", BODY.as_bytes().to_vec()),
    ] {
        let headers: &'static str = format!("{JSON}\r\n{coding}").leak();
        let response = response_to("200 OK", headers, body);
        assert_eq!(response, json!({ "data": { "readers": [{ "name": "Bo" }] } }), "{coding}");
    }
}

#[test]
fn responses_that_cannot_be_decoded_must_be_malformed() {
    let (gzipped, compressed) = (gzip(BODY.as_bytes()), brotli(BODY.as_bytes()));
    let with = |coding: &str| -> &'static str { format!("{JSON}\r\n{coding}").leak() };
    for (coding, body) in [
        ("content-encoding: gzip", gzipped[..gzipped.len() - 9].to_vec()),
        ("content-encoding: gzip", BODY.as_bytes().to_vec()),
        ("content-encoding: br", compressed[..compressed.len() - 1].to_vec()),
        ("content-encoding: zstd", BODY.as_bytes().to_vec()),
        ("content-encoding: gzip, br", brotli(&gzipped)),
        ("content-encoding: gzip\r\ncontent-encoding: gzip", gzip(&gzipped)),
    ] {
        let response = response_to("200 OK", with(coding), body);
        let code = &response["errors"][0]["extensions"]["code"];
        assert_eq!(code, "SUBGRAPH_MALFORMED_RESPONSE", "{coding}: {response}");
        assert_eq!(response["data"], json!({ "readers": null }), "{coding}");
    }
    // The status is what counts for a proxy.
    for coding in ["content-encoding: zstd", "content-encoding: gzip"] {
        let response = response_to("502 Bad Gateway", with(coding), b"<html>".to_vec());
        let code = &response["errors"][0]["extensions"]["code"];
        assert_eq!(code, "SUBGRAPH_UNAVAILABLE", "{coding}: {response}");
    }
}

#[test]
fn the_limit_must_apply_to_the_decompressed_size() {
    let padded = |bytes: usize| {
        let padding = " ".repeat(bytes - BODY.len());
        format!("{BODY}{padding}").into_bytes()
    };
    for (coding, compress) in
        [("content-encoding: gzip", gzip as fn(&[u8]) -> Vec<u8>), ("content-encoding: br", brotli)]
    {
        let headers: &'static str = format!("{JSON}\r\n{coding}").leak();
        let response = response_to("200 OK", headers, compress(&padded(BYTES_MAX)));
        assert_eq!(response.get("errors"), None, "{coding}: {response}");
        let response = response_to("200 OK", headers, compress(&padded(BYTES_MAX + 1)));
        let code = &response["errors"][0]["extensions"]["code"];
        assert_eq!(code, "SUBGRAPH_MALFORMED_RESPONSE", "{coding}: {response}");
    }
    // A gigabyte of zeros in a megabyte.
    let bomb = gzip(&vec![0; 1 << 20]).repeat(1_024);
    assert!(bomb.len() < BYTES_MAX);
    let started = Instant::now();
    let response = response_to("200 OK", "content-encoding: gzip", bomb);
    let code = &response["errors"][0]["extensions"]["code"];
    assert_eq!(code, "SUBGRAPH_MALFORMED_RESPONSE", "{response}");
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
}

#[test]
fn media_types_must_decide_over_the_body_of_an_error_status_without_case() {
    let errors = r#"{"errors":[{"message":"sign in"}]}"#;
    for (media, code) in [
        ("content-type: application/json", "SUBGRAPH_ERROR"),
        ("content-type: Application/JSON; charset=UTF-8", "SUBGRAPH_ERROR"),
        ("Content-Type: Application/GraphQL-Response+JSON", "SUBGRAPH_ERROR"),
        ("content-type: application/problem+json", "SUBGRAPH_MALFORMED_RESPONSE"),
        ("content-type: text/html", "SUBGRAPH_MALFORMED_RESPONSE"),
    ] {
        let response = response_to("401 Unauthorized", media, errors.into());
        assert_eq!(response["errors"][0]["extensions"]["code"], code, "{media}: {response}");
        // With success, the body alone decides.
        let response = response_to("200 OK", media, BODY.into());
        assert_eq!(response.get("errors"), None, "{media}: {response}");
    }
}

#[test]
fn a_compressed_sdl_must_be_composed() {
    let sdl = "extend schema @link(url: \"https://specs.apollo.dev/federation/v2.3\") \
               type Query { packed: Int }";
    let body = gzip(json!({ "data": { "_service": { "sdl": sdl } } }).to_string().as_bytes());
    let packed = Subgraph::with_responder(move |_, _, stream| {
        write(stream, "200 OK", "content-type: application/json\r\ncontent-encoding: gzip", &body);
    });
    let installation = Installation::small();
    installation.build();
    let server = Server::with(&installation, |config| {
        let url = format!("http://{}/graphql", packed.address).parse().unwrap();
        config.subgraphs = vec![subgraph_config("packed", url, None)];
    });
    let until = Instant::now() + Duration::from_secs(30);
    while server
        .query("{ __type(name: \"Query\") { fields { name } } }")
        .to_string()
        .find("packed")
        .is_none()
    {
        assert!(Instant::now() < until, "the SDL is not composed");
        std::thread::sleep(Duration::from_millis(50));
    }
}
