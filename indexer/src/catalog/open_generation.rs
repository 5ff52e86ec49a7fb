//! The open files of one generation, shared by search threads.

use std::sync::OnceLock;

use schema::GenerationNumber;

use super::{entity_names::EntityNames, event_times::EventTimes};
use crate::{
    index::IndexReader,
    store::{StoreError, StoreReader},
};

/// One generation, open for reading.
pub(super) struct OpenGeneration {
    pub(super) number: GenerationNumber,
    pub(super) store: StoreReader,
    /// Whether the base of the store is verified when its blocks are read.
    pub(super) is_blockwise: bool,
    pub(super) index: IndexReader,
    pub(super) event_times: EventTimes,
    /// Read when they are first needed.
    pub(super) entity_names: OnceLock<EntityNames>,
}

impl OpenGeneration {
    /// The names of entities.
    pub(super) fn names(&self) -> Result<&EntityNames, StoreError> {
        if let Some(names) = self.entity_names.get() {
            return Ok(names);
        }
        let names = EntityNames::read(&self.store)?;
        Ok(self.entity_names.get_or_init(|| names))
    }
}
