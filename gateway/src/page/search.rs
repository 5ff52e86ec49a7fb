//! The page on which one asks: field, filters, hits, and other pages of them.

use askama::Template;
use jiff::{ToSpan, civil::Date};
use schema::{Interpretation, Kind, NodeKind, Page, SearchPage, SearchQuery, SearchSort, Wanted};

use super::{
    PageError, Visit,
    facets::{self, FacetView, Maker},
    frame::{Frame, Link},
    hit::{self, HitView},
    names::Names,
    words::{Words, home_day},
};
use crate::parameters::{Misfit, PAGE_MAX, Parameters, written};

/// Hits on one page.
pub(super) const PAGE_SIZE: usize = 10;
/// So many pages on either side of the present one are linked.
const PAGES_BESIDE: usize = 2;

#[derive(Template)]
#[template(path = "search.html")]
struct SearchView<'a> {
    frame: Frame<'a>,
    heading: String,
    /// How many there are, as one whole sentence.
    count: String,
    page_of: String,
    hits: Vec<HitView>,
    facets: Vec<FacetView>,
    /// Whether one facet is shown with all its values.
    is_whole: bool,
    from: String,
    until: String,
    active: Vec<Active>,
    clear: String,
    /// What was made of the words, each one sentence.
    notes: Vec<String>,
    did_you_mean: Option<Link>,
    presets: Vec<(Link, bool)>,
    sorts: Vec<(String, String, bool)>,
    pages: Vec<PageLink>,
    previous: Option<String>,
    next: Option<String>,
    at_last: bool,
    zero: Option<Zero>,
}

/// A chosen condition, and the way to be without it.
struct Active {
    label: String,
    href: String,
    remove: String,
}

/// One of the numbered pages; none for a gap.
struct PageLink {
    number: usize,
    href: Option<String>,
}

/// What helps where nothing was found.
struct Zero {
    fewer: Vec<Link>,
    without_filters: Option<String>,
    themes: Vec<Link>,
}

/// All content of a kind, to be refined.
pub(super) async fn overview(visit: Visit<'_>, kind: NodeKind) -> Result<String, PageError> {
    let asked = Parameters::default().with("kind", kind.word());
    let name = Kind::try_from(kind).map_err(|_| PageError::NotFound)?.name();
    let mut view = view(visit, &asked, &[]).await?;
    view.frame.title = visit.words.name("kinds", name);
    view.frame.description = visit.words.name("kinds_intro", name);
    kind.word().clone_into(&mut view.frame.path);
    view.frame.listed = true;
    view.heading.clone_from(&view.frame.title);
    Ok(view.render()?)
}

/// The page of results.
pub(super) async fn page(
    visit: Visit<'_>,
    asked: &Parameters,
    misfits: &[Misfit],
) -> Result<String, PageError> {
    Ok(view(visit, asked, misfits).await?.render()?)
}

