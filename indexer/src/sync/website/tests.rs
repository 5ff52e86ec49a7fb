use std::{fmt::Write as _, io::Write as _};

use flate2::{Compression, write::GzEncoder};
use globset::{Glob, GlobSetBuilder};
use jiff::ToSpan;

use super::*;
use crate::sync::{
    Protocol,
    fake_site::{FakeContent, FakePage, FakeReply, FakeSite},
    test_source::{TestSource, outcome},
};

const PAGE: &str = "<html lang=nl><h1>Een</h1><p>Tekst.</p>";

fn globs(patterns: &[&str]) -> GlobSet {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        set.add(Glob::new(pattern).unwrap());
    }
    set.build().unwrap()
}

/// A site with these pages in its sitemap.
fn site(paths: &[&str]) -> (FakeSite, TestSource) {
    site_with(paths, &[], &[])
}

fn site_with(paths: &[&str], include: &[&str], exclude: &[&str]) -> (FakeSite, TestSource) {
    let site = FakeSite::start(FakeContent::default());
    let filter = PageFilter { include: globs(include), exclude: globs(exclude) };
    let source = TestSource::with_protocol(&site.address("/"), Protocol::Website(filter));
    for path in paths {
        put(&site, path, 200, PAGE);
    }
    list(&site, "/sitemap.xml", paths, None);
    (site, source)
}

fn put(site: &FakeSite, path: &str, status: u16, body: &str) {
    let page = FakePage { status, body: body.to_owned() };
    site.content().pages.insert(path.to_owned(), page);
}

fn urls(site: &FakeSite, element: &str, paths: &[&str], changed_at: Option<&str>) -> String {
    let mut text = String::new();
    for path in paths {
        let time = changed_at.map(|time| format!("<lastmod>{time}</lastmod>")).unwrap_or_default();
        write!(text, "<{element}><loc>{}</loc>{time}</{element}>", site.address(path)).unwrap();
    }
    text
}

/// Writes a sitemap.
fn list(site: &FakeSite, at: &str, paths: &[&str], changed_at: Option<&str>) {
    let body = urls(site, "url", paths, changed_at);
    put(site, at, 200, &format!("<urlset>{body}</urlset>"));
}

fn keys(source: &TestSource) -> Vec<String> {
    source.keys().into_iter().collect()
}

#[tokio::test]
async fn pages_must_follow_the_sitemap() {
    let (site, source) = site(&["/a/", "/b/", "/c/", "/d/"]);
    assert_eq!(outcome(&source.run().await), (Completeness::Complete, [4, 4, 0]));
    assert_eq!(outcome(&source.run().await), (Completeness::Complete, [4, 0, 0]));
    // One is gone, one must not be shown, one only leaves the sitemap.
    put(&site, "/b/", 404, "weg");
    put(&site, "/c/", 200, "<meta name=robots content=noindex>");
    list(&site, "/sitemap.xml", &["/a/", "/c/"], None);
    let run = source.run().await;
    assert_eq!((outcome(&run), run.missing), ((Completeness::Complete, [1, 0, 2]), 1));
    assert_eq!(keys(&source), ["/a/", "/d/"]);
    assert_eq!(outcome(&source.run().await), (Completeness::Complete, [1, 0, 1]));
    assert_eq!(keys(&source), ["/a/"]);
}

#[tokio::test]
async fn a_page_that_did_not_change_must_not_be_requested() {
    let (site, mut source) = site(&["/a/", "/b/"]);
    list(&site, "/sitemap.xml", &["/a/", "/b/"], Some("2026-11-01"));
    assert_eq!(source.run().await.requests, 4);
    assert_eq!(source.run().await.requests, 2);
    list(&site, "/sitemap.xml", &["/a/", "/b/"], Some("2026-11-02"));
    put(&site, "/a/", 200, "<html><h1>Anders</h1>");
    let run = source.run().await;
    assert_eq!((outcome(&run).1, run.requests), ([2, 1, 0], 4));
    // A sitemap can be wrong.
    source.now = source.now.checked_add(200.hours()).unwrap();
    assert_eq!(source.run().await.requests, 4);
}

