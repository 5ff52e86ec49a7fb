//! The overviews of themes, organisations and audiences: all of them by name, with the number of
//! results of each.

use std::{collections::HashMap, sync::Arc};

use askama::Template;
use schema::{NodeId, NodeKind, Page, Record, SearchExtras, SearchFilter, SearchSort};
use url::form_urlencoded;

use super::{
    PageContext, PageError, entity, home,
    layout::{Layout, Link},
    mentions, record_lookup, render_template,
};
use crate::truncation::truncate_at_word;

/// Number of entities per page; a facet counts at most as many selected values.
const PAGE_SIZE: usize = 100;
/// Maximum length of the words in the title of a page.
const TITLE_CHARACTERS_MAX: usize = 60;
/// Maximum length of a definition in characters.
const DEFINITION_CHARACTERS_MAX: usize = 140;
/// Maximum number of characters of the words, as in the field.
const WORDS_CHARACTERS_MAX: usize = 200;
/// With more entities than this, a field narrows the list by name.
const SEARCHED_FROM: u64 = 30;

/// A requested page of an overview.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EntityListRequest {
    kind: NodeKind,
    /// Words of the names; all entities if empty.
    words: String,
    /// Number of the page, from 1.
    page: usize,
}

#[derive(Template)]
#[template(path = "entity_list.html")]
struct EntityListView<'a> {
    layout: Layout<'a>,
    heading: String,
    /// The number of entities, as a complete sentence.
    count: String,
    words: String,
    /// The overview without words.
    all: Option<String>,
    has_search_field: bool,
    rows: Vec<EntityRow>,
    previous: Option<String>,
    next: Option<String>,
}

struct EntityRow {
    link: Link,
    /// The definition of a theme, or the type of an organisation.
    text: String,
    /// The number of results.
    count: String,
}

impl EntityListRequest {
    /// The request of a query string with the parameters `q` and `page`; `None` for a kind without
    /// an overview, an invalid number or words that are too long. Other parameters have no meaning here.
    pub(crate) fn parse(kind: NodeKind, query: &str) -> Option<Self> {
        let has_overview =
            matches!(kind, NodeKind::Theme | NodeKind::Organisation | NodeKind::Audience);
        let mut request = has_overview.then(|| Self { kind, words: String::new(), page: 1 })?;
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "q" if value.chars().count() > WORDS_CHARACTERS_MAX => return None,
                "q" => value.trim().clone_into(&mut request.words),
                "page" => request.page = value.parse().ok().filter(|page| *page > 0)?,
                _ => {}
            }
        }
        Some(request)
    }

    /// The query string of the same request, without defaults.
    pub(crate) fn query_string(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        if !self.words.is_empty() {
            query.append_pair("q", &self.words);
        }
        if self.page > 1 {
            query.append_pair("page", &self.page.to_string());
        }
        query.finish()
    }

    /// The path of the request, in its Dutch form.
    fn path(&self) -> String {
        match self.query_string() {
            query if query.is_empty() => self.kind.as_str().to_owned(),
            query => format!("{}?{query}", self.kind.as_str()),
        }
    }

    fn at_page(&self, page: usize) -> Self {
        Self { page, ..self.clone() }
    }
}

