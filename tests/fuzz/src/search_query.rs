//! Search words: every text is a valid query with results, highlights and suggestions, or exceeds
//! the length limit.

use indexer::catalog::{CatalogError, SEARCH_QUERY_BYTES_MAX};
use schema::{Page, SearchExtras, SearchFilter, SearchQuery, SearchSort};

use crate::{byte_source::ByteSource, demo::DEMO};

/// Fragments of queries.
const PARTS: [&str; 40] = [
    "klantreis",
    "brief",
    "gebruikersonderzoek",
    "e-mail",
    "klantries",
    "de",
    "a",
    "OR",
    "|",
    "-",
    "(",
    ")",
    "\"",
    "„",
    "“",
    "«",
    "»",
    "*",
    ":",
    "titel:",
    "theme:",
    "organisatie:",
    "persoon:",
    " ",
    "  ",
    "\n",
    "é",
    "e\u{301}",
    "’s",
    "C++",
    "2.2",
    "wet open overheid",
    "toe*",
    "\u{200b}",
    "ß",
    "ﬁ",
    "日本",
    "\u{202e}",
    "0",
    "_",
];

/// Checks a query derived from the bytes: either the text itself or a choice of fragments.
pub fn check(bytes: &[u8]) {
    let mut choices = ByteSource::new(bytes);
    let words = if choices.one_in(4) {
        choices.text(4_096)
    } else {
        let mut words = String::new();
        while !choices.is_done() && words.len() < 4_096 {
            words.push_str(choices.pick::<&str>(&PARTS));
        }
        words
    };
    let is_too_long = words.len() > SEARCH_QUERY_BYTES_MAX;
    let snapshot = DEMO.pipeline.snapshot().expect("a generation");
    let query = SearchQuery {
        words: Some(words.clone()),
        filter: SearchFilter::default(),
        sort: SearchSort::Relevance,
        wider: false,
        literal: false,
        page: Page::first(10),
        extras: SearchExtras {
            total: true,
            facets: true,
            highlights: true,
            explanations: true,
            about: true,
        },
        now: DEMO.config.clock.now(),
    };
    let found = DEMO.runtime.block_on(async {
        let found = snapshot.search(query).await;
        let _ = snapshot.suggest(words.clone(), 10).await;
        found
    });
    match found {
        Ok(_) => assert!(!is_too_long, "{words}"),
        Err(CatalogError::Limit { name: "search_query_bytes_max", .. }) => assert!(is_too_long),
        Err(error) => panic!("{error}: {words}"),
    }
}
