//! Complete runs over a site of our own, which can misbehave.

mod bad_hosts;
mod hidden;
mod pages;

use jiff::Timestamp;
use schema::NodeKind;
use serde_json::{Value, json};

use super::*;
use crate::sync::{
    ChangedObject, Protocol, Scope,
    fake_site::{FakeContent, FakePage, FakeReply, FakeSite, object},
    test_source::{TestSource, outcome},
};

impl TestSource {
    fn new(address: &str) -> Self {
        let options = WordpressOptions { read_pages: false, ..WordpressOptions::default() };
        Self::with_protocol(address, Protocol::Wordpress { types: Vec::new(), options })
    }

    fn of(site: &FakeSite) -> Self {
        Self::new(&site.address("/"))
    }

    fn options(&mut self) -> &mut WordpressOptions {
        let Protocol::Wordpress { options, .. } = &mut self.source.protocol else {
            panic!("a site")
        };
        options
    }

    fn set_types(&mut self, names: &[&str]) {
        if let Protocol::Wordpress { types, .. } = &mut self.source.protocol {
            *types = names.iter().map(ToString::to_string).collect();
        }
    }
}

#[tokio::test]
async fn a_run_must_fetch_what_changed_and_remove_what_is_gone() {
    let site = FakeSite::with_posts(150);
    let source = TestSource::of(&site);
    assert_eq!(outcome(&source.run().await), (Completeness::Complete, [150, 150, 0]));
    site.put(object("post", 7, "Nieuw", "2026-01-02T00:00:00"));
    site.content().objects.get_mut("post").unwrap().remove(&8);
    assert_eq!(outcome(&source.run().await), (Completeness::Complete, [149, 1, 1]));
    assert!(!source.keys().contains("post/8"));
    assert_eq!(source.body("post/7")["object"]["title"]["rendered"], "Nieuw");
    let idle = source.run().await;
    assert_eq!((outcome(&idle).1, idle.requests), ([149, 0, 0], 5));
}

fn reported(objects: &[(&str, u64)]) -> Scope {
    let object = |(kind, id): &(&str, u64)| ChangedObject { kind: (*kind).to_owned(), id: *id };
    Scope::Objects(objects.iter().map(object).collect())
}

#[tokio::test]
async fn a_reported_object_must_be_read_by_itself() {
    let site = FakeSite::with_posts(150);
    let source = TestSource::of(&site);
    let scope = reported(&[("post", 7), ("post", 8), ("post", 999)]);
    // Nothing was fetched yet, so the whole site is.
    assert_eq!(outcome(&source.run_of(&scope).await), (Completeness::Complete, [150, 150, 0]));
    site.put(object("post", 7, "Nieuw", "2026-01-02T00:00:00"));
    site.put(object("post", 999, "Ook nieuw", "2026-01-02T00:00:00"));
    site.put(object("post", 9, "Niet gemeld", "2026-01-02T00:00:00"));
    site.content().objects.get_mut("post").unwrap().remove(&8);
    let run = source.run_of(&scope).await;
    assert_eq!(
        (run.completeness, run.notes.clone()),
        (Completeness::Partial, Vec::<String>::new())
    );
    assert_eq!([run.changed, run.removed, run.missing], [2, 1, 0]);
    assert!(run.requests < 10, "{run:?}");
    let keys = source.keys();
    assert!(keys.contains("post/999") && !keys.contains("post/8") && keys.len() == 150);
    assert_eq!(source.body("post/7")["object"]["title"]["rendered"], "Nieuw");
    // The next run of the whole site finds the rest, and nothing else.
    assert_eq!(outcome(&source.run().await), (Completeness::Complete, [150, 1, 0]));
    // A type that is not read stays unread.
    let mut source = source;
    source.set_types(&["page"]);
    assert_eq!(outcome(&source.run_of(&reported(&[("post", 7)])).await).1[1..], [0, 0]);
}

