//! Near-duplicates: one hit within a source, compared with a naive scan; and shared passages
//! between sources.

use indexer::admin;
use std::collections::{BTreeMap, BTreeSet};

use indexer::catalog::Snapshot;
use schema::{Cursor, NodeId, Page, Record, SearchExtras, SearchFilter, SearchQuery, SearchSort};

use crate::support::{Installation, Rng, clock, everything, runtime};

/// Random words; two texts share them only by chance.
fn words(rng: &mut Rng, count: u64) -> Vec<String> {
    let letter = |number: u64| char::from(b'a' + number as u8);
    let word = |rng: &mut Rng| {
        let rest: String = (0..5).map(|_| letter(rng.below(26))).collect();
        format!("w{rest}")
    };
    (0..count).map(|_| word(rng)).collect()
}

fn line(key: &str, text: &[String], theme: u64, year: u64) -> String {
    let text = text.join(" ");
    format!(
        r#"{{"key":"{key}","kind":"article","title":"Artikel {key}","published_at":"202{year}-05-01","themes":["thema {theme}"],"body":"Over een klantreis: {text}"}}"#
    )
}

fn search_query(words: &str, filter: SearchFilter, sort: SearchSort, page: Page) -> SearchQuery {
    let extras = SearchExtras { total: true, facets: true, ..SearchExtras::default() };
    SearchQuery {
        words: Some(words.to_owned()),
        filter,
        sort,
        wider: false,
        literal: false,
        page,
        extras,
        now: clock(),
    }
}

fn titles(snapshot: &Snapshot, query: SearchQuery) -> Vec<String> {
    let page = runtime().block_on(snapshot.search(query)).expect("a search");
    assert_eq!(page.total, Some(page.hits.len() as u64));
    page.hits.iter().map(|hit| hit.record.name().to_owned()).collect()
}

fn id(snapshot: &Snapshot, title: &str) -> NodeId {
    let page = runtime().block_on(snapshot.search(everything())).expect("a search");
    let hit = page.hits.iter().find(|hit| hit.record.name() == title);
    hit.unwrap_or_else(|| panic!("no record with the title {title}")).record.id()
}

/// Three versions of a text in one source, and the same text in another source.
fn versions() -> Installation {
    let installation = Installation::empty();
    let text = words(&mut Rng(1), 150);
    let (mut second, mut third) = (text.clone(), text.clone());
    "loket".clone_into(&mut second[40]);
    third.truncate(148);
    let other = words(&mut Rng(2), 150);
    installation.write_lines(&[
        line("een", &text, 1, 3),
        line("twee", &second, 2, 4),
        line("drie", &third, 1, 5),
        line("ander", &other, 1, 3),
    ]);
    installation.write_lines_to("more.jsonl", &[line("elders", &text, 3, 3)]);
    installation.build();
    installation
}

#[test]
fn near_duplicates_must_be_one_hit_per_source() {
    let installation = versions();
    let snapshot = installation.snapshot();
    let all = SearchFilter::default();
    let first = || Page::first(10);
    let found =
        titles(&snapshot, search_query("klantreis", all.clone(), SearchSort::Newest, first()));
    assert_eq!(found.len(), 3, "{found:?}");
    assert_eq!(found[0], "Artikel drie", "the first in sort order represents the group");
    let oldest =
        titles(&snapshot, search_query("klantreis", all.clone(), SearchSort::Oldest, first()));
    assert!(oldest.contains(&"Artikel een".to_owned()) && oldest.len() == 3, "{oldest:?}");
    let best =
        titles(&snapshot, search_query("klantreis loket", all, SearchSort::Relevance, first()));
    assert_eq!(best[0], "Artikel twee", "the best match represents the group");
    assert_eq!(
        titles(&snapshot, everything()).len(),
        5,
        "without words, every record must be listed"
    );
    // The filter determines which documents of a group match.
    let only = SearchFilter { years: vec![2024], ..SearchFilter::default() };
    let found = titles(&snapshot, search_query("klantreis", only, SearchSort::Newest, first()));
    assert_eq!(found, ["Artikel twee"]);
}

#[test]
fn explain_must_report_which_near_duplicate_is_listed_instead() {
    let installation = versions();
    let snapshot = installation.snapshot();
    let future = snapshot.explain("loket".to_owned(), id(&snapshot, "Artikel twee"), clock());
    let explanation = runtime().block_on(future).expect("a search").expect("content");
    assert_eq!((explanation.rank, explanation.not_listed_reason), (Some(1), None));
    let words = "klantreis loket".to_owned();
    let future = snapshot.explain(words, id(&snapshot, "Artikel een"), clock());
    let explanation = runtime().block_on(future).expect("a search").expect("content");
    assert_eq!(explanation.rank, None);
    assert_eq!(
        explanation.listed_duplicate.map(|r| r.name().to_owned()),
        Some("Artikel twee".to_owned())
    );
}

