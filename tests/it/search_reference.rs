//! Search over the demo, compared with a naive scan: hits, order, totals, facets, cursors.

use std::{collections::BTreeMap, sync::Arc};

use indexer::catalog::{CatalogError, Snapshot};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use schema::{
    Common, Cursor, EventPhase, FacetCount, Kind, NodeId, NodeKind, Page, Record, SearchExtras,
    SearchFilter, SearchQuery, SearchSort, normalisation,
};

use crate::support::{Installation, Rng, clock, everything, runtime};

/// The records of the demo, with the linked organisations that a filter needs.
struct Scan {
    records: Vec<Arc<Record>>,
    entities: BTreeMap<NodeId, Arc<Record>>,
}

impl Scan {
    async fn read(snapshot: &Snapshot) -> Self {
        let page = snapshot.search(everything()).await.expect("a search");
        let mut others = BTreeMap::new();
        for kind in NodeKind::ALL.into_iter().filter(|kind| !kind.is_content()) {
            let names = snapshot
                .list_by_name(kind, String::new(), Page::first(5_000))
                .await
                .expect("names");
            others.extend(names.entries.into_iter().map(|(r, _)| (r.id(), r)));
        }
        Self { records: page.hits.into_iter().map(|hit| hit.record).collect(), entities: others }
    }

    fn organisations<'a>(
        &'a self,
        common: &'a Common,
    ) -> impl Iterator<Item = &'a schema::Organisation> {
        common.organisations.iter().filter_map(|id| {
            match self.entities.get(id).map(AsRef::as_ref) {
                Some(Record::Organisation(organisation)) => Some(organisation),
                _ => None,
            }
        })
    }

    fn layers(&self, record: &Record) -> Vec<schema::GovernmentLayer> {
        let common = common(record);
        let mut layers: Vec<_> = self.organisations(common).filter_map(|o| o.layer).collect();
        if let Record::Community(community) = record {
            layers.extend(&community.layers);
        }
        layers
    }

    fn fits(&self, record: &Record, filter: &SearchFilter) -> bool {
        let common = common(record);
        let kind = record.kind().expect("content");
        let any = |wanted: &[NodeId], has: &[NodeId]| {
            wanted.is_empty() || wanted.iter().any(|id| has.contains(id))
        };
        let year = record.dated_at().map(|d| d.to_zoned(amsterdam()).year());
        let dated = |from: Option<Date>, until: Option<Date>| {
            days(record).into_iter().any(|day| {
                from.is_none_or(|from| day >= from) && until.is_none_or(|until| day <= until)
            })
        };
        (filter.kinds.is_empty() || filter.kinds.contains(&kind))
            && form_fits(record, filter)
            && any(&filter.themes, &common.themes)
            && any(&filter.communities, &common.communities)
            && any(&filter.organisations, &common.organisations)
            && any(&filter.audiences, &common.audiences)
            && any(&filter.people, &common.people)
            && (filter.organisation_kinds.is_empty()
                || self.organisations(common).any(|o| filter.organisation_kinds.contains(&o.kind)))
            && (filter.layers.is_empty()
                || self.layers(record).iter().any(|l| filter.layers.contains(l)))
            && (filter.languages.is_empty() || filter.languages.contains(&common.language))
            && (filter.years.is_empty() || year.is_some_and(|y| filter.years.contains(&y)))
            && ((filter.from.is_none() && filter.until.is_none())
                || dated(filter.from, filter.until))
            && event_fits(record, filter)
    }
}

fn common(record: &Record) -> &Common {
    record.common().expect("content")
}

fn amsterdam() -> TimeZone {
    schema::moment::zone("Europe/Amsterdam").expect("a zone")
}

/// The dates of a record in Amsterdam; for a series, of every occurrence.
fn days(record: &Record) -> Vec<Date> {
    let day = |at: Timestamp| at.to_zoned(amsterdam()).date();
    match record {
        Record::Event(event) if event.series.is_some() => {
            event.occurrences().all().iter().map(|time| day(time.begins)).collect()
        }
        _ => record.dated_at().map(day).into_iter().collect(),
    }
}

