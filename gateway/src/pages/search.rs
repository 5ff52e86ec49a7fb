//! The page on which one asks: field, filters, hits, and other pages of them.

use askama::Template;
use jiff::{ToSpan, civil::Date};
use schema::{
    Interpretation, Kind, NodeKind, Page, SearchExtras, SearchPage, SearchQuery, SearchSort,
};

use super::{
    PageContext, PageError, facets,
    facets::{FacetBuilder, FacetView},
    hit,
    hit::HitView,
    layout::{Layout, Link},
    messages::{Messages, home_day},
    record_lookup::RecordsById,
    search_href, search_path,
};
use crate::search_params::{InvalidParameter, PAGE_MAX, SearchParams, to_url_value};

/// Hits on one page.
pub(super) const PAGE_SIZE: usize = 10;
/// So many pages on either side of the present one are linked.
const PAGES_EACH_SIDE: usize = 2;

#[derive(Template)]
#[template(path = "search.html")]
struct SearchView<'a> {
    layout: Layout<'a>,
    heading: String,
    /// How many there are, as one whole sentence.
    count: String,
    page_of: String,
    hits: Vec<HitView>,
    facets: Vec<FacetView>,
    /// Whether one facet is shown with all its values.
    shows_all_options: bool,
    from: String,
    until: String,
    active: Vec<ActiveFilter>,
    clear_href: String,
    /// What was made of the words, each one sentence.
    notes: Vec<String>,
    did_you_mean: Option<Link>,
    presets: Vec<(Link, bool)>,
    sorts: Vec<(String, String, bool)>,
    pages: Vec<PageLink>,
    previous: Option<String>,
    next: Option<String>,
    reached_page_limit: bool,
    no_results: Option<NoResultsView>,
}

/// A chosen condition, and the way to be without it.
struct ActiveFilter {
    label: String,
    href: String,
    remove_label: String,
}

/// One of the numbered pages; none for a gap.
struct PageLink {
    number: usize,
    href: Option<String>,
}

/// What helps where nothing was found.
struct NoResultsView {
    shorter_queries: Vec<Link>,
    without_filters: Option<String>,
    themes: Vec<Link>,
}

/// All content of a kind, to be refined.
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
    Ok(view.render()?)
}

/// The page of results.
pub(super) async fn page(
    context: PageContext<'_>,
    parameters: &SearchParams,
    invalid: &[InvalidParameter],
) -> Result<String, PageError> {
    Ok(view(context, parameters, invalid).await?.render()?)
}

fn title(messages: &Messages, query: Option<&str>) -> String {
    match query {
        Some(query) => {
            messages.format("search.title_words", "words", &hit::truncate_at_word(query, 60))
        }
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
    let last_page =
        usize::try_from(total).unwrap_or(usize::MAX).div_ceil(PAGE_SIZE).clamp(1, PAGE_MAX);
    let href = |parameters: &SearchParams| search_href(context, parameters);

    let title = title(messages, parameters.words.as_deref());
    let mut layout = Layout::new(context.site, messages, title.clone(), &search_path(parameters));
    layout.query = parameters.words.clone().unwrap_or_default();
    layout.is_indexable = false;
    let page_values = [
        ("page", messages.number(parameters.page as u64)),
        ("pages", messages.number(last_page as u64)),
    ];
    let page_values = page_values.each_ref().map(|(name, text)| (*name, text.as_str()));
    let no_results = if total == 0 { Some(no_results(context, parameters).await?) } else { None };
    let view = SearchView {
        heading: title,
        count: count_text(messages, total, parameters.words.as_deref()),
        page_of: if last_page > 1 {
            messages.format_all("search.page_of", &page_values)
        } else {
            String::new()
        },
        hits: results
            .hits
            .iter()
            .filter_map(|hit| HitView::from_hit(context, hit, &records_by_id))
            .collect(),
        facets: facet_builder.build(&facets),
        shows_all_options: parameters.facet.is_some(),
        from: parameters.filter.from.map(|day| day.to_string()).unwrap_or_default(),
        until: parameters.filter.until.map(|day| day.to_string()).unwrap_or_default(),
        active: active(context, parameters, &facet_builder),
        clear_href: href(&parameters.words_only()),
        notes: notes(messages, &results.interpretation, invalid),
        did_you_mean: results.interpretation.did_you_mean.as_ref().map(|better| Link {
            href: href(&parameters.with_words(Some(better))),
            text: better.clone(),
        }),
        presets: if parameters.filter.kinds == [Kind::Event] {
            presets(context, parameters)
        } else {
            Vec::new()
        },
        sorts: sorts(messages, parameters),
        pages: pages(parameters.page, last_page, |number| href(&parameters.with_page(number))),
        previous: (parameters.page > 1 && last_page > 1)
            .then(|| href(&parameters.with_page((parameters.page - 1).min(last_page)))),
        next: (parameters.page < last_page)
            .then(|| href(&parameters.with_page(parameters.page + 1))),
        reached_page_limit: parameters.page == PAGE_MAX && results.has_next,
        no_results,
        layout,
    };
    Ok(view)
}

/// The hits of one page.
async fn find(
    context: PageContext<'_>,
    parameters: &SearchParams,
) -> Result<SearchPage, PageError> {
    let offset = (parameters.page.max(1) - 1) * PAGE_SIZE;
    let page = Page::Offset { limit: PAGE_SIZE, offset };
    let extras = SearchExtras { total: true, facets: true, highlights: true, explanations: false };
    Ok(context.snapshot.search(search_query(context, parameters, page, extras)).await?)
}

/// Whether anything is found.
async fn has_results(
    context: PageContext<'_>,
    parameters: &SearchParams,
) -> Result<bool, PageError> {
    let one = search_query(context, parameters, Page::first(1), SearchExtras::default());
    Ok(!context.snapshot.search(one).await?.hits.is_empty())
}

fn search_query(
    context: PageContext<'_>,
    parameters: &SearchParams,
    page: Page,
    extras: SearchExtras,
) -> SearchQuery {
    SearchQuery {
        words: parameters.words.clone(),
        filter: parameters.filter.clone(),
        sort: parameters.order(),
        page,
        extras,
        now: context.now,
    }
}

/// How many there are, as one whole sentence.
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
    let query = hit::truncate_at_word(query.unwrap_or_default(), 80);
    messages.format_all(&key, &[("count", &messages.number(total)), ("words", &query)])
}

