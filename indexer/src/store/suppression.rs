//! What the suppression of records needs besides other changes.

use super::{InputDigest, RecordKey, StoreError, StoreWriter, codec::decode};

impl StoreWriter<'_> {
    pub(crate) fn input_digest(&self, key: &RecordKey) -> Result<Option<InputDigest>, StoreError> {
        let bytes = self.tables.seen.get(key.as_str())?;
        bytes.map(|bytes| decode(bytes.value(), "seen")).transpose()
    }

    /// Removes the identities of some keys: only where they must not be known any more.
    pub(crate) fn remove_identities(
        &mut self,
        is_removed: impl Fn(&RecordKey) -> bool,
    ) -> Result<(), StoreError> {
        let mut removed = Vec::new();
        for row in self.tables.identities.all()? {
            let key = RecordKey::from_text(row?.0.value());
            removed.extend(is_removed(&key).then_some(key));
        }
        for key in removed {
            self.tables.identities.remove(key.as_str())?;
        }
        Ok(())
    }
}