/// A page of an overview.
pub(super) async fn page(
    context: PageContext<'_>,
    request: &EntityListRequest,
) -> Result<String, PageError> {
    let messages = context.messages;
    let offset = (request.page - 1).checked_mul(PAGE_SIZE).ok_or(PageError::NotFound)?;
    let all = context.snapshot.counts().get(request.kind);
    if u64::try_from(offset).is_ok_and(|offset| offset > 0 && offset >= all) {
        return Err(PageError::NotFound);
    }
    let page = Page::Offset { limit: PAGE_SIZE, offset };
    let found = context.snapshot.list_by_name(request.kind, request.words.clone(), page).await?;
    if found.entries.is_empty() && request.page > 1 {
        return Err(PageError::NotFound);
    }
    let records: Vec<_> = found.entries.into_iter().map(|(record, _)| record).collect();
    let ids: Vec<_> = records.iter().map(|record| record.id()).collect();
    let counts = counts(context, request.kind, &ids).await?;
    let row = |record: &Arc<Record>| EntityRow {
        link: record_lookup::link(context, record),
        text: description(context, record),
        count: count(context, counts.get(&record.id()).copied().unwrap_or_default()),
    };
    let key = request.kind.as_str();
    let (title_key, intro_key) = entity::overview_keys(request.kind);
    let heading = messages.get(title_key).to_owned();
    let mut title = heading.clone();
    if !request.words.is_empty() {
        title = format!("{title}: {}", truncate_at_word(&request.words, TITLE_CHARACTERS_MAX));
    }
    if request.page > 1 {
        let page = messages.format("search.page", "page", &request.page.to_string());
        title = format!("{title}, {}", page.to_lowercase());
    }
    let path = request.path();
    let mut layout = Layout::new(context.site, messages, title, &path);
    layout.description = messages.get(intro_key).to_owned();
    layout.is_indexable = request.words.is_empty();
    let href = |page: usize| context.href(&request.at_page(page).path());
    let view = EntityListView {
        count: match found.total {
            0 if !request.words.is_empty() => messages.get("entities.none").to_owned(),
            total => messages.format("entities.count", "count", &messages.number(total)),
        },
        all: (!request.words.is_empty()).then(|| context.href(key)),
        words: request.words.clone(),
        has_search_field: all > SEARCHED_FROM || !request.words.is_empty(),
        rows: records.iter().map(row).collect(),
        previous: (request.page > 1).then(|| href(request.page - 1)),
        next: found.has_next.then(|| href(request.page + 1)),
        heading,
        layout,
    };
    render_template(&view).await
}

/// The number of results of each entity.
async fn counts(
    context: PageContext<'_>,
    kind: NodeKind,
    ids: &[NodeId],
) -> Result<HashMap<NodeId, u64>, PageError> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    // A facet counts the selected values, whatever the rank of each.
    let filter = ids
        .iter()
        .fold(SearchFilter::default(), |filter, id| mentions::filter_by_entity(filter, *id));
    let extras = SearchExtras { facets: true, ..SearchExtras::default() };
    let results = home::search_filtered(context, filter, SearchSort::Newest, 1, extras).await?;
    let facets = results.facets.unwrap_or_default();
    let values = match kind {
        NodeKind::Theme => facets.themes,
        NodeKind::Audience => facets.audiences,
        _ => facets.organisations,
    };
    Ok(values.into_iter().map(|facet| (facet.value, facet.count)).collect())
}

fn count(context: PageContext<'_>, count: u64) -> String {
    match count {
        0 => context.messages.get("entities.results_none").to_owned(),
        1 => context.messages.get("theme.in_item").to_owned(),
        count => {
            let number = context.messages.number(count);
            context.messages.format("entities.results", "count", &number)
        }
    }
}

fn description(context: PageContext<'_>, record: &Record) -> String {
    match record {
        Record::Theme(theme) => theme
            .definition
            .as_ref()
            .map(|text| truncate_at_word(text, DEFINITION_CHARACTERS_MAX))
            .unwrap_or_default(),
        Record::Organisation(organisation) => entity::organisation_kind(context, organisation),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_string_must_be_read_and_written() {
        let query = |query| {
            EntityListRequest::parse(NodeKind::Theme, query).map(|request| request.query_string())
        };
        assert_eq!(query("").as_deref(), Some(""));
        assert_eq!(query("page=1&utm_source=x").as_deref(), Some(""));
        assert_eq!(query("page=3&q=+taal+").as_deref(), Some("q=taal&page=3"));
        for invalid in ["page=0", "page=-1", "page=x", "page=", "page=99999999999999999999"] {
            assert_eq!(query(invalid), None, "{invalid}");
        }
        assert_eq!(EntityListRequest::parse(NodeKind::Person, ""), None);
        let words = |length: usize| {
            let query = format!("q={}", "é".repeat(length));
            EntityListRequest::parse(NodeKind::Theme, &query)
        };
        assert!(words(WORDS_CHARACTERS_MAX).is_some());
        assert_eq!(words(WORDS_CHARACTERS_MAX + 1), None);
    }
}
