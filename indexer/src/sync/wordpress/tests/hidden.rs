use super::*;

/// A site with pages of the hidden type `stap`.
fn site(paths: &[&str]) -> (FakeSite, TestSource) {
    let site = FakeSite::with_posts(1);
    let mut source = TestSource::of(&site);
    source.set_types(&["post", "stap"]);
    for path in paths {
        put(&site, path, "<html lang=nl><h1>Stap</h1>");
    }
    list(&site, paths, "");
    (site, source)
}

fn put(site: &FakeSite, path: &str, body: &str) {
    let page = FakePage { status: 200, body: body.to_owned() };
    site.content().pages.insert(path.to_owned(), page);
}

/// Writes the sitemap.
fn list(site: &FakeSite, paths: &[&str], changed_at: &str) {
    let root = format!("http://127.0.0.1:{}", site.port);
    let entry = |path: &&str| format!("<url><loc>{root}{path}</loc>{changed_at}</url>");
    let entries: String = paths.iter().map(entry).collect();
    put(site, "/wp-sitemap-posts-stap-1.xml", &format!("<urlset>{entries}</urlset>"));
    let part = |name: &str| format!("<sitemap><loc>{root}/wp-sitemap-{name}-1.xml</loc></sitemap>");
    let (posts, steps) = (part("posts-post"), part("posts-stap"));
    put(site, "/wp-sitemap.xml", &format!("<sitemapindex>{posts}{steps}</sitemapindex>"));
}

fn steps(source: &TestSource) -> Vec<String> {
    source.keys().into_iter().filter(|key| key.starts_with("stap:")).collect()
}

#[tokio::test]
async fn a_hidden_type_must_be_read_from_the_sitemap() {
    let (site, source) = site(&["/stap/1/", "/stap/2/"]);
    put(&site, "/stap/2/", "<meta name=robots content=noindex>");
    let run = source.run().await;
    assert_eq!(outcome(&run), (Completeness::Complete, [2, 2, 0]), "{:?}", run.notes);
    assert_eq!(steps(&source), ["stap:/stap/1/"]);
    // A page is requested again, because the sitemap does not say whether it changed.
    put(&site, "/stap/1/", "<h1>Anders</h1>");
    assert_eq!(outcome(&source.run().await).1, [2, 1, 0]);
    list(&site, &["/stap/1/"], "<lastmod>2026-01-01</lastmod>");
    source.run().await;
    put(&site, "/stap/1/", "<h1>Nog anders</h1>");
    assert_eq!(outcome(&source.run().await).1, [2, 0, 0]);
    list(&site, &["/stap/1/"], "<lastmod>2026-01-02</lastmod>");
    assert_eq!(outcome(&source.run().await).1, [2, 1, 0]);
}

#[tokio::test]
async fn a_page_must_be_removed_by_evidence_or_by_two_complete_runs() {
    let paths = ["/stap/1/", "/stap/2/", "/stap/3/", "/stap/4/"];
    let (site, source) = site(&paths);
    source.run().await;
    assert_eq!(steps(&source).len(), 4);
    // Listed and gone; listed with `noindex`; not listed and gone; not listed but still sent.
    list(&site, &paths[..2], "");
    site.content().pages.remove("/stap/1/");
    put(&site, "/stap/2/", "<meta name=robots content=noindex>");
    site.content().pages.remove("/stap/3/");
    let run = source.run().await;
    assert_eq!((run.removed, run.missing), (3, 1), "{:?}", run.notes);
    assert_eq!(steps(&source), ["stap:/stap/4/"]);
    assert_eq!(source.run().await.removed, 1);
    assert_eq!(steps(&source), Vec::<String>::new());
}

#[tokio::test]
async fn a_sitemap_that_cannot_be_read_must_remove_nothing() {
    let (site, source) = site(&["/stap/1/", "/stap/2/"]);
    source.run().await;
    for (path, body) in [
        ("/wp-sitemap-posts-stap-1.xml", "<html>Inloggen</html>"),
        ("/wp-sitemap-posts-stap-1.xml", "<urlset><url><loc>"),
        ("/wp-sitemap.xml", "<sitemapindex></sitemapindex>"),
        ("/wp-sitemap.xml", "<html>Inloggen</html>"),
    ] {
        list(&site, &["/stap/1/", "/stap/2/"], "");
        put(&site, path, body);
        for _ in 0..3 {
            let run = source.run().await;
            assert_eq!(
                (run.completeness, run.removed),
                (Completeness::Partial, 0),
                "{path}: {body}"
            );
            assert!(!run.notes.is_empty());
        }
        assert_eq!(steps(&source).len(), 2, "{path}: {body}");
    }
}

#[tokio::test]
async fn a_page_that_leads_elsewhere_must_be_left_out() {
    let (site, source) = site(&["/stap/1/", "/stap/2/", "/stap/3/"]);
    put(&site, "/stap/1/", "<meta http-equiv=refresh content='0; url=/stap/3/'>");
    site.replace(|target| {
        let headers = ["location: /stap/3/"];
        (target == "/stap/2/").then(|| FakeReply::page(301, &headers, ""))
    });
    let run = source.run().await;
    assert_eq!((run.completeness, run.notes.len()), (Completeness::Complete, 2), "{:?}", run.notes);
    assert_eq!(steps(&source), ["stap:/stap/3/"]);
}
