//! The open files of one generation, shared by search threads.

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
    /// Read on the first request for suggestions.
    pub(super) entity_names: OnceLock<EntityNames>,
}
