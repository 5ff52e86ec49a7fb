//! `/v1`: content and changes for programs, export, conditional requests and errors.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{
    partners::{EVENTS_KEY, KEY, get, is_problem, serve},
    test_server::{Reply, Server},
};

fn ok(server: &Server, path: &str) -> Value {
    let reply = server.get(path);
    assert_eq!((reply.status, reply.header("api-version")), (200, Some("1.0.0")), "{path}");
    reply.json()
}

/// The path of a URL of the interface.
fn path(url: &Value) -> &str {
    url.as_str().and_then(|url| url.strip_prefix("http://127.0.0.1:8080")).expect("our URL")
}

/// A body that was sent in chunks (RFC 9112).
fn dechunked(mut body: &str) -> String {
    let mut whole = String::new();
    while let Some((length, rest)) = body.split_once("\r\n") {
        let length = usize::from_str_radix(length, 16).expect("a length");
        whole.push_str(&rest[..length]);
        body = rest[length..].strip_prefix("\r\n").expect("the end of a chunk");
    }
    whole
}

#[test]
fn every_link_to_the_next_page_must_lead_to_the_rest() {
    let (_installation, server) = Server::demo();
    for (start, first_page_only) in [
        (
            "/v1/search?kind=article&sort=newest&first=7",
            "/v1/search?kind=article&sort=newest&first=100",
        ),
        ("/v1/search?q=brief&first=3", "/v1/search?q=brief&first=100"),
        ("/v1/events?first=4", "/v1/events?first=100"),
        ("/v1/entities?kind=organisation&first=5", "/v1/entities?kind=organisation&first=100"),
        ("/v1/themes?first=5", "/v1/themes?first=100"),
        ("/v1/changes?first=9", "/v1/changes?first=1000"),
    ] {
        let id = |item: &Value| {
            item["content"]["id"].as_str().or(item["id"].as_str()).map(str::to_owned)
        };
        let ids = |page: &Value| -> Vec<_> {
            page["items"]
                .as_array()
                .expect("items")
                .iter()
                .map(|item| id(item).expect("an id"))
                .collect()
        };
        let expected = ids(&ok(&server, first_page_only));
        let mut found = Vec::new();
        let mut next = start.to_owned();
        loop {
            let page = ok(&server, &next);
            found.extend(ids(&page));
            if page["links"]["next"].is_null() || found.len() > 1_000 {
                break;
            }
            next = path(&page["links"]["next"]).to_owned();
        }
        found.truncate(expected.len().max(100));
        assert!(expected.len() > 4 && found == expected, "{start}: {found:?} {expected:?}");
    }
    let beyond = ok(&server, "/v1/search?q=brief&page=50");
    assert_eq!(beyond["items"].as_array().map(Vec::len), Some(0));
}

#[test]
fn an_export_must_contain_everything_once_and_continue() {
    let (_installation, server) = Server::demo();
    let whole = server.get("/v1/export");
    let generation = whole.header("generation").expect("a generation").to_owned();
    let after_export = whole.header("changes-after").expect("a cursor").to_owned();
    let lines = dechunked(&whole.body);
    let records: Vec<Value> =
        lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let ids: Vec<_> = records.iter().map(|record| record["id"].as_str().expect("an id")).collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len());
    for record in &records {
        let is_content = record.get("form").is_some();
        let collection = if is_content { "content" } else { "entities" };
        let mut single =
            ok(&server, &format!("/v1/{collection}/{}", record["id"].as_str().expect("an id")));
        single.as_object_mut().expect("an object").remove("sources");
        assert_eq!(&single, record);
    }
    let found = ok(&server, "/v1/search?first=1")["totalCount"].as_u64();
    let content = records.iter().filter(|record| record.get("form").is_some()).count();
    // Near-duplicates count once in a search.
    assert!(
        found.is_some_and(|found| found > 20 && found <= content as u64),
        "{found:?} {content}"
    );
    let middle = ids[ids.len() / 2];
    let rest = server.get(&format!("/v1/export?generation={generation}&after={middle}"));
    let rest = dechunked(&rest.body);
    assert!(lines.ends_with(&rest) && rest.lines().count() == ids.len() - ids.len() / 2 - 1);
    let changes = ok(&server, &format!("/v1/changes?after={after_export}"));
    assert_eq!(changes["items"].as_array().map(Vec::len), Some(0));
    assert_eq!(changes["nextAfter"], Value::from(after_export));
    assert!(
        ok(&server, "/v1/changes?first=1000")["items"]
            .as_array()
            .is_some_and(|all| all.len() >= ids.len())
    );
    // No contact data of people, whatever their record is.
    assert!(!lines.contains("@gmail") && !lines.contains("mailto:"));
}

