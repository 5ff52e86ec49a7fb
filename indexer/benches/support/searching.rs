//! Questions of four classes, found by their hits, and what each part of an answer costs.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use indexer::catalog::{CatalogError, SEARCH_WINDOW_MAX, Snapshot};
use schema::{NodeId, Page, SearchFilter, SearchQuery, SearchSort, Wanted};

use crate::{
    installation::{Installation, now},
    measure::{Samples, Table, Taken},
    words::{Dice, Words},
};

/// So many questions a class.
const QUESTIONS: usize = 24;
/// So often each is asked in each way.
const ROUNDS: usize = 12;
/// Fewer documents with all words than this, and those with most of them are found, too.
const ENOUGH: usize = 100;
/// Questions of a class are made of so many words.
const WORDS: usize = 40;

/// Questions that are alike.
pub(crate) struct Class {
    pub(crate) name: &'static str,
    pub(crate) questions: Vec<String>,
    /// Mean number of hits.
    pub(crate) hits: u64,
}

/// One way to ask: what it is called and what it does with the words.
pub(crate) struct Way<'a> {
    pub(crate) name: &'static str,
    pub(crate) ask: Ask<'a>,
}

/// Asks a question; it is an error where nothing good comes back.
pub(crate) type Ask<'a> = Box<dyn FnMut(&str) -> anyhow::Result<()> + 'a>;

/// A search for words.
pub(crate) fn query(words: &str, wanted: Wanted) -> SearchQuery {
    SearchQuery {
        words: Some(words.to_owned()),
        filter: SearchFilter::default(),
        sort: SearchSort::Relevance,
        page: Page::first(10),
        wanted,
        now: now(),
    }
}

/// A runtime for asking.
pub(crate) fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?)
}

/// Chooses the questions by counting their hits.
pub(crate) async fn classes(
    installation: &Installation,
    snapshot: &Snapshot,
) -> anyhow::Result<Vec<Class>> {
    let many = 1_000..15_000;
    let mut candidates = Candidates { words: &installation.words, snapshot, known: HashMap::new() };
    Ok(vec![
        candidates.class("1 word", (120, 1_500), 1, |hits| many.contains(&hits.any)).await?,
        candidates
            .class("2 words, 100 and more have both", (150, 1_500), 2, |hits| hits.all >= ENOUGH)
            .await?,
        candidates
            .class("2 words, fewer have both", (400, 4_000), 2, |hits| {
                (1..ENOUGH).contains(&hits.all) && many.contains(&hits.any)
            })
            .await?,
        candidates
            .class("3 words, fewer have all", (150, 800), 3, |hits| {
                hits.all < ENOUGH && many.contains(&hits.two)
            })
            .await?,
    ])
}

/// How many documents have all words of a question, two of them, and any of them.
struct Hits {
    all: usize,
    two: usize,
    any: usize,
}

struct Candidates<'a> {
    words: &'a Words,
    snapshot: &'a Snapshot,
    known: HashMap<usize, Arc<HashSet<NodeId>>>,
}

