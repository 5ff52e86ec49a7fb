use super::*;

fn read(text: &str) -> Result<Feed, FeedError> {
    parse(text.as_bytes(), None, &"https://a.example/blog/feed/".parse().unwrap())
}

fn rss(items: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>A</title>{items}</channel></rss>"
    )
}

#[test]
fn entries_of_each_format_must_have_an_identifier_and_an_absolute_link() {
    let atom = "<feed xmlns='http://www.w3.org/2005/Atom'><title>A</title><entry><id>urn:1</id>\
        <link rel='enclosure' href='/a.mp3'/><link rel='alternate' type='text/html' href='../een/'/>\
        <title>Een</title></entry></feed>";
    let json = "{\"version\":\"https://jsonfeed.org/version/1.1\",\"title\":\"A\",\"items\":[\
        {\"id\":\"urn:1\",\"url\":\"../een/\",\"content_html\":\"<p>x</p>\",\"title\":\"Een\"}]}";
    let rss2 = rss("<item><guid isPermaLink='false'>urn:1</guid><link>../een/</link>\
        <title>Een</title></item>");
    let rdf = "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' \
        xmlns='http://purl.org/rss/1.0/'><channel><title>A</title></channel>\
        <item><title>Een</title><link>https://a.example/blog/een/</link></item></rdf:RDF>";
    for (text, id) in
        [(atom, "urn:1"), (json, "urn:1"), (&rss2, "urn:1"), (rdf, "https://a.example/blog/een/")]
    {
        let feed = read(text).unwrap();
        let [entry] = feed.entries.as_slice() else { panic!("{text}: {feed:?}") };
        assert_eq!(entry.id, id);
        assert_eq!(link(entry), Some("https://a.example/blog/een/"), "{text}");
        assert_eq!(entry.title.as_ref().unwrap().content, "Een");
    }
}

#[test]
fn an_entry_without_an_identifier_must_have_that_of_its_address() {
    let feed =
        read(&rss("<item><title>a</title><link>/a</link></item><item><title>b</title></item>"));
    let ids: Vec<_> = feed.unwrap().entries.into_iter().map(|entry| entry.id).collect();
    assert_eq!(ids, ["https://a.example/a"]);
    let long = rss(&format!("<item><guid>{}</guid></item>", "é".repeat(500)));
    assert_eq!(read(&long).unwrap().entries[0].id.len(), 64);
}

#[test]
fn anything_but_a_complete_feed_must_be_an_error() {
    let whole = rss("<item><guid>1</guid><title>Een</title></item>");
    for end in 0..whole.len() {
        assert!(read(&whole[..end]).is_err(), "{}", &whole[..end]);
    }
    let json = "{\"version\":\"https://jsonfeed.org/version/1\",\"title\":\"A\",\"items\":[]}";
    assert!(read(json).unwrap().entries.is_empty());
    for end in 0..json.len() {
        assert!(read(&json[..end]).is_err(), "{}", &json[..end]);
    }
    for (text, reason) in [
        ("<!DOCTYPE html><html><body>Inloggen</body></html>", "web page"),
        ("<html><head></head></html>", "web page"),
        ("<urlset><url/></urlset>", "cannot be read"),
        ("Inloggen", "not a feed"),
        ("[1]", "not a feed"),
        ("", "not a feed"),
        ("{\"a\":1}", "cannot be read"),
    ] {
        let error = read(text).unwrap_err().to_string();
        assert!(error.contains(reason), "{text}: {error}");
    }
    let deep = rss(&"<a>".repeat(200));
    assert!(matches!(read(&deep), Err(FeedError::TooDeep)));
    let long = rss(&"<item><guid>1</guid></item>".repeat(ENTRIES_MAX + 1));
    assert!(matches!(read(&long), Err(FeedError::TooLong)));
}

#[test]
fn an_invalid_charset_must_not_damage_the_text() {
    let title = |bytes: &[u8], charset| {
        let address = "https://a.example/feed".parse().unwrap();
        let feed = parse(bytes, charset, &address).unwrap();
        feed.title.unwrap().content
    };
    let feed = |encoding: &str, title: &[u8]| {
        let start = format!(
            "<?xml version='1.0' encoding='{encoding}'?><rss version='2.0'><channel><title>"
        );
        [start.as_bytes(), title, b"</title></channel></rss>"].concat()
    };
    for (encoding, bytes, charset) in [
        ("utf-8", "één".as_bytes(), None),
        ("iso-8859-1", "één".as_bytes(), Some("iso-8859-1")),
        ("iso-8859-1", b"\xe9\xe9n", None),
        ("utf-8", b"\xe9\xe9n", Some("utf-8")),
        ("utf-8", b"\xe9\xe9n", Some("iso-8859-1")),
        ("nonsense", b"\xe9\xe9n", None),
    ] {
        assert_eq!(title(&feed(encoding, bytes), charset), "één", "{encoding} {charset:?}");
    }
    let wide: Vec<u8> = std::iter::once(0xfeff)
        .chain(String::from_utf8(feed("utf-16", "één".as_bytes())).unwrap().encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    assert_eq!(title(&wide, None), "één");
}
