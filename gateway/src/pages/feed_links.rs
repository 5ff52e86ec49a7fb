//! Links to feeds, and their formats.

use schema::{Kind, SearchSort};

use super::PageContext;
use crate::search_params::SearchParams;

/// Format of a feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FeedFormat {
    Atom,
    Json,
    /// iCalendar, which only has events.
    Calendar,
}

impl FeedFormat {
    /// Every format.
    const ALL: [Self; 3] = [Self::Atom, Self::Json, Self::Calendar];

    /// The media type of the response.
    pub(crate) const fn media_type(self) -> &'static str {
        match self {
            Self::Atom => "application/atom+xml; charset=utf-8",
            Self::Json => "application/feed+json",
            Self::Calendar => "text/calendar; charset=utf-8",
        }
    }

    /// Name of the format.
    const fn name(self) -> &'static str {
        match self {
            Self::Atom => "Atom",
            Self::Json => "JSON Feed",
            Self::Calendar => "iCalendar",
        }
    }

    /// Key of the message for links.
    const fn label_key(self) -> &'static str {
        match self {
            Self::Atom => "feed.atom",
            Self::Json => "feed.json",
            Self::Calendar => "feed.calendar",
        }
    }

    /// The path of a feed, without its query string.
    pub(super) fn path(self) -> String {
        let extension = match self {
            Self::Atom => "atom",
            Self::Json => "json",
            Self::Calendar => "ics",
        };
        format!("search.{extension}")
    }
}

/// A link to a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FeedLink {
    pub(super) href: String,
    pub(super) media_type: &'static str,
    /// Name of the format.
    pub(super) name: &'static str,
    /// Text of the link for readers.
    pub(super) label: String,
}

/// Links to the feeds of a search by publication.
pub(super) fn of_search(context: PageContext<'_>, search: &SearchParams) -> Vec<FeedLink> {
    let has_events = search.filter.kinds.is_empty() || search.filter.kinds.contains(&Kind::Event);
    let formats = FeedFormat::ALL.into_iter();
    let formats = formats.filter(|format| has_events || *format != FeedFormat::Calendar);
    let feed = |format: FeedFormat| {
        let search = search.with_page(1);
        let search = match format {
            FeedFormat::Calendar => search,
            FeedFormat::Atom | FeedFormat::Json => search.with_sort(SearchSort::Newest),
        };
        let query = search.query_string();
        let separator = if query.is_empty() { "" } else { "?" };
        let path = format!("{}{separator}{query}", format.path());
        let media_type = format.media_type().split(';').next().unwrap_or_default();
        let label = context.messages.get(format.label_key()).to_owned();
        FeedLink { href: context.href(&path), media_type, name: format.name(), label }
    };
    formats.map(feed).collect()
}
