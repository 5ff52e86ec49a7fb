//! Names of themes and organisations, to be completed while somebody types.

use std::{collections::BTreeSet, sync::Arc};

use schema::{NodeKind, Record, SuggestionKind, normalisation};

use crate::{
    analysis,
    index::{CompletionQuery, char_count, names_of},
    store::{StoreError, StoreReader},
};

/// What a suggestion is ordered by: what begins with what was typed, then things before words, then
/// shorter ones, then their text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct SuggestionRank {
    pub(super) is_infix: bool,
    pub(super) is_word: bool,
    pub(super) length: u64,
    pub(super) folded: String,
    pub(super) kind: SuggestionKind,
}

/// Names of themes and organisations, to be completed from the prefix of any word in them.
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
    pub(super) fn read(store: &StoreReader) -> Result<Self, StoreError> {
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
    pub(super) fn completions(
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