fn phase(record: &Record) -> Option<EventPhase> {
    match record {
        Record::Event(event) => Some(event.phase(clock())),
        _ => None,
    }
}

fn event_fits(record: &Record, filter: &SearchFilter) -> bool {
    let attendance = match record {
        Record::Event(event) => Some(event.attendance),
        _ => None,
    };
    (filter.attendance.is_empty() || attendance.is_some_and(|a| filter.attendance.contains(&a)))
        && (filter.phases.is_empty() || phase(record).is_some_and(|p| filter.phases.contains(&p)))
}

fn form_fits(record: &Record, filter: &SearchFilter) -> bool {
    let own =
        match record {
            Record::Article(article) => (!filter.article_forms.is_empty())
                .then(|| filter.article_forms.contains(&article.form)),
            Record::Toolkit(toolkit) => (!filter.toolkit_forms.is_empty())
                .then(|| filter.toolkit_forms.contains(&toolkit.form)),
            Record::Community(community) => (!filter.community_forms.is_empty())
                .then(|| filter.community_forms.contains(&community.form)),
            Record::Event(event) => {
                (!filter.event_forms.is_empty()).then(|| filter.event_forms.contains(&event.form))
            }
            _ => None,
        };
    let no_form_selected = filter.article_forms.is_empty()
        && filter.toolkit_forms.is_empty()
        && filter.community_forms.is_empty()
        && filter.event_forms.is_empty();
    own.unwrap_or_else(|| {
        no_form_selected || filter.kinds.contains(&record.kind().expect("content"))
    })
}

/// Sort key of a record; smaller is first.
fn order(record: &Record, sort: SearchSort) -> (u8, i64, String, NodeId) {
    let id = record.id();
    let dated = record.dated_at().map(jiff::Timestamp::as_second);
    let published = record.published_at().map(jiff::Timestamp::as_second);
    let newest = |d: Option<i64>| d.map_or((1, 0), |d| (0, -d));
    match sort {
        SearchSort::Title => (0, 0, normalisation::name(record.name()), id),
        SearchSort::Newest => (newest(published).0, newest(published).1, String::new(), id),
        SearchSort::Oldest => {
            (u8::from(published.is_none()), published.unwrap_or(0), String::new(), id)
        }
        SearchSort::Start => match (record, phase(record)) {
            (Record::Event(event), Some(EventPhase::Upcoming | EventPhase::Ongoing)) => {
                let next = event.occurrences_from(clock(), 1);
                (0, next[0].begins.as_second(), String::new(), id)
            }
            _ => (1 + newest(dated).0, newest(dated).1, String::new(), id),
        },
        SearchSort::Relevance => (0, 0, String::new(), id),
    }
}

fn pick<T: Copy>(rng: &mut Rng, from: &[T], times: u64) -> Vec<T> {
    if from.is_empty() || rng.below(4) != 0 {
        return Vec::new();
    }
    (0..=rng.below(times)).map(|_| rng.pick(from)).collect()
}

fn random_filter(rng: &mut Rng, scan: &Scan) -> SearchFilter {
    let ids = |kind: NodeKind| -> Vec<NodeId> {
        scan.entities.keys().copied().filter(|id| id.kind() == kind).collect()
    };
    let communities: Vec<NodeId> =
        scan.records.iter().map(|r| r.id()).filter(|id| id.kind() == NodeKind::Community).collect();
    let day = |rng: &mut Rng| {
        (rng.below(6) == 0).then(|| {
            let month = 1 + rng.below(12) as i8;
            jiff::civil::date(2024 + rng.below(3) as i16, month, 15)
        })
    };
    SearchFilter {
        kinds: pick(rng, Kind::ALL, 3),
        article_forms: pick(rng, schema::ArticleForm::ALL, 3),
        toolkit_forms: pick(rng, schema::ToolkitForm::ALL, 3),
        community_forms: Vec::new(),
        event_forms: pick(rng, schema::EventForm::ALL, 3),
        themes: pick(rng, &ids(NodeKind::Theme), 3),
        communities: pick(rng, &communities, 2),
        organisations: pick(rng, &ids(NodeKind::Organisation), 4),
        organisation_kinds: pick(rng, schema::OrganisationKind::ALL, 4),
        layers: pick(rng, schema::GovernmentLayer::ALL, 3),
        audiences: pick(rng, &ids(NodeKind::Audience), 3),
        people: pick(rng, &ids(NodeKind::Person), 3),
        languages: pick(rng, schema::Language::ALL, 1),
        attendance: pick(rng, schema::Attendance::ALL, 2),
        phases: pick(rng, EventPhase::ALL, 2),
        years: pick(rng, &[2023, 2024, 2025, 2026], 2),
        from: day(rng),
        until: day(rng),
        sources: Vec::new(),
    }
}