#[test]
fn an_invalid_request_must_be_rejected_with_its_reason() {
    let (_installation, server) = serve();
    for (target, status, reason) in [
        ("/v1/search?colour=red", 400, "colour"),
        ("/v1/search?first=0", 400, "first"),
        ("/v1/search?first=101", 400, "first"),
        ("/v1/search?page=51", 400, "page"),
        ("/v1/search?kind=person", 400, "kind"),
        ("/v1/search?after=zzz", 400, "after"),
        ("/v1/search?after=zzz&page=2", 400, "page"),
        ("/v1/search?facets=yes", 400, "facets"),
        ("/v1/search?until=", 400, "until"),
        ("/v1/suggest?first=", 400, "first"),
        ("/v1/export?after=", 400, "after"),
        ("/v1/events?kind=article", 400, "kind"),
        ("/v1/entities", 400, "kind"),
        ("/v1/entities?kind=article", 400, "kind"),
        ("/v1/themes?kind=theme", 400, "kind"),
        ("/v1/themes?q=a&q=b", 400, "q"),
        ("/v1/suggest?first=21", 400, "first"),
        ("/v1/changes?after=x", 400, "after"),
        ("/v1/changes?after=ffff-0", 410, "/v1/export"),
        ("/v1/export?after=a000000000000", 400, "generation"),
        ("/v1/export?generation=7", 410, "/v1/export"),
        ("/v1/export?generation=x", 400, "generation"),
        ("/v1/content/a000000000000", 404, "id"),
        ("/v1/content/x", 404, "id"),
        ("/v1/entities/a000000000000", 404, "id"),
        ("/v1/search/", 404, "path"),
        ("/v1/", 404, "path"),
        ("/v1", 404, "path"),
        ("/v1/nothing", 404, "path"),
        ("/v1/search?key=wk_unknown00000", 401, "key"),
        // A key with a filter only finds part of the content, so it is for searches only.
        ("/v1/export?key=wk_0000events0only", 400, "key"),
    ] {
        let reply = get(&server, target, &["accept: text/html"]);
        assert_eq!(reply.status, status, "{target} {}", reply.body);
        assert!(is_problem(&reply) && reply.body.contains(reason), "{target} {}", reply.body);
        assert_eq!(reply.header("api-version"), Some("1.0.0"), "{target}");
    }
    let many = "kind=event&".repeat(101);
    let long = "a".repeat(201);
    for (target, reason) in [
        (format!("/v1/search?{many}"), "100"),
        (format!("/search.atom?{many}"), "100"),
        (format!("/v1/themes?q={long}"), "200"),
        (format!("/v1/suggest?q={long}"), "200"),
    ] {
        let reply = server.get(&target);
        assert!(reply.status == 400 && reply.body.contains(reason), "{target} {}", reply.body);
    }
    for method in ["POST", "PUT", "DELETE", "TRACE"] {
        let reply = server.request(&format!("{method} /v1/search HTTP/1.1"), b"");
        assert_eq!((reply.status, reply.header("allow")), (405, Some("get, head")), "{method}");
    }
}

#[test]
fn conditional_compressed_and_head_requests_must_be_those_of_every_interface() {
    let (_installation, server) = serve();
    for target in [
        "/v1/search?q=klantreis",
        "/v1/events",
        "/v1/themes",
        "/v1/suggest?q=kl",
        "/v1/changes",
        "/v1/entities?kind=person",
    ] {
        let reply = get(&server, target, &[]);
        let etag = reply.header("etag").expect("an ETag");
        let again = get(&server, target, &[&format!("if-none-match: {etag}")]);
        assert_eq!((again.status, again.body.as_str()), (304, ""), "{target}");
        let head = server.request(&format!("HEAD {target} HTTP/1.1"), b"");
        let of = |reply: &Reply, name: &str| reply.header(name).map(str::to_owned);
        assert_eq!(of(&head, "content-length"), of(&reply, "content-length"), "{target}");
        assert_eq!((head.status, of(&head, "etag")), (200, of(&reply, "etag")), "{target}");
    }
    let head = server.request("HEAD /v1/export HTTP/1.1", b"");
    assert_eq!(head.status, 405);
}

#[test]
fn a_partner_must_find_its_own_part() {
    let (_installation, server) = serve();
    let all = ok(&server, &format!("/v1/search?key={KEY}"));
    let part = ok(&server, &format!("/v1/search?key={EVENTS_KEY}"));
    assert!(all["totalCount"].as_u64() > part["totalCount"].as_u64(), "{all} {part}");
    let items = part["items"].as_array().expect("items");
    assert!(!items.is_empty() && items.iter().all(|item| item["content"]["kind"] == "EVENT"));
}

#[test]
fn the_document_must_name_every_parameter_and_only_those() {
    let (_installation, server) = serve();
    let reply = server.get("/v1/openapi.json");
    assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
    let document = reply.json();
    let parameters = document["paths"]["/search"]["get"]["parameters"].as_array().expect("a list");
    let names: BTreeSet<_> = parameters.iter().filter_map(|one| one["name"].as_str()).collect();
    for name in &names {
        // Every named parameter is known: an invalid value is not an unknown parameter.
        let reply = server.get(&format!("/v1/search?{name}=%21"));
        assert!(!reply.body.contains("unknown parameter"), "{name} {}", reply.body);
    }
    for facet in schema::Facet::ALL.iter().filter_map(|facet| facet.parameter()) {
        assert!(names.contains(facet), "{facet}");
    }
}
