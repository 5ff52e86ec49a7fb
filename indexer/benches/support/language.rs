//! Cost of the text analysis: for indexing, compared with the default analyser of tantivy; for
//! searching, compared with queries without compounds, synonyms and corrections.

use std::{path::Path, sync::Arc};

use indexer::{
    bench_support::{TextAnalysis, write_index},
    catalog::Snapshot,
};
use schema::{Body, Page, Record, SearchExtras};
use tokio::runtime::Runtime;

use crate::{
    measure::{Samples, Table, Timing},
    searching::{Class, Variant, measure, query},
    words::{SplitMix64, Vocabulary},
};

/// Number of documents to index.
const INDEXED_DOCUMENTS: usize = 4_000;
/// Number of rounds per analysis.
const ROUNDS: usize = 5;
/// Number of prefixes per class.
const PREFIXES: usize = 500;
/// Number of suggestions per request.
const SUGGESTIONS: usize = 8;

/// Indexes the same documents with both analyses, alternately.
pub(crate) fn indexing(
    runtime: &Runtime,
    snapshot: &Snapshot,
    (vocabulary, folder): (&Vocabulary, &Path),
    table: &mut Table,
) -> anyhow::Result<()> {
    let mut all = query(vocabulary.of_rank(0), SearchExtras::default());
    (all.words, all.page) = (None, Page::first(INDEXED_DOCUMENTS));
    let hits = runtime.block_on(snapshot.search(all))?.hits;
    let ids: Vec<_> = hits.iter().map(|hit| hit.record.id()).collect();
    let bodies = runtime.block_on(snapshot.bodies(&ids))?;
    let both = |(hit, body): (&schema::Hit, &Option<Arc<Body>>)| -> (Record, Option<Body>) {
        ((*hit.record).clone(), body.as_deref().cloned())
    };
    let content: Vec<_> = hits.iter().zip(&bodies).map(both).collect();
    let mut samples = [Samples::default(), Samples::default()];
    for _ in 0..ROUNDS {
        for (analysis, samples) in
            [TextAnalysis::Default, TextAnalysis::Dutch].into_iter().zip(&mut samples)
        {
            let _ = std::fs::remove_dir_all(folder);
            std::fs::create_dir_all(folder)?;
            let (timing, result) = Timing::measure(|| write_index(folder, &content, analysis));
            result?;
            samples.add(timing);
        }
    }
    std::fs::remove_dir_all(folder)?;
    table.head(&format!("indexing {INDEXED_DOCUMENTS} documents"));
    table.row("default analysis (tantivy)", &samples[0], &samples[0], "");
    table.row("Dutch analysis", &samples[1], &samples[0], "target: at most 2");
    Ok(())
}

/// Runs the same queries without and with query expansion.
pub(crate) fn searching(
    runtime: &Runtime,
    snapshot: &Arc<Snapshot>,
    classes: &[Class],
    table: &mut Table,
) -> anyhow::Result<()> {
    let unexpanded = Arc::new(snapshot.without_expansion());
    let variant = |name, snapshot: &Arc<Snapshot>| {
        let snapshot = Arc::clone(snapshot);
        let run = move |words: &str| {
            let page = runtime.block_on(snapshot.search(query(words, SearchExtras::default())))?;
            std::hint::black_box(page);
            Ok(())
        };
        Variant { name, run: Box::new(run) }
    };
    let mut variants =
        vec![variant("without expansion", &unexpanded), variant("with expansion", snapshot)];
    measure(classes, &mut variants, table)
}

/// Queries with the most work for the analysis: compounds, two words that form a compound, typing
/// errors, and words with synonyms.
pub(crate) fn classes(vocabulary: &Vocabulary) -> Vec<Class> {
    let mut rng = SplitMix64(5);
    let class = |name, queries| Class { name, queries, hits: 0 };
    let content_word = |rng: &mut SplitMix64| vocabulary.of_rank(150 + rng.below(3_000)).to_owned();
    let long = |rng: &mut SplitMix64| loop {
        let word = content_word(rng);
        if word.len() >= 11 {
            return word;
        }
    };
    let two = |rng: &mut SplitMix64| format!("{} {}", content_word(rng), content_word(rng));
    let mistaken =
        |rng: &mut SplitMix64| format!("{} {}", mistake(&long(rng), rng), content_word(rng));
    let lines = include_str!("../../src/analysis/vocabulary/plain-language.csv").lines().skip(1);
    let lines = lines.filter(|line| !line.starts_with('#'));
    let labels: Vec<&str> = lines.filter_map(|line| line.split(',').next()).collect();
    vec![
        class("a long word", (0..24).map(|_| long(&mut rng)).collect()),
        class("two words", (0..24).map(|_| two(&mut rng)).collect()),
        class("two words, one misspelt", (0..24).map(|_| mistaken(&mut rng)).collect()),
        class(
            "a word with synonyms, and another",
            (0..24)
                .map(|_| {
                    let word = labels[rng.below(labels.len())];
                    format!("{word} {}", content_word(&mut rng))
                })
                .collect(),
        ),
    ]
}

/// Replaces a letter of a word, except the first one.
fn mistake(word: &str, rng: &mut SplitMix64) -> String {
    let at = 1 + rng.below(word.len() - 1);
    let letter = if &word[at..=at] == "q" { "x" } else { "q" };
    format!("{}{letter}{}", &word[..at], &word[at + 1..])
}

/// Measures suggestions for prefixes of words.
pub(crate) fn suggesting(
    runtime: &Runtime,
    snapshot: &Snapshot,
    vocabulary: &Vocabulary,
    table: &mut Table,
) -> anyhow::Result<()> {
    let mut rng = SplitMix64(6);
    let prefix = |letters: usize, rng: &mut SplitMix64| loop {
        let word = vocabulary.sample_content_word(rng);
        if word.len() >= letters {
            return word[..letters].to_owned();
        }
    };
    let mut sorts = Vec::new();
    for (name, letters) in [("2 letters", 2), ("5 letters", 5), ("9 letters", 9)] {
        sorts.push((name, (0..PREFIXES).map(|_| prefix(letters, &mut rng)).collect::<Vec<_>>()));
    }
    for (name, letters) in [("5 letters, one misspelt", 5), ("9 letters, one misspelt", 9)] {
        let mistyped = |rng: &mut SplitMix64| {
            let prefix = prefix(letters, rng);
            mistake(&prefix, rng)
        };
        sorts.push((name, (0..PREFIXES).map(|_| mistyped(&mut rng)).collect()));
    }
    let suggest = |prefix: &str| runtime.block_on(snapshot.suggest(prefix.to_owned(), SUGGESTIONS));
    table.head(&format!("{SUGGESTIONS} suggestions"));
    let mut all = Vec::new();
    for (_, prefixes) in &sorts {
        let mut samples = Samples::default();
        // The first round is a warm-up.
        for round in 0..2 {
            for prefix in prefixes {
                let (timing, result) = Timing::measure(|| suggest(prefix));
                result?;
                if round > 0 {
                    samples.add(timing);
                }
            }
        }
        all.push(samples);
    }
    for ((name, _), samples) in sorts.iter().zip(&all) {
        table.row(name, samples, &all[0], "target: below 1 ms");
    }
    Ok(())
}
