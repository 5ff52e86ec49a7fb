//! The results of a search as a feed: Atom (RFC 4287), JSON Feed 1.1, or iCalendar.
//!
//! A feed has the results of the page with the same query string, in the same order. The links of
//! pages to feeds state the order by publication.

mod atom;
pub(crate) mod calendar;
mod json_feed;

use std::sync::Arc;

use jiff::Timestamp;
use schema::{Kind, Moment, NodeId, Page, Record, SearchExtras};

use super::{
    PageContext, PageError,
    feed_links::FeedFormat,
    hit,
    hit::HitView,
    record_lookup::{self, RecordsById},
    search_path, site,
};
use crate::{
    partners::Partner,
    search_params::{PAGE_MAX, SearchParams},
    truncation::truncate_at_word,
};

/// Default number of entries.
pub(crate) const FIRST_DEFAULT: usize = 20;
/// Maximum number of entries; the default of calendars.
pub(crate) const FIRST_MAX: usize = 100;
/// Maximum length of a summary in characters.
const SUMMARY_CHARACTERS_MAX: usize = 500;

/// A requested feed.
#[derive(Debug, Clone)]
pub(crate) struct FeedRequest {
    pub(crate) format: FeedFormat,
    /// The search as requested.
    pub(crate) requested: SearchParams,
    /// The search with the conditions of the partner.
    pub(crate) search: SearchParams,
    /// Number of entries.
    pub(crate) first: usize,
    pub(crate) partner: Option<Arc<Partner>>,
    /// The key as sent in the address.
    pub(crate) key: Option<String>,
}

impl FeedRequest {
    /// Everything that the feed depends on besides its format, language, generation and time.
    pub(crate) fn identity(&self) -> String {
        let partner = self.partner.as_ref().map_or("", |partner| &partner.config.name);
        let (search, key) = (self.search.query_string(), self.key.as_deref().unwrap_or_default());
        format!(
            "{}&page={}&first={}&key={key}&partner={partner}",
            search, self.search.page, self.first
        )
    }

    /// The path with the query string of a page of this feed.
    fn path(&self, page: usize) -> String {
        let mut parameters = vec![self.requested.with_page(page).query_string()];
        let default = if self.format == FeedFormat::Calendar { FIRST_MAX } else { FIRST_DEFAULT };
        if self.first != default {
            parameters.push(format!("first={}", self.first));
        }
        parameters.extend(self.key.as_ref().map(|key| format!("key={key}")));
        parameters.retain(|parameter| !parameter.is_empty());
        let separator = if parameters.is_empty() { "" } else { "?" };
        format!("{}{separator}{}", self.format.path(), parameters.join("&"))
    }
}

/// A feed.
struct FeedView {
    /// The absolute URL of the feed.
    url: String,
    /// The absolute URL of the next page.
    next: Option<String>,
    /// The absolute URL of the page with the same results.
    page_url: String,
    title: String,
    updated: Timestamp,
    entries: Vec<FeedEntry>,
}

/// An entry of a feed.
struct FeedEntry {
    id: String,
    /// The absolute URL of our page.
    url: String,
    /// The URL at the source.
    source_url: String,
    title: String,
    summary: String,
    published: Timestamp,
    updated: Timestamp,
    /// The language code, if the text is in another language than the feed.
    language: &'static str,
    /// Labels of its themes.
    themes: Vec<String>,
}

/// A feed as text.
pub(super) async fn page(
    context: PageContext<'_>,
    request: &FeedRequest,
) -> Result<String, PageError> {
    let context = PageContext { has_absolute_links: true, ..context };
    let search = match request.format {
        FeedFormat::Calendar => request.search.events_only(),
        FeedFormat::Atom | FeedFormat::Json => Some(request.search.clone()),
    };
    let offset = (request.search.page.max(1) - 1) * request.first;
    let page = Page::Offset { limit: request.first, offset };
    let extras = SearchExtras { total: true, ..SearchExtras::default() };
    let (hits, has_next) = match &search {
        None => (Vec::new(), false),
        Some(search) => {
            let query = search.to_query(page, extras, context.now);
            let found = context.snapshot.search(query).await?;
            if let Some(partner) = &request.partner {
                partner.usage.record_search(found.total.unwrap_or_default());
            }
            (found.hits, found.has_next)
        }
    };
    let records: Vec<_> = hits.into_iter().map(|hit| hit.record).collect();
    let title = xml_text(&title(context, &request.search).await?);
    if request.format == FeedFormat::Calendar {
        return calendar::of_search(context, &title, &records).await;
    }
    let records_by_id = RecordsById::load(context, hit::referenced_ids(&records)).await?;
    let entries: Vec<_> =
        records.iter().filter_map(|record| entry(context, record, &records_by_id)).collect();
    let current = request.search.page.max(1);
    let feed_url = |page| context.href(&request.path(page));
    let feed = FeedView {
        url: feed_url(current),
        next: (has_next && current < PAGE_MAX).then(|| feed_url(current + 1)),
        page_url: context.href(&search_path(&request.search.with_page(1))),
        title,
        updated: entries
            .iter()
            .map(|entry| entry.updated)
            .max()
            .unwrap_or_else(|| context.snapshot.built_at()),
        entries,
    };
    match request.format {
        FeedFormat::Atom => atom::render(context, &feed).await,
        FeedFormat::Json | FeedFormat::Calendar => Ok(json_feed::render(context, &feed)),
    }
}

