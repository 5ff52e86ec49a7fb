//! Items of sources over the network, from the state of their synchronisation.

use super::{Candidate, FetchError, Fields, Items, ParseError, SkipOrError, SourceReader};
use crate::{sync::state::SyncState, with_causes};

impl<'a> SourceReader<'a> {
    /// The items of the resources that synchronisation stores, each under its own key. `digest` is
    /// that of everything from which a record is read, given the one of the resource.
    pub(super) fn items_of_state(
        mut self,
        state: &'a SyncState,
        digest: impl Fn(&str, [u8; 32]) -> [u8; 32] + 'a,
        fields: impl Fn(&Self, &str, &[u8]) -> Result<Fields, SkipOrError> + 'a,
    ) -> Result<Items<'a>, FetchError> {
        let entries = state.entries(&self.source.name);
        let entries = entries.map_err(|error| FetchError::State(with_causes(&error)))?;
        Ok(Box::new(entries.into_iter().map(move |(key, entry)| {
            let content_hash = digest(&key, entry.hash);
            let candidate = Candidate { location: key.clone(), key: key.clone(), content_hash };
            Ok(self.item(candidate, |reader| {
                let body = state.body(&reader.source.name, &key).map_err(|error| {
                    SkipOrError::Error(ParseError { line: 1, reason: with_causes(&error) })
                })?;
                Ok(fields(reader, &key, &body.unwrap_or_default())?.into())
            }))
        })))
    }
}