fn notes(
    messages: &Messages,
    interpretation: &Interpretation,
    invalid: &[InvalidParameter],
) -> Vec<String> {
    let mut notes = Vec::new();
    if !invalid.is_empty() {
        let texts: Vec<_> = invalid
            .iter()
            .map(|parameter| format!("{}={}", parameter.name, parameter.value))
            .collect();
        notes.push(messages.format("search.misfit", "parts", &texts.join(", ")));
    }
    if let Some(corrected) = &interpretation.corrected {
        let values = [("typed", interpretation.query.as_str()), ("corrected", corrected)];
        notes.push(messages.format_all("search.corrected", &values));
    }
    if !interpretation.synonyms.is_empty() {
        notes.push(messages.format(
            "search.synonyms",
            "words",
            &interpretation.synonyms.join(", "),
        ));
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

fn active(
    context: PageContext<'_>,
    parameters: &SearchParams,
    facet_builder: &FacetBuilder<'_>,
) -> Vec<ActiveFilter> {
    let active_filter = |(name, value): &(&'static str, String)| {
        let label = facet_builder.condition_label(name, value);
        ActiveFilter {
            href: search_href(context, &parameters.without(name, value)),
            remove_label: context.messages.format("search.remove", "label", &label),
            label,
        }
    };
    parameters.conditions().iter().map(active_filter).collect()
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

/// This week, this month, this quarter, and all that is to come.
fn presets(context: PageContext<'_>, parameters: &SearchParams) -> Vec<(Link, bool)> {
    let today = home_day(context.now);
    let without_dates =
        parameters.conditions().iter().fold(parameters.clone(), |remaining, (name, value)| {
            match *name {
                "from" | "until" | "phase" => remaining.without(name, value),
                _ => remaining,
            }
        });
    let monday = today.saturating_sub((i64::from(today.weekday().to_monday_zero_offset())).days());
    let month = today.first_of_month();
    let quarter = Date::new(today.year(), (today.month() - 1) / 3 * 3 + 1, 1).unwrap_or(month);
    let periods = [
        ("search.preset_week", monday, monday.saturating_add(6.days())),
        ("search.preset_month", month, month.last_of_month()),
        ("search.preset_quarter", quarter, quarter.saturating_add(2.months()).last_of_month()),
    ];
    let mut presets: Vec<_> = periods
        .into_iter()
        .map(|(key, from, until)| {
            let is_selected =
                parameters.filter.from == Some(from) && parameters.filter.until == Some(until);
            let preset =
                without_dates.with("from", &from.to_string()).with("until", &until.to_string());
            (
                Link {
                    href: search_href(context, &preset),
                    text: context.messages.get(key).to_owned(),
                },
                is_selected,
            )
        })
        .collect();
    let upcoming = without_dates.with("phase", "upcoming").with("phase", "ongoing");
    let is_selected = upcoming.conditions() == parameters.conditions();
    let text = context.messages.get("search.presets_all").to_owned();
    presets.push((Link { href: search_href(context, &upcoming), text }, is_selected));
    presets
}

/// The numbered pages around `present`, the first and the last among them.
fn pages(present: usize, last: usize, href: impl Fn(usize) -> String) -> Vec<PageLink> {
    let is_linked = |number: &usize| {
        *number == 1 || *number == last || number.abs_diff(present) <= PAGES_EACH_SIDE
    };
    let mut links = Vec::new();
    let mut previous = 0;
    for number in (1..=last).filter(is_linked) {
        if number > previous + 1 {
            links.push(PageLink { number: 0, href: None });
        }
        let href = (number != present).then(|| href(number));
        links.push(PageLink { number, href });
        previous = number;
    }
    if last > 1 { links } else { Vec::new() }
}

/// Ways on where nothing was found: each question with one word fewer that finds something.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbered_pages_must_hold_the_first_the_last_and_those_around() {
        let shown = |present, last| {
            let links = pages(present, last, |number| number.to_string());
            links.iter().map(|link| link.number.to_string()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(shown(1, 1), "");
        assert_eq!(shown(1, 3), "1 2 3");
        assert_eq!(shown(25, 50), "1 0 23 24 25 26 27 0 50");
    }
}
