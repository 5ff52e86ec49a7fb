//! The files of a calendar in the state.

use encoding_rs::Encoding;
use schema::SourceName;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::sync::{
    http::Validators,
    state::{FetchedResource, StateError, SyncState},
};

/// Key of the last file.
pub(super) const LAST: &str = "last";
/// Key of the file before it.
pub(super) const PREVIOUS: &str = "previous";

/// A calendar as it was fetched.
#[derive(Debug)]
pub(crate) struct StoredCalendar {
    /// The last file.
    pub(crate) last: StoredFile,
    /// The file before it, if it has events that the last one lacks.
    pub(crate) previous: Option<StoredFile>,
}

/// A complete calendar file.
#[derive(Debug)]
pub(crate) struct StoredFile {
    /// Its bytes as the host sent them.
    pub(crate) body: Vec<u8>,
    pub(super) version: FileVersion,
}

/// What is known of a file besides its bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FileVersion {
    /// The address that sent it, after redirects.
    pub(super) url: Option<Url>,
    pub(super) etag: Option<String>,
    pub(super) last_modified: Option<String>,
    /// Name of the encoding that the host declared, if the file cannot be read without it.
    pub(super) encoding: Option<String>,
    /// Number of its events; of a previous file, of those that the last one lacks.
    pub(super) events: u64,
}

impl FileVersion {
    /// The version of a file that was fetched with these validators.
    pub(super) fn new(
        validators: Validators,
        encoding: Option<&'static Encoding>,
        events: u64,
    ) -> Self {
        let Validators { url, etag, last_modified } = validators;
        let encoding = encoding.map(|encoding| encoding.name().to_owned());
        Self { url: Some(url), etag, last_modified, encoding, events }
    }

    /// The validators for the next request.
    pub(super) fn validators(&self) -> Option<Validators> {
        let Self { url, etag, last_modified, .. } = self.clone();
        Some(Validators { url: url?, etag, last_modified })
    }

    pub(super) fn encoding(&self) -> Option<&'static Encoding> {
        Encoding::for_label(self.encoding.as_deref()?.as_bytes())
    }

    /// The version in an entry; one that cannot be read has no validators.
    pub(super) fn parse(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_default()
    }
}

impl std::fmt::Display for FileVersion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| std::fmt::Error)?)
    }
}

impl StoredFile {
    /// The encoding that the host declared, if the file cannot be read without it.
    pub(crate) fn encoding(&self) -> Option<&'static Encoding> {
        self.version.encoding()
    }

    /// The file with a key.
    pub(super) fn read(
        state: &SyncState,
        source: &SourceName,
        key: &str,
    ) -> Result<Option<Self>, StateError> {
        let entries = state.entries(source)?;
        let Some((_, entry)) = entries.into_iter().find(|(stored, _)| stored == key) else {
            return Ok(None);
        };
        let version = FileVersion::parse(&entry.version);
        Ok(state.body(source, key)?.map(|body| Self { body, version }))
    }

    /// The file under another key, with the number of its events that count there.
    pub(super) fn into_previous(mut self, events: u64) -> FetchedResource {
        self.version.events = events;
        let version = self.version.to_string();
        FetchedResource { key: PREVIOUS.to_owned(), version, body: self.body }
    }
}

impl StoredCalendar {
    /// The calendar of a source; `None` if it was never fetched.
    ///
    /// # Errors
    /// [`StateError`] if the state cannot be read.
    pub(crate) fn read(state: &SyncState, source: &SourceName) -> Result<Option<Self>, StateError> {
        let Some(last) = StoredFile::read(state, source, LAST)? else { return Ok(None) };
        let previous = StoredFile::read(state, source, PREVIOUS)?;
        Ok(Some(Self { last, previous }))
    }

    /// The number of events, including those whose absence is not confirmed.
    ///
    /// # Errors
    /// [`StateError`] if the state cannot be read.
    pub(crate) fn count(state: &SyncState, source: &SourceName) -> Result<u64, StateError> {
        let entries = state.entries(source)?;
        Ok(entries.iter().map(|(_, entry)| FileVersion::parse(&entry.version).events).sum())
    }
}
