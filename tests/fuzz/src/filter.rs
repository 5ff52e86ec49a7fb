//! Catalog searches with arbitrary filters, sort orders, words and pages. Every hit must match the
//! query, as far as that can be determined from the hit alone.

use std::collections::BTreeSet;

use indexer::catalog::{CatalogError, Snapshot};
use jiff::{Timestamp, ToSpan, civil::Date};
use schema::{
    ArticleForm, Attendance, CommunityForm, Cursor, EventForm, EventPhase, FacetCount,
    GovernmentLayer, Hit, Kind, Language, NodeId, NodeKind, OrganisationKind, Page, Record,
    SearchExtras, SearchFilter, SearchPage, SearchQuery, SearchSort, SourceName, ToolkitForm,
    moment,
};

use crate::{
    byte_source::ByteSource,
    demo::{DEMO, Demo, clock},
};

/// Checks a search generated from the bytes, and one that continues from its result.
pub fn check(bytes: &[u8]) {
    let mut source = ByteSource::new(bytes);
    let demo = &*DEMO;
    let snapshot = source.pick(&demo.snapshots);
    let query = generate(&mut source, demo);
    let Some(page) = run_search(demo, snapshot, &query) else { return };
    let Some(hit) = page.hits.get(source.below(page.hits.len().max(1))) else { return };
    let cursor = if source.one_in(4) {
        altered(&mut source, hit.cursor.clone())
    } else {
        hit.cursor.clone()
    };
    let size = source.below(40);
    let page = if source.one_in(2) {
        Page::Backward { last: size, before: Some(cursor) }
    } else {
        Page::Forward { first: size, after: Some(cursor) }
    };
    // Usually the same query, sometimes with the other generation or with a different query.
    let mut query = SearchQuery { page, ..query };
    if source.one_in(6) {
        query.sort = *source.pick(SearchSort::ALL);
    }
    let snapshot = source.pick(&demo.snapshots);
    run_search(demo, snapshot, &query);
}

/// Runs a search; `None` if it is rejected with an expected error.
fn run_search(demo: &Demo, snapshot: &Snapshot, query: &SearchQuery) -> Option<SearchPage> {
    match demo.runtime.block_on(snapshot.search(query.clone())) {
        Ok(page) => {
            assert_valid(&page, query);
            Some(page)
        }
        Err(CatalogError::Cursor(_)) if query.page.cursor().is_some() => None,
        Err(CatalogError::Limit { name: "search_window", .. }) => None,
        Err(error) => panic!("{error}: {query:?}"),
    }
}

/// Modifies a cursor to one that the program would not create.
fn altered(source: &mut ByteSource<'_>, cursor: Cursor) -> Cursor {
    let other = crate::cursor::generate(source);
    match source.below(4) {
        0 => Cursor { position: other.position, ..cursor },
        1 => Cursor { value: other.value, ..cursor },
        2 => Cursor { id: other.id, ..cursor },
        _ => Cursor { generation: other.generation, day: other.day, ..cursor },
    }
}

fn generate(source: &mut ByteSource<'_>, demo: &Demo) -> SearchQuery {
    let first = if source.one_in(16) { source.below(20_000) } else { source.below(120) };
    let page = match source.below(4) {
        3 => Page::Backward { last: first, before: None },
        _ => Page::first(first),
    };
    SearchQuery {
        sort: *source.pick(SearchSort::ALL),
        page,
        wider: source.one_in(3),
        literal: source.one_in(4),
        words: words(source, demo),
        extras: SearchExtras {
            total: source.one_in(2),
            facets: source.one_in(2),
            highlights: source.one_in(4),
            explanations: source.one_in(4),
            about: true,
        },
        filter: filter(source, demo),
        now: clock() + (24 * (i64::try_from(source.below(800)).expect("small") - 400)).hours(),
    }
}

fn words(source: &mut ByteSource<'_>, demo: &Demo) -> Option<String> {
    let count = source.below(8);
    let word = |source: &mut ByteSource<'_>| match source.below(8) {
        0 => source.text(40),
        1 => source
            .pick(&["de", "\"", "klant-reis", "'s", "AND", "*", "title:", "\u{301}"])
            .to_string(),
        _ => source.pick(&demo.words).clone(),
    };
    (count > 0).then(|| (1..count).map(|_| word(source)).collect::<Vec<_>>().join(" "))
}

