//! Suggestions: themes and organisations by their names, content by its titles, and words.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use schema::{NodeId, NodeKind, Record, Suggestion, SuggestionKind, normalisation};

use super::{CatalogError, snapshot::Inner};
use crate::{
    analysis,
    index::{CompletionQuery, char_count, names_of},
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
struct SuggestionRank {
    is_infix: bool,
    is_word: bool,
    length: u64,
    folded: String,
    kind: SuggestionKind,
}

pub(super) fn suggest(
    inner: &Inner,
    prefix: &str,
    first: usize,
) -> Result<Vec<Suggestion>, CatalogError> {
    if prefix.len() > SUGGEST_PREFIX_BYTES_MAX {
        let value = SUGGEST_PREFIX_BYTES_MAX as u64;
        return Err(CatalogError::Limit { name: SUGGEST_PREFIX, value });
    }
    let first = first.min(SUGGESTIONS_MAX);
    let folded = normalisation::name(prefix);
    let Some(typed) = CompletionQuery::parse(&folded).filter(|_| first > 0) else {
        return Ok(Vec::new());
    };
    let mut ranked = completions(inner, &typed, first)?;
    if ranked.is_empty()
        && let Some(corrected) = inner.index.corrected_prefix(&typed)?
        && let Some(typed) = CompletionQuery::parse(&corrected)
    {
        ranked = completions(inner, &typed, first)?;
    }
    let suggestion =
        |(rank, (text, node)): (SuggestionRank, Shown)| Suggestion { text, kind: rank.kind, node };
    Ok(ranked.into_iter().take(first).map(suggestion).collect())
}

/// Everything that completes what was typed, best first, and more than `first` perhaps.
fn completions(
    inner: &Inner,
    typed: &CompletionQuery<'_>,
    first: usize,
) -> Result<BTreeMap<SuggestionRank, Shown>, CatalogError> {
    let mut ranked = titles(inner, typed, first)?;
    for (rank, record) in entity_names(inner)?.completions(typed, first) {
        ranked.insert(rank, (record.name().to_owned(), Some(Arc::clone(record))));
    }
    // A single word has no room for the others.
    if typed.complete_words.is_empty() {
        for word in inner.index.suggested_words(typed.prefix, first)? {
            let rank = SuggestionRank {
                is_infix: false,
                is_word: true,
                length: char_count(&word.folded),
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
    inner: &Inner,
    typed: &CompletionQuery<'_>,
    first: usize,
) -> Result<BTreeMap<SuggestionRank, Shown>, CatalogError> {
    let mut ranked: BTreeMap<SuggestionRank, Shown> = BTreeMap::new();
    for title in inner.index.suggested_titles(typed, first)? {
        let is_beyond =
            |last: &SuggestionRank| (title.inside, title.length) > (last.is_infix, last.length);
        if ranked.len() >= first && ranked.keys().next_back().is_some_and(is_beyond) {
            break;
        }
        let id = NodeId::from_bits(title.id).map_err(|e| CatalogError::Engine(e.to_string()))?;
        // Index and store are of one generation: a document without a record is damage.
        let record = inner.store.record(id)?.ok_or_else(|| {
            CatalogError::Engine(format!("indexed record missing from the store: `{id}`"))
        })?;
        let rank = SuggestionRank {
            is_infix: title.inside,
            is_word: false,
            length: title.length,
            folded: normalisation::name(record.name()),
            kind: SuggestionKind::Title,
        };
        // Of several things with one title, the first by id.
        ranked.entry(rank).or_insert_with(|| (record.name().to_owned(), Some(Arc::new(record))));
    }
    Ok(ranked)
}

/// The names of a generation's themes and organisations; read when first asked for.
fn entity_names(inner: &Inner) -> Result<&EntityNames, StoreError> {
    if let Some(names) = inner.entity_names.get() {
        return Ok(names);
    }
    let names = EntityNames::read(&inner.store)?;
    Ok(inner.entity_names.get_or_init(|| names))
}

/// The names of things that are not content, to be found by the front of any word in them.
#[derive(Debug, Default)]
pub(super) struct EntityNames {
    entities: Vec<NamedEntity>,
    /// Each name from each of its words on, in order.
    suffixes: Vec<NameSuffix>,
}

#[derive(Debug)]
struct NamedEntity {
    record: Arc<Record>,
    kind: SuggestionKind,
    /// Its preferred name, folded.
    folded: String,
    /// Characters of that name as it is written.
    length: u64,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct NameSuffix {
    text: String,
    /// All of the name, folded.
    name: Arc<str>,
    entity: usize,
}

impl EntityNames {
    fn read(store: &StoreReader) -> Result<Self, StoreError> {
        let mut names = Self::default();
        for (kind, suggestion_kind) in [
            (NodeKind::Theme, SuggestionKind::Theme),
            (NodeKind::Organisation, SuggestionKind::Organisation),
        ] {
            for (_, id) in store.names_after(kind, None, usize::MAX)?.entries {
                let Some(record) = store.record(id)? else { continue };
                let (folded, length) =
                    (normalisation::name(record.name()), char_count(record.name()));
                names.add(NamedEntity {
                    record: Arc::new(record),
                    kind: suggestion_kind,
                    folded,
                    length,
                });
            }
        }
        names.suffixes.sort_unstable();
        Ok(names)
    }

    fn add(&mut self, entity: NamedEntity) {
        for name in names_of(&entity.record) {
            let name: Arc<str> = normalisation::name(name).into();
            for word in analysis::folded_words(&name) {
                let start = word.as_ptr() as usize - name.as_ptr() as usize;
                let text = name[start..].to_owned();
                let suffix =
                    NameSuffix { text, name: Arc::clone(&name), entity: self.entities.len() };
                self.suffixes.push(suffix);
            }
        }
        self.entities.push(entity);
    }

    /// The best things of which a name completes what was typed, each once, by its best name.
    fn completions(
        &self,
        typed: &CompletionQuery<'_>,
        first: usize,
    ) -> impl Iterator<Item = (SuggestionRank, &Arc<Record>)> {
        let from = self.suffixes.partition_point(|suffix| suffix.text.as_str() < typed.prefix);
        let candidates =
            self.suffixes[from..].iter().take_while(|suffix| suffix.text.starts_with(typed.prefix));
        let has_word =
            |name: &str, word: &&str| analysis::folded_words(name).any(|own| own == *word);
        let mut ranked: Vec<_> = candidates
            .filter(|suffix| typed.complete_words.iter().all(|word| has_word(&suffix.name, word)))
            .map(|suffix| {
                let entity = &self.entities[suffix.entity];
                let is_infix = !suffix.name.starts_with(typed.text);
                (is_infix, entity.length, entity.folded.as_str(), entity.kind, suffix.entity)
            })
            .collect();
        ranked.sort_unstable();
        let mut seen = BTreeSet::new();
        ranked.retain(|(_, _, folded, kind, _)| seen.insert((*folded, *kind)));
        ranked.into_iter().take(first).map(|(is_infix, length, folded, kind, entity)| {
            let folded = folded.to_owned();
            let rank = SuggestionRank { is_infix, is_word: false, length, folded, kind };
            (rank, &self.entities[entity].record)
        })
    }
}
