//! Names of the themes, organisations and people of a generation: suggestions are completed from the
//! first two, and no word of a name is corrected.

use std::{
    collections::{BTreeSet, HashSet},
    sync::Arc,
};

use schema::{NodeKind, Record, SuggestionKind, normalisation};

use super::visible_store::VisibleStore;
use crate::{
    analysis,
    index::{CompletionQuery, char_count, names_of},
    store::StoreError,
};

/// The names of themes and organisations, indexed by the prefix of any word in them.
#[derive(Debug, Default)]
pub(super) struct EntityNames {
    entities: Vec<NamedEntity>,
    /// The suffix of each name from each of its words, sorted.
    suffixes: Vec<NameSuffix>,
    /// The folded words of all names, of people too.
    words: HashSet<String>,
}

#[derive(Debug)]
pub(super) struct NamedEntity {
    pub(super) record: Arc<Record>,
    pub(super) kind: SuggestionKind,
    /// Preferred name, normalised.
    pub(super) folded: String,
    /// Number of characters of the original name.
    pub(super) length: u64,
}

/// An entity whose name completes a query.
pub(super) struct NameCompletion<'a> {
    /// Whether the query matches within the name rather than at its start.
    pub(super) is_infix: bool,
    pub(super) entity: &'a NamedEntity,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct NameSuffix {
    text: String,
    /// The whole name, normalised.
    name: Arc<str>,
    entity: usize,
}

impl EntityNames {
    pub(super) fn read(store: &VisibleStore) -> Result<Self, StoreError> {
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
        for (name, _) in store.names_after(NodeKind::Person, None, usize::MAX)?.entries {
            names.words.extend(analysis::fold_words(&name));
        }
        Ok(names)
    }

    /// The folded words of all names.
    pub(super) fn words(&self) -> &HashSet<String> {
        &self.words
    }

    /// Whether a text contains a word of a name.
    pub(super) fn has_word_of(&self, text: &str) -> bool {
        analysis::fold_words(text).any(|word| self.words.contains(&word))
    }

    /// The only entity that has a text as one of its full names, in any case and with or without
    /// quotation marks.
    pub(super) fn entity_named(&self, text: &str) -> Option<Arc<Record>> {
        let folded = normalisation::name(text.trim_matches(['"', '“', '”', '„', ' ']));
        let from = self.suffixes.partition_point(|suffix| suffix.text < folded);
        let same = self.suffixes[from..].iter().take_while(|suffix| suffix.text == folded);
        let mut entities = same.filter(|suffix| *suffix.name == *folded).map(|s| s.entity);
        let entity = entities.next()?;
        let is_only = entities.all(|other| other == entity);
        is_only.then(|| Arc::clone(&self.entities[entity].record))
    }

    fn add(&mut self, entity: NamedEntity) {
        for name in names_of(&entity.record) {
            self.words.extend(analysis::fold_words(name));
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

    /// The entities with a name that completes `query`, best first, each once.
    pub(super) fn completions<'a>(
        &'a self,
        query: &CompletionQuery<'_>,
        first: usize,
    ) -> impl Iterator<Item = NameCompletion<'a>> {
        let from = self.suffixes.partition_point(|suffix| suffix.text.as_str() < query.prefix);
        let has_word =
            |name: &str, word: &&str| analysis::folded_words(name).any(|own| own == *word);
        let mut ranked: Vec<_> = self.suffixes[from..]
            .iter()
            .take_while(|suffix| suffix.text.starts_with(query.prefix))
            .filter(|suffix| query.complete_words.iter().all(|word| has_word(&suffix.name, word)))
            .map(|suffix| {
                let entity = &self.entities[suffix.entity];
                let is_infix = !suffix.name.starts_with(query.text);
                (is_infix, entity.length, entity.folded.as_str(), entity.kind, suffix.entity)
            })
            .collect();
        ranked.sort_unstable();
        let mut seen = BTreeSet::new();
        ranked.retain(|(_, _, folded, kind, _)| seen.insert((*folded, *kind)));
        ranked.into_iter().take(first).map(|(is_infix, .., entity)| NameCompletion {
            is_infix,
            entity: &self.entities[entity],
        })
    }
}