#[tokio::test]
async fn robots_must_be_obeyed() {
    let (site, source) = site(&["/a/", "/b/", "/b/c/?q=1"]);
    put(&site, "/b/c/", 200, PAGE);
    for (rules, expected) in [
        ("User-agent: *\nDisallow: /b/", vec!["/a/"]),
        ("User-agent: *\nDisallow: /*?q=", vec!["/a/", "/b/"]),
        (
            "User-agent: *\nDisallow: /\n\nUser-agent: wegwijzer\nAllow: /b/$\nDisallow: /b/",
            vec!["/a/", "/b/"],
        ),
        ("<html>404</html>", vec!["/a/", "/b/", "/b/c/?q=1"]),
    ] {
        put(&site, "/robots.txt", 200, rules);
        source.run().await;
        let run = source.run().await;
        assert_eq!(run.completeness, Completeness::Complete, "{:?}", run.notes);
        assert_eq!(keys(&source), expected, "{rules}");
    }
    for (status, rules, reason) in [
        (200, "User-agent: *\nDisallow: /", "forbids the whole source"),
        (500, "", "cannot be read"),
        (503, "", "cannot be read"),
        (429, "", "cannot be read"),
    ] {
        put(&site, "/robots.txt", status, rules);
        let run = source.run().await;
        assert_eq!(run.completeness, Completeness::Failed, "{status}");
        assert!(run.notes[0].contains(reason), "{:?}", run.notes);
        assert_eq!(keys(&source).len(), 3);
    }
    put(&site, "/robots.txt", 403, "");
    assert_eq!(outcome(&source.run().await), (Completeness::Complete, [3, 0, 0]));
}

#[tokio::test]
async fn sitemaps_must_be_found_wherever_they_are() {
    let (site, source) = site(&["/a/", "/b/", "/c/"]);
    site.content().pages.remove("/sitemap.xml");
    list(&site, "/nl.xml", &["/a/", "/b/"], None);
    let index = urls(&site, "sitemap", &["/nl.xml", "/en.xml.gz", "/index.xml"], None);
    let index = format!("<sitemapindex>{index}</sitemapindex>");
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let body = urls(&site, "url", &["/c/"], None);
    encoder.write_all(format!("<urlset>{body}</urlset>").as_bytes()).unwrap();
    let packed = encoder.finish().unwrap();
    site.replace(move |path| {
        let binary = ["content-type: application/gzip"];
        (path == "/en.xml.gz").then(|| FakeReply::page(200, &binary, packed.clone()))
    });
    put(&site, "/index.xml", 200, &index);
    let robots =
        format!("Sitemap: {}\nSitemap: https://b.example/x.xml", site.address("/index.xml"));
    put(&site, "/robots.txt", 200, &robots);
    assert_eq!(outcome(&source.run().await), (Completeness::Complete, [3, 3, 0]));
    put(&site, "/robots.txt", 200, "User-agent: *");
    put(&site, "/wp-sitemap.xml", 200, &index);
    assert_eq!(outcome(&source.run().await), (Completeness::Complete, [3, 0, 0]));
}

#[tokio::test]
async fn a_sitemap_that_cannot_be_used_must_remove_nothing() {
    let (site, source) = site(&["/a/", "/b/"]);
    source.run().await;
    let long = "<url><loc>/x</loc></url>".repeat(50_001);
    let long = format!("<urlset>{long}</urlset>");
    for (status, body, reason) in [
        (404, "weg", "no sitemap found"),
        (200, "<urlset></urlset>", "lists no pages"),
        (200, "<urlset><url><loc>/a/</loc>", "incomplete"),
        (200, "<!doctype html><form>Inloggen</form>", "not a sitemap"),
        (200, &long, "50000"),
        (500, "fout", "status 500"),
    ] {
        put(&site, "/sitemap.xml", status, body);
        for _ in 0..3 {
            let run = source.run().await;
            assert_eq!(run.completeness, Completeness::Failed, "{body:.40}");
            assert!(run.notes[0].contains(reason), "{:?}", run.notes);
        }
        assert_eq!(keys(&source), ["/a/", "/b/"]);
    }
    // One of two.
    let index = urls(&site, "sitemap", &["/one.xml", "/two.xml"], None);
    put(&site, "/sitemap.xml", 200, &format!("<sitemapindex>{index}</sitemapindex>"));
    list(&site, "/one.xml", &["/a/"], None);
    for _ in 0..3 {
        assert_eq!(outcome(&source.run().await), (Completeness::Partial, [1, 0, 0]));
    }
    assert_eq!(keys(&source), ["/a/", "/b/"]);
}