impl Candidates<'_> {
    /// The first questions of words between two ranks that fit.
    async fn class(
        &mut self,
        name: &'static str,
        (from, to): (usize, usize),
        length: usize,
        fits: impl Fn(&Hits) -> bool,
    ) -> anyhow::Result<Class> {
        let mut dice = Dice(length as u64);
        let pool: Vec<_> = (0..WORDS).map(|_| from + dice.below(to - from)).collect();
        let (mut questions, mut found) = (BTreeSet::new(), 0);
        for _ in 0..WORDS * WORDS {
            let ranks: BTreeSet<_> = (0..length).map(|_| pool[dice.below(WORDS)]).collect();
            if ranks.len() < length || !fits(&self.hits(&ranks).await?) {
                continue;
            }
            let words: Vec<_> = ranks.iter().map(|rank| self.words.of_rank(*rank)).collect();
            let total = Wanted { total: true, ..Wanted::default() };
            let page = self.snapshot.search(query(&words.join(" "), total)).await?;
            if questions.insert(words.join(" ")) {
                found += page.total.unwrap_or_default();
            }
            if questions.len() == QUESTIONS {
                let questions = questions.into_iter().collect();
                return Ok(Class { name, questions, hits: found / QUESTIONS as u64 });
            }
        }
        anyhow::bail!("the knowledge base is too small to find questions for `{name}`")
    }

    async fn hits(&mut self, ranks: &BTreeSet<usize>) -> anyhow::Result<Hits> {
        let mut counts: HashMap<NodeId, usize> = HashMap::new();
        for rank in ranks {
            for id in self.ids(*rank).await?.iter() {
                *counts.entry(*id).or_default() += 1;
            }
        }
        let of = |least: usize| counts.values().filter(|count| **count >= least).count();
        Ok(Hits { all: of(ranks.len()), two: of(2), any: of(1) })
    }

    /// The documents that have the word of a rank, as far as a list is deep.
    async fn ids(&mut self, rank: usize) -> anyhow::Result<Arc<HashSet<NodeId>>> {
        if let Some(known) = self.known.get(&rank) {
            return Ok(Arc::clone(known));
        }
        let mut all = query(self.words.of_rank(rank), Wanted::default());
        all.page = Page::first(SEARCH_WINDOW_MAX - 1);
        let ids = match self.snapshot.search(all).await {
            Ok(page) => page.hits.iter().map(|hit| hit.record.id()).collect(),
            // A word of more documents than a list is deep is no candidate.
            Err(CatalogError::Limit { .. }) => HashSet::new(),
            Err(error) => return Err(error.into()),
        };
        let ids = Arc::new(ids);
        self.known.insert(rank, Arc::clone(&ids));
        Ok(ids)
    }
}

/// What a search of the catalog costs, with what is wanted besides the first ten records.
pub(crate) fn catalog_ways<'a>(
    runtime: &'a tokio::runtime::Runtime,
    snapshot: &'a Arc<Snapshot>,
) -> Vec<Way<'a>> {
    let none = Wanted::default();
    let wanted = [
        ("10 records", none),
        ("+ total", Wanted { total: true, ..none }),
        ("+ total, all facets", Wanted { total: true, facets: true, ..none }),
        ("+ highlights", Wanted { highlights: true, ..none }),
    ];
    let way = |(name, wanted)| Way {
        name,
        ask: Box::new(move |words: &str| {
            let page = runtime.block_on(snapshot.search(query(words, wanted)))?;
            anyhow::ensure!(!page.hits.is_empty(), "nothing found for `{words}`");
            Ok(())
        }),
    };
    wanted.into_iter().map(way).collect()
}

/// Asks every question of every class in every way, in turns.
pub(crate) fn measure(
    classes: &[Class],
    ways: &mut [Way<'_>],
    table: &mut Table,
) -> anyhow::Result<()> {
    for class in classes {
        let mut samples: Vec<_> = ways.iter().map(|_| Samples::default()).collect();
        let mut dice = Dice(1);
        for round in 0..=ROUNDS {
            for words in &class.questions {
                // Nothing always comes first, and nothing always behind the same.
                for place in shuffled(ways.len(), &mut dice) {
                    let (taken, answer) = Taken::by(|| (ways[place].ask)(words));
                    answer?;
                    // The first round warms up.
                    if round > 0 {
                        samples[place].add(taken);
                    }
                }
            }
        }
        table.head(&format!("{} ({} hits)", class.name, class.hits));
        for (way, own) in ways.iter().zip(&samples) {
            table.row(way.name, own, &samples[0], "");
        }
    }
    Ok(())
}

fn shuffled(length: usize, dice: &mut Dice) -> Vec<usize> {
    let mut places: Vec<_> = (0..length).collect();
    for place in (1..length).rev() {
        places.swap(place, dice.below(place + 1));
    }
    places
}