/// The title of a feed: the words, and the names of its conditions.
async fn title(context: PageContext<'_>, search: &SearchParams) -> Result<String, PageError> {
    let ids: Vec<NodeId> =
        search.conditions().iter().filter_map(|(_, value)| value.parse().ok()).collect();
    let records_by_id = RecordsById::load(context, ids).await?;
    let messages = context.messages;
    let words = search.words.as_ref().map(|words| format!("‘{}’", truncate_at_word(words, 60)));
    let kinds = search.filter.kinds.iter();
    let kinds = kinds.map(|kind| messages.enum_label("kinds", kind.name()));
    let conditions = search.conditions().iter().filter(|(name, _)| *name != "kind");
    let conditions = conditions.map(|(_, value)| match value.parse() {
        Ok(id) => records_by_id.name(id),
        Err(_) => value.clone(),
    });
    let parts: Vec<_> = words.into_iter().chain(kinds).chain(conditions).collect();
    let name = messages.get("site.name");
    let title =
        if parts.is_empty() { name.to_owned() } else { format!("{name}: {}", parts.join(", ")) };
    // Words are what somebody typed; a line break would begin another property of a calendar.
    Ok(title.chars().filter(|character| !character.is_control()).collect())
}

fn entry(context: PageContext<'_>, record: &Arc<Record>, by_id: &RecordsById) -> Option<FeedEntry> {
    let common = record.common()?;
    let view = HitView::from_record(context, record, by_id)?;
    let lead = match &**record {
        Record::Article(article) => article.lead.as_ref().or(common.summary.as_ref()),
        _ => common.summary.as_ref(),
    };
    // When and where an event is matters most.
    let is_event = record.kind() == Some(Kind::Event);
    let date = view.date.as_ref().map(|(text, _)| text.as_str()).filter(|_| is_event);
    let facts = [Some(view.notice.as_str()), date, Some(view.place.as_str())];
    let facts: Vec<_> = facts.into_iter().flatten().filter(|fact| !fact.is_empty()).collect();
    let lead = lead.map(|lead| truncate_at_word(lead, SUMMARY_CHARACTERS_MAX));
    let summary = [facts.join(" · "), lead.unwrap_or_default()];
    let summary: Vec<_> = summary.into_iter().filter(|text| !text.is_empty()).collect();
    let first_seen = common.first_seen.at;
    let published = common.published_at.as_ref().map_or(first_seen, Moment::earliest);
    let modified = common.modified_at.as_ref().map(Moment::earliest);
    let host = context.site.url.host_str().unwrap_or_default();
    Some(FeedEntry {
        // RFC 4151; the year is that in which these addresses were assigned first.
        id: format!("tag:{host},2026:{}", common.id),
        url: context.href(&site::path(record)?),
        source_url: common.url.to_string(),
        title: xml_text(record.name()),
        summary: xml_text(&summary.join(". ")),
        published,
        updated: modified.unwrap_or(published).max(published),
        language: record_lookup::foreign_language_code(context, common.language),
        themes: common.themes.iter().map(|id| xml_text(&by_id.name(*id))).collect(),
    })
}

/// A text without the characters that XML 1.0 does not have.
fn xml_text(text: &str) -> String {
    let is_allowed = |character: &char| !matches!(*character, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}');
    text.chars().filter(is_allowed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_must_be_valid_in_xml() {
        assert_eq!(xml_text("een\u{b}\ttekst\u{0}\u{fffe} é"), "een\ttekst é");
    }
}
