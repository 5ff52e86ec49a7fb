//! Suggestions for prefixes of the words of queries.

use indexer::catalog::Snapshot;
use tokio::runtime::Runtime;

use crate::{
    measure::{Samples, Table, Timing},
    random::SplitMix64,
};

/// Number of prefixes per class.
const PREFIXES: usize = 500;
/// Number of suggestions per request.
const SUGGESTIONS: usize = 8;

/// Classes of prefixes: their number of letters, one of which can be a typing error.
const CLASSES: [(&str, usize, Spelling); 6] = [
    ("1 letter", 1, Spelling::AsTyped),
    ("2 letters", 2, Spelling::AsTyped),
    ("5 letters", 5, Spelling::AsTyped),
    ("9 letters", 9, Spelling::AsTyped),
    ("5 letters, one misspelt", 5, Spelling::OneMistake),
    ("9 letters, one misspelt", 9, Spelling::OneMistake),
];

#[derive(Clone, Copy, PartialEq)]
enum Spelling {
    AsTyped,
    OneMistake,
}

pub(crate) fn measure(
    runtime: &Runtime,
    snapshot: &Snapshot,
    queries: &[String],
    table: &mut Table,
) -> anyhow::Result<()> {
    table.head(&format!("{SUGGESTIONS} suggestions"));
    let words: Vec<Vec<char>> = queries
        .iter()
        .flat_map(|query| query.split_whitespace())
        .map(|w| w.chars().collect())
        .collect();
    let mut rng = SplitMix64(6);
    let mut base = None;
    for (name, letters, spelling) in CLASSES {
        let long: Vec<_> = words.iter().filter(|word| word.len() >= letters).collect();
        let prefixes: Vec<String> = (0..PREFIXES)
            .map(|_| {
                let mut prefix = long[rng.below(long.len())][..letters].to_vec();
                if spelling == Spelling::OneMistake {
                    let at = 1 + rng.below(letters - 1);
                    prefix[at] = if prefix[at] == 'q' { 'x' } else { 'q' };
                }
                prefix.into_iter().collect()
            })
            .collect();
        let mut samples = Samples::default();
        // The first round is a warm-up.
        for round in 0..2 {
            for prefix in &prefixes {
                let (timing, result) = Timing::measure(|| {
                    runtime.block_on(snapshot.suggest(prefix.clone(), SUGGESTIONS))
                });
                result?;
                if round > 0 {
                    samples.add(timing);
                }
            }
        }
        let base = base.get_or_insert_with(|| samples.clone());
        table.row(name, &samples, base, "target: p99 below 1 ms");
    }
    Ok(())
}
