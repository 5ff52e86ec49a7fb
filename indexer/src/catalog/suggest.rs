//! Suggestions: themes and organisations by their names, content by its titles, and words.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use schema::{NodeId, NodeKind, Record, Suggestion, SuggestionKind, fold};

use super::{CatalogError, snapshot::Inside};
use crate::{
    index::{Typed, characters, names_of},
    language,
    store::{StoreError, StoreReader},
};

/// No more than so many bytes may be typed to be completed.
pub const SUGGEST_PREFIX_BYTES_MAX: usize = 200;
/// Name of that limit towards clients.
const SUGGEST_PREFIX: &str = "suggest_prefix_bytes_max";
/// No more than so many suggestions are given.
pub const SUGGESTIONS_MAX: usize = 100;

/// What a suggestion is ordered by: what begins with what was typed, then things before words, then
/// shorter ones, then their text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    inside: bool,
    is_word: bool,
    length: u64,
    folded: String,
    kind: SuggestionKind,
}

pub(super) fn suggest(
    inside: &Inside,
    prefix: &str,
    first: usize,
) -> Result<Vec<Suggestion>, CatalogError> {
    if prefix.len() > SUGGEST_PREFIX_BYTES_MAX {
        let value = SUGGEST_PREFIX_BYTES_MAX as u64;
        return Err(CatalogError::Limit { name: SUGGEST_PREFIX, value });
    }
    let first = first.min(SUGGESTIONS_MAX);
    let folded = fold::name(prefix);
    let Some(typed) = Typed::read(&folded).filter(|_| first > 0) else { return Ok(Vec::new()) };
    let mut ranked = completing(inside, &typed, first)?;
    if ranked.is_empty()
        && let Some(meant) = inside.index.suggested_instead(&typed)?
        && let Some(typed) = Typed::read(&meant)
    {
        ranked = completing(inside, &typed, first)?;
    }
    let suggestion =
        |(rank, (text, node)): (Rank, Shown)| Suggestion { text, kind: rank.kind, node };
    Ok(ranked.into_iter().take(first).map(suggestion).collect())
}

/// Everything that completes what was typed, best first, and more than `first` perhaps.
fn completing(
    inside: &Inside,
    typed: &Typed<'_>,
    first: usize,
) -> Result<BTreeMap<Rank, Shown>, CatalogError> {
    let mut ranked = titles(inside, typed, first)?;
    for (rank, record) in names(inside)?.completing(typed, first) {
        ranked.insert(rank, (record.name().to_owned(), Some(Arc::clone(record))));
    }
    // A single word has no room for the others.
    if typed.whole.is_empty() {
        for word in inside.index.suggested_words(typed.front, first)? {
            let rank = Rank {
                inside: false,
                is_word: true,
                length: characters(&word.folded),
                folded: word.folded,
                kind: SuggestionKind::Word,
            };
            ranked.insert(rank, (word.shown, None));
        }
    }
    Ok(ranked)
}

/// What to show of a suggestion, and what it leads to.
type Shown = (String, Option<Arc<Record>>);

/// The best titles. Their records are read in order, as far as the last that can be among them.
fn titles(
    inside: &Inside,
    typed: &Typed<'_>,
    first: usize,
) -> Result<BTreeMap<Rank, Shown>, CatalogError> {
    let mut ranked: BTreeMap<Rank, Shown> = BTreeMap::new();
    for title in inside.index.suggested_titles(typed, first)? {
        let is_beyond = |last: &Rank| (title.inside, title.length) > (last.inside, last.length);
        if ranked.len() >= first && ranked.keys().next_back().is_some_and(is_beyond) {
            break;
        }
        let id = NodeId::from_bits(title.id).map_err(|e| CatalogError::Engine(e.to_string()))?;
        // Index and store are of one generation: a document without a record is damage.
        let record = inside
            .store
            .record(id)?
            .ok_or_else(|| CatalogError::Engine(format!("no record for `{id}`")))?;
        let rank = Rank {
            inside: title.inside,
            is_word: false,
            length: title.length,
            folded: fold::name(record.name()),
            kind: SuggestionKind::Title,
        };
        // Of several things with one title, the first by id.
        ranked.entry(rank).or_insert_with(|| (record.name().to_owned(), Some(Arc::new(record))));
    }
    Ok(ranked)
}

/// The names of a generation's themes and organisations; read when first asked for.
fn names(inside: &Inside) -> Result<&Names, StoreError> {
    if let Some(names) = inside.names.get() {
        return Ok(names);
    }
    let names = Names::read(&inside.store)?;
    Ok(inside.names.get_or_init(|| names))
}

/// The names of things that are not content, to be found by the front of any word in them.
#[derive(Debug, Default)]
pub(super) struct Names {
    things: Vec<Thing>,
    /// Each name from each of its words on, in order.
    tails: Vec<Tail>,
}

#[derive(Debug)]
struct Thing {
    record: Arc<Record>,
    kind: SuggestionKind,
    /// Its preferred name, folded.
    folded: String,
    /// Characters of that name as it is written.
    length: u64,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Tail {
    text: String,
    /// All of the name, folded.
    name: Arc<str>,
    thing: usize,
}

impl Names {
    fn read(store: &StoreReader) -> Result<Self, StoreError> {
        let mut names = Self::default();
        for (kind, suggested) in [
            (NodeKind::Theme, SuggestionKind::Theme),
            (NodeKind::Organisation, SuggestionKind::Organisation),
        ] {
            for (_, id) in store.names_after(kind, None, usize::MAX)?.entries {
                let Some(record) = store.record(id)? else { continue };
                let (folded, length) = (fold::name(record.name()), characters(record.name()));
                names.add(Thing { record: Arc::new(record), kind: suggested, folded, length });
            }
        }
        names.tails.sort_unstable();
        Ok(names)
    }

    fn add(&mut self, thing: Thing) {
        for name in names_of(&thing.record) {
            let name: Arc<str> = fold::name(name).into();
            for word in language::folded_words(&name) {
                let start = word.as_ptr() as usize - name.as_ptr() as usize;
                let text = name[start..].to_owned();
                let tail = Tail { text, name: Arc::clone(&name), thing: self.things.len() };
                self.tails.push(tail);
            }
        }
        self.things.push(thing);
    }

    /// The best things of which a name completes what was typed, each once, by its best name.
    fn completing(
        &self,
        typed: &Typed<'_>,
        first: usize,
    ) -> impl Iterator<Item = (Rank, &Arc<Record>)> {
        let from = self.tails.partition_point(|tail| tail.text.as_str() < typed.front);
        let fits = self.tails[from..].iter().take_while(|tail| tail.text.starts_with(typed.front));
        let has = |name: &str, word: &&str| language::folded_words(name).any(|own| own == *word);
        let mut found: Vec<_> = fits
            .filter(|tail| typed.whole.iter().all(|word| has(&tail.name, word)))
            .map(|tail| {
                let thing = &self.things[tail.thing];
                let inside = !tail.name.starts_with(typed.text);
                (inside, thing.length, thing.folded.as_str(), thing.kind, tail.thing)
            })
            .collect();
        found.sort_unstable();
        let mut seen = BTreeSet::new();
        found.retain(|(_, _, folded, kind, _)| seen.insert((*folded, *kind)));
        found.into_iter().take(first).map(|(inside, length, folded, kind, thing)| {
            let folded = folded.to_owned();
            let rank = Rank { inside, is_word: false, length, folded, kind };
            (rank, &self.things[thing].record)
        })
    }
}
