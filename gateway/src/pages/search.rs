//! The search page: search field, filters, hits and pagination.

mod filters;
mod pagination;

use askama::Template;
use schema::{
    Hit, Kind, MatchClass, MeaningClass, NodeKind, Page, Preference, Record, SearchExtras,
    SearchPage, SearchSort,
};

use self::{filters::FiltersView, pagination::PaginationView};
use super::{
    PageContext, PageError, facets,
    facets::FacetBuilder,
    feed_links, hit,
    hit::HitView,
    layout::{Layout, Link},
    record_lookup::RecordsById,
    render_template, search_href, search_path, site,
};
use crate::{
    explanation_text,
    messages::Messages,
    search_params::{InvalidParameter, SearchParams, to_url_value},
    truncation::truncate_at_word,
};

/// Maximum number of labels of the vocabulary that a page names.
const RELATED_TERMS_SHOWN: usize = 8;
/// Number of hits per page.
pub(super) const PAGE_SIZE: usize = 10;

#[derive(Template)]
#[template(path = "search.html")]
struct SearchView<'a> {
    layout: Layout<'a>,
    heading: String,
    /// The number of hits, as a complete sentence.
    count: String,
    hits: Vec<HitView>,
    wider: Option<WiderView>,
    filters: FiltersView,
    /// How the words were interpreted, one sentence each.
    notes: Vec<String>,
    /// What words of the query prefer.
    preferences: Vec<PreferenceView>,
    /// The same search with interpreted words, if they are taken literally.
    interpreted_href: Option<String>,
    did_you_mean: Option<Link>,
    /// The page of the theme or organisation that the words name.
    about: Option<Link>,
    sorts: Vec<(String, String, bool)>,
    pagination: PaginationView,
    no_results: Option<NoResultsView>,
}

/// The wider hits of a page that follow the exact ones, or a link to them.
struct WiderView {
    /// "Further away: 44".
    heading: String,
    hits: Vec<HitView>,
    /// The same search with wider hits, if they are not part of the list.
    include_href: Option<String>,
}

/// What words of the query prefer, with links to only such results and to a literal search.
struct PreferenceView {
    text: String,
    /// `None` if pages cannot filter by it.
    only_href: Option<String>,
    literal_href: String,
}

/// Suggestions for a search without hits.
struct NoResultsView {
    shorter_queries: Vec<Link>,
    without_filters: Option<String>,
    themes: Vec<Link>,
}

/// All content of one kind, with facets.
pub(super) async fn overview(
    context: PageContext<'_>,
    kind: NodeKind,
) -> Result<String, PageError> {
    let parameters = SearchParams::default().with("kind", kind.as_str());
    let name = Kind::try_from(kind).map_err(|_| PageError::NotFound)?.name();
    let mut view = view(context, &parameters, &[]).await?;
    view.layout.title = context.messages.enum_label("kinds", name);
    view.layout.description = context.messages.enum_label("kinds_intro", name);
    kind.as_str().clone_into(&mut view.layout.path);
    view.layout.is_indexable = true;
    view.heading.clone_from(&view.layout.title);
    render_template(&view).await
}

/// The search page.
pub(super) async fn page(
    context: PageContext<'_>,
    parameters: &SearchParams,
    invalid: &[InvalidParameter],
) -> Result<String, PageError> {
    let view = view(context, parameters, invalid).await?;
    if view.no_results.is_some() && invalid.is_empty() {
        record_empty_search(context, parameters);
    }
    render_template(&view).await
}

/// Counts a search without hits as feedback, if nothing but its words is the reason.
fn record_empty_search(context: PageContext<'_>, parameters: &SearchParams) {
    let is_unfiltered = parameters.conditions().is_empty() && parameters.page == 1;
    let words = parameters.words.as_deref().filter(|_| is_unfiltered);
    if let Some((feedback, words)) = context.feedback.zip(words) {
        feedback.record_empty_search(words);
    }
}

fn title(messages: &Messages, query: Option<&str>) -> String {
    match query {
        Some(query) => messages.format("search.title_words", "words", &truncate_at_word(query, 60)),
        None => messages.get("search.title").to_owned(),
    }
}

