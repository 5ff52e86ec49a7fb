//! Search quality compared with a baseline: judged queries on the demo, and judged collections next
//! to the repository.
//!
//! `UPDATE_BASELINES=1 cargo it relevance` records the current values.

#![expect(clippy::print_stdout, reason = "figures are what these tests are read for")]

use std::{
    collections::{BTreeMap, HashSet},
    env,
    fmt::Write,
    fs,
    path::PathBuf,
};

use indexer::{
    evaluate::{Collection, EvaluationReport, EvaluationRun, Measures, compare},
    ingest::NoProgress,
};
use schema::{Page, SearchQuery};

use crate::support::{Installation, repository, runtime, search_query};

/// Minimum quality for a judged collection: nDCG@10, recall@100, and nDCG@10 with a typo in each
/// query (mean of five seeds).
struct Floor {
    set: &'static str,
    ndcg: f64,
    recall: f64,
    with_typos: f64,
}

const FLOORS: [Floor; 2] = [
    Floor { set: "lo-help-nl", ndcg: 0.62, recall: 0.958, with_typos: 0.60 },
    Floor { set: "vac-nl", ndcg: 0.85, recall: 0.99, with_typos: 0.82 },
];
const SEEDS: u64 = 5;
/// Maximum decrease of a query class relative to its baseline.
pub(crate) const TOLERANCE: f64 = 0.02;

fn baseline_path(name: &str) -> PathBuf {
    repository().join("tests/it/baselines").join(name)
}

pub(crate) fn is_updating_baselines() -> bool {
    env::var_os("UPDATE_BASELINES").is_some()
}

/// Reads lines of a name and a number.
pub(crate) fn read_baseline(name: &str) -> BTreeMap<String, f64> {
    let text = fs::read_to_string(baseline_path(name)).expect("a baseline file");
    let line = |line: &str| {
        let (id, value) = line.split_once('\t').expect("two columns");
        (id.to_owned(), value.parse().expect("a number"))
    };
    text.lines().map(line).collect()
}

pub(crate) fn write_baseline(name: &str, values: &BTreeMap<String, f64>) {
    let mut text = String::new();
    for (id, value) in values {
        writeln!(text, "{id}\t{value:.4}").expect("memory");
    }
    fs::write(baseline_path(name), text).expect("writable");
}

#[test]
fn judged_collections_must_score_as_well_as_their_baseline() {
    for floor in FLOORS {
        let folder = repository().join("../shared/relevance").join(floor.set);
        if !folder.is_dir() {
            println!("skipped: no `{}` next to the repository", floor.set);
            continue;
        }
        let file = |name: &str| folder.join(name);
        let collection = Collection::open(
            &file("corpus.jsonl"),
            &file("queries.dev.jsonl"),
            &file("qrels.dev.tsv"),
        )
        .expect("a collection");
        let run = EvaluationRun::index(collection, &NoProgress).expect("an index");
        let report = run.evaluate(None).expect("an evaluation");
        let typos = (1..=SEEDS).map(|seed| run.evaluate(Some(seed)).expect("an evaluation"));
        let seeds = f64::from(u32::try_from(SEEDS).expect("few"));
        let with_typos = typos.map(|report| report.mean.ndcg_at_10).sum::<f64>() / seeds;
        let Measures { ndcg_at_10, recall_at_100, .. } = report.mean;
        println!(
            "{}: nDCG@10 {ndcg_at_10:.4}, recall@100 {recall_at_100:.4}, with typos {with_typos:.4}",
            floor.set
        );
        let name = format!("{}.tsv", floor.set);
        if is_updating_baselines() {
            let values = report.per_query.iter().map(|(id, m)| (id.clone(), m.ndcg_at_10));
            write_baseline(&name, &values.collect());
        }
        let measures = |ndcg_at_10| Measures { ndcg_at_10, ..Measures::default() };
        let values = read_baseline(&name).into_iter().map(|(id, value)| (id, measures(value)));
        let before =
            EvaluationReport { per_query: values.collect(), ..EvaluationReport::default() };
        let change = compare(&before, &report).expect("the same queries").ndcg_at_10;
        assert!(change.high > -0.000_05, "{}: worse than the baseline: {change:?}", floor.set);
        assert!(ndcg_at_10 >= floor.ndcg, "{}: nDCG@10 {ndcg_at_10}", floor.set);
        assert!(recall_at_100 >= floor.recall, "{}: recall@100 {recall_at_100}", floor.set);
        assert!(with_typos >= floor.with_typos, "{}: with typos {with_typos}", floor.set);
    }
}

#[test]
fn every_query_class_must_score_as_well_as_its_baseline() {
    let installation = Installation::of("fixtures/demo.toml");
    installation.build();
    let snapshot = installation.snapshot();
    let text = fs::read_to_string(repository().join("fixtures/relevance/judged.tsv"));
    let text = text.expect("the judged queries");
    let mut judged_queries = HashSet::new();
    let mut gains: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for line in text.lines().filter(|line| !line.starts_with('#')).skip(1) {
        let [class, words, relevant] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("three columns: {line}");
        };
        assert!(judged_queries.insert(words), "`{words}` is judged twice");
        let query = SearchQuery { page: Page::first(10), ..search_query(words) };
        let page = runtime().block_on(snapshot.search(query)).expect("a search");
        let relevant: Vec<&str> = relevant.split(' ').collect();
        let is_relevant = |url: &str| {
            let url = url.trim_end_matches('/');
            relevant
                .iter()
                .any(|suffix| url.strip_suffix(suffix).is_some_and(|prefix| prefix.ends_with('/')))
        };
        let discount = |rank: usize| 1.0 / f64::from(u32::try_from(rank + 2).expect("few")).log2();
        let found = page.hits.iter().enumerate().filter(|(_, hit)| {
            hit.record.common().is_some_and(|common| is_relevant(common.url.as_str()))
        });
        let gain: f64 = found.map(|(rank, _)| discount(rank)).sum();
        let ideal: f64 = (0..relevant.len().min(10)).map(discount).sum();
        if gain < ideal / 2.0 {
            println!("{class}, {:.2}: {words}", gain / ideal);
        }
        gains.entry(class.to_owned()).or_default().push(gain / ideal);
    }
    assert!(judged_queries.len() >= 120, "{} queries", judged_queries.len());
    let mean = |values: &Vec<f64>| {
        values.iter().sum::<f64>() / f64::from(u32::try_from(values.len()).expect("few"))
    };
    let means: BTreeMap<String, f64> =
        gains.iter().map(|(class, values)| (class.clone(), mean(values))).collect();
    println!("nDCG@10 by sort: {means:.3?}");
    if is_updating_baselines() {
        write_baseline("demo.tsv", &means);
    }
    for (class, before) in read_baseline("demo.tsv") {
        assert!(means[&class] >= before - TOLERANCE, "{class}: {} was {before}", means[&class]);
    }
}