fn query(words: Option<&str>, filter: SearchFilter, sort: SearchSort, page: Page) -> SearchQuery {
    SearchQuery {
        words: words.map(str::to_owned),
        filter,
        sort,
        wider: false,
        literal: false,
        page,
        extras: SearchExtras { total: true, facets: true, ..SearchExtras::default() },
        now: clock(),
    }
}

/// Counts per value among the records that match.
fn counts<T: Ord>(
    scan: &Scan,
    filter: &SearchFilter,
    values: impl Fn(&Record) -> Vec<T>,
) -> BTreeMap<T, u64> {
    let mut counts = BTreeMap::new();
    for record in scan.records.iter().filter(|record| scan.fits(record, filter)) {
        let mut values = values(record);
        values.sort();
        values.dedup();
        for value in values {
            *counts.entry(value).or_default() += 1;
        }
    }
    counts
}

fn listed<T: Ord + Copy>(facets: &[FacetCount<T>]) -> BTreeMap<T, u64> {
    facets.iter().filter(|facet| facet.count > 0).map(|f| (f.value, f.count)).collect()
}

#[test]
fn search_must_match_a_naive_scan_in_hits_order_and_counts() {
    let installation = Installation::of("fixtures/demo.toml");
    installation.build();
    let snapshot = installation.snapshot();
    runtime().block_on(async {
        let scan = Scan::read(&snapshot).await;
        assert!(scan.records.len() > 120, "{}", scan.records.len());
        let mut rng = Rng(7);
        let mut found = 0;
        for round in 0..400 {
            let filter = random_filter(&mut rng, &scan);
            let sorts =
                [SearchSort::Newest, SearchSort::Oldest, SearchSort::Start, SearchSort::Title];
            let sort = rng.pick(&sorts);
            let mut expected: Vec<_> =
                scan.records.iter().filter(|record| scan.fits(record, &filter)).collect();
            expected.sort_by_key(|record| order(record, sort));
            let expected: Vec<_> = expected.iter().map(|record| record.name()).collect();
            let page = query(None, filter.clone(), sort, Page::first(1_000));
            let page = snapshot.search(page).await.expect("a search");
            let hits: Vec<_> = page.hits.iter().map(|hit| hit.record.name()).collect();
            assert_eq!(hits, expected, "round {round}: {filter:?} by {sort}");
            assert_eq!(page.total, Some(expected.len() as u64));
            found += expected.len();

            let facets = page.facets.expect("facets were requested");
            let without = |change: fn(&mut SearchFilter)| {
                let mut filter = filter.clone();
                change(&mut filter);
                filter
            };
            let kinds = counts(&scan, &without(|f| f.kinds.clear()), |r| vec![r.kind().unwrap()]);
            let themes =
                counts(&scan, &without(|f| f.themes.clear()), |r| common(r).themes.clone());
            let communities = counts(&scan, &without(|f| f.communities.clear()), |r| {
                common(r).communities.clone()
            });
            let layers = counts(&scan, &without(|f| f.layers.clear()), |r| scan.layers(r));
            let phases =
                counts(&scan, &without(|f| f.phases.clear()), |r| phase(r).into_iter().collect());
            let years = counts(&scan, &without(|f| f.years.clear()), |r| {
                r.dated_at().map(|d| d.to_zoned(amsterdam()).year()).into_iter().collect()
            });
            if filter.article_forms.is_empty()
                && filter.toolkit_forms.is_empty()
                && filter.event_forms.is_empty()
            {
                assert_eq!(listed(&facets.kinds), kinds, "kinds, round {round}: {filter:?}");
            }
            assert_eq!(listed(&facets.themes), themes, "themes, round {round}: {filter:?}");
            assert_eq!(listed(&facets.communities), communities, "communities, round {round}");
            assert_eq!(listed(&facets.layers), layers, "layers, round {round}: {filter:?}");
            assert_eq!(listed(&facets.phases), phases, "phases, round {round}: {filter:?}");
            assert_eq!(listed(&facets.years), years, "years, round {round}: {filter:?}");
        }
        assert!(found > 1_000, "the filters found only {found} records in all");
    });
}

