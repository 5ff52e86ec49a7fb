//! The open files of one generation, which searches on other threads share.

use std::sync::OnceLock;

use schema::GenerationNumber;

use super::{entity_names::EntityNames, event_times::EventTimes};
use crate::{index::IndexReader, store::StoreReader};

/// One generation, open for reading.
pub(super) struct OpenGeneration {
    pub(super) number: GenerationNumber,
    pub(super) store: StoreReader,
    pub(super) index: IndexReader,
    pub(super) event_times: EventTimes,
    /// Read by the first suggestion.
    pub(super) entity_names: OnceLock<EntityNames>,
}
