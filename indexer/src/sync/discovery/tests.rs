//! What addresses offer, by sites on the loopback interface.

use std::{collections::BTreeMap, time::Duration};

use jiff::Timestamp;
use tempfile::TempDir;

use super::{Discovery, NextPage, Offer};
use crate::{
    progress::NoProgress,
    sync::{
        SyncConfig, Synchroniser,
        fake_site::{FakeContent, FakePage, FakeReply, FakeSite},
    },
};

async fn discover(address: &str) -> Discovery {
    let folder = TempDir::new().unwrap();
    let config = SyncConfig {
        data: folder.path().to_owned(),
        contact: "test@example.nl".to_owned(),
        ca_file: None,
        request_interval: Duration::ZERO,
        retries_max: 0,
    };
    let synchroniser = Synchroniser::new(&config).unwrap();
    let address = address.parse().unwrap();
    synchroniser.discover(&address, true, Timestamp::now(), &NoProgress).await.unwrap()
}

fn page(body: &str) -> FakePage {
    FakePage { status: 200, body: body.to_owned() }
}

#[tokio::test]
async fn a_wordpress_site_must_show_its_types_in_a_folder_as_well() {
    let site = FakeSite::with_posts(12);
    let home = "<html lang=nl-NL><title>Site</title><meta name=generator content='WordPress 6.9'>\
        <link rel='https://api.w.org/' href='/wp-json/'>\
        <link rel=alternate type='application/rss+xml' href='/comments/feed/'>";
    site.content().pages.insert("/over/".to_owned(), page(home));
    let found = discover(&site.address("/over/")).await;
    let types = BTreeMap::from([("post".to_owned(), 12)]);
    let address = site.address("/").parse().unwrap();
    assert_eq!(found.offers, [Offer::Wordpress { address, types }]);
    assert_eq!((found.title.as_deref(), found.language.as_deref()), (Some("Site"), Some("nl-NL")));
    assert_eq!(found.generator.as_deref(), Some("WordPress 6.9"));
    assert!(found.notes.iter().any(|note| note.starts_with("sitemap: ")), "{:?}", found.notes);
}

#[tokio::test]
async fn a_site_must_show_its_sitemap_feeds_and_calendars() {
    let site = FakeSite::start(FakeContent::default());
    let sitemap = format!(
        "<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\"><url><loc>{}</loc></url></urlset>",
        site.address("/een/")
    );
    let feed = "<rss version=\"2.0\"><channel><title>Nieuws</title><link>https://a.example/</link>\
        <description>x</description><item><title>A</title><guid>1</guid></item></channel></rss>";
    let calendar = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:1\r\n\
        DTSTAMP:20261128T000000Z\r\nDTSTART:20261201T090000Z\r\nSUMMARY:A\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
    let home = "<link rel=alternate type=application/rss+xml href=feed.xml>\
        <link rel=alternate type=application/rss+xml href=/kapot.xml>\
        <link rel=alternate type=application/atom+xml href=https://elders.example/atom>\
        <a href='/agenda.ics?x=1'>Agenda</a>";
    for (path, body) in [
        ("/", home),
        ("/sitemap.xml", sitemap.as_str()),
        ("/feed.xml", feed),
        ("/kapot.xml", "<rss><channel>"),
        ("/agenda.ics", calendar),
    ] {
        site.content().pages.insert(path.to_owned(), page(body));
    }
    let found = discover(&site.address("/")).await;
    let address = |path: &str| site.address(path).parse().unwrap();
    assert_eq!(
        found.offers,
        [
            Offer::Website { address: address("/"), pages: 1 },
            Offer::Feed {
                address: address("/feed.xml"),
                title: Some("Nieuws".to_owned()),
                entries: 1
            },
            Offer::Calendar { address: address("/agenda.ics?x=1"), events: 1 },
        ],
        "{:?}",
        found.notes
    );
    for note in ["run `init` for it as well: `https://elders.example/atom`", "neither a feed nor"] {
        assert!(found.notes.iter().any(|found| found.contains(note)), "{note}: {:?}", found.notes);
    }
    // The address of a feed or of a calendar is enough.
    assert!(matches!(discover(&site.address("/feed.xml")).await.offers[..], [Offer::Feed { .. }]));
    let calendar = discover(&site.address("/agenda.ics")).await;
    assert!(matches!(calendar.offers[..], [Offer::Calendar { events: 1, .. }]));
}

#[tokio::test]
async fn a_list_in_json_must_show_its_fields_and_its_next_page() {
    let site = FakeSite::start(FakeContent::default());
    site.replace(|_| {
        let body = "{\"count\":3,\"next\":\"/api?page=2\",\"data\":{\"results\":[\
            {\"guid\":\"a\",\"naam\":\"Kaart\",\"permalink\":\"https://a.example/a\"}]}}";
        Some(FakeReply::page(200, &["content-type: application/json"], body))
    });
    let found = discover(&site.address("/api")).await;
    let [Offer::Json { list, .. }] = &found.offers[..] else { panic!("{found:?}") };
    assert_eq!((list.items.as_str(), list.count, list.key), ("data.results", 1, "guid"));
    assert_eq!((list.title, list.url, list.body), (Some("naam"), Some("permalink"), None));
    assert_eq!(list.next, Some(NextPage::Path("next")));
}

#[tokio::test]
async fn an_address_with_nothing_must_say_why() {
    let site = FakeSite::start(FakeContent::default());
    for (status, body, reason) in [
        (404, "weg", "nothing there (status 404)"),
        (401, "<form>", "status 401"),
        (200, "[]", "sitemap: "),
        (200, "{\"a\":1}", "sitemap: "),
        (200, "<html><p>Hallo", "sitemap: "),
        (200, "BEGIN:VCALENDAR\r\nBEGIN:VEVENT", "sitemap: "),
    ] {
        site.content().pages.insert("/".to_owned(), FakePage { status, body: body.to_owned() });
        let found = discover(&site.address("/")).await;
        assert!(found.offers.is_empty(), "{body}: {found:?}");
        assert!(found.notes.iter().any(|note| note.contains(reason)), "{body}: {:?}", found.notes);
    }
    let port = site.port;
    site.replace(move |target| {
        let location = format!("location: http://localhost:{port}/elsewhere");
        let status = if target == "/elsewhere" { 200 } else { 301 };
        Some(FakeReply::page(status, &[&location], ""))
    });
    let found = discover(&site.address("/")).await;
    assert!(found.notes.iter().any(|note| note.contains("another host")), "{:?}", found.notes);
}
