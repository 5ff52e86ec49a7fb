//! Everything that one generation contains, as JSON Lines.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::{Stream, stream};
use indexer::catalog::{CatalogError, Snapshot};
use jiff::Timestamp;
use poem_openapi::types::ToJSON;
use schema::{Body, NodeId, Record};

use super::converter::RestConverter;
use crate::{blocking, config::Config, error::Result, http::stream_encoder::StreamEncoder};

/// Number of records read at once.
const RECORDS_PER_READ: usize = 50;

/// An export in progress.
pub(super) struct Export {
    pub(super) config: Arc<Config>,
    /// Holds the generation until the export ends.
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) now: Timestamp,
    /// The last record sent.
    pub(super) after: Option<NodeId>,
    pub(super) encoder: StreamEncoder,
}

impl Export {
    /// The chunks of the body. The stream ends with an error if the catalog fails, so that the
    /// client knows that the export is incomplete.
    pub(super) fn stream(self) -> impl Stream<Item = Result<Bytes, std::io::Error>> {
        stream::unfold(Some(self), |export| async move {
            let mut export = export?;
            match export.chunk().await {
                Ok(Some(chunk)) => Some((Ok(chunk), Some(export))),
                Ok(None) => Some((Ok(export.encoder.finish()), None)),
                Err(error) => {
                    tracing::error!(
                        error = federation::error::with_causes(&error),
                        "export failed"
                    );
                    Some((Err(std::io::Error::other("export failed")), None))
                }
            }
        })
    }

    /// The next lines; `None` after the last.
    async fn chunk(&mut self) -> Result<Option<Bytes>, CatalogError> {
        let records = self.snapshot.records_after(self.after, RECORDS_PER_READ).await?;
        let Some((last, _)) = records.last() else { return Ok(None) };
        self.after = Some(last.id());
        let (records, bodies): (Vec<_>, Vec<_>) = records.into_iter().unzip();
        let converter =
            RestConverter::load((&self.config, &self.snapshot), self.now, &records).await?;
        let mut lines = String::new();
        let mut long_values = Vec::new();
        for (record, body) in records.iter().zip(bodies) {
            long_values.push(value(&converter, record, body.as_deref()));
        }
        let encoder = std::mem::take(&mut self.encoder);
        let work = move || {
            for value in long_values.into_iter().flatten() {
                lines.push_str(&value.to_string());
                lines.push('\n');
            }
            let mut encoder = encoder;
            let bytes = encoder.encode(lines.as_bytes());
            (encoder, bytes)
        };
        let (encoder, bytes) = blocking::run(usize::MAX, work).await;
        self.encoder = encoder;
        Ok(Some(bytes))
    }
}

/// A record as JSON.
fn value(
    converter: &RestConverter<'_>,
    record: &Record,
    body: Option<&Body>,
) -> Option<serde_json::Value> {
    match converter.content(record) {
        Some(content) => content.with_body(body).to_json(),
        None => converter.entity(record)?.to_json(),
    }
}
