//! The tools `search` and `events`.

use std::fmt::Write;

use schema::{Page, SearchExtras, SearchPage};
use schemars::JsonSchema;
use serde::Serialize;

use super::citation::{Citation, CitationContext};
use crate::{
    error::{ApiError, Result, from_catalog},
    http::search_request::{SearchRequest, value},
    rest::cursor,
};

/// Default number of results.
pub(super) const FIRST_DEFAULT: usize = 10;

/// Results of a search, in order.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct SearchResults {
    results: Vec<Citation>,
    /// Number of exact matches; of all matches if there are no exact ones.
    total_count: u64,
    /// Number of wider matches, which `wider` adds.
    wider_count: u64,
    /// The words that were searched for, because those sent match nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    corrected: Option<String>,
    /// A similar query with more results.
    #[serde(skip_serializing_if = "Option::is_none")]
    did_you_mean: Option<String>,
    /// Value for `after` to list more; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// The results of a search.
pub(super) async fn run(
    context: CitationContext<'_>,
    request: &SearchRequest,
    query: &str,
) -> Result<SearchResults> {
    let after = cursor(value(query, "after"))?;
    if after.is_some() && value(query, "page").is_some() {
        return Err(ApiError::bad_user_input("`page` and `after`: send one of them"));
    }
    let (first, number) = (request.first.unwrap_or(FIRST_DEFAULT), request.search.page.max(1));
    let page = match after {
        None if number > 1 => Page::Offset { limit: first, offset: (number - 1) * first },
        after => Page::Forward { first, after },
    };
    let extras = SearchExtras { total: true, highlights: true, ..SearchExtras::default() };
    let query = request.search.to_query(page, extras, context.now);
    let found = context.snapshot.search(query).await.map_err(|error| from_catalog(&error))?;
    if let Some(partner) = &request.partner {
        partner.usage.record_search(found.total.unwrap_or_default());
    }
    Ok(SearchResults::new(context, found))
}

impl SearchResults {
    fn new(context: CitationContext<'_>, found: SearchPage) -> Self {
        let next = found.hits.last().filter(|_| found.has_next).map(|hit| hit.cursor.to_string());
        Self {
            results: found.hits.iter().map(|hit| context.hit(hit)).collect(),
            total_count: found.total.unwrap_or_default(),
            wider_count: found.wider_total.unwrap_or_default(),
            corrected: found.interpretation.corrected,
            did_you_mean: found.interpretation.did_you_mean,
            next,
        }
    }

    /// The results as text, numbered.
    pub(super) fn text(&self) -> String {
        let mut text = format!("{} results", self.total_count);
        if self.wider_count > 0 {
            let _ = write!(text, ", and {} wider matches", self.wider_count);
        }
        text.push_str(".\n");
        if let Some(words) = &self.corrected {
            let _ = writeln!(text, "The words match nothing; these are the results of “{words}”.");
        }
        if let Some(words) = &self.did_you_mean {
            let _ = writeln!(text, "A similar query has more results: “{words}”.");
        }
        for (number, citation) in self.results.iter().enumerate() {
            text.push('\n');
            citation.write(&mut text, &format!("{}. ", number + 1));
        }
        if let Some(next) = &self.next {
            let _ = writeln!(text, "\nMore: repeat the call with `after` = {next}, without `page`");
        }
        text
    }
}
