//! Mentions of entities in texts.

use schema::{EntityMention, NodeId, NodeKind};

use super::{
    Relation, StoreError, StoreReader, StoreWriter,
    codec::{decode, encode},
    reader::{kind_range, node_id},
};

/// Metadata: the names that were looked for in all texts.
const NAMES: &str = "mention_names";

/// A name and the entity that it denotes.
pub(crate) type EntityName = (String, NodeId);

impl StoreReader {
    /// The entities that a text mentions, in the order of their first mention.
    pub(crate) fn entity_mentions(&self, id: NodeId) -> Result<Vec<EntityMention>, StoreError> {
        let bytes = self.tables.named.get(id.to_bits())?;
        bytes.map_or(Ok(Vec::new()), |bytes| decode(bytes.value(), "named"))
    }
}

impl StoreWriter<'_> {
    pub(crate) fn entity_mentions(&self, id: NodeId) -> Result<Vec<EntityMention>, StoreError> {
        let bytes = self.tables.named.get(id.to_bits())?;
        bytes.map_or(Ok(Vec::new()), |bytes| decode(bytes.value(), "named"))
    }

    /// Replaces the entities that a text mentions, and the links from them.
    pub(crate) fn put_entity_mentions(
        &mut self,
        id: NodeId,
        mentions: &[EntityMention],
    ) -> Result<(), StoreError> {
        for old in self.entity_mentions(id)? {
            self.remove_link(old.entity, Relation::NamedIn, id)?;
        }
        for mention in mentions {
            self.add_link(mention.entity, Relation::NamedIn, id)?;
        }
        if mentions.is_empty() {
            self.tables.named.remove(id.to_bits())?;
        } else {
            self.tables.named.insert(id.to_bits(), encode(&mentions).as_slice())?;
        }
        Ok(())
    }

    /// The names that were looked for in all texts, sorted.
    pub(crate) fn mention_names(&self) -> Result<Vec<EntityName>, StoreError> {
        let bytes = self.tables.meta.get(NAMES)?;
        bytes.map_or(Ok(Vec::new()), |bytes| decode(bytes.value(), "meta"))
    }

    pub(crate) fn put_mention_names(&mut self, names: &[EntityName]) -> Result<(), StoreError> {
        self.tables.meta.insert(NAMES, encode(&names).as_slice())?;
        Ok(())
    }

    /// The ids of all records of a kind.
    pub(crate) fn ids_of(&self, kind: NodeKind) -> Result<Vec<NodeId>, StoreError> {
        let (low, high) = kind_range(kind);
        let rows = self.tables.names.range(low..high)?;
        rows.map(|row| node_id(row?.0.value().2, "names")).collect()
    }
}
