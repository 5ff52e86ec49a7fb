use std::fmt::Write as _;

use jiff::ToSpan;

use super::*;
use crate::sync::{
    Protocol,
    fake_site::{FakeContent, FakePage, FakeReply, FakeSite},
    test_source::{TestSource, outcome},
};

const FULL: &str = "<description>Kort.</description><content:encoded xmlns:content=\
    'http://purl.org/rss/1.0/modules/content/'>&lt;p&gt;Tekst.&lt;/p&gt;</content:encoded>";

/// A site with a feed of these items (identifier, path, content), whose pages exist.
fn site(items: &[(&str, &str, &str)]) -> (FakeSite, TestSource) {
    let site = FakeSite::start(FakeContent::default());
    let protocol = Protocol::Feed { read_pages: true };
    let source = TestSource::with_protocol(&site.address("/feed/"), protocol);
    for (_, path, _) in items {
        put(&site, path, 200, "<html><body><p>Pagina</p>");
    }
    list(&site, items);
    (site, source)
}

fn put(site: &FakeSite, path: &str, status: u16, body: &str) {
    let page = FakePage { status, body: body.to_owned() };
    site.content().pages.insert(path.to_owned(), page);
}

/// Writes the feed.
fn list(site: &FakeSite, items: &[(&str, &str, &str)]) {
    let mut feed = "<rss version='2.0'><channel><title>Blog</title>".to_owned();
    for (id, path, content) in items {
        let link = site.address(path);
        let id = if id.is_empty() { String::new() } else { format!("<guid>{id}</guid>") };
        write!(feed, "<item>{id}<title>T</title><link>{link}</link>{content}</item>").unwrap();
    }
    put(site, "/feed/", 200, &format!("{feed}</channel></rss>"));
}

/// The entries that are shown.
fn shown(source: &TestSource) -> Vec<String> {
    let keys = source.keys().into_iter().filter(|key| key != DOCUMENT);
    let shown = keys.filter(|key| source.body(key)["is_gone"] == false);
    shown.map(|key| entry_id(&key).unwrap().to_owned()).collect()
}

#[tokio::test]
async fn an_entry_must_remain_until_its_page_is_gone() {
    let (site, source) = site(&[("a", "/a/", FULL), ("b", "/b/", FULL), ("c", "/c/", FULL)]);
    assert_eq!(outcome(&source.run().await), (Completeness::Complete, [3, 3, 0]));
    let idle = source.run().await;
    assert_eq!((outcome(&idle).1, idle.requests), ([3, 0, 0], 1));
    // One moved out of the feed, one was deleted.
    put(&site, "/b/", 404, "weg");
    list(&site, &[("d", "/d/", FULL), ("c", "/c/", FULL)]);
    put(&site, "/d/", 200, "<p>Pagina</p>");
    assert_eq!(outcome(&source.run().await), (Completeness::Complete, [3, 1, 1]));
    assert_eq!(shown(&source), ["a", "c", "d"]);
    // It is back.
    put(&site, "/b/", 200, "<p>Pagina</p>");
    list(&site, &[("b", "/b/", FULL), ("d", "/d/", FULL)]);
    let run = source.run().await;
    assert_eq!(outcome(&run), (Completeness::Complete, [4, 1, 0]), "{:?}", run.notes);
}

#[tokio::test]
async fn a_page_must_be_requested_again_after_a_day() {
    let (site, mut source) = site(&[("a", "/a/", FULL), ("b", "/b/", FULL)]);
    source.run().await;
    // The feed is the same, as that of a host that sends a 304 after a removal.
    put(&site, "/a/", 410, "weg");
    put(&site, "/b/", 200, "<meta name=robots content=noindex>");
    assert_eq!(outcome(&source.run().await).1, [2, 0, 0]);
    source.now = source.now.checked_add(25.hours()).unwrap();
    assert_eq!(outcome(&source.run().await), (Completeness::Complete, [0, 0, 2]));
    assert!(shown(&source).is_empty());
    put(&site, "/a/", 200, "<p>Pagina</p>");
    assert_eq!(outcome(&source.run().await).1, [0, 0, 0]);
    source.now = source.now.checked_add(25.hours()).unwrap();
    assert_eq!(outcome(&source.run().await).1, [1, 1, 0]);
}

#[tokio::test]
async fn a_day_must_not_request_more_pages_than_allowed_at_once() {
    let names: Vec<_> = (0..50).map(|n| (format!("id{n}"), format!("/p{n}/"))).collect();
    let items: Vec<_> = names.iter().map(|(id, path)| (id.as_str(), path.as_str(), FULL)).collect();
    let (site, mut source) = site(&items);
    assert_eq!(source.run().await.requests, 51);
    source.now = source.now.checked_add(25.hours()).unwrap();
    for requests in [21, 21, 11, 1] {
        assert_eq!(source.run().await.requests, requests);
    }
    // All of them leave the feed.
    list(&site, &[]);
    let run = source.run().await;
    assert_eq!((run.requests, outcome(&run)), (21, (Completeness::Complete, [50, 0, 0])));
}

#[tokio::test]
async fn an_entry_that_must_not_be_shown_must_be_hidden() {
    let form = "<description>&lt;form class=\"post-password-form\"&gt;</description>";
    let (site, source) =
        site(&[("a", "/a/", FULL), ("b", "/b/", form), ("c", "/c/", FULL), ("d", "/d/", FULL)]);
    put(&site, "/a/", 200, "<meta name=robots content='noindex'>");
    put(&site, "/c/", 200, "<form class=\"post-password-form\">");
    assert_eq!(outcome(&source.run().await), (Completeness::Complete, [1, 1, 0]));
    assert_eq!(shown(&source), ["d"]);
    assert_eq!(source.run().await.requests, 1);
}

