//! The store of a generation without the people who are suppressed since it was built.
//!
//! Invariant: everything that a generation shows is read here, so that a new entry of the suppression
//! list counts at the next request. Once a build has applied the entry, nothing is compared.

use std::{
    borrow::Cow,
    collections::{BTreeSet, HashMap},
    sync::{Arc, OnceLock},
};

use schema::{
    Body, Change, EntityMention, Facets, GenerationNumber, Language, MentionText, NodeId, NodeKind,
    Provenance, Record, SearchFilter,
};

use crate::{
    store::{NameRange, Relation, StoreError, StoreReader},
    suppression::{Suppression, is_redacted},
};

/// The store of a generation, without what is suppressed.
pub(super) struct VisibleStore {
    reader: Arc<StoreReader>,
    /// The list, if it has entries that the generation does not apply.
    overlay: Option<Overlay>,
}

struct Overlay {
    suppression: Arc<Suppression>,
    /// Computed when it is first needed.
    hidden: OnceLock<Hidden>,
}

/// What the store contains under a suppressed name.
#[derive(Default)]
struct Hidden {
    /// Entities with such a name.
    ids: BTreeSet<u64>,
    /// Redacted addresses of content, each with its record.
    urls: HashMap<String, NodeId>,
}

impl VisibleStore {
    pub(super) fn new(reader: StoreReader) -> Self {
        Self { reader: Arc::new(reader), overlay: None }
    }

    /// The same store with another list; `None` if the generation applies all of its entries.
    pub(super) fn with_suppression(&self, suppression: Option<Arc<Suppression>>) -> Self {
        let overlay =
            suppression.map(|suppression| Overlay { suppression, hidden: OnceLock::new() });
        Self { reader: Arc::clone(&self.reader), overlay }
    }

    /// Whether the index may have words that the store does not show.
    pub(super) fn is_suppressing(&self) -> bool {
        self.overlay.is_some()
    }

    fn overlay(&self) -> Result<Option<(&Suppression, &Hidden)>, StoreError> {
        let Some(Overlay { suppression, hidden }) = &self.overlay else { return Ok(None) };
        if let Some(hidden) = hidden.get() {
            return Ok(Some((suppression, hidden)));
        }
        let found = Hidden::read(&self.reader, suppression)?;
        Ok(Some((suppression, hidden.get_or_init(|| found))))
    }

    pub(super) fn resolve(&self, id: NodeId) -> Result<NodeId, StoreError> {
        self.reader.resolve(id)
    }

    pub(super) fn record(&self, id: NodeId) -> Result<Option<Record>, StoreError> {
        let record = self.reader.record(id)?;
        let (Some(record), Some((suppression, hidden))) = (&record, self.overlay()?) else {
            return Ok(record);
        };
        if hidden.ids.contains(&id.to_bits()) {
            return Ok(None);
        }
        let language = record.common().map_or(Language::Nl, |common| common.language);
        let redacted = suppression.redacted(record, language, &hidden.ids);
        Ok(Some(redacted.map_err(undecodable)?.unwrap_or_else(|| record.clone())))
    }

    pub(super) fn body(&self, id: NodeId) -> Result<Option<Body>, StoreError> {
        let body = self.reader.body(id)?;
        let (Some(plain), Some((suppression, _))) = (&body, self.overlay()?) else {
            return Ok(body);
        };
        let record = self.reader.record(id)?;
        let language = record.as_ref().and_then(Record::common).map(|common| common.language);
        let language = language.unwrap_or(Language::Nl);
        let redact = |text: &str| suppression.redact(text, language).into_owned();
        Ok(Some(Body { html: redact(&plain.html), text: redact(&plain.text) }))
    }

    pub(super) fn provenance(&self, id: NodeId) -> Result<Vec<Provenance>, StoreError> {
        let provenance = self.reader.provenance(id)?;
        let Some((suppression, hidden)) = self.overlay()? else { return Ok(provenance) };
        let redacted = suppression.redacted(&provenance, Language::Nl, &hidden.ids);
        Ok(redacted.map_err(undecodable)?.unwrap_or(provenance))
    }

    pub(super) fn by_url(&self, normalised: &str) -> Result<Option<NodeId>, StoreError> {
        match self.overlay()? {
            Some((suppression, _)) if suppression.names(normalised) => Ok(None),
            Some((_, hidden)) if is_redacted(normalised) => {
                Ok(hidden.urls.get(normalised).copied())
            }
            _ => self.reader.by_url(normalised),
        }
    }

    pub(super) fn entity_mentions(&self, id: NodeId) -> Result<Vec<EntityMention>, StoreError> {
        let mut mentions = self.reader.entity_mentions(id)?;
        if let Some((_, hidden)) = self.overlay()? {
            mentions.retain(|mention| !hidden.ids.contains(&mention.entity.to_bits()));
            // Ranges of a text that is redacted are those of another one.
            let is_in_body = |m: &EntityMention| matches!(m.text, MentionText::Body { .. });
            if mentions.iter().any(is_in_body) && self.body(id)? != self.reader.body(id)? {
                mentions.retain(|mention| !is_in_body(mention));
            }
        }
        Ok(mentions)
    }

