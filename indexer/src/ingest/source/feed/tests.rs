use super::*;

/// The fields of the only entry of a feed, fetched on 28 November 2026.
fn read(feed: &str, page: Option<&str>) -> Value {
    let address = "https://a.example/feed/".parse().unwrap();
    let mut feed = feed_document::parse(feed.as_bytes(), None, &address).unwrap();
    let entry = feed.entries.remove(0);
    let url = "https://a.example/een/".parse().unwrap();
    let page = page.map(|html| crate::sync::feed::StoredPage { url, html: Some(html.to_owned()) });
    let stored = StoredEntry { entry, language: feed.language, page, is_gone: false };
    Value::Object(fields(&stored, 1_795_824_000).unwrap())
}

fn rss(item: &str) -> String {
    format!(
        "<rss version='2.0' xmlns:dc='http://purl.org/dc/elements/1.1/' \
         xmlns:content='http://purl.org/rss/1.0/modules/content/'><channel><title>Blog</title>\
         <language>nl-NL</language><item><guid>g1</guid>{item}</item></channel></rss>"
    )
}

#[test]
fn an_entry_must_become_fields() {
    let found = read(
        &rss("<title>H&amp;#233;n &lt;b&gt;één&lt;/b&gt; &amp; meer</title>\
             <link>https://a.example/een/</link><dc:creator>Ada</dc:creator>\
             <pubDate>Thu, 26 Nov 2026 09:00:00 +0100</pubDate><category>Taal</category>\
             <category>Brieven</category><description>Kort.</description>\
             <content:encoded>&lt;p&gt;De tekst.&lt;/p&gt;</content:encoded>"),
        None,
    );
    let expected = json!({
        "id": "g1", "url": "https://a.example/een/", "title": "Hén één & meer",
        "body": "<p>De tekst.</p>", "summary": "Kort.",
        "published_at": "2026-11-26T08:00:00+00:00", "authors": ["Ada"],
        "categories": ["Taal", "Brieven"], "language": "NL",
    });
    assert_eq!(found, expected);
}

#[test]
fn a_page_must_complete_an_entry_with_a_summary_only() {
    let text = "<p>De gemeente herschrijft brieven, samen met inwoners, in duidelijke taal.</p>";
    let page = format!(
        "<html lang=en><title>Titel</title><meta property=og:image content=/a.png><main>{}</main>",
        text.repeat(10)
    );
    let found = read(&rss("<title>Een</title><description>Kort.</description>"), Some(&page));
    assert_eq!((&found["title"], &found["summary"]), (&json!("Een"), &json!("Kort.")));
    assert_eq!(found["url"], "https://a.example/een/");
    assert!(found["body"].as_str().unwrap().contains("herschrijft"), "{found}");
    assert_eq!(found["image"]["url"], "/a.png");
}

#[test]
fn an_address_must_not_become_the_name_of_an_author() {
    for (author, expected) in [
        ("<author>ada@a.example (Ada Lovelace)</author>", json!(["Ada Lovelace"])),
        ("<author>ada@a.example</author>", Value::Null),
        ("<author>Ada Lovelace</author>", json!(["Ada Lovelace"])),
        ("<author>ada@a.example (ada@a.example)</author>", Value::Null),
        ("<dc:creator>ada@a.example</dc:creator>", Value::Null),
        ("<dc:creator>Ada</dc:creator>", json!(["Ada"])),
    ] {
        let found = read(&rss(&format!("<title>T</title>{author}")), None);
        assert_eq!(found.get("authors").unwrap_or(&Value::Null), &expected, "{author}: {found}");
        assert!(!found.to_string().contains('@'), "{found}");
    }
}

#[test]
fn a_time_that_is_none_must_be_left_out() {
    for (time, expected) in [
        ("Sat, 28 Nov 2026 23:00:00 +0000", json!("2026-11-28T23:00:00+00:00")),
        ("Wed, 28 Nov 2029 23:00:00 +0000", Value::Null),
        ("gisteren", Value::Null),
        ("", Value::Null),
    ] {
        let found = read(&rss(&format!("<title>T</title><pubDate>{time}</pubDate>")), None);
        assert_eq!(found.get("published_at").unwrap_or(&Value::Null), &expected, "{time}");
    }
    let atom = "<feed xmlns='http://www.w3.org/2005/Atom'><entry><id>1</id><title>T</title>\
        <updated>2026-11-01T10:00:00Z</updated></entry></feed>";
    let found = read(atom, None);
    assert_eq!(found["published_at"], "2026-11-01T10:00:00+00:00");
}

#[test]
fn an_episode_must_be_a_podcast_and_an_image_must_have_its_size() {
    let item =
        "<title>T</title><enclosure url='https://a.example/a.mp3' type='audio/mpeg' length='1'/>";
    assert_eq!(read(&rss(item), None)["form"], "PODCAST");
    let found = read(
        &rss("<title>T</title><media:content xmlns:media='http://search.yahoo.com/mrss/' \
              url='https://a.example/a.png' type='image/png' width='10' height='20'/>"),
        None,
    );
    assert!(found.get("form").is_none());
    assert_eq!(
        found["image"],
        json!({ "url": "https://a.example/a.png", "width": 10, "height": 20 })
    );
}