#[tokio::test]
async fn only_pages_of_the_source_must_be_read() {
    let paths = ["/kennis/a/", "/kennis/b/", "/kennisbank/", "/kennis/c.pdf", "/oud/"];
    let (site, mut source) = site_with(&paths, &["kennis/**"], &["kennis/b/**"]);
    source.source.address = site.address("/kennis/").parse().unwrap();
    site.replace(|path| {
        let pdf = ["content-type: application/pdf"];
        (path == "/kennis/c.pdf").then(|| FakeReply::page(200, &pdf, "%PDF"))
    });
    let run = source.run().await;
    assert_eq!(
        (outcome(&run), keys(&source)),
        ((Completeness::Complete, [1, 1, 0]), vec!["/kennis/a/".to_owned()])
    );
    assert!(run.notes.iter().any(|note| note.contains("application/pdf")), "{:?}", run.notes);
    // A page that only leads elsewhere, and one that moved to another host.
    put(&site, "/kennis/a/", 200, "<meta http-equiv=refresh content='0; url=/kennis/z/'>");
    assert_eq!(outcome(&source.run().await).1, [0, 0, 1]);
}

#[tokio::test]
async fn a_page_that_needs_a_login_must_leave_the_run_complete() {
    let (site, source) = site(&["/a/", "/b/"]);
    put(&site, "/b/", 403, "Inloggen");
    let run = source.run().await;
    assert_eq!(outcome(&run), (Completeness::Complete, [1, 1, 0]), "{:?}", run.notes);
    put(&site, "/a/", 403, "Inloggen");
    assert_eq!(outcome(&source.run().await), (Completeness::Partial, [0, 0, 0]));
    assert_eq!(keys(&source), ["/a/"]);
}

#[tokio::test]
async fn a_site_that_stops_responding_must_not_receive_every_request() {
    let paths: Vec<_> = (0..60).map(|n| format!("/p{n}/")).collect();
    let paths: Vec<_> = paths.iter().map(String::as_str).collect();
    let (site, source) = site(&paths);
    for path in &paths {
        put(&site, path, 503, "druk");
    }
    let run = source.run().await;
    assert_eq!(run.completeness, Completeness::Partial);
    assert!(run.requests < 30, "{}", run.requests);
}

#[tokio::test]
async fn text_on_many_pages_must_be_known_and_no_longer_when_it_is_rare() {
    let paths: Vec<String> = (0..20).map(|number| format!("/{number}/")).collect();
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    let (site, source) = site(&paths);
    let write = |count: usize| {
        for (number, path) in paths.iter().enumerate() {
            let menu = if number < count { "<p>Menu <b>hier</b></p>" } else { "" };
            put(&site, path, 200, &format!("<p>Tekst {number}</p>{menu}<p>Voet</p>"));
        }
    };
    let repeated = || {
        let blocks = source.state().repeated_blocks(&source.source.name).unwrap();
        blocks.into_iter().map(|block| (block.text, block.pages)).collect::<Vec<_>>()
    };
    for (count, expected) in [
        (20, vec![("Menu hier", 20), ("Voet", 20)]),
        (10, vec![("Voet", 20), ("Menu hier", 10)]),
        (9, vec![("Voet", 20)]),
    ] {
        write(count);
        source.run().await;
        let mut found = repeated();
        found.sort_by_key(|(text, pages)| (std::cmp::Reverse(*pages), text.clone()));
        let expected: Vec<_> =
            expected.into_iter().map(|(text, pages)| (text.to_owned(), pages)).collect();
        assert_eq!(found, expected, "{count}");
    }
    // Pages that are gone do not count, and four pages are too few.
    list(&site, "/sitemap.xml", &paths[..4], None);
    for path in &paths[4..] {
        put(&site, path, 404, "");
    }
    source.run().await;
    assert_eq!((source.keys().len(), repeated()), (4, Vec::new()));
}

#[tokio::test]
async fn a_captcha_must_neither_be_a_page_nor_remove_one() {
    let (site, source) = site(&["/een/", "/twee/"]);
    source.run().await;
    let known = source.keys();
    let captcha = "<title>Just a moment...</title><meta name=robots content=noindex>\
        <p>Verify that you are human.</p><div class=cf-turnstile data-sitekey=x></div>";
    put(&site, "/een/", 200, captcha);
    put(&site, "/drie/", 200, captcha);
    list(&site, "/sitemap.xml", &["/een/", "/twee/", "/drie/"], None);
    for _ in 0..3 {
        let run = source.run().await;
        assert_eq!((run.completeness, run.removed), (Completeness::Partial, 0), "{run:?}");
        assert!(run.notes.iter().any(|note| note.contains("has to allow `Wegwijzer`")), "{run:?}");
        assert_eq!(source.keys(), known);
    }
    // An article with a form that has one.
    let article =
        format!("<h1>Drie</h1>{}<div class=g-recaptcha></div>", "<p>Een lange zin.</p>".repeat(50));
    put(&site, "/een/", 200, PAGE);
    put(&site, "/drie/", 200, &article);
    assert_eq!(source.run().await.completeness, Completeness::Complete);
    assert!(source.keys().contains("/drie/"));
}