#[test]
fn pages_must_concatenate_to_the_whole_list_forwards_backwards_and_by_offset() {
    let installation = Installation::of("fixtures/demo.toml");
    installation.build();
    let snapshot = installation.snapshot();
    runtime().block_on(async {
        for (words, sort) in [
            (None, SearchSort::Title),
            (None, SearchSort::Newest),
            (None, SearchSort::Start),
            (Some("klantreis overheid"), SearchSort::Relevance),
            (Some("brief"), SearchSort::Oldest),
        ] {
            let search = |page| snapshot.search(query(words, SearchFilter::default(), sort, page));
            let whole = search(Page::first(1_000)).await.expect("a search");
            let ids: Vec<_> = whole.hits.iter().map(|hit| hit.record.id()).collect();
            assert!(ids.len() > 10, "{words:?} finds {}", ids.len());

            let mut forward = Vec::new();
            let mut after: Option<Cursor> = None;
            loop {
                let page =
                    search(Page::Forward { first: 7, after: after.take() }).await.expect("a page");
                assert_eq!(page.has_previous, !forward.is_empty());
                forward.extend(page.hits.iter().map(|hit| hit.record.id()));
                after = page.hits.last().map(|hit| hit.cursor.clone());
                if !page.has_next {
                    break;
                }
            }
            assert_eq!(forward, ids, "{words:?} by {sort}, forwards");

            let mut backward = Vec::new();
            let mut before: Option<Cursor> = None;
            loop {
                let page = search(Page::Backward { last: 7, before: before.take() })
                    .await
                    .expect("a page");
                assert_eq!(page.has_next, !backward.is_empty());
                backward.extend(page.hits.iter().rev().map(|hit| hit.record.id()));
                before = page.hits.first().map(|hit| hit.cursor.clone());
                if !page.has_previous {
                    break;
                }
            }
            backward.reverse();
            assert_eq!(backward, ids, "{words:?} by {sort}, backwards");

            let mut numbered = Vec::new();
            loop {
                let offset = numbered.len();
                let page = search(Page::Offset { limit: 7, offset }).await.expect("a page");
                assert_eq!(page.has_previous, offset > 0);
                numbered.extend(page.hits.iter().map(|hit| hit.record.id()));
                if !page.has_next {
                    break;
                }
            }
            assert_eq!(numbered, ids, "{words:?} by {sort}, by number");
            let beyond = Page::Offset { limit: 7, offset: ids.len() + 50 };
            let beyond = search(beyond).await.expect("a page");
            assert!(beyond.hits.is_empty() && !beyond.has_next && beyond.has_previous);
        }
    });
}

