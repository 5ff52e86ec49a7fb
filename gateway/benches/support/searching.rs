//! The cost of each part of a search, compared with bare tantivy in the same process.

use std::sync::Arc;

use indexer::{bench_support::BareTantivy, catalog::Snapshot};
use schema::{Page, SearchExtras, SearchFilter, SearchQuery, SearchSort};
use tokio::runtime::Runtime;

use crate::{
    installation::now,
    measure::{Samples, Table, Timing},
    random::SplitMix64,
};

/// Number of rounds per variant.
const ROUNDS: usize = 3;

/// A variant to measure.
pub(crate) struct Variant<'a> {
    pub(crate) name: &'static str,
    pub(crate) run: RunQuery<'a>,
}

/// Runs a query.
pub(crate) type RunQuery<'a> = Box<dyn FnMut(&str) -> anyhow::Result<()> + 'a>;

/// A search query for words.
pub(crate) fn query(words: &str, wanted: SearchExtras) -> SearchQuery {
    SearchQuery {
        words: Some(words.to_owned()),
        filter: SearchFilter::default(),
        sort: SearchSort::Relevance,
        wider: false,
        literal: false,
        page: Page::first(10),
        extras: wanted,
        now: now(),
    }
}

/// A runtime for the queries.
pub(crate) fn runtime() -> anyhow::Result<Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?)
}

/// Bare tantivy, and searches in the catalog with ten records and optional parts of the result.
pub(crate) fn variants<'a>(
    runtime: &'a Runtime,
    snapshot: &'a Arc<Snapshot>,
    bare: &'a BareTantivy,
) -> Vec<Variant<'a>> {
    let none = SearchExtras::default();
    let extras = [
        ("catalog, 10 hits", none),
        ("+ total", SearchExtras { total: true, ..none }),
        ("+ total, all facets", SearchExtras { total: true, facets: true, ..none }),
        ("+ highlights", SearchExtras { highlights: true, ..none }),
    ];
    let catalog = extras.into_iter().map(|(name, wanted)| Variant {
        name,
        run: Box::new(move |words: &str| {
            std::hint::black_box(runtime.block_on(snapshot.search(query(words, wanted)))?);
            Ok(())
        }),
    });
    let parsed = move |words: &str| {
        std::hint::black_box(bare.search(words)?);
        Ok(())
    };
    let flat = move |words: &str| {
        std::hint::black_box(bare.search_flat(words)?);
        Ok(())
    };
    let bare = [
        Variant { name: "bare tantivy, Dutch stemmer, its query parser", run: Box::new(parsed) },
        Variant { name: "bare tantivy, one flat union of terms", run: Box::new(flat) },
    ];
    bare.into_iter().chain(catalog).collect()
}

/// Measures every query in every variant, alternately. The first variant is the base.
pub(crate) fn measure(
    what: &str,
    queries: &[String],
    variants: &mut [Variant<'_>],
    table: &mut Table,
) -> anyhow::Result<()> {
    table.head(what);
    let mut samples: Vec<_> = variants.iter().map(|_| Samples::default()).collect();
    let mut rng = SplitMix64(1);
    for round in 0..=ROUNDS {
        for words in queries {
            // Shuffled, so that no variant has a fixed position or predecessor.
            for index in shuffled(variants.len(), &mut rng) {
                let (timing, result) = Timing::measure(|| (variants[index].run)(words));
                result?;
                // The first round is a warm-up.
                if round > 0 {
                    samples[index].add(timing);
                }
            }
        }
    }
    for (variant, own) in variants.iter().zip(&samples) {
        let spread = own.percentile(99).as_secs_f64() / own.percentile(50).as_secs_f64();
        table.row(variant.name, own, &samples[0], &format!("p99 = {spread:.1} medians"));
    }
    Ok(())
}

fn shuffled(length: usize, rng: &mut SplitMix64) -> Vec<usize> {
    let mut order: Vec<_> = (0..length).collect();
    for index in (1..length).rev() {
        order.swap(index, rng.below(index + 1));
    }
    order
}