#[tokio::test]
async fn a_new_author_must_not_make_a_report_read_the_whole_site() {
    let site = FakeSite::with_posts(150);
    let source = TestSource::of(&site);
    let with_author = |id: u64, modified_at: &str| {
        let mut post = object("post", id, "Nieuw", modified_at);
        post["author"] = json!(3);
        post
    };
    site.put(with_author(8, "2026-01-01T00:00:00"));
    source.run().await;
    // The site shows authors only once they have published something.
    let author = json!({ "id": 3, "name": "Sanne Visser", "slug": "sanne" });
    site.content().terms.insert("users".to_owned(), vec![author]);
    site.put(with_author(7, "2026-01-02T00:00:00"));
    let run = source.run_of(&reported(&[("post", 7)])).await;
    assert_eq!((run.changed, run.completeness), (1, Completeness::Partial), "{run:?}");
    assert!(run.requests < 10, "{run:?}");
    assert_eq!(source.body("post/7")["author"], "Sanne Visser");
    assert_eq!(source.body("post/8")["author"], Value::Null);
    // The next run of the whole site joins the name to what did not change.
    source.run().await;
    assert_eq!(source.body("post/8")["author"], "Sanne Visser");
}

#[tokio::test]
async fn the_clock_of_the_host_must_decide_whether_an_object_may_have_changed() {
    let site = FakeSite::with_posts(1);
    let source = TestSource::of(&site);
    let ahead = 600;
    site.content().clock_ahead = ahead;
    let modified_at = |seconds_ago: i64| {
        let at =
            Timestamp::from_second(Timestamp::now().as_second() + ahead - seconds_ago).unwrap();
        at.strftime("%Y-%m-%dT%H:%M:%S").to_string()
    };
    // By our clock, both changed ten minutes in the future.
    site.put(object("post", 1, "Eerder", &modified_at(60)));
    site.put(object("post", 2, "Zojuist", &modified_at(1)));
    source.run().await;
    // A second change within the second of the first does not change the time.
    let time = site.content().objects["post"][&2]["modified_gmt"].as_str().unwrap().to_owned();
    site.put(object("post", 2, "Nogmaals", &time));
    let start = site.content().requests.len();
    assert_eq!(outcome(&source.run().await).1, [2, 1, 0]);
    assert_eq!(source.body("post/2")["object"]["title"]["rendered"], "Nogmaals");
    let content = site.content();
    let fetched: Vec<_> =
        content.requests[start..].iter().filter(|target| target.contains("include=")).collect();
    assert!(fetched.len() == 1 && fetched[0].contains("include=2&"), "{fetched:?}");
}

#[tokio::test]
async fn short_and_empty_pages_must_not_end_a_list() {
    let site = FakeSite::with_posts(250);
    let source = TestSource::of(&site);
    // A hundred objects are counted but not shown.
    site.replace(|target| {
        let is_list = target.contains("/post?") && target.contains("_fields=");
        if !is_list {
            return None;
        }
        let shown =
            |from: u64, to: u64| (from..=to).map(|id| json!({ "id": id, "modified_gmt": "x" }));
        let objects: Vec<_> = match target {
            _ if target.contains("page=1&") => shown(1, 50).collect(),
            _ if target.contains("page=2&") => Vec::new(),
            _ => shown(201, 250).collect(),
        };
        let headers = ["x-wp-total: 250", "x-wp-totalpages: 3"];
        Some(FakeReply::page(200, &headers, json!(objects).to_string()))
    });
    assert_eq!(outcome(&source.run().await), (Completeness::Complete, [100, 100, 0]));
}

fn join(by: JoinBy) -> TermJoin {
    let (taxonomy, content_type) = ("community".to_owned(), "page".to_owned());
    TermJoin { taxonomy, content_type, by, kind: NodeKind::Community }
}

