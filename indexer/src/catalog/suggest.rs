//! Suggestions for a typed prefix: themes and organisations by name, content by title, and words.

use std::{collections::BTreeMap, sync::Arc};

use schema::{NodeId, Record, Suggestion, SuggestionKind, normalisation};

use super::{CatalogError, entity_names::NameCompletion, open_generation::OpenGeneration};
use crate::{
    cancellation::Cancellation,
    index::{CompletionQuery, char_count},
    suppression::is_redacted,
};

/// Maximum length of the prefix in bytes.
pub const SUGGEST_PREFIX_BYTES_MAX: usize = 200;
/// Name of this limit in errors.
const SUGGEST_PREFIX: &str = "suggest_prefix_bytes_max";
/// Maximum number of suggestions.
pub const SUGGESTIONS_MAX: usize = 100;

/// Sort key of a suggestion: matches at the start first, then records before words, shorter texts,
/// and texts in alphabetical order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct SuggestionRank {
    is_infix: bool,
    is_word: bool,
    length: u64,
    folded: String,
    kind: SuggestionKind,
}

pub(super) fn suggest(
    generation: &OpenGeneration,
    prefix: &str,
    first: usize,
    cancellation: &Cancellation,
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
    let mut ranked = completions(generation, &typed, first)?;
    if ranked.is_empty()
        && let Some(corrected) = generation.index.corrected_prefix(&typed, cancellation)?
        && let Some(typed) = CompletionQuery::parse(&corrected)
    {
        ranked = completions(generation, &typed, first)?;
    }
    let suggestion =
        |(rank, (text, node)): (SuggestionRank, Shown)| Suggestion { text, kind: rank.kind, node };
    Ok(ranked.into_iter().take(first).map(suggestion).collect())
}

/// All completions, best first; may contain more than `first`.
fn completions(
    generation: &OpenGeneration,
    typed: &CompletionQuery<'_>,
    first: usize,
) -> Result<BTreeMap<SuggestionRank, Shown>, CatalogError> {
    let mut ranked = titles(generation, typed, first)?;
    for NameCompletion { is_infix, entity } in generation.names()?.completions(typed, first) {
        let (length, folded, kind) = (entity.length, entity.folded.clone(), entity.kind);
        let rank = SuggestionRank { is_infix, is_word: false, length, folded, kind };
        let record = &entity.record;
        ranked.insert(rank, (record.name().to_owned(), Some(Arc::clone(record))));
    }
    // Words are only suggested for a single typed word. Those of a suppressed name are not known.
    if typed.complete_words.is_empty() && !generation.store.is_suppressing() {
        for word in generation.index.suggested_words(typed.prefix, first)? {
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

/// Text to display and the record behind it.
type Shown = (String, Option<Arc<Record>>);

/// The best titles. Reads their records in index order and stops when no better one can follow.
fn titles(
    generation: &OpenGeneration,
    typed: &CompletionQuery<'_>,
    first: usize,
) -> Result<BTreeMap<SuggestionRank, Shown>, CatalogError> {
    let mut ranked: BTreeMap<SuggestionRank, Shown> = BTreeMap::new();
    for title in generation.index.suggested_titles(typed, first)? {
        let is_beyond =
            |last: &SuggestionRank| (title.inside, title.length) > (last.is_infix, last.length);
        if ranked.len() >= first && ranked.keys().next_back().is_some_and(is_beyond) {
            break;
        }
        let id = NodeId::from_bits(title.id)?;
        let record = generation.store.record(id)?.ok_or(CatalogError::MissingRecord(id))?;
        // The typed words can be those of the name.
        if generation.store.is_suppressing() && is_redacted(record.name()) {
            continue;
        }
        let rank = SuggestionRank {
            is_infix: title.inside,
            is_word: false,
            length: title.length,
            folded: normalisation::name(record.name()),
            kind: SuggestionKind::Title,
        };
        // Of several records with the same title, the one with the lowest id.
        ranked.entry(rank).or_insert_with(|| (record.name().to_owned(), Some(Arc::new(record))));
    }
    Ok(ranked)
}
