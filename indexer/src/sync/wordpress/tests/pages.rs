use super::*;

fn page(status: u16, body: &str) -> FakePage {
    FakePage { status, body: body.to_owned() }
}

fn source_with_pages(site: &FakeSite) -> TestSource {
    let mut source = TestSource::of(site);
    source.options().read_pages = true;
    source
}

#[tokio::test]
async fn an_object_that_search_engines_must_not_show_must_be_hidden() {
    let site = FakeSite::with_posts(6);
    let noindex = "<meta name='robots' content='noindex, nofollow'>";
    site.content().pages.extend([
        ("/post-2/".to_owned(), page(200, noindex)),
        ("/post-3/".to_owned(), page(404, "Niet gevonden")),
        ("/post-4/".to_owned(), page(200, "<meta name=robots content='max-image-preview:large'>")),
    ]);
    for (id, index) in [(5, "noindex"), (6, "index")] {
        let mut post = crate::sync::fake_site::post(id, "Yoast");
        post["yoast_head_json"] = json!({ "robots": { "index": index } });
        site.put(post);
    }
    let source = source_with_pages(&site);
    let run = source.run().await;
    assert_eq!(outcome(&run), (Completeness::Complete, [3, 3, 0]));
    assert_eq!(source.keys().into_iter().collect::<Vec<_>>(), ["post/1", "post/4", "post/6"]);
    assert!(source.body("post/6")["object"]["yoast_head_json"].is_null());
    let requested = |path: &str| site.content().requests.iter().any(|target| target == path);
    assert!(requested("/post-1/") && !requested("/post-5/") && !requested("/post-6/"));

    // It gains `noindex`, and another one loses it.
    site.content().pages.insert("/post-1/".to_owned(), page(200, noindex));
    site.put(object("post", 1, "Verhaal 1", "2026-01-02T00:00:00"));
    site.content().pages.remove("/post-2/");
    assert_eq!(outcome(&source.run().await), (Completeness::Complete, [3, 1, 1]));
    assert_eq!(source.keys().into_iter().collect::<Vec<_>>(), ["post/2", "post/4", "post/6"]);
}

#[tokio::test]
async fn pages_must_not_be_requested_if_that_is_turned_off() {
    let site = FakeSite::with_posts(2);
    site.content().pages.insert("/post-1/".to_owned(), page(404, ""));
    let source = TestSource::of(&site);
    assert_eq!(outcome(&source.run().await), (Completeness::Complete, [2, 2, 0]));
    assert!(site.content().requests.iter().all(|target| target.starts_with("/wp-json/")));
}

#[tokio::test]
async fn a_page_that_cannot_be_read_must_leave_its_object_as_it_was() {
    let site = FakeSite::with_posts(3);
    let source = source_with_pages(&site);
    source.run().await;
    for id in [2, 4] {
        site.put(object("post", id, "Anders", "2026-01-02T00:00:00"));
        site.content().pages.insert(format!("/post-{id}/"), page(500, ""));
    }
    let run = source.run().await;
    assert_eq!(outcome(&run), (Completeness::Partial, [3, 0, 0]), "{:?}", run.notes);
    assert_eq!(source.body("post/2")["object"]["title"]["rendered"], "Verhaal 2");
    site.content().pages.clear();
    assert_eq!(outcome(&source.run().await), (Completeness::Complete, [4, 2, 0]));
}

#[tokio::test]
async fn a_type_without_pages_of_its_own_must_be_left_out() {
    let home = "<title>Site</title>";
    for (own_page, is_read) in [
        (page(404, ""), false),
        (page(200, home), false),
        (page(200, "<title>Site</title><p>Vandaag"), false),
        (page(200, "<title>A</title><link rel=canonical href=/>"), false),
        (page(200, "<title>Site</title><link rel=canonical href=/citaat-1/>"), true),
        (page(200, "<title>Citaat</title>"), true),
    ] {
        let site = FakeSite::with_posts(1);
        site.put(object("citaat", 1, "Citaat", "2026-01-01T00:00:00"));
        let body = own_page.body.clone();
        let pages = [("/".to_owned(), page(200, home)), ("/citaat-1/".to_owned(), own_page)];
        site.content().pages.extend(pages);
        let source = TestSource::of(&site);
        let run = source.run().await;
        assert_eq!(run.completeness, Completeness::Complete, "{:?}", run.notes);
        assert_eq!(source.keys().contains("citaat/1"), is_read, "{body}");
        assert_eq!(run.notes.contains(&"type without public pages: `citaat`".to_owned()), !is_read);
    }
}