#[test]
fn related_must_omit_near_duplicates_and_list_one_of_each_group() {
    let installation = Installation::empty();
    let mut rng = Rng(3);
    let (text, other) = (words(&mut rng, 80), words(&mut rng, 80));
    let similar = [&other[..40], &text[..40]].concat();
    installation.write_lines(&[
        line("een", &text, 1, 3),
        line("kopie", &text, 1, 4),
        line("verwant", &similar, 1, 3),
        line("verwante kopie", &similar, 1, 4),
    ]);
    installation.write_lines_to("more.jsonl", &[line("elders", &text, 1, 3)]);
    installation.build();
    let snapshot = installation.snapshot();
    let ids = [id(&snapshot, "Artikel een")];
    let related = runtime().block_on(snapshot.related(&ids, 10)).expect("related").remove(0);
    let related = runtime().block_on(snapshot.get_many(&related)).expect("records");
    let names: Vec<_> = related.iter().flatten().map(|record| record.name()).collect();
    assert_eq!(names.len(), 2, "{names:?}");
    assert_eq!(names[0], "Artikel elders");
    assert!(names[1].starts_with("Artikel verwant"), "{names:?}");
}

#[test]
fn passages_of_forty_words_must_be_found_in_other_sources_only() {
    let installation = Installation::empty();
    let mut rng = Rng(4);
    let (passage, shorter) = (words(&mut rng, 40), words(&mut rng, 30));
    let mut around = |inner: &[String]| {
        let (before, after) = (words(&mut rng, 30), words(&mut rng, 50));
        [&before, inner, &after].concat()
    };
    let (ours, theirs) = (around(&passage), around(&passage));
    installation.write_lines(&[
        line("eigen", &ours, 1, 3),
        line("zelfde bron", &around(&passage), 1, 3),
        line("kort", &around(&shorter), 1, 3),
    ]);
    installation.write_lines_to(
        "more.jsonl",
        &[
            line("elders", &theirs, 1, 3),
            line("elders weer", &theirs, 1, 4),
            line("kort elders", &around(&shorter), 1, 3),
        ],
    );
    installation.build();
    let snapshot = installation.snapshot();
    let elsewhere = |title: &str| {
        let ids = [id(&snapshot, title)];
        let found = runtime().block_on(snapshot.shared_passages(&ids, 5)).expect("passages");
        found.into_iter().next().expect("one list for each")
    };
    let found = elsewhere("Artikel eigen");
    assert_eq!(found.len(), 1, "{found:?}");
    let them = [id(&snapshot, "Artikel elders"), id(&snapshot, "Artikel elders weer")];
    assert!(them.contains(&found[0].id));
    assert_eq!(found[0].text, passage.join(" "));
    // Two words of the title, three before the text, and 120 words of text.
    assert!((found[0].share - 40.0 / 125.0).abs() < 1e-4, "{}", found[0].share);
    let ours = [id(&snapshot, "Artikel eigen"), id(&snapshot, "Artikel zelfde bron")];
    let back: BTreeSet<_> = elsewhere("Artikel elders").iter().map(|one| one.id).collect();
    assert_eq!(back, BTreeSet::from(ours));
    assert_eq!(elsewhere("Artikel kort"), []);

    installation.write_lines_to("more.jsonl", &[""; 0]);
    installation.build();
    let snapshot = installation.snapshot();
    let ids = [id(&snapshot, "Artikel eigen")];
    let found = runtime().block_on(snapshot.shared_passages(&ids, 5)).expect("passages");
    assert_eq!(found, [[]], "a removed source must not be reported");
}

#[test]
fn events_of_different_days_and_reports_of_different_years_must_not_be_grouped() {
    let installation = Installation::empty();
    let text = words(&mut Rng(5), 80).join(" ");
    let event = |key: &str, day: &str| {
        format!(
            r#"{{"key":"{key}","kind":"event","title":"Bijeenkomst {key}","start":"{day}T10:00","body":"{text}"}}"#
        )
    };
    let report = |key: &str, year: &str| {
        format!(
            r#"{{"key":"{key}","kind":"article","title":"Verslag","body":"{text} in het jaar {year}"}}"#
        )
    };
    installation.write_lines(&[
        event("een", "2026-04-01"),
        event("twee", "2026-05-01"),
        event("twee nogmaals", "2026-05-01"),
        report("drie", "2024"),
        report("vier", "2025"),
    ]);
    installation.build();
    let query =
        search_query(&text[..6], SearchFilter::default(), SearchSort::Start, Page::first(10));
    let found = titles(&installation.snapshot(), query);
    assert_eq!(found.len(), 4, "{found:?}");
}