fn filter(source: &mut ByteSource<'_>, demo: &Demo) -> SearchFilter {
    let ids = |source: &mut ByteSource<'_>, kind| source.some(&demo.ids_of(kind), 3);
    let sources: Vec<SourceName> = ["blog", "events", "nowhere", "~inferred"]
        .iter()
        .filter_map(|name| SourceName::try_from((*name).to_owned()).ok())
        .collect();
    SearchFilter {
        kinds: source.some(Kind::ALL, 3),
        article_forms: source.some(ArticleForm::ALL, 3),
        toolkit_forms: source.some(ToolkitForm::ALL, 3),
        community_forms: source.some(CommunityForm::ALL, 3),
        event_forms: source.some(EventForm::ALL, 3),
        themes: ids(source, NodeKind::Theme),
        communities: ids(source, NodeKind::Community),
        organisations: ids(source, NodeKind::Organisation),
        organisation_kinds: source.some(OrganisationKind::ALL, 4),
        layers: source.some(GovernmentLayer::ALL, 4),
        audiences: ids(source, NodeKind::Audience),
        // Ids of another kind match nothing and must not cause errors.
        people: if source.one_in(8) { source.some(&demo.ids, 4) } else { Vec::new() },
        languages: source.some(Language::ALL, 2),
        attendance: source.some(Attendance::ALL, 2),
        phases: source.some(EventPhase::ALL, 2),
        years: source.some(&[2025, 2026, 2024, 1, 0, -1, i16::MIN, i16::MAX], 3),
        from: day(source),
        until: day(source),
        sources: if source.one_in(8) { vec![source.pick(&sources).clone()] } else { Vec::new() },
    }
}

fn day(source: &mut ByteSource<'_>) -> Option<Date> {
    match source.below(12) {
        9 => Some(Date::MIN),
        10 => Some(Date::MAX),
        11 => {
            let days = i64::try_from(source.below(1_500)).expect("small");
            jiff::civil::date(2023, 1, 1).checked_add(days.days()).ok()
        }
        _ => None,
    }
}

/// Checks a result.
fn assert_valid(page: &SearchPage, query: &SearchQuery) {
    let SearchPage { hits, total, facets, .. } = page;
    assert!(hits.len() <= query.page.size(), "{} hits: {query:?}", hits.len());
    assert_eq!(total.is_some(), query.extras.total, "a total only if it is selected");
    assert_eq!(facets.is_some(), query.extras.facets, "facets only if they are selected");
    let ids: BTreeSet<NodeId> = hits.iter().map(|hit| hit.record.id()).collect();
    assert_eq!(ids.len(), hits.len(), "duplicate hits: {query:?}");
    if let Some(total) = *total {
        // By relevance, wider matches follow that the total does not count.
        let is_wider_listed = query.sort == SearchSort::Relevance && !page.wider_included;
        let wider = page.wider_total.filter(|_| is_wider_listed).unwrap_or_default();
        let listed = total + wider;
        assert!(listed >= hits.len() as u64, "total of {listed} is too low: {query:?}");
        if query.page.cursor().is_none() {
            let others = page.has_next || page.has_previous;
            assert_eq!(others, listed > hits.len() as u64, "{listed} in all: {query:?}");
        }
    }
    for (before, after) in hits.iter().zip(hits.iter().skip(1)) {
        assert_eq!(before.cursor.position + 1, after.cursor.position, "{query:?}");
    }
    for hit in hits {
        assert!(fits(&hit.record, query), "{:?} is no hit: {query:?}", hit.record);
        assert_valid_hit(hit, query);
    }
    if let (Some(total), Some(facets)) = (total, facets) {
        // Every record has one language and one kind, so these counts add up to the total.
        assert_eq!(sum(&facets.languages, &query.filter.languages), *total, "{query:?}");
        let f = &query.filter;
        if f.article_forms.is_empty()
            && f.toolkit_forms.is_empty()
            && f.community_forms.is_empty()
            && f.event_forms.is_empty()
        {
            assert_eq!(sum(&facets.kinds, &query.filter.kinds), *total, "{query:?}");
        }
    }
}

/// Sum of the counts of the selected values; of all values without a selection.
fn sum<T: PartialEq>(facets: &[FacetCount<T>], wanted: &[T]) -> u64 {
    let counted = |facet: &&FacetCount<T>| wanted.is_empty() || wanted.contains(&facet.value);
    facets.iter().filter(counted).map(|facet| facet.count).sum()
}

