//! The open files of one generation, shared by search threads.

use std::sync::{Arc, OnceLock};

use schema::GenerationNumber;

use super::{entity_names::EntityNames, event_times::EventTimes, visible_store::VisibleStore};
use crate::{index::IndexReader, store::StoreError, suppression::Suppression};

/// One generation, open for reading.
pub(super) struct OpenGeneration {
    pub(super) number: GenerationNumber,
    pub(super) store: VisibleStore,
    /// Whether the base of the store is verified when its blocks are read.
    pub(super) is_blockwise: bool,
    pub(super) index: Arc<IndexReader>,
    pub(super) event_times: Arc<EventTimes>,
    /// Read when they are first needed.
    pub(super) entity_names: OnceLock<EntityNames>,
}

impl OpenGeneration {
    /// The same generation with another suppression list; `None` if it applies all of its entries.
    pub(super) fn with_suppression(&self, suppression: Option<Arc<Suppression>>) -> Self {
        Self {
            number: self.number,
            store: self.store.with_suppression(suppression),
            is_blockwise: self.is_blockwise,
            index: Arc::clone(&self.index),
            event_times: Arc::clone(&self.event_times),
            entity_names: OnceLock::new(),
        }
    }

    /// The names of entities.
    pub(super) fn names(&self) -> Result<&EntityNames, StoreError> {
        if let Some(names) = self.entity_names.get() {
            return Ok(names);
        }
        let names = EntityNames::read(&self.store)?;
        Ok(self.entity_names.get_or_init(|| names))
    }
}