async fn view<'a>(
    context: PageContext<'a>,
    parameters: &SearchParams,
    invalid: &[InvalidParameter],
) -> Result<SearchView<'a>, PageError> {
    let messages = context.messages;
    let results = find(context, parameters).await?;
    let facets = results.facets.clone().unwrap_or_default();
    let ids = hit::referenced_ids(results.hits.iter().map(|hit| &hit.record))
        .into_iter()
        .chain(facets::referenced_ids(&facets, parameters))
        .chain(facets::condition_ids(parameters));
    let records_by_id = RecordsById::load(context, ids).await?;
    let facet_builder =
        FacetBuilder { messages, records_by_id: &records_by_id, parameters, context };
    let total = results.total.unwrap_or_default();
    let wider_total =
        if results.wider_included { 0 } else { results.wider_total.unwrap_or_default() };
    let is_wider = |hit: &&Hit| wider_total > 0 && hit.match_class == MatchClass::Wider;
    let views = |wider: bool| {
        let hits = results.hits.iter().filter(|hit| is_wider(hit) == wider);
        hits.filter_map(|hit| HitView::from_hit(context, hit, &records_by_id)).collect()
    };
    // Only by relevance do wider hits follow the exact ones.
    let is_listed = parameters.order() == SearchSort::Relevance;
    let listed = if is_listed { total + wider_total } else { total };
    let href = |parameters: &SearchParams| search_href(context, parameters);

    let interpretation = &results.interpretation;
    // The number is that of the query that was executed.
    let searched = interpretation.corrected.as_deref();
    let searched =
        searched.filter(|corrected| completed_word(&interpretation.query, corrected).is_none());
    let title = title(messages, parameters.words.as_deref());
    let mut layout = Layout::new(context.site, messages, title.clone(), &search_path(parameters));
    layout.query = parameters.words.clone().unwrap_or_default();
    layout.feeds = feed_links::of_search(context, parameters);
    let is_valid = invalid.is_empty() && !parameters.is_empty();
    layout.has_feedback_form = context.feedback.is_some() && is_valid;
    layout.is_indexable = false;
    let no_results = if listed == 0 { Some(no_results(context, parameters).await?) } else { None };
    let view = SearchView {
        heading: title,
        count: count_text(messages, total, searched.or(parameters.words.as_deref())),
        hits: views(false),
        wider: (wider_total > 0).then(|| WiderView {
            heading: messages.format("search.wider", "count", &messages.number(wider_total)),
            hits: views(true),
            include_href: (!is_listed).then(|| href(&parameters.with_wider())),
        }),
        filters: FiltersView::new(context, parameters, &facet_builder, &facets),
        notes: notes(messages, &results, parameters, invalid),
        preferences: preferences(context, &results, parameters),
        interpreted_href: parameters.literal.then(|| href(&parameters.with_literal_words(false))),
        about: results.about.as_deref().and_then(|record| about(context, record)),
        did_you_mean: results.interpretation.did_you_mean.as_ref().map(|better| Link {
            href: href(&parameters.with_words(Some(better))),
            text: better.clone(),
        }),
        sorts: sorts(messages, parameters),
        pagination: PaginationView::new(context, parameters, listed, results.has_next),
        no_results,
        layout,
    };
    Ok(view)
}

/// A link to the page of the theme or organisation that the words name.
fn about(context: PageContext<'_>, record: &Record) -> Option<Link> {
    let is_theme = record.id().kind() == NodeKind::Theme;
    let key = if is_theme { "search.about_theme" } else { "search.about_organisation" };
    Some(Link {
        href: context.site.href(context.messages.language, &site::path(record)?),
        text: context.messages.format(key, "name", record.name()),
    })
}

/// The hits of a page.
async fn find(
    context: PageContext<'_>,
    parameters: &SearchParams,
) -> Result<SearchPage, PageError> {
    let offset = (parameters.page.max(1) - 1) * PAGE_SIZE;
    let page = Page::Offset { limit: PAGE_SIZE, offset };
    let extras = SearchExtras {
        total: true,
        facets: true,
        highlights: true,
        explanations: false,
        about: true,
    };
    Ok(context.snapshot.search(parameters.to_query(page, extras, context.now)).await?)
}

/// Whether a search has any hits.
async fn has_results(
    context: PageContext<'_>,
    parameters: &SearchParams,
) -> Result<bool, PageError> {
    let one = parameters.to_query(Page::first(1), SearchExtras::default(), context.now);
    Ok(!context.snapshot.search(one).await?.hits.is_empty())
}

/// The last word of a query, if it was completed and nothing else was corrected.
fn completed_word<'a>(typed: &'a str, corrected: &str) -> Option<&'a str> {
    let is_completed = corrected.strip_suffix('*') == Some(typed);
    typed.split_whitespace().next_back().filter(|_| is_completed)
}

