//! What the analysis of Dutch costs: when indexing, against the engine's default; when searching,
//! against the same words in the same fields without compounds, synonyms and correction.

use std::{path::Path, sync::Arc};

use indexer::{
    catalog::Snapshot,
    measuring::{Analysis, write_index},
};
use schema::{Body, Page, Record, Wanted};
use tokio::runtime::Runtime;

use crate::{
    measure::{Samples, Table, Taken},
    searching::{Class, Way, measure, query},
    words::{Dice, Words},
};

/// So many documents are indexed.
const INDEXED: usize = 4_000;
/// So often by each.
const ROUNDS: usize = 5;
/// So many fronts of a sort are completed.
const FRONTS: usize = 500;
/// So many suggestions are asked for.
const SUGGESTED: usize = 8;

/// Indexes the same documents by both analyses, in turns.
pub(crate) fn indexing(
    runtime: &Runtime,
    snapshot: &Snapshot,
    (words, folder): (&Words, &Path),
    table: &mut Table,
) -> anyhow::Result<()> {
    let mut all = query(words.of_rank(0), Wanted::default());
    (all.words, all.page) = (None, Page::first(INDEXED));
    let hits = runtime.block_on(snapshot.search(all))?.hits;
    let ids: Vec<_> = hits.iter().map(|hit| hit.record.id()).collect();
    let bodies = runtime.block_on(snapshot.bodies(&ids))?;
    let both = |(hit, body): (&schema::Hit, &Option<Arc<Body>>)| -> (Record, Option<Body>) {
        ((*hit.record).clone(), body.as_deref().cloned())
    };
    let content: Vec<_> = hits.iter().zip(&bodies).map(both).collect();
    let mut samples = [Samples::default(), Samples::default()];
    for _ in 0..ROUNDS {
        for (analysis, samples) in [Analysis::Default, Analysis::Ours].into_iter().zip(&mut samples)
        {
            let _ = std::fs::remove_dir_all(folder);
            std::fs::create_dir_all(folder)?;
            let (taken, written) = Taken::by(|| write_index(folder, &content, analysis));
            written?;
            samples.add(taken);
        }
    }
    std::fs::remove_dir_all(folder)?;
    table.head(&format!("indexing {INDEXED} documents"));
    table.row("the engine's default analysis", &samples[0], &samples[0], "");
    table.row("ours", &samples[1], &samples[0], "aim: at most 2");
    Ok(())
}

/// Asks the same questions in the same words' own forms only, and with all that is made of them.
pub(crate) fn searching(
    runtime: &Runtime,
    snapshot: &Arc<Snapshot>,
    classes: &[Class],
    table: &mut Table,
) -> anyhow::Result<()> {
    let own = Arc::new(snapshot.with_own_forms_only());
    let way = |name, snapshot: &Arc<Snapshot>| {
        let snapshot = Arc::clone(snapshot);
        let ask = move |words: &str| {
            let page = runtime.block_on(snapshot.search(query(words, Wanted::default())))?;
            std::hint::black_box(page);
            Ok(())
        };
        Way { name, ask: Box::new(ask) }
    };
    let mut ways = vec![way("the words' own forms", &own), way("the whole chain", snapshot)];
    measure(classes, &mut ways, table)
}

/// Questions in which the chain has the most to do: compounds, two words that make one, typing
/// mistakes, and words that have synonyms.
pub(crate) fn classes(words: &Words) -> Vec<Class> {
    let mut dice = Dice(5);
    let class = |name, questions| Class { name, questions, hits: 0 };
    let telling = |dice: &mut Dice| words.of_rank(150 + dice.below(3_000)).to_owned();
    let long = |dice: &mut Dice| loop {
        let word = telling(dice);
        if word.len() >= 11 {
            return word;
        }
    };
    let two = |dice: &mut Dice| format!("{} {}", telling(dice), telling(dice));
    let mistaken = |dice: &mut Dice| format!("{} {}", mistake(&long(dice), dice), telling(dice));
    let lines = include_str!("../../src/language/synonyms.csv").lines().skip(1);
    let lines = lines.filter(|line| !line.starts_with('#'));
    let known: Vec<&str> = lines.filter_map(|line| line.split(',').next()).collect();
    vec![
        class("a long word", (0..24).map(|_| long(&mut dice)).collect()),
        class("two words", (0..24).map(|_| two(&mut dice)).collect()),
        class("two words, one mistyped", (0..24).map(|_| mistaken(&mut dice)).collect()),
        class(
            "a word that has synonyms, and another",
            (0..24)
                .map(|_| {
                    let word = known[dice.below(known.len())];
                    format!("{word} {}", telling(&mut dice))
                })
                .collect(),
        ),
    ]
}

/// A word with another letter in it, not its first.
fn mistake(word: &str, dice: &mut Dice) -> String {
    let at = 1 + dice.below(word.len() - 1);
    let letter = if &word[at..=at] == "q" { "x" } else { "q" };
    format!("{}{letter}{}", &word[..at], &word[at + 1..])
}

/// Completes fronts of words.
pub(crate) fn suggesting(
    runtime: &Runtime,
    snapshot: &Snapshot,
    words: &Words,
    table: &mut Table,
) -> anyhow::Result<()> {
    let mut dice = Dice(6);
    let front = |letters: usize, dice: &mut Dice| loop {
        let word = words.telling(dice);
        if word.len() >= letters {
            return word[..letters].to_owned();
        }
    };
    let mut sorts = Vec::new();
    for (name, letters) in [("2 letters", 2), ("5 letters", 5), ("9 letters", 9)] {
        sorts.push((name, (0..FRONTS).map(|_| front(letters, &mut dice)).collect::<Vec<_>>()));
    }
    for (name, letters) in [("5 letters, one wrong", 5), ("9 letters, one wrong", 9)] {
        let wrong = |dice: &mut Dice| {
            let front = front(letters, dice);
            mistake(&front, dice)
        };
        sorts.push((name, (0..FRONTS).map(|_| wrong(&mut dice)).collect()));
    }
    let ask = |front: &str| runtime.block_on(snapshot.suggest(front.to_owned(), SUGGESTED));
    table.head(&format!("{SUGGESTED} suggestions"));
    let mut all = Vec::new();
    for (_, fronts) in &sorts {
        let mut samples = Samples::default();
        // The first time warms up.
        for round in 0..2 {
            for front in fronts {
                let (taken, found) = Taken::by(|| ask(front));
                found?;
                if round > 0 {
                    samples.add(taken);
                }
            }
        }
        all.push(samples);
    }
    for ((name, _), samples) in sorts.iter().zip(&all) {
        table.row(name, samples, &all[0], "aim: below 1 ms");
    }
    Ok(())
}