/// A record of a random data set, as the naive scan uses it.
#[derive(Clone)]
struct ScannedRecord {
    source: u64,
    text: Vec<String>,
    theme: u64,
    year: u64,
}

/// A name without a digit: texts with different numbers are never near-duplicates.
fn name(key: u64) -> String {
    ["x", "y"].map(|word| word.repeat(1 + key as usize % 7)).concat()
        + &"z".repeat(key as usize / 7)
}

fn is_same((key, one): (u64, &ScannedRecord), (other_key, other): (u64, &ScannedRecord)) -> bool {
    let shingles = |key: u64, record: &ScannedRecord| -> BTreeSet<Vec<String>> {
        let prefix = ["artikel", &name(key), "over", "een", "klantreis"].map(str::to_owned);
        let words = [&prefix[..], &record.text].concat();
        words.windows(3).map(<[String]>::to_vec).collect()
    };
    let (ours, theirs) = (shingles(key, one), shingles(other_key, other));
    let both = ours.intersection(&theirs).count();
    one.source == other.source && both * 10 >= (ours.len() + theirs.len() - both) * 9
}

/// The group of each record, identified by the key of one of its records.
fn groups(dataset: &BTreeMap<u64, ScannedRecord>) -> BTreeMap<u64, u64> {
    let mut groups: BTreeMap<u64, u64> = dataset.keys().map(|key| (*key, *key)).collect();
    for (key, record) in dataset {
        for (other, other_record) in dataset.range(key + 1..) {
            let (from, to) = (groups[other], groups[key]);
            if from != to && is_same((*key, record), (*other, other_record)) {
                groups.values_mut().filter(|group| **group == from).for_each(|group| *group = to);
            }
        }
    }
    groups
}

fn write(installation: &Installation, dataset: &BTreeMap<u64, ScannedRecord>) {
    for (source, file) in [(0, "lines.jsonl"), (1, "more.jsonl")] {
        let own = dataset.iter().filter(|(_, record)| record.source == source);
        let lines: Vec<_> = own
            .map(|(key, record)| line(&name(*key), &record.text, record.theme, record.year))
            .collect();
        installation.write_lines_to(file, &lines);
    }
}

/// Id of each theme by name.
async fn theme_ids(snapshot: &Snapshot) -> BTreeMap<String, NodeId> {
    let page =
        snapshot.list_by_name(schema::NodeKind::Theme, String::new(), Page::first(100)).await;
    let entries = page.expect("names").entries;
    entries.iter().map(|(record, _)| (record.name().to_owned(), record.id())).collect()
}