/// The number of hits, as a complete sentence.
pub(super) fn count_text(messages: &Messages, total: u64, query: Option<&str>) -> String {
    let plural_form = match total {
        0 => "none",
        1 => "one",
        _ => "many",
    };
    let key = match query {
        Some(_) => format!("search.count_{plural_form}_words"),
        None => format!("search.count_{plural_form}"),
    };
    let query = truncate_at_word(query.unwrap_or_default(), 80);
    messages.format_all(&key, &[("count", &messages.number(total)), ("words", &query)])
}

fn notes(
    messages: &Messages,
    results: &SearchPage,
    parameters: &SearchParams,
    invalid: &[InvalidParameter],
) -> Vec<String> {
    let interpretation = &results.interpretation;
    let mut notes = Vec::new();
    if results.wider_included && !parameters.wider && results.total.is_some_and(|total| total > 0) {
        notes.push(messages.get("search.only_wider").to_owned());
    }
    if !invalid.is_empty() {
        let texts: Vec<_> = invalid
            .iter()
            .map(|parameter| format!("{}={}", parameter.name, parameter.value))
            .collect();
        notes.push(messages.format("search.invalid", "parts", &texts.join(", ")));
    }
    if let Some(corrected) = &interpretation.corrected {
        notes.push(match completed_word(&interpretation.query, corrected) {
            Some(word) => messages.format("search.completed", "word", word),
            None => messages.format_all(
                "search.corrected",
                &[("typed", interpretation.query.as_str()), ("corrected", corrected)],
            ),
        });
    }
    let same = interpretation.related.iter().filter(|term| term.meaning == MeaningClass::Same);
    let labels: Vec<&str> =
        same.map(|term| term.label.as_str()).take(RELATED_TERMS_SHOWN).collect();
    if !labels.is_empty() {
        notes.push(messages.format("search.synonyms", "words", &labels.join(", ")));
    }
    if !interpretation.ignored_words.is_empty() {
        notes.push(messages.format(
            "search.ignored",
            "words",
            &interpretation.ignored_words.join(", "),
        ));
    }
    notes
}

/// What words of the query prefer. Only by relevance do these results rank higher.
fn preferences(
    context: PageContext<'_>,
    results: &SearchPage,
    parameters: &SearchParams,
) -> Vec<PreferenceView> {
    let is_ranked = parameters.order() == SearchSort::Relevance && !results.hits.is_empty();
    let first = is_ranked.then(|| format!(" {}", context.messages.get("preference.first")));
    let view = |preference: &Preference| PreferenceView {
        text: explanation_text::preference_text(context.messages, preference)
            + first.as_deref().unwrap_or_default(),
        only_href: parameters
            .with_filter(&preference.filter)
            .filter(|only| only != parameters && !results.hits.is_empty())
            .map(|only| search_href(context, &only)),
        literal_href: search_href(context, &parameters.with_literal_words(true)),
    };
    results.interpretation.preferences.iter().map(view).collect()
}

fn sorts(messages: &Messages, parameters: &SearchParams) -> Vec<(String, String, bool)> {
    let is_available =
        |sort: &&SearchSort| parameters.words.is_some() || **sort != SearchSort::Relevance;
    let option = |sort: &SearchSort| {
        (
            to_url_value(sort.name()),
            messages.enum_label("sort", sort.name()),
            *sort == parameters.order(),
        )
    };
    SearchSort::ALL.iter().filter(is_available).map(option).collect()
}

/// Suggestions for a search without hits: each query with one word removed that has hits.
async fn no_results(
    context: PageContext<'_>,
    parameters: &SearchParams,
) -> Result<NoResultsView, PageError> {
    let words: Vec<&str> =
        parameters.words.as_deref().unwrap_or_default().split_whitespace().take(6).collect();
    let mut shorter_queries = Vec::new();
    for removed_index in 0..words.len() {
        let mut rest = words.clone();
        rest.remove(removed_index);
        if !rest.is_empty() {
            let text = rest.join(" ");
            let shorter = parameters.with_words(Some(&text));
            if has_results(context, &shorter).await? {
                shorter_queries.push(Link { href: search_href(context, &shorter), text });
            }
        }
    }
    let has_filters = !parameters.conditions().is_empty();
    Ok(NoResultsView {
        shorter_queries,
        without_filters: has_filters.then(|| search_href(context, &parameters.words_only())),
        themes: super::home::top_themes(context, 12).await?,
    })
}