async fn view<'a>(
    visit: Visit<'a>,
    asked: &Parameters,
    misfits: &[Misfit],
) -> Result<SearchView<'a>, PageError> {
    let words = visit.words;
    let found = find(visit, asked).await?;
    let facets = found.facets.clone().unwrap_or_default();
    let ids = hit::named(found.hits.iter().map(|hit| &hit.record))
        .into_iter()
        .chain(facets::named(&facets, asked))
        .chain(facets::conditions(asked));
    let names = Names::of(visit, ids).await?;
    let maker = Maker { words, names: &names, asked, visit };
    let total = found.total.unwrap_or_default();
    let last = usize::try_from(total).unwrap_or(usize::MAX).div_ceil(PAGE_SIZE).clamp(1, PAGE_MAX);
    let href = |asked: &Parameters| search_href(visit, asked);

    let title = match &asked.words {
        Some(typed) => words.fill("search.title_words", "words", &hit::shortened(typed, 60)),
        None => words.say("search.title").to_owned(),
    };
    let mut frame = Frame::new(visit.site, words, title.clone(), &path(asked));
    frame.typed = asked.words.clone().unwrap_or_default();
    frame.listed = false;
    let page_words =
        [("page", words.number(asked.page as u64)), ("pages", words.number(last as u64))];
    let page_words = page_words.each_ref().map(|(name, text)| (*name, text.as_str()));
    let zero = if total == 0 { Some(zero(visit, asked).await?) } else { None };
    let view = SearchView {
        heading: title,
        count: count(words, total, asked.words.as_deref()),
        page_of: if last > 1 {
            words.fill_all("search.page_of", &page_words)
        } else {
            String::new()
        },
        hits: found.hits.iter().filter_map(|hit| HitView::of_hit(visit, hit, &names)).collect(),
        facets: maker.all(&facets),
        is_whole: asked.facet.is_some(),
        from: asked.filter.from.map(|day| day.to_string()).unwrap_or_default(),
        until: asked.filter.until.map(|day| day.to_string()).unwrap_or_default(),
        active: active(visit, asked, &maker),
        clear: href(&asked.words_only()),
        notes: notes(words, &found.interpretation, misfits),
        did_you_mean: found.interpretation.did_you_mean.as_ref().map(|better| Link {
            href: href(&asked.with_words(Some(better))),
            text: better.clone(),
        }),
        presets: if asked.filter.kinds == [Kind::Event] {
            presets(visit, asked)
        } else {
            Vec::new()
        },
        sorts: sorts(words, asked),
        pages: pages(asked.page, last, |number| href(&asked.at_page(number))),
        previous: (asked.page > 1 && last > 1)
            .then(|| href(&asked.at_page((asked.page - 1).min(last)))),
        next: (asked.page < last).then(|| href(&asked.at_page(asked.page + 1))),
        at_last: asked.page == PAGE_MAX && found.has_next,
        zero,
        frame,
    };
    Ok(view)
}

/// The address of a search.
pub(super) fn search_href(visit: Visit<'_>, asked: &Parameters) -> String {
    visit.site.href(visit.words.language, &path(asked))
}

fn path(asked: &Parameters) -> String {
    match asked.query_string() {
        query if query.is_empty() => String::new(),
        query => format!("?{query}"),
    }
}

/// The hits of one page.
async fn find(visit: Visit<'_>, asked: &Parameters) -> Result<SearchPage, PageError> {
    let skipped = (asked.page.max(1) - 1) * PAGE_SIZE;
    let page = Page::Numbered { first: PAGE_SIZE, skipped };
    let wanted = Wanted { total: true, facets: true, highlights: true, explanations: false };
    Ok(visit.snapshot.search(query(visit, asked, page, wanted)).await?)
}

/// Whether anything is found.
async fn finds(visit: Visit<'_>, asked: &Parameters) -> Result<bool, PageError> {
    let one = query(visit, asked, Page::first(1), Wanted::default());
    Ok(!visit.snapshot.search(one).await?.hits.is_empty())
}

fn query(visit: Visit<'_>, asked: &Parameters, page: Page, wanted: Wanted) -> SearchQuery {
    SearchQuery {
        words: asked.words.clone(),
        filter: asked.filter.clone(),
        sort: asked.order(),
        page,
        wanted,
        now: visit.now,
    }
}

/// How many there are, as one whole sentence.
pub(super) fn count(words: &Words, total: u64, typed: Option<&str>) -> String {
    let number = match total {
        0 => "none",
        1 => "one",
        _ => "many",
    };
    let key = match typed {
        Some(_) => format!("search.count_{number}_words"),
        None => format!("search.count_{number}"),
    };
    let typed = hit::shortened(typed.unwrap_or_default(), 80);
    words.fill_all(&key, &[("count", &words.number(total)), ("words", &typed)])
}

fn notes(words: &Words, made: &Interpretation, misfits: &[Misfit]) -> Vec<String> {
    let mut notes = Vec::new();
    if !misfits.is_empty() {
        let parts: Vec<_> =
            misfits.iter().map(|misfit| format!("{}={}", misfit.name, misfit.value)).collect();
        notes.push(words.fill("search.misfit", "parts", &parts.join(", ")));
    }
    if let Some(corrected) = &made.corrected {
        let values = [("typed", made.query.as_str()), ("corrected", corrected)];
        notes.push(words.fill_all("search.corrected", &values));
    }
    if !made.synonyms.is_empty() {
        notes.push(words.fill("search.synonyms", "words", &made.synonyms.join(", ")));
    }
    if !made.ignored_words.is_empty() {
        notes.push(words.fill("search.ignored", "words", &made.ignored_words.join(", ")));
    }
    notes
}

