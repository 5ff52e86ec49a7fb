//! After random edits, an incremental build yields the same results as a full build: the same hits
//! and facets immediately, the same order after compaction.

use indexer::admin;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    os::unix::fs::MetadataExt,
};

use indexer::{catalog::Snapshot, ingest::Outcome};
use schema::{
    Facets, GenerationNumber, NodeId, Page, SearchExtras, SearchFilter, SearchQuery, SearchSort,
    SuggestionKind,
};

use crate::support::{Installation, Rng, clock, runtime};

const WORDS: [&str; 12] = [
    "klantreis",
    "formulier",
    "brief",
    "gemeente",
    "overheid",
    "toegankelijk",
    "onderzoek",
    "dienstverlening",
    "inwoner",
    "loket",
    "taal",
    "website",
];
const THEMES: [&str; 4] = ["klantreizen", "begrijpelijke taal", "inclusie", "zorgplicht"];
const PEOPLE: [&str; 4] = ["Noor Vandersteen", "Tijmen Okkerse", "Marit Zonneveld", "Eva Kesteloo"];

/// A record of the file `lines.jsonl`. Keys, URLs and names are few, so that they collide.
fn line(rng: &mut Rng, key: u64) -> String {
    let word = |rng: &mut Rng| rng.pick(&WORDS);
    let title = format!("{} {} {key}", word(rng), word(rng));
    let body: Vec<_> = (0..12).map(|_| word(rng)).collect();
    let theme = rng.pick(&THEMES);
    let person = rng.pick(&PEOPLE);
    let url = rng.below(12);
    let body = body.join(" ");
    match rng.below(8) {
        0 => format!(
            r#"{{"key":"{key}","kind":"community","title":"Community {}","url":"https://x.example/{url}","themes":["{theme}"],"body":"{body}"}}"#,
            rng.below(3)
        ),
        1 => format!(
            r#"{{"key":"{key}","kind":"event","title":"{title}","start":"2026-0{}-11","organisers":["Community {}","Gemeente Duinstad"],"body":"{body}"}}"#,
            1 + rng.below(8),
            rng.below(3)
        ),
        2 => format!(
            r#"{{"key":"{key}","kind":"theme","title":"{theme}","alt_labels":["anders {}"]}}"#,
            rng.below(3)
        ),
        3 => format!(
            r#"{{"key":"{key}","kind":"organisation","title":"Gemeente Duinstad","abbreviations":["GD"],"layer":"GEMEENTE","organisation_kind":"{}"}}"#,
            rng.pick(&["MUNICIPALITY", "OTHER"])
        ),
        4 => format!(
            r#"{{"key":"{key}","kind":"toolkit","title":"{title}","slug":"zelfde","maintainers":["GD"],"themes":["{theme}","anders 1"],"body":"{body}"}}"#
        ),
        _ => format!(
            r#"{{"key":"{key}","kind":"article","title":"{title}","url":"https://x.example/{url}","published_at":"202{}-05-0{}{}","themes":["{theme}"],"authors":["{person}"],"communities":["Community {}"],"body":"{body}"}}"#,
            rng.below(6),
            1 + rng.below(3),
            rng.pick(&["", "T14:00"]),
            rng.below(3)
        ),
    }
}

/// Changes a few records of a small data set.
pub(crate) fn edit(rng: &mut Rng, dataset: &mut BTreeMap<u64, String>) {
    for _ in 0..=rng.below(6) {
        let key = rng.below(24);
        if rng.below(4) == 0 {
            dataset.remove(&key);
        } else {
            dataset.insert(key, line(rng, key));
        }
    }
}

pub(crate) fn write_dataset(installation: &Installation, dataset: &BTreeMap<u64, String>) {
    // The two sources share URLs and names.
    let (lines, more): (Vec<_>, Vec<_>) = dataset.iter().partition(|(key, _)| *key % 2 == 0);
    installation.write_lines_to("lines.jsonl", &lines.iter().map(|(_, l)| *l).collect::<Vec<_>>());
    installation.write_lines_to("more.jsonl", &more.iter().map(|(_, l)| *l).collect::<Vec<_>>());
}