#[tokio::test]
async fn an_entry_that_needs_a_login_must_be_hidden_if_it_is_new() {
    let (site, source) = site(&[("a", "/a/", FULL), ("b", "/b/", FULL)]);
    put(&site, "/b/", 403, "Inloggen");
    let run = source.run().await;
    assert_eq!(outcome(&run), (Completeness::Complete, [1, 1, 0]), "{:?}", run.notes);
    put(&site, "/a/", 403, "Inloggen");
    list(&site, &[("b", "/b/", FULL)]);
    assert_eq!(outcome(&source.run().await), (Completeness::Partial, [1, 0, 0]));
    assert_eq!(shown(&source), ["a"]);
}

#[tokio::test]
async fn an_invented_identifier_must_not_make_a_second_entry() {
    let (site, source) = site(&[("1", "/a/", FULL), ("2", "/b/", FULL)]);
    source.run().await;
    for round in 3..6 {
        let (one, two) = (format!("{round}-1"), format!("{round}-2"));
        list(&site, &[(&one, "/a/", FULL), (&two, "/b/", FULL)]);
        source.run().await;
        assert_eq!(shown(&source), [one, two]);
    }
    // Episodes with the address of their series are two entries.
    list(&site, &[("e1", "/c/", FULL), ("e2", "/c/", FULL)]);
    put(&site, "/c/", 200, "<p>Pagina</p>");
    source.run().await;
    list(&site, &[("e2", "/c/", FULL), ("e3", "/c/", FULL)]);
    assert_eq!(outcome(&source.run().await).1[0], 5);
    list(&site, &[("", "/c/", FULL)]);
    source.run().await;
    assert!(shown(&source).iter().any(|id| id.ends_with("/c/")), "{:?}", shown(&source));
}

#[tokio::test]
async fn a_page_must_be_stored_only_without_content_in_the_feed() {
    let (site, source) = site(&[("a", "/a/", FULL), ("b", "/b/", "<description>x</description>")]);
    put(&site, "/b/", 200, "<link rel=canonical href=/eigenlijk/><p>Pagina</p>");
    source.run().await;
    let (a, b) = (source.body("entry:a"), source.body("entry:b"));
    assert!(a["page"]["html"].is_null(), "{a}");
    assert_eq!(a["page"]["url"], site.address("/a/"));
    assert_eq!(b["page"]["url"], site.address("/eigenlijk/"));
    assert!(b["page"]["html"].as_str().unwrap().contains("<p>Pagina</p>"));
    // An entry elsewhere is read as its feed has it.
    site.replace(move |path| {
        let feed = "<rss version='2.0'><channel><title>A</title><item><guid>z</guid>\
            <link>https://b.example/z</link></item></channel></rss>";
        (path == "/feed/").then(|| FakeReply::page(200, &[], feed))
    });
    let run = source.run().await;
    assert_eq!(outcome(&run).0, Completeness::Complete, "{:?}", run.notes);
    assert!(source.body("entry:z")["page"].is_null());
}

#[tokio::test]
async fn whatever_a_host_sends_instead_must_change_nothing() {
    let items = [("a", "/a/", FULL), ("b", "/b/", FULL), ("c", "/c/", FULL)];
    let (site, source) = site(&items);
    source.run().await;
    let half = "<rss version='2.0'><channel><item><guid>a</guid>";
    for (status, body, reason) in [
        (404, "weg", "nothing at this address"),
        (410, "weg", "nothing at this address"),
        (200, "<!doctype html><form>Inloggen</form>", "web page"),
        (200, half, "incomplete"),
        (200, "", "not a feed"),
        (500, "fout", "status 500"),
        (401, "fout", "credentials"),
    ] {
        put(&site, "/feed/", status, body);
        let run = source.run().await;
        assert_eq!(outcome(&run), (Completeness::Failed, [3, 0, 0]), "{body}");
        assert!(run.notes[0].contains(reason), "{:?}", run.notes);
    }
    // An empty feed, and that of another site.
    list(&site, &[]);
    assert_eq!(outcome(&source.run().await), (Completeness::Complete, [3, 0, 0]));
    list(&site, &items);
    source.run().await;
    list(&site, &[("x", "/x/", FULL)]);
    put(&site, "/x/", 200, "<p>Pagina</p>");
    let run = source.run().await;
    assert!(run.notes[0].contains("no entry of the previous feed"), "{:?}", run.notes);
    assert_eq!(outcome(&run), (Completeness::Complete, [4, 1, 0]));
}

#[tokio::test]
async fn an_entry_whose_page_cannot_be_read_must_wait() {
    let names: Vec<_> = (0..9).map(|n| (format!("id{n}"), format!("/p{n}/"))).collect();
    let items: Vec<_> = names.iter().map(|(id, path)| (id.as_str(), path.as_str(), FULL)).collect();
    let (site, source) = site(&items);
    for (_, path) in &names[1..] {
        put(&site, path, 503, "druk");
    }
    let run = source.run().await;
    assert_eq!(outcome(&run), (Completeness::Partial, [1, 1, 0]));
    assert_eq!((run.notes.len(), run.requests), (ERRORS_MAX, 2 + ERRORS_MAX as u64));
    for (_, path) in &names {
        put(&site, path, 200, "<p>Pagina</p>");
    }
    assert_eq!(outcome(&source.run().await), (Completeness::Complete, [9, 8, 0]));
}
