//! Runs over endpoints on the loopback interface: each way of paging, and what endpoints do wrong.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use serde_json::{Map, Value, json};

use super::{ApiOptions, ItemList, Paging};
use crate::sync::{
    Completeness, Protocol,
    fake_site::{FakeContent, FakeReply, FakeSite},
    test_source::{TestSource, outcome},
};

/// Number of items of a page.
const SIZE: usize = 10;

fn list(paging: Paging) -> ItemList {
    ItemList {
        name: "`address`".to_owned(),
        query: None,
        variables: Map::new(),
        items: "items".to_owned(),
        key: "id".to_owned(),
        total: None,
        paging,
        page_size: Some(("size".to_owned(), SIZE as u64)),
        public_if: None,
        children: None,
        horizon: None,
    }
}

fn source(site: &FakeSite, list: ItemList) -> TestSource {
    let options =
        ApiOptions { preset: None, endpoint: None, lists: vec![list], removal_query: None };
    TestSource::with_protocol(&site.address("/api?lang=nl"), Protocol::Api(options))
}

fn by_page() -> Paging {
    Paging::Page { parameter: "page".to_owned(), first: 1 }
}

/// A response to any request.
type Reply = Box<dyn Fn(&str) -> Option<FakeReply> + Send>;
/// The items of an endpoint, which a test changes.
type Items = Arc<Mutex<Vec<u64>>>;

fn item(id: u64) -> Value {
    json!({ "id": id, "title": format!("Verhaal {id}") })
}

