//! Near-duplicates: the texts in each band and the members of each group. Both are stored as links:
//! from a band to its texts, and between a group and its members.

use schema::NodeId;

use super::{
    StoreError, StoreWriter,
    reader::{linked, node_id},
    tables::{BAND, GROUP, GROUP_MEMBER},
};

impl StoreWriter<'_> {
    pub(crate) fn add_to_band(&mut self, band: u64, id: NodeId) -> Result<(), StoreError> {
        self.tables.links.insert((band, BAND, id.to_bits()), ())?;
        Ok(())
    }

    pub(crate) fn remove_from_band(&mut self, band: u64, id: NodeId) -> Result<(), StoreError> {
        self.tables.links.remove((band, BAND, id.to_bits()))?;
        Ok(())
    }

    /// The neighbours of a text in a band: at most `limit` before it and `limit` after it.
    pub(crate) fn band_neighbours(
        &self,
        band: u64,
        id: NodeId,
        limit: usize,
    ) -> Result<Vec<NodeId>, StoreError> {
        let (links, bits) = (&self.tables.links, id.to_bits());
        let after = links.range((band, BAND, bits + 1)..=(band, BAND, u64::MAX))?.take(limit);
        let before = links.range_back((band, BAND, 0)..(band, BAND, bits))?.take(limit);
        after.chain(before).map(|row| node_id(row?.0.value().2, "links")).collect()
    }

    /// The group of a text.
    pub(crate) fn group(&self, id: NodeId) -> Result<Option<NodeId>, StoreError> {
        Ok(linked(&self.tables.links, id, GROUP)?.first().copied())
    }

    /// The members of a group.
    pub(crate) fn group_members(&self, group: NodeId) -> Result<Vec<NodeId>, StoreError> {
        linked(&self.tables.links, group, GROUP_MEMBER)
    }

    /// Adds a text to a group, or removes it from its group.
    pub(crate) fn set_group(
        &mut self,
        id: NodeId,
        group: Option<NodeId>,
    ) -> Result<(), StoreError> {
        for old in linked(&self.tables.links, id, GROUP)? {
            self.tables.links.remove((id.to_bits(), GROUP, old.to_bits()))?;
            self.tables.links.remove((old.to_bits(), GROUP_MEMBER, id.to_bits()))?;
        }
        if let Some(group) = group {
            self.tables.links.insert((id.to_bits(), GROUP, group.to_bits()), ())?;
            self.tables.links.insert((group.to_bits(), GROUP_MEMBER, id.to_bits()), ())?;
        }
        Ok(())
    }
}