fn term(id: u64, name: &str, slug: &str) -> Value {
    json!({ "id": id, "name": name, "slug": slug })
}

#[tokio::test]
async fn a_landing_page_must_be_joined_to_its_only_term() {
    let site = FakeSite::start(FakeContent::default());
    for (id, title) in [(1, "Community CX"), (2, "Iets anders"), (3, "Dubbel"), (4, "Dubbel")] {
        site.put(object("page", id, title, "2026-01-01T00:00:00"));
    }
    let terms = vec![term(9, "CX", "community-cx"), term(8, "Dubbel", "dubbel"), term(7, "X", "x")];
    site.content().terms.insert("community".to_owned(), terms);
    let mut source = TestSource::of(&site);
    source.options().joins = vec![join(JoinBy::Slug)];
    let run = source.run().await;
    let ambiguous = "several objects of `page` or terms of `community` have this slug or name, so they \
                     are not joined: `dubbel`";
    assert_eq!((run.completeness, run.notes), (Completeness::Complete, vec![ambiguous.to_owned()]));
    let landing = |key: &str| source.body(key)["landing"].clone();
    assert_eq!(landing("page/1"), json!({ "taxonomy": "community", "name": "CX" }));
    assert_eq!([landing("page/2"), landing("page/3")], [Value::Null, Value::Null]);
    // A page that did not change becomes a landing page, and another one no longer is.
    site.content().terms.get_mut("community").unwrap()[0]["slug"] = json!("iets-anders");
    assert_eq!(outcome(&source.run().await).1, [4, 2, 0]);
    assert_eq!(source.body("page/2")["landing"]["name"], "CX");
    assert_eq!(source.body("page/1")["landing"], Value::Null);
}

#[tokio::test]
async fn a_join_that_matches_nothing_must_be_reported() {
    let site = FakeSite::start(FakeContent::default());
    site.put(object("page", 1, "Caf&#233; CX", "2026-01-01T00:00:00"));
    site.content().terms.insert("community".to_owned(), vec![term(9, "café cx", "cx")]);
    let mut source = TestSource::of(&site);
    source.options().joins = vec![
        join(JoinBy::Slug),
        TermJoin { taxonomy: "thema".to_owned(), ..join(JoinBy::Slug) },
        TermJoin { content_type: "stap".to_owned(), ..join(JoinBy::Slug) },
    ];
    let run = source.run().await;
    assert_eq!(run.completeness, Completeness::Complete);
    let notes = run.notes.join("\n");
    for reason in [
        "no object of `page` is the landing page of a term of `community`; check `by`",
        "does not show this taxonomy in its REST API; check `[[source.join]]`: `thema`",
        "does not show this type in its REST API; check `[[source.join]]`: `stap`",
    ] {
        assert!(notes.contains(reason), "{notes}");
    }
    source.options().joins = vec![join(JoinBy::Name)];
    assert_eq!(source.run().await.notes, Vec::<String>::new());
    assert_eq!(source.body("page/1")["landing"]["name"], "café cx");
}

#[tokio::test]
async fn a_captcha_instead_of_a_page_must_not_hide_its_object() {
    let site = FakeSite::with_posts(3);
    let mut source = TestSource::of(&site);
    source.options().read_pages = true;
    source.run().await;
    let captcha = "<title>Just a moment...</title><meta name=robots content=noindex>\
        <p>Verify that you are human.</p><script src=/cdn-cgi/challenge-platform/x.js></script>";
    let page = FakePage { status: 200, body: captcha.to_owned() };
    site.content().pages.insert("/post-2/".to_owned(), page);
    site.put(object("post", 2, "Nieuw", "2026-01-02T00:00:00"));
    let run = source.run().await;
    assert_eq!((run.completeness, run.removed), (Completeness::Partial, 0), "{run:?}");
    assert!(run.notes.iter().any(|note| note.contains("captcha")), "{run:?}");
    assert!(source.keys().contains("post/2"));
}