/// Checks that highlights and explanations are present if and only if they are selected.
fn assert_valid_hit(hit: &Hit, query: &SearchQuery) {
    assert!(hit.score.is_finite(), "{}: {query:?}", hit.score);
    assert!(query.extras.highlights || hit.highlights.is_empty(), "{query:?}");
    assert!(query.extras.explanations || hit.explanation.is_none(), "{query:?}");
    for highlight in &hit.highlights {
        for fragment in &highlight.fragments {
            assert!(
                fragment.iter().any(|span| span.highlighted),
                "{fragment:?} marks nothing: {query:?}"
            );
            assert!(fragment.iter().all(|span| !span.text.is_empty()), "{fragment:?}: {query:?}");
        }
    }
}

/// Whether a record matches a filter, except for properties of its organisations.
fn fits(record: &Record, query: &SearchQuery) -> bool {
    let filter = &query.filter;
    let (Some(common), Some(kind)) = (record.common(), record.kind()) else { return false };
    let home = moment::zone(moment::HOME_ZONE).expect("a zone");
    let date = record.dated_at().map(|dated| dated.to_zoned(home).date());
    let event = match record {
        Record::Event(event) => Some(event),
        _ => None,
    };
    any(&filter.themes, &common.themes)
        && any(&filter.communities, &common.communities)
        && any(&filter.organisations, &common.organisations)
        && any(&filter.audiences, &common.audiences)
        && any(&filter.people, &common.people)
        && any(&filter.languages, &[common.language])
        && any(&filter.years, &date.map(Date::year).into_iter().collect::<Vec<_>>())
        && takes_place(record, filter)
        && any(&filter.attendance, &event.map(|e| e.attendance).into_iter().collect::<Vec<_>>())
        && any(&filter.phases, &event.map(|e| e.phase(query.now)).into_iter().collect::<Vec<_>>())
        && any(&filter.kinds, &[kind])
        && form_fits(record, filter)
}

/// Whether a record is dated within the selected days; a series by any of its occurrences.
fn takes_place(record: &Record, filter: &SearchFilter) -> bool {
    let home = moment::zone(moment::HOME_ZONE).expect("a zone");
    let day = |at: Timestamp| at.to_zoned(home.clone()).date();
    let days: Vec<Date> = match record {
        Record::Event(event) if event.series.is_some() => {
            event.occurrences().all().iter().map(|time| day(time.begins)).collect()
        }
        _ => record.dated_at().map(day).into_iter().collect(),
    };
    let (from, until) = (filter.from, filter.until);
    (from.is_none() && until.is_none())
        || days.into_iter().any(|day| {
            from.is_none_or(|from| day >= from) && until.is_none_or(|until| day <= until)
        })
}

fn any<T: PartialEq>(wanted: &[T], has: &[T]) -> bool {
    wanted.is_empty() || has.iter().any(|value| wanted.contains(value))
}

/// Whether the form of a record is selected.
fn has_own_form(record: &Record, filter: &SearchFilter) -> bool {
    match record {
        Record::Article(article) => filter.article_forms.contains(&article.form),
        Record::Toolkit(toolkit) => filter.toolkit_forms.contains(&toolkit.form),
        Record::Community(community) => filter.community_forms.contains(&community.form),
        Record::Event(event) => filter.event_forms.contains(&event.form),
        _ => false,
    }
}

/// A selected form excludes other forms of its kind, and other kinds that are not selected.
fn form_fits(record: &Record, filter: &SearchFilter) -> bool {
    let SearchFilter { article_forms, toolkit_forms, community_forms, event_forms, .. } = filter;
    let none_of_its_kind = match record {
        Record::Article(_) => article_forms.is_empty(),
        Record::Toolkit(_) => toolkit_forms.is_empty(),
        Record::Community(_) => community_forms.is_empty(),
        Record::Event(_) => event_forms.is_empty(),
        _ => return false,
    };
    let none = article_forms.is_empty()
        && toolkit_forms.is_empty()
        && community_forms.is_empty()
        && event_forms.is_empty();
    let is_kind_selected = record.kind().is_some_and(|kind| filter.kinds.contains(&kind));
    none || has_own_form(record, filter) || (none_of_its_kind && is_kind_selected)
}
