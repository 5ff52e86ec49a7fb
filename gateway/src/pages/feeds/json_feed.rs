//! A feed as JSON Feed 1.1 (<https://www.jsonfeed.org/version/1.1/>).

use serde::Serialize;

use super::{FeedEntry, FeedView, PageContext};

#[derive(Serialize)]
struct JsonFeed<'a> {
    version: &'static str,
    title: &'a str,
    home_page_url: &'a str,
    feed_url: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_url: Option<&'a str>,
    language: &'static str,
    items: Vec<Item<'a>>,
}

#[derive(Serialize)]
struct Item<'a> {
    id: &'a str,
    url: &'a str,
    external_url: &'a str,
    title: &'a str,
    /// The summary, since an item must have content.
    content_text: &'a str,
    date_published: String,
    date_modified: String,
    #[serde(skip_serializing_if = "str::is_empty")]
    language: &'static str,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    tags: &'a [String],
}

impl<'a> Item<'a> {
    fn new(entry: &'a FeedEntry) -> Self {
        Self {
            id: &entry.id,
            url: &entry.url,
            external_url: &entry.source_url,
            title: &entry.title,
            content_text: &entry.summary,
            date_published: entry.published.to_string(),
            date_modified: entry.updated.to_string(),
            language: entry.language,
            tags: &entry.themes,
        }
    }
}

/// A feed as JSON.
pub(super) fn render(context: PageContext<'_>, feed: &FeedView) -> String {
    let feed = JsonFeed {
        version: "https://jsonfeed.org/version/1.1",
        title: &feed.title,
        home_page_url: &feed.page_url,
        feed_url: &feed.url,
        next_url: feed.next.as_deref(),
        language: context.messages.language_code(),
        items: feed.entries.iter().map(Item::new).collect(),
    };
    serde_json::to_string(&feed).expect("texts serialise to JSON")
}
