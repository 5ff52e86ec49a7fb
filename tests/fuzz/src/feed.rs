//! Feeds: complete ones become records, everything else is rejected.

use std::sync::LazyLock;

use indexer::ingest::{
    config::{ResolvedSource, SourceConfig, resolve_sources},
    fuzz_support::{ReadItem, read_feed},
};

use crate::{
    byte_source::ByteSource,
    content::{HTML, assert_valid, text},
};

/// Elements of an entry of RSS.
const ITEM: [&str; 16] = [
    "<title>Titel</title>",
    "<guid>1</guid>",
    "<guid isPermaLink='false'>urn:a</guid>",
    "<link>/een/</link>",
    "<link/>",
    "<description>Kort.</description>",
    "<description><![CDATA[<p>Lang.</p>]]></description>",
    "<pubDate>Thu, 26 Nov 2026 09:00:00 +0100</pubDate>",
    "<pubDate>straks</pubDate>",
    "<author>a@b.example (Ada)</author>",
    "<category>Taal</category>",
    "<enclosure url='/a.mp3' type='audio/mpeg' length='1'/>",
    "<enclosure url='::' type='/' length='-1'/>",
    "<a:b xmlns:a='x'>&nbsp;&#0;&#x110000;</a:b>",
    "<title>R&D</title>",
    "</item><item>",
];

/// Members of an item of JSON Feed.
const MEMBERS: [&str; 10] = [
    "\"id\":\"1\"",
    "\"id\":1",
    "\"url\":\"/een/\"",
    "\"title\":\"Titel\"",
    "\"content_html\":\"<p>Lang.</p>\"",
    "\"content_text\":\"Kort.\"",
    "\"date_published\":\"2026-11-26T09:00:00+01:00\"",
    "\"date_published\":\"straks\"",
    "\"tags\":[\"Taal\",null]",
    "\"authors\":[{\"name\":\"Ada\"}]",
];

static SOURCE: LazyLock<ResolvedSource> = LazyLock::new(|| {
    let config = "name = 'items'\nkind = 'feed'\naddress = 'https://a.nl/feed/'\nlanguage = 'NL'";
    let config: SourceConfig = toml::from_str(config).expect("a source");
    let folder = std::env::temp_dir();
    resolve_sources(&[config], &folder).expect("a valid source").remove(0)
});

/// Checks a feed derived from the bytes.
pub fn check(bytes: &[u8]) {
    outcome(bytes);
}

/// The number of records of a feed in RSS, Atom or JSON; `None` if it was rejected.
pub(crate) fn outcome(bytes: &[u8]) -> Option<usize> {
    let mut choices = ByteSource::new(bytes);
    let feed = match choices.below(4) {
        0 => rss(&mut choices),
        1 => format!("<feed xmlns='http://www.w3.org/2005/Atom'>{}</feed>", atom(&mut choices)),
        2 => json(&mut choices),
        _ => choices.text(2_048),
    };
    let items = read_feed(feed.as_bytes(), &SOURCE);
    assert_eq!(items, read_feed(feed.as_bytes(), &SOURCE), "{feed}");
    let items = items?;
    for item in &items {
        assert_valid(item, &feed);
    }
    Some(items.iter().filter(|item| matches!(item, ReadItem::Record { .. })).count())
}

fn rss(choices: &mut ByteSource) -> String {
    let mut item = String::new();
    for _ in 0..choices.below(8) {
        item.push_str(choices.pick::<&str>(&ITEM));
    }
    let end = if choices.one_in(8) { "" } else { "</channel></rss>" };
    format!("<rss version='2.0'><channel><item>{item}</item>{end}")
}

fn atom(choices: &mut ByteSource) -> String {
    let body = text(choices, &HTML);
    let kind = choices.pick(&["html", "xhtml", "text", "image/png"]);
    let title = choices.pick(&["<title>Titel</title>", "<title type='html'>&lt;b>", ""]);
    format!("<entry><id>1</id>{title}<content type='{kind}'><![CDATA[{body}]]></content></entry>")
}

fn json(choices: &mut ByteSource) -> String {
    let members: Vec<&str> = (0..choices.below(6)).map(|_| *choices.pick(&MEMBERS)).collect();
    format!(
        "{{\"version\":\"https://jsonfeed.org/version/1.1\",\"title\":\"A\",\"items\":[{{{}}}]}}",
        members.join(",")
    )
}
