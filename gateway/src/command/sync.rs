//! Fetches the sources over the network, before a build reads them.

use std::fmt::{self, Display};

use indexer::{
    ingest::Progress,
    sync::{Completeness, NetworkSource, SourceRun, SyncConfig, synchronise},
};
use jiff::Timestamp;
use schema::SourceName;
use tokio::runtime::Runtime;

use super::CommandError;
use crate::config::Config;

/// The run of one source.
pub(super) type NamedRun = (SourceName, SourceRun);

/// Runs the sources over the network, or those of them that are in `only`; no runs if there are none.
pub(super) fn run(
    config: &Config,
    only: &[SourceName],
    progress: &dyn Progress,
) -> Result<Vec<NamedRun>, CommandError> {
    let is_selected = |source: &NetworkSource| only.is_empty() || only.contains(&source.name);
    let sources = config.resolve_sources()?.into_iter();
    let sources: Vec<_> = sources.filter_map(|source| source.network).filter(is_selected).collect();
    if sources.is_empty() {
        return Ok(Vec::new());
    }
    let sync_config = SyncConfig {
        data: config.data.clone(),
        contact: config.sync.contact.clone(),
        ca_file: config.sync.ca_file.clone(),
        request_interval: config.sync.request_interval,
        retries_max: config.sync.retries_max,
        now: Timestamp::now(),
    };
    Ok(Runtime::new()?.block_on(synchronise(&sync_config, &sources, progress))?)
}

/// Formats a run as one line, and its notes.
pub(super) struct RunSummary<'a>(pub(super) &'a NamedRun);

impl Display for RunSummary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self((name, run)) = self;
        let outcome = match run.completeness {
            Completeness::Complete => "fetched",
            Completeness::Partial => "partly fetched",
            Completeness::Failed => "not fetched; its last content remains",
        };
        let SourceRun { present, changed, removed, missing, requests, bytes, duration_ms, .. } =
            run;
        write!(
            f,
            "{name}: {outcome}: {present} present, {changed} changed, {removed} removed, {missing} \
             missing ({requests} requests, {bytes} bytes, {duration_ms} ms)"
        )?;
        for note in &run.notes {
            write!(f, "\n{name}: {note}")?;
        }
        Ok(())
    }
}