fn queries() -> Vec<SearchQuery> {
    let mut queries = Vec::new();
    for words in [
        None,
        Some("klantreis"),
        Some("klantreizen"),
        Some("formulier brief"),
        Some("inclusie"),
        Some("gd"),
        Some("noor"),
        Some("anders"),
        Some("gemeente overheid loket taal"),
    ] {
        for sort in
            [SearchSort::Relevance, SearchSort::Newest, SearchSort::Title, SearchSort::Start]
        {
            queries.push(SearchQuery {
                words: words.map(str::to_owned),
                filter: SearchFilter::default(),
                sort,
                wider: false,
                literal: false,
                page: Page::first(100),
                extras: SearchExtras { total: true, facets: true, ..SearchExtras::default() },
                now: clock(),
            });
        }
    }
    queries
}

/// Kinds and texts of suggestions.
fn suggestions(snapshot: &Snapshot) -> Vec<(SuggestionKind, String)> {
    let prefixes = ["k", "kla", "formulier", "o", "noo", "gemeente d", "loket k", "gd", "1", "an"];
    let mut found = Vec::new();
    for prefix in prefixes {
        let suggestions = runtime().block_on(snapshot.suggest(prefix.to_owned(), 8));
        let texts = suggestions.expect("suggestions").into_iter().map(|s| (s.kind, s.text));
        found.extend(texts);
    }
    found
}

/// Titles of the hits in order, and facets by name.
fn results(snapshot: &Snapshot) -> Vec<(Vec<String>, String)> {
    runtime().block_on(async {
        let mut results = Vec::new();
        for query in queries() {
            let page = snapshot.search(query).await.expect("a search");
            let hits = page.hits.iter().map(|hit| hit.record.name().to_owned()).collect();
            let facets = page.facets.expect("facets were requested");
            results.push((hits, facets_by_name(snapshot, &facets).await));
        }
        results
    })
}

async fn facets_by_name(snapshot: &Snapshot, facets: &Facets) -> String {
    let mut text = format!(
        "{:?} {:?} {:?} {:?} {:?} {:?} {:?}",
        facets.kinds,
        facets.article_forms,
        facets.layers,
        facets.organisation_kinds,
        facets.phases,
        facets.years,
        facets.attendance
    );
    let lists = [&facets.themes, &facets.communities, &facets.organisations, &facets.audiences];
    for list in lists {
        let ids: Vec<NodeId> = list.iter().map(|facet| facet.value).collect();
        let records = snapshot.get_many(&ids).await.expect("records");
        let counts: BTreeSet<String> = records
            .iter()
            .zip(list)
            .map(|(record, facet)| {
                let name = record.as_ref().expect("every facet has a record").name().to_owned();
                format!("{name} {}", facet.count)
            })
            .collect();
        text = format!("{text} {counts:?}");
    }
    text
}

#[test]
fn an_incremental_build_must_find_what_a_full_build_finds() {
    for seed in 0..6 {
        let mut rng = Rng(seed);
        let installation = Installation::empty();
        let mut dataset = BTreeMap::new();
        for round in 0..12 {
            edit(&mut rng, &mut dataset);
            write_dataset(&installation, &dataset);
            installation.build();

            let full = installation.copy();
            full.build_full();
            let context = format!("seed {seed}, round {round}");
            assert_eq!(installation.view(), full.view(), "{context}");
            let (ours, theirs) = (results(&installation.snapshot()), results(&full.snapshot()));
            for (query, (our, their)) in queries().iter().zip(ours.iter().zip(&theirs)) {
                let set = |hits: &[String]| hits.iter().cloned().collect::<BTreeSet<_>>();
                assert_eq!(set(&our.0), set(&their.0), "hits of {query:?}, {context}");
                assert_eq!(our.1, their.1, "facets of {query:?}, {context}");
            }
            assert_eq!(
                suggestions(&installation.snapshot()),
                suggestions(&full.snapshot()),
                "{context}"
            );
        }
        admin::gc(&installation.data(), 3, clock()).expect("compacts");
        let full = installation.copy();
        full.build_full();
        admin::gc(&full.data(), 3, clock()).expect("compacts");
        assert_eq!(results(&installation.snapshot()), results(&full.snapshot()), "seed {seed}");
    }
}