/// Compares totals, facets, hits and pages with the naive scan.
async fn check(snapshot: &Snapshot, dataset: &BTreeMap<u64, ScannedRecord>, context: &str) {
    let groups = groups(dataset);
    let themes = theme_ids(snapshot).await;
    let of_theme = |theme: &u64| themes.get(&format!("thema {theme}")).copied();
    for (year, theme) in [(None, None), (Some(3), None), (None, Some(1)), (Some(4), Some(2))] {
        let Some(ids) = theme.iter().map(of_theme).collect::<Option<Vec<_>>>() else { continue };
        let years: Vec<i16> = year.iter().map(|year| 2020 + *year as i16).collect();
        let filter = SearchFilter { years, themes: ids, ..SearchFilter::default() };
        let fits = |record: &ScannedRecord, year: Option<u64>, theme: Option<u64>| {
            year.is_none_or(|year| record.year == year)
                && theme.is_none_or(|theme| record.theme == theme)
        };
        let listed = |year, theme| -> BTreeSet<u64> {
            let fitting = dataset.iter().filter(|(_, record)| fits(record, year, theme));
            fitting.map(|(key, _)| groups[key]).collect()
        };
        for sort in [SearchSort::Relevance, SearchSort::Newest, SearchSort::Title] {
            let query = |page| search_query("klantreis", filter.clone(), sort, page);
            let page = snapshot.search(query(Page::first(1_000))).await.expect("a search");
            let key = |record: &Record| -> u64 {
                let is_it = |key: &&u64| record.name() == format!("Artikel {}", name(**key));
                *dataset.keys().find(is_it).expect("the record is in the data set")
            };
            let keys: Vec<u64> = page.hits.iter().map(|hit| key(&hit.record)).collect();
            let expected = listed(year, theme);
            assert_eq!(page.total, Some(expected.len() as u64), "{context} {year:?} {theme:?}");
            let listed_groups: BTreeSet<u64> = keys.iter().map(|key| groups[key]).collect();
            assert_eq!(
                (listed_groups, keys.len()),
                (expected.clone(), expected.len()),
                "{context} by {sort}"
            );
            if sort != SearchSort::Relevance {
                for found in &keys {
                    let members = dataset.keys().filter(|key| groups[key] == groups[found]);
                    let rank = |key: &u64| match sort {
                        SearchSort::Title => (0, format!("artikel {}", name(*key))),
                        _ => (9 - dataset[key].year, String::new()),
                    };
                    let fitting = members.filter(|key| fits(&dataset[key], year, theme));
                    let best = fitting.map(rank).min().expect("itself");
                    assert_eq!(rank(found), best, "{context} by {sort}");
                }
            }
            let facets = page.facets.expect("facets were requested");
            for facet in &facets.years {
                let count = listed(Some(u64::try_from(facet.value - 2020).unwrap()), theme).len();
                assert_eq!(facet.count, count as u64, "{context}: {} {theme:?}", facet.value);
            }
            for number in 0..4 {
                let facet = facets.themes.iter().find(|f| Some(f.value) == of_theme(&number));
                let count = facet.map_or(0, |facet| facet.count);
                let expected = listed(year, Some(number)).len() as u64;
                assert_eq!(count, expected, "{context}: theme {number} {year:?}");
            }
            let (mut paged, mut after): (Vec<u64>, Option<Cursor>) = (Vec::new(), None);
            loop {
                let page = Page::Forward { first: 3, after: after.take() };
                let page = snapshot.search(query(page)).await.expect("a page");
                paged.extend(page.hits.iter().map(|hit| key(&hit.record)));
                after = page.hits.last().map(|hit| hit.cursor.clone());
                if !page.has_next {
                    break;
                }
            }
            assert_eq!(paged, keys, "{context} by {sort}");
        }
    }
}

#[test]
fn groups_must_equal_those_of_a_naive_scan() {
    for seed in 0..4 {
        let mut rng = Rng(seed);
        let texts: Vec<_> = (0..4).map(|_| words(&mut rng, 150)).collect();
        let installation = Installation::empty();
        let mut dataset: BTreeMap<u64, ScannedRecord> = BTreeMap::new();
        let mut grouped = 0;
        for round in 0..10 {
            for _ in 0..=rng.below(8) {
                let key = rng.below(30);
                if rng.below(4) == 0 {
                    dataset.remove(&key);
                    continue;
                }
                let mut text = texts[rng.below(4) as usize].clone();
                // Up to two different words are near-duplicates; more may be, by way of a third
                // text.
                for _ in 0..rng.below(3) {
                    let at = rng.below(150) as usize;
                    text[at] = words(&mut rng, 1).remove(0);
                }
                let (source, theme) = (rng.below(2), rng.below(4));
                dataset.insert(key, ScannedRecord { source, text, theme, year: 3 + rng.below(3) });
            }
            write(&installation, &dataset);
            installation.build();
            let context = format!("seed {seed}, round {round}");
            runtime().block_on(check(&installation.snapshot(), &dataset, &context));
            grouped += groups(&dataset).into_iter().filter(|(key, group)| key != group).count();
        }
        let full = installation.copy();
        full.build_full();
        runtime().block_on(check(&full.snapshot(), &dataset, &format!("seed {seed}, in full")));
        admin::gc(&installation.data(), 3, clock()).expect("compacts");
        let context = format!("seed {seed}, compacted");
        runtime().block_on(check(&installation.snapshot(), &dataset, &context));
        assert!(grouped > 20, "seed {seed} has near-duplicates: {grouped}");
    }
}

#[test]
fn a_group_must_split_when_the_record_connecting_it_is_removed() {
    let installation = Installation::empty();
    let text = words(&mut Rng(6), 200);
    let mut middle = text.clone();
    middle[10] = "anders".to_owned();
    middle[20] = "anders".to_owned();
    let mut far = middle.clone();
    far[50] = "verder".to_owned();
    far[60] = "verder".to_owned();
    let all = [line("een", &text, 1, 3), line("midden", &middle, 1, 4), line("ver", &far, 1, 5)];
    let count = || {
        let query =
            search_query("klantreis", SearchFilter::default(), SearchSort::Newest, Page::first(10));
        titles(&installation.snapshot(), query).len()
    };
    installation.write_lines(&all);
    installation.build();
    assert_eq!(count(), 1);
    installation.write_lines(&[&all[0], &all[2]]);
    installation.build();
    assert_eq!(count(), 2);
    installation.write_lines(&all);
    installation.build();
    assert_eq!(count(), 1);
}