fn parameters(target: &str) -> BTreeMap<String, String> {
    let query = target.split_once('?').map(|(_, query)| query).unwrap_or_default();
    url::form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

/// An endpoint that understands every way of paging.
fn endpoint(items: &Items) -> FakeSite {
    let (site, items) = (FakeSite::start(FakeContent::default()), Arc::clone(items));
    site.replace(move |target| {
        let (items, sent) = (items.lock().unwrap(), parameters(target));
        assert_eq!(sent["lang"], "nl", "{target}");
        let number = |name: &str| sent.get(name).and_then(|text| text.parse::<usize>().ok());
        let start = number("offset").or(number("cursor"));
        let start = start.unwrap_or_else(|| (number("page").unwrap_or(1) - 1) * SIZE);
        let shown: Vec<_> = items.iter().skip(start).take(SIZE).map(|id| item(*id)).collect();
        let end = start + shown.len();
        let next = (end < items.len()).then_some(end);
        let address = next.map(|end| format!("/api?lang=nl&offset={end}"));
        let link = address.as_ref().map(|address| {
            format!(
                "link: </api?lang=nl>; rel=\"first\", <{address}>; title=\"x\"; rel=\"last next\""
            )
        });
        let body = json!({
            "items": shown, "total": items.len(), "meta": { "next": next, "address": address },
        });
        let headers = link.as_deref().into_iter().collect::<Vec<_>>();
        Some(FakeReply::page(200, &headers, body.to_string()))
    });
    site
}

fn numbered(count: u64) -> Items {
    Arc::new(Mutex::new((1..=count).collect()))
}

#[tokio::test]
async fn every_paging_style_must_reach_all_items() {
    let items = numbered(35);
    let site = endpoint(&items);
    let path = |text: &str| text.to_owned();
    for (paging, requests) in [
        (by_page(), 5),
        (Paging::Offset { parameter: path("offset") }, 5),
        (Paging::Cursor { parameter: path("cursor"), next: path("meta.next") }, 4),
        (Paging::Link { next: None }, 4),
        (Paging::Link { next: Some(path("meta.address")) }, 4),
    ] {
        let source = source(&site, list(paging.clone()));
        let run = source.run().await;
        assert_eq!(outcome(&run), (Completeness::Complete, [35, 35, 0]), "{paging:?} {run:?}");
        assert_eq!((source.keys().len(), run.requests), (35, requests), "{paging:?}");
        let again = source.run().await;
        assert_eq!(outcome(&again), (Completeness::Complete, [35, 0, 0]), "{paging:?}");
    }
    let only = source(&site, list(Paging::None)).run().await;
    assert_eq!(outcome(&only), (Completeness::Complete, [10, 10, 0]));
    // A total saves the request for the empty page.
    let with_total = ItemList { total: Some(path("total")), ..list(by_page()) };
    assert_eq!(source(&site, with_total).run().await.requests, 4);
}

#[tokio::test]
async fn an_absence_must_count_in_the_second_complete_run() {
    let items = numbered(25);
    let site = endpoint(&items);
    let source = source(&site, list(by_page()));
    source.run().await;
    items.lock().unwrap().retain(|id| *id != 7);
    let run = source.run().await;
    assert_eq!((outcome(&run), run.missing), ((Completeness::Complete, [24, 0, 0]), 1));
    let run = source.run().await;
    assert_eq!(outcome(&run), (Completeness::Complete, [24, 0, 1]));
    assert!(!source.keys().contains("7"));
}

#[tokio::test]
async fn a_list_that_moves_while_it_is_read_must_be_read_again_or_be_partial() {
    let items = numbered(35);
    let site = endpoint(&items);
    // The first item moves to the end after the second page, so that one item is skipped.
    let (shared, count) = (Arc::clone(&items), Arc::new(AtomicUsize::new(0)));
    let inner = endpoint(&items);
    let address = inner.address("");
    let counter = Arc::clone(&count);
    site.replace(move |target| {
        if counter.fetch_add(1, Ordering::SeqCst) == 2 {
            shared.lock().unwrap().rotate_left(1);
        }
        let output = body_of(&format!("{address}{target}"));
        Some(FakeReply::page(200, &[], output))
    });
    let with_total = ItemList { total: Some("total".to_owned()), ..list(by_page()) };
    let moved = source(&site, with_total);
    let run = moved.run().await;
    assert_eq!(outcome(&run), (Completeness::Complete, [35, 35, 0]), "{run:?}");
    assert!(run.requests > 4, "{run:?}");

    // A total that counts what is not shown is never reached.
    let faulty = endpoint(&numbered(15));
    let list = ItemList { total: Some("total".to_owned()), ..list(Paging::None) };
    let run = source(&faulty, list).run().await;
    assert_eq!(run.completeness, Completeness::Partial);
    assert!(run.notes[0].contains("10 of 15 items"), "{run:?}");
}

/// The body of a response.
fn body_of(address: &str) -> String {
    use std::io::{Read as _, Write as _};
    let (host, path) = address.strip_prefix("http://").unwrap().split_once('/').unwrap();
    let mut stream = std::net::TcpStream::connect(host).unwrap();
    write!(stream, "GET /{path} HTTP/1.1\r\nhost: {host}\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text.split_once("\r\n\r\n").unwrap().1.to_owned()
}

#[tokio::test]
async fn a_faulty_endpoint_must_remove_nothing_and_name_its_remedy() {
    let items = numbered(25);
    let site = endpoint(&items);
    let source = source(&site, list(by_page()));
    source.run().await;
    let known = source.keys();
    let page = |status: u16, body: &str| -> Reply {
        let body = body.to_owned();
        Box::new(move |_: &str| {
            Some(FakeReply::page(status, &["content-type: text/html"], body.clone()))
        })
    };
    let moved = format!("location: http://localhost:{}/elsewhere", site.port);
    let cases: Vec<(Reply, Completeness, &str)> = vec![
        (
            page(200, "<html><form>Inloggen</form>"),
            Completeness::Failed,
            "not JSON; check `address`",
        ),
        (page(401, "<html>Inloggen"), Completeness::Failed, "credentials"),
        (page(404, "weg"), Completeness::Failed, "nothing at this address"),
        (page(200, "{\"items\":[{\"id\":1}"), Completeness::Failed, "not JSON"),
        (page(200, "{\"data\":[]}"), Completeness::Failed, "check `items`"),
        (page(200, "{\"items\":{\"a\":1}}"), Completeness::Failed, "check `items`"),
        (page(200, "{\"items\":null}"), Completeness::Failed, "check `items`"),
        (
            page(200, "{\"items\":[],\"errors\":[{\"message\":\"not_logged_in\"}]}"),
            Completeness::Failed,
            "not_logged_in",
        ),
        (
            page(400, "{\"errors\":[{\"message\":\"Cannot query\"}]}"),
            Completeness::Failed,
            "Cannot query",
        ),
        (page(200, "{\"items\":[{\"id\":1},{\"id\":2}]}"), Completeness::Partial, "repeats a page"),
        (
            page(200, "{\"items\":[{\"name\":\"x\"},7,null,{\"id\":[1]}]}"),
            Completeness::Partial,
            "without a key",
        ),
        (
            page(200, "{\"items\":[{\"id\":1},{\"id\":1,\"id\":2}]}"),
            Completeness::Failed,
            "duplicate key",
        ),
        (page(200, &"[".repeat(100_000)), Completeness::Failed, "not JSON"),
        (Box::new(|_| Some(FakeReply::Endless)), Completeness::Failed, "exceeds"),
        (
            Box::new(move |target| {
                let is_there = target == "/elsewhere";
                Some(FakeReply::page(if is_there { 200 } else { 302 }, &[&moved], "{}"))
            }),
            Completeness::Failed,
            "set `address` of the source to the new host",
        ),
    ];
    for (reply, completeness, expected) in cases {
        site.replace(reply);
        let run = source.run().await;
        assert_eq!(run.completeness, completeness, "{expected}: {run:?}");
        assert!(run.notes.iter().any(|note| note.contains(expected)), "{expected}: {run:?}");
        assert!(source.keys().is_superset(&known), "{expected}");
    }
}

#[tokio::test]
async fn an_error_on_a_later_page_must_keep_what_is_known() {
    let items = numbered(25);
    let (site, inner) = (endpoint(&items), endpoint(&items));
    let source = source(&site, list(by_page()));
    source.run().await;
    let known = source.keys();
    let address = inner.address("");
    site.replace(move |target| {
        let is_third = parameters(target).get("page").is_some_and(|page| page == "3");
        let reply = if is_third {
            (500, "x".to_owned())
        } else {
            (200, body_of(&format!("{address}{target}")))
        };
        Some(FakeReply::page(reply.0, &[], reply.1))
    });
    items.lock().unwrap()[0] = 99;
    let run = source.run().await;
    assert_eq!(outcome(&run), (Completeness::Partial, [20, 1, 0]), "{run:?}");
    assert!(source.keys().is_superset(&known) && source.keys().contains("99"));
}

#[tokio::test]
async fn an_empty_list_must_be_confirmed_before_everything_is_removed() {
    let items = numbered(5);
    let site = endpoint(&items);
    let source = source(&site, list(by_page()));
    source.run().await;
    items.lock().unwrap().clear();
    assert_eq!(outcome(&source.run().await), (Completeness::Complete, [0, 0, 0]));
    assert_eq!(source.keys().len(), 5);
    assert_eq!(outcome(&source.run().await), (Completeness::Complete, [0, 0, 5]));
    assert_eq!(source.keys(), BTreeSet::new());
}

#[tokio::test]
async fn long_numbers_must_remain_keys() {
    let site = FakeSite::start(FakeContent::default());
    site.replace(|_| {
        let body = "{\"items\":[{\"id\":12345678901234567890123,\"x\":1.50}]}";
        Some(FakeReply::page(200, &[], body))
    });
    let source = source(&site, list(Paging::None));
    source.run().await;
    assert_eq!(source.keys(), BTreeSet::from(["12345678901234567890123".to_owned()]));
}