    pub(super) fn linked(
        &self,
        target: NodeId,
        relation: Relation,
    ) -> Result<Vec<NodeId>, StoreError> {
        let mut linked = self.reader.linked(target, relation)?;
        if let Some((_, hidden)) = self.overlay()? {
            let is_hidden = |id: &NodeId| hidden.ids.contains(&id.to_bits());
            linked.retain(|id| !is_hidden(id) && !is_hidden(&target));
        }
        Ok(linked)
    }

    pub(super) fn names_after(
        &self,
        kind: NodeKind,
        after: Option<(&str, NodeId)>,
        limit: usize,
    ) -> Result<NameRange, StoreError> {
        self.visible_names(self.reader.names_after(kind, after, limit)?)
    }

    pub(super) fn names_before(
        &self,
        kind: NodeKind,
        before: Option<(&str, NodeId)>,
        limit: usize,
    ) -> Result<NameRange, StoreError> {
        self.visible_names(self.reader.names_before(kind, before, limit)?)
    }

    fn visible_names(&self, mut range: NameRange) -> Result<NameRange, StoreError> {
        if let Some((_, hidden)) = self.overlay()? {
            range.entries.retain(|(_, id)| !hidden.ids.contains(&id.to_bits()));
        }
        Ok(range)
    }

    /// Number of records of a kind, of which the generation has `count`.
    pub(super) fn visible_count(&self, kind: NodeKind, count: u64) -> Result<u64, StoreError> {
        let Some((_, hidden)) = self.overlay()? else { return Ok(count) };
        let is_of_kind = |bits: &&u64| NodeId::from_bits(**bits).is_ok_and(|id| id.kind() == kind);
        Ok(count.saturating_sub(hidden.ids.iter().filter(is_of_kind).count() as u64))
    }

    pub(super) fn changes(
        &self,
        after: Option<(GenerationNumber, u32)>,
        limit: usize,
    ) -> Result<(Vec<Change>, bool), StoreError> {
        self.reader.changes(after, limit)
    }

    pub(super) fn ids_after(
        &self,
        after: Option<NodeId>,
        limit: usize,
    ) -> Result<Vec<NodeId>, StoreError> {
        self.reader.ids_after(after, limit)
    }

    pub(super) fn content_ids(
        &self,
        offset: usize,
        limit: usize,
    ) -> Result<Vec<NodeId>, StoreError> {
        self.reader.content_ids(offset, limit)
    }

    /// The words of a query; a suppressed name is a word that no text contains.
    pub(super) fn visible_words<'q>(&self, words: &'q str) -> Cow<'q, str> {
        match &self.overlay {
            Some(overlay) => overlay.suppression.redact_query(words),
            None => Cow::Borrowed(words),
        }
    }

    /// A filter in which an id without a record stands for each suppressed one.
    pub(super) fn visible_filter<'f>(
        &self,
        filter: &'f SearchFilter,
    ) -> Result<Cow<'f, SearchFilter>, StoreError> {
        let Some((_, hidden)) = self.overlay()? else { return Ok(Cow::Borrowed(filter)) };
        let mut visible = filter.clone();
        let SearchFilter { themes, organisations, audiences, people, .. } = &mut visible;
        for id in themes.iter_mut().chain(organisations).chain(audiences).chain(people) {
            if hidden.ids.contains(&id.to_bits()) {
                *id = NodeId::new(id.kind(), 0);
            }
        }
        Ok(Cow::Owned(visible))
    }

    /// Removes the values of suppressed entities.
    pub(super) fn hide_facets(&self, facets: &mut Facets) -> Result<(), StoreError> {
        let Some((_, hidden)) = self.overlay()? else { return Ok(()) };
        for counts in [&mut facets.themes, &mut facets.organisations, &mut facets.audiences] {
            counts.retain(|count| !hidden.ids.contains(&count.value.to_bits()));
        }
        Ok(())
    }
}

impl Hidden {
    fn read(reader: &StoreReader, suppression: &Suppression) -> Result<Self, StoreError> {
        let mut hidden = Self::default();
        for kind in NodeKind::ALL.into_iter().filter(|kind| !kind.is_content()) {
            for (name, id) in reader.names_after(kind, None, usize::MAX)?.entries {
                let is_hidden = match kind {
                    NodeKind::Person => suppression.names(&name),
                    _ => suppression.is_name(&name),
                };
                if is_hidden {
                    hidden.ids.insert(id.to_bits());
                }
            }
        }
        reader.each_url(|url, id| {
            if let Cow::Owned(redacted) = suppression.redact(url, Language::Nl) {
                hidden.urls.insert(redacted, id);
            }
        })?;
        Ok(hidden)
    }
}

/// A record that cannot exist without a name is not shown.
fn undecodable(_: serde_json::Error) -> StoreError {
    StoreError::Decode { table: "records" }
}
