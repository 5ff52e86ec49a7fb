//! Publishes what changed: the first change at once, later ones at most once per interval.

use std::{
    collections::BTreeSet,
    sync::{Arc, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use schema::SourceName;
use tokio::time::{Instant, sleep, sleep_until};

use super::Schedule;
use crate::{
    generation::GenerationError,
    ingest::{self, BuildConfig, BuildError, BuildOptions, NoProgress, Outcome, Report},
    source_health,
    sync::SyncError,
    with_causes,
};

/// Delay after which a build is attempted again if it failed as a whole.
const BUILD_RETRY_DELAY: Duration = Duration::from_secs(30);

/// Why a build did not publish.
enum BuildFailure {
    /// One source cannot be published; the others can.
    Source(SourceName, String),
    /// Another process builds or synchronises.
    InUse,
    /// Nothing can be published.
    Whole(String),
}

impl Schedule {
    /// Publishes pending sources, until the future is dropped.
    pub(super) async fn publish(self: Arc<Self>) {
        let mut last_error = None;
        let mut earliest = Instant::now();
        loop {
            self.has_pending.notified().await;
            sleep_until(earliest).await;
            let names = {
                let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
                std::mem::take(&mut *pending)
            };
            if names.is_empty() {
                continue;
            }
            earliest = Instant::now() + self.publish_interval;
            match Arc::clone(&self).build_once(&names).await {
                Ok(report) => {
                    last_error = None;
                    for name in &names {
                        self.update_health(name, |health| health.publication_error = None);
                    }
                    log_report(&report);
                }
                Err(BuildFailure::Source(name, error)) => {
                    let stored = Some(source_health::shareable(&error));
                    if self.health(&name).publication_error != stored {
                        tracing::error!(source = %name, error, "source was not published");
                    }
                    self.update_health(&name, |health| health.publication_error = stored);
                    self.set_pending(names.into_iter().filter(|other| *other != name));
                }
                Err(BuildFailure::InUse) => {
                    tracing::info!("another process builds; publishing is postponed");
                    self.set_pending(names);
                }
                Err(BuildFailure::Whole(error)) => {
                    if last_error.as_ref() != Some(&error) {
                        tracing::error!(error, "nothing was published; retrying");
                        last_error = Some(error);
                    }
                    self.set_pending(names);
                    sleep(BUILD_RETRY_DELAY).await;
                }
            }
        }
    }

    /// Builds with the content of some sources.
    async fn build_once(
        self: Arc<Self>,
        names: &BTreeSet<SourceName>,
    ) -> Result<Report, BuildFailure> {
        let is_networked = |name: &SourceName| {
            self.sources.get(name).is_some_and(|scheduled| scheduled.source.network.is_some())
        };
        let sync_state = if names.iter().any(is_networked) {
            Some(self.synchroniser.state().map_err(|error| match &error {
                SyncError::State(cause) if cause.is_in_use() => BuildFailure::InUse,
                _ => BuildFailure::Whole(with_causes(&error)),
            })?)
        } else {
            None
        };
        let options = BuildOptions {
            only: names.iter().cloned().collect(),
            sync_state,
            ..BuildOptions::default()
        };
        let now = Timestamp::now();
        let now = Timestamp::from_second(now.as_second()).unwrap_or(now);
        let config = BuildConfig { now, ..self.build.clone() };
        let build =
            tokio::task::spawn_blocking(move || ingest::build(&config, &options, &NoProgress));
        match build.await {
            Ok(result) => result.map_err(|error| failure(&error)),
            Err(_) => Err(BuildFailure::Whole("the build ended unexpectedly; see the log".into())),
        }
    }
}

fn failure(error: &BuildError) -> BuildFailure {
    let text = with_causes(error);
    match error {
        BuildError::Source { name, .. } => BuildFailure::Source(name.clone(), text),
        BuildError::Rejections { report, .. } | BuildError::Removals { report, .. } => {
            BuildFailure::Source(report.name.clone(), text)
        }
        BuildError::Generation(GenerationError::Locked { .. }) => BuildFailure::InUse,
        BuildError::Sync(cause) if cause.is_in_use() => BuildFailure::InUse,
        _ => BuildFailure::Whole(text),
    }
}

fn log_report(report: &Report) {
    let Report { upserted, removed, .. } = *report;
    for rejection in &report.rejections {
        let (source, location) = (&rejection.source, &rejection.location);
        tracing::warn!(%source, location, reason = rejection.reason, "record was rejected");
    }
    if let Outcome::Published(generation) = report.outcome {
        tracing::info!(%generation, upserted, removed, "published a generation");
    }
}