fn active(visit: Visit<'_>, asked: &Parameters, maker: &Maker<'_>) -> Vec<Active> {
    let one = |(name, value): &(&'static str, String)| {
        let label = maker.chosen(name, value);
        Active {
            href: search_href(visit, &asked.without(name, value)),
            remove: visit.words.fill("search.remove", "label", &label),
            label,
        }
    };
    asked.conditions().iter().map(one).collect()
}

fn sorts(words: &Words, asked: &Parameters) -> Vec<(String, String, bool)> {
    let fits = |sort: &&SearchSort| asked.words.is_some() || **sort != SearchSort::Relevance;
    let option = |sort: &SearchSort| {
        (written(sort.name()), words.name("sort", sort.name()), *sort == asked.order())
    };
    SearchSort::ALL.iter().filter(fits).map(option).collect()
}

/// This week, this month, this quarter, and all that is to come.
fn presets(visit: Visit<'_>, asked: &Parameters) -> Vec<(Link, bool)> {
    let today = home_day(visit.now);
    let bare = asked.conditions().iter().fold(asked.clone(), |bare, (name, value)| match *name {
        "from" | "until" | "phase" => bare.without(name, value),
        _ => bare,
    });
    let monday = today.saturating_sub((i64::from(today.weekday().to_monday_zero_offset())).days());
    let month = today.first_of_month();
    let quarter = Date::new(today.year(), (today.month() - 1) / 3 * 3 + 1, 1).unwrap_or(month);
    let spans = [
        ("search.preset_week", monday, monday.saturating_add(6.days())),
        ("search.preset_month", month, month.last_of_month()),
        ("search.preset_quarter", quarter, quarter.saturating_add(2.months()).last_of_month()),
    ];
    let mut presets: Vec<_> = spans
        .into_iter()
        .map(|(key, from, until)| {
            let chosen = asked.filter.from == Some(from) && asked.filter.until == Some(until);
            let span = bare.with("from", &from.to_string()).with("until", &until.to_string());
            (
                Link { href: search_href(visit, &span), text: visit.words.say(key).to_owned() },
                chosen,
            )
        })
        .collect();
    let coming = bare.with("phase", "upcoming").with("phase", "ongoing");
    let chosen = coming.conditions() == asked.conditions();
    let text = visit.words.say("search.presets_all").to_owned();
    presets.push((Link { href: search_href(visit, &coming), text }, chosen));
    presets
}

/// The numbered pages around `present`, the first and the last among them.
fn pages(present: usize, last: usize, href: impl Fn(usize) -> String) -> Vec<PageLink> {
    let near = |number: &usize| {
        *number == 1 || *number == last || number.abs_diff(present) <= PAGES_BESIDE
    };
    let mut links = Vec::new();
    let mut before = 0;
    for number in (1..=last).filter(near) {
        if number > before + 1 {
            links.push(PageLink { number: 0, href: None });
        }
        let href = (number != present).then(|| href(number));
        links.push(PageLink { number, href });
        before = number;
    }
    if last > 1 { links } else { Vec::new() }
}

/// Ways on where nothing was found: each question with one word fewer that finds something.
async fn zero(visit: Visit<'_>, asked: &Parameters) -> Result<Zero, PageError> {
    let typed: Vec<&str> =
        asked.words.as_deref().unwrap_or_default().split_whitespace().take(6).collect();
    let mut fewer = Vec::new();
    for left_out in 0..typed.len() {
        let mut rest = typed.clone();
        rest.remove(left_out);
        if !rest.is_empty() {
            let text = rest.join(" ");
            let narrower = asked.with_words(Some(&text));
            if finds(visit, &narrower).await? {
                fewer.push(Link { href: search_href(visit, &narrower), text });
            }
        }
    }
    let has_filters = !asked.conditions().is_empty();
    Ok(Zero {
        fewer,
        without_filters: has_filters.then(|| search_href(visit, &asked.words_only())),
        themes: super::start::themes(visit, 12).await?,
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
