//! Query classes, selected by their number of hits, and the cost of each part of a response.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use indexer::catalog::{CatalogError, SEARCH_WINDOW_MAX, Snapshot};
use schema::{NodeId, Page, SearchExtras, SearchFilter, SearchQuery, SearchSort};

use crate::{
    installation::{Installation, now},
    measure::{Samples, Table, Timing},
    words::{SplitMix64, Vocabulary},
};

/// Number of queries per class.
const QUERIES: usize = 24;
/// Number of rounds per variant.
const ROUNDS: usize = 12;
/// If fewer documents than this match all words, documents that match most of the words are listed
/// too.
const MIN_AND_MATCHES: usize = 100;
/// Number of words from which the queries of a class are composed.
const WORDS: usize = 40;

/// A class of similar queries.
pub(crate) struct Class {
    pub(crate) name: &'static str,
    pub(crate) queries: Vec<String>,
    /// Mean number of hits.
    pub(crate) hits: u64,
}

/// A variant to measure.
pub(crate) struct Variant<'a> {
    pub(crate) name: &'static str,
    pub(crate) run: RunQuery<'a>,
}

/// Runs a query; fails without a usable result.
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
pub(crate) fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?)
}

/// Selects queries by their number of hits.
pub(crate) async fn classes(
    installation: &Installation,
    snapshot: &Snapshot,
) -> anyhow::Result<Vec<Class>> {
    let many = 1_000..15_000;
    let mut candidates =
        Candidates { vocabulary: &installation.vocabulary, snapshot, ids_by_rank: HashMap::new() };
    Ok(vec![
        candidates.class("1 word", (120, 1_500), 1, |hits| many.contains(&hits.any)).await?,
        candidates
            .class("2 words, 100 and more have both", (150, 1_500), 2, |hits| {
                hits.all >= MIN_AND_MATCHES
            })
            .await?,
        candidates
            .class("2 words, fewer have both", (400, 4_000), 2, |hits| {
                (1..MIN_AND_MATCHES).contains(&hits.all) && many.contains(&hits.any)
            })
            .await?,
        candidates
            .class("3 words, fewer have all", (150, 800), 3, |hits| {
                hits.all < MIN_AND_MATCHES && many.contains(&hits.two)
            })
            .await?,
    ])
}

/// Number of documents with all words of a query, with two of them, and with any of them.
struct HitCounts {
    all: usize,
    two: usize,
    any: usize,
}

struct Candidates<'a> {
    vocabulary: &'a Vocabulary,
    snapshot: &'a Snapshot,
    ids_by_rank: HashMap<usize, Arc<HashSet<NodeId>>>,
}

impl Candidates<'_> {
    /// Queries of words between two ranks that satisfy `fits`.
    async fn class(
        &mut self,
        name: &'static str,
        (from, to): (usize, usize),
        length: usize,
        fits: impl Fn(&HitCounts) -> bool,
    ) -> anyhow::Result<Class> {
        let mut rng = SplitMix64(length as u64);
        let pool: Vec<_> = (0..WORDS).map(|_| from + rng.below(to - from)).collect();
        let (mut queries, mut total_hits) = (BTreeSet::new(), 0);
        for _ in 0..WORDS * WORDS {
            let ranks: BTreeSet<_> = (0..length).map(|_| pool[rng.below(WORDS)]).collect();
            if ranks.len() < length || !fits(&self.hits(&ranks).await?) {
                continue;
            }
            let words: Vec<_> = ranks.iter().map(|rank| self.vocabulary.of_rank(*rank)).collect();
            let total = SearchExtras { total: true, ..SearchExtras::default() };
            let page = self.snapshot.search(query(&words.join(" "), total)).await?;
            if queries.insert(words.join(" ")) {
                total_hits += page.total.unwrap_or_default();
            }
            if queries.len() == QUERIES {
                let queries = queries.into_iter().collect();
                return Ok(Class { name, queries, hits: total_hits / QUERIES as u64 });
            }
        }
        anyhow::bail!("knowledge base too small: not enough queries for `{name}`")
    }

    async fn hits(&mut self, ranks: &BTreeSet<usize>) -> anyhow::Result<HitCounts> {
        let mut counts: HashMap<NodeId, usize> = HashMap::new();
        for rank in ranks {
            for id in self.ids(*rank).await?.iter() {
                *counts.entry(*id).or_default() += 1;
            }
        }
        let documents_with =
            |least: usize| counts.values().filter(|count| **count >= least).count();
        Ok(HitCounts {
            all: documents_with(ranks.len()),
            two: documents_with(2),
            any: documents_with(1),
        })
    }

    /// The documents that contain the word of a rank, within the search window.
    async fn ids(&mut self, rank: usize) -> anyhow::Result<Arc<HashSet<NodeId>>> {
        if let Some(ids) = self.ids_by_rank.get(&rank) {
            return Ok(Arc::clone(ids));
        }
        let mut all = query(self.vocabulary.of_rank(rank), SearchExtras::default());
        all.page = Page::first(SEARCH_WINDOW_MAX - 1);
        let ids = match self.snapshot.search(all).await {
            Ok(page) => page.hits.iter().map(|hit| hit.record.id()).collect(),
            // Words in more documents than the search window are not used.
            Err(CatalogError::Limit { .. }) => HashSet::new(),
            Err(error) => return Err(error.into()),
        };
        let ids = Arc::new(ids);
        self.ids_by_rank.insert(rank, Arc::clone(&ids));
        Ok(ids)
    }
}

/// A search in the catalog, with ten records and optional parts of the result.
pub(crate) fn catalog_variants<'a>(
    runtime: &'a tokio::runtime::Runtime,
    snapshot: &'a Arc<Snapshot>,
) -> Vec<Variant<'a>> {
    let none = SearchExtras::default();
    let wanted = [
        ("10 records", none),
        ("+ total", SearchExtras { total: true, ..none }),
        ("+ total, all facets", SearchExtras { total: true, facets: true, ..none }),
        ("+ highlights", SearchExtras { highlights: true, ..none }),
    ];
    let variant = |(name, wanted)| Variant {
        name,
        run: Box::new(move |words: &str| {
            let page = runtime.block_on(snapshot.search(query(words, wanted)))?;
            anyhow::ensure!(!page.hits.is_empty(), "no hits for `{words}`");
            Ok(())
        }),
    };
    wanted.into_iter().map(variant).collect()
}

/// Measures every query of every class in every variant, alternately.
pub(crate) fn measure(
    classes: &[Class],
    variants: &mut [Variant<'_>],
    table: &mut Table,
) -> anyhow::Result<()> {
    for class in classes {
        let mut samples: Vec<_> = variants.iter().map(|_| Samples::default()).collect();
        let mut rng = SplitMix64(1);
        for round in 0..=ROUNDS {
            for words in &class.queries {
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
        table.head(&format!("{} ({} hits)", class.name, class.hits));
        for (variant, own) in variants.iter().zip(&samples) {
            table.row(variant.name, own, &samples[0], "");
        }
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
