//! What reading needs on any thread: the open generation, and one search in it.

use std::sync::OnceLock;

use schema::{GenerationNumber, SearchQuery};

use super::{entity_names::EntityNames, event_times::EventTimes};
use crate::{
    index::{IndexReader, Plan},
    store::StoreReader,
};

/// The open generation.
pub(super) struct Inner {
    pub(super) generation: GenerationNumber,
    pub(super) store: StoreReader,
    pub(super) index: IndexReader,
    pub(super) event_times: EventTimes,
    pub(super) entity_names: OnceLock<EntityNames>,
}

/// One search.
pub(super) struct SearchContext<'a> {
    pub(super) inner: &'a Inner,
    pub(super) query: &'a SearchQuery,
    /// What is looked up; `None` for everything.
    pub(super) plan: Option<&'a Plan>,
    /// Days since 1970, by which ages are reckoned.
    pub(super) day: i32,
}
