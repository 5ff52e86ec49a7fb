//! Search quality on the field questions: real texts next to the repository, judged twice by
//! `fixtures/relevance/field/guideline.md`.

#![expect(clippy::print_stdout, reason = "figures are what this test is read for")]

use std::{
    collections::{BTreeMap, HashMap},
    fs,
};

use schema::{Page, SearchQuery};

use crate::{
    relevance::{TOLERANCE, is_updating_baselines, read_baseline, write_baseline},
    support::{Installation, repository, runtime, search_query, shared},
};

/// Minimum agreement of the two grades (Cohen's kappa).
const KAPPA_MIN: f64 = 0.6;
const HITS: usize = 10;

/// The two grades of a text for a question, by question and by URL of the text.
type Judgements = HashMap<String, HashMap<String, (u8, u8)>>;

fn field_file(name: &str) -> String {
    fs::read_to_string(repository().join("fixtures/relevance/field").join(name)).expect("a file")
}

fn judgements() -> Judgements {
    let mut judgements = Judgements::new();
    for line in field_file("judgements.tsv").lines().skip(1) {
        let [id, url, first, second] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("four columns: {line}");
        };
        let grades = (first.parse().expect("a grade"), second.parse().expect("a grade"));
        let texts = judgements.entry(id.to_owned()).or_default();
        assert!(texts.insert(url.to_owned(), grades).is_none(), "{id} {url} is judged twice");
    }
    judgements
}

fn kappa(judgements: &Judgements) -> f64 {
    let (mut first_counts, mut second_counts, mut agreed) = ([0.0; 4], [0.0; 4], 0.0);
    for (first, second) in judgements.values().flat_map(HashMap::values) {
        first_counts[usize::from(*first)] += 1.0;
        second_counts[usize::from(*second)] += 1.0;
        agreed += f64::from(first == second);
    }
    let total: f64 = first_counts.iter().sum();
    let by_chance = first_counts.iter().zip(second_counts).map(|(a, b)| a * b / total / total);
    let by_chance: f64 = by_chance.sum();
    (agreed / total - by_chance) / (1.0 - by_chance)
}

/// The discounted gain of grades in the order of a list.
fn gain(grades: impl Iterator<Item = u8>) -> f64 {
    let discount = |rank: usize| f64::from(u32::try_from(rank + 2).expect("few")).log2();
    let gains = grades.take(HITS).enumerate();
    gains.map(|(rank, grade)| (2_f64.powi(grade.into()) - 1.0) / discount(rank)).sum()
}

#[test]
fn field_queries_must_score_as_well_as_their_baseline() {
    let judgements = judgements();
    let agreement = kappa(&judgements);
    println!("kappa {agreement:.3}");
    assert!(agreement >= KAPPA_MIN, "kappa {agreement}");
    if shared("corpus/don-site").is_none() {
        return;
    }
    let installation = Installation::of("fixtures/don-site.toml");
    installation.build();
    let snapshot = installation.snapshot();
    let mut gains: BTreeMap<String, Vec<f64>> = BTreeMap::new();
    for line in field_file("questions.tsv").lines().skip(1) {
        let [id, sort, _, typed, _] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("five columns: {line}");
        };
        // The lower grade stands; a text that nobody judged counts as 0.
        let Some(texts) = judgements.get(id) else { continue };
        let grade = |url: &str| texts.get(url).map_or(0, |(first, second)| *first.min(second));
        let mut best: Vec<u8> = texts.keys().map(|url| grade(url)).collect();
        best.sort_unstable_by(|left, right| right.cmp(left));
        let ideal = gain(best.into_iter());
        if ideal == 0.0 || sort == "none" {
            continue;
        }
        let query = SearchQuery { page: Page::first(HITS), ..search_query(typed) };
        let page = runtime().block_on(snapshot.search(query)).expect("a search");
        let found = page.hits.iter().filter_map(|hit| hit.record.common());
        let reached = gain(found.map(|common| grade(common.url.as_str())));
        for class in [sort, "all"] {
            gains.entry(class.to_owned()).or_default().push(reached / ideal);
        }
    }
    let mean = |values: &Vec<f64>| {
        values.iter().sum::<f64>() / f64::from(u32::try_from(values.len()).expect("few"))
    };
    let means: BTreeMap<String, f64> =
        gains.iter().map(|(class, values)| (class.clone(), mean(values))).collect();
    println!("nDCG@10 of {} questions: {means:.3?}", gains["all"].len());
    if is_updating_baselines() {
        write_baseline("field.tsv", &means);
    }
    for (class, before) in read_baseline("field.tsv") {
        assert!(means[&class] >= before - TOLERANCE, "{class}: {} was {before}", means[&class]);
    }
}
