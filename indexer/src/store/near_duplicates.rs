//! Near-duplicates: which texts meet in which band, and which are of one group. They are links
//! like others: from a band to the texts in it, from a group to its members and back.

use schema::NodeId;

use super::{
    StoreError, StoreWriter,
    reader::node_id,
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

    /// What is in a band before and after a place in it, at most `most` each.
    pub(crate) fn band_neighbours(
        &self,
        (band, id): (u64, NodeId),
        limit: usize,
    ) -> Result<Vec<NodeId>, StoreError> {
        let (links, bits) = (&self.tables.links, id.to_bits());
        let after = links.range((band, BAND, bits + 1)..=(band, BAND, u64::MAX))?.take(limit);
        let before = links.range_back((band, BAND, 0)..(band, BAND, bits))?.take(limit);
        after.chain(before).map(|row| node_id(row?.0.value().2, "links")).collect()
    }

    /// The group that a thing is of.
    pub(crate) fn group(&self, id: NodeId) -> Result<Option<NodeId>, StoreError> {
        Ok(self.links_of(id, GROUP)?.first().copied())
    }

    /// What is of a group.
    pub(crate) fn group_members(&self, group: NodeId) -> Result<Vec<NodeId>, StoreError> {
        self.links_of(group, GROUP_MEMBER)
    }

    /// Puts a thing in a group, or in none.
    pub(crate) fn set_group(
        &mut self,
        id: NodeId,
        group: Option<NodeId>,
    ) -> Result<(), StoreError> {
        for old in self.links_of(id, GROUP)? {
            self.tables.links.remove((id.to_bits(), GROUP, old.to_bits()))?;
            self.tables.links.remove((old.to_bits(), GROUP_MEMBER, id.to_bits()))?;
        }
        if let Some(group) = group {
            self.tables.links.insert((id.to_bits(), GROUP, group.to_bits()), ())?;
            self.tables.links.insert((group.to_bits(), GROUP_MEMBER, id.to_bits()), ())?;
        }
        Ok(())
    }

    fn links_of(&self, id: NodeId, relation: u8) -> Result<Vec<NodeId>, StoreError> {
        let bits = id.to_bits();
        let rows = self.tables.links.range((bits, relation, 0)..=(bits, relation, u64::MAX))?;
        rows.map(|row| node_id(row?.0.value().2, "links")).collect()
    }
}