/// A new installation without the history must have the same content.
#[test]
fn content_must_not_depend_on_history() {
    for seed in 100..104 {
        let mut rng = Rng(seed);
        let installation = Installation::empty();
        let mut dataset = BTreeMap::new();
        for _ in 0..10 {
            edit(&mut rng, &mut dataset);
            write_dataset(&installation, &dataset);
            installation.build();
        }
        let fresh = Installation::empty();
        write_dataset(&fresh, &dataset);
        fresh.build();
        assert_eq!(installation.view(), fresh.view(), "seed {seed}");
    }
}

#[test]
fn a_small_change_must_share_the_base_of_the_store_until_it_is_compacted() {
    let installation = Installation::small();
    let file_of = |number: GenerationNumber, name: &str| {
        installation.data().join(number.to_string()).join(name)
    };
    let inode = |number| fs::metadata(file_of(number, "store.redb")).expect("a base").ino();
    let first = installation.build();
    installation.write_item("extra", "Een extra artikel");
    installation.remove_item("brief");
    let second = installation.build();
    assert_eq!(inode(first), inode(second), "the base must not be rewritten");
    assert!(!file_of(first, "overlay.redb").exists() && file_of(second, "overlay.redb").exists());
    installation.write_item("nog-een", "Nog een artikel");
    installation.write_item("extra", "Een ander artikel");
    let third = installation.build();
    assert_eq!(inode(first), inode(third), "the overlay must be extended");
    let (before, base) = (installation.view(), inode(third));
    let compacted = admin::gc(&installation.data(), 1, clock()).expect("compacts").compacted;
    let compacted = compacted.expect("there was something to compact");
    assert_ne!(inode(compacted), base);
    assert!(!file_of(compacted, "overlay.redb").exists());
    assert_eq!(installation.view(), before);
    assert!(admin::verify(&installation.data()).expect("readable").is_intact());
}

/// Another line, or other bytes with the same facts: the source record changes, the content does
/// not.
#[test]
fn a_moved_record_must_have_its_new_location_without_a_change() {
    let installation = Installation::empty();
    let (a, b) = (
        r#"{"key":"a","kind":"article","title":"Een brief","url":"https://x.example/a"}"#,
        r#"{"key":"b","kind":"article","title":"Nog een brief","url":"https://x.example/b"}"#,
    );
    let source_record = || {
        let snapshot = installation.snapshot();
        let url = "https://x.example/b".parse().expect("a URL");
        let id = runtime().block_on(snapshot.by_urls(&[url])).expect("a look-up")[0];
        let provenance = runtime().block_on(snapshot.provenance(&[id.expect("there")]));
        provenance.expect("readable").remove(0).remove(0).record
    };
    installation.write_lines(&[a, b]);
    installation.build();
    let first = source_record();
    assert_eq!(first.location, "lines.jsonl:2");
    let moved = [vec![b.to_owned(), a.to_owned()], vec![b.replace(',', ", "), a.to_owned()]];
    for lines in moved {
        installation.write_lines(&lines);
        let report = installation.try_build().expect("builds");
        assert!(matches!(report.outcome, Outcome::Published(_)), "{:?}", report.outcome);
        assert_eq!((report.upserted, report.removed), (0, 0));
        let changed: u64 = report.sources.iter().map(|source| source.changed).sum();
        let unchanged: u64 = report.sources.iter().map(|source| source.unchanged).sum();
        assert_eq!((changed, unchanged), (0, 2));
        let present = source_record();
        assert_eq!(present.location, "lines.jsonl:1");
        assert_eq!(present.fetched_at, first.fetched_at);
        assert_eq!(present.content_hash == first.content_hash, lines[0] == b);
    }
}