#[test]
fn a_cursor_must_continue_in_the_next_generation_and_report_it() {
    let installation = Installation::empty();
    for n in 0..20 {
        installation.write_item(&format!("item{n:02}"), &format!("Artikel {n:02}"));
    }
    installation.build();
    let by_title = |page| query(None, SearchFilter::default(), SearchSort::Title, page);
    let old = installation.snapshot();
    let runtime = runtime();
    let first = runtime.block_on(old.search(by_title(Page::first(10)))).expect("a page");
    let cursor = first.hits[9].cursor.clone();
    installation.remove_item("item03");
    installation.write_item("item05b", "Artikel 05 bis");
    installation.write_item("item09b", "Artikel 09 bis");
    installation.build();
    let new = installation.snapshot();
    let page = Page::Forward { first: 3, after: Some(cursor.clone()) };
    let next = runtime.block_on(new.search(by_title(page))).expect("a page");
    let names: Vec<_> = next.hits.iter().map(|hit| hit.record.name()).collect();
    assert_eq!(names, ["Artikel 09 bis", "Artikel 10", "Artikel 11"]);
    assert_eq!(next.continued_from, Some(old.generation()));

    let other = SearchFilter { kinds: vec![Kind::Event], ..SearchFilter::default() };
    let page = Page::Forward { first: 3, after: Some(cursor) };
    let rejected = runtime.block_on(new.search(query(None, other, SearchSort::Title, page)));
    assert!(matches!(rejected, Err(CatalogError::Cursor(_))), "{rejected:?}");
}

#[test]
fn search_must_ignore_case_accents_and_apostrophes_and_find_inflected_words() {
    let installation = Installation::empty();
    installation.write_item("een", "De hulp die voor hén telt");
    installation.write_item("twee", "Klantreizen in de praktijk");
    installation.write_item("drie", "Brieven die iedereen begrijpt");
    installation.build();
    let snapshot = installation.snapshot();
    for (words, title) in [
        ("HEN", "De hulp die voor hén telt"),
        ("klantreis", "Klantreizen in de praktijk"),
        ("brief", "Brieven die iedereen begrijpt"),
        ("brieven begrijpt", "Brieven die iedereen begrijpt"),
    ] {
        let search_query =
            query(Some(words), SearchFilter::default(), SearchSort::Relevance, Page::first(5));
        let page = runtime().block_on(snapshot.search(search_query)).expect("a search");
        assert_eq!(page.hits.first().map(|hit| hit.record.name()), Some(title), "{words}");
    }
}

#[test]
fn documents_with_both_words_must_come_first() {
    let installation = Installation::empty();
    for n in 0..30 {
        installation.write_item(&format!("taal{n}"), "Taal taal taal");
    }
    installation.write_item("beide", "Een loket met aandacht voor taal en de gemeente");
    installation.write_item("ander", "Gemeente");
    installation.build();
    let snapshot = installation.snapshot();
    let search = |words| {
        let page = Page::first(5);
        let search_query = query(Some(words), SearchFilter::default(), SearchSort::Relevance, page);
        runtime().block_on(snapshot.search(search_query)).expect("a search")
    };
    let page = search("taal gemeente");
    assert_eq!(page.hits[0].record.name(), "Een loket met aandacht voor taal en de gemeente");
    assert_eq!(page.total, Some(32), "records with one of the words must follow");
    assert_eq!(search("taal loket gemeente").total, Some(32));
    assert_eq!(
        search("taal loket gemeente brief balie").total,
        Some(1),
        "two of five words must match"
    );
}

#[test]
fn documents_with_one_of_two_words_must_not_be_listed_if_enough_have_both() {
    let installation = Installation::empty();
    let total = || {
        let words = Some("taal gemeente");
        let page = Page::first(5);
        let search_query = query(words, SearchFilter::default(), SearchSort::Relevance, page);
        runtime().block_on(installation.snapshot().search(search_query)).expect("a search").total
    };
    for n in 0..99 {
        installation.write_item(&format!("beide{n}"), "Taal van de gemeente");
    }
    installation.write_item("taal", "Taal");
    installation.build();
    assert_eq!(total(), Some(100), "99 are not enough");
    installation.write_item("beide99", "Gemeente en taal");
    installation.build();
    assert_eq!(total(), Some(100), "a record with only one of the words must not be listed");
}
