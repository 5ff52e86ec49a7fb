//! `SourceRecord`: the record that a source provides.

use async_graphql::Object;
use schema::Provenance;

use super::scalar::{DateTime, Url};
use crate::graphql::enums::Origin;

/// A source record, with the fields that it provided.
pub(crate) struct SourceRecord(pub(crate) Provenance);

/// The record of one source, and the fields that it provided.
#[Object]
impl SourceRecord {
    /// Name of the source in the configuration.
    async fn source(&self) -> &str {
        self.0.record.source.as_str()
    }

    /// The key of the record at the source.
    async fn remote_key(&self) -> &str {
        &self.0.record.remote_key
    }

    /// File and line, or URL, from which it was read; relative to the source.
    async fn location(&self) -> &str {
        &self.0.record.location
    }

    /// URL at which the source publishes it.
    async fn url(&self) -> Option<Url> {
        self.0.record.url.as_ref().map(Url::of)
    }

    /// When the current version of it was first read.
    async fn fetched_at(&self) -> DateTime {
        DateTime(self.0.record.fetched_at)
    }

    /// Hexadecimal hash of the bytes from which it was read.
    async fn content_hash(&self) -> &str {
        &self.0.record.content_hash
    }

    /// Whether it is declared to be part of this record, by its URL, its name or the configuration, or
    /// was recognised as an announcement of it.
    async fn origin(&self) -> Origin {
        self.0.origin.into()
    }

    /// Names of the fields that this source provided, such as `title`.
    async fn fields(&self) -> &[String] {
        &self.0.fields
    }
}
